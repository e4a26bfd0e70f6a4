// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard: see board.h for the idea. Whatever is done to a range keeps the books (out,
 * sacked, missing, again) true; no other file writes them.
 */
#include <linux/list_sort.h>
#include "loss/board.h"

static u32 length(const struct tl_range *r)
{
	return r->end - r->seq;
}

static u32 range_segments(const struct tl_range *r, u32 octets)
{
	return (octets + r->seg - 1) / r->seg;
}

static struct tl_range *next_of(const struct tl_range *r)
{
	return rb_entry_safe(rb_next(&r->node), struct tl_range, node);
}

static struct tl_range *prev_of(const struct tl_range *r)
{
	return rb_entry_safe(rb_prev(&r->node), struct tl_range, node);
}

/**
 * tl_board_init() - nothing was sent yet
 * @b: board
 */
void tl_board_init(struct tl_board *b)
{
	memset(b, 0, sizeof(*b));
	b->ranges = RB_ROOT;
	b->lost = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&b->sent);
}

/**
 * tl_board_prepare() - see to it that the next range is there
 * @b: board
 *
 * Return: false if there is no memory.
 */
bool tl_board_prepare(struct tl_board *b)
{
	if (!b->spare)
		b->spare = tl_range_alloc(b);
	return b->spare;
}

static struct tl_range *range_take(struct tl_board *b)
{
	struct tl_range *r;

	if (!tl_board_prepare(b))
		return NULL;
	r = b->spare;
	b->spare = NULL;
	tl_range_charge(b);
	return r;
}

static void give_back(struct tl_board *b, struct tl_range *r)
{
	tl_range_uncharge(b);
	if (b->spare)
		tl_range_free(b, r);
	else
		b->spare = r;
}

/* The place in the list or the second tree that fits the flags */
static void leave_place(struct tl_board *b, struct tl_range *r)
{
	if (r->sacked)
		return;
	if (tl_range_waits(r))
		rb_erase_cached(&r->waits, &b->lost);
	else
		list_del(&r->sent);
}

static bool range_before(struct rb_node *a, const struct rb_node *b)
{
	return seq_lt(rb_entry(a, struct tl_range, waits)->seq,
		      rb_entry(b, struct tl_range, waits)->seq);
}

static void leave_tree(struct tl_board *b, struct tl_range *r)
{
	if (b->first == b->last) {		/* the only one: as a rule, where little is sent */
		b->ranges = RB_ROOT;
		b->first = NULL;
		b->last = NULL;
		return;
	}
	if (b->first == r)
		b->first = next_of(r);
	if (b->last == r)
		b->last = prev_of(r);
	rb_erase(&r->node, &b->ranges);
}

/* @r is in the tree no more, its octets are in no book. */
static void range_drop(struct tl_board *b, struct tl_range *r)
{
	leave_tree(b, r);
	give_back(b, r);
}

static void link_behind(struct tl_board *b, struct tl_range *r, struct tl_range *fresh)
{
	struct rb_node *parent = NULL, **p = &b->ranges.rb_node;

	if (r) {
		parent = &r->node;
		p = &parent->rb_right;
		while (*p) {
			parent = *p;
			p = &parent->rb_left;
		}
	} else {
		b->first = fresh;
	}
	rb_link_node(&fresh->node, parent, p);
	rb_insert_color(&fresh->node, &b->ranges);
	if (b->last == r)
		b->last = fresh;
}

/* May what is sent now be part of the last range? Only whole segments can be told apart again. */
static bool same_burst(const struct tl_range *r, u32 seq, u16 seg, const struct tl_stamp *at)
{
	return r && !r->sacked && !r->lost && !r->ever && r->end == seq && r->seg == seg &&
	       length(r) % seg == 0 && r->at.sent_us == at->sent_us &&
	       r->at.app_limited == at->app_limited;
}

