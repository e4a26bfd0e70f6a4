// SPDX-License-Identifier: GPL-2.0
/*
 * The border with IPv4: addressing and routes, nothing else.
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/inet_common.h>
#include <net/inet_hashtables.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/protocol.h>
#include <net/route.h>
#include <net/secure_seq.h>
#include <net/xfrm.h>
#include "sock.h"
#include "ip/ip.h"

static __be32 v4_of(const struct in6_addr *mapped)
{
	return mapped->s6_addr32[3];
}

/* RFC9293 MUST-57, MUST-63: what IP itself lets pass of addresses that are nobody's */
static bool v4_group(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt = skb_rtable(skb);

	if (rt && (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)))
		return true;
	return ipv4_is_multicast(iph->saddr) || ipv4_is_lbcast(iph->saddr) ||
	       ipv4_is_zeronet(iph->saddr) || ipv4_is_multicast(iph->daddr) ||
	       ipv4_is_lbcast(iph->daddr);
}

static void v4_where(const struct sk_buff *skb, struct tl_where *w)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	ipv6_addr_set_v4mapped(iph->daddr, &w->tuple.laddr);
	ipv6_addr_set_v4mapped(iph->saddr, &w->tuple.faddr);
	w->tuple.lport = th->dest;
	w->tuple.fport = th->source;
	w->dif = inet_iif(skb);
	w->sdif = inet_sdif((struct sk_buff *)skb);
	w->scope = 0;
}

static bool v4_is_of(const struct sk_buff *skb, const struct tl_tuple *t)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	return th->source == t->fport && th->dest == t->lport && iph->saddr == v4_of(&t->faddr) &&
	       iph->daddr == v4_of(&t->laddr) && ipv6_addr_v4mapped(&t->faddr);
}

static __sum16 v4_pseudo(const struct tl_tuple *t, u32 len, u8 proto, __wsum sum)
{
	return csum_tcpudp_magic(v4_of(&t->laddr), v4_of(&t->faddr), len, proto, sum);
}

static bool v4_checksum_ok(struct sk_buff *skb, u8 proto)
{
	return !skb_checksum_init(skb, proto, inet_compute_pseudo) &&
	       !skb_checksum_complete(skb);
}

static bool v4_policy_ok(struct sock *sk, struct sk_buff *skb)
{
	return xfrm4_policy_check(sk, XFRM_POLICY_IN, skb);
}

static bool v4_ttl_ok(const struct sock *sk, const struct sk_buff *skb)
{
	return ip_hdr(skb)->ttl >= READ_ONCE(inet_sk(sk)->min_ttl);
}

static u8 v4_tos(const struct sk_buff *skb)
{
	return ip_hdr(skb)->tos;
}

static u32 v4_reply_mark(const struct net *net, const struct sk_buff *skb)
{
	return IP4_REPLY_MARK(net, skb->mark);
}

/* What the program's address means; an IPv6 socket names a v4-mapped one. */
static int v4_read_addr(struct sock *sk, struct sockaddr *addr, int len, __be32 *daddr,
			__be16 *dport)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (sk->sk_family == AF_INET6) {
		if (ipv6_only_sock(sk))
			return -ENETUNREACH;
		*daddr = ipv6_addr_any(&in6->sin6_addr) ? htonl(INADDR_LOOPBACK)
							: v4_of(&in6->sin6_addr);
		*dport = in6->sin6_port;
		return 0;
	}
	if (len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	*daddr = in->sin_addr.s_addr;
	*dport = in->sin_port;
	return 0;
}

static int v4_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	struct tl_sock *tl = tl_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	const struct ip_options_rcu *opt;
	__be32 daddr, nexthop;
	struct rtable *rt;
	__be16 dport;
	int err;

	err = v4_read_addr(sk, addr, len, &daddr, &dport);
	if (err)
		return err;
	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	nexthop = daddr;
	if (opt && opt->opt.srr) {			/* RFC9293 MUST-51 */
		if (!daddr)
			return -EINVAL;
		nexthop = opt->opt.faddr;
	}
	/* for the addresses; the route itself is looked for once the port is known: tl_connect() */
	ip_route_connect_init(fl4, nexthop, inet->inet_saddr, sk->sk_bound_dev_if, tl_protocol,
			      inet->inet_sport, dport, sk);
	rt = __ip_route_output_key(sock_net(sk), fl4);
	if (IS_ERR(rt)) {
		if (PTR_ERR(rt) == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return PTR_ERR(rt);
	}
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {	/* RFC9293 MUST-46 */
		ip_rt_put(rt);
		return -ENETUNREACH;
	}
	if (!opt || !opt->opt.srr)
		daddr = fl4->daddr;
	if (!inet->inet_saddr)
		inet->inet_saddr = fl4->saddr;		/* RFC9293 MUST-44 */
	ip_rt_put(rt);

	sk_rcv_saddr_set(sk, inet->inet_saddr);
	sk_daddr_set(sk, daddr);
	if (sk->sk_family == AF_INET6)
		inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	inet->inet_dport = dport;
	atomic_set(&inet->inet_id, get_random_u16());
	ipv6_addr_set_v4mapped(inet->inet_saddr, &tl->node.tuple.laddr);
	ipv6_addr_set_v4mapped(daddr, &tl->node.tuple.faddr);
	tl->node.tuple.fport = dport;
	return 0;
}

