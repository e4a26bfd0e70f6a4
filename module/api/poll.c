// SPDX-License-Identifier: GPL-2.0
/*
 * poll(), epoll, select(): what can be done without waiting; and the ioctls that ask how much.
 */
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include "sock.h"
#include "api/api.h"

/* Is the urgent octet the next one (RFC9293 MUST-33)? */
static bool at_mark(const struct sock *sk)
{
	const struct tl_rcv *rcv = &tl_sk(sk)->rcv;

	return unlikely(READ_ONCE(rcv->urgent.state)) &&
	       READ_ONCE(rcv->urgent.seq) == READ_ONCE(rcv->copied);
}

static __poll_t writable(struct sock *sk)
{
	if (__sk_stream_is_writeable(sk, 1))
		return EPOLLOUT | EPOLLWRNORM;

	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* Space may have come before the flag was seen: pairs with tl_write_space(). */
	smp_mb__after_atomic();
	return __sk_stream_is_writeable(sk, 1) ? EPOLLOUT | EPOLLWRNORM : 0;
}

/**
 * tl_poll() - readiness (proto_ops.poll)
 * @file: unused
 * @sock: socket; not locked
 * @wait: to be woken by
 *
 * Return: EPOLL* bits, as Linux TCP gives them in the same state.
 */
__poll_t tl_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);
	/* what came with the state is there: pairs with tl_state_set() */
	state = smp_load_acquire(&sk->sk_state);
	if (state == TCP_LISTEN)
		return list_empty_careful(&tl_sk(sk)->listener->queue) ? 0 : EPOLLIN | EPOLLRDNORM;

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (state == TCP_SYN_SENT) {
		if (tl_inet_defer_connect(sk))	/* the first write will connect */
			mask |= EPOLLOUT | EPOLLWRNORM;
	} else if (state != TCP_SYN_RECV || READ_ONCE(tl_sk(sk)->fo.listener)) {
		/* the urgent octet is not for a usual read */
		if (tl_rcv_ready(sk, at_mark(sk) && !sock_flag(sk, SOCK_URGINLINE)))
			mask |= EPOLLIN | EPOLLRDNORM;
		else if (poll_requested_events(wait) & (EPOLLIN | EPOLLRDNORM))
			tl_ack_turn_unlocked(sk);
		/* pairs with the one who sets it: the octet is there */
		if (unlikely(smp_load_acquire(&tl_sk(sk)->rcv.urgent.state) == TL_URGENT_HERE))
			mask |= EPOLLPRI;
		mask |= shutdown & SEND_SHUTDOWN ? EPOLLOUT | EPOLLWRNORM : writable(sk);
	}
	/* tl_fail() sets the error before the state */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/* Octets that wait to be read, without the FIN; before the mark, if there is one. */
static int bytes_readable(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 n = tl->rcv.nxt - tl->rcv.copied, before = tl_urgent_limit(sk, tl->rcv.copied, n);

	if (before < n && !sock_flag(sk, SOCK_URGINLINE))
		return before;
	return n && sock_flag(sk, SOCK_DONE) ? n - 1 : n;
}

/**
 * tl_peek_len() - what a recv() would give (proto_ops.peek_len)
 * @sock: socket
 *
 * Return: octets.
 */
int tl_peek_len(struct socket *sock)
{
	return bytes_readable(sock->sk);
}

/**
 * tl_ioctl() - SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK (proto.ioctl)
 * @sk: socket
 * @cmd: which
 * @arg: the answer
 *
 * Return: 0, -EINVAL for a listener, or -ENOIOCTLCMD.
 */
int tl_ioctl(struct sock *sk, int cmd, int *arg)
{
	const struct tl_sock *tl = tl_sk(sk);
	int err = 0;
	bool slow;

	if (cmd == SIOCATMARK) {
		*arg = at_mark(sk);
		return 0;
	}
	if (cmd != SIOCINQ && cmd != SIOCOUTQ && cmd != SIOCOUTQNSD)
		return -ENOIOCTLCMD;

	slow = lock_sock_fast(sk);
	*arg = 0;
	if (sk->sk_state == TCP_LISTEN)
		err = -EINVAL;
	else if (cmd == SIOCINQ && !tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		*arg = bytes_readable(sk);
	else if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV | TCPF_CLOSE))
		*arg = 0;
	else if (cmd == SIOCOUTQ)	/* an unacknowledged FIN counts, as in Linux */
		*arg = tl->snd.end + tl->snd.fin - tl->snd.una;
	else if (cmd == SIOCOUTQNSD)
		*arg = tl->snd.end + tl->snd.fin - tl->snd.nxt;
	unlock_sock_fast(sk, slow);
	return err;
}
