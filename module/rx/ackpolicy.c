// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge (RFC 9293 3.8.6.3, RFC 5681 4.2).
 *
 * At once: every second full segment, what fills the last gap, and as long as the peer needs ACKs
 * soon: at the beginning of a connection, after a pause, when something came twice or came from
 * outside the window. Otherwise an ACK waits for data to ride on, for the time that the peer's
 * segments have been apart, within bounds and never for half a second.
 *
 * In between lies the question at the beginning of a connection: a segment with PSH that is not
 * full, after which it is the program's turn. Its ACK rides on the answer, if that is the program's
 * next move; else it goes as soon as the program asks for more, or after a tick or two. So a short
 * connection needs eight segments, not ten, and no peer waits long for an ACK that none brings.
 *
 * While there is a gap each segment would be answered. The first three answers go: they are the
 * duplicate ACKs that set off a fast retransmit. After them, where SACK tells it all anyway, one
 * ACK speaks for up to comp_sack_nr, within a small part of a round trip.
 */
#include "sock.h"

#define DUPACKS_AT_ONCE	3	/* RFC5681 3.2: as many make a loss */
#define TURN		1	/* the program's, in jiffies, and the one that has begun */

static u16 delay_min(const struct sock *sk)
{
	return tl_ms_jiffies(TL_SK_SYSCTL(sk, delack_min_ms));
}

/* Below the smallest RTO: or the peer would send again what only was not acknowledged yet. */
static u16 delay_max(const struct sock *sk)
{
	u32 rto = tl_ms_jiffies(TL_SK_SYSCTL(sk, rto_min_ms));

	return min_t(u32, tl_ms_jiffies(TL_SK_SYSCTL(sk, delack_max_ms)),
		     max(rto, 2U) - 1);
}

static void more_quick(struct sock *sk, u8 most)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 segments = tl->rcv.wnd / (2 * max_t(u32, tl->rcv.mss, 1)) ?: 2;

	tl->ackp.quick = max_t(u32, tl->ackp.quick, min_t(u32, segments, most));
}

static void be_quick(struct sock *sk, u8 most)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	more_quick(sk, most);
	a->interactive = 0;
	a->ato = delay_min(sk);
}

/**
 * tl_ack_be_quick() - the peer needs ACKs soon: do not count on the program's answers for a while
 * @sk: socket, locked
 * @most: so many ACKs at most
 */
void tl_ack_be_quick(struct sock *sk, u8 most)
{
	tl_sk(sk)->ackp.hurried = 1;
	be_quick(sk, most);
}

/**
 * tl_ack_interactive() - count on the program to answer what it gets
 * @sk: socket, locked
 */
void tl_ack_interactive(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	a->interactive = TL_SK_SYSCTL(sk, pingpong_thresh);
	if (!a->turn)
		return;
	WRITE_ONCE(a->turn, false);		/* it may take longer than a turn */
	tl_timer_set(sk, TL_TIMER_DELACK, delay_max(sk));
}

/**
 * tl_ack_is_interactive() - is the program expected to answer what it gets?
 * @sk: socket, locked
 */
bool tl_ack_is_interactive(const struct sock *sk)
{
	return tl_sk(sk)->ackp.interactive >= TL_SK_SYSCTL(sk, pingpong_thresh);
}

/* What the administrator said of the route. */
static bool route_is_quick(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	return dst && dst_metric(dst, RTAX_QUICKACK);
}

static bool is_quick(struct sock *sk)
{
	return (tl_sk(sk)->ackp.quick && !tl_ack_is_interactive(sk)) || route_is_quick(sk);
}

/**
 * tl_ackpolicy_init() - a connection is established
 * @sk: socket, locked
 */
void tl_ackpolicy_init(struct sock *sk)
{
	tl_sk(sk)->ackp.ato = 0;	/* the first data begins it */
}

/**
 * tl_ack_quick() - TCP_QUICKACK
 * @sk: socket, locked
 * @val: 0: delay ACKs; odd: do not, for a while; even: acknowledge what waits, then delay
 */
