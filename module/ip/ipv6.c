// SPDX-License-Identifier: GPL-2.0
/*
 * The border with IPv6: addressing and routes, nothing else.
 */
#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <net/addrconf.h>
#include <net/inet_common.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/secure_seq.h>
#include <net/transp_v6.h>
#include <net/xfrm.h>
#include "sock.h"
#include "ip/ip.h"

static bool v6_group(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	return ipv6_addr_is_multicast(&ip6->saddr) || ipv6_addr_is_multicast(&ip6->daddr) ||
	       ipv6_addr_any(&ip6->saddr) || ipv6_addr_v4mapped(&ip6->saddr);
}

static int link_scope(const struct in6_addr *peer, int dif)
{
	return ipv6_addr_type(peer) & IPV6_ADDR_LINKLOCAL ? dif : 0;
}

static void v6_where(const struct sk_buff *skb, struct tl_where *w)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	w->tuple.laddr = ip6->daddr;
	w->tuple.faddr = ip6->saddr;
	w->tuple.lport = th->dest;
	w->tuple.fport = th->source;
	w->dif = inet6_iif(skb);
	w->sdif = inet6_sdif(skb);
	w->scope = link_scope(&ip6->saddr, w->dif);
}

static bool v6_is_of(const struct sk_buff *skb, const struct tl_tuple *t)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	return th->source == t->fport && th->dest == t->lport &&
	       ipv6_addr_equal(&ip6->saddr, &t->faddr) && ipv6_addr_equal(&ip6->daddr, &t->laddr);
}

static __sum16 v6_pseudo(const struct tl_tuple *t, u32 len, u8 proto, __wsum sum)
{
	return csum_ipv6_magic(&t->laddr, &t->faddr, len, proto, sum);
}

static bool v6_checksum_ok(struct sk_buff *skb, u8 proto)
{
	return !skb_checksum_init(skb, proto, ip6_compute_pseudo) &&
	       !skb_checksum_complete(skb);
}

static bool v6_policy_ok(struct sock *sk, struct sk_buff *skb)
{
	return xfrm6_policy_check(sk, XFRM_POLICY_IN, skb);
}

static bool v6_ttl_ok(const struct sock *sk, const struct sk_buff *skb)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);

	return !np || ipv6_hdr(skb)->hop_limit >= READ_ONCE(np->min_hopcount);
}

static u8 v6_tos(const struct sk_buff *skb)
{
	return ipv6_get_dsfield(ipv6_hdr(skb));
}

static u32 v6_reply_mark(const struct net *net, const struct sk_buff *skb)
{
	return IP6_REPLY_MARK(net, skb->mark);
}

/*
 * The flow of a connected socket. Return: where it goes finally, if a routing header leads astray.
 */
static struct in6_addr *socket_flow(struct sock *sk, struct flowi6 *fl6, struct in6_addr *final)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr *final_p;

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = tl_protocol;
	fl6->daddr = sk->sk_v6_daddr;
	fl6->saddr = np->saddr;
	fl6->flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label);
	fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_mark = sk->sk_mark;
	fl6->fl6_sport = inet->inet_sport;
	fl6->fl6_dport = inet->inet_dport;
	fl6->flowi6_uid = sk->sk_uid;
	security_sk_classify_flow(sk, flowi6_to_flowi_common(fl6));

	rcu_read_lock();
	final_p = fl6_update_dst(fl6, rcu_dereference(np->opt), final);
	rcu_read_unlock();
	return final_p;
}

static noinline struct dst_entry *v6_find_route(struct sock *sk)
{
	struct in6_addr *final_p, final;
	struct dst_entry *dst;
	struct flowi6 fl6;

	final_p = socket_flow(sk, &fl6, &final);
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, final_p);
	if (IS_ERR(dst)) {
		WRITE_ONCE(sk->sk_err_soft, -PTR_ERR(dst));
		return NULL;
	}
	ip6_dst_store(sk, dst, NULL, NULL);
	return dst;
}

static struct dst_entry *v6_route(struct sock *sk)
{
	return __sk_dst_check(sk, inet6_sk(sk)->dst_cookie) ?: v6_find_route(sk);
}

