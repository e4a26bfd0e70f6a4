// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard against a plain array of segments: thousands of operations in any order, and after
 * each of them both must tell the same; and how much work a hostile receiver can make of an ACK.
 */
#include "unit.h"

#define CHECK_TRUE(cond)	UNIT_TRUE(cond)
#define CHECK_EQ(want, got)	UNIT_EQ(want, got)

/*
 * Work is counted by what every loop does: compare numbers or times, or go from node to node. The
 * macros do not expand again inside of themselves.
 */
static unsigned long steps;

#include "kernel-lib.h"
#include "../../module/loss/rack.h"

#define seq_lt(a, b)		(steps++, seq_lt(a, b))
#define seq_gt(a, b)		(steps++, seq_gt(a, b))
#define seq_geq(a, b)		(steps++, seq_geq(a, b))
#define rb_next(node)		(steps++, rb_next(node))
#define rb_prev(node)		(steps++, rb_prev(node))
#define rb_erase(node, root)	(steps++, rb_erase(node, root))
#define list_add(n, head)	(steps++, list_add(n, head))
#define tl_sent_after(a, b, c, d) (steps++, tl_sent_after(a, b, c, d))
#include "board-check.h"

#define SEGS_MAX	512

struct seg {
	u32 seq, end;
	u64 us;
	bool sacked, lost, again, ever;
};

/* The board, and what it should be */
struct pair {
	struct tl_board b;
	struct seg seg[SEGS_MAX];
	int n;
	u32 una, nxt, size;
	u64 now;
	bool mixed;		/* segments of several sizes */
	bool fails;		/* memory does: only the board's own books are compared */
};

static u32 seed;

static u32 random_below(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return n ? (u32)(((u64)(seed >> 4) * n) >> 28) : 0;
}

static bool one_in_four(void)
{
	return !random_below(4);
}

static struct tl_stamp stamp(u64 us)
{
	return (struct tl_stamp) { .sent_us = us };
}

static bool waits(const struct seg *s)
{
	return s->lost && !s->again;
}

static struct seg *seg_at(struct pair *p, u32 seq)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->seg[i].seq == seq)
			return &p->seg[i];
	return NULL;
}

/* Some segments, all of one size but the last, if that is what the run is about */
static void do_sent(struct pair *p)
{
	u32 size = p->mixed ? 1 + random_below(p->size) : p->size, len;
	int n = 1 + random_below(8), i;
	struct tl_stamp at = stamp(p->now);

	if (p->n + n > SEGS_MAX || (p->fails && !tl_board_prepare(&p->b)))
		return;
	tl_board_prepare(&p->b);
	len = n * size;
	if (p->mixed && one_in_four())
		len -= random_below(size);
	tl_board_sent(&p->b, p->nxt, p->nxt + len, size, &at);
	for (i = 0; i < n; i++) {
		struct seg *s = &p->seg[p->n++];

		*s = (struct seg) { .seq = p->nxt, .end = p->nxt + min(size, len), .us = p->now };
		len -= s->end - s->seq;
		p->nxt = s->end;
	}
}

static struct tl_tally begin(const struct pair *p)
{
	struct tl_tally t = { .now_us = p->now, .min_rtt_us = random_below(30) };

	t.recover = p->n ? p->seg[random_below(p->n)].end : p->una;
	t.fack = p->b.sacked ? p->b.fack : p->una;
	t.lowest = t.fack;
	return t;
}

/* RFC8985 6.2 step 2, RFC6298 3, RFC8985 6.2 step 3, for one segment */
static void note(struct tl_tally *t, const struct seg *s, u64 *first, u64 *last)
{
	t->delivered += s->end - s->seq;
	if (!(s->ever && t->now_us - s->us < t->min_rtt_us) &&
	    (!t->any_newest || s->us > t->newest.sent_us ||
	     (s->us == t->newest.sent_us && (s32)(s->end - t->newest_end) > 0))) {
		t->any_newest = true;
		t->newest.sent_us = s->us;
		t->newest_end = s->end;
		t->newest_again = s->ever;
	}
	if (s->ever)
		return;
	if (!*first || s->us < *first)
		*first = s->us;
	if (s->us > *last)
		*last = s->us;
	if ((s32)(s->seq - t->lowest) < 0)
		t->lowest = s->seq;
	if ((s32)(s->end - t->recover) <= 0)
		t->original = true;
}

