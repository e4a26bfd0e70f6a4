// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES (RFC 9293 3.10.7): the eight steps, in their order.
 *
 * Each step returns TL_DROP_NONE to go on, or the reason why the segment goes no further.
 */
#include <linux/security.h>
#include "sock.h"
#include "ip/demux.h"
#include "obs/trace.h"

/* R1 of RFC7323 5.3: older than what we have seen from this peer? */
static bool paws_failed(const struct tl_sock *tl, const struct tl_cb *cb)
{
	if (!tl->rcv.ts_ok || !(cb->opts.seen & TL_OPT_TIMESTAMP) || (cb->flags & TL_RST))
		return false;
	if (!seq_lt(cb->opts.tsval, tl->rcv.ts_recent))
		return false;
	/* RFC7323 5.5: after 24 idle days TS.Recent means nothing */
	return tl_clock_seconds() - tl->rcv.ts_recent_age < 24 * 24 * 3600;
}

/* R3 of RFC7323 4.3: note the timestamp of the segment that the next ACK answers. */
static void note_timestamp(struct tl_sock *tl, const struct tl_cb *cb)
{
	if (!tl->rcv.ts_ok || !(cb->opts.seen & TL_OPT_TIMESTAMP))
		return;
	if (seq_geq(cb->opts.tsval, tl->rcv.ts_recent) && seq_leq(cb->seq, tl->rcv.last_ack)) {
		tl->rcv.ts_recent = cb->opts.tsval;
		tl->rcv.ts_recent_age = tl_clock_seconds();
	}
}

/* Simultaneous open: the peer's SYN-ACK repeats its SYN, and brings the ACK that we wait for. */
static bool is_syn_again(const struct sock *sk, const struct tl_cb *cb)
{
	return sk->sk_state == TCP_SYN_RECV && cb->seq == tl_sk(sk)->rcv.irs &&
	       (cb->flags & (TL_SYN | TL_ACK | TL_RST)) == (TL_SYN | TL_ACK);
}

/*
 * An RST that counts is one at RCV.NXT exactly (RFC5961 3.2). Peers that forget, after their FIN,
 * that it has a number (macOS) are understood, as in Linux.
 */
static bool rst_exact(const struct sock *sk, const struct tl_cb *cb)
{
	u32 nxt = tl_sk(sk)->rcv.nxt;

	return cb->seq == nxt ||
	       (cb->seq == nxt - 1 &&
		tl_in_state(sk, TCPF_CLOSE_WAIT | TCPF_CLOSING | TCPF_LAST_ACK));
}

/*
 * What is not acceptable is acknowledged, so that the peer learns; within limits. If data comes
 * again, the ACK may have been lost or late: then the peer needs ACKs soon, and is told what it
 * need not have sent.
 */
static void answer_unacceptable(struct sock *sk, const struct tl_cb *cb, enum tl_mib skipped)
{
	struct tl_sock *tl = tl_sk(sk);

	if (sk->sk_state == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD))
		skipped = TL_MIB_TCPACKSkippedFinWait2;
	if (tl_oow_limited_for(sock_net(sk), cb, &tl->oow_last, skipped))
		return;
	tl_ack_want_now(sk);
	if (cb->seq == cb->end || !seq_lt(cb->seq, tl->rcv.nxt))
		return;
	TL_SK_INC(sk, DelayedACKLost);
	tl_ack_be_quick(sk, TL_QUICK_MAX);
	tl->rcv.sackout.has_dup = false;
	tl_rcv_duplicate(sk, cb->seq, seq_min(cb->end, tl->rcv.nxt));
}

/* RFC5961 4.2: a SYN, wherever it lies: did the peer forget us? */
static enum tl_drop challenge_syn(struct sock *sk)
{
	TL_SK_INC(sk, TCPSYNChallenge);
	tl_challenge(sk);
	return TL_DROP_SynInWindow;
}

