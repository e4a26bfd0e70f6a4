// SPDX-License-Identifier: GPL-2.0
/* SO_ZEROCOPY: a program's pages are sent from where they lie; it is told when they are free. */
#define _GNU_SOURCE
#include "harness.h"

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>

#include "../../module/uapi/tcplab.h"

LAB_FIXTURE(zerocopy);

/*
 * The kernel grants SO_ZEROCOPY by protocol number; before 6.3 a protocol has no say in that, so
 * there level SOL_TCPLAB must do.
 */
static int sol(const struct lab *lab)
{
	return LAB_DIFFERS(lab, SOL_SOCKET, lab_kernel(6, 3) ? SOL_SOCKET : SOL_TCPLAB,
			   "SOL_SOCKET is closed to other protocols before Linux 6.3");
}

/* A connection whose first end may lend; writes to it that fail are told by errno. */
static int lender(const struct lab *lab, int fd[2])
{
	signal(SIGPIPE, SIG_IGN);
	return lab_pair(lab, fd) || lab_set_opt(fd[0], sol(lab), SO_ZEROCOPY, 1);
}

static bool readable(int fd, int bytes)
{
	int n = 0;

	return !ioctl(fd, FIONREAD, &n) && n >= bytes;
}

/*
 * Take one notification from the error queue: it is for sends [*lo, *hi]. Returns 1, 0 if there is
 * none, or -1 if it is not as it should be.
 */
static int notified(int fd, uint32_t *lo, uint32_t *hi, uint8_t *code)
{
	char control[200];
	struct msghdr m = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct sock_extended_err *e;
	struct cmsghdr *c;

	if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return errno == EAGAIN ? 0 : lab_fail("recvmsg: %s", strerror(errno));
	c = CMSG_FIRSTHDR(&m);
	if (!c || !(m.msg_flags & MSG_ERRQUEUE))
		return lab_fail("no control message");
	if (!(c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) &&
	    !(c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
		return lab_fail("control message %d, %d", c->cmsg_level, c->cmsg_type);
	e = (struct sock_extended_err *)CMSG_DATA(c);
	if (e->ee_origin != SO_EE_ORIGIN_ZEROCOPY || e->ee_errno)
		return lab_fail("origin %u, errno %u", e->ee_origin, e->ee_errno);
	*lo = e->ee_info;
	*hi = e->ee_data;
	*code = e->ee_code;
	return 1;
}

/* Wait until sends [@from, @to] have been notified, in whatever pieces, each once. */
static int all_notified(int fd, uint32_t from, uint32_t to)
{
	uint32_t lo, hi, left = to - from + 1;
	uint64_t seen = 0;
	uint8_t code;
	int n;

	while (left) {
		if (!(lab_wait(fd, POLLERR) & POLLERR))
			return lab_fail("%u notifications are missing", left);
		n = notified(fd, &lo, &hi, &code);
		if (n < 0)
			return -1;
		for (; n && lo <= hi; lo++, left--) {
			if (lo < from || lo > to || (lo - from < 64 && seen & 1ULL << (lo - from)))
				return lab_fail("notification of send %u is wrong", lo);
			seen |= lo - from < 64 ? 1ULL << (lo - from) : 0;
		}
	}
	n = notified(fd, &lo, &hi, &code);
	return n ? lab_fail("one notification too many: %u to %u", lo, hi) : 0;
}

static uint8_t *stream(size_t len)
{
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	lab_fill(p, LAB_TO_PEER, 0, len);
	return p;
}

TEST_F(zerocopy, option)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), level = sol(&self->lab), v = 1;

	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 3));
	LAB_ERRNO(EFAULT, setsockopt(fd, level, SO_ZEROCOPY, NULL, 4));
	v = 2;
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 4));
	v = -1;
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 4));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, level, SO_ZEROCOPY, 1));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, level, SO_ZEROCOPY, 0));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
}

/* The listener's goes to its children; and it can be set on those, too. */
TEST_F(zerocopy, option_accepted)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd;

	LAB_OK(lab_set_opt(listener, sol(&self->lab), SO_ZEROCOPY, 1));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, sol(&self->lab), SO_ZEROCOPY, 0));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	/* what is the kernel's own still is */
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_KEEPALIVE));
}

