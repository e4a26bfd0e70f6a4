// SPDX-License-Identifier: GPL-2.0
/* Many buffers in a call, many calls in one, and the flags of send() and recv(). */
#define _GNU_SOURCE
#include "harness.h"

#include <limits.h>
#include <sys/uio.h>

LAB_FIXTURE(messages);

static bool readable(int fd, int bytes)
{
	int n = 0;

	return !ioctl(fd, FIONREAD, &n) && n >= bytes;
}

/* Odd sizes, empty ones among them */
TEST_F(messages, vectors)
{
	static uint8_t out[60000], in[60000];
	static struct iovec v[UIO_MAXIOV + 1];
	size_t at = 0, i;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	lab_fill(out, LAB_TO_PEER, 0, sizeof(out));
	for (i = 0; i < 64; i++) {
		v[i].iov_base = out + at;
		v[i].iov_len = i % 5 ? i * 17 % 1500 : 0;
		at += v[i].iov_len;
	}
	ASSERT_EQ(at, writev(fd[0], v, 64));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], at)));
	for (i = 0; i < 64; i++)
		v[i].iov_base = in + ((uint8_t *)v[i].iov_base - out);
	ASSERT_EQ(at, readv(fd[1], v, 64));
	LAB_OK(lab_verify(in, LAB_TO_PEER, 0, at));
	EXPECT_EQ(0, writev(fd[0], v, 0));
	EXPECT_EQ(0, readv(fd[1], v, 0));
	LAB_ERRNO(EINVAL, writev(fd[0], v, UIO_MAXIOV + 1));
	LAB_ERRNO(EINVAL, readv(fd[1], v, UIO_MAXIOV + 1));
}

/* What can be taken before a bad address is taken. */
TEST_F(messages, bad_addresses)
{
	uint8_t buf[100];
	struct iovec v[2] = { { buf, sizeof(buf) }, { (void *)8, 100 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = UIO_MAXIOV + 1 };
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_ERRNO(EFAULT, send(fd[0], (void *)8, 100, 0));
	LAB_ERRNO(EMSGSIZE, sendmsg(fd[0], &m, 0));
	LAB_ERRNO(EMSGSIZE, recvmsg(fd[0], &m, 0));
	LAB_ERRNO(EFAULT, sendmsg(fd[0], (void *)8, 0));
	lab_fill(buf, LAB_TO_PEER, 0, sizeof(buf));
	/* none of one copy is taken, or all of it */
	LAB_ERRNO(EFAULT, writev(fd[0], v, 2));
	EXPECT_EQ(100, send(fd[0], buf, 100, 0));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 100)));
	LAB_ERRNO(EFAULT, recv(fd[1], (void *)8, 100, 0));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100));
}

TEST_F(messages, many_in_one)
{
	uint8_t out[10][1000], in[10][1000];
	struct mmsghdr m[10] = { };
	struct iovec v[10];
	struct timespec soon = { .tv_nsec = 1000000 }, bad = { .tv_nsec = 2000000000 };
	int fd[2], i;

	LAB_OK(lab_pair(&self->lab, fd));
	for (i = 0; i < 10; i++) {
		lab_fill(out[i], LAB_TO_PEER, i * 1000, 1000);
		v[i].iov_base = out[i];
		v[i].iov_len = 1000;
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(10, sendmmsg(fd[0], m, 10, 0));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(1000, m[i].msg_len);
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 10000)));
	for (i = 0; i < 10; i++)
		v[i].iov_base = in[i];
	ASSERT_EQ(4, recvmmsg(fd[1], m, 4, 0, NULL));
	ASSERT_EQ(6, recvmmsg(fd[1], m + 4, 6, MSG_WAITFORONE, NULL));
	LAB_OK(lab_verify(in, LAB_TO_PEER, 0, 10000));
	LAB_ERRNO(EAGAIN, recvmmsg(fd[1], m, 1, MSG_DONTWAIT, NULL));
	LAB_ERRNO(EINVAL, recvmmsg(fd[1], m, 1, 0, &bad));
	/* the first is waited for, the others need not come */
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1500));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 1500)));
	EXPECT_EQ(2, recvmmsg(fd[1], m, 10, MSG_WAITFORONE, NULL));
	EXPECT_EQ(500, m[1].msg_len);
	/* the time is looked at when something came */
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 10));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 10)));
	EXPECT_EQ(1, recvmmsg(fd[1], m, 10, MSG_WAITFORONE, &soon));
	EXPECT_EQ(0, sendmmsg(fd[0], m, 0, 0));
	/* an error after the first is kept for the next call */
	v[1].iov_base = (void *)8;
	EXPECT_EQ(1, sendmmsg(fd[0], m, 3, 0));
}

