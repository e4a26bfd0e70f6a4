// SPDX-License-Identifier: GPL-2.0
/*
 * The receive window (RFC 9293 3.8.6): it follows the free space of the buffer, its right edge
 * never moves left, and it opens in steps worth a segment (silly window avoidance).
 *
 * Four bounds stand one inside the other:
 *
 *	rmem[2]		no buffer grows beyond
 *	sk_rcvbuf	memory that this one may use. It grows with the pace of the program:
 *			dynamic right-sizing
 *	rcv.clamp	that in octets of data: a buffer costs more than what is in it, how much
 *			is measured (rcv.ratio)
 *	rcv.ssthresh	what is announced of it. It begins small and grows with each segment that
 *			makes good use of its buffer, so that a peer that sends small ones cannot
 *			use up more memory than there is before we know it
 */
#include "sock.h"

#define RATIO_SHIFT	8
#define RATIO_BEGIN	(1 << (RATIO_SHIFT - 1))	/* half of the memory is data */

/* Octets of data that so much memory holds. */
static int data_of(const struct sock *sk, int space)
{
	return ((s64)space * (tl_sk(sk)->rcv.ratio ?: RATIO_BEGIN)) >> RATIO_SHIFT;
}

/* Memory that so many octets need. */
static u64 space_for(const struct sock *sk, u64 data)
{
	return div_u64(data << RATIO_SHIFT, tl_sk(sk)->rcv.ratio ?: RATIO_BEGIN);
}

static int full_space(const struct sock *sk)
{
	return data_of(sk, READ_ONCE(sk->sk_rcvbuf));
}

static int free_space(const struct sock *sk)
{
	return data_of(sk, READ_ONCE(sk->sk_rcvbuf) - atomic_read(&sk->sk_rmem_alloc) -
			   READ_ONCE(sk->sk_backlog.len));
}

/* What the program lets the window be (TCP_WINDOW_CLAMP). */
static u32 user_clamp(const struct sock *sk)
{
	return READ_ONCE(tl_sk(sk)->config.window_clamp) ?: U32_MAX;
}

static u32 clamp_by_buffer(const struct sock *sk)
{
	return min_t(u32, full_space(sk), user_clamp(sk));
}

/**
 * tl_rcv_window_initial() - window for a SYN or SYN-ACK
 * @sk: socket or listener
 *
 * Return: bytes, at most what the unscaled field holds.
 */
u32 tl_rcv_window_initial(const struct sock *sk)
{
	return min_t(u32, clamp_by_buffer(sk), U16_MAX);
}

/**
 * tl_rcv_wscale() - shift to ask for (RFC7323 2.3)
 * @sk: socket or listener
 *
 * Return: enough for the buffer to grow as large as it may.
 */
u8 tl_rcv_wscale(const struct sock *sk)
{
	u32 space = max_t(u32, TL_SK_SYSCTL(sk, rmem[2]), READ_ONCE(sk->sk_rcvbuf));

	return clamp_t(int, ilog2(min(space, user_clamp(sk))) - 15, 0, TL_MAX_WSCALE);
}

/**
 * tl_rcv_window_init() - a connection is established: begin to watch how fast the program reads
 * @sk: socket, locked
 */
void tl_rcv_window_init(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 mss = rcv->adv_mss, full = full_space(sk);
	u32 hint = min3(mss, (u32)tl_sk(sk)->snd.mss, rcv->wnd / 2);

	rcv->clamp = clamp_by_buffer(sk);
	if (rcv->clamp > 2 * mss && rcv->clamp + mss > full)	/* a segment is kept in reserve */
		rcv->clamp = max(2 * mss, full - mss);
	rcv->ssthresh = min(rcv->wnd, rcv->clamp);
	rcv->space.seq = rcv->copied;
	rcv->space.bytes = min3(rcv->ssthresh, rcv->wnd, 10 * mss);
	rcv->space.since_us = tl_clock_us();
	/* rather too small than too large: or ACKs would be too few */
	rcv->mss = clamp_t(u32, hint, 88, 536);
}

/**
 * tl_rcv_window_left() - RCV.WND: what the peer may still send
 * @tl: socket
 *
 * Return: bytes from RCV.NXT to the right edge that was announced.
 */
u32 tl_rcv_window_left(const struct tl_sock *tl)
{
	s32 left = tl->rcv.wup + tl->rcv.wnd - tl->rcv.nxt;

	return max(left, 0);
}

/* Memory is short, or used up: announce little. */
static void lower(struct tl_rcv *rcv, u32 segments)
{
	rcv->ssthresh = min(rcv->ssthresh, segments * rcv->adv_mss);
}

