/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that names a kernel version. The rest is written for the newest kernel;
 * what an older one lacks or calls otherwise is made up for here.
 */
#ifndef TCPLAB_COMPAT_H
#define TCPLAB_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#include <linux/hrtimer.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/net_tstamp.h>
#include <linux/sysctl.h>
#include <linux/tcp.h>
#include <linux/timer.h>
#include <net/inet_common.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>

/* What cuts super-segments left linux/skbuff.h in 6.5. */
#include <net/gro.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <linux/skbuff_ref.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/* What counts socket memory, and what steers packets to CPUs, left net/sock.h by 6.10. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <net/proto_memory.h>
#include <net/rps.h>
#endif

/* Options of TCP that came after 6.1. */
#ifndef TCP_AO_REPAIR
#define TCP_AO_REPAIR	42
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP	43
#endif

/* TCP_INFO tells the announced window and rehashes since 6.2, timeouts since 6.7. */
static inline void tl_info_window(struct tcp_info *info, u32 wnd, u32 rehashes)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	info->tcpi_rcv_wnd = wnd;
	info->tcpi_rehash = rehashes;
#endif
}

static inline void tl_info_rto(struct tcp_info *info, u16 count, u16 rows, u32 ms)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	info->tcpi_total_rto = count;
	info->tcpi_total_rto_recoveries = rows;
	info->tcpi_total_rto_time = ms;
#endif
}

/* from_timer() became timer_container_of() in 6.16. */
#ifndef timer_container_of
#define timer_container_of(var, timer, field) from_timer(var, timer, field)
#endif

/* hrtimer_setup() took the place of hrtimer_init() in 6.13. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *timer),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* inet_sock's bits moved from bitfields to inet_flags in 6.6. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define tl_inet_recverr(sk)		(inet_sk(sk)->recverr)
#define tl_inet6_recverr(sk)		(inet6_sk(sk)->recverr)
#define tl_inet6_sndflow(sk)		(inet6_sk(sk)->sndflow)
#define tl_inet6_repflow(sk)		(inet6_sk(sk)->repflow)
#define tl_inet6_fl_list(sk)		(inet6_sk(sk)->ipv6_fl_list)
#define tl_inet_defer_connect(sk)	(inet_sk(sk)->defer_connect)
#define tl_inet_set_defer_connect(sk, on) (inet_sk(sk)->defer_connect = (on))
#else
#define tl_inet_recverr(sk)		inet_test_bit(RECVERR, sk)
#define tl_inet6_recverr(sk)		inet6_test_bit(RECVERR6, sk)
#define tl_inet6_sndflow(sk)		inet6_test_bit(SNDFLOW, sk)
#define tl_inet6_repflow(sk)		inet6_test_bit(REPFLOW, sk)
#define tl_inet6_fl_list(sk)		(inet_sk(sk)->ipv6_fl_list)
#define tl_inet_defer_connect(sk)	inet_test_bit(DEFER_CONNECT, sk)
#define tl_inet_set_defer_connect(sk, on) inet_assign_bit(DEFER_CONNECT, sk, on)
#endif

/*
 * Until 6.6 the IPv6 part must be the last member of the socket; since then struct proto
 * says where it is.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define TL_IPV6_PINFO_OFFSET(off)
#else
#define TL_IPV6_PINFO_OFFSET(off)	.ipv6_pinfo_offset = (off),
#endif

/* Figures with a time stamp tell of rehashes since 6.2. */
static inline void tl_nla_put_rehash(struct sk_buff *skb, u32 rehashes)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	nla_put_u32(skb, TCP_NLA_REHASH, rehashes);
#endif
}

/* Numbers of octets begin behind all that was written if a program asks for it, since 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define SOF_TIMESTAMPING_OPT_ID_TCP	0
#endif

/* A program may ask since 6.12 for what it has itself asked to be made only. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define SOF_TIMESTAMPING_OPT_RX_FILTER	0
#endif

/* skb->tstamp names its clock since 6.11; before it was told whether that is the monotonic one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define SKB_CLOCK_MONOTONIC	true
#endif

/* BPF programs may change the length of an address, too, since 6.7. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define TL_BPF_CONNECT(family, sk, addr, len) BPF_CGROUP_RUN_PROG_##family##_CONNECT(sk, addr)
#else
#define TL_BPF_CONNECT(family, sk, addr, len) BPF_CGROUP_RUN_PROG_##family##_CONNECT(sk, addr, len)
#endif

/* proto.accept takes its results in a struct since 6.10. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct proto_accept_arg {
	int	flags;
	int	err;
	bool	kern;
};

#define TL_PROTO_ACCEPT(name)							\
static struct sock *name##_compat(struct sock *sk, int flags, int *err, bool kern)	\
{										\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };		\
	struct sock *child = name(sk, &arg);					\
										\
	*err = arg.err;								\
	return child;								\
}
#define TL_PROTO_ACCEPT_FN(name)	name##_compat

/* So do proto_ops.accept and inet_accept(). */
#define TL_OPS_ACCEPT(name)							\
static int name##_compat(struct socket *sock, struct socket *newsock, int flags, bool kern) \
{										\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };		\
										\
	return name(sock, newsock, &arg);					\
}
#define TL_OPS_ACCEPT_FN(name)		name##_compat

static inline int tl_inet_accept(struct socket *sock, struct socket *newsock,
				 struct proto_accept_arg *arg)
{
	return inet_accept(sock, newsock, arg->flags, arg->kern);
}
#else
#define TL_PROTO_ACCEPT(name)
#define TL_PROTO_ACCEPT_FN(name)	name
#define TL_OPS_ACCEPT(name)
#define TL_OPS_ACCEPT_FN(name)		name
#define tl_inet_accept			inet_accept
#endif

