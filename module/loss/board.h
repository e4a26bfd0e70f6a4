/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scoreboard: what was sent and is not yet acknowledged. It knows no socket, and builds in
 * userspace, too.
 *
 * It is kept as ranges of sequence numbers, each of segments that share a fate: sent in one burst,
 * or arrived, or lost. A range is in a tree by sequence number; besides that what is under way is
 * in a list by the time it was sent (for RACK), and what is lost and waits to be sent again is in a
 * second tree, by sequence number. Neighbours that have arrived become one range: so a hostile
 * receiver who names every other segment costs one range a segment, and each ACK costs a search in
 * a tree for each block that it brings, and a step for each range that it changes for good.
 */
#ifndef TCPLAB_BOARD_H
#define TCPLAB_BOARD_H

#include "pure.h"
#include <linux/list.h>
#include <linux/rbtree.h>
#include "wire.h"

/**
 * struct tl_stamp - when something was sent, and what had arrived by then
 * @sent_us: clock
 * @delivered: tl_rate_state.delivered then, modulo 2^32
 * @delivered_us: when the last of that arrived, µs modulo 2^32
 * @first_us: when the first segment of the flight was sent that ended there, likewise
 * @app_limited: the program had not filled the window
 */
struct tl_stamp {
	u64	sent_us;
	u32	delivered;
	u32	delivered_us;
	u32	first_us;
	bool	app_limited;
};

/**
 * struct tl_range - octets that share a fate
 * @node: by sequence number
 * @sent: under way: in the order of sending
 * @waits: lost, not sent again yet: by sequence number
 * @seq: first
 * @end: behind the last; a FIN counts
 * @segs: segments that SACK named: of a range that has arrived
 * @seg: size of the segments that it was sent in
 * @grid: where one of them began
 * @sacked: has arrived
 * @lost: is thought to be lost
 * @again: was sent again, and is under way
 * @ever: was sent again at least once: it gives no round trip (Karn)
 * @at: when it was sent last
 */
struct tl_range {
	struct rb_node		node;
	union {
		struct list_head	sent;
		struct rb_node		waits;
	};
	u32			seq;
	u32			end;
	u32			segs;
	u32			grid;
	u16			seg;
	u8			sacked:1,
				lost:1,
				again:1,
				ever:1;
	struct tl_stamp		at;
};

/**
 * struct tl_board - all ranges of a connection
 * @ranges: by sequence number, without gaps
 * @lost: those that wait to be sent again
 * @sent: those that are under way, oldest first
 * @first: the lowest, or NULL
 * @last: the highest, or NULL
 * @spare: a range for the next one who needs one, or NULL
 * @out: octets in all ranges
 * @sacked: of these, have arrived
 * @missing: of these, are thought to be lost, sent again or not
 * @again: of these, were sent again and are under way
 * @sacked_segs: segments in what has arrived
 * @lost_ever: octets that were ever found lost, modulo 2^32
 * @fack: behind the highest octet that SACK named, while @sacked
 * @n: ranges, the spare one included; the allocator counts
 */
struct tl_board {
	struct rb_root		ranges;
	struct rb_root_cached	lost;
	struct list_head	sent;
	struct tl_range		*first;
	struct tl_range		*last;
	struct tl_range		*spare;
	u32			out;
	u32			sacked;
	u32			missing;
	u32			again;
	u32			sacked_segs;
	u32			lost_ever;
	u32			fack;
	u32			n;
};

