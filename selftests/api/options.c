// SPDX-License-Identifier: GPL-2.0
/* Socket options: values, defaults, errors, and what an accepted socket inherits. */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(options);

TEST_F(options, what_it_is)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(SOCK_STREAM, lab_opt(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(self->lab.family, lab_opt(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(self->lab.proto, lab_opt(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, listen(fd, 1));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(options, nodelay)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_NODELAY));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 5));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_NODELAY));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 0));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_NODELAY));
}

/* The kernel doubles what is asked for, and keeps it within its limits. */
TEST_F(options, buffers)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_LT(0, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_LT(0, lab_opt(fd, SOL_SOCKET, SO_SNDBUF));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, 30000));
	EXPECT_EQ(60000, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	EXPECT_EQ(60000, lab_opt(fd, SOL_SOCKET, SO_SNDBUF));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, 1));
	EXPECT_LT(1000, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
}

/* net.*.rmem and wmem: the second number is the default of a new socket. */
TEST_F(options, default_buffers)
{
	int fd;

	LAB_OK(lab_sysctl_set(&self->lab, "rmem", "4096 100000 4000000"));
	LAB_OK(lab_sysctl_set(&self->lab, "wmem", "4096 50000 4000000"));
	fd = LAB_FD(lab_socket(&self->lab, 0));
	EXPECT_EQ(100000, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(50000, lab_opt(fd, SOL_SOCKET, SO_SNDBUF));
}

TEST_F(options, inherited)
{
	struct linger soft = { .l_onoff = 1, .l_linger = 3 }, got = { 0 };
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;
	socklen_t len = sizeof(got);

	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
	LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_OOBINLINE, 1));
	LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_RCVBUF, 30000));
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_OOBINLINE));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_REUSEADDR));
	EXPECT_EQ(60000, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &len));
	EXPECT_EQ(3, got.l_linger);
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_EQ(self->lab.proto, lab_opt(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
}

TEST_F(options, maxseg)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	/* loopback's MTU is 65536 */
	EXPECT_LT(30000, lab_opt(fd[0], IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_GT(65536, lab_opt(fd[0], IPPROTO_TCP, TCP_MAXSEG));
	LAB_ERRNO(EINVAL, setsockopt(fd[0], IPPROTO_TCP, TCP_MAXSEG, &(int){ 10 }, sizeof(int)));
	LAB_ERRNO(EINVAL, setsockopt(fd[0], IPPROTO_TCP, TCP_MAXSEG, &(int){ 40000 },
				     sizeof(int)));
}

TEST_F(options, errors)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), v = 1;
	socklen_t len = sizeof(v);

	LAB_ERRNO(ENOPROTOOPT, setsockopt(fd, IPPROTO_TCP, 9999, &v, sizeof(v)));
	LAB_ERRNO(ENOPROTOOPT, getsockopt(fd, IPPROTO_TCP, 9999, &v, &len));
	LAB_ERRNO(ENOPROTOOPT, setsockopt(fd, SOL_SOCKET, 9999, &v, sizeof(v)));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, 2));
	LAB_ERRNO(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, sizeof(v)));
	LAB_ERRNO(EFAULT, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, &len));
	LAB_ERRNO(EFAULT, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, NULL));
	len = (socklen_t)-1;
	LAB_ERRNO(EINVAL, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, &len));
	/* too small a buffer is filled as far as it goes */
	len = 1;
	v = -1;
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, &len));
	EXPECT_EQ(1, len);
}

TEST_F(options, info)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 10000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 10000));
	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(TCP_ESTABLISHED, info.tcpi_state);
	EXPECT_LE(1000, info.tcpi_snd_mss);
	EXPECT_LE(1, info.tcpi_snd_cwnd);
	EXPECT_LE(1000, info.tcpi_rto);
	EXPECT_TRUE(info.tcpi_options & TCPI_OPT_TIMESTAMPS);
	EXPECT_TRUE(info.tcpi_options & TCPI_OPT_WSCALE);
	EXPECT_TRUE(info.tcpi_options & TCPI_OPT_SACK);
	/* a program with a shorter struct gets what it asked for */
	len = 8;
	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(0xffffffff, info.tcpi_rto);
}

/* Options of the level below are those of any socket. */
TEST_F(options, of_ip)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	if (self->lab.family == AF_INET) {
		EXPECT_EQ(64, lab_opt(fd, IPPROTO_IP, IP_TTL));
		LAB_OK(lab_set_opt(fd, IPPROTO_IP, IP_TTL, 9));
		EXPECT_EQ(9, lab_opt(fd, IPPROTO_IP, IP_TTL));
		LAB_OK(lab_set_opt(fd, IPPROTO_IP, IP_TOS, 0x10));
		EXPECT_EQ(0x10, lab_opt(fd, IPPROTO_IP, IP_TOS));
	} else {
		EXPECT_EQ(64, lab_opt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
		LAB_OK(lab_set_opt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9));
		EXPECT_EQ(9, lab_opt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
	}
}

TEST_HARNESS_MAIN