static u64 v4_port_offset(const struct sock *sk)
{
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;

	return secure_ipv4_port_ephemeral(v4_of(&t->laddr), v4_of(&t->faddr), t->fport);
}

static noinline struct dst_entry *v4_find_route(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	const struct ip_options_rcu *opt;
	__be32 daddr = inet->inet_daddr;
	struct rtable *rt;

	rcu_read_lock();
	opt = rcu_dereference(inet->inet_opt);
	if (opt && opt->opt.srr)
		daddr = opt->opt.faddr;
	rcu_read_unlock();
	rt = ip_route_output_ports(sock_net(sk), &inet->cork.fl.u.ip4, sk, daddr, inet->inet_saddr,
				   inet->inet_dport, inet->inet_sport, tl_protocol,
				   inet->tos & INET_DSCP_MASK, sk->sk_bound_dev_if);
	if (IS_ERR(rt)) {
		WRITE_ONCE(sk->sk_err_soft, -PTR_ERR(rt));
		return NULL;
	}
	sk_setup_caps(sk, &rt->dst);
	return &rt->dst;
}

static struct dst_entry *v4_route(struct sock *sk)
{
	return __sk_dst_check(sk, 0) ?: v4_find_route(sk);
}

static u16 v4_overhead(const struct sock *sk)
{
	const struct ip_options_rcu *opt;
	u16 len;

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	len = opt ? opt->opt.optlen : 0;
	rcu_read_unlock();
	return len;
}

/* What an IPv6 socket notes of the SYN of an IPv4 connection. */
static void v4_child_v6_part(struct sock *sk, const struct tl_tuple *t, struct sk_buff *skb)
{
	struct ipv6_pinfo *np = inet6_sk(sk);

	np->saddr = t->laddr;
	np->mcast_oif = inet_iif(skb);
	np->mcast_hops = ip_hdr(skb)->ttl;
	np->rcv_flowinfo = 0;
	if (tl_inet6_repflow(sk))
		np->flow_label = 0;
}

static void v4_child(struct sock *sk, const struct sock *listener, struct sk_buff *skb)
{
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;
	struct inet_sock *inet = inet_sk(sk);

	if (sk->sk_family == AF_INET6)
		tl_v6_child_common(sk, listener);
	sk_daddr_set(sk, v4_of(&t->faddr));
	sk_rcv_saddr_set(sk, v4_of(&t->laddr));
	if (sk->sk_family == AF_INET6)
		v4_child_v6_part(sk, t, skb);
	inet->inet_saddr = v4_of(&t->laddr);
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
	atomic_set(&inet->inet_id, get_random_u16());
	inet->cork.fl.u.ip4.saddr = v4_of(&t->laddr);
	inet->cork.fl.u.ip4.daddr = v4_of(&t->faddr);
}

/*
 * IP adds what the program chose: TTL (RFC9293 MUST-49), options, traffic class; but of that class
 * the bits for ECN are ours.
 */
static int v4_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	u8 tos = READ_ONCE(inet_sk(sk)->tos) & ~INET_ECN_MASK;
	struct inet_sock *inet = inet_sk(sk);
	int more = tl_gso_segs(skb) - 1, err;

	if (!more)
		return __ip_queue_xmit(sk, skb, &inet->cork.fl, tos | ecn);
	/* IP counts on for all segments, and the first one gets that number: the last one's */
	atomic_sub(more, &inet->inet_id);
	err = __ip_queue_xmit(sk, skb, &inet->cork.fl, tos | ecn);
	atomic_add(more, &inet->inet_id);
	return err;
}

static struct dst_entry *v4_route_stray(struct net *net, const struct tl_stray *s)
{
	const struct tl_tuple *t = s->tuple;
	struct flowi4 fl4;
	struct rtable *rt;