static void compare_tally(const struct tl_tally *want, const struct tl_tally *got)
{
	UNIT_EQ(want->acked, got->acked);
	UNIT_EQ(want->delivered, got->delivered);
	UNIT_EQ(want->sacked, got->sacked);
	UNIT_EQ(want->first_us, got->first_us);
	UNIT_EQ(want->last_us, got->last_us);
	UNIT_EQ(want->sack_first_us, got->sack_first_us);
	UNIT_EQ(want->sack_last_us, got->sack_last_us);
	UNIT_EQ(want->lowest, got->lowest);
	UNIT_EQ(want->resent, got->resent);
	UNIT_EQ(want->any_newest, got->any_newest);
	/* a burst of which only the beginning was sent before @recover tells nothing */
	UNIT_TRUE(want->original || !got->original);
	if (!want->any_newest)
		return;
	UNIT_EQ(want->newest.sent_us, got->newest.sent_us);
	UNIT_EQ(want->newest_end, got->newest_end);
	if (want->newest_again != got->newest_again)
		UNIT_EQ(want->newest_again, got->newest_again);
}

static void do_acked(struct pair *p)
{
	int n = random_below(4) ? random_below(3) : random_below(p->n + 1), i;
	struct tl_tally got = begin(p), want = got;

	n = min(n, p->n);
	if (!n)
		return;
	p->una = p->seg[n - 1].end;
	tl_board_acked(&p->b, p->una, &got);
	for (i = 0; i < n; i++) {
		const struct seg *s = &p->seg[i];

		want.acked += s->end - s->seq;
		if (s->sacked)
			continue;
		note(&want, s, &want.first_us, &want.last_us);
		want.resent |= s->ever;
	}
	p->n -= n;
	memmove(p->seg, p->seg + n, p->n * sizeof(p->seg[0]));
	if (!p->fails)
		compare_tally(&want, &got);
}

/* One to four blocks, from and to any octet: whole segments in them count. */
static void do_sack(struct pair *p)
{
	struct tl_tally got = begin(p), want = got;
	int blocks = 1 + random_below(4), i;

	if (p->nxt - p->una < 2)
		return;
	while (blocks--) {
		u32 start = p->una + 1 + random_below(p->nxt - p->una - 1);
		u32 most = p->nxt - start, end;

		end = start + 1 + random_below(one_in_four() ? most : min(most, 4 * p->size));
		tl_board_sack(&p->b, start, end, &got);
		for (i = 0; i < p->n; i++) {
			struct seg *s = &p->seg[i];

			if (s->sacked || (s32)(s->seq - start) < 0 || (s32)(end - s->end) < 0)
				continue;
			note(&want, s, &want.sack_first_us, &want.sack_last_us);
			want.sacked += s->end - s->seq;
			s->sacked = true;
			s->lost = false;
			s->again = false;
		}
	}
	if (!p->fails)
		compare_tally(&want, &got);
}

/* The segments of a range, for what is done to ranges */
static void each_of(struct pair *p, u32 seq, u32 end, void (*f)(struct pair *p, struct seg *s))
{
	int i;

	for (i = 0; i < p->n; i++)
		if ((s32)(p->seg[i].seq - seq) >= 0 && (s32)(p->seg[i].end - end) <= 0)
			f(p, &p->seg[i]);
}

static void lose(struct pair *p, struct seg *s)
{
	s->lost = true;
	s->again = false;
}

static void resend(struct pair *p, struct seg *s)
{
	s->again = true;
	s->ever = true;
	s->us = p->now;
}

