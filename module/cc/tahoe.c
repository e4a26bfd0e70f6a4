// SPDX-License-Identifier: GPL-2.0
/*
 * Tahoe, as the textbooks tell it (Jacobson, "Congestion Avoidance and Control", 1988): the window
 * begins at one segment and doubles each round trip up to a threshold, above which it grows by one
 * segment a round trip. The threshold begins at the receiver's largest window. A loss, however it
 * is found, sets the threshold to half of what was in flight and the window to one segment.
 */
#include "cc/cc.h"

#ifdef __KERNEL__
#include <linux/module.h>
#endif

struct tahoe {
	bool	lost;		/* the threshold is what a loss made it */
};

static struct tahoe *tahoe_of(struct tl_cc *cc)
{
	return (struct tahoe *)cc->priv;
}

static void tahoe_init(struct tl_cc *cc)
{
	cc->cwnd = cc->mss;
	cc->acked = 0;
	/* Who changes to Tahoe begins anew, but may know a threshold. */
	tahoe_of(cc)->lost = cc->ssthresh != TL_SSTHRESH_MAX;
}

static void tahoe_measure(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	if (!tahoe_of(cc)->lost && s->max_wnd)
		cc->ssthresh = s->max_wnd;
}

static void tahoe_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	u32 acked = tl_cc_acked(s);

	if (!cc->limited)
		return;
	if (tl_cc_slow_start(cc))
		acked = tl_cc_grow_double(cc, acked);
	if (acked)
		tl_cc_grow_linear(cc, acked);
}

/* The window is set to one segment by who asks: TL_CC_NO_FAST_RECOVERY. */
static u32 tahoe_ssthresh(struct tl_cc *cc, u32 flight)
{
	tahoe_of(cc)->lost = true;
	cc->acked = 0;
	return tl_cc_half(cc, flight);
}

/* It believes in each loss: a window goes back nowhere but by growing. */
static u32 tahoe_undo(struct tl_cc *cc)
{
	return cc->cwnd;
}

struct tl_cc_ops tl_cc_tahoe = {
	.name		= "tahoe",
	.flags		= TL_CC_NO_FAST_RECOVERY,
#ifdef __KERNEL__
	.owner		= THIS_MODULE,
#endif
	.init		= tahoe_init,
	.measure	= tahoe_measure,
	.on_ack		= tahoe_on_ack,
	.ssthresh	= tahoe_ssthresh,
	.undo		= tahoe_undo,
};
