// SPDX-License-Identifier: GPL-2.0
/* RFC1337: what may end a TIME_WAIT before its time, and what must not. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(time_wait_hazards);

/* A reset at RCV.NXT ends it, by default as in Linux. */
TEST_F(time_wait_hazards, rst)
{
	wire_reach(w, TCP_TIME_WAIT);
	wire_inject(w, RST, .seq = 2);
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 20);
}

/* RFC1337 3, fix 1: with the sysctl resets are ignored */
TEST_F(time_wait_hazards, rst_ignored)
{
	LAB_OK(lab_sysctl_set(&w->lab, "rfc1337", "1"));
	wire_reach(w, TCP_TIME_WAIT);
	wire_inject(w, RST, .seq = 2);
	wire_inject(w, RST | ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* A reset elsewhere proves nothing (RFC5961 3.2). */
TEST_F(time_wait_hazards, rst_not_exact)
{
	wire_reach(w, TCP_TIME_WAIT);
	wire_inject(w, RST, .seq = 1);
	wire_inject(w, RST, .seq = 1000);
	wire_inject(w, RST, .seq = 5000000);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC7323 5.3: nor one with an old timestamp; other old segments are acknowledged */
TEST_F(time_wait_hazards, old_timestamps)
{
	int fd = wire_accept(w, .tsval = 4000);

	close(fd);
	wire_expect(w, FIN | ACK);
	w->f->tsval = 5000;
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_inject(w, RST, .seq = 2, .tsval = 4500, .tsecr = 0);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_inject(w, ACK, .seq = 2, .ack = 2, .len = 10, .tsval = 4500);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* Old data and old ACKs are answered by the ACK of the end (RFC9293 3.10.7.4 first). */
TEST_F(time_wait_hazards, old_data)
{
	wire_reach(w, TCP_TIME_WAIT);
	wire_inject(w, ACK, .seq = 1, .ack = 1, .len = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* max_tw_buckets: beyond that a connection ends at once; it is counted */
TEST_F(time_wait_hazards, too_many)
{
	long long before = lab_counter(&w->lab, "TCPTimeWaitOverflow");

	LAB_OK(lab_sysctl_set(&w->lab, "max_tw_buckets", "1"));
	wire_reach(w, TCP_TIME_WAIT);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_new_flow(w);
	__wire_reach(w, TCP_TIME_WAIT);		/* it does not get there */
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "TCPTimeWaitOverflow"));
}

TEST_HARNESS_MAIN
