// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses which local port: bind(), and the choice of an ephemeral port (RFC 6056).
 *
 * An xarray a namespace maps a port number to its users: sockets and TIME-WAITs. Its own lock
 * guards the lists. A port without users has no entry.
 */
#include <linux/random.h>
#include <linux/xarray.h>
#include <net/ip.h>
#include <net/sock_reuseport.h>
#include "sock.h"
#include "conn/timewait.h"

/**
 * struct tl_port - a local port in use
 * @users: struct tl_bound
 * @number: the port
 * @bound: somebody chose it with bind(): it is no ephemeral port for connect()
 * @all_reuse: every user has SO_REUSEADDR and none listens: one more such needs no look at the list
 */
struct tl_port {
	struct hlist_head	users;
	u16			number;
	bool			bound;
	bool			all_reuse;
};

/**
 * tl_port_net_init() - no port is in use
 * @tn: namespace
 */
void tl_port_net_init(struct tl_net *tn)
{
	xa_init_flags(&tn->ports, XA_FLAGS_LOCK_BH);
	atomic_set(&tn->port_step, 0);
}

/**
 * tl_port_net_exit() - the namespace goes away, and all its sockets have gone
 * @tn: namespace
 */
void tl_port_net_exit(struct tl_net *tn)
{
	unsigned long number = 0;

	/* not xa_empty(): where there was no memory for an entry, nodes for it may have stayed */
	WARN_ON_ONCE(xa_find(&tn->ports, &number, ULONG_MAX, XA_PRESENT));
	xa_destroy(&tn->ports);
}

static struct tl_port *port_find(struct tl_net *tn, u16 number)
{
	return xa_load(&tn->ports, number);
}

/* Called with the ports locked. */
static struct tl_port *port_create(struct tl_net *tn, u16 number)
{
	struct tl_port *port = kmalloc(sizeof(*port), GFP_ATOMIC);

	if (!port)
		return NULL;
	INIT_HLIST_HEAD(&port->users);
	port->number = number;
	port->bound = false;
	port->all_reuse = true;
	if (xa_is_err(__xa_store(&tn->ports, number, port, GFP_ATOMIC))) {
		kfree(port);
		return NULL;
	}
	return port;
}

static void port_join(struct tl_port *port, struct tl_bound *b, bool reuse)
{
	hlist_add_head(&b->link, &port->users);
	b->port = port;
	port->all_reuse &= reuse;
}

static void port_leave(struct tl_net *tn, struct tl_bound *b)
{
	struct tl_port *port = b->port;

	hlist_del(&b->link);
	b->port = NULL;
	if (hlist_empty(&port->users)) {
		__xa_erase(&tn->ports, port->number);
		kfree(port);
	}
}

/* What counts when two want the same port. */
struct claim {
	const struct in6_addr	*addr;		/* as in tl_tuple: v4-mapped, or any */
	int			dev;
	kuid_t			uid;
	u8			reuse;
	bool			reuseport;
	bool			v6only;
	bool			listens;
	bool			timewait;
};

static struct claim claim_of_sk(struct sock *sk)
{
	return (struct claim) {
		.addr		= &tl_sk(sk)->node.tuple.laddr,
		.dev		= sk->sk_bound_dev_if,
		.uid		= sock_net_uid(sock_net(sk), sk),
		.reuse		= sk->sk_reuse,
		.reuseport	= sk->sk_reuseport,
		.v6only		= ipv6_only_sock(sk),
		.listens	= sk->sk_state == TCP_LISTEN,
	};
}

static struct claim claim_of(const struct tl_bound *b)
{
	if (b->tw) {
		const struct tl_tw *tw = container_of(b, struct tl_tw, bound);

		return (struct claim) {
			.addr		= &tw->node.tuple.laddr,
			.dev		= tw->node.bound_dev,
			.reuse		= tw->reuse,
			.reuseport	= tw->reuseport,
			.v6only		= tw->v6only,
			.timewait	= true,
		};
	}
	return claim_of_sk((struct sock *)container_of(b, struct tl_sock, bound));
}

