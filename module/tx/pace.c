// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: segments leave at a rate instead of in bursts.
 *
 * The rate is kept for each connection, a little more than a window a round trip; a program may
 * bound it (SO_MAX_PACING_RATE), an algorithm may set it. sk_pacing_status says who heeds it:
 *
 *	SK_PACING_NONE		nobody: what may go goes at once
 *	SK_PACING_NEEDED	we: a fine deadline sends what had to wait
 *	SK_PACING_FQ		the qdisc fq: each segment carries its time of departure, until
 *				which fq holds it. It is given little more than it may let go soon.
 */
#include "sock.h"

/*
 * What fq may hold, in time: a millisecond's worth, as Linux has it (TCP small queues); at least
 * two segments, and fewer than fq takes of one flow (flow_limit, 100 packets).
 */
#define AHEAD_NS	NSEC_PER_MSEC
#define AHEAD_LEAST	2
#define AHEAD_MOST	64

static u64 time_of(u64 octets, unsigned long rate)
{
	return div64_ul(octets * NSEC_PER_SEC, rate);
}

/* How long before its departure may a segment be handed over? */
static u64 may_be_ahead(const struct sock *sk)
{
	unsigned long rate = READ_ONCE(sk->sk_pacing_rate);
	u64 segment;

	if (READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ || !rate)
		return 0;
	segment = time_of(tl_sk(sk)->snd.mss, rate);
	return clamp_t(u64, AHEAD_NS, AHEAD_LEAST * segment, AHEAD_MOST * segment);
}

/**
 * tl_pace_holds() - tl_pace_wait() of a socket that is paced
 * @sk: socket, locked
 *
 * Return: true if nothing may go now: TL_FINE_PACE is armed.
 */
bool tl_pace_holds(struct sock *sk)
{
	s64 ahead = tl_sk(sk)->pace.next_ns - tl_clock_ns();
	u64 may;

	if (ahead <= 0)
		return false;
	may = may_be_ahead(sk);
	if (ahead <= (s64)may)
		return false;
	if (!tl_fine_armed(sk, TL_FINE_PACE))
		tl_fine_set(sk, TL_FINE_PACE, ahead - may / 2, 0);
	return true;
}

/**
 * tl_pace_departure() - when will a segment that is sent now leave?
 * @sk: socket, locked
 * @now_us: clock
 *
 * Time in fq's queue is no part of a round trip.
 *
 * Return: µs.
 */
u64 tl_pace_departure(const struct sock *sk, u64 now_us)
{
	if (READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ)
		return now_us;
	return max(now_us, div_u64(tl_sk(sk)->pace.next_ns, NSEC_PER_USEC));
}

/**
 * tl_pace_delay() - how long until the next segment may leave?
 * @sk: socket, locked
 *
 * Timers that wait for an answer begin there: rounded up, or a stream of segments, of which one is
 * always out, would meet a tick and be probed.
 *
 * Return: jiffies.
 */
unsigned long tl_pace_delay(const struct sock *sk)
{
	s64 ahead;

	if (!tl_paced(sk))
		return 0;
	ahead = tl_sk(sk)->pace.next_ns - tl_clock_ns();
	return ahead > 0 ? nsecs_to_jiffies(ahead) + 1 : 0;
}

/**
 * tl_pace_stamp() - a segment is sent: when does it leave, and when may the next one?
 * @sk: socket, locked; it is paced
 * @skb: segment
 * @text: octets of text in it; without, it costs no time
 */
void tl_pace_stamp(struct sock *sk, struct sk_buff *skb, u32 text)
{
	unsigned long rate = READ_ONCE(sk->sk_pacing_rate);
	struct tl_pace *p = &tl_sk(sk)->pace;
	u64 leaves = max(p->next_ns, tl_clock_ns()), cost;
	u64 late = p->next_ns ? leaves - p->next_ns : 0;

	skb_set_delivery_time(skb, leaves, SKB_CLOCK_MONOTONIC);
	p->next_ns = leaves;
	if (!text || !rate || rate == ~0UL || p->begun < TL_PACE_FREE)
		return;
	cost = time_of(text, rate);
	/* a timer that came late does not lower the rate, as in Linux */
	p->next_ns += cost - min(cost / 2, late);
}

/* cwnd / SRTT, twice that in slow start so that the window can double; bytes a second */
static u64 reckon(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_cc *cc = &tl->cc;
	u64 rate = max(cc->cwnd, tl->board.out);

	/* near the end of slow start the window no longer doubles all the way */
	if (cc->cwnd < cc->ssthresh / 2)
		rate *= TL_SK_SYSCTL(sk, pacing_ss_ratio);
	else
		rate *= TL_SK_SYSCTL(sk, pacing_ca_ratio);
	rate *= USEC_PER_SEC / 100 << 3;		/* per cent; srtt is kept times 8 */
	return tl->rtt.srtt ? div_u64(rate, tl->rtt.srtt) : rate;
}

/**
 * tl_pace_update() - window or round trip have changed, or the algorithm has set a rate
 * @sk: socket, locked
 */
void tl_pace_update(struct sock *sk)
{
	const struct tl_cc *cc = &tl_sk(sk)->cc;
	u64 rate = cc->pacing_rate ?: reckon(sk);

	/* fq looks without our lock */
	WRITE_ONCE(sk->sk_pacing_rate, min_t(u64, rate, READ_ONCE(sk->sk_max_pacing_rate)));
	if ((cc->pacing_rate || cc->ops->control) && !tl_paced(sk))
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
}

DEFINE_STATIC_KEY_FALSE(tl_pace_delays);

/**
 * tl_pace_set_delay() - TCP_TX_DELAY: whatever the socket sends leaves so much later
 * @sk: socket, locked; process context
 * @us: µs; 0: no later
 *
 * The qdisc fq holds it back. The sender's clocks do not know: to them the path is longer.
 */
void tl_pace_set_delay(struct sock *sk, u32 us)
{
	if (us && !static_key_enabled(&tl_pace_delays))
		static_branch_enable(&tl_pace_delays);
	WRITE_ONCE(tl_sk(sk)->config.tx_delay, us);
}

/**
 * tl_pace_later() - let a segment leave later
 * @skb: segment
 * @us: µs
 */
void tl_pace_later(struct sk_buff *skb, u32 us)
{
	u64 leaves = skb->tstamp ?: tl_clock_ns();

	skb_set_delivery_time(skb, leaves + (u64)us * NSEC_PER_USEC, SKB_CLOCK_MONOTONIC);
}

/**
 * tl_pace_timer() - what had to wait may go
 * @sk: socket, locked
 */
void tl_pace_timer(struct sock *sk)
{
	tl_output(sk, TL_PUSH_USUAL);
	tl_chrono_space(sk);
	tl_write_space(sk);		/* what went is unsent no more: TCP_NOTSENT_LOWAT */
}
