// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies (RFC 4987 3.6): half-open connections that take no memory.
 *
 * When the SYN queue is full, what a request would remember goes into the SYN-ACK instead. Our
 * initial sequence number carries a keyed hash, the minute, and which of a few MSS it was; the
 * low bits of our timestamp carry the window scale, SACK and ECN. The third segment brings all of
 * it back. Nothing is written for a SYN but, once a second, the time of the last cookie.
 *
 * The number is D. J. Bernstein's: ISS = F(tuple) + IRS + minute * 2^24 + (G(tuple, IRS, minute) +
 * MSS index) mod 2^24. It grows with the client's own numbers, as RFC9293 3.4.1 wants of an ISN.
 */
#include "sock.h"
#include "conn/cookie.h"

#define COOKIE_AGE_MAX		(TL_COOKIE_LIFE / 60)	/* minutes; the first may be a short one */
#define COOKIE_BITS		24
#define COOKIE_MASK		((1U << COOKIE_BITS) - 1)

/* A peer's MSS counts as the next lower of these: more would make a forger's life easier. */
static const u16 mss_table[] = { 88, 216, 536, 1220, 1380, 1440, 1460, 8940 };

/* Low bits of a timestamp (RFC7323 3 leaves the clock's meaning to us). */
#define TS_WSCALE_MASK		0xf	/* 15: the peer does not scale */
#define TS_SACK			0x10
#define TS_ECN			0x20
#define TS_BITS			6
#define TS_MASK			((1U << TS_BITS) - 1)

static u32 minute_now(void)
{
	return tl_clock_seconds() / 60;
}

static u32 keyed(const struct tl_net *tn, const struct tl_tuple *t, u32 irs, u32 minute)
{
	struct {
		struct tl_tuple	t;
		u32		irs;
		u32		minute;
	} __packed in = { .t = *t, .irs = irs, .minute = minute };

	return siphash(&in, sizeof(in), &tn->cookie_key);
}

/* The part that does not change with time. */
static u32 base(const struct tl_net *tn, const struct tl_tuple *t, u32 irs)
{
	return keyed(tn, t, 0, 0) + irs;
}

/**
 * tl_cookie_make() - an initial sequence number that remembers
 * @tn: namespace
 * @t: both ends
 * @irs: IRS
 * @mss: the peer's MSS; lowered to what can be remembered
 */
u32 tl_cookie_make(const struct tl_net *tn, const struct tl_tuple *t, u32 irs, u16 *mss)
{
	u32 minute = minute_now(), i = ARRAY_SIZE(mss_table) - 1;

	while (i && *mss < mss_table[i])
		i--;
	*mss = mss_table[i];
	return base(tn, t, irs) + (minute << COOKIE_BITS) +
	       ((keyed(tn, t, irs, minute) + i) & COOKIE_MASK);
}

/**
 * tl_cookie_check() - did we make this number?
 * @tn: namespace
 * @t: both ends
 * @irs: IRS
 * @iss: our ISS, as the peer acknowledges it
 *
 * Return: the peer's MSS, or 0: forged, or too old.
 */
u16 tl_cookie_check(const struct tl_net *tn, const struct tl_tuple *t, u32 irs, u32 iss)
{
	u32 cookie = iss - base(tn, t, irs), minute = minute_now(), age, i;

	age = (minute - (cookie >> COOKIE_BITS)) & 0xff;
	if (age >= COOKIE_AGE_MAX)
		return 0;
	i = (cookie - keyed(tn, t, irs, minute - age)) & COOKIE_MASK;
	return i < ARRAY_SIZE(mss_table) ? mss_table[i] : 0;
}

/**
 * tl_cookie_ts() - a timestamp that remembers the other options
 * @now: our clock, without the connection's offset
 * @which: options agreed on, TL_OPT_*
 * @snd_wscale: the peer's shift, if TL_OPT_WSCALE is among them
 * @ecn: ECN was agreed on
 *
 * Return: no later than @now, so that the connection's next timestamps are not older (RFC7323 5).
 */
u32 tl_cookie_ts(u32 now, u8 which, u8 snd_wscale, bool ecn)
{
	u32 bits = which & TL_OPT_WSCALE ? snd_wscale : TS_WSCALE_MASK;
	u32 ts;

	if (which & TL_OPT_SACK_PERM)
		bits |= TS_SACK;
	if (ecn)
		bits |= TS_ECN;
	ts = (now & ~TS_MASK) | bits;
	return seq_gt(ts, now) ? ts - TS_MASK - 1 : ts;
}

/**
 * tl_cookie_ts_read() - what tl_cookie_ts() remembered
 * @ts: the timestamp that the peer returns, without the connection's offset
 * @snd_wscale: the peer's shift
 * @ecn: ECN was agreed on
 *
 * Return: options agreed on, TL_OPT_*.
 */
u8 tl_cookie_ts_read(u32 ts, u8 *snd_wscale, bool *ecn)
{
	u8 which = TL_OPT_TIMESTAMP;

	*snd_wscale = 0;
	if ((ts & TS_WSCALE_MASK) != TS_WSCALE_MASK) {
		which |= TL_OPT_WSCALE;
		*snd_wscale = min_t(u8, ts & TS_WSCALE_MASK, TL_MAX_WSCALE);
	}
	if (ts & TS_SACK)
		which |= TL_OPT_SACK_PERM;
	*ecn = ts & TS_ECN;
	return which;
}
