// SPDX-License-Identifier: GPL-2.0
/*
 * recv(): copy out of the receive queue, and tell the peer when that is worth a window update.
 */
#include <net/inet_common.h>
#include "sock.h"
#include "api/api.h"

/* The buffer that holds octet @seq. */
static struct sk_buff *find(struct sock *sk, u32 seq, u32 *offset)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		if (WARN_ON_ONCE(seq_lt(seq, TL_CB(skb)->seq)))
			return NULL;
		if (seq_lt(seq, TL_CB(skb)->end)) {
			*offset = seq - TL_CB(skb)->seq;
			return skb;
		}
	}
	return NULL;
}

static void eat(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
	consume_skb(skb);
}

/*
 * Nothing to read now, with @copied bytes read so far. Return: 1 to wait, 0 to return what there
 * is, or an errno when there is nothing.
 */
static int may_wait(struct sock *sk, int copied, long timeo)
{
	if (copied)
		return timeo && !sk->sk_err && sk->sk_state != TCP_CLOSE &&
		       !(sk->sk_shutdown & RCV_SHUTDOWN) && !signal_pending(current);
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	return 1;
}

static int recvmsg_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	struct tl_sock *tl = tl_sk(sk);
	bool peek = flags & MSG_PEEK;
	u32 seq = tl->rcv.copied;
	int copied = 0, err;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return -EINVAL;		/* there never is any */

	/* once at least: even a read of no bytes waits for one, as in Linux */
	do {
		struct sk_buff *skb;
		u32 offset, used;

		skb = find(sk, seq, &offset);
		if (!skb) {
			struct sk_buff *last = skb_peek_tail(&sk->sk_receive_queue);

			if (copied >= target && !READ_ONCE(sk->sk_backlog.tail))
				break;
			err = may_wait(sk, copied, timeo);
			if (err <= 0) {
				copied = copied ?: err;
				break;
			}
			if (copied >= target) {
				/* take in what waits in the backlog */
				release_sock(sk);
				lock_sock(sk);
			} else {
				tl_ack_after_read(sk, copied);
				err = sk_wait_data(sk, &timeo, last);
				if (err < 0) {
					copied = copied ?: err;
					break;
				}
			}
			/* Somebody else may have read, or disconnected, meanwhile. */
			if (!peek || seq - copied != tl->rcv.copied)
				seq = tl->rcv.copied;
			continue;
		}

		used = min_t(size_t, skb->len - offset, len);
		if (!(flags & MSG_TRUNC) && skb_copy_datagram_msg(skb, offset, msg, used)) {
			copied = copied ?: -EFAULT;
			break;
		}
		seq += used;
		copied += used;
		len -= used;
		if (peek)
			continue;
		WRITE_ONCE(tl->rcv.copied, seq);
		tl_rcv_window_read(sk);
		if (offset + used == skb->len)
			eat(sk, skb);
	} while (len > 0);
	if (!peek)
		tl_ack_after_read(sk, copied);
	return copied;
}

/**
 * tl_recvmsg() - recv() and its kin (proto.recvmsg; RFC9293 3.10.3)
 * @sk: socket
 * @msg: where to
 * @len: bytes wanted
 * @flags: MSG_*
 * @addr_len: unused: a connected socket has one peer
 *
 * Return: bytes read, 0 at the end of the stream, or an errno.
 */
int tl_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return inet_recv_error(sk, msg, len, addr_len);

	lock_sock(sk);
	ret = recvmsg_locked(sk, msg, len, flags);
	release_sock(sk);
	return ret;
}
