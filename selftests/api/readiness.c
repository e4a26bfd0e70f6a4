// SPDX-License-Identifier: GPL-2.0
/* poll() and epoll: which bits show in which state, level and edge. */
#include "harness.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <netinet/tcp.h>

#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM)

LAB_FIXTURE(readiness);

TEST_F(readiness, fresh_socket)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLHUP, lab_poll(fd, ALL & ~POLLRDHUP, 0));
}

TEST_F(readiness, listener)
{
	int fd = LAB_FD(lab_listen(&self->lab, 0, 4));

	EXPECT_EQ(0, lab_poll(fd, ALL, 0));
	LAB_FD(lab_connect_to(&self->lab, lab_port(fd)));
	EXPECT_EQ(POLLIN | POLLRDNORM, lab_wait(fd, ALL));
	LAB_FD(accept(fd, NULL, NULL));
	EXPECT_EQ(0, lab_poll(fd, ALL, 0));
}

TEST_F(readiness, connected)
{
	int fd[2];
	char c;

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(POLLOUT | POLLWRNORM, lab_poll(fd[0], ALL, 0));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 1));
	EXPECT_EQ(POLLIN | POLLRDNORM, lab_wait(fd[0], ALL & ~POLLOUT & ~POLLWRNORM));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM, lab_poll(fd[0], ALL, 0));
	EXPECT_EQ(1, recv(fd[0], &c, 1, 0));
	EXPECT_EQ(POLLOUT | POLLWRNORM, lab_poll(fd[0], ALL, 0));
}

TEST_F(readiness, peer_shut_down)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLRDHUP, lab_wait(fd[0], ALL & ~POLLOUT & ~POLLWRNORM));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM,
		  lab_poll(fd[0], ALL, 0));
	/* of the other direction it says nothing */
	EXPECT_EQ(POLLOUT | POLLWRNORM, lab_poll(fd[1], ALL, 0));
}

TEST_F(readiness, both_shut_down)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_TRUE(LAB_UNTIL(lab_poll(fd[0], 0, 0) == POLLHUP));
	EXPECT_TRUE(LAB_UNTIL(lab_poll(fd[1], 0, 0) == POLLHUP));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM | POLLHUP,
		  lab_poll(fd[0], ALL, 0));
}

TEST_F(readiness, own_shut_rd)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, shutdown(fd[0], SHUT_RD));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM,
		  lab_poll(fd[0], ALL, 0));
}

TEST_F(readiness, reset)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd[1]);
	EXPECT_TRUE(LAB_UNTIL(lab_poll(fd[0], 0, 0) == (POLLERR | POLLHUP)));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM | POLLERR | POLLHUP,
		  lab_poll(fd[0], ALL, 0));
	EXPECT_EQ(ECONNRESET, lab_so_error(fd[0]));
	EXPECT_EQ(POLLHUP, lab_poll(fd[0], 0, 0));
}

/* A full send buffer is not writable; a third of it free is. */
TEST_F(readiness, writable_again)
{
	char buf[65536] = { 0 };
	int fd[2];
	size_t sent = 0;
	ssize_t n;

	LAB_OK(lab_pair(&self->lab, fd));
	while ((n = send(fd[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, lab_poll(fd[0], POLLOUT, 0));
	while (sent) {
		n = recv(fd[1], buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		sent -= n;
	}
	EXPECT_EQ(POLLOUT, lab_wait(fd[0], POLLOUT));
}

/* SO_RCVLOWAT: readable when so much is there */
TEST_F(readiness, low_water)
{
	int fd[2], n;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_RCVLOWAT, 100));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 99));
	EXPECT_TRUE(LAB_UNTIL(!ioctl(fd[0], 0x541b /* SIOCINQ */, &n) && n == 99));
	EXPECT_EQ(0, lab_poll(fd[0], POLLIN, 0));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 99, 1));
	EXPECT_EQ(POLLIN, lab_wait(fd[0], POLLIN));
}

/* More than the buffer will ever hold: readable when it is full, or both would wait for ever. */
TEST_F(readiness, low_water_beyond_buffer)
{
	char buf[10000] = { 0 };
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_RCVBUF, 32768));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_RCVLOWAT, 200000));
	LAB_OK(lab_nonblock(fd[1], true));
	EXPECT_TRUE(LAB_UNTIL((send(fd[1], buf, sizeof(buf), MSG_NOSIGNAL),
			       lab_poll(fd[0], POLLIN, 0) == POLLIN)));
}

