// SPDX-License-Identifier: GPL-2.0
/*
 * Sending again: which range, loss/ decides. What goes need not be what a segment was before: the
 * MSS may be another one, and a range holds several segments.
 */
#include "sock.h"
#include "obs/trace.h"

/* How much of a range's text fits one segment and, but for the first, the peer's window? */
static u32 fitting(const struct sock *sk, const struct tl_range *r, u32 text)
{
	const struct tl_sock *tl = tl_sk(sk);
	s32 room = tl->snd.una + tl->snd.wnd - r->seq;
	u32 len = min(text, tl_mss_now(sk));

	if (room > 0)
		return min_t(u32, len, room);
	return r->seq == tl->snd.una ? len : 0;
}

/**
 * tl_retransmit() - send the first segment of a range again
 * @sk: socket, locked
 * @r: range that has not arrived; holds that segment alone afterwards
 * @why: for the trace
 * @now_us: clock
 *
 * Return: sequence numbers covered, 0 if the window has no room, or -ENOMEM.
 */
int tl_retransmit(struct sock *sk, struct tl_range *r, const char *why, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	bool fin = tl->snd.fin && r->end == tl->snd.end + 1;
	u32 text = r->end - r->seq - fin, len;
	struct tl_stamp at;
	u64 leaves_us;
	int sent;

	tl_mss_follow(sk);
	tl->mtup.size = 0;		/* RFC4821 7.6.4: a probe among losses is inconclusive */
	len = fitting(sk, r, text);
	if (text && !len)
		return 0;
	if (unlikely(tl->snd.records))
		len = tl_txq_record(sk, r->seq, len);
	if (len < text && !tl_board_cut(&tl->board, r, r->seq + len))
		return -ENOMEM;
	trace_tl_retransmit(sk, r->seq, len, why);
	leaves_us = tl_pace_departure(sk, now_us);
	sent = tl_xmit_data(sk, r->seq, len, tl_mss_now(sk), now_us);
	if (sent <= 0)
		return sent;
	if (seq_lt(r->seq + sent, r->end))	/* the text lies in too many pieces */
		tl_board_cut(&tl->board, r, r->seq + sent);
	tl_undo_resent(sk, sent, now_us);
	tl_rate_stamp(&tl->loss.rate, &at, leaves_us, !tl_loss_pipe(sk));
	tl_board_resent(&tl->board, r, &at);
	return sent;
}

/**
 * tl_retransmit_head() - send again what begins at SND.UNA, whatever the windows say
 * @sk: socket, locked; something is out
 * @why: for the trace
 *
 * Return: sequence numbers covered, or -ENOMEM.
 */
int tl_retransmit_head(struct sock *sk, const char *why)
{
	struct tl_range *r = tl_board_first(&tl_sk(sk)->board);
	int sent;

	if (!r || r->sacked)
		return 0;
	sent = tl_retransmit(sk, r, why, tl_clock_us());
	if (sent > 0)
		TL_SK_INC(sk, TCPSlowStartRetrans);
	return sent;
}

/**
 * tl_retransmit_last() - send the last segment that is out again: a probe (RFC8985 7.3)
 * @sk: socket, locked
 *
 * Return: sequence numbers covered, 0 if it has arrived, or -ENOMEM.
 */
int tl_retransmit_last(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_range *r = tl->board.last;
	u32 len, tail, seg;

	if (!r || r->sacked)
		return 0;
	len = r->end - r->seq;
	seg = min_t(u32, r->seg, tl_mss_now(sk));
	if (len > seg) {
		tail = len % seg ?: seg;
		if (tail == 1 && tl->snd.fin && r->end == tl->snd.end + 1)
			tail += seg;		/* the FIN went with the last of the text */
		if (tail < len)
			r = tl_board_cut(&tl->board, r, r->end - tail);
		if (!r)
			return -ENOMEM;
	}
	return tl_retransmit(sk, r, "tlp", tl_clock_us());
}
