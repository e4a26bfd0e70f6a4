// SPDX-License-Identifier: GPL-2.0
/* Bad pointers and lengths: an errno, and nothing of the stream is lost or made up */
#include "harness.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>
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

TEST_HARNESS_MAIN
