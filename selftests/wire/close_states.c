// SPDX-License-Identifier: GPL-2.0
/* close() in every state (RFC9293 3.10.4, 3.10.5), with nothing unread and with something. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(close_states);

static const struct linger hard = { .l_onoff = 1, .l_linger = 0 };

/* RFC9293 3.10.4, SYN-SENT: nobody has heard of the connection but by a SYN, and none will. */
TEST_F(close_states, syn_sent)
{
	close(wire_reach(w, TCP_SYN_SENT));
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 10);
	/* the answer finds nobody */
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, RST, .seq = 1);
}

/* RFC9293 3.10.4, SYN-RECEIVED: the FIN comes once the handshake is complete, if not before. */
TEST_F(close_states, syn_recv)
{
	close(wire_reach(w, TCP_SYN_RECV));
	if (LAB_DIFFERS(&w->lab, true, false, "tcplab ends the handshake first")) {
		wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
		wire_inject(w, ACK, .seq = 1, .ack = 1);
	} else {
		wire_inject(w, ACK, .seq = 1, .ack = 1);
		wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	}
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
	wire_inject(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC9293 3.10.4: after a shutdown() nothing is left to say; the connection ends as it would */
static void goes_on(struct __test_metadata *_metadata, int state)
{
	close(wire_reach(w, state));
	EXPECT_EQ(state, wire_state(w));
	wire_expect_silence(w, 10);
	switch (state) {
	case TCP_FIN_WAIT1:
		wire_inject(w, ACK);
		EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
		break;
	case TCP_FIN_WAIT2:
		wire_inject(w, FIN | ACK);
		wire_expect(w, ACK);
		EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
		break;
	case TCP_CLOSING:
		wire_inject(w, ACK);
		EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
		break;
	case TCP_LAST_ACK:
		wire_inject(w, ACK);
		EXPECT_EQ(0, wire_state(w));
		break;
	}
	wire_new_flow(w);
}

TEST_F(close_states, after_shutdown)
{
	goes_on(_metadata, TCP_FIN_WAIT1);
	goes_on(_metadata, TCP_FIN_WAIT2);
	goes_on(_metadata, TCP_CLOSING);
	goes_on(_metadata, TCP_LAST_ACK);
	goes_on(_metadata, TCP_TIME_WAIT);
}

/*
 * RFC2525 2.17: what the program never read is lost, and the peer must learn that; even if our FIN
 * has gone already, and the peer's has come.
 */
static void unread(struct __test_metadata *_metadata, int state)
{
	long una;
	int fd;

	fd = wire_accept(w);
	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK) {
		wire_inject(w, FIN | ACK);
		wire_await_ack(w, 102);
	}
	una = w->f->rcv_nxt;
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT) {
		EXPECT_EQ(0, shutdown(fd, SHUT_WR));
		wire_expect(w, FIN | ACK, .skip_acks = true);
	}
	if (state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT)
		wire_inject(w, ACK);
	if (state == TCP_CLOSING || state == TCP_TIME_WAIT) {
		wire_inject(w, FIN | ACK, .ack = state == TCP_CLOSING ? una : w->f->rcv_nxt);
		wire_expect(w, ACK);
	}
	ASSERT_EQ(state, wire_state(w));
	close(fd);
	if (state == TCP_TIME_WAIT) {
		wire_expect_silence(w, 10);
		EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	} else {
		wire_expect(w, RST | ACK);
		EXPECT_EQ(0, wire_state(w));
	}
	wire_new_flow(w);
}

TEST_F(close_states, unread)
{
	unread(_metadata, TCP_ESTABLISHED);
	unread(_metadata, TCP_FIN_WAIT1);
	unread(_metadata, TCP_FIN_WAIT2);
	unread(_metadata, TCP_CLOSE_WAIT);
	unread(_metadata, TCP_CLOSING);
	unread(_metadata, TCP_LAST_ACK);
	unread(_metadata, TCP_TIME_WAIT);
}

/* RFC9293 3.10.5 (ABORT): in CLOSING and LAST-ACK the peer has heard all: no reset. */
static void aborted(struct __test_metadata *_metadata, int state, bool reset)
{
	int fd = wire_reach(w, state);

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd);
	if (reset)
		wire_expect(w, RST | ACK);
	else
		wire_expect_silence(w, 10);
	EXPECT_EQ(state == TCP_TIME_WAIT ? TCP_TIME_WAIT : 0, wire_state(w));
	wire_new_flow(w);
}

TEST_F(close_states, linger_zero)
{
	aborted(_metadata, TCP_SYN_SENT, false);
	aborted(_metadata, TCP_SYN_RECV, true);
	aborted(_metadata, TCP_ESTABLISHED, true);
	aborted(_metadata, TCP_FIN_WAIT1, true);
	aborted(_metadata, TCP_FIN_WAIT2, true);
	aborted(_metadata, TCP_CLOSE_WAIT, true);
	aborted(_metadata, TCP_CLOSING, false);
	aborted(_metadata, TCP_LAST_ACK, false);
	aborted(_metadata, TCP_TIME_WAIT, false);
}

/*
 * A FIN that waits for the window has not been said: to the peer the connection is ESTABLISHED or
 * in CLOSE-WAIT, so an abort does reset it.
 */
static void aborted_unsaid(struct __test_metadata *_metadata, bool peer_first)
{
	int fd;

	w->win = 0;
	fd = wire_accept(w);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	if (peer_first) {
		wire_inject(w, FIN | ACK);
		wire_expect(w, ACK);
	}
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	if (!peer_first) {
		wire_inject(w, FIN | ACK);
		wire_expect(w, ACK);
	}
	ASSERT_EQ(peer_first ? TCP_LAST_ACK : TCP_CLOSING, wire_state(w));
	close(fd);
	wire_expect(w, RST | ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(0, wire_state(w));
	wire_new_flow(w);
}

TEST_F(close_states, linger_zero_fin_unsent)
{
	aborted_unsaid(_metadata, false);
	aborted_unsaid(_metadata, true);
}

/* connect() to AF_UNSPEC is the same abort, and says so to who holds the socket. */
static void disconnected(struct __test_metadata *_metadata, int state, int error)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	int fd = wire_reach(w, state);

	ASSERT_EQ(0, connect(fd, &sa, sizeof(sa)));
	EXPECT_EQ(error, lab_so_error(fd));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(state == TCP_TIME_WAIT ? TCP_TIME_WAIT : 0, wire_state(w));
	close(fd);
	wire_drain(w);
	wire_new_flow(w);
}

TEST_F(close_states, disconnect)
{
	disconnected(_metadata, TCP_SYN_SENT, ECONNRESET);
	disconnected(_metadata, TCP_SYN_RECV, ECONNRESET);
	disconnected(_metadata, TCP_ESTABLISHED, ECONNRESET);
	disconnected(_metadata, TCP_FIN_WAIT1, ECONNRESET);
	disconnected(_metadata, TCP_FIN_WAIT2, ECONNRESET);
	disconnected(_metadata, TCP_CLOSE_WAIT, ECONNRESET);
	disconnected(_metadata, TCP_CLOSING, 0);
	disconnected(_metadata, TCP_LAST_ACK, 0);
	disconnected(_metadata, TCP_TIME_WAIT, 0);
}

TEST_HARNESS_MAIN
