// SPDX-License-Identifier: GPL-2.0
/* Calls that wait: time limits, signals, and processes that share a socket. */
#include "harness.h"

#include <sys/mman.h>
#include <sys/time.h>
#include <netinet/tcp.h>

LAB_FIXTURE(blocking);

static void limit(struct __test_metadata *_metadata, int fd, int name, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, name, &tv, sizeof(tv)));
}

TEST_F(blocking, recv_timeout)
{
	int64_t begin;
	int fd[2];
	char c;

	LAB_OK(lab_pair(&self->lab, fd));
	limit(_metadata, fd[0], SO_RCVTIMEO, 400);
	begin = lab_now_us();
	LAB_ERRNO(EAGAIN, recv(fd[0], &c, 1, 0));
	/* a guest that gets no processor for a while counts its ticks late, and in a burst */
	EXPECT_LE(200000, lab_now_us() - begin);
}

/* What came before the limit is not lost to MSG_WAITALL. */
TEST_F(blocking, recv_timeout_partial)
{
	char buf[100];
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	limit(_metadata, fd[0], SO_RCVTIMEO, 50);
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_EQ(10, recv(fd[0], buf, 100, MSG_WAITALL));
}

TEST_F(blocking, send_timeout)
{
	char buf[65536] = { 0 };
	ssize_t n;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	limit(_metadata, fd[0], SO_SNDTIMEO, 50);
	do {
		n = send(fd[0], buf, sizeof(buf), 0);
	} while (n > 0);
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(blocking, accept_timeout)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));

	limit(_metadata, listener, SO_RCVTIMEO, 50);
	LAB_ERRNO(EAGAIN, accept(listener, NULL, NULL));
}

/* The other end is up, but has no address: neighbour discovery gets no answer. */
static int silent_peer(struct __test_metadata *_metadata, const struct lab *lab, int *other,
		       struct sockaddr_storage *ss, socklen_t *len)
{
	bool six = lab->family == AF_INET6;
	int mine;

	mine = LAB_FD(lab_netns_fd());
	LAB_OK(lab_netns_new());
	*other = LAB_FD(lab_netns_fd());
	LAB_OK(lab_netns_enter(mine));
	LAB_OK(lab_veth("v0", "v1", *other));
	LAB_OK(lab_netns_enter(*other));
	LAB_OK(lab_link_up("v1"));
	LAB_OK(lab_netns_enter(mine));
	LAB_OK(lab_link_up("v0"));
	LAB_OK(lab_addr_add("v0", lab->family, six ? "2001:db8::1" : "192.0.2.1", six ? 64 : 24));
	*len = lab_addr(lab->family, six ? "2001:db8::2" : "192.0.2.2", 9, ss);
	return LAB_FD(lab_socket(lab, 0));
}

/* connect() to where nobody answers: EINPROGRESS when SO_SNDTIMEO is over */
TEST_F(blocking, connect_timeout)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int other, fd = silent_peer(_metadata, &self->lab, &other, &ss, &len);

	limit(_metadata, fd, SO_SNDTIMEO, 50);
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EALREADY, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
}

static void on_alarm(int sig)
{
}

static void alarm_soon(struct __test_metadata *_metadata, int flags)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = flags };
	/* again and again, so that one before the call does not count */
	struct itimerval it = { .it_value.tv_usec = 20000, .it_interval.tv_usec = 20000 };

	ASSERT_EQ(0, sigaction(SIGALRM, &sa, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
}

TEST_F(blocking, signal_in_recv)
{
	int fd[2];
	char c;

	LAB_OK(lab_pair(&self->lab, fd));
	alarm_soon(_metadata, 0);
	LAB_ERRNO(EINTR, recv(fd[0], &c, 1, 0));
}

TEST_F(blocking, signal_in_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));

	alarm_soon(_metadata, 0);
	LAB_ERRNO(EINTR, accept(listener, NULL, NULL));
}

TEST_F(blocking, signal_in_send)
{
	char buf[65536] = { 0 };
	ssize_t n;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	alarm_soon(_metadata, 0);
	do {
		n = send(fd[0], buf, sizeof(buf), 0);
	} while (n > 0);
	EXPECT_EQ(EINTR, errno);
}

