// SPDX-License-Identifier: GPL-2.0
/* Bad pointers and lengths: an errno, and nothing of the stream is lost or made up */
#define _GNU_SOURCE
#include "harness.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>

/* bad, but the compiler does not know */
static void *BAD;
static int minus_one;

FIXTURE(bad_arguments) { struct lab lab; int fd[2]; char *edge; };

LAB_VARIANTS(bad_arguments);

FIXTURE_SETUP(bad_arguments)
{
	char *map;

	BAD = (void *)8;
	minus_one = -1;
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
	/* a page, and nothing behind it */
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)map);
	self->edge = map + (1 << 19);
	ASSERT_EQ(0, munmap(self->edge, 1 << 19));
}

FIXTURE_TEARDOWN(bad_arguments) { }

static bool waits(int fd, int octets)
{
	int n;

	return LAB_UNTIL(!ioctl(fd, SIOCINQ, &n) && n == octets);
}

TEST_F(bad_arguments, send)
{
	int fd = self->fd[0];

	LAB_ERRNO(EFAULT, send(fd, BAD, 10, 0));
	LAB_ERRNO(EFAULT, send(fd, self->edge, 1, 0));
	/* a little good, but it is copied as one piece */
	LAB_ERRNO(EFAULT, send(fd, self->edge - 100, 200, 0));
	EXPECT_EQ(0, send(fd, BAD, 0, 0));
	LAB_ERRNO(EFAULT, send(fd, self->edge - 100, SIZE_MAX, 0));
	LAB_ERRNO(EFAULT, write(fd, BAD, 10));
	LAB_ERRNO(EFAULT, sendto(fd, "x", 1, 0, BAD, 16));
	LAB_ERRNO(EINVAL, sendto(fd, "x", 1, 0, (struct sockaddr *)self, -1));
	LAB_ERRNO(EINVAL, sendto(fd, "x", 1, 0, (struct sockaddr *)self, 1000));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_TRUE(waits(self->fd[1], 0));
}

/* Much is good: the count says how much has gone, and that is what arrives. */
TEST_F(bad_arguments, send_half_way)
{
	const size_t good = 400000;
	ssize_t n;

	lab_fill(self->edge - good, LAB_TO_PEER, 0, good);
	LAB_OK(lab_nonblock(self->fd[0], true));
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_SNDBUF, 2000000));
	n = send(self->fd[0], self->edge - good, good + 100000, 0);
	EXPECT_LT(0, n);
	EXPECT_GE(good, n);
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, n));
	LAB_OK(lab_recv_eof(self->fd[1]));
}

TEST_F(bad_arguments, recv)
{
	int fd = self->fd[1];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 300));
	EXPECT_TRUE(waits(fd, 300));
	LAB_ERRNO(EFAULT, recv(fd, BAD, 10, 0));
	LAB_ERRNO(EFAULT, recv(fd, self->edge, 1, 0));
	LAB_ERRNO(EFAULT, recv(fd, self->edge, 1, MSG_PEEK));
	LAB_ERRNO(EFAULT, recv(fd, self->edge - 100, 200, 0));
	LAB_ERRNO(EFAULT, read(fd, BAD, 10));
	EXPECT_TRUE(waits(fd, 300));
	/* as much as there is, whatever is said */
	EXPECT_EQ(300, recv(fd, self->edge - 300, 300, MSG_PEEK));
	EXPECT_EQ(0, lab_verify(self->edge - 300, LAB_TO_PEER, 0, 300) > 0);
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 300));
}

/* What was copied before the bad page counts, the rest stays. */
TEST_F(bad_arguments, recv_half_way)
{
	const size_t size = 300000, good = 150000;
	int fd = self->fd[1];
	ssize_t n;

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, 2000000));
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_SNDBUF, 2000000));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, size));
	EXPECT_TRUE(waits(fd, size));
	n = recv(fd, self->edge - good, size, 0);
	if (n < 0) {		/* it was all one buffer */
		EXPECT_EQ(EFAULT, errno);
		n = 0;
	}
	EXPECT_GE(good, n);
	EXPECT_EQ(0, lab_verify(self->edge - good, LAB_TO_PEER, 0, n) > 0);
	LAB_OK(lab_recv(fd, LAB_TO_PEER, n, size - n));
	EXPECT_TRUE(waits(fd, 0));
}