/* Check the program's address. Its flow label, if any, is noted. */
static int v6_read_addr(struct sock *sk, struct sockaddr_in6 *in6, int len)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	int type;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (in6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	np->flow_label = 0;
	if (tl_inet6_sndflow(sk)) {
		struct ip6_flowlabel *label;

		np->flow_label = in6->sin6_flowinfo & IPV6_FLOWINFO_MASK;
		if (np->flow_label & IPV6_FLOWLABEL_MASK) {
			label = fl6_sock_lookup(sk, np->flow_label);
			if (IS_ERR(label))
				return -EINVAL;
			fl6_sock_release(label);
		}
	}
	if (ipv6_addr_any(&in6->sin6_addr))
		in6->sin6_addr = in6addr_loopback;	/* as BSD has it */

	type = ipv6_addr_type(&in6->sin6_addr);
	if (type & IPV6_ADDR_MULTICAST)			/* RFC9293 MUST-46 */
		return -ENETUNREACH;
	if (type & IPV6_ADDR_LINKLOCAL) {
		if (len >= sizeof(*in6) && in6->sin6_scope_id) {
			if (!sk_dev_equal_l3scope(sk, in6->sin6_scope_id))
				return -EINVAL;
			sk->sk_bound_dev_if = in6->sin6_scope_id;
		}
		if (!sk->sk_bound_dev_if)
			return -EINVAL;
	}
	return 0;
}

static int v6_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct in6_addr *final_p, final;
	struct tl_sock *tl = tl_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	err = v6_read_addr(sk, in6, len);
	if (err)
		return err;
	sk->sk_v6_daddr = in6->sin6_addr;
	inet->inet_dport = in6->sin6_port;
	final_p = socket_flow(sk, &fl6, &final);
	if (!ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		fl6.saddr = sk->sk_v6_rcv_saddr;
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, final_p);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	dst_release(dst);

	if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		sk->sk_v6_rcv_saddr = fl6.saddr;
	np->saddr = fl6.saddr;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	tl->node.tuple.laddr = fl6.saddr;
	tl->node.tuple.faddr = sk->sk_v6_daddr;
	tl->node.tuple.fport = in6->sin6_port;
	return 0;
}

static u64 v6_port_offset(const struct sock *sk)
{
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;

	return secure_ipv6_port_ephemeral(t->laddr.s6_addr32, t->faddr.s6_addr32, t->fport);
}

static u16 v6_overhead(const struct sock *sk)
{
	const struct ipv6_txoptions *opt;
	u16 len;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	len = opt ? opt->opt_flen + opt->opt_nflen : 0;
	rcu_read_unlock();
	return len;
}

/**
 * tl_v6_child_common() - give a child of an IPv6 listener an IPv6 part of its own
 * @child: clone
 * @listener: its model
 */
void tl_v6_child_common(struct sock *child, const struct sock *listener)
{
	struct ipv6_pinfo *np = &((struct tl6_sock *)child)->inet6;
	struct ipv6_txoptions *opt;

	inet_sk(child)->pinet6 = np;
	memcpy(np, inet6_sk(listener), sizeof(*np));
	RCU_INIT_POINTER(tl_inet6_fl_list(child), NULL);
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	RCU_INIT_POINTER(np->opt, NULL);

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(listener)->opt);
	if (opt)
		RCU_INIT_POINTER(np->opt, ipv6_dup_options(child, opt));
	rcu_read_unlock();
}

static void v6_child(struct sock *sk, const struct sock *listener, struct sk_buff *skb)
{
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np;

	tl_v6_child_common(sk, listener);
	np = inet6_sk(sk);
	sk->sk_v6_daddr = t->faddr;
	sk->sk_v6_rcv_saddr = t->laddr;
	np->saddr = t->laddr;
	np->mcast_oif = skb->skb_iif;
	np->mcast_hops = ipv6_hdr(skb)->hop_limit;
	np->rcv_flowinfo = ip6_flowinfo(ipv6_hdr(skb));
	if (tl_inet6_repflow(sk))
		np->flow_label = ip6_flowlabel(ipv6_hdr(skb));
	inet->inet_daddr = LOOPBACK4_IPV6;
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
}

static int v6_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr final;
	struct flowi6 fl6;
	int err;

	socket_flow(sk, &fl6, &final);
	fl6.daddr = sk->sk_v6_daddr;
	rcu_read_lock();
	skb_dst_set_noref(skb, __sk_dst_get(sk));
	err = ip6_xmit(sk, skb, &fl6, sk->sk_mark, rcu_dereference(np->opt),
		       (np->tclass & ~INET_ECN_MASK) | ecn, READ_ONCE(sk->sk_priority));
	rcu_read_unlock();
	return err;
}

