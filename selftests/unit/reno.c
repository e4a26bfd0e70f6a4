// SPDX-License-Identifier: GPL-2.0
/*
 * Reno (RFC 5681) by its rules, on round trips without loss.
 */
#include "unit.h"
#include "../../module/cc/reno.c"

#define MSS	1000U

static struct tl_cc start(u32 cwnd, u32 ssthresh)
{
	return (struct tl_cc) {
		.ops = &tl_cc_reno, .cwnd = cwnd, .ssthresh = ssthresh, .mss = MSS, .limited = true,
	};
}

static void ack(struct tl_cc *cc, u32 acked)
{
	const struct tl_cc_sample s = { .acked = acked, .flight = cc->cwnd };

	cc->ops->on_ack(cc, &s);
}

/* A whole window is sent and acknowledged, so many octets an ACK. */
static void round_trip(struct tl_cc *cc, u32 step)
{
	u32 left = cc->cwnd;

	while (left) {
		u32 n = min(step, left);

		ack(cc, n);
		left -= n;
	}
}

/* RFC5681 3.1 (2): one SMSS an ACK of a full segment, so twice the window a round trip */
UNIT_TEST(slow_start_doubles)
{
	struct tl_cc cc = start(10 * MSS, TL_SSTHRESH_MAX);
	u32 want = 10 * MSS;
	int i;

	for (i = 0; i < 10; i++) {
		UNIT_TRUE(tl_cc_slow_start(&cc));
		round_trip(&cc, MSS);
		want *= 2;
		UNIT_EQ(want, cc.cwnd);
	}
}

/* RFC3465: octets count, not ACKs; so delayed ACKs do not slow it down */
UNIT_TEST(slow_start_counts_octets)
{
	struct tl_cc delayed = start(10 * MSS, TL_SSTHRESH_MAX);
	struct tl_cc divided = start(10 * MSS, TL_SSTHRESH_MAX);

	round_trip(&delayed, 2 * MSS);
	UNIT_EQ(20 * MSS, delayed.cwnd);
	/* nor does a receiver gain by acknowledging octet by octet */
	round_trip(&divided, 1);
	UNIT_EQ(20 * MSS, divided.cwnd);
}

/* Slow start ends at ssthresh; what an ACK has left counts for congestion avoidance. */
UNIT_TEST(slow_start_ends)
{
	struct tl_cc cc = start(10 * MSS, 11 * MSS);

	ack(&cc, 2 * MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
	UNIT_TRUE(!tl_cc_slow_start(&cc));
	ack(&cc, 9 * MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
	ack(&cc, MSS);
	UNIT_EQ(12 * MSS, cc.cwnd);
}

/* RFC5681 3.1: "cwnd is incremented by roughly 1 full-sized segment per round-trip time" */
static void avoidance(u32 step)
{
	struct tl_cc cc = start(20 * MSS, 20 * MSS);
	int i;

	for (i = 1; i <= 50; i++) {
		round_trip(&cc, step);
		UNIT_EQ((20 + i) * MSS, cc.cwnd);
	}
}

UNIT_TEST(congestion_avoidance)
{
	avoidance(MSS);
}

UNIT_TEST(congestion_avoidance_counts_octets)
{
	avoidance(2 * MSS);
	avoidance(MSS / 10);
	avoidance(7 * MSS);
}

/* RFC3465 2.1: octets that are too many for this step count for the next one */
UNIT_TEST(congestion_avoidance_keeps_credit)
{
	struct tl_cc cc = start(10 * MSS, 10 * MSS);

	ack(&cc, 7 * MSS);
	UNIT_EQ(10 * MSS, cc.cwnd);
	ack(&cc, 7 * MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
	ack(&cc, 7 * MSS);
	UNIT_EQ(12 * MSS, cc.cwnd);
}

/* RFC5681 3.1: one segment a round trip; an ACK of many windows gives no credit for many steps */
UNIT_TEST(congestion_avoidance_bounds_credit)
{
	struct tl_cc cc = start(10 * MSS, 10 * MSS);

	ack(&cc, 100 * MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
	ack(&cc, MSS);
	UNIT_EQ(12 * MSS, cc.cwnd);
	ack(&cc, MSS);
	UNIT_EQ(12 * MSS, cc.cwnd);
}

/* RFC5681 3.1 (4): ssthresh = max(FlightSize / 2, 2 * SMSS) */
UNIT_TEST(ssthresh)
{
	struct tl_cc cc = start(20 * MSS, TL_SSTHRESH_MAX);

	UNIT_EQ(10 * MSS, cc.ops->ssthresh(&cc, 20 * MSS));
	UNIT_EQ(2 * MSS + 500, cc.ops->ssthresh(&cc, 5 * MSS));
	UNIT_EQ(2 * MSS, cc.ops->ssthresh(&cc, 4 * MSS));
	UNIT_EQ(2 * MSS, cc.ops->ssthresh(&cc, 3 * MSS));
	UNIT_EQ(2 * MSS, cc.ops->ssthresh(&cc, 0));
}

/* After a loss the count of octets begins anew. */
UNIT_TEST(loss_forgets_credit)
{
	struct tl_cc cc = start(20 * MSS, 20 * MSS);

	ack(&cc, 19 * MSS);
	cc.ssthresh = cc.ops->ssthresh(&cc, 20 * MSS);
	cc.cwnd = cc.ssthresh;
	ack(&cc, 9 * MSS);
	UNIT_EQ(10 * MSS, cc.cwnd);
	ack(&cc, MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
}

/* RFC7661: a window that the sender does not use does not grow */
UNIT_TEST(not_limited)
{
	struct tl_cc cc = start(10 * MSS, TL_SSTHRESH_MAX);

	cc.limited = false;
	round_trip(&cc, MSS);
	UNIT_EQ(10 * MSS, cc.cwnd);
	cc.ssthresh = 10 * MSS;
	round_trip(&cc, MSS);
	UNIT_EQ(10 * MSS, cc.cwnd);
	cc.limited = true;
	round_trip(&cc, MSS);
	UNIT_EQ(11 * MSS, cc.cwnd);
}

UNIT_MAIN
