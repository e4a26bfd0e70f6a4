// SPDX-License-Identifier: GPL-2.0
/* The kernel's own window: what lies outside is refused, and its edge never moves back. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(window_receive);

/* RFC9293 3.10.7.4, first step: beyond the window: answered by an ACK, and dropped */
TEST_F(window_receive, beyond)
{
	int fd = wire_accept(w);
	long edge;

	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_await_ack(w, 101);
	edge = 101 + w->last->s.win;
	wire_inject(w, ACK, .seq = edge + 1, .len = 500);
	wire_expect(w, ACK, .seq = 1, .ack = 101);
	wire_inject(w, ACK, .seq = edge + 1000000, .len = 500);
	wire_expect(w, ACK, .seq = 1, .ack = 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* RFC9293 3.10.7.4, first step: long before the window */
TEST_F(window_receive, before)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = -100000, .len = 500);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/*
 * RFC9293 SHLD-14, MUST-39: fill the buffer of a program that does not read: the window closes
 * without its right edge ever moving left; reading opens it, and the peer is told unasked.
 */
TEST_F(window_receive, closes_and_opens)
{
	long edge = 0, total = 0, acked, now;
	int fd, i;

	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 20000));
	fd = wire_accept(w);
	wire_inject(w, ACK, .seq = 1, .len = 1);
	wire_await_ack(w, 2);
	total = 1;
	for (i = 0; i < 200; i++) {
		acked = w->last->s.ack;
		now = acked + w->last->s.win;
		EXPECT_LE(edge, now)
			TH_LOG("the right edge moved back, from %ld to %ld", edge, now);
		edge = now;
		if (w->last->s.win < 1000)
			break;
		wire_inject(w, ACK, .seq = acked, .len = 1000);
		wire_await_ack(w, acked + 1000);
		total += 1000;
	}
	EXPECT_GT(200, i)
		TH_LOG("the window never closed");
	EXPECT_LT(3000, total);

	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, total));
	while (!(w->last->s.win >= 2000 && w->last->s.ack == total + 1))
		wire_take(w);
	EXPECT_LE(edge, w->last->s.ack + w->last->s.win);
	wire_inject(w, ACK, .seq = total + 1, .len = 1000);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, total, 1000));
}

/* RFC9293 3.10.7.4, first step, MUST-66: with the window shut, an ACK and a reset still count */
TEST_F(window_receive, shut_but_listening)
{
	long acked, part;
	int fd, i, queued;

	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 20000));
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_take_stream_quietly(w, 101);
	for (i = 0, acked = 1; i < 200 && w->last->s.win && w->last->s.ack == acked; i++) {
		part = w->last->s.win < 1000 ? w->last->s.win : 1000;
		wire_inject(w, ACK, .seq = acked, .ack = 1, .len = part);
		acked += part;
		wire_take(w);
		ASSERT_EQ(0, w->last->s.len);
	}
	ASSERT_GT(200, i)
		TH_LOG("the window never closed");
	acked = w->last->s.ack;
	ASSERT_EQ(0, ioctl(fd, 0x5411 /* SIOCOUTQ */, &queued));
	EXPECT_EQ(100, queued);
	wire_inject(w, ACK, .seq = acked, .ack = 101);
	EXPECT_TRUE(LAB_UNTIL(!ioctl(fd, 0x5411 /* SIOCOUTQ */, &queued) && !queued));
	wire_inject(w, RST, .seq = acked);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
}

TEST_HARNESS_MAIN
