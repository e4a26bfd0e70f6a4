// SPDX-License-Identifier: GPL-2.0
/*
 * Packetization layer path MTU discovery (RFC 4821): find the segment size that the path carries
 * without a router's word, because routers may be silent.
 *
 * Between what is known to arrive (low) and the most that can be (high) a probe is halfway: one
 * larger segment of the stream, followed by enough others that its loss is seen at once. If it
 * arrives, low is its size; if it alone is lost, high is, and that was no congestion; if others
 * were lost, too, it tells nothing.
 */
#include "sock.h"

#define CWND_LEAST	11	/* segments: enough in flight for a fast recovery, as in Linux */

static void search_above(struct sock *sk, u32 mtu)
{
	struct tl_mtup *m = &tl_sk(sk)->mtup;

	m->low = mtu;
	m->high = U32_MAX;
	m->size = 0;
	m->since = tl_clock_jiffies();
}

/**
 * tl_mtup_init() - a connection begins
 * @sk: socket, locked, with its options agreed on; its MSS is reckoned next
 */
void tl_mtup_init(struct sock *sk)
{
	const struct net *net = sock_net(sk);

	tl_sk(sk)->mtup.on = TL_SYSCTL(net, mtu_probing) > 1;
	search_above(sk, tl_mss_to_mtu(sk, TL_SYSCTL(net, base_mss)));
}

/* No larger than what our device, the peer, and the program allow */
static u32 upper_end(const struct sock *sk)
{
	return min(tl_sk(sk)->mtup.high, tl_mss_to_mtu(sk, tl_mtu_to_mss(sk, tl_sk(sk)->snd.pmtu)));
}

/* Near enough to @high: nothing is to be won, until the path changes (RFC4821 7.7). */
static bool found(struct sock *sk, u32 high)
{
	const struct net *net = sock_net(sk);
	const struct tl_mtup *m = &tl_sk(sk)->mtup;
	s32 interval = high - m->low;

	if (interval >= TL_SYSCTL(net, probe_threshold) && interval > 1)
		return false;
	if ((u32)tl_clock_jiffies() - m->since >=
	    (unsigned long)TL_SYSCTL(net, probe_interval) * HZ)
		search_above(sk, tl_mss_to_mtu(sk, tl_sk(sk)->snd.mss));
	return true;
}

/* Nothing else is going on: the probe's loss will be seen, and mean what it should. */
static bool calm(const struct sock *sk, u32 mss)
{
	const struct tl_sock *tl = tl_sk(sk);

	return !tl->mtup.size && tl->loss.state == TL_CA_OPEN &&
	       tl->cc.cwnd >= CWND_LEAST * mss && mss == tl->snd.mss;
}

/**
 * tl_mtup_send() - send a probe, if it is time for one (RFC4821 7.4)
 * @sk: socket, locked; the search is on
 * @now_us: clock
 *
 * Return: sequence numbers sent; 0 if no probe is to go; -EAGAIN if one is, and all else waits
 *	until the windows have room for it.
 */
int tl_mtup_send(struct sock *sk, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_mtup *m = &tl->mtup;
	u32 mss = tl_mss_now(sk), pipe = tl_loss_pipe(sk), high, len, need, seq = tl->snd.nxt;
	int sent;

	if (!calm(sk, mss))
		return 0;
	high = upper_end(sk);
	if (found(sk, high))
		return 0;
	len = tl_mtu_to_mss(sk, (high + m->low) / 2);
	need = len + (tl->loss.reordering + 1) * mss;
	if (seq_lt(tl->snd.end, seq + need) || tl->snd.wnd < need || len + mss > tl->cc.cwnd)
		return 0;
	if (seq_lt(tl->snd.una + tl->snd.wnd, seq + need))
		return -EAGAIN;
	if (pipe + len + mss > tl->cc.cwnd)
		return pipe ? -EAGAIN : 0;
	if (tl_pace_wait(sk))
		return -EAGAIN;
	sent = tl_send_new(sk, len, len, now_us);
	if (sent <= 0)
		return 0;
	if (sent == len) {		/* and not in too many pieces */
		m->size = tl_mss_to_mtu(sk, len);
		m->seq = seq;
		m->end = seq + len;
	}
	return sent;
}

/**
 * tl_mtup_acked() - SND.UNA moved: has the probe arrived?
 * @sk: socket, locked; a probe is out
 */
void tl_mtup_acked(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_mtup *m = &tl->mtup;

	if (seq_lt(tl->snd.una, m->end))
		return;
	m->low = m->size;
	m->size = 0;
	tl_mss_sync(sk, tl->snd.pmtu);
	TL_SK_INC(sk, TCPMTUPSuccess);
}

/**
 * tl_mtup_failed() - something is lost: is it the probe, and only that (RFC4821 7.6.2)?
 * @sk: socket, locked
 *
 * Return: true if it is: no sign of congestion.
 */
bool tl_mtup_failed(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_mtup *m = &tl->mtup;
	const struct tl_range *r = tl_board_first(&tl->board);

	if (!m->size || tl->snd.una != m->seq || tl_board_next_lost(&tl->board) != r)
		return false;
	if (tl->board.missing != r->end - r->seq)
		return false;
	tl_board_lose_until(&tl->board, m->end);	/* without SACK the first piece is known */
	m->high = m->size - 1;
	m->size = 0;
	TL_SK_INC(sk, TCPMTUPFail);
	return true;
}

/**
 * tl_mtup_timeout() - nothing gets through for long: perhaps it is too large (RFC4821 7.7)
 * @sk: socket, locked
 *
 * First the size that is thought safe, and then half of it, again and again.
 */
void tl_mtup_timeout(struct sock *sk)
{
	const struct net *net = sock_net(sk);
	struct tl_sock *tl = tl_sk(sk);
	struct tl_mtup *m = &tl->mtup;
	u32 mss;

	if (!TL_SYSCTL(net, mtu_probing) || !tl_in_state(sk, TLF_SYNCHRONIZED))
		return;
	if (!m->on) {
		m->on = true;
		m->since = tl_clock_jiffies();
	} else {
		mss = min_t(u32, tl_mtu_to_mss(sk, m->low) / 2, TL_SYSCTL(net, base_mss));
		mss = max3(mss, (u32)TL_SYSCTL(net, mtu_probe_floor),
			   (u32)TL_SYSCTL(net, min_snd_mss));
		m->low = tl_mss_to_mtu(sk, mss);
	}
	tl_mss_sync(sk, tl->snd.pmtu);
}
