// SPDX-License-Identifier: GPL-2.0
/*
 * What SACK blocks say (RFC 2018, RFC 2883): the ones above SND.UNA name what has arrived; a first
 * one below it, or inside of the second, what has arrived twice.
 */
#include <linux/tcp.h>
#include "sock.h"

static int read_blocks(const struct sk_buff *skb, struct tl_sack_block *block)
{
	const struct tl_opts *o = &TL_CB(skb)->opts;
	const u8 *p = (const u8 *)(tcp_hdr(skb) + 1) + o->sack_at;
	int i, n = min_t(int, o->sacks, TL_SACK_BLOCKS);

	for (i = 0; i < n; i++, p += TL_LEN_SACK_BLOCK)
		block[i] = (struct tl_sack_block) {
			.left	= get_unaligned_be32(p),
			.right	= get_unaligned_be32(p + 4),
		};
	return n;
}

/* RFC2883 4: is the first block a report of what came twice? */
static bool is_dsack(const struct tl_sack_block *block, int n, u32 ack)
{
	if (seq_lt(block[0].left, ack))
		return true;
	return n > 1 && seq_geq(block[0].left, block[1].left) &&
	       seq_leq(block[0].right, block[1].right);
}

static void take_dsack(struct sock *sk, const struct tl_sack_block *d, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	u32 len = d->right - d->left;

	/* longer than any window: it cannot be */
	if (!seq_lt(d->left, d->right) || len > tl->snd.max_wnd || seq_gt(d->right, tl->snd.nxt)) {
		TL_SK_INC(sk, TCPSACKDiscard);
		return;
	}
	l->dsacks += DIV_ROUND_UP(len, tl->snd.mss);
	/* we did not send so much again: the network, or the peer, made it up */
	if (l->dsacks > l->retrans) {
		TL_SK_INC(sk, TCPDSACKIgnoredDubious);
		return;
	}
	TL_SK_INC(sk, TCPDSACKRecv);
	if (seq_geq(d->left, tl->snd.una))
		TL_SK_INC(sk, TCPDSACKOfoRecv);
	n->dsack = true;
	n->dsack_segs = DIV_ROUND_UP(len, tl->snd.mss);
	n->dsack_tlp = l->tlp && d->right == l->tlp_end && len <= tl->snd.mss;
	/* a probe goes by a timer: it says nothing about reordering */
	if (l->reorders && !n->dsack_tlp)
		l->rack.dsack = true;
	tl_undo_dsack(sk, d->left, d->right);
}

/**
 * tl_sack_take() - take in the SACK blocks of an ACK
 * @sk: socket, locked; SND.UNA is SEG.ACK already, if that is newer
 * @skb: segment whose SEG.ACK is acceptable
 * @n: what they tell is added
 */
void tl_sack_take(struct sock *sk, const struct sk_buff *skb, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_sack_block block[TL_SACK_BLOCKS];
	int i, first = 0, count;

	if (!tl->rcv.sack_ok || !(TL_CB(skb)->opts.seen & TL_OPT_SACK))
		return;
	count = read_blocks(skb, block);
	if (is_dsack(block, count, TL_CB(skb)->ack)) {
		take_dsack(sk, &block[0], n);
		first = 1;
	}
	for (i = first; i < count; i++) {
		/* an old ACK's blocks may lie below by now: no harm in them */
		if (seq_leq(block[i].right, tl->snd.una) && seq_lt(block[i].left, block[i].right))
			continue;
		if (!seq_lt(block[i].left, block[i].right) || seq_gt(block[i].right, tl->snd.nxt) ||
		    !seq_gt(block[i].left, tl->snd.una)) {
			TL_SK_INC(sk, TCPSACKDiscard);
			continue;
		}
		tl_board_sack(&tl->board, block[i].left, block[i].right, &n->tally);
	}
}
