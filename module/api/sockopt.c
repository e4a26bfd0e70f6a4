// SPDX-License-Identifier: GPL-2.0
/*
 * setsockopt() and getsockopt(): which level is whose, and how a row of a table is used. The rows
 * are in tcpopt.c and ipopt.c; SOL_SOCKET is the kernel's own.
 *
 * What is wrong with a call is found in the order in which Linux's TCP finds it: a length that
 * cannot be, then memory that is not the program's, then an option that there is not.
 */
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/transp_v6.h>
#include "sock.h"
#include "api/api.h"
#include "api/option.h"
#include "uapi/tcplab.h"

static const struct tl_option *tcp_option(int name)
{
	static const struct tl_option unknown;

	if (name < 0 || name >= tl_tcp_options_number)
		return &unknown;
	return &tl_tcp_options[name];
}

/**
 * tl_option_answer() - copy as much of an answer as the program has room for
 * @from: the answer
 * @size: its length
 * @val: where to
 * @len: in: room; out: how much was copied
 *
 * Return: 0, -EINVAL for a negative room, or -EFAULT.
 */
int tl_option_answer(const void *from, size_t size, char __user *val, int __user *len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	room = min_t(size_t, room, size);
	if (put_user(room, len) || copy_to_user(val, from, room))
		return -EFAULT;
	return 0;
}

static int set_tcp(struct sock *sk, int name, sockptr_t val, unsigned int len)
{
	const struct tl_option *o = tcp_option(name);
	int n, err;

	if (o->set_memory)
		return o->set_memory(sk, val, len);
	if (len < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&n, val, sizeof(n)))
		return -EFAULT;
	if (!o->set)
		return -ENOPROTOOPT;
	lock_sock(sk);
	err = o->set(sk, n);
	release_sock(sk);
	return err;
}

static int get_tcp(struct sock *sk, int name, char __user *val, int __user *len)
{
	const struct tl_option *o = tcp_option(name);
	int n, room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (o->get_memory)
		return o->get_memory(sk, val, len);
	if (!o->get)
		return -ENOPROTOOPT;
	n = o->get(sk);
	return tl_option_answer(&n, sizeof(n), val, len);
}

/**
 * tl_setsockopt() - setsockopt() (proto.setsockopt)
 * @sk: socket
 * @level: SOL_TCP for ours, SOL_SOCKET, else IP's
 * @name: option
 * @val: value
 * @len: its length
 *
 * Return: 0 or the errno that Linux TCP gives.
 */
int tl_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	const struct tl_ip_option *o = tl_ip_option(sk, level, name);
	int err;

	if (level == SOL_TCP)
		return set_tcp(sk, name, val, len);
	if (level == SOL_SOCKET || level == SOL_TCPLAB)
		return tl_sol_socket_set(sk, level, name, val, len);
	if (o->set)
		return o->set(sk, val, len);
	if (sk->sk_family == AF_INET6)
		err = ipv6_setsockopt(sk, level, name, val, len);
	else
		err = ip_setsockopt(sk, level, name, val, len);
	if (!err && o->was_set)
		o->was_set(sk);
	return err;
}

/**
 * tl_getsockopt() - getsockopt() (proto.getsockopt)
 * @sk: socket
 * @level: SOL_TCP for ours, else IP's
 * @name: option
 * @val: where to
 * @len: room, and length of the answer
 *
 * Return: 0 or the errno that Linux TCP gives.
 */
int tl_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len)
{
	const struct tl_ip_option *o = tl_ip_option(sk, level, name);

	if (level == SOL_TCP)
		return get_tcp(sk, name, val, len);
	if (o->get)
		return o->get(sk, val, len);
	if (sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, level, name, val, len);
	return ip_getsockopt(sk, level, name, val, len);
}
