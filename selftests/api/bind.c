// SPDX-License-Identifier: GPL-2.0
/* bind() and listen(): who may have which port, and when. */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(bind);

static int bound(struct __test_metadata *_metadata, struct lab *lab, int port, bool reuse,
		 bool any, int *err)
{
	struct sockaddr_storage ss;
	socklen_t len = any ? lab_any(lab, port, &ss) : lab_loopback(lab, port, &ss);
	int fd = LAB_FD(lab_socket(lab, 0));

	if (reuse)
		LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	*err = bind(fd, (struct sockaddr *)&ss, len) ? errno : 0;
	return fd;
}

TEST_F(bind, gives_the_port)
{
	int err, fd = bound(_metadata, &self->lab, 5555, false, false, &err);

	EXPECT_EQ(0, err);
	EXPECT_EQ(5555, lab_port(fd));
}

/* Port 0: one from the range, another for each socket */
TEST_F(bind, ephemeral)
{
	int lo, hi, fd[50], i, j, err, port[50];
	char buf[64], *end;

	LAB_OK(lab_read_file("/proc/sys/net/ipv4/ip_local_port_range", buf, sizeof(buf)));
	lo = strtol(buf, &end, 10);
	hi = strtol(end, NULL, 10);
	ASSERT_LT(0, lo);
	ASSERT_LT(lo, hi);
	for (i = 0; i < 50; i++) {
		fd[i] = bound(_metadata, &self->lab, 0, false, false, &err);
		EXPECT_EQ(0, err);
		port[i] = lab_port(fd[i]);
		EXPECT_LE(lo, port[i]);
		EXPECT_GE(hi, port[i]);
		for (j = 0; j < i; j++)
			EXPECT_NE(port[i], port[j]);
	}
}

/* connect() without bind() takes one, too. */
TEST_F(bind, ephemeral_by_connect)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_LT(1023, lab_port(fd[0]));
}

TEST_F(bind, conflict)
{
	int err;

	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
	bound(_metadata, &self->lab, 5555, false, true, &err);
	EXPECT_EQ(EADDRINUSE, err);
	bound(_metadata, &self->lab, 5556, false, true, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, 5556, false, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
}

/* SO_REUSEADDR on one of them is not enough. */
TEST_F(bind, reuse_on_one_only)
{
	int err;

	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
}

/* On both it is, unless one of them listens. */
TEST_F(bind, reuse_on_both)
{
	int err, a, b;

	a = bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(0, err);
	b = bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, listen(a, 1));
	LAB_ERRNO(EADDRINUSE, listen(b, 1));
	bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
	close(a);
	EXPECT_EQ(0, listen(b, 1));
}

/* The port of a connection that was accepted is free for a new listener with SO_REUSEADDR. */
TEST_F(bind, while_connections_live)
{
	int listener = LAB_FD(lab_listen(&self->lab, 5555, 1)), fd, peer, err;

	fd = LAB_FD(lab_connect_to(&self->lab, 5555));
	peer = LAB_FD(accept(listener, NULL, NULL));
	close(listener);
	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
	listener = bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, listen(listener, 1));
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(peer));
}

/* In TIME_WAIT a port needs SO_REUSEADDR to be bound again. */
TEST_F(bind, time_wait)
{
	int listener = LAB_FD(lab_listen(&self->lab, 5555, 1)), fd, peer, port, err;

	fd = LAB_FD(lab_connect_to(&self->lab, 5555));
	port = lab_port(fd);
	peer = LAB_FD(accept(listener, NULL, NULL));
	close(listener);
	close(peer);
	LAB_OK(lab_recv_eof(fd));
	close(fd);
	EXPECT_TRUE(LAB_UNTIL(lab_conn_state(&self->lab, 5555, port) == TCP_TIME_WAIT));
	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(EADDRINUSE, err);
	fd = bound(_metadata, &self->lab, 5555, true, false, &err);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, listen(fd, 1));
	/* and the new listener takes connections */
	LAB_FD(lab_connect_to(&self->lab, 5555));
}

TEST_F(bind, twice)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 5556, &ss);
	int err, fd = bound(_metadata, &self->lab, 5555, false, false, &err);

	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(5555, lab_port(fd));
}

TEST_F(bind, bad_addresses)
{
	bool six = self->lab.family == AF_INET6;
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	struct sockaddr_storage ss;
	socklen_t len;

	len = lab_addr(self->lab.family, six ? "2001:db8::9" : "192.0.2.9", 5555, &ss);
	LAB_ERRNO(EADDRNOTAVAIL, bind(fd, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, 8));
	LAB_ERRNO(EFAULT, bind(fd, NULL, len));
	len = lab_loopback(&self->lab, 5555, &ss);
	ss.ss_family = AF_UNIX;
	LAB_ERRNO(EAFNOSUPPORT, bind(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, lab_port(fd));
}

TEST_F(bind, privileged_port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 80, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	LAB_ERRNO(EACCES, bind(fd, (struct sockaddr *)&ss, len));
	len = lab_loopback(&self->lab, 8080, &ss);
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
}

/* listen() without bind() takes a port of its own. */
TEST_F(bind, listen_unbound)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(0, listen(fd, 1));
	EXPECT_LT(0, lab_port(fd));
	LAB_FD(lab_connect_to(&self->lab, lab_port(fd)));
}

/* A second listen() only changes the backlog. */
TEST_F(bind, listen_twice)
{
	int fd = LAB_FD(lab_listen(&self->lab, 0, 1));

	EXPECT_EQ(0, listen(fd, 7));
	EXPECT_EQ(0, listen(fd, -1));
	EXPECT_EQ(TCP_LISTEN, lab_tcp_state(fd));
}

TEST_F(bind, listen_connected)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_ERRNO(EINVAL, listen(fd[0], 1));
	LAB_ERRNO(EINVAL, listen(fd[1], 1));
	LAB_ERRNO(EINVAL, accept(fd[0], NULL, NULL));
}

/* shutdown() ends a listener; listen() makes it one again. */
TEST_F(bind, listener_shut_down)
{
	int fd = LAB_FD(lab_listen(&self->lab, 5555, 1));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 5555, &ss);
	int other = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	LAB_ERRNO(ECONNREFUSED, connect(other, (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, listen(fd, 1));
	EXPECT_EQ(0, connect(other, (struct sockaddr *)&ss, len));
}

/* Protocols do not share ports: what one has bound is free for the other. */
TEST_F(bind, ports_are_per_protocol)
{
	struct lab other = self->lab;
	int err;

	/* seen from the kernel's TCP there is no other */
	if (self->lab.oracle)
		return;
	other.proto = IPPROTO_TCP;
	bound(_metadata, &self->lab, 5555, false, false, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &other, 5555, false, false, &err);
	EXPECT_EQ(0, err);
}

TEST_HARNESS_MAIN
