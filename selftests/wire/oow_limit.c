// SPDX-License-Identifier: GPL-2.0
/*
 * One connection answers segments that make no sense at intervals only, lest two ends answer each
 * other for ever (RFC5961 7; net.ipv4.tcp_invalid_ratelimit).
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

#define OUTSIDE	2000000		/* beyond any window here */

WIRE_FIXTURE(oow_limit);

static long long before;

/* Longer than any of these tests takes. */
static void limit(struct __test_metadata *_metadata, const char *skipped)
{
	LAB_OK(lab_sysctl_set(&w->lab, "invalid_ratelimit", "100000"));
	before = lab_counter(&w->lab, skipped);
	EXPECT_LE(0, before);
}

/* No answer came, and the right counter says so. */
static void expect_skipped(struct __test_metadata *_metadata, const char *skipped, int n)
{
	wire_expect_silence(w, 20);
	EXPECT_EQ(before + n, lab_counter(&w->lab, skipped));
}

TEST_F(oow_limit, default_is_half_a_second)
{
	EXPECT_EQ(500, lab_sysctl(&w->lab, "invalid_ratelimit"));
}

/* Outside of the window, without data: the first is answered, the others are not. */
TEST_F(oow_limit, sequence_number)
{
	limit(_metadata, "TCPACKSkippedSeq");
	LAB_FD(wire_accept(w));
	wire_inject(w, ACK, .seq = OUTSIDE);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, ACK, .seq = OUTSIDE);
	wire_inject(w, ACK, .seq = -1000);
	expect_skipped(_metadata, "TCPACKSkippedSeq", 2);
}

/* Data is answered always: its sender waits for that. */
TEST_F(oow_limit, data_is_answered)
{
	int i;

	limit(_metadata, "TCPACKSkippedSeq");
	LAB_FD(wire_accept(w));
	for (i = 0; i < 3; i++) {
		wire_inject(w, ACK, .seq = OUTSIDE, .len = 10);
		wire_expect(w, ACK, .ack = 1);
	}
	expect_skipped(_metadata, "TCPACKSkippedSeq", 0);
}

TEST_F(oow_limit, old_timestamp)
{
	limit(_metadata, "TCPACKSkippedPAWS");
	LAB_FD(wire_accept(w, .tsval = 500000000));
	wire_inject(w, ACK, .tsval = 1000);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .tsval = 1000);
	expect_skipped(_metadata, "TCPACKSkippedPAWS", 1);
}

/* Challenge ACKs (RFC5961 4.2, 3.2) are among them: one time for all. */
TEST_F(oow_limit, challenges)
{
	limit(_metadata, "TCPACKSkippedChallenge");
	LAB_FD(wire_accept(w));
	wire_inject(w, SYN, .seq = 1000, .mss = 1460);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, SYN, .seq = 1000, .mss = 1460);
	wire_inject(w, SYN, .seq = OUTSIDE, .mss = 1460);
	wire_inject(w, RST, .seq = 1000);
	expect_skipped(_metadata, "TCPACKSkippedChallenge", 3);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* A SYN with an old timestamp is a SYN before all else. */
TEST_F(oow_limit, old_syn)
{
	long long paws = lab_counter(&w->lab, "TCPACKSkippedPAWS");

	limit(_metadata, "TCPACKSkippedChallenge");
	LAB_FD(wire_accept(w, .tsval = 500000000));
	wire_inject(w, SYN, .seq = 1000, .mss = 1460, .tsval = 1000);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, SYN, .seq = 1000, .mss = 1460, .tsval = 1000);
	/* Linux 6.1 looks at the timestamp first */
	paws = w->lab.oracle ? lab_counter(&w->lab, "TCPACKSkippedPAWS") - paws : 0;
	expect_skipped(_metadata, "TCPACKSkippedChallenge", 1 - paws);
}

/* A half-open connection: the SYN again, and what lies outside its window */
TEST_F(oow_limit, request)
{
	limit(_metadata, "TCPACKSkippedSynRecv");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0);
	wire_inject(w, SYN, .mss = 1460);
	wire_inject(w, ACK, .seq = OUTSIDE);
	expect_skipped(_metadata, "TCPACKSkippedSynRecv", 2);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

TEST_F(oow_limit, time_wait)
{
	int fd = wire_reach(w, TCP_TIME_WAIT);

	limit(_metadata, "TCPACKSkippedTimeWait");
	wire_inject(w, ACK, .seq = OUTSIDE);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .seq = OUTSIDE);
	expect_skipped(_metadata, "TCPACKSkippedTimeWait", 1);
	/* the FIN again is answered all the same */
	wire_inject(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK);
	close(fd);
}

/* An orphan that waits for the peer's FIN */
TEST_F(oow_limit, fin_wait2)
{
	int fd = wire_accept(w);

	limit(_metadata, "TCPACKSkippedFinWait2");
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, ACK);
	wire_inject(w, ACK, .seq = OUTSIDE);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .seq = OUTSIDE);
	expect_skipped(_metadata, "TCPACKSkippedFinWait2", 1);
}

/* With 0 there is no limit. */
TEST_F(oow_limit, switched_off)
{
	int i;

	LAB_OK(lab_sysctl_set(&w->lab, "invalid_ratelimit", "0"));
	LAB_FD(wire_accept(w));
	for (i = 0; i < 5; i++) {
		wire_inject(w, ACK, .seq = OUTSIDE);
		wire_expect(w, ACK, .ack = 1);
		wire_inject(w, SYN, .seq = 1000, .mss = 1460);
		wire_expect(w, ACK, .ack = 1);
	}
}

/* When the time is over the next one is answered. */
TEST_F(oow_limit, passes)
{
	int skipped = -1;

	LAB_OK(lab_sysctl_set(&w->lab, "invalid_ratelimit", "200"));
	LAB_FD(wire_accept(w));
	wire_inject(w, ACK, .seq = OUTSIDE);
	wire_expect(w, ACK, .ack = 1);
	do {
		skipped++;
		wire_inject(w, ACK, .seq = OUTSIDE);
	} while (!w->f->head && !lab_poll(w->tun, POLLIN, 1));
	wire_expect(w, ACK, .ack = 1);
	EXPECT_LT(0, skipped);
}

TEST_HARNESS_MAIN
