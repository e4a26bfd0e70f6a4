// SPDX-License-Identifier: GPL-2.0
/*
 * While there is a gap, and SACK tells what is beyond it, three ACKs go at once; after them one
 * speaks for several, for a twentieth of a round trip at most.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(ack_compression);

/* What all segments echo: with an echo that is new they would tell of a shorter path. */
static uint32_t echo;

/* A connection over a path of 100 ms; one segment of 1000 octets has been taken, and read. */
static int far_away(struct __test_metadata *_metadata)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .sackok = 1, .tsval = 1000);
	wire_expect(w, SYN | ACK, .sackok = 1);
	echo = w->f->ts_recent;
	wire_expect_silence(w, 100);
	wire_inject(w, ACK);
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	wire_inject(w, ACK, .len = 1000, .tsval = 1000, .tsecr = echo);
	wire_expect(w, ACK, .ack = 1001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
	/* the end of the quick ACKs with which each connection begins */
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 0));
	return fd;
}

/* Segments beyond a gap of 1000 octets. */
static void beyond(struct __test_metadata *_metadata, int from, int to)
{
	for (; from <= to; from++)
		wire_inject(w, ACK, .seq = 1001 + from * 1000, .len = 1000, .tsval = 1000,
			    .tsecr = echo);
}

static void three_acks(struct __test_metadata *_metadata)
{
	int i;

	for (i = 1; i <= 3; i++) {
		beyond(_metadata, i, i);
		wire_expect(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 2001 + i * 1000 } });
		EXPECT_GE(20 * lab_slow(), wire_delay_ms(w));
	}
}

/* One ACK for ten segments, when the time is up: 5 % of 100 ms, if the administrator lets it */
TEST_F(ack_compression, one_for_many)
{
	int acks = 0;

	LAB_OK(lab_sysctl_set(&w->lab, "comp_sack_delay_ns", "900000000"));
	far_away(_metadata);
	three_acks(_metadata);
	beyond(_metadata, 4, 13);
	do {
		wire_take(w);
		EXPECT_EQ(1001, w->last->s.ack);
		EXPECT_EQ(1, w->last->s.nsack);
		EXPECT_EQ(2001, w->last->s.sack[0].left);
		acks++;
	} while (w->last->s.sack[0].right < 15001);
	EXPECT_LE(3, wire_delay_ms(w));
	EXPECT_GE(3, acks);
	EXPECT_EQ(10 - acks, lab_counter(&w->lab, "TCPAckCompressed"));
	wire_expect_silence(w, 50);
}

/* comp_sack_delay_ns: a millisecond at most, unless told otherwise */
TEST_F(ack_compression, a_millisecond)
{
	EXPECT_EQ(1000000, lab_sysctl(&w->lab, "comp_sack_delay_ns"));
	EXPECT_EQ(100000, lab_sysctl(&w->lab, "comp_sack_slack_ns"));
	EXPECT_EQ(44, lab_sysctl(&w->lab, "comp_sack_nr"));
	far_away(_metadata);
	three_acks(_metadata);
	beyond(_metadata, 4, 4);
	wire_expect(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 6001 } });
	EXPECT_GE(3 * lab_slow(), wire_delay_ms(w));
}

/* comp_sack_nr: when so many are held back, the next one goes and stands for all */
TEST_F(ack_compression, five)
{
	LAB_OK(lab_sysctl_set(&w->lab, "comp_sack_delay_ns", "900000000"));
	LAB_OK(lab_sysctl_set(&w->lab, "comp_sack_nr", "5"));
	far_away(_metadata);
	three_acks(_metadata);
	beyond(_metadata, 4, 9);
	wire_expect(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 11001 } });
	EXPECT_EQ(5, lab_counter(&w->lab, "TCPAckCompressed"));
}

/* comp_sack_nr: so many at most */
TEST_F(ack_compression, none_at_all)
{
	int i;

	LAB_OK(lab_sysctl_set(&w->lab, "comp_sack_nr", "0"));
	far_away(_metadata);
	three_acks(_metadata);
	for (i = 4; i <= 13; i++) {
		beyond(_metadata, i, i);
		wire_expect(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 2001 + i * 1000 } });
	}
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPAckCompressed"));
}

/* What fills the gap is acknowledged at once, and that ACK stands for the others. */
TEST_F(ack_compression, ends_with_the_gap)
{
	int fd = far_away(_metadata);

	three_acks(_metadata);
	beyond(_metadata, 4, 6);
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_await_ack(w, 8001);
	EXPECT_EQ(WIRE_NONE, w->last->s.nsack);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 1000, 7000));
	wire_expect_silence(w, 50);
}

/* When RCV.NXT moves, the peer needs three ACKs again. */
TEST_F(ack_compression, anew_for_the_next_gap)
{
	far_away(_metadata);
	three_acks(_metadata);
	beyond(_metadata, 5, 5);		/* 5001 to 6000 are missing, too */
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_await_ack(w, 5001);
	EXPECT_EQ(1, w->last->s.nsack);
	EXPECT_EQ(6001, w->last->s.sack[0].left);
}

/* RFC5681 3.2: without SACK each one counts. */
TEST_F(ack_compression, not_without_sack)
{
	int i;

	wire_accept(w);
	for (i = 1; i <= 20; i++) {
		wire_inject(w, ACK, .seq = 1 + 1000 * i, .len = 1000);
		wire_expect(w, ACK, .ack = 1);
	}
}

/* A run of octets that would push others out of sight: what was held back goes first. */
TEST_F(ack_compression, before_runs_get_lost)
{
	LAB_OK(lab_sysctl_set(&w->lab, "comp_sack_delay_ns", "900000000"));
	far_away(_metadata);
	three_acks(_metadata);
	wire_inject(w, ACK, .seq = 6001, .len = 500, .tsval = 1000, .tsecr = echo);
	wire_inject(w, ACK, .seq = 7001, .len = 500, .tsval = 1000, .tsecr = echo);
	wire_inject(w, ACK, .seq = 8001, .len = 500, .tsval = 1000, .tsecr = echo);
	wire_expect(w, ACK, .ack = 1001, .nsack = 2, .sack = { { 6001, 6501 }, { 2001, 5001 } });
	wire_expect(w, ACK, .ack = 1001, .nsack = 3,
		    .sack = { { 8001, 8501 }, { 7001, 7501 }, { 6001, 6501 } });
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPAckCompressed"));
}

TEST_HARNESS_MAIN
