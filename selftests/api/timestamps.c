// SPDX-License-Identifier: GPL-2.0
/* Time stamps of what was received and sent, and other control messages */
#include "harness.h"
#include "report.h"

#include <time.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

#ifndef SO_TIMESTAMP_OLD
#define SO_TIMESTAMP_OLD	29
#define SO_TIMESTAMPNS_OLD	35
#define SO_TIMESTAMPING_OLD	37
#define SO_TIMESTAMP_NEW	63
#define SO_TIMESTAMPNS_NEW	64
#define SO_TIMESTAMPING_NEW	65
#endif
#ifndef SCM_TXTIME
#define SCM_TXTIME		61
#endif
#ifndef TCP_CM_INQ
#define TCP_CM_INQ		TCP_INQ
#endif
#define OPT_ID_TCP		0x10000
#define TX_ALL	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK)
#define TELL	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID)

FIXTURE(timestamps) { struct lab lab; int fd[2]; };

LAB_VARIANTS(timestamps);

FIXTURE_SETUP(timestamps)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
}

FIXTURE_TEARDOWN(timestamps) { }

static int64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

struct got {
	ssize_t	n;
	int	flags;
	int	level, type;		/* of the first control message */
	int	count;			/* of all */
	int	inq;			/* TCP_CM_INQ, or -1 */
	size_t	len;
	int64_t	us;			/* its stamp */
	struct scm_timestamping tss;
};

static int64_t stamp_us(int type, const void *data)
{
	int64_t v[2];

	memcpy(v, data, sizeof(v));
	return v[0] * 1000000 + (type == SO_TIMESTAMP_OLD || type == SO_TIMESTAMP_NEW ?
				 v[1] : v[1] / 1000);
}

static struct got receive(int fd, size_t len, int flags, size_t room)
{
	char buf[1000], control[512] __attribute__((aligned(16)));
	struct iovec iov = { buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = room };
	struct got g = { .inq = -1 };
	struct cmsghdr *c;

	g.n = recvmsg(fd, &msg, flags);
	g.flags = msg.msg_flags;
	for (c = CMSG_FIRSTHDR(&msg); g.n >= 0 && c; c = CMSG_NXTHDR(&msg, c)) {
		if (!g.count++) {
			g.level = c->cmsg_level;
			g.type = c->cmsg_type;
			g.len = c->cmsg_len;
			if (c->cmsg_level == SOL_SOCKET)
				g.us = stamp_us(c->cmsg_type, CMSG_DATA(c));
		}
		if (c->cmsg_level == SOL_SOCKET && (c->cmsg_type == SO_TIMESTAMPING_OLD ||
						    c->cmsg_type == SO_TIMESTAMPING_NEW))
			memcpy(&g.tss, CMSG_DATA(c), sizeof(g.tss));
		if (c->cmsg_level == IPPROTO_TCP && c->cmsg_type == TCP_CM_INQ)
			memcpy(&g.inq, CMSG_DATA(c), sizeof(int));
	}
	return g;
}

/* The kernel begins to stamp a little after somebody has asked for it. */
static bool stamped(int *fd)
{
	char c;
	struct got g;

	if (send(fd[1], "x", 1, 0) != 1)
		return false;
	g = receive(fd[0], 1, 0, 512);
	c = g.n == 1 && g.count;
	return c;
}

static bool waits(int fd, int octets)
{
	int n;

	return LAB_UNTIL(!ioctl(fd, SIOCINQ, &n) && n == octets);
}

static const int ways[] = { SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_TIMESTAMP_NEW,
			    SO_TIMESTAMPNS_NEW };

TEST_F(timestamps, four_formats)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		int64_t begin = wall_us();
		struct got g;

		LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, ways[i], 1));
		EXPECT_EQ(1, lab_opt(self->fd[0], SOL_SOCKET, ways[i]));
		EXPECT_TRUE(LAB_UNTIL(stamped(self->fd)));
		LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
		g = receive(self->fd[0], 10, 0, 512);
		EXPECT_EQ(10, g.n);
		EXPECT_EQ(1, g.count);
		EXPECT_EQ(SOL_SOCKET, g.level);
		EXPECT_EQ(ways[i], g.type);
		EXPECT_EQ(CMSG_LEN(16), g.len);
		EXPECT_LE(begin, g.us);
		EXPECT_GE(wall_us(), g.us);
		LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, ways[i], 0));
		LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
		EXPECT_EQ(0, receive(self->fd[0], 10, 0, 512).count);
	}
}