/* First: sequence number. */
static enum tl_drop check_seq(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	u32 wnd = tl_rcv_window_left(tl);

	if (paws_failed(tl, cb)) {
		if (cb->flags & TL_SYN)
			return challenge_syn(sk);
		TL_SK_INC(sk, PAWSEstab);
		answer_unacceptable(sk, cb, TL_MIB_TCPACKSkippedPAWS);
		return TL_DROP_Paws;
	}
	if (seg_acceptable(cb->seq, cb->end, tl->rcv.wup, tl->rcv.nxt, wnd))
		return TL_DROP_NONE;
	if (is_syn_again(sk, cb)) {
		tl_ack_want_now(sk);		/* the peer may wait for it in SYN-RECEIVED, too */
		return TL_DROP_NONE;
	}
	if (cb->flags & TL_RST)
		return rst_exact(sk, cb) ? TL_DROP_NONE : TL_DROP_OutOfWindow;
	if (tl_is_early(sk) && cb->seq == tl->rcv.irs &&
	    (cb->flags & (TL_SYN | TL_ACK)) == TL_SYN) {
		/* the peer's SYN again: our SYN-ACK was lost */
		if (!tl_oow_limited(sock_net(sk), &tl->oow_last, TL_MIB_TCPACKSkippedSynRecv))
			tl_send_syn(sk, NULL);
		return TL_DROP_OldData;
	}
	if (cb->flags & TL_SYN)
		return challenge_syn(sk);
	answer_unacceptable(sk, cb, TL_MIB_TCPACKSkippedSeq);
	if (seq_leq(cb->end, tl->rcv.nxt) && cb->seq != cb->end)
		return TL_DROP_OldData;
	return TL_DROP_OutOfWindow;
}

/*
 * Second: RST. Elsewhere in the window than at RCV.NXT, or where a peer may think that is, the peer
 * is asked (RFC5961 3.2).
 */
static enum tl_drop check_rst(struct sock *sk, const struct sk_buff *skb)
{
	const struct tl_cb *cb = TL_CB(skb);

	if (!(cb->flags & TL_RST))
		return TL_DROP_NONE;
	if (!rst_exact(sk, cb) && !tl_sackout_ends_at(&tl_sk(sk)->rcv.sackout, cb->seq)) {
		tl_fastopen_stray_reset(sk);
		tl_challenge(sk);
		return TL_DROP_BadRst;
	}
	tl_reset_received(sk);
	return TL_DROP_USED;
}

/* Fourth: SYN (the third, security, is no more). RFC5961 4.2. */
static enum tl_drop check_syn(struct sock *sk, const struct sk_buff *skb)
{
	const struct tl_cb *cb = TL_CB(skb);

	if (!(cb->flags & TL_SYN) || is_syn_again(sk, cb))
		return TL_DROP_NONE;
	return challenge_syn(sk);
}

/* Fifth, SYN-RECEIVED: does it acknowledge our SYN? */
static enum tl_drop check_ack_syn_recv(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);

	if (seq_leq(cb->ack, tl->snd.una) || seq_gt(cb->ack, tl->snd.nxt)) {
		tl_reset_for(sk, skb);
		return TL_DROP_AckUnsent;
	}
	tl_rtt_syn_acked(sk, skb);
	tl->snd.una = tl->snd.iss + 1;
	tl->snd.wnd = tl_seg_window(tl, cb);
	tl->snd.max_wnd = max(tl->snd.max_wnd, tl->snd.wnd);
	tl->snd.wl1 = cb->seq;
	tl->snd.wl2 = cb->ack;
	tl_rto_restart(sk);
	tl_established(sk, TL_EV_RCV_ACK);
	if (tl->snd.fin)		/* closed in the middle of a simultaneous open */
		tl_state_set(sk, TCP_FIN_WAIT1, TL_EV_CLOSE);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		if (sk->sk_socket)
			sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
	return TL_DROP_NONE;
}

