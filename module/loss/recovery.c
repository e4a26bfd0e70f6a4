// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery without SACK: NewReno (RFC 6582) with limited transmit (RFC 3042).
 *
 * Three duplicate ACKs say that the first unacknowledged segment is lost. It goes again, the window
 * is halved, and each further duplicate ACK, since it tells that a segment has left the network,
 * lets a new one in. An ACK that covers a part only names the next one that is lost.
 */
#include "sock.h"
#include "obs/trace.h"

#define DUP_THRESH	3	/* RFC5681 3.2 */

/**
 * tl_loss_init() - nothing is lost yet
 * @sk: socket, locked
 */
void tl_loss_init(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->loss.state = TL_CA_OPEN;
	tl->loss.dupacks = 0;
	tl->loss.retries = 0;
	tl->loss.retry_since_us = 0;
	tl->loss.inflated = 0;
	tl->loss.recover = tl->snd.iss;		/* RFC6582 3.2 (1) */
}

/**
 * tl_loss_allowance() - how much may be in flight now
 * @sk: socket, locked
 *
 * Return: bytes: the congestion window and what duplicate ACKs add to it.
 */
u32 tl_loss_allowance(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return tl->cc.cwnd + tl->loss.inflated;
}

static void send_again(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	TL_INC(sock_net(sk), TCPFastRetrans);
	tl_retransmit(sk, tl->snd.una, tl->snd.mss);
	tl_rto_restart(sk);
}

/* RFC6582 3.2 (2), RFC5681 3.2 (2), (3) */
static void enter_recovery(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;
	bool reduced = tl->loss.state == TL_CA_CWR;	/* in this round trip, for ECN's sake */

	TL_INC(sock_net(sk), TCPRenoRecovery);
	tl->loss.state = TL_CA_RECOVERY;
	tl->loss.recover = tl->snd.max;
	if (!reduced) {
		cc->ssthresh = cc->ops->ssthresh(cc, tl->snd.max - tl->snd.una);
		cc->cwnd = cc->ssthresh;
		tl_ecn_reduced(sk);
	}
	tl->loss.inflated = DUP_THRESH * tl->snd.mss;
	trace_tl_cwnd(sk, "recovery");
	send_again(sk);
}

/**
 * tl_loss_dupack() - an ACK came that acknowledges nothing new, while something is outstanding
 * @sk: socket, locked
 */
void tl_loss_dupack(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;

	if (l->dupacks < U8_MAX)
		l->dupacks++;
	switch (l->state) {
	case TL_CA_OPEN:
	case TL_CA_DISORDER:
		l->state = TL_CA_DISORDER;
		if (l->dupacks < DUP_THRESH)
			l->inflated = l->dupacks * tl->snd.mss;	/* RFC3042 */
		else if (seq_gt(tl->snd.una, l->recover))
			enter_recovery(sk);
		break;
	case TL_CA_CWR:
		if (l->dupacks < DUP_THRESH)
			l->inflated = l->dupacks * tl->snd.mss;
		else
			enter_recovery(sk);
		break;
	case TL_CA_RECOVERY:
		l->inflated += tl->snd.mss;	/* RFC5681 3.2 (4) */
		break;
	}
}

/* RFC6582 3.2 (3): all that was outstanding when recovery began has arrived. */
static void leave_recovery(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 flight = tl->snd.max - tl->snd.una;

	tl->cc.cwnd = min(tl->cc.ssthresh, max_t(u32, flight, tl->snd.mss) + tl->snd.mss);
	tl->loss.inflated = 0;
	tl->loss.state = TL_CA_OPEN;
	trace_tl_cwnd(sk, "recovered");
}

/* What was sent after the reduction is acknowledged: CWR has arrived (RFC3168 6.1.2). */
static void leave_cwr(struct sock *sk)
{
	struct tl_cc *cc = &tl_sk(sk)->cc;

	tl_sk(sk)->loss.state = TL_CA_OPEN;
	if (cc->ops->state)
		cc->ops->state(cc, TL_CA_OPEN);
	cc->cwnd = cc->ssthresh;
	if (cc->ops->event)
		cc->ops->event(cc, TL_CC_RECOVERED);
	trace_tl_cwnd(sk, "cwr over");
}

/* RFC6582 3.2 (3): the next hole. */
static void partial_ack(struct sock *sk, u32 acked)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->loss.inflated -= min(tl->loss.inflated, acked);
	if (acked >= tl->snd.mss)
		tl->loss.inflated += tl->snd.mss;
	send_again(sk);
}

static void grow(struct sock *sk, u32 acked, u32 marked, u32 flight)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;
	const struct tl_cc_sample s = {
		.acked	= acked,
		.marked	= marked,
		.flight	= flight,
		.rtt_us	= tl->rtt.last,
		.now_us	= tl_clock_us(),
	};

	/* Was it the window that held the sender back (RFC7661 4.1)? */
	cc->limited = tl_cc_slow_start(cc) ? cc->cwnd < 2 * flight
					   : cc->cwnd < flight + tl->snd.mss;
	cc->mss = tl->snd.mss;
	cc->ops->on_ack(cc, &s);
	trace_tl_cwnd(sk, "ack");
}

/**
 * tl_loss_acked() - new data was acknowledged
 * @sk: socket, locked; SND.UNA has moved
 * @acked: octets
 * @flight: octets in flight before
 */
void tl_loss_acked(struct sock *sk, u32 acked, u32 flight)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	u32 marked = tl_ecn_marked(sk, acked);

	l->dupacks = 0;
	l->retries = 0;
	l->retry_since_us = 0;
	switch (l->state) {
	case TL_CA_RECOVERY:
		if (seq_lt(tl->snd.una, l->recover))
			partial_ack(sk, acked);
		else
			leave_recovery(sk);
		return;
	case TL_CA_LOSS:
		if (seq_geq(tl->snd.una, l->recover))
			l->state = TL_CA_OPEN;
		break;
	case TL_CA_CWR:
		l->inflated = 0;
		if (seq_leq(tl->snd.una, l->recover))
			return;
		leave_cwr(sk);
		break;
	default:
		l->state = TL_CA_OPEN;
		l->inflated = 0;
	}
	if (!marked || l->state > TL_CA_CWR)	/* else tl_ecn_react() is next */
		grow(sk, acked, marked, flight);
}
