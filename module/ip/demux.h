/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Early demultiplexing: see demux.c.
 */
#ifndef TCPLAB_DEMUX_H
#define TCPLAB_DEMUX_H

#include <net/sock.h>

struct tl_af_ops;

int tl_demux_net_init(struct net *net);
void tl_demux_net_exit(struct net *net);
struct sock *tl_demux_taken(struct sk_buff *skb, const struct tl_af_ops *af);
void tl_demux_forget(struct sock *sk);
void tl_demux_learn(struct sock *sk, const struct sk_buff *skb);

/* A segment for @sk, which is locked: remember its route. */
static inline void tl_demux_note(struct sock *sk, const struct sk_buff *skb)
{
	if (unlikely(skb_dst(skb) != rcu_access_pointer(sk->sk_rx_dst)))
		tl_demux_learn(sk, skb);
}

#endif
