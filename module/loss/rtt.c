// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 6298 section 2, in fixed point: SRTT is kept times 8 and RTTVAR times 4, so that the gains of
 * 1/8 and 1/4 are shifts.
 */
#include "loss/rtt.h"

/**
 * tl_rtt_init() - nothing is known yet (RFC6298 2.1)
 * @r: estimator
 * @b: bounds
 */
void tl_rtt_init(struct tl_rtt *r, const struct tl_rto_bounds *b)
{
	r->srtt = 0;
	r->rttvar = 0;
	r->min = ~0U;
	memset(r->part, 0xff, sizeof(r->part));
	r->part_since = 0;
	r->last = 0;
	r->backoff = 0;
	r->rto = b->init;
}

/**
 * tl_rtt_sample() - take a measured round trip in (RFC6298 2.2, 2.3, 2.4)
 * @r: estimator
 * @sample: µs, of a segment that was sent once only, or by timestamps (Karn: RFC6298 3)
 * @b: bounds
 *
 * As Linux does, the minimum bounds the variance term and not the whole: RTO is never below
 * SRTT + rto_min.
 */
void tl_rtt_sample(struct tl_rtt *r, u32 sample, const struct tl_rto_bounds *b)
{
	u32 var;

	sample = clamp(sample, 1U, TL_RTT_MAX_US);
	r->last = sample;

	if (!r->srtt) {
		r->srtt = sample << 3;
		r->rttvar = sample << 1;	/* R/2, times 4 */
	} else {
		s32 err = sample - (r->srtt >> 3);

		/* RTTVAR before SRTT: 2.3 says so */
		r->rttvar += (err < 0 ? -err : err) - (r->rttvar >> 2);
		r->srtt += err;
	}
	var = max(r->rttvar, b->min);		/* 4 * RTTVAR */
	r->rto = min(b->max, (r->srtt >> 3) + var);
	r->backoff = 0;
}

/* Parts of the window that are over are remembered; those that left it are not. */
static void begin_part(struct tl_rtt *r, u32 now, u32 window)
{
	u32 len = window / TL_RTT_PARTS, gone = now - r->part_since;
	u32 steps = len ? min_t(u32, gone / len, TL_RTT_PARTS) : gone ? TL_RTT_PARTS : 0;
	int i;

	if (!steps)
		return;
	for (i = TL_RTT_PARTS - 1; i >= 0; i--)
		r->part[i] = i >= (int)steps ? r->part[i - steps] : ~0U;
	r->part_since = steps < TL_RTT_PARTS ? r->part_since + steps * len : now;
}

/**
 * tl_rtt_min_sample() - is a round trip the smallest of late?
 * @r: estimator
 * @sample: µs
 * @now: clock, of any unit, modulo 2^32
 * @window: what "of late" means, in the same unit: a minimum is kept for as long at most, and for
 *	three quarters of it at least
 *
 * lib/win_minmax.c does the same, but exports no minimum before Linux 6.12.
 */
void tl_rtt_min_sample(struct tl_rtt *r, u32 sample, u32 now, u32 window)
{
	int i;

	begin_part(r, now, window);
	r->part[0] = min(r->part[0], clamp(sample, 1U, TL_RTT_MAX_US));
	r->min = r->part[0];
	for (i = 1; i < TL_RTT_PARTS; i++)
		r->min = min(r->min, r->part[i]);
}

/**
 * tl_rtt_backoff() - the timer fired: double (RFC6298 5.5)
 * @r: estimator
 * @b: bounds
 */
void tl_rtt_backoff(struct tl_rtt *r, const struct tl_rto_bounds *b)
{
	if (tl_rto_us(r, b) < b->max)
		r->backoff++;
}

/**
 * tl_rto_us() - the RTO to use now, backoff and bounds applied
 * @r: estimator
 * @b: bounds
 *
 * Return: µs.
 */
u32 tl_rto_us(const struct tl_rtt *r, const struct tl_rto_bounds *b)
{
	u64 rto = (u64)r->rto << r->backoff;

	return min_t(u64, rto, b->max);
}