/* A vector with a bad piece in it */
TEST_F(bad_arguments, vectors)
{
	char a[10], b[10];
	struct iovec iov[3] = { { a, 10 }, { BAD, 10 }, { b, 10 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };
	struct iovec many[UIO_MAXIOV + 1];
	int fd = self->fd[0], i;

	LAB_ERRNO(EFAULT, writev(fd, iov, 3));
	LAB_ERRNO(EFAULT, sendmsg(fd, &msg, 0));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 30));
	EXPECT_TRUE(waits(fd, 30));
	LAB_ERRNO(EFAULT, readv(fd, iov, 3));
	LAB_ERRNO(EFAULT, recvmsg(fd, &msg, 0));
	EXPECT_TRUE(waits(fd, 30));
	iov[1].iov_len = 0;
	EXPECT_EQ(20, recvmsg(fd, &msg, 0));
	EXPECT_EQ(0, lab_verify(a, LAB_TO_PEER, 0, 10) > 0);
	EXPECT_EQ(0, lab_verify(b, LAB_TO_PEER, 10, 10) > 0);
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 20, 10));
	/* lengths and counts */
	iov[2].iov_len = SIZE_MAX;
	LAB_ERRNO(EINVAL, writev(fd, iov, 3));
	LAB_ERRNO(EINVAL, sendmsg(fd, &msg, 0));
	LAB_ERRNO(EINVAL, recvmsg(fd, &msg, MSG_DONTWAIT));
	for (i = 0; i <= UIO_MAXIOV; i++)
		many[i] = (struct iovec){ a, 1 };
	msg.msg_iov = many;
	msg.msg_iovlen = UIO_MAXIOV + 1;
	LAB_ERRNO(EMSGSIZE, sendmsg(fd, &msg, 0));
	LAB_ERRNO(EMSGSIZE, recvmsg(fd, &msg, 0));
	LAB_ERRNO(EINVAL, writev(fd, many, UIO_MAXIOV + 1));
	LAB_ERRNO(EINVAL, writev(fd, many, minus_one));
	msg.msg_iovlen = UIO_MAXIOV;
	EXPECT_EQ(UIO_MAXIOV, sendmsg(fd, &msg, 0));
	EXPECT_EQ(UIO_MAXIOV, recvmsg(self->fd[1], &msg, MSG_WAITALL));
	EXPECT_EQ(0, writev(fd, many, 0));
	msg.msg_iovlen = 0;
	EXPECT_EQ(0, sendmsg(fd, &msg, 0));
}

TEST_F(bad_arguments, headers)
{
	char c, control[64] = { 0 };
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = self->fd[0];

	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(waits(fd, 10));
	LAB_ERRNO(EFAULT, sendmsg(fd, BAD, 0));
	LAB_ERRNO(EFAULT, recvmsg(fd, BAD, 0));
	msg.msg_iov = BAD;
	LAB_ERRNO(EFAULT, sendmsg(fd, &msg, 0));
	LAB_ERRNO(EFAULT, recvmsg(fd, &msg, 0));
	msg.msg_iov = &iov;
	msg.msg_control = BAD;
	msg.msg_controllen = 64;
	LAB_ERRNO(EFAULT, sendmsg(fd, &msg, 0));
	msg.msg_control = control;
	msg.msg_controllen = (size_t)INT_MAX + 1;
	LAB_ERRNO(ENOBUFS, sendmsg(fd, &msg, 0));
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	msg.msg_name = BAD;
	msg.msg_namelen = 16;
	LAB_ERRNO(EFAULT, sendmsg(fd, &msg, 0));
	msg.msg_namelen = -1;
	msg.msg_name = control;
	LAB_ERRNO(EINVAL, sendmsg(fd, &msg, 0));
	LAB_ERRNO(EINVAL, recvmsg(fd, &msg, 0));
	/* a stream gives no name */
	msg.msg_namelen = 64;
	EXPECT_EQ(1, recvmsg(fd, &msg, 0));
	EXPECT_EQ(0, msg.msg_namelen);
	EXPECT_EQ(0, control[0]);
	msg.msg_name = BAD;
	msg.msg_namelen = 64;
	EXPECT_EQ(1, recvmsg(fd, &msg, 0));
	EXPECT_TRUE(waits(fd, 8));
	/* flags that nobody knows */
	EXPECT_EQ(1, recv(fd, &c, 1, 0x01000000));
	EXPECT_EQ(1, send(fd, &c, 1, 0x00800000));
}