TEST_F(timestamps, none_unasked)
{
	struct got g;

	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	g = receive(self->fd[0], 10, 0, 512);
	EXPECT_EQ(10, g.n);
	EXPECT_EQ(0, g.count);
	EXPECT_EQ(0, g.flags & MSG_CTRUNC);
}

/* A read of several segments tells when the last one came. */
TEST_F(timestamps, the_newest)
{
	int64_t between;
	struct got g;

	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPNS_OLD, 1));
	EXPECT_TRUE(LAB_UNTIL(stamped(self->fd)));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(waits(self->fd[0], 10));
	between = wall_us();
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 10, 10));
	EXPECT_TRUE(waits(self->fd[0], 20));
	g = receive(self->fd[0], 100, MSG_PEEK, 512);
	EXPECT_EQ(20, g.n);
	EXPECT_LE(between, g.us);
	g = receive(self->fd[0], 20, 0, 512);
	EXPECT_EQ(20, g.n);
	EXPECT_LE(between, g.us);
}

TEST_F(timestamps, no_room)
{
	struct got g;

	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMP_OLD, 1));
	EXPECT_TRUE(LAB_UNTIL(stamped(self->fd)));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 20));
	g = receive(self->fd[0], 10, 0, CMSG_LEN(4));
	EXPECT_EQ(10, g.n);
	EXPECT_EQ(MSG_CTRUNC, g.flags & MSG_CTRUNC);
	EXPECT_EQ(CMSG_LEN(4), g.len);
	g = receive(self->fd[0], 10, 0, 0);
	EXPECT_EQ(10, g.n);
	EXPECT_EQ(MSG_CTRUNC, g.flags & MSG_CTRUNC);
	EXPECT_EQ(0, g.count);
}

TEST_F(timestamps, timestamping)
{
	static const int names[] = { SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW };
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	struct got g;
	int i;

	for (i = 0; i < 2; i++) {
		LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, names[i], flags));
		EXPECT_EQ(flags, lab_opt(self->fd[0], SOL_SOCKET, names[i]));
		EXPECT_TRUE(LAB_UNTIL(stamped(self->fd)));
		LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
		g = receive(self->fd[0], 10, 0, 512);
		EXPECT_EQ(1, g.count);
		EXPECT_EQ(names[i], g.type);
		EXPECT_EQ(CMSG_LEN(48), g.len);
		EXPECT_NE(0, g.tss.ts[0].tv_sec);
		EXPECT_EQ(0, g.tss.ts[1].tv_sec);
		EXPECT_EQ(0, g.tss.ts[2].tv_sec);
	}
	/* made, but not told */
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING_OLD,
			   SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, receive(self->fd[0], 10, 0, 512).count);
	/* both kinds at once */
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING_OLD, flags));
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMP_OLD, 1));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	g = receive(self->fd[0], 10, 0, 512);
	EXPECT_EQ(2, g.count);
	EXPECT_EQ(SO_TIMESTAMP_OLD, g.type);
	EXPECT_NE(0, g.tss.ts[0].tv_sec);
}

/* SOF_TIMESTAMPING_OPT_RX_FILTER: what others asked for is not told */
TEST_F(timestamps, made_by_others)
{
	int flags = SOF_TIMESTAMPING_SOFTWARE, filter = 1 << 17;
	struct got g;

	/* somebody else makes them; this one says only that it will have them */
	LAB_OK(lab_set_opt(self->fd[1], SOL_SOCKET, SO_TIMESTAMP_OLD, 1));
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING_OLD, flags));
	EXPECT_TRUE(LAB_UNTIL(stamped(self->fd)));
	flags |= filter;
	if (setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING_OLD, &flags, sizeof(flags)))
		return;		/* since 6.12 */
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	g = receive(self->fd[0], 10, 0, 512);
	EXPECT_EQ(10, g.n);
	EXPECT_EQ(0, g.count);
}