/* All but its places in tree and list */
static void range_begin(struct tl_range *r, u32 seq, u32 end, u16 seg, const struct tl_stamp *at)
{
	r->seq = seq;
	r->end = end;
	r->segs = 0;
	r->grid = seq;
	r->seg = seg;
	r->sacked = 0;
	r->lost = 0;
	r->again = 0;
	r->ever = 0;
	r->at = *at;
}

/**
 * tl_board_sent() - new data went out
 * @b: board, prepared
 * @seq: its first octet, behind all others
 * @end: behind its last
 * @seg: size of a segment, octets
 * @at: when; one value for all of a burst makes one range
 */
void tl_board_sent(struct tl_board *b, u32 seq, u32 end, u16 seg, const struct tl_stamp *at)
{
	struct tl_range *r = b->last;

	b->out += end - seq;
	if (same_burst(r, seq, seg, at)) {
		r->end = end;
		return;
	}
	r = range_take(b);
	range_begin(r, seq, end, seg, at);
	list_add_tail(&r->sent, &b->sent);
	link_behind(b, b->last, r);
}

/**
 * tl_board_cut() - make two of a range
 * @b: board
 * @r: range, not arrived
 * @at: the second begins here; inside of @r
 *
 * Return: the second, or NULL without memory.
 */
struct tl_range *tl_board_cut(struct tl_board *b, struct tl_range *r, u32 at)
{
	struct tl_range *rest = range_take(b);

	if (!rest)
		return NULL;
	*rest = *r;
	rest->seq = at;
	r->end = at;
	link_behind(b, r, rest);
	if (tl_range_waits(r))
		rb_add_cached(&rest->waits, &b->lost, range_before);
	else
		list_add(&rest->sent, &r->sent);
	return rest;
}

/* Handed to a qdisc that was to keep it for a while, and did not: it cannot have left after now. */
static void has_left(struct tl_range *r, const struct tl_tally *t)
{
	if (r->at.sent_us > t->now_us)
		r->at.sent_us = t->now_us;
}

/* When was it sent, compared with what else this ACK brings? */
static void note_newest(const struct tl_range *r, u32 end, struct tl_tally *t)
{
	/* RFC8985 6.2: the original arrived, and not what was sent again just now */
	if (r->ever && t->now_us - r->at.sent_us < t->min_rtt_us)
		return;
	if (t->any_newest &&
	    !tl_sent_after(r->at.sent_us, end, t->newest.sent_us, t->newest_end))
		return;
	t->any_newest = true;
	t->newest_end = end;
	t->newest_again = r->ever;
	t->newest = r->at;
}

/* It went once only: what its arrival tells. */
static void note_original(const struct tl_range *r, u32 end, struct tl_tally *t)
{
	if (seq_lt(r->seq, t->fack)) {		/* overtaken by what had arrived before */
		t->lowest = seq_min(t->lowest, r->seq);
		t->late_us = max_t(u64, t->late_us, t->now_us - r->at.sent_us);
	}
	if (seq_leq(end, t->recover))
		t->original = true;
}

/* What lies before @end in a range that was not known to have arrived leaves the books of loss. */
static void settle(struct tl_board *b, const struct tl_range *r, u32 end)
{
	u32 len = end - r->seq;

	if (r->lost)
		b->missing -= len;
	if (r->again)
		b->again -= len;
}

/* The octets of @r before @end, which has them, are acknowledged. */
static void acknowledge(struct tl_board *b, struct tl_range *r, u32 end, struct tl_tally *t)
{
	u32 len = end - r->seq;

	b->out -= len;
	t->acked += len;
	if (r->sacked) {
		u32 left = range_segments(r, r->end - end), segs = min(left, r->segs);

		b->sacked -= len;
		b->sacked_segs -= r->segs - segs;
		r->segs = segs;
		return;
	}
	settle(b, r, end);
	has_left(r, t);
	t->delivered += len;
	t->segs += range_segments(r, len);
	note_newest(r, end, t);
	if (r->ever) {
		t->resent = true;
		return;
	}
	t->last_us = r->at.sent_us;
	if (!t->first_us)
		t->first_us = r->at.sent_us;
	note_original(r, end, t);
}

