// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 9937 section 6. Above the new threshold one segment goes for each 1/beta that arrive, so that
 * the window is down when all of it has; below it, as many as arrive (conservation), and one more
 * while ACKs show that nothing else is lost.
 */
#include "loss/prr.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#endif

static u64 whole_segments_up(u64 octets, u32 mss)
{
	return div_u64(octets + mss - 1, mss) * mss;
}

/**
 * tl_prr_quota() - something arrived: how much may go out now (RFC9937 6)
 * @p: state
 * @ssthresh: what the window goes down to
 * @pipe: what is in flight
 * @delivered: what arrived now, not 0
 * @safe: SafeACK: SND.UNA moved, and nothing else was found lost
 * @mss: segment size
 *
 * Return: octets beyond @pipe.
 */
u32 tl_prr_quota(struct tl_prr *p, u32 ssthresh, u32 pipe, u32 delivered, bool safe, u32 mss)
{
	s64 quota;

	p->delivered += delivered;
	if (pipe > ssthresh) {
		/* whole segments, rounded up as 6 says; the rest is accounted for next time */
		quota = (s64)whole_segments_up(div_u64((u64)p->delivered * ssthresh,
						       max(p->flight, 1U)), mss) - p->out;
	} else {
		quota = max_t(s64, (s64)p->delivered - p->out, delivered);
		if (safe)
			quota += mss;
		quota = min_t(s64, quota, ssthresh - pipe);
	}
	/* the first segment that is lost goes at once */
	if (!p->out)
		quota = max_t(s64, quota, mss);
	/* a flight much smaller than the threshold must not make the window wrap */
	return clamp_t(s64, quota, 0, U32_MAX - pipe);
}
