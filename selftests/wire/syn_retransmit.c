// SPDX-License-Identifier: GPL-2.0
/* A SYN that nobody answers: again after 1, 2, 4 ... seconds, then connect() gives up. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(syn_retransmit);

/* RFC9293 3.8.3, MUST-22, MUST-23, RFC6298 2.1, 5.5: doubling up to the limit, then ETIMEDOUT */
TEST_F_TIMEOUT(syn_retransmit, doubling_then_etimedout, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));
	long rto = 1000;
	int i;

	/* since 6.5 Linux sends the first few at the same distance, unless told not to */
	lab_sysctl_set(&w->lab, "syn_linear_timeouts", "0");
	LAB_OK(lab_sysctl_set(&w->lab, "syn_retries", "2"));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0, .mss = wire_mss(w));
	for (i = 0; i < 2; i++, rto *= 2) {
		wire_expect(w, SYN, .seq = 0, .mss = wire_mss(w));
		EXPECT_TRUE(wire_about(wire_gap_ms(w), rto))
			TH_LOG("%s", lab_why());
	}
	EXPECT_EQ(0, lab_poll(fd, POLLOUT, 0));
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
	wire_expect_silence(w, 1000);
}

/* The answer to the second is as good as one to the first. */
TEST_F_TIMEOUT(syn_retransmit, answered_late, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	wire_expect_silence(w, 3000);
}

/* RFC5681 3.1: a SYN that was lost means one segment at first; but once may be chance */
static void first_flight(struct __test_metadata *_metadata, int lost, int segments)
{
	int fd = LAB_FD(wire_socket(w)), i;

	lab_sysctl_set(&w->lab, "syn_linear_timeouts", "0");
	LAB_OK(wire_connect_start(w, fd));
	for (i = 0; i <= lost; i++)
		wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK, .mss = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	for (i = 0; i < segments; i++)
		wire_expect(w, ACK, .seq = 1 + i * 1000, .len = 1000);
	wire_expect_silence(w, 100);
}

TEST_F_TIMEOUT(syn_retransmit, lost_once, lab_secs(60))
{
	first_flight(_metadata, 1, 10);
}

TEST_F_TIMEOUT(syn_retransmit, lost_twice, lab_secs(60))
{
	first_flight(_metadata, 2, 1);
}

/* TCP_SYNCNT is the limit of one socket. */
TEST_F_TIMEOUT(syn_retransmit, tcp_syncnt, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));

	lab_sysctl_set(&w->lab, "syn_linear_timeouts", "0");
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_expect(w, SYN, .seq = 0);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	wire_expect_silence(w, 100);
}

TEST_HARNESS_MAIN
