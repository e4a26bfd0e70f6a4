// SPDX-License-Identifier: GPL-2.0
/* What options of TCP do: those that a program notices without looking at segments. */
#include "harness.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>

LAB_FIXTURE(options_tcp);

#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY 37
#endif

/* What was sent is acknowledged, and the rest cannot go: nothing more will happen. */
static bool settled(int fd, int *unsent)
{
	int out = 0;

	return !ioctl(fd, SIOCOUTQNSD, unsent) && !ioctl(fd, SIOCOUTQ, &out) && out == *unsent;
}

/* Write until there is no room, and will be none; gives what is not sent. */
static int fill(int fd)
{
	static char buf[4096];
	int unsent = -1, n;

	do {
		for (n = 0; send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0; n++)
			;
		if (errno != EAGAIN)
			return lab_fail("send(): %s", strerror(errno));
		if (!LAB_UNTIL(settled(fd, &unsent)))
			return lab_fail("what was sent is not acknowledged");
	} while (n);
	return unsent;
}

/* Read until nothing comes and the writer has sent all that it had. */
static bool drained(int fd, int writer)
{
	static char buf[65536];
	int unsent = -1;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	return !ioctl(writer, SIOCOUTQNSD, &unsent) && !unsent;
}

static bool writable(int fd)
{
	return lab_poll(fd, POLLOUT, 0) & POLLOUT;
}

enum { LOWAT = 20000, PIECE = 65536 };

/* What is not yet sent is kept small, however large the buffer is. */
TEST_F(options_tcp, notsent_lowat)
{
	int fd[2], unsent;

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, lab_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 2000000));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, LOWAT));
	EXPECT_EQ(LOWAT, lab_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT));
	unsent = fill(fd[0]);
	LAB_OK(unsent);
	EXPECT_LE(LOWAT, unsent);
	EXPECT_GE(LOWAT + PIECE, unsent);
	EXPECT_FALSE(writable(fd[0]));

	/* a program that waits is woken when it has gone */
	EXPECT_TRUE(LAB_UNTIL(drained(fd[1], fd[0])));
	EXPECT_TRUE(lab_wait(fd[0], POLLOUT) & POLLOUT);

	/* or when more is allowed to wait */
	LAB_OK(fill(fd[0]));
	EXPECT_FALSE(writable(fd[0]));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1000000));
	EXPECT_TRUE(writable(fd[0]));
	unsent = fill(fd[0]);
	EXPECT_LE(500000, unsent);
	EXPECT_GE(1000000 + PIECE, unsent);
}

/* One that sleeps in poll() hears of it. */
TEST_F(options_tcp, notsent_lowat_wakes)
{
	int fd[2];
	pid_t pid;

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 2000000));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, LOWAT));
	LAB_OK(fill(fd[0]));
	pid = fork();
	if (!pid)
		_exit(!(lab_wait(fd[0], POLLOUT) & POLLOUT));
	EXPECT_TRUE(LAB_UNTIL(lab_asleep(pid)));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1000000));
	waitpid(pid, &pid, 0);
	EXPECT_EQ(0, pid);
}

TEST_F(options_tcp, notsent_lowat_sysctl)
{
	int fd[2], unsent;

	LAB_OK(lab_sysctl_set(&self->lab, "notsent_lowat", "20000"));
	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, lab_opt(fd[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 2000000));
	unsent = fill(fd[0]);
	EXPECT_LE(LOWAT, unsent);
	EXPECT_GE(LOWAT + PIECE, unsent);
}

static int saved_syn(int fd, void *buf, int room)
{
	socklen_t len = room;

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, buf, &len))
		return -errno;
	return len;
}

