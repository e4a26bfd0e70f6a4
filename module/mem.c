// SPDX-License-Identifier: GPL-2.0
/*
 * Socket memory: limits for all of the protocol, who is charged, pressure, and send buffers that
 * grow with the window.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include "sock.h"

long tl_mem_limits[3];				/* pages: as net.ipv4.tcp_mem */
int tl_mem_least[3] = { 4096, 4096, 4096 };	/* bytes that a socket gets under pressure, too */
unsigned long tl_mem_pressure;			/* since when, jiffies; 0: none */

/**
 * tl_mem_init() - choose the limits by the machine's size, as TCP does
 */
void tl_mem_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	tl_mem_limits[0] = limit / 4 * 3;
	tl_mem_limits[1] = limit;
	tl_mem_limits[2] = tl_mem_limits[0] * 2;
}

/**
 * tl_mem_net_init() - defaults of net.tcplab.rmem and wmem
 * @tn: new namespace
 */
void tl_mem_net_init(struct tl_net *tn)
{
	unsigned long limit = nr_free_buffer_pages() << (PAGE_SHIFT - 7);
	struct tl_sysctl *s = &tn->sysctl;

	s->wmem[0] = PAGE_SIZE;
	s->wmem[1] = 16 * 1024;
	s->wmem[2] = max_t(unsigned long, 64 * 1024, min(4UL * 1024 * 1024, limit));
	s->rmem[0] = PAGE_SIZE;
	s->rmem[1] = 128 * 1024;
	s->rmem[2] = max_t(unsigned long, 128 * 1024, min(6UL * 1024 * 1024, limit));
}

#ifdef CONFIG_MEMCG
/**
 * tl_mem_inherit() - a connection that nobody has accepted is its listener's control group's
 * @child: clone of @lsk, nothing charged to it yet
 * @lsk: listener
 */
void tl_mem_inherit(struct sock *child, const struct sock *lsk)
{
	if (mem_cgroup_sockets_enabled && lsk->sk_memcg && css_tryget(&lsk->sk_memcg->css))
		child->sk_memcg = lsk->sk_memcg;
}

/* The control group that pays for what this process does; NULL: nobody, or it already is @now. */
static struct mem_cgroup *payer(const struct mem_cgroup *now)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = mem_cgroup_from_task(current);
	if (memcg == now || !memcg->css.parent || !css_tryget(&memcg->css))
		memcg = NULL;
	rcu_read_unlock();
	return memcg;
}

static bool charge(struct sock *sk, struct mem_cgroup *memcg, int bytes)
{
	sk->sk_memcg = memcg;
	return !bytes || __sk_mem_schedule(sk, bytes, SK_MEM_RECV);
}

/* Let @memcg pay for all that a socket holds. Return: false if it can't. */
static bool move(struct sock *sk, struct mem_cgroup *memcg)
{
	int bytes = sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc) + sk->sk_wmem_queued;
	struct mem_cgroup *was = sk->sk_memcg;

	if (bytes < 0 || bytes % PAGE_SIZE)
		return false;
	if (bytes)
		__sk_mem_reclaim(sk, bytes);
	if (charge(sk, memcg, bytes)) {
		if (was)
			css_put(&was->css);
		return true;
	}
	if (charge(sk, was, bytes))
		return false;
	/* neither has room: what is there can't be taken away, so nobody is charged for it */
	sk->sk_memcg = NULL;
	if (was)
		css_put(&was->css);
	atomic_long_add(bytes / PAGE_SIZE, sk->sk_prot->memory_allocated);
	WRITE_ONCE(sk->sk_forward_alloc, sk->sk_forward_alloc + bytes);
	return false;
}

/**
 * tl_mem_adopt() - a program accepts a connection: from now on its control group is charged
 * @sk: socket, not locked
 */
