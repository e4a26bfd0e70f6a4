// SPDX-License-Identifier: GPL-2.0
/*
 * How far does the path reorder? Something that was sent once only arrived after what was sent
 * later: the distance is what duplicate ACKs, or SACK, must exceed before they mean a loss.
 */
#include "sock.h"

/**
 * tl_reorder_seen() - something arrived late
 * @sk: socket, locked
 * @lowest: its first octet
 */
void tl_reorder_seen(struct sock *sk, u32 lowest)
{
	struct tl_sock *tl = tl_sk(sk);
	struct net *net = sock_net(sk);
	u32 end = tl->rcv.sack_ok && tl->board.sacked ? tl->board.fack : tl->snd.nxt;
	u32 most = TL_SYSCTL(net, max_reordering), distance;

	if (!seq_lt(lowest, end))
		return;
	distance = DIV_ROUND_UP(end - lowest, tl->snd.mss);
	if (distance > tl->loss.reordering)
		tl->loss.reordering = min(distance, most);
	tl->loss.reorders++;
	if (tl->rcv.sack_ok)
		TL_INC(net, TCPSACKReorder);
	else
		TL_INC(net, TCPRenoReorder);
}
