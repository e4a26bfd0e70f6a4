// SPDX-License-Identifier: GPL-2.0
/* The ground under a connection moves: device down, route changed, address gone. */
#include "harness.h"
#include "wire.h"

#include <linux/rtnetlink.h>
#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(link_down);

static const int dead[] = { RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_PROHIBIT };
static const int dead_errno[] = { EHOSTUNREACH, EINVAL, EACCES };

/* A connection with 100 octets on their way. */
static int sending(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	return fd;
}

/* What was sent arrives after all, and what was written meanwhile. */
static void recovers(struct __test_metadata *_metadata, int fd, long end)
{
	w->f->rcv_nxt = 1;
	wire_take_stream(w, end + 1);
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

static void link_up(struct __test_metadata *_metadata)
{
	LAB_OK(lab_link_up("wire"));
	if (w->lab.family == AF_INET6)		/* whose addresses go with the link */
		LAB_OK(lab_addr_add("wire", AF_INET6, wire_kernel_addr(w), 64));
}

/* RFC9293 3.9.2.2: no route is no reason to give up; when the device is back all goes on. */
TEST_F_TIMEOUT(link_down, for_a_while, lab_secs(60))
{
	int fd = sending(_metadata);

	LAB_OK(lab_link_down("wire"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	usleep(3000000);
	EXPECT_EQ(POLLOUT, lab_poll(fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(ENETUNREACH, lab_so_error(fd));	/* a hint */
	link_up(_metadata);
	recovers(_metadata, fd, 200);
}

/* For good: R2, and the reason. */
TEST_F_TIMEOUT(link_down, for_good, lab_secs(60))
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	fd = sending(_metadata);
	LAB_OK(lab_link_down("wire"));
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ENETUNREACH, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* connect() under way: the same. */
TEST_F_TIMEOUT(link_down, connecting, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));

	lab_sysctl_set(&w->lab, "syn_linear_timeouts", "0");
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_SYNCNT, 2));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	LAB_OK(lab_link_down("wire"));
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(ENETUNREACH, lab_so_error(fd));
}

/* A route that leads nowhere, for a while. */
TEST_F_TIMEOUT(link_down, dead_route_for_a_while, lab_secs(120))
{
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(dead); i++) {
		fd = sending(_metadata);
		LAB_OK(lab_route_dead(w->lab.family, wire_peer_addr(w), dead[i]));
		LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
		wire_expect_silence(w, 2000);
		EXPECT_EQ(POLLOUT, lab_poll(fd, POLLIN | POLLOUT, 0));
		EXPECT_EQ(dead_errno[i], lab_so_error(fd));	/* a hint */
		LAB_OK(lab_route_del(w->lab.family, wire_peer_addr(w)));
		recovers(_metadata, fd, 200);
		close(fd);
		wire_new_flow(w);
	}
}

/* For good: the route's errno is the reason; connect() has it at once. */
TEST_F_TIMEOUT(link_down, dead_route_for_good, lab_secs(120))
{
	struct sockaddr_storage ss;
	unsigned int i;
	socklen_t len;
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "2"));
	len = lab_addr(w->lab.family, wire_peer_addr(w), 9, &ss);
	for (i = 0; i < ARRAY_SIZE(dead); i++) {
		fd = sending(_metadata);
		LAB_OK(lab_route_dead(w->lab.family, wire_peer_addr(w), dead[i]));
		EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
		EXPECT_EQ(dead_errno[i], lab_so_error(fd));
		close(fd);
		fd = LAB_FD(wire_socket(w));
		LAB_ERRNO(dead_errno[i], connect(fd, (struct sockaddr *)&ss, len));
		close(fd);
		LAB_OK(lab_route_del(w->lab.family, wire_peer_addr(w)));
		wire_new_flow(w);
	}
}

/* RFC9293 3.7.5: a route with another MTU: segments follow it, down and up. */
TEST_F_TIMEOUT(link_down, other_mtu, lab_secs(60))
{
	int fd = sending(_metadata), mss = wire_mss(w);

	wire_inject(w, ACK);
	LAB_OK(lab_route_mtu("wire", w->lab.family, wire_peer_addr(w), 1300));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK, .len = 100);
	wire_inject(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 200, 3000));
	wire_expect(w, ACK, .seq = 201, .len = mss - (WIRE_MTU - 1300));
	wire_take_stream(w, 3201);

	LAB_OK(lab_route_del(w->lab.family, wire_peer_addr(w)));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 3200, 100));
	wire_expect(w, ACK, .len = 100);
	wire_inject(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 3300, 3000));
	wire_expect(w, ACK, .seq = 3301, .len = mss);
}

/*
 * A route that takes another's place while there is nothing to send: what was reckoned with the old
 * one, which has no device any more, is not used for anything.
 */
TEST_F_TIMEOUT(link_down, route_replaced, lab_secs(60))
{
	int fd = sending(_metadata), mss = wire_mss(w), i;

	wire_inject(w, ACK);
	for (i = 1; i <= 3; i++) {
		long from = 100 + (i - 1) * 4 * mss;

		if (i > 1)
			LAB_OK(lab_route_del(w->lab.family, wire_peer_addr(w)));
		LAB_OK(lab_route_mtu("wire", w->lab.family, wire_peer_addr(w), WIRE_MTU - 100 * i));
		LAB_OK(lab_send(fd, LAB_TO_PEER, from, 4 * mss));
		if (LAB_DIFFERS(&w->lab, false, true, "Linux cuts a burst by the dead route's MTU"))
			wire_expect(w, ACK, .seq = 1 + from, .len = mss - 100 * i);
		wire_take_stream(w, 1 + from + 4 * mss);
	}
}

/* The address goes: nothing can come any more. */
TEST_F_TIMEOUT(link_down, address_removed, lab_secs(60))
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "2"));
	fd = sending(_metadata);
	LAB_OK(lab_addr_del("wire", w->lab.family, wire_kernel_addr(w),
			    w->lab.family == AF_INET6 ? 64 : 24));
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ENETUNREACH, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* And comes back in time. */
TEST_F_TIMEOUT(link_down, address_removed_for_a_while, lab_secs(60))
{
	int prefix = w->lab.family == AF_INET6 ? 64 : 24;
	int fd = sending(_metadata);

	LAB_OK(lab_addr_del("wire", w->lab.family, wire_kernel_addr(w), prefix));
	usleep(2000000);
	LAB_OK(lab_addr_add("wire", w->lab.family, wire_kernel_addr(w), prefix));
	wire_drain(w);
	recovers(_metadata, fd, 100);
}

TEST_HARNESS_MAIN