static struct tl_range *any_flying(struct pair *p)
{
	struct tl_range *r;
	int i = random_below(8);

	list_for_each_entry(r, &p->b.sent, sent)
		if (!i--)
			return r;
	return NULL;
}

static void do_lose(struct pair *p)
{
	struct tl_range *r = any_flying(p);

	if (!r)
		return;
	each_of(p, r->seq, r->end, lose);
	tl_board_lose(&p->b, r);
}

static void do_lose_head(struct pair *p)
{
	struct tl_range *r = tl_board_first(&p->b);
	u32 len;

	if (!r)
		return;
	len = (1 + random_below(3)) * (r->sacked ? p->size : r->seg);
	if (!r->sacked && !waits(&p->seg[0]))
		each_of(p, r->seq, r->end - r->seq > len ? r->seq + len : r->end, lose);
	tl_board_lose_head(&p->b, len);
}

static void do_resent(struct pair *p)
{
	struct tl_range *r = tl_board_next_lost(&p->b);
	/* of what went in one microsecond the list is in the order of sending, not by number */
	struct tl_stamp at = stamp(++p->now);

	if (one_in_four() && p->b.last && !p->b.last->sacked)
		r = p->b.last;				/* a probe */
	if (!r)
		return;
	if (r->end - r->seq > r->seg && !tl_board_cut(&p->b, r, r->seq + r->seg))
		return;
	each_of(p, r->seq, r->end, resend);
	tl_board_resent(&p->b, r, &at);
}

static void do_find_again(struct pair *p)
{
	int i;

	if (random_below(8))
		return;
	tl_board_find_again(&p->b);
	for (i = 0; i < p->n; i++)
		p->seg[i].lost = false;
}

/* What the receiver threw away is lost, and gives no round trip. */
static void do_forget_sacks(struct pair *p)
{
	int i;

	/* what was joined may be of several sizes: the borders are forgotten, too */
	if (random_below(8) || p->mixed)
		return;
	tl_board_forget_sacks(&p->b);
	for (i = 0; i < p->n; i++) {
		struct seg *s = &p->seg[i];

		if (!s->sacked)
			continue;
		s->sacked = false;
		s->ever = true;
		s->lost = true;
		s->us = reaching(&p->b, s->seq)->at.sent_us;
	}
}

/* RACK, by its definition: segment by segment */
static void do_detect(struct pair *p)
{
	struct tl_rack k = { .sent_us = p->now - random_below(40), .rtt_us = random_below(40) };
	u32 window = random_below(20);
	struct tl_range *r;
	int i;

	if (!p->n)
		return;
	r = reaching(&p->b, p->seg[random_below(p->n)].seq);
	k.end = r->end;
	for (i = 0; i < p->n; i++) {
		struct seg *s = &p->seg[i];
		/* what one range is, is lost or not as one */
		u32 end = reaching(&p->b, s->seq)->end;

		if (!s->sacked && !waits(s) && s->us + k.rtt_us + window <= p->now &&
		    (k.sent_us > s->us || (k.sent_us == s->us && (s32)(k.end - end) > 0)))
			lose(p, s);
	}
	tl_rack_detect(&k, &p->b, window, p->now);
}

static void compare(struct pair *p)
{
	u32 sacked = 0, missing = 0, again = 0, segs = 0, fack = 0;
	struct rb_node *node;
	int i = 0;

	check_board(&p->b, p->una, p->nxt);
	if (p->fails)
		return;
	for (node = rb_first(&p->b.ranges); node; node = rb_next(node)) {
		const struct tl_range *r = rb_entry(node, struct tl_range, node);

		UNIT_TRUE(seg_at(p, r->seq));
		for (; i < p->n && (s32)(p->seg[i].end - r->end) <= 0; i++) {
			const struct seg *s = &p->seg[i];
			u32 len = s->end - s->seq;

			UNIT_EQ(s->sacked, r->sacked);
			UNIT_EQ(s->lost, r->lost);
			UNIT_EQ(s->again, r->again);
			if (s->sacked) {
				sacked += len;
				segs++;
				fack = s->end;
				continue;
			}
			UNIT_EQ(s->ever, r->ever);
			UNIT_EQ(s->us, r->at.sent_us);
			missing += s->lost ? len : 0;
			again += s->again ? len : 0;
		}
	}
	UNIT_EQ(p->n, i);
	UNIT_EQ(sacked, p->b.sacked);
	UNIT_EQ(missing, p->b.missing);
	UNIT_EQ(again, p->b.again);
	if (!p->mixed)
		UNIT_EQ(segs, p->b.sacked_segs);
	if (sacked)
		UNIT_EQ(fack, p->b.fack);
}

