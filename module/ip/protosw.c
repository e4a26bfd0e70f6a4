// SPDX-License-Identifier: GPL-2.0
/*
 * Where programs come in: socket(AF_INET or AF_INET6, SOCK_STREAM, 253), and the birth of a
 * tl_sock.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/percpu-refcount.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include "sock.h"
#include "api/api.h"
#include "ip/ip.h"

static DEFINE_PER_CPU(int, memory_per_cpu_fw_alloc);
static atomic_long_t memory_allocated;
static struct percpu_counter sockets_allocated;

/**
 * tl_sock_reset() - the connection part of a socket, as if it had just been made
 * @sk: socket in CLOSE, locked or not yet visible; what the program set stays, and so does the port
 */
void tl_sock_reset(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	const struct tl_snd kept = tl->snd;
	const struct tl_fastopen fo = tl->fo;

	memset(&tl->rcv, 0, sizeof(tl->rcv));
	memset(&tl->ackp, 0, sizeof(tl->ackp));
	memset(&tl->snd, 0, sizeof(tl->snd));
	memset(&tl->mtup, 0, sizeof(tl->mtup));
	memset(&tl->pace, 0, sizeof(tl->pace));
	memset(&tl->loss, 0, sizeof(tl->loss));
	tl_board_init(&tl->board);
	memset(&tl->ecn, 0, sizeof(tl->ecn));
	memset(&tl->fo, 0, sizeof(tl->fo));
	tl->fo.connect = fo.connect;
	tl->fo.no_cookie = fo.no_cookie;
	tl->snd.nodelay = kept.nodelay;
	tl->snd.cork = kept.cork;
	tl->snd.user_mss = kept.user_mss;
	tl->snd.mss = tl_af_v4.default_mss;
	tl->snd.peer_mss = tl_af_v4.default_mss;
	tl->rcv.ooo = RB_ROOT;
	tl_rtt_init(&tl->rtt, &b);
	tl_cc_reset(&tl->cc);
	memset(&tl->node.tuple.faddr, 0, sizeof(tl->node.tuple.faddr));
	tl->node.tuple.fport = 0;
	tl->oow_last = 0;
	memset(&tl->sent, 0, sizeof(tl->sent));
	memset(&tl->got, 0, sizeof(tl->got));
}

/**
 * tl_sock_links() - a new socket is in no table, queue or list, and has no deadline
 * @sk: socket that nobody else sees yet, new or a clone
 */
void tl_sock_links(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	memset(&tl->node, 0, sizeof(tl->node));
	tl->node.kind = TL_KIND_SOCK;
	memset(&tl->bound, 0, sizeof(tl->bound));
	INIT_LIST_HEAD(&tl->accept);
	tl->listener = NULL;
	tl_timers_init(sk);
	tl->config.module_held = false;
}

/* Sockets whose memory is not yet free: the module must outlive them. */
static struct percpu_ref alive;
static DECLARE_COMPLETION(none_alive);
static void (*inet_destruct[2])(struct sock *sk);	/* IPv4's and IPv6's */

static void last_is_gone(struct percpu_ref *ref)
{
	complete(&none_alive);
}

static void destruct(struct sock *sk)
{
	kfree(tl_sk(sk)->listener);
	tl_timers_free(sk);
	/* by what it was made as: IPV6_ADDRFORM changes the family */
	inet_destruct[sk->sk_prot_creator == &tl6_prot](sk);
	percpu_ref_put(&alive);
}

/**
 * tl_sock_count() - one more socket
 * @sk: new socket, or clone
 */
void tl_sock_count(struct sock *sk)
{
	percpu_ref_get(&alive);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
}

/*
 * The module is held by those who have a socket open, not by the sockets themselves (proto.owner is
 * NULL): orphans and requests must not stand in the way of rmmod, which ends them. A socket that is
 * just being made holds it from here until close(): the opener's own hold comes only later.
 */
static int init_sock(struct sock *sk)
{
	struct tl_net *tn = tl_net(sock_net(sk));
	struct tl_sock *tl = tl_sk(sk);

	tl->tn = tn;
	tl_sock_links(sk);
	tl->af = sk->sk_family == AF_INET6 ? &tl_af_v6 : &tl_af_v4;
	tl_cc_assign(&tl->cc, tl_cc_get_current(&tn->cc));
	tl_sock_reset(sk);

	WRITE_ONCE(inet_destruct[sk->sk_family == AF_INET6], sk->sk_destruct);
	sk->sk_destruct = destruct;
	sk->sk_write_space = tl_mem_wake_writer;
	sk->sk_gso_type = TL_GSO_TYPE;
	tl_stats_init(sk);
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	sock_set_flag(sk, SOCK_RCU_FREE);		/* see conn/hash.h */
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(tn->sysctl.wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(tn->sysctl.rmem[1]));
	sk_sockets_allocated_inc(sk);
	tl_sock_count(sk);
	tl_sol_socket_init(sk->sk_socket);
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);	/* for io_uring */
	tl->config.module_held = try_module_get(THIS_MODULE);
	return tl->config.module_held ? 0 : -ENOBUFS;
}

