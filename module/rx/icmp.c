// SPDX-License-Identifier: GPL-2.0
/*
 * What routers say about our segments (RFC 9293 3.9.2.2), believed only if the segment can be one
 * that is outstanding (RFC 5927 4.1).
 */
#include <linux/errqueue.h>
#include <net/ip6_route.h>
#include "sock.h"

static bool recverr(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? tl_inet6_recverr(sk) : tl_inet_recverr(sk);
}

/* The message itself, for who asked for it (IP_RECVERR) and reads with MSG_ERRQUEUE. */
static void queue_error(struct sock *sk, const struct tl_icmp *icmp)
{
	struct sock_exterr_skb *serr;
	struct sk_buff *skb;

	if (!recverr(sk))
		return;
	skb = skb_clone(icmp->skb, GFP_ATOMIC);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	serr->ee = (struct sock_extended_err) {
		.ee_errno	= icmp->err,
		.ee_origin	= icmp->origin,
		.ee_type	= icmp->type,
		.ee_code	= icmp->code,
		.ee_info	= icmp->info,
	};
	serr->addr_offset = (const u8 *)icmp->daddr - skb_network_header(skb);
	serr->port = icmp->header->dest;
	__skb_pull(skb, (const u8 *)icmp->header - skb->data);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/*
 * Hard or soft, an error ends an attempt to connect, as in Linux; afterwards it is a hint (RFC9293
 * MUST-56), which the program can have (RFC9293 MUST-47): by SO_ERROR, at once with IP_RECVERR.
 */
static void take_error(struct sock *sk, const struct tl_icmp *icmp)
{
	/* a connection that Fast Open gave to its program is one, although its SYN is unanswered */
	bool opening = tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV) && !tl_is_early(sk);

	if (opening)
		queue_error(sk, icmp);
	if (sock_owned_by_user(sk)) {
		WRITE_ONCE(sk->sk_err_soft, icmp->err);
		return;
	}
	if (opening) {
		tl_fail(sk, icmp->err, TL_EV_ERROR);
		return;
	}
	if (icmp->unreach)
		tl_rto_unreachable(sk, icmp->seq);
	if (sk->sk_state == TCP_CLOSE)
		return;
	if (recverr(sk) && !sock_flag(sk, SOCK_DEAD)) {
		WRITE_ONCE(sk->sk_err, icmp->err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, icmp->err);
	}
}

/* Does the program want the segment size to follow what routers say? */
static bool accepts_pmtu(const struct sock *sk)
{
	u8 want = READ_ONCE(inet_sk(sk)->pmtudisc);

	if (tl_sk(sk)->af->family == AF_INET6)
		return ip6_sk_accept_pmtu(sk);
	return ip_sk_accept_pmtu(sk) && want != IP_PMTUDISC_DONT;
}

static void take_too_big(struct sock *sk, u32 mtu)
{
	struct tl_sock *tl = tl_sk(sk);
	struct dst_entry *dst;

	if (tl->af->family == AF_INET6 && (mtu < IPV6_MIN_MTU || !accepts_pmtu(sk)))
		return;
	dst = tl->af->route(sk);
	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	dst = tl->af->route(sk);
	if (!dst)
		return;
	if (mtu < dst_mtu(dst))		/* less than we can do: the reason, should all end */
		WRITE_ONCE(sk->sk_err_soft, EMSGSIZE);
	if (accepts_pmtu(sk))
		tl_pmtu_reduced(sk, dst_mtu(dst));
}

static void take_redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst = __sk_dst_get(sk);

	if (dst && !sock_owned_by_user(sk))
		dst->ops->redirect(dst, sk, skb);
}

/**
 * tl_icmp_release() - take what a router said while a program owned the socket
 * @sk: socket, owned; called from release_cb
 */
void tl_icmp_release(struct sock *sk)
{
	u32 mtu = tl_sk(sk)->snd.told_mtu;

	if (!mtu)
		return;
	tl_sk(sk)->snd.told_mtu = 0;
	if (!tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		take_too_big(sk, mtu);
}

/**
 * tl_rcv_icmp() - an ICMP message about one of our segments (RFC9293 MUST-54)
 * @net: namespace
 * @w: the segment's addresses, as seen from here
 * @icmp: what it says
 *
 * Context: softirq, RCU reader.
 * Return: 0, or -ENOENT if there is no such connection.
 */
int tl_rcv_icmp(struct net *net, const struct tl_where *w, const struct tl_icmp *icmp)
{
	struct tl_node *node = tl_hash_find(net, w);
	struct tl_sock *tl;
	struct sock *sk;

	if (!node)
		return -ENOENT;
	if (node->kind != TL_KIND_SOCK)		/* others have timers, and nobody to tell */
		return 0;
	sk = tl_node_sk(node);
	tl = tl_sk(sk);
	bh_lock_sock(sk);
	if (sock_owned_by_user(sk) && icmp->what == TL_ICMP_ERROR)
		TL_INC(net, LockDroppedIcmps);
	if (!tl_still_there(sk, w))
		goto out;
	if (!seq_geq(icmp->seq, tl->snd.una) || !seq_leq(icmp->seq, tl->snd.nxt)) {
		TL_INC(net, OutOfWindowIcmps);
		goto out;
	}
	switch (icmp->what) {
	case TL_ICMP_ERROR:
		take_error(sk, icmp);
		break;
	case TL_ICMP_TOO_BIG:
		if (sock_owned_by_user(sk))
			tl->snd.told_mtu = icmp->mtu;
		else
			take_too_big(sk, icmp->mtu);
		break;
	case TL_ICMP_REDIRECT:
		take_redirect(sk, icmp->skb);
		break;
	}
out:
	bh_unlock_sock(sk);
	return 0;
}
