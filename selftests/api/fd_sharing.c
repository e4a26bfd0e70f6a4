// SPDX-License-Identifier: GPL-2.0
/* One socket, several descriptors: dup(), fork(), SCM_RIGHTS, and across network namespaces */
#include "harness.h"

#include <sys/stat.h>
#include <sys/un.h>

FIXTURE(fd_sharing) { struct lab lab; int fd[2]; };

LAB_VARIANTS(fd_sharing);

FIXTURE_SETUP(fd_sharing)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_pair(&self->lab, self->fd));
}

FIXTURE_TEARDOWN(fd_sharing) { }

/* Send @n descriptors through a UNIX socket, or take them. */
static int pass(int through, const int *fds, int n)
{
	char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(16))) = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return sendmsg(through, &msg, 0) == 1 ? 0 : -1;
}

static int take(int through, int *fds, int n)
{
	char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(16)));
	char x;
	struct iovec iov = { &x, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (recvmsg(through, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(n * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return 0;
}

static bool no_eof(int fd)
{
	return lab_poll(fd, POLLIN | POLLRDHUP, 0) == 0;
}

TEST_F(fd_sharing, dup_and_close)
{
	int copy = LAB_FD(dup(self->fd[0]));

	close(self->fd[0]);
	EXPECT_TRUE(no_eof(self->fd[1]));
	LAB_OK(lab_send(copy, LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
	/* one state, whatever descriptor is asked */
	LAB_OK(lab_nonblock(copy, true));
	self->fd[0] = LAB_FD(dup(copy));
	EXPECT_EQ(O_NONBLOCK, fcntl(self->fd[0], F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(lab_port(copy), lab_port(self->fd[0]));
	close(copy);
	close(self->fd[0]);
	LAB_OK(lab_recv_eof(self->fd[1]));
}

TEST_F(fd_sharing, dup_and_shutdown)
{
	int copy = LAB_FD(dup(self->fd[0]));

	EXPECT_EQ(0, shutdown(copy, SHUT_WR));
	LAB_OK(lab_recv_eof(self->fd[1]));
	LAB_ERRNO(EPIPE, send(self->fd[0], "x", 1, MSG_NOSIGNAL));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 10));
	LAB_OK(lab_recv(self->fd[0], LAB_TO_PEER, 0, 10));
}

/* dup2() over the last descriptor closes the connection. */
TEST_F(fd_sharing, dup_over)
{
	int other[2];

	LAB_OK(lab_pair(&self->lab, other));
	ASSERT_EQ(self->fd[0], dup2(other[0], self->fd[0]));
	LAB_OK(lab_recv_eof(self->fd[1]));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	LAB_OK(lab_recv(other[1], LAB_TO_PEER, 0, 10));
}

TEST_F(fd_sharing, fork_and_close)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(self->fd[0]);
		close(self->fd[1]);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(no_eof(self->fd[1]));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
}

TEST_F(fd_sharing, fork_and_shutdown)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(shutdown(self->fd[0], SHUT_RDWR) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	LAB_OK(lab_recv_eof(self->fd[0]));
	LAB_OK(lab_recv_eof(self->fd[1]));
	LAB_ERRNO(EPIPE, send(self->fd[0], "x", 1, MSG_NOSIGNAL));
}

/* Reads of two processes: each octet goes to one of them. */
TEST_F(fd_sharing, two_readers)
{
	char buf[1000];
	int status;
	pid_t pid;

	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 2000));
	pid = fork();
	if (!pid)
		_exit(recv(self->fd[0], buf, 700, MSG_WAITALL) == 700 &&
		      !lab_verify(buf, LAB_TO_PEER, 0, 700) ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	LAB_OK(lab_recv(self->fd[0], LAB_TO_PEER, 700, 1300));
}

TEST_F(fd_sharing, passed)
{
	int way[2], status, fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	pid = fork();
	if (!pid) {
		close(self->fd[0]);
		close(self->fd[1]);
		close(way[0]);
		_exit(take(way[1], &fd, 1) || lab_recv(fd, LAB_TO_PEER, 0, 1000) ||
		      lab_send(fd, LAB_TO_KERNEL, 0, 1000) ? 1 : 0);
	}
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 1000));
	ASSERT_EQ(0, pass(way[0], &self->fd[0], 1));
	close(self->fd[0]);
	LAB_OK(lab_recv(self->fd[1], LAB_TO_KERNEL, 0, 1000));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	LAB_OK(lab_recv_eof(self->fd[1]));
}

/* On its way it is open; when nobody can take it any more it is closed. */
TEST_F(fd_sharing, passed_to_nobody)
{
	int way[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	ASSERT_EQ(0, pass(way[0], &self->fd[0], 1));
	close(self->fd[0]);
	EXPECT_TRUE(no_eof(self->fd[1]));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 1000));
	close(way[0]);
	EXPECT_TRUE(no_eof(self->fd[1]));
	close(way[1]);
	EXPECT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], 0, 0) & POLLHUP));
}

