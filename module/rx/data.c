// SPDX-License-Identifier: GPL-2.0
/*
 * Text (RFC 9293 3.10.7.4 seventh) and FIN (eighth): what is new and inside the window goes into
 * the receive queue, or into the out-of-order queue until the gap before it is filled.
 *
 * From here on a buffer holds data alone: header, SYN and FIN are gone, and TL_CB(skb)->seq and
 * end are those of its first octet and of the one behind its last. A buffer may begin with octets
 * that the one before it has, too: nothing is cut off its front. Readers go by sequence number.
 */
#include "sock.h"

/* Cut off what lies beyond the window; note the FIN. */
static enum tl_drop trim(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct tl_cb *cb = TL_CB(skb);
	u32 edge = rcv->nxt + tl_rcv_window_left(tl_sk(sk));
	u32 len = tl_cb_datalen(cb);

	__skb_pull(skb, cb->header);
	if (cb->flags & TL_SYN)
		cb->seq++;
	cb->end = cb->seq + len;
	if (seq_gt(cb->end, edge)) {
		if (seq_leq(edge, cb->seq)) {
			TL_SK_INC(sk, TCPZeroWindowDrop);
			return TL_DROP_ZeroWindow;
		}
		cb->end = edge;
		if (pskb_trim(skb, edge - cb->seq))
			return TL_DROP_Memory;
	} else if ((cb->flags & TL_FIN) && !rcv->fin_seen) {
		rcv->fin_seen = 1;
		rcv->fin_seq = cb->end;
	}
	return TL_DROP_NONE;
}

/* Is there room for a buffer, and memory? */
static bool may_charge(struct sock *sk, struct sk_buff *skb)
{
	if (atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) &&
	    !tl_rcv_make_room(sk, TL_CB(skb)->seq))
		return false;
	if (sk_rmem_schedule(sk, skb, skb->truesize))
		return true;
	/* one at a time, or a program that reads would never free what it waits for */
	return skb_queue_empty(&sk->sk_receive_queue) &&
	       seq_leq(TL_CB(skb)->seq, tl_sk(sk)->rcv.nxt);
}

/**
 * tl_rcv_duplicate() - octets came that were here already (RFC2883): tell the peer, once
 * @sk: socket, locked
 * @left: the first of them
 * @right: behind the last
 */
void tl_rcv_duplicate(struct sock *sk, u32 left, u32 right)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;

	tl_sk(sk)->ackp.hurried = 1;
	if (!rcv->sack_ok || !TL_SK_SYSCTL(sk, dsack))
		return;
	if (!rcv->sackout.has_dup) {
		if (seq_lt(left, rcv->nxt))
			TL_SK_INC(sk, TCPDSACKOldSent);
		else
			TL_SK_INC(sk, TCPDSACKOfoSent);
	}
	tl_sackout_dup(&rcv->sackout, left, right);
}

/**
 * tl_rcv_append() - data at RCV.NXT: the program may have it
 * @sk: socket, locked
 * @skb: data that begins at or before RCV.NXT and ends behind it; charged already if it was kept
 */
void tl_rcv_append(struct sock *sk, struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	u32 len = TL_CB(skb)->end - tl->rcv.nxt;

	WRITE_ONCE(tl->rcv.nxt, TL_CB(skb)->end);
	tl->got.bytes += len;
	if (tail && tl_rcv_try_coalesce(sk, tail, skb))
		return;
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	if (!skb->sk)
		skb_set_owner_r(skb, sk);
}

/* What a buffer is, noted before it may become part of another. */
static struct tl_arrival arrival(const struct sk_buff *skb)
{
	struct tl_arrival a = {
		.len		= skb->len,
		.segment	= tl_segment_text(skb, TL_CB(skb)->header),
		.header		= TL_CB(skb)->header,
		.flags		= TL_CB(skb)->flags,
		.truesize	= skb->truesize,
		.joined		= skb->truesize,
	};

	if (!skb_headlen(skb)) {
		u32 head = SKB_TRUESIZE(skb_end_offset(skb));

		if (a.truesize >= head + a.len)
			a.joined -= head;
	}
	return a;
}

