// SPDX-License-Identifier: GPL-2.0
/*
 * What routers say about our segments (RFC 9293 3.9.2.2), believed only if the segment can be one
 * that is outstanding (RFC 5927 4.1).
 */
#include "sock.h"

static bool recverr(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? tl_inet6_recverr(sk) : tl_inet_recverr(sk);
}

/*
 * Hard or soft, an error ends an attempt to connect, as in Linux; afterwards it is a hint (RFC9293
 * MUST-56), which the program can have (RFC9293 MUST-47): by SO_ERROR, at once with IP_RECVERR.
 */
static void take_error(struct sock *sk, int err)
{
	if (sock_owned_by_user(sk)) {
		WRITE_ONCE(sk->sk_err_soft, err);
	} else if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV)) {
		tl_fail(sk, err, TL_EV_ERROR);
	} else if (recverr(sk) && !sock_flag(sk, SOCK_DEAD)) {
		WRITE_ONCE(sk->sk_err, err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, err);
	}
}

static void take_too_big(struct sock *sk, u32 mtu)
{
	struct tl_sock *tl = tl_sk(sk);
	struct dst_entry *dst;

	/*
	 * A program that holds the socket: the next segment that is too large brings the message
	 * again.
	 */
	if (sock_owned_by_user(sk))
		return;
	if (tl->af->family == AF_INET && inet_sk(sk)->pmtudisc == IP_PMTUDISC_DONT)
		return;
	dst = tl->af->route(sk);
	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
	dst = tl->af->route(sk);
	if (dst && inet_sk(sk)->pmtudisc != IP_PMTUDISC_INTERFACE)
		tl_pmtu_reduced(sk, dst_mtu(dst));
}

static void take_redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst = __sk_dst_get(sk);

	if (dst && !sock_owned_by_user(sk))
		dst->ops->redirect(dst, sk, skb);
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
	if (tl_still_there(sk, w) && seq_geq(icmp->seq, tl->snd.una) &&
	    seq_leq(icmp->seq, tl->snd.max)) {
		switch (icmp->what) {
		case TL_ICMP_ERROR:
			take_error(sk, icmp->err);
			break;
		case TL_ICMP_TOO_BIG:
			take_too_big(sk, icmp->mtu);
			break;
		case TL_ICMP_REDIRECT:
			take_redirect(sk, icmp->skb);
			break;
		}
	}
	bh_unlock_sock(sk);
	return 0;
}
