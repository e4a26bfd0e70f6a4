// SPDX-License-Identifier: GPL-2.0
/*
 * Reno (RFC 5681): slow start doubles the window each round trip, congestion avoidance adds
 * one segment to it, a loss halves it. Octets are counted, not ACKs (RFC 3465). That several losses
 * of one window halve it once (NewReno, RFC 6582) is up to recovery, which asks for a threshold
 * once. A needless reduction is undone as for any algorithm: the window it had.
 */
#include "cc/cc.h"

#ifdef __KERNEL__
#include <linux/module.h>
#endif

static void reno_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	u32 acked = tl_cc_acked(s);

	/* RFC7661 in its simple form: a window that was not used tells nothing. */
	if (!cc->limited)
		return;
	if (tl_cc_slow_start(cc))
		acked = tl_cc_grow_double(cc, acked);
	if (acked)
		tl_cc_grow_linear(cc, acked);
}

static u32 reno_ssthresh(struct tl_cc *cc, u32 flight)
{
	cc->acked = 0;
	return tl_cc_half(cc, flight);
}

struct tl_cc_ops tl_cc_reno = {
	.name		= "reno",
#ifdef __KERNEL__
	.owner		= THIS_MODULE,
#endif
	.on_ack		= reno_on_ack,
	.ssthresh	= reno_ssthresh,
};