/* Headers of IP and TCP, as the client sent them. */
static void is_syn(struct __test_metadata *_metadata, const struct lab *lab, const uint8_t *p,
		   int len, int lport, int pport)
{
	const struct ip6_hdr *ip6 = (const void *)p;
	const struct iphdr *ip = (const void *)p;
	const struct tcphdr *th;
	int header;

	if (lab->family == AF_INET6) {
		header = sizeof(*ip6);
		EXPECT_EQ(6, p[0] >> 4);
		EXPECT_EQ(lab->proto, ip6->ip6_nxt);
	} else {
		header = 4 * ip->ihl;
		EXPECT_EQ(4, p[0] >> 4);
		EXPECT_EQ(lab->proto, ip->protocol);
	}
	th = (const void *)(p + header);
	EXPECT_EQ(len, header + 4 * th->doff);
	EXPECT_TRUE(th->syn && !th->ack);
	EXPECT_EQ(lport, ntohs(th->dest));
	EXPECT_EQ(pport, ntohs(th->source));
}

TEST_F(options_tcp, saved_syn)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), what, link = 14;	/* of lo */
	uint8_t buf[256];

	EXPECT_EQ(0, lab_opt(listener, IPPROTO_TCP, TCP_SAVE_SYN));
	for (what = 1; what <= 2; what++) {
		int client, fd, len;
		socklen_t room = 4;

		LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_SAVE_SYN, what));
		client = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
		fd = LAB_FD(accept(listener, NULL, NULL));
		EXPECT_EQ(what, lab_opt(fd, IPPROTO_TCP, TCP_SAVE_SYN));
		EXPECT_EQ(0, saved_syn(client, buf, sizeof(buf)));
		EXPECT_EQ(0, saved_syn(listener, buf, sizeof(buf)));

		/* too little room: it is said how much, and kept */
		LAB_ERRNO(EINVAL, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, buf, &room));
		EXPECT_LE(40, room);
		EXPECT_EQ(-EFAULT, saved_syn(fd, NULL, sizeof(buf)));
		len = saved_syn(fd, buf, sizeof(buf));
		EXPECT_EQ(room, len);
		if (what == 2) {
			EXPECT_EQ(self->lab.family == AF_INET ? 0x0800 : 0x86dd,
				  buf[12] << 8 | buf[13]);
			is_syn(_metadata, &self->lab, buf + link, len - link,
			       lab_port(listener), lab_port(client));
		} else {
			is_syn(_metadata, &self->lab, buf, len, lab_port(listener),
			       lab_port(client));
		}
		/* once */
		EXPECT_EQ(0, saved_syn(fd, buf, sizeof(buf)));
		close(fd);
		close(client);
	}
	/* it is of no use to those who never ask for it: it goes with the socket */
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_SAVE_SYN, 0));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_EQ(0, saved_syn(LAB_FD(accept(listener, NULL, NULL)), buf, sizeof(buf)));
}

/* With Fast Open there is no half-open connection to keep it; it is there all the same. */
TEST_F(options_tcp, saved_syn_fast_open)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), client, fd, len;
	struct sockaddr_storage ss;
	socklen_t slen = lab_loopback(&self->lab, lab_port(listener), &ss);
	uint8_t buf[256];

	LAB_OK(lab_sysctl_set(&self->lab, "fastopen", "519"));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_FASTOPEN, 4));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_SAVE_SYN, 1));
	client = LAB_FD(lab_socket(&self->lab, 0));
	ASSERT_EQ(2, sendto(client, "hi", 2, MSG_FASTOPEN, (struct sockaddr *)&ss, slen));
	fd = LAB_FD(accept(listener, NULL, NULL));
	len = saved_syn(fd, buf, sizeof(buf));
	ASSERT_LT(40, len);
	is_syn(_metadata, &self->lab, buf, len, lab_port(listener), lab_port(client));
}

/* A socket that begins another life has forgotten the SYN of the first. */
TEST_F(options_tcp, saved_syn_disconnect)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	uint8_t buf[256];

	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_SAVE_SYN, 1));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(0, connect(fd, &nobody, sizeof(nobody)));
	EXPECT_EQ(0, saved_syn(fd, buf, sizeof(buf)));
}

