// SPDX-License-Identifier: GPL-2.0
/*
 * Taking a reduction of the window back that was a mistake: nothing had been lost. That is known
 * when what was sent again arrived twice (D-SACK: RFC 3708), or when the echoed timestamp is older
 * than the first retransmission, so that the original arrived (Eifel: RFC 3522), or from F-RTO.
 */
#include "sock.h"
#include "obs/trace.h"

/**
 * tl_undo_prepare() - the window is about to be reduced: remember
 * @sk: socket, locked
 */
void tl_undo_prepare(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->loss.undo = 1;
	tl->loss.undo_una = tl->snd.una;
	/* what went again before counts, if it is still out */
	tl->loss.undo_left = tl->board.again ?: -1;
}

/**
 * tl_undo_resent() - something went again
 * @sk: socket, locked
 * @octets: how much
 * @now_us: the clock that its timestamp was taken from
 */
void tl_undo_resent(struct sock *sk, u32 octets, u64 now_us)
{
	struct tl_loss *l = &tl_sk(sk)->loss;

	if (!l->first_again_ts)
		l->first_again_ts = tl_tsval_at(sk, now_us) ?: 1;
	l->undo_left = max(l->undo_left, 0) + octets;
}

/**
 * tl_undo_dsack() - a range arrived twice
 * @sk: socket, locked
 * @start: its first octet
 * @end: behind its last
 */
void tl_undo_dsack(struct sock *sk, u32 start, u32 end)
{
	struct tl_loss *l = &tl_sk(sk)->loss;

	if (l->undo && l->undo_left > 0 && seq_gt(end, l->undo_una))
		l->undo_left = max_t(s32, l->undo_left - (s32)(end - start), 0);
}

/**
 * tl_undo_delayed() - does an ACK answer the original of what went again (RFC3522 3.2)?
 * @sk: socket, locked
 * @n: the ACK
 */
bool tl_undo_delayed(const struct sock *sk, const struct tl_ack_news *n)
{
	const struct tl_loss *l = &tl_sk(sk)->loss;

	if (!l->first_again_ts)
		return true;		/* nothing went again */
	return n->has_ts && n->tsecr && seq_lt(n->tsecr, l->first_again_ts);
}

/**
 * tl_undo_possible() - was the reduction a mistake?
 * @sk: socket, locked
 * @n: the ACK that came
 */
bool tl_undo_possible(const struct sock *sk, const struct tl_ack_news *n)
{
	const struct tl_loss *l = &tl_sk(sk)->loss;

	return l->undo && (!l->undo_left || tl_undo_delayed(sk, n));
}

/*
 * What was called lost is only late, by as much as its oldest has been under way now: or the next
 * ACK would call it lost again.
 */
static void wait_longer(struct tl_sock *tl)
{
	const struct tl_range *oldest = list_first_entry_or_null(&tl->board.sent, struct tl_range,
								 sent);

	if (oldest)
		tl_rack_late(&tl->loss.rack, tl_clock_us() - oldest->at.sent_us, tl->rtt.min);
}

/**
 * tl_undo() - go back to the window of before (RFC4015 3.2)
 * @sk: socket, locked
 * @find_again: what is marked lost is not
 * @why: for the trace
 */
void tl_undo(struct sock *sk, bool find_again, const char *why)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_cc *cc = &tl->cc;

	if (find_again) {
		tl_board_find_again(&tl->board);
		if (tl->loss.state == TL_CA_RECOVERY)
			wait_longer(tl);
	}
	if (tl->loss.prior_ssthresh) {
		cc->cwnd = cc->ops->undo ? cc->ops->undo(cc) : max(cc->cwnd, cc->prior_cwnd);
		cc->ssthresh = max(cc->ssthresh, tl->loss.prior_ssthresh);
	}
	trace_tl_undo(sk, why);
	tl->loss.undo = 0;
	tl->loss.prr.flight = 0;
	tl_ecn_not_reduced(sk);
	tl->loss.rack.advanced = true;		/* let it look again at what is under way */
	trace_tl_cwnd(sk, why);
}