TEST_F(timestamps, inherited)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd[2];

	LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_TIMESTAMPNS_NEW, 1));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_INQ, 1));
	fd[1] = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd[0] = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(1, lab_opt(fd[0], SOL_SOCKET, SO_TIMESTAMPNS_NEW));
	EXPECT_EQ(1, lab_opt(fd[0], IPPROTO_TCP, TCP_INQ));
	close(listener);
	EXPECT_TRUE(LAB_UNTIL(stamped(fd)));
}

/* Asked for when the data was there: it has none, or one of the time when it came. */
TEST_F(timestamps, asked_for_late)
{
	int64_t sent;
	struct got g;

	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(waits(self->fd[0], 10));
	sent = wall_us();
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_TIMESTAMP_OLD, 1));
	g = receive(self->fd[0], 10, 0, 512);
	EXPECT_EQ(10, g.n);
	if (g.count)
		EXPECT_GE(sent, g.us);
}

TEST_F(timestamps, inq)
{
	int fd = self->fd[0];
	struct got g;

	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_INQ));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_INQ, &(int){ 2 }, 4));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_INQ, &(int){ -1 }, 4));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_INQ, 1));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_INQ));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_TRUE(waits(fd, 100));
	g = receive(fd, 30, MSG_PEEK, 512);
	EXPECT_EQ(100, g.inq);
	EXPECT_EQ(CMSG_LEN(4), g.len);
	EXPECT_EQ(70, receive(fd, 30, 0, 512).inq);
	EXPECT_EQ(0, receive(fd, 70, 0, 512).inq);
	LAB_ERRNO(EAGAIN, receive(fd, 70, MSG_DONTWAIT, 512).n);
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, shutdown(self->fd[1], SHUT_WR));
	EXPECT_EQ(POLLRDHUP, lab_wait(fd, POLLRDHUP));
	/* the end counts: so a program goes on until it has seen it */
	EXPECT_EQ(6, receive(fd, 5, 0, 512).inq);
	EXPECT_EQ(1, receive(fd, 5, 0, 512).inq);
	g = receive(fd, 5, 0, 512);
	EXPECT_EQ(0, g.n);
	EXPECT_EQ(1, g.inq);
	g = receive(fd, 5, 0, 0);
	EXPECT_EQ(MSG_CTRUNC, g.flags & MSG_CTRUNC);
}

/* What send() takes along */
static ssize_t send_with(int fd, int level, int type, const void *data, size_t len)
{
	char control[CMSG_SPACE(64)] __attribute__((aligned(16))) = { 0 };
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

TEST_F(timestamps, control_of_send)
{
	int fd = self->fd[0], n = 0, fd0 = 0;
	uint64_t when = 0;
	struct cmsghdr c = { .cmsg_len = 4, .cmsg_level = SOL_SOCKET };
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c,
			      .msg_controllen = sizeof(c) };

	/* other levels are not looked at */
	EXPECT_EQ(3, send_with(fd, SOL_IP, IP_TTL, &n, 4));
	EXPECT_EQ(3, send_with(fd, SOL_IPV6, IPV6_HOPLIMIT, &n, 1));
	EXPECT_EQ(3, send_with(fd, IPPROTO_TCP, 99, &n, 4));
	EXPECT_EQ(3, send_with(fd, 12345, 99, &n, 0));
	/* it means nothing here, and is let pass */
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SCM_RIGHTS, &fd0, 4));
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SO_MARK, &n, 4));
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SO_MARK, &n, 2));
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, 9999, &n, 4));
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SO_RCVBUF, &n, 4));
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SCM_TXTIME, &when, 8));
	n = SOF_TIMESTAMPING_TX_ACK;
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 4));
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, &n, 4));
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 2));
	n = SOF_TIMESTAMPING_SOFTWARE;
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 4));
	n = SOF_TIMESTAMPING_OPT_ID;
	LAB_ERRNO(EINVAL, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 4));
	/* too short for a header */
	LAB_ERRNO(EINVAL, sendmsg(fd, &msg, 0));
	msg.msg_controllen = 3;		/* no header: nothing there */
	EXPECT_EQ(3, sendmsg(fd, &msg, 0));
	/* even where nothing is sent */
	msg.msg_controllen = sizeof(c);
	msg.msg_iovlen = 0;
	LAB_ERRNO(EINVAL, sendmsg(fd, &msg, 0));
	/* but a broken pipe is seen before */
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	LAB_ERRNO(EPIPE, sendmsg(fd, &msg, MSG_NOSIGNAL));
}

