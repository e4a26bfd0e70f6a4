// SPDX-License-Identifier: GPL-2.0
/* sendfile(), splice(), tee(), vmsplice(): data that a program passes on without reading it. */
#define _GNU_SOURCE
#include "harness.h"

#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

FIXTURE(splice) { struct lab lab; int fd[2], pipe[2]; };
LAB_VARIANTS(splice);
FIXTURE_SETUP(splice)
{
	LAB_BEGIN(&self->lab);
	signal(SIGPIPE, SIG_IGN);
	LAB_OK(lab_pair(&self->lab, self->fd));
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
}

FIXTURE_TEARDOWN(splice) { }

static bool readable(int fd, int bytes)
{
	int n = 0;

	return !ioctl(fd, FIONREAD, &n) && n >= bytes;
}

/* A file with the first @len bytes of the stream */
static int stream_file(size_t len)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	uint8_t buf[8192];
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < sizeof(buf) ? len - at : sizeof(buf);
		lab_fill(buf, LAB_TO_PEER, at, n);
		if (write(fd, buf, n) != n)
			return lab_fail("write: %s", strerror(errno));
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Read what there is, and look at it. */
static int drain(int fd, size_t *at)
{
	static uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		if (lab_verify(buf, LAB_TO_PEER, *at, n))
			return -1;
		*at += n;
	}
	return n < 0 && errno != EAGAIN ? lab_fail("recv: %s", strerror(errno)) : 0;
}

/* More than all buffers hold: the socket says EAGAIN, and is writable again. */
TEST_F_TIMEOUT(splice, sendfile_large, lab_secs(60))
{
	size_t len = 12345678, got = 0;
	int file = LAB_FD(stream_file(len)), again = 0;
	off_t at = 0;

	LAB_OK(lab_nonblock(self->fd[0], true));
	while (got < len) {
		ssize_t n = sendfile(self->fd[0], file, &at, len - at);

		if (n < 0) {
			ASSERT_EQ(EAGAIN, errno);
			again++;
			LAB_OK(drain(self->fd[1], &got));
		} else if (!n) {
			ASSERT_EQ(len, at);
			LAB_OK(drain(self->fd[1], &got));
		}
	}
	EXPECT_LT(0, again);
	EXPECT_EQ(len, at);
	EXPECT_TRUE(LAB_UNTIL(lab_poll(self->fd[0], POLLOUT, 0) == POLLOUT));
}

/* A blocking one goes on as the peer reads. */
TEST_F_TIMEOUT(splice, sendfile_waits, lab_secs(60))
{
	size_t len = 8 << 20;
	int file = LAB_FD(stream_file(len)), status;
	pid_t pid = fork();

	if (!pid) {
		close(self->fd[1]);
		_exit(sendfile(self->fd[0], file, NULL, len) == len ? 0 : 1);
	}
	close(self->fd[0]);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, len));
	LAB_OK(lab_recv_eof(self->fd[1]));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* The file is shorter than what was asked for: nothing is held back. */
TEST_F(splice, sendfile_short)
{
	int file = LAB_FD(stream_file(5001));
	off_t at = 1;

	EXPECT_EQ(5000, sendfile(self->fd[0], file, &at, 100000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 1, 5000));
	EXPECT_EQ(0, sendfile(self->fd[0], file, &at, 100000));
	EXPECT_EQ(0, sendfile(self->fd[0], file, &at, 0));
	LAB_ERRNO(EAGAIN, recv(self->fd[1], &at, 1, MSG_DONTWAIT));
}

/* What was written before, behind, and between stays in order. */
TEST_F(splice, sendfile_mixed)
{
	int file = LAB_FD(stream_file(100000)), i;
	size_t got = 0;
	off_t at;

	for (i = 0; i < 10; i++) {
		at = i * 10000 + 3000;
		LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, i * 10000, 3000));
		ASSERT_EQ(5000, sendfile(self->fd[0], file, &at, 5000));
		LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, at, 2000));
		while (got < (i + 1) * 10000)
			LAB_OK(drain(self->fd[1], &got));
	}
	EXPECT_EQ(100000, got);
}

