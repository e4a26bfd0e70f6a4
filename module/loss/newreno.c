// SPDX-License-Identifier: GPL-2.0
/*
 * Loss without SACK: NewReno (RFC 6582, RFC 5681 3.2). Each duplicate ACK says that a segment has
 * arrived, though not which; after @reordering of them the first one that is not acknowledged is
 * lost. In a recovery each ACK that covers a part only names the next.
 *
 * Duplicates are counted for the threshold, and reckoned in octets for what is in flight: as so
 * many full segments, but never as more than is out, less the one that they miss.
 */
#include "sock.h"
#include "obs/trace.h"

/**
 * tl_newreno_forget() - what duplicate ACKs said counts no more
 * @sk: socket, locked
 */
void tl_newreno_forget(struct sock *sk)
{
	tl_sk(sk)->loss.dups = 0;
	tl_sk(sk)->loss.dupacks = 0;
}

/* What duplicates may stand for at most */
static u32 bound(const struct tl_sock *tl)
{
	u32 hole = max_t(u32, tl->board.missing, tl->snd.mss);

	return tl->board.out - min(tl->board.out, hole);
}

/**
 * tl_newreno_dupack() - a duplicate ACK: one more segment has arrived (RFC5681 3.2)
 * @sk: socket, locked, without SACK
 * @n: the ACK; what it delivers is added
 */
void tl_newreno_dupack(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 before = tl->loss.dups, most = bound(tl);
	bool all_full = seq_leq(tl->snd.minshall, tl->snd.una);

	if (!n->dup || !tl->board.out)
		return;
	if (tl->loss.dupacks < U16_MAX)
		tl->loss.dupacks++;
	tl->loss.dups = max(before, min(before + tl->snd.mss, most));
	/* more of them than segments: so many were overtaken */
	if (before + tl->snd.mss > most && all_full)
		tl_reorder_seen(sk, tl->snd.una);
	n->tally.delivered += tl->loss.dups - before;
	tl->loss.rate.delivered += tl->loss.dups - before;
}

/**
 * tl_newreno_acked() - SND.UNA moved
 * @sk: socket, locked, without SACK
 * @n: the ACK; what duplicates had told before is not delivered again
 *
 * One segment filled the hole, the others had been counted.
 */
void tl_newreno_acked(struct sock *sk, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 acked = n->tally.acked;
	u32 told = min(tl->loss.dups, acked - min_t(u32, acked, tl->snd.mss));

	tl->loss.dups = min(tl->loss.dups - told, bound(tl));
	n->tally.delivered -= told;
}

/**
 * tl_newreno_lose_head() - what begins at SND.UNA is lost
 * @sk: socket, locked
 * @why: for the trace
 */
void tl_newreno_lose_head(struct sock *sk, const char *why)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_range *r = tl_board_first(&tl->board);

	if (r && !r->sacked && !tl_range_waits(r))
		trace_tl_lost(sk, r->seq, min_t(u32, r->end - r->seq, tl->snd.mss), why);
	tl_board_lose_head(&tl->board, tl->snd.mss);
}

/**
 * tl_newreno_mark() - is the first segment that is not acknowledged lost (RFC6582 3.2)?
 * @sk: socket, locked, without SACK
 * @advanced: SND.UNA moved: in a recovery that names the next hole
 */
void tl_newreno_mark(struct sock *sk, bool advanced)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_range *first = tl_board_first(&tl->board);

	if (!first || first->lost)
		return;
	if (tl->loss.state < TL_CA_RECOVERY ? tl->loss.dupacks >= tl->loss.reordering :
					      tl->loss.state == TL_CA_RECOVERY && advanced)
		tl_newreno_lose_head(sk, "dupack");
}
