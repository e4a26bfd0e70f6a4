// SPDX-License-Identifier: GPL-2.0
/*
 * Reno (RFC 5681): slow start doubles the window each round trip, congestion avoidance adds
 * one segment to it, a loss halves it. Octets are counted, not ACKs (RFC 3465).
 */
#include "cc/cc.h"

#ifdef __KERNEL__
#include <linux/module.h>
#endif

static void reno_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	u32 acked = s->acked;

	/* RFC7661 in its simple form: a window that was not used tells nothing. */
	if (!cc->limited)
		return;

	if (tl_cc_slow_start(cc)) {
		u32 grow = min(acked, cc->ssthresh - cc->cwnd);

		cc->cwnd += grow;
		acked -= grow;
		if (!acked)
			return;
	}
	/* RFC5681 3.1 (3), by RFC3465 2.1: one MSS when a whole window was acknowledged */
	cc->acked += acked;
	if (cc->acked >= cc->cwnd) {
		/* and no more a round trip: one ACK of many windows is credit for one */
		cc->acked = min(cc->acked - cc->cwnd, cc->cwnd);
		cc->cwnd += cc->mss;
	}
}

/* RFC5681 3.1 (4) */
static u32 reno_ssthresh(struct tl_cc *cc, u32 flight)
{
	cc->acked = 0;
	return max(flight / 2, 2 * cc->mss);
}

struct tl_cc_ops tl_cc_reno = {
	.name		= "reno",
#ifdef __KERNEL__
	.owner		= THIS_MODULE,
#endif
	.on_ack		= reno_on_ack,
	.ssthresh	= reno_ssthresh,
};
