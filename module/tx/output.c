// SPDX-License-Identifier: GPL-2.0
/*
 * What may go (RFC 9293 3.8.6.2.1, 3.7.4): as much as both windows allow, in segments worth
 * sending.
 */
#include "sock.h"

/**
 * tl_flight() - what is outstanding, as far as we know
 * @sk: socket, locked
 *
 * Return: octets from SND.UNA to SND.NXT: after an RTO what has gone since.
 */
u32 tl_flight(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return tl->snd.nxt - tl->snd.una;
}

/* A window that shrank may be smaller than what is out already (RFC9293 MUST-34). */
static u32 room(u32 window, u32 used)
{
	return window > used ? window - used : 0;
}

/* Something small is outstanding (Minshall's form of Nagle's rule). */
static bool small_outstanding(const struct tl_sock *tl)
{
	return seq_gt(tl->snd.minshall, tl->snd.una) && seq_leq(tl->snd.minshall, tl->snd.nxt);
}

/*
 * Is a segment of @len octets, less than a full one, worth sending (RFC9293 MUST-38)? All that is
 * there to be sent, if neither the program nor Nagle (RFC9293 SHLD-7, MUST-17) wants it held; or
 * half of the largest window.
 */
static bool worth_sending(const struct tl_sock *tl, u32 len, u32 avail,
			  enum tl_push push)
{
	if (len >= tl->snd.max_wnd / 2 && tl->snd.max_wnd)
		return true;
	if (len < avail)
		return false;
	if (tl->snd.fin || push == TL_PUSH_ALL || seq_lt(tl->snd.nxt, tl->snd.max))
		return true;
	if (push == TL_PUSH_HOLD || tl->snd.cork)
		return false;
	return tl->snd.nodelay || !small_outstanding(tl);
}

/* Length of the next segment's text; -1 if none is to go now. */
static int next_segment(struct sock *sk, enum tl_push push)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 flight = tl_flight(sk), mss = tl_mss_now(sk), avail, len, wnd, cwnd;

	if (seq_gt(tl->snd.nxt, tl->snd.end))
		return -1;				/* the FIN has gone, too */
	avail = tl->snd.end - tl->snd.nxt;
	wnd = room(tl->snd.wnd, flight);
	if (!avail)
		return tl->snd.fin && wnd ? 0 : -1;

	len = min3(avail, mss, wnd);
	if (!len)
		return -1;
	cwnd = room(tl_loss_allowance(sk), flight);
	if (len > cwnd && flight)
		return -1;
	if (len < mss && !worth_sending(tl, len, avail, push))
		return -1;
	return len;
}

/**
 * tl_output() - send what may go now
 * @sk: socket, locked
 * @push: what to do with a last segment that is not full
 */
void tl_output(struct sock *sk, enum tl_push push)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);
	int len, sent;

	if (!tl_in_state(sk, TLF_SYNCHRONIZED) && !tl_is_early(sk))
		return;
	if (dst && dst_mtu(dst) != tl->snd.pmtu)
		tl_mss_sync(sk, dst_mtu(dst));

	while ((len = next_segment(sk, push)) >= 0) {
		bool small = len < tl_mss_now(sk);

		sent = tl_xmit_data(sk, tl->snd.nxt, len, GFP_ATOMIC);
		if (sent <= 0)
			break;
		tl->snd.nxt += sent;
		if (small)
			tl->snd.minshall = tl->snd.nxt;
	}
	tl_persist_update(sk);
}

/**
 * tl_output_push() - send what may go now, the last small segment included
 * @sk: socket, locked
 */
void tl_output_push(struct sock *sk)
{
	tl_output(sk, TL_PUSH_ALL);
}

/**
 * tl_persist_update() - is there something to send that nothing will move but a probe?
 * @sk: socket, locked
 *
 * When nothing is outstanding no ACK will come: the peer's window may open unheard, memory may have
 * been short, or the program holds a small segment back and forgets it (RFC9293 MUST-60).
 */
void tl_persist_update(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 end = tl->snd.end + tl->snd.fin;

	if (tl->snd.una != tl->snd.max || tl->snd.nxt == end ||
	    (!tl_in_state(sk, TLF_SYNCHRONIZED) && !tl_is_early(sk)))
		tl_timer_clear(sk, TL_TIMER_PERSIST);
	else
		tl_persist_arm(sk);
}
