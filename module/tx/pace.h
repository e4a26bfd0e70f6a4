/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing: see pace.c. A connection that is not paced pays for the test of sk_pacing_status.
 */
#ifndef TCPLAB_PACE_H
#define TCPLAB_PACE_H

#include <net/sock.h>

#define TL_PACE_FREE	10	/* so many segments with text begin a connection without pacing */

/**
 * struct tl_pace - when the next segment may leave
 * @next_ns: clock of tl_clock_ns(); the qdisc may be told of a time that is yet to come
 * @begun: segments with text that were sent, up to TL_PACE_FREE
 */
struct tl_pace {
	u64	next_ns;
	u8	begun;
};

/**
 * tl_paced() - does anybody want this socket's segments spread?
 * @sk: socket, locked
 */
static inline bool tl_paced(const struct sock *sk)
{
	/* set by setsockopt() and by fq, which hold no lock of ours: pairs with their cmpxchg() */
	return smp_load_acquire(&sk->sk_pacing_status) != SK_PACING_NONE;
}

bool tl_pace_holds(struct sock *sk);
u64 tl_pace_departure(const struct sock *sk, u64 now_us);
unsigned long tl_pace_delay(const struct sock *sk);
void tl_pace_stamp(struct sock *sk, struct sk_buff *skb, u32 text);
void tl_pace_update(struct sock *sk);
void tl_pace_timer(struct sock *sk);
void tl_pace_set_delay(struct sock *sk, u32 us);
void tl_pace_later(struct sk_buff *skb, u32 us);

DECLARE_STATIC_KEY_FALSE(tl_pace_delays);

/**
 * tl_pace_add_delay() - TCP_TX_DELAY: let a segment leave later, if the program wants that
 * @skb: segment, stamped already if the socket is paced
 * @us: the socket's config.tx_delay, µs
 */
static inline void tl_pace_add_delay(struct sk_buff *skb, const u32 *us)
{
	if (static_branch_unlikely(&tl_pace_delays) && READ_ONCE(*us))
		tl_pace_later(skb, READ_ONCE(*us));
}

/**
 * tl_pace_wait() - is it too early for the next segment? Then a deadline sends it
 * @sk: socket, locked; it has something that could go
 */
static inline bool tl_pace_wait(struct sock *sk)
{
	return tl_paced(sk) && tl_pace_holds(sk);
}

#endif
