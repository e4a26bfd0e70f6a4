// SPDX-License-Identifier: GPL-2.0
/*
 * The recovery state machine: what an ACK makes of the five states.
 *
 *	Open		all is well
 *	Disorder	something is missing, perhaps only late: new data goes on
 *	CWR		the peer says that the path is congested: the window goes down
 *	Recovery	something is lost: it goes again, and the window goes down
 *	Loss		the retransmission timer fired: slow start from one segment
 *
 * What is lost RACK says (rack.c), or duplicate ACKs where the peer has no SACK (newreno.c). A
 * state ends when all that was sent before it began is acknowledged.
 */
#include "sock.h"
#include "obs/trace.h"

/**
 * tl_loss_init() - a connection begins: nothing is lost yet
 * @sk: socket, locked
 */
void tl_loss_init(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;

	l->state = TL_CA_OPEN;
	tl_rto_over(sk);
	l->retries = 0;
	l->retry_since_us = 0;
	l->recover = tl->snd.iss;		/* RFC6582 3.2 (1) */
	l->reordering = TL_SK_SYSCTL(sk, reordering);
	l->used_us = tl_clock_us();
	tl_rack_init(&l->rack);
}

/**
 * tl_loss_pipe() - what is in the network, as far as we know (RFC6675 4)
 * @sk: socket, locked
 *
 * Return: octets.
 */
u32 tl_loss_pipe(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 pipe = tl_board_pipe(&tl->board);

	return pipe - min(pipe, tl->loss.dups);
}

/**
 * tl_ca_name() - a state's name, as Linux has it
 * @state: enum tl_ca_state
 *
 * Return: it.
 */
const char *tl_ca_name(enum tl_ca_state state)
{
	static const char * const names[] = { "Open", "Disorder", "CWR", "Recovery", "Loss" };

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static void set_state(struct sock *sk, enum tl_ca_state state)
{
	struct tl_sock *tl = tl_sk(sk);

	if (state != tl->loss.state)
		trace_tl_ca_state(sk, tl->loss.state, state);
	if (state != TL_CA_LOSS)
		tl_rto_over(sk);
	if (tl->cc.ops->state)
		tl->cc.ops->state(&tl->cc, state);
	tl->loss.state = state;
	if (state >= TL_CA_RECOVERY)
		tl_timer_clear(sk, TL_TIMER_PROBE);
}

/* Is something missing, or sent again and not yet acknowledged? */
static bool unsettled(const struct tl_sock *tl)
{
	return tl->board.sacked || tl->board.missing || tl->board.again || tl->loss.dups;
}

/**
 * tl_loss_keep_open() - Open, or Disorder as long as something is missing
 * @sk: socket, locked
 */
void tl_loss_keep_open(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	enum tl_ca_state state = unsettled(tl) ? TL_CA_DISORDER : TL_CA_OPEN;

	if (!tl->board.again)
		tl->loss.first_again_ts = 0;
	if (tl->loss.state == state)
		return;
	set_state(sk, state);
	tl->loss.recover = tl->snd.nxt;
}

static u32 current_ssthresh(const struct tl_sock *tl)
{
	if (tl->loss.state == TL_CA_CWR || tl->loss.state == TL_CA_RECOVERY)
		return tl->cc.ssthresh;
	return max(tl->cc.ssthresh, tl->cc.cwnd / 4 * 3);
}

/**
 * tl_loss_enter_cwr() - the path is congested, and nothing lost: reduce the window once
 * @sk: socket, locked
 *
 * For ECN (RFC3168 6.1.2) and for what says the same.
 */
void tl_loss_enter_cwr(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->loss.prior_ssthresh = 0;		/* a peer's word is not to be undone */
	if (tl->loss.state >= TL_CA_CWR)
		return;
	tl->loss.undo = 0;
	set_state(sk, TL_CA_CWR);
	tl_loss_begin_reduction(sk);
	trace_tl_cwnd(sk, "cwr");
}

/* Without fast recovery each loss is a new beginning: all that is out goes again (Tahoe). */
static void cwnd_collapse(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_range *r, *next;

	list_for_each_entry_safe(r, next, &tl->board.sent, sent)
		tl_board_lose(&tl->board, r);
	tl_newreno_forget(sk);
	tl->cc.cwnd = tl->snd.mss;
	tl->loss.prr.flight = 0;
	set_state(sk, TL_CA_LOSS);
	tl->loss.frto = 0;
}

/* RFC6675 5 (4), RFC6582 3.2 (2), RFC5681 3.2 (2) */
static void enter_recovery(struct sock *sk, bool ece)
{
	struct tl_sock *tl = tl_sk(sk);
	bool fresh = tl->loss.state != TL_CA_CWR;	/* not reduced already in this round trip */

	if (tl->rcv.sack_ok)
		TL_SK_INC(sk, TCPSackRecovery);
	else
		TL_SK_INC(sk, TCPRenoRecovery);
	tl->loss.prior_ssthresh = ece || !fresh ? 0 : current_ssthresh(tl);
	tl_undo_prepare(sk);
	set_state(sk, TL_CA_RECOVERY);
	if (fresh)
		tl_loss_begin_reduction(sk);
	if (tl->cc.ops->flags & TL_CC_NO_FAST_RECOVERY)
		cwnd_collapse(sk);
	trace_tl_cwnd(sk, "recovery");
}

/* What is lost is no sign of congestion: it goes again, and the window stays. */
static void repair_quietly(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (tl->loss.state == TL_CA_LOSS)
		return;
	tl->loss.recover = tl->snd.nxt;
	tl->cc.ssthresh = current_ssthresh(tl);
	tl->loss.prior_ssthresh = 0;
	tl->loss.undo = 0;
	tl->loss.frto = 0;
	set_state(sk, TL_CA_LOSS);
}

/* Something is lost that was not known to be. */
static void take_loss(struct sock *sk, bool ece)
{
	if (tl_sk(sk)->loss.state < TL_CA_CWR && tl_mtup_failed(sk))
		repair_quietly(sk);
	else
		enter_recovery(sk, ece);
}

static u32 rack_window(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	/* While nothing was ever reordered: at once in recovery, or at DupThresh (RFC8985 6.2) */
	if (!tl->loss.reorders && (tl->loss.state >= TL_CA_RECOVERY ||
				   tl->board.sacked_segs >= tl->loss.reordering))
		return 0;
	return tl_rack_window(&tl->loss.rack, tl->rtt.min, tl->rtt.srtt >> 3);
}

#define REO_TIMER_LEAST_US	2000	/* added, as in Linux: clocks are coarse */

/* What tl_rack_detect() is about to find */
static void trace_rack(const struct sock *sk, u32 window_us, u64 now_us)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_rack *k = &tl->loss.rack;
	const struct tl_range *r;

	list_for_each_entry(r, &tl->board.sent, sent) {
		if (!tl_sent_after(k->sent_us, k->end, r->at.sent_us, r->end) ||
		    !tl_rack_overdue(k, r, window_us, now_us))
			return;
		trace_tl_lost(sk, r->seq, r->end - r->seq, "rack");
	}
}