/* An accepted socket delays ACKs, or does not, as its listener would. */
TEST_F(options_tcp, quickack)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd[2];

	EXPECT_EQ(1, lab_opt(listener, IPPROTO_TCP, TCP_QUICKACK));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_QUICKACK, 0));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_EQ(0, lab_opt(LAB_FD(accept(listener, NULL, NULL)), IPPROTO_TCP, TCP_QUICKACK));

	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_QUICKACK, 0));
	EXPECT_EQ(0, lab_opt(fd[0], IPPROTO_TCP, TCP_QUICKACK));
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_QUICKACK, -1));
	EXPECT_EQ(1, lab_opt(fd[0], IPPROTO_TCP, TCP_QUICKACK));
}

/* What is sent leaves later, where fq holds it back; so it arrives later. */
TEST_F(options_tcp, tx_delay)
{
	enum { LATER_US = 100000 };
	int fd[2], listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);
	int64_t begin;

	if (system("tc qdisc replace dev lo root fq 2>/dev/null"))
		SKIP(return, "no fq");
	fd[0] = LAB_FD(lab_socket(&self->lab, 0));
	LAB_OK(lab_set_opt(listener, IPPROTO_TCP, TCP_TX_DELAY, LATER_US));
	begin = lab_now_us();
	ASSERT_EQ(0, connect(fd[0], (struct sockaddr *)&ss, len));
	EXPECT_LE(LATER_US, lab_now_us() - begin);		/* the SYN-ACK */
	fd[1] = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(LATER_US, lab_opt(fd[1], IPPROTO_TCP, TCP_TX_DELAY));
	begin = lab_now_us();
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 100));
	EXPECT_LE(LATER_US, lab_now_us() - begin);

	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_TX_DELAY, LATER_US));
	begin = lab_now_us();
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100));
	EXPECT_LE(LATER_US, lab_now_us() - begin);
	LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_TX_DELAY, 0));
	EXPECT_EQ(0, lab_opt(fd[0], IPPROTO_TCP, TCP_TX_DELAY));
}

/* Checkpoints are for the privileged, and not made here. */
TEST_F(options_tcp, repair)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), on = 1, off = 0;
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4));

	LAB_ERRNO(EPERM, setsockopt(listener, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_REPAIR));
	EXPECT_EQ(LAB_DIFFERS(&self->lab, 0, -1, "no checkpoints, sockopt.rst"),
		  setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)));
	if (!self->lab.oracle)
		EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)));
	LAB_ERRNO(EPERM, setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &on, sizeof(on)));
	LAB_ERRNO(EPERM, setsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &on, sizeof(on)));
	ASSERT_EQ(0, seteuid(65534));
	LAB_ERRNO(EPERM, setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)));
	ASSERT_EQ(0, seteuid(0));
}

/* What sockopt.rst says is not here is as unknown as what nobody has. */
TEST_F(options_tcp, not_here)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), val = 0;
	bool unknown = LAB_DIFFERS(&self->lab, false, true, "sockopt.rst");
	socklen_t len = sizeof(val);

	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &val, len));
	EXPECT_EQ(unknown, errno == ENOPROTOOPT);
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &val, len));
	EXPECT_EQ(unknown, errno == ENOPROTOOPT);
	EXPECT_EQ(-1, getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &val, &len));
	EXPECT_EQ(unknown, errno == ENOPROTOOPT);
}

/* A clock: it does not go back, and with the connection's offset it is not that of another. */
TEST_F(options_tcp, timestamp)
{
	int fd[2];
	uint32_t a, b;

	LAB_OK(lab_pair(&self->lab, fd));
	a = lab_opt(fd[0], IPPROTO_TCP, TCP_TIMESTAMP);
	EXPECT_TRUE(LAB_UNTIL((uint32_t)lab_opt(fd[0], IPPROTO_TCP, TCP_TIMESTAMP) != a));
	b = lab_opt(fd[0], IPPROTO_TCP, TCP_TIMESTAMP);
	EXPECT_LT(0, (int32_t)(b - a));
	EXPECT_GT(20000 * lab_slow(), (int32_t)(b - a));
}

TEST_HARNESS_MAIN
