// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer (RFC 6298 5), and when to give up (RFC 9293 3.8.3: R1, R2).
 */
#include "sock.h"
#include "obs/trace.h"

#define ORPHAN_RETRIES	8	/* as Linux takes orphan_retries = 0: below R2, but 50 s at least */

/**
 * tl_rto_jiffies() - the RTO now, backoff applied
 * @sk: socket, locked
 *
 * Return: jiffies, at least 1.
 */
unsigned long tl_rto_jiffies(const struct sock *sk)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);

	return max(tl_us_jiffies(tl_rto_us(&tl_sk(sk)->rtt, &b)), 1UL);
}

/**
 * tl_rto_arm() - something went out: the timer runs (RFC6298 5.1)
 * @sk: socket, locked
 */
void tl_rto_arm(struct sock *sk)
{
	if (!tl_timer_armed(sk, TL_TIMER_REXMIT))
		tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk) + tl_pace_delay(sk));
}

/**
 * tl_rto_restart() - something new was acknowledged, or goes again (RFC6298 5.2, 5.3)
 * @sk: socket, locked
 */
void tl_rto_restart(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->snd.una == tl->snd.nxt) {
		tl_timer_clear(sk, TL_TIMER_REXMIT);
		tl_timer_clear(sk, TL_TIMER_PROBE);
		tl_timer_clear(sk, TL_TIMER_REO);
	} else {
		tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk) + tl_pace_delay(sk));
	}
}

/**
 * tl_orphan_retries() - R2 of an orphan, in retransmissions or probes
 * @sk: socket without a program, locked
 * @young: its interval has not grown to rto_max yet
 *
 * Return: how many may go unanswered, as Linux reckons it.
 */
u8 tl_orphan_retries(const struct sock *sk, bool young)
{
	u8 n = TL_SK_SYSCTL(sk, orphan_retries);

	if (young)
		return n ?: ORPHAN_RETRIES;
	return READ_ONCE(sk->sk_err_soft) ? 0 : n;	/* a router says that it is hopeless */
}

/*
 * How long a connection with the shortest RTO would take to send @n times again, and to wait once
 * more, in µs. R1 and R2 are times, as in Linux: a longer RTO means fewer retransmissions.
 */
static u64 patience(const struct sock *sk, u8 n)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u8 doubled = min_t(u8, n, ilog2(max(b.max / b.min, 1U)));

	return ((2ULL << doubled) - 1) * b.min + (u64)(n - doubled) * b.max;
}

/* Has it been tried in vain for so long? At least one retransmission must have been. */
static bool retried_for(const struct sock *sk, u64 us)
{
	const struct tl_loss *l = &tl_sk(sk)->loss;

	return l->retries && tl_clock_us() - l->retry_since_us >= us;
}

/**
 * tl_user_time_left() - what is left of TCP_USER_TIMEOUT (RFC5482)
 * @sk: socket, locked
 * @since: when it began to count, µs; 0 if it has not
 *
 * Return: µs; 0 when the time is over, U64_MAX when nothing limits it.
 */
u64 tl_user_time_left(const struct sock *sk, u64 since)
{
	u64 limit = (u64)tl_sk(sk)->config.user_timeout * USEC_PER_MSEC, gone;

	if (!limit || !since)
		return U64_MAX;
	gone = tl_clock_us() - since;
	return gone < limit ? limit - gone : 0;
}

/*
 * The window is shut over what is outstanding, which serves as its probes: that is no reason to
 * give up while the peer answers (RFC9293 3.8.6.1, MUST-37).
 */
static bool peer_silent(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 ms = 2 * TL_SK_SYSCTL(sk, rto_max_ms);

	if (tl->config.user_timeout)
		ms = min(ms, tl->config.user_timeout);
	return (u32)tl_clock_jiffies() - tl->ackp.last_seg > tl_ms_jiffies(ms) &&
	       retried_for(sk, (u64)ms * USEC_PER_MSEC);
}

/* R2 of a SYN is a count (RFC9293 MUST-23). */
static u8 syn_retries(const struct sock *sk)
{
	u8 own = tl_sk(sk)->config.syn_retries;

	if (own)
		return own;
	if (sk->sk_state == TCP_SYN_SENT)
		return TL_SK_SYSCTL(sk, syn_retries);
	/* one more after Fast Open, as in Linux */
	return TL_SK_SYSCTL(sk, synack_retries) + tl_is_early(sk);
}

/* Is it time to give up (RFC9293 MUST-20 (c), MUST-21)? TCP_USER_TIMEOUT takes the place of R2. */
static bool rto_expired(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	bool orphan = sock_flag(sk, SOCK_DEAD);
	u8 n = TL_SK_SYSCTL(sk, retries2);

	if (tl->loss.retries && !tl_user_time_left(sk, tl->loss.retry_since_us))
		return true;
	if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		return tl->loss.retries >= syn_retries(sk);
	if (!tl->snd.wnd && !orphan)
		return peer_silent(sk);
	if (tl->config.user_timeout)
		return false;
	if (orphan) {
		const struct tl_rto_bounds b = tl_rto_bounds(sk);

		n = tl_orphan_retries(sk, tl_rto_us(&tl->rtt, &b) < b.max);
	}
	return retried_for(sk, patience(sk, n));
}

static bool rto_give_up(struct sock *sk)
{
	bool over = rto_expired(sk);

	if (tl_orphan_over(sk))
		return true;
	tl_fastopen_timeout(sk, over);
	if (!over)
		return false;
	TL_SK_INC(sk, TCPAbortOnTimeout);
	tl_fail(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT, TL_EV_TIMEOUT);
	return true;
}