TEST_F(bad_arguments, names)
{
	socklen_t full = self->lab.family == AF_INET6 ? sizeof(struct sockaddr_in6) :
							sizeof(struct sockaddr_in), len;
	int (*const ask[])(int, struct sockaddr *, socklen_t *) = { getsockname, getpeername };
	int fd = self->fd[0], i, fresh = LAB_FD(lab_socket(&self->lab, 0));
	unsigned char want[64], got[64];

	for (i = 0; i < 2; i++) {
		len = sizeof(want);
		ASSERT_EQ(0, ask[i](fd, (struct sockaddr *)want, &len));
		EXPECT_EQ(full, len);
		/* too short: cut off, and the length tells */
		memset(got, 0xaa, sizeof(got));
		len = 5;
		ASSERT_EQ(0, ask[i](fd, (struct sockaddr *)got, &len));
		EXPECT_EQ(full, len);
		EXPECT_EQ(0, memcmp(got, want, 5));
		EXPECT_EQ(0xaa, got[5]);
		len = 0;
		EXPECT_EQ(0, ask[i](fd, BAD, &len));
		EXPECT_EQ(full, len);
		len = -1;
		LAB_ERRNO(EINVAL, ask[i](fd, (struct sockaddr *)got, &len));
		len = sizeof(got);
		LAB_ERRNO(EFAULT, ask[i](fd, BAD, &len));
		LAB_ERRNO(EFAULT, ask[i](fd, (struct sockaddr *)got, BAD));
	}
	len = sizeof(got);
	EXPECT_EQ(0, getsockname(fresh, (struct sockaddr *)got, &len));
	LAB_ERRNO(ENOTCONN, getpeername(fresh, (struct sockaddr *)got, &len));
	/* the peer is known as long as the connection is there */
	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	EXPECT_EQ(0, getpeername(fd, (struct sockaddr *)got, &len));
	EXPECT_EQ(0, shutdown(self->fd[1], SHUT_RDWR));
	EXPECT_TRUE(LAB_UNTIL(getpeername(self->fd[1], (struct sockaddr *)got, &len)));
	EXPECT_EQ(ENOTCONN, errno);
}

TEST_F(bad_arguments, addresses)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 0, &ss);

	LAB_ERRNO(EFAULT, bind(fd, BAD, len));
	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, -1));
	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, sizeof(ss) + 1));
	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, 0));
	LAB_ERRNO(EFAULT, connect(fd, BAD, len));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, -1));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, sizeof(ss) + 1));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, 0));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, 1));
}

/* accept() to a bad address: the connection was taken, and is closed. */
TEST_F(bad_arguments, accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd[3], i;
	struct sockaddr_storage ss;
	socklen_t len;

	for (i = 0; i < 3; i++)
		fd[i] = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	len = sizeof(ss);
	LAB_ERRNO(EFAULT, accept(listener, BAD, &len));
	LAB_OK(lab_recv_eof(fd[0]));
	LAB_ERRNO(EFAULT, accept(listener, (struct sockaddr *)&ss, BAD));
	LAB_OK(lab_recv_eof(fd[1]));
	len = -1;
	LAB_ERRNO(EINVAL, accept(listener, (struct sockaddr *)&ss, &len));
	LAB_OK(lab_recv_eof(fd[2]));
}

TEST_F(bad_arguments, ioctls)
{
	static const unsigned long numbers[] = { SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, FIONBIO, FIOASYNC,
						 SIOCSPGRP, FIOSETOWN, SIOCGPGRP, FIOGETOWN };
	int fd = self->fd[0], n = -1;
	unsigned int i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		LAB_ERRNO(EFAULT, ioctl(fd, numbers[i], BAD));
	LAB_ERRNO(ENOTTY, ioctl(fd, 0x5401 /* TCGETS */, &n));
	LAB_ERRNO(ENOTTY, ioctl(fd, 0, &n));
	LAB_ERRNO(ENOTTY, ioctl(fd, 0xffffffff, &n));
	EXPECT_EQ(0, ioctl(fd, FIONREAD, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, ioctl(fd, SIOCOUTQNSD, &n));
	EXPECT_EQ(0, n);
	n = 1;
	EXPECT_EQ(0, ioctl(fd, FIONBIO, &n));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	LAB_ERRNO(EAGAIN, recv(fd, &n, 1, 0));
	n = 0;
	EXPECT_EQ(0, ioctl(fd, FIONBIO, &n));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	/* FIOCLEX and FIONCLEX are of every file */
	EXPECT_EQ(0, ioctl(fd, FIOCLEX));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, ioctl(fd, FIONCLEX));
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
}

