// SPDX-License-Identifier: GPL-2.0
/* RFC5082: a segment from farther away than the program wants peers to be is nothing. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(min_ttl);

#define TL_IPV6_MINHOPCOUNT	73

static int set_least(const struct wire *w, int fd, int ttl)
{
	return w->lab.family == AF_INET ? lab_set_opt(fd, IPPROTO_IP, IP_MINTTL, ttl) :
					  lab_set_opt(fd, IPPROTO_IPV6, TL_IPV6_MINHOPCOUNT, ttl);
}

TEST_F(min_ttl, segments)
{
	int fd = wire_accept(w);

	LAB_OK(set_least(w, fd, 200));
	wire_inject(w, ACK, .seq = 1, .len = 100, .ttl = 199);
	wire_inject(w, RST, .seq = 1, .ttl = 199);
	wire_expect_silence(w, 50);
	wire_inject(w, ACK, .seq = 1, .len = 100, .ttl = 200);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	if (!w->lab.oracle)
		EXPECT_EQ(2, lab_counter(&w->lab, "DropMinTtl"));
}

TEST_F(min_ttl, syn)
{
	LAB_FD(wire_listen(w, 1));
	LAB_OK(set_least(w, w->lfd, 200));
	wire_inject(w, SYN, .ttl = 199);
	wire_expect_silence(w, 50);
	wire_inject(w, SYN, .seq = 0, .ttl = 255);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
}

TEST_HARNESS_MAIN
