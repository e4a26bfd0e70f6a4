// SPDX-License-Identifier: GPL-2.0
/*
 * What may go (RFC 9293 3.8.6.2.1, 3.7.4): as much as both windows allow, in segments worth
 * sending.
 */
#include "sock.h"

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
 * there to be sent, if neither the program nor Nagle (RFC9293 SHLD-7, MUST-17) wants it held, or if
 * it is urgent; or half of the largest window.
 */
static bool worth_sending(const struct tl_sock *tl, u32 len, u32 avail,
			  enum tl_push push)
{
	if (len >= tl->snd.max_wnd / 2 && tl->snd.max_wnd)
		return true;
	if (len < avail)
		return false;
	if (tl->snd.fin || push == TL_PUSH_ALL || tl_urgent_mode(&tl->snd))
		return true;
	if (push == TL_PUSH_HOLD || push == TL_PUSH_MORE || tl->snd.cork)
		return false;
	return tl->snd.nodelay || !small_outstanding(tl);
}

/*
 * How much text may go under one header (see ip/offload.c)? What the connection sends in a
 * millisecond, two segments at least, so that others get their turn in between; where the round
 * trip is short, more, as in Linux.
 */
static u32 burst_max(const struct sock *sk, u32 mss)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 most = sk->sk_gso_max_size, rtt = tl->rtt.min >> 9, segs;
	u64 octets;

	if (!seq_lt(tl->snd.nxt + mss, tl->snd.end))
		return mss;
	/* ethtool -K ... gso off forbids it */
	if (!(sk->sk_route_caps & NETIF_F_GSO) || !sk_can_gso(sk) || tl_urgent_mode(&tl->snd))
		return mss;
	octets = READ_ONCE(sk->sk_pacing_rate) >> READ_ONCE(sk->sk_pacing_shift);
	if (rtt < 32)
		octets += most >> rtt;
	segs = max_t(u32, min_t(u64, octets, most) / mss, 2);
	segs = min3(segs, most / mss, (u32)sk->sk_gso_max_segs);
	return max(segs, 1U) * mss;
}

/*
 * The windows let @len octets go of @want, that could go at once. The next ACK brings room for
 * more, and one large super-segment costs less than two: is that worth waiting for? Not for a burst
 * that is large already, nor if the ACK is far, and never in recovery, where ACKs are scarce.
 */
static bool worth_waiting(const struct sock *sk, u32 len, u32 want, u64 now)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 share = TL_SK_SYSCTL(sk, tso_win_divisor);
	const struct tl_range *oldest;

	if (len >= want || tl->loss.state >= TL_CA_RECOVERY || list_empty(&tl->board.sent))
		return false;
	if (len >= (share ? min(tl->snd.wnd, tl->cc.cwnd) / share : 3 * tl_mss_now(sk)))
		return false;
	oldest = list_first_entry(&tl->board.sent, struct tl_range, sent);
	return now - tl->snd.last_us <= USEC_PER_MSEC &&
	       (s64)(now - oldest->at.sent_us) >= tl->rtt.srtt >> 4;	/* half of SRTT */
}

/* Of @len octets, more than a segment, so many are worth sending now. */
static u32 burst_cut(const struct tl_sock *tl, u32 len, u32 mss, u32 avail, enum tl_push push)
{
	u32 tail = len % mss;

	return len < avail || (tail && !worth_sending(tl, tail, tail, push)) ? len - tail : len;
}

/*
 * Length of the text that is to go next, of several segments if it is more than @mss, and no more
 * than @most; -1 if nothing is to go now.
 */
static int next_burst(struct sock *sk, u32 mss, u32 most, enum tl_push push, u64 now)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 avail = tl->snd.end - tl->snd.nxt, want = min(avail, most), pipe, cwnd, len, wnd;

	if (tl_all_gone(&tl->snd))
		return -1;
	wnd = room(tl->snd.wnd, tl->snd.nxt - tl->snd.una);
	if (!avail)
		return wnd ? 0 : -1;
	pipe = tl_loss_pipe(sk);
	cwnd = room(tl->cc.cwnd, pipe);

	if (want > mss)
		want = tl_txq_burst(sk, tl->snd.nxt, want, mss);
	len = min(want, wnd);
	if (len > mss && len > cwnd)
		len = max(cwnd - cwnd % mss, mss);
	if (!len || (len > cwnd && pipe))
		return -1;
	if (unlikely(tl->snd.records)) {
		u32 record = tl_txq_record(sk, tl->snd.nxt, len);

		if (record < len)	/* not the last: nothing will be added to it */
			return record;
	}
	if (want > mss && worth_waiting(sk, len, want, now)) {
		tl->snd.waiting = cwnd < wnd;
		tl->snd.waiting_peer = !tl->snd.waiting;
		return -1;
	}
	if (len > mss) {
		/* an ACK will come, if not what makes it a large one */
		if (push == TL_PUSH_MORE && len == avail && len < most &&
		    tl->snd.una != tl->snd.nxt)
			return -1;
		return burst_cut(tl, len, mss, avail, push);
	}
	if (len < mss && !worth_sending(tl, len, avail, push))
		return -1;
	return len;
}

