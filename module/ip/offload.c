// SPDX-License-Identifier: GPL-2.0
/*
 * Super-segments: up to 64 KiB of text under one header. They cost the way down, and the way up
 * where nothing has cut them, once instead of forty times (GSO).
 *
 * They go whole through devices that are software themselves (lo, veth, bridges, VLANs) and are cut
 * here in front of any other. The kernel asks by gso_type which it is. No type stands for protocol
 * 253; as TCPV4 a NIC would take it for TCP. SKB_GSO_SCTP is right: what is software lets it pass,
 * no NIC cuts it, and who cuts is asked by IP protocol, so that SCTP itself never sees ours.
 *
 * Whether segments fit a path's MTU the kernel reckons from the size of SCTP's header, which is 12
 * octets, and from gso_size. So gso_size has what our header has more (tl_gso_size()).
 */
#include <net/gro.h>
#include <net/protocol.h>
#include "sock.h"
#include "ip/ip.h"

/* What changes from one segment to the next: only the last one has FIN and PSH, the first CWR. */
static void finish_header(struct tcphdr *th, u32 seq, bool first, bool last)
{
	th->seq = htonl(seq);
	th->fin &= last;
	th->psh &= last;
	th->cwr &= first;
}

/* The sum over a segment's pseudo-header stands in @th; its length was @was. */
static void finish_checksum(struct sk_buff *skb, struct tcphdr *th, u32 was)
{
	__sum16 sum = ~th->check;

	csum_replace4(&sum, htonl(was), htonl(skb->len - skb_transport_offset(skb)));
	th->check = ~sum;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		gso_reset_checksum(skb, ~csum_unfold(th->check));
	else
		th->check = gso_make_checksum(skb, ~csum_unfold(th->check));
}

/* The program hears of the last one: when it goes, all have gone. */
static void pass_stamp_on(struct sk_buff *last, const struct sk_buff *from)
{
	skb_shinfo(last)->tx_flags |= skb_shinfo(from)->tx_flags & SKBTX_ANY_TSTAMP;
	skb_shinfo(last)->tskey = skb_shinfo(from)->tskey;
}

/*
 * skb_segment() lets the last segment pay for all. Each pays for itself, or GRO on the other side
 * of a veth would see two senders. @whole has the last one's truesize now.
 */
static void share_charge(struct sk_buff *segs, const struct sk_buff *whole)
{
	struct sk_buff *last = segs->prev, *skb;
	struct sock *sk = last->sk;
	int more = whole->truesize - last->truesize;

	if (last->destructor != sock_wfree)
		return;
	for (skb = segs; skb != last; skb = skb->next) {
		more += skb->truesize;
		skb->sk = sk;
		skb->destructor = sock_wfree;
	}
	last->truesize = whole->truesize;
	if (more >= 0)
		refcount_add(more, &sk->sk_wmem_alloc);
	else
		WARN_ON_ONCE(refcount_sub_and_test(-more, &sk->sk_wmem_alloc));
}

static void finish_segments(struct sk_buff *segs, const struct sk_buff *whole, u32 len, u32 text)
{
	struct tcphdr *th = tcp_hdr(segs);
	u32 seq = ntohl(th->seq);
	struct sk_buff *skb;

	share_charge(segs, whole);
	for (skb = segs; skb; skb = skb->next) {
		th = tcp_hdr(skb);
		finish_header(th, seq, skb == segs, !skb->next);
		finish_checksum(skb, th, len);
		seq += text;
		if (!skb->next)
			pass_stamp_on(skb, whole);
	}
}

/*
 * Cut a super-segment. Return: a list of segments; NULL if the device takes it whole; an errno if
 * it is not one of ours.
 */
static struct sk_buff *gso_segment(struct sk_buff *skb, netdev_features_t features)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	u32 len = skb->len, header;
	struct sk_buff *segs;
	int text;

	if (!(info->gso_type & TL_GSO_TYPE) || skb->ip_summed != CHECKSUM_PARTIAL ||
	    !pskb_may_pull(skb, sizeof(struct tcphdr)))
		return ERR_PTR(-EINVAL);
	header = tcp_hdr(skb)->doff * 4;
	text = tl_gso_text(skb, header);
	if (header < sizeof(struct tcphdr) || text <= 0 || !pskb_may_pull(skb, header))
		return ERR_PTR(-EINVAL);
	__skb_pull(skb, header);
	if (skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST)) {
		info->gso_segs = DIV_ROUND_UP(skb->len, text);
		return NULL;
	}
	if (skb_unclone(skb, GFP_ATOMIC))	/* others look at what changes now */
		return ERR_PTR(-ENOMEM);
	/* a device that can sum up TCP and UDP alone leaves ours undone */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	skb_shinfo(skb)->gso_size = text;
	segs = skb_segment(skb, features & ~NETIF_F_GSO_PARTIAL);
	if (!IS_ERR_OR_NULL(segs))
		finish_segments(segs, skb, len, text);
	return segs;
}

static struct sk_buff *v4_gro_receive(struct list_head *head, struct sk_buff *skb)
{
	if (!NAPI_GRO_CB(skb)->flush &&
	    skb_gro_checksum_validate(skb, tl_protocol, inet_gro_compute_pseudo))
		NAPI_GRO_CB(skb)->flush = 1;
	return tl_gro_receive(head, skb);
}

static int v4_gro_complete(struct sk_buff *skb, int at)
{
	const struct iphdr *iph = tl_gro_ip_header(skb);

	tl_gro_complete(skb, (struct tcphdr *)(skb->data + at),
			csum_tcpudp_magic(iph->saddr, iph->daddr, skb->len - at, tl_protocol, 0));
	return 0;
}

static struct sk_buff *v6_gro_receive(struct list_head *head, struct sk_buff *skb)
{
	if (!NAPI_GRO_CB(skb)->flush &&
	    skb_gro_checksum_validate(skb, tl_protocol, ip6_gro_compute_pseudo))
		NAPI_GRO_CB(skb)->flush = 1;
	return tl_gro_receive(head, skb);
}

static int v6_gro_complete(struct sk_buff *skb, int at)
{
	const struct ipv6hdr *iph = tl_gro_ip_header(skb);

	tl_gro_complete(skb, (struct tcphdr *)(skb->data + at),
			csum_ipv6_magic(&iph->saddr, &iph->daddr, skb->len - at, tl_protocol, 0));
	return 0;
}

static const struct net_offload v4_offload = {
	.callbacks = {
		.gso_segment	= gso_segment,
		.gro_receive	= v4_gro_receive,
		.gro_complete	= v4_gro_complete,
	},
};

static const struct net_offload v6_offload = {
	.callbacks = {
		.gso_segment	= gso_segment,
		.gro_receive	= v6_gro_receive,
		.gro_complete	= v6_gro_complete,
	},
};

/**
 * tl_offload_register() - let both families cut our super-segments, and join them
 *
 * Return: 0 or a negative errno.
 */
int tl_offload_register(void)
{
	int err = inet_add_offload(&v4_offload, tl_protocol);

	if (err)
		return err;
	err = inet6_add_offload(&v6_offload, tl_protocol);
	if (err)
		inet_del_offload(&v4_offload, tl_protocol);
	return err;
}

/**
 * tl_offload_unregister() - from now on super-segments that are still under way are dropped
 */
void tl_offload_unregister(void)
{
	inet6_del_offload(&v6_offload, tl_protocol);
	inet_del_offload(&v4_offload, tl_protocol);
}