/* Could a packet be for both? */
static bool addrs_overlap(const struct claim *a, const struct claim *b)
{
	bool a4 = ipv6_addr_v4mapped(a->addr), b4 = ipv6_addr_v4mapped(b->addr);

	if (a4 != b4) {
		/* one is IPv4: the other must be the dual-stack wildcard */
		const struct claim *six = a4 ? b : a;

		return ipv6_addr_any(six->addr) && !six->v6only;
	}
	if (a4)
		return !a->addr->s6_addr32[3] || !b->addr->s6_addr32[3] ||
		       a->addr->s6_addr32[3] == b->addr->s6_addr32[3];
	return ipv6_addr_any(a->addr) || ipv6_addr_any(b->addr) ||
	       ipv6_addr_equal(a->addr, b->addr);
}

/* May both use the port, although their addresses overlap? */
static bool may_share(const struct claim *mine, const struct claim *other, bool chosen)
{
	if (mine->dev && other->dev && mine->dev != other->dev)
		return true;
	/*
	 * SO_REUSEADDR lets two sockets share unless one listens; but a port that the kernel
	 * chooses should be free.
	 */
	if (mine->reuse && other->reuse && !other->listens)
		return !chosen;
	return mine->reuseport && other->reuseport &&
	       (other->timewait || uid_eq(mine->uid, other->uid));
}

/* One who is in a group already, with a BPF program, say, shares with nobody: so has it Linux. */
static bool group_is_settled(struct sock *sk)
{
	const struct sock_reuseport *group;
	bool settled;

	rcu_read_lock();
	group = rcu_dereference(sk->sk_reuseport_cb);
	settled = group && !READ_ONCE(group->num_closed_socks);
	rcu_read_unlock();
	return settled;
}

static bool conflicts(struct sock *sk, const struct tl_port *port, bool chosen)
{
	struct claim mine = claim_of_sk(sk);
	const struct tl_bound *b;

	mine.reuseport = mine.reuseport && !group_is_settled(sk);
	if (!chosen && port->all_reuse && mine.reuse && !mine.listens)
		return false;
	hlist_for_each_entry(b, &port->users, link) {
		struct claim other;

		if (b == &tl_sk(sk)->bound)
			continue;
		other = claim_of(b);
		if (!may_share(&mine, &other, chosen) && addrs_overlap(&mine, &other))
			return true;
	}
	return false;
}

/**
 * tl_port_local() - the local half of the tuple, as bind() left it in the socket (RFC9293 MUST-43)
 * @sk: socket, locked
 * @number: port
 */
void tl_port_local(struct sock *sk, u16 number)
{
	struct tl_tuple *t = &tl_sk(sk)->node.tuple;

	if (sk->sk_family == AF_INET6)
		t->laddr = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &t->laddr);
	t->lport = htons(number);
	tl_sk(sk)->node.bound_dev = sk->sk_bound_dev_if;
}

/* Called with the ports locked. */
static int try_bind(struct tl_net *tn, struct sock *sk, u16 number, bool chosen)
{
	struct tl_port *port = port_find(tn, number);
	struct tl_bound *b = &tl_sk(sk)->bound;

	if (!port)
		port = port_create(tn, number);
	else if (conflicts(sk, port, chosen))
		return -EADDRINUSE;
	if (!port)
		return -ENOMEM;

	port->bound = true;
	if (!b->port)
		port_join(port, b, sk->sk_reuse && sk->sk_state != TCP_LISTEN);
	else if (!sk->sk_reuse || sk->sk_state == TCP_LISTEN)
		port->all_reuse = false;
	inet_sk(sk)->inet_num = number;
	return 0;
}

/*
 * Walk the range of ephemeral ports from a place that depends on who asks (RFC6056 3.3): ports of
 * one parity first, so that bind() and connect() seldom meet.
 */