static int epoll_one(int ep, unsigned int *events, int ms)
{
	struct epoll_event ev = { 0 };
	int n = epoll_wait(ep, &ev, 1, ms * lab_slow());

	*events = ev.events;
	return n;
}

TEST_F(readiness, epoll_edge)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	int fd[2], ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int got;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLIN, got);
	/* nothing new, though nothing was read */
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 100, 100));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLIN, got);
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, got);
}

TEST_F(readiness, epoll_edge_write)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int fd[2], ep = epoll_create1(EPOLL_CLOEXEC);
	char buf[65536] = { 0 };
	size_t sent = 0;
	unsigned int got;
	ssize_t n;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLOUT, got);
	while ((n = send(fd[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += n;
	while (sent) {
		n = recv(fd[1], buf, sizeof(buf), 0);
		ASSERT_LT(0, n);
		sent -= n;
	}
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLOUT, got);
}

TEST_F(readiness, epoll_level_and_oneshot)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd[2], ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int got;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(1, epoll_one(ep, &got, 0));
	ev.events = EPOLLIN | EPOLLONESHOT;
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
}

/* EPOLLRDHUP, EPOLLERR and EPOLLHUP: the last two come unasked */
TEST_F(readiness, epoll_ends)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	struct epoll_event ev = { .events = EPOLLRDHUP };
	int fd[2], ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int got;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLRDHUP, got);
	ev.events = 0;
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd[1]);
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLERR | EPOLLHUP, got);
	/* a closed descriptor leaves the set */
	close(fd[0]);
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
}

/* Edges of a connection that is being made, and of one that is refused */
TEST_F(readiness, epoll_edge_connect)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	int fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK)), port = lab_port(listener);
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, port, &ss);
	unsigned int got;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	EXPECT_EQ(1, epoll_one(ep, &got, 0));
	EXPECT_EQ(EPOLLOUT | EPOLLHUP, got);
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLOUT, got);
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	close(fd);
	close(listener);
	fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	EXPECT_EQ(1, epoll_one(ep, &got, 0));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	EXPECT_EQ(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLERR | EPOLLHUP, got);
	EXPECT_EQ(ECONNREFUSED, lab_so_error(fd));
}

/* Edge-triggered accept: one event for each connection that comes */
TEST_F(readiness, epoll_edge_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), ep = epoll_create1(EPOLL_CLOEXEC), i;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	unsigned int got;

	LAB_OK(lab_nonblock(listener, true));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev));
	for (i = 0; i < 3; i++) {
		LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
		EXPECT_EQ(1, epoll_one(ep, &got, 10000));
		EXPECT_EQ(EPOLLIN, got);
		EXPECT_EQ(0, epoll_one(ep, &got, 0));
	}
	for (i = 0; i < 3; i++)
		LAB_FD(accept(listener, NULL, NULL));
	LAB_ERRNO(EAGAIN, accept(listener, NULL, NULL));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
}

/* Partly read: no new edge, until something new comes; armed again, there is one at once. */
TEST_F(readiness, epoll_edge_partly_read)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int fd[2], ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int got;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_EQ(1, epoll_one(ep, &got, 10000));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 50));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	EXPECT_EQ(1, epoll_one(ep, &got, 0));
	EXPECT_EQ(EPOLLIN, got);
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 50, 50));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	EXPECT_EQ(0, epoll_one(ep, &got, 0));
}

/* EPOLLEXCLUSIVE: of two sleepers one at least is woken, and both can be. */
TEST_F(readiness, epoll_exclusive)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 8)), i, status;
	pid_t pid[2];

	LAB_OK(lab_nonblock(listener, true));
	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };
			int ep = epoll_create1(0);
			unsigned int got;

			if (epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev))
				_exit(1);
			while (epoll_one(ep, &got, 20000) == 1) {
				if (accept(listener, NULL, NULL) >= 0)
					_exit(0);
			}
			_exit(2);
		}
	}
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid[i])));
	for (i = 0; i < 2; i++)
		LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

enum { SLEEPERS = 6 };

/*
 * Sleep with an epoll set of one's own until the listener is ready, which is counted, or @stop is.
 * Nobody accepts: whose set has been told of a connection will find it.
 */
