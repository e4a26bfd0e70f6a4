// SPDX-License-Identifier: GPL-2.0
/* MSG_OOB, SO_OOBINLINE, SIOCATMARK, SIGURG: one octet beside the stream, and the mark in it. */
#include "harness.h"

#include <sys/select.h>

FIXTURE(urgent) {
	struct lab lab;
	int fd[2];		/* 0 reads */
};

LAB_VARIANTS(urgent);

FIXTURE_SETUP(urgent)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
}

FIXTURE_TEARDOWN(urgent) { }

static int at_mark(int fd)
{
	int at = -1;

	return ioctl(fd, SIOCATMARK, &at) ? -1 : at;
}

static int in_queue(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -1 : n;
}

static void say(struct __test_metadata *_metadata, int fd, const char *text, int flags)
{
	ASSERT_EQ((ssize_t)strlen(text), send(fd, text, strlen(text), flags));
}

#define expect_read(fd, text, flags) do {					\
	char __buf[100] = "";							\
	EXPECT_EQ((ssize_t)strlen(text), recv((fd), __buf, sizeof(__buf), flags)); \
	EXPECT_STREQ(text, __buf);						\
} while (0)

/* RFC9293 MUST-30, MUST-33: the last octet goes beside the stream, and a read ends at its place */
TEST_F(urgent, beside_the_stream)
{
	say(_metadata, self->fd[1], "abc", MSG_OOB);
	say(_metadata, self->fd[1], "def", 0);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLPRI) & POLLPRI);
	EXPECT_TRUE(LAB_UNTIL(in_queue(self->fd[0]) == 2));
	EXPECT_EQ(0, at_mark(self->fd[0]));
	expect_read(self->fd[0], "ab", 0);
	EXPECT_EQ(1, at_mark(self->fd[0]));
	EXPECT_EQ(0, in_queue(self->fd[0]));
	expect_read(self->fd[0], "c", MSG_OOB | MSG_PEEK);
	expect_read(self->fd[0], "c", MSG_OOB);
	EXPECT_EQ(0, lab_poll(self->fd[0], POLLPRI, 0));
	EXPECT_EQ(-1, recv(self->fd[0], &(char){ 0 }, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, at_mark(self->fd[0]));
	expect_read(self->fd[0], "def", 0);
	EXPECT_EQ(0, at_mark(self->fd[0]));
}

/* Whoever does not ask for it never sees it. */
TEST_F(urgent, passed_over)
{
	say(_metadata, self->fd[1], "abc", MSG_OOB);
	say(_metadata, self->fd[1], "def", 0);
	shutdown(self->fd[1], SHUT_WR);
	expect_read(self->fd[0], "ab", MSG_WAITALL | MSG_PEEK);
	expect_read(self->fd[0], "ab", MSG_WAITALL);
	expect_read(self->fd[0], "def", MSG_WAITALL | MSG_PEEK);
	expect_read(self->fd[0], "def", MSG_WAITALL);
	EXPECT_EQ(-1, recv(self->fd[0], &(char){ 0 }, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, recv(self->fd[0], &(char){ 0 }, 1, 0));
}

TEST_F(urgent, inline_of_the_stream)
{
	LAB_OK(lab_set_opt(self->fd[0], SOL_SOCKET, SO_OOBINLINE, 1));
	EXPECT_EQ(1, lab_opt(self->fd[0], SOL_SOCKET, SO_OOBINLINE));
	say(_metadata, self->fd[1], "abc", MSG_OOB);
	say(_metadata, self->fd[1], "def", 0);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLPRI) & POLLPRI);
	EXPECT_TRUE(LAB_UNTIL(in_queue(self->fd[0]) == 6));
	EXPECT_EQ(-1, recv(self->fd[0], &(char){ 0 }, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	expect_read(self->fd[0], "ab", 0);
	EXPECT_EQ(1, at_mark(self->fd[0]));
	expect_read(self->fd[0], "cdef", 0);
}

/* The mark alone makes nothing readable but for those who ask for it. */
TEST_F(urgent, readiness)
{
	fd_set in, except;

	say(_metadata, self->fd[1], "x", MSG_OOB);
	FD_ZERO(&except);
	FD_SET(self->fd[0], &except);
	EXPECT_EQ(1, select(self->fd[0] + 1, NULL, NULL, &except, NULL));
	EXPECT_EQ(POLLPRI, lab_poll(self->fd[0], POLLIN | POLLPRI, 0) & (POLLIN | POLLPRI));
	EXPECT_EQ(-1, recv(self->fd[0], &(char){ 0 }, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	say(_metadata, self->fd[1], "y", 0);
	FD_ZERO(&in);
	FD_SET(self->fd[0], &in);
	EXPECT_EQ(1, select(self->fd[0] + 1, &in, NULL, NULL, NULL));
	expect_read(self->fd[0], "y", 0);
}

static volatile sig_atomic_t urgent_signals;

static void count(int sig)
{
	urgent_signals++;
}

/* RFC9293 MUST-32: the program is told at once, each time that the mark moves */
TEST_F(urgent, signal)
{
	urgent_signals = 0;
	signal(SIGURG, count);
	EXPECT_EQ(0, fcntl(self->fd[0], F_SETOWN, getpid()));
	say(_metadata, self->fd[1], "ab", 0);
	say(_metadata, self->fd[1], "x", MSG_OOB);
	EXPECT_TRUE(LAB_UNTIL(urgent_signals == 1));
	say(_metadata, self->fd[1], "y", MSG_OOB);
	EXPECT_TRUE(LAB_UNTIL(urgent_signals == 2));
	expect_read(self->fd[0], "y", MSG_OOB);
}

/* A mark that moves on leaves the first octet in the stream, if that is still before us. */
TEST_F(urgent, moved)
{
	say(_metadata, self->fd[1], "ab", MSG_OOB);
	say(_metadata, self->fd[1], "cd", MSG_OOB);
	shutdown(self->fd[1], SHUT_WR);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLRDHUP) & POLLRDHUP);
	expect_read(self->fd[0], "abc", 0);
	expect_read(self->fd[0], "d", MSG_OOB);
	EXPECT_EQ(0, recv(self->fd[0], &(char){ 0 }, 1, 0));
}

/* Right behind a mark that nobody passed the next one: the first octet is gone. */
TEST_F(urgent, moved_at_the_mark)
{
	say(_metadata, self->fd[1], "ab", MSG_OOB);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLPRI) & POLLPRI);
	expect_read(self->fd[0], "a", 0);
	say(_metadata, self->fd[1], "cd", MSG_OOB);
	shutdown(self->fd[1], SHUT_WR);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLRDHUP) & POLLRDHUP);
	expect_read(self->fd[0], "c", 0);
	expect_read(self->fd[0], "d", MSG_OOB);
	EXPECT_EQ(0, recv(self->fd[0], &(char){ 0 }, 1, 0));
}

