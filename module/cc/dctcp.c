// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP (RFC 8257), for data centers: the share of octets that met a queue says how long the queue
 * is, and the window shrinks by as much, where Reno would halve it for the first mark.
 *
 * The share is taken once a window of data and smoothed. Growth, and what a loss does, are Reno's:
 * so without marks, as on a connection without ECN, it is Reno. The receiver's part, to echo each
 * change of CE at once (RFC8257 3.2), needs no window: it is not here.
 */
#include "cc/cc.h"
#include "wire.h"

#ifdef __KERNEL__
#include <linux/module.h>
#endif
#include <linux/inet_diag.h>

#define ALPHA_SHIFT	20
#define ALPHA_ONE	1048576U	/* 1 << ALPHA_SHIFT */
#define GAIN_SHIFT	4		/* RFC8257 4.2: g = 1/16 */
#define INFO_SHIFT	10		/* tcp_dctcp_info gives alpha in 1/1024 */

/**
 * struct dctcp - what it remembers
 * @delivered: DCTCP.BytesAcked, of this window
 * @marked: DCTCP.BytesMarked
 * @alpha: DCTCP.Alpha, in 1/ALPHA_ONE
 * @end: DCTCP.WindowEnd
 * @counting: @end is known
 * @ce: the last segment with data that came was marked
 * @by_mark: it is for marks that a threshold will be asked for
 */
struct dctcp {
	u64	delivered;
	u64	marked;
	u32	alpha;
	u32	end;
	bool	counting;
	bool	ce;
	bool	by_mark;
};

static struct dctcp *dctcp_of(struct tl_cc *cc)
{
	return (struct dctcp *)cc->priv;
}

static void dctcp_init(struct tl_cc *cc)
{
	dctcp_of(cc)->alpha = ALPHA_ONE;		/* RFC8257 4.2: it begins carefully */
}

/* RFC8257 3.3, steps 5 to 8 */
static void end_of_window(struct dctcp *d, u32 nxt)
{
	u64 share = div64_u64(d->marked << ALPHA_SHIFT, max_t(u64, d->delivered, 1));

	d->alpha -= d->alpha >> GAIN_SHIFT;
	d->alpha = min_t(u64, d->alpha + (share >> GAIN_SHIFT), ALPHA_ONE);
	d->end = nxt;
	d->delivered = 0;
	d->marked = 0;
	d->counting = true;
}

/* RFC8257 3.3, steps 1 to 4 */
static void dctcp_measure(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	struct dctcp *d = dctcp_of(cc);

	d->delivered += s->delivered;
	d->marked += min(s->marked, s->delivered);
	if (d->delivered && (!d->counting || seq_gt(s->una, d->end)))
		end_of_window(d, s->nxt);
}

static void dctcp_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	u32 acked = tl_cc_acked(s);

	if (!cc->limited)
		return;
	if (tl_cc_slow_start(cc))
		acked = tl_cc_grow_double(cc, acked);
	if (acked)
		tl_cc_grow_linear(cc, acked);
}

static void dctcp_state(struct tl_cc *cc, enum tl_ca_state state)
{
	dctcp_of(cc)->by_mark = state == TL_CA_CWR;
}

/* RFC8257 3.3, step 9: cwnd * (1 - alpha / 2) for marks; 3.5: for a loss what others do */
static u32 dctcp_ssthresh(struct tl_cc *cc, u32 flight)
{
	const struct dctcp *d = dctcp_of(cc);
	u32 cut = (u64)cc->cwnd * d->alpha >> (ALPHA_SHIFT + 1);

	cc->acked = 0;
	return d->by_mark ? max(cc->cwnd - cut, 2 * cc->mss) : tl_cc_half(cc, flight);
}

static void dctcp_event(struct tl_cc *cc, enum tl_cc_event ev)
{
	if (ev == TL_CC_CE || ev == TL_CC_NO_CE)
		dctcp_of(cc)->ce = ev == TL_CC_CE;
}

static size_t dctcp_info(const struct tl_cc *cc, u32 ext, int *attr, union tcp_cc_info *info)
{
	const struct dctcp *d = (const struct dctcp *)cc->priv;

	if (!(ext & (1 << (INET_DIAG_DCTCPINFO - 1) | 1 << (INET_DIAG_VEGASINFO - 1))))
		return 0;
	memset(&info->dctcp, 0, sizeof(info->dctcp));
	if (cc->ecn) {
		info->dctcp.dctcp_enabled = 1;
		info->dctcp.dctcp_ce_state = d->ce;
		info->dctcp.dctcp_alpha = d->alpha >> (ALPHA_SHIFT - INFO_SHIFT);
		info->dctcp.dctcp_ab_ecn = d->marked;
		info->dctcp.dctcp_ab_tot = d->delivered;
	}
	*attr = INET_DIAG_DCTCPINFO;
	return sizeof(info->dctcp);
}

/* RFC8257 5: not for paths that it shares with others, hence not for everybody */
struct tl_cc_ops tl_cc_dctcp = {
	.name		= "dctcp",
	.flags		= TL_CC_NEEDS_ECN | TL_CC_RESTRICTED,
#ifdef __KERNEL__
	.owner		= THIS_MODULE,
#endif
	.init		= dctcp_init,
	.measure	= dctcp_measure,
	.on_ack		= dctcp_on_ack,
	.ssthresh	= dctcp_ssthresh,
	.event		= dctcp_event,
	.state		= dctcp_state,
	.info		= dctcp_info,
};

static_assert(sizeof(struct dctcp) <= TL_CC_PRIV, "priv is too small");
