// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data (RFC 9293 3.8.5, RFC 6093): the stream has a mark, and the program hears of it at
 * once, though what lies before it may not have been read, or not even have come.
 *
 * The sockets API makes one octet of it: the one before the place that the pointer names. It is
 * taken out of the stream and read by MSG_OOB, or stays in it (SO_OOBINLINE); a read never goes
 * across the mark. There is one mark: a new one takes the place of the old.
 */
#include "sock.h"

/* The octet that a segment's pointer names. */
static u32 named(const struct sock *sk, const struct sk_buff *skb)
{
	u32 pointer = ntohs(tcp_hdr(skb)->urg_ptr);

	/* behind the urgent data (RFC9293 MUST-62), or at it, as RFC 1122 had it */
	if (pointer && !TL_SK_SYSCTL(sk, stdurg))
		pointer--;
	return TL_CB(skb)->seq + pointer;
}

/*
 * A mark is left for another, and its octet was neither read nor passed: it stays out of the
 * stream.
 */
static void leave_behind(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);

	if (rcv->urgent.state == TL_URGENT_NONE || rcv->urgent.seq != rcv->copied ||
	    sock_flag(sk, SOCK_URGINLINE) || rcv->copied == rcv->nxt)
		return;
	WRITE_ONCE(rcv->copied, rcv->copied + 1);
	if (skb && seq_leq(TL_CB(skb)->end, rcv->copied)) {
		__skb_unlink(skb, &sk->sk_receive_queue);
		__kfree_skb(skb);
	}
}

/* RFC9293 MUST-32: tell the program when the mark is new, or moves on. */
static void mark(struct sock *sk, u32 seq)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;

	if (seq_lt(seq, rcv->copied) || seq_lt(seq, rcv->nxt))
		return;				/* it has come, as any other octet */
	if (rcv->urgent.state != TL_URGENT_NONE && seq_leq(seq, rcv->urgent.seq))
		return;
	sk_send_sigurg(sk);
	leave_behind(sk);
	WRITE_ONCE(rcv->urgent.state, TL_URGENT_AWAITED);
	WRITE_ONCE(rcv->urgent.seq, seq);
}

/**
 * tl_rcv_urgent() - the sixth step: URG (RFC9293 3.10.7.4 sixth, MUST-30, MUST-66)
 * @sk: socket, locked
 * @skb: acceptable segment, data at the TCP header
 */
void tl_rcv_urgent(struct sock *sk, const struct sk_buff *skb)
{
	const struct tl_cb *cb = TL_CB(skb);
	struct tl_urgent *u = &tl_sk(sk)->rcv.urgent;
	u32 offset;

	if (!tl_in_state(sk, TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2))
		return;		/* the peer has sent its FIN (RFC9293 3.10.7.4 sixth) */
	if (cb->flags & TL_URG)
		mark(sk, named(sk, skb));
	offset = u->seq - cb->seq - !!(cb->flags & TL_SYN);
	if (u->state != TL_URGENT_AWAITED || offset >= tl_cb_datalen(cb) ||
	    skb_copy_bits(skb, cb->header + offset, &u->octet, 1))
		return;
	/* poll() sees the octet with the state */
	smp_store_release(&u->state, TL_URGENT_HERE);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/**
 * tl_urgent_passed() - the program has read on: is the mark behind it?
 * @sk: socket, locked
 */
void tl_urgent_passed(struct sock *sk)
{
	struct tl_rcv *rcv = &tl_sk(sk)->rcv;

	if (seq_gt(rcv->copied, rcv->urgent.seq))
		WRITE_ONCE(rcv->urgent.state, TL_URGENT_NONE);
}

/**
 * tl_urgent_limit() - how much of what follows lies before the mark
 * @sk: socket, locked
 * @seq: octet
 * @len: octets from there on
 *
 * Return: at most @len; 0 if @seq is the mark.
 */
u32 tl_urgent_limit(const struct sock *sk, u32 seq, u32 len)
{
	const struct tl_urgent *u = &tl_sk(sk)->rcv.urgent;

	return u->state == TL_URGENT_NONE ? len : min(u->seq - seq, len);
}
