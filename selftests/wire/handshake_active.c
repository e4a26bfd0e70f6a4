// SPDX-License-Identifier: GPL-2.0
/* Active open: connect() sends a SYN, and the answer decides. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>
#include <stdlib.h>

WIRE_FIXTURE(handshake_active);

/* A socket whose SYN has been taken. */
static int syn_sent(struct __test_metadata *_metadata)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	EXPECT_EQ(TCP_SYN_SENT, wire_state(w));
	return fd;
}

/* RFC9293 3.10.7.3, figure 6 */
TEST_F(handshake_active, three_segments)
{
	int fd = syn_sent(_metadata);

	EXPECT_EQ(0, lab_poll(fd, POLLIN | POLLOUT, 0));
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	wire_expect_silence(w, 20);
}

/* RFC9293 MUST-14, RFC7323 2.2, 3.2, RFC2018 2: what a SYN offers by default */
TEST_F(handshake_active, offers_options)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .mss = wire_mss(w), .ws = WIRE_SOME, .sackok = 1, .tsval = WIRE_SOME,
		    .tsecr = 0);
	ASSERT_GE(14, w->last->s.ws);
	wire_inject(w, SYN | ACK, .mss = 1460, .ws = 3, .sackok = 1, .tsval = 99);
	wire_expect(w, ACK, .tsval = WIRE_SOME, .tsecr = 99, .mss = WIRE_NONE, .ws = WIRE_NONE,
		    .sackok = WIRE_NONE);
}

/* RFC7323 3.2: once refused by its absence in the SYN-ACK, timestamps are not sent */
TEST_F(handshake_active, options_refused)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .tsval = WIRE_NONE);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tsval = WIRE_NONE);
}

/* The sysctls switch each option off. */
TEST_F(handshake_active, options_switched_off)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_sysctl_set(&w->lab, "window_scaling", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "sack", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "timestamps", "0"));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .mss = wire_mss(w), .ws = WIRE_NONE, .sackok = WIRE_NONE,
		    .tsval = WIRE_NONE);
}

/* RFC9293 3.10.7.3, second step: a reset that acknowledges the SYN refuses the connection */
TEST_F(handshake_active, refused)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, RST | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP,
		  lab_wait(fd, POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(ECONNREFUSED, lab_so_error(fd));
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 20);
}

/* A rule forbids the way, but only where the port is known: connect() says so, and it is over. */
TEST_F(handshake_active, forbidden_by_port)
{
	bool v6 = w->lab.family == AF_INET6;
	int fd = LAB_FD(wire_socket(w)), err;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);

	ASSERT_EQ(0, system(v6 ? "/usr/sbin/ip -6 rule add sport 1024-65534 prohibit"
			       : "/usr/sbin/ip rule add sport 1024-65534 prohibit"));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&ss, len));
	err = LAB_DIFFERS(&w->lab, v6 ? EINPROGRESS : EACCES, EACCES, "differences.rst");
	EXPECT_EQ(err, errno);
	if (err == EINPROGRESS)
		return;
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	wire_expect_silence(w, 20);
}

/* RFC9293 3.10.7.3, second step: without an ACK a reset is dropped */
TEST_F(handshake_active, reset_without_ack)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, RST, .seq = 0);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
}

/* RFC9293 3.10.7.3, first step: an ACK of what was never sent makes a reset worthless, too */
TEST_F(handshake_active, reset_with_bad_ack)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, RST | ACK, .seq = 0, .ack = 2);
	wire_inject(w, RST | ACK, .seq = 0, .ack = 0);
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
}

/* RFC9293 3.10.7.3, first step, figures 9 and 10 of 3.5: an old SYN-ACK gets a reset */
TEST_F(handshake_active, old_syn_ack)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, SYN | ACK, .seq = 0, .ack = -300, .mss = 1460);
	wire_expect(w, RST, .seq = -300);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));

	/* the true one comes through; the SYN may have been sent again meanwhile */
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	do {
		wire_take(w);
	} while (w->last->s.flags == SYN);
	EXPECT_EQ(ACK, w->last->s.flags);
	EXPECT_EQ(1, w->last->s.seq);
	EXPECT_EQ(1, w->last->s.ack);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 3.10.7.3, fifth step: neither SYN nor RST: dropped */
TEST_F(handshake_active, bare_ack)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, ACK, .seq = 1, .ack = 1);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
}

/* A SYN-ACK that comes again means that our ACK was lost: it is answered by another. */
TEST_F(handshake_active, syn_ack_again)
{
	int fd = syn_sent(_metadata);

	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* Closing an embryonic connection is quiet: nothing is owed to anybody. */
TEST_F(handshake_active, closed_in_syn_sent)
{
	int fd = syn_sent(_metadata);

	close(fd);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, wire_state(w));
	/* the answer meets a closed port */
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, RST, .seq = 1);
}

TEST_HARNESS_MAIN