	flowi4_init_output(&fl4, s->dev, s->mark, s->tos & INET_DSCP_MASK, RT_SCOPE_UNIVERSE,
			   tl_protocol, s->sk ? inet_sk_flowi_flags(s->sk) : 0,
			   v4_of(&t->faddr), v4_of(&t->laddr), t->fport, t->lport,
			   sock_net_uid(net, s->sk));
	rt = ip_route_output_flow(net, &fl4, s->sk);
	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

/*
 * IP's own function takes mark and priority from the socket. Where they are others', the header is
 * made here, with that socket's settings, but without its IP options.
 */
static int v4_xmit_marked(struct net *net, struct sk_buff *skb, struct dst_entry *dst,
			  const struct tl_stray *s, struct sock *sk)
{
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	*(__be16 *)iph = htons((4 << 12) | (5 << 8) | s->tos);
	iph->frag_off = ip_dont_fragment(sk, dst) ? htons(IP_DF) : 0;
	iph->ttl = ttl < 0 ? ip4_dst_hoplimit(dst) : ttl;
	iph->protocol = tl_protocol;
	iph->saddr = v4_of(&s->tuple->laddr);
	iph->daddr = v4_of(&s->tuple->faddr);
	ip_select_ident(net, skb, NULL);
	skb->mark = s->mark;
	skb->priority = s->priority;
	return ip_local_out(net, sk, skb);
}

/*
 * A socket is needed for its settings (TTL, whether to fragment): the one for whose sake the
 * segment goes, or one of our own. Since the packet is routed already, nothing in it is changed.
 */
static int v4_xmit_stray(struct net *net, struct sk_buff *skb, struct dst_entry *dst,
			 const struct tl_stray *s)
{
	struct sock *sk = s->sk ? (struct sock *)s->sk : tl_net(net)->ctl4;
	struct flowi fl = { };

	fl.u.ip4.saddr = v4_of(&s->tuple->laddr);
	fl.u.ip4.daddr = v4_of(&s->tuple->faddr);
	skb_dst_set(skb, dst);
	if (s->mark != READ_ONCE(sk->sk_mark) || s->priority != READ_ONCE(sk->sk_priority))
		return v4_xmit_marked(net, skb, dst, s, sk);
	return __ip_queue_xmit(sk, skb, &fl, s->tos);
}

const struct tl_af_ops tl_af_v4 = {
	.family		= AF_INET,
	.header		= sizeof(struct iphdr),
	.default_mss	= 536,			/* RFC9293 MUST-15 */
	.group		= v4_group,
	.where		= v4_where,
	.is_of		= v4_is_of,
	.pseudo		= v4_pseudo,
	.checksum_ok	= v4_checksum_ok,
	.policy_ok	= v4_policy_ok,
	.ttl_ok		= v4_ttl_ok,
	.tos		= v4_tos,
	.reply_mark	= v4_reply_mark,
	.connect	= v4_connect,
	.port_offset	= v4_port_offset,
	.route		= v4_route,
	.overhead	= v4_overhead,
	.child		= v4_child,
	.xmit		= v4_xmit,
	.route_stray	= v4_route_stray,
	.xmit_stray	= v4_xmit_stray,
};

static int v4_rcv(struct sk_buff *skb)
{
	return tl_rcv_skb(skb, &tl_af_v4);
}

/* ICMP about a packet of ours, whose beginning is at skb->data. */
static int v4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	u8 type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	struct tl_icmp icmp = {
		.seq = ntohl(th->seq), .skb = skb, .header = th, .daddr = &iph->daddr,
		.origin = SO_EE_ORIGIN_ICMP, .type = type, .code = code, .info = info,
	};
	struct tl_where w = { .dif = inet_iif(skb) };

	ipv6_addr_set_v4mapped(iph->saddr, &w.tuple.laddr);
	ipv6_addr_set_v4mapped(iph->daddr, &w.tuple.faddr);
	w.tuple.lport = th->source;
	w.tuple.fport = th->dest;

	switch (type) {
	case ICMP_REDIRECT:
		icmp.what = TL_ICMP_REDIRECT;
		break;
	case ICMP_PARAMETERPROB:
		icmp.what = TL_ICMP_ERROR;
		icmp.err = EPROTO;
		break;
	case ICMP_DEST_UNREACH:
		if (code > NR_ICMP_UNREACH)
			return 0;
		if (code == ICMP_FRAG_NEEDED) {
			icmp.what = TL_ICMP_TOO_BIG;
			icmp.mtu = info;
			break;
		}
		icmp.what = TL_ICMP_ERROR;
		icmp.err = icmp_err_convert[code].errno;
		icmp.unreach = code == ICMP_NET_UNREACH || code == ICMP_HOST_UNREACH;
		break;
	case ICMP_TIME_EXCEEDED:
		icmp.what = TL_ICMP_ERROR;
		icmp.err = EHOSTUNREACH;
		break;
	default:		/* source quench means nothing any more (RFC9293 MUST-55) */
		return 0;
	}
	return tl_rcv_icmp(dev_net(skb->dev), &w, &icmp);
}

static const struct net_protocol v4_protocol = {
	.handler		= v4_rcv,
	.err_handler		= v4_err,
	.no_policy		= 1,
	.icmp_strict_tag_validation = 1,
};

/**
 * tl_v4_register() - let IPv4 hand us our packets
 *
 * Return: 0, or -1 if somebody has the protocol number already.
 */
int tl_v4_register(void)
{
	return inet_add_protocol(&v4_protocol, tl_protocol);
}

/**
 * tl_v4_unregister() - no packet comes in any more when this returns
 */
void tl_v4_unregister(void)
{
	inet_del_protocol(&v4_protocol, tl_protocol);
}
