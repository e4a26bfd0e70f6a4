// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC against RFC 9438, whose formulas stand here in floating point, in segments and seconds as
 * the RFC has them.
 */
#include "unit.h"
#include "../../module/cc/cubic.c"
#include "cc-drive.h"

#define C	0.4
#define BETA	0.7

static double root3(double x)
{
	double r = x > 1 ? x : 1;
	int i;

	for (i = 0; i < 300; i++)
		r -= (r * r * r - x) / (3 * r * r);
	return r;
}

/* RFC9438 4.2, figure 2 */
static double rfc_k(double w_max, double cwnd)
{
	return root3((w_max - cwnd) / C);
}

/* figure 1 */
static double rfc_w(double t, double k, double w_max)
{
	return C * (t - k) * (t - k) * (t - k) + w_max;
}

static bool near(double a, double b, double by)
{
	return a - b <= by && b - a <= by;
}

UNIT_TEST(cube_roots)
{
	u64 a;
	int i;

	for (a = 0; a < 5000; a++) {
		u64 x = cube_root(a);

		UNIT_TRUE(x * x * x <= a && (x + 1) * (x + 1) * (x + 1) > a);
	}
	for (i = 1; i < 2642000; i += 977) {
		a = (u64)i * i * i;
		UNIT_EQ(i, cube_root(a));
		UNIT_EQ(i, cube_root(a + 1));
		UNIT_EQ(i - 1, cube_root(a - 1));
	}
	UNIT_EQ(2642245, cube_root(~0ULL));
}

/* K and the curve, for windows and segments of all sizes */
UNIT_TEST(curve)
{
	static const u32 sizes[] = { 1, 88, 536, 1448, 8948, 65535 };
	static const double from[] = { 0.5, 0.7, 0.9, 0.999 };
	static const u32 segments[] = { 4, 50, 1000, 20000, 400000 };
	unsigned int i, j, n, t;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < ARRAY_SIZE(segments); n++) {
			for (j = 0; j < ARRAY_SIZE(from); j++) {
				double w_max = segments[n], mss = sizes[i], k;
				struct drive d;
				struct curve *v;

				if (w_max * mss > 1 << 30)
					continue;
				drive_start(&d, &tl_cc_cubic, (u32)(w_max * from[j] * mss));
				d.cc.mss = sizes[i];
				v = &cubic_of(&d.cc)->now;
				v->w_max = w_max * mss;
				begin_epoch(&d.cc, 1);
				k = rfc_k(w_max, d.cc.cwnd / mss);
				UNIT_TRUE(near(k * 1000, v->k_ms, 1.5));
				for (t = 0; t < 200000; t += 1999) {
					double want = rfc_w(t / 1e3, v->k_ms / 1e3, w_max);
					double got = w_cubic(v, sizes[i], t) / mss;

					if (want < 0)
						want = 0;
					UNIT_TRUE(near(want, got, 2 / mss + want * 0.001));
				}
			}
		}
	}
}

/* RFC9438 4.6: 0.7 of the window; two segments at least */
UNIT_TEST(reduction)
{
	struct drive d;

	drive_start(&d, &tl_cc_cubic, 100 * MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(70 * MSS, d.cc.cwnd);
	UNIT_EQ(70 * MSS, d.cc.ssthresh);
	d.cc.cwnd = 2 * MSS;
	drive_cut(&d, TL_CA_CWR);
	UNIT_EQ(2 * MSS, d.cc.cwnd);
}

/*
 * After a loss at 1000 segments, with a round trip of 100 ms: where the cubic curve is, and well
 * above Reno.
 */
UNIT_TEST(follows_the_curve)
{
	struct drive d;
	double k = rfc_k(1000, 700);
	int i;

	drive_start(&d, &tl_cc_cubic, 1000 * MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	for (i = 1; i <= 150; i++) {
		double want = rfc_w(i * 0.1, k, 1000), low, high;

		drive_round(&d, 2 * MSS);
		/* a round trip behind the target, at the most */
		low = rfc_w(i * 0.1 - 0.2, k, 1000) - 1;
		high = rfc_w(i * 0.1 + 0.1, k, 1000) + 1;
		UNIT_TRUE(d.cc.cwnd >= low * MSS);
		UNIT_TRUE(d.cc.cwnd <= high * MSS);
		UNIT_TRUE(near(want, d.cc.cwnd / (double)MSS, 0.02 * want));
	}
	/* K is some 9.1 s: beyond it the curve is convex */
	UNIT_TRUE(d.cc.cwnd > 1050 * MSS);
}

/* It does not matter how many octets an ACK covers. */
UNIT_TEST(counts_octets)
{
	static const u32 steps[] = { 100, MSS, 2 * MSS, 20 * MSS };
	u32 want = 0;
	unsigned int i;
	int n;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct drive d;

		drive_start(&d, &tl_cc_cubic, 200 * MSS);
		drive_cut(&d, TL_CA_RECOVERY);
		for (n = 0; n < 30; n++)
			drive_round(&d, steps[i]);
		if (!want)
			want = d.cc.cwnd;
		UNIT_TRUE(near(want, d.cc.cwnd, want * 0.02));
	}
}

/*
 * RFC9438 4.3: with a short round trip Reno has more: alpha_cubic = 3 * (1 - beta) / (1 + beta)
 * segments a round trip up to cwnd_prior, then one.
 */
UNIT_TEST(reno_friendly)
{
	double alpha = 3 * (1 - BETA) / (1 + BETA), want = 21;
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_cubic, 30 * MSS);
	d.rtt_us = 1000;
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(21 * MSS, d.cc.cwnd);
	for (i = 0; i < 60; i++) {
		drive_round(&d, MSS);
		want += want < 30 ? alpha : 1;
		UNIT_TRUE(near(want, d.cc.cwnd / (double)MSS, 1.1));
	}
}