/*
 * Free what a socket has, the kernel's own parts apart. It is in CLOSE, and nobody finds it any
 * more; or inet_create() gives up on it, its only end without a close().
 */
static void destroy_sock(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	tl_timers_clear(sk);
	tl_board_purge(&tl_sk(sk)->board);
	tl_txq_purge(sk);
	tl_ooo_purge(sk);
	tl_port_put_sk(sk);
	tl_cc_end(&tl->cc);
	if (tl->listener)
		tl_fastopen_keys_free(&tl->listener->fo.keys);
	tl_saved_syn_free(sk);
	sk_sockets_allocated_dec(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
	if (tl->config.module_held)
		module_put(THIS_MODULE);
}

static void unhash_sock(struct sock *sk)
{
	/* done when the connection ended */
}

static void release_cb(struct sock *sk)
{
	tl_icmp_release(sk);
	tl_timers_release(sk);
	tl_ack_release(sk);
}

static int hash_sock(struct sock *sk)
{
	return 0;		/* entered when both ends, or a listener's, are known */
}

TL_PROTO_ACCEPT(tl_accept)
TL_PROTO_IOCTL(tl_ioctl)
TL_PROTO_SENDPAGE(tl_sendmsg_locked)

#define TL_PROTO_COMMON							\
	.close			= tl_close,				\
	.pre_connect		= tl_pre_connect,			\
	.connect		= tl_connect,				\
	.disconnect		= tl_disconnect,			\
	.accept			= TL_PROTO_ACCEPT_FN(tl_accept),	\
	.ioctl			= TL_PROTO_IOCTL_FN(tl_ioctl),		\
	.init			= init_sock,				\
	.destroy		= destroy_sock,				\
	.shutdown		= tl_shutdown,				\
	.setsockopt		= tl_setsockopt,			\
	.getsockopt		= tl_getsockopt,			\
	.keepalive		= tl_keepalive_set,			\
	.recvmsg		= tl_recvmsg,				\
	.sendmsg		= tl_sendmsg,				\
	TL_PROTO_SENDPAGE_FN(tl_sendmsg_locked)				\
	.splice_eof		= tl_splice_eof,			\
	.backlog_rcv		= tl_rcv_backlog,			\
	.release_cb		= release_cb,				\
	.hash			= hash_sock,				\
	.unhash			= unhash_sock,				\
	.rehash			= tl_hash_rehash,			\
	.get_port		= tl_port_get,				\
	.put_port		= tl_port_put_sk,			\
	.enter_memory_pressure	= tl_mem_enter_pressure,		\
	.leave_memory_pressure	= tl_mem_leave_pressure,		\
	.stream_memory_free	= tl_mem_unsent_free,			\
	.sockets_allocated	= &sockets_allocated,			\
	.memory_allocated	= &memory_allocated,			\
	.per_cpu_fw_alloc	= &memory_per_cpu_fw_alloc,		\
	.memory_pressure	= &tl_mem_pressure,			\
	.sysctl_mem		= tl_mem_limits,			\
	.sysctl_wmem		= tl_mem_least,				\
	.sysctl_rmem		= tl_mem_least,				\
	.max_header		= TL_MAX_HEADER,			\
	.no_autobind		= true

struct proto tl_prot = {
	.name			= "TCPLAB",
	.obj_size		= sizeof(struct tl_sock),
	TL_PROTO_COMMON,
};

struct proto tl6_prot = {
	.name			= "TCPLABv6",
	.obj_size		= sizeof(struct tl6_sock),
	TL_IPV6_PINFO_OFFSET(offsetof(struct tl6_sock, inet6))
	TL_PROTO_COMMON,
};

TL_OPS_ACCEPT(tl_sock_accept)

#define TL_OPS_COMMON							\
	.owner		= THIS_MODULE,					\
	.connect	= inet_stream_connect,				\
	.socketpair	= sock_no_socketpair,				\
	.accept		= TL_OPS_ACCEPT_FN(tl_sock_accept),		\
	.poll		= tl_poll,					\
	.gettstamp	= sock_gettstamp,				\
	.set_rcvlowat	= tl_rcv_lowat,					\
	.listen		= tl_listen,					\
	.shutdown	= inet_shutdown,				\
	.setsockopt	= sock_common_setsockopt,			\
	.getsockopt	= sock_common_getsockopt,			\
	.sendmsg	= inet_sendmsg,					\
	.recvmsg	= inet_recvmsg,					\
	.mmap		= sock_no_mmap,					\
	TL_OPS_SENDPAGE_FN(tl_sendmsg_locked)				\
	TL_OPS_SET_PEEK_OFF						\
	.splice_eof	= inet_splice_eof,				\
	.splice_read	= tl_splice_read,				\
	.read_sock	= tl_read_sock,					\
	.sendmsg_locked	= tl_sendmsg_locked,				\
	.peek_len	= tl_peek_len

static const struct proto_ops stream_ops = {
	.family		= PF_INET,
	.release	= inet_release,
	.bind		= inet_bind,
	.getname	= inet_getname,
	.ioctl		= inet_ioctl,
	TL_OPS_COMMON,
};

static const struct proto_ops stream6_ops = {
	.family		= PF_INET6,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.getname	= inet6_getname,
	.ioctl		= inet6_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= inet6_compat_ioctl,
#endif
	TL_OPS_COMMON,
};

/**
 * tl_sock_become_v4() - an IPv6 socket that talks IPv4 is an IPv4 socket from now on
 * @sk: socket, locked, connected to a v4-mapped address; its IPv6 part is the caller's to clean up
 */
void tl_sock_become_v4(struct sock *sk)
{
	sock_prot_inuse_add(sock_net(sk), &tl6_prot, -1);
	sock_prot_inuse_add(sock_net(sk), &tl_prot, 1);
	WRITE_ONCE(sk->sk_prot, &tl_prot);
	WRITE_ONCE(sk->sk_socket->ops, &stream_ops);
	WRITE_ONCE(sk->sk_family, PF_INET);
}

static struct inet_protosw protosw4 = {
	.type		= SOCK_STREAM,
	.prot		= &tl_prot,
	.ops		= &stream_ops,
};

static struct inet_protosw protosw6 = {
	.type		= SOCK_STREAM,
	.prot		= &tl6_prot,
	.ops		= &stream6_ops,
};

/**
 * tl_prot_register() - make both kinds of socket known, with their caches
 *
 * Return: 0 or a negative errno.
 */
int tl_prot_register(void)
{
	int err = percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);

	if (err)
		return err;
	err = percpu_ref_init(&alive, last_is_gone, 0, GFP_KERNEL);
	if (err)
		goto out_counter;
	err = proto_register(&tl_prot, 1);
	if (err)
		goto out_ref;
	err = proto_register(&tl6_prot, 1);
	if (err)
		goto out_prot;
	return 0;

out_prot:
	proto_unregister(&tl_prot);
out_ref:
	percpu_ref_exit(&alive);
out_counter:
	percpu_counter_destroy(&sockets_allocated);
	return err;
}