static void (*const operations[])(struct pair *p) = {
	do_sent, do_sent, do_acked, do_sack, do_sack, do_lose, do_lose_head, do_resent, do_resent,
	do_find_again, do_forget_sacks, do_detect,
};

static void follow(u32 isn, bool mixed, bool fails, u32 with)
{
	static struct pair p;
	int step;

	memset(&p, 0, sizeof(p));
	p.una = isn;
	p.nxt = isn;
	p.now = 1000;
	p.size = 1 + with % 40;
	p.mixed = mixed;
	p.fails = fails;
	seed = with;
	range_fails = fails ? one_in_four : NULL;
	tl_board_init(&p.b);
	for (step = 0; step < 300 && !unit_failures; step++) {
		int which = random_below(ARRAY_SIZE(operations));

		operations[which](&p);
		p.now += random_below(3) * random_below(10);
		compare(&p);
		if (unit_failures)
			printf("# operation %d, step %d, seed %u\n", which, step, with);
	}
	tl_board_purge(&p.b);
	UNIT_EQ(0, ranges_held);
	range_fails = NULL;
}

static const u32 isns[] = { 0, 1, 0x7ffffff0, 0xfffffff0, 0xffffff00, 0x80000000 };

static void follow_all(bool mixed, bool fails)
{
	u32 i;

	for (i = 0; i < 300 && !unit_failures; i++)
		follow(isns[i % ARRAY_SIZE(isns)], mixed, fails, i);
}

UNIT_TEST(one_size)
{
	follow_all(false, false);
}

UNIT_TEST(many_sizes)
{
	follow_all(true, false);
}

/* Without memory something stays undone, and all books are true. */
UNIT_TEST(without_memory)
{
	follow_all(false, true);
	follow_all(true, true);
}

/* RFC2018 3: blocks in any order; RFC6298 3: the oldest of what they name gives the round trip */
UNIT_TEST(blocks_in_any_order)
{
	struct tl_tally t = { .now_us = 1000 };
	struct tl_board b;
	int i;

	tl_board_init(&b);
	for (i = 0; i < 10; i++) {
		struct tl_stamp at = stamp(100 + i);

		tl_board_prepare(&b);
		tl_board_sent(&b, i * 10, i * 10 + 10, 10, &at);
	}
	tl_board_sack(&b, 80, 90, &t);
	tl_board_sack(&b, 20, 30, &t);
	tl_board_sack(&b, 50, 60, &t);
	UNIT_EQ(102, t.sack_first_us);
	UNIT_EQ(108, t.sack_last_us);
	check_board(&b, 0, 100);
	tl_board_purge(&b);
}

/* RFC2018 8: nothing of what a receiver said that threw data away is believed: all that is lost */
UNIT_TEST(reneged)
{
	struct tl_tally t = { .now_us = 1000 };
	struct tl_stamp at = stamp(100);
	struct tl_board b;

	tl_board_init(&b);
	tl_board_prepare(&b);
	tl_board_sent(&b, 0, 100, 10, &at);
	tl_board_sack(&b, 0, 30, &t);
	tl_board_sack(&b, 70, 90, &t);
	tl_board_forget_sacks(&b);
	check_board(&b, 0, 100);
	UNIT_EQ(0, b.sacked);
	UNIT_EQ(50, b.missing);
	UNIT_EQ(50, tl_board_pipe(&b));
	UNIT_EQ(0, tl_board_next_lost(&b)->seq);
	tl_board_purge(&b);
}

