// SPDX-License-Identifier: GPL-2.0
/* connect() and accept(): blocking, non-blocking, and each way in which they fail. */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(connect);

TEST_F(connect, blocking)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd, peer;

	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(peer));
	EXPECT_EQ(TCP_LISTEN, lab_tcp_state(listener));
	EXPECT_EQ(lab_port(fd), lab_peer_port(peer));
	EXPECT_EQ(lab_port(listener), lab_peer_port(fd));
	EXPECT_EQ(lab_port(listener), lab_port(peer));
}

/* EINPROGRESS (at once or done at once over loopback), POLLOUT, SO_ERROR 0 */
TEST_F(connect, non_blocking)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, lab_so_error(fd));
	/* the first call after it is done says so, the next that it is no news */
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EISCONN, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_F(connect, refused)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, lab_so_error(fd));
	/* the socket may try again */
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_F(connect, refused_non_blocking)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	char c;

	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP, lab_wait(fd, POLLIN | POLLOUT));
	EXPECT_EQ(ECONNREFUSED, lab_so_error(fd));
	EXPECT_EQ(0, lab_so_error(fd));

	/* and the error is told only once, by whichever call comes first */
	close(fd);
	fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	LAB_ERRNO(ECONNREFUSED, recv(fd, &c, 1, 0));
	EXPECT_EQ(0, lab_so_error(fd));
}

/* A failed connection in progress is told by the second connect(). */
TEST_F(connect, refused_told_by_connect)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));

	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_F(connect, while_connected)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_ERRNO(EISCONN, connect(fd[0], (struct sockaddr *)&ss, len));
	LAB_ERRNO(EISCONN, connect(fd[1], (struct sockaddr *)&ss, len));
}

TEST_F(connect, while_listening)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);

	LAB_ERRNO(EISCONN, connect(listener, (struct sockaddr *)&ss, len));
}

TEST_F(connect, bad_addresses)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 9, &ss);

	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, 1));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, 8));
	LAB_ERRNO(EFAULT, connect(fd, NULL, len));
	ss.ss_family = AF_UNIX;
	LAB_ERRNO(EAFNOSUPPORT, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
}

TEST_F(connect, no_route)
{
	bool six = self->lab.family == AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(self->lab.family, six ? "2001:db8::9" : "192.0.2.9", 9, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	LAB_ERRNO(ENETUNREACH, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
}

/* RFC9293 MUST-46 */
TEST_F(connect, multicast)
{
	bool six = self->lab.family == AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(self->lab.family, six ? "ff02::1" : "224.0.0.1", 9, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	LAB_ERRNO(ENETUNREACH, connect(fd, (struct sockaddr *)&ss, len));
}

/* 0.0.0.0 and :: stand for this host. */
TEST_F(connect, unspecified_address)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&self->lab, lab_port(listener), &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_F(connect, not_connected)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char c = 0;

	LAB_ERRNO(ENOTCONN, recv(fd, &c, 1, 0));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	LAB_ERRNO(ENOTCONN, getpeername(fd, (struct sockaddr *)&ss, &len));
	LAB_ERRNO(ENOTCONN, shutdown(fd, SHUT_WR));
	LAB_ERRNO(EINVAL, accept(fd, NULL, NULL));
}

/* connect(AF_UNSPEC) gives a fresh socket back. */
TEST_F(connect, disconnect_and_again)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd, peer, i;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	fd = LAB_FD(lab_socket(&self->lab, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
		EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
		ASSERT_EQ(0, connect(fd, &none, sizeof(none)));
		EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	}
	/* and it works like one */
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	for (i = 0; i < 3; i++)
		close(LAB_FD(accept(listener, NULL, NULL)));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 5000));
	/* a bound port is kept, as Linux keeps it */
	close(fd);
	fd = LAB_FD(lab_socket(&self->lab, 0));
	len = lab_loopback(&self->lab, 4321, &ss);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	len = lab_loopback(&self->lab, lab_port(listener), &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	ASSERT_EQ(0, connect(fd, &none, sizeof(none)));
	EXPECT_EQ(4321, lab_port(fd));
}

TEST_F(connect, accept_non_blocking)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd, peer;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	LAB_OK(lab_nonblock(listener, true));
	LAB_ERRNO(EAGAIN, accept(listener, NULL, NULL));
	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_EQ(POLLIN, lab_wait(listener, POLLIN | POLLOUT));
	peer = accept4(listener, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK);
	ASSERT_LE(0, peer);
	EXPECT_EQ(self->lab.family, ss.ss_family);
	EXPECT_EQ(lab_port(fd), lab_peer_port(peer));
	EXPECT_EQ(O_NONBLOCK, fcntl(peer, F_GETFL) & O_NONBLOCK);
	LAB_ERRNO(EAGAIN, accept(listener, NULL, NULL));
}

/* An address that does not fit is cut, and its true length told. */
TEST_F(connect, accept_short_address)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), peer;
	struct sockaddr_storage ss;
	socklen_t len = 2;

	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	memset(&ss, 0xaa, sizeof(ss));
	peer = accept(listener, (struct sockaddr *)&ss, &len);
	ASSERT_LE(0, peer);
	EXPECT_EQ(self->lab.family == AF_INET6 ? 28 : 16, len);
	EXPECT_EQ(self->lab.family, ss.ss_family);
	EXPECT_EQ(0xaa, ((uint8_t *)&ss)[2]);
	len = (socklen_t)-1;
	LAB_ERRNO(EINVAL, getsockname(peer, (struct sockaddr *)&ss, &len));
}

/* The protocol must be asked for by its number; other types do not know it. */
TEST_F(connect, socket_arguments)
{
	LAB_ERRNO(EPROTONOSUPPORT, socket(self->lab.family, SOCK_DGRAM, self->lab.proto));
}

TEST_HARNESS_MAIN
