// SPDX-License-Identifier: GPL-2.0
/* RFC8985 7: the end of a flight is lost, and no ACK tells of it: a probe, before the timer. */
#include "harness.h"
#include "wire.h"

WIRE_TIMED_FIXTURE(loss_probe);

static int accept_slow(struct __test_metadata *_metadata)
{
	int fd;

	w->rtt_ms = 50;
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2000));
	wire_take_stream_quietly(w, 2001);
	wire_inject(w, ACK, .ack = 2001);
	return fd;
}

/*
 * RFC8985 7.2, 7.3: after two round trips the last segment goes again; then RACK finds the others
 */
TEST_F(loss_probe, last_again)
{
	int fd = accept_slow(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 4000));
	wire_take_stream_quietly(w, 6001);
	wire_expect(w, ACK, .seq = 5001, .len = 1000);
	EXPECT_LE(30, wire_gap_ms(w));
	EXPECT_GE(150, wire_gap_ms(w));
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "TCPLossProbes") == 1));
	wire_expect_silence(w, 10);
	wire_inject(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 5001, 6001 } });
	wire_expect(w, ACK, .seq = 2001, .len = 1000);
	wire_expect_silence(w, 10);
	wire_inject(w, ACK, .ack = 3001, .nsack = 1, .sack = { { 5001, 6001 } });
	wire_expect(w, ACK, .seq = 3001, .len = 1000);
	wire_take(w);
	EXPECT_EQ(4001, w->last->s.seq);
	wire_inject(w, ACK, .ack = 6001);
	wire_expect_silence(w, 1000);
}

/* RFC8985 7.2: it is segments that are counted: two small ones are not acknowledged late */
TEST_F(loss_probe, small_ones)
{
	int fd = accept_slow(_metadata);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2100, 100));
	wire_expect(w, ACK, .seq = 2001, .len = 100);
	wire_expect(w, ACK, .seq = 2101, .len = 100);
	wire_expect(w, ACK, .seq = 2101, .len = 100);
	EXPECT_LE(30, wire_gap_ms(w));
	EXPECT_GE(150, wire_gap_ms(w));
}

/* RFC8985 7.3: new data serves better than old */
TEST_F(loss_probe, new_data)
{
	int fd;

	w->win = 4000;
	fd = accept_slow(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 6000));
	wire_take_stream_quietly(w, 6001);
	/*
	 * the window opens, though the ACK says nothing new: not by the congestion window's leave
	 */
	wire_inject(w, ACK, .ack = 2001, .win = 8000);
	wire_take(w);
	EXPECT_EQ(6001, w->last->s.seq);
}

/* RFC8985 7.4.2: a probe that repaired a loss halves the window like any other loss */
TEST_F(loss_probe, repaired)
{
	int fd = accept_slow(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 4000));
	wire_take_stream_quietly(w, 6001);
	wire_expect(w, ACK, .seq = 5001, .len = 1000);
	wire_inject(w, ACK, .ack = 6001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 6000, 1000));
	wire_expect(w, ACK, .seq = 6001, .len = 1000);
	wire_inject(w, ACK, .ack = 7001);
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "TCPLossProbeRecovery") == 1));
}

/* RFC8985 7.4.2: one that both arrived does not: a D-SACK says so */
TEST_F(loss_probe, needless)
{
	int fd = accept_slow(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 4000));
	wire_take_stream_quietly(w, 6001);
	wire_expect(w, ACK, .seq = 5001, .len = 1000);
	wire_inject(w, ACK, .ack = 6001, .nsack = 1, .sack = { { 5001, 6001 } });
	LAB_OK(lab_send(fd, LAB_TO_PEER, 6000, 1000));
	wire_expect(w, ACK, .seq = 6001, .len = 1000);
	wire_inject(w, ACK, .ack = 7001);
	wire_expect_silence(w, 500);
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPLossProbeRecovery"));
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPDSACKRecv"));
}

/* RFC8985 7.2: without SACK there is none, nor with early_retrans 0 */
TEST_F_TIMEOUT(loss_probe, not_without_sack, lab_secs(60))
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	EXPECT_LE(190, wire_gap_ms(w));
}

TEST_F_TIMEOUT(loss_probe, switched_off, lab_secs(60))
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));
	fd = accept_slow(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 3000));
	wire_take_stream_quietly(w, 5001);
	wire_expect(w, ACK, .seq = 2001, .len = 1000);
	EXPECT_LE(190, wire_gap_ms(w));
}

TEST_HARNESS_MAIN