static int walk_ports(struct sock *sk, u32 start, bool odd_first,
		      int (*try)(struct tl_net *tn, struct sock *sk, u16 number))
{
	struct net *net = sock_net(sk);
	struct tl_net *tn = tl_net(net);
	int low, high, parity;
	u32 count, i;

	inet_sk_get_local_port_range(sk, &low, &high);
	count = high - low + 1;
	start %= count;
	for (parity = 0; parity < 2; parity++) {
		for (i = 0; i < count; i++) {
			int number = low + (start + i) % count, err;

			if ((number & 1) != (parity ^ odd_first) ||
			    inet_is_local_reserved_port(net, number))
				continue;
			err = try(tn, sk, number);
			if (err != -EADDRINUSE && err != -EADDRNOTAVAIL)
				return err;
			cond_resched();
		}
	}
	return -EADDRINUSE;
}

static int try_bind_chosen(struct tl_net *tn, struct sock *sk, u16 number)
{
	int err;

	tl_port_local(sk, number);
	xa_lock_bh(&tn->ports);
	err = try_bind(tn, sk, number, true);
	xa_unlock_bh(&tn->ports);
	return err;
}

/**
 * tl_port_get() - bind a socket to a port (proto.get_port)
 * @sk: socket, locked; its local address is set
 * @snum: port, or 0 for any
 *
 * Called again by listen(), when what was fine for a socket that might connect may not be for one
 * that listens.
 *
 * Return: 0, -EADDRINUSE or -ENOMEM.
 */
int tl_port_get(struct sock *sk, unsigned short snum)
{
	struct tl_net *tn = tl_sk(sk)->tn;
	int err;

	if (!snum)
		return walk_ports(sk, get_random_u32(), true, try_bind_chosen);

	tl_port_local(sk, snum);
	xa_lock_bh(&tn->ports);
	err = try_bind(tn, sk, snum, false);
	xa_unlock_bh(&tn->ports);
	return err;
}

/* Does @b listen, with SO_REUSEPORT, on the very same address as @sk? */
static bool same_group(struct sock *sk, const struct tl_bound *b)
{
	struct claim mine = claim_of_sk(sk), other = claim_of(b);

	return b != &tl_sk(sk)->bound && other.listens && other.reuseport &&
	       mine.dev == other.dev && mine.v6only == other.v6only &&
	       ipv6_addr_equal(mine.addr, other.addr) && uid_eq(mine.uid, other.uid);
}

/**
 * tl_port_join_group() - listen() with SO_REUSEPORT: share what comes with the others
 * @sk: socket, locked, in LISTEN, bound
 *
 * Return: 0 or -ENOMEM.
 */
int tl_port_join_group(struct sock *sk)
{
	struct tl_net *tn = tl_sk(sk)->tn;
	bool any = ipv6_addr_any(&tl_sk(sk)->node.tuple.laddr) ||
		   (ipv6_addr_v4mapped(&tl_sk(sk)->node.tuple.laddr) &&
		    !tl_sk(sk)->node.tuple.laddr.s6_addr32[3]);
	const struct tl_bound *b;
	int err = -ENOENT;

	if (!sk->sk_reuseport)
		return 0;
	xa_lock_bh(&tn->ports);
	hlist_for_each_entry(b, &tl_sk(sk)->bound.port->users, link) {
		struct sock *other = (struct sock *)container_of(b, struct tl_sock, bound);

		if (!same_group(sk, b) || !rcu_access_pointer(other->sk_reuseport_cb))
			continue;
		err = reuseport_add_sock(sk, other, any);
		break;
	}
	if (err == -ENOENT)
		err = reuseport_alloc(sk, any);
	xa_unlock_bh(&tn->ports);
	return err;
}

/**
 * tl_port_put() - give a port back
 * @tn: namespace
 * @b: user; nothing happens if it has none
 */
void tl_port_put(struct tl_net *tn, struct tl_bound *b)
{
	if (!READ_ONCE(b->port))
		return;
	xa_lock_bh(&tn->ports);
	if (b->port)
		port_leave(tn, b);
	xa_unlock_bh(&tn->ports);
}

/**
 * tl_port_put_sk() - give a socket's port back (proto.put_port)
 * @sk: socket, locked
 */