/**
 * tl_board_acked() - SND.UNA moved
 * @b: board
 * @una: where to
 * @t: adds up what that means
 */
void tl_board_acked(struct tl_board *b, u32 una, struct tl_tally *t)
{
	struct tl_range *r;

	while ((r = tl_board_first(b)) && seq_lt(r->seq, una)) {
		u32 end = seq_min(r->end, una);

		acknowledge(b, r, end, t);
		if (end != r->end) {
			r->seq = end;	/* its place among the others stays */
			return;
		}
		leave_place(b, r);
		range_drop(b, r);
	}
}

/* Neighbours that have arrived are one. */
static void range_join(struct tl_board *b, struct tl_range *r)
{
	struct tl_range *other = prev_of(r);

	if (other && other->sacked) {
		other->end = r->end;
		other->segs += r->segs;
		range_drop(b, r);
		r = other;
	}
	other = next_of(r);
	if (other && other->sacked) {
		r->end = other->end;
		r->segs += other->segs;
		range_drop(b, other);
	}
}

/* SACK names all of @r. */
static void arrive(struct tl_board *b, struct tl_range *r, struct tl_tally *t)
{
	leave_place(b, r);
	settle(b, r, r->end);
	has_left(r, t);
	t->delivered += length(r);
	t->sacked += length(r);
	t->segs += range_segments(r, length(r));
	note_newest(r, r->end, t);
	if (!r->ever) {
		note_original(r, r->end, t);
		/* blocks come in any order */
		t->sack_last_us = max(t->sack_last_us, r->at.sent_us);
		if (!t->sack_first_us || r->at.sent_us < t->sack_first_us)
			t->sack_first_us = r->at.sent_us;
	}
	if (!b->sacked || seq_gt(r->end, b->fack))
		b->fack = r->end;
	r->sacked = 1;
	r->lost = 0;
	r->again = 0;
	r->segs = range_segments(r, length(r));
	b->sacked += length(r);
	b->sacked_segs += r->segs;
	range_join(b, r);
}

/* How far is @seq behind the last boundary of segments? */
static u32 into_segment(const struct tl_range *r, u32 seq)
{
	return (seq - r->grid) % r->seg;
}

/*
 * Cut @r so that it holds what of it lies in [@start, @end), in whole segments: nobody acknowledges
 * half of one but to make us cut. Return: that range, or NULL if there is none.
 */
static struct tl_range *carve(struct tl_board *b, struct tl_range *r, u32 start, u32 end)
{
	if (seq_lt(end, r->end))
		end -= into_segment(r, end);
	else
		end = r->end;
	if (seq_gt(start, r->seq))
		start += (r->seg - into_segment(r, start)) % r->seg;
	else
		start = r->seq;
	if (seq_geq(start, end))
		return NULL;
	if (end != r->end && !tl_board_cut(b, r, end))
		return NULL;
	return start == r->seq ? r : tl_board_cut(b, r, start);
}

/* The first range that reaches beyond @seq. */
static struct tl_range *reaching(const struct tl_board *b, u32 seq)
{
	struct rb_node *node = b->ranges.rb_node;
	struct tl_range *best = NULL;