/**
 * tl_rcv_window_choose() - the window that could be announced now (RFC9293 3.8.6.2.2)
 * @sk: socket, locked
 *
 * Return: bytes; less than what is announced already means that the edge is to stay.
 */
u32 tl_rcv_window_choose(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_rcv *rcv = &tl->rcv;
	int room = full_space(sk), unit = 1 << rcv->wscale;
	int full = min_t(u32, rcv->clamp, max(room, 0)), mss = min_t(int, rcv->mss, full);
	int free = free_space(sk), wnd = rcv->wnd;

	if (mss <= 0)
		return 0;
	if (free < full / 2) {
		tl->ackp.quick = 0;	/* each would only tell of a smaller one */
		if (sk_under_memory_pressure(sk))
			lower(rcv, 4);
		free = round_down(free, unit);
		/* Too little to be worth a segment counts as nothing (RFC9293 MUST-39). */
		if (free < room >> 4 || free < mss)
			return 0;
	}
	free = min_t(u32, free, rcv->ssthresh);
	if (rcv->wscale)
		return ALIGN(free, unit);
	/* In whole segments, as long as that is no less than it was. */
	if (wnd <= free - mss || wnd > free)
		return rounddown(free, mss);
	if (mss == full && free > wnd + full / 2)
		return free;
	return wnd;
}

static void count_zero(struct sock *sk, u32 old, u32 wnd)
{
	if (!wnd && old)
		TL_SK_INC(sk, TCPToZeroWindowAdv);
	else if (wnd && !old)
		TL_SK_INC(sk, TCPFromZeroWindowAdv);
}

/**
 * tl_rcv_window_announce() - window field of a segment that goes out now
 * @sk: socket, locked
 * @syn: the segment carries SYN: its window is not scaled (RFC7323 2.2)
 *
 * Return: the field's value.
 */
u16 tl_rcv_window_announce(struct sock *sk, bool syn)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 old = tl->rcv.wnd, left = tl_rcv_window_left(tl), wnd;

	if (syn)
		return min_t(u32, tl->rcv.wnd, U16_MAX);
	wnd = tl_rcv_window_choose(sk);
	if (wnd < left) {
		if (!wnd)
			TL_SK_INC(sk, TCPWantZeroWindowAdv);
		wnd = ALIGN(left, 1U << tl->rcv.wscale);	/* RFC9293 SHLD-14 */
	}
	tl->rcv.wnd = min(wnd, (u32)U16_MAX << tl->rcv.wscale);
	tl->rcv.wup = tl->rcv.nxt;
	count_zero(sk, old, tl->rcv.wnd);
	return tl->rcv.wnd >> tl->rcv.wscale;
}

/*
 * A full segment tells how much of a buffer is data: all that is reckoned in octets follows, and a
 * buffer that has grown already stays.
 */
static void learn_ratio(struct sock *sk, const struct tl_arrival *a)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 ratio = clamp_t(u32, ((u64)a->len << RATIO_SHIFT) / a->truesize, 1, U8_MAX);

	if (ratio == rcv->ratio)
		return;
	rcv->ratio = ratio;
	rcv->clamp = clamp_by_buffer(sk);
	rcv->space.bytes = min(rcv->space.bytes, rcv->clamp);
}

/*
 * A segment smaller than the largest may be a full one nevertheless: options take more room now,
 * or the path's MTU has fallen. Two in a row of the same size, too large or too silent (no PSH) to
 * be the end of something, are believed.
 */
static bool learn_smaller(struct sock *sk, const struct tl_arrival *a)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 len = a->segment + a->header, last = rcv->odd_mss;

	rcv->odd_mss = 0;
	if (len < 536 + sizeof(struct tcphdr) &&
	    (len < 88 + sizeof(struct tcphdr) ||
	     (a->flags & (TL_FIN | TL_URG | TL_SYN | TL_PSH))))
		return false;
	/* what varies are SACK blocks: count them as data */
	len -= sizeof(struct tcphdr) + (rcv->ts_ok ? TL_LEN_TIMESTAMP_PAD : 0);
	rcv->odd_mss = min_t(u32, len, U16_MAX);
	if (len != last)
		return false;
	rcv->mss = last;
	return true;
}

/**
 * tl_rcv_window_learn() - data came: how large are the peer's full segments?
 * @sk: socket, locked
 * @a: the segment
 */
void tl_rcv_window_learn(struct sock *sk, const struct tl_arrival *a)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct tl_ackpolicy *ackp = &tl_sk(sk)->ackp;

	if (a->segment >= rcv->mss) {
		rcv->odd_mss = 0;
		if (a->segment != rcv->mss)
			learn_ratio(sk, a);
		rcv->mss = min_t(u32, a->segment, rcv->adv_mss ?: a->segment);
		if (a->flags & TL_PSH)
			ackp->pushed = 1;
	} else if (!learn_smaller(sk, a)) {
		ackp->pushed_again |= ackp->pushed;
		ackp->pushed = 1;
	}
}

