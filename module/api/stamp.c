// SPDX-License-Identifier: GPL-2.0
/*
 * Control messages of recv(): when the data came, and how much is left.
 *
 * A buffer keeps the stamps of the last segment that has become part of it (tl_stamp_note()), so a
 * stamp is that of the last octet read, or of a later one that shares its buffer. As in Linux TCP
 * the newest of all buffers that a call has read from is told, and no other.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include "sock.h"
#include "api/api.h"

/**
 * tl_stamp_take() - the program reads from a buffer that has stamps
 * @skb: the buffer
 * @st: what will be told; what an earlier buffer left there is forgotten
 */
void tl_stamp_take(struct sk_buff *skb, struct tl_stamps *st)
{
	st->there = true;
	st->soft = skb->tstamp;
	st->hard = skb_hwtstamps(skb)->hwtstamp;
}

static void put_old(struct msghdr *msg, const struct sock *sk, struct timespec64 ts)
{
	bool ns = sock_flag(sk, SOCK_RCVTSTAMPNS);

	if (ns) {
		struct __kernel_old_timespec old = { ts.tv_sec, ts.tv_nsec };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(old), &old);
	} else {
		struct __kernel_old_timeval old = { ts.tv_sec, ts.tv_nsec / NSEC_PER_USEC };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(old), &old);
	}
}

/* 64 bits for the seconds on every machine */
static void put_new(struct msghdr *msg, const struct sock *sk, struct timespec64 ts)
{
	bool ns = sock_flag(sk, SOCK_RCVTSTAMPNS);
	long long val[2] = { ts.tv_sec, ns ? ts.tv_nsec : ts.tv_nsec / NSEC_PER_USEC };

	BUILD_BUG_ON(sizeof(val) != sizeof(struct __kernel_timespec) ||
		     sizeof(val) != sizeof(struct __kernel_sock_timeval));
	put_cmsg(msg, SOL_SOCKET, ns ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMP_NEW, sizeof(val), val);
}

/* Is a stamp wanted, of those that SO_TIMESTAMPING @report asks for? @made: who asked for it */
static bool wanted(u32 flags, u32 report, u32 made)
{
	return (flags & report) && (!(flags & SOF_TIMESTAMPING_OPT_RX_FILTER) || (flags & made));
}

static void put_stamps(struct msghdr *msg, const struct sock *sk, const struct tl_stamps *st)
{
	u32 flags = READ_ONCE(sk->sk_tsflags);
	struct scm_timestamping_internal tss = { };

	if (st->soft && sock_flag(sk, SOCK_RCVTSTAMP)) {
		if (sock_flag(sk, SOCK_TSTAMP_NEW))
			put_new(msg, sk, ktime_to_timespec64(st->soft));
		else
			put_old(msg, sk, ktime_to_timespec64(st->soft));
	}
	if (st->soft && wanted(flags, SOF_TIMESTAMPING_SOFTWARE, SOF_TIMESTAMPING_RX_SOFTWARE))
		tss.ts[0] = ktime_to_timespec64(st->soft);
	else if (!(st->hard && wanted(flags, SOF_TIMESTAMPING_RAW_HARDWARE,
				      SOF_TIMESTAMPING_RX_HARDWARE)))
		return;
	if (st->hard && wanted(flags, SOF_TIMESTAMPING_RAW_HARDWARE, SOF_TIMESTAMPING_RX_HARDWARE))
		tss.ts[2] = ktime_to_timespec64(st->hard);
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}

/* How much is left to read; the FIN counts, so that a program goes on until it sees the end. */
static int left_to_read(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);
	int n = READ_ONCE(tl->rcv.nxt) - READ_ONCE(tl->rcv.copied);

	return max(n, 0);		/* negative: somebody else reads, too */
}

/**
 * tl_recv_cmsgs() - tell what a call of recv() is to tell beside the data
 * @sk: socket, not locked
 * @msg: where to
 * @st: stamps of what was read
 *
 * SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING; TCP_INQ, and the same for io_uring.
 */
void tl_recv_cmsgs(struct sock *sk, struct msghdr *msg, const struct tl_stamps *st)
{
	if (st->there)
		put_stamps(msg, sk, st);
	if (!msg->msg_get_inq)
		return;
	msg->msg_inq = left_to_read(sk);
	if (st->inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(msg->msg_inq), &msg->msg_inq);
}
