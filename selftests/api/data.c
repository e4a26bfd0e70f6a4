// SPDX-License-Identifier: GPL-2.0
/* Sending and receiving: each flag, each size, each end. */
#include "harness.h"

#include <sys/uio.h>
#include <netinet/tcp.h>

#define INQ	0x541b	/* SIOCINQ */
#define OUTQ	0x5411	/* SIOCOUTQ */

FIXTURE(data) { struct lab lab; int fd[2]; };
LAB_VARIANTS(data);
FIXTURE_SETUP(data)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
}

FIXTURE_TEARDOWN(data) { }

TEST_F(data, there_and_back)
{
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 10000));
	LAB_OK(lab_send(self->fd[1], LAB_TO_KERNEL, 0, 10000));
	LAB_OK(lab_recv(self->fd[0], LAB_TO_KERNEL, 0, 10000));
}

/* More than any buffer holds, both ways at once */
TEST_F(data, megabytes)
{
	const size_t len = 4 << 20;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(lab_exchange(self->fd[1], LAB_TO_KERNEL, len, LAB_TO_PEER, len, 0) ? 1 : 0);
	LAB_OK(lab_exchange(self->fd[0], LAB_TO_PEER, len, LAB_TO_KERNEL, len, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Writes of one byte, and reads of one */
TEST_F(data, byte_by_byte)
{
	int i;

	for (i = 0; i < 2000; i++)
		LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, i, 1));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
	for (i = 1000; i < 2000; i++)
		LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, i, 1));
}

TEST_F(data, vectors)
{
	char a[100], b[1], c[3000], d[3101];
	struct iovec out[] = { { a, sizeof(a) }, { b, sizeof(b) }, { NULL, 0 }, { c, sizeof(c) } };
	struct iovec in[] = { { d, 50 }, { d + 50, 3000 }, { d + 3050, 51 } };

	lab_fill(a, LAB_TO_PEER, 0, 100);
	lab_fill(b, LAB_TO_PEER, 100, 1);
	lab_fill(c, LAB_TO_PEER, 101, 3000);
	ASSERT_EQ(3101, writev(self->fd[0], out, 4));
	EXPECT_TRUE(LAB_UNTIL(recv(self->fd[1], d, sizeof(d), MSG_PEEK) == 3101));
	ASSERT_EQ(3101, readv(self->fd[1], in, 3));
	LAB_OK(lab_verify(d, LAB_TO_PEER, 0, 3101));
}

TEST_F(data, would_block)
{
	char buf[65536] = { 0 };
	ssize_t n;

	LAB_ERRNO(EAGAIN, recv(self->fd[0], buf, 1, MSG_DONTWAIT));
	LAB_OK(lab_nonblock(self->fd[0], true));
	LAB_ERRNO(EAGAIN, recv(self->fd[0], buf, 1, 0));
	do {
		n = send(self->fd[0], buf, sizeof(buf), 0);
	} while (n > 0);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, lab_poll(self->fd[0], POLLOUT, 0));
}

TEST_F(data, peek)
{
	char buf[100];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	EXPECT_TRUE(LAB_UNTIL(recv(self->fd[1], buf, 100, MSG_PEEK) == 100));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 100));
	EXPECT_EQ(10, recv(self->fd[1], buf, 10, MSG_PEEK));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 100));
	LAB_ERRNO(EAGAIN, recv(self->fd[1], buf, 1, MSG_PEEK | MSG_DONTWAIT));
}

/* MSG_WAITALL: all, though it comes in pieces; less at the end of the stream */
TEST_F(data, wait_all)
{
	char buf[3000];
	int i, status;
	pid_t pid = fork();

	if (!pid) {
		for (i = 0; i < 30; i++) {
			if (lab_send(self->fd[0], LAB_TO_PEER, i * 100, 100))
				_exit(1);
			LAB_UNTIL(lab_asleep(getppid()));
		}
		shutdown(self->fd[0], SHUT_WR);
		_exit(0);
	}
	ASSERT_EQ(2900, recv(self->fd[1], buf, 2900, MSG_WAITALL));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 2900));
	ASSERT_EQ(100, recv(self->fd[1], buf, 2900, MSG_WAITALL));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 2900, 100));
	ASSERT_EQ(0, recv(self->fd[1], buf, 2900, MSG_WAITALL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* MSG_TRUNC on a stream: bytes are thrown away instead of copied */
TEST_F(data, trunc)
{
	char buf[100];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 200));
	EXPECT_TRUE(LAB_UNTIL(recv(self->fd[1], NULL, 200, MSG_PEEK | MSG_TRUNC) == 200));
	memset(buf, 0x5a, sizeof(buf));
	EXPECT_EQ(100, recv(self->fd[1], buf, 100, MSG_TRUNC));
	EXPECT_EQ(0x5a, buf[0]);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 100, 100));
}