void tl_ack_quick(struct sock *sk, int val)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	tl_ack_turn(sk);
	if (!val) {
		tl_ack_interactive(sk);
		return;
	}
	a->interactive = 0;
	a->hurried = 1;
	if (!a->pending || !tl_in_state(sk, TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		return;
	a->pushed = 1;
	tl_ack_after_read(sk, 1);
	if (!(val & 1))
		tl_ack_interactive(sk);
}

/* How far apart the segments are is how long an ACK waits for the next one. */
static void learn_delay(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;
	u32 now = tl_clock_jiffies(), gap = now - a->last_rcv;
	u16 least = delay_min(sk);

	if (!a->ato) {
		more_quick(sk, TL_QUICK_MAX);
		a->ato = least;
	} else if (gap <= least / 2) {
		a->ato = a->ato / 2 + least / 2;
	} else if (gap < a->ato) {
		a->ato = min3((u32)(a->ato / 2 + gap), (u32)tl_rto_jiffies(sk),
			      (u32)delay_max(sk));
	} else if (gap > tl_rto_jiffies(sk)) {
		more_quick(sk, TL_QUICK_MAX);	/* the peer begins anew, with a small window */
	}
	a->last_rcv = now;
}

/*
 * Has the peer said what it had to say? What it sends is about as large as what we may. If another
 * ACK waits, it had not; and what touches a gap (RFC5681 4.2), or was sent in vain, is answered at
 * once.
 */
static bool ends_turn(struct sock *sk, const struct tl_arrival *arrival)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_ackpolicy *a = &tl->ackp;

	return a->quick && !a->hurried && (arrival->flags & TL_PSH) &&
	       arrival->len < min_t(u32, tl->snd.mss, tl->rcv.adv_mss) &&
	       RB_EMPTY_ROOT(&tl->rcv.ooo) && !tl_ack_is_interactive(sk) &&
	       TL_SK_SYSCTL(sk, ack_turn) && !route_is_quick(sk);
}

/**
 * tl_ack_received() - data came in order
 * @sk: socket, locked
 * @arrival: the segment
 */
void tl_ack_received(struct sock *sk, const struct tl_arrival *arrival)
{
	bool first = !tl_sk(sk)->ackp.pending;

	tl_ack_want(sk);
	tl_rcv_window_learn(sk, arrival);
	tl_rcv_window_rtt(sk);
	learn_delay(sk);
	WRITE_ONCE(tl_sk(sk)->ackp.turn, first && ends_turn(sk, arrival));
	if (arrival->len >= 128)	/* what is smaller says nothing of a buffer's use */
		tl_rcv_window_grow(sk, arrival, true);
}

/**
 * tl_ack_received_early() - data came before its turn
 * @sk: socket, locked
 * @arrival: the segment
 */
void tl_ack_received_early(struct sock *sk, const struct tl_arrival *arrival)
{
	tl_ack_want(sk);
	WRITE_ONCE(tl_sk(sk)->ackp.turn, false);	/* the peer had more to say */
	tl_rcv_window_learn(sk, arrival);
}

/**
 * tl_ack_want() - something is to be acknowledged, now or later
 * @sk: socket, locked
 */
void tl_ack_want(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	a->pending = 1;
	a->held = 0;
}

/**
 * tl_ack_want_now() - whatever the policy, this segment is answered at once
 * @sk: socket, locked
 */
void tl_ack_want_now(struct sock *sk)
{
	tl_ack_want(sk);
	tl_sk(sk)->ackp.now = 1;
}

/**
 * tl_ack_hurry() - so is this one, which we have no use for, and some that follow
 * @sk: socket, locked
 */
void tl_ack_hurry(struct sock *sk)
{
	tl_ack_be_quick(sk, TL_QUICK_MAX);
	tl_ack_want_now(sk);
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

	if (!sk->sk_write_pending && !tl_sk(sk)->config.defer_accept &&
	    !tl_ack_is_interactive(sk)) {
		tl_ack_want_now(sk);
		return;
	}
	be_quick(sk, TL_QUICK_MAX);
	a->pending = 1;
	a->held = 1;
	tl_timer_set(sk, TL_TIMER_DELACK, delay_max(sk));
}

