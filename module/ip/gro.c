// SPDX-License-Identifier: GPL-2.0
/*
 * Super-segments on the way up (GRO): segments that a device delivers one by one, and that follow
 * each other, become one before anything else sees them. They can be cut again where the host
 * forwards them, and come out as they were, but for numbers that IP gave them all alike.
 *
 * The kernel's generic part keeps a short list of flows for each device, and asks here whether a
 * segment continues one of them. Until a super-segment is complete its gso_size is the text of its
 * first segment.
 */
#include <linux/tcp.h>
#include <net/gro.h>
#include "sock.h"
#include "ip/ip.h"

#define ENDS		(TCP_FLAG_URG | TCP_FLAG_PSH | TCP_FLAG_RST | TCP_FLAG_SYN | TCP_FLAG_FIN)
#define MAY_DIFFER	(TCP_FLAG_CWR | TCP_FLAG_FIN | TCP_FLAG_PSH)

/* Header at the place that GRO has come to, all of it; NULL if there is none. */
static struct tcphdr *header_of(struct sk_buff *skb)
{
	unsigned int at = skb_gro_offset(skb);
	struct tcphdr *th = skb_gro_header(skb, at + sizeof(*th), at);

	if (!th || th->doff * 4 < sizeof(*th))
		return NULL;
	return skb_gro_header(skb, at + th->doff * 4, at);
}

static struct sk_buff *find_flow(struct list_head *head, const struct tcphdr *th)
{
	const struct tcphdr *other;
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		if (!NAPI_GRO_CB(p)->same_flow)		/* by addresses */
			continue;
		other = tcp_hdr(p);
		if (th->source == other->source && th->dest == other->dest)
			return p;
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return NULL;
}

/* Could @skb be cut off again, and would be the same? All but lengths and numbers is equal then. */
static bool continues(struct sk_buff *p, struct sk_buff *skb, const struct tcphdr *th, u32 len)
{
	const struct tcphdr *first = tcp_hdr(p);
	__be32 flags = tcp_flag_word(th);

	if (tl_gro_ip_differs(th, first, p) || skb_zcopy(p) || skb_zcopy(skb))
		return false;
	if ((flags & TCP_FLAG_CWR) || ((flags ^ tcp_flag_word(first)) & ~MAY_DIFFER))
		return false;
	if (th->ack_seq != first->ack_seq || th->urg_ptr != first->urg_ptr ||
	    memcmp(th + 1, first + 1, th->doff * 4 - sizeof(*th)))
		return false;
	return len && len <= skb_shinfo(p)->gso_size &&
	       ntohl(th->seq) == ntohl(first->seq) + skb_gro_len(p) &&
	       p->len + len < min_t(u32, tl_gro_max_size(p), GRO_LEGACY_MAX_SIZE);
}

/* The pages of @skb's text become those of @p. Return: false if that cannot be. */
static bool take_pages(struct sk_buff *p, struct sk_buff *skb)
{
	struct skb_shared_info *to = skb_shinfo(p), *from = skb_shinfo(skb);
	int skip = skb_gro_offset(skb) - skb_headlen(skb), i, n = from->nr_frags, more;
	bool joins;

	if (skip < 0 || !n || skip >= skb_frag_size(&from->frags[0]) || to->frag_list ||
	    p->pp_recycle != skb->pp_recycle || skb_has_frag_list(skb))
		return false;
	joins = skb_can_coalesce(p, to->nr_frags, skb_frag_page(&from->frags[0]),
				 skb_frag_off(&from->frags[0]) + skip);
	if (to->nr_frags + n - joins > MAX_SKB_FRAGS)
		return false;
	skb_frag_off_add(&from->frags[0], skip);
	skb_frag_size_sub(&from->frags[0], skip);
	if (joins) {
		skb_frag_size_add(&to->frags[to->nr_frags - 1], skb_frag_size(&from->frags[0]));
		skb_frag_unref(skb, 0);
	}
	for (i = joins; i < n; i++)
		to->frags[to->nr_frags++] = from->frags[i];
	to->flags |= from->flags & SKBFL_SHARED_FRAG;
	from->nr_frags = 0;
	more = skb->truesize - SKB_TRUESIZE(skb_end_offset(skb));
	p->truesize += more;
	skb->truesize -= more;
	skb->len -= skb->data_len;
	skb->data_len = 0;
	NAPI_GRO_CB(skb)->free = NAPI_GRO_FREE;
	return true;
}

