// SPDX-License-Identifier: GPL-2.0
/*
 * Passive open (RFC 9293 3.10.1) and the accept queue: children whose handshake is complete, until
 * the program takes them.
 */
#include <net/sock_reuseport.h>
#include "sock.h"

/* Let segments find a listener, or the group that it belongs to. */
static int enter_listener(struct sock *sk)
{
	int err = tl_port_join_group(sk);

	if (err)
		return err;
	err = tl_hash_listen(sk);
	if (err)
		reuseport_detach_sock(sk);
	return err;
}

/**
 * tl_listener_make() - a socket is to listen, or is told how it would
 * @sk: socket, locked
 *
 * What it has as a listener it keeps: requests may name it when it has closed.
 *
 * Return: 0 or -ENOMEM.
 */
int tl_listener_make(struct sock *sk)
{
	struct tl_listener *l;

	if (tl_sk(sk)->listener)
		return 0;
	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	spin_lock_init(&l->lock);
	INIT_LIST_HEAD(&l->queue);
	smp_store_release(&tl_sk(sk)->listener, l);	/* getsockopt() takes no lock */
	return 0;
}

/**
 * tl_listen() - listen() on a socket (proto_ops.listen)
 * @sock: socket
 * @backlog: how many connections may wait; listen() again changes it
 *
 * Other connections of the port do not notice (RFC9293 MUST-41, MUST-42).
 *
 * Return: 0, -EINVAL if it is connected, -EADDRINUSE if another one listens there, -ENOMEM.
 */
int tl_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct tl_sock *tl = tl_sk(sk);
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED || sock->type != SOCK_STREAM)
		goto out;
	if (!tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		goto out;

	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	if (sk->sk_state == TCP_LISTEN) {
		err = 0;
		goto out;
	}

	err = tl_listener_make(sk);
	if (err)
		goto out;
	if ((TL_SK_SYSCTL(sk, fastopen) & TL_FO_SERVER_ALL) && !tl->listener->fo.max &&
	    !tl_fastopen_keys_once(tl_sk(sk)->tn))
		tl_fastopen_listen(sk, backlog);
	sk->sk_ack_backlog = 0;
	tl->listener->warned = false;
	atomic_set(&tl->listener->overflows, 0);
	atomic_set(&tl->listener->syn_drops, 0);
	tl_state_set(sk, TCP_LISTEN, TL_EV_LISTEN);
	/* As a listener it may conflict with those with whom it could share so far. */
	err = tl_port_get(sk, inet_sk(sk)->inet_num);
	if (!err) {
		inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
		sk_dst_reset(sk);
		err = enter_listener(sk);
	}
	if (err) {
		tl_state_set(sk, TCP_CLOSE, TL_EV_CLOSE);
		sock_set_flag(sk, SOCK_DONE);
		goto out;
	}
	tl->snd.una = tl->snd.nxt;
out:
	release_sock(sk);
	return err;
}

/**
 * tl_accept_queue_add() - a child is complete: let the program have it
 * @lsk: listener; not locked
 * @child: child, locked
 *
 * Return: false if the listener has closed meanwhile: the child is the caller's to end.
 */
bool tl_accept_queue_add(struct sock *lsk, struct sock *child)
{
	struct tl_listener *l = tl_sk(lsk)->listener;
	bool ok;

	spin_lock(&l->lock);
	ok = lsk->sk_state == TCP_LISTEN;
	if (ok) {
		list_add_tail(&tl_sk(child)->accept, &l->queue);
		sk_acceptq_added(lsk);
	}
	spin_unlock(&l->lock);
	return ok;
}

static struct sock *queue_take(struct sock *lsk)
{
	struct tl_listener *l = tl_sk(lsk)->listener;
	struct tl_sock *tl;

	spin_lock_bh(&l->lock);
	tl = list_first_entry_or_null(&l->queue, struct tl_sock, accept);
	if (tl) {
		list_del_init(&tl->accept);
		sk_acceptq_removed(lsk);
	}
	spin_unlock_bh(&l->lock);
	return (struct sock *)tl;
}

static bool queue_empty(struct sock *lsk)
{
	return list_empty_careful(&tl_sk(lsk)->listener->queue);
}

/* Wait for a child; one waiter is woken for each (exclusive). */
static int wait_for_child(struct sock *sk, long timeo)
{
	DEFINE_WAIT(wait);
	int err = 0;

	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		release_sock(sk);
		if (queue_empty(sk))
			timeo = schedule_timeout(timeo);
		sched_annotate_sleep();
		lock_sock(sk);
		if (!queue_empty(sk))
			break;
		err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		err = -EAGAIN;
		if (!timeo)
			break;
		err = 0;
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

/**
 * tl_accept() - take the oldest child (proto.accept)
 * @sk: listener
 * @arg: flags in, error out
 *
 * Return: the child with its owner's reference, or NULL and @arg->err.
 */
struct sock *tl_accept(struct sock *sk, struct proto_accept_arg *arg)
{
	struct sock *child = NULL;
	int err = -EINVAL;

	lock_sock(sk);
	if (sk->sk_state != TCP_LISTEN)
		goto out;
	for (;;) {
		long timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);

		err = 0;
		child = queue_take(sk);
		if (child)
			break;
		err = -EAGAIN;
		if (!timeo)
			break;
		err = wait_for_child(sk, timeo);
		if (err)
			break;
	}
out:
	release_sock(sk);
	if (child)
		tl_mem_adopt(child);
	arg->err = err;
	return child;
}

/* A child that no program will ever see: reset the peer, and away. */
static void end_child(struct sock *child)
{
	struct tl_net *tn = tl_sk(child)->tn;

	sock_hold(child);
	local_bh_disable();
	bh_lock_sock(child);
	WARN_ON_ONCE(sock_owned_by_user(child));
	sock_orphan(child);
	atomic_inc(&tn->orphans);
	tl_abort(child, TL_EV_ABORT);
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
}

/**
 * tl_listen_stop() - a listener ends: so do the children that wait, and soon the requests
 * @sk: listener, locked, in CLOSE already: nothing is added to its queue any more
 *
 * Its requests notice with their next segment or timer that it listens no longer.
 */
void tl_listen_stop(struct sock *sk)
{
	struct sock *child;

	tl_hash_unlisten(sk);
	while ((child = queue_take(sk))) {
		end_child(child);
		cond_resched();
	}
}
