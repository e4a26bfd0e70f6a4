// SPDX-License-Identifier: GPL-2.0
/*
 * Loss without SACK: NewReno (RFC 6582, RFC 5681 3.2). Each duplicate ACK says that a segment has
 * arrived, though not which; after @reordering of them the first one that is not acknowledged is
 * lost. In a recovery each ACK that covers a part only names the next.
 */
#include "sock.h"

/* Duplicate ACKs cannot stand for more than is out, less the segment that they miss. */
static void bound(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 hole = max_t(u32, tl->board.missing, tl->snd.mss);
	u32 most = tl->board.out - min(tl->board.out, hole);

	if (tl->loss.dups <= most)
		return;
	tl->loss.dups = most;
	/* more of them than segments: so many were overtaken */
	tl_reorder_seen(sk, tl->snd.una);
}

/**
 * tl_newreno_dupack() - a duplicate ACK: one more segment has arrived (RFC5681 3.2)
 * @sk: socket, locked, without SACK
 * @n: the ACK; what it delivers is added
 */
void tl_newreno_dupack(struct sock *sk, const struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);

	if (!n->dup || !tl->board.out)
		return;
	tl->loss.dups += tl->snd.mss;
	bound(sk);
}

/**
 * tl_newreno_acked() - SND.UNA moved
 * @sk: socket, locked, without SACK
 * @octets: how far; one segment filled the hole, the others had been counted by duplicate ACKs
 */
void tl_newreno_acked(struct sock *sk, u32 octets)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 counted = octets - min_t(u32, octets, tl->snd.mss);

	tl->loss.dups -= min(tl->loss.dups, counted);
	bound(sk);
}

/**
 * tl_newreno_mark() - is the first segment that is not acknowledged lost (RFC6582 3.2)?
 * @sk: socket, locked, without SACK
 * @advanced: SND.UNA moved: in a recovery that names the next hole
 */
void tl_newreno_mark(struct sock *sk, bool advanced)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 threshold = tl->loss.reordering * tl->snd.mss;

	if (tl->loss.state < TL_CA_RECOVERY ? tl->loss.dups >= threshold :
					      tl->loss.state == TL_CA_RECOVERY && advanced)
		tl_board_lose_head(&tl->board, tl->snd.mss);
}
