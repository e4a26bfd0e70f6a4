// SPDX-License-Identifier: GPL-2.0
/* Nothing was lost after all: the window comes back (RFC4015, RFC3522, RFC3708, RFC5682). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(undo);

static struct tcp_info info(int fd)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);

	getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len);
	return i;
}

/* Ten segments are under way; the second seems to be lost, and has gone again. */
static int recovering(struct __test_metadata *_metadata, bool ts)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));	/* the peer may take its time */
	fd = ts ? wire_accept(w, .mss = 1012, .sackok = 1, .tsval = 1000) :
		  wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK, .ack = 1001);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 6001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	EXPECT_EQ(3, info(fd).tcpi_ca_state);
	return fd;
}

/* RFC3708, RFC2883: all that went again arrived twice */
TEST_F(undo, by_dsack)
{
	int fd = recovering(_metadata, false);

	wire_inject(w, ACK, .ack = 6001);
	wire_inject(w, ACK, .ack = 6001, .nsack = 1, .sack = { { 1001, 2001 } });
	wire_inject(w, ACK, .ack = 10001);
	EXPECT_TRUE(LAB_UNTIL(info(fd).tcpi_ca_state == 0));
	EXPECT_LE(10, info(fd).tcpi_snd_cwnd);
	EXPECT_LE(1, lab_counter(&w->lab, "TCPDSACKUndo") + lab_counter(&w->lab, "TCPFullUndo"));
}

/* Without such a sign the window is smaller. */
TEST_F(undo, not_without_reason)
{
	int fd = recovering(_metadata, false);

	wire_inject(w, ACK, .ack = 6001);
	wire_inject(w, ACK, .ack = 10001);
	EXPECT_TRUE(LAB_UNTIL(info(fd).tcpi_ca_state == 0));
	EXPECT_GE(8, info(fd).tcpi_snd_cwnd);
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPDSACKUndo"));
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPFullUndo"));
}

/* RFC3522: the ACK echoes the timestamp of the original */
TEST_F(undo, by_timestamp)
{
	int fd, i;
	long old;

	w->rtt_ms = 50;
	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));
	fd = wire_accept(w, .mss = 1012, .sackok = 1, .tsval = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	old = w->last->s.tsval;
	wire_expect_silence(w, 50);
	wire_inject(w, ACK, .ack = 1001, .tsecr = old);
	for (i = 3; i <= 6; i++)
		wire_inject(w, ACK, .ack = 1001, .tsecr = old, .nsack = 1,
			    .sack = { { 2001, 1 + i * 1000 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	EXPECT_EQ(3, info(fd).tcpi_ca_state);
	wire_inject(w, ACK, .ack = 10001, .tsecr = old);
	EXPECT_TRUE(LAB_UNTIL(info(fd).tcpi_ca_state == 0));
	EXPECT_LE(10, info(fd).tcpi_snd_cwnd);
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPFullUndo"));
}

/* All ACKs are late by more than the RTO; the first goes again. */
static int timed_out(struct __test_metadata *_metadata)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 10000));
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	EXPECT_EQ(4, info(fd).tcpi_ca_state);
	return fd;
}

/*
 * RFC5682 2.1: the first ACK lets new data go, and nothing again; the second shows it was needless
 */
TEST_F_TIMEOUT(undo, frto, lab_secs(60))
{
	int fd = timed_out(_metadata);

	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 10001, .len = 1000);
	wire_expect(w, ACK, .seq = 11001, .len = 1000);
	wire_expect_silence(w, 5);
	wire_inject(w, ACK, .ack = 2001);
	EXPECT_TRUE(LAB_UNTIL(info(fd).tcpi_ca_state == 0));
	EXPECT_LE(10, info(fd).tcpi_snd_cwnd);
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPSpuriousRTOs"));
	/* what follows is new */
	wire_take(w);
	EXPECT_EQ(12001, w->last->s.seq);
}

/* RFC5682 2.1 (3a): a duplicate after the new data: the time-out was right */
TEST_F_TIMEOUT(undo, frto_right, lab_secs(60))
{
	int fd = timed_out(_metadata);

	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 10001, .len = 1000);
	wire_expect(w, ACK, .seq = 11001, .len = 1000);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 10001, 11001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	EXPECT_EQ(4, info(fd).tcpi_ca_state);
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPSpuriousRTOs"));
}

TEST_HARNESS_MAIN