TEST_F(data, queue_lengths)
{
	int n;

	ASSERT_EQ(0, ioctl(self->fd[1], INQ, &n));
	EXPECT_EQ(0, n);
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1000));
	EXPECT_TRUE(LAB_UNTIL(!ioctl(self->fd[1], INQ, &n) && n == 1000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 300));
	ASSERT_EQ(0, ioctl(self->fd[1], INQ, &n));
	EXPECT_EQ(700, n);
	EXPECT_TRUE(LAB_UNTIL(!ioctl(self->fd[0], OUTQ, &n) && n == 0));
}

TEST_F(data, queue_lengths_of_listener)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), n;

	LAB_ERRNO(EINVAL, ioctl(listener, INQ, &n));
	LAB_ERRNO(EINVAL, ioctl(listener, OUTQ, &n));
	LAB_ERRNO(ENOTTY, ioctl(listener, 0x12345, &n));
}

TEST_F(data, nothing)
{
	char c = 0;

	EXPECT_EQ(0, send(self->fd[0], &c, 0, 0));
	/* Linux: even a read of no bytes waits for one */
	LAB_ERRNO(EAGAIN, recv(self->fd[1], &c, 0, MSG_DONTWAIT));
	LAB_ERRNO(EAGAIN, recv(self->fd[1], &c, 1, MSG_DONTWAIT));
}

TEST_F(data, bad_pointers)
{
	LAB_ERRNO(EFAULT, send(self->fd[0], NULL, 100, 0));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(lab_wait(self->fd[1], POLLIN));
	LAB_ERRNO(EFAULT, recv(self->fd[1], NULL, 100, 0));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 100));
}

/* An address with the data is ignored on a connected stream. */
TEST_F(data, sendto_ignores_address)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);

	EXPECT_EQ(1, sendto(self->fd[0], "x", 1, 0, (struct sockaddr *)&ss, len));
	len = sizeof(ss);
	memset(&ss, 0, sizeof(ss));
	EXPECT_TRUE(lab_wait(self->fd[1], POLLIN));
	EXPECT_EQ(1, recvfrom(self->fd[1], &ss, 1, 0, NULL, NULL));
}

/* MSG_MORE holds a small segment back, until something follows without it. */
TEST_F(data, more)
{
	char buf[20];

	ASSERT_EQ(5, send(self->fd[0], "hello", 5, MSG_MORE));
	ASSERT_EQ(6, send(self->fd[0], " world", 6, 0));
	EXPECT_TRUE(LAB_UNTIL(recv(self->fd[1], buf, 20, MSG_PEEK | MSG_DONTWAIT) == 11));
	EXPECT_EQ(0, memcmp(buf, "hello world", 11));
}

TEST_F(data, broken_pipe)
{
	char c = 0;

	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
	signal(SIGPIPE, SIG_IGN);
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, 0));
}

static volatile sig_atomic_t pipes;
static void on_pipe(int sig)
{
	pipes++;
}

TEST_F(data, sigpipe)
{
	char c = 0;

	signal(SIGPIPE, on_pipe);
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, pipes);
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, 0));
	EXPECT_EQ(1, pipes);
}

/* The peer closed with data unread: we are told by a reset. */
TEST_F(data, reset_by_unread_data)
{
	char c;

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(lab_wait(self->fd[1], POLLIN));
	close(self->fd[1]);
	EXPECT_TRUE(lab_wait(self->fd[0], POLLIN) & POLLERR);
	LAB_ERRNO(ECONNRESET, recv(self->fd[0], &c, 1, 0));
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
}

/* The peer closed gently: what we write then is answered by a reset. */
TEST_F(data, write_to_closed)
{
	char c = 0;

	close(self->fd[1]);
	LAB_OK(lab_recv_eof(self->fd[0]));
	EXPECT_EQ(1, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
	EXPECT_TRUE(LAB_UNTIL(lab_poll(self->fd[0], POLLIN, 0) & POLLHUP));
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
}

TEST_F(data, errqueue_and_oob_empty)
{
	char c;

	LAB_ERRNO(EINVAL, recv(self->fd[0], &c, 1, MSG_OOB));
	LAB_ERRNO(EAGAIN, recv(self->fd[0], &c, 1, MSG_ERRQUEUE));
}

TEST_HARNESS_MAIN