TEST_F(zerocopy, one)
{
	uint8_t *buf = stream(20000), code;
	uint32_t lo, hi;
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	ASSERT_EQ(20000, send(fd[0], buf, 20000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 20000));
	EXPECT_TRUE(lab_wait(fd[0], POLLERR) & POLLERR);
	ASSERT_EQ(1, notified(fd[0], &lo, &hi, &code));
	EXPECT_EQ(0, lo);
	EXPECT_EQ(0, hi);
	/* loopback copies, since the receiver must not be harmed by what the sender does */
	EXPECT_EQ(SO_EE_CODE_ZEROCOPY_COPIED, code);
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	EXPECT_EQ(0, lab_poll(fd[0], POLLERR, 0));
	EXPECT_EQ(0, lab_so_error(fd[0]));
}

/* What has been notified may be overwritten, whether or not the peer has read it. */
TEST_F(zerocopy, overwritten)
{
	uint8_t *buf = stream(60000);
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	ASSERT_EQ(60000, send(fd[0], buf, 60000, MSG_ZEROCOPY));
	LAB_OK(all_notified(fd[0], 0, 0));
	memset(buf, 0, 60000);
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 60000));
}

/* Pages that the program gives up stay until they have been sent. */
TEST_F(zerocopy, unmapped)
{
	uint8_t *buf = stream(60000);
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(5000, send(fd[0], buf + 1234, 5000, MSG_ZEROCOPY));
	munmap(buf, 60000);
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_CORK, 0));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 1234, 5000));
	LAB_OK(all_notified(fd[0], 0, 0));
}

/* Each send has a number; notifications in a row become one. */
TEST_F(zerocopy, ranges)
{
	uint8_t *buf = stream(50000), code;
	uint32_t lo, hi;
	int fd[2], i;

	LAB_OK(lender(&self->lab, fd));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1000, send(fd[0], buf + i * 1000, 1000, MSG_ZEROCOPY));
		LAB_OK(lab_recv(fd[1], LAB_TO_PEER, i * 1000, 1000));
	}
	/* all are one, once the last has come */
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1));
	ASSERT_TRUE(LAB_UNTIL(!ioctl(fd[0], TIOCOUTQ, &i) && !i));
	ASSERT_EQ(1, notified(fd[0], &lo, &hi, &code));
	EXPECT_EQ(0, lo);
	EXPECT_EQ(49, hi);
	/* and the next is not what was read */
	ASSERT_EQ(1000, send(fd[0], buf, 1000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(all_notified(fd[0], 50, 50));
}

/* Without SO_ZEROCOPY the flag says nothing; and what is not sent has no number. */
TEST_F(zerocopy, no_notification)
{
	uint8_t *buf = stream(20000), code;
	uint32_t lo, hi;
	int fd[2], fresh;

	LAB_OK(lender(&self->lab, fd));
	ASSERT_EQ(0, send(fd[0], buf, 0, MSG_ZEROCOPY));
	ASSERT_EQ(0, send(fd[0], NULL, 0, MSG_ZEROCOPY));
	LAB_ERRNO(EFAULT, send(fd[0], (void *)8, 1000, MSG_ZEROCOPY));
	LAB_OK(lab_set_opt(fd[0], sol(&self->lab), SO_ZEROCOPY, 0));
	ASSERT_EQ(20000, send(fd[0], buf, 20000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 20000));
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	LAB_OK(lab_set_opt(fd[0], sol(&self->lab), SO_ZEROCOPY, 1));
	ASSERT_EQ(5000, send(fd[0], buf, 5000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 5000));
	LAB_OK(all_notified(fd[0], 0, 0));

	shutdown(fd[0], SHUT_WR);
	LAB_ERRNO(EPIPE, send(fd[0], buf, 5000, MSG_ZEROCOPY));
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	fresh = LAB_FD(lab_socket(&self->lab, 0));
	LAB_OK(lab_set_opt(fresh, sol(&self->lab), SO_ZEROCOPY, 1));
	LAB_ERRNO(EPIPE, send(fresh, buf, 5000, MSG_ZEROCOPY));
	EXPECT_EQ(0, notified(fresh, &lo, &hi, &code));
}

/* A part of the memory is not there: what is before it goes, and is notified. */
TEST_F(zerocopy, ends_in_a_hole)
{
	uint8_t *buf = stream(3 * 65536);
	ssize_t n;
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	ASSERT_EQ(0, munmap(buf + 65536 + 4096, 65536));
	n = send(fd[0], buf, 3 * 65536, MSG_ZEROCOPY);
	if (n < 0) {
		EXPECT_EQ(EFAULT, errno);
		return;
	}
	EXPECT_GE(65536 + 4096, n);
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, n));
	LAB_OK(all_notified(fd[0], 0, 0));
}