TEST_F(urgent, odd_reads)
{
	struct iovec none = { .iov_base = NULL, .iov_len = 0 };
	struct msghdr msg = { .msg_iov = &none, .msg_iovlen = 1 };
	char c = 'q';

	say(_metadata, self->fd[1], "x", MSG_OOB);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLPRI) & POLLPRI);
	EXPECT_EQ(-1, recv(self->fd[0], NULL, 1, MSG_OOB | MSG_PEEK));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(1, recv(self->fd[0], &c, 1, MSG_OOB | MSG_PEEK | MSG_TRUNC));
	EXPECT_EQ('q', c);
	EXPECT_EQ(0, recvmsg(self->fd[0], &msg, MSG_OOB | MSG_PEEK));
	EXPECT_EQ(MSG_OOB | MSG_TRUNC, msg.msg_flags & (MSG_OOB | MSG_TRUNC));
	EXPECT_EQ(1, recv(self->fd[0], &c, 100, MSG_OOB | MSG_WAITALL));
	EXPECT_EQ('x', c);
}

/* A reader that waits does not take it for data. */
TEST_F(urgent, reader_waits_on)
{
	int status;
	char c;
	pid_t pid = fork();

	if (!pid)
		_exit(recv(self->fd[0], &c, 1, 0) == 1 && c == 'y' ? 0 : 1);
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	say(_metadata, self->fd[1], "x", MSG_OOB);
	EXPECT_TRUE(LAB_UNTIL(at_mark(self->fd[0]) || lab_asleep(pid)));
	say(_metadata, self->fd[1], "y", 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(urgent, nothing_there)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	char c;

	EXPECT_EQ(-1, recv(self->fd[0], &c, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, at_mark(self->fd[0]));
	EXPECT_EQ(-1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, recv(listener, &c, 1, MSG_OOB));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(0, at_mark(listener));
	EXPECT_EQ(-1, send(fd, &c, 1, MSG_OOB | MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, send(self->fd[1], &c, 0, MSG_OOB));
}

/* As long as the connection ended in good order it can be read, afterwards, too. */
TEST_F(urgent, after_the_end)
{
	say(_metadata, self->fd[1], "x", MSG_OOB);
	close(self->fd[1]);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLRDHUP) & POLLRDHUP);
	shutdown(self->fd[0], SHUT_WR);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLHUP) & POLLHUP);
	expect_read(self->fd[0], "x", MSG_OOB);
	EXPECT_EQ(-1, recv(self->fd[0], &(char){ 0 }, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
}

/* Much before it: the notice overtakes the data. */
TEST_F(urgent, behind_a_full_window)
{
	static char buf[65536];
	uint64_t sent = 0, got = 0;
	ssize_t n;

	LAB_OK(lab_nonblock(self->fd[1], true));
	while ((n = send(self->fd[1], buf, sizeof(buf), 0)) > 0)
		sent += n;
	ASSERT_EQ(EAGAIN, errno);
	/* what is read makes room for more on its way, so it may take several rounds */
	while (!(lab_poll(self->fd[1], POLLOUT, 0) & POLLOUT)) {
		if (!lab_poll(self->fd[0], POLLIN, 1))
			continue;
		n = recv(self->fd[0], buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		got += n;
	}
	ASSERT_EQ(1, send(self->fd[1], "x", 1, MSG_OOB));
	while (got < sent) {
		n = recv(self->fd[0], buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(sent, got);
	ASSERT_TRUE(lab_wait(self->fd[0], POLLPRI) & POLLPRI);
	expect_read(self->fd[0], "x", MSG_OOB);
}

TEST_HARNESS_MAIN
