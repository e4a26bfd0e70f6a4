// SPDX-License-Identifier: GPL-2.0
/*
 * RACK's rules (RFC 8985 6.2). The list of what is under way is in the order of sending, so that
 * the search for losses ends at the first range that is too young.
 */
#include "loss/rack.h"

/**
 * tl_rack_init() - nothing has arrived yet
 * @k: state
 */
void tl_rack_init(struct tl_rack *k)
{
	memset(k, 0, sizeof(*k));
	k->steps = 1;
}

/**
 * tl_rack_advance() - note the latest of what has arrived (RFC8985 6.2 steps 1 and 2)
 * @k: state
 * @t: what an ACK brought
 */
void tl_rack_advance(struct tl_rack *k, const struct tl_tally *t)
{
	if (!t->any_newest)
		return;
	k->advanced = true;
	k->rtt_us = t->now_us - t->newest.sent_us;
	if (tl_sent_after(t->newest.sent_us, t->newest_end, k->sent_us, k->end)) {
		k->sent_us = t->newest.sent_us;
		k->end = t->newest_end;
	}
}

/**
 * tl_rack_adapt() - widen the window after a needless retransmission (RFC8985 6.2 step 4)
 * @k: state
 * @prior_delivered: octets delivered when the newest of what arrived now was sent, 0: nothing did
 * @delivered: octets delivered now
 *
 * Once a round trip; after TL_RACK_PERSIST recoveries without another one it is narrow again.
 */
void tl_rack_adapt(struct tl_rack *k, u64 prior_delivered, u64 delivered)
{
	if (!prior_delivered)
		return;
	if (prior_delivered < k->adapted)
		k->dsack = false;
	if (k->dsack) {
		if (k->steps < U8_MAX)
			k->steps++;
		k->dsack = false;
		k->adapted = delivered;
		k->persist = TL_RACK_PERSIST;
	} else if (!k->persist) {
		k->steps = 1;
		k->late_us = 0;
	}
}

/**
 * tl_rack_late() - something arrived late, and was not sent again: the window must hold such
 * @k: state, not yet advanced by that ACK
 * @took_us: its round trip
 * @min_rtt_us: smallest round trip
 *
 * RFC 8985 learns from needless retransmissions, a step for each round trip that has some. What is
 * late teaches without harm done, and how wide the window must be at that.
 */
void tl_rack_late(struct tl_rack *k, u32 took_us, u32 min_rtt_us)
{
	u32 step = max(min_rtt_us >> 2, 1U), late, steps;

	if (took_us <= k->rtt_us)
		return;
	late = took_us - k->rtt_us;
	late += late >> 2;		/* the next one may be later: queues grow */
	steps = min_t(u32, late / step + 1, U8_MAX);
	k->late_us = max(k->late_us, late + step);
	if (steps <= k->steps)
		return;
	k->steps = steps;
	k->persist = TL_RACK_PERSIST;
}

/**
 * tl_rack_window() - how much later may come what was sent before (RFC8985 6.2 step 4)
 * @k: state
 * @min_rtt_us: smallest round trip
 * @srtt_us: smoothed round trip
 *
 * A round trip is enough, says the RFC. But segments that overtake others make the smoothed one
 * small: it is no limit to what was seen to be late.
 *
 * Return: µs.
 */
u32 tl_rack_window(const struct tl_rack *k, u32 min_rtt_us, u32 srtt_us)
{
	return min_t(u64, (u64)(min_rtt_us >> 2) * k->steps, max(srtt_us, k->late_us));
}

/* µs until @r is lost if it does not come; 0 or less: it is */
static s64 left(const struct tl_rack *k, const struct tl_range *r, u32 window_us, u64 now_us)
{
	return (s64)(r->at.sent_us + k->rtt_us + window_us - now_us);
}

/**
 * tl_rack_overdue() - by its time alone, is this lost?
 * @k: state
 * @r: range that is under way
 * @window_us: reordering window
 * @now_us: clock
 */
bool tl_rack_overdue(const struct tl_rack *k, const struct tl_range *r, u32 window_us, u64 now_us)
{
	return left(k, r, window_us, now_us) <= 0;
}

/**
 * tl_rack_detect() - find what is lost (RFC8985 6.2 step 5)
 * @k: state
 * @b: board
 * @window_us: reordering window
 * @now_us: clock
 *
 * Return: µs until all that could be lost by what is known now will be; 0: nothing could.
 */
u32 tl_rack_detect(const struct tl_rack *k, struct tl_board *b, u32 window_us, u64 now_us)
{
	struct tl_range *r, *next;

	list_for_each_entry_safe(r, next, &b->sent, sent) {
		if (!tl_sent_after(k->sent_us, k->end, r->at.sent_us, r->end))
			break;
		if (left(k, r, window_us, now_us) > 0)
			/* the youngest that this can concern was sent when RACK.xmit_ts was */
			return k->sent_us + k->rtt_us + window_us - now_us;
		tl_board_lose(b, r);
	}
	return 0;
}
