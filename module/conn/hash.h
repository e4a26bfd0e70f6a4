/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a segment finds its connection.
 *
 * One rhashtable a namespace holds whatever has both ends named: requests (half-open),
 * sockets, TIME-WAITs. Each begins its entry with a struct tl_node. IPv4 addresses stand in
 * it as v4-mapped IPv6 addresses, so one lookup serves both families.
 *
 * Lookups run under RCU, take no reference and no lock. What is in the table is freed a grace
 * period after it left (sockets through SOCK_RCU_FREE, small objects through call_rcu()), not
 * kept type-safe: sk_alloc() clears a reused socket, chain pointer included, and a reader that
 * stood on it would fall off. It also saves two atomic operations per segment, by this rule:
 *
 *	A socket that is locked and whose state is not CLOSE is held by whoever hashed it.
 *
 * So a reader locks what it found, looks at the state, and may then use the socket as if it
 * held a reference, until it leaves the RCU section.
 *
 * A small object belongs to the one who takes it out of the table: tl_hash_remove() and
 * tl_hash_replace() succeed for one caller only, and that one frees it.
 */
#ifndef TCPLAB_HASH_H
#define TCPLAB_HASH_H

#include <linux/in6.h>
#include <linux/rhashtable-types.h>

struct net;
struct sk_buff;
struct sock;
struct tl_net;

/**
 * struct tl_tuple - both ends of a connection, the same for all its life (RFC9293 MUST-45)
 * @laddr: our address
 * @faddr: the peer's ("foreign")
 * @lport: our port, network order
 * @fport: the peer's port, network order
 */
struct tl_tuple {
	struct in6_addr	laddr;
	struct in6_addr	faddr;
	__be16		lport;
	__be16		fport;
};

static inline bool tl_tuple_equal(const struct tl_tuple *a, const struct tl_tuple *b)
{
	return a->lport == b->lport && a->fport == b->fport &&
	       ipv6_addr_equal(&a->faddr, &b->faddr) && ipv6_addr_equal(&a->laddr, &b->laddr);
}

/* Both ports in a word, to be hashed */
static inline u32 tl_tuple_ports(const struct tl_tuple *t)
{
	return (__force u32)t->lport << 16 | (__force u32)t->fport;
}

enum tl_kind {
	TL_KIND_SOCK,		/* struct tl_sock */
	TL_KIND_REQ,		/* struct tl_req, conn/synq.h */
	TL_KIND_TW,		/* struct tl_tw, conn/timewait.h */
};

struct tl_node {
	struct rhlist_head	list;	/* conns use .rhead alone; listeners all of it */
	struct tl_tuple		tuple;
	int			bound_dev;	/* 0: any */
	u8			kind;
	bool			hashed;
};

/**
 * struct tl_where - what a segment says about where it belongs
 * @tuple: addresses and ports, seen from here
 * @dif: interface that it came in by
 * @sdif: the same, when @dif is an L3 master
 * @scope: interface that an answer must leave by (link-local peer), or 0
 */
struct tl_where {
	struct tl_tuple	tuple;
	int		dif;
	int		sdif;
	int		scope;
};

int tl_hash_net_init(struct tl_net *tn);
void tl_hash_net_exit(struct tl_net *tn);

struct tl_node *tl_hash_find(struct net *net, const struct tl_where *w);
int tl_hash_insert(struct net *net, struct tl_node *node);
bool tl_hash_remove(struct net *net, struct tl_node *node);
bool tl_hash_replace(struct net *net, struct tl_node *old, struct tl_node *node);

int tl_hash_listen(struct sock *sk);
void tl_hash_unlisten(struct sock *sk);
void tl_hash_rehash(struct sock *sk);
struct sock *tl_hash_find_listener(struct net *net, const struct tl_where *w,
				   struct sk_buff *skb);

#endif
