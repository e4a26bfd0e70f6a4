// SPDX-License-Identifier: GPL-2.0
/* ICMP about a SYN: the attempt is over, and the program learns why (RFC9293 3.9.2.2). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>
#include <linux/errqueue.h>

WIRE_FIXTURE(icmp_connect);

static const struct wire_trouble *trouble(int i)
{
	return &wire_troubles[i];
}

static int err_of(int i)
{
	return wire_errno(w, trouble(i));
}

/* IP_RECVERR or IPV6_RECVERR. */
static void ask_for_errors(struct __test_metadata *_metadata, int fd)
{
	LAB_OK(w->lab.family == AF_INET6 ? lab_set_opt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
					 : lab_set_opt(fd, IPPROTO_IP, IP_RECVERR, 1));
}

/* Hard or soft: Linux gives up with either (RFC9293 MUST-56 would have it go on with soft ones). */
TEST_F(icmp_connect, ends_the_attempt)
{
	int i, fd;

	for (i = 0; i < wire_ntroubles; i++) {
		if (i == WIRE_TOO_BIG)
			continue;
		fd = wire_reach(w, TCP_SYN_SENT);
		wire_icmp(w, i);
		EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR)
			TH_LOG("%s", trouble(i)->name);
		EXPECT_EQ(err_of(i), lab_so_error(fd))
			TH_LOG("%s", trouble(i)->name);
		EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
		EXPECT_EQ(0, wire_state(w));
		close(fd);
		wire_new_flow(w);
	}
}

/* The same in the middle of a simultaneous open. */
TEST_F(icmp_connect, simultaneous_open)
{
	int fd = wire_reach(w, TCP_SYN_RECV);

	wire_icmp(w, WIRE_HOST_UNREACH);
	EXPECT_EQ(EHOSTUNREACH, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* Who waits in connect() is told. */
TEST_F(icmp_connect, blocking)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);
	int fd = LAB_FD(wire_socket(w)), status;
	pid_t pid;

	LAB_OK(lab_nonblock(fd, false));
	w->f->kport = 0;
	pid = fork();
	if (!pid)
		_exit(connect(fd, (struct sockaddr *)&ss, len) ? errno : 0);
	wire_expect(w, SYN, .seq = 0);
	do {				/* until it has gone to sleep it is but a hint */
		wire_icmp(w, WIRE_HOST_UNREACH, .seq = 0);
		usleep(10000);
	} while (!waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(EHOSTUNREACH, WEXITSTATUS(status));
}

/* RFC5927 4.1: what speaks of another number is no answer to our SYN */
TEST_F(icmp_connect, other_number)
{
	long long before = lab_counter(&w->lab, "OutOfWindowIcmps");
	int fd = wire_reach(w, TCP_SYN_SENT);

	wire_icmp(w, WIRE_PORT_UNREACH, .seq = -1);
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 2);
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 100000);
	EXPECT_EQ(before + 3, lab_counter(&w->lab, "OutOfWindowIcmps"));
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* "Too big" of a SYN cannot be; it ends nothing. */
TEST_F(icmp_connect, too_big)
{
	int fd = wire_reach(w, TCP_SYN_SENT);

	wire_icmp(w, WIRE_TOO_BIG, .info = 1300);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1, .skip_acks = true);
	EXPECT_EQ(0, lab_so_error(fd));
}

/* One entry of the error queue: what came, from whom, about which address. */
static void expect_queued(struct __test_metadata *_metadata, int fd, int i)
{
	bool v6 = w->lab.family == AF_INET6;
	struct sockaddr_storage dst, from, want;
	const struct sock_extended_err *ee;
	char data[100], control[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_name = &dst, .msg_namelen = sizeof(dst), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	EXPECT_EQ(20, n)			/* the segment: its header, for it had no text */
		TH_LOG("%s", n < 0 ? strerror(errno) : "");
	EXPECT_TRUE(msg.msg_flags & MSG_ERRQUEUE);
	lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &want);
	EXPECT_EQ(0, memcmp(&want, &dst, v6 ? sizeof(struct sockaddr_in6) : 8));

	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_type == (v6 ? IPV6_RECVERR : IP_RECVERR))
			break;
	ASSERT_NE(NULL, c);
	ee = (void *)CMSG_DATA(c);
	EXPECT_EQ(err_of(i), ee->ee_errno);
	EXPECT_EQ(v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP, ee->ee_origin);
	EXPECT_EQ(v6 ? trouble(i)->v6.type : trouble(i)->v4.type, ee->ee_type);
	EXPECT_EQ(v6 ? trouble(i)->v6.code : trouble(i)->v4.code, ee->ee_code);
	EXPECT_EQ(0, ee->ee_data);

	memcpy(&from, SO_EE_OFFENDER(ee), v6 ? sizeof(struct sockaddr_in6) : 16);
	lab_addr(w->lab.family, wire_router_addr(w), 0, &want);
	EXPECT_EQ(0, memcmp(&want, &from, v6 ? sizeof(struct sockaddr_in6) : 8));
}

TEST_F(icmp_connect, error_queue)
{
	static const int which[] = { WIRE_NET_UNREACH, WIRE_PORT_UNREACH, WIRE_TIME_EXCEEDED };
	unsigned int k;
	char c;
	int fd;

	for (k = 0; k < ARRAY_SIZE(which); k++) {
		fd = LAB_FD(wire_socket(w));
		ask_for_errors(_metadata, fd);
		LAB_OK(wire_connect_start(w, fd));
		wire_expect(w, SYN);
		LAB_ERRNO(EAGAIN, recv(fd, &c, 1, MSG_ERRQUEUE));
		wire_icmp(w, which[k]);
		EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
		expect_queued(_metadata, fd, which[k]);
		LAB_ERRNO(EAGAIN, recv(fd, &c, 1, MSG_ERRQUEUE));
		/* who reads the queue takes the socket's error along */
		EXPECT_EQ(0, lab_so_error(fd));
		EXPECT_FALSE(lab_poll(fd, POLLOUT, 0) & POLLERR);
		close(fd);
		wire_new_flow(w);
	}
}

/* A half-open connection of a listener: it has a timer, and no program to tell. */
TEST_F(icmp_connect, request)
{
	LAB_OK(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_icmp(w, WIRE_NET_UNREACH, .seq = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 100);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	/* of the two families together Linux believes these two */
	wire_icmp(w, WIRE_TIME_EXCEEDED, .seq = 0);
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 0);
	if (LAB_DIFFERS(&w->lab, true, false, "tcplab believes none: its timer ends it")) {
		EXPECT_EQ(0, wire_state(w));
		return;
	}
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

TEST_HARNESS_MAIN
