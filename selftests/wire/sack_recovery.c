// SPDX-License-Identifier: GPL-2.0
/* RFC2018, RFC6675, RFC8985: SACK says what has arrived; only what has not goes again. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(sack_recovery);

/* @n segments of 1000 octets are under way, and the first is acknowledged. */
static int flight(struct __test_metadata *_metadata, int n)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));	/* the peer may take its time */
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, n * 1000));
	wire_take_stream_quietly(w, n * 1000 + 1);
	wire_inject(w, ACK, .ack = 1001);
	return fd;
}

static struct tcp_info info(int fd)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);

	getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len);
	return i;
}

/* RFC6675 4 IsLost(), RFC8985 6.2: three segments above it have arrived, and not two */
TEST_F(sack_recovery, at_the_third)
{
	flight(_metadata, 10);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 3001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 4001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 1000);
}

/* Several at once: the holes go, in order, and nothing else does. */
TEST_F(sack_recovery, only_the_holes)
{
	flight(_metadata, 10);
	wire_inject(w, ACK, .ack = 1001, .nsack = 3,
		    .sack = { { 8001, 10001 }, { 5001, 7001 }, { 2001, 4001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .seq = 4001, .len = 1000);
	wire_expect(w, ACK, .seq = 7001, .len = 1000);
	wire_expect_silence(w, 5);
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 1000);
}

/*
 * RFC8985 6.2: a retransmission that is lost is found by what was sent after it, without the timer
 */
TEST_F(sack_recovery, lost_again)
{
	int fd = flight(_metadata, 10);

	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 8001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 2000));
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 10001 } });
	wire_expect(w, ACK, .seq = 10001, .len = 1000);
	wire_expect(w, ACK, .seq = 11001, .len = 1000);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 12001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	EXPECT_GE(150, wire_delay_ms(w));
	wire_inject(w, ACK, .ack = 12001);
	wire_expect_silence(w, 1000);
}

/* A segment that is only late, by less than a quarter of the round trip, does not go again. */
TEST_F(sack_recovery, late_by_little)
{
	int fd;

	w->rtt_ms = 100;
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	wire_expect_silence(w, 100);
	wire_inject(w, ACK, .ack = 1, .nsack = 1, .sack = { { 1001, 3001 } });
	wire_expect_silence(w, 10);
	wire_inject(w, ACK, .ack = 3001);
	wire_expect_silence(w, 1000);
	EXPECT_EQ(0, info(fd).tcpi_total_retrans);
}

/* RFC8985 6.3: but by more it does, when the time is over and not before */
TEST_F(sack_recovery, late_by_much)
{
	int fd;

	w->rtt_ms = 100;
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	wire_expect_silence(w, 100);
	wire_inject(w, ACK, .ack = 1, .nsack = 1, .sack = { { 1001, 3001 } });
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	EXPECT_LE(20, wire_delay_ms(w));
	EXPECT_GE(60, wire_delay_ms(w));
	wire_inject(w, ACK, .ack = 3001);
	wire_expect_silence(w, 1000);
}

/* RFC6675 5: what comes meanwhile is new data, as far as the window, going down, lets it. */
TEST_F(sack_recovery, new_data_goes_on)
{
	int fd = flight(_metadata, 10), i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 20000));
	wire_take_stream_quietly(w, 12001);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	for (i = 6; i <= 12; i++)
		wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 1 + i * 1000 } });
	wire_take_stream_quietly(w, 14001);
	EXPECT_EQ(3, info(fd).tcpi_ca_state);
	EXPECT_GT(10, info(fd).tcpi_snd_cwnd);
}

/* RFC2018 8: SACKed data that the receiver threw away goes again, after a time-out */
TEST_F_TIMEOUT(sack_recovery, reneging, lab_secs(60))
{
	flight(_metadata, 10);
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 3001, 10001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .seq = 2001, .len = 1000);
	wire_inject(w, ACK, .ack = 3001);
	wire_expect(w, ACK, .seq = 3001, .len = 1000);
	EXPECT_GE(190, wire_delay_ms(w));
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 1000);
}

/* Blocks that cannot be hurt nobody: unsent, upside down, empty, before SND.UNA */
TEST_F(sack_recovery, impossible_blocks)
{
	int fd = flight(_metadata, 10);

	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 9001, 20001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 5001, 2001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 5001, 5001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 1001, 10001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { -2147483000L, 10001 } });
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "TCPSACKDiscard") >= 3));
	EXPECT_EQ(0, info(fd).tcpi_sacked);
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 1000);
}

TEST_HARNESS_MAIN
