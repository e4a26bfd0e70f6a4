// SPDX-License-Identifier: GPL-2.0
/*
 * A sample is what arrived since the segment was sent that an ACK covers, by the longer of two
 * times: that in which it was sent, and that in which it was acknowledged. So neither ACKs that
 * come in a bunch nor a burst of the sender's make it too large.
 */
#include "loss/rate.h"

/**
 * tl_rate_stamp() - something is sent (draft 3.2)
 * @s: state
 * @at: filled in
 * @now_us: clock
 * @idle: nothing was in flight
 */
void tl_rate_stamp(struct tl_rate_state *s, struct tl_stamp *at, u64 now_us, bool idle)
{
	if (idle) {
		s->first_us = now_us;
		s->delivered_us = now_us;
	}
	*at = (struct tl_stamp) {
		.sent_us	= now_us,
		.delivered	= s->delivered,
		.delivered_us	= s->delivered_us,
		.first_us	= s->first_us,
		.app_limited	= s->app_limited,
	};
}

/**
 * tl_rate_sample() - something arrived (draft 3.3)
 * @s: state
 * @t: what
 * @min_rtt_us: smallest round trip: an interval that is shorter is no round trip
 * @rate: filled in; its interval is 0 if there is no sample
 */
void tl_rate_sample(struct tl_rate_state *s, const struct tl_tally *t, u32 min_rtt_us,
		    struct tl_rate *rate)
{
	const struct tl_stamp *at = &t->newest;
	u32 sending, acking;

	*rate = (struct tl_rate) { };
	if (!t->delivered)
		return;
	s->delivered += t->delivered;
	s->delivered_us = t->now_us;
	if (s->app_limited && s->delivered > s->app_limited)
		s->app_limited = 0;
	if (!t->any_newest)
		return;
	rate->delivered = (u32)s->delivered - at->delivered;
	rate->prior_delivered = s->delivered - rate->delivered;
	rate->app_limited = at->app_limited;
	/* paced by a qdisc, a flight may begin later than now: see tl_pace_departure() */
	sending = max_t(s32, (u32)at->sent_us - at->first_us, 0);
	acking = max_t(s32, (u32)t->now_us - at->delivered_us, 0);
	s->first_us = at->sent_us;
	rate->interval_us = max(sending, acking);
	if (rate->interval_us < min_rtt_us) {
		rate->interval_us = 0;
		return;
	}
	/* a rate that the program held down replaces only one that was lower */
	if (!rate->app_limited || !s->last.interval_us ||
	    (u64)rate->delivered * s->last.interval_us >=
	    (u64)s->last.delivered * rate->interval_us)
		s->last = *rate;
}