/*
 * RFC9293 SHLD-19: every second full segment. But not if reading alone would open the window as far
 * as it was: then an ACK now would tell of a smaller one; or if the program waits for more data
 * than it has (SO_RCVLOWAT), and so would not read.
 */
static bool is_second(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return tl->rcv.nxt - tl->rcv.wup > tl->rcv.mss &&
	       (tl->rcv.nxt - tl->rcv.copied < READ_ONCE(sk->sk_rcvlowat) ||
		tl_rcv_window_choose(sk) >= tl->rcv.wnd);
}

/* Later, so that it may ride on data; in a round trip, or when the next segment is due. */
static void delay(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_ackpolicy *a = &tl->ackp;
	u32 least = delay_min(sk), ato = a->ato;

	if (ato > least) {
		u32 most = HZ / 2;		/* RFC9293 MUST-40 */

		if (tl_ack_is_interactive(sk) || a->pushed)
			most = delay_max(sk);
		if (tl->rtt.srtt)
			most = min_t(u32, most, max_t(u32, tl_us_jiffies(tl->rtt.srtt >> 3),
						      least));
		ato = min(ato, most);
	}
	ato = min_t(u32, ato, delay_max(sk));
	if (tl_timer_armed(sk, TL_TIMER_DELACK) &&
	    tl_timer_left(sk, TL_TIMER_DELACK) <= ato / 4) {
		tl_send_ack(sk);		/* so soon that the timer is not worth it */
		return;
	}
	tl_timer_set_earlier(sk, TL_TIMER_DELACK, ato);
}

static void forget_compressed(struct sock *sk)
{
	tl_sk(sk)->ackp.compressed = 0;
	tl_fine_clear(sk, TL_FINE_COMPRESS);
}

/* 5 % of a round trip, as the side that measured the shorter one sees it, ns. */
static u64 compress_delay(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 us8 = tl->rcv.rtt.us8;

	if (tl->rtt.srtt)
		us8 = min(us8, tl->rtt.srtt);
	return min_t(u64, TL_SK_SYSCTL(sk, comp_sack_delay_ns),
		     (u64)us8 * (NSEC_PER_USEC / 8) / 20);
}

/* There is a gap, and a segment came that did not fill it. */
static void answer_gap(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_ackpolicy *a = &tl->ackp;

	if (!tl->rcv.sack_ok || a->compressed >= TL_SK_SYSCTL(sk, comp_sack_nr)) {
		tl_send_ack(sk);
		return;
	}
	if (a->dup_nxt != tl->rcv.nxt) {
		a->dup_nxt = tl->rcv.nxt;
		a->dupacks = 0;
	}
	if (a->dupacks < DUPACKS_AT_ONCE) {
		a->dupacks++;
		tl_send_ack(sk);
		return;
	}
	a->compressed++;
	if (!tl_fine_armed(sk, TL_FINE_COMPRESS))
		tl_fine_set(sk, TL_FINE_COMPRESS, compress_delay(sk),
			    TL_SK_SYSCTL(sk, comp_sack_slack_ns));
}

/**
 * tl_ack_check() - a segment was dealt with: acknowledge now or later
 * @sk: socket, locked, in a state past SYN-SENT
 */
void tl_ack_check(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_ackpolicy *a = &tl->ackp;

	if (!a->pending || a->held)
		return;
	if (a->turn && !a->now) {
		if (tl_timer_armed(sk, TL_TIMER_DELACK))
			return;
		TL_SK_INC(sk, TCPAckTurns);
		tl_timer_set(sk, TL_TIMER_DELACK, TURN);
	} else if (a->now || is_quick(sk) || is_second(sk)) {
		/* Of what waited for the program to let go, one ACK may tell all. */
		if (sock_owned_by_user_nocheck(sk) &&
		    TL_SK_SYSCTL(sk, backlog_ack_defer))
			a->deferred = 1;
		else
			tl_send_ack(sk);
	} else if (RB_EMPTY_ROOT(&tl->rcv.ooo)) {
		delay(sk);
	} else {
		answer_gap(sk);
	}
}