void tl_mem_adopt(struct sock *sk)
{
	struct mem_cgroup *memcg;

	if (!mem_cgroup_sockets_enabled || !cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return;
	memcg = payer(sk->sk_memcg);
	if (!memcg)
		return;
	lock_sock(sk);
	if (!move(sk, memcg))
		css_put(&memcg->css);
	release_sock(sk);
}
#else
void tl_mem_inherit(struct sock *child, const struct sock *lsk)
{
}

void tl_mem_adopt(struct sock *sk)
{
}
#endif

/**
 * tl_mem_enter_pressure() - the protocol uses too much (proto.enter_memory_pressure)
 * @sk: socket whose request made it so
 */
void tl_mem_enter_pressure(struct sock *sk)
{
	unsigned long now = tl_clock_jiffies() ?: 1;

	if (READ_ONCE(tl_mem_pressure))
		return;
	if (!cmpxchg(&tl_mem_pressure, 0, now))
		TL_SK_INC(sk, TCPMemoryPressures);
}

/**
 * tl_mem_leave_pressure() - there is enough again (proto.leave_memory_pressure)
 * @sk: any socket
 */
void tl_mem_leave_pressure(struct sock *sk)
{
	if (READ_ONCE(tl_mem_pressure))
		xchg(&tl_mem_pressure, 0);
}

/**
 * tl_mem_wake_writer() - wake programs that wait to write, if it is worth it (sk_write_space)
 * @sk: socket
 */
void tl_mem_wake_writer(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/**
 * tl_mem_unsent_free() - is little enough of the stream unsent (proto.stream_memory_free)?
 * @sk: socket, locked or not
 * @wake: 1: for a program that waits it must be half of that
 *
 * TCP_NOTSENT_LOWAT: what is written late can be decided late.
 */
bool tl_mem_unsent_free(const struct sock *sk, int wake)
{
	const struct tl_sock *tl = tl_sk(sk);
	s32 unsent = READ_ONCE(tl->snd.end) - READ_ONCE(tl->snd.nxt);	/* -1 behind a FIN */
	u32 most = READ_ONCE(tl->config.notsent_lowat) ?:
		   TL_SK_SYSCTL(sk, notsent_lowat);

	return (u32)max(unsent, 0) << wake < most;
}

/* What a segment of the largest size costs, if each is a buffer of its own. */
static u32 segment_cost(const struct tl_sock *tl)
{
	u32 data = max(tl->snd.mss, tl->snd.peer_mss) + TL_MAX_HEADER +
		   SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return roundup_pow_of_two(data) + SKB_DATA_ALIGN(sizeof(struct sk_buff));
}

/**
 * tl_mem_grow_sndbuf() - room for twice the congestion window, with what buffers cost
 * @sk: socket, locked
 *
 * Twice: while one window waits for its ACK, the program writes the next, and recovery after a loss
 * needs a part of it.
 */
void tl_mem_grow_sndbuf(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 segments = max(tl->cc.cwnd / max_t(u32, tl->snd.mss, 1), 10U);
	u64 want = 2ULL * segments * segment_cost(tl);

	if (want > sk->sk_sndbuf && !(sk->sk_userlocks & SOCK_SNDBUF_LOCK))
		WRITE_ONCE(sk->sk_sndbuf, min_t(u64, want, TL_SK_SYSCTL(sk, wmem[2])));
}

/* Would a larger buffer help? Not if the window is full anyway, and not if memory is short. */
static bool sndbuf_may_grow(const struct sock *sk)
{
	return !sk_under_memory_pressure(sk) &&
	       sk_memory_allocated(sk) < sk_prot_mem_limits(sk, 0) &&
	       tl_loss_pipe(sk) < tl_sk(sk)->cc.cwnd;
}

/**
 * tl_write_space() - a segment was dealt with, and what it allowed to go has gone: if the program
 * waits for room, is there some now?
 * @sk: socket, locked
 */
void tl_write_space(struct sock *sk)
{
	/* pairs with the barrier in poll: see tl_poll() */
	smp_mb();
	if (!sk->sk_socket || !test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		return;
	if (sndbuf_may_grow(sk))
		tl_mem_grow_sndbuf(sk);
	sk->sk_write_space(sk);
}
