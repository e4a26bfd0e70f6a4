// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406).
 *
 * After a reduction the window is a function of time, not of round trips: a cubic curve that rises
 * fast towards the window at which the loss was, W_max, is flat about it, and then looks ever
 * faster for more. Where Reno would have the larger window (short round trips, small windows),
 * CUBIC has that one. The slow start at the beginning watches the round trip: when that grows a
 * queue is building up, and growth goes on at a quarter of the speed for five round trips to see
 * whether it was so.
 *
 * Windows are in octets, the curve's time in milliseconds, and a segment of the RFC is an MSS.
 */
#include "cc/cc.h"
#include "wire.h"

#ifdef __KERNEL__
#include <linux/module.h>
#endif

/* RFC9438 4.6: beta_cubic = 0.7 */
#define BETA_NUM		7
#define BETA_DEN		10
/* RFC9438 4.3: alpha_cubic = 3 * (1 - beta) / (1 + beta) */
#define ALPHA_NUM		9
#define ALPHA_DEN		17
/* RFC9438 5: C = 0.4 segments a second cubed, so a segment for 2.5e9 milliseconds cubed */
#define MS3_A_SEGMENT		2500000000ULL
#define OFFSET_MAX_MS		1048576U	/* keeps its cube within 64 bits; 17 minutes */
#define EST_SHIFT		10		/* W_est is kept in 1/1024 octets */

/* RFC9406 4.3 */
#define MIN_RTT_THRESH_US	4000U
#define MAX_RTT_THRESH_US	16000U
#define MIN_RTT_DIVISOR		8
#define N_RTT_SAMPLE		8
#define CSS_GROWTH_DIVISOR	4
#define CSS_ROUNDS		5

#define RTT_NONE		(~0U)		/* "infinity" */

/**
 * struct curve - congestion avoidance (RFC9438 4.1.2)
 * @epoch_us: when this stage of it began, shifted by the time in which the window did not count; 0:
 *	it has not
 * @est: W_est, in 2^-EST_SHIFT octets
 * @k_ms: K, the time that the curve takes to come to @origin
 * @origin: where it is flat, octets
 * @w_max: W_max, octets; 0: not known
 * @prior: cwnd_prior, octets
 */
struct curve {
	u64	epoch_us;
	u64	est;
	u32	k_ms;
	u32	origin;
	u32	w_max;
	u32	prior;
};

/**
 * struct cubic - what it remembers
 * @now: the curve
 * @before: as it was before the reduction that may be undone
 * @seen_us: when something was acknowledged last
 * @credit: octets squared, of growth that is less than an octet
 * @round_end: HyStart++: SND.NXT when the round began
 * @round_rtt: currentRoundMinRTT, µs
 * @last_rtt: lastRoundMinRTT
 * @base_rtt: cssBaselineMinRtt; RTT_NONE in standard slow start
 * @samples: rttSampleCount
 * @css_rounds: rounds of conservative slow start
 * @in_round: @round_end is known
 * @idle: nothing was in flight when it sent again
 * @reduced: the window was cut, and has not grown by itself since
 * @timeout: for a time-out
 * @saved: @before may be gone back to
 */
struct cubic {
	struct curve	now;
	struct curve	before;
	u64		seen_us;
	u64		credit;
	u32		round_end;
	u32		round_rtt;
	u32		last_rtt;
	u32		base_rtt;
	u8		samples;
	u8		css_rounds;
	u8		in_round : 1;
	u8		idle : 1;
	u8		reduced : 1;
	u8		timeout : 1;
	u8		saved : 1;
};

static struct cubic *cubic_of(struct tl_cc *cc)
{
	return (struct cubic *)cc->priv;
}

/* The largest whole number whose cube is no more than @a, by Newton's method from above. */
static u32 cube_root(u64 a)
{
	u64 x, next;

	if (!a)
		return 0;
	next = 1ULL << ((fls64(a) + 2) / 3);
	do {
		x = next;
		next = div_u64(2 * x + div64_u64(a, x * x), 3);
	} while (next < x);
	return x;
}

/* HyStart++ */

static void begin_round(struct cubic *c, u32 nxt)
{
	c->round_end = nxt;
	c->last_rtt = c->round_rtt;
	c->round_rtt = RTT_NONE;
	c->samples = 0;
	c->in_round = true;
}

static bool conservative(const struct cubic *c)
{
	return c->base_rtt != RTT_NONE;
}

/* RFC9406 4.2: has the round trip grown? And if so, was it for a moment only? */
static void judge_round(struct cubic *c)
{
	u32 thresh;

	if (c->samples < N_RTT_SAMPLE)
		return;
	if (conservative(c)) {
		if (c->round_rtt < c->base_rtt)
			c->base_rtt = RTT_NONE;
		return;
	}
	if (c->last_rtt == RTT_NONE)
		return;
	thresh = clamp(c->last_rtt / MIN_RTT_DIVISOR, MIN_RTT_THRESH_US, MAX_RTT_THRESH_US);
	if (c->round_rtt >= c->last_rtt + thresh) {
		c->base_rtt = c->round_rtt;
		c->css_rounds = 0;
	}
}

