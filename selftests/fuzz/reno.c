// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: any order of ACKs, losses and changes of the segment size. However the peer acknowledges,
 * the window grows by no more than RFC 5681 and RFC 3465 allow for what was acknowledged, never
 * wraps, and a loss never leaves it without ssthresh of two segments.
 */
#include "fuzz.h"
#include "../../module/cc/reno.c"

#define FLIGHT_MAX	(65535U << 14)	/* the largest window there is (RFC7323 2.3) */

static void ack(struct fuzz *f, struct tl_cc *cc)
{
	struct tl_cc_sample s = { 0 };
	u32 cwnd = cc->cwnd, credit = cc->acked;
	bool slow = tl_cc_slow_start(cc);

	s.flight = min(fuzz_magnitude(f) % FLIGHT_MAX, 2 * cwnd);
	s.acked = s.flight ? 1 + fuzz_magnitude(f) % s.flight : 0;
	/* as loss/ tells it */
	cc->limited = slow ? cwnd < 2 * s.flight : cwnd < s.flight + cc->mss;
	cc->ops->on_ack(cc, &s);

	FUZZ_TRUE(cc->cwnd >= cwnd);
	if (!cc->limited) {
		FUZZ_EQ(cwnd, cc->cwnd);
		FUZZ_EQ(credit, cc->acked);
		return;
	}
	/* RFC3465 2.2: what was acknowledged, and one step of congestion avoidance at its end */
	if (slow)
		FUZZ_TRUE(cc->cwnd - cwnd <= min(s.acked, cc->ssthresh - cwnd) + cc->mss);
	else
		FUZZ_TRUE(cc->cwnd == cwnd || cc->cwnd == cwnd + cc->mss);
	/* RFC5681 3.1: one segment a round trip; credit for more than a window would be a burst */
	FUZZ_TRUE(cc->acked <= cc->cwnd);
}

static void lose(struct fuzz *f, struct tl_cc *cc)
{
	u32 flight = fuzz_magnitude(f) % FLIGHT_MAX;

	cc->ssthresh = cc->ops->ssthresh(cc, flight);
	FUZZ_TRUE(cc->ssthresh >= 2 * cc->mss);
	FUZZ_TRUE(cc->ssthresh <= max(flight / 2, 2 * cc->mss));
	FUZZ_EQ(0, cc->acked);
	/* after a time-out, or three duplicate ACKs */
	cc->cwnd = fuzz_u8(f) & 1 ? cc->mss : cc->ssthresh;
}

FUZZ_TARGET
{
	struct tl_cc cc = { .ops = &tl_cc_reno, .ssthresh = TL_SSTHRESH_MAX };

	cc.mss = 1 + fuzz_u16(f);
	cc.cwnd = cc.mss * (1 + fuzz_u8(f) % 10);
	while (f->left) {
		u8 what = fuzz_u8(f);

		if (what % 16 == 0)
			lose(f, &cc);
		else if (what % 16 == 1)
			cc.mss = 1 + fuzz_u16(f);
		else
			ack(f, &cc);
		FUZZ_TRUE(cc.cwnd >= 1 && cc.cwnd < 4U * FLIGHT_MAX);
	}
}