/* Our FIN is acknowledged. Return: false if the connection is over. */
static bool fin_acked(struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_FIN_WAIT1:
		tl_state_set(sk, TCP_FIN_WAIT2, TL_EV_RCV_ACK_FIN);
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
		sk_dst_confirm(sk);
		if (!sock_flag(sk, SOCK_DEAD)) {
			sk->sk_state_change(sk);	/* wake a close() that lingers */
			return true;
		}
		tl_finwait2_arm(sk);
		return sk->sk_state != TCP_CLOSE;
	case TCP_CLOSING:
		tl_timewait_enter(sk, TL_EV_RCV_ACK_FIN);
		return false;
	case TCP_LAST_ACK:
		tl_done(sk, TL_EV_RCV_ACK_FIN);
		return false;
	}
	return true;
}

/* Fifth: ACK. */
static enum tl_drop check_ack(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	bool opened = sk->sk_state == TCP_SYN_RECV;
	enum tl_drop why;

	if (!(cb->flags & TL_ACK))
		return TL_DROP_NoAck;
	if (sk->sk_state == TCP_SYN_RECV) {
		why = check_ack_syn_recv(sk, skb);
		if (why != TL_DROP_NONE)
			return why;
	}
	/* The handshake's ACK is no duplicate, although data may have gone after our SYN. */
	if (!opened || cb->ack != tl->snd.una) {
		why = tl_rcv_ack(sk, skb);
		if (why != TL_DROP_NONE)
			return why;
	}
	if (tl->snd.fin && tl->snd.una == tl->snd.end + 1 && !fin_acked(sk))
		return TL_DROP_USED;
	return TL_DROP_NONE;
}

/* Data for a program that has gone (RFC9293 SHLD-3, RFC1122 4.2.2.13). */
static enum tl_drop check_nobody_reads(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);

	if (!tl_in_state(sk, TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) ||
	    !(sk->sk_shutdown & RCV_SHUTDOWN))
		return TL_DROP_NONE;
	if (!tl_cb_datalen(cb) || !seq_gt(cb->end - !!(cb->flags & TL_FIN), tl->rcv.nxt))
		return TL_DROP_NONE;
	TL_SK_INC(sk, TCPAbortOnData);
	tl_reset_for(sk, skb);
	tl_fail(sk, ECONNRESET, TL_EV_ABORT);
	return TL_DROP_AfterClose;
}

/* Seventh: text. Consumes @skb, which may hold none. */
static void take_text(struct sock *sk, struct sk_buff *skb)
{
	const struct tl_cb *cb = TL_CB(skb);

	/* In other states the peer has sent its FIN: what follows it is no data. */
	if (!tl_in_state(sk, TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) ||
	    (!tl_cb_datalen(cb) && !(cb->flags & TL_FIN))) {
		consume_skb(skb);
		return;
	}
	tl_rcv_window_echo(sk, skb);
	tl_rcv_data(sk, skb);
}

/* Eighth: FIN, when all before it has come. */
static void take_fin(struct sock *sk)
{
	const struct tl_rcv *rcv = &tl_sk(sk)->rcv;

	if (rcv->fin_seen && rcv->nxt == rcv->fin_seq &&
	    tl_in_state(sk, TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2))
		tl_rcv_fin(sk);
}

/*
 * What the segment gave occasion to send: one ACK for all that it brought into order (RFC9293
 * MUST-58, MUST-59), on data if there is some.
 */
static void respond(struct sock *sk)
{
	bool live = !tl_in_state(sk, TCPF_CLOSE | TCPF_SYN_SENT | TCPF_LISTEN);

	if (live)
		tl_output(sk, TL_PUSH_USUAL);
	sk_mem_reclaim(sk);		/* see tl_mem_uncharge() */
	if (!live)
		return;
	tl_write_space(sk);
	tl_chrono_space(sk);
	tl_ack_check(sk);
}

static void take_syn_data_ack(struct sock *sk, u32 ack)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_tally t = { .now_us = tl_clock_us() };

	tl->sent.bytes_acked += ack - (tl->snd.iss + 1);
	tl_board_acked(&tl->board, ack, &t);
	tl_txq_acked(sk, ack);
	tl->loss.rate.delivered += t.delivered;
	tl->sent.delivered += t.segs;
	tl_chrono_stop(sk, TL_CHRONO_BUSY);
}