/**
 * tl_probe_len() - of the new data that a tail loss probe may send
 * @sk: socket, locked
 *
 * Return: octets, at most a segment; 0 if the peer's window has no room.
 */
u32 tl_probe_len(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 avail = tl->snd.end - tl->snd.nxt;

	return min3(avail, tl_mss_now(sk), room(tl->snd.wnd, tl->snd.nxt - tl->snd.una));
}

/**
 * tl_send_new() - send the next octets of the stream
 * @sk: socket, locked
 * @len: octets; 0 for a bare FIN
 * @seg: octets in a segment: tl_mss_now(), or @len if that is a probe of the path's MTU
 * @now_us: clock; what is sent at one time may be one range
 *
 * Return: sequence numbers covered, FIN included; 0 or -ENOMEM if nothing went.
 */
int tl_send_new(struct sock *sk, u32 len, u32 seg, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_stamp at;
	u64 leaves_us;
	int sent;

	if (!tl_board_prepare(&tl->board))
		return -ENOMEM;
	leaves_us = tl_pace_departure(sk, now_us);
	sent = tl_xmit_data(sk, tl->snd.nxt, len, seg, now_us);
	if (sent <= 0)
		return sent;
	tl_rate_stamp(&tl->loss.rate, &at, leaves_us, !tl->board.out);
	tl_board_sent(&tl->board, tl->snd.nxt, tl->snd.nxt + sent, seg, &at);
	tl->snd.nxt += sent;
	if (sent % seg)
		tl->snd.minshall = tl->snd.nxt;
	return sent;
}

/* What is lost goes before what is new (RFC6675 5 (C)). Return: octets sent. */
static u32 send_lost(struct sock *sk, u64 now)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_range *r;
	u32 total = 0;
	bool head;
	int sent;

	while ((r = tl_board_next_lost(&tl->board)) && tl_loss_pipe(sk) < tl->cc.cwnd &&
	       !tl_pace_wait(sk)) {
		head = r->seq == tl->snd.una;
		sent = tl_retransmit(sk, r, tl->loss.state == TL_CA_LOSS ? "loss" : "fast", now);
		if (sent <= 0)
			break;
		total += sent;
		if (tl->loss.state == TL_CA_LOSS)
			TL_SK_INC(sk, TCPSlowStartRetrans);
		else
			TL_SK_INC(sk, TCPFastRetrans);
		if (head)
			tl_rto_restart(sk);
	}
	return total;
}

static u32 send_more(struct sock *sk, enum tl_push push, u64 now)
{
	u32 mss = tl_mss_now(sk), most = burst_max(sk, mss), total = 0;
	struct tl_sock *tl = tl_sk(sk);
	int len = next_burst(sk, mss, most, push, now), sent;

	if (len >= 0 && tl->snd.una == tl->snd.nxt && tl_loss_idle(sk, now))
		len = next_burst(sk, mss, most, push, now);
	if (unlikely(tl->mtup.on)) {
		sent = tl_mtup_send(sk, now);
		if (sent < 0)
			return 0;
		total = sent;
		if (sent)
			len = next_burst(sk, mss, most, push, now);
	}
	while (len >= 0 && !tl_pace_wait(sk)) {
		sent = tl_send_new(sk, len, mss, now);
		if (sent <= 0)
			break;
		total += sent;
		len = tl_all_gone(&tl->snd) ? -1 : next_burst(sk, mss, most, push, now);
	}
	return total;
}

/* The second step of F-RTO (RFC5682 2.1 (2b)): new data, and nothing again before the next ACK. */
static u32 send_frto(struct sock *sk, u64 now)
{
	struct tl_loss *l = &tl_sk(sk)->loss;
	u32 total;

	l->new_first = 0;
	total = send_more(sk, TL_PUSH_ALL, now);
	if (total)
		l->hold = 1;
	else
		l->frto = 0;
	return total;
}

