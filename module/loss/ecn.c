// SPDX-License-Identifier: GPL-2.0
/*
 * Explicit congestion notification (RFC 3168): a router that is getting full marks packets instead
 * of dropping them.
 *
 * The sender says in each packet with new data that it understands (ECT). A router sets CE there.
 * The receiver echoes that on its ACKs (ECE), until the sender says (CWR) that it has reduced its
 * window, once a round trip, as if a segment had been lost; but nothing need be sent again.
 *
 * An algorithm with TL_CC_NEEDS_ECN (DCTCP, RFC 8257) wants more: each end marks all that it sends
 * as capable, and ECE tells exactly which segments were marked.
 */
#include <net/dst.h>
#include <net/inet_ecn.h>
#include "sock.h"

#define ECN_QUICK	2	/* segments acknowledged at once, where the peer may wait */

static bool needs_ecn(const struct sock *sk)
{
	return tl_sk(sk)->cc.ops->flags & TL_CC_NEEDS_ECN;
}

/**
 * tl_ecn_by_route() - does the route want ECN ("ip route ... features ecn")?
 * @dst: route, or NULL
 */
bool tl_ecn_by_route(const struct dst_entry *dst)
{
	return dst && dst_feature(dst, RTAX_FEATURE_ECN);
}

/**
 * tl_ecn_ask() - is our SYN to ask for ECN (RFC3168 6.1.1)?
 * @sk: socket, locked
 * @dst: its route
 */
bool tl_ecn_ask(const struct sock *sk, const struct dst_entry *dst)
{
	return TL_SK_SYSCTL(sk, ecn) == 1 || needs_ecn(sk) || tl_ecn_by_route(dst);
}

static bool is_setup_syn(const struct sk_buff *syn)
{
	return (TL_CB(syn)->flags & (TL_ECE | TL_CWR)) == (TL_ECE | TL_CWR);
}

/*
 * A SYN must not be marked (RFC3168 6.1.1): if it is, something on the way plays with those bits,
 * and its marks would mean nothing. But a reserved bit says that an extension is at work, which may
 * do so (RFC8311 4.3).
 */
static bool mark_is_odd(const struct sk_buff *syn)
{
	bool reserved = *((const u8 *)tcp_hdr(syn) + 12) & 0xf;

	return !INET_ECN_is_not_ect(TL_CB(syn)->tos) && !reserved;
}

/**
 * tl_ecn_wants_route() - does it depend on the route, whether a SYN's wish for ECN is granted?
 * @sk: listener
 * @syn: the segment
 */
bool tl_ecn_wants_route(const struct sock *sk, const struct sk_buff *syn)
{
	return is_setup_syn(syn) && !mark_is_odd(syn) && !needs_ecn(sk) &&
	       !TL_SK_SYSCTL(sk, ecn);
}

/**
 * tl_ecn_accepts() - a SYN came to a listener: is ECN agreed on (RFC3168 6.1.1)?
 * @sk: listener
 * @syn: the segment
 * @by_route: the route wants it
 */
bool tl_ecn_accepts(const struct sock *sk, const struct sk_buff *syn, bool by_route)
{
	if (!is_setup_syn(syn))
		return false;
	if (needs_ecn(sk))		/* its peers mark their SYNs, too */
		return true;
	return (TL_SK_SYSCTL(sk, ecn) || by_route) && !mark_is_odd(syn);
}

/**
 * tl_ecn_cookie_ok() - a SYN cookie remembers that ECN was agreed on: is it still wanted?
 * @sk: listener
 *
 * Return: false if only the route could want it.
 */
bool tl_ecn_cookie_ok(const struct sock *sk)
{
	return TL_SK_SYSCTL(sk, ecn) || needs_ecn(sk);
}

/**
 * tl_ecn_rcv_syn() - the peer's SYN or SYN-ACK says whether it speaks ECN (RFC3168 6.1.1)
 * @sk: socket, locked, in SYN-SENT
 * @flags: of the segment
 *
 * A SYN-ACK with both bits only repeats our SYN's: it comes from someone who reflects what it does
 * not know.
 */
void tl_ecn_rcv_syn(struct sock *sk, u8 flags)
{
	u8 want = flags & TL_ACK ? TL_ECE : TL_ECE | TL_CWR;

	if ((flags & (TL_ECE | TL_CWR)) != want)
		tl_sk(sk)->ecn.ok = 0;
}

/**
 * tl_ecn_syn_mark() - IP's two bits for a SYN or SYN-ACK
 * @sk: socket or listener
 * @agreed: the segment asks for ECN, or grants it
 *
 * Return: none (RFC3168 6.1.1), unless the algorithm marks all that it sends (RFC8257 3.4).
 */
u8 tl_ecn_syn_mark(const struct sock *sk, bool agreed)
{
	return agreed && needs_ecn(sk) ? INET_ECN_ECT_0 : INET_ECN_NOT_ECT;
}

/*
 * RFC8257 3.2: ECE says whether the last segment was marked. When that changes, an ACK that was
 * held back goes with what was true of its segments, and the new truth is told at once.
 */
static void echo_exactly(struct sock *sk, bool ce)
{
	struct tl_sock *tl = tl_sk(sk);

	if (ce != tl->ecn.ce) {
		if (tl->ackp.pending && !tl->ackp.now) {
			tl->ecn.echo = tl->ecn.ce;
			tl_send_ack(sk);
		}
		tl_ack_want_now(sk);
	}
	tl->ecn.ce = ce;
	tl->ecn.echo = ce;
}

