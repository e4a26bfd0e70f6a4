// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence numbers (RFC 9293 3.4): comparison modulo 2^32, and which segments are acceptable.
 */
#include "unit.h"
#include "wire.h"

/* Places where something could go wrong: the wrap, and where a signed number changes its sign. */
static const u32 anchors[] = {
	0, 1, 1000, 0x7ffffff0, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xffffffff,
};

/* Distances below 2^31: there "before" and "behind" mean something. */
static const u32 distances[] = {
	1, 2, 3, 15, 16, 65535, 65536, 0x3fffffff, 0x40000000, 0x7ffffffe, 0x7fffffff,
};

/* RFC9293 3.4: "all arithmetic dealing with sequence numbers must be performed modulo 2**32" */
UNIT_TEST(compare)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(anchors); i++) {
		u32 a = anchors[i];

		UNIT_TRUE(!seq_lt(a, a) && !seq_gt(a, a));
		UNIT_TRUE(seq_leq(a, a) && seq_geq(a, a));
		UNIT_EQ(a, seq_max(a, a));
		UNIT_EQ(a, seq_min(a, a));
		for (j = 0; j < ARRAY_SIZE(distances); j++) {
			u32 b = a + distances[j];

			UNIT_TRUE(seq_lt(a, b) && !seq_lt(b, a));
			UNIT_TRUE(seq_leq(a, b) && !seq_leq(b, a));
			UNIT_TRUE(seq_gt(b, a) && !seq_gt(a, b));
			UNIT_TRUE(seq_geq(b, a) && !seq_geq(a, b));
			UNIT_EQ(b, seq_max(a, b));
			UNIT_EQ(b, seq_max(b, a));
			UNIT_EQ(a, seq_min(a, b));
			UNIT_EQ(a, seq_min(b, a));
		}
	}
}

/*
 * The four cases, octet by octet: a segment with text is acceptable if one of its octets is one of
 * the window's; one without text if its number is in the window, or is RCV.NXT when the window is
 * closed.
 */
static bool by_octets(u32 seq, u32 len, u32 nxt, u32 wnd)
{
	u32 i, j;

	if (!len && !wnd)
		return seq == nxt;
	for (j = 0; j < wnd; j++) {
		if (!len && seq == nxt + j)
			return true;
		for (i = 0; i < len; i++)
			if (seq + i == nxt + j)
				return true;
	}
	return false;
}

/* The same as the RFC's table has it, on numbers that do not wrap. */
static bool by_table(s64 seq, s64 len, s64 nxt, s64 wnd)
{
	bool first = nxt <= seq && seq < nxt + wnd;
	bool last = nxt <= seq + len - 1 && seq + len - 1 < nxt + wnd;

	if (!len)
		return wnd ? first : seq == nxt;
	return wnd && (first || last);
}

#define MAX_WND		8
#define MAX_LEN		20
#define FAR		30

UNIT_TEST(acceptable_by_brute_force)
{
	unsigned int i;
	s32 off, len, wnd;

	for (i = 0; i < ARRAY_SIZE(anchors); i++)
		for (wnd = 0; wnd <= MAX_WND; wnd++)
			for (len = 0; len <= MAX_LEN; len++)
				for (off = -FAR; off <= FAR; off++) {
					u32 nxt = anchors[i], seq = nxt + off;
					bool want = by_octets(seq, len, nxt, wnd);
					bool got = seq_acceptable(seq, seq + len, nxt, wnd);

					UNIT_EQ(want, got);
				}
}

/*
 * The RFC's table looks at a segment's first and last octet only: one that begins before the window
 * and ends behind it is refused by the letter, though the window's whole text is in it. That is the
 * only difference.
 */
UNIT_TEST(acceptable_by_the_table)
{
	unsigned int i;
	s32 off, len, wnd;

	for (i = 0; i < ARRAY_SIZE(anchors); i++)
		for (wnd = 0; wnd <= MAX_WND; wnd++)
			for (len = 0; len <= MAX_LEN; len++)
				for (off = -FAR; off <= FAR; off++) {
					u32 nxt = anchors[i], seq = nxt + off;
					bool covers = wnd && off < 0 && off + len > wnd;
					bool table = by_table(FAR + off, len, FAR, wnd);

					UNIT_EQ(table || covers,
						seq_acceptable(seq, seq + len, nxt, wnd));
				}
}

/* The largest window that there is, 2^16 << 14 (RFC7323 2.2), across the wrap. */
UNIT_TEST(acceptable_large_window)
{
	u32 wnd = 65535U << 14, nxt = 0xf0000000;

	UNIT_TRUE(seq_acceptable(nxt, nxt + 1, nxt, wnd));
	UNIT_TRUE(seq_acceptable(nxt + wnd - 1, nxt + wnd, nxt, wnd));
	UNIT_TRUE(!seq_acceptable(nxt + wnd, nxt + wnd + 1, nxt, wnd));
	UNIT_TRUE(!seq_acceptable(nxt - 1, nxt, nxt, wnd));
	UNIT_TRUE(seq_acceptable(nxt - 1, nxt + 1, nxt, wnd));
	UNIT_TRUE(seq_acceptable(nxt + wnd - 1, nxt + wnd - 1, nxt, wnd));
	UNIT_TRUE(!seq_acceptable(nxt + wnd, nxt + wnd, nxt, wnd));
}

/* Exactly 2^31 away there is no order: such a segment is not in the window from either side. */
UNIT_TEST(acceptable_half_way_round)
{
	u32 nxt = 0x12345678, far = nxt + 0x80000000;

	UNIT_TRUE(!seg_acceptable(far, far, nxt, nxt, 0));
	UNIT_TRUE(!seg_acceptable(far, far, nxt, nxt, 1000));
	UNIT_TRUE(!seg_acceptable(far, far + 1, nxt, nxt, 1000));
	UNIT_TRUE(seg_acceptable(nxt, nxt, nxt, nxt, 0));
	UNIT_TRUE(seg_acceptable(nxt - 5, nxt - 5, nxt - 5, nxt, 0));
	UNIT_TRUE(!seg_acceptable(nxt - 6, nxt - 6, nxt - 5, nxt, 0));
}

UNIT_MAIN