/* The program has not filled the window: rates measured now are too low (draft-cheng 3.4). */
static void note_app_limited(struct tl_sock *tl, bool limited, u32 pipe)
{
	if (!limited && seq_lt(tl->snd.end, tl->snd.nxt + tl->snd.mss) &&
	    !tl_board_next_lost(&tl->board))
		tl->loss.rate.app_limited = tl->loss.rate.delivered + pipe ?: 1;
}

/* The peer's window, and not ours, holds up what is next. */
static bool peer_limited(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 wnd = room(tl->snd.wnd, tl->snd.nxt - tl->snd.una);

	return seq_lt(tl->snd.nxt, tl->snd.end) && tl->snd.end - tl->snd.nxt > wnd &&
	       (tl_mss_now(sk) > wnd || tl->snd.waiting_peer) &&
	       tl_loss_pipe(sk) < tl->cc.cwnd;
}

/* The program would write more if there were room, and all that it wrote has gone. */
static bool buffer_limited(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return !seq_lt(tl->snd.nxt, tl->snd.end) && sk->sk_socket &&
	       test_bit(SOCK_NOSPACE, &sk->sk_socket->flags) && tl_in_state(sk, TLF_MAY_SEND) &&
	       !tl_loss_limited(sk);
}

/* What does the connection wait for, now that @sent octets went? */
static void note_chrono(struct sock *sk, u32 sent)
{
	enum tl_chrono_kind kind = tl_sk(sk)->sent.chrono.kind;

	if (kind == TL_CHRONO_IDLE)
		return;
	if (peer_limited(sk))
		tl_chrono_start(sk, TL_CHRONO_RWND);
	else if (kind == TL_CHRONO_RWND)
		tl_chrono_stop(sk, TL_CHRONO_RWND);
	if (sent && buffer_limited(sk))
		tl_chrono_start(sk, TL_CHRONO_SNDBUF);
}

/*
 * Nothing is lost, and all has gone, or what has not is less than a segment and to wait. Of records
 * (MSG_EOR) each is looked at for itself.
 */
static bool nothing_to_send(const struct sock *sk, enum tl_push push)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 avail = tl->snd.end - tl->snd.nxt;

	if (tl_board_next_lost(&tl->board))
		return false;
	if (tl_all_gone(&tl->snd))
		return true;
	return !worth_sending(tl, avail, avail, push) && avail < tl_mss_now(sk) &&
	       !tl->loss.new_first && likely(!tl->snd.records);
}

/* Return: octets sent. */
static u32 send(struct sock *sk, enum tl_push push)
{
	struct tl_sock *tl = tl_sk(sk);
	u64 now = tl_clock_us();
	u32 sent = 0;

	tl_mss_follow(sk);
	if (tl->loss.new_first)
		sent = send_frto(sk, now);
	if (!tl->loss.hold)
		sent += send_lost(sk, now);
	return sent + send_more(sk, push, now);
}

/**
 * tl_output() - send what may go now: what is lost, then what is new
 * @sk: socket, locked
 * @push: what to do with a last segment that is not full
 */
void tl_output(struct sock *sk, enum tl_push push)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 sent, pipe;
	bool limited;

	if (!tl_in_state(sk, TLF_SYNCHRONIZED) && !tl_is_early(sk))
		return;
	tl->snd.waiting = 0;
	tl->snd.waiting_peer = 0;
	if (tl_all_gone(&tl->snd) && !tl->board.out) {
		note_app_limited(tl, false, 0);
		tl_timer_clear(sk, TL_TIMER_PERSIST);
		return;
	}
	sent = nothing_to_send(sk, push) ? 0 : send(sk, push);
	pipe = tl_loss_pipe(sk);
	limited = tl->snd.waiting || pipe + tl->snd.mss > tl->cc.cwnd;
	if (sent || limited)
		tl_loss_sent(sk, sent, limited);
	if (sent)
		tl_tlp_schedule(sk, false);
	note_app_limited(tl, limited, pipe);
	note_chrono(sk, sent);
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

	if (tl->snd.una != tl->snd.nxt || tl_all_gone(&tl->snd) ||
	    tl_fine_armed(sk, TL_FINE_PACE) ||
	    (!tl_in_state(sk, TLF_SYNCHRONIZED) && !tl_is_early(sk)))
		tl_timer_clear(sk, TL_TIMER_PERSIST);
	else
		tl_persist_arm(sk);
}
