// SPDX-License-Identifier: GPL-2.0
/*
 * Keepalive (RFC 9293 3.8.4): the program's to switch on (RFC9293 MUST-24) and off by default
 * (RFC9293 MUST-25), only on an idle connection (RFC9293 MUST-26), after a time that is a setting
 * (RFC9293 MUST-27), two hours by default (RFC9293 MUST-28); one unanswered probe never ends a
 * connection (RFC9293 MUST-29).
 */
#include "sock.h"

static unsigned long idle_time(const struct sock *sk)
{
	return tl_sk(sk)->config.keep_idle ?: TL_SK_SYSCTL(sk, keepalive_time);
}

/* How long ago did anything come? Jiffies. */
static unsigned long idle_since(const struct sock *sk)
{
	return (u32)tl_clock_jiffies() - tl_sk(sk)->ackp.last_seg;
}

/**
 * tl_keepalive_start() - watch an idle connection, if the program asked for it; or watch it with
 * another time, of which some may be over
 * @sk: socket, locked
 */
void tl_keepalive_start(struct sock *sk)
{
	unsigned long idle = idle_since(sk), want = idle_time(sk);

	if (sock_flag(sk, SOCK_KEEPOPEN))
		tl_timer_set(sk, TL_TIMER_KEEP, want > idle ? want - idle : 0);
}

/**
 * tl_keepalive_set() - SO_KEEPALIVE (proto.keepalive)
 * @sk: socket, locked
 * @on: watch or not
 */
void tl_keepalive_set(struct sock *sk, int on)
{
	if (tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return;
	if (on && !sock_flag(sk, SOCK_KEEPOPEN))
		tl_timer_set(sk, TL_TIMER_KEEP, idle_time(sk));
	else if (!on)
		tl_timer_clear(sk, TL_TIMER_KEEP);
}

/*
 * Enough probes went unanswered; or, where TCP_USER_TIMEOUT is set, nothing has come for so long
 * (as in Linux).
 */
static bool keepalive_expired(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->config.user_timeout)
		return tl->loss.probes &&
		       idle_since(sk) >= tl_ms_jiffies(tl->config.user_timeout);
	return tl->loss.probes >=
	       (tl->config.keep_probes ?: TL_SK_SYSCTL(sk, keepalive_probes));
}

/**
 * tl_keepalive_timer() - has the peer been silent for too long?
 * @sk: socket, locked
 */
void tl_keepalive_timer(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct net *net = sock_net(sk);
	unsigned long idle = idle_since(sk), want = idle_time(sk);

	if (!sock_flag(sk, SOCK_KEEPOPEN) || !tl_in_state(sk, TLF_SYNCHRONIZED))
		return;
	/* What is in flight, or waits for a window, has timers that notice. */
	if (tl->snd.una != tl->snd.nxt || !tl_all_gone(&tl->snd)) {
		tl_timer_set(sk, TL_TIMER_KEEP, want);
		return;
	}
	if (idle < want) {
		tl->loss.probes = 0;
		tl_timer_set(sk, TL_TIMER_KEEP, want - idle);
		return;
	}
	if (keepalive_expired(sk)) {
		TL_INC(net, TCPAbortOnTimeout);
		tl_send_reset(sk, GFP_ATOMIC);
		tl_fail(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT, TL_EV_TIMEOUT);
		return;
	}
	TL_INC(net, TCPKeepAlive);
	if (tl->loss.probes < U8_MAX)
		tl->loss.probes++;
	tl_send_probe(sk);
	tl_timer_set(sk, TL_TIMER_KEEP,
		     tl->config.keep_intvl ?: TL_SYSCTL(net, keepalive_intvl));
}
