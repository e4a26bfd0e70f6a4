/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a socket option is: a row in a table, indexed by its number.
 */
#ifndef TCPLAB_OPTION_H
#define TCPLAB_OPTION_H

#include <linux/sockptr.h>

struct sock;

/**
 * struct tl_option - how an option is set and read; what is NULL cannot be
 * @set: take an int; the socket is locked
 * @get: give an int; the socket is not locked
 * @set_memory: take what the program has, of whatever length; the socket is not locked
 * @get_memory: give it; the socket is not locked, and *len is known not to be negative
 */
struct tl_option {
	int	(*set)(struct sock *sk, int val);
	int	(*get)(struct sock *sk);
	int	(*set_memory)(struct sock *sk, sockptr_t val, unsigned int len);
	int	(*get_memory)(struct sock *sk, char __user *val, int __user *len);
};

/**
 * struct tl_ip_option - an option of IP for which the kernel's own answer is not enough
 * @level: SOL_IP or SOL_IPV6
 * @name: option
 * @set: instead of the kernel's function; the socket is not locked, here and below
 * @get: likewise
 * @was_set: after that was done
 */
struct tl_ip_option {
	int	level;
	int	name;
	int	(*set)(struct sock *sk, sockptr_t val, unsigned int len);
	int	(*get)(struct sock *sk, char __user *val, int __user *len);
	void	(*was_set)(struct sock *sk);
};

/* sockopt.c */
int tl_option_answer(const void *from, size_t size, char __user *val, int __user *len);

/* tcpopt.c: SOL_TCP */
extern const struct tl_option tl_tcp_options[];
extern const unsigned int tl_tcp_options_number;

/* ipopt.c: SOL_IP and SOL_IPV6 */
const struct tl_ip_option *tl_ip_option(const struct sock *sk, int level, int name);

#endif
