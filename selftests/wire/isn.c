// SPDX-License-Identifier: GPL-2.0
/*
 * Initial sequence numbers (RFC 6528): for one pair of ends they follow a clock, so that
 * incarnations do not meet; what they are for another pair cannot be told from that.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(isn);

/* The number that the kernel chooses now for this flow; nothing is left of the attempt. */
static uint32_t number_now(struct __test_metadata *_metadata)
{
	uint32_t isn = w->f->isn;

	wire_again(w, isn);
	wire_inject(w, SYN, .mss = 1460);
	wire_take(w);
	EXPECT_EQ(SYN | ACK, w->last->s.flags);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	return w->last->seq;
}

/* RFC9293 MUST-8: a clock; RFC6528 3: M + F(ends), and F stays */
TEST_F(isn, follows_a_clock)
{
	uint32_t first, short_wait, long_wait;
	int64_t t0, t1, t2;

	LAB_FD(wire_listen(w, 4));
	t0 = lab_now_us();
	first = number_now(_metadata);
	wire_expect_silence(w, 1000);
	t1 = lab_now_us();
	short_wait = number_now(_metadata) - first;
	wire_expect_silence(w, 9000);
	t2 = lab_now_us();
	long_wait = number_now(_metadata) - first;
	/* the RFC's clock ticks every 4 us; a faster one is better still, if it does not wrap */
	EXPECT_LE((t1 - t0) / 4 * 9 / 10, short_wait);
	EXPECT_LT((t2 - t0) * 9 / 10, (double)long_wait / short_wait * (t1 - t0));
	EXPECT_GT((t2 - t0) * 11 / 10, (double)long_wait / short_wait * (t1 - t0));
}

/*
 * RFC9293 MUST-9, SHLD-1: neighbours' numbers are no neighbours: 32 ports, and no pattern. By
 * chance half of the steps go up and one of 128 is near: these bounds do not fail in a lifetime.
 */
TEST_F(isn, differs_by_ends)
{
	int i, near = 0, ascending = 0;
	uint32_t last = 0, n;

	LAB_FD(wire_listen(w, 4));
	for (i = 0; i < 32; i++) {
		if (i)
			wire_new_flow(w);
		n = number_now(_metadata);
		/* what lies a second's ticks apart could be the same F */
		near += i && (n - last < 1 << 24 || last - n < 1 << 24);
		ascending += i && (int32_t)(n - last) > 0;
		last = n;
	}
	EXPECT_GE(8, near);
	EXPECT_LT(1, ascending);
	EXPECT_GT(30, ascending);
}

TEST_HARNESS_MAIN
