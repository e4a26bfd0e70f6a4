// SPDX-License-Identifier: GPL-2.0
/*
 * Zero-window probes (RFC 9293 3.8.6.1): the peer must say when its window opens, but that segment
 * may be lost; so it is asked (RFC9293 MUST-35, MUST-36), first after an RTO (SHLD-29), then at
 * growing intervals, for as long as it answers.
 */
#include "sock.h"

/**
 * tl_persist_arm() - probe after an RTO, unless a probe is due anyway
 * @sk: socket, locked; nothing is outstanding and something is to be sent
 */
void tl_persist_arm(struct sock *sk)
{
	if (tl_timer_armed(sk, TL_TIMER_PERSIST))
		return;
	tl_sk(sk)->loss.probes = 0;
	tl_sk(sk)->loss.probe_backoff = 0;
	tl_sk(sk)->loss.probe_since_us = 0;
	tl_timer_set(sk, TL_TIMER_PERSIST, tl_rto_jiffies(sk));
}

/* Backing off like the RTO does, µs. */
static u64 backed_off(const struct sock *sk)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 us = (u64)tl_sk(sk)->rtt.rto << min_t(u8, tl_sk(sk)->loss.probe_backoff, 20);

	return min_t(u64, us, b.max);
}

static unsigned long probe_interval(const struct sock *sk)
{
	u64 us = min(backed_off(sk), tl_user_time_left(sk, tl_sk(sk)->loss.probe_since_us));

	return max(tl_us_jiffies(us), 1UL);
}

/*
 * A peer that answers may keep its window closed for ever (RFC9293 MUST-37), unless the program
 * said how long (RFC5482); one that does not is given up like one that acknowledges nothing. Of an
 * orphan an answer is not enough when the interval has grown to its end, as in Linux.
 */
static bool persist_expired(const struct sock *sk)
{
	const struct tl_loss *l = &tl_sk(sk)->loss;
	u8 limit = TL_SK_SYSCTL(sk, retries2);

	if (!tl_user_time_left(sk, l->probe_since_us))
		return true;
	if (sock_flag(sk, SOCK_DEAD)) {
		bool young = backed_off(sk) < tl_rto_bounds(sk).max;

		limit = tl_orphan_retries(sk, young);
		if (!young && l->probe_backoff >= limit)
			return true;
	}
	return l->probes >= limit;
}

static bool persist_give_up(struct sock *sk)
{
	if (tl_orphan_over(sk))
		return true;
	if (!persist_expired(sk))
		return false;
	TL_SK_INC(sk, TCPAbortOnTimeout);
	tl_fail(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT, TL_EV_TIMEOUT);
	return true;
}

/**
 * tl_persist_timer() - the window is still closed, or too small, and nothing is outstanding
 * @sk: socket, locked; it may be CLOSED afterwards
 *
 * As much as the window holds goes now, be it little: the "override timeout" of RFC9293 3.8.6.2.1.
 */
void tl_persist_timer(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 avail = tl->snd.end - tl->snd.nxt;
	u32 mss = tl_mss_now(sk), len = min3(avail, mss, tl->snd.wnd);

	if (tl->snd.una != tl->snd.nxt || !tl_in_state(sk, TLF_SYNCHRONIZED) ||
	    tl_all_gone(&tl->snd))
		return;
	if (persist_give_up(sk))
		return;
	if (tl->snd.wnd) {
		if (tl_send_new(sk, len, mss, tl_clock_us()) > 0)
			return;
	} else {
		TL_SK_INC(sk, TCPWinProbe);
		tl_send_probe(sk);
	}
	if (!tl->loss.probe_since_us)
		tl->loss.probe_since_us = tl_clock_us();
	if (tl->loss.probes < U8_MAX)
		tl->loss.probes++;
	if (tl->loss.probe_backoff < U8_MAX)
		tl->loss.probe_backoff++;
	tl_timer_set(sk, TL_TIMER_PERSIST, probe_interval(sk));
}
