// SPDX-License-Identifier: GPL-2.0
/* RFC5961 4.2, RFC9293 3.10.7.4 fourth step: a SYN on a live connection is challenged. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(syn_established);

/* In the window: neither a reset nor a new connection: an ACK that tells the truth */
TEST_F(syn_established, in_window)
{
	int fd = wire_accept(w);

	wire_inject(w, SYN, .seq = 1000, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* A peer that restarted: its SYN is far away; a half-open connection is found so (figure 9) */
TEST_F(syn_established, out_of_window)
{
	int fd = wire_accept(w);

	wire_inject(w, SYN, .seq = 50000000, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));

	/* to which the restarted peer answers by a reset that is exact */
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
}

/* The first SYN once more */
TEST_F(syn_established, old_duplicate)
{
	int fd = wire_accept(w);

	wire_inject(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* Challenge ACKs are counted. */
TEST_F(syn_established, counted)
{
	long long before = lab_counter(&w->lab, "TCPSYNChallenge");

	ASSERT_LE(0, before)
		TH_LOG("%s", lab_why());
	LAB_FD(wire_accept(w));
	wire_inject(w, SYN, .seq = 1000, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "TCPSYNChallenge"));
}

TEST_HARNESS_MAIN