/* It is for the first slow start only: later ones know where to end (RFC9406 4.3). */
static bool first_slow_start(const struct tl_cc *cc)
{
	return cc->ssthresh == TL_SSTHRESH_MAX;
}

static void cubic_measure(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	struct cubic *c = cubic_of(cc);

	if (!first_slow_start(cc))
		return;
	if (!c->in_round) {
		begin_round(c, s->nxt);
		return;
	}
	if (s->rtt_us) {
		c->round_rtt = min(c->round_rtt, s->rtt_us);
		c->samples = min(c->samples + 1, N_RTT_SAMPLE);
		judge_round(c);
	}
	if (seq_lt(s->una, c->round_end))
		return;
	begin_round(c, s->nxt);
	if (conservative(c) && ++c->css_rounds >= CSS_ROUNDS)
		cc->ssthresh = cc->cwnd;
}

/*
 * RFC9406 4.2: of what was acknowledged a quarter while it is not sure. Without the limit L for an
 * ACK: receivers that coalesce acknowledge many segments at once, and would be served late.
 */
static void grow_first(struct tl_cc *cc, u32 acked)
{
	const struct cubic *c = cubic_of(cc);

	if (conservative(c))
		acked /= CSS_GROWTH_DIVISOR;
	tl_cc_grow_double(cc, acked);
}

/* CUBIC */

/* RFC9438 4.2, figure 2, and 4.10: without a W_max above it the curve begins flat. */
static void begin_epoch(struct tl_cc *cc, u64 now_us)
{
	struct cubic *c = cubic_of(cc);

	c->now.epoch_us = now_us;
	c->now.est = (u64)cc->cwnd << EST_SHIFT;
	c->credit = 0;
	if (c->now.w_max > cc->cwnd) {
		c->now.origin = c->now.w_max;
		c->now.k_ms = cube_root(div_u64((c->now.w_max - cc->cwnd) * MS3_A_SEGMENT,
						cc->mss));
	} else {
		c->now.origin = cc->cwnd;
		c->now.k_ms = 0;
	}
}

/* RFC9438 4.2, figure 1: W_cubic(t) = C * (t - K)^3 + W_max, octets; 0 if it is below */
static u64 w_cubic(const struct curve *v, u32 mss, u64 t_ms)
{
	bool below = t_ms < v->k_ms;
	u64 offset = min_t(u64, below ? v->k_ms - t_ms : t_ms - v->k_ms, OFFSET_MAX_MS);
	u64 cube = offset * offset * offset, delta;

	/* Multiplied first where there is room for the product. */
	if (offset < (1U << 15))
		delta = div_u64(cube * mss, MS3_A_SEGMENT);
	else
		delta = div_u64(cube, MS3_A_SEGMENT) * mss;
	if (!below)
		return v->origin + delta;
	return v->origin > delta ? v->origin - delta : 0;
}

/*
 * RFC9438 4.3, figure 4: what Reno would have with the same reductions; and once it is where the
 * last reduction was, what Reno has.
 */
static void grow_est(struct tl_cc *cc, u32 acked)
{
	struct curve *v = &cubic_of(cc)->now;
	u64 step = div_u64(((u64)acked * cc->mss) << EST_SHIFT, cc->cwnd);

	if (v->est >> EST_SHIFT < v->prior)
		step = div_u64(step * ALPHA_NUM, ALPHA_DEN);
	v->est += step;
}

/* RFC9438 4.4, 4.5: a share of the way to where the curve is a round trip on */
static u32 step_to(struct tl_cc *cc, u64 target, u32 acked)
{
	struct cubic *c = cubic_of(cc);
	u64 low = cc->cwnd, whole;

	/*
	 * No loss has told of a W_max, as after a first slow start that ended early: grow by 5 % at
	 * least, as Linux does, while nobody knows how much there is.
	 */
	if (!c->now.w_max)
		low += cc->cwnd / 20;
	/* RFC9438 4.2: no more than 1.5 windows */
	target = clamp_t(u64, target, low, cc->cwnd + cc->cwnd / 2);
	/* less than an octet, also of a window that others have cut since */
	c->credit = min_t(u64, c->credit, cc->cwnd - 1);
	c->credit += (target - cc->cwnd) * acked;
	whole = div_u64(c->credit, cc->cwnd);
	c->credit -= whole * cc->cwnd;
	return whole;
}