/* A socket can see level SOL_SOCKET first since 6.3. */
static inline void tl_sock_custom_sockopt(struct socket *sock)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#endif
}

/* proto.ioctl leaves the copy to user space to its caller since 6.5. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define TL_PROTO_IOCTL(name)							\
static int name##_compat(struct sock *sk, int cmd, unsigned long arg)		\
{										\
	int val, err = name(sk, cmd, &val);					\
										\
	return err ? err : put_user(val, (int __user *)arg);			\
}
#define TL_PROTO_IOCTL_FN(name)		name##_compat
#else
#define TL_PROTO_IOCTL(name)
#define TL_PROTO_IOCTL_FN(name)		name
#endif

/*
 * Pages are spliced into a socket by sendmsg() with MSG_SPLICE_PAGES since 6.5; before that each
 * came by sendpage(), of struct proto and proto_ops. What is missing of the new way is made up from
 * the old one: pages in bio_vecs, one at a time.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline ssize_t skb_splice_from_iter(struct sk_buff *skb, struct iov_iter *iter,
					   ssize_t maxsize, gfp_t gfp)
{
	const struct bio_vec *v = iter->bvec;
	size_t n;

	if (!iov_iter_is_bvec(iter) || !iter->count)
		return -EIO;
	n = min3((size_t)maxsize, iter->count, v->bv_len - iter->iov_offset);
	if (skb_append_pagefrags(skb, v->bv_page, v->bv_offset + iter->iov_offset, n))
		return -EMSGSIZE;
	iov_iter_advance(iter, n);
	skb->len += n;
	skb->data_len += n;
	skb->truesize += n;
	return n;
}

#define TL_PROTO_SENDPAGE(name)							\
static int name##_page(struct sock *sk, struct page *page, int offset, size_t size, int flags) \
{										\
	struct bio_vec v = { .bv_page = page, .bv_len = size, .bv_offset = offset }; \
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };		\
										\
	if (flags & MSG_SENDPAGE_NOTLAST)					\
		msg.msg_flags |= MSG_MORE;					\
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &v, 1, size);			\
	return name(sk, &msg, size);						\
}										\
static int name##_page_lock(struct sock *sk, struct page *page, int offset, size_t size,	\
			    int flags)						\
{										\
	int ret;								\
										\
	lock_sock(sk);								\
	ret = name##_page(sk, page, offset, size, flags);			\
	release_sock(sk);							\
	return ret;								\
}
#define TL_PROTO_SENDPAGE_FN(name)	.sendpage = name##_page_lock,
#define TL_OPS_SENDPAGE_FN(name)	.sendpage = inet_sendpage, .sendpage_locked = name##_page,
#else
#define TL_PROTO_SENDPAGE(name)
#define TL_PROTO_SENDPAGE_FN(name)
#define TL_OPS_SENDPAGE_FN(name)
#endif

/* MSG_SPLICE_PAGES is checked where it comes in since then, too. */
static inline bool tl_msg_splices(const struct msghdr *msg)
{
	return msg->msg_flags & MSG_SPLICE_PAGES && iov_iter_is_bvec(&msg->msg_iter);
}

/* Is it one that msg_zerocopy_realloc() made? They have a table of functions since 6.10. */
static inline bool tl_is_msgzc(const struct ubuf_info *uarg)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	return uarg->callback == msg_zerocopy_callback;
#else
	return uarg->ops == &msg_zerocopy_ubuf_ops;
#endif
}

/* TCP has SO_PEEK_OFF since 6.9. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define TL_OPS_SET_PEEK_OFF
#else
#define TL_OPS_SET_PEEK_OFF	.set_peek_off = sk_set_peek_off,
#endif

/* Tables are given with their size since 6.6, and end with an empty row before. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define register_net_sysctl_sz(net, path, table, size) register_net_sysctl(net, path, table)
#endif

/* Handlers get a const table since 6.11. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define TL_CTL_HANDLER_ARGS struct ctl_table *ctl, int write, void *buffer, size_t *lenp,	\
			    loff_t *ppos
#else
#define TL_CTL_HANDLER_ARGS const struct ctl_table *ctl, int write, void *buffer,	\
			    size_t *lenp, loff_t *ppos
#endif

/*
 * Do two segments of a flow differ in what their IP headers say, but for length and number? Those
 * who ask look themselves since 6.11; before, IP has looked.
 */
static inline bool tl_gro_ip_differs(const void *th, const void *th2, struct sk_buff *p)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return gro_receive_network_flush(th, th2, p);
#else
	struct napi_gro_cb *cb = NAPI_GRO_CB(p);

	/* with DF the second one's number is told as it is, to be taken for one that counts on */
	if (cb->flush_id == 1 && cb->count == 1 && cb->is_atomic) {
		cb->is_atomic = false;
		return cb->flush;
	}
	return cb->flush | cb->flush_id;
#endif
}

/* The header of IP below, of several the innermost. */
static inline void *tl_gro_ip_header(const struct sk_buff *skb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return skb->data + NAPI_GRO_CB(skb)->network_offsets[skb->encapsulation];
#else
	return skb_network_header(skb);
#endif
}

static inline u32 tl_gro_max_size(const struct sk_buff *skb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return netif_get_gro_max_size(skb->dev, skb);
#else
	return READ_ONCE(skb->dev->gro_max_size);
#endif
}

#endif
