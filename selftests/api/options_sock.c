// SPDX-License-Identifier: GPL-2.0
/*
 * What options of the levels around TCP do to a connection: buffers, marks, devices, filters, the
 * family.
 */
#include "harness.h"

#include <netinet/tcp.h>
#include <linux/filter.h>

LAB_FIXTURE(options_sock);

static bool readable(int fd)
{
	return lab_poll(fd, POLLIN, 0) & POLLIN;
}

/* Nothing is readable before there is so much; the buffer grows to hold it. */
TEST_F(options_sock, rcvlowat)
{
	int fd[2], before;

	LAB_OK(lab_pair(&self->lab, fd));
	before = lab_opt(fd[1], SOL_SOCKET, SO_RCVBUF);
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 500000));
	EXPECT_EQ(500000, lab_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_LE(1000000, lab_opt(fd[1], SOL_SOCKET, SO_RCVBUF));
	EXPECT_LT(before, lab_opt(fd[1], SOL_SOCKET, SO_RCVBUF));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 10000));
	EXPECT_TRUE(LAB_UNTIL(({ int n = 0; ioctl(fd[1], FIONREAD, &n); n == 10000; })));
	EXPECT_FALSE(readable(fd[1]));
	/* enough is there already: whoever waits is told */
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 10000));
	EXPECT_TRUE(readable(fd[1]));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 10000));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 0));
	EXPECT_EQ(1, lab_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT));
}

/* So much comes in whole: the window opens as far. */
TEST_F(options_sock, rcvlowat_opens_window)
{
	int fd[2], n = 0;
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 400000));
	pid = fork();
	if (!pid)
		_exit(!!lab_send(fd[0], LAB_TO_PEER, 0, 400000));
	EXPECT_TRUE(lab_wait(fd[1], POLLIN) & POLLIN);
	ASSERT_EQ(0, ioctl(fd[1], FIONREAD, &n));
	EXPECT_EQ(400000, n);
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 1));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 400000));
	waitpid(pid, &pid, 0);
	EXPECT_EQ(0, pid);
}

/* A buffer of a chosen size does not grow, and a wish for more than half of it is cut. */
TEST_F(options_sock, rcvlowat_fixed_buffer)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVBUF, 50000));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 500000));
	EXPECT_EQ(50000, lab_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_EQ(100000, lab_opt(fd[1], SOL_SOCKET, SO_RCVBUF));
}

/* One who sleeps in poll() is woken when what has come is enough after all. */
TEST_F(options_sock, rcvlowat_wakes)
{
	int fd[2];
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 5000));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1000));
	EXPECT_TRUE(LAB_UNTIL(({ int n = 0; ioctl(fd[1], FIONREAD, &n); n == 1000; })));
	pid = fork();
	if (!pid)
		_exit(!(lab_wait(fd[1], POLLIN) & POLLIN));
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVLOWAT, 1000));
	waitpid(pid, &pid, 0);
	EXPECT_EQ(0, pid);
}

/* Buffers that shrink on the fly lose nothing. */
TEST_F(options_sock, buffers_shrink)
{
	int fd[2];
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	pid = fork();
	if (!pid)
		_exit(!!lab_send(fd[0], LAB_TO_PEER, 0, 500000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVBUF, 3000));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUF, 5000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 100000, 200000));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_RCVBUFFORCE, 1000000));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 1000000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 300000, 200000));
	waitpid(pid, &pid, 0);
	EXPECT_EQ(0, pid);
}

/* The fwmark of an accepted socket: its listener's, or the SYN's where the sysctl says so. */
TEST_F(options_sock, mark)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), i;
	static const struct { int own, accept, want; } rows[] = {
		{ 0, 0, 0 }, { 9, 0, 9 }, { 0, 1, 7 }, { 9, 1, 9 },
	};

	for (i = 0; i < 4; i++) {
		struct sockaddr_storage ss;
		socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);
		int fd = LAB_FD(lab_socket(&self->lab, 0));

		LAB_OK(lab_sysctl_set(&self->lab, "fwmark_accept", rows[i].accept ? "1" : "0"));
		LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_MARK, rows[i].own));
		LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_MARK, 7));
		ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
		EXPECT_EQ(rows[i].want,
			  lab_opt(LAB_FD(accept(listener, NULL, NULL)), SOL_SOCKET, SO_MARK));
		close(fd);
	}
}

/* Bound to its device, before and after connect(): that is where it is. */
TEST_F(options_sock, bind_to_device)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd[2];

	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	fd[0] = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd[1] = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(1, lab_opt(fd[1], SOL_SOCKET, SO_BINDTOIFINDEX));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	EXPECT_EQ(1, lab_opt(fd[0], SOL_SOCKET, SO_BINDTOIFINDEX));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1000));
	LAB_ERRNO(ENODEV, setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "no", 2));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "", 0));
	EXPECT_EQ(0, lab_opt(fd[0], SOL_SOCKET, SO_BINDTOIFINDEX));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 1000));
}