/* Queue lengths in each state of a socket's life */
TEST_F(bad_arguments, ioctls_by_state)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), n = -1;

	EXPECT_EQ(0, ioctl(fd, SIOCINQ, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, ioctl(fd, SIOCOUTQ, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, ioctl(fd, SIOCOUTQNSD, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, listen(fd, 1));
	LAB_ERRNO(EINVAL, ioctl(fd, SIOCOUTQNSD, &n));
	/* the end of the stream is no octet to be read */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(POLLRDHUP, lab_wait(self->fd[1], POLLRDHUP));
	EXPECT_EQ(0, ioctl(self->fd[1], SIOCINQ, &n));
	EXPECT_EQ(10, n);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, ioctl(self->fd[1], SIOCINQ, &n));
	EXPECT_EQ(0, n);
	LAB_OK(lab_recv_eof(self->fd[1]));
	EXPECT_EQ(0, ioctl(self->fd[1], SIOCINQ, &n));
	EXPECT_EQ(0, n);
	/* our own FIN waits for its ACK no longer */
	EXPECT_TRUE(LAB_UNTIL(!ioctl(self->fd[0], SIOCOUTQ, &n) && !n));
}

/* Flags of recv() in combination */
TEST_F(bad_arguments, recv_flags)
{
	char buf[100];
	int fd = self->fd[1], n;

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	EXPECT_TRUE(waits(fd, 100));
	/* looking takes nothing, and goes on from where reading is */
	EXPECT_EQ(60, recv(fd, buf, 60, MSG_PEEK | MSG_WAITALL));
	EXPECT_EQ(40, recv(fd, buf, 40, 0));
	EXPECT_EQ(60, recv(fd, buf, 100, MSG_PEEK));
	EXPECT_EQ(0, lab_verify(buf, LAB_TO_PEER, 40, 60) > 0);
	/* thrown away, to nowhere */
	EXPECT_EQ(10, recv(fd, NULL, 10, MSG_TRUNC));
	EXPECT_EQ(50, recv(fd, buf, 100, MSG_PEEK));
	EXPECT_EQ(0, lab_verify(buf, LAB_TO_PEER, 50, 50) > 0);
	/* of nothing there is nothing to wait for if there is something */
	EXPECT_EQ(0, recv(fd, buf, 0, 0));
	EXPECT_EQ(0, recv(fd, NULL, 0, MSG_WAITALL));
	/* not all is there, and it must not wait */
	EXPECT_EQ(50, recv(fd, buf, 100, MSG_WAITALL | MSG_DONTWAIT));
	LAB_ERRNO(EAGAIN, recv(fd, buf, 100, MSG_WAITALL | MSG_DONTWAIT));
	LAB_ERRNO(EAGAIN, recv(fd, buf, 100, MSG_TRUNC | MSG_DONTWAIT));
	EXPECT_EQ(0, ioctl(fd, SIOCINQ, &n));
	EXPECT_EQ(0, n);
}

/* Many messages in a call */
TEST_F(bad_arguments, many_messages)
{
	char a[4], b[4], c[4];
	struct iovec iov[3] = { { a, 4 }, { b, 4 }, { c, 4 } };
	struct mmsghdr m[3] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[2], .msg_iovlen = 1 } },
	};

	memcpy(a, "aaaa", 4);
	memcpy(b, "bbbb", 4);
	iov[2].iov_base = BAD;
	/* the error of the third comes later, or never */
	EXPECT_EQ(2, sendmmsg(self->fd[0], m, 3, 0));
	EXPECT_EQ(4, m[0].msg_len);
	EXPECT_EQ(4, m[1].msg_len);
	EXPECT_TRUE(waits(self->fd[1], 8));
	EXPECT_EQ(2, recvmmsg(self->fd[1], m, 3, MSG_DONTWAIT, NULL));
	EXPECT_EQ(4, m[1].msg_len);
	EXPECT_EQ(0, memcmp(b, "bbbb", 4));
	EXPECT_EQ(0, lab_so_error(self->fd[1]));
}

/* A vector of messages that is itself bad: what was done before counts. */
TEST_F(bad_arguments, many_messages_half_way)
{
	struct mmsghdr *m = (struct mmsghdr *)self->edge - 2;
	struct iovec iov[2] = { { "aaaa", 4 }, { "bbbb", 4 } };
	char buf[2][4];
	int i;

	LAB_ERRNO(EFAULT, sendmmsg(self->fd[0], BAD, 1, 0));
	LAB_ERRNO(EFAULT, sendmmsg(self->fd[0], (struct mmsghdr *)self->edge, 1, 0));
	EXPECT_EQ(0, sendmmsg(self->fd[0], BAD, 0, 0));
	EXPECT_EQ(0, recvmmsg(self->fd[1], BAD, 0, 0, NULL));
	for (i = 0; i < 2; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	EXPECT_EQ(2, sendmmsg(self->fd[0], m, 3, 0));
	EXPECT_EQ(4, m[1].msg_len);
	/* of the sender there is nothing left to be told */
	EXPECT_EQ(0, lab_so_error(self->fd[0]));
	EXPECT_TRUE(waits(self->fd[1], 8));
	LAB_ERRNO(EFAULT, recvmmsg(self->fd[1], BAD, 1, 0, NULL));
	LAB_ERRNO(EFAULT, recvmmsg(self->fd[1], (struct mmsghdr *)self->edge, 1, 0, NULL));
	EXPECT_TRUE(waits(self->fd[1], 8));
	for (i = 0; i < 2; i++)
		iov[i].iov_base = buf[i];
	EXPECT_EQ(2, recvmmsg(self->fd[1], m, 3, 0, NULL));
	EXPECT_EQ(0, memcmp(buf, "aaaabbbb", 8));
	/* the receiver hears of it later */
	LAB_ERRNO(EFAULT, recv(self->fd[1], buf, 1, MSG_DONTWAIT));
	LAB_ERRNO(EAGAIN, recv(self->fd[1], buf, 1, MSG_DONTWAIT));
}

/* recvmmsg() and its time limit */
TEST_F(bad_arguments, many_messages_limit)
{
	struct timespec never = { .tv_nsec = 1000000000 }, before = { .tv_sec = -1 };
	char c;
	struct iovec iov = { &c, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	int fd = self->fd[1];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 2));
	EXPECT_TRUE(waits(fd, 2));
	LAB_ERRNO(EINVAL, recvmmsg(fd, &m, 1, 0, &never));
	LAB_ERRNO(EINVAL, recvmmsg(fd, &m, 1, 0, &before));
	LAB_ERRNO(EFAULT, recvmmsg(fd, &m, 1, 0, BAD));
	EXPECT_TRUE(waits(fd, 2));
}

