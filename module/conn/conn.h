/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a connection: begin, queues, end.
 */
#ifndef TCPLAB_CONN_H
#define TCPLAB_CONN_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include "conn/fastopen.h"
#include "conn/hash.h"
#include "conn/state.h"
#include "obs/drop.h"
#include "obs/mib.h"
#include "time.h"

struct sk_buff;
struct tl_af_ops;
struct tl_cb;
struct tl_port;
struct tl_sock;

/**
 * struct tl_bound - one who uses a local port: a socket or a TIME-WAIT
 * @link: in the port's list
 * @port: the port, NULL if none
 * @tw: this is a TIME-WAIT's
 */
struct tl_bound {
	struct hlist_node	link;
	struct tl_port		*port;
	bool			tw;
};

/**
 * struct tl_listener - what a listening socket has
 * @lock: guards @queue; softirqs take it
 * @queue: children whose handshake is complete, oldest first: the accept queue
 * @half_open: requests that name this listener: the length of its SYN queue
 * @overflows: SYNs and last ACKs that found the accept queue full
 * @syn_drops: SYNs that found the SYN queue full, and were given no cookie
 * @warned: the log knows that its SYN queue was full
 * @fo: Fast Open
 */
struct tl_listener {
	spinlock_t		lock;	/* guards queue */
	struct list_head	queue;
	atomic_t		half_open;
	atomic_t		overflows;
	atomic_t		syn_drops;
	bool			warned;
	struct tl_fo_queue	fo;
};

/* port.c */
int tl_port_get(struct sock *sk, unsigned short snum);
void tl_port_put(struct tl_net *tn, struct tl_bound *b);
void tl_port_put_sk(struct sock *sk);
void tl_port_inherit(struct tl_net *tn, struct tl_bound *from, struct tl_bound *to);
int tl_port_connect(struct sock *sk);
void tl_port_local(struct sock *sk, u16 number);
int tl_port_join_group(struct sock *sk);
void tl_port_net_init(struct tl_net *tn);
void tl_port_net_exit(struct tl_net *tn);

/* isn.c */
void tl_isn_net_init(struct tl_net *tn);
u32 tl_isn(struct tl_net *tn, const struct tl_tuple *t);
u32 tl_ts_offset(struct tl_net *tn, const struct tl_tuple *t);

/* connect.c */
int tl_connect(struct sock *sk, struct sockaddr *addr, int len);
void tl_connect_start(struct sock *sk);
void tl_ready_for_data(struct sock *sk);
void tl_established(struct sock *sk, enum tl_event ev);
void tl_take_syn_opts(struct sock *sk, const struct sk_buff *skb);

/* listen.c */
int tl_listen(struct socket *sock, int backlog);
struct sock *tl_accept(struct sock *sk, struct proto_accept_arg *arg);
int tl_listener_make(struct sock *sk);
bool tl_accept_queue_add(struct sock *lsk, struct sock *child);
void tl_listen_stop(struct sock *sk);

/* synq.c */
struct sock *tl_synq_syn(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			 const struct tl_af_ops *af, struct tl_fo_cookie *answer,
			 enum tl_drop *why);
struct sock *tl_synq_rcv(struct tl_node *node, struct sk_buff *skb, const struct tl_af_ops *af,
			 enum tl_drop *why);
struct sock *tl_synq_cookie(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			    const struct tl_af_ops *af, enum tl_drop *why);
void tl_synq_purge(struct net *net, struct tl_node *node);
bool tl_synq_alive(struct net *net, struct tl_node *node);
struct sock *tl_synq_listener(const struct tl_node *node);
u32 tl_synq_limit(const struct sock *lsk);
int tl_synq_init(void);
void tl_synq_exit(void);

/* security.c */
enum tl_drop tl_security_syn(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w);
int tl_pre_connect(struct sock *sk, struct sockaddr *addr, int len);

/* child.c */
void tl_saved_syn_free(struct sock *sk);

/* timewait.c */
void tl_timewait_enter(struct sock *sk, enum tl_event ev);
enum tl_drop tl_timewait_rcv(struct net *net, struct tl_node *node, struct sk_buff *skb,
			     bool *anew);
void tl_timewait_kill(struct net *net, struct tl_node *node, enum tl_event ev);
bool tl_timewait_replace(struct sock *sk, struct tl_node *node, bool any_port);
void tl_timewait_replaced(struct net *net, struct tl_node *node);
int tl_timewait_init(void);
void tl_timewait_exit(void);

/* close.c */
void tl_close(struct sock *sk, long timeout);
void tl_shutdown(struct sock *sk, int how);
int tl_disconnect(struct sock *sk, int flags);
void tl_done(struct sock *sk, enum tl_event ev);
void tl_abort(struct sock *sk, enum tl_event ev);
void tl_fail(struct sock *sk, int err, enum tl_event ev);
void tl_finwait2_arm(struct sock *sk);
void tl_finwait2_timer(struct sock *sk);
void tl_purge_orphan(struct sock *sk);
bool tl_orphan_over(struct sock *sk);

/* keepalive.c */
void tl_keepalive_set(struct sock *sk, int on);
void tl_keepalive_start(struct sock *sk);
void tl_keepalive_timer(struct sock *sk);

/* reset.c */
void tl_reset_for(struct sock *sk, const struct sk_buff *skb);
void tl_reset_received(struct sock *sk);
void tl_reset_stray(struct net *net, const struct sk_buff *skb, const struct tl_where *w,
		    const struct tl_af_ops *af, const struct sock *sk);
bool tl_oow_limited(struct net *net, u32 *last, enum tl_mib skipped);
bool tl_oow_limited_for(struct net *net, const struct tl_cb *cb, u32 *last, enum tl_mib skipped);
bool tl_challenge_allowed(struct net *net);
void tl_challenge(struct sock *sk);

#endif