static void rack_mark(struct sock *sk, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 window, left;

	if (!tl->loss.rack.advanced)
		return;
	tl->loss.rack.advanced = false;
	window = rack_window(sk);
	if (trace_tl_lost_enabled())
		trace_rack(sk, window, now_us);
	left = tl_rack_detect(&tl->loss.rack, &tl->board, window, now_us);
	if (left) {
		tl_timer_set(sk, TL_TIMER_REO, tl_us_jiffies(left + REO_TIMER_LEAST_US));
		tl_timer_clear(sk, TL_TIMER_PROBE);
	} else {
		tl_timer_clear(sk, TL_TIMER_REO);
	}
}

/* What is lost by now? Return: did something get lost a second time? */
static bool find_losses(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 again = tl->board.again;

	if (!tl->board.out)
		return false;
	if (tl->rcv.sack_ok)
		rack_mark(sk, n->tally.now_us);
	else
		tl_newreno_mark(sk, n->tally.acked);
	if (tl->board.again >= again)
		return false;
	TL_SK_INC(sk, TCPLostRetransmit);
	return true;
}

/*
 * Without SACK a state is held until something above @recover is acknowledged: duplicate ACKs of
 * what went again needlessly must not begin another recovery (RFC6582 3.2, RFC2582 5).
 */
static bool must_wait(const struct tl_sock *tl)
{
	return !tl->rcv.sack_ok && tl->snd.una == tl->loss.recover;
}

