// SPDX-License-Identifier: GPL-2.0
/*
 * The RTT estimator: any samples, time-outs and bounds, also bounds that change on the way. It
 * follows RFC 6298 in floating point, and the RTO never leaves what the bounds allow.
 */
#include "fuzz.h"
#include "../../module/loss/rtt.c"

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
	r->rttvar = 0.75 * r->rttvar + 0.25 * distance(r->srtt, sample);
	r->srtt = 0.875 * r->srtt + 0.125 * sample;
}

/* As net.tcplab.rto_*_ms lets them be: 1 ms to 120 s each, and in no order. */
static u32 bound(struct fuzz *f)
{
	return (fuzz_magnitude(f) % 120000 + 1) * 1000;
}

static void bounds(struct fuzz *f, struct tl_rto_bounds *b)
{
	b->min = bound(f);
	b->max = bound(f);
	b->init = bound(f);
}

static void sample(struct fuzz *f, struct tl_rtt *r, struct rfc *rfc, const struct tl_rto_bounds *b)
{
	u32 us = fuzz_magnitude(f), known = us;
	double want;

	if (known < 1)
		known = 1;
	if (known > TL_RTT_MAX_US)
		known = TL_RTT_MAX_US;
	rfc_sample(rfc, known);
	tl_rtt_sample(r, us, b);

	FUZZ_EQ(known, r->last);
	FUZZ_TRUE(r->min <= r->last);
	FUZZ_EQ(0, r->backoff);		/* RFC6298 5.7 */
	/* fixed point: SRTT is off by a microsecond, RTTVAR by that and a few */
	FUZZ_TRUE(distance(rfc->srtt, r->srtt / 8.0) <= 4);
	FUZZ_TRUE(distance(rfc->rttvar, r->rttvar / 4.0) <= 4);
	want = rfc->srtt + (4 * rfc->rttvar > b->min ? 4 * rfc->rttvar : b->min);
	if (want > b->max)
		want = b->max;
	FUZZ_TRUE(distance(want, tl_rto_us(r, b)) <= 20);
}

/* RFC6298 5.5, 2.5: it doubles, up to the bound, and stays there however often */
static void backoff(struct tl_rtt *r, const struct tl_rto_bounds *b)
{
	u64 before = tl_rto_us(r, b), after;

	tl_rtt_backoff(r, b);
	after = tl_rto_us(r, b);
	FUZZ_EQ(min_t(u64, 2 * before, b->max), after);
}

FUZZ_TARGET
{
	struct tl_rto_bounds b;
	struct rfc rfc = { 0 };
	struct tl_rtt r;

	bounds(f, &b);
	tl_rtt_init(&r, &b);
	while (f->left) {
		u8 what = fuzz_u8(f) % 8;

		if (what < 4)
			sample(f, &r, &rfc, &b);
		else if (what < 7)
			backoff(&r, &b);
		else
			bounds(f, &b);
		FUZZ_TRUE(tl_rto_us(&r, &b) <= b.max);
		FUZZ_TRUE(tl_rto_us(&r, &b) > 0);
	}
}
