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

static struct sk_buff *next_of(struct sock *sk, struct sk_buff *skb, bool early)
{
	return early ? tl_ooo_next(skb) : skb_peek_next(skb, &sk->sk_receive_queue);
}

/*
 * Octets of the buffers from @first on that one new buffer can take, up to the first gap. @early:
 * they are out of order. @truesize: what those buffers cost.
 */
static u32 run_length(struct sock *sk, struct sk_buff *first, bool early, u32 *truesize)
{
	u32 start = TL_CB(first)->seq, end = start;
	struct sk_buff *skb;

	*truesize = 0;
	for (skb = first; skb; skb = next_of(sk, skb, early)) {
		if (seq_gt(TL_CB(skb)->seq, end) || beyond(skb, start) > COLLAPSED_MAX)
			break;
		end = TL_CB(skb)->end;
		*truesize += skb->truesize;
	}
	return end - start;
}

/*
 * Replace buffers that hold @len octets, from @first on, and cost @truesize, by one. Return: it; NULL
 * if that does not save a third, or if there is no memory.
 */
static struct sk_buff *join(struct sock *sk, struct sk_buff *first, bool early, u32 len,
			    u32 truesize)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
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
	if (early)
		tl_ooo_insert_before(sk, first, skb);
	else
		__skb_queue_before(queue, first, skb);
	for (; end != TL_CB(skb)->end; first = next) {
		u32 n = beyond(first, end);

		next = next_of(sk, first, early);
		skb_copy_bits(first, end - TL_CB(first)->seq, skb_put(skb, n), n);
		end += n;
		tl_stamp_note(skb, first);
		if (early)
			tl_ooo_remove(sk, first);
		else
			__skb_unlink(first, queue);
		__kfree_skb(first);
	}
	skb_set_owner_r(skb, sk);
	return skb;
}

/*
 * A peer that leaves a gap behind each small segment must not make us look through all of them,
 * time and again: of what can't be joined an eighth of the buffer is enough.
 */
static void collapse(struct sock *sk, struct sk_buff *skb, bool early)
{
	u32 in_vain = 0, most = early ? READ_ONCE(sk->sk_rcvbuf) >> 3 : U32_MAX;

	while (skb && in_vain <= most) {
		u32 truesize, len = run_length(sk, skb, early, &truesize);
		struct sk_buff *joined = NULL;

		/* not even worth trying where the least that it can cost is too much */
		if (len && SKB_TRUESIZE(len) < truesize / 3 * 2)
			joined = join(sk, skb, early, len, truesize);
		if (joined) {
			skb = joined;
			TL_INC(sock_net(sk), TCPRcvCollapsed);
		} else if (len < COLLAPSED_MAX / 2) {
			in_vain += truesize;
		}
		skb = next_of(sk, skb, early);
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
	collapse(sk, skb_peek(&sk->sk_receive_queue), false);
	if (!fits(sk))
		collapse(sk, tl_ooo_first(sk), true);
	while (!fits(sk) && tl_ooo_drop_last(sk, seq))
		TL_INC(net, OfoPruned);
	if (fits(sk))
		return true;
	TL_INC(net, RcvPruned);
	/* Even the smallest buffer takes one segment, when the program has read all. */
	return in_order && skb_queue_empty(&sk->sk_receive_queue);
}
