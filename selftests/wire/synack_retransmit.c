// SPDX-License-Identifier: GPL-2.0
/* A SYN-ACK that nobody answers: again after 1, 2, 4 ... seconds, then the entry is dropped. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(synack_retransmit);

/* RFC9293 3.8.3, RFC6298 5.5: doubling up to the limit; then silence, and nothing is left */
TEST_F_TIMEOUT(synack_retransmit, doubling_then_gone, lab_secs(60))
{
	long rto = 1000;
	int i;

	LAB_OK(lab_sysctl_set(&w->lab, "synack_retries", "2"));
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .sackok = 1, .ws = 3);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	for (i = 0; i < 2; i++, rto *= 2) {
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = wire_mss(w), .sackok = 1,
			    .ws = WIRE_SOME);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), rto))
			TH_LOG("%s", lab_why());
	}
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_expect_silence(w, 3000);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_expect_silence(w, 5000);
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	/* the port is as fresh as ever */
	wire_inject(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* The third segment after a retransmission completes the handshake and ends the series. */
TEST_F_TIMEOUT(synack_retransmit, answered_late, lab_secs(60))
{
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	wire_expect_silence(w, 4000);
}

TEST_HARNESS_MAIN
