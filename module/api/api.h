/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program calls.
 */
#ifndef TCPLAB_API_H
#define TCPLAB_API_H

#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sockptr.h>

struct msghdr;
struct proto_accept_arg;
struct sk_buff;
struct sock;
struct socket;
struct pipe_inode_info;
struct tcp_info;
struct ubuf_info;

/**
 * struct tl_loan - what a send() does not copy
 * @refer: it does not: pages are referred to
 * @uarg: who is told when the program's pages are free; NULL: they are not the program's
 * @own: a reference of this call's, NULL if the caller keeps one, or nobody is told
 */
struct tl_loan {
	bool			refer;
	struct ubuf_info	*uarg;
	struct ubuf_info	*own;
};

/**
 * struct tl_stamps - what a call of recv() tells beside the data
 * @soft: when the kernel got the segment, CLOCK_REALTIME; 0: not known
 * @hard: when the device did, by its own clock; 0: not known
 * @there: a buffer with stamps was read from
 * @inq: TCP_INQ: tell how much is left
 */
struct tl_stamps {
	ktime_t	soft;
	ktime_t	hard;
	bool	there;
	bool	inq;
};

int tl_loan_begin(struct sock *sk, const struct msghdr *msg, size_t len, struct tl_loan *loan);
void tl_loan_end(struct tl_loan *loan, bool sent);
int tl_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);
int tl_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t len);
int tl_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor);
ssize_t tl_splice_read(struct socket *sock, loff_t *pos, struct pipe_inode_info *pipe, size_t len,
		       unsigned int flags);
void tl_splice_eof(struct socket *sock);
int tl_peek_len(struct socket *sock);
int tl_recv_may_wait(struct sock *sk, int copied, long timeo);
int tl_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);
__poll_t tl_poll(struct file *file, struct socket *sock, poll_table *wait);
int tl_ioctl(struct sock *sk, int cmd, int *arg);
int tl_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int tl_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len);
int tl_sol_socket_set(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
void tl_sol_socket_init(struct socket *sock);
int tl_sock_accept(struct socket *sock, struct socket *newsock, struct proto_accept_arg *arg);

/* stamp.c */
void tl_stamp_take(struct sk_buff *skb, struct tl_stamps *st);
void tl_recv_cmsgs(struct sock *sk, struct msghdr *msg, const struct tl_stamps *st);

/* stats.c */
void tl_stats_init(struct sock *sk);

#endif
