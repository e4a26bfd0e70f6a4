// SPDX-License-Identifier: GPL-2.0
/*
 * When ACKs go (RFC 9293 3.8.6.3, RFC 5681 4.2): at once while the peer needs them soon, later once
 * the two sides take turns.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(ack_policy);

#define AT_ONCE(w) EXPECT_GE(20 * lab_slow(), wire_delay_ms(w))

/*
 * Take turns, so that ACKs are expected to ride on answers; ends with all acknowledged. So many
 * octets have gone each way.
 */
#define TURNS 20

static int settled(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w), i;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < TURNS; i++) {
		wire_inject(w, ACK, .len = 1);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, i, 1));
		LAB_OK(lab_send(fd, LAB_TO_PEER, i, 1));
		do {
			wire_take(w);
		} while (!w->last->s.len);
	}
	wire_inject(w, ACK);
	return fd;
}

/* The peer is in slow start: it needs each ACK. */
TEST_F(ack_policy, quick_at_start)
{
	int i;

	wire_accept(w);
	for (i = 0; i < 10; i++) {
		wire_inject(w, ACK, .len = 100);
		wire_expect(w, ACK, .ack = 101 + 100 * i);
		AT_ONCE(w);
	}
}

/* Not for ever: without a reader, and with small segments, ACKs begin to wait after some. */
TEST_F(ack_policy, quick_ends)
{
	int i;

	wire_accept(w);
	for (i = 0; i < 100; i++) {
		wire_inject(w, ACK, .len = 10);
		wire_expect(w, ACK, .ack = 11 + 10 * i);
		if (wire_delay_ms(w) > 30)
			break;
	}
	EXPECT_LE(10, i);
	EXPECT_GE(50, i);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 40));
}

/* Sides that take turns: the ACK waits for the answer, RFC9293 MUST-40: for 40 ms here. */
TEST_F(ack_policy, delayed)
{
	settled(_metadata);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 40));
	EXPECT_EQ(1, lab_counter(&w->lab, "DelayedACKs"));
}

/* The answer did not come in time: the next ACK does not count on one. */
TEST_F(ack_policy, late_answer)
{
	int fd = settled(_metadata);

	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS + 200);
	AT_ONCE(w);
}

/* A segment that comes twice: the ACK may have been lost; that and the next ones go at once. */
TEST_F(ack_policy, quick_after_duplicate)
{
	int i;

	settled(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 1);
	wire_expect(w, ACK, .ack = 1 + TURNS);
	AT_ONCE(w);
	for (i = 1; i <= 5; i++) {
		wire_inject(w, ACK, .seq = 1 + TURNS + (i - 1) * 100, .len = 100);
		wire_expect(w, ACK, .ack = 1 + TURNS + i * 100);
		AT_ONCE(w);
	}
}

/* What lies outside the window is answered at once, but says nothing of the ACKs before. */
TEST_F(ack_policy, out_of_window)
{
	settled(_metadata);
	wire_inject(w, ACK, .seq = 1000000, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS);
	AT_ONCE(w);
	wire_inject(w, ACK, .seq = 1 + TURNS, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 40));
}

/* A gap that is filled is told at once, the next segment is not. */
TEST_F(ack_policy, gap)
{
	settled(_metadata);
	wire_inject(w, ACK, .seq = 1 + TURNS + 100, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS);
	AT_ONCE(w);
	wire_inject(w, ACK, .seq = 1 + TURNS, .len = 100);
	wire_expect(w, ACK, .ack = 1 + TURNS + 200);
	AT_ONCE(w);
}

/* TCP_QUICKACK 0 begins to delay, 1 stops it, once. */
TEST_F(ack_policy, quickack_option)
{
	int fd = wire_accept(w);

	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 0));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 40));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 201);
	AT_ONCE(w);
}

/* TCP_QUICKACK 1 sends the ACK that waits, if nothing waits for the reader any more... */
TEST_F(ack_policy, quickack_flushes)
{
	int fd = settled(_metadata);

	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, TURNS, 100));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_GE(30, wire_delay_ms(w));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
}

/* ... 2 does so, and goes back to delaying. */
TEST_F(ack_policy, quickack_even)
{
	int fd = settled(_metadata);

	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, TURNS, 100));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 2));
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_GE(30, wire_delay_ms(w));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
}

/* With unread data TCP_QUICKACK sends nothing by itself: reading will. */
TEST_F(ack_policy, quickack_unread)
{
	int fd = settled(_metadata);

	wire_inject(w, ACK, .len = 100);
	EXPECT_EQ(POLLIN, lab_wait(fd, POLLIN));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	wire_expect(w, ACK, .ack = 1 + TURNS + 100);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 40));
}

/* A small segment that is read at once, by a program that does not answer: nothing to wait for */
TEST_F(ack_policy, read_at_once)
{
	int fd = wire_accept(w), i;
	long ack = 1;

	for (i = 0; i < 60; i++, ack += 100) {
		wire_inject(w, ACK | PSH, .seq = ack, .len = 100);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, ack - 1, 100));
		wire_expect(w, ACK, .ack = ack + 100);
		EXPECT_GE(30, wire_delay_ms(w))
			TH_LOG("segment %d", i);
	}
}

/* RFC9293 SHLD-19, RFC5681 4.2: two full segments and the reader's window */
TEST_F(ack_policy, second_full_segment)
{
	int fd = settled(_metadata), i;
	long ack = 1 + TURNS;

	for (i = 0; i < 10; i++, ack += 2920) {
		wire_inject(w, ACK, .seq = ack, .len = 1460);
		wire_inject(w, ACK, .seq = ack + 1460, .len = 1460);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, ack - 1, 2920));
		wire_await_ack(w, ack + 2920);
		EXPECT_GE(30, wire_delay_ms(w))
			TH_LOG("pair %d", i);
	}
}

TEST_HARNESS_MAIN