static void stray_flow(struct net *net, const struct tl_stray *s, struct flowi6 *fl6)
{
	const struct tl_tuple *t = s->tuple;

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = tl_protocol;
	fl6->daddr = t->faddr;
	fl6->saddr = t->laddr;
	fl6->flowi6_oif = s->dev;
	fl6->flowi6_mark = s->mark;
	fl6->fl6_sport = t->lport;
	fl6->fl6_dport = t->fport;
	fl6->flowlabel = ip6_make_flowinfo(s->tos, 0);
	fl6->flowi6_uid = sock_net_uid(net, s->sk);
}

/* The socket for whose sake it goes, if it has what IPv6 wants, or one of our own. */
static const struct sock *stray_sk(struct net *net, const struct tl_stray *s)
{
	return s->sk && s->sk->sk_family == AF_INET6 ? s->sk : tl_net(net)->ctl6;
}

static struct dst_entry *v6_route_stray(struct net *net, const struct tl_stray *s)
{
	struct flowi6 fl6;

	if (!stray_sk(net, s))
		return ERR_PTR(-EAFNOSUPPORT);
	stray_flow(net, s, &fl6);
	return ip6_dst_lookup_flow(net, stray_sk(net, s), &fl6, NULL);
}

static int v6_xmit_stray(struct net *net, struct sk_buff *skb, struct dst_entry *dst,
			 const struct tl_stray *s)
{
	struct flowi6 fl6;

	stray_flow(net, s, &fl6);
	skb_dst_set(skb, dst);
	return ip6_xmit(stray_sk(net, s), skb, &fl6, s->mark, NULL, s->tos, s->priority);
}

const struct tl_af_ops tl_af_v6 = {
	.family		= AF_INET6,
	.header		= sizeof(struct ipv6hdr),
	.default_mss	= 1220,			/* RFC9293 MUST-15 */
	.group		= v6_group,
	.where		= v6_where,
	.is_of		= v6_is_of,
	.pseudo		= v6_pseudo,
	.checksum_ok	= v6_checksum_ok,
	.policy_ok	= v6_policy_ok,
	.ttl_ok		= v6_ttl_ok,
	.tos		= v6_tos,
	.reply_mark	= v6_reply_mark,
	.connect	= v6_connect,
	.port_offset	= v6_port_offset,
	.route		= v6_route,
	.overhead	= v6_overhead,
	.child		= v6_child,
	.xmit		= v6_xmit,
	.route_stray	= v6_route_stray,
	.xmit_stray	= v6_xmit_stray,
};

static int v6_rcv(struct sk_buff *skb)
{
	return tl_rcv_skb(skb, &tl_af_v6);
}

/* ICMPv6 about a packet of ours, whose IPv6 header is at skb->data. */
static int v6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code, int offset,
		  __be32 info)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + offset);
	struct tl_icmp icmp = {
		.seq = ntohl(th->seq), .skb = skb, .header = th, .daddr = &ip6->daddr,
		.origin = SO_EE_ORIGIN_ICMP6, .type = type, .code = code, .info = ntohl(info),
	};
	struct tl_where w = { .dif = inet6_iif(skb), .sdif = inet6_sdif(skb) };

	w.tuple.laddr = ip6->saddr;
	w.tuple.faddr = ip6->daddr;
	w.tuple.lport = th->source;
	w.tuple.fport = th->dest;

	if (type == NDISC_REDIRECT) {
		icmp.what = TL_ICMP_REDIRECT;
	} else if (type == ICMPV6_PKT_TOOBIG) {
		icmp.what = TL_ICMP_TOO_BIG;
		icmp.mtu = ntohl(info);
	} else {
		icmp.what = TL_ICMP_ERROR;
		icmpv6_err_convert(type, code, &icmp.err);
		icmp.unreach = type == ICMPV6_DEST_UNREACH &&
			       (code == ICMPV6_NOROUTE || code == ICMPV6_ADDR_UNREACH);
	}
	return tl_rcv_icmp(dev_net(skb->dev), &w, &icmp);
}

static const struct inet6_protocol v6_protocol = {
	.handler	= v6_rcv,
	.err_handler	= v6_err,
	.flags		= INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};

/**
 * tl_v6_register() - let IPv6 hand us our packets
 *
 * Return: 0, or -1 if somebody has the protocol number already.
 */
int tl_v6_register(void)
{
	return inet6_add_protocol(&v6_protocol, tl_protocol);
}

/**
 * tl_v6_unregister() - no packet comes in any more when this returns
 */
void tl_v6_unregister(void)
{
	inet6_del_protocol(&v6_protocol, tl_protocol);
}
