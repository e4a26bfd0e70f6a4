// SPDX-License-Identifier: GPL-2.0
/* What routers say of a connection: advice, once it is established; never its end. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

#define SIX	(w->lab.family == AF_INET6)

WIRE_FIXTURE(icmp_advice);

/* Unreachable net, host, port; time exceeded; a bad parameter. */
static const struct { uint8_t type, code; } v4[] = {
	{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 5 }, { 11, 0 }, { 11, 1 }, { 12, 0 },
}, v6[] = {
	{ 1, 0 }, { 1, 3 }, { 1, 4 }, { 3, 0 }, { 3, 1 }, { 4, 0 },
};

static void unreachable(struct __test_metadata *_metadata, long seq)
{
	wire_icmp_as(w, SIX ? 1 : 3, SIX ? 3 : 1, seq);		/* the host is */
}

/* RFC9293 MUST-56: none of them ends a connection; MUST-47: but the last one can be asked for */
TEST_F(icmp_advice, does_not_abort)
{
	int fd = wire_accept(w), i, n = SIX ? 6 : 8;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100);
	for (i = 0; i < n; i++)
		wire_icmp_as(w, SIX ? v6[i].type : v4[i].type, SIX ? v6[i].code : v4[i].code, 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	EXPECT_EQ(EPROTO, lab_so_error(fd));
	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 MUST-54, MUST-47: it reaches the connection it is about, whose program may ask for it */
TEST_F(icmp_advice, reported_on_request)
{
	struct wire_flow *other = w->f;
	int bystander = wire_accept(w), fd;

	wire_new_flow(w);
	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, SIX ? IPPROTO_IPV6 : IPPROTO_IP, SIX ? IPV6_RECVERR : IP_RECVERR,
			   1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100);
	unreachable(_metadata, 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(EHOSTUNREACH, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(bystander));
	wire_use(w, other);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* RFC9293 MUST-54, SHLD-26: an attempt to connect ends, and connect() says why */
TEST_F(icmp_advice, ends_an_attempt)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	unreachable(_metadata, 0);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(EHOSTUNREACH, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* RFC5927 4.1: a number that is not outstanding was not ours: ignored */
TEST_F(icmp_advice, out_of_window)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	unreachable(_metadata, 1000);
	unreachable(_metadata, -1000);
	EXPECT_EQ(TCP_SYN_SENT, wire_state(w));
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	EXPECT_EQ(0, lab_so_error(fd));
}

/*
 * RFC9293 MUST-55: source quench (IPv4's alone) is dropped without a word: as much goes as before
 */
TEST_F(icmp_advice, source_quench)
{
	int fd = wire_accept(w, .mss = 1000);

	if (SIX)
		return;
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 5001);
	wire_icmp_as(w, 4, 0, 1);
	wire_take_stream_quietly(w, 10001);
	EXPECT_EQ(0, lab_so_error(fd));
	wire_inject(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 10000));
	wire_take_stream_quietly(w, 20001);
}

TEST_HARNESS_MAIN