/* RFC9438 4.7: who lost at less than W_max takes (1 + beta) / 2 of it */
UNIT_TEST(fast_convergence)
{
	struct drive d;

	drive_start(&d, &tl_cc_cubic, 100 * MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(100 * MSS, cubic_of(&d.cc)->now.w_max);
	d.cc.cwnd = 80 * MSS;
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ((u32)(80 * MSS * (1 + BETA) / 2), cubic_of(&d.cc)->now.w_max);
	UNIT_EQ(80 * MSS, cubic_of(&d.cc)->now.prior);
	d.cc.cwnd = 90 * MSS;
	drive_cut(&d, TL_CA_RECOVERY);
	UNIT_EQ(90 * MSS, cubic_of(&d.cc)->now.w_max);
}

/* RFC9438 4.8: after a time-out slow start to 0.7 of what was, then a curve with K = 0 */
UNIT_TEST(timeout)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_cubic, 400 * MSS);
	drive_timeout(&d);
	UNIT_EQ(280 * MSS, d.cc.ssthresh);
	while (tl_cc_slow_start(&d.cc)) {
		u32 before = d.cc.cwnd;

		drive_round(&d, MSS);
		UNIT_TRUE(!tl_cc_slow_start(&d.cc) || d.cc.cwnd == 2 * before);
	}
	drive_state(&d, TL_CA_OPEN);
	drive_round(&d, MSS);
	UNIT_EQ(0, cubic_of(&d.cc)->now.k_ms);
	UNIT_TRUE(near(280 * MSS, cubic_of(&d.cc)->now.origin, 20 * MSS));
	/* no slower than Linux, while it is not known how much there is: 5 % a round trip */
	for (i = 0; i < 5; i++) {
		u32 before = d.cc.cwnd;

		drive_round(&d, MSS);
		UNIT_TRUE(d.cc.cwnd >= before + before / 21);
	}
}

/* RFC3465 2.3: what the receiver had before the time-out says nothing of the path */
UNIT_TEST(timeout_counts_what_was_delivered)
{
	struct drive d;
	struct tl_cc_sample s = {
		.acked = 50 * MSS, .delivered = MSS, .flight = 100 * MSS, .state = TL_CA_LOSS,
		.now_us = 2000000,
	};

	drive_start(&d, &tl_cc_cubic, 400 * MSS);
	drive_timeout(&d);
	d.cc.ops->on_ack(&d.cc, &s);
	UNIT_EQ(2 * MSS, d.cc.cwnd);
}

/* RFC9438 4.2: no more than half a window more in a round trip, however far the curve has gone */
UNIT_TEST(bounded_growth)
{
	struct drive d;
	int i;

	drive_start(&d, &tl_cc_cubic, 100 * MSS);
	d.rtt_us = 20000000;
	drive_cut(&d, TL_CA_RECOVERY);
	for (i = 0; i < 10; i++) {
		u32 before = d.cc.cwnd;

		drive_round(&d, MSS);
		/* of each window that it grows through */
		UNIT_TRUE(d.cc.cwnd <= before * 1.65);
		UNIT_TRUE(d.cc.cwnd >= before);
	}
	UNIT_TRUE(d.cc.cwnd > 1000 * MSS);
}

/* RFC9438 4.9: nothing was lost: window and curve go on as they would have */
UNIT_TEST(undo)
{
	struct drive d;
	struct curve before;
	int i;

	for (i = 0; i < 3; i++) {
		drive_start(&d, &tl_cc_cubic, 300 * MSS);
		drive_cut(&d, TL_CA_RECOVERY);
		drive_round(&d, MSS);
		drive_round(&d, MSS);
		before = cubic_of(&d.cc)->now;
		UNIT_TRUE(before.epoch_us);
		if (i == 0) {
			drive_state(&d, TL_CA_RECOVERY);
			d.cc.prior_cwnd = d.cc.cwnd;
			d.cc.ssthresh = d.cc.ops->ssthresh(&d.cc, d.cc.cwnd);
			d.cc.cwnd = d.cc.ssthresh;
		} else {
			drive_timeout(&d);
			/* and again, before anything comes back */
			if (i == 2)
				drive_state(&d, TL_CA_LOSS);
		}
		UNIT_EQ(d.cc.prior_cwnd, d.cc.ops->undo(&d.cc));
		UNIT_EQ(0, memcmp(&before, &cubic_of(&d.cc)->now, sizeof(before)));
	}
}

