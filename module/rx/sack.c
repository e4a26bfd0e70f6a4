// SPDX-License-Identifier: GPL-2.0
/*
 * What SACK blocks say (RFC 2018, RFC 2883): the ones above SND.UNA name what has arrived; a first
 * one below it, or inside of the second, what has arrived twice.
 */
#include <linux/tcp.h>
#include "sock.h"

struct block {
	u32 start;
	u32 end;
};

static int read_blocks(const struct sk_buff *skb, struct block *block)
{
	const struct tl_opts *o = &TL_CB(skb)->opts;
	const u8 *p = (const u8 *)(tcp_hdr(skb) + 1) + o->sack_at;
	int i, n = min_t(int, o->sacks, TL_MAX_SACKS);

	for (i = 0; i < n; i++, p += TL_SACK_BLOCK)
		block[i] = (struct block) {
			.start	= get_unaligned_be32(p),
			.end	= get_unaligned_be32(p + 4),
		};
	return n;
}

/* RFC2883 4: is the first block a report of what came twice? */
static bool is_dsack(const struct block *block, int n, u32 ack)
{
	if (seq_lt(block[0].start, ack))
		return true;
	return n > 1 && seq_geq(block[0].start, block[1].start) &&
	       seq_leq(block[0].end, block[1].end);
}

static void take_dsack(struct sock *sk, const struct block *d, struct tl_ack_news *n)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_loss *l = &tl->loss;
	u32 len = d->end - d->start;

	/* longer than any window: it cannot be */
	if (!seq_lt(d->start, d->end) || len > tl->snd.max_wnd || seq_gt(d->end, tl->snd.nxt)) {
		TL_INC(sock_net(sk), TCPSACKDiscard);
		return;
	}
	l->dsacks += DIV_ROUND_UP(len, tl->snd.mss);
	/* we did not send so much again: the network, or the peer, made it up */
	if (l->dsacks > l->retrans) {
		TL_INC(sock_net(sk), TCPDSACKIgnoredDubious);
		return;
	}
	TL_INC(sock_net(sk), TCPDSACKRecv);
	if (seq_geq(d->start, tl->snd.una))
		TL_INC(sock_net(sk), TCPDSACKOfoRecv);
	n->dsack = true;
	n->dsack_tlp = l->tlp && d->end == l->tlp_end && len <= tl->snd.mss;
	/* a probe goes by a timer: it says nothing about reordering */
	if (l->reorders && !n->dsack_tlp)
		l->rack.dsack = true;
	tl_undo_dsack(sk, d->start, d->end);
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
	struct block block[TL_MAX_SACKS];
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
		if (seq_leq(block[i].end, tl->snd.una) && seq_lt(block[i].start, block[i].end))
			continue;
		if (!seq_lt(block[i].start, block[i].end) || seq_gt(block[i].end, tl->snd.nxt) ||
		    !seq_gt(block[i].start, tl->snd.una)) {
			TL_INC(sock_net(sk), TCPSACKDiscard);
			continue;
		}
		tl_board_sack(&tl->board, block[i].start, block[i].end, &n->tally);
	}
}
