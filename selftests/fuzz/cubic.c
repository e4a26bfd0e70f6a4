// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: any order of ACKs, losses, time-outs, undos and idle times, with any clock and round trip.
 * The window never wraps or falls below a segment, grows by no more than what was acknowledged, in
 * congestion avoidance by no more than half of it, and a loss leaves two segments or 0.7.
 */
#include "fuzz.h"
#include "../../module/cc/cubic.c"

#define FLIGHT_MAX	(65535U << 14)	/* the largest window there is (RFC7323 2.3) */

static u32 una;
static u64 now_us;

static void ack(struct fuzz *f, struct tl_cc *cc)
{
	struct tl_cc_sample s = { .state = fuzz_u8(f) % 5 };
	u32 cwnd = cc->cwnd;
	bool slow;

	now_us += fuzz_magnitude(f);
	s.flight = min(fuzz_magnitude(f) % FLIGHT_MAX, 2 * cwnd);
	s.acked = s.flight ? 1 + fuzz_magnitude(f) % s.flight : 0;
	s.delivered = fuzz_u8(f) & 1 ? s.acked : s.acked / 2;
	s.rtt_us = fuzz_magnitude(f);
	s.srtt_us = fuzz_magnitude(f);
	s.now_us = now_us;
	s.nxt = una + s.flight;
	una += s.acked;
	s.una = una;
	cc->ops->measure(cc, &s);
	slow = tl_cc_slow_start(cc);
	cc->limited = slow ? cwnd < 2 * s.flight : cwnd < s.flight + cc->mss;
	cc->ops->on_ack(cc, &s);

	FUZZ_TRUE(cc->cwnd >= cwnd);
	if (!cc->limited)
		FUZZ_EQ(cwnd, cc->cwnd);
	if (slow)
		FUZZ_TRUE(cc->cwnd - cwnd <= s.acked);
	else	/* the curve's, and Reno's beside it; credit of less than an octet */
		FUZZ_TRUE(cc->cwnd - cwnd <= s.acked / 2 + s.acked / 10 + 2);
}

static void lose(struct fuzz *f, struct tl_cc *cc)
{
	u32 cwnd = cc->cwnd;
	bool timeout = fuzz_u8(f) & 1;

	cc->prior_cwnd = cwnd;
	cc->ops->state(cc, timeout ? TL_CA_LOSS : TL_CA_RECOVERY);
	cc->ssthresh = cc->ops->ssthresh(cc, fuzz_magnitude(f) % FLIGHT_MAX);
	FUZZ_TRUE(cc->ssthresh >= 2 * cc->mss);
	FUZZ_TRUE(cc->ssthresh <= max((u32)(cwnd * 7ULL / 10), 2 * cc->mss));
	cc->cwnd = timeout ? cc->mss : cc->ssthresh;
	if (fuzz_u8(f) % 4 == 0) {
		cc->cwnd = cc->ops->undo(cc);
		FUZZ_TRUE(cc->cwnd >= cwnd);
	}
}

FUZZ_TARGET
{
	struct tl_cc cc = { .ops = &tl_cc_cubic, .ssthresh = TL_SSTHRESH_MAX };

	una = 0;
	now_us = 1;
	cc.mss = 1 + fuzz_u16(f);
	cc.cwnd = cc.mss * (1 + fuzz_u8(f) % 10);
	cc.ops->init(&cc);
	while (f->left) {
		u8 what = fuzz_u8(f);

		if (what % 16 == 0)
			lose(f, &cc);
		else if (what % 16 == 1)
			cc.mss = 1 + fuzz_u16(f);
		else if (what % 16 == 2)
			cc.ops->event(&cc, fuzz_u8(f) % 6);
		else
			ack(f, &cc);
		FUZZ_TRUE(cc.cwnd >= 1 && cc.cwnd < 4U * FLIGHT_MAX);
	}
}
