// SPDX-License-Identifier: GPL-2.0
/* IP_BIND_ADDRESS_NO_PORT: bind() settles the address, connect() the port, which may be shared. */
#include "harness.h"

LAB_FIXTURE(bind_no_port);

static int bound(struct __test_metadata *_metadata, struct lab *lab, bool no_port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, 0, &ss);
	int fd = LAB_FD(lab_socket(lab, 0));

	if (no_port)
		LAB_OK(lab_set_opt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	return fd;
}

static int connect_it(struct __test_metadata *_metadata, struct lab *lab, int fd, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, port, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) ? errno : 0;
}

TEST_F(bind_no_port, port_comes_with_connect)
{
	int fd;

	LAB_FD(lab_listen(&self->lab, 5555, 4));
	fd = bound(_metadata, &self->lab, true);
	EXPECT_EQ(0, lab_port(fd));
	EXPECT_EQ(0, connect_it(_metadata, &self->lab, fd, 5555));
	EXPECT_LT(0, lab_port(fd));
}

/* Two ports serve four connections to two servers; a port that bind() took would serve one. */
TEST_F(bind_no_port, ports_are_shared)
{
	int i;

	LAB_OK(lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", "33332 33333"));
	LAB_FD(lab_listen(&self->lab, 5555, 4));
	LAB_FD(lab_listen(&self->lab, 5556, 4));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, connect_it(_metadata, &self->lab, bound(_metadata, &self->lab, true),
					5555 + i % 2));
	EXPECT_EQ(EADDRNOTAVAIL, connect_it(_metadata, &self->lab,
					    bound(_metadata, &self->lab, true), 5555));
}

/* Without the option the second bind() takes the last port. */
TEST_F(bind_no_port, not_without)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 0, &ss);

	LAB_OK(lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", "33332 33333"));
	bound(_metadata, &self->lab, false);
	bound(_metadata, &self->lab, false);
	LAB_ERRNO(EADDRINUSE, bind(LAB_FD(lab_socket(&self->lab, 0)), (struct sockaddr *)&ss, len));
}

/* listen() without a port takes one. */
TEST_F(bind_no_port, listen_takes_one)
{
	int fd = bound(_metadata, &self->lab, true);

	EXPECT_EQ(0, listen(fd, 4));
	EXPECT_LT(0, lab_port(fd));
	LAB_FD(lab_connect_to(&self->lab, lab_port(fd)));
}

TEST_HARNESS_MAIN
