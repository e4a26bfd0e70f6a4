// SPDX-License-Identifier: GPL-2.0
/* Which of this host's addresses a connection has, and keeps. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

/* A device with two addresses; the peer on its other end has no part in it. */
WIRE_FIXTURE(local_address);

#define SIX	(w->lab.family == AF_INET6)
#define FIRST	wire_kernel_addr(w)
#define SECOND	(SIX ? "2001:db8::12" : "192.0.2.12")

static void second_address(struct __test_metadata *_metadata)
{
	LAB_OK(lab_addr_add("wire", w->lab.family, SECOND, SIX ? 64 : 24));
}

static int listen_on_all(struct __test_metadata *_metadata)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&w->lab, 5555, &ss);
	int fd = LAB_FD(lab_socket(&w->lab, 0));

	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, listen(fd, 2));
	return fd;
}

static bool is_local(int fd, int family, const char *text)
{
	struct sockaddr_storage want, got;
	socklen_t len = sizeof(got);

	lab_addr(family, text, 0, &want);
	if (getsockname(fd, (struct sockaddr *)&got, &len))
		return false;
	if (family == AF_INET6)
		return !memcmp(&((struct sockaddr_in6 *)&got)->sin6_addr,
			       &((struct sockaddr_in6 *)&want)->sin6_addr, 16);
	return ((struct sockaddr_in *)&got)->sin_addr.s_addr ==
	       ((struct sockaddr_in *)&want)->sin_addr.s_addr;
}

/* RFC9293 MUST-43: the program may name the address; the peer sees it */
TEST_F(local_address, chosen)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int listener, fd, peer;

	second_address(_metadata);
	listener = listen_on_all(_metadata);
	fd = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_addr(w->lab.family, SECOND, 0, &ss);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	len = lab_addr(w->lab.family, FIRST, 5555, &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	peer = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_TRUE(is_local(fd, w->lab.family, SECOND));
	EXPECT_TRUE(is_local(peer, w->lab.family, FIRST));
}

/* RFC9293 MUST-43: a listener on one address leaves the others alone */
TEST_F(local_address, listener_of_one)
{
	struct sockaddr_storage ss;
	int listener, fd;
	socklen_t len;

	second_address(_metadata);
	listener = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_addr(w->lab.family, FIRST, 5555, &ss);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&ss, len));
	ASSERT_EQ(0, listen(listener, 1));
	fd = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_addr(w->lab.family, SECOND, 5555, &ss);
	LAB_ERRNO(ECONNREFUSED, connect(fd, (struct sockaddr *)&ss, len));
}

/* RFC9293 MUST-44: where the program says nothing IP is asked */
TEST_F(local_address, chosen_by_ip)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	listen_on_all(_metadata);
	fd = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_addr(w->lab.family, FIRST, 5555, &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(is_local(fd, w->lab.family, FIRST));
	fd = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_loopback(&w->lab, 5555, &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_TRUE(is_local(fd, w->lab.family, SIX ? "::1" : "127.0.0.1"));
}

/* RFC9293 MUST-45: what was called is what answers, to the end, though IP would choose another */
TEST_F(local_address, kept)
{
	struct sockaddr_storage ss;
	int listener, fd, peer;
	socklen_t len;

	second_address(_metadata);
	listener = listen_on_all(_metadata);
	fd = LAB_FD(lab_socket(&w->lab, 0));
	len = lab_addr(w->lab.family, FIRST, 0, &ss);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	len = lab_addr(w->lab.family, SECOND, 5555, &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	peer = LAB_FD(accept(listener, NULL, NULL));
	/* from any other address these segments would be nobody's */
	LAB_OK(lab_send(peer, LAB_TO_KERNEL, 0, 5000));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 5000));
	EXPECT_EQ(0, shutdown(peer, SHUT_WR));
	LAB_OK(lab_recv_eof(fd));
	EXPECT_TRUE(is_local(peer, w->lab.family, SECOND));
}

TEST_HARNESS_MAIN