static void ask(struct __test_metadata *_metadata, int fd, int flags)
{
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, flags));
}

/* All is sent and acknowledged, and so all is reported that will be. */
static bool quiet(int fd)
{
	int n;

	return LAB_UNTIL(!ioctl(fd, SIOCOUTQ, &n) && !n);
}

TEST_F(timestamps, life_of_an_octet)
{
	static const int order[] = { SCM_TSTAMP_SCHED, SCM_TSTAMP_SND, SCM_TSTAMP_ACK };
	int fd = self->fd[0], i;
	int64_t last = wall_us();
	struct lab_report r;

	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	EXPECT_TRUE(quiet(fd));
	EXPECT_EQ(POLLERR, lab_poll(fd, POLLPRI, 0));
	EXPECT_EQ(0, lab_so_error(fd));
	for (i = 0; i < 3; i++) {
		r = lab_report(fd);
		EXPECT_EQ(order[i], r.type);
		EXPECT_EQ(99, r.id);
		EXPECT_EQ(0, r.data);
		EXPECT_LE(last, r.us);
		last = r.us;
	}
	EXPECT_GE(wall_us(), last);
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	LAB_ERRNO(EAGAIN, recv(fd, &i, 1, MSG_ERRQUEUE));
	/* numbers go on */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 1));
	EXPECT_EQ(100, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 101));
}

/* Without OPT_ID there are no numbers. */
TEST_F(timestamps, no_numbers)
{
	int fd = self->fd[0];

	ask(_metadata, fd, SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
	    SOF_TIMESTAMPING_OPT_TSONLY);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	EXPECT_EQ(0, lab_report_of(fd, SCM_TSTAMP_ACK).id);
}

/* The packet comes back with the report: text alone when acknowledged, with headers when sent. */
TEST_F(timestamps, packet_comes_along)
{
	int fd = self->fd[0];
	struct lab_report r;

	ask(_metadata, fd, SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SOFTWARE | TELL);
	ASSERT_EQ(8, send(fd, "timestmp", 8, 0));
	r = lab_report_of(fd, SCM_TSTAMP_SND);
	EXPECT_EQ(SCM_TSTAMP_SND, r.type);
	EXPECT_LE(8 + 20 + 20, r.data);
	EXPECT_EQ(0, memcmp(r.tail, "timestmp", 8));
	r = lab_report_of(fd, SCM_TSTAMP_ACK);
	EXPECT_EQ(8, r.data);
	EXPECT_EQ(0, memcmp(r.tail, "timestmp", 8));
	EXPECT_EQ(7, r.id);
}

TEST_F(timestamps, each_send)
{
	int fd = self->fd[0], i;

	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 20; i++)
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 10, 10));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(i * 10 + 9, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 200));
}

/* The last octet of each, however many segments and buffers there are */
TEST_F(timestamps, large_sends)
{
	int fd = self->fd[0], i, status;
	const size_t size = 300000;
	char *buf = malloc(size);
	pid_t pid = fork();

	if (!pid)
		_exit(lab_recv(self->fd[1], LAB_TO_PEER, 0, 4 * size) ? 1 : 0);
	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	for (i = 0; i < 4; i++) {
		lab_fill(buf, LAB_TO_PEER, i * size, size);
		EXPECT_EQ(size, send(fd, buf, size, 0));
		EXPECT_TRUE(quiet(fd));
		EXPECT_EQ(size * (i + 1) - 1, lab_report_of(fd, SCM_TSTAMP_SCHED).id);
		EXPECT_EQ(size * (i + 1) - 1, lab_report_of(fd, SCM_TSTAMP_SND).id);
		EXPECT_EQ(size * (i + 1) - 1, lab_report_of(fd, SCM_TSTAMP_ACK).id);
		EXPECT_EQ(0, lab_reports(fd));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* What waits for more is one buffer, and has one mark: the last. */
TEST_F(timestamps, sends_that_join)
{
	int fd = self->fd[0], i;

	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 5; i++)
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 10, 10));
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_TRUE(quiet(fd));
	EXPECT_EQ(49, lab_report_of(fd, SCM_TSTAMP_SCHED).id);
	EXPECT_EQ(49, lab_report_of(fd, SCM_TSTAMP_SND).id);
	EXPECT_EQ(49, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
}

