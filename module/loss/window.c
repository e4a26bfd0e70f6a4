// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the congestion window: recovery reduces it by PRR, or an ACK lets the algorithm
 * grow it; and what was not used for long is not kept (RFC 7661, RFC 5681 4.1).
 */
#include "sock.h"
#include "obs/trace.h"

static bool reducing(const struct tl_sock *tl)
{
	return tl->loss.state == TL_CA_CWR || tl->loss.state == TL_CA_RECOVERY;
}

static void tell(struct tl_cc *cc, enum tl_cc_event ev)
{
	if (cc->ops->event)
		cc->ops->event(cc, ev);
}

/*
 * FlightSize: what was out in the last round trip, and not what this ACK left of it; but never more
 * than the window, which limited transmit exceeds (RFC5681 3.2 (2)).
 */
static u32 flight_size(const struct tl_sock *tl)
{
	return min(max(tl->snd.nxt - tl->snd.una, tl->loss.most_out), tl->cc.cwnd);
}

/**
 * tl_loss_begin_reduction() - something was lost, or met congestion: a new threshold
 * @sk: socket, locked; the caller sets the state and what is needed to undo
 */
void tl_loss_begin_reduction(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;

	tl->loss.recover = tl->snd.nxt;
	tl->loss.tlp = 0;
	cc->prior_cwnd = cc->cwnd;
	cc->ssthresh = cc->ops->ssthresh(cc, flight_size(tl));
	tl->loss.prr = (struct tl_prr) {
		.flight = max(tl->board.out - tl->board.sacked, 1U),
	};
	tl_ecn_reduced(sk);
}

/**
 * tl_loss_end_reduction() - recovery, or CWR, is over (RFC9937 6: "on exit")
 * @sk: socket, locked
 */
void tl_loss_end_reduction(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;

	if (tl->loss.prr.flight && cc->ssthresh < TL_SSTHRESH_MAX && !cc->ops->control) {
		cc->cwnd = cc->ssthresh;
		trace_tl_cwnd(sk, "recovered");
	}
	tl->loss.prr.flight = 0;
	tell(cc, TL_CC_RECOVERED);
}

static void reduce(struct sock *sk, const struct tl_ack_news *n, u32 lost)
{
	struct tl_sock *tl = tl_sk(sk);
	bool safe = n->tally.acked && !lost;
	u32 pipe = tl_loss_pipe(sk);

	if (!n->tally.delivered || !tl->loss.prr.flight)
		return;
	tl->cc.cwnd = max_t(u32, tl->snd.mss,
			    pipe + tl_prr_quota(&tl->loss.prr, tl->cc.ssthresh, pipe,
						n->tally.delivered, safe, tl->snd.mss));
	trace_tl_cwnd(sk, "prr");
}

/*
 * Data arrived out of order says little as long as the path does not reorder; where it does, all
 * that arrives counts.
 */
static bool cwnd_may_grow(const struct sock *sk, const struct tl_ack_news *n)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->loss.reordering > TL_SK_SYSCTL(sk, reordering))
		return n->tally.delivered;
	return n->tally.acked;
}

/* Did the window hold us back (RFC7661 4.1)? In slow start half of it is enough. */
static bool was_limited(const struct tl_sock *tl)
{
	return tl->loss.limited || tl->loss.state == TL_CA_LOSS ||
	       (tl_cc_slow_start(&tl->cc) && tl->cc.cwnd < 2 * tl->loss.most_out);
}

/**
 * tl_loss_limited() - does the congestion window hold us back, as far as is known?
 * @sk: socket, locked
 */
bool tl_loss_limited(const struct sock *sk)
{
	return was_limited(tl_sk(sk));
}

/**
 * tl_loss_control() - an ACK was looked at: what becomes of the window?
 * @sk: socket, locked
 * @n: the ACK
 * @lost: octets that it showed to be lost
 */
