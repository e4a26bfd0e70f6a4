// SPDX-License-Identifier: GPL-2.0
/*
 * SO_MAX_PACING_RATE: segments leave at a rate, and what waits for its turn survives nothing that
 * ends the connection. (Without fq: the wire has no qdisc.)
 */
#include "harness.h"
#include "wire.h"

#include <linux/tcp.h>

#define MSS	1000
#define FREE	20		/* segments: the first ten of a connection go without pacing */

WIRE_TIMED_FIXTURE(pacing);

static int set_rate(int fd, unsigned long rate)
{
	if (setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)))
		return lab_fail("SO_MAX_PACING_RATE: %s", strerror(errno));
	return 0;
}

/* Each write is a segment: the kernel's TCP must not make super-segments, which leave at once. */
static int write_segments(int fd, long from, int n)
{
	char buf[MSS];

	for (; n; n--, from += MSS) {
		lab_fill(buf, LAB_TO_PEER, from, MSS);
		if (send(fd, buf, MSS, MSG_EOR | MSG_NOSIGNAL) != MSS)
			return lab_fail("send(): %s", strerror(errno));
	}
	return 0;
}

static long gap_us(void)
{
	return w->last->at_us - w->prev_us;
}

/* A connection that has sent its first segments, and now has this rate. */
static int accept_paced(struct __test_metadata *_metadata, unsigned long rate)
{
	int fd = wire_accept(w, .mss = MSS), i;

	LAB_OK(write_segments(fd, 0, FREE));
	for (i = 0; i < FREE; i++) {
		wire_expect(w, ACK, .seq = 1 + i * MSS, .len = MSS);
		wire_inject(w, ACK);
	}
	LAB_OK(set_rate(fd, rate));
	return fd;
}

static long end_of(int segments)
{
	return 1 + (FREE + segments) * MSS;
}

static void take_segments(struct __test_metadata *_metadata, int n)
{
	while (n--) {
		wire_expect(w, ACK, .len = MSS);
		wire_inject(w, ACK);
	}
}

/* 100 kB/s: ten milliseconds from one segment to the next */
TEST_F(pacing, gaps)
{
	int fd = accept_paced(_metadata, 100000), i;
	int64_t first;

	LAB_OK(write_segments(fd, FREE * MSS, 30));
	take_segments(_metadata, 1);
	first = w->last->at_us;
	for (i = 1; i < 30; i++) {
		take_segments(_metadata, 1);
		EXPECT_LE(8000, gap_us())
			TH_LOG("segment %d", i);
		EXPECT_GE(12000, gap_us())
			TH_LOG("segment %d", i);
	}
	EXPECT_LE(29 * 9500, w->last->at_us - first);
	EXPECT_GE(29 * 10500, w->last->at_us - first);
	close(fd);
}

/* What ACKs allow does not go sooner, nor what is lost and goes again. */
TEST_F(pacing, retransmissions)
{
	int fd, i;

	/* SACK names the last of eight: seven are lost */
	fd = wire_accept(w, .mss = MSS, .sackok = 1);
	LAB_OK(write_segments(fd, 0, FREE));
	for (i = 0; i < FREE; i++) {
		wire_expect(w, ACK, .seq = 1 + i * MSS, .len = MSS);
		wire_inject(w, ACK);
	}
	LAB_OK(write_segments(fd, FREE * MSS, 12));
	for (i = 0; i < 12; i++)
		wire_expect(w, ACK, .len = MSS);
	LAB_OK(set_rate(fd, 100000));
	wire_inject(w, ACK, .ack = end_of(0), .nsack = 1,
		    .sack = { { end_of(8), end_of(12) } });
	wire_expect(w, ACK, .seq = end_of(0), .len = MSS);
	for (i = 1; i < 4; i++) {
		wire_inject(w, ACK, .ack = end_of(i), .nsack = 1,
			    .sack = { { end_of(8), end_of(12) } });
		wire_expect(w, ACK, .seq = end_of(i), .len = MSS);
		EXPECT_LE(4500, gap_us());
		EXPECT_GE(12000, gap_us());
	}
	close(fd);
}

/* TCP_INFO says what is asked for, and what is. */
TEST_F(pacing, info)
{
	int fd = accept_paced(_metadata, 100000);
	socklen_t len = sizeof(struct tcp_info);
	struct tcp_info info = { };

	LAB_OK(write_segments(fd, FREE * MSS, 2));
	take_segments(_metadata, 2);
	EXPECT_TRUE(LAB_UNTIL(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
			      !info.tcpi_unacked));
	EXPECT_EQ(100000, info.tcpi_max_pacing_rate);
	EXPECT_EQ(100000, info.tcpi_pacing_rate);
	close(fd);
}