/* The program owns the file: what it changes after sendfile() may be seen, and harms nobody. */
TEST_F(splice, file_changes)
{
	int file = LAB_FD(stream_file(300000));
	off_t at = 0;
	static uint8_t buf[65536];
	ssize_t n;

	LAB_OK(lab_nonblock(self->fd[0], true));
	n = sendfile(self->fd[0], file, &at, 300000);
	ASSERT_LT(0, n);
	ASSERT_EQ(0, ftruncate(file, 0));
	ASSERT_EQ(0, ftruncate(file, 300000));
	close(file);
	LAB_OK(lab_nonblock(self->fd[0], false));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	while (n) {
		ssize_t got = recv(self->fd[1], buf, sizeof(buf), 0);

		ASSERT_LT(0, got);
		n -= got;
	}
	LAB_OK(lab_recv_eof(self->fd[1]));
}

/* Through a pipe into one socket, and from the other through a pipe back */
TEST_F(splice, there_and_back)
{
	int file = LAB_FD(stream_file(1 << 20)), back[2], copy[2];
	static uint8_t buf[65536];
	size_t at = 0, seen = 0;

	ASSERT_EQ(0, pipe2(back, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(copy, O_CLOEXEC | O_NONBLOCK));
	while (at < 1 << 20) {
		ssize_t n = splice(file, NULL, self->pipe[1], NULL, 30000, 0), m, got = 0, k;

		ASSERT_LT(0, n);
		while (got < n) {
			m = splice(self->pipe[0], NULL, self->fd[0], NULL, 10000,
				   SPLICE_F_MOVE | (n - got > 10000 ? SPLICE_F_MORE : 0));
			ASSERT_LT(0, m);
			got += m;
		}
		got = 0;
		while (got < n) {
			m = splice(self->fd[1], NULL, back[1], NULL, n - got, SPLICE_F_MOVE);
			ASSERT_LT(0, m);
			k = tee(back[0], copy[1], m, SPLICE_F_NONBLOCK);
			ASSERT_LT(0, k);
			ASSERT_EQ(k, read(copy[0], buf, k));
			LAB_OK(lab_verify(buf, LAB_TO_PEER, seen + got, k));
			ASSERT_EQ(m, read(back[0], buf, m));
			LAB_OK(lab_verify(buf, LAB_TO_PEER, seen + got, m));
			got += m;
		}
		at += n;
		seen += n;
	}
}

/* A program's own pages, given to a pipe */
TEST_F(splice, vmsplice)
{
	size_t len = 40960, done = 0;
	uint8_t *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec v = { mem + 1, len - 2 };
	ssize_t n;

	ASSERT_NE(MAP_FAILED, mem);
	lab_fill(mem + 1, LAB_TO_PEER, 0, len - 2);
	n = vmsplice(self->pipe[1], &v, 1, SPLICE_F_GIFT);
	ASSERT_EQ(len - 2, n);
	while (done < n) {
		ssize_t m = splice(self->pipe[0], NULL, self->fd[0], NULL, n - done, 0);

		ASSERT_LT(0, m);
		done += m;
	}
	munmap(mem, len);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, n));
}

/* Pieces of an octet each: many pages, few octets */
TEST_F(splice, crumbs)
{
	uint8_t byte;
	int i;

	for (i = 0; i < 200; i++) {
		byte = lab_byte(LAB_TO_PEER, i);
		ASSERT_EQ(1, vmsplice(self->pipe[1], &(struct iovec){ &byte, 1 }, 1, 0));
		ASSERT_EQ(1, splice(self->pipe[0], NULL, self->fd[0], NULL, 1, 0));
		/* the page is ours again only when it was read */
		LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, i, 1));
	}
}

/* Pieces that are far from each other wait together, and go together. */
TEST_F(splice, many_pieces)
{
	static uint8_t mem[100 * 4096];
	int i;

	LAB_OK(lab_set_opt(self->fd[0], IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 100; i++) {
		uint8_t *p = mem + i * 4096 + i * 7;

		lab_fill(p, LAB_TO_PEER, i * 100, 100);
		ASSERT_EQ(100, vmsplice(self->pipe[1], &(struct iovec){ p, 100 }, 1, 0));
		ASSERT_EQ(100, splice(self->pipe[0], NULL, self->fd[0], NULL, 100, 0));
	}
	LAB_OK(lab_set_opt(self->fd[0], IPPROTO_TCP, TCP_CORK, 0));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 10000));
}

