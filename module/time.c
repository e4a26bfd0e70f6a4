// SPDX-License-Identifier: GPL-2.0
/*
 * One kernel timer for all deadlines of a connection: see time.h for the idea and for what
 * each deadline is.
 */
#include <linux/ktime.h>
#include "sock.h"
#include "time.h"

static tl_timer_fn handlers[TL_NTIMERS];
static tl_timer_fn fine_handlers[TL_NFINE];

/**
 * tl_timers_handler() - say what a deadline does; at load time only
 * @which: deadline
 * @fn: handler; @fn may end the connection
 */
void tl_timers_handler(enum tl_timer which, tl_timer_fn fn)
{
	handlers[which] = fn;
}

/**
 * tl_fine_handler() - say what a fine deadline does; at load time only
 * @which: deadline
 * @fn: handler; @fn may end the connection
 */
void tl_fine_handler(enum tl_fine which, tl_timer_fn fn)
{
	fine_handlers[which] = fn;
}

/* Let the kernel timer fire at @when, if it would fire later than that. */
static void sleep_until(struct sock *sk, u32 when)
{
	struct timer_list *timer = &sk->sk_timer;
	s32 delay = when - (u32)jiffies;

	if (!timer_pending(timer) || time_before32(when, timer->expires))
		sk_reset_timer(sk, timer, jiffies + delay);
}

/* Sleep until the earliest deadline. */
static void rearm(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	bool any = false;
	u32 next = 0;
	int i;

	for (i = 0; i < TL_NTIMERS; i++) {
		if (!(t->armed & BIT(i)))
			continue;
		if (!any || time_before32(t->deadline[i], next))
			next = t->deadline[i];
		any = true;
	}
	if (any)
		sleep_until(sk, next);
}

/*
 * Let the hrtimer fire at a deadline. While it is pending it holds the socket: so it is known
 * whether it was, for it may fire on another CPU in this moment.
 */
static void fine_start(struct tl_fine_timers *f, enum tl_fine which)
{
	if (hrtimer_try_to_cancel(&f->timer) != 1)
		sock_hold(f->sk);
	hrtimer_start_range_ns(&f->timer, ns_to_ktime(f->deadline[which]), f->slack[which],
			       HRTIMER_MODE_ABS_PINNED_SOFT);
}

/* The earliest fine deadline; there is one. */
static enum tl_fine fine_next(const struct tl_timers *t)
{
	enum tl_fine next = TL_NFINE;
	int i;

	for (i = 0; i < TL_NFINE; i++)
		if ((t->fine_armed & BIT(i)) &&
		    (next == TL_NFINE || t->fine->deadline[i] < t->fine->deadline[next]))
			next = i;
	return next;
}

/* Run the fine deadlines that are due. Without memory for their timer a tick has to do: all are. */
static void fine_run(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	enum tl_fine next;
	int i;

	for (i = 0; i < TL_NFINE; i++) {
		if (!(t->fine_armed & BIT(i)) ||
		    (t->fine && ktime_get_ns() < t->fine->deadline[i]))
			continue;
		t->fine_armed &= ~BIT(i);
		fine_handlers[i](sk);
	}
	if (!t->fine_armed || !t->fine)
		return;
	next = fine_next(t);
	if (!hrtimer_is_queued(&t->fine->timer))
		fine_start(t->fine, next);
}

/* Run what is due. A handler may arm, clear or end everything. */
static void run(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	int i;

	for (i = 0; i < TL_NTIMERS; i++) {
		if (!(t->armed & BIT(i)) || time_before32(jiffies, t->deadline[i]))
			continue;
		t->armed &= ~BIT(i);
		handlers[i](sk);
	}
	if (t->fine_armed)		/* one may have had no memory for a timer of its own */
		fine_run(sk);
	rearm(sk);
	sk_mem_reclaim(sk);
}

static enum hrtimer_restart fine_fire(struct hrtimer *timer)
{
	struct sock *sk = container_of(timer, struct tl_fine_timers, timer)->sk;

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		fine_run(sk);
	else
		tl_sk(sk)->timers.deferred = true;	/* tl_timers_release() runs it */
	bh_unlock_sock(sk);
	sock_put(sk);
	return HRTIMER_NORESTART;
}