/* Without a limit, and without an algorithm that asks for it, a window leaves at once. */
TEST_F(pacing, none)
{
	int fd = wire_accept(w, .mss = MSS), i;

	LAB_OK(write_segments(fd, 0, FREE));
	take_segments(_metadata, FREE);
	LAB_OK(write_segments(fd, FREE * MSS, 10));
	for (i = 0; i < 10; i++) {
		wire_expect(w, ACK, .len = MSS);
		EXPECT_GE(2000, gap_us() * !!i);
	}
	close(fd);
}

/*
 * When the limit is taken away the rate is a window a round trip again, from the next ACK on: on
 * this short way next to no time.
 */
TEST_F(pacing, unlimited_again)
{
	int fd = accept_paced(_metadata, 100000), i;

	LAB_OK(write_segments(fd, FREE * MSS, 4));
	take_segments(_metadata, 3);
	EXPECT_LE(4500, gap_us());
	LAB_OK(set_rate(fd, ~0UL));
	take_segments(_metadata, 1);
	LAB_OK(write_segments(fd, (FREE + 4) * MSS, 10));
	wire_expect(w, ACK, .len = MSS);
	for (i = 1; i < 10; i++) {
		wire_expect(w, ACK, .len = MSS);
		EXPECT_GE(5000, gap_us());
	}
	close(fd);
}

/* The retransmission timer begins when the next segment may leave, 200 ms later. */
TEST_F(pacing, timer_waits)
{
	int fd = accept_paced(_metadata, 5000);

	LAB_OK(write_segments(fd, FREE * MSS, 1));
	wire_expect(w, ACK, .len = MSS);
	wire_expect(w, ACK, .seq = end_of(0), .len = MSS);
	EXPECT_LE(380, wire_gap_ms(w));
	EXPECT_GE(440, wire_gap_ms(w));
	close(fd);
}

/* A segment that waits for longer than a time-out is no closed window: no probe, and no hurry. */
TEST_F(pacing, slower_than_timer)
{
	int fd = accept_paced(_metadata, 1000), i;

	LAB_OK(write_segments(fd, FREE * MSS, 4));
	take_segments(_metadata, 1);
	for (i = 1; i < 4; i++) {
		take_segments(_metadata, 1);
		EXPECT_LE(900, wire_gap_ms(w));
		EXPECT_GE(1100, wire_gap_ms(w));
	}
	EXPECT_EQ(0, lab_counter(&w->lab, "RetransSegs"));
	close(fd);
}

/* The program is gone: what waits goes all the same, at its rate, and the FIN behind it. */
TEST_F(pacing, orphan)
{
	int fd = accept_paced(_metadata, 100000), i;

	LAB_OK(write_segments(fd, FREE * MSS, 6));
	take_segments(_metadata, 1);
	close(fd);
	for (i = 1; i < 5; i++) {
		take_segments(_metadata, 1);
		EXPECT_LE(4500, gap_us());
	}
	wire_expect(w, FIN | ACK, .len = MSS);
	EXPECT_LE(4500, gap_us());
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_expect_silence(w, 1000);
}

/* Aborted by the program, by the peer, or by both, while a segment waits: nothing comes after. */
TEST_F(pacing, aborted)
{
	struct linger now = { .l_onoff = 1 };
	int fd = accept_paced(_metadata, 100000);

	LAB_OK(write_segments(fd, FREE * MSS, 6));
	take_segments(_metadata, 2);
	EXPECT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	close(fd);
	wire_expect(w, RST | ACK, .seq = WIRE_ANY);
	wire_expect_silence(w, 1000);
}

TEST_F(pacing, reset)
{
	int fd = accept_paced(_metadata, 100000);

	LAB_OK(write_segments(fd, FREE * MSS, 6));
	take_segments(_metadata, 2);
	wire_inject(w, RST);
	EXPECT_TRUE(LAB_UNTIL(!wire_state(w)));
	wire_expect_silence(w, 1000);
	close(fd);
}

TEST_F(pacing, reset_orphan)
{
	int fd = accept_paced(_metadata, 100000);

	LAB_OK(write_segments(fd, FREE * MSS, 6));
	take_segments(_metadata, 2);
	close(fd);
	wire_inject(w, RST);
	wire_expect_silence(w, 1000);
	EXPECT_EQ(0, wire_state(w));
}

/* A listener's limit is its connections' limit. */
TEST_F(pacing, inherited)
{
	int fd, i;

	LAB_OK(wire_listen(w, 5));
	LAB_OK(set_rate(w->lfd, 100000));
	fd = wire_accept(w, .mss = MSS);
	LAB_OK(write_segments(fd, 0, FREE + 5));
	for (i = 0; i < FREE; i++) {
		wire_expect(w, ACK, .len = MSS);
		wire_inject(w, ACK);
	}
	for (i = 0; i < 5; i++) {
		take_segments(_metadata, 1);
		EXPECT_LE(4500, gap_us());
	}
	close(fd);
}

TEST_HARNESS_MAIN
