// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes (RFC 8985 7): when the last segments of a flight are lost no ACK tells of it.
 * After two round trips without one a segment goes, new data if there is some, the last one again
 * otherwise; its ACK makes RACK see what is missing, long before the retransmission timer.
 */
#include "sock.h"

#define PTO_LEAST_US	2000		/* added, as in Linux: clocks are coarse */

static bool one_segment(const struct tl_board *b)
{
	return tl_board_first(b) == b->last && b->out <= b->last->seg;
}

static u64 probe_timeout(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 us;

	if (!tl->rtt.srtt)
		return b.init;
	us = tl->rtt.srtt >> 2;			/* 2 * SRTT */
	/* a single segment's ACK may be delayed (RFC8985 7.2) */
	return us + (one_segment(&tl->board) ? b.min : PTO_LEAST_US);
}

/**
 * tl_tlp_schedule() - something was sent, or acknowledged: probe if nothing comes (RFC8985 7.2)
 * @sk: socket, locked
 * @rto_restarts: the retransmission timer is about to be set anew
 *
 * Return: true if a probe is due, and before the retransmission timer.
 */
bool tl_tlp_schedule(struct sock *sk, bool rto_restarts)
{
	struct tl_sock *tl = tl_sk(sk);
	unsigned long pto, rto;

	if (!TL_SK_SYSCTL(sk, early_retrans) || !tl->board.out || !tl->rcv.sack_ok ||
	    (tl->loss.state != TL_CA_OPEN && tl->loss.state != TL_CA_CWR) ||
	    tl->loss.tlp || tl_timer_armed(sk, TL_TIMER_REO)) {
		if (rto_restarts)
			tl_timer_clear(sk, TL_TIMER_PROBE);
		return false;
	}
	/* a whole jiffy: the one that passes now may be over at once */
	pto = tl_us_jiffies(probe_timeout(sk)) + 1 + tl_pace_delay(sk);
	rto = rto_restarts || !tl_timer_armed(sk, TL_TIMER_REXMIT) ?
	      tl_rto_jiffies(sk) + tl_pace_delay(sk) : tl_timer_left(sk, TL_TIMER_REXMIT);
	tl_timer_set(sk, TL_TIMER_PROBE, min(pto, rto));
	return true;
}

/**
 * tl_tlp_timer() - two round trips, and no ACK (RFC8985 7.3)
 * @sk: socket, locked
 */
void tl_tlp_timer(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	bool more = seq_lt(tl->snd.nxt, tl->snd.end);
	int sent = 0;

	if (!tl->board.out || !tl_in_state(sk, TLF_SYNCHRONIZED))
		return;
	/* one at a time; and new data keeps to its rate, as in Linux: its deadline sends it */
	if (!l->tlp && !(more && tl_probe_len(sk) && tl_pace_wait(sk))) {
		l->tlp_again = 0;
		tl_mss_follow(sk);
		if (more)
			sent = tl_send_new(sk, tl_probe_len(sk), tl_mss_now(sk),
					   tl_clock_us());
		if (sent <= 0) {
			sent = tl_retransmit_last(sk);
			l->tlp_again = 1;
		}
		if (sent > 0) {
			l->tlp = 1;
			l->tlp_end = tl->snd.nxt;
			TL_SK_INC(sk, TCPLossProbes);
		}
	}
	if (sent > 0)
		tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk) + tl_pace_delay(sk));
}

/**
 * tl_tlp_acked() - a probe is out, and an ACK came: was something lost (RFC8985 7.4.2)?
 * @sk: socket, locked
 * @n: the ACK
 */
void tl_tlp_acked(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;

	if (seq_lt(tl->snd.una, l->tlp_end))
		return;
	if (!l->tlp_again || n->dsack_tlp) {
		l->tlp = 0;		/* new data; or both arrived */
	} else if (seq_gt(tl->snd.una, l->tlp_end)) {
		/* the original's ACK would have come as a duplicate, or named in a D-SACK */
		l->tlp = 0;
		TL_SK_INC(sk, TCPLossProbeRecovery);
		tl_loss_tlp_lost(sk);
	} else if (n->dup && !n->tally.sacked) {
		l->tlp = 0;		/* a duplicate: both arrived */
	}
}