/* Sockets for calls that wait for any of them */
enum { NEW, LISTENING, CONNECTED, SHUT, RESET, N_STATES };

static int in_state(const struct lab *lab, int state)
{
	const struct linger hard = { .l_onoff = 1 };
	int fd[2];

	if (state == NEW)
		return lab_socket(lab, 0);
	if (state == LISTENING)
		return lab_listen(lab, 0, 1);
	if (lab_pair(lab, fd))
		return -1;
	if (state == SHUT && shutdown(fd[1], SHUT_WR))
		return lab_fail("shutdown(): %s", strerror(errno));
	if (state == RESET) {
		setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd[1]);
	}
	if (state > CONNECTED && !lab_wait(fd[0], POLLRDHUP))
		return lab_fail("no end came");
	return fd[0];
}

/* What was refused has looked at nothing: a connection's error, say, is still to be told. */
static void unharmed(struct __test_metadata *_metadata, int fd, int state)
{
	EXPECT_EQ(state == RESET ? ECONNRESET : 0, lab_so_error(fd));
	close(fd);
}

TEST_F(bad_arguments, poll)
{
	struct pollfd *fds = (struct pollfd *)self->edge;
	struct timespec never = { .tv_nsec = 1000000000 }, before = { .tv_sec = -1 };
	struct timespec at_once = { 0, 0 };
	struct rlimit few;
	int state, fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &few));
	few.rlim_cur = 64;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	for (state = 0; state < N_STATES; state++) {
		fd = LAB_FD(in_state(&self->lab, state));
		fds[-1] = (struct pollfd){ .fd = fd, .events = POLLIN, .revents = 0x5555 };
		LAB_ERRNO(EFAULT, poll(BAD, 1, 0));
		LAB_ERRNO(EFAULT, poll(fds, 1, 0));
		LAB_ERRNO(EFAULT, poll(fds - 1, 2, 0));
		/* more than the program could have open, whatever the pointer */
		LAB_ERRNO(EINVAL, poll(fds - 1, 65, 0));
		LAB_ERRNO(EINVAL, poll(BAD, 65, 0));
		LAB_ERRNO(EINVAL, poll(fds - 1, (unsigned int)minus_one, 0));
		EXPECT_EQ(0, poll(BAD, 0, 0));
		/* the C library would look at the limit itself */
		LAB_ERRNO(EINVAL, syscall(SYS_ppoll, fds - 1, 1, &never, NULL, 8));
		LAB_ERRNO(EINVAL, syscall(SYS_ppoll, fds - 1, 1, &before, NULL, 8));
		LAB_ERRNO(EFAULT, syscall(SYS_ppoll, fds - 1, 1, BAD, NULL, 8));
		LAB_ERRNO(EFAULT, syscall(SYS_ppoll, fds - 1, 1, &at_once, BAD, 8));
		LAB_ERRNO(EINVAL, syscall(SYS_ppoll, fds - 1, 1, &at_once, fds - 1, 7));
		EXPECT_EQ(0x5555, fds[-1].revents);
		/* none that is open, and no descriptor at all: the one shows, the other does not */
		fds[-2] = (struct pollfd){ .fd = fd, .events = POLLIN };
		close(fd);
		fds[-1].fd = minus_one;
		EXPECT_EQ(1, poll(fds - 2, 2, 0));
		EXPECT_EQ(POLLNVAL, fds[-2].revents);
		EXPECT_EQ(0, fds[-1].revents);
		/* asked, and the answer has no place to go: what it was about stays */
		fd = LAB_FD(in_state(&self->lab, state));
		fds[-1].fd = fd;
		ASSERT_EQ(0, mprotect(self->edge - 4096, 4096, PROT_READ));
		LAB_ERRNO(EFAULT, poll(fds - 1, 1, 0));
		ASSERT_EQ(0, mprotect(self->edge - 4096, 4096, PROT_READ | PROT_WRITE));
		unharmed(_metadata, fd, state);
	}
}

