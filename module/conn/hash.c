// SPDX-License-Identifier: GPL-2.0
/*
 * The two tables of a namespace: connections by tuple, listeners by local address and port.
 * See hash.h for the rules of lookup and ownership.
 */
#include <linux/jhash.h>
#include <linux/rhashtable.h>
#include <net/sock_reuseport.h>
#include "sock.h"
#include "conn/hash.h"

/* v4-mapped addresses differ in one word only: hash that one. */
static u32 tuple_hash(const void *data, u32 len, u32 seed)
{
	const struct tl_tuple *t = data;		/* a tl_where begins with one */
	u32 ports = tl_tuple_ports(t);

	if (!ipv6_addr_v4mapped(&t->faddr)) {
		seed = jhash2((const u32 *)&t->laddr, 4, seed);
		seed = jhash2((const u32 *)&t->faddr, 3, seed);
	}
	return jhash_3words((__force u32)t->laddr.s6_addr32[3],
			    (__force u32)t->faddr.s6_addr32[3], ports, seed);
}

static u32 node_hash(const void *obj, u32 len, u32 seed)
{
	const struct tl_node *node = obj;

	return tuple_hash(&node->tuple, len, seed);
}

static bool dev_matches(const struct tl_node *node, const struct tl_where *w)
{
	int bound_dev = READ_ONCE(node->bound_dev);

	return !bound_dev || bound_dev == w->dif || bound_dev == w->sdif;
}

static int node_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct tl_where *w = arg->key;
	const struct tl_node *node = obj;

	return !tl_tuple_equal(&node->tuple, &w->tuple) || !dev_matches(node, w);
}

static const struct rhashtable_params conn_params = {
	.head_offset		= offsetof(struct tl_node, list.rhead),
	.key_len		= sizeof(struct tl_where),
	.hashfn			= tuple_hash,
	.obj_hashfn		= node_hash,
	.obj_cmpfn		= node_cmp,
	.automatic_shrinking	= true,
};

/* Local half of a tuple: the key of a listener. */
struct local {
	struct in6_addr	addr;
	__be16		port;
};

static u32 local_hash(const void *data, u32 len, u32 seed)
{
	const struct local *l = data;

	return jhash_2words(jhash2((const u32 *)&l->addr, 4, seed), (__force u32)l->port, seed);
}

static u32 listener_hash(const void *obj, u32 len, u32 seed)
{
	const struct tl_node *node = obj;
	struct local l = { .addr = node->tuple.laddr, .port = node->tuple.lport };

	return local_hash(&l, len, seed);
}

static int listener_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct local *l = arg->key;
	const struct tl_node *node = obj;

	return node->tuple.lport != l->port || !ipv6_addr_equal(&node->tuple.laddr, &l->addr);
}

static const struct rhashtable_params listener_params = {
	.head_offset		= offsetof(struct tl_node, list),
	.key_len		= sizeof(struct local),
	.hashfn			= local_hash,
	.obj_hashfn		= listener_hash,
	.obj_cmpfn		= listener_cmp,
	.automatic_shrinking	= true,
};

/**
 * tl_hash_net_init() - make a namespace's tables
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tl_hash_net_init(struct tl_net *tn)
{
	int err = rhashtable_init(&tn->conns, &conn_params);

	if (err)
		return err;
	err = rhltable_init(&tn->listeners, &listener_params);
	if (err)
		rhashtable_destroy(&tn->conns);
	return err;
}

/**
 * tl_hash_net_exit() - destroy a namespace's tables, which are empty
 * @tn: namespace
 */
void tl_hash_net_exit(struct tl_net *tn)
{
	rhltable_destroy(&tn->listeners);
	rhashtable_destroy(&tn->conns);
}

/**
 * tl_hash_find() - the connection that a segment belongs to
 * @net: namespace
 * @w: addresses, ports and interface of the segment
 *
 * Context: RCU reader; no reference is taken.
 * Return: a node of any kind, or NULL.
 */
struct tl_node *tl_hash_find(struct net *net, const struct tl_where *w)
{
	return rhashtable_lookup(&tl_net_rcu(net)->conns, w, conn_params);
}

static struct tl_where where_of(const struct tl_node *node)
{
	struct tl_where w = { .dif = node->bound_dev };

	w.tuple = node->tuple;
	return w;
}

/**
 * tl_hash_insert() - enter a connection that must be the only one of its tuple
 * @net: namespace
 * @node: entry; for a socket the table's reference is the caller's to take
 *
 * Context: BHs off.
 * Return: 0, -EADDRNOTAVAIL if the tuple is in use, or -ENOMEM.
 */
int tl_hash_insert(struct net *net, struct tl_node *node)
{
	struct tl_where w = where_of(node);
	struct tl_node *old;

	RCU_INIT_POINTER(node->list.next, NULL);
	rcu_read_lock();
	old = rhashtable_lookup_get_insert_key(&tl_net(net)->conns, &w, &node->list.rhead,
					       conn_params);
	rcu_read_unlock();
	if (old)
		return IS_ERR(old) ? -ENOMEM : -EADDRNOTAVAIL;
	WRITE_ONCE(node->hashed, true);
	return 0;
}

/**
 * tl_hash_remove() - take a connection out
 * @net: namespace
 * @node: entry
 *
 * Return: true for the one caller who took it out, and owns it from now on.
 */