static void grow_cubic(struct tl_cc *cc, const struct tl_cc_sample *s, u32 acked)
{
	struct cubic *c = cubic_of(cc);
	u64 t_us, est, target = 0;
	bool friendly;

	if (!c->now.epoch_us)
		begin_epoch(cc, s->now_us);
	acked = min(acked, cc->cwnd);		/* one ACK of many windows is credit for one */
	grow_est(cc, acked);
	t_us = s->now_us - c->now.epoch_us;
	est = c->now.est >> EST_SHIFT;
	friendly = w_cubic(&c->now, cc->mss, div_u64(t_us, 1000)) < est;
	if (!friendly)
		target = w_cubic(&c->now, cc->mss, div_u64(t_us + s->srtt_us, 1000));
	cc->cwnd += step_to(cc, target, acked);
	if (friendly && est > cc->cwnd)
		cc->cwnd += min_t(u64, est - cc->cwnd, DIV_ROUND_UP(acked, 2));
}

/*
 * RFC9438 5.8: the time in which the window was not what held the sender back is none of the
 * curve's. That was so since the ACK before this one, or, after an idle time, until a round trip
 * ago.
 */
static void leave_out_time(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	struct cubic *c = cubic_of(cc);
	u64 gap = c->seen_us ? s->now_us - c->seen_us : 0;

	if (c->now.epoch_us) {
		if (!cc->limited)
			c->now.epoch_us += gap;
		else if (c->idle && gap > s->srtt_us)
			c->now.epoch_us += gap - s->srtt_us;
	}
	c->idle = false;
	c->seen_us = s->now_us;
}

static void cubic_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	struct cubic *c = cubic_of(cc);
	u32 acked = tl_cc_acked(s);

	leave_out_time(cc, s);
	c->timeout = false;
	if (s->state <= TL_CA_DISORDER)
		c->reduced = false;
	if (!cc->limited)
		return;
	if (tl_cc_slow_start(cc)) {
		if (first_slow_start(cc)) {
			grow_first(cc, acked);
			return;
		}
		acked = tl_cc_grow_double(cc, acked);
	}
	if (acked)
		grow_cubic(cc, s, acked);
}

/* For RFC9438 4.9. A second reduction in one recovery does not hide what was before the first. */
static void remember_max(struct cubic *c)
{
	if (!c->reduced)
		c->before = c->now;
	c->reduced = true;
	c->saved = true;
}

/* RFC9438 4.6, 4.7; with cwnd for flight_size, which 4.6 allows as it grows only if it is used */
static u32 cubic_ssthresh(struct tl_cc *cc, u32 flight)
{
	struct cubic *c = cubic_of(cc);

	remember_max(c);
	/* Fast convergence: who has less than last time leaves room for who came. */
	if (c->timeout)
		c->now.w_max = 0;
	else if (cc->cwnd < c->now.w_max)
		c->now.w_max = div_u64((u64)cc->cwnd * (BETA_DEN + BETA_NUM), 2 * BETA_DEN);
	else
		c->now.w_max = cc->cwnd;
	c->now.prior = cc->cwnd;
	c->now.epoch_us = 0;
	return max_t(u32, div_u64((u64)cc->cwnd * BETA_NUM, BETA_DEN), 2 * cc->mss);
}

/* RFC9438 4.8: after a time-out the curve knows nothing. */
static void cubic_state(struct tl_cc *cc, enum tl_ca_state state)
{
	struct cubic *c = cubic_of(cc);

	if (state != TL_CA_LOSS)
		return;
	remember_max(c);
	c->timeout = true;
	c->now.w_max = 0;
	c->now.epoch_us = 0;
}

/* RFC9438 4.9: there was no congestion: the curve goes on as if nothing had been. */
static u32 cubic_undo(struct tl_cc *cc)
{
	struct cubic *c = cubic_of(cc);

	if (c->saved)
		c->now = c->before;
	c->saved = false;
	c->reduced = false;
	c->timeout = false;
	return max(cc->cwnd, cc->prior_cwnd);
}

static void cubic_event(struct tl_cc *cc, enum tl_cc_event ev)
{
	struct cubic *c = cubic_of(cc);

	switch (ev) {
	case TL_CC_TX_START:
		c->idle = true;
		break;
	case TL_CC_RESTART:
		c->now.epoch_us = 0;	/* another window, so another curve */
		break;
	case TL_CC_LOSS:
		cubic_state(cc, TL_CA_LOSS);
		break;
	default:
		break;
	}
}

static void cubic_init(struct tl_cc *cc)
{
	struct cubic *c = cubic_of(cc);

	c->round_rtt = RTT_NONE;
	c->last_rtt = RTT_NONE;
	c->base_rtt = RTT_NONE;
}

struct tl_cc_ops tl_cc_cubic = {
	.name		= "cubic",
#ifdef __KERNEL__
	.owner		= THIS_MODULE,
#endif
	.init		= cubic_init,
	.measure	= cubic_measure,
	.on_ack		= cubic_on_ack,
	.ssthresh	= cubic_ssthresh,
	.undo		= cubic_undo,
	.event		= cubic_event,
	.state		= cubic_state,
};

static_assert(sizeof(struct cubic) <= TL_CC_PRIV, "priv is too small");