/*
 * An undo puts what was lost back among what is under way: by time, also if what was sent again
 * and lost once more is younger than what never was.
 */
UNIT_TEST(found_again_by_time)
{
	struct tl_rack k = { .sent_us = 150, .end = 1000, .rtt_us = 10 };
	struct tl_stamp first = stamp(100), second = stamp(110), late = stamp(200);
	struct tl_board b;

	tl_board_init(&b);
	tl_board_prepare(&b);
	tl_board_sent(&b, 0, 10, 10, &first);
	tl_board_prepare(&b);
	tl_board_sent(&b, 10, 20, 10, &second);
	tl_board_lose_head(&b, 10);
	tl_board_resent(&b, tl_board_first(&b), &late);
	tl_board_lose_head(&b, 10);
	tl_board_find_again(&b);
	check_board(&b, 0, 20);
	UNIT_EQ(0, tl_rack_detect(&k, &b, 0, 1000));
	UNIT_EQ(10, b.missing);
	UNIT_EQ(10, tl_board_next_lost(&b)->seq);
	tl_board_purge(&b);
}

#define WINDOW		10000	/* segments */
#define SIZE		100
#define LOG2_WINDOW	14

/*
 * What one change may cost, and one block that changes nothing: a few searches, of a comparison
 * for each level of a tree that may be twice as deep as the logarithm.
 */
#define SEARCHES	4
#define COST(n)		(SEARCHES * 2 * LOG2_WINDOW * (n))

/* A window in which each segment has a time of its own, so that no two are one range */
static void fill_window(struct tl_board *b, u32 isn, bool apart)
{
	u32 i;

	tl_board_init(b);
	for (i = 0; i < WINDOW; i++) {
		struct tl_stamp at = stamp(1000 + (apart ? i : 0));

		tl_board_prepare(b);
		tl_board_sent(b, isn + i * SIZE, isn + (i + 1) * SIZE, SIZE, &at);
	}
}

/* What the work on an ACK was, beside what it changed for good */
struct work {
	unsigned long most, all, acks;
	u32 ranges;
};

static struct tl_rack rack;
static u64 clock_us;

static void one_ack(struct tl_board *b, const struct tl_sack_block *block, int n, struct work *w)
{
	struct tl_tally t = { .now_us = ++clock_us };
	u32 missing = b->missing, gone;

	steps = 0;
	while (n--)
		tl_board_sack(b, block[n].left, block[n].right, &t);
	tl_rack_advance(&rack, &t);
	tl_rack_detect(&rack, b, 0, clock_us);
	/* segments that arrived, or were lost: each can only once, unless it is sent again */
	gone = t.sacked / SIZE;
	if (b->missing > missing)
		gone += (b->missing - missing) / SIZE;
	UNIT_TRUE(steps <= COST(TL_SACK_BLOCKS + 1 + gone));
	w->most = max(w->most, steps);
	w->all += steps;
	w->acks++;
	w->ranges = max(w->ranges, b->n);
}

