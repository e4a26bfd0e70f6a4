// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard: any operations in any order, with any numbers, and memory that fails. After each
 * of them the books are what the ranges say, the list is in the order of sending, and nothing has
 * arrived but what was acknowledged or named.
 */
#include "fuzz.h"

#define CHECK_TRUE(cond)	FUZZ_TRUE(cond)
#define CHECK_EQ(want, got)	FUZZ_EQ(want, got)

#include "board-check.h"

#define OCTETS	4096	/* all that a run sends */

static struct tl_board b;
static u32 isn, una, nxt;	/* the latter two from @isn on */
static bool named[OCTETS];
static u64 now_us;
static u8 failing;		/* each bit that is set is an allocation that fails, in turn */

static bool fails(void)
{
	failing = failing << 7 | failing >> 1;
	return failing & 0x80;
}

static struct tl_tally tally(struct fuzz *f)
{
	struct tl_tally t = {
		.now_us = now_us, .min_rtt_us = fuzz_u8(f), .recover = isn + fuzz_u16(f) % OCTETS,
	};

	t.fack = b.sacked ? b.fack : isn + una;
	t.lowest = t.fack;
	return t;
}

/* What arrived is no more than what an ACK may tell of, and no more than what was under way. */
static void check_tally(const struct tl_tally *t, u32 arrived)
{
	FUZZ_EQ(arrived, t->delivered);
	FUZZ_TRUE(t->sacked <= t->delivered);
	FUZZ_TRUE(!t->first_us || t->first_us <= t->last_us);
	FUZZ_TRUE(!t->sack_first_us || t->sack_first_us <= t->sack_last_us);
	FUZZ_TRUE(!t->any_newest || t->newest.sent_us <= now_us);
}

static void sent(struct fuzz *f)
{
	u32 seg = 1 + fuzz_u8(f), len = 1 + fuzz_u16(f) % (4 * seg);
	struct tl_stamp at = { .sent_us = now_us, .app_limited = fuzz_u8(f) & 1 };

	if (nxt + len > OCTETS || !tl_board_prepare(&b))
		return;
	tl_board_sent(&b, isn + nxt, isn + nxt + len, seg, &at);
	nxt += len;
}

static void acked(struct fuzz *f)
{
	struct tl_tally t = tally(f);
	u32 out = b.out - b.sacked, to = una + fuzz_magnitude(f) % (nxt - una + 1);

	tl_board_acked(&b, isn + to, &t);
	FUZZ_EQ(to - una, t.acked);
	una = to;
	check_tally(&t, out - (b.out - b.sacked));
}

static void sack(struct fuzz *f)
{
	struct tl_tally t = tally(f);
	u32 start = una + fuzz_magnitude(f) % (nxt - una + 1), i;
	u32 end = start + fuzz_magnitude(f) % (nxt - start + 1);
	u32 sacked = b.sacked;

	if (start == end)
		return;
	tl_board_sack(&b, isn + start, isn + end, &t);
	for (i = start; i < end; i++)
		named[i] = true;
	FUZZ_EQ(b.sacked - sacked, t.sacked);
	check_tally(&t, t.sacked);
}

static struct tl_range *any_range(struct fuzz *f)
{
	return nxt == una ? NULL : reaching(&b, isn + una + fuzz_u16(f) % (nxt - una));
}

static void cut(struct fuzz *f)
{
	struct tl_range *r = any_range(f);
	u32 at = fuzz_u16(f);

	if (r && !r->sacked && at % length(r))
		tl_board_cut(&b, r, r->seq + at % length(r));
}

static void lose(struct fuzz *f)
{
	struct tl_range *r = any_range(f);

	if (r && !r->sacked)
		tl_board_lose(&b, r);
}

static void lose_head(struct fuzz *f)
{
	tl_board_lose_head(&b, 1 + fuzz_u8(f));
}

static void resent(struct fuzz *f)
{
	struct tl_range *r = fuzz_u8(f) & 1 ? tl_board_next_lost(&b) : any_range(f);
	struct tl_stamp at = { .sent_us = now_us };

	if (r && !r->sacked)
		tl_board_resent(&b, r, &at);
}

static void find_again(struct fuzz *f)
{
	tl_board_find_again(&b);
	FUZZ_EQ(0, b.missing);
	FUZZ_TRUE(!tl_board_next_lost(&b));
}

static void forget_sacks(struct fuzz *f)
{
	tl_board_forget_sacks(&b);
	FUZZ_EQ(0, b.sacked);
	memset(named, 0, sizeof(named));
}

static void detect(struct fuzz *f)
{
	struct tl_rack k = {
		.sent_us = now_us - fuzz_u8(f),
		.end = isn + una + fuzz_u16(f),
		.rtt_us = fuzz_u8(f),
	};
	u32 window = fuzz_u8(f), left = tl_rack_detect(&k, &b, window, now_us);
	const struct tl_range *r;

	FUZZ_TRUE(left <= k.rtt_us + window);
	/* the oldest was not sent before RACK.segment, or has time left */
	r = list_first_entry_or_null(&b.sent, struct tl_range, sent);
	FUZZ_TRUE(!r || left || !tl_sent_after(k.sent_us, k.end, r->at.sent_us, r->end));
}

static void time_passes(struct fuzz *f)
{
	now_us += fuzz_u8(f);
}

static void memory(struct fuzz *f)
{
	failing = fuzz_u8(f);
}

static void (*const operations[])(struct fuzz *f) = {
	sent, sent, acked, sack, sack, cut, lose, lose_head, resent, resent, find_again,
	forget_sacks, detect, time_passes, time_passes, memory,
};

/* What the receiver never named has not arrived. */
static void check_named(void)
{
	const struct tl_range *r;
	u32 i;

	for (r = tl_board_first(&b); r; r = next_of(r))
		for (i = r->seq - isn; r->sacked && i < r->end - isn; i++)
			FUZZ_TRUE(named[i]);
}

FUZZ_TARGET
{
	una = 0;
	nxt = 0;
	now_us = 1000;
	failing = 0;
	range_fails = fails;
	memset(named, 0, sizeof(named));
	tl_board_init(&b);
	isn = fuzz_u32(f);
	while (f->left) {
		operations[fuzz_u8(f) % ARRAY_SIZE(operations)](f);
		check_board(&b, isn + una, isn + nxt);
		check_named();
	}
	tl_board_purge(&b);
	FUZZ_EQ(0, ranges_held);
}
