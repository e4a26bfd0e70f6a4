// SPDX-License-Identifier: GPL-2.0
/* The last ACK of a connection is lost: the FIN comes again, from either side. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(lost_last_ack);

/* The peer closed first: the kernel is in LAST_ACK, and repeats its FIN until it is answered. */
TEST_F_TIMEOUT(lost_last_ack, of_the_kernel_s_fin, lab_secs(60))
{
	int fd = wire_accept(w), i;
	long first;

	wire_inject(w, FIN | ACK);
	wire_await_ack(w, 2);
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	first = wire_gap_ms(w);
	for (i = 1; i < 3; i++) {
		wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), first << i))
			TH_LOG("%s", lab_why());
	}
	EXPECT_EQ(TCP_LAST_ACK, wire_state(w));
	wire_inject(w, ACK, .ack = 2);
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 5000);
}

/* The peer's reset ends it as well: it has forgotten. */
TEST_F_TIMEOUT(lost_last_ack, reset_instead, lab_secs(60))
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK);
	wire_await_ack(w, 2);
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_inject(w, RST, .seq = 2);
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 5000);
}

/* The kernel closed first: TIME_WAIT acknowledges the FIN as often as it comes. */
TEST_F_TIMEOUT(lost_last_ack, of_the_peer_s_fin, lab_secs(60))
{
	int i;

	wire_reach(w, TCP_TIME_WAIT);
	for (i = 0; i < 4; i++) {
		wire_expect_silence(w, 1000 << i);
		wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
		wire_expect(w, ACK, .seq = 2, .ack = 2);
	}
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

TEST_HARNESS_MAIN