/* Much more than the buffers hold */
TEST_F_TIMEOUT(zerocopy, large, lab_secs(60))
{
	static uint8_t in[65536];
	size_t len = 4 << 20, at = 0, got = 0;
	uint8_t *buf = stream(len);
	uint32_t sends = 0;
	int fd[2];
	ssize_t n;

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_nonblock(fd[0], true));
	while (got < len) {
		n = at < len ? send(fd[0], buf + at, len - at, MSG_ZEROCOPY) : 0;
		if (n < 0)
			ASSERT_EQ(EAGAIN, errno);
		if (n > 0) {
			at += n;
			sends++;
		}
		while ((n = recv(fd[1], in, sizeof(in), MSG_DONTWAIT)) > 0) {
			LAB_OK(lab_verify(in, LAB_TO_PEER, got, n));
			got += n;
		}
	}
	LAB_OK(all_notified(fd[0], 0, sends - 1));
}

/* Lent, copied and spliced, of all sizes: they stay in order. */
TEST_F_TIMEOUT(zerocopy, mixed, lab_secs(60))
{
	size_t len = 300000, at = 0;
	uint8_t *buf = stream(len);
	int fd[2], file = memfd_create("stream", MFD_CLOEXEC), i = 0;
	uint32_t sends = 0;
	pid_t pid;

	LAB_OK(lender(&self->lab, fd));
	ASSERT_EQ(len, write(file, buf, len));
	pid = fork();
	if (!pid) {
		close(fd[0]);
		_exit(lab_recv(fd[1], LAB_TO_PEER, 0, len) || lab_recv_eof(fd[1]));
	}
	close(fd[1]);
	for (; at < len; i++) {
		size_t n = 1 + i * 131 % 3000;
		off_t off = at;
		ssize_t sent;

		n = n < len - at ? n : len - at;
		if (i % 3 == 0) {
			sent = sendfile(fd[0], file, &off, n);
		} else if (i % 3 == 1) {
			sent = send(fd[0], buf + at, n, MSG_ZEROCOPY | (i % 2 ? MSG_MORE : 0));
			sends++;
		} else {
			sent = send(fd[0], buf + at, n, i % 4 ? MSG_MORE : 0);
		}
		ASSERT_EQ(n, sent)
			TH_LOG("at %zu: %s", at, strerror(errno));
		at += n;
	}
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_EQ(pid, waitpid(pid, &i, 0));
	EXPECT_EQ(0, i);
	LAB_OK(all_notified(fd[0], 0, sends - 1));
}

/* Sends that wait together are notified together. */
TEST_F(zerocopy, corked)
{
	uint8_t *buf = stream(20000), code;
	uint32_t lo, hi;
	int fd[2], i;

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(2000, send(fd[0], buf + i * 2000, 2000, MSG_ZEROCOPY));
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_CORK, 0));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 20000));
	LAB_OK(all_notified(fd[0], 0, 9));
}

/* With the connection what was lent comes back, too. */
TEST_F(zerocopy, reset)
{
	uint8_t *buf = stream(1 << 20);
	int fd[2], i;

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_nonblock(fd[0], true));
	for (i = 0; send(fd[0], buf, 1 << 20, MSG_ZEROCOPY) > 0; i++)
		;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_LT(0, i);
	close(fd[1]);			/* unread: an RST */
	LAB_OK(all_notified(fd[0], 0, i - 1));
	EXPECT_EQ(ECONNRESET, lab_so_error(fd[0]));
}