bool tl_hash_remove(struct net *net, struct tl_node *node)
{
	if (rhashtable_remove_fast(&tl_net(net)->conns, &node->list.rhead, conn_params))
		return false;
	WRITE_ONCE(node->hashed, false);
	return true;
}

/**
 * tl_hash_replace() - let one entry take another's place at once
 * @net: namespace
 * @old: entry to go
 * @node: entry with the same tuple
 *
 * No segment can find neither of them, or both.
 *
 * Return: true for the one caller who took @old out, and owns it from now on.
 */
bool tl_hash_replace(struct net *net, struct tl_node *old, struct tl_node *node)
{
	RCU_INIT_POINTER(node->list.next, NULL);
	if (rhashtable_replace_fast(&tl_net(net)->conns, &old->list.rhead, &node->list.rhead,
				    conn_params))
		return false;
	WRITE_ONCE(old->hashed, false);
	WRITE_ONCE(node->hashed, true);
	return true;
}

/**
 * tl_hash_listen() - let segments find a listener
 * @sk: socket, locked, bound
 *
 * Return: 0 or -ENOMEM.
 */
int tl_hash_listen(struct sock *sk)
{
	struct tl_node *node = &tl_sk(sk)->node;
	struct local l = { .addr = node->tuple.laddr, .port = node->tuple.lport };
	int err;

	/*
	 * Of several listeners on one address the youngest is found first, as in Linux. They are
	 * bound to other devices, or a group by SO_REUSEPORT: then it does not matter who is found.
	 */
	local_bh_disable();
	err = rhltable_insert_key(&tl_sk(sk)->tn->listeners, &l, &node->list,
				  listener_params);
	local_bh_enable();
	if (!err)
		WRITE_ONCE(node->hashed, true);
	return err;
}

/**
 * tl_hash_unlisten() - let no segment find a listener any more
 * @sk: socket, locked
 */
void tl_hash_unlisten(struct sock *sk)
{
	struct tl_node *node = &tl_sk(sk)->node;

	if (!node->hashed)
		return;
	local_bh_disable();
	rhltable_remove(&tl_sk(sk)->tn->listeners, &node->list, listener_params);
	local_bh_enable();
	WRITE_ONCE(node->hashed, false);
	if (rcu_access_pointer(sk->sk_reuseport_cb))
		reuseport_stop_listen_sock(sk);
}

/**
 * tl_hash_rehash() - SO_BINDTODEVICE changed where segments may come from (proto.rehash)
 * @sk: socket, locked
 */
void tl_hash_rehash(struct sock *sk)
{
	WRITE_ONCE(tl_sk(sk)->node.bound_dev, READ_ONCE(sk->sk_bound_dev_if));
}

/* Of those on one address and port: the one bound to the device before the one bound to none. */
static struct sock *listener_at(struct net *net, const struct in6_addr *addr,
				const struct tl_where *w, bool v4)
{
	struct local l = { .addr = *addr, .port = w->tuple.lport };
	struct rhlist_head *list, *pos;
	struct sock *best = NULL;
	struct tl_node *node;

	list = rhltable_lookup(&tl_net(net)->listeners, &l, listener_params);
	rhl_for_each_entry_rcu(node, pos, list, list) {
		struct sock *sk = tl_node_sk(node);

		/* what listen() set up is there: pairs with tl_state_set() */
		if (smp_load_acquire(&sk->sk_state) != TCP_LISTEN)
			continue;
		if (v4 && ipv6_only_sock(sk))
			continue;
		if (!dev_matches(node, w))
			continue;
		if (node->bound_dev)
			return sk;
		if (!best)
			best = sk;
	}
	return best;
}

/*
 * Of a group that shares the port by SO_REUSEPORT, one: by its BPF program, or by a keyed hash of
 * both ends, so that all segments of one connection come to the same.
 */
static struct sock *choose_in_group(struct sock *sk, const struct tl_where *w, struct sk_buff *skb)
{
	static u32 seed __read_mostly;
	struct sock *chosen;

	if (!sk->sk_reuseport)
		return sk;
	net_get_random_once(&seed, sizeof(seed));
	chosen = reuseport_select_sock(sk, tuple_hash(w, 0, seed), skb,
				       skb ? tcp_hdrlen(skb) : 0);
	/* what listen() set up is there: pairs with tl_state_set() */
	if (IS_ERR_OR_NULL(chosen) || smp_load_acquire(&chosen->sk_state) != TCP_LISTEN)
		return sk;
	return chosen;
}

/**
 * tl_hash_find_listener() - who takes a new connection
 * @net: namespace
 * @w: addresses, ports and interface of the SYN
 * @skb: the SYN, data at the TCP header, for BPF; or NULL
 *
 * The most specific first: the very address, then the family's wildcard, then for IPv4 the IPv6
 * wildcard of a dual-stack socket.
 *
 * Context: RCU reader; no reference is taken.
 * Return: a socket in LISTEN, or NULL.
 */
struct sock *tl_hash_find_listener(struct net *net, const struct tl_where *w,
				   struct sk_buff *skb)
{
	static const struct in6_addr any4 = { { { [10] = 0xff, [11] = 0xff } } };
	bool v4 = ipv6_addr_v4mapped(&w->tuple.laddr);
	struct sock *sk;

	sk = listener_at(net, &w->tuple.laddr, w, v4);
	if (!sk && v4)
		sk = listener_at(net, &any4, w, v4);
	if (!sk)
		sk = listener_at(net, &in6addr_any, w, v4);
	return sk ? choose_in_group(sk, w, skb) : NULL;
}
