// SPDX-License-Identifier: GPL-2.0
/* Segments that repeat what is there, in part or whole: every byte is delivered once. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(overlap);

/* RFC9293 3.10.7.4, first step: all old: answered by an ACK, and dropped */
TEST_F(overlap, duplicate)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1001);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 1001);
	wire_inject(w, ACK, .seq = 501, .len = 500);
	wire_expect(w, ACK, .ack = 1001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* RFC9293 3.4: the part that is new counts */
TEST_F(overlap, new_tail)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1001);
	wire_inject(w, ACK, .seq = 501, .len = 1000);
	wire_await_ack(w, 1501);
	wire_inject(w, ACK, .seq = 1500, .len = 2);
	wire_await_ack(w, 1502);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1501));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* A FIN behind bytes that are known already */
TEST_F(overlap, fin_behind_old_data)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1001);
	wire_inject(w, FIN | ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1002);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
	LAB_OK(lab_recv_eof(fd));
}

/* A larger segment that covers a smaller one in the queue, and the other way round */
TEST_F(overlap, in_the_queue)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 2001, .len = 500);
	wire_inject(w, ACK, .seq = 1501, .len = 1400);	/* covers it */
	wire_inject(w, ACK, .seq = 1601, .len = 100);	/* is covered */
	wire_inject(w, ACK, .seq = 2701, .len = 500);	/* hangs over the end */
	wire_inject(w, ACK, .seq = 1301, .len = 500);	/* hangs over the front */
	wire_inject(w, ACK, .seq = 4001, .len = 300);	/* apart */
	wire_inject(w, ACK, .seq = 1001, .len = 4000);	/* covers all */
	wire_drain(w);
	wire_inject(w, ACK, .seq = 1, .len = 1001);
	wire_await_ack(w, 5001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 5000));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* Hundreds of ranges of any size, in any order, the same in each run */
TEST_F(overlap, many)
{
	const long total = 30000;
	int fd = wire_accept(w), i;
	uint32_t seed = 1;
	long seq, len;

	for (i = 0; i < 400; i++) {
		seed = seed * 1664525 + 1013904223;
		seq = 1001 + (seed >> 8) % (total - 1000);
		seed = seed * 1664525 + 1013904223;
		len = 1 + (seed >> 8) % 1400;
		if (seq + len > total + 1)
			len = total + 1 - seq;
		if (len > 0)
			wire_inject(w, ACK, .seq = seq, .len = len);
	}
	wire_drain(w);
	/* then whatever is still missing */
	for (seq = 1; seq <= total; seq += 1000)
		wire_inject(w, ACK, .seq = seq, .len = 1000);
	wire_await_ack(w, total + 1);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, total));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

TEST_HARNESS_MAIN