/* All that was sent before the state began is acknowledged. Return: false to hold the state. */
static bool recovered(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);

	if (tl_undo_possible(sk, n)) {
		if (tl->loss.state == TL_CA_LOSS)
			TL_SK_INC(sk, TCPLossUndo);
		else
			TL_SK_INC(sk, TCPFullUndo);
		tl_undo(sk, false, "undo");
	} else if (tl->loss.rack.persist) {
		tl->loss.rack.persist--;
	}
	if (must_wait(tl)) {
		/* the undo, too, is over: a partial ACK after that means nothing */
		if (!tl->board.again)
			tl->loss.first_again_ts = 0;
		return false;
	}
	if (tl->loss.state != TL_CA_LOSS)
		tl_loss_end_reduction(sk);
	set_state(sk, TL_CA_OPEN);
	tl->loss.reneged = 0;
	return true;
}

/* What went again arrived twice, all of it. */
static bool undo_by_dsack(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!tl->loss.undo || tl->loss.undo_left)
		return false;
	tl->loss.rack.persist = min(tl->loss.rack.persist + 1, TL_RACK_PERSIST);
	tl_undo(sk, false, "dsack");
	TL_SK_INC(sk, TCPDSACKUndo);
	return true;
}

/* Disorder and CWR end here, or go on. */
static void try_to_open(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);

	if (n->ece)
		tl_loss_enter_cwr(sk);
	if (tl->loss.state != TL_CA_CWR)
		tl_loss_keep_open(sk);
}

/* Return: false if nothing more is to be done with this ACK. */
static bool in_recovery(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!n->tally.acked) {
		if (!tl->rcv.sack_ok)
			tl_newreno_dupack(sk, n);
	} else if (tl->loss.undo && tl_undo_delayed(sk, n)) {
		/*
		 * A partial ACK of the original: the hole was filled by what was late. While
		 * something sent again is out new data goes, nothing old does, and nothing else is
		 * called lost.
		 */
		tl_reorder_seen(sk, n->prior_una);
		if (tl->board.again) {
			tl->loss.hold = 1;
			return false;
		}
		tl->loss.first_again_ts = 0;
		tl_undo(sk, true, "partial-undo");
		TL_SK_INC(sk, TCPPartialUndo);
		tl_loss_keep_open(sk);
	}
	if (undo_by_dsack(sk))
		tl_loss_keep_open(sk);
	find_losses(sk, n);
	return true;
}

/* F-RTO found that the timeout was spurious, or another sign says so. */
static bool undo_loss(struct sock *sk, const struct tl_ack_news *n, bool frto)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!frto && !tl_undo_possible(sk, n))
		return false;
	tl_undo(sk, true, frto ? "frto" : "undo");
	TL_SK_INC(sk, TCPLossUndo);
	if (frto)
		TL_SK_INC(sk, TCPSpuriousRTOs);
	tl->loss.retries = 0;
	if (must_wait(tl))
		return true;
	if (frto || tl->rcv.sack_ok) {
		set_state(sk, TL_CA_OPEN);
		tl->loss.reneged = 0;
		tl_loss_keep_open(sk);
	}
	return true;
}

/*
 * F-RTO with and without SACK (RFC5682 2.1, 3.1). Return: true if the ACK was dealt with.
 */
static bool try_frto(struct sock *sk, const struct tl_ack_news *n, bool all)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;

	/* (3b): something that went once only, before the timeout, has arrived */
	if (n->tally.original && undo_loss(sk, n, true))
		return true;
	if (seq_gt(tl->snd.nxt, l->recover)) {
		/* (3a): the ACK after the new data is a duplicate: the timeout was right */
		if (n->tally.sacked || n->dup)
			l->frto = 0;
	} else if (n->tally.acked && !all) {
		/* (2b): new data first, and see */
		l->recover = tl->snd.nxt;
		if (seq_lt(tl->snd.nxt, tl->snd.end) &&
		    seq_gt(tl->snd.una + tl->snd.wnd, tl->snd.nxt)) {
			l->new_first = 1;
			return true;
		}
		l->frto = 0;
	}
	return false;
}

static void in_loss(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	bool all = seq_geq(tl->snd.una, l->recover);

	if (n->tally.acked && undo_loss(sk, n, false))
		return;
	if (l->frto && try_frto(sk, n, all))
		return;
	if (all) {
		if (!tl->rcv.sack_ok)
			tl_newreno_forget(sk);
		if (recovered(sk, n))
			tl_loss_keep_open(sk);
		return;
	}
	if (!tl->rcv.sack_ok) {
		/* a timeout forgets duplicate ACKs; those of new data count */
		if (n->tally.acked)
			tl_newreno_forget(sk);
		else if (seq_gt(tl->snd.nxt, l->recover))
			tl_newreno_dupack(sk, n);
	}
}

