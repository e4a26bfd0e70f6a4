// SPDX-License-Identifier: GPL-2.0
/*
 * recv(): copy out of the receive queue, and tell the peer when that is worth a window update.
 */
#include <net/busy_poll.h>
#include <net/inet_common.h>
#include "sock.h"
#include "api/api.h"

#define PEEK_MAX	(INT_MAX / 2)	/* SO_PEEK_OFF: no window reaches as far */

/* The buffer that holds octet @seq. */
static struct sk_buff *find_unread(struct sock *sk, u32 seq, u32 *offset)
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

/*
 * Up to a page of what the buffer was charged stays with the socket, if a timer will give it back
 * soon: an answer may need it next.
 */
static void eat(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
	if (likely(skb->destructor == sock_rfree)) {
		skb->destructor = NULL;
		skb->sk = NULL;
		atomic_sub(skb->truesize, &sk->sk_rmem_alloc);
		tl_mem_uncharge(sk, skb->truesize);
		if (sk->sk_forward_alloc >= (int)(2 * PAGE_SIZE) || !tl_timers_soon(sk) ||
		    sk_under_memory_pressure(sk))
			sk_mem_reclaim(sk);
	}
	consume_skb(skb);
}

/**
 * struct reading - what a call has read so far
 * @msg: where to
 * @len: octets still wanted
 * @flags: MSG_*
 * @seq: the next octet to be read
 * @ahead: what SO_PEEK_OFF made it begin further on
 * @base: what the socket's own place in the stream was when @seq was right
 * @copied: octets read
 * @stamps: when they came
 */
struct reading {
	struct msghdr	*msg;
	size_t		len;
	int		flags;
	u32		seq;
	u32		ahead;
	u32		base;
	int		copied;
	struct tl_stamps *stamps;
};

/* The socket's place in the stream moved. */
static void consume(struct sock *sk, struct reading *r)
{
	WRITE_ONCE(tl_sk(sk)->rcv.copied, r->seq);
	r->base = r->seq;
	if (unlikely(tl_sk(sk)->rcv.urgent.state))
		tl_urgent_passed(sk);
	tl_rcv_window_read(sk);
}

/* At the mark: pass the urgent octet over, unless it is to be read as any other. */
static u32 pass_urgent(const struct sock *sk, struct reading *r, u32 used)
{
	u32 before = tl_urgent_limit(sk, r->seq, used);

	if (before || !used)
		return before;
	if (sock_flag(sk, SOCK_URGINLINE))
		return used;
	r->seq++;
	return used - 1;
}

/*
 * Copy @len octets from @offset of a buffer on. What is small lies in one piece of a page as a
 * rule: as copy_in() of tx/queue.c. Return: 0 or -EFAULT.
 */
static int copy_out(struct msghdr *msg, const struct sk_buff *skb, u32 offset, u32 len)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	struct page *page;
	size_t n;

	if (len > PAGE_SIZE || skb_headlen(skb) || !skb_shinfo(skb)->nr_frags ||
	    offset + len > skb_frag_size(frag))
		return skb_copy_datagram_msg(skb, offset, msg, len);
	page = skb_frag_page(frag);
	if (unlikely(!page))		/* a device's memory */
		return -EFAULT;
	n = copy_page_to_iter(page, skb_frag_off(frag) + offset, len, &msg->msg_iter);
	if (likely(n == len))
		return 0;
	iov_iter_revert(&msg->msg_iter, n);
	return -EFAULT;
}

/* Read from octet @offset of a buffer on. Return: 1 or -EFAULT. */
static int take_unread(struct sock *sk, struct reading *r, struct sk_buff *skb, u32 offset)
{
	u32 used = min_t(size_t, skb->len - offset, r->len);

	if (unlikely(tl_sk(sk)->rcv.urgent.state)) {
		u32 seq = r->seq;

		used = pass_urgent(sk, r, used);
		offset += r->seq - seq;
	}
	if (!(r->flags & MSG_TRUNC) && copy_out(r->msg, skb, offset, used))
		return -EFAULT;
	r->seq += used;
	r->copied += used;
	r->len -= used;
	if (unlikely(TL_CB(skb)->stamped))
		tl_stamp_take(skb, r->stamps);
	if (r->flags & MSG_PEEK) {
		sk_peek_offset_fwd(sk, used);
		return 1;
	}
	sk_peek_offset_bwd(sk, used);
	consume(sk, r);
	if (offset + used == skb->len)
		eat(sk, skb);
	return 1;
}

/**
 * tl_recv_may_wait() - nothing is to be read now: what becomes of the call?
 * @sk: socket, locked
 * @copied: octets that it has read
 * @timeo: how long it may wait, jiffies
 *
 * Return: 1 to wait, 0 to return what there is, or an errno if that is none.
 */
int tl_recv_may_wait(struct sock *sk, int copied, long timeo)
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