/* A reduction within another hides nothing of what was before the first. */
UNIT_TEST(undo_of_two)
{
	struct drive d;
	struct curve before;

	drive_start(&d, &tl_cc_cubic, 300 * MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	drive_round(&d, MSS);
	before = cubic_of(&d.cc)->now;
	drive_state(&d, TL_CA_RECOVERY);
	d.cc.prior_cwnd = d.cc.cwnd;
	d.cc.ssthresh = d.cc.ops->ssthresh(&d.cc, d.cc.cwnd);
	d.cc.cwnd = d.cc.ssthresh;
	drive_state(&d, TL_CA_LOSS);
	d.cc.ops->ssthresh(&d.cc, d.cc.cwnd);
	d.cc.ops->undo(&d.cc);
	UNIT_EQ(0, memcmp(&before, &cubic_of(&d.cc)->now, sizeof(before)));
}

/* RFC9438 5.8: idle time is none of the curve's */
UNIT_TEST(idle)
{
	struct drive busy, idle;
	int i;

	drive_start(&busy, &tl_cc_cubic, 500 * MSS);
	drive_cut(&busy, TL_CA_RECOVERY);
	drive_round(&busy, MSS);
	idle = busy;
	idle.now_us += 60000000 + idle.rtt_us;		/* the first ACK takes a round trip */
	idle.cc.ops->event(&idle.cc, TL_CC_TX_START);
	for (i = 0; i < 20; i++) {
		drive_round(&busy, MSS);
		drive_round(&idle, MSS);
		UNIT_TRUE(near(busy.cc.cwnd, idle.cc.cwnd, busy.cc.cwnd * 0.02));
	}
}

/* The same for time in which the program had less than a window to send. */
UNIT_TEST(application_limited)
{
	struct drive busy, lazy;
	u32 before;
	int i;

	drive_start(&busy, &tl_cc_cubic, 500 * MSS);
	drive_cut(&busy, TL_CA_RECOVERY);
	drive_round(&busy, MSS);
	lazy = busy;
	lazy.cc.limited = false;
	before = lazy.cc.cwnd;
	for (i = 0; i < 300; i++)
		drive_round(&lazy, 100 * MSS);
	UNIT_EQ(before, lazy.cc.cwnd);
	lazy.cc.limited = true;
	for (i = 0; i < 20; i++) {
		drive_round(&busy, MSS);
		drive_round(&lazy, MSS);
		UNIT_TRUE(near(busy.cc.cwnd, lazy.cc.cwnd, busy.cc.cwnd * 0.01));
	}
}

/* RFC5681 4.1: after an idle restart slow start leads to a curve that begins there */
UNIT_TEST(restart)
{
	struct drive d;

	drive_start(&d, &tl_cc_cubic, 500 * MSS);
	drive_cut(&d, TL_CA_RECOVERY);
	drive_round(&d, MSS);
	d.now_us += 60000000;
	d.cc.cwnd = 10 * MSS;
	d.cc.ops->event(&d.cc, TL_CC_RESTART);
	d.cc.ops->event(&d.cc, TL_CC_TX_START);
	while (tl_cc_slow_start(&d.cc))
		drive_round(&d, MSS);
	drive_round(&d, MSS);
	UNIT_TRUE(near(rfc_k(500, 350), cubic_of(&d.cc)->now.k_ms / 1e3, 0.3));
}

/* Against Reno on a path that loses once each time the window comes to so much: never less. */
UNIT_TEST(no_less_than_reno)
{
	static const u32 rtts[] = { 1000, 10000, 100000 };
	static const u32 most[] = { 10, 50, 500 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rtts); i++) {
		for (j = 0; j < ARRAY_SIZE(most); j++) {
			double cubic = 0, reno = 0, w = most[j] / 2.0;
			struct drive d;
			int n;

			drive_start(&d, &tl_cc_cubic, most[j] * MSS);
			d.rtt_us = rtts[i];
			drive_cut(&d, TL_CA_RECOVERY);
			for (n = 0; n < 2000; n++) {
				cubic += d.cc.cwnd / (double)MSS;
				reno += w;
				w = w >= most[j] ? w / 2 : w + 1;
				if (d.cc.cwnd >= most[j] * MSS)
					drive_cut(&d, TL_CA_RECOVERY);
				else
					drive_round(&d, MSS);
			}
			UNIT_TRUE(cubic > 0.98 * reno);
		}
	}
}

UNIT_MAIN