/*
 * What SACK named the ACK does not cover, although it reaches it: the receiver threw it away
 * (RFC2018 8). Nothing of what it said counts.
 */
static bool reneged(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_range *first = tl_board_first(&tl->board);

	if (!n->tally.acked || !first || !first->sacked)
		return false;
	/* perhaps its next ACK comes at once, and covers more: a little patience, as in Linux */
	tl->loss.reneged = 1;
	TL_SK_INC(sk, TCPSACKReneging);
	tl_timer_set_earlier(sk, TL_TIMER_REXMIT,
			     tl_us_jiffies(max_t(u32, tl->rtt.srtt >> 4, 10 * USEC_PER_MSEC)));
	return true;
}

/* An ACK that is not simply good news, or that came in a state that is not Open */
static void alert(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;

	if (n->ece)
		l->prior_ssthresh = 0;
	if (reneged(sk, n))
		return;
	if (l->state == TL_CA_OPEN) {
		if (!tl->board.again)
			l->first_again_ts = 0;
	} else if (seq_geq(tl->snd.una, l->recover)) {
		/* CWR is held until something above is acknowledged, so that our CWR arrives */
		if (l->state == TL_CA_CWR && tl->snd.una != l->recover) {
			tl_loss_end_reduction(sk);
			set_state(sk, TL_CA_OPEN);
		} else if (l->state == TL_CA_RECOVERY) {
			if (!tl->rcv.sack_ok)
				tl_newreno_forget(sk);
			if (!recovered(sk, n))
				return;
		}
	}

	switch (l->state) {
	case TL_CA_RECOVERY:
		if (!in_recovery(sk, n) || l->state == TL_CA_RECOVERY)
			return;
		break;
	case TL_CA_LOSS:
		in_loss(sk, n);
		/* a second loss is congestion anew */
		if (!find_losses(sk, n) && l->state != TL_CA_OPEN)
			return;
		break;
	default:
		if (!tl->rcv.sack_ok && n->tally.acked)
			tl_newreno_forget(sk);
		else if (!tl->rcv.sack_ok)
			tl_newreno_dupack(sk, n);
		if (l->state <= TL_CA_DISORDER)
			undo_by_dsack(sk);
		find_losses(sk, n);
	}
	if (tl_board_next_lost(&tl->board))
		take_loss(sk, n->ece);
	else
		try_to_open(sk, n);
}

static bool is_good_news(const struct tl_sock *tl, const struct tl_ack_news *n)
{
	return tl->loss.state == TL_CA_OPEN && !tl->board.missing && !n->dup &&
	       !n->tally.sacked && !n->dsack && !n->ece;
}

/**
 * tl_loss_ack() - an ACK came, and the scoreboard knows what it says
 * @sk: socket, locked; SND.UNA has moved
 * @n: the ACK
 */
void tl_loss_ack(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	struct tl_board *b = &tl->board;
	u32 lost = b->lost_ever;

	l->hold = 0;
	if (n->tally.acked) {
		l->retries = 0;
		l->retry_since_us = 0;
		if (!tl->rcv.sack_ok)
			tl_newreno_acked(sk, n);
	}
	n->rtt_us = tl_rtt_acked(sk, n);
	tl_rate_sample(&l->rate, &n->tally, tl->rtt.min, &n->rate);
	if (l->reneged)
		n->rate.interval_us = 0;
	if (n->tally.late_us && tl->rcv.sack_ok)
		tl_rack_late(&l->rack, n->tally.late_us, tl->rtt.min);
	tl_rack_advance(&l->rack, &n->tally);
	tl_rack_adapt(&l->rack, n->rate.prior_delivered, l->rate.delivered);
	if (tl->rcv.sack_ok && seq_lt(n->tally.lowest, n->tally.fack))
		tl_reorder_seen(sk, n->tally.lowest);

	if (!is_good_news(tl, n))
		alert(sk, n);
	if (l->tlp)
		tl_tlp_acked(sk, n);
	tl_loss_control(sk, n, b->lost_ever - lost);
}

/**
 * tl_loss_tlp_lost() - a tail loss probe repaired a loss: that is congestion, too (RFC8985 7.4.2)
 * @sk: socket, locked
 */
void tl_loss_tlp_lost(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (tl->loss.state >= TL_CA_CWR)
		return;
	set_state(sk, TL_CA_RECOVERY);		/* a loss, not a mark: to DCTCP it matters */
	tl_loss_begin_reduction(sk);
	tl_loss_end_reduction(sk);
	tl->loss.undo = 0;
	tl_loss_keep_open(sk);
}