static void holes_everywhere(u32 isn, bool apart, int from, int step)
{
	struct work names = { 0 }, lies = { 0 };
	struct tl_sack_block block[TL_SACK_BLOCKS];
	struct tl_board b;
	u32 i, j;

	fill_window(&b, isn, apart);
	tl_rack_init(&rack);
	clock_us = 1000000;
	/* every other one, four new ones with each ACK */
	for (i = 0; i < WINDOW / 2; i += TL_SACK_BLOCKS) {
		for (j = 0; j < TL_SACK_BLOCKS; j++) {
			u32 at = isn + (1 + 2 * ((from + step * (i + j)) % (WINDOW / 2))) * SIZE;

			block[j] = (struct tl_sack_block) { at, at + SIZE };
		}
		one_ack(&b, block, TL_SACK_BLOCKS, &names);
	}
	UNIT_EQ(WINDOW / 2 * SIZE, b.sacked);
	check_board(&b, isn, isn + WINDOW * SIZE);
	UNIT_TRUE(b.n <= WINDOW + 1);

	/* all has been said: blocks all over the window, of which none says anything new */
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < TL_SACK_BLOCKS; j++) {
			u32 at = isn + 1 + random_below(WINDOW * SIZE - SIZE);

			block[j] = (struct tl_sack_block) { at, at + 1 + random_below(SIZE - 1) };
		}
		one_ack(&b, block, TL_SACK_BLOCKS, &lies);
	}
	UNIT_EQ(0, lies.all > lies.acks * COST(TL_SACK_BLOCKS + 1));
	check_board(&b, isn, isn + WINDOW * SIZE);

	/* and one that says it all at once: as many changes as there are holes */
	block[0] = (struct tl_sack_block) { isn, isn + WINDOW * SIZE };
	one_ack(&b, block, 1, &names);
	UNIT_EQ(WINDOW * SIZE, b.sacked);
	check_board(&b, isn, isn + WINDOW * SIZE);
	tl_board_purge(&b);
	UNIT_EQ(0, ranges_held);
}

/* A window of 10,000 with every other one lost: from below, from above, and all over it */
UNIT_TEST(bounded_work)
{
	int apart;

	seed = 1;
	for (apart = 0; apart < 2; apart++) {
		holes_everywhere(1, apart, 0, 1);
		holes_everywhere(0xfff80000, apart, WINDOW / 2 - 1, WINDOW / 2 - 1);
		holes_everywhere(0x7ff80000, apart, 17, 1237);
	}
}

/* Blocks of an octet, and such that end within a segment: they cut nothing. */
UNIT_TEST(slivers)
{
	struct work w = { 0 };
	struct tl_board b;
	u32 i, j;

	fill_window(&b, 1, false);
	seed = 5;
	for (i = 0; i < 5000; i++) {
		struct tl_sack_block block[TL_SACK_BLOCKS];

		for (j = 0; j < TL_SACK_BLOCKS; j++) {
			u32 at = 1 + 1 + random_below(WINDOW * SIZE - 2 * SIZE);

			block[j] = (struct tl_sack_block) { at, at + 1 + random_below(SIZE - 1) };
		}
		one_ack(&b, block, TL_SACK_BLOCKS, &w);
	}
	UNIT_EQ(0, b.sacked);
	UNIT_TRUE(w.ranges <= 2);
	check_board(&b, 1, 1 + WINDOW * SIZE);
	tl_board_purge(&b);
}

/* What is lost and sent again, over and over: each step is paid for by a segment sent. */
UNIT_TEST(lost_over_and_over)
{
	struct tl_range *r;
	struct tl_board b;
	u32 round, i;

	fill_window(&b, 1, true);
	clock_us = 100000;
	for (round = 0; round < 5; round++) {
		rack = (struct tl_rack) { .sent_us = clock_us, .end = 1 };
		steps = 0;
		tl_rack_detect(&rack, &b, 0, clock_us);
		UNIT_TRUE(steps <= COST(WINDOW));
		UNIT_EQ(WINDOW * SIZE, b.missing);
		for (i = 0; (r = tl_board_next_lost(&b)); i++) {
			struct tl_stamp at = stamp(++clock_us);

			steps = 0;
			tl_board_resent(&b, r, &at);
			UNIT_TRUE(steps <= COST(1));
		}
		UNIT_EQ(WINDOW, i);
		/* nothing is lost: it ends at the first one */
		steps = 0;
		rack.sent_us = clock_us - WINDOW;
		tl_rack_detect(&rack, &b, 0, clock_us);
		UNIT_TRUE(steps <= COST(1));
		check_board(&b, 1, 1 + WINDOW * SIZE);
		clock_us++;
	}
	tl_board_purge(&b);
}

UNIT_MAIN
