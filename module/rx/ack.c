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

/* Something new is acknowledged. */
static void take_new_ack(struct sock *sk, u32 ack, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->sent.bytes_acked += ack - tl->snd.una;
	tl->snd.una = ack;
	tl_board_acked(&tl->board, ack, &n->tally);
	tl_txq_acked(sk, ack);
	if (tl->mtup.size)
		tl_mtup_acked(sk);
	if (ack == tl->snd.nxt)
		tl_chrono_stop(sk, TL_CHRONO_BUSY);
}

static void begin_news(const struct sock *sk, const struct tl_cb *cb, struct tl_ack_news *n)
{
	const struct tl_sock *tl = tl_sk(sk);

	n->prior_una = tl->snd.una;
	n->prior_flight = tl_loss_pipe(sk);
	n->has_ts = tl->rcv.ts_ok && (cb->opts.seen & TL_OPT_TIMESTAMP);
	n->tsecr = cb->opts.tsecr;
	n->tally.now_us = tl_clock_us();
	n->tally.min_rtt_us = tl->rtt.min;
	n->tally.recover = tl->loss.recover;
	n->tally.fack = tl->board.sacked ? tl->board.fack : tl->snd.una;
	n->tally.lowest = n->tally.fack;
}

/* The time for retransmission and probe begins anew, if the ACK is news of the first segments. */
static void restart_timers(struct sock *sk, const struct tl_ack_news *n)
{
	const struct tl_range *first = tl_board_first(&tl_sk(sk)->board);
	const struct tl_tally *t = &n->tally;

	if (first && first->sacked)		/* reneged: there is a nearer deadline */
		return;
	/* SACK of what is older than the first one's last sending says that time has begun anew */
	if (!t->acked && !(t->sack_first_us && first && t->sack_first_us < first->at.sent_us))
		return;
	tl_rto_restart(sk);
	if (tl_sk(sk)->board.out)
		tl_tlp_schedule(sk, true);
}

/* What the scoreboard, recovery and the congestion window make of an ACK */
static void take_news(struct sock *sk, const struct sk_buff *skb, bool window_changed)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	struct tl_ack_news n = { };

	begin_news(sk, cb, &n);
	if (seq_gt(cb->ack, tl->snd.una))
		take_new_ack(sk, cb->ack, &n);
	tl_sack_take(sk, skb, &n);
	n.plain = cb->seq == cb->end && !window_changed;
	/* RFC5681 2: a duplicate ACK, by its five marks */
	n.dup = !n.tally.acked && n.plain && cb->ack == tl->snd.una;
	/* with nothing outstanding there was nothing that could meet congestion */
	n.ece = tl->ecn.echoed && n.prior_una != tl->snd.nxt;
	if (!n.tally.acked && !tl->board.out) {
		if (tl->loss.tlp)
			tl_tlp_acked(sk, &n);
		if (!n.dsack)
			return;
	}
	if (!n.tally.acked && !n.tally.sacked && !n.dup && !n.dsack && !n.ece)
		return;
	tl->sent.delivered += n.tally.segs + n.dsack_segs;
	tl_loss_ack(sk, &n);
	restart_timers(sk, &n);
	if (n.tally.acked)
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
	if (seq_gt(cb->ack, tl->snd.nxt)) {
		tl_challenge(sk);
		return TL_DROP_AckUnsent;
	}

	tl_ecn_rcv_ack(sk, cb);
	tl_ecn_rcv_cwr(sk, cb);
	/* The peer is there, whatever it says, and so is the way to it. */
	tl->ackp.last_seg = tl_clock_jiffies();
	tl->loss.probes = 0;
	WRITE_ONCE(sk->sk_err_soft, 0);
	window_changed = update_window(tl, cb);
	take_news(sk, skb, window_changed);
	if (was_shut && tl->snd.wnd)
		tl_rto_window_opened(sk);
	tl->ecn.echoed = 0;
	tl_persist_update(sk);
	return TL_DROP_NONE;
}
