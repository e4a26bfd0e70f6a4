// SPDX-License-Identifier: GPL-2.0
/*
 * When the receive buffer is used up: buffers cost more than the data in them, so what the window
 * allowed may not fit after all.
 *
 * First the receive queue is copied together, which loses nothing. Then out-of-order data goes, the
 * farthest first: the peer will send it again, while what is at RCV.NXT must get in, or nothing
 * ever moves.
 */
#include "sock.h"

/* Data that fits one page, with what a buffer needs. */
#define COLLAPSED_MAX	SKB_MAX_ORDER(0, 0)

static bool fits(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf);
}

/* More memory than the window reckons with? */
static bool bloated(const struct sk_buff *skb)
{
	return skb->truesize > 2 * skb->len;
}

/* Octets of the bloated buffers from @first on that one new buffer can take. */
static u32 run_length(struct sock *sk, struct sk_buff *first)
{
	struct sk_buff *skb = first;
	u32 len = 0;

	skb_queue_walk_from(&sk->sk_receive_queue, skb) {
		if (!bloated(skb) || len + skb->len > COLLAPSED_MAX)
			break;
		len += skb->len;
	}
	return len;
}

/*
 * Replace buffers that hold @len octets, from @first on, by one. Return: it, or NULL without
 * memory.
 */
static struct sk_buff *join(struct sock *sk, struct sk_buff *first, u32 len)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *skb = alloc_skb(len, GFP_ATOMIC), *next;

	if (!skb)
		return NULL;
	TL_CB(skb)->seq = TL_CB(first)->seq;
	TL_CB(skb)->end = TL_CB(first)->seq + len;
	__skb_queue_before(queue, first, skb);
	for (; len; first = next) {
		u32 n = first->len;

		next = skb_peek_next(first, queue);
		skb_copy_bits(first, 0, skb_put(skb, n), n);
		len -= n;
		__skb_unlink(first, queue);
		__kfree_skb(first);
	}
	skb_set_owner_r(skb, sk);
	return skb;
}

static void collapse(struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);

	while (skb) {
		u32 len = run_length(sk, skb);

		if (len > skb->len) {
			skb = join(sk, skb, len);
			if (!skb)
				return;
			TL_INC(sock_net(sk), TCPRcvCollapsed);
		}
		skb = skb_peek_next(skb, &sk->sk_receive_queue);
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
	struct net *net = sock_net(sk);

	TL_INC(net, PruneCalled);
	collapse(sk);
	while (!fits(sk) && tl_ooo_drop_last(sk, seq))
		TL_INC(net, OfoPruned);
	/* Even the smallest buffer takes one segment, when the program has read all. */
	return fits(sk) || (seq == tl_sk(sk)->rcv.nxt && skb_queue_empty(&sk->sk_receive_queue));
}
