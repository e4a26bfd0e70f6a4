/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program calls.
 */
#ifndef TCPLAB_API_H
#define TCPLAB_API_H

#include <linux/poll.h>
#include <linux/sockptr.h>

struct msghdr;
struct proto_accept_arg;
struct sock;
struct socket;
struct tcp_info;

int tl_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);
int tl_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);
__poll_t tl_poll(struct file *file, struct socket *sock, poll_table *wait);
int tl_ioctl(struct sock *sk, int cmd, int *arg);
int tl_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int tl_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len);
int tl_sol_socket_set(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
void tl_sol_socket_init(struct socket *sock);
int tl_sock_accept(struct socket *sock, struct socket *newsock, struct proto_accept_arg *arg);

#endif
