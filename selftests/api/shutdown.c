// SPDX-License-Identifier: GPL-2.0
/* shutdown(), close() and SO_LINGER: how each end of a connection sees them. */
#include "harness.h"

#include <netinet/tcp.h>

FIXTURE(shut) { struct lab lab; int fd[2]; };
LAB_VARIANTS(shut);
FIXTURE_SETUP(shut)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
}

FIXTURE_TEARDOWN(shut) { }

TEST_F(shut, writing)
{
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1000));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv_eof(self->fd[1]));
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(self->fd[1]));
	/* the other direction lives */
	LAB_OK(lab_send(self->fd[1], LAB_TO_KERNEL, 0, 1000));
	LAB_OK(lab_recv(self->fd[0], LAB_TO_KERNEL, 0, 1000));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
}

TEST_F(shut, reading)
{
	char c = 0;

	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_RD));
	EXPECT_EQ(0, recv(self->fd[0], &c, 1, 0));
	EXPECT_EQ(1, send(self->fd[0], &c, 1, 0));
	EXPECT_EQ(1, recv(self->fd[1], &c, 1, 0));
	/* Linux: what comes can still be read */
	EXPECT_EQ(1, send(self->fd[1], &c, 1, 0));
	EXPECT_TRUE(LAB_UNTIL(recv(self->fd[0], &c, 1, MSG_DONTWAIT) == 1));
	EXPECT_EQ(0, recv(self->fd[0], &c, 1, 0));
}

TEST_F(shut, both)
{
	char c = 0;

	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_RDWR));
	EXPECT_EQ(0, recv(self->fd[0], &c, 1, 0));
	LAB_ERRNO(EPIPE, send(self->fd[0], &c, 1, MSG_NOSIGNAL));
	LAB_OK(lab_recv_eof(self->fd[1]));
}

TEST_F(shut, bad_arguments)
{
	LAB_ERRNO(EINVAL, shutdown(self->fd[0], 3));
	LAB_ERRNO(EINVAL, shutdown(self->fd[0], -1));
}

/* After both directions have ended there is nothing left to shut down. */
TEST_F(shut, when_closed)
{
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(0, shutdown(self->fd[1], SHUT_WR));
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(self->fd[1]) == TCP_CLOSE));
	LAB_ERRNO(ENOTCONN, shutdown(self->fd[1], SHUT_WR));
	LAB_OK(lab_recv_eof(self->fd[0]));
	LAB_OK(lab_recv_eof(self->fd[1]));
}

/* A copy keeps the connection; shutdown() ends it for all copies. */
TEST_F(shut, copies)
{
	int copy = dup(self->fd[0]);

	close(self->fd[0]);
	LAB_OK(lab_send(copy, LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(0, lab_poll(self->fd[1], POLLIN, 0));
	self->fd[0] = dup(copy);
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	LAB_OK(lab_recv_eof(self->fd[1]));
	LAB_ERRNO(EPIPE, send(copy, "x", 1, MSG_NOSIGNAL));
}

/* All that was written arrives, though the writer is long gone. */
TEST_F(shut, close_with_data_queued)
{
	const size_t len = 1000000;
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(self->fd[1]);
		_exit(lab_send(self->fd[0], LAB_TO_PEER, 0, len) ? 1 : 0);
	}
	close(self->fd[0]);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, len));
	LAB_OK(lab_recv_eof(self->fd[1]));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(shut, linger_values)
{
	struct linger got = { 9, 9 }, set = { .l_onoff = 1, .l_linger = 7 };
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, getsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &got, &len));
	EXPECT_EQ(0, got.l_onoff);
	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &set, sizeof(set)));
	ASSERT_EQ(0, getsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &got, &len));
	EXPECT_EQ(1, got.l_onoff);
	EXPECT_EQ(7, got.l_linger);
}

TEST_F(shut, linger_zero)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	char c;

	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->fd[0]);
	EXPECT_TRUE(lab_wait(self->fd[1], POLLIN) & POLLERR);
	LAB_ERRNO(ECONNRESET, recv(self->fd[1], &c, 1, 0));
}

/* With time to linger, close() returns when the peer has taken all, or when the time is over. */
TEST_F(shut, linger_waits)
{
	struct linger soft = { .l_onoff = 1, .l_linger = 20 };
	int64_t begin = lab_now_us();

	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1000));
	close(self->fd[0]);
	EXPECT_GT(15000000LL * lab_slow(), lab_now_us() - begin);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv_eof(self->fd[1]));
}

/* A reader that sleeps is woken by its own side's shutdown(). */
TEST_F(shut, wakes_reader)
{
	int status;
	pid_t pid = fork();
	char c;

	if (!pid)
		_exit(recv(self->fd[0], &c, 1, 0) == 0 ? 0 : 1);
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_RDWR));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A sleeper in accept() is woken by shutdown() of the listener. */
TEST_F(shut, wakes_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), status;
	pid_t pid = fork();

	if (!pid)
		_exit(accept(listener, NULL, NULL) < 0 && errno == EINVAL ? 0 : 1);
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	EXPECT_EQ(0, shutdown(listener, SHUT_RDWR));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
