/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one clock and the one timer interface. No other file reads a kernel clock or arms a
 * kernel timer.
 *
 * A connection has several deadlines and one kernel timer (sk->sk_timer). Arming a deadline costs
 * a store; the kernel timer is moved only when it would fire too late. When it fires too early (the
 * deadline moved away meanwhile, as the retransmission's does with every ACK) it goes back to
 * sleep until the next deadline. So nothing is re-armed per segment.
 *
 * The deadlines:
 *
 * REO: what is missing may only be late, but not later than this (RFC 8985 6.3). Handler in
 *	loss/recovery.c.
 * PROBE: tail loss probe (RFC 8985 7), two round trips after data was sent or acknowledged, never
 *	later than REXMIT. Handler in loss/tlp.c.
 * REXMIT: retransmission timeout (RFC 6298), from the first unacknowledged octet to its ACK,
 *	SYN, data and FIN alike. Handler in loss/rto.c.
 * PERSIST: zero-window probe (RFC 9293 3.8.6.1), while there is data to send and no window. Never
 *	together with REXMIT. Handler in tx/persist.c.
 * DELACK: a delayed ACK is due (RFC 9293 3.8.6.3). Handler in rx/ackpolicy.c.
 * KEEP: keepalive (RFC 9293 3.8.4) in a connection that the program holds. Handler in
 *	conn/keepalive.c.
 * FINWAIT2: an orphan waits for the peer's FIN no longer than fin_timeout. Handler in
 *	conn/close.c.
 *
 * Requests and TIME-WAITs have a tl_mini_timer each, without a socket.
 *
 * What must be finer than a jiffy is a *fine* deadline, in nanoseconds: the same idea once more,
 * with one hrtimer for all of them. Where there is no memory for that, the next jiffy has to do.
 *
 * COMPRESS: while there is a hole, one ACK for several segments is due. Handler in rx/ackpolicy.c.
 * PACE: what could go but for its rate may go now. Handler in tx/pace.c.
 */
#ifndef TCPLAB_TIME_H
#define TCPLAB_TIME_H

#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/timer.h>
#include <linux/types.h>

struct sock;

enum tl_timer {
	TL_TIMER_REO,
	TL_TIMER_PROBE,
	TL_TIMER_REXMIT,
	TL_TIMER_PERSIST,
	TL_TIMER_DELACK,
	TL_TIMER_KEEP,
	TL_TIMER_FINWAIT2,
	TL_NTIMERS,
};

enum tl_fine {
	TL_FINE_COMPRESS,
	TL_FINE_PACE,
	TL_NFINE,
};

struct tl_timers {
	u32			deadline[TL_NTIMERS];	/* jiffies modulo 2^32 */
	u8			armed;			/* bit per tl_timer */
	u8			fine_armed;		/* bit per tl_fine */
	bool			deferred;		/* fired while a program owned the socket */
	struct tl_fine_timers	*fine;			/* once there was a fine deadline */
};

/* Few connections ever have one: it is allocated with the first. */
struct tl_fine_timers {
	struct sock		*sk;
	u32			slack[TL_NFINE];	/* ns that it may come late */
	u64			deadline[TL_NFINE];	/* ns, CLOCK_MONOTONIC */
	struct hrtimer		timer;
};

/* What a deadline does: called with the socket locked, BHs off. Set once, by main.c. */
typedef void (*tl_timer_fn)(struct sock *sk);

void tl_timers_handler(enum tl_timer which, tl_timer_fn fn);
void tl_fine_handler(enum tl_fine which, tl_timer_fn fn);
void tl_timers_init(struct sock *sk);
void tl_timers_free(struct sock *sk);
void tl_timer_set(struct sock *sk, enum tl_timer which, unsigned long delay);
void tl_timer_set_earlier(struct sock *sk, enum tl_timer which, unsigned long delay);
void tl_timer_clear(struct sock *sk, enum tl_timer which);
void tl_timers_clear(struct sock *sk);
bool tl_timer_armed(const struct sock *sk, enum tl_timer which);
long tl_timer_left(const struct sock *sk, enum tl_timer which);
bool tl_timers_soon(const struct sock *sk);
void tl_timers_release(struct sock *sk);

void tl_fine_set(struct sock *sk, enum tl_fine which, u64 delay_ns, u32 slack_ns);
void tl_fine_clear(struct sock *sk, enum tl_fine which);
bool tl_fine_armed(const struct sock *sk, enum tl_fine which);

struct tl_mini_timer {
	struct timer_list	timer;
	void			(*fn)(struct tl_mini_timer *t);
};

void tl_mini_timer_init(struct tl_mini_timer *t, void (*fn)(struct tl_mini_timer *t));
void tl_mini_timer_arm(struct tl_mini_timer *t, unsigned long delay);
void tl_mini_timer_end(struct tl_mini_timer *t);
long tl_mini_timer_left(const struct tl_mini_timer *t);

/* Clocks. */
u64 tl_clock_ns(void);
u64 tl_clock_us(void);
u32 tl_clock_ts_ms(void);
static inline u32 tl_clock_ts_of(u64 now_us)
{
	return div_u64(now_us, USEC_PER_MSEC);
}

/*
 * As msecs_to_jiffies() and usecs_to_jiffies(), which are calls but for constants; not for what
 * they take for infinite (2^31 and more).
 */
static inline unsigned long tl_ms_jiffies(u32 ms)
{
	return _msecs_to_jiffies(ms);
}

static inline unsigned long tl_us_jiffies(u32 us)
{
	return _usecs_to_jiffies(us);
}

u32 tl_clock_isn(void);
u32 tl_clock_seconds(void);
unsigned long tl_clock_jiffies(void);

#endif
