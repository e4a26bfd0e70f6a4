// SPDX-License-Identifier: GPL-2.0
/*
 * Where round-trip samples come from (RFC 6298 3): one segment at a time is timed, and never one
 * that went twice (Karn's rule, RFC9293 MUST-18). When none can be, the peer's echo of our
 * timestamp serves (RFC 7323 4).
 */
#include "sock.h"

/**
 * tl_rtt_time() - new data goes out: time it, unless another segment is being timed
 * @sk: socket, locked
 * @end: the sequence number behind it
 */
void tl_rtt_time(struct sock *sk, u32 end)
{
	struct tl_loss *l = &tl_sk(sk)->loss;

	if (l->timing)
		return;
	l->timing = true;
	l->timed_seq = end;
	l->timed_us = tl_clock_us();
}

/**
 * tl_rtt_untime() - something goes again: what is being timed means nothing any more (Karn)
 * @sk: socket, locked
 */
void tl_rtt_untime(struct sock *sk)
{
	tl_sk(sk)->loss.timing = false;
}

/**
 * tl_rtt_acked() - an ACK for something new: measure
 * @sk: socket, locked, SND.UNA not yet moved
 * @skb: the segment that brought it
 * @ack: SEG.ACK
 */
void tl_rtt_acked(struct sock *sk, const struct sk_buff *skb, u32 ack)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u32 age = tl_echo_age(sk, &TL_CB(skb)->opts);

	if (tl->loss.timing && seq_geq(ack, tl->loss.timed_seq)) {
		tl->loss.timing = false;
		tl_rtt_sample(&tl->rtt, min_t(u64, tl_clock_us() - tl->loss.timed_us,
					      TL_RTT_MAX_US), &b);
	} else if (!tl->loss.timing && age) {
		tl_rtt_sample(&tl->rtt, age, &b);
	}
}
