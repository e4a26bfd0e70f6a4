// SPDX-License-Identifier: GPL-2.0
/*
 * What an ACK says (RFC 9293 3.10.7.4 fifth): how far the peer has got, and how much more it takes.
 */
#include "sock.h"
#include "obs/trace.h"

/* RFC9293 3.10.7.4: the window of the newest segment counts (SND.WL1, SND.WL2). */
static bool update_window(struct tl_sock *tl, const struct tl_cb *cb)
{
	u32 wnd = tl_seg_window(tl, cb);
	bool changed;

	if (!(seq_lt(tl->snd.wl1, cb->seq) ||
	      (tl->snd.wl1 == cb->seq && seq_leq(tl->snd.wl2, cb->ack))))
		return false;
	changed = wnd != tl->snd.wnd;
	tl->snd.wnd = wnd;
	tl->snd.max_wnd = max(tl->snd.max_wnd, wnd);
	tl->snd.wl1 = cb->seq;
	tl->snd.wl2 = cb->ack;
	return changed;
}

static void take_new_ack(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 ack = TL_CB(skb)->ack, flight = tl_flight(sk);
	u32 acked = ack - tl->snd.una;

	tl_rtt_acked(sk, skb, ack);
	tl->snd.una = ack;
	if (seq_lt(tl->snd.nxt, ack)) {
		/* after an RTO: what went before it arrived after all */
		tl->snd.nxt = ack;
		tl->snd.cursor = NULL;
	}
	tl->bytes_acked += acked;
	tl_txq_acked(sk, ack);
	tl_loss_acked(sk, acked, flight);
	tl_rto_restart(sk);
	sk_dst_confirm(sk);
}

/**
 * tl_rcv_ack() - take in the acknowledgment and the window of a segment
 * @sk: socket, locked, both SYNs acknowledged
 * @skb: segment with ACK, acceptable by its sequence number
 *
 * Return: TL_DROP_NONE, or why the segment is to be dropped.
 */
enum tl_drop tl_rcv_ack(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	bool window_changed, was_shut = !tl->snd.wnd;

	/* RFC5961 5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT */
	if (seq_lt(cb->ack, tl->snd.una - max(tl->snd.max_wnd, 1U))) {
		tl_challenge(sk);
		return TL_DROP_AckTooOld;
	}
	if (seq_gt(cb->ack, tl->snd.max)) {
		tl_challenge(sk);
		return TL_DROP_AckUnsent;
	}

	/* The peer is there, whatever it says, and so is the way to it. */
	tl->ackp.last_seg = tl_clock_jiffies();
	tl->loss.probes = 0;
	WRITE_ONCE(sk->sk_err_soft, 0);
	window_changed = update_window(tl, cb);
	if (seq_gt(cb->ack, tl->snd.una)) {
		take_new_ack(sk, skb);
	} else if (cb->ack == tl->snd.una && tl->snd.max != tl->snd.una &&
		   cb->seq == cb->end && !window_changed) {
		/* RFC5681 2: a duplicate ACK, by its five marks */
		tl_loss_dupack(sk);
	} else if (was_shut && tl->snd.wnd) {
		tl_rto_window_opened(sk);
	}
	tl_persist_update(sk);
	return TL_DROP_NONE;
}
