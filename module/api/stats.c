// SPDX-License-Identifier: GPL-2.0
/*
 * SOF_TIMESTAMPING_OPT_STATS: figures of the connection with each report of a time stamp.
 *
 * The kernel makes most of the reports, and adds figures for protocol 6 alone. But it says so to
 * the socket at once, by sk_error_report, before anybody is woken: there the newest reports get
 * their figures. That may be in any context, with the socket locked or not; so figures are read one
 * by one, and need not agree with each other.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <net/netlink.h>
#include "sock.h"
#include "api/api.h"
#include "view/view.h"

#define STATS_ROOM	512

static void (*default_report)(struct sock *sk);

static u32 full_segments(u32 octets, u32 mss)
{
	return octets / max(mss, 1U);
}

static void put64(struct sk_buff *skb, int type, u64 val)
{
	nla_put_u64_64bit(skb, type, val, TCP_NLA_PAD);
}

static void put_sent(struct sk_buff *skb, const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	unsigned long rate = READ_ONCE(sk->sk_pacing_rate);
	u64 rwnd = tl_chrono_us(sk, TL_CHRONO_RWND), room = tl_chrono_us(sk, TL_CHRONO_SNDBUF);

	put64(skb, TCP_NLA_BUSY, tl_chrono_us(sk, TL_CHRONO_BUSY) + rwnd + room);
	put64(skb, TCP_NLA_RWND_LIMITED, rwnd);
	put64(skb, TCP_NLA_SNDBUF_LIMITED, room);
	put64(skb, TCP_NLA_DATA_SEGS_OUT, READ_ONCE(tl->sent.data_segs));
	put64(skb, TCP_NLA_TOTAL_RETRANS, READ_ONCE(tl->loss.retrans));
	put64(skb, TCP_NLA_PACING_RATE, rate == ~0UL ? ~0ULL : rate);
	put64(skb, TCP_NLA_DELIVERY_RATE, tl_delivery_rate(sk));
	put64(skb, TCP_NLA_BYTES_SENT, READ_ONCE(tl->sent.bytes));
	put64(skb, TCP_NLA_BYTES_RETRANS, READ_ONCE(tl->sent.bytes_again));
	put64(skb, TCP_NLA_EDT, READ_ONCE(tl->snd.last_us) * NSEC_PER_USEC);
	nla_put_u32(skb, TCP_NLA_DELIVERED, READ_ONCE(tl->sent.delivered));
	nla_put_u32(skb, TCP_NLA_DELIVERED_CE, READ_ONCE(tl->ecn.delivered));
}

static void put_state(struct sk_buff *skb, const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 mss = READ_ONCE(tl->snd.mss), ssthresh = READ_ONCE(tl->cc.ssthresh);
	u32 una = READ_ONCE(tl->snd.una), nxt = READ_ONCE(tl->snd.nxt);
	u32 end = READ_ONCE(tl->snd.end), rehashes = READ_ONCE(tl->loss.rtos.rehashes);
	u8 limited = READ_ONCE(tl->loss.rate.last.app_limited);

	nla_put_u32(skb, TCP_NLA_SND_CWND, full_segments(READ_ONCE(tl->cc.cwnd), mss));
	nla_put_u32(skb, TCP_NLA_SND_SSTHRESH, ssthresh >= TL_SSTHRESH_MAX ?
		    TL_SSTHRESH_MAX : full_segments(ssthresh, mss));
	nla_put_u32(skb, TCP_NLA_REORDERING, READ_ONCE(tl->loss.reordering));
	nla_put_u32(skb, TCP_NLA_MIN_RTT, READ_ONCE(tl->rtt.min));
	nla_put_u32(skb, TCP_NLA_SRTT, READ_ONCE(tl->rtt.srtt) >> 3);
	nla_put_u8(skb, TCP_NLA_RECUR_RETRANS, READ_ONCE(tl->loss.retries));
	nla_put_u8(skb, TCP_NLA_DELIVERY_RATE_APP_LMT, !!limited);
	nla_put_u8(skb, TCP_NLA_CA_STATE, READ_ONCE(tl->loss.state));
	nla_put_u32(skb, TCP_NLA_SNDQ_SIZE, max_t(s32, end - una, 0));
	nla_put_u32(skb, TCP_NLA_BYTES_NOTSENT, max_t(s32, end - nxt, 0));
	nla_put_u32(skb, TCP_NLA_DSACK_DUPS, READ_ONCE(tl->loss.dsacks));
	nla_put_u32(skb, TCP_NLA_REORD_SEEN, READ_ONCE(tl->loss.reorders));
	nla_put_u16(skb, TCP_NLA_TIMEOUT_REHASH, rehashes);
	tl_nla_put_rehash(skb, rehashes);
}

/* A report that has no figures yet, and no packet in their place */
static bool lacks_stats(const struct sk_buff *skb)
{
	return SKB_EXT_ERR(skb)->ee.ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
	       !SKB_EXT_ERR(skb)->opt_stats && !skb->len;
}

/* It waits in the error queue, whose lock is held; what it costs more is charged. */
static bool add_stats(struct sock *sk, struct sk_buff *skb)
{
	if (pskb_expand_head(skb, 0, STATS_ROOM, GFP_ATOMIC))
		return false;
	skb->truesize += STATS_ROOM;
	atomic_add(STATS_ROOM, &sk->sk_rmem_alloc);
	put_sent(skb, sk);
	put_state(skb, sk);
	SKB_EXT_ERR(skb)->opt_stats = 1;
	return true;
}

static void report(struct sock *sk)
{
	u32 flags = READ_ONCE(sk->sk_tsflags);
	struct sk_buff_head *q = &sk->sk_error_queue;
	struct sk_buff *skb;
	unsigned long irq;
	int tries = 4;		/* the newest may have another one behind it by now */

	if ((flags & SOF_TIMESTAMPING_OPT_STATS) && (flags & SOF_TIMESTAMPING_OPT_TSONLY)) {
		spin_lock_irqsave(&q->lock, irq);
		skb_queue_reverse_walk(q, skb) {
			if (!tries-- || (lacks_stats(skb) && !add_stats(sk, skb)))
				break;
		}
		spin_unlock_irqrestore(&q->lock, irq);
	}
	default_report(sk);
}

/**
 * tl_stats_init() - let a socket's reports have figures, if it asks for them
 * @sk: new socket
 */
void tl_stats_init(struct sock *sk)
{
	WRITE_ONCE(default_report, sk->sk_error_report);	/* the same for all */
	sk->sk_error_report = report;
}