static void tell_algorithm(struct sock *sk, bool ce)
{
	struct tl_cc *cc = &tl_sk(sk)->cc;

	if (cc->ops->event)
		cc->ops->event(cc, ce ? TL_CC_CE : TL_CC_NO_CE);
}

/**
 * tl_ecn_received() - data was taken: had it met congestion (RFC3168 6.1.3)?
 * @sk: socket, locked; RCV.NXT has not moved yet, and an ACK that waits is for what came before
 * @tos: traffic class of the packet
 */
void tl_ecn_received(struct sock *sk, u8 tos)
{
	struct tl_sock *tl = tl_sk(sk);
	bool ce = INET_ECN_is_ce(tos);

	if (!tl->ecn.ok)
		return;
	if (ce)
		TL_SK_INC(sk, InCE);
	if (INET_ECN_is_not_ect(tos)) {
		/* where marks were seen, one that has none goes again: its sender waits */
		if (tl->ecn.seen)
			tl_ack_be_quick(sk, ECN_QUICK);
		return;
	}
	tl->ecn.seen = 1;
	if (needs_ecn(sk)) {
		echo_exactly(sk, ce);
		tell_algorithm(sk, ce);
		return;
	}
	tl->ecn.ce = ce;
	if (ce && !tl->ecn.echo) {
		/* the peer's window may become very small: do not keep its ACKs back */
		tl_ack_be_quick(sk, ECN_QUICK);
		tl->ecn.echo = 1;
	}
	tell_algorithm(sk, ce);
}

/**
 * tl_ecn_rcv_cwr() - does the peer say that it has reduced its window (RFC3168 6.1.3)?
 * @sk: socket, locked
 * @cb: an acceptable segment
 *
 * On an ACK without data, too, where the RFC has none: some peers send it so, as Linux knows.
 */
void tl_ecn_rcv_cwr(struct sock *sk, const struct tl_cb *cb)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!tl->ecn.ok || !(cb->flags & TL_CWR) || (cb->flags & TL_SYN))
		return;
	TL_SK_INC(sk, InCWR);
	tl->ecn.echo = 0;
	if (cb->seq != cb->end)		/* its window may hold this one segment only */
		tl_ack_want_now(sk);
}

/**
 * tl_ecn_out() - a segment without SYN is about to go
 * @sk: socket, locked
 * @fresh: it carries data that goes for the first time
 * @flags: of the segment; ECE and CWR are added
 *
 * What goes again, ACKs and probes are not marked (RFC3168 6.1.4 to 6.1.6): a router would mark
 * them in vain, and whoever forges them could do harm.
 *
 * Return: IP's two bits.
 */
u8 tl_ecn_out(struct sock *sk, bool fresh, u8 *flags)
{
	struct tl_ecn *e = &tl_sk(sk)->ecn;

	if (!e->ok)
		return INET_ECN_NOT_ECT;
	if (e->echo && !(*flags & TL_RST)) {
		*flags |= TL_ECE;
		TL_SK_INC(sk, OutECE);
	}
	if (fresh && e->tell) {
		e->tell = 0;
		*flags |= TL_CWR;
		TL_SK_INC(sk, OutCWR);
	}
	return fresh || needs_ecn(sk) ? INET_ECN_ECT_0 : INET_ECN_NOT_ECT;
}

/**
 * tl_ecn_reduced() - the congestion window went down, for whatever reason: tell the peer
 * @sk: socket, locked
 */
void tl_ecn_reduced(struct sock *sk)
{
	tl_sk(sk)->ecn.tell = tl_sk(sk)->ecn.ok;
}

/**
 * tl_ecn_not_reduced() - that was undone: there is nothing to tell
 * @sk: socket, locked
 */
void tl_ecn_not_reduced(struct sock *sk)
{
	tl_sk(sk)->ecn.tell = 0;
}

/**
 * tl_ecn_rcv_ack() - an acceptable ACK came: does it say that our data met congestion?
 * @sk: socket, locked; SND.UNA has not moved yet
 * @cb: the segment
 */
void tl_ecn_rcv_ack(struct sock *sk, const struct tl_cb *cb)
{
	struct tl_sock *tl = tl_sk(sk);

	/* an ACK older than others that came says nothing new */
	tl->ecn.echoed = tl->ecn.ok && (cb->flags & (TL_ECE | TL_SYN)) == TL_ECE &&
			 !seq_lt(cb->ack, tl->snd.una);
	if (tl->ecn.echoed)
		TL_SK_INC(sk, InECE);
}

/**
 * tl_ecn_marked() - how much of what an ACK delivers met congestion, as far as it says?
 * @sk: socket, locked
 * @delivered: octets
 *
 * Counts it, too: to be called once for an ACK.
 *
 * Return: octets, for struct tl_cc_sample.
 */
u32 tl_ecn_marked(struct sock *sk, u32 delivered)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 segments;

	if (!tl->ecn.echoed)
		return 0;
	segments = DIV_ROUND_UP(delivered, max_t(u32, tl->snd.mss, 1));
	tl->ecn.delivered += segments;
	TL_SK_ADD(sk, TCPDeliveredCE, segments);
	return delivered;
}
