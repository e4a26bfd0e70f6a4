/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What holds for a scoreboard whatever was done to it, for the unit tests and for the fuzzer; and
 * the memory that it lives from, which fails when told to. Who includes this says what is to be
 * done if something does not hold: CHECK_TRUE() and CHECK_EQ().
 */
#ifndef BOARD_CHECK_H
#define BOARD_CHECK_H

#include <stdlib.h>

#include "kernel-lib.h"
#include "../../module/loss/board.c"
#include "../../module/loss/rack.c"

static u32 ranges_held;			/* allocated, and not freed */
static bool (*range_fails)(void);	/* NULL: never */

struct tl_range *tl_range_alloc(struct tl_board *b)
{
	if (range_fails && range_fails())
		return NULL;
	b->n++;
	ranges_held++;
	return malloc(sizeof(struct tl_range));
}

void tl_range_free(struct tl_board *b, struct tl_range *r)
{
	b->n--;
	ranges_held--;
	free(r);
}

static u32 ranges_charged;

void tl_range_charge(struct tl_board *b)
{
	ranges_charged++;
}

void tl_range_uncharge(struct tl_board *b)
{
	ranges_charged--;
}

/* What the ranges themselves say, to be compared with the books. */
struct board_sums {
	u32 out, sacked, missing, again, segs, fack;
	u32 n, waiting, flying;
};

static void check_range(const struct tl_range *r, struct board_sums *s)
{
	u32 len = r->end - r->seq;

	CHECK_TRUE(len && len < 1U << 31);
	CHECK_TRUE(!r->sacked || (!r->lost && !r->again));
	CHECK_TRUE(!r->again || r->ever);
	s->n++;
	s->out += len;
	s->missing += r->lost ? len : 0;
	s->again += r->again ? len : 0;
	s->waiting += tl_range_waits(r);
	s->flying += !r->sacked && !tl_range_waits(r);
	if (!r->sacked)
		return;
	CHECK_TRUE(r->segs && r->segs <= len);
	s->sacked += len;
	s->segs += r->segs;
	s->fack = r->end;
}

/* In the tree: in order, without gaps, and no two that have arrived side by side. */
static struct board_sums check_ranges(const struct tl_board *b, u32 una, u32 nxt)
{
	struct board_sums s = { 0 };
	struct tl_range *prev = NULL, *r;
	struct rb_node *node;

	CHECK_TRUE(b->first == rb_entry_safe(rb_first(&b->ranges), struct tl_range, node));
	for (node = rb_first(&b->ranges); node; node = rb_next(node), prev = r) {
		r = rb_entry(node, struct tl_range, node);
		CHECK_EQ(prev ? prev->end : una, r->seq);
		CHECK_TRUE(!prev || !prev->sacked || !r->sacked);
		check_range(r, &s);
	}
	CHECK_TRUE(b->last == prev);
	CHECK_EQ(nxt, prev ? prev->end : una);
	return s;
}

/* What waits: by sequence number, and the first one known. */
static u32 check_waiting(const struct tl_board *b)
{
	struct rb_node *node = rb_first(&b->lost.rb_root);
	struct tl_range *prev = NULL, *r;
	u32 n = 0;

	CHECK_TRUE(node == rb_first_cached(&b->lost));
	for (; node; node = rb_next(node), prev = r, n++) {
		r = rb_entry(node, struct tl_range, waits);
		CHECK_TRUE(!r->sacked && tl_range_waits(r));
		CHECK_TRUE(!prev || seq_leq(prev->end, r->seq));
	}
	return n;
}

/* What is under way: by time, or tl_rack_detect() would overlook something. */
static u32 check_flying(const struct tl_board *b)
{
	struct tl_range *prev = NULL, *r;
	u32 n = 0;

	list_for_each_entry(r, &b->sent, sent) {
		CHECK_TRUE(!r->sacked && !tl_range_waits(r));
		CHECK_TRUE(!prev || prev->at.sent_us <= r->at.sent_us);
		prev = r;
		n++;
	}
	return n;
}

static void check_board(const struct tl_board *b, u32 una, u32 nxt)
{
	struct board_sums s = check_ranges(b, una, nxt);

	CHECK_EQ(nxt - una, b->out);
	CHECK_EQ(s.out, b->out);
	CHECK_EQ(s.sacked, b->sacked);
	CHECK_EQ(s.missing, b->missing);
	CHECK_EQ(s.again, b->again);
	CHECK_EQ(s.segs, b->sacked_segs);
	if (s.sacked)
		CHECK_EQ(s.fack, b->fack);
	CHECK_EQ(s.waiting, check_waiting(b));
	CHECK_EQ(s.flying, check_flying(b));
	CHECK_EQ(s.n + !!b->spare, b->n);
	CHECK_EQ(ranges_held, b->n);
	CHECK_EQ(ranges_charged, b->n - !!b->spare);
	CHECK_EQ(s.out - s.sacked - s.missing + s.again, tl_board_pipe(b));
}

#endif /* BOARD_CHECK_H */