	while (node) {
		struct tl_range *r = rb_entry(node, struct tl_range, node);

		if (seq_gt(r->end, seq)) {
			best = r;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

/**
 * tl_board_sack() - the receiver has octets beyond SND.UNA (RFC2018 3)
 * @b: board
 * @start: the first
 * @end: behind the last; sent before
 * @t: adds up what that means
 */
void tl_board_sack(struct tl_board *b, u32 start, u32 end, struct tl_tally *t)
{
	struct tl_range *r = reaching(b, start), *part;

	while (r && seq_lt(r->seq, end)) {
		u32 at = r->end;

		part = r->sacked ? NULL : carve(b, r, start, end);
		if (part) {
			at = part->end;
			arrive(b, part, t);
		}
		/* joined with its neighbours it may be another one, and reach farther */
		r = reaching(b, at);
	}
}

/**
 * tl_board_lose() - a range is lost; if it was sent again, that is lost, too
 * @b: board
 * @r: range, not arrived
 */
void tl_board_lose(struct tl_board *b, struct tl_range *r)
{
	if (tl_range_waits(r))
		return;
	list_del(&r->sent);
	if (r->again)
		b->again -= length(r);
	if (!r->lost)
		b->missing += length(r);
	b->lost_ever += length(r);
	r->again = 0;
	r->lost = 1;
	rb_add_cached(&r->waits, &b->lost, range_before);
}

/**
 * tl_board_lose_head() - what begins at SND.UNA is lost
 * @b: board
 * @len: octets; a range is cut if it has more, and there is memory
 */
void tl_board_lose_head(struct tl_board *b, u32 len)
{
	struct tl_range *r = tl_board_first(b);

	if (!r || r->sacked || tl_range_waits(r))
		return;
	if (length(r) > len)
		tl_board_cut(b, r, r->seq + len);
	tl_board_lose(b, r);
}

/**
 * tl_board_lose_until() - all that begins before @end is lost, but what has arrived
 * @b: board
 * @end: sequence number
 */
void tl_board_lose_until(struct tl_board *b, u32 end)
{
	struct tl_range *r;

	for (r = tl_board_first(b); r && seq_lt(r->seq, end); r = next_of(r)) {
		if (!r->sacked)
			tl_board_lose(b, r);
	}
}

static int by_time(void *unused, const struct list_head *a, const struct list_head *b)
{
	const struct tl_range *x = list_entry(a, struct tl_range, sent);
	const struct tl_range *y = list_entry(b, struct tl_range, sent);

	return tl_sent_after(x->at.sent_us, x->end, y->at.sent_us, y->end);
}

/**
 * tl_board_find_again() - nothing was lost after all: what waits is under way
 * @b: board
 */
void tl_board_find_again(struct tl_board *b)
{
	struct rb_node *node;
	struct tl_range *r;

	while ((node = rb_first_cached(&b->lost))) {
		r = rb_entry(node, struct tl_range, waits);
		rb_erase_cached(node, &b->lost);
		list_add_tail(&r->sent, &b->sent);
	}
	/* a retransmission that was lost again may be younger than what never was */
	list_sort(NULL, &b->sent, by_time);
	list_for_each_entry(r, &b->sent, sent)
		r->lost = 0;
	b->missing = 0;
}

/**
 * tl_board_forget_sacks() - the receiver reneged (RFC2018 8): nothing has arrived
 * @b: board
 *
 * All that it had named is lost.
 */
void tl_board_forget_sacks(struct tl_board *b)
{
	struct tl_range *r;

	for (r = tl_board_first(b); r; r = next_of(r)) {
		if (!r->sacked)
			continue;
		r->sacked = 0;
		r->lost = 1;
		r->ever = 1;
		b->missing += length(r);
		b->lost_ever += length(r);
		rb_add_cached(&r->waits, &b->lost, range_before);
	}
	b->sacked = 0;
	b->sacked_segs = 0;
}

/**
 * tl_board_resent() - a range went again
 * @b: board
 * @r: range that waited for it, or a probe that is not thought lost
 * @at: when
 */
void tl_board_resent(struct tl_board *b, struct tl_range *r, const struct tl_stamp *at)
{
	leave_place(b, r);
	if (!r->again)
		b->again += length(r);
	r->again = 1;
	r->ever = 1;
	r->grid = r->seq;
	r->at = *at;
	list_add_tail(&r->sent, &b->sent);
}

/**
 * tl_board_purge() - forget everything
 * @b: board
 */
void tl_board_purge(struct tl_board *b)
{
	struct tl_range *r;

	while ((r = tl_board_first(b)))
		range_drop(b, r);
	if (b->spare)
		tl_range_free(b, b->spare);
	tl_board_init(b);
}