/* The pipe has less room than the socket has data. */
TEST_F(splice, small_pipe)
{
	static uint8_t buf[65536];
	size_t at = 0;
	ssize_t n;

	ASSERT_EQ(4096, fcntl(self->pipe[1], F_SETPIPE_SZ, 4096));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 40000));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 40000)));
	while (at < 40000) {
		n = splice(self->fd[1], NULL, self->pipe[1], NULL, 40000, 0);
		ASSERT_LT(0, n);
		LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000,
					 SPLICE_F_NONBLOCK));
		ASSERT_EQ(n, read(self->pipe[0], buf, sizeof(buf)));
		LAB_OK(lab_verify(buf, LAB_TO_PEER, at, n));
		at += n;
	}
}

TEST_F(splice, partly)
{
	uint8_t buf[1000];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 2000));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 2000)));
	EXPECT_EQ(10, splice(self->fd[1], NULL, self->pipe[1], NULL, 10, 0));
	EXPECT_EQ(10, recv(self->fd[1], buf, 10, 0));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 10, 10));
	EXPECT_EQ(500, splice(self->fd[1], NULL, self->pipe[1], NULL, 500, 0));
	EXPECT_EQ(510, read(self->pipe[0], buf, 1000));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 10));
	LAB_OK(lab_verify(buf + 10, LAB_TO_PEER, 20, 500));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 520, 1480));
}

TEST_F(splice, nonblocking)
{
	int n;

	/* SPLICE_F_NONBLOCK is about the pipe */
	LAB_OK(lab_nonblock(self->fd[1], true));
	LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 100, 0));
	LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 100, SPLICE_F_NONBLOCK));
	LAB_OK(lab_nonblock(self->pipe[0], true));
	LAB_ERRNO(EAGAIN, splice(self->pipe[0], NULL, self->fd[0], NULL, 100, 0));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 100)));
	EXPECT_EQ(100, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, SPLICE_F_NONBLOCK));
	LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 100, 0));
	ASSERT_EQ(0, ioctl(self->pipe[0], FIONREAD, &n));
	EXPECT_EQ(100, n);
}

TEST_F(splice, waits)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, SPLICE_F_NONBLOCK) == 10
		      ? 0 : 1);
	ASSERT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* a limit on the wait */
	ASSERT_EQ(0, setsockopt(self->fd[1], SOL_SOCKET, SO_RCVTIMEO,
				&(struct timeval){ .tv_usec = 1000 }, sizeof(struct timeval)));
	LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
}

TEST_F(splice, end)
{
	int file = LAB_FD(stream_file(5000));

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_ERRNO(EPIPE, sendfile(self->fd[0], file, NULL, 100));
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLRDHUP, 0)));
	EXPECT_EQ(10, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	EXPECT_EQ(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	EXPECT_EQ(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	/* the other way round it still goes */
	EXPECT_EQ(5000, sendfile(self->fd[1], file, &(off_t){ 0 }, 5000));
	LAB_OK(lab_recv(self->fd[0], LAB_TO_PEER, 0, 5000));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_RD));
	EXPECT_EQ(0, splice(self->fd[0], NULL, self->pipe[1], NULL, 1000, 0));
}

/* splice() ends before the urgent octet, and gets no further; recv() does. */
TEST_F(splice, urgent)
{
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_EQ(1, send(self->fd[0], "!", 1, MSG_OOB));
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLPRI, 0)));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 100, 100));
	EXPECT_EQ(100, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	EXPECT_EQ(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	LAB_OK(lab_nonblock(self->fd[1], true));
	LAB_ERRNO(EAGAIN, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	LAB_OK(lab_nonblock(self->fd[1], false));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 100, 1));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 99)));
	EXPECT_EQ(99, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
}

TEST_F(splice, reset)
{
	struct linger hard = { .l_onoff = 1 };
	int file = LAB_FD(stream_file(5000));

	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->fd[0]);
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLERR, 0) & POLLERR));
	LAB_ERRNO(ECONNRESET, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	EXPECT_EQ(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 1000, 0));
	LAB_ERRNO(EPIPE, sendfile(self->fd[1], file, NULL, 100));
}