/* With a time limit nothing goes on by itself: SA_RESTART or not. */
TEST_F(blocking, no_restart_with_a_limit)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd[2];
	char buf[65536] = { 0 };
	ssize_t n;

	LAB_OK(lab_pair(&self->lab, fd));
	limit(_metadata, fd[0], SO_RCVTIMEO, 20000);
	limit(_metadata, fd[0], SO_SNDTIMEO, 20000);
	limit(_metadata, listener, SO_RCVTIMEO, 20000);
	alarm_soon(_metadata, SA_RESTART);
	LAB_ERRNO(EINTR, recv(fd[0], buf, 1, 0));
	LAB_ERRNO(EINTR, accept(listener, NULL, NULL));
	do {
		n = send(fd[0], buf, sizeof(buf), 0);
	} while (n > 0);
	EXPECT_EQ(EINTR, errno);
}

/* A part was done before the signal came: its count is returned, whatever the handler says. */
TEST_F(blocking, signal_half_way)
{
	char buf[100], *big = calloc(1, 64 << 20);
	ssize_t n;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	alarm_soon(_metadata, SA_RESTART);
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 10));
	EXPECT_TRUE(lab_wait(fd[0], POLLIN));
	EXPECT_EQ(10, recv(fd[0], buf, 100, MSG_WAITALL));
	n = send(fd[0], big, 64 << 20, 0);
	EXPECT_LT(0, n);
	EXPECT_GT(64 << 20, n);
}

/* connect() goes on behind the program's back when a signal ends the call. */
TEST_F(blocking, signal_in_connect)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int other, fd = silent_peer(_metadata, &self->lab, &other, &ss, &len);

	alarm_soon(_metadata, 0);
	LAB_ERRNO(EINTR, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	/* another call waits for the same attempt */
	LAB_ERRNO(EINTR, connect(fd, (struct sockaddr *)&ss, len));
	LAB_OK(lab_nonblock(fd, true));
	LAB_ERRNO(EALREADY, connect(fd, (struct sockaddr *)&ss, len));
	LAB_OK(lab_nonblock(fd, false));
	/* with a limit there is no restart */
	limit(_metadata, fd, SO_SNDTIMEO, 20000);
	alarm_soon(_metadata, SA_RESTART);
	LAB_ERRNO(EINTR, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
}

/* send() before the connection is there waits for it, too. */
TEST_F(blocking, send_while_connecting)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int other, fd = silent_peer(_metadata, &self->lab, &other, &ss, &len);

	LAB_OK(lab_nonblock(fd, true));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EAGAIN, send(fd, "x", 1, 0));
	LAB_ERRNO(EAGAIN, recv(fd, &ss, 1, 0));
	LAB_OK(lab_nonblock(fd, false));
	alarm_soon(_metadata, 0);
	LAB_ERRNO(EINTR, send(fd, "x", 1, 0));
	limit(_metadata, fd, SO_SNDTIMEO, 20000);
	limit(_metadata, fd, SO_RCVTIMEO, 20000);
	alarm_soon(_metadata, SA_RESTART);
	LAB_ERRNO(EINTR, send(fd, "x", 1, 0));
	LAB_ERRNO(EINTR, recv(fd, &ss, 1, 0));
}

static volatile sig_atomic_t *caught;	/* shared with the child */

static void count(int sig)
{
	++*caught;
}

/*
 * Fork a child that waits until this process is asleep, disturbs it by a signal with SA_RESTART,
 * and sees it asleep again. Return: 0 in the child, which then brings what is waited for
 */
static pid_t disturb(struct __test_metadata *_metadata)
{
	struct sigaction sa = { .sa_handler = count, .sa_flags = SA_RESTART };
	pid_t pid, parent = getpid();

	caught = mmap(NULL, sizeof(*caught), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)caught);
	ASSERT_EQ(0, sigaction(SIGALRM, &sa, NULL));
	pid = fork();
	if (!pid && (!LAB_UNTIL(lab_asleep(parent)) || kill(parent, SIGALRM) ||
		     !LAB_UNTIL(*caught) || !LAB_UNTIL(lab_asleep(parent))))
		_exit(2);
	return pid;
}

