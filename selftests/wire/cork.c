// SPDX-License-Identifier: GPL-2.0
/* TCP_CORK, MSG_MORE: what is not full waits until the program says it is all, but not for ever. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

WIRE_TIMED_FIXTURE(cork);

static int send_more(int fd, uint64_t off, size_t len)
{
	char buf[4096];

	lab_fill(buf, LAB_TO_PEER, off, len);
	return send(fd, buf, len, MSG_MORE) == (ssize_t)len ? 0 : lab_fail("send: %m");
}

/* Several writes, one segment */
TEST_F(cork, gathers)
{
	int fd = wire_accept(w), i;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 5; i++)
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 100, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 500);
}

/* Full ones go, the rest waits. */
TEST_F(cork, full_segments_go)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2500));
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	wire_expect_silence(w, 50);
	wire_inject(w, ACK);
	wire_expect_silence(w, 50);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	wire_expect(w, ACK, .len = 500);
}

/* RFC9293 MUST-60: forgotten, it goes after an RTO: 200 ms here */
TEST_F(cork, not_for_ever)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	w->inject_us = lab_now_us();
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 200));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_CORK));
	/* and so does the next */
	wire_inject(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	w->inject_us = lab_now_us();
	wire_expect(w, ACK, .seq = 101, .len = 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 200));
}

/* Without the cork Nagle's rule is still there. */
TEST_F(cork, nagle_beneath)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	wire_expect_silence(w, 50);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .seq = 101, .len = 100);
}

/* With TCP_NODELAY it is not. */
TEST_F(cork, nodelay_beneath)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	wire_expect(w, ACK, .seq = 101, .len = 100);
}

/* Setting TCP_NODELAY lets go what a cork holds; the cork stays for what follows. */
TEST_F(cork, nodelay_releases)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect_silence(w, 50);
}

/* A FIN ends what is corked. */
TEST_F(cork, fin_releases)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect_silence(w, 50);
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1, .len = 100);
}

/* MSG_MORE: the same for one write; the next without it ends it. */
TEST_F(cork, msg_more)
{
	int fd = wire_accept(w);

	LAB_OK(send_more(fd, 0, 100));
	LAB_OK(send_more(fd, 100, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 200, 100));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 300);
}

/* With TCP_NODELAY, too */
TEST_F(cork, msg_more_nodelay)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(send_more(fd, 0, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK, .seq = 1, .len = 200);
}

/* The promise holds until something happens: an ACK that comes lets it go. */
TEST_F(cork, msg_more_and_ack)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(send_more(fd, 0, 1500));
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	wire_expect_silence(w, 50);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .seq = 1001, .len = 500);
}

/* RFC9293 MUST-60: nothing happens */
TEST_F(cork, msg_more_forgotten)
{
	int fd = wire_accept(w);

	LAB_OK(send_more(fd, 0, 100));
	w->inject_us = lab_now_us();
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 200));
}

/* TCP_NOTSENT_LOWAT does not tear apart what is to go together. */
TEST_F(cork, with_notsent_lowat)
{
	int fd = wire_accept(w, .mss = 1000), i;

	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 1));
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_CORK, 1));
	for (i = 0; i < 9; i++)
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 100, 100));
	wire_expect_silence(w, 50);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 900, 100));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 1000);
}

TEST_HARNESS_MAIN