/* @skb itself becomes a part of @p, which pays for it from now on. */
static void chain(struct sk_buff *p, struct sk_buff *skb)
{
	struct napi_gro_cb *cb = NAPI_GRO_CB(p);

	__skb_pull(skb, skb_gro_offset(skb));
	__skb_header_release(skb);
	if (cb->last == p)
		skb_shinfo(p)->frag_list = skb;
	else
		cb->last->next = skb;
	cb->last = skb;
	p->truesize += skb->truesize;
	skb->destructor = NULL;
	skb->sk = NULL;
}

static bool may_chain(const struct sk_buff *skb)
{
	return skb_gro_offset(skb) <= skb_headlen(skb) && !skb_has_frag_list(skb);
}

static bool merge(struct sk_buff *p, struct sk_buff *skb, u32 len)
{
	if (!take_pages(p, skb)) {
		if (!may_chain(skb))
			return false;
		chain(p, skb);
	}
	p->len += len;
	p->data_len += len;
	NAPI_GRO_CB(p)->count++;
	NAPI_GRO_CB(skb)->same_flow = 1;
	return true;
}

static bool leaving;

/**
 * tl_gro_close() - nothing is held any more from now on: the module is about to go
 *
 * What is held already goes up when the device's poll ends.
 */
void tl_gro_close(void)
{
	WRITE_ONCE(leaving, true);
}

/**
 * tl_gro_receive() - does a segment continue one of those that are held back?
 * @head: these
 * @skb: segment, at its TCP header, the checksum known to be right; or marked as not to be joined
 *
 * Context: NAPI.
 * Return: one of @head that is to be held no longer, or NULL.
 */
struct sk_buff *tl_gro_receive(struct list_head *head, struct sk_buff *skb)
{
	struct tcphdr *th = header_of(skb);
	struct sk_buff *p;
	bool merged, ends;
	__be32 flags;
	u32 len;

	if (!th || READ_ONCE(leaving))
		NAPI_GRO_CB(skb)->flush = 1;
	if (!th)
		return NULL;
	p = find_flow(head, th);
	if (NAPI_GRO_CB(skb)->flush)		/* and what was before it goes before it */
		return p;
	skb_gro_pull(skb, th->doff * 4);
	len = skb_gro_len(skb);
	flags = tcp_flag_word(th);
	merged = p && continues(p, skb, th, len) && merge(p, skb, len);
	/* a segment that is not full is the last one, and so is one that says so */
	ends = !len || (flags & ENDS) || (merged && len < skb_shinfo(p)->gso_size);
	if (merged)
		tcp_flag_word(tcp_hdr(p)) |= flags & (TCP_FLAG_FIN | TCP_FLAG_PSH);
	else if (ends)
		NAPI_GRO_CB(skb)->flush = 1;
	return p && (!merged || ends) ? p : NULL;
}

/**
 * tl_gro_complete() - several segments have become one
 * @skb: it
 * @th: its TCP header
 * @check: sum over the pseudo-header
 */
void tl_gro_complete(struct sk_buff *skb, struct tcphdr *th, __sum16 check)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	if (skb->encapsulation)
		skb->inner_transport_header = skb->transport_header;
	th->check = ~check;
	skb->csum_start = (unsigned char *)th - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb->ip_summed = CHECKSUM_PARTIAL;
	info->gso_segs = NAPI_GRO_CB(skb)->count;
	info->gso_size = tl_gso_size(info->gso_size, th->doff * 4);
	info->gso_type |= TL_GSO_TYPE;
}
