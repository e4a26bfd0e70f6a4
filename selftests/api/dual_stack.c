// SPDX-License-Identifier: GPL-2.0
/* IPv6 sockets that speak IPv4 as well. The variants of the family do not matter here. */
#include "harness.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

LAB_FIXTURE(dual_stack);

/* A bound socket of @family; *err says how it went. */
static int bound(struct __test_metadata *_metadata, struct lab *lab, int family, const char *addr,
		 int port, int v6only, int *err)
{
	struct lab l = *lab;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(family, addr, port, &ss);
	int fd;

	l.family = family;
	fd = LAB_FD(lab_socket(&l, 0));
	if (v6only >= 0)
		LAB_OK(lab_set_opt(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only));
	*err = bind(fd, (struct sockaddr *)&ss, len) ? errno : 0;
	return fd;
}

static int v4_connect(struct __test_metadata *_metadata, struct lab *lab, int port)
{
	struct lab l = *lab;

	l.family = AF_INET;
	return LAB_FD(lab_connect_to(&l, port));
}

/* A listener on :: takes IPv4 clients, whose addresses look mapped. */
TEST_F(dual_stack, v4_client)
{
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(sin6);
	char text[64];
	int err, listener = bound(_metadata, &self->lab, AF_INET6, "::", 5555, 0, &err), fd, peer;

	ASSERT_EQ(0, err);
	ASSERT_EQ(0, listen(listener, 4));
	fd = v4_connect(_metadata, &self->lab, 5555);
	peer = LAB_FD(accept(listener, (struct sockaddr *)&sin6, &len));
	EXPECT_EQ(sizeof(sin6), len);
	EXPECT_EQ(AF_INET6, sin6.sin6_family);
	EXPECT_STREQ("::ffff:127.0.0.1", inet_ntop(AF_INET6, &sin6.sin6_addr, text, sizeof(text)));
	EXPECT_EQ(lab_port(fd), ntohs(sin6.sin6_port));
	ASSERT_EQ(0, getsockname(peer, (struct sockaddr *)&sin6, &len));
	EXPECT_STREQ("::ffff:127.0.0.1", inet_ntop(AF_INET6, &sin6.sin6_addr, text, sizeof(text)));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_send(peer, LAB_TO_KERNEL, 0, 100000));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100000));
}

/* ... and IPv6 clients on the same port */
TEST_F(dual_stack, v6_client)
{
	int err, listener = bound(_metadata, &self->lab, AF_INET6, "::", 5555, 0, &err), fd, peer;
	struct lab six = self->lab;

	six.family = AF_INET6;
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, listen(listener, 4));
	fd = LAB_FD(lab_connect_to(&six, 5555));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 1000));
}

/* An IPv6 socket connects to a mapped address. */
TEST_F(dual_stack, mapped_connect)
{
	struct lab four = self->lab, six = self->lab;
	struct sockaddr_storage ss;
	char text[64];
	socklen_t len;
	int listener, fd, peer;

	four.family = AF_INET;
	six.family = AF_INET6;
	listener = LAB_FD(lab_listen(&four, 5555, 4));
	fd = LAB_FD(lab_socket(&six, 0));
	len = lab_addr(AF_INET6, "::ffff:127.0.0.1", 5555, &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 100000));
	len = sizeof(ss);
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&ss, &len));
	inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, text, sizeof(text));
	EXPECT_STREQ("::ffff:127.0.0.1", text);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

TEST_F(dual_stack, v6only)
{
	int err, listener = bound(_metadata, &self->lab, AF_INET6, "::", 5555, 1, &err), fd;
	struct lab four = self->lab, six = self->lab;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(AF_INET, "127.0.0.1", 5555, &ss);

	four.family = AF_INET;
	six.family = AF_INET6;
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, listen(listener, 4));
	fd = LAB_FD(lab_socket(&four, 0));
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
	LAB_FD(lab_connect_to(&six, 5555));
	/* an IPv6-only socket does not connect to a mapped address */
	fd = LAB_FD(lab_socket(&six, 0));
	LAB_OK(lab_set_opt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	len = lab_addr(AF_INET6, "::ffff:127.0.0.1", 5555, &ss);
	LAB_ERRNO(ENETUNREACH, connect(fd, (struct sockaddr *)&ss, len));
}

/* A dual socket on :: takes the port of both families. */
TEST_F(dual_stack, conflicts)
{
	int err;

	bound(_metadata, &self->lab, AF_INET6, "::", 5555, 0, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, AF_INET, "0.0.0.0", 5555, -1, &err);
	EXPECT_EQ(EADDRINUSE, err);
	bound(_metadata, &self->lab, AF_INET, "127.0.0.1", 5555, -1, &err);
	EXPECT_EQ(EADDRINUSE, err);
	bound(_metadata, &self->lab, AF_INET6, "::1", 5555, 1, &err);
	EXPECT_EQ(EADDRINUSE, err);
	/* and the other way round */
	bound(_metadata, &self->lab, AF_INET, "127.0.0.1", 5556, -1, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, AF_INET6, "::", 5556, 0, &err);
	EXPECT_EQ(EADDRINUSE, err);
	bound(_metadata, &self->lab, AF_INET6, "::ffff:127.0.0.1", 5556, 0, &err);
	EXPECT_EQ(EADDRINUSE, err);
}

/* An IPv6-only socket leaves the IPv4 port free. */
TEST_F(dual_stack, no_conflict)
{
	int err;

	bound(_metadata, &self->lab, AF_INET6, "::", 5555, 1, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, AF_INET, "0.0.0.0", 5555, -1, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, AF_INET6, "::1", 5556, 0, &err);
	EXPECT_EQ(0, err);
	bound(_metadata, &self->lab, AF_INET, "127.0.0.1", 5556, -1, &err);
	EXPECT_EQ(0, err);
}

TEST_F(dual_stack, v6only_after_bind)
{
	int err, fd = bound(_metadata, &self->lab, AF_INET6, "::", 5555, -1, &err), one = 1;

	EXPECT_EQ(0, err);
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
}

/* A link-local address means nothing without its device. */
TEST_F(dual_stack, link_local_needs_scope)
{
	struct lab six = self->lab;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(AF_INET6, "fe80::1", 5555, &ss);
	int fd;

	six.family = AF_INET6;
	fd = LAB_FD(lab_socket(&six, 0));
	LAB_ERRNO(EINVAL, bind(fd, (struct sockaddr *)&ss, len));
	LAB_ERRNO(EINVAL, connect(fd, (struct sockaddr *)&ss, len));
}

TEST_HARNESS_MAIN