void tl_loss_control(struct sock *sk, const struct tl_ack_news *n, u32 lost)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;
	struct tl_cc_sample s = {
		.acked		= n->tally.delivered,
		.delivered	= n->tally.delivered,
		.lost		= lost,
		.marked		= tl_ecn_marked(sk, n->tally.delivered),
		.flight		= n->prior_flight,
		.una		= tl->snd.una,
		.nxt		= tl->snd.nxt,
		.max_wnd	= tl->snd.max_wnd,
		.rtt_us		= n->rtt_us,
		.srtt_us	= tl->rtt.srtt >> 3,
		.min_rtt_us	= tl->rtt.min,
		.now_us		= n->tally.now_us,
		.total		= tl->loss.rate.delivered,
		.state		= tl->loss.state,
		.rate		= n->rate,
	};

	cc->mss = tl->snd.mss;
	cc->limited = was_limited(tl);
	if (cc->ops->measure)
		cc->ops->measure(cc, &s);
	if (cc->ops->control) {
		cc->ops->control(cc, &s);
		trace_tl_cwnd(sk, "control");
	} else if (reducing(tl)) {
		reduce(sk, n, lost);
	} else if (cwnd_may_grow(sk, n)) {
		cc->ops->on_ack(cc, &s);
		trace_tl_cwnd(sk, "ack");
	}
	tl_pace_update(sk);
}

/* RFC7661 4.4.1, as Linux has it: half way back to what was used */
static void give_back_unused(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;
	u32 used = max_t(u32, tl->loss.most_out,
			 TL_SK_SYSCTL(sk, initial_cwnd) * tl->snd.mss);

	if (tl->loss.state != TL_CA_OPEN || used >= cc->cwnd)
		return;
	cc->ssthresh = max(cc->ssthresh, cc->cwnd / 4 * 3);
	cc->cwnd = (cc->cwnd + used) / 2;
	trace_tl_cwnd(sk, "unused");
}

/**
 * tl_loss_sent() - data went out, new or not
 * @sk: socket, locked
 * @octets: how much
 * @limited: and the congestion window let no more out
 */
void tl_loss_sent(struct sock *sk, u32 octets, bool limited)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	/* what is put off by choice was allowed: it counts as out */
	u32 out = max(tl->snd.nxt - tl->snd.una, tl->snd.waiting ? tl->cc.cwnd : 0);
	u64 now = octets ? tl->snd.last_us : tl_clock_us();

	if (reducing(tl))
		l->prr.out += octets;
	/* once a round trip the watch begins anew */
	if (seq_geq(tl->snd.una, l->round_end) || limited || (!l->limited && out > l->most_out)) {
		l->limited = limited;
		l->most_out = out;
		l->round_end = tl->snd.nxt;
	}
	if (limited || 2 * out > tl->cc.cwnd) {
		l->used_us = now;
	} else if (TL_SK_SYSCTL(sk, slow_start_after_idle) && !tl->cc.ops->control &&
		   now - l->used_us >= tl->rtt.rto) {
		give_back_unused(sk);
		l->used_us = now;
	}
}

/**
 * tl_loss_idle() - about to send, and nothing is in flight: is the window still true?
 * @sk: socket, locked
 * @now_us: clock
 *
 * RFC5681 4.1 after an RTO without sending: halved for each RTO, down to the initial window.
 *
 * Return: true if it is another one now.
 */
bool tl_loss_idle(struct sock *sk, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;
	s64 idle = now_us - tl->snd.last_us;
	u32 before = cc->cwnd, least;

	if (idle > tl->rtt.rto && TL_SK_SYSCTL(sk, slow_start_after_idle) &&
	    !cc->ops->control) {
		tell(cc, TL_CC_RESTART);
		least = min_t(u32, cc->cwnd,
			      TL_SK_SYSCTL(sk, initial_cwnd) * tl->snd.mss);
		cc->ssthresh = max(cc->ssthresh, cc->cwnd / 4 * 3);
		while ((idle -= tl->rtt.rto) > 0 && cc->cwnd > least)
			cc->cwnd /= 2;
		cc->cwnd = max(cc->cwnd, least);
		tl->loss.used_us = now_us;
		trace_tl_cwnd(sk, "idle");
	}
	tell(cc, TL_CC_TX_START);
	return cc->cwnd != before;
}
