// SPDX-License-Identifier: GPL-2.0
/* Readiness told by signals: O_ASYNC, FIOASYNC, F_SETOWN, F_SETSIG */
#include "harness.h"

#include <linux/sockios.h>

LAB_FIXTURE(sigio);

#define SIG	(SIGRTMIN + 1)

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* From now on this process hears of @fd. */
static void hear_of(struct __test_metadata *_metadata, int fd)
{
	block(SIG);
	ASSERT_EQ(0, fcntl(fd, F_SETOWN, getpid()));
	ASSERT_EQ(getpid(), fcntl(fd, F_GETOWN));
	ASSERT_EQ(0, fcntl(fd, F_SETSIG, SIG));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

static bool next_signal(int sig, siginfo_t *info, int seconds)
{
	struct timespec wait = { seconds * lab_slow(), 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, info, &wait) == sig;
}

/* A signal with this code comes, perhaps after others. */
static bool heard(int fd, int code)
{
	siginfo_t info;

	while (next_signal(SIG, &info, 10)) {
		if (info.si_fd == fd && info.si_code == code)
			return true;
	}
	return false;
}

static bool silent(void)
{
	siginfo_t info;

	return !next_signal(SIG, &info, 0);
}

TEST_F(sigio, arrival)
{
	siginfo_t info;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	hear_of(_metadata, fd[0]);
	EXPECT_TRUE(silent());
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(next_signal(SIG, &info, 10));
	EXPECT_EQ(POLL_IN, info.si_code);
	EXPECT_EQ(POLLIN | POLLRDNORM, info.si_band);
	EXPECT_EQ(fd[0], info.si_fd);
	EXPECT_TRUE(silent());
	/* again, though the first is not read yet */
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 100, 100));
	EXPECT_TRUE(heard(fd[0], POLL_IN));
	ASSERT_EQ(0, fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) & ~O_ASYNC));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 200, 100));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 300));
	EXPECT_TRUE(silent());
}

/* The signal without F_SETSIG, and the older ways to ask */
TEST_F(sigio, ioctls)
{
	int fd[2], pid = getpid(), on = 1, off = 0, n;
	siginfo_t info;

	LAB_OK(lab_pair(&self->lab, fd));
	block(SIGIO);
	EXPECT_EQ(0, ioctl(fd[0], FIOGETOWN, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, ioctl(fd[0], FIOSETOWN, &pid));
	EXPECT_EQ(0, ioctl(fd[0], SIOCGPGRP, &n));
	EXPECT_EQ(pid, n);
	pid = -getpgrp();
	ASSERT_EQ(0, ioctl(fd[0], SIOCSPGRP, &pid));
	EXPECT_EQ(0, ioctl(fd[0], FIOGETOWN, &n));
	EXPECT_EQ(pid, n);
	pid = getpid();
	ASSERT_EQ(0, ioctl(fd[0], SIOCSPGRP, &pid));
	ASSERT_EQ(0, ioctl(fd[0], FIOASYNC, &on));
	EXPECT_EQ(O_ASYNC, fcntl(fd[0], F_GETFL) & O_ASYNC);
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	ASSERT_TRUE(next_signal(SIGIO, &info, 10));
	EXPECT_EQ(SI_KERNEL, info.si_code);
	ASSERT_EQ(0, ioctl(fd[0], FIOASYNC, &off));
	EXPECT_EQ(0, fcntl(fd[0], F_GETFL) & O_ASYNC);
	n = 1 << 30;		/* no such process */
	LAB_ERRNO(ESRCH, ioctl(fd[0], FIOSETOWN, &n));
	LAB_ERRNO(EFAULT, ioctl(fd[0], FIOSETOWN, NULL));
	LAB_ERRNO(EFAULT, ioctl(fd[0], FIOASYNC, NULL));
}

TEST_F(sigio, space)
{
	char buf[65536] = { 0 };
	size_t sent = 0;
	ssize_t n;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	hear_of(_metadata, fd[0]);
	while ((n = send(fd[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	EXPECT_EQ(EAGAIN, errno);
	while (sent) {
		n = recv(fd[1], buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		sent -= n;
	}
	EXPECT_TRUE(heard(fd[0], POLL_OUT));
}

TEST_F(sigio, accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;

	hear_of(_metadata, listener);
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_TRUE(heard(listener, POLL_IN));
	/* what is accepted has no owner yet */
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_ASYNC);
	EXPECT_EQ(0, fcntl(fd, F_GETOWN));
}

TEST_F(sigio, connect)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	int fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	hear_of(_metadata, fd);
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(heard(fd, POLL_OUT));
	EXPECT_EQ(0, lab_so_error(fd));
}

TEST_F(sigio, refused)
{
	int port, fd = LAB_FD(lab_listen(&self->lab, 0, 1));
	struct sockaddr_storage ss;
	socklen_t len;

	port = lab_port(fd);
	close(fd);
	fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	len = lab_loopback(&self->lab, port, &ss);
	hear_of(_metadata, fd);
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(heard(fd, POLL_ERR));
	EXPECT_EQ(ECONNREFUSED, lab_so_error(fd));
}

TEST_F(sigio, peer_shut_down)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	hear_of(_metadata, fd[0]);
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_TRUE(heard(fd[0], POLL_IN));
	LAB_OK(lab_recv_eof(fd[0]));
}

/* Our end is shut already: the peer's FIN hangs up. */
TEST_F(sigio, both_shut_down)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(POLLRDHUP, lab_wait(fd[1], POLLRDHUP));
	hear_of(_metadata, fd[0]);
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_TRUE(heard(fd[0], POLL_HUP));
}

TEST_F(sigio, reset)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	hear_of(_metadata, fd[0]);
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd[1]);
	EXPECT_TRUE(heard(fd[0], POLL_ERR));
}

/* Another process is the owner. */
TEST_F(sigio, other_owner)
{
	int fd[2], status;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	block(SIG);
	pid = fork();
	if (!pid)
		_exit(heard(fd[0], POLL_IN) ? 0 : 1);
	ASSERT_EQ(0, fcntl(fd[0], F_SETOWN, pid));
	ASSERT_EQ(0, fcntl(fd[0], F_SETSIG, SIG));
	ASSERT_EQ(0, fcntl(fd[0], F_SETFL, O_ASYNC));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(silent());
}

TEST_HARNESS_MAIN
