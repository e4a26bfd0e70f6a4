// SPDX-License-Identifier: GPL-2.0
/*
 * The receive window (RFC 9293 3.8.6): it follows the free space of the buffer, its right edge
 * never moves left, and it opens in steps worth a segment (silly window avoidance).
 *
 * Half of the buffer's bytes are offered: the other half is for what buffers cost beyond their
 * data.
 */
#include "sock.h"

static u32 data_of(int space)
{
	return space > 0 ? space >> 1 : 0;
}

static u32 full_space(const struct sock *sk)
{
	return data_of(READ_ONCE(sk->sk_rcvbuf));
}

static u32 free_space(const struct sock *sk)
{
	return data_of(READ_ONCE(sk->sk_rcvbuf) - atomic_read(&sk->sk_rmem_alloc) -
		       READ_ONCE(sk->sk_backlog.len));
}

/**
 * tl_rcv_window_initial() - window for a SYN or SYN-ACK
 * @sk: socket or listener
 *
 * Return: bytes, at most what the unscaled field holds.
 */
u32 tl_rcv_window_initial(const struct sock *sk)
{
	return min_t(u32, full_space(sk), U16_MAX);
}

/**
 * tl_rcv_wscale() - shift to ask for (RFC7323 2.3)
 * @sk: socket or listener
 *
 * Return: enough for the buffer to grow as large as it may.
 */
u8 tl_rcv_wscale(const struct sock *sk)
{
	u32 space = max_t(u32, TL_SYSCTL(sock_net(sk), rmem[2]), READ_ONCE(sk->sk_rcvbuf));

	return clamp_t(int, ilog2(space) - 15, 0, TL_MAX_WSCALE);
}

/**
 * tl_rcv_window_init() - a connection is established: begin to watch how fast the program reads
 * @sk: socket, locked
 */
void tl_rcv_window_init(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->rcv.space.seq = tl->rcv.copied;
	tl->rcv.space.bytes = min_t(u32, tl->rcv.wnd, 10 * tl->rcv.adv_mss);
	tl->rcv.space.since_us = tl_clock_us();
	tl->rcv.mss = min_t(u32, tl->snd.mss, tl->af->default_mss);
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

/**
 * tl_rcv_window_choose() - the window that could be announced now (RFC9293 3.8.6.2.2)
 * @sk: socket, locked
 *
 * Return: bytes; a multiple of what the scale can express.
 */
u32 tl_rcv_window_choose(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 unit = 1U << tl->rcv.wscale, limit = (u32)U16_MAX << tl->rcv.wscale;
	u32 free = free_space(sk), full = full_space(sk);
	u32 left = tl_rcv_window_left(tl);
	u32 step = min_t(u32, full / 2, tl->rcv.mss);
	u32 wnd = min(round_down(free, unit), limit);

	/* Too little to be worth a segment counts as nothing. */
	if (free < full / 2 && (free < full / 16 || free < tl->rcv.mss))
		wnd = 0;
	/* RFC9293 SHLD-14: the right edge stays. MUST-39: and moves by a segment at least. */
	if (wnd < left + step)
		wnd = min(ALIGN(left, unit), limit);
	return wnd;
}

static void count_zero(struct sock *sk, u32 old, u32 wnd)
{
	if (!wnd && old)
		TL_INC(sock_net(sk), TCPToZeroWindowAdv);
	else if (wnd && !old)
		TL_INC(sock_net(sk), TCPFromZeroWindowAdv);
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
	u32 old = tl->rcv.wnd;

	if (syn)
		return min_t(u32, tl->rcv.wnd, U16_MAX);
	tl->rcv.wnd = tl_rcv_window_choose(sk);
	tl->rcv.wup = tl->rcv.nxt;
	count_zero(sk, old, tl->rcv.wnd);
	return tl->rcv.wnd >> tl->rcv.wscale;
}

/**
 * tl_rcv_window_rtt() - the peer's data echoes our timestamp: a round trip as the receiver sees it
 * @sk: socket, locked
 * @skb: segment with data
 */
void tl_rcv_window_rtt(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 us = tl_echo_age(sk, &TL_CB(skb)->opts);

	if (!us)
		return;
	if (!tl->rcv.space.rtt_us || us < tl->rcv.space.rtt_us)
		tl->rcv.space.rtt_us = us;
	else
		tl->rcv.space.rtt_us += (us - tl->rcv.space.rtt_us) >> 3;
}

/**
 * tl_rcv_window_read() - the program has read: let the buffer grow with its pace
 * @sk: socket, locked
 *
 * Dynamic right-sizing: if the program took more in a round trip than ever before, the window must
 * hold twice that, for the sender's next doubling; and the buffer twice the window.
 */
void tl_rcv_window_read(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u64 now = tl_clock_us();
	u32 read = tl->rcv.copied - tl->rcv.space.seq;
	u32 want;

	if (!tl->rcv.space.rtt_us || now - tl->rcv.space.since_us < tl->rcv.space.rtt_us)
		return;
	if (read > tl->rcv.space.bytes) {
		tl->rcv.space.bytes = read;
		want = min_t(u64, 4ULL * read + 16 * tl->rcv.adv_mss,
			     TL_SYSCTL(sock_net(sk), rmem[2]));
		if (TL_SYSCTL(sock_net(sk), moderate_rcvbuf) &&
		    !(sk->sk_userlocks & SOCK_RCVBUF_LOCK) && want > sk->sk_rcvbuf)
			WRITE_ONCE(sk->sk_rcvbuf, want);
	}
	tl->rcv.space.seq = tl->rcv.copied;
	tl->rcv.space.since_us = now;
}
