// SPDX-License-Identifier: GPL-2.0
/*
 * Small buffers, small writes and held-back segments are slow, but must not stand still: each
 * transfer is far from what one that waits for a timer at each step would take.
 */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(small_buffers);

struct how {
	int sndbuf, cork, nodelay, flags;
	size_t total, each;
};

static void transfer(struct __test_metadata *_metadata, struct lab *lab, const struct how *how)
{
	size_t sent = 0, part;
	int fd[2], status;
	char buf[65536];
	int64_t begin;
	pid_t pid;

	LAB_OK(lab_pair(lab, fd));
	if (how->sndbuf)
		LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUF, how->sndbuf));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_CORK, how->cork));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_NODELAY, how->nodelay));
	begin = lab_now_us();
	pid = fork();
	if (!pid) {
		close(fd[0]);
		_exit(lab_recv(fd[1], LAB_TO_PEER, 0, how->total) || lab_recv_eof(fd[1]));
	}
	while (sent < how->total) {
		part = how->total - sent < how->each ? how->total - sent : how->each;
		lab_fill(buf, LAB_TO_PEER, sent, part);
		part = send(fd[0], buf, part, how->flags | MSG_NOSIGNAL);
		ASSERT_LT(0, (ssize_t)part);
		sent += part;
	}
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_GT(8000000LL * lab_slow(), lab_now_us() - begin);
}

#define TRANSFER(...)	transfer(_metadata, &self->lab, &(struct how){ __VA_ARGS__ })

TEST_F(small_buffers, four_kilobytes)
{
	TRANSFER(.sndbuf = 2304, .total = 200000, .each = 65536);
}

TEST_F(small_buffers, sixteen_kilobytes)
{
	TRANSFER(.sndbuf = 8192, .total = 400000, .each = 65536);
}

TEST_F(small_buffers, corked)
{
	TRANSFER(.cork = 1, .total = 1000000, .each = 60000);
}

TEST_F(small_buffers, corked_and_small)
{
	TRANSFER(.cork = 1, .sndbuf = 8192, .total = 100000, .each = 4000);
}

TEST_F(small_buffers, more_to_come)
{
	TRANSFER(.flags = MSG_MORE, .sndbuf = 8192, .total = 100000, .each = 4000);
}

TEST_F(small_buffers, byte_by_byte)
{
	TRANSFER(.total = 2000, .each = 1);
}

TEST_F(small_buffers, byte_by_byte_at_once)
{
	TRANSFER(.nodelay = 1, .total = 2000, .each = 1);
}

TEST_HARNESS_MAIN
