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

	return max(usecs_to_jiffies(tl_rto_us(&tl_sk(sk)->rtt, &b)), 1UL);
}

/**
 * tl_rto_arm() - something went out: the timer runs (RFC6298 5.1)
 * @sk: socket, locked
 */
void tl_rto_arm(struct sock *sk)
{
	if (!tl_timer_armed(sk, TL_TIMER_REXMIT))
		tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk));
}

/**
 * tl_rto_restart() - something new was acknowledged, or goes again (RFC6298 5.2, 5.3)
 * @sk: socket, locked
 */
void tl_rto_restart(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->snd.una == tl->snd.max)
		tl_timer_clear(sk, TL_TIMER_REXMIT);
	else
		tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk));
}

/**
 * tl_retry_limit() - R2 in retransmissions or probes (RFC9293 MUST-20, MUST-23, SHLD-11)
 * @sk: socket, locked
 *
 * Return: how many may go unanswered.
 */
u8 tl_retry_limit(const struct sock *sk)
{
	const struct tl_sysctl *s = &tl_net(sock_net(sk))->sysctl;

	if (sk->sk_state == TCP_SYN_SENT)
		return tl_sk(sk)->config.syn_retries ?: READ_ONCE(s->syn_retries);
	if (sk->sk_state == TCP_SYN_RECV)	/* one more after Fast Open, as in Linux */
		return tl_sk(sk)->config.syn_retries ?:
		       READ_ONCE(s->synack_retries) + tl_is_early(sk);
	if (sock_flag(sk, SOCK_DEAD))
		return READ_ONCE(s->orphan_retries) ?: ORPHAN_RETRIES;
	return READ_ONCE(s->retries2);
}

/**
 * tl_user_timed_out() - has TCP_USER_TIMEOUT passed (RFC5482)?
 * @sk: socket, locked
 *
 * It is counted from the first retransmission or probe in a row.
 */
bool tl_user_timed_out(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u64 since = tl->loss.retry_since_us;

	return tl->config.user_timeout && since &&
	       tl_clock_us() - since >= (u64)tl->config.user_timeout * USEC_PER_MSEC;
}

/*
 * The peer closed its window over what is outstanding, but it answers: that is no reason to give up
 * (RFC9293 3.8.6.1).
 */
static bool window_shut_but_alive(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return !tl->snd.wnd && tl_in_state(sk, TLF_SYNCHRONIZED) && !sock_flag(sk, SOCK_DEAD) &&
	       tl_clock_jiffies() - tl->ackp.last_seg <
	       2 * msecs_to_jiffies(TL_SYSCTL(sock_net(sk), rto_max_ms));
}

static bool give_up(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	bool expired = tl_user_timed_out(sk) ||
		       (tl->loss.retries >= tl_retry_limit(sk) && !window_shut_but_alive(sk));

	tl_fastopen_timeout(sk, expired);
	if (!expired)
		return false;
	TL_INC(sock_net(sk), TCPAbortOnTimeout);
	tl_fail(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT, TL_EV_TIMEOUT);
	return true;
}

/* RFC5681 3.1: one segment, and slow start up to half of what was in flight. */
static void collapse(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;

	/* The threshold is set once for a row of timeouts (RFC5681 (4)). */
	if (!tl->loss.retries)
		cc->ssthresh = cc->ops->ssthresh(cc, tl->snd.max - tl->snd.una);
	cc->cwnd = tl->snd.mss;
	tl->loss.state = TL_CA_LOSS;
	tl->loss.recover = tl->snd.max;
	tl->loss.inflated = 0;
	tl->loss.dupacks = 0;
	trace_tl_cwnd(sk, "rto");
}

static void send_again(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	int sent;

	if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV)) {
		tl->snd.nxt = tl->snd.iss;
		tl_send_syn(sk, NULL);
		return;
	}
	/* Go back to the first unacknowledged octet; the rest follows as ACKs come. */
	tl->snd.nxt = tl->snd.una;
	tl->snd.cursor = NULL;
	sent = tl_retransmit(sk, tl->snd.una, tl->snd.mss);
	if (sent > 0) {
		tl->snd.nxt += sent;
		TL_INC(sock_net(sk), TCPSlowStartRetrans);
	}
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

	if (!tl->loss.retries || tl->snd.una == tl->snd.max || !tl_in_state(sk, TLF_SYNCHRONIZED))
		return;
	/*
	 * Once for each time-out, and the timer goes on: a window that opens and shuts must neither
	 * draw segments nor keep the timer from its end.
	 */
	if (!tl->loss.reopened)
		send_again(sk);
	tl->loss.reopened = true;
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

	if (tl->snd.una == tl->snd.max || tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return;
	TL_INC(net, TCPTimeouts);
	if (give_up(sk))
		return;
	if (!tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		collapse(sk);
	/* RFC9293 MUST-20 (a), R1: let IP look for another way */
	if (tl->loss.retries == TL_SYSCTL(net, retries1))
		sk_dst_reset(sk);
	if (!tl->loss.retries)
		tl->loss.retry_since_us = tl_clock_us();
	if (tl->loss.retries < U8_MAX)
		tl->loss.retries++;
	tl->loss.reopened = false;
	tl_rtt_untime(sk);
	send_again(sk);
	tl_rtt_backoff(&tl->rtt, &b);
	tl_timer_set(sk, TL_TIMER_REXMIT, tl_rto_jiffies(sk));
}