/*
 * A segment that costs more memory than its share: would the buffer hold a window of such ones,
 * once it has grown to its end? The smaller the window still is, the worse they may be.
 */
static u32 modest_step(const struct sock *sk, const struct tl_arrival *a, u32 cost)
{
	const struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 window = data_of(sk, TL_SK_SYSCTL(sk, rmem[2])) / 2;

	for (cost = data_of(sk, cost) / 2; rcv->ssthresh <= window; window /= 2, cost /= 2)
		if (cost <= a->len)
			return 2 * rcv->mss;
	return 0;
}

/**
 * tl_rcv_window_grow() - a segment was kept: announce more, if it makes good use of its buffer
 * @sk: socket, locked
 * @a: the segment
 * @joined: it shares, or may share, its buffer with others
 */
void tl_rcv_window_grow(struct sock *sk, const struct tl_arrival *a, bool joined)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	int room = min_t(int, rcv->clamp, free_space(sk)) - (int)rcv->ssthresh;
	u32 cost = joined ? a->joined : a->truesize, step;

	if (room <= 0)
		return;
	if (sk_under_memory_pressure(sk)) {
		lower(rcv, 4);
		return;
	}
	step = data_of(sk, cost) <= (int)a->len ? 2U * rcv->adv_mss : modest_step(sk, a, cost);
	if (!step)
		return;
	rcv->ssthresh += min_t(u32, room, max(step, 2 * a->len));
	tl_sk(sk)->ackp.quick |= 1;		/* tell the peer */
}

/**
 * tl_rcv_window_full() - the buffer is used up: what was announced did not fit
 * @sk: socket, locked
 */
void tl_rcv_window_full(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	int used = atomic_read(&sk->sk_rmem_alloc), most = TL_SK_SYSCTL(sk, rmem[2]);

	tl_sk(sk)->ackp.quick = 0;
	if (sk->sk_rcvbuf < most && !(sk->sk_userlocks & SOCK_RCVBUF_LOCK) &&
	    !sk_under_memory_pressure(sk) && sk_memory_allocated(sk) < sk_prot_mem_limits(sk, 0))
		WRITE_ONCE(sk->sk_rcvbuf, min(used, most));
	if (used > sk->sk_rcvbuf)
		rcv->ssthresh = min(rcv->clamp, 2U * rcv->adv_mss);
}

/*
 * A round trip was measured. One that waited for data to come may be much too long: without
 * timestamps only the shortest counts.
 */
static void learn_rtt(struct tl_rcv *rcv, u32 us, bool only_shorter)
{
	u64 us8 = (u64)us * 8;

	if (!rcv->rtt.us8 || us8 < rcv->rtt.us8)
		rcv->rtt.us8 = us8;
	else if (!only_shorter)
		rcv->rtt.us8 += us - rcv->rtt.us8 / 8;
}

/**
 * tl_rcv_window_rtt() - data came in order: has a round trip passed?
 * @sk: socket, locked
 *
 * What is at the right edge of a window cannot have been sent before that window was announced. So
 * when it comes, a round trip at least has passed since.
 */
void tl_rcv_window_rtt(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u64 now;

	if (rcv->rtt.since_us && seq_lt(rcv->nxt, rcv->rtt.seq))
		return;
	now = tl_clock_us();
	if (rcv->rtt.since_us)
		learn_rtt(rcv, clamp_t(u64, now - rcv->rtt.since_us, 1, TL_RTT_MAX_US), true);
	rcv->rtt.seq = rcv->nxt + rcv->wnd;
	rcv->rtt.since_us = now;
}

/**
 * tl_rcv_window_echo() - a segment echoes our timestamp: a round trip as the receiver sees it
 * @sk: socket, locked
 * @skb: acceptable segment
 */
void tl_rcv_window_echo(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	const struct tl_cb *cb = TL_CB(skb);
	u32 ms;

	if (!rcv->ts_ok || !(cb->opts.seen & TL_OPT_TIMESTAMP) ||
	    cb->opts.tsecr == rcv->rtt.tsecr)
		return;
	rcv->rtt.tsecr = cb->opts.tsecr;
	if (cb->end - cb->seq < rcv->mss)	/* it may have waited for the program */
		return;
	ms = tl_tsval(sk) - cb->opts.tsecr;
	if (ms && ms < TL_RTT_MAX_US / USEC_PER_MSEC)
		learn_rtt(rcv, ms * USEC_PER_MSEC, false);
}

