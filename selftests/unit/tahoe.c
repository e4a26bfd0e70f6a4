// SPDX-License-Identifier: GPL-2.0
/*
 * Tahoe by its textbook: one segment at first, twice as many each round trip, one more each round
 * trip above the threshold, and all the way down for any loss.
 */
#include "unit.h"
#include "../../module/cc/tahoe.c"
#include "cc-drive.h"

UNIT_TEST(begins_with_one_segment)
{
	struct drive d;
	u32 want = MSS;
	int i;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	UNIT_EQ(MSS, d.cc.cwnd);
	for (i = 0; i < 9; i++) {
		drive_round(&d, MSS);
		want *= 2;
		UNIT_EQ(want, d.cc.cwnd);
	}
}

/* The threshold is the receiver's largest window, even if that grows, until there is a loss. */
UNIT_TEST(threshold_is_the_receivers_window)
{
	struct drive d;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	d.max_wnd = 16 * MSS;
	drive_round(&d, MSS);
	UNIT_EQ(16 * MSS, d.cc.ssthresh);
	d.max_wnd = 20 * MSS;
	drive_round(&d, MSS);
	UNIT_EQ(20 * MSS, d.cc.ssthresh);
	drive_cut(&d, TL_CA_RECOVERY);
	drive_round(&d, MSS);
	UNIT_EQ(2 * MSS, d.cc.ssthresh);
}

UNIT_TEST(linear_above_the_threshold)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	d.max_wnd = 8 * MSS;
	for (i = 0; i < 3; i++)
		drive_round(&d, MSS);
	UNIT_EQ(8 * MSS, d.cc.cwnd);
	for (i = 1; i <= 20; i++) {
		drive_round(&d, 2 * MSS);
		UNIT_EQ((8 + i) * MSS, d.cc.cwnd);
	}
}

/* Half of what was in flight, two segments at least; and one segment, whatever found the loss */
UNIT_TEST(loss)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	for (i = 0; i < 5; i++)
		drive_round(&d, MSS);
	UNIT_EQ(32 * MSS, d.cc.cwnd);
	UNIT_TRUE(tl_cc_tahoe.flags & TL_CC_NO_FAST_RECOVERY);
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(16 * MSS, d.cc.ssthresh);
	UNIT_EQ(MSS, d.cc.cwnd);
	for (i = 0; i < 4; i++)
		drive_round(&d, MSS);
	UNIT_EQ(16 * MSS, d.cc.cwnd);
	drive_round(&d, MSS);
	UNIT_EQ(17 * MSS, d.cc.cwnd);
	UNIT_EQ(5 * MSS, d.cc.ops->ssthresh(&d.cc, 10 * MSS));
	UNIT_EQ(2 * MSS, d.cc.ops->ssthresh(&d.cc, 3 * MSS));
	UNIT_EQ(2 * MSS, d.cc.ops->ssthresh(&d.cc, 0));
}

/* It has no way back. */
UNIT_TEST(no_undo)
{
	struct drive d;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	drive_round(&d, MSS);
	drive_round(&d, MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(MSS, d.cc.ops->undo(&d.cc));
}

/* Who changes to it begins with one segment, but what a loss taught is not forgotten. */
UNIT_TEST(change_of_algorithm)
{
	struct drive d;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	d.cc.cwnd = 40 * MSS;
	d.cc.ssthresh = 20 * MSS;
	d.cc.ops->init(&d.cc);
	UNIT_EQ(MSS, d.cc.cwnd);
	drive_round(&d, MSS);
	UNIT_EQ(20 * MSS, d.cc.ssthresh);
}

UNIT_TEST(not_limited)
{
	struct drive d;

	drive_start(&d, &tl_cc_tahoe, 10 * MSS);
	d.cc.limited = false;
	drive_round(&d, MSS);
	UNIT_EQ(MSS, d.cc.cwnd);
}

UNIT_MAIN
