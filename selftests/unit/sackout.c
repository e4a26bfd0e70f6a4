// SPDX-License-Identifier: GPL-2.0
/*
 * The SACK blocks that we send, against a map of octets: whatever comes in whatever order, each
 * block is a whole run of the map, no octet is in two, and the segment that came last is in the
 * first.
 */
#include "unit.h"
#include "../../module/rx/options.c"
#include "../../module/rx/sackout.c"

#define SPAN 64		/* units of ten octets */

static u32 base;
static bool map[SPAN];

/* Is [left, right) a run of the map, as long as it can be? */
static bool is_run(u32 left, u32 right)
{
	u32 from = (left - base) / 10, to = (right - base) / 10, i;

	if ((left - base) % 10 || (right - base) % 10 || from >= to || to > SPAN)
		return false;
	for (i = from; i < to; i++)
		if (!map[i])
			return false;
	return (!from || !map[from - 1]) && (to == SPAN || !map[to]);
}

static void check(const struct tl_sackout *s, u32 left, u32 right)
{
	unsigned int i, j;

	UNIT_TRUE(s->n >= 1 && s->n <= TL_SACK_BLOCKS);
	UNIT_TRUE(seq_leq(s->block[0].left, left) && seq_geq(s->block[0].right, right));
	for (i = 0; i < s->n; i++) {
		UNIT_TRUE(is_run(s->block[i].left, s->block[i].right));
		for (j = 0; j < i; j++)
			UNIT_TRUE(s->block[i].left != s->block[j].left);
	}
}

/* RFC2018 4 */
UNIT_TEST(random_arrivals)
{
	static const u32 bases[] = { 0, 5, 0x7ffffff0, 0xffffff00 };
	u32 seed = 1, round, step;

	for (round = 0; round < 2000; round++) {
		struct tl_sackout s = { 0 };

		base = bases[round % ARRAY_SIZE(bases)];
		memset(map, 0, sizeof(map));
		for (step = 0; step < 30; step++) {
			u32 from, len, i;
			bool forgotten = false;

			seed = seed * 1664525 + 1013904223;
			from = (seed >> 8) % (SPAN - 6);
			len = 1 + (seed >> 24) % 5;
			for (i = from; i < from + len; i++)
				map[i] = true;
			/*
			 * a run whose block had been pushed out is known in part only: start anew
			 */
			tl_sackout_add(&s, base + from * 10, base + (from + len) * 10);
			for (i = 0; i < s.n; i++)
				forgotten |= !is_run(s.block[i].left, s.block[i].right);
			if (forgotten)
				break;
			check(&s, base + from * 10, base + (from + len) * 10);
		}
	}
}

/* The order is that of the last change (RFC2018 4: "the most recently received"). */
UNIT_TEST(order)
{
	struct tl_sackout s = { 0 };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		UNIT_EQ(i < 4 ? i : 4, tl_sackout_find(&s, 100 * i, 100 * i + 50));
		tl_sackout_add(&s, 100 * i, 100 * i + 50);
	}
	UNIT_EQ(4, s.n);
	for (i = 0; i < 4; i++)
		UNIT_EQ(500 - 100 * i, s.block[i].left);
	UNIT_EQ(2, tl_sackout_find(&s, 350, 360));
	tl_sackout_add(&s, 350, 360);
	UNIT_EQ(300, s.block[0].left);
	UNIT_EQ(360, s.block[0].right);
	UNIT_EQ(500, s.block[1].left);
	UNIT_EQ(400, s.block[2].left);
	UNIT_EQ(200, s.block[3].left);
	/* one that joins three */
	tl_sackout_add(&s, 240, 500);
	UNIT_EQ(1, s.n);
	UNIT_EQ(200, s.block[0].left);
	UNIT_EQ(550, s.block[0].right);
}

UNIT_TEST(advance)
{
	struct tl_sackout s = { 0 };

	tl_sackout_add(&s, 100, 200);
	tl_sackout_add(&s, 300, 400);
	tl_sackout_add(&s, 500, 600);
	UNIT_TRUE(tl_sackout_ends_at(&s, 600) && !tl_sackout_ends_at(&s, 400));
	tl_sackout_advance(&s, 99);
	UNIT_EQ(3, s.n);
	tl_sackout_advance(&s, 400);
	UNIT_EQ(1, s.n);
	UNIT_EQ(500, s.block[0].left);
	tl_sackout_clear(&s);
	UNIT_TRUE(!s.n && !tl_sackout_ends_at(&s, 600));
}

/* RFC2018 3, RFC2883 4: as many as there is room for, the duplicate first */
UNIT_TEST(room)
{
	struct tl_sack_block out[TL_SACK_BLOCKS];
	struct tl_sackout s = { 0 };
	unsigned int i;

	UNIT_EQ(0, tl_sackout_count(&s, 0));
	for (i = 1; i <= 4; i++) {
		tl_sackout_add(&s, 100 * i, 100 * i + 50);
		UNIT_EQ(i, tl_sackout_count(&s, 0));
		UNIT_EQ(i < 3 ? i : 3, tl_sackout_count(&s, TL_LEN_TIMESTAMP_PAD));
	}
	UNIT_EQ(0, tl_sackout_count(&s, TL_MAX_OPTS));
	tl_sackout_dup(&s, 10, 20);
	tl_sackout_dup(&s, 20, 30);
	tl_sackout_dup(&s, 60, 70);	/* does not touch: it is not told */
	UNIT_EQ(4, tl_sackout_list(&s, 0, out));
	UNIT_EQ(10, out[0].left);
	UNIT_EQ(30, out[0].right);
	UNIT_EQ(400, out[1].left);
	UNIT_EQ(200, out[3].left);
	UNIT_EQ(3, tl_sackout_list(&s, TL_LEN_TIMESTAMP_PAD, out));
}

/* RFC2018 3: the option, octet by octet */
UNIT_TEST(option)
{
	static const u8 want[] = {
		1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 0, 0xff, 0, 0, 9,
	};
	static const struct tl_sack_block blocks[] = { { 1, 2 }, { 0xff000000, 0xff000009 } };
	u8 p[sizeof(want)];

	UNIT_EQ(sizeof(want), tl_opt_sack_len(2));
	tl_opt_sack_write(p, blocks, 2);
	UNIT_TRUE(!memcmp(want, p, sizeof(want)));
	tl_opt_sack_write(NULL, blocks, 0);
}

UNIT_MAIN