void tl_port_put_sk(struct sock *sk)
{
	tl_port_put(tl_sk(sk)->tn, &tl_sk(sk)->bound);
	inet_sk(sk)->inet_num = 0;	/* inet_sport stays: getsockname() after a reset */
}

/**
 * tl_port_inherit() - one more user of a port: a listener's child, a socket's TIME-WAIT
 * @tn: namespace
 * @from: who has the port
 * @to: who shares it from now on
 *
 * If @from has given the port back meanwhile, @to has none: its connection lives on.
 */
void tl_port_inherit(struct tl_net *tn, struct tl_bound *from, struct tl_bound *to)
{
	xa_lock_bh(&tn->ports);
	if (from->port)
		port_join(from->port, to, from->port->all_reuse);
	xa_unlock_bh(&tn->ports);
}

/*
 * Enter the connection in the table, if nobody else has the tuple, or a TIME-WAIT that can yield.
 * That one is for the caller to free.
 */
static int enter_tuple(struct sock *sk, bool any_port, struct tl_node **yielded)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_where w = { .tuple = tl->node.tuple, .dif = tl->node.bound_dev };
	int err = tl_hash_insert(sock_net(sk), &tl->node);
	struct tl_node *old;

	if (err != -EADDRNOTAVAIL)
		return err;
	rcu_read_lock();
	old = tl_hash_find(sock_net(sk), &w);
	if (old && tl_timewait_replace(sk, old, any_port)) {
		*yielded = old;
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

/* Called with the ports locked. */
static int join_connection(struct tl_net *tn, struct sock *sk, u16 number,
			   struct tl_node **yielded)
{
	struct tl_port *port = port_find(tn, number);
	struct tl_sock *tl = tl_sk(sk);
	bool created = !port;
	int err;

	if (port && port->bound)
		return -EADDRINUSE;
	if (created)
		port = port_create(tn, number);
	if (!port)
		return -ENOMEM;

	tl->node.tuple.lport = htons(number);
	err = enter_tuple(sk, true, yielded);
	if (err) {
		if (created) {
			__xa_erase(&tn->ports, number);
			kfree(port);
		}
		return err;
	}
	port_join(port, &tl->bound, sk->sk_reuse);
	inet_sk(sk)->inet_num = number;
	inet_sk(sk)->inet_sport = htons(number);
	return 0;
}

/* Connect from this port. */
static int try_connect(struct tl_net *tn, struct sock *sk, u16 number)
{
	struct tl_node *yielded = NULL;
	int err;

	xa_lock_bh(&tn->ports);
	err = join_connection(tn, sk, number, &yielded);
	xa_unlock_bh(&tn->ports);
	if (yielded)
		tl_timewait_replaced(sock_net(sk), yielded);
	return err;
}

/**
 * tl_port_connect() - settle the local port of a connection and enter it in the table
 * @sk: socket, locked; both addresses and the peer's port are in its tuple
 *
 * The start of the search is a keyed hash of both ends plus a step (RFC6056 3.3.4), so that a peer
 * cannot guess the port, and connections to one peer get ports that follow each other.
 *
 * Return: 0, -EADDRNOTAVAIL if all ports are in use, or -ENOMEM.
 */
int tl_port_connect(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_node *yielded = NULL;
	atomic_t *step = &tl_sk(sk)->tn->port_step;
	int err;

	tl->node.bound_dev = sk->sk_bound_dev_if;
	if (inet_sk(sk)->inet_num) {
		tl->node.tuple.lport = htons(inet_sk(sk)->inet_num);
		local_bh_disable();
		err = enter_tuple(sk, false, &yielded);
		local_bh_enable();
		if (yielded)
			tl_timewait_replaced(sock_net(sk), yielded);
	} else {
		u32 start = (u32)tl->af->port_offset(sk) + atomic_read(step);

		err = walk_ports(sk, start, false, try_connect);
		atomic_add(2 + 2 * get_random_u32_below(4), step);
		if (err == -EADDRINUSE)
			err = -EADDRNOTAVAIL;
	}
	if (!err)
		sock_hold(sk);		/* the table's */
	return err;
}