/**
 * struct tl_tally - what one ACK changed
 * @now_us: clock; the caller's
 * @min_rtt_us: of what went again and seems quicker the original came; the caller's
 * @recover: see @original; the caller's
 * @fack: highest octet that had arrived before, or SND.UNA; the caller's
 * @acked: octets that SND.UNA moved over
 * @delivered: octets newly known to have arrived
 * @sacked: of these, by SACK
 * @segs: segments in @delivered
 * @first_us: when the oldest of what was acknowledged and was sent once only went; 0: nothing was
 * @last_us: the youngest
 * @sack_first_us: the same, of what SACK named
 * @sack_last_us: likewise
 * @lowest: lowest octet that arrived now, below @fack, and was sent once only; or @fack
 * @late_us: the longest that something like that took; 0: there is nothing like that
 * @original: something that was sent before @recover, and once only, has arrived
 * @resent: something that was sent again is acknowledged
 * @any_newest: @newest and @newest_end are set
 * @newest_again: the newest was sent again
 * @newest_end: behind what was sent last of all that arrived now
 * @newest: when that was
 */
struct tl_tally {
	u64		now_us;
	u32		min_rtt_us;
	u32		recover;
	u32		acked;
	u32		delivered;
	u32		sacked;
	u32		segs;
	u64		first_us;
	u64		last_us;
	u64		sack_first_us;
	u64		sack_last_us;
	u32		fack;
	u32		lowest;
	u32		late_us;
	bool		original;
	bool		resent;
	bool		any_newest;
	bool		newest_again;
	u32		newest_end;
	struct tl_stamp	newest;
};

/*
 * Memory comes from whoever owns the board. tl_range_alloc() may fail: what needs a range then
 * stays undone, and costs a segment that is sent again needlessly. The owner pays for ranges that
 * are in use; the spare one is a part of the board.
 */
struct tl_range *tl_range_alloc(struct tl_board *b);
void tl_range_free(struct tl_board *b, struct tl_range *r);
void tl_range_charge(struct tl_board *b);
void tl_range_uncharge(struct tl_board *b);

void tl_board_init(struct tl_board *b);
void tl_board_purge(struct tl_board *b);
bool tl_board_prepare(struct tl_board *b);
void tl_board_sent(struct tl_board *b, u32 seq, u32 end, u16 seg, const struct tl_stamp *at);
void tl_board_acked(struct tl_board *b, u32 una, struct tl_tally *t);
void tl_board_sack(struct tl_board *b, u32 start, u32 end, struct tl_tally *t);
void tl_board_forget_sacks(struct tl_board *b);
void tl_board_lose(struct tl_board *b, struct tl_range *r);
void tl_board_lose_head(struct tl_board *b, u32 len);
void tl_board_lose_until(struct tl_board *b, u32 end);
void tl_board_find_again(struct tl_board *b);
struct tl_range *tl_board_cut(struct tl_board *b, struct tl_range *r, u32 at);
void tl_board_resent(struct tl_board *b, struct tl_range *r, const struct tl_stamp *at);

/**
 * tl_board_first() - the range that begins at SND.UNA
 * @b: board
 *
 * Return: it, or NULL if nothing is out.
 */
static inline struct tl_range *tl_board_first(const struct tl_board *b)
{
	return b->first;
}

/**
 * tl_board_next_lost() - what is to be sent again next
 * @b: board
 *
 * Return: the lowest range that is lost and was not sent again, or NULL.
 */
static inline struct tl_range *tl_board_next_lost(const struct tl_board *b)
{
	return rb_entry_safe(rb_first_cached(&b->lost), struct tl_range, waits);
}

/* Lost, and not sent again yet */
static inline bool tl_range_waits(const struct tl_range *r)
{
	return r->lost && !r->again;
}

/* RFC8985 6.2's order of sending: by time, and in one burst by sequence number */
static inline bool tl_sent_after(u64 us1, u32 end1, u64 us2, u32 end2)
{
	return us1 > us2 || (us1 == us2 && seq_gt(end1, end2));
}

/**
 * tl_board_pipe() - what is in the network, as far as we know (RFC6675 4)
 * @b: board
 *
 * Return: octets sent that have neither arrived nor been lost.
 */
static inline u32 tl_board_pipe(const struct tl_board *b)
{
	return b->out - b->sacked - b->missing + b->again;
}

#endif