static void send_again(struct sock *sk)
{
	if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		tl_send_syn(sk, NULL);
	else	/* the first that is not acknowledged; the rest follows as ACKs come */
		tl_retransmit_head(sk, "rto");
}

/**
 * tl_rto_window_opened() - the window had been shut over what is outstanding, and is open again
 * @sk: socket, locked
 *
 * What went into the closed window serves as its probes (RFC9293 3.8.6.1), ever more rarely. The
 * peer has thrown it away: now that it has room it need not wait for the next probe.
 */
void tl_rto_window_opened(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!tl->loss.retries || tl->snd.una == tl->snd.nxt || !tl_in_state(sk, TLF_SYNCHRONIZED))
		return;
	/*
	 * Once for each time-out, and the timer goes on: a window that opens and shuts must not
	 * draw segment after segment.
	 */
	if (tl->loss.reopened)
		return;
	tl->loss.reopened = true;
	/* R2 counts anew; but a program's own limit, and an orphan's, is one all the same */
	if (!tl->config.user_timeout && !sock_flag(sk, SOCK_DEAD))
		tl->loss.retry_since_us = tl_clock_us();
	tl_newreno_lose_head(sk, "window");
	send_again(sk);
}

/* The next retransmission: after an RTO, but when the user's time is over the program is told. */
static unsigned long next_retry(const struct sock *sk)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 us = min_t(u64, tl_rto_us(&tl_sk(sk)->rtt, &b),
		       tl_user_time_left(sk, tl_sk(sk)->loss.retry_since_us));

	return max(tl_us_jiffies(us), 1UL);
}

/**
 * tl_rto_over() - what was lost for an RTO has been made good
 * @sk: socket, locked
 */
void tl_rto_over(struct sock *sk)
{
	struct tl_rto_stat *s = &tl_sk(sk)->loss.rtos;

	if (!s->since_ms)
		return;
	s->ms += tl_clock_ts_ms() - s->since_ms;
	s->since_ms = 0;
}

static void count_retry(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!tl->loss.retries) {
		tl->loss.rtos.rows++;
		tl->loss.rtos.since_ms = tl_clock_ts_ms() ?: 1;
	}
	tl->loss.rtos.total++;
	/* of a SYN the time since it went first counts, as in Linux */
	if (!tl->loss.retries)
		tl->loss.retry_since_us = tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV) ?
					  tl->snd.last_us : tl_clock_us();
	if (tl->loss.retries < U8_MAX)
		tl->loss.retries++;
}

#define THIN_SEGMENTS	4	/* with fewer out no fast retransmit may come about */
#define THIN_RETRIES	6	/* then it backs off like everybody */

/*
 * A stream that has little to send (games, terminals) loses much by backing off and does little
 * harm by not doing so: TCP_THIN_LINEAR_TIMEOUTS.
 */
static bool stays_linear(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return (tl->config.thin_linear || TL_SK_SYSCTL(sk, thin_linear_timeouts)) &&
	       sk->sk_state == TCP_ESTABLISHED && tl->loss.retries <= THIN_RETRIES &&
	       tl->snd.nxt - tl->snd.una <= (THIN_SEGMENTS - 1) * tl->snd.mss;
}

/**
 * tl_rto_timer() - nothing was acknowledged for a whole RTO (RFC6298 5.4 to 5.7)
 * @sk: socket, locked; it may be CLOSED afterwards
 *
 * Exponential backoff and slow start (RFC9293 MUST-19); a SYN is like any segment (MUST-22).
 */
void tl_rto_timer(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	struct net *net = sock_net(sk);

	if (tl->snd.una == tl->snd.nxt || tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return;
	TL_INC(net, TCPTimeouts);
	if (rto_give_up(sk))
		return;
	/* RFC9293 MUST-20 (b), R1: let IP look for another way; where there are several, at once */
	if (retried_for(sk, patience(sk, TL_SYSCTL(net, retries1)))) {
		tl_mtup_timeout(sk);
		sk_dst_reset(sk);
	}
	if (!tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		tl_loss_timeout(sk);
	if (sk_rethink_txhash(sk)) {
		TL_INC(net, TcpTimeoutRehash);
		tl->loss.rtos.rehashes++;
	}
	count_retry(sk);
	tl->loss.reopened = false;
	send_again(sk);
	if (stays_linear(sk))
		tl->rtt.backoff = 0;
	else
		tl_rtt_backoff(&tl->rtt, &b);
	tl_timer_set(sk, TL_TIMER_REXMIT, next_retry(sk));
}

/**
 * tl_rto_unreachable() - a router says that there is no way to the peer at present (RFC6069)
 * @sk: socket, locked; it may be CLOSED afterwards
 * @seq: SEG.SEQ of the segment that did not get through
 *
 * If that is what the RTO sends again it was the path and no congestion that lost it: one backoff
 * is taken back, so that the connection is soon alive when the path is.
 */
void tl_rto_unreachable(struct sock *sk, u32 seq)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 rto, gone;

	if (seq != tl->snd.una || !tl->loss.retries || !tl->rtt.backoff)
		return;
	tl->rtt.backoff--;
	rto = tl_rto_us(&tl->rtt, &b);
	gone = tl_clock_us() - tl->snd.last_us;
	if (gone < rto)
		tl_timer_set(sk, TL_TIMER_REXMIT, max(tl_us_jiffies(rto - gone), 1UL));
	else
		tl_rto_timer(sk);
}
