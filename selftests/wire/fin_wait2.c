// SPDX-License-Identifier: GPL-2.0
/* FIN_WAIT_2 without a program: fin_timeout ends it. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(fin_wait2);

/* RFC9293 3.6 lets an orphan go after a time; Linux's is fin_timeout */
TEST_F_TIMEOUT(fin_wait2, orphan_times_out, lab_secs(60))
{
	LAB_OK(lab_sysctl_set(&w->lab, "fin_timeout", "3"));
	close(wire_accept(w));
	wire_expect(w, FIN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_expect_silence(w, 2500);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_expect_silence(w, 500);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	/* the FIN comes too late */
	wire_inject(w, FIN | ACK);
	wire_expect(w, RST, .seq = 2);
}

/* While the program holds the socket there is no such limit. */
TEST_F_TIMEOUT(fin_wait2, not_while_open, lab_secs(60))
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "fin_timeout", "1"));
	fd = wire_accept(w);
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK);
	wire_inject(w, ACK);
	wire_expect_silence(w, 4000);
	EXPECT_EQ(TCP_FIN_WAIT2, lab_tcp_state(fd));
	wire_inject(w, FIN | ACK, .len = 100);
	wire_await_ack(w, 102);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	LAB_OK(lab_recv_eof(fd));
}

TEST_HARNESS_MAIN
