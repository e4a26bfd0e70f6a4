// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++ (RFC 9406), the first slow start of CUBIC, by its constants: N_RTT_SAMPLE 8, thresholds
 * of 4 to 16 ms, an eighth of the round trip between; a quarter of the growth for 5 rounds.
 */
#include "unit.h"
#include "../../module/cc/cubic.c"
#include "cc-drive.h"

static void start(struct drive *d, u32 rtt_us)
{
	drive_start(d, &tl_cc_cubic, 10 * MSS);
	d->rtt_us = rtt_us;
}

static void rounds(struct drive *d, int n)
{
	while (n--)
		drive_round(d, MSS);
}

/* With a round trip that stays it is slow start. */
UNIT_TEST(steady_round_trip)
{
	struct drive d;
	u32 want = 10 * MSS;
	int i;

	start(&d, 50000);
	for (i = 0; i < 10; i++) {
		drive_round(&d, MSS);
		want *= 2;
		UNIT_EQ(want, d.cc.cwnd);
		UNIT_EQ(TL_SSTHRESH_MAX, d.cc.ssthresh);
	}
}

/* How much longer must a round trip be? clamp(rtt / 8, 4 ms, 16 ms) */
static bool turns_conservative(u32 rtt_us, u32 longer_us)
{
	struct drive d;
	u32 before;

	start(&d, rtt_us);
	rounds(&d, 3);
	d.rtt_us += longer_us;
	rounds(&d, 1);		/* measures */
	before = d.cc.cwnd;
	rounds(&d, 1);
	return d.cc.cwnd < 2 * before;
}

UNIT_TEST(thresholds)
{
	static const struct { u32 rtt_us, thresh_us; } row[] = {
		{ 1000, 4000 }, { 10000, 4000 }, { 32000, 4000 }, { 40000, 5000 },
		{ 80000, 10000 }, { 128000, 16000 }, { 300000, 16000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		UNIT_TRUE(turns_conservative(row[i].rtt_us, row[i].thresh_us));
		UNIT_TRUE(!turns_conservative(row[i].rtt_us, row[i].thresh_us - 1));
	}
}

/* "For rounds where at least N_RTT_SAMPLE RTT samples have been obtained" */
UNIT_TEST(eight_samples)
{
	struct drive d;
	u32 before;
	int i, n = 0;

	start(&d, 50000);
	rounds(&d, 3);
	d.rtt_us = 80000;
	for (i = 0; i < 40; i++) {
		before = d.cc.cwnd;
		n = cubic_of(&d.cc)->samples;
		drive_ack(&d, 4 * MSS, d.cc.cwnd);
		if (d.cc.cwnd == before + MSS)
			break;
		UNIT_EQ(before + 4 * MSS, d.cc.cwnd);
	}
	/* as soon as there were eight, in a round that knows the new round trip only */
	UNIT_EQ(7, n);
	drive_ack(&d, 4 * MSS, d.cc.cwnd);
	UNIT_EQ(before + 2 * MSS, d.cc.cwnd);
}

/* A quarter of the growth, and after five rounds the end: ssthresh is cwnd */
UNIT_TEST(conservative_slow_start)
{
	struct drive d;
	u32 before;
	int i = 0;

	start(&d, 50000);
	rounds(&d, 3);
	d.rtt_us = 80000;
	rounds(&d, 1);
	while (d.cc.ssthresh == TL_SSTHRESH_MAX && i < 20) {
		before = d.cc.cwnd;
		drive_round(&d, 4);
		if (d.cc.ssthresh == TL_SSTHRESH_MAX)
			UNIT_EQ(before + before / 4, d.cc.cwnd);
		i++;
	}
	/* the round in which it began counts */
	UNIT_TRUE(i == 4 || i == 5);
	UNIT_TRUE(d.cc.ssthresh <= d.cc.cwnd);
	UNIT_TRUE(!tl_cc_slow_start(&d.cc));
}

/* "If currentRoundMinRTT < cssBaselineMinRtt": it was for a moment only */
UNIT_TEST(back_to_slow_start)
{
	struct drive d;
	u32 before;

	start(&d, 50000);
	rounds(&d, 3);
	d.rtt_us = 80000;
	rounds(&d, 2);
	d.rtt_us = 50000;
	rounds(&d, 2);
	before = d.cc.cwnd;
	rounds(&d, 1);
	UNIT_EQ(2 * before, d.cc.cwnd);
	UNIT_EQ(TL_SSTHRESH_MAX, d.cc.ssthresh);
}

/* An ACK of many segments is worth as many. */
UNIT_TEST(stretched_ack)
{
	struct drive d;

	start(&d, 50000);
	d.cc.cwnd = 100 * MSS;
	drive_ack(&d, 30 * MSS, 100 * MSS);
	UNIT_EQ(130 * MSS, d.cc.cwnd);
}

/* A loss ends it for good: later slow starts know their end (RFC9406 4.3). */
UNIT_TEST(first_slow_start_only)
{
	struct drive d;
	u32 want;

	start(&d, 50000);
	rounds(&d, 5);
	drive_timeout(&d);
	want = d.cc.cwnd;
	while (2 * want <= d.cc.ssthresh) {
		d.rtt_us += 20000;
		rounds(&d, 1);
		want *= 2;
		UNIT_EQ(want, d.cc.cwnd);
	}
}

/* An ACK without a sample of the round trip is no sample. */
UNIT_TEST(acks_without_sample)
{
	struct drive d;
	u32 before;

	start(&d, 50000);
	rounds(&d, 3);
	d.rtt_us = 0;
	rounds(&d, 3);
	before = d.cc.cwnd;
	d.rtt_us = 50000;
	rounds(&d, 1);
	UNIT_EQ(2 * before, d.cc.cwnd);
}

UNIT_MAIN
