// SPDX-License-Identifier: GPL-2.0
/*
 * Level SOL_SOCKET: the kernel's own, but for the few options that it grants to protocol 6 by name
 * (sk_is_tcp()). Those are set here: a table, a row an option.
 *
 * Our sockets carry the flag that lets proto_ops.setsockopt see this level first. Before Linux 6.3
 * there is none such; there, and anywhere else, level SOL_TCPLAB takes the same options.
 */
#include <linux/net_tstamp.h>
#include "sock.h"
#include "api/api.h"

/* As sock_setsockopt() has it, in the order in which it looks. */
static int get_int(sockptr_t val, unsigned int len, int *n)
{
	if (len < sizeof(*n))
		return -EINVAL;
	return copy_from_sockptr(n, val, sizeof(*n)) ? -EFAULT : 0;
}

static int set_zerocopy(struct sock *sk, sockptr_t val, unsigned int len)
{
	int n, err = get_int(val, len, &n);

	if (err)
		return err;
	if (n < 0 || n > 1)
		return -EINVAL;
	sockopt_lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, n);
	sockopt_release_sock(sk);
	return 0;
}

/*
 * With OPT_ID reports number octets from here on. The kernel sees to that for protocol 6, and has
 * others begin at 0, which it writes; it does all else.
 */
static int set_timestamping(struct sock *sk, int name, sockptr_t val, unsigned int len)
{
	const struct tl_snd *snd = &tl_sk(sk)->snd;
	int n, err = get_int(val, len, &n);
	bool begins, early;

	if (err)
		return err;
	sockopt_lock_sock(sk);
	begins = (n & ~READ_ONCE(sk->sk_tsflags)) & SOF_TIMESTAMPING_OPT_ID;
	early = tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN);
	sockopt_release_sock(sk);
	if (begins && early)
		return -EINVAL;
	err = sock_setsockopt(sk->sk_socket, SOL_SOCKET, name, val, len);
	if (err || !begins)
		return err;
	sockopt_lock_sock(sk);
	atomic_set(&sk->sk_tskey, n & SOF_TIMESTAMPING_OPT_ID_TCP ? snd->end : snd->una);
	sockopt_release_sock(sk);
	return 0;
}

static int set_timestamping_old(struct sock *sk, sockptr_t val, unsigned int len)
{
	return set_timestamping(sk, SO_TIMESTAMPING_OLD, val, len);
}

static int set_timestamping_new(struct sock *sk, sockptr_t val, unsigned int len)
{
	return set_timestamping(sk, SO_TIMESTAMPING_NEW, val, len);
}

static const struct {
	int	name;
	int	(*set)(struct sock *sk, sockptr_t val, unsigned int len);
} options[] = {
	{ SO_ZEROCOPY,		set_zerocopy },
	{ SO_TIMESTAMPING_OLD,	set_timestamping_old },
	{ SO_TIMESTAMPING_NEW,	set_timestamping_new },
};

/**
 * tl_sol_socket_set() - setsockopt() at level SOL_SOCKET or SOL_TCPLAB
 * @sk: socket that a program has open, not locked
 * @level: SOL_SOCKET: what is not in the table is the kernel's
 * @name: SO_*
 * @val: value
 * @len: its length
 *
 * Return: 0 or the errno that Linux TCP gives.
 */
int tl_sol_socket_set(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].name == name)
			return options[i].set(sk, val, len);
	}
	if (level != SOL_SOCKET)
		return -ENOPROTOOPT;
	return sock_setsockopt(sk->sk_socket, level, name, val, len);
}

/**
 * tl_sol_socket_init() - let this file see level SOL_SOCKET first
 * @sock: new, by socket() or accept()
 */
void tl_sol_socket_init(struct socket *sock)
{
	tl_sock_custom_sockopt(sock);
}

/**
 * tl_sock_accept() - accept() (proto_ops.accept)
 * @sock: listener
 * @newsock: to be the new connection's
 * @arg: flags
 *
 * Return: 0 or a negative errno.
 */
int tl_sock_accept(struct socket *sock, struct socket *newsock, struct proto_accept_arg *arg)
{
	int err = tl_inet_accept(sock, newsock, arg);

	if (!err)
		tl_sol_socket_init(newsock);
	return err;
}