/**
 * tl_ack_turn() - the program asks for more than there is: no answer will take the ACK along
 * @sk: socket, locked
 */
void tl_ack_turn(struct sock *sk)
{
	const struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (a->turn && a->pending && !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		tl_send_ack(sk);
}

/**
 * tl_ack_turn_unlocked() - the same, where a poll() for data or a busy loop finds none
 * @sk: socket, not locked
 *
 * If another thread has the socket, the ACK goes with what that one does, or with the tick.
 */
void tl_ack_turn_unlocked(struct sock *sk)
{
	/* old news does no harm: the tick comes */
	if (likely(!READ_ONCE(tl_sk(sk)->ackp.turn)))
		return;
	local_bh_disable();
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		tl_ack_turn(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
}

/**
 * tl_ack_release() - the program lets the socket go
 * @sk: socket, owned; called from release_cb
 */
void tl_ack_release(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if (!a->deferred)
		return;
	a->deferred = 0;
	if (a->pending && !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT))
		tl_send_ack(sk);
}

/* Send the ACK that stands for those held back. All but one of them were saved. */
static void send_compressed(struct sock *sk)
{
	TL_SK_ADD(sk, TCPAckCompressed, tl_sk(sk)->ackp.compressed - 1);
	forget_compressed(sk);
	tl_send_ack(sk);
}

/**
 * tl_ack_uncompress() - send what was held back, before it can no longer be told
 * @sk: socket, locked
 */
void tl_ack_uncompress(struct sock *sk)
{
	if (tl_sk(sk)->ackp.compressed)
		send_compressed(sk);
}

/**
 * tl_ack_compressed_timer() - ACKs were held back long enough
 * @sk: socket, locked
 */
void tl_ack_compressed_timer(struct sock *sk)
{
	if (tl_sk(sk)->ackp.compressed && !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		send_compressed(sk);
}

/* The program has all, and gives no sign of answering: no use to wait for data to ride on. */
static bool read_all(const struct sock *sk, int copied)
{
	const struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	return copied > 0 && !a->turn && !atomic_read(&sk->sk_rmem_alloc) &&
	       (a->pushed_again || (a->pushed && !tl_ack_is_interactive(sk)));
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
	if (a->pending && (tl->rcv.nxt - tl->rcv.wup > tl->rcv.mss || read_all(sk, copied))) {
		tl_send_ack(sk);
		return;
	}
	if (copied <= 0 || (sk->sk_shutdown & RCV_SHUTDOWN))
		return;
	/* A window that has doubled at least. */
	left = tl_rcv_window_left(tl);
	if (2 * left > tl->rcv.clamp)
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

	if (a->compressed) {
		TL_SK_ADD(sk, TCPAckCompressed, a->compressed);
		forget_compressed(sk);
	}
	if (a->quick && a->pending && !--a->quick)
		a->ato = delay_min(sk);
	a->pending = 0;
	a->now = 0;
	a->held = 0;
	WRITE_ONCE(a->turn, false);
	a->pushed = 0;
	a->pushed_again = 0;
	tl->rcv.last_ack = tl->rcv.nxt;
	tl->rcv.sackout.has_dup = false;
	tl_timer_clear(sk, TL_TIMER_DELACK);
}

/**
 * tl_ack_sent_data() - data has gone out: if it answers data, ACKs may wait for such answers
 * @sk: socket, locked
 */
void tl_ack_sent_data(struct sock *sk)
{
	struct tl_ackpolicy *a = &tl_sk(sk)->ackp;

	if ((u32)tl_clock_jiffies() - a->last_rcv < a->ato && a->interactive < U8_MAX)
		a->interactive++;
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
	if (tl_ack_is_interactive(sk)) {
		/* The program did not answer in time: do not count on it. */
		a->interactive = 0;
		a->ato = delay_min(sk);
	} else if (!a->turn) {		/* that was no delay to learn from */
		a->ato = min3((u32)a->ato * 2, (u32)tl_rto_jiffies(sk), (u32)delay_max(sk));
	}
	WRITE_ONCE(a->turn, false);
	TL_SK_INC(sk, DelayedACKs);
	tl_send_ack(sk);
}
