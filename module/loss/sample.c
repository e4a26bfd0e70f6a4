// SPDX-License-Identifier: GPL-2.0
/*
 * Where round-trip samples come from (RFC 6298 3): each range of the scoreboard knows when it was
 * sent, and gives a sample if that was once only (Karn's rule, RFC9293 MUST-18). When none can
 * be had so, the peer's echo of our timestamp serves (RFC 7323 4).
 */
#include "sock.h"

static void take_sample(struct sock *sk, u64 us)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);

	tl_rtt_sample(&tl_sk(sk)->rtt, min_t(u64, us, TL_RTT_MAX_US), &b);
}

static void take_min(struct sock *sk, u64 us)
{
	tl_rtt_min_sample(&tl_sk(sk)->rtt, min_t(u64, us, TL_RTT_MAX_US), tl_clock_jiffies(),
			  TL_SK_SYSCTL(sk, min_rtt_wlen) * HZ);
}

static void take_both(struct sock *sk, u64 us)
{
	take_sample(sk, us);
	take_min(sk, us);
}

/*
 * A small segment that was alone on its way: its ACK may have been delayed by the receiver. Where
 * all are, the minimum must not rise to that when its window of time is over.
 */
static bool maybe_delayed(const struct tl_sock *tl, const struct tl_tally *t)
{
	return t->acked && t->acked < tl->snd.mss && !t->sacked && !tl->board.sacked &&
	       tl->loss.state == TL_CA_OPEN &&
	       t->newest.delivered == (u32)tl->loss.rate.delivered;
}

/* The youngest segment that an ACK brought news of: it says most about the path. */
static u32 youngest(struct sock *sk, const struct tl_tally *t, u64 sent_us)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 us = max_t(u32, t->now_us - sent_us, 1);

	if (us <= tl->rtt.min || !maybe_delayed(tl, t))
		take_min(sk, us);
	return us;
}

/**
 * tl_rtt_syn_acked() - our SYN is acknowledged: measure
 * @sk: socket, locked
 * @skb: the segment that did it
 */
void tl_rtt_syn_acked(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 age = tl_echo_age(sk, &TL_CB(skb)->opts);

	if (tl->loss.syn_us)
		take_both(sk, tl_clock_us() - tl->loss.syn_us);
	else if (age)
		take_both(sk, age);
	tl->loss.syn_us = 0;
}

/* Milliseconds in µs; 0 if the ACK echoes nothing that can be used */
static u32 echo_age(const struct sock *sk, const struct tl_ack_news *n)
{
	u32 ms = tl_tsval_at(sk, n->tally.now_us) - n->tsecr;

	if (!n->has_ts || !n->tsecr || ms >= TL_RTT_MAX_US / USEC_PER_MSEC)
		return 0;
	return max(ms, 1U) * USEC_PER_MSEC;
}

/**
 * tl_rtt_acked() - an ACK that says something new: measure
 * @sk: socket, locked
 * @n: the ACK
 *
 * The oldest segment counts for the RTO: a receiver that delays its ACKs is part of the round trip.
 *
 * Return: the youngest one's round trip, µs, which says more about the path; 0 if there is none.
 */
u32 tl_rtt_acked(struct sock *sk, const struct tl_ack_news *n)
{
	const struct tl_tally *t = &n->tally;
	u32 age;

	if (t->first_us && !t->resent) {
		take_sample(sk, t->now_us - t->first_us);
		return youngest(sk, t, t->last_us);
	}
	if (t->sack_first_us) {
		take_sample(sk, t->now_us - t->sack_first_us);
		return youngest(sk, t, t->sack_last_us);
	}
	age = t->acked ? echo_age(sk, n) : 0;
	if (age)
		take_both(sk, age);
	return age;
}