/* Data beyond RCV.NXT. Return: why the caller is to drop it, or TL_DROP_NONE. */
static enum tl_drop take_early(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	const struct tl_arrival a = arrival(skb);
	u32 left = TL_CB(skb)->seq, right = TL_CB(skb)->end;
	enum tl_drop why;
	bool joined;

	tl_ack_received_early(sk, &a);
	right += rcv->fin_seen && right == rcv->fin_seq;	/* a FIN has a number, too */
	if (RB_EMPTY_ROOT(&rcv->ooo))
		rcv->sackout.n = 0;
	why = tl_ooo_insert(sk, skb, &joined);
	if (!rcv->sack_ok)	/* the window stays: the peer counts ACKs that are all the same */
		return why;
	/* Beyond the second block, ACKs that were held back may be the last that tell of one. */
	if (tl_sackout_find(&rcv->sackout, left, right) >= 2)
		tl_ack_uncompress(sk);
	tl_sackout_add(&rcv->sackout, left, right);
	if (why == TL_DROP_NONE)
		tl_rcv_window_grow(sk, &a, joined);
	return why;
}

/* Data at RCV.NXT, and what waited for it. Consumes @skb. */
static void take_next(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	const struct tl_arrival a = arrival(skb);

	if (seq_lt(TL_CB(skb)->seq, rcv->nxt))
		tl_rcv_duplicate(sk, TL_CB(skb)->seq, rcv->nxt);
	tl_rcv_append(sk, skb);
	tl_ack_received(sk, &a);
	if (!RB_EMPTY_ROOT(&rcv->ooo)) {
		tl_ooo_deliver(sk);
		if (RB_EMPTY_ROOT(&rcv->ooo))
			tl_ack_want_now(sk);	/* RFC5681 4.2: all gaps are filled */
		tl_sackout_advance(&rcv->sackout, rcv->nxt);
	}
}

/**
 * tl_rcv_data() - text, or a bare FIN
 * @sk: socket, locked, in a state that takes text
 * @skb: acceptable segment; consumed
 */
void tl_rcv_data(struct sock *sk, struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	enum tl_drop why;

	skb_dst_drop(skb);
	skb_orphan(skb);
	TL_CB(skb)->stamped = skb->tstamp || skb_hwtstamps(skb)->hwtstamp;
	rcv->sackout.has_dup = false;		/* of a segment before */
	why = trim(sk, skb);
	if (why != TL_DROP_NONE) {
		tl_ack_hurry(sk);
		goto drop;
	}
	if (seq_leq(TL_CB(skb)->end, rcv->nxt)) {	/* a FIN, with no data or with old */
		if (skb->len)
			tl_rcv_duplicate(sk, TL_CB(skb)->seq, TL_CB(skb)->end);
		consume_skb(skb);
		tl_ack_want(sk);
		return;
	}
	if (!may_charge(sk, skb)) {
		if (seq_gt(TL_CB(skb)->seq, rcv->nxt))
			TL_SK_INC(sk, TCPOFODrop);
		else
			TL_SK_INC(sk, TCPRcvQDrop);
		tl_ack_want_now(sk);
		sk->sk_data_ready(sk);		/* reading would help */
		why = TL_DROP_RcvBuffer;
		goto drop;
	}
	tl_ecn_received(sk, TL_CB(skb)->tos);
	if (seq_gt(TL_CB(skb)->seq, rcv->nxt)) {
		why = take_early(sk, skb);
		if (why != TL_DROP_NONE)
			goto drop;
		return;
	}
	take_next(sk, skb);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return;
drop:
	tl_drop(sock_net(sk), skb, why);
}

/**
 * tl_rcv_fin() - the peer has no more to send (RFC9293 3.10.7.4 eighth)
 * @sk: socket, locked; all data before the FIN has come. In FIN-WAIT-2 the socket is CLOSED
 *	afterwards, its place taken by a TIME-WAIT
 */
void tl_rcv_fin(struct sock *sk)
{
	bool orphan = sock_flag(sk, SOCK_DEAD);
	struct tl_sock *tl = tl_sk(sk);

	WRITE_ONCE(tl->rcv.nxt, tl->rcv.nxt + 1);
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);
	tl_ooo_purge(sk);
	tl_ack_want(sk);

	switch (sk->sk_state) {
	case TCP_ESTABLISHED:
		tl_state_set(sk, TCP_CLOSE_WAIT, TL_EV_RCV_FIN);
		tl_ack_interactive(sk);		/* the program's own FIN may come soon */
		break;
	case TCP_FIN_WAIT1:
		tl_ack_want_now(sk);
		tl_state_set(sk, TCP_CLOSING, TL_EV_RCV_FIN);
		break;
	case TCP_FIN_WAIT2:
		tl_send_ack(sk);
		tl_timewait_enter(sk, TL_EV_RCV_FIN);	/* wakes sleepers; an orphan is gone */
		if (!orphan)
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
		return;
	}
	if (orphan)
		return;
	sk->sk_state_change(sk);
	if (sk->sk_shutdown == SHUTDOWN_MASK)
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
	else
		sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
}