TEST_F(zerocopy, closed_meanwhile)
{
	struct linger hard = { .l_onoff = 1 };
	uint8_t *buf = stream(1 << 20);
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_nonblock(fd[0], true));
	while (send(fd[0], buf, 1 << 20, MSG_ZEROCOPY) > 0)
		;
	close(fd[0]);
	close(fd[1]);

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_nonblock(fd[0], true));
	while (send(fd[0], buf, 1 << 20, MSG_ZEROCOPY) > 0)
		;
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd[0]);
	munmap(buf, 1 << 20);
	ASSERT_TRUE(LAB_UNTIL(lab_poll(fd[1], POLLERR, 0) & POLLERR));
}

/* A socket that begins anew does not forget what was lent. */
TEST_F(zerocopy, disconnected)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	uint8_t *buf = stream(1 << 20);
	int fd[2], i;

	LAB_OK(lender(&self->lab, fd));
	LAB_OK(lab_nonblock(fd[0], true));
	for (i = 0; send(fd[0], buf, 1 << 20, MSG_ZEROCOPY) > 0; i++)
		;
	ASSERT_EQ(0, connect(fd[0], &none, sizeof(none)));
	LAB_OK(all_notified(fd[0], 0, i - 1));
}

TEST_F(zerocopy, fast_open)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd = LAB_FD(lab_socket(&self->lab, 0));
	struct sockaddr_storage ss;
	uint8_t *buf = stream(20000);
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	LAB_OK(lab_sysctl_set(&self->lab, "fastopen", "5"));	/* with data, without a cookie */
	LAB_OK(lab_set_opt(fd, sol(&self->lab), SO_ZEROCOPY, 1));
	ASSERT_EQ(20000, sendto(fd, buf, 20000, MSG_FASTOPEN | MSG_ZEROCOPY,
				(struct sockaddr *)&ss, len));
	LAB_OK(lab_recv(LAB_FD(accept(listener, NULL, NULL)), LAB_TO_PEER, 0, 20000));
	LAB_OK(all_notified(fd, 0, 0));
}

/* The pages count as locked ones of the program. */
TEST_F(zerocopy, memory_locked)
{
	struct rlimit few = { 4096, 4096 };
	uint8_t *buf = stream(100000), code;
	uint32_t lo, hi;
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &few));
	ASSERT_EQ(0, seteuid(65534));		/* and no CAP_IPC_LOCK */
	LAB_ERRNO(ENOBUFS, send(fd[0], buf, 100000, MSG_ZEROCOPY));
	EXPECT_EQ(1000, send(fd[0], buf, 1000, 0));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, notified(fd[0], &lo, &hi, &code));
	/* nothing was used up */
	EXPECT_EQ(5000, send(fd[0], buf + 1000, 5000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 6000));
	LAB_OK(all_notified(fd[0], 0, 0));
}

/* Attach a filter of @n steps that lets everything through, in place of another. */
static int attach(int fd, unsigned int n)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct sock_fprog prog = { .filter = code, .len = n };
	unsigned int i;

	for (i = 0; i < n; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, 0);
	code[n - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, -1);
	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &n, sizeof(n));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* Each notification that is due takes some of what optmem_max allows: a filter takes the rest. */
TEST_F(zerocopy, option_memory)
{
	unsigned int fits = 1, over = BPF_MAXINSNS, n;
	uint8_t *buf = stream(5000);
	int fd[2];

	LAB_OK(lender(&self->lab, fd));
	/* of each namespace since Linux 6.8; of them all, and as much, before */
	lab_write_file("/proc/sys/net/core/optmem_max", "20480");
	ASSERT_NE(0, attach(fd[0], over));
	ASSERT_EQ(ENOMEM, errno);
	while (fits + 1 < over) {
		n = (fits + over) / 2;
		if (attach(fd[0], n))
			over = n;
		else
			fits = n;
	}
	ASSERT_EQ(0, attach(fd[0], fits));
	LAB_ERRNO(ENOBUFS, send(fd[0], buf, 5000, MSG_ZEROCOPY));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_DETACH_FILTER, &n, sizeof(n)));
	EXPECT_EQ(5000, send(fd[0], buf, 5000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 5000));
	LAB_OK(all_notified(fd[0], 0, 0));
}

TEST_HARNESS_MAIN
