/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drives a congestion control algorithm as the connection does: whole windows go out and come back,
 * so many octets an ACK, in an order in which each function would be called.
 */
#ifndef CC_DRIVE_H
#define CC_DRIVE_H

#include "unit.h"
#include "cc/cc.h"

#define MSS	1000U

/**
 * struct drive - a connection
 * @cc: what is tried
 * @una: SND.UNA
 * @now_us: clock; 0 means "never" to an algorithm
 * @rtt_us: round trip that each ACK measures, and the smoothed one
 * @marks: of a thousand octets delivered, so many met congestion
 * @max_wnd: of the receiver
 * @state: recovery state
 */
struct drive {
	struct tl_cc cc;
	u32 una;
	u64 now_us;
	u32 rtt_us;
	u32 marks;
	u32 max_wnd;
	enum tl_ca_state state;
};

static inline void drive_start(struct drive *d, const struct tl_cc_ops *ops, u32 cwnd)
{
	*d = (struct drive) {
		.una = 0xfffff000,	/* numbers wrap soon */
		.now_us = 1000000,
		.rtt_us = 100000,
		.max_wnd = 1000 * MSS,
	};
	d->cc = (struct tl_cc) {
		.ops = ops, .cwnd = cwnd, .ssthresh = TL_SSTHRESH_MAX, .mss = MSS, .limited = true,
	};
	if (ops->init)
		ops->init(&d->cc);
}

/* So many octets are acknowledged, of so many in flight. */
static inline void drive_ack(struct drive *d, u32 acked, u32 flight)
{
	struct tl_cc_sample s = {
		.acked		= acked,
		.delivered	= acked,
		.marked		= (u64)acked * d->marks / 1000,
		.flight		= flight,
		.max_wnd	= d->max_wnd,
		.rtt_us		= d->rtt_us,
		.srtt_us	= d->rtt_us,
		.min_rtt_us	= d->rtt_us,
		.now_us		= d->now_us,
		.state		= d->state,
	};

	s.nxt = d->una + d->cc.cwnd;		/* sent before it came */
	d->una += acked;
	s.una = d->una;
	if (d->cc.ops->measure)
		d->cc.ops->measure(&d->cc, &s);
	d->cc.ops->on_ack(&d->cc, &s);
}

/* A window is sent at once and acknowledged, evenly over a round trip. */
static inline void drive_round(struct drive *d, u32 step)
{
	u32 flight = d->cc.cwnd, left = flight;
	u64 begin = d->now_us;

	while (left) {
		u32 n = min(step, left);

		left -= n;
		d->now_us = begin + (u64)d->rtt_us * (flight - left) / flight;
		drive_ack(d, n, flight);
	}
}

static inline void drive_state(struct drive *d, enum tl_ca_state state)
{
	if (d->cc.ops->state)
		d->cc.ops->state(&d->cc, state);
	d->state = state;
}

/* The window is cut, as by a loss (TL_CA_RECOVERY) or marks (TL_CA_CWR), and recovery is over. */
static inline void drive_cut(struct drive *d, enum tl_ca_state state)
{
	drive_state(d, state);
	d->cc.prior_cwnd = d->cc.cwnd;
	d->cc.ssthresh = d->cc.ops->ssthresh(&d->cc, d->cc.cwnd);
	d->cc.cwnd = d->cc.ops->flags & TL_CC_NO_FAST_RECOVERY ? d->cc.mss : d->cc.ssthresh;
	drive_state(d, TL_CA_OPEN);
	if (d->cc.ops->event)
		d->cc.ops->event(&d->cc, TL_CC_RECOVERED);
}

/* The retransmission timer: until slow start is over the state is LOSS. */
static inline void drive_timeout(struct drive *d)
{
	drive_state(d, TL_CA_LOSS);
	d->cc.prior_cwnd = d->cc.cwnd;
	d->cc.ssthresh = d->cc.ops->ssthresh(&d->cc, d->cc.cwnd);
	d->cc.cwnd = d->cc.mss;
	if (d->cc.ops->event)
		d->cc.ops->event(&d->cc, TL_CC_LOSS);
}

#endif
