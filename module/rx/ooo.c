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
	tl_stamp_note(to, from);
	TL_SK_INC(sk, TCPRcvCoalesce);
	kfree_skb_partial(from, stolen);
	return true;
}

static struct sk_buff *ooo_before(struct rb_node *node)
{
	struct rb_node *prev = rb_prev(node);

	return prev ? rb_to_skb(prev) : NULL;
}

static void erase(struct tl_rcv *rcv, struct sk_buff *skb)
{
	if (rcv->ooo_last == skb)
		rcv->ooo_last = ooo_before(&skb->rbnode);
	rb_erase(&skb->rbnode, &rcv->ooo);
	skb->dev = NULL;	/* shared its place with the node */
}

/*
 * The buffers behind @skb that it covers go. The peer is told what came twice (RFC2883 4.1.2,
 * 4.1.3).
 */
static void drop_covered(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 end = TL_CB(skb)->end;
	struct rb_node *node;

	while ((node = rb_next(&skb->rbnode))) {
		struct sk_buff *next = rb_to_skb(node);

		if (seq_leq(end, TL_CB(next)->seq))
			break;
		tl_rcv_duplicate(sk, TL_CB(next)->seq, seq_min(end, TL_CB(next)->end));
		if (seq_lt(end, TL_CB(next)->end))
			break;
		erase(rcv, next);
		TL_SK_INC(sk, TCPOFOMerge);
		tl_drop(sock_net(sk), next, TL_DROP_OooOverlap);
	}
	if (!node)
		rcv->ooo_last = skb;
}

/* A longer buffer with the same beginning. */
static void replace(struct sock *sk, struct sk_buff *old, struct sk_buff *new)
{
	rb_replace_node(&old->rbnode, &new->rbnode, &tl_sk(sk)->rcv.ooo);
	old->dev = NULL;
	TL_SK_INC(sk, TCPOFOMerge);
	tl_drop(sock_net(sk), old, TL_DROP_OooOverlap);
}

static void own(struct sock *sk, struct sk_buff *skb)
{
	skb_set_owner_r(skb, sk);
	drop_covered(sk, skb);
}

/* Is the buffer's data behind that of one in the queue, and has it joined that one? */
static bool ooo_join(struct sock *sk, struct sk_buff *to, struct sk_buff *skb)
{
	if (!tl_rcv_try_coalesce(sk, to, skb))
		return false;
	drop_covered(sk, to);
	return true;
}

/**
 * tl_ooo_insert() - keep a segment that came before its turn
 * @sk: socket, locked
 * @skb: data beyond RCV.NXT, memory scheduled; kept or freed if TL_DROP_NONE is returned
 * @joined: out: it did not stay a buffer of its own
 *
 * Return: TL_DROP_NONE, or why the caller is to drop it.
 */
enum tl_drop tl_ooo_insert(struct sock *sk, struct sk_buff *skb, bool *joined)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct rb_node **p = &rcv->ooo.rb_node, *parent = NULL;
	struct tl_cb *cb = TL_CB(skb);

	TL_SK_INC(sk, TCPOFOQueue);
	tl_sk(sk)->got.ooo++;
	*joined = true;
	/* The usual case: behind the last one. */
	if (rcv->ooo_last && ooo_join(sk, rcv->ooo_last, skb))
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
		if (seq_lt(cb->seq, TL_CB(at)->end)) {
			tl_rcv_duplicate(sk, cb->seq, seq_min(cb->end, TL_CB(at)->end));
			if (seq_leq(cb->end, TL_CB(at)->end)) {
				TL_SK_INC(sk, TCPOFOMerge);
				return TL_DROP_OooDuplicate;
			}
			if (cb->seq == TL_CB(at)->seq) {
				*joined = false;
				replace(sk, at, skb);
				own(sk, skb);
				return TL_DROP_NONE;
			}
		} else if (ooo_join(sk, at, skb)) {
			return TL_DROP_NONE;
		}
		p = &parent->rb_right;
	}
	*joined = false;
	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, &rcv->ooo);
	own(sk, skb);
	return TL_DROP_NONE;
}

/**
 * tl_ooo_deliver() - RCV.NXT moved: what follows it now goes into the receive queue
 * @sk: socket, locked
 */
void tl_ooo_deliver(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 filled = rcv->nxt;
	struct rb_node *first;

	while ((first = rb_first(&rcv->ooo))) {
		struct sk_buff *skb = rb_to_skb(first);

		if (seq_gt(TL_CB(skb)->seq, rcv->nxt))
			break;
		if (seq_lt(TL_CB(skb)->seq, filled))
			tl_rcv_duplicate(sk, TL_CB(skb)->seq, seq_min(TL_CB(skb)->end, filled));
		erase(rcv, skb);
		if (seq_leq(TL_CB(skb)->end, rcv->nxt))
			tl_drop(sock_net(sk), skb, TL_DROP_OldData);
		else
			tl_rcv_append(sk, skb);
	}
}

/**
 * tl_ooo_first() - the buffer that is nearest to its turn
 * @sk: socket, locked
 *
 * Return: it, or NULL if there is none.
 */
struct sk_buff *tl_ooo_first(const struct sock *sk)
{
	struct rb_node *node = rb_first(&tl_sk(sk)->rcv.ooo);

	return node ? rb_to_skb(node) : NULL;
}

/**
 * tl_ooo_next() - the one behind it
 * @skb: buffer in the queue of a socket that is locked
 *
 * Return: it, or NULL if @skb is the last.
 */
struct sk_buff *tl_ooo_next(const struct sk_buff *skb)
{
	struct rb_node *node = rb_next(&skb->rbnode);

	return node ? rb_to_skb(node) : NULL;
}

/**
 * tl_ooo_insert_before() - a copy is about to take the place of buffers
 * @sk: socket, locked
 * @at: the first of them
 * @skb: begins where @at does
 */
void tl_ooo_insert_before(struct sock *sk, struct sk_buff *at, struct sk_buff *skb)
{
	struct rb_node **p = &at->rbnode.rb_left, *parent = &at->rbnode;

	while (*p) {
		parent = *p;
		p = &parent->rb_right;
	}
	rb_link_node(&skb->rbnode, parent, p);
	rb_insert_color(&skb->rbnode, &tl_sk(sk)->rcv.ooo);
}

/**
 * tl_ooo_remove() - take a buffer out, whose data is in another one
 * @sk: socket, locked
 * @skb: buffer in the queue; the caller's from now on
 */
void tl_ooo_remove(struct sock *sk, struct sk_buff *skb)
{
	erase(&tl_sk(sk)->rcv, skb);
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
	tl_sackout_clear(&rcv->sackout);	/* we renege: say nothing wrong (RFC2018 8) */
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
	tl_sackout_clear(&rcv->sackout);
}
