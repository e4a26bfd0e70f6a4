// SPDX-License-Identifier: GPL-2.0
/*
 * Sending again: which range, loss/ decides. A range need not be what a segment was before.
 */
#include "sock.h"
#include "obs/trace.h"

/**
 * tl_retransmit() - send a range of the stream again
 * @sk: socket, locked
 * @seq: first octet, or the FIN; sent before
 * @len: at most one MSS
 *
 * Return: sequence numbers covered, or -ENOMEM.
 */
int tl_retransmit(struct sock *sk, u32 seq, u32 len)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 sent_end = seq_min(tl->snd.max, tl->snd.end);
	/* Only what went before; of the FIN tl_xmit_data() knows. */
	u32 left = seq_lt(seq, sent_end) ? sent_end - seq : 0;

	len = min(len, left);
	trace_tl_retransmit(sk, seq, len);
	return tl_xmit_data(sk, seq, len, GFP_ATOMIC);
}
