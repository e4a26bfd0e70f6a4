// SPDX-License-Identifier: GPL-2.0
/*
 * The out-of-order queue: a red-black tree of buffers by sequence number. A buffer that another one
 * covers is dropped, so both their first and their last octets ascend; where two overlap, nothing
 * is cut.
 */
#include <linux/rbtree.h>
#include "sock.h"

/**
 * tl_rcv_try_coalesce() - append a buffer's data to the one before it
 * @sk: socket, locked
 * @to: buffer in a queue, charged to @sk, ending where @from begins
 * @from: buffer with memory scheduled, charged or not; freed on success
 *
 * What @from is charged goes with it; what it adds to @to is charged anew.
 *
 * Return: true if it went.
 */
bool tl_rcv_try_coalesce(struct sock *sk, struct sk_buff *to, struct sk_buff *from)
{
	bool stolen;
	int delta;

	if (TL_CB(to)->end != TL_CB(from)->seq || !skb_try_coalesce(to, from, &stolen, &delta))
		return false;
	atomic_add(delta, &sk->sk_rmem_alloc);
	sk_mem_charge(sk, delta);
	TL_CB(to)->end = TL_CB(from)->end;
	TL_INC(sock_net(sk), TCPRcvCoalesce);
	kfree_skb_partial(from, stolen);
	return true;
}

static struct sk_buff *before(struct rb_node *node)
{
	struct rb_node *prev = rb_prev(node);

	return prev ? rb_to_skb(prev) : NULL;
}

static void erase(struct tl_rcv *rcv, struct sk_buff *skb)
{
	if (rcv->ooo_last == skb)
		rcv->ooo_last = before(&skb->rbnode);
	rb_erase(&skb->rbnode, &rcv->ooo);
	skb->dev = NULL;	/* shared its place with the node */
}

/* The buffers behind @skb that it covers go. */
static void drop_covered(struct sock *sk, struct sk_buff *skb)
{
	struct rb_node *node;

	while ((node = rb_next(&skb->rbnode)) &&
	       seq_leq(TL_CB(rb_to_skb(node))->end, TL_CB(skb)->end)) {
		struct sk_buff *covered = rb_to_skb(node);

		erase(&tl_sk(sk)->rcv, covered);
		tl_drop(sock_net(sk), covered, TL_DROP_OooOverlap);
	}
}

/**
 * tl_ooo_insert() - keep a segment that came before its turn
 * @sk: socket, locked
 * @skb: data beyond RCV.NXT, memory scheduled; kept or freed if TL_DROP_NONE is returned
 *
 * Return: TL_DROP_NONE, or why the caller is to drop it.
 */
enum tl_drop tl_ooo_insert(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct rb_node **p = &rcv->ooo.rb_node, *parent = NULL;
	struct tl_cb *cb = TL_CB(skb);

	TL_INC(sock_net(sk), TCPOFOQueue);
	/* The usual case: behind the last one. */
	if (rcv->ooo_last && cb->seq == TL_CB(rcv->ooo_last)->end &&
	    tl_rcv_try_coalesce(sk, rcv->ooo_last, skb))
		return TL_DROP_NONE;
	if (rcv->ooo_last && seq_geq(cb->seq, TL_CB(rcv->ooo_last)->end)) {
		parent = &rcv->ooo_last->rbnode;
		p = &parent->rb_right;
	}
	while (*p) {
		struct sk_buff *at = rb_to_skb(*p);

		parent = *p;
		if (seq_lt(cb->seq, TL_CB(at)->seq)) {
			p = &parent->rb_left;
			continue;
		}
		if (seq_lt(cb->seq, TL_CB(at)->end))
			TL_INC(sock_net(sk), TCPOFOMerge);
		if (seq_leq(cb->end, TL_CB(at)->end))
			return TL_DROP_OooDuplicate;
		p = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, &rcv->ooo);
	skb_set_owner_r(skb, sk);
	drop_covered(sk, skb);
	if (!rb_next(&skb->rbnode))
		rcv->ooo_last = skb;
	return TL_DROP_NONE;
}

/**
 * tl_ooo_deliver() - RCV.NXT moved: what follows it now goes into the receive queue
 * @sk: socket, locked
 *
 * Return: true if there was something in the out-of-order queue.
 */
bool tl_ooo_deliver(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct rb_node *first;
	bool any = false;

	while ((first = rb_first(&rcv->ooo))) {
		struct sk_buff *skb = rb_to_skb(first);

		any = true;
		if (seq_gt(TL_CB(skb)->seq, rcv->nxt))
			break;
		erase(rcv, skb);
		if (seq_leq(TL_CB(skb)->end, rcv->nxt))
			tl_drop(sock_net(sk), skb, TL_DROP_OldData);
		else
			tl_rcv_append(sk, skb);
	}
	return any;
}

/**
 * tl_ooo_drop_last() - give up the segment that is farthest from its turn
 * @sk: socket, locked
 * @seq: but not for the sake of one that is still farther
 *
 * Return: true if one went.
 */
bool tl_ooo_drop_last(struct sock *sk, u32 seq)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct sk_buff *last = rcv->ooo_last;

	if (!last || seq_geq(seq, TL_CB(last)->seq))
		return false;
	erase(rcv, last);
	tl_drop(sock_net(sk), last, TL_DROP_OooPruned);
	return true;
}

/**
 * tl_ooo_purge() - throw the out-of-order queue away
 * @sk: socket, locked
 */
void tl_ooo_purge(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct rb_node *node;

	while ((node = rb_first(&rcv->ooo))) {
		struct sk_buff *skb = rb_to_skb(node);

		rb_erase(node, &rcv->ooo);
		kfree_skb(skb);
	}
	rcv->ooo_last = NULL;
}
