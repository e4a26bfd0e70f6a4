// SPDX-License-Identifier: GPL-2.0
/*
 * When the receive buffer is used up: buffers cost more than the data in them, so what the window
 * allowed may not fit after all.
 *
 * First the receive queue is copied together, then what waits out of order, which loses nothing.
 * Then out-of-order data goes, the farthest first: the peer will send it again, while what is at
 * RCV.NXT must get in, or nothing ever moves.
 */
#include "sock.h"

/* Data that fits one page, with what a buffer needs. */
#define COLLAPSED_MAX	SKB_MAX_ORDER(0, 0)

static bool fits(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf);
}

/* What @skb has from octet @end on: buffers may overlap. */
static u32 beyond(const struct sk_buff *skb, u32 end)
{
	return TL_CB(skb)->end - end;
}

/* Where buffers wait, in order or not. */
struct place {
	struct sk_buff *(*next)(struct sock *sk, struct sk_buff *skb);
	void (*insert_before)(struct sock *sk, struct sk_buff *next, struct sk_buff *skb);
	void (*remove)(struct sock *sk, struct sk_buff *skb);
};

static struct sk_buff *queue_next(struct sock *sk, struct sk_buff *skb)
{
	return skb_peek_next(skb, &sk->sk_receive_queue);
}

static void queue_insert_before(struct sock *sk, struct sk_buff *next, struct sk_buff *skb)
{
	__skb_queue_before(&sk->sk_receive_queue, next, skb);
}

static void queue_remove(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
}

static struct sk_buff *early_next(struct sock *sk, struct sk_buff *skb)
{
	return tl_ooo_next(skb);
}

static const struct place queue = { queue_next, queue_insert_before, queue_remove };
static const struct place early = { early_next, tl_ooo_insert_before, tl_ooo_remove };

/*
 * Octets of the buffers from @first on that one new buffer can take, up to the first gap.
 * @truesize: what those buffers cost.
 */
static u32 run_length(struct sock *sk, const struct place *at, struct sk_buff *first,
		      u32 *truesize)
{
	u32 start = TL_CB(first)->seq, end = start;
	struct sk_buff *skb;

	*truesize = 0;
	for (skb = first; skb; skb = at->next(sk, skb)) {
		if (seq_gt(TL_CB(skb)->seq, end) || beyond(skb, start) > COLLAPSED_MAX)
			break;
		end = TL_CB(skb)->end;
		*truesize += skb->truesize;
	}
	return end - start;
}

/*
 * Replace buffers that hold @len octets, from @first on, and cost @truesize, by one. Return: it;
 * NULL if that does not save a third, or if there is no memory.
 */
static struct sk_buff *join_buffers(struct sock *sk, const struct place *at, struct sk_buff *first,
				    u32 len, u32 truesize)
{
	struct sk_buff *skb = alloc_skb(len, GFP_ATOMIC), *next;
	u32 end = TL_CB(first)->seq;

	if (!skb)
		return NULL;
	if (skb->truesize >= truesize / 3 * 2) {
		__kfree_skb(skb);
		return NULL;
	}
	TL_CB(skb)->seq = end;
	TL_CB(skb)->end = end + len;
	at->insert_before(sk, first, skb);
	for (; end != TL_CB(skb)->end; first = next) {
		u32 n = beyond(first, end);

		next = at->next(sk, first);
		skb_copy_bits(first, end - TL_CB(first)->seq, skb_put(skb, n), n);
		end += n;
		tl_stamp_note(skb, first);
		at->remove(sk, first);
		__kfree_skb(first);
	}
	skb_set_owner_r(skb, sk);
	return skb;
}

/* Copy together from @skb on, until what is not worth that has cost more than @most. */
static void collapse(struct sock *sk, const struct place *at, struct sk_buff *skb, u32 most)
{
	u32 in_vain = 0;

	while (skb && in_vain <= most) {
		u32 truesize, len = run_length(sk, at, skb, &truesize);
		struct sk_buff *joined = NULL;

		/* not even worth trying where the least that it can cost is too much */
		if (len && SKB_TRUESIZE(len) < truesize / 3 * 2)
			joined = join_buffers(sk, at, skb, len, truesize);
		if (joined) {
			skb = joined;
			TL_SK_INC(sk, TCPRcvCollapsed);
		} else if (len < COLLAPSED_MAX / 2) {
			in_vain += truesize;
		}
		skb = at->next(sk, skb);
	}
}

/**
 * tl_rcv_make_room() - the receive buffer is full: make room for a segment, if it is worth it
 * @sk: socket, locked
 * @seq: the segment's first octet
 *
 * Return: true if the segment may be taken.
 */
bool tl_rcv_make_room(struct sock *sk, u32 seq)
{
	bool in_order = seq_leq(seq, tl_sk(sk)->rcv.nxt);
	struct net *net = sock_net(sk);

	TL_INC(net, PruneCalled);
	tl_rcv_window_full(sk);
	if (fits(sk))
		return true;
	collapse(sk, &queue, skb_peek(&sk->sk_receive_queue), U32_MAX);
	/*
	 * A peer that leaves a gap behind each small segment must not make us look through all of
	 * them, time and again.
	 */
	if (!fits(sk))
		collapse(sk, &early, tl_ooo_first(sk), READ_ONCE(sk->sk_rcvbuf) >> 3);
	while (!fits(sk) && tl_ooo_drop_last(sk, seq))
		TL_INC(net, OfoPruned);
	if (fits(sk))
		return true;
	TL_INC(net, RcvPruned);
	/* Even the smallest buffer takes one segment, when the program has read all. */
	return in_order && skb_queue_empty(&sk->sk_receive_queue);
}
