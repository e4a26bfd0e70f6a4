// SPDX-License-Identifier: GPL-2.0
/*
 * Whose a segment is, found before its route (early demultiplexing): a connection's segments all
 * come by one way, and it remembers the route of the last one. To look that up each time costs more
 * than to find the connection, which is to be done anyway.
 *
 * For TCP and UDP IP does this by itself. Others have the last hook of netfilter before routing,
 * where addresses are what they will be for good. sysctl net.ipv4.ip_early_demux turns it off.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip6_fib.h>
#include "sock.h"
#include "ip/demux.h"

#ifdef CONFIG_NETFILTER
/* The route that the last segment had, if it is still good for one that came by this interface */
static struct dst_entry *known_route(const struct sock *sk, const struct sk_buff *skb)
{
	struct dst_entry *dst = rcu_dereference(sk->sk_rx_dst);

	if (!dst || READ_ONCE(sk->sk_rx_dst_ifindex) != skb->skb_iif)
		return NULL;
	return dst_check(dst, READ_ONCE(sk->sk_rx_dst_cookie));
}

static void demux(struct net *net, struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct dst_entry *dst;
	struct tl_node *node;
	struct tl_where w;
	struct sock *sk;

	if (tcp_hdr(skb)->syn)		/* nobody knows it yet, or a flood wants us to search */
		return;
	af->where(skb, &w);
	node = tl_hash_find(net, &w);
	if (!node || node->kind != TL_KIND_SOCK)
		return;
	sk = tl_node_sk(node);
	dst = known_route(sk, skb);
	/* the packet may outlive this RCU reader (NFQUEUE): it holds the socket until we get it */
	if (!dst || !refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	skb_dst_set_noref(skb, dst);
	skb->sk = sk;
	skb->destructor = sock_efree;
}

/* A whole packet to this host that nobody else has dealt with */
static bool may_demux(const struct net *net, struct sk_buff *skb)
{
	return READ_ONCE(net->ipv4.sysctl_ip_early_demux) && skb->pkt_type == PACKET_HOST &&
	       !skb_dst(skb) && !skb->sk && !netif_is_l3_slave(skb->dev) &&
	       pskb_may_pull(skb, skb_transport_offset(skb) + sizeof(struct tcphdr));
}

static unsigned int v4_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->protocol == tl_protocol && !ip_is_fragment(iph) && may_demux(state->net, skb))
		demux(state->net, skb, &tl_af_v4);
	return NF_ACCEPT;
}

static unsigned int v6_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (ipv6_hdr(skb)->nexthdr == tl_protocol && may_demux(state->net, skb))
		demux(state->net, skb, &tl_af_v6);
	return NF_ACCEPT;
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook		= v4_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP_PRI_LAST,
	}, {
		.hook		= v6_hook,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/**
 * tl_demux_net_init() - look at a namespace's packets before they are routed
 * @net: namespace
 *
 * Return: 0 or a negative errno.
 */
int tl_demux_net_init(struct net *net)
{
	return nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

/**
 * tl_demux_net_exit() - look at them no more, after an RCU grace period
 * @net: namespace
 */
void tl_demux_net_exit(struct net *net)
{
	nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}
#else
int tl_demux_net_init(struct net *net)
{
	return 0;
}

void tl_demux_net_exit(struct net *net)
{
}
#endif

/**
 * tl_demux_taken() - the connection of a segment, if it was found before
 * @skb: segment from IP, which holds the socket; not any more afterwards
 * @af: family that it came by
 *
 * In between, netfilter may have kept it for long (NFQUEUE), or changed its addresses.
 *
 * Context: RCU reader.
 * Return: its socket, or NULL if none was found, or it is another connection's now.
 */
struct sock *tl_demux_taken(struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct sock *sk = skb->sk;
	struct tl_node *node;

	if (!sk || skb->destructor != sock_efree)	/* with our number nobody else does that */
		return NULL;
	skb->sk = NULL;
	skb->destructor = NULL;
	sock_put(sk);			/* lives as long as there are readers of RCU */
	node = &tl_sk(sk)->node;
	return READ_ONCE(node->hashed) && tl_af_call(af, is_of, skb, &node->tuple) ? sk : NULL;
}

/**
 * tl_demux_forget() - there is no connection any more whose route could be known
 * @sk: socket, locked
 */
void tl_demux_forget(struct sock *sk)
{
	dst_release(xchg((__force struct dst_entry **)&sk->sk_rx_dst, NULL));
}

/**
 * tl_demux_learn() - another route than that of the segment before
 * @sk: socket, locked
 * @skb: segment
 */
void tl_demux_learn(struct sock *sk, const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);

	if (!dst || !dst_hold_safe(dst))
		return;
	WRITE_ONCE(sk->sk_rx_dst_cookie, tl_sk(sk)->af->family == AF_INET6 ?
		   rt6_get_cookie((const struct rt6_info *)dst) : 0);
	WRITE_ONCE(sk->sk_rx_dst_ifindex, skb->skb_iif);
	dst_release(xchg((__force struct dst_entry **)&sk->sk_rx_dst, dst));
}
