// SPDX-License-Identifier: GPL-2.0
/* shutdown() in every state (RFC9293 3.10.4): what it says to the program, and to the peer. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(shutdown_states);

#define POLL_ALL	(POLLIN | POLLOUT | POLLRDHUP)

/*
 * SHUT_RD concerns this end only: the peer hears nothing, the state stays, reads find the end of
 * the stream, writes go as before.
 */
static void of_reading(struct __test_metadata *_metadata, int state)
{
	int fd = wire_reach(w, state);
	char c;

	EXPECT_EQ(0, shutdown(fd, SHUT_RD));
	EXPECT_EQ(state, wire_state(w));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_EQ(POLLIN | POLLRDHUP, lab_poll(fd, POLLIN | POLLRDHUP, 0) & ~POLLHUP);
	EXPECT_EQ(0, lab_so_error(fd));
	wire_expect_silence(w, 10);
	close(fd);
	wire_drain(w);
	wire_new_flow(w);
}

TEST_F(shutdown_states, reading)
{
	of_reading(_metadata, TCP_SYN_RECV);
	of_reading(_metadata, TCP_ESTABLISHED);
	of_reading(_metadata, TCP_FIN_WAIT1);
	of_reading(_metadata, TCP_FIN_WAIT2);
	of_reading(_metadata, TCP_CLOSE_WAIT);
	of_reading(_metadata, TCP_CLOSING);
	of_reading(_metadata, TCP_LAST_ACK);
}

/* RFC9293 3.10.4, ESTABLISHED and CLOSE_WAIT: a FIN, and the state that follows */
TEST_F(shutdown_states, writing)
{
	int fd = wire_reach(w, TCP_ESTABLISHED);
	char c = 0;

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	LAB_ERRNO(EAGAIN, recv(fd, &c, 1, 0));
	EXPECT_EQ(POLLOUT, lab_poll(fd, POLL_ALL, 0));
	close(fd);

	wire_new_flow(w);
	fd = wire_reach(w, TCP_CLOSE_WAIT);
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_LAST_ACK, wire_state(w));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_EQ(POLL_ALL | POLLHUP, lab_poll(fd, POLL_ALL, 0));
}

/* Again, when a FIN is on its way or has been taken: neither an error nor another FIN. */
static void again(struct __test_metadata *_metadata, int state)
{
	int fd = wire_reach(w, state);

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	EXPECT_EQ(state, wire_state(w));
	EXPECT_EQ(POLL_ALL | POLLHUP, lab_poll(fd, POLL_ALL, 0));
	wire_expect_silence(w, 10);
	close(fd);
	wire_drain(w);
	wire_new_flow(w);
}

TEST_F(shutdown_states, again)
{
	again(_metadata, TCP_FIN_WAIT1);
	again(_metadata, TCP_FIN_WAIT2);
	again(_metadata, TCP_CLOSING);
	again(_metadata, TCP_LAST_ACK);
}

/* Where there is no connection, or none any more. */
TEST_F(shutdown_states, not_connected)
{
	int fd = LAB_FD(wire_socket(w)), how;

	for (how = SHUT_RD; how <= SHUT_RDWR; how++)
		LAB_ERRNO(ENOTCONN, shutdown(fd, how));
	EXPECT_EQ(POLL_ALL | POLLHUP, lab_poll(fd, POLL_ALL, 0));

	fd = wire_reach(w, TCP_TIME_WAIT);
	for (how = SHUT_RD; how <= SHUT_RDWR; how++)
		LAB_ERRNO(ENOTCONN, shutdown(fd, how));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_expect_silence(w, 10);
}

/* Linux: an attempt to connect is taken back, whichever direction is named. */
TEST_F(shutdown_states, syn_sent)
{
	int fd, how;
	char c;

	for (how = SHUT_RD; how <= SHUT_RDWR; how++) {
		fd = wire_reach(w, TCP_SYN_SENT);
		EXPECT_EQ(0, shutdown(fd, how));
		EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
		EXPECT_EQ(0, wire_state(w));
		EXPECT_EQ(ECONNRESET, lab_so_error(fd));
		LAB_ERRNO(ENOTCONN, recv(fd, &c, 1, 0));
		wire_expect_silence(w, 10);
		close(fd);
		wire_new_flow(w);
	}
}

/* A simultaneous open that is shut down before it is complete: the FIN follows the handshake. */
TEST_F(shutdown_states, syn_recv)
{
	int fd = wire_reach(w, TCP_SYN_RECV);
	char c;

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
	wire_inject(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* A listener goes on listening after SHUT_WR; SHUT_RD ends it, and what waits is reset. */
TEST_F(shutdown_states, listener)
{
	LAB_OK(wire_listen(w, 4));
	EXPECT_EQ(0, shutdown(w->lfd, SHUT_WR));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));

	EXPECT_EQ(0, shutdown(w->lfd, SHUT_RD));
	wire_expect(w, RST | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(w->lfd));
	LAB_ERRNO(EINVAL, accept(w->lfd, NULL, NULL));
	LAB_ERRNO(ENOTCONN, shutdown(w->lfd, SHUT_RD));
	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	w->f->irs_known = true;
	wire_expect(w, RST | ACK, .seq = 0, .ack = 1);
}

TEST_HARNESS_MAIN