TEST_F(bad_arguments, select)
{
	struct timeval before = { -1, 0 }, less = { 0, -1 }, at_once = { 0, 0 };
	struct timespec never = { .tv_nsec = 1000000000 }, soon = { 0, 0 };
	struct { void *mask; size_t size; } mask = { BAD, 8 };
	int state, fd, i;
	fd_set in, was;

	for (state = 0; state < N_STATES; state++) {
		fd = LAB_FD(in_state(&self->lab, state));
		FD_ZERO(&in);
		FD_SET(fd, &in);
		was = in;
		/* the C library would look at the limit itself */
		for (i = 0; i < 3; i++) {
			fd_set *set[3] = { &in, &in, &in };

			set[i] = BAD;
			LAB_ERRNO(EFAULT, syscall(SYS_select, fd + 1, set[0], set[1], set[2],
						  &at_once));
			LAB_ERRNO(EFAULT, syscall(SYS_pselect6, fd + 1, set[0], set[1], set[2],
						  &soon, NULL));
			set[i] = (fd_set *)self->edge;
			LAB_ERRNO(EFAULT, syscall(SYS_select, fd + 1, set[0], set[1], set[2],
						  &at_once));
		}
		LAB_ERRNO(EINVAL, syscall(SYS_select, minus_one, &in, NULL, NULL, &at_once));
		LAB_ERRNO(EINVAL, syscall(SYS_select, INT_MIN, BAD, NULL, NULL, &at_once));
		LAB_ERRNO(EINVAL, syscall(SYS_select, fd + 1, &in, NULL, NULL, &before));
		LAB_ERRNO(EINVAL, syscall(SYS_select, fd + 1, &in, NULL, NULL, &less));
		LAB_ERRNO(EFAULT, syscall(SYS_select, fd + 1, &in, NULL, NULL, BAD));
		LAB_ERRNO(EINVAL, syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, &never, NULL));
		LAB_ERRNO(EFAULT, syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, BAD, NULL));
		LAB_ERRNO(EFAULT, syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, &soon, BAD));
		LAB_ERRNO(EFAULT, syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, &soon, &mask));
		mask.size = 7;
		LAB_ERRNO(EINVAL, syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, &soon, &mask));
		mask.size = 8;
		EXPECT_EQ(0, memcmp(&in, &was, sizeof(in)));
		/* none are looked at */
		EXPECT_EQ(0, syscall(SYS_select, 0, BAD, BAD, BAD, &at_once));
		unharmed(_metadata, fd, state);
		LAB_ERRNO(EBADF, syscall(SYS_select, fd + 1, &in, NULL, NULL, &at_once));
	}
}

TEST_F(bad_arguments, epoll_ctl)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), other = epoll_create1(EPOLL_CLOEXEC), state, fd;
	struct epoll_event ev = { .events = EPOLLIN }, alone = { .events = EPOLLEXCLUSIVE };
	unsigned int i;
	/* the only companions of EPOLLEXCLUSIVE are IN, OUT, ERR, HUP, WAKEUP and ET */
	static const unsigned int apart[] = { EPOLLPRI, EPOLLRDHUP, EPOLLONESHOT, EPOLLMSG };

	LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	alone.events |= EPOLLIN;
	LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, other, &alone));
	for (state = 0; state < N_STATES; state++) {
		fd = LAB_FD(in_state(&self->lab, state));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, 0, fd, &ev));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, 4, fd, &ev));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, minus_one, fd, &ev));
		/* a socket is no set */
		LAB_ERRNO(EINVAL, epoll_ctl(fd, EPOLL_CTL_ADD, ep, &ev));
		LAB_ERRNO(EINVAL, epoll_ctl(fd, EPOLL_CTL_ADD, fd, &ev));
		LAB_ERRNO(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, minus_one, &ev));
		LAB_ERRNO(EBADF, epoll_ctl(minus_one, EPOLL_CTL_ADD, fd, &ev));
		LAB_ERRNO(EFAULT, epoll_ctl(ep, EPOLL_CTL_ADD, fd, BAD));
		LAB_ERRNO(ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
		LAB_ERRNO(ENOENT, epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev));
		for (i = 0; i < ARRAY_SIZE(apart); i++) {
			ev.events = EPOLLIN | EPOLLEXCLUSIVE | apart[i];
			LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
		}
		ev.events = EPOLLIN;
		/* nothing of all that has put it in */
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
		LAB_ERRNO(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
		LAB_ERRNO(EFAULT, epoll_ctl(ep, EPOLL_CTL_MOD, fd, BAD));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_MOD, fd, &alone));
		/* for this no event is looked at */
		EXPECT_EQ(0, epoll_ctl(ep, EPOLL_CTL_DEL, fd, BAD));
		LAB_ERRNO(ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, fd, BAD));
		/* an exclusive one stays what it is */
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &alone));
		LAB_ERRNO(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &alone));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev));
		LAB_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_MOD, fd, &alone));
		EXPECT_EQ(0, epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
		unharmed(_metadata, fd, state);
	}
}

