/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tl_sock: a connection, composed of the structs that the rooms own.
 *
 * Locks, outermost first:
 *
 *	lock_sock(sk) / bh_lock_sock(sk)	all of a tl_sock but what is named below
 *	tl_listener.lock			the accept queue
 *	xa_lock_bh(&tl_net.ports)		who uses which port
 *	a bucket of tl_net.conns or .listeners	inside rhashtable
 *
 * A child is locked while its listener may be (sk_clone_lock() nests it), never the other way
 * round. Requests and TIME-WAITs have no lock: see conn/hash.h for who owns them. A segment for a
 * socket that a program holds waits in the backlog; a deadline in such a moment is left to
 * release_cb (tl_timers_release()).
 */
#ifndef TCPLAB_SOCK_H
#define TCPLAB_SOCK_H

#include <linux/ipv6.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "cc/cc.h"
#include "conn/conn.h"
#include "conn/fastopen.h"
#include "ip/af.h"
#include "ip/pernet.h"
#include "loss/ecn.h"
#include "loss/loss.h"
#include "rx/rx.h"
#include "tx/pace.h"
#include "tx/tx.h"

/**
 * struct tl_config - what the program set; 0 means the namespace's default
 */
struct tl_config {
	u32	keep_idle;		/* jiffies */
	u32	keep_intvl;		/* jiffies */
	u32	user_timeout;		/* ms */
	int	linger2;		/* jiffies; negative: no FIN-WAIT-2 for orphans */
	u32	window_clamp;		/* bytes, TCP_WINDOW_CLAMP */
	u32	notsent_lowat;		/* bytes */
	u32	tx_delay;		/* µs */
	struct tl_saved_syn *saved_syn;	/* until the program reads it; conn/synq.h */
	u8	keep_probes;
	u8	syn_retries;
	u8	defer_accept;		/* SYN-ACKs for which a bare ACK waits; see tl_synq_rcv() */
	u8	save_syn;		/* enum tl_save_syn */
	bool	thin_linear;
	bool	inq;			/* TCP_INQ: recv() tells what is left */
	bool	module_held;		/* see init_sock() in ip/protosw.c */
};

/*
 * Laid out by use: first what a lookup touches, then what each received segment touches, then
 * what each sent one does, the seldom used last, but for what fills a hole.
 */
struct tl_sock {
	struct inet_sock		inet;		/* first */
	struct tl_node			node;
	const struct tl_af_ops		*af;
	struct tl_net			*tn;		/* of sock_net(): for good */
	struct tl_rcv			rcv;
	struct tl_ackpolicy		ackp;
	struct tl_mtup			mtup;
	struct tl_snd			snd;
	struct tl_pace			pace;
	struct tl_rtt			rtt;
	u32				oow_last;	/* see tl_oow_limited() */
	struct tl_board			board;
	struct tl_loss			loss;
	struct tl_ecn			ecn;
	struct tl_cc			cc;
	struct tl_timers		timers;
	struct tl_bound			bound;
	struct list_head		accept;		/* in the listener's queue */
	struct tl_fastopen		fo;
	struct tl_listener		*listener;	/* once it was one */
	struct tl_config		config;
	struct tl_sent			sent;
	struct tl_got			got;
};

struct tl6_sock {
	struct tl_sock			tl;
	struct ipv6_pinfo		inet6;		/* last: kernels before 6.6 look there */
};

static inline struct tl_sock *tl_sk(const struct sock *sk)
{
	return (struct tl_sock *)sk;
}

static inline struct tl_sock *tl_of_node(const struct tl_node *node)
{
	return container_of(node, struct tl_sock, node);
}

static inline struct sock *tl_node_sk(const struct tl_node *node)
{
	return (struct sock *)tl_of_node(node);
}

static inline bool tl_in_state(const struct sock *sk, u32 states)
{
	return (1 << sk->sk_state) & states;
}

/* States in which both SYNs are acknowledged. */
#define TLF_SYNCHRONIZED	(TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 |	\
				 TCPF_CLOSE_WAIT | TCPF_CLOSING | TCPF_LAST_ACK)
/*
 * Passive Fast Open: the program has the connection already, although our SYN is not yet
 * acknowledged (RFC7413 4.2.2).
 */
static inline bool tl_is_early(const struct sock *sk)
{
	return sk->sk_state == TCP_SYN_RECV && tl_sk(sk)->fo.listener;
}