static int sleep_at(int listener, int stop, unsigned int flags, int *woken)
{
	struct epoll_event ev[2] = {
		{ .events = EPOLLIN | flags, .data.fd = listener },
		{ .events = EPOLLIN, .data.fd = stop },
	};
	int ep = epoll_create1(EPOLL_CLOEXEC), i, n;

	for (i = 0; i < 2; i++) {
		if (epoll_ctl(ep, EPOLL_CTL_ADD, ev[i].data.fd, &ev[i]))
			return 1;
	}
	n = epoll_wait(ep, ev, 2, 20000 * lab_slow());
	for (i = 0; i < n; i++) {
		if (ev[i].data.fd == listener)
			__atomic_add_fetch(woken, 1, __ATOMIC_SEQ_CST);
	}
	return n > 0 && lab_wait(stop, POLLIN) ? 0 : 2;
}

/* Let so many sleep, and so many connections come, one by one. Return: how many saw one. */
static int herd(struct __test_metadata *_metadata, const struct lab *lab, unsigned int flags,
		int connections, int expected)
{
	int listener = LAB_FD(lab_listen(lab, 0, 8)), stop = eventfd(0, EFD_CLOEXEC), i, status;
	int *woken = mmap(NULL, sizeof(*woken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	uint64_t one = 1;
	pid_t pid[SLEEPERS];

	ASSERT_NE(MAP_FAILED, (void *)woken);
	for (i = 0; i < SLEEPERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(sleep_at(listener, stop, flags, woken));
		/* in the order in which they asked */
		EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid[i])));
	}
	for (i = 1; i <= connections; i++) {
		LAB_FD(lab_connect_to(lab, lab_port(listener)));
		EXPECT_TRUE(LAB_UNTIL(__atomic_load_n(woken, __ATOMIC_SEQ_CST) >=
				      expected * i / connections));
	}
	ASSERT_EQ((ssize_t)sizeof(one), write(stop, &one, sizeof(one)));
	for (i = 0; i < SLEEPERS; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	return *woken;
}

/* Each connection wakes one sleeper, and another one each time; the others hear nothing. */
TEST_F(readiness, epoll_exclusive_wakes_one)
{
	EXPECT_EQ(1, herd(_metadata, &self->lab, EPOLLEXCLUSIVE, 1, 1));
	EXPECT_EQ(3, herd(_metadata, &self->lab, EPOLLEXCLUSIVE, 3, 3));
}

/* Without EPOLLEXCLUSIVE one connection wakes them all. */
TEST_F(readiness, epoll_wakes_all)
{
	EXPECT_EQ(SLEEPERS, herd(_metadata, &self->lab, 0, 1, SLEEPERS));
}

TEST_F(readiness, select)
{
	struct timeval at_once = { 0, 0 }, wait = { 20 * lab_slow(), 0 };
	fd_set in, out, except;
	int fd[2], max;

	LAB_OK(lab_pair(&self->lab, fd));
	max = (fd[0] > fd[1] ? fd[0] : fd[1]) + 1;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(fd[0], &in);
	FD_SET(fd[0], &out);
	FD_SET(fd[0], &except);
	EXPECT_EQ(1, select(max, &in, &out, &except, &at_once));
	EXPECT_FALSE(FD_ISSET(fd[0], &in));
	EXPECT_TRUE(FD_ISSET(fd[0], &out));
	EXPECT_FALSE(FD_ISSET(fd[0], &except));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 10));
	FD_SET(fd[0], &in);
	EXPECT_EQ(1, select(max, &in, NULL, NULL, &wait));
	EXPECT_TRUE(FD_ISSET(fd[0], &in));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(0, select(max, &in, NULL, NULL, &at_once));
	EXPECT_EQ(0, shutdown(fd[1], SHUT_WR));
	FD_SET(fd[0], &in);
	EXPECT_EQ(1, select(max, &in, NULL, NULL, &wait));
}

/* A sleeper in poll() is woken by the end of the connection. */
TEST_F(readiness, sleeper_woken)
{
	int fd[2], status;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	pid = fork();
	if (!pid) {
		close(fd[1]);
		_exit(lab_wait(fd[0], POLLRDHUP) & POLLRDHUP ? 0 : 1);
	}
	close(fd[0]);
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	close(fd[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
