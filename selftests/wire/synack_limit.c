// SPDX-License-Identifier: GPL-2.0
/* By default a SYN-ACK goes six times in all, the last one after half a minute (synack_retries). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(synack_limit);

TEST_F_TIMEOUT(synack_limit, by_default, lab_secs(100))
{
	long long again, failed;
	long rto = 1000;
	int i;

	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	again = lab_counter(&w->lab, "RetransSegs");
	failed = lab_counter(&w->lab, "AttemptFails");
	for (i = 0; i < 5; i++, rto *= 2) {
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .ms = rto * 2);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), rto))
			TH_LOG("%s", lab_why());
	}
	EXPECT_EQ(again + 5, lab_counter(&w->lab, "RetransSegs"));
	wire_expect_silence(w, 28000);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_expect_silence(w, 12000);
	EXPECT_EQ(0, wire_state(w));
	if (!w->lab.oracle) {			/* Linux counts no reason */
		EXPECT_EQ(1, lab_counter(&w->lab, "DropReqTimeout"));
		EXPECT_EQ(failed + 1, lab_counter(&w->lab, "AttemptFails"));
	}
	wire_inject(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* None at all: the SYN-ACK goes once. */
TEST_F_TIMEOUT(synack_limit, none, lab_secs(60))
{
	LAB_OK(lab_sysctl_set(&w->lab, "synack_retries", "0"));
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_expect_silence(w, 3000);
	EXPECT_EQ(0, wire_state(w));
}

TEST_HARNESS_MAIN