/* SYN-SENT (RFC9293 3.10.7.3). Return: go on with the seventh step? */
static enum tl_drop rcv_syn_sent(struct sock *sk, struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	bool acked = cb->flags & TL_ACK;

	/* first: ACK */
	if (acked && (seq_leq(cb->ack, tl->snd.iss) || seq_gt(cb->ack, tl->snd.nxt))) {
		tl_reset_for(sk, skb);
		return TL_DROP_BadSynAck;
	}
	/* second: RST, only with an acceptable ACK (RFC5961 3.2) */
	if (cb->flags & TL_RST) {
		if (!acked)
			return TL_DROP_BadRst;
		tl_reset_received(sk);
		return TL_DROP_USED;
	}
	/* fourth: SYN; fifth: neither SYN nor RST */
	if (!(cb->flags & TL_SYN))
		return TL_DROP_BadFlags;

	tl_take_syn_opts(sk, skb);
	if (!acked) {
		/*
		 * simultaneous open (RFC9293 MUST-10): the text waits until the peer sends it again
		 */
		tl_state_set(sk, TCP_SYN_RECV, TL_EV_RCV_SYN);
		tl_send_syn(sk, NULL);
		return TL_DROP_USED;
	}
	tl_rtt_syn_acked(sk, skb);
	tl->snd.una = cb->ack;
	if (seq_gt(cb->ack, tl->snd.iss + 1))		/* data that went with our SYN */
		take_syn_data_ack(sk, cb->ack);
	tl_fastopen_synack(sk, skb);
	tl_rto_restart(sk);
	security_inet_conn_established(sk, skb);
	tl_established(sk, TL_EV_RCV_SYNACK);
	tl_ack_synack(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
	return TL_DROP_NONE;
}

static enum tl_drop rcv_synchronized(struct sock *sk, const struct sk_buff *skb)
{
	enum tl_drop why;

	why = check_seq(sk, skb);
	if (why != TL_DROP_NONE)
		return why;
	tl_demux_note(sk, skb);
	why = check_rst(sk, skb);
	if (why != TL_DROP_NONE)
		return why;
	why = check_syn(sk, skb);
	if (why != TL_DROP_NONE)
		return why;
	note_timestamp(tl_sk(sk), TL_CB(skb));
	why = check_ack(sk, skb);
	if (why != TL_DROP_NONE)
		return why;
	return check_nobody_reads(sk, skb);
}

/**
 * tl_rcv_segment() - a segment for a connection that has a socket (RFC9293 3.10.7.3, 3.10.7.4)
 * @sk: socket, locked, not in LISTEN
 * @skb: segment with its margin filled in; consumed
 *
 * Context: RCU reader. An orphan may be gone afterwards, but for its memory.
 */
void tl_rcv_segment(struct sock *sk, struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 segs = tl_gso_segs(skb);
	enum tl_drop why;

	WRITE_ONCE(tl->got.segs, tl->got.segs + segs);
	if (tl_cb_datalen(TL_CB(skb)))
		tl->got.data_segs += segs;
	if (tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN)) {
		/* It closed while the segment waited. A SYN wants a listener, and comes again. */
		if ((TL_CB(skb)->flags & (TL_SYN | TL_ACK)) != TL_SYN)
			tl_reset_for(sk, skb);
		why = TL_DROP_NoSocket;
	} else if (sk->sk_state == TCP_SYN_SENT) {
		why = rcv_syn_sent(sk, skb);
	} else {
		why = rcv_synchronized(sk, skb);
	}

	if (why == TL_DROP_NONE) {
		if (unlikely((TL_CB(skb)->flags & TL_URG) ||
			     tl->rcv.urgent.state == TL_URGENT_AWAITED))
			tl_rcv_urgent(sk, skb);				/* sixth */
		take_text(sk, skb);
		take_fin(sk);
	} else {
		tl_drop(sock_net(sk), skb, why);
	}
	respond(sk);
}