/* A filter that lets nothing pass; taken away, what was lost comes again. */
TEST_F(options_sock, filter)
{
	struct sock_filter nothing = { BPF_RET | BPF_K, 0, 0, 0 };
	struct sock_fprog prog = { .len = 1, .filter = &nothing };
	int fd[2], one = 1;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1000));
	EXPECT_EQ(0, lab_poll(fd[1], POLLIN, 100));
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof(one)));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1000));
	LAB_ERRNO(ENOENT, setsockopt(fd[1], SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)));
	LAB_ERRNO(EPERM, setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
}

/* Nothing to poll on loopback: it reads as ever. */
TEST_F(options_sock, busy_poll)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_BUSY_POLL, 50));
	EXPECT_EQ(50, lab_opt(fd[1], SOL_SOCKET, SO_BUSY_POLL));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1000));
	LAB_ERRNO(EAGAIN, recv(fd[1], &(char){ 0 }, 1, MSG_DONTWAIT));
}

/* IPV6_ADDRFORM: an IPv6 socket that talks IPv4 becomes an IPv4 socket. */
TEST_F(options_sock, addrform)
{
	struct sockaddr_storage ss;
	struct lab v4 = self->lab;
	int listener, fd, peer, inet = AF_INET;
	socklen_t len;

	if (self->lab.family != AF_INET6)
		return;			/* it is of IPv6 */
	v4.family = AF_INET;
	listener = LAB_FD(lab_listen(&v4, 0, 4));
	fd = LAB_FD(lab_socket(&self->lab, 0));
	LAB_ERRNO(ENOTCONN, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &inet, sizeof(inet)));
	len = lab_addr(AF_INET6, "::ffff:127.0.0.1", lab_port(listener), &ss);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	peer = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(AF_INET6, lab_opt(fd, IPPROTO_IPV6, IPV6_ADDRFORM));
	/* options that need memory of their own go */
	LAB_OK(lab_set_opt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &(int){ AF_INET6 },
				     sizeof(int)));
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &inet, sizeof(inet)));
	EXPECT_EQ(AF_INET, lab_opt(fd, SOL_SOCKET, SO_DOMAIN));
	len = sizeof(ss);
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(AF_INET, ss.ss_family);
	len = sizeof(ss);
	ASSERT_EQ(0, getpeername(fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(AF_INET, ss.ss_family);
	EXPECT_EQ(lab_port(listener), lab_peer_port(fd));
	LAB_ERRNO(ENOPROTOOPT, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &inet, sizeof(inet)));
	LAB_OK(lab_set_opt(fd, IPPROTO_IP, IP_TTL, 9));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_send(peer, LAB_TO_PEER, 0, 100000));
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 100000));
	close(peer);
	LAB_OK(lab_recv_eof(fd));
	close(fd);

	/* one that talks IPv6 does not */
	listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	LAB_ERRNO(EADDRNOTAVAIL, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &inet, sizeof(inet)));
}

/* IP options take room from each segment, at once. */
TEST_F(options_sock, ip_options_shorten)
{
	const uint8_t nops[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	uint8_t pad[8] = { 0, 0, 1, 4, 0, 0, 0, 0 };	/* destination options: PadN */
	bool v6 = self->lab.family == AF_INET6;
	int fd[2], before;

	LAB_OK(lab_link_mtu("lo", 1500));
	LAB_OK(lab_pair(&self->lab, fd));
	before = lab_opt(fd[0], IPPROTO_TCP, TCP_MAXSEG);
	ASSERT_EQ(0, v6 ? setsockopt(fd[0], IPPROTO_IPV6, IPV6_DSTOPTS, pad, sizeof(pad)) :
			  setsockopt(fd[0], IPPROTO_IP, IP_OPTIONS, nops, sizeof(nops)));
	EXPECT_EQ(before - 8, lab_opt(fd[0], IPPROTO_TCP, TCP_MAXSEG));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 10000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 10000));
	ASSERT_EQ(0, v6 ? setsockopt(fd[0], IPPROTO_IPV6, IPV6_DSTOPTS, NULL, 0) :
			  setsockopt(fd[0], IPPROTO_IP, IP_OPTIONS, NULL, 0));
	/* Linux reckons it anew only where there are options */
	EXPECT_EQ(LAB_DIFFERS(&self->lab, before - 8 * v6, before, "it has room again"),
		  lab_opt(fd[0], IPPROTO_TCP, TCP_MAXSEG));
}

TEST_HARNESS_MAIN