static void fire(struct timer_list *timer)
{
	struct sock *sk = timer_container_of(sk, timer, sk_timer);

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		run(sk);
	else
		tl_sk(sk)->timers.deferred = true;	/* tl_timers_release() runs it */
	bh_unlock_sock(sk);
	sock_put(sk);
}

/**
 * tl_timers_release() - run deadlines that came while a program owned the socket
 * @sk: socket, owned; called from release_cb
 */
void tl_timers_release(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;

	if (!t->deferred)
		return;
	t->deferred = false;
	run(sk);
}

/**
 * tl_timers_init() - a new socket has no deadline
 * @sk: socket that nobody else sees yet
 */
void tl_timers_init(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;

	timer_setup(&sk->sk_timer, fire, 0);
	t->armed = 0;
	t->fine_armed = 0;
	t->deferred = false;
	t->fine = NULL;
}

/**
 * tl_timers_free() - free what deadlines took
 * @sk: socket that nobody sees any more
 */
void tl_timers_free(struct sock *sk)
{
	kfree(tl_sk(sk)->timers.fine);
}

/**
 * tl_timer_set() - set or move a deadline
 * @sk: socket, locked
 * @which: deadline
 * @delay: jiffies from now; two weeks at least is as far as it goes, since deadlines have 32 bits
 */
void tl_timer_set(struct sock *sk, enum tl_timer which, unsigned long delay)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	u32 when = jiffies + min(delay, 1UL << 30);

	t->deadline[which] = when;
	t->armed |= BIT(which);
	sleep_until(sk, when);
}

/**
 * tl_timer_set_earlier() - set a deadline, or bring it nearer
 * @sk: socket, locked
 * @which: deadline
 * @delay: jiffies from now
 */
void tl_timer_set_earlier(struct sock *sk, enum tl_timer which, unsigned long delay)
{
	const struct tl_timers *t = &tl_sk(sk)->timers;

	if (!tl_timer_armed(sk, which) || time_before32(jiffies + delay, t->deadline[which]))
		tl_timer_set(sk, which, delay);
}

/**
 * tl_timer_clear() - forget a deadline
 * @sk: socket, locked
 * @which: deadline
 */
void tl_timer_clear(struct sock *sk, enum tl_timer which)
{
	tl_sk(sk)->timers.armed &= ~BIT(which);
}

/**
 * tl_timers_clear() - forget all deadlines and stop the kernel timer
 * @sk: socket, locked
 */
void tl_timers_clear(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;

	t->armed = 0;
	t->fine_armed = 0;
	t->deferred = false;
	sk_stop_timer(sk, &sk->sk_timer);
	if (t->fine && hrtimer_try_to_cancel(&t->fine->timer) == 1)
		__sock_put(sk);
}

/**
 * tl_timer_armed() - is a deadline set?
 * @sk: socket; without its lock the answer may be old
 * @which: deadline
 */
bool tl_timer_armed(const struct sock *sk, enum tl_timer which)
{
	return READ_ONCE(tl_sk(sk)->timers.armed) & BIT(which);
}

/**
 * tl_timer_left() - time to a deadline
 * @sk: socket
 * @which: deadline that is armed
 *
 * Return: jiffies, not below 0.
 */
long tl_timer_left(const struct sock *sk, enum tl_timer which)
{
	return max_t(s32, READ_ONCE(tl_sk(sk)->timers.deadline[which]) - (u32)jiffies, 0);
}

static struct tl_fine_timers *fine_timers(struct sock *sk)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	struct tl_fine_timers *f = t->fine;

	if (likely(f))
		return f;
	f = kzalloc(sizeof(*f), GFP_ATOMIC | __GFP_NOWARN);
	if (!f)
		return NULL;
	f->sk = sk;
	hrtimer_setup(&f->timer, fine_fire, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_SOFT);
	t->fine = f;
	return f;
}

/**
 * tl_fine_set() - set or move a fine deadline
 * @sk: socket, locked
 * @which: deadline
 * @delay_ns: from now
 * @slack_ns: it may come so much later, to share an interrupt with another timer
 */