/* Wait, if the call may. Return: 1 to look again, 0 to return what there is, or an errno. */
static int await(struct sock *sk, struct reading *r, int target, long *timeo)
{
	struct sk_buff *last = skb_peek_tail(&sk->sk_receive_queue);
	int err;

	if (r->copied >= target && !READ_ONCE(sk->sk_backlog.tail))
		return 0;
	if (r->copied < target)
		tl_ack_turn(sk);
	err = tl_recv_may_wait(sk, r->copied, *timeo);
	if (err <= 0)
		return err;
	if (r->copied >= target) {
		/* take in what waits in the backlog */
		release_sock(sk);
		lock_sock(sk);
	} else {
		tl_ack_after_read(sk, r->copied);
		err = sk_wait_data(sk, timeo, last);
		if (err < 0)
			return err;
	}
	/* Somebody else may have read, or disconnected, meanwhile. */
	if (r->base != tl_sk(sk)->rcv.copied) {
		r->base = tl_sk(sk)->rcv.copied;
		r->seq = r->base + r->ahead;
	}
	return 1;
}

/*
 * At the mark a read ends, if it has anything; and if a signal is pending, SIGURG perhaps, the
 * program is told first. Return: 1 to go on.
 */
static int stop_at_mark(const struct sock *sk, const struct reading *r, long timeo)
{
	if (tl_urgent_limit(sk, r->seq, 1))
		return 1;
	if (r->copied)
		return 0;
	if (signal_pending(current))
		return timeo ? sock_intr_errno(timeo) : -EAGAIN;
	return 1;
}

/*
 * MSG_OOB: the urgent octet, alone. It never waits: there is none, it is not here yet, or it is.
 */
static int recv_urgent(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct tl_urgent *u = &tl_sk(sk)->rcv.urgent;

	if (sock_flag(sk, SOCK_URGINLINE) || u->state == TL_URGENT_NONE ||
	    u->state == TL_URGENT_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (u->state == TL_URGENT_AWAITED)
		return sk->sk_state == TCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN) ? 0 : -EAGAIN;

	if (!(flags & MSG_PEEK))
		WRITE_ONCE(u->state, TL_URGENT_READ);
	msg->msg_flags |= MSG_OOB;
	if (!len) {
		msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &u->octet, 1))
		return -EFAULT;
	return 1;
}

static int recvmsg_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags,
			  struct tl_stamps *st)
{
	struct reading r = {
		.msg = msg, .len = len, .flags = flags, .base = tl_sk(sk)->rcv.copied,
		.ahead = clamp(sk_peek_offset(sk, flags), 0, PEEK_MAX), .stamps = st,
	};
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	int err;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (unlikely(tl_sk(sk)->config.inq)) {
		st->inq = true;
		msg->msg_get_inq = 1;
	}
	if (flags & MSG_OOB)
		return recv_urgent(sk, msg, len, flags);

	r.seq = r.base + r.ahead;
	/* once at least: even a read of no bytes waits for one, as in Linux */
	do {
		struct sk_buff *skb;
		u32 offset;

		if (unlikely(tl_sk(sk)->rcv.urgent.state)) {
			err = stop_at_mark(sk, &r, timeo);
			if (err <= 0)
				break;
		}
		skb = find_unread(sk, r.seq, &offset);
		err = skb ? take_unread(sk, &r, skb, offset) : await(sk, &r, target, &timeo);
	} while (err > 0 && r.len > 0);
	if (!(flags & MSG_PEEK))
		tl_ack_after_read(sk, r.copied);
	return r.copied ?: min(err, 0);
}

/**
 * tl_read_sock() - show what can be read to a function (proto_ops.read_sock)
 * @sk: socket, locked
 * @desc: the function's; it ends when count is 0
 * @actor: says how much of a buffer it took
 *
 * At an urgent octet it ends, as in Linux.
 *
 * Return: bytes taken, 0 if there is nothing, or an errno.
 */
int tl_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor)
{
	struct reading r = { .seq = tl_sk(sk)->rcv.copied };
	struct sk_buff *skb;
	u32 offset, len;
	int used = 0;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	while ((skb = find_unread(sk, r.seq, &offset))) {
		len = skb->len - offset;
		if (unlikely(tl_sk(sk)->rcv.urgent.state))
			len = tl_urgent_limit(sk, r.seq, len);
		if (!len)
			break;
		used = actor(desc, skb, offset, len);
		if (used <= 0)
			break;
		r.seq += used;
		r.copied += used;
		consume(sk, &r);
		if (offset + used == skb->len)
			eat(sk, skb);
		if (!desc->count)
			break;
	}
	if (r.copied)
		tl_ack_after_read(sk, r.copied);
	return r.copied ?: min(used, 0);
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
	struct tl_stamps st = { };
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return inet_recv_error(sk, msg, len, addr_len);

	if (sk_can_busy_loop(sk) && skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    READ_ONCE(sk->sk_state) == TCP_ESTABLISHED) {
		tl_ack_turn_unlocked(sk);
		sk_busy_loop(sk, flags & MSG_DONTWAIT);		/* SO_BUSY_POLL */
	}
	lock_sock(sk);
	ret = recvmsg_locked(sk, msg, len, flags, &st);
	release_sock(sk);
	if (unlikely(st.there || msg->msg_get_inq) && ret >= 0)
		tl_recv_cmsgs(sk, msg, &st);
	return ret;
}
