// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence arithmetic and the acceptance test of RFC 9293 3.10.7.4, against a slow model on a line
 * of 64 bits, where nothing wraps: octets have places there, relative to RCV.NXT, and a segment's
 * number stands for the nearest place that it can mean.
 */
#include "fuzz.h"
#include "wire.h"

#define WND_MAX		(65535U << 14)	/* RFC7323 2.3 */
#define LEN_MAX		(65535U + 2)	/* what IP carries, SYN and FIN */

/* RFC9293 3.4: numbers less than 2^31 apart have an order. */
static void order(u32 a, u32 distance)
{
	u32 b = a + distance;

	distance &= 0x7fffffff;
	b = a + distance;
	FUZZ_EQ(distance != 0, seq_lt(a, b));
	FUZZ_TRUE(seq_leq(a, b));
	FUZZ_TRUE(!seq_lt(b, a));
	FUZZ_EQ(distance == 0, seq_leq(b, a));
	FUZZ_EQ(seq_lt(a, b), seq_gt(b, a));
	FUZZ_EQ(seq_leq(a, b), seq_geq(b, a));
	FUZZ_EQ(b, seq_max(a, b));
	FUZZ_EQ(b, seq_max(b, a));
	FUZZ_EQ(a, seq_min(a, b));
	FUZZ_EQ(a, seq_min(b, a));
}

/* The four cases of RFC9293 3.4; text that covers the whole window counts, too. */
static bool model(s64 seq, s64 len, s64 wnd)
{
	if (!len)
		return wnd ? 0 <= seq && seq < wnd : !seq;
	return wnd && seq < wnd && seq + len > 0;
}

/* Linux's allowances: old empty segments since the last announcement, and a closed window. */
static bool model_allowing(s64 seq, s64 len, s64 wup, s64 wnd)
{
	if (!len)
		return wup <= seq && seq <= wnd;
	return model(seq, len, wnd) || (!wnd && !seq);
}

FUZZ_TARGET
{
	u32 nxt = fuzz_u32(f), off = fuzz_magnitude(f);
	u32 wnd = fuzz_magnitude(f) % (WND_MAX + 1), len = fuzz_magnitude(f) % (LEN_MAX + 1);
	u32 old = fuzz_magnitude(f) % (WND_MAX + 1);
	u8 how = fuzz_u8(f);
	s64 place;
	u32 seq;

	order(nxt, off);

	/* from the left edge, from the right edge, or so that it ends at one of them */
	if (how & 1)
		off = -off;
	if (how & 2)
		off += wnd;
	if (how & 4)
		off -= len;
	place = (s32)off;
	seq = nxt + off;
	FUZZ_EQ(model(place, len, wnd), seq_acceptable(seq, seq + len, nxt, wnd));
	FUZZ_EQ(model_allowing(place, len, -(s64)old, wnd),
		seg_acceptable(seq, seq + len, nxt - old, nxt, wnd));
}
