// SPDX-License-Identifier: GPL-2.0
/* TCP_THIN_LINEAR_TIMEOUTS: a stream with little under way does not back off at first. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(thin);

/* Six time-outs of the same length, then they double. */
static void linear_then_doubling(struct __test_metadata *_metadata, long len)
{
	long first;
	int i;

	wire_expect(w, ACK, .seq = 1, .len = len);
	first = wire_gap_ms(w);
	for (i = 1; i < 7; i++) {
		wire_expect(w, ACK, .seq = 1, .len = len);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), first))
			TH_LOG("%s", lab_why());
	}
	for (i = 1; i < 3; i++) {
		wire_expect(w, ACK, .seq = 1, .len = len);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), first << i))
			TH_LOG("%s", lab_why());
	}
}

TEST_F_TIMEOUT(thin, by_option, lab_secs(60))
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 500));
	wire_expect(w, ACK, .seq = 1, .len = 500);
	linear_then_doubling(_metadata, 500);
}

TEST_F_TIMEOUT(thin, by_sysctl, lab_secs(60))
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "thin_linear_timeouts", "1"));
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 500));
	wire_expect(w, ACK, .seq = 1, .len = 500);
	linear_then_doubling(_metadata, 500);
}

/* Four segments under way are not thin. */
TEST_F_TIMEOUT(thin, not_thick, lab_secs(60))
{
	int fd = wire_accept(w, .mss = 1000), i;
	long first;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 4000));
	wire_take_stream_quietly(w, 4001);
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	first = wire_gap_ms(w);
	for (i = 1; i < 3; i++) {
		wire_expect(w, ACK, .seq = 1, .len = 1000);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), first << i))
			TH_LOG("%s", lab_why());
	}
}

TEST_HARNESS_MAIN