TEST_F(messages, peek)
{
	uint8_t buf[1000];
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_ERRNO(EAGAIN, recv(fd[1], buf, 10, MSG_PEEK | MSG_DONTWAIT));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 600));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 600, 600));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 1200)));
	EXPECT_EQ(10, recv(fd[1], buf, 10, MSG_PEEK));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 10));
	EXPECT_EQ(1000, recv(fd[1], buf, 1000, MSG_PEEK));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 1000));
	EXPECT_EQ(1000, recv(fd[1], buf, 1000, MSG_PEEK | MSG_WAITALL));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1200));
	/* the end can be looked at again and again, too */
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, recv(fd[1], buf, 10, MSG_PEEK));
	EXPECT_EQ(0, recv(fd[1], buf, 10, MSG_PEEK));
	EXPECT_EQ(0, recv(fd[1], buf, 10, 0));
}

/* MSG_TRUNC: thrown away without a look */
TEST_F(messages, trunc)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 30000));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 30000)));
	EXPECT_EQ(100, recv(fd[1], NULL, 100, MSG_TRUNC | MSG_PEEK));
	EXPECT_EQ(10000, recv(fd[1], NULL, 10000, MSG_TRUNC));
	EXPECT_EQ(10000, recv(fd[1], (void *)8, 10000, MSG_TRUNC));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 20000, 10000));
	LAB_ERRNO(EAGAIN, recv(fd[1], NULL, 1, MSG_TRUNC | MSG_DONTWAIT));
}

TEST_F(messages, names_and_flags)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	uint8_t buf[100], control[100];
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr m = {
		.msg_name = &ss, .msg_namelen = sizeof(ss), .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control), .msg_flags = -1,
	};
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	/* flags that say nothing to a stream */
	EXPECT_EQ(100, send(fd[0], buf, 100, MSG_EOR | MSG_CONFIRM | MSG_DONTROUTE | MSG_NOSIGNAL));
	ASSERT_TRUE(LAB_UNTIL(readable(fd[1], 100)));
	EXPECT_EQ(50, recvfrom(fd[1], buf, 50, 0, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(0, len);
	EXPECT_EQ(50, recvmsg(fd[1], &m, 0));
	EXPECT_EQ(0, m.msg_namelen);
	EXPECT_EQ(0, m.msg_controllen);
	EXPECT_EQ(0, m.msg_flags & ~MSG_CMSG_CLOEXEC);
	LAB_ERRNO(EAGAIN, recvmsg(fd[1], &m, MSG_ERRQUEUE));
	/* the address of a connected socket is not looked at */
	len = lab_loopback(&self->lab, 1, &ss);
	EXPECT_EQ(1, sendto(fd[0], buf, 1, 0, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EINVAL, sendto(fd[0], buf, 1, 0, (struct sockaddr *)&ss, sizeof(ss) + 1));
	EXPECT_EQ(0, send(fd[0], buf, 0, 0));
	EXPECT_EQ(0, send(fd[0], NULL, 0, MSG_MORE));
}

/* MSG_WAITALL: all, or what there was before the end */
TEST_F(messages, wait_all)
{
	uint8_t buf[1000];
	int fd[2], status;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 400));
	EXPECT_EQ(400, recv(fd[1], buf, 1000, MSG_WAITALL | MSG_DONTWAIT));
	pid = fork();
	if (!pid) {
		ssize_t n = recv(fd[1], buf, 1000, MSG_WAITALL);

		_exit(n == 1000 && !lab_verify(buf, LAB_TO_PEER, 400, 1000) ? 0 : 1);
	}
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 400, 999));
	ASSERT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 1399, 101));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(100, recv(fd[1], buf, 1000, MSG_WAITALL));
	EXPECT_EQ(0, recv(fd[1], buf, 1000, MSG_WAITALL));
}

TEST_HARNESS_MAIN