TEST_F(bad_arguments, epoll_wait)
{
	struct epoll_event ev = { .events = EPOLLOUT }, *out = (struct epoll_event *)self->edge;
	struct timespec never = { .tv_nsec = 1000000000 };
	int state, fd, ep;

	for (state = 0; state < N_STATES; state++) {
		bool ready = state != LISTENING;

		ep = epoll_create1(EPOLL_CLOEXEC);
		fd = LAB_FD(in_state(&self->lab, state));
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
		LAB_ERRNO(EINVAL, epoll_wait(ep, out - 1, 0, 0));
		LAB_ERRNO(EINVAL, epoll_wait(ep, out - 1, minus_one, 0));
		LAB_ERRNO(EINVAL, epoll_wait(ep, out - 1, INT_MAX, 0));
		LAB_ERRNO(EINVAL, epoll_wait(fd, out - 1, 1, 0));
		LAB_ERRNO(EBADF, epoll_wait(minus_one, out - 1, 1, 0));
		LAB_ERRNO(EFAULT, epoll_wait(ep, (void *)LONG_MIN, 1, 0));
		LAB_ERRNO(EFAULT, epoll_pwait(ep, out - 1, 1, 0, BAD));
		LAB_ERRNO(EINVAL, syscall(SYS_epoll_pwait2, ep, out - 1, 1, &never, NULL, 8));
		LAB_ERRNO(EFAULT, syscall(SYS_epoll_pwait2, ep, out - 1, 1, BAD, NULL, 8));
		/* a page that is not there shows only when there is something to be told */
		if (ready) {
			LAB_ERRNO(EFAULT, epoll_wait(ep, BAD, 1, 0));
			LAB_ERRNO(EFAULT, epoll_wait(ep, out, 1, 0));
		} else {
			EXPECT_EQ(0, epoll_wait(ep, BAD, 1, 0));
		}
		/* and what could not be told is told the next time */
		EXPECT_EQ(ready, epoll_wait(ep, out - 1, 1, 0));
		close(ep);
		unharmed(_metadata, fd, state);
	}
}

/* An error queue with nothing in it: that is all it says, whatever else is bad. */
TEST_F(bad_arguments, error_queue_empty)
{
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int state, fd;

	for (state = 0; state < N_STATES; state++) {
		fd = LAB_FD(in_state(&self->lab, state));
		LAB_ERRNO(EFAULT, recvmsg(fd, BAD, MSG_ERRQUEUE));
		msg.msg_iov = BAD;
		LAB_ERRNO(EFAULT, recvmsg(fd, &msg, MSG_ERRQUEUE));
		msg.msg_iov = &iov;
		iov.iov_len = SIZE_MAX;
		LAB_ERRNO(EINVAL, recvmsg(fd, &msg, MSG_ERRQUEUE));
		iov.iov_len = 1;
		iov.iov_base = BAD;
		LAB_ERRNO(EAGAIN, recvmsg(fd, &msg, MSG_ERRQUEUE));
		msg.msg_control = BAD;
		msg.msg_controllen = 64;
		LAB_ERRNO(EAGAIN, recvmsg(fd, &msg, MSG_ERRQUEUE));
		msg.msg_name = BAD;
		msg.msg_namelen = 16;
		LAB_ERRNO(EAGAIN, recvmsg(fd, &msg, MSG_ERRQUEUE));
		msg.msg_namelen = minus_one;
		LAB_ERRNO(EINVAL, recvmsg(fd, &msg, MSG_ERRQUEUE));
		LAB_ERRNO(EAGAIN, recv(fd, BAD, 1, MSG_ERRQUEUE | MSG_PEEK));
		LAB_ERRNO(EAGAIN, recv(fd, BAD, 1, MSG_ERRQUEUE | MSG_OOB));
		msg = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
		iov.iov_base = &c;
		unharmed(_metadata, fd, state);
	}
}

/* Send an octet of which the error queue will tell, with or without a copy of it. */
static bool reported(int fd, int flags)
{
	int n;

	return !lab_set_opt(fd, SOL_SOCKET, SO_TIMESTAMPING,
			    SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | flags) &&
	       send(fd, "x", 1, 0) == 1 && LAB_UNTIL(!ioctl(fd, SIOCOUTQ, &n) && !n) &&
	       lab_wait(fd, POLLERR) & POLLERR;
}

