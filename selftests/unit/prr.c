// SPDX-License-Identifier: GPL-2.0
/*
 * PRR: RFC 9937 section 6 reckoned a second time, in floating point and whole segments; and what
 * its sections say must come of it.
 */
#include "unit.h"
#include "../../module/loss/prr.c"

#define MSS	1000

/* RFC9937 6, in segments: DeliveredData and SafeACK come in, SendCnt comes out */
struct rfc {
	double delivered, out, flight;
};

static double up(double x)
{
	long whole = x;

	return whole + (x - whole > 1e-9);
}

static double rfc_quota(struct rfc *r, double ssthresh, double inflight, double data, bool safe)
{
	double count;

	r->delivered += data;
	if (inflight > ssthresh) {
		count = up(r->delivered * ssthresh / r->flight) - r->out;
	} else {
		count = max(r->delivered - r->out, data);
		if (safe)
			count += 1;
		count = min(count, ssthresh - inflight);
	}
	if (count < 0)
		count = 0;
	if (r->out == 0 && count == 0)
		count = 1;		/* "Force a fast retransmit upon entering recovery" */
	return count;
}

static u32 seed = 1;

static u32 random_below(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Whole segments, any order of events */
UNIT_TEST(as_written)
{
	u32 round, i;

	for (round = 0; round < 3000 && !unit_failures; round++) {
		u32 flight = 1 + random_below(300), ssthresh = 1 + random_below(flight);
		struct tl_prr p = { .flight = flight * MSS };
		struct rfc r = { .flight = flight };

		for (i = 0; i < 60; i++) {
			u32 inflight = random_below(flight + 10), data = 1 + random_below(3);
			bool safe = random_below(2);
			double want = rfc_quota(&r, ssthresh, inflight, data, safe);
			u32 got = tl_prr_quota(&p, ssthresh * MSS, inflight * MSS, data * MSS, safe,
					       MSS);
			u32 out;

			UNIT_EQ((u32)want * MSS, got);
			out = random_below((u32)want + 1);
			p.out += out * MSS;
			r.out += out;
		}
	}
}

/* One flight: @lost of its first segments are lost, each that arrives is an ACK. Return: sent. */
static u32 flight(u32 n, u32 lost, u32 ssthresh, u32 *end)
{
	struct tl_prr p = { .flight = n * MSS };
	u32 pipe = (n - lost) * MSS, sent = 0, i;

	for (i = lost; i < n; i++) {
		u32 quota;

		pipe -= MSS;
		quota = tl_prr_quota(&p, ssthresh * MSS, pipe, MSS, false, MSS);
		p.out += quota;
		pipe += quota;
		sent += quota / MSS;
	}
	*end = pipe / MSS;
	return sent;
}

/*
 * RFC9937 4, 6: when all of the flight has been heard of, ssthresh is in flight; with few losses
 * one segment goes for two that arrive, with many as many as arrive.
 */
UNIT_TEST(one_flight)
{
	u32 end;

	/* by hand: 20 out, 1 lost, down to 10: ceil(19 * 10 / 20) = 10 go */
	UNIT_EQ(10, flight(20, 1, 10, &end));
	UNIT_EQ(10, end);
	/* 0.7 as CUBIC has it: ceil(19 * 14 / 20) = 14 */
	UNIT_EQ(14, flight(20, 1, 14, &end));
	UNIT_EQ(14, end);
	/* 15 of 20 lost: 5 arrive, and 5 go: conservation (PRR-CRB) */
	UNIT_EQ(5, flight(20, 15, 10, &end));
	UNIT_EQ(5, end);
}

/* RFC9937 6: SafeACK grants one more for each, as in slow start, up to ssthresh (PRR-SSRB) */
UNIT_TEST(safe_ack)
{
	struct tl_prr p = { .flight = 20 * MSS, .delivered = 5 * MSS, .out = 5 * MSS };

	UNIT_EQ(2 * MSS, tl_prr_quota(&p, 10 * MSS, 4 * MSS, MSS, true, MSS));
	p.out += 2 * MSS;
	UNIT_EQ(MSS, tl_prr_quota(&p, 10 * MSS, 5 * MSS, MSS, false, MSS));
	p.out += MSS;
	UNIT_EQ(MSS, tl_prr_quota(&p, 10 * MSS, 9 * MSS, MSS, true, MSS));
	p.out += MSS;
	UNIT_EQ(0, tl_prr_quota(&p, 10 * MSS, 10 * MSS, MSS, true, MSS));
}

/* RFC9937 6: what was allowed and not used, for want of data, may be made good */
UNIT_TEST(banked)
{
	struct tl_prr p = { .flight = 20 * MSS, .delivered = 7 * MSS, .out = 2 * MSS };

	UNIT_EQ(6 * MSS, tl_prr_quota(&p, 10 * MSS, 3 * MSS, MSS, false, MSS));
	/* but never beyond ssthresh */
	UNIT_EQ(2 * MSS, tl_prr_quota(&p, 10 * MSS, 8 * MSS, MSS, true, MSS));
}

/* RFC9937 6: the first retransmission goes whatever the numbers say */
UNIT_TEST(first_goes)
{
	struct tl_prr p = { .flight = 100 * MSS };

	UNIT_EQ(MSS, tl_prr_quota(&p, MSS, 100 * MSS, 1, false, MSS));
	p.out = MSS;
	UNIT_EQ(0, tl_prr_quota(&p, MSS, 100 * MSS, 1, false, MSS));
}

/* Nothing wraps, whatever comes: there is always an answer, and a sane one. */
UNIT_TEST(large)
{
	static const u32 sizes[] = { 1, MSS, 65535, 1 << 20, 0x3fffffff, 0x7fffffff };
	u32 f, s, i, d;

	for (f = 0; f < ARRAY_SIZE(sizes); f++)
		for (s = 0; s < ARRAY_SIZE(sizes); s++)
			for (i = 0; i < ARRAY_SIZE(sizes); i++)
				for (d = 0; d < ARRAY_SIZE(sizes); d++) {
					struct tl_prr p = { .flight = sizes[f], .out = 1 };
					u32 q = tl_prr_quota(&p, sizes[s], sizes[i], sizes[d], true,
							     MSS);
					double want = (double)sizes[d] * sizes[s] / sizes[f] - 1;

					if (sizes[i] <= sizes[s])
						UNIT_TRUE(q <= sizes[s] - sizes[i]);
					else if (want + MSS <= U32_MAX - sizes[i])
						UNIT_TRUE(q >= want - 1 && q <= want + MSS);
					else	/* the window is as large as can be */
						UNIT_TRUE(q >= U32_MAX - sizes[i] - 2 * MSS &&
							  q <= U32_MAX - sizes[i]);
				}
}

UNIT_MAIN
