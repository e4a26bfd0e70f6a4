// SPDX-License-Identifier: GPL-2.0
/* TIME_WAIT lasts 2 MSL, and a FIN that comes again starts it over. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(time_wait);

/* 2 MSL here, in milliseconds. */
static long two_msl(struct __test_metadata *_metadata)
{
	if (LAB_DIFFERS(&w->lab, true, false, "Linux hard-codes 60 s; tcplab has msl_ms"))
		return 60000;
	/* short, so that a run in real time is short as well */
	LAB_OK(lab_sysctl_set(&w->lab, "msl_ms", "3000"));
	return 6000;
}

static void into_time_wait(struct __test_metadata *_metadata)
{
	close(wire_accept(w));
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC9293 MUST-13: (which asks for 2 MSL = 4 minutes by default; Linux departs from it) */
TEST_F_TIMEOUT(time_wait, lasts_two_msl, lab_secs(120))
{
	long ms = two_msl(_metadata);

	into_time_wait(_metadata);
	wire_expect_silence(w, ms * 9 / 10);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_expect_silence(w, ms / 10);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	/* nobody remembers */
	close(w->lfd);
	w->lfd = -1;
	wire_inject(w, ACK, .seq = 2, .ack = 2);
	wire_expect(w, RST, .seq = 2);
}

/* RFC9293 3.10.7.4, eighth step: acknowledge the FIN again, and restart the 2 MSL time-out */
TEST_F_TIMEOUT(time_wait, fin_restarts, lab_secs(200))
{
	long ms = two_msl(_metadata);

	into_time_wait(_metadata);
	wire_expect_silence(w, ms * 6 / 10);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_expect_silence(w, ms * 6 / 10);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_expect_silence(w, ms * 4 / 10);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
}

TEST_HARNESS_MAIN