/* A listener, passed to who accepts */
TEST_F(fd_sharing, passed_listener)
{
	int way[2], status, listener = LAB_FD(lab_listen(&self->lab, 0, 4)), port, fd;
	pid_t pid;

	port = lab_port(listener);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	ASSERT_EQ(0, pass(way[0], &listener, 1));
	close(listener);
	pid = fork();
	if (!pid) {
		_exit(take(way[1], &listener, 1) || (fd = accept(listener, NULL, NULL)) < 0 ||
		      lab_send(fd, LAB_TO_PEER, 0, 100) ? 1 : 0);
	}
	fd = LAB_FD(lab_connect_to(&self->lab, port));
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 100));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A socket stays where it was made, wherever its program goes. */
TEST_F(fd_sharing, program_moves)
{
	int old = LAB_FD(lab_netns_fd()), listener, fd, made, port;
	struct sockaddr_storage ss;
	socklen_t len;

	made = LAB_FD(lab_socket(&self->lab, 0));
	listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	port = lab_port(listener);
	LAB_OK(lab_netns_new());
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 1000));
	/* bound, connected, accepted: in the old one */
	len = lab_loopback(&self->lab, port, &ss);
	EXPECT_EQ(0, connect(made, (struct sockaddr *)&ss, len));
	fd = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(made, LAB_TO_PEER, 0, 100));
	/* a new one is in the new one, where nobody listens */
	fd = LAB_FD(lab_socket(&self->lab, 0));
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
	LAB_OK(lab_netns_enter(old));
	fd = LAB_FD(lab_connect_to(&self->lab, port));
}

/* Passed into another namespace, it goes on in its own. */
TEST_F(fd_sharing, passed_to_another_namespace)
{
	int way[2], status, fd, port = lab_port(self->fd[0]);
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	pid = fork();
	if (!pid) {
		close(self->fd[0]);
		_exit(lab_netns_new() || take(way[1], &fd, 1) || lab_port(fd) != port ||
		      lab_recv(fd, LAB_TO_PEER, 0, 1000) || lab_send(fd, LAB_TO_KERNEL, 0, 1000) ?
		      1 : 0);
	}
	ASSERT_EQ(0, pass(way[0], &self->fd[0], 1));
	LAB_OK(lab_send(self->fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_KERNEL, 0, 1000));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* All of a namespace's programs are gone; a socket that was passed away keeps it. */
TEST_F(fd_sharing, namespace_without_programs)
{
	int way[2], status, fd[2], again[3];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	pid = fork();
	if (!pid) {
		if (lab_netns_new() || lab_pair(&self->lab, fd) ||
		    lab_send(fd[0], LAB_TO_PEER, 0, 1000))
			_exit(1);
		again[0] = fd[0];
		again[1] = fd[1];
		again[2] = lab_listen(&self->lab, 7777, 1);
		_exit(again[2] < 0 || pass(way[0], again, 3));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, take(way[1], again, 3));
	LAB_OK(lab_recv(again[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_send(again[1], LAB_TO_KERNEL, 0, 50000));
	LAB_OK(lab_recv(again[0], LAB_TO_KERNEL, 0, 50000));
	EXPECT_EQ(7777, lab_port(again[2]));
	/* its last sockets, and so the namespace, go with data on its way */
	LAB_OK(lab_send(again[0], LAB_TO_PEER, 1000, 50000));
	close(again[0]);
	close(again[1]);
	close(again[2]);
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 10));
}

/* One end is passed away; the other one's program ends, and its namespace with it but for that. */
TEST_F(fd_sharing, other_end_dies)
{
	int way[2], status, fd[2], end;
	pid_t pid;
	char c;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	pid = fork();
	if (!pid)
		_exit(lab_netns_new() || lab_pair(&self->lab, fd) ||
		      lab_send(fd[0], LAB_TO_PEER, 0, 1000) || pass(way[0], &fd[1], 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, take(way[1], &end, 1));
	LAB_OK(lab_recv(end, LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv_eof(end));
	EXPECT_EQ(1, send(end, "x", 1, MSG_NOSIGNAL));
	EXPECT_TRUE(LAB_UNTIL(lab_poll(end, POLLIN, 0) & POLLHUP));
	LAB_ERRNO(EPIPE, send(end, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, recv(end, &c, 1, 0));
}

/* What a socket is as a file */
TEST_F(fd_sharing, as_a_file)
{
	char path[64], c;
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd[0], &st));
	EXPECT_TRUE(S_ISSOCK(st.st_mode));
	EXPECT_EQ(O_RDWR, fcntl(self->fd[0], F_GETFL) & O_ACCMODE);
	LAB_ERRNO(ESPIPE, lseek(self->fd[0], 0, SEEK_SET));
	LAB_ERRNO(ESPIPE, pread(self->fd[0], &c, 1, 0));
	LAB_ERRNO(ESPIPE, pwrite(self->fd[0], &c, 1, 0));
	LAB_ERRNO(EINVAL, ftruncate(self->fd[0], 0));
	LAB_ERRNO(EINVAL, fsync(self->fd[0]));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd[0]);
	LAB_ERRNO(ENXIO, open(path, O_RDWR));
	EXPECT_EQ(3, write(self->fd[0], "abc", 3));
	EXPECT_EQ(1, read(self->fd[1], &c, 1));
	EXPECT_EQ('a', c);
}

TEST_F(fd_sharing, accept4_flags)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd, i;

	LAB_OK(lab_nonblock(listener, true));
	for (i = 0; i < 4; i++) {
		int flags = (i & 1 ? SOCK_NONBLOCK : 0) | (i & 2 ? SOCK_CLOEXEC : 0);

		LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
		EXPECT_EQ(POLLIN, lab_wait(listener, POLLIN));
		fd = LAB_FD(accept4(listener, NULL, NULL, flags));
		EXPECT_EQ(i & 1, !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
		EXPECT_EQ(i & 2, 2 * !!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
	}
	LAB_ERRNO(EINVAL, accept4(listener, NULL, NULL, 1));
	LAB_ERRNO(EINVAL, accept4(listener, NULL, NULL, MSG_DONTWAIT));
	LAB_ERRNO(EAGAIN, accept4(listener, NULL, NULL, 0));
	LAB_ERRNO(EINVAL, accept(self->fd[0], NULL, NULL));
	LAB_ERRNO(EINVAL, socket(self->lab.family, SOCK_STREAM | 0x100, self->lab.proto));
}

TEST_HARNESS_MAIN
