// SPDX-License-Identifier: GPL-2.0
/*
 * The RTT estimator against RFC 6298, reckoned here in floating point as the RFC writes it.
 */
#include "unit.h"
#include "../../module/loss/rtt.c"

static const struct tl_rto_bounds linux_bounds = {
	.min = 200000, .max = 120000000, .init = 1000000,
};

static const struct tl_rto_bounds no_bounds = {
	.min = 1, .max = 120000000, .init = 1000000,
};

/* RFC6298 2.2 and 2.3, µs */
struct rfc {
	double srtt, rttvar;
	bool any;
};

static double distance(double a, double b)
{
	return a > b ? a - b : b - a;
}

static void rfc_sample(struct rfc *r, double sample)
{
	if (!r->any) {
		r->srtt = sample;
		r->rttvar = sample / 2;
		r->any = true;
		return;
	}
	r->rttvar = (1 - 0.25) * r->rttvar + 0.25 * distance(r->srtt, sample);
	r->srtt = (1 - 0.125) * r->srtt + 0.125 * sample;
}

/* Fixed point may be off by so many microseconds: by one in SRTT, by that and a few in RTTVAR. */
#define NEAR	4.0

static void compare(const struct rfc *rfc, const struct tl_rtt *r, const struct tl_rto_bounds *b)
{
	double k_var = 4 * rfc->rttvar, want;

	UNIT_TRUE(distance(rfc->srtt, r->srtt / 8.0) <= NEAR);
	UNIT_TRUE(distance(rfc->rttvar, r->rttvar / 4.0) <= NEAR);
	/* "max (G, K*RTTVAR)", where tcplab, as Linux, has rto_min for G */
	want = rfc->srtt + (k_var > b->min ? k_var : b->min);
	if (want > b->max)
		want = b->max;
	UNIT_TRUE(distance(want, tl_rto_us(r, b)) <= 5 * NEAR);
}

static void follow(const u32 *samples, int n, const struct tl_rto_bounds *b)
{
	struct rfc rfc = { 0 };
	struct tl_rtt r;
	int i;

	tl_rtt_init(&r, b);
	for (i = 0; i < n; i++) {
		rfc_sample(&rfc, samples[i]);
		tl_rtt_sample(&r, samples[i], b);
		UNIT_EQ(samples[i], r.last);
		compare(&rfc, &r, b);
	}
}

/* RFC6298 2.1: until there is a sample RTO is one second */
UNIT_TEST(initial)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &linux_bounds);
	UNIT_EQ(1000000, tl_rto_us(&r, &linux_bounds));
	UNIT_EQ(0, r.backoff);
}

/* RFC6298 2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + max(G, 4 * RTTVAR) = 3 R */
UNIT_TEST(first_sample)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &linux_bounds);
	tl_rtt_sample(&r, 400000, &linux_bounds);
	UNIT_EQ(400000 * 8, r.srtt);
	UNIT_EQ(200000 * 4, r.rttvar);
	UNIT_EQ(1200000, tl_rto_us(&r, &linux_bounds));
}

/* RFC6298 2.3, by hand: R = 400 ms, then R' = 480 ms */
UNIT_TEST(second_sample)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &linux_bounds);
	tl_rtt_sample(&r, 400000, &linux_bounds);
	tl_rtt_sample(&r, 480000, &linux_bounds);
	/* RTTVAR = 3/4 * 200 + 1/4 * 80 = 170; SRTT = 7/8 * 400 + 1/8 * 480 = 410 */
	UNIT_EQ(410000 * 8, r.srtt);
	UNIT_EQ(170000 * 4, r.rttvar);
	UNIT_EQ(1090000, tl_rto_us(&r, &linux_bounds));
}

UNIT_TEST(steady)
{
	u32 samples[200];
	int i;

	for (i = 0; i < 200; i++)
		samples[i] = 100000;
	follow(samples, 200, &linux_bounds);
	follow(samples, 200, &no_bounds);
}

UNIT_TEST(steps)
{
	u32 samples[300];
	int i;

	for (i = 0; i < 300; i++)
		samples[i] = i < 100 ? 30000 : i < 200 ? 900000 : 500;
	follow(samples, 300, &linux_bounds);
	follow(samples, 300, &no_bounds);
}

UNIT_TEST(alternating)
{
	u32 samples[200];
	int i;

	for (i = 0; i < 200; i++)
		samples[i] = i % 2 ? 10 : 2000000;
	follow(samples, 200, &linux_bounds);
	follow(samples, 200, &no_bounds);
}

/* From a microsecond to 60 s. */
UNIT_TEST(random_samples)
{
	u32 samples[2000], x = 12345;
	int i;

	for (i = 0; i < 2000; i++) {
		x = x * 1664525 + 1013904223;
		samples[i] = 1 + (x >> 6) % (1U << (1 + i % 26));
	}
	follow(samples, 2000, &linux_bounds);
	follow(samples, 2000, &no_bounds);
}

/*
 * However small the samples, RTO does not fall below SRTT + rto_min; however large (up to 268 s),
 * not above rto_max.
 */
