// SPDX-License-Identifier: GPL-2.0
/* R2, how long to try: the program may set it for its connection (RFC9293 3.8.3). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(retry_limit);

/* RFC9293 MUST-21: for data, by TCP_USER_TIMEOUT; what is sent again until then goes on */
TEST_F_TIMEOUT(retry_limit, of_data, lab_secs(60))
{
	int fd = wire_accept(w);
	int64_t begun;
	long ms;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 6000));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	begun = lab_now_us();
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	ms = (lab_now_us() - begun) / 1000;
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
	/* from the first transmission or from the first retransmission, and seen by a timer */
	EXPECT_LE(5900, ms);
	EXPECT_GE(14000, ms);
}

/* RFC9293 MUST-21, MUST-22: a SYN is like any segment, its limit TCP_SYNCNT */
TEST_F_TIMEOUT(retry_limit, of_syn, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_expect(w, SYN);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

TEST_HARNESS_MAIN