/* MSG_EOR keeps them apart. */
TEST_F(timestamps, records)
{
	int fd = self->fd[0], i;

	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(10, send(fd, "0123456789", 10, MSG_EOR));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_TRUE(quiet(fd));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i * 10 + 9, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
}

/* A call asks by a control message; others are not reported. */
TEST_F(timestamps, asked_for_by_one_call)
{
	int fd = self->fd[0], n = SOF_TIMESTAMPING_TX_ACK;

	ask(_metadata, fd, TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(quiet(fd));
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 4));
	EXPECT_EQ(12, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(quiet(fd));
	EXPECT_EQ(0, lab_reports(fd));
	/* and one may ask for nothing where the socket asks for all */
	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY);
	n = 0;
	EXPECT_EQ(3, send_with(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD, &n, 4));
	EXPECT_TRUE(quiet(fd));
	EXPECT_EQ(0, lab_reports(fd));
}

/* Before 6.3 the kernel asks nobody when OPT_ID is set. */
static bool ours_to_say(void)
{
	return access("/proc/sys/net/ipv4/tcp_plb_enabled", F_OK) == 0;
}

TEST_F(timestamps, numbers_need_a_connection)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), n = TELL | SOF_TIMESTAMPING_TX_ACK;
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));

	if (LAB_DIFFERS(&self->lab, true, ours_to_say(), "Linux 6.1 asks for protocol 6 alone")) {
		LAB_ERRNO(EINVAL, setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &n, 4));
		LAB_ERRNO(EINVAL, setsockopt(listener, SOL_SOCKET, SO_TIMESTAMPING, &n, 4));
	}
	/* without them all is well */
	ask(_metadata, fd, SOF_TIMESTAMPING_TX_ACK);
	/* bits that nobody knows; what needs another bit; too short */
	n = 1 << 30;
	LAB_ERRNO(EINVAL, setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING, &n, 4));
	n = SOF_TIMESTAMPING_OPT_STATS;
	LAB_ERRNO(EINVAL, setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING, &n, 4));
	n = OPT_ID_TCP;
	LAB_ERRNO(EINVAL, setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING, &n, 4));
	LAB_ERRNO(EINVAL, setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING, &n, 3));
	LAB_ERRNO(EFAULT, setsockopt(self->fd[0], SOL_SOCKET, SO_TIMESTAMPING, (void *)8, 4));
}

/* Numbers begin behind what is acknowledged, or behind all that was written (OPT_ID_TCP). */
TEST_F(timestamps, where_numbers_begin)
{
	int fd = self->fd[0], n;

	if (!ours_to_say())
		return;
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	EXPECT_TRUE(quiet(fd));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1000, 10));
	n = SOF_TIMESTAMPING_TX_ACK | TELL | SOF_TIMESTAMPING_OPT_TSONLY;
	ask(_metadata, fd, n);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1010, 10));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_EQ(19, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	/* asked for again: nothing changes */
	ask(_metadata, fd, n);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1020, 10));
	EXPECT_EQ(29, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_TRUE(quiet(fd));
	/* given up and asked for anew */
	ask(_metadata, fd, 0);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1030, 10));
	ask(_metadata, fd, n | OPT_ID_TCP);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1040, 10));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_EQ(9, lab_report_of(fd, SCM_TSTAMP_ACK).id);
}

/* Figures of the connection with each report (OPT_STATS) */
static bool has_stat(const struct lab_report *r, int type, size_t len)
{
	size_t at = 0;

	while (at + 4 <= r->stats) {
		uint16_t nla[2];

		memcpy(nla, r->stat + at, 4);
		if (nla[0] < 4)
			break;
		if (nla[1] == type)
			return nla[0] == 4 + len;
		at += (nla[0] + 3) & ~3;
	}
	return false;
}

