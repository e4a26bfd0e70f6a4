// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP against RFC 8257, whose alpha is reckoned here in floating point.
 */
#include "unit.h"
#include <linux/inet_diag.h>
#include "../../module/cc/dctcp.c"
#include "cc-drive.h"

static double alpha_of(const struct drive *d)
{
	return ((const struct dctcp *)d->cc.priv)->alpha / (double)ALPHA_ONE;
}

static bool near(double a, double b, double by)
{
	return a - b <= by && b - a <= by;
}

/* RFC8257 4.2: alpha begins with 1; 3.3: the first window ends with the first ACK */
UNIT_TEST(alpha_begins_with_one)
{
	struct drive d;

	drive_start(&d, &tl_cc_dctcp, 10 * MSS);
	UNIT_TRUE(alpha_of(&d) == 1);
	drive_ack(&d, MSS, 10 * MSS);
	UNIT_TRUE(near(15.0 / 16, alpha_of(&d), 0.00001));
}

/*
 * RFC8257 3.3: Alpha = Alpha * (1 - g) + g * M, once a window of data. The window does not grow
 * here, so a round is a window.
 */
UNIT_TEST(alpha_follows_marks)
{
	static const u32 marks[] = { 0, 0, 1000, 500, 500, 100, 0, 0, 0, 900, 30, 30, 30, 1, 0 };
	struct drive d;
	double want = 1;
	unsigned int i, j;

	drive_start(&d, &tl_cc_dctcp, 50 * MSS);
	d.cc.limited = false;
	/* the window that one ACK ends */
	drive_ack(&d, 1, 50 * MSS);
	want *= 15.0 / 16;
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		struct dctcp *p = (struct dctcp *)d.cc.priv;
		u32 size = p->end - d.una;

		d.marks = marks[i];
		for (j = 0; j < 10; j++)
			drive_ack(&d, size / 10 + (j == 9 ? size % 10 + 1 : 0), 50 * MSS);
		want = want * (1 - 1.0 / 16) + marks[i] / 1000.0 / 16;
		UNIT_TRUE(near(want, alpha_of(&d), 0.0001));
	}
}

/* Marks for ever make it 1, none make it 0. */
UNIT_TEST(alpha_bounds)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_dctcp, 50 * MSS);
	d.cc.limited = false;
	for (i = 0; i < 500; i++)
		drive_round(&d, MSS);
	UNIT_TRUE(near(0, alpha_of(&d), 0.0001));
	d.marks = 1000;
	for (i = 0; i < 500; i++)
		drive_round(&d, MSS);
	UNIT_TRUE(near(1, alpha_of(&d), 0.0001));
	UNIT_TRUE(alpha_of(&d) <= 1);
}

/* RFC8257 3.3: cwnd = cwnd * (1 - Alpha / 2) for marks; two segments at least */
UNIT_TEST(marks_cut_by_alpha)
{
	static const double alphas[] = { 1, 0.5, 0.25, 0.01, 0 };
	struct drive d;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(alphas); i++) {
		drive_start(&d, &tl_cc_dctcp, 100 * MSS);
		((struct dctcp *)d.cc.priv)->alpha = alphas[i] * ALPHA_ONE;
		drive_cut(&d, TL_CA_CWR);
		UNIT_TRUE(near(100 * MSS * (1 - alphas[i] / 2), d.cc.cwnd, 2));
	}
	drive_start(&d, &tl_cc_dctcp, 3 * MSS);
	drive_cut(&d, TL_CA_CWR);
	UNIT_EQ(2 * MSS, d.cc.cwnd);
}

/* RFC8257 3.5: a loss halves, whatever Alpha is; so does a time-out (4.4 is Reno's) */
UNIT_TEST(losses_halve)
{
	struct drive d;

	drive_start(&d, &tl_cc_dctcp, 100 * MSS);
	((struct dctcp *)d.cc.priv)->alpha = 0;
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(50 * MSS, d.cc.cwnd);
	drive_cut(&d, TL_CA_CWR);
	UNIT_EQ(50 * MSS, d.cc.cwnd);
	drive_timeout(&d);
	UNIT_EQ(25 * MSS, d.cc.ssthresh);
}

/* Without marks it is Reno: twice as much, then one more each round trip. */
UNIT_TEST(grows_as_reno)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_dctcp, 10 * MSS);
	d.cc.ssthresh = 40 * MSS;
	drive_round(&d, MSS);
	UNIT_EQ(20 * MSS, d.cc.cwnd);
	drive_round(&d, MSS);
	UNIT_EQ(40 * MSS, d.cc.cwnd);
	for (i = 1; i < 10; i++) {
		drive_round(&d, MSS);
		UNIT_EQ((40 + i) * MSS, d.cc.cwnd);
	}
}

UNIT_TEST(info)
{
	union tcp_cc_info info;
	struct drive d;
	int attr = 0;

	drive_start(&d, &tl_cc_dctcp, 100 * MSS);
	memset(&info, 0xff, sizeof(info));
	UNIT_EQ(sizeof(info.dctcp), d.cc.ops->info(&d.cc, ~0U, &attr, &info));
	UNIT_EQ(INET_DIAG_DCTCPINFO, attr);
	UNIT_EQ(0, info.dctcp.dctcp_enabled);
	UNIT_EQ(0, info.dctcp.dctcp_alpha);

	d.cc.ecn = true;
	d.cc.limited = false;
	d.marks = 500;
	drive_ack(&d, MSS, 100 * MSS);
	drive_ack(&d, 4 * MSS, 100 * MSS);
	d.cc.ops->event(&d.cc, TL_CC_CE);
	d.cc.ops->info(&d.cc, ~0U, &attr, &info);
	UNIT_EQ(1, info.dctcp.dctcp_enabled);
	UNIT_EQ(1, info.dctcp.dctcp_ce_state);
	UNIT_EQ(1024 * (15 * 2 + 1) / 32, info.dctcp.dctcp_alpha);
	UNIT_EQ(4 * MSS, info.dctcp.dctcp_ab_tot);
	UNIT_EQ(2 * MSS, info.dctcp.dctcp_ab_ecn);
	d.cc.ops->event(&d.cc, TL_CC_NO_CE);
	d.cc.ops->info(&d.cc, ~0U, &attr, &info);
	UNIT_EQ(0, info.dctcp.dctcp_ce_state);
	/* who asks for something else gets nothing */
	UNIT_EQ(0, d.cc.ops->info(&d.cc, 1, &attr, &info));
}

UNIT_MAIN