/* One with a report in it: to be lost, or without what has no place */
TEST_F(bad_arguments, error_queue)
{
	char control[512] = { 0 };
	struct iovec iov = { BAD, 100 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = self->fd[0];

	/* nothing was taken where the call itself could not be read */
	ASSERT_TRUE(reported(fd, SOF_TIMESTAMPING_OPT_TSONLY));
	LAB_ERRNO(EFAULT, recvmsg(fd, BAD, MSG_ERRQUEUE));
	msg.msg_iov = BAD;
	LAB_ERRNO(EFAULT, recvmsg(fd, &msg, MSG_ERRQUEUE));
	msg.msg_iov = &iov;
	EXPECT_EQ(POLLERR, lab_poll(fd, 0, 0));
	/* there is nothing to be copied to a bad place */
	EXPECT_EQ(0, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(MSG_ERRQUEUE | MSG_CTRUNC, msg.msg_flags);
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	/* the octet is: the report is lost with it */
	ASSERT_TRUE(reported(fd, 0));
	LAB_ERRNO(EFAULT, recvmsg(fd, &msg, MSG_ERRQUEUE));
	LAB_ERRNO(EAGAIN, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	/* a bad place for control messages: none, and nobody complains */
	ASSERT_TRUE(reported(fd, SOF_TIMESTAMPING_OPT_TSONLY));
	msg.msg_control = BAD;
	msg.msg_controllen = sizeof(control);
	EXPECT_EQ(0, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(0, msg.msg_controllen);
	EXPECT_EQ(MSG_ERRQUEUE, msg.msg_flags);
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	/* a report has no name */
	ASSERT_TRUE(reported(fd, SOF_TIMESTAMPING_OPT_TSONLY));
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	msg.msg_name = BAD;
	msg.msg_namelen = 64;
	EXPECT_EQ(0, recvmsg(fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(0, msg.msg_namelen);
	EXPECT_LT(0, msg.msg_controllen);
	EXPECT_EQ(0, lab_poll(fd, 0, 0));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_TIMESTAMPING, 0));
	EXPECT_EQ(4, recv(self->fd[1], control, 4, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(control, "xxxx", 4));
}

/* ioctl() in each state: a bad pointer is found where there is something to be said. */
TEST_F(bad_arguments, ioctls_bad_in_each_state)
{
	int state, fd;

	for (state = 0; state < N_STATES; state++) {
		bool listener = state == LISTENING;

		fd = LAB_FD(in_state(&self->lab, state));
		LAB_ERRNO(listener ? EINVAL : EFAULT, ioctl(fd, SIOCINQ, BAD));
		LAB_ERRNO(listener ? EINVAL : EFAULT, ioctl(fd, SIOCOUTQ, BAD));
		LAB_ERRNO(listener ? EINVAL : EFAULT, ioctl(fd, SIOCOUTQNSD, self->edge));
		LAB_ERRNO(EFAULT, ioctl(fd, SIOCATMARK, BAD));
		LAB_ERRNO(EFAULT, ioctl(fd, SIOCATMARK, self->edge));
		unharmed(_metadata, fd, state);
	}
}

/* Names and levels below zero are those of nobody. */
TEST_F(bad_arguments, negative_options)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, -1, -2,
				      INT_MIN };
	static const int names[] = { -1, -2, -128, INT_MIN, INT_MIN + 1 };
	bool six = self->lab.family == AF_INET6;
	unsigned int l, n;
	int state, fd, v;
	socklen_t len;

	for (state = 0; state < N_STATES; state++) {
		fd = LAB_FD(in_state(&self->lab, state));
		for (l = 0; l < ARRAY_SIZE(levels); l++) {
			/* what is known neither as a level nor as IP's, IP does not support */
			bool strange = levels[l] != SOL_SOCKET && levels[l] != IPPROTO_IP &&
				       levels[l] != IPPROTO_TCP;
			int err = strange && !six ? EOPNOTSUPP : ENOPROTOOPT;

			for (n = 0; n < ARRAY_SIZE(names); n++) {
				v = 1;
				len = sizeof(v);
				LAB_ERRNO(ENOPROTOOPT, setsockopt(fd, levels[l], names[n], &v, 4));
				LAB_ERRNO(EINVAL, setsockopt(fd, levels[l], names[n], &v, -1));
				LAB_ERRNO(err, getsockopt(fd, levels[l], names[n], &v, &len));
				EXPECT_EQ(1, v);
				EXPECT_EQ(4, len);
			}
		}
		unharmed(_metadata, fd, state);
	}
}

TEST_HARNESS_MAIN