/* The signal came, once, and the child did its part. */
static void was_disturbed(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	EXPECT_EQ(1, *caught);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* SA_RESTART: the call goes on, and returns what it waited for. */
TEST_F(blocking, restart)
{
	int fd[2];
	char c;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	pid = disturb(_metadata);
	if (!pid)
		_exit(send(fd[1], "x", 1, 0) == 1 ? 0 : 1);
	EXPECT_EQ(1, recv(fd[0], &c, 1, 0));
	was_disturbed(_metadata, pid);
}

TEST_F(blocking, restart_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	pid_t pid = disturb(_metadata);

	if (!pid)
		_exit(lab_connect_to(&self->lab, lab_port(listener)) < 0);
	EXPECT_LE(0, accept(listener, NULL, NULL));
	was_disturbed(_metadata, pid);
}

/* Octet by octet, so that nothing was done when the signal comes */
TEST_F(blocking, restart_send)
{
	char buf[4096] = { 0 };
	int fd[2], n;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUF, 4096));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVBUF, 4096));
	while (send(fd[0], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	pid = disturb(_metadata);
	if (!pid) {
		close(fd[0]);
		while (recv(fd[1], buf, sizeof(buf), 0) > 0)
			;
		_exit(0);
	}
	do {
		n = send(fd[0], "x", 1, 0);
	} while (n == 1 && !*caught);
	EXPECT_EQ(1, n);
	close(fd[0]);
	was_disturbed(_metadata, pid);
}

/* connect(): the second call does not begin anew, but waits for the same attempt. */
TEST_F(blocking, restart_connect)
{
	bool six = self->lab.family == AF_INET6;
	const char *there = six ? "2001:db8::2" : "192.0.2.2";
	int mine = LAB_FD(lab_netns_fd()), other, fd, listener;
	struct sockaddr_storage ss;
	unsigned char mac[6];
	socklen_t len;
	pid_t pid;

	fd = silent_peer(_metadata, &self->lab, &other, &ss, &len);
	LAB_OK(lab_netns_enter(other));
	listener = LAB_FD(lab_socket(&self->lab, 0));
	len = lab_any(&self->lab, 9, &ss);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&ss, len));
	ASSERT_EQ(0, listen(listener, 1));
	LAB_OK(lab_mac("v1", mac));
	LAB_OK(lab_netns_enter(mine));
	len = lab_addr(self->lab.family, there, 9, &ss);
	pid = disturb(_metadata);
	if (!pid) {
		/* the SYN waits for the neighbour's address */
		_exit(lab_netns_enter(other) ||
		      lab_addr_add("v1", self->lab.family, there, six ? 64 : 24) ||
		      lab_netns_enter(mine) || lab_neigh_add("v0", self->lab.family, there, mac));
	}
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	was_disturbed(_metadata, pid);
	EXPECT_EQ(POLLIN, lab_wait(listener, POLLIN));
	LAB_FD(accept(listener, NULL, NULL));
	LAB_ERRNO(EISCONN, connect(fd, (struct sockaddr *)&ss, len));
}

/* Several processes in accept() on one listener: each connection goes to one of them. */
TEST_F(blocking, shared_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 32)), i, fd, status;
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			int n;

			for (n = 0; n < 5; n++) {
				fd = accept(listener, NULL, NULL);
				if (fd < 0 || lab_send(fd, LAB_TO_PEER, 0, 1000))
					_exit(1);
				close(fd);
			}
			_exit(0);
		}
	}
	for (i = 0; i < 20; i++) {
		fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
		LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 1000));
		LAB_OK(lab_recv_eof(fd));
		close(fd);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* A process that ends closes its connections. */
TEST_F(blocking, exit_closes)
{
	int fd[2], status;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	pid = fork();
	if (!pid) {
		close(fd[0]);
		pause();
		_exit(0);
	}
	close(fd[1]);
	EXPECT_EQ(0, lab_poll(fd[0], POLLIN, 0));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	LAB_OK(lab_recv_eof(fd[0]));
}

/* A namespace that goes away with a connection in it */
TEST_F(blocking, namespace_dies)
{
	int fd[2], status;
	pid_t pid = fork();

	if (!pid) {
		if (lab_netns_new() || lab_pair(&self->lab, fd) ||
		    lab_send(fd[0], LAB_TO_PEER, 0, 50000))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	LAB_OK(lab_pair(&self->lab, fd));
}

/* Ports and connections of one namespace are not seen in another. */
TEST_F(blocking, namespaces_are_apart)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 5555, &ss);
	int fd;

	LAB_FD(lab_listen(&self->lab, 5555, 1));
	LAB_OK(lab_netns_new());
	fd = LAB_FD(lab_socket(&self->lab, 0));
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
	LAB_FD(lab_listen(&self->lab, 5555, 1));
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_HARNESS_MAIN
