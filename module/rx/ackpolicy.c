// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2).
 *
 * At once: every second full segment, anything out of order, and the first segments of a
 * connection, so that the peer's slow start is not held up. Otherwise an ACK waits for data to ride
 * on, for the time that the peer's segments have been apart, within bounds and never for half a
 * second.
 */
#include "sock.h"

#define QUICK_MAX	16	/* segments acknowledged at once at the start */

static u16 delay_min(const struct sock *sk)
{
	return msecs_to_jiffies(TL_SYSCTL(sock_net(sk), delack_min_ms));
}

static u16 delay_max(const struct sock *sk)
{
	return msecs_to_jiffies(TL_SYSCTL(sock_net(sk), delack_max_ms));
}

static void be_quick(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 segments = tl->rcv.wnd / (2 * max_t(u32, tl->rcv.mss, 1));

	tl->ackp.quick = clamp_t(u32, segments, 2, QUICK_MAX);
}

/**
 * tl_ackpolicy_init() - a connection is established
 * @sk: socket, locked
 */
void tl_ackpolicy_init(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	a->ato = 0;
	be_quick(sk);
}

/**
 * tl_ack_quick() - TCP_QUICKACK
 * @sk: socket, locked
 * @on: acknowledge at once for a while, or go back to delaying
 */
void tl_ack_quick(struct sock *sk, bool on)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	a->interactive = !on;
	if (!on)
		return;
	be_quick(sk);
	if (a->pending && tl_in_state(sk, TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		tl_send_ack(sk);
}

/**
 * tl_ack_received() - data came: learn how far apart the segments are
 * @sk: socket, locked
 * @skb: the segment
 */
void tl_ack_received(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;
	unsigned long now = tl_clock_jiffies(), gap = now - a->last_rcv;
	u16 least = delay_min(sk);

	a->pending = 1;
	a->held = 0;
	a->pushed = !!(TL_CB(skb)->flags & TL_PSH);
	tl_rcv_window_rtt(sk, skb);
	if (!a->ato)
		a->ato = least;
	else if (gap <= least / 2)
		a->ato = a->ato / 2 + least / 2;
	else if (gap < a->ato)
		a->ato = min_t(u32, a->ato / 2 + gap, delay_max(sk));
	else if (gap > tl_rto_jiffies(sk))
		be_quick(sk);		/* the peer begins anew, with a small window */
	a->last_rcv = now;
}

/**
 * tl_ack_want_now() - whatever the policy, this segment is answered at once
 * @sk: socket, locked
 */
void tl_ack_want_now(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	a->pending = 1;
	a->now = 1;
}

/**
 * tl_ack_synack() - the peer accepted our SYN: acknowledge its own
 * @sk: socket, locked, just established by connect()
 *
 * At once, unless data is about to go that it can ride on: a writer waits already, or the program
 * said so by TCP_DEFER_ACCEPT or by TCP_QUICKACK 0.
 */
void tl_ack_synack(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (!sk->sk_write_pending && !tl_sk(sk)->config.defer_accept && !a->interactive) {
		tl_ack_want_now(sk);
		return;
	}
	a->pending = 1;
	a->held = 1;
	tl_timer_set(sk, TL_TIMER_DELACK, delay_max(sk));
}

static bool due(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_ackpolicy *a = &tl->ackp;

	if (a->now)
		return true;
	if (a->held)
		return false;
	if (a->quick && !a->interactive)
		return true;
	return a->unacked > tl->rcv.mss;	/* RFC9293 SHLD-19: every second full one */
}

/**
 * tl_ack_check() - a segment was dealt with: acknowledge now or later
 * @sk: socket, locked, in a state past SYN-SENT
 */
void tl_ack_check(struct sock *sk)
{
	const struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (!a->pending)
		return;
	if (due(sk))
		tl_send_ack(sk);
	else if (!a->held)	/* RFC9293 MUST-40: below 0.5 s */
		tl_timer_set_earlier(sk, TL_TIMER_DELACK,
				     clamp_t(u16, a->ato, delay_min(sk), delay_max(sk)));
}

/* The program has all, and gives no sign of answering: no use to wait for data to ride on. */
static bool read_all(const struct sock *sk, int copied)
{
	const struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (copied <= 0 || a->interactive)
		return false;
	return a->quick || (a->pushed && !atomic_read(&sk->sk_rmem_alloc));
}

/**
 * tl_ack_after_read() - the program has read: is that worth telling the peer?
 * @sk: socket, locked
 * @copied: bytes that it took
 */
void tl_ack_after_read(struct sock *sk, int copied)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_ackpolicy *a = &tl->ackp;
	u32 left, wnd;

	if (tl_in_state(sk, TCPF_CLOSE | TCPF_SYN_SENT | TCPF_LISTEN))
		return;
	if (a->pending && (a->unacked > tl->rcv.mss || read_all(sk, copied))) {
		tl_send_ack(sk);
		return;
	}
	if (copied <= 0 || (sk->sk_shutdown & RCV_SHUTDOWN))
		return;
	/* A window that has doubled at least. */
	left = tl_rcv_window_left(tl);
	if (2 * left > READ_ONCE(sk->sk_rcvbuf) / 2)
		return;
	wnd = tl_rcv_window_choose(sk);
	if (wnd && wnd >= 2 * left)
		tl_send_ack(sk);
}

/**
 * tl_ack_sent() - a segment with ACK has gone out
 * @sk: socket, locked
 */
void tl_ack_sent(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_ackpolicy *a = &tl->ackp;

	if (a->quick && a->pending)
		a->quick--;
	a->pending = 0;
	a->now = 0;
	a->held = 0;
	a->pushed = 0;
	a->unacked = 0;
	tl->rcv.last_ack = tl->rcv.nxt;
	tl_timer_clear(sk, TL_TIMER_DELACK);
}

/**
 * tl_ack_sent_data() - data has gone out: if it answers data, ACKs may wait for such answers
 * @sk: socket, locked
 */
void tl_ack_sent_data(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (a->ato && tl_clock_jiffies() - a->last_rcv < a->ato)
		a->interactive = 1;
}

/**
 * tl_ack_timer() - a delayed ACK is due
 * @sk: socket, locked
 */
void tl_ack_timer(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (!a->pending || tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return;
	/* The program did not answer in time: do not count on it. */
	if (a->interactive) {
		a->interactive = 0;
		a->ato = delay_min(sk);
	} else {
		a->ato = min_t(u32, a->ato * 2, delay_max(sk));
	}
	TL_INC(sock_net(sk), DelayedACKs);
	tl_send_ack(sk);
}

/**
 * tl_ack_be_quick() - the peer may wait for our ACKs: no delay for the next few segments
 * @sk: socket, locked
 * @most: how many of them, at most
 */
void tl_ack_be_quick(struct sock *sk, u8 most)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_ackpolicy *a = &tl->ackp;
	u32 segments = tl->rcv.wnd / (2 * max_t(u32, tl->rcv.mss, 1));

	/* as many as the window holds: two, if it holds none */
	a->quick = max_t(u8, a->quick, min_t(u32, segments ?: 2, most));
	a->interactive = 0;
	a->ato = delay_min(sk);
}