/* States in which data may be sent. */
#define TLF_MAY_SEND		(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)

static inline struct tl_rto_bounds tl_rto_bounds(const struct sock *sk)
{
	const struct tl_sysctl *s = &tl_sk(sk)->tn->sysctl;

	return (struct tl_rto_bounds) {
		.min	= READ_ONCE(s->rto_min_ms) * USEC_PER_MSEC,
		.max	= READ_ONCE(s->rto_max_ms) * USEC_PER_MSEC,
		.init	= READ_ONCE(s->rto_init_ms) * USEC_PER_MSEC,
	};
}

/* Our timestamp, as it goes into TSval. @now_us: clock */
static inline u32 tl_tsval_at(const struct sock *sk, u64 now_us)
{
	return tl_clock_ts_of(now_us) + tl_sk(sk)->rcv.ts_off;
}

static inline u32 tl_tsval(const struct sock *sk)
{
	return tl_tsval_at(sk, tl_clock_us());
}

/*
 * Between lookup and lock a socket may have ended, and even begun another life.
 * Return: is it still the connection that @w names? Locked.
 */
static inline bool tl_still_there(const struct sock *sk, const struct tl_where *w)
{
	return !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN) &&
	       tl_tuple_equal(&tl_sk(sk)->node.tuple, &w->tuple);
}

/*
 * Traffic class of what a socket sends to @t: each family has a setting (RFC9293 MUST-48).
 */
static inline u8 tl_sock_class(const struct sock *sk, const struct tl_tuple *t)
{
	return ipv6_addr_v4mapped(&t->faddr) ? READ_ONCE(inet_sk(sk)->tos) :
	       READ_ONCE(inet6_sk(sk)->tclass);
}

/* SEG.WND in bytes; that of a SYN is never scaled (RFC7323 2.2). */
static inline u32 tl_seg_window(const struct tl_sock *tl, const struct tl_cb *cb)
{
	return (u32)cb->wnd << (cb->flags & TL_SYN ? 0 : tl->snd.wscale);
}

/*
 * The age of our timestamp that a segment echoes, µs, at least 1; 0 if there is none, or one that
 * we cannot have sent lately.
 */
static inline u32 tl_echo_age(const struct sock *sk, const struct tl_opts *o)
{
	u32 ms;

	if (!tl_sk(sk)->rcv.ts_ok || !(o->seen & TL_OPT_TIMESTAMP) || !o->tsecr)
		return 0;
	ms = tl_tsval(sk) - o->tsecr;
	return ms < TL_RTT_MAX_US / USEC_PER_MSEC ? max(ms, 1U) * USEC_PER_MSEC : 0;
}

/* Protocol-wide, in ip/protosw.c */
extern struct proto tl_prot, tl6_prot;
void tl_sock_reset(struct sock *sk);
void tl_sock_links(struct sock *sk);
void tl_sock_count(struct sock *sk);
void tl_sock_become_v4(struct sock *sk);

/* Where sending and receiving meet memory: mem.c, below all rooms that use it. */
extern long tl_mem_limits[3];
extern int tl_mem_least[3];
extern unsigned long tl_mem_pressure;

void tl_mem_init(void);
void tl_mem_net_init(struct tl_net *tn);
void tl_mem_inherit(struct sock *child, const struct sock *lsk);
void tl_mem_adopt(struct sock *sk);
void tl_mem_enter_pressure(struct sock *sk);
void tl_mem_leave_pressure(struct sock *sk);
void tl_mem_wake_writer(struct sock *sk);

/**
 * tl_mem_uncharge() - what was charged to a socket is free
 * @sk: socket, locked
 * @bytes: how much
 *
 * Unlike sk_mem_uncharge() it leaves whole pages with the socket, for data that came with the ACK:
 * whoever has done what there was to do gives back what is left (sk_mem_reclaim()).
 */
static inline void tl_mem_uncharge(struct sock *sk, int bytes)
{
	WRITE_ONCE(sk->sk_forward_alloc, sk->sk_forward_alloc + bytes);
}

void tl_mem_grow_sndbuf(struct sock *sk);
bool tl_mem_unsent_free(const struct sock *sk, int wake);
void tl_write_space(struct sock *sk);

/* main.c; the kernel knows them by these names, see build.c */
__visible int init_module(void);
__visible void cleanup_module(void);

#endif