TEST_F(timestamps, figures)
{
	static const int kinds[] = { SCM_TSTAMP_SCHED, SCM_TSTAMP_SND, SCM_TSTAMP_ACK };
	int fd = self->fd[0], i;

	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY |
	    SOF_TIMESTAMPING_OPT_STATS);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	for (i = 0; i < 3; i++) {
		struct lab_report r = lab_report_of(fd, kinds[i]);

		EXPECT_EQ(kinds[i], r.type);
		EXPECT_EQ(999, r.id);
		EXPECT_TRUE(has_stat(&r, TCP_NLA_BUSY, 8));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_DATA_SEGS_OUT, 8));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_TOTAL_RETRANS, 8));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_PACING_RATE, 8));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_SND_CWND, 4));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_MIN_RTT, 4));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_RECUR_RETRANS, 1));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_DELIVERED, 4));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_CA_STATE, 1));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_BYTES_SENT, 8));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_SRTT, 4));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_TIMEOUT_REHASH, 2));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_BYTES_NOTSENT, 4));
		EXPECT_TRUE(has_stat(&r, TCP_NLA_EDT, 8));
	}
}

/* Nobody reads the reports: no more are kept than the receive buffer holds. */
TEST_F(timestamps, bounded)
{
	int fd = self->fd[0], i, n;

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, 4096));
	ask(_metadata, fd, TX_ALL | TELL | SOF_TIMESTAMPING_OPT_TSONLY |
	    SOF_TIMESTAMPING_OPT_STATS);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 200; i++)
		LAB_OK(lab_send(fd, LAB_TO_PEER, i, 1));
	EXPECT_TRUE(quiet(fd));
	n = lab_reports(fd);
	EXPECT_LT(0, n);
	EXPECT_GT(50, n);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 200));
	/* and data still comes in */
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 1000));
}

/* Unread reports go with the socket. */
TEST_F(timestamps, closed_unread)
{
	ask(_metadata, self->fd[0], TX_ALL | TELL);
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 50000));
	close(self->fd[0]);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 50000));
	LAB_OK(lab_recv_eof(self->fd[1]));
}

/* Options that TCP has, and that say nothing of its data */
TEST_F(timestamps, other_control_messages)
{
	bool six = self->lab.family == AF_INET6;
	struct got g;

	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_RXQ_OVFL, 1));
	if (six) {
		LAB_OK(lab_set_opt(self->fd[0], SOL_IPV6, IPV6_RECVHOPLIMIT, 1));
		LAB_OK(lab_set_opt(self->fd[0], SOL_IPV6, IPV6_RECVPKTINFO, 1));
		LAB_OK(lab_set_opt(self->fd[0], SOL_IPV6, IPV6_RECVTCLASS, 1));
	} else {
		LAB_OK(lab_set_opt(self->fd[0], SOL_IP, IP_RECVTTL, 1));
		LAB_OK(lab_set_opt(self->fd[0], SOL_IP, IP_PKTINFO, 1));
		LAB_OK(lab_set_opt(self->fd[0], SOL_IP, IP_RECVTOS, 1));
	}
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	g = receive(self->fd[0], 10, 0, 512);
	EXPECT_EQ(10, g.n);
	EXPECT_EQ(0, g.count);
	/* poll() says nothing more of the error queue than without it */
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1));
	ask(_metadata, self->fd[0], SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE);
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(POLLERR, lab_wait(self->fd[0], POLLPRI));
}

/* SIOCGSTAMP is for datagrams. */
TEST_F(timestamps, ioctl_stamp)
{
	struct timeval tv;
	char c;

	LAB_ERRNO(ENOENT, ioctl(self->fd[0], SIOCGSTAMP, &tv));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 1));
	EXPECT_EQ(1, recv(self->fd[0], &c, 1, 0));
	LAB_ERRNO(ENOENT, ioctl(self->fd[0], SIOCGSTAMP, &tv));
}

TEST_HARNESS_MAIN