/*
 * The buffer that a program needs which read @read octets in a round trip: the window must hold
 * twice that, so that a loss does not stop the peer; and twice what it grew by, for the peer may
 * double what it sends, and the ACK that goes now is for the round trip after the next.
 */
static void grow_buffer(struct sock *sk, u32 read)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 before = max(rcv->space.bytes, 1U);
	u64 wnd = 2ULL * read + 16 * rcv->adv_mss, want;

	wnd += 2 * div_u64(wnd * (read - before), before);
	want = min_t(u64, space_for(sk, wnd), TL_SK_SYSCTL(sk, rmem[2]));
	if (want <= sk->sk_rcvbuf)
		return;
	WRITE_ONCE(sk->sk_rcvbuf, want);
	rcv->clamp = clamp_by_buffer(sk);
}

/**
 * tl_rcv_window_read() - the program has read: let the buffer grow with its pace
 * @sk: socket, locked
 *
 * Dynamic right-sizing: what counts is what it took in a round trip, less what still waits for it.
 */
void tl_rcv_window_read(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u64 now;
	s32 read;

	if (!rcv->rtt.us8)
		return;
	now = tl_clock_us();
	if (now - rcv->space.since_us < rcv->rtt.us8 / 8)
		return;
	read = rcv->copied - rcv->space.seq - (rcv->nxt - rcv->copied);
	if (read > (s32)rcv->space.bytes) {
		if (TL_SK_SYSCTL(sk, moderate_rcvbuf) &&
		    !(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
			grow_buffer(sk, read);
		rcv->space.bytes = read;
	}
	rcv->space.seq = rcv->copied;
	rcv->space.since_us = now;
}

/**
 * tl_rcv_ready() - would a program that waits for SO_RCVLOWAT octets read now?
 * @sk: socket, locked or not
 * @hidden: octets among those that wait which are not for it
 */
bool tl_rcv_ready(const struct sock *sk, int hidden)
{
	const struct tl_sock *tl = tl_sk(sk);
	int avail = READ_ONCE(tl->rcv.nxt) - READ_ONCE(tl->rcv.copied) - hidden;

	/* The FIN counts in RCV.NXT: it makes a socket readable, too. */
	if (avail <= 0)
		return false;
	/* More than SO_RCVLOWAT may never come, if the window is shut before. */
	return avail >= READ_ONCE(sk->sk_rcvlowat) ||
	       atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) ||
	       tl_rcv_window_left(tl) <= READ_ONCE(tl->rcv.mss);
}

/**
 * tl_rcv_lowat() - SO_RCVLOWAT (proto_ops.set_rcvlowat)
 * @sk: socket, locked
 * @val: octets
 *
 * The buffer must be able to hold as much: it grows, unless the program chose its size.
 *
 * Return: 0.
 */
int tl_rcv_lowat(struct sock *sk, int val)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	bool fixed = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	u64 space;

	val = min(val, (fixed ? sk->sk_rcvbuf : TL_SK_SYSCTL(sk, rmem[2])) / 2);
	WRITE_ONCE(sk->sk_rcvlowat, val ?: 1);
	if (tl_rcv_ready(sk, 0) || sock_flag(sk, SOCK_DONE))
		sk->sk_data_ready(sk);
	if (fixed)
		return 0;
	space = min_t(u64, space_for(sk, val), TL_SK_SYSCTL(sk, rmem[2]));
	if (space > sk->sk_rcvbuf) {
		WRITE_ONCE(sk->sk_rcvbuf, space);
		if (rcv->clamp && rcv->clamp < val)
			rcv->clamp = val;
	}
	return 0;
}

/**
 * tl_rcv_window_clamp() - TCP_WINDOW_CLAMP
 * @sk: socket, locked
 * @val: bytes; 0: none, before the connection only
 *
 * Return: 0 or -EINVAL.
 */
int tl_rcv_window_clamp(struct sock *sk, int val)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 old = rcv->clamp;

	if (!val && sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	if (val)
		val = max_t(u32, val, SOCK_MIN_RCVBUF / 2);	/* -1 is no bound */
	WRITE_ONCE(tl_sk(sk)->config.window_clamp, val);
	if (tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT)) {
		rcv->clamp = val;	/* until tl_rcv_window_init() */
		return 0;
	}
	rcv->clamp_set = 1;
	rcv->clamp = clamp_by_buffer(sk);
	if (rcv->clamp < old)
		rcv->ssthresh = min(rcv->ssthresh, rcv->clamp);
	else
		rcv->ssthresh = max(rcv->ssthresh, min(rcv->wnd, rcv->clamp));
	return 0;
}