void tl_fine_set(struct sock *sk, enum tl_fine which, u64 delay_ns, u32 slack_ns)
{
	struct tl_timers *t = &tl_sk(sk)->timers;
	u64 when = ktime_get_ns() + delay_ns;
	struct tl_fine_timers *f;

	t->fine_armed |= BIT(which);
	f = fine_timers(sk);
	if (!f) {
		sleep_until(sk, (u32)jiffies + 1);
		return;
	}
	f->deadline[which] = when;
	f->slack[which] = slack_ns;
	if (!hrtimer_is_queued(&f->timer) ||
	    when < ktime_to_ns(hrtimer_get_softexpires(&f->timer)))
		fine_start(f, which);
}

/**
 * tl_timers_soon() - does the kernel timer fire within a second?
 * @sk: socket, locked
 *
 * Whatever it does then, the socket gives back memory that it does not use.
 */
bool tl_timers_soon(const struct sock *sk)
{
	return timer_pending(&sk->sk_timer) &&
	       time_before(READ_ONCE(sk->sk_timer.expires), jiffies + HZ);
}

/**
 * tl_fine_clear() - forget a fine deadline
 * @sk: socket, locked
 * @which: deadline
 */
void tl_fine_clear(struct sock *sk, enum tl_fine which)
{
	tl_sk(sk)->timers.fine_armed &= ~BIT(which);
}

/**
 * tl_fine_armed() - is a fine deadline set?
 * @sk: socket; without its lock the answer may be old
 * @which: deadline
 */
bool tl_fine_armed(const struct sock *sk, enum tl_fine which)
{
	return READ_ONCE(tl_sk(sk)->timers.fine_armed) & BIT(which);
}

static void mini_fire(struct timer_list *timer)
{
	struct tl_mini_timer *t = timer_container_of(t, timer, timer);

	t->fn(t);
}

/**
 * tl_mini_timer_init() - timer of a request or TIME-WAIT
 * @t: timer
 * @fn: what it does, in softirq; finds its object with container_of()
 */
void tl_mini_timer_init(struct tl_mini_timer *t, void (*fn)(struct tl_mini_timer *t))
{
	t->fn = fn;
	timer_setup(&t->timer, mini_fire, 0);
}

/**
 * tl_mini_timer_arm() - fire after a while; does nothing once the timer has ended
 * @t: timer
 * @delay: jiffies from now
 */
void tl_mini_timer_arm(struct tl_mini_timer *t, unsigned long delay)
{
	mod_timer(&t->timer, jiffies + delay);
}

/**
 * tl_mini_timer_end() - stop it for good, without waiting for a handler that runs
 * @t: timer; its object must live on for a grace period, since a handler is an RCU reader
 */
void tl_mini_timer_end(struct tl_mini_timer *t)
{
	timer_shutdown(&t->timer);
}

/**
 * tl_mini_timer_left() - time until it fires
 * @t: timer
 *
 * Return: jiffies, not below 0.
 */
long tl_mini_timer_left(const struct tl_mini_timer *t)
{
	return max_t(long, t->timer.expires - jiffies, 0);
}

/** tl_clock_ns() - the clock of fine deadlines, and of times of departure */
u64 tl_clock_ns(void)
{
	return ktime_get_ns();
}

/** tl_clock_us() - monotonic time, µs: round trips, ages, rates */
u64 tl_clock_us(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

/** tl_clock_ts_ms() - the timestamp clock of RFC7323 5.4: one tick a millisecond */
u32 tl_clock_ts_ms(void)
{
	return tl_clock_ts_of(tl_clock_us());
}

/**
 * tl_clock_isn() - the "M" of RFC6528 3, and RFC9293 MUST-8
 *
 * A tick is 64 ns, as in Linux: it wraps after 4.6 minutes, longer than a segment lives, and no
 * sender overtakes it below 125 Mbit/s; beyond that PAWS guards.
 */
u32 tl_clock_isn(void)
{
	return ktime_get_real_ns() >> 6;
}

/** tl_clock_seconds() - monotonic time in seconds: the age of timestamps */
u32 tl_clock_seconds(void)
{
	return ktime_get_seconds();
}

/** tl_clock_jiffies() - the clock of the timers */
unsigned long tl_clock_jiffies(void)
{
	return jiffies;
}