UNIT_TEST(bounds)
{
	struct tl_rtt r;
	int i;

	tl_rtt_init(&r, &linux_bounds);
	for (i = 0; i < 100; i++) {
		tl_rtt_sample(&r, 100, &linux_bounds);
		UNIT_TRUE(tl_rto_us(&r, &linux_bounds) >= 200000);
	}
	UNIT_TRUE(tl_rto_us(&r, &linux_bounds) <= 200000 + 101);
	for (i = 0; i < 100; i++) {
		/* a peer that echoes nonsense: no more than TL_RTT_MAX_US is believed */
		tl_rtt_sample(&r, i & 1 ? 0xffffffffU : TL_RTT_MAX_US, &linux_bounds);
		UNIT_TRUE(tl_rto_us(&r, &linux_bounds) >= 200000);
		UNIT_TRUE(tl_rto_us(&r, &linux_bounds) <= 120000000);
	}
	UNIT_EQ(120000000, tl_rto_us(&r, &linux_bounds));
	UNIT_EQ(TL_RTT_MAX_US, r.last);
}

UNIT_TEST(minimum_follows_samples)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &no_bounds);
	UNIT_EQ(~0U, r.min);
	tl_rtt_min_sample(&r, 500, 1000, 400);
	UNIT_EQ(500, r.min);
	tl_rtt_min_sample(&r, 700, 1001, 400);
	UNIT_EQ(500, r.min);
	tl_rtt_min_sample(&r, 300, 1002, 400);
	UNIT_EQ(300, r.min);
	tl_rtt_min_sample(&r, 0, 1002, 400);
	UNIT_EQ(1, r.min);
}

/* A minimum is kept for three quarters of the window at least, and never for longer than it. */
UNIT_TEST(minimum_is_forgotten)
{
	u32 since, age;

	for (since = 0; since < 400; since += 7) {
		for (age = 1; age <= 1200; age += 13) {
			u32 start = 0xffffff00U, now;	/* the clock wraps round on the way */
			struct tl_rtt r;

			tl_rtt_init(&r, &no_bounds);
			tl_rtt_min_sample(&r, 900, start, 400);
			for (now = start; now != start + since; now++)
				tl_rtt_min_sample(&r, 900, now, 400);
			tl_rtt_min_sample(&r, 100, now, 400);
			tl_rtt_min_sample(&r, 800, now + age, 400);
			if (age < 300)
				UNIT_EQ(100, r.min);
			if (age >= 400)
				UNIT_EQ(800, r.min);
		}
	}
}

/* The best since the minimum that left the window, and not merely the latest */
UNIT_TEST(minimum_next_best)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &no_bounds);
	tl_rtt_min_sample(&r, 100, 4000, 400);
	tl_rtt_min_sample(&r, 300, 4150, 400);
	tl_rtt_min_sample(&r, 200, 4250, 400);
	tl_rtt_min_sample(&r, 500, 4350, 400);
	UNIT_EQ(100, r.min);
	tl_rtt_min_sample(&r, 600, 4420, 400);
	UNIT_EQ(200, r.min);
	tl_rtt_min_sample(&r, 600, 4820, 400);
	UNIT_EQ(600, r.min);
}

/* Without a window only what comes at the same time is compared. */
UNIT_TEST(minimum_no_window)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &no_bounds);
	tl_rtt_min_sample(&r, 100, 50, 0);
	tl_rtt_min_sample(&r, 200, 50, 0);
	UNIT_EQ(100, r.min);
	tl_rtt_min_sample(&r, 300, 51, 0);
	UNIT_EQ(300, r.min);
}

/* A round trip of no time at all is one microsecond, not "no sample yet". */
UNIT_TEST(zero)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &no_bounds);
	tl_rtt_sample(&r, 0, &no_bounds);
	tl_rtt_sample(&r, 0, &no_bounds);
	UNIT_TRUE(r.srtt > 0);
	UNIT_EQ(1, r.last);
	UNIT_TRUE(tl_rto_us(&r, &no_bounds) > 0);
}

/* RFC6298 5.5: "RTO <- RTO * 2", and 2.5: up to a maximum of at least 60 s */
UNIT_TEST(backoff)
{
	double want = 1000000;
	struct tl_rtt r;
	int i;

	tl_rtt_init(&r, &linux_bounds);
	for (i = 0; i < 300; i++) {
		UNIT_EQ(want < 120000000 ? want : 120000000, tl_rto_us(&r, &linux_bounds));
		tl_rtt_backoff(&r, &linux_bounds);
		want *= 2;
	}
}

/* RFC6298 5, last paragraph: a new measurement computes RTO afresh. */
UNIT_TEST(sample_ends_backoff)
{
	struct tl_rtt r;

	tl_rtt_init(&r, &linux_bounds);
	tl_rtt_sample(&r, 100000, &linux_bounds);
	tl_rtt_backoff(&r, &linux_bounds);
	tl_rtt_backoff(&r, &linux_bounds);
	UNIT_EQ(4 * 300000, tl_rto_us(&r, &linux_bounds));
	tl_rtt_sample(&r, 100000, &linux_bounds);
	UNIT_EQ(0, r.backoff);
	UNIT_TRUE(tl_rto_us(&r, &linux_bounds) <= 300000);
}

/* The maximum may be lowered under a running backoff. */
UNIT_TEST(bounds_change)
{
	const struct tl_rto_bounds low = { .min = 200000, .max = 3000000, .init = 1000000 };
	struct tl_rtt r;
	int i;

	tl_rtt_init(&r, &linux_bounds);
	for (i = 0; i < 6; i++)
		tl_rtt_backoff(&r, &linux_bounds);
	UNIT_EQ(64000000, tl_rto_us(&r, &linux_bounds));
	UNIT_EQ(3000000, tl_rto_us(&r, &low));
	tl_rtt_backoff(&r, &low);
	UNIT_EQ(64000000, tl_rto_us(&r, &linux_bounds));
}

UNIT_MAIN
