// SPDX-License-Identifier: GPL-2.0
/* SO_PEEK_OFF: MSG_PEEK begins further on, and moves on. */
#include "harness.h"

FIXTURE(peek_off) { struct lab lab; bool there; int fd[2]; };
LAB_VARIANTS(peek_off);

/* TCP has it since Linux 6.9; tcplab has it where TCP has. */
FIXTURE_SETUP(peek_off)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
	self->there = lab_kernel(6, 9);
	if (self->there)
		LAB_OK(lab_set_opt(self->fd[1], SOL_SOCKET, SO_PEEK_OFF, 0));
}

FIXTURE_TEARDOWN(peek_off) { }

static bool readable(int fd, int bytes)
{
	int n = 0;

	return !ioctl(fd, FIONREAD, &n) && n >= bytes;
}

TEST_F(peek_off, option)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), v = 5;

	EXPECT_EQ(-1, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	if (!self->there) {
		LAB_ERRNO(EOPNOTSUPP, setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)));
		return;
	}
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_PEEK_OFF, v));
	EXPECT_EQ(5, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
}

/* Farther than any window reaches. (The kernel's TCP prints a warning.) */
TEST_F(peek_off, far)
{
	char buf[50];

	if (!self->there || self->lab.oracle)
		return;
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(50, recv(self->fd[1], buf, 50, MSG_WAITALL));
	LAB_OK(lab_set_opt(self->fd[1], SOL_SOCKET, SO_PEEK_OFF, 0x7fffffff));
	EXPECT_EQ(-1, recv(self->fd[1], buf, 1, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0x7fffffff, lab_opt(self->fd[1], SOL_SOCKET, SO_PEEK_OFF));
}

TEST_F(peek_off, moves)
{
	uint8_t buf[1000];
	int fd = self->fd[1];

	if (!self->there)
		return;
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 600));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 600, 600));
	ASSERT_TRUE(LAB_UNTIL(readable(fd, 1200)));
	EXPECT_EQ(100, recv(fd, buf, 100, MSG_PEEK));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 100));
	EXPECT_EQ(1000, recv(fd, buf, 1000, MSG_PEEK));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 100, 1000));
	EXPECT_EQ(1100, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	/* what is read goes off it */
	EXPECT_EQ(50, recv(fd, buf, 50, 0));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 50));
	EXPECT_EQ(1050, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	EXPECT_EQ(100, recv(fd, buf, 1000, MSG_PEEK));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 1100, 100));
	EXPECT_EQ(1150, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	/* beyond what there is there is nothing, for a peek */
	LAB_ERRNO(EAGAIN, recv(fd, buf, 10, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(1000, recv(fd, buf, 1000, 0));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 50, 1000));
	EXPECT_EQ(150, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	EXPECT_EQ(150, recv(fd, buf, 1000, 0));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	/* thrown away is read, too; and it can be set back, or off */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(LAB_UNTIL(readable(fd, 100)));
	EXPECT_EQ(60, recv(fd, buf, 60, MSG_PEEK));
	EXPECT_EQ(20, recv(fd, NULL, 20, MSG_TRUNC));
	EXPECT_EQ(40, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_PEEK_OFF, 10));
	EXPECT_EQ(70, recv(fd, buf, 1000, MSG_PEEK | MSG_DONTWAIT));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 30, 70));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_PEEK_OFF, -1));
	EXPECT_EQ(80, recv(fd, buf, 1000, MSG_PEEK));
	EXPECT_EQ(80, recv(fd, buf, 1000, MSG_PEEK));
	EXPECT_EQ(-1, lab_opt(fd, SOL_SOCKET, SO_PEEK_OFF));
}

/* A peek beyond what is there waits for it. */
TEST_F(peek_off, waits)
{
	uint8_t buf[100];
	int fd = self->fd[1], status;
	pid_t pid;

	if (!self->there)
		return;
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(LAB_UNTIL(readable(fd, 100)));
	EXPECT_EQ(100, recv(fd, buf, 100, MSG_PEEK));
	pid = fork();
	if (!pid) {
		ssize_t n = recv(fd, buf, 10, MSG_PEEK);

		_exit(n == 10 && !lab_verify(buf, LAB_TO_PEER, 100, 10) ? 0 : 1);
	}
	ASSERT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 100, 50));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* at the end there is nothing more to wait for */
	EXPECT_EQ(0, shutdown(self->fd[0], SHUT_WR));
	EXPECT_EQ(40, recv(fd, buf, 100, MSG_PEEK));
	EXPECT_EQ(0, recv(fd, buf, 100, MSG_PEEK));
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 150));
	LAB_OK(lab_recv_eof(fd));
}

TEST_HARNESS_MAIN