/**
 * tl_loss_reo_timer() - what could only have been late is lost by now (RFC8985 6.3)
 * @sk: socket, locked
 */
void tl_loss_reo_timer(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 lost = tl->board.lost_ever;

	if (!tl->board.out || !tl_in_state(sk, TLF_SYNCHRONIZED) || !tl->rcv.sack_ok)
		return;
	tl->loss.rack.advanced = true;
	rack_mark(sk, tl_clock_us());
	if (tl->board.lost_ever == lost)
		return;
	if (tl->loss.state < TL_CA_RECOVERY) {
		const struct tl_ack_news none = {
			.tally = { .delivered = 1, .now_us = tl_clock_us() },
		};

		take_loss(sk, false);
		if (tl->loss.state == TL_CA_RECOVERY)
			tl_loss_control(sk, &none, tl->board.lost_ever - lost);
	}
	tl_output(sk, TL_PUSH_USUAL);
}

/*
 * All is lost but what arrived, and what went so lately that it cannot have arrived. Of a receiver
 * that throws away what it had nothing is believed.
 */
static void lose_all(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_board *b = &tl->board;
	struct tl_range *r, *next, *head;
	u64 now = tl_clock_us();
	bool reneged;

	head = tl_board_first(b);
	reneged = head && head->sacked;
	if (reneged)
		tl_board_forget_sacks(b);
	tl_newreno_forget(sk);
	list_for_each_entry_safe(r, next, &b->sent, sent) {
		if (!reneged && tl->rcv.sack_ok && tl->loss.rack.rtt_us && r != head &&
		    !tl_rack_overdue(&tl->loss.rack, r, 0, now))
			continue;
		trace_tl_lost(sk, r->seq, r->end - r->seq, "rto");
		tl_board_lose(b, r);
	}
}

/**
 * tl_loss_timeout() - the retransmission timer fired (RFC5681 3.1, RFC6298 5)
 * @sk: socket, locked, past the handshake; something is out
 *
 * The threshold is set once for a row of timeouts (RFC5681 (4)).
 */
void tl_loss_timeout(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	struct tl_cc *cc = &tl->cc;
	bool fresh = l->state < TL_CA_RECOVERY, calm = l->state <= TL_CA_DISORDER;
	bool anew = calm || !seq_gt(l->recover, tl->snd.una) ||
		    (l->state == TL_CA_LOSS && !l->retries);

	lose_all(sk);
	if (anew)
		l->prior_ssthresh = current_ssthresh(tl);
	set_state(sk, TL_CA_LOSS);
	if (anew) {
		tl_loss_begin_reduction(sk);
		if (cc->ops->event)
			cc->ops->event(cc, TL_CC_LOSS);
		l->first_again_ts = 0;
		tl_undo_prepare(sk);
	}
	tl_ecn_reduced(sk);
	l->prr.flight = 0;
	cc->cwnd = tl_loss_pipe(sk) + tl->snd.mss;
	/* it is not reordering that makes a timer fire */
	if (calm && tl->board.sacked_segs >= TL_SK_SYSCTL(sk, reordering))
		l->reordering = min_t(u32, l->reordering, TL_SK_SYSCTL(sk, reordering));
	l->recover = tl->snd.nxt;
	l->tlp = 0;
	l->hold = 0;
	l->new_first = 0;
	tl_timer_clear(sk, TL_TIMER_REO);
	/* RFC5682 2.1 (1): not in a recovery that went before, unless in a row of timeouts */
	l->frto = TL_SK_SYSCTL(sk, frto) && (fresh || l->retries) && !tl->mtup.size;
	trace_tl_cwnd(sk, "rto");
}

/**
 * tl_loss_too_big() - the path's MTU is smaller than what is out: that is lost, and no congestion
 * @sk: socket, locked; its MSS is the new one
 */
void tl_loss_too_big(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_range *r, *next;
	bool any = false;

	list_for_each_entry_safe(r, next, &tl->board.sent, sent) {
		if (r->seg <= tl->snd.mss || r->end - r->seq <= tl->snd.mss)
			continue;
		trace_tl_lost(sk, r->seq, r->end - r->seq, "mtu");
		tl_board_lose(&tl->board, r);
		any = true;
	}
	if (!any)
		return;
	repair_quietly(sk);
	tl_output(sk, TL_PUSH_USUAL);
}