/**
 * tl_prot_drain() - wait until the memory of every socket is free
 *
 * All are closed, and no new ones are made; what may take a moment are packets of theirs that still
 * wait in a queue of the network.
 */
void tl_prot_drain(void)
{
	percpu_ref_kill(&alive);
	while (!wait_for_completion_timeout(&none_alive, 10 * HZ))
		pr_notice("tcplab: waiting for packets of closed sockets to leave the network\n");
	rcu_barrier();
}

/* Pages that sockets have; each CPU holds some back. */
static long pages_in_use(void)
{
	long pages = atomic_long_read(&memory_allocated);
	int cpu;

	for_each_possible_cpu(cpu)
		pages += per_cpu(memory_per_cpu_fw_alloc, cpu);
	return pages;
}

/**
 * tl_prot_unregister() - forget both kinds of socket, of which none is left
 *
 * So none can have memory: what was charged to them was given back, or something was forgotten.
 */
void tl_prot_unregister(void)
{
	long pages = pages_in_use();

	WARN(pages, "tcplab: %ld pages are charged to no socket\n", pages);
	proto_unregister(&tl6_prot);
	proto_unregister(&tl_prot);
	percpu_ref_exit(&alive);
	percpu_counter_destroy(&sockets_allocated);
}

/**
 * tl_protosw_register() - let programs make sockets
 *
 * Return: 0 or a negative errno.
 */
int tl_protosw_register(void)
{
	int err;

	protosw4.protocol = tl_protocol;
	protosw6.protocol = tl_protocol;
	inet_register_protosw(&protosw4);
	err = inet6_register_protosw(&protosw6);
	if (err)
		inet_unregister_protosw(&protosw4);
	return err;
}

/**
 * tl_protosw_unregister() - no program makes a socket any more
 */
void tl_protosw_unregister(void)
{
	inet6_unregister_protosw(&protosw6);
	inet_unregister_protosw(&protosw4);
}