/* The first of them is told of the reset, by whatever call. */
TEST_F(splice, reset_sendfile)
{
	struct linger hard = { .l_onoff = 1 };
	int file = LAB_FD(stream_file(5000));

	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->fd[0]);
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLERR, 0) & POLLERR));
	LAB_ERRNO(ECONNRESET, sendfile(self->fd[1], file, NULL, 100));
	LAB_ERRNO(EPIPE, sendfile(self->fd[1], file, NULL, 100));
}

TEST_F(splice, not_connected)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	int fresh = LAB_FD(lab_socket(&self->lab, 0)), file = LAB_FD(stream_file(100));

	LAB_ERRNO(ENOTCONN, splice(listener, NULL, self->pipe[1], NULL, 100, 0));
	LAB_ERRNO(ENOTCONN, splice(fresh, NULL, self->pipe[1], NULL, 100, 0));
	LAB_ERRNO(EPIPE, sendfile(fresh, file, NULL, 100));
	LAB_ERRNO(EPIPE, sendfile(listener, file, NULL, 100));
	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
	LAB_ERRNO(EPIPE, splice(self->pipe[0], NULL, fresh, NULL, 1, 0));
}

/* The signal comes as with send(). */
TEST_F_SIGNAL(splice, sigpipe, SIGPIPE)
{
	int file = LAB_FD(stream_file(100));

	signal(SIGPIPE, SIG_DFL);
	shutdown(self->fd[0], SHUT_WR);
	sendfile(self->fd[0], file, NULL, 100);
}

TEST_F(splice, bad_arguments)
{
	int file = LAB_FD(stream_file(100)), fd = self->fd[0];
	loff_t at = 0, far = 10;

	LAB_ERRNO(EINVAL, splice(fd, NULL, self->pipe[1], NULL, 10, 0xff00));
	LAB_ERRNO(EINVAL, splice(fd, NULL, self->fd[1], NULL, 10, 0));
	LAB_ERRNO(ESPIPE, splice(fd, NULL, self->pipe[1], &at, 10, 0));
	LAB_ERRNO(EINVAL, splice(fd, &far, self->pipe[1], NULL, 10, 0));
	LAB_ERRNO(EINVAL, splice(self->pipe[0], NULL, fd, &far, 10, 0));
	EXPECT_EQ(0, splice(fd, NULL, self->pipe[1], NULL, 0, 0));
	EXPECT_EQ(0, splice(self->pipe[0], NULL, fd, NULL, 0, 0));
	LAB_ERRNO(EINVAL, sendfile(file, fd, NULL, 10));
	LAB_ERRNO(EBADF, sendfile(-1, file, NULL, 10));
	LAB_ERRNO(EFAULT, sendfile(fd, file, (off_t *)8, 10));
	LAB_ERRNO(EINVAL, sendfile(fd, file, &(off_t){ -1 }, 10));
	LAB_ERRNO(EINVAL, tee(fd, self->pipe[1], 10, 0));
	LAB_ERRNO(EBADF, vmsplice(fd, &(struct iovec){ &at, 1 }, 1, 0));
}

/* Everything goes away while it waits to be sent. */
TEST_F(splice, abandoned)
{
	int file = LAB_FD(stream_file(1 << 20));
	char buf[100];

	LAB_OK(lab_nonblock(self->fd[0], true));
	EXPECT_LT(0, sendfile(self->fd[0], file, NULL, 1 << 20));
	EXPECT_LT(0, splice(self->fd[1], NULL, self->pipe[1], NULL, 10000, 0));
	close(self->fd[0]);
	close(self->fd[1]);
	close(file);
	/* what is in the pipe stays */
	EXPECT_EQ(100, read(self->pipe[0], buf, 100));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 100));
}

/* What has come can be mapped in TCP alone. */
TEST_F(splice, not_mapped)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd[1], 0);

	EXPECT_EQ(LAB_DIFFERS(&self->lab, true, false, "TCP_ZEROCOPY_RECEIVE is not there"),
		  p != MAP_FAILED);
	if (p == MAP_FAILED)
		EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
