// SPDX-License-Identifier: GPL-2.0
/*
 * RACK's rules, step by step as RFC 8985 6.2 has them, and its example of section 3.4, with times.
 */
#include "unit.h"

#define CHECK_TRUE(cond)	UNIT_TRUE(cond)
#define CHECK_EQ(want, got)	UNIT_EQ(want, got)

#include "board-check.h"

#define SEG	1000

static struct tl_board b;
static struct tl_rack k;

/* P1 ... Pn: each a segment of its own, sent at these times */
static void sent(u32 n, const u64 *us)
{
	u32 i;

	tl_board_init(&b);
	tl_rack_init(&k);
	for (i = 0; i < n; i++) {
		struct tl_stamp at = { .sent_us = us[i] };

		tl_board_prepare(&b);
		tl_board_sent(&b, i * SEG, (i + 1) * SEG, SEG, &at);
	}
}

static struct tl_tally sack(u32 p, u64 now, u32 min_rtt)
{
	struct tl_tally t = { .now_us = now, .min_rtt_us = min_rtt };

	tl_board_sack(&b, (p - 1) * SEG, p * SEG, &t);
	tl_rack_advance(&k, &t);
	return t;
}

static bool is_lost(u32 p)
{
	return reaching(&b, (p - 1) * SEG)->lost;
}

static void resend(u32 p, u64 now)
{
	struct tl_stamp at = { .sent_us = now };

	tl_board_resent(&b, reaching(&b, (p - 1) * SEG), &at);
}

static void done(u32 n)
{
	check_board(&b, 0, n * SEG);
	tl_board_purge(&b);
	UNIT_EQ(0, ranges_held);
}

/*
 * RFC8985 3.4, its numbers in brackets: of P0 to P3 the last three are dropped; a probe makes the
 * receiver name P3, and the retransmission of P1 is dropped, too.
 */
UNIT_TEST(example)
{
	static const u64 us[] = { 1000, 1001, 1002, 1003 };
	struct tl_tally t = { .now_us = 21000 };

	sent(4, us);
	tl_board_acked(&b, SEG, &t);			/* (2) */
	tl_rack_advance(&k, &t);
	UNIT_EQ(20000, k.rtt_us);
	UNIT_EQ(0, tl_rack_detect(&k, &b, 0, 21000));
	UNIT_EQ(0, b.missing);
	resend(4, 61000);				/* (3) */
	sack(4, 81000, 20000);				/* (5a) */
	UNIT_EQ(61000, k.sent_us);
	UNIT_EQ(4 * SEG, k.end);
	UNIT_EQ(20000, k.rtt_us);
	UNIT_EQ(0, tl_rack_detect(&k, &b, 5000, 81000));
	UNIT_TRUE(is_lost(2) && is_lost(3));		/* (5b) */
	UNIT_EQ(SEG, tl_board_next_lost(&b)->seq);
	resend(2, 81001);				/* (5c) */
	resend(3, 81002);
	UNIT_EQ(2 * SEG, b.again);
	sack(3, 101002, 20000);				/* (6) */
	UNIT_EQ(81002, k.sent_us);
	tl_rack_detect(&k, &b, 0, 101002);		/* (7a) */
	UNIT_EQ(0, b.again);
	UNIT_EQ(SEG, b.missing);
	UNIT_EQ(SEG, tl_board_next_lost(&b)->seq);
	check_board(&b, SEG, 4 * SEG);
	resend(2, 101003);				/* (7b) */
	t = (struct tl_tally) { .now_us = 121003 };
	tl_board_acked(&b, 4 * SEG, &t);		/* (8) */
	UNIT_EQ(3 * SEG, t.acked);
	UNIT_EQ(SEG, t.delivered);
	check_board(&b, 4 * SEG, 4 * SEG);
	tl_board_purge(&b);
}

/*
 * RFC8985 6.2 step 5: P1 was sent before P2, which arrived: it may be late by the window, no more
 */
UNIT_TEST(window_runs_out)
{
	static const u64 us[] = { 10000, 10100 };
	u64 now;

	sent(2, us);
	sack(2, 30100, 20000);
	/* RACK.rtt 20000: P1's time is up at 10000 + 20000 + 5000 */
	for (now = 30100; now < 35000; now += 100) {
		/* "the maximum remaining": of what could be lost P2's time is the latest */
		UNIT_EQ(35100 - now, tl_rack_detect(&k, &b, 5000, now));
		UNIT_TRUE(!is_lost(1));
	}
	UNIT_EQ(0, tl_rack_detect(&k, &b, 5000, 35000));
	UNIT_TRUE(is_lost(1));
	done(2);
}

/* Of one burst what ends before RACK.segment.end_seq was sent before it (RACK_sent_after()). */
UNIT_TEST(one_burst)
{
	static const u64 us[] = { 1000, 1000, 1000, 1000, 1000 };

	UNIT_TRUE(tl_sent_after(2, 0, 1, 5));
	UNIT_TRUE(!tl_sent_after(1, 5, 2, 0));
	UNIT_TRUE(tl_sent_after(1, 5, 1, 4));
	UNIT_TRUE(!tl_sent_after(1, 5, 1, 5));
	UNIT_TRUE(tl_sent_after(1, 5, 1, 0xfffffff0));
	sent(5, us);
	UNIT_EQ(2, b.n);	/* one range, and the spare one */
	sack(3, 21000, 0);
	tl_rack_detect(&k, &b, 0, 21000);
	UNIT_TRUE(is_lost(1) && is_lost(2));
	UNIT_TRUE(!is_lost(4) && !is_lost(5));
	done(5);
}

/* RFC8985 6.2 step 2: what was sent again, and arrives sooner than anything can, is the original */
UNIT_TEST(original_arrives)
{
	static const u64 us[] = { 1000, 1001, 1002, 1003 };

	sent(4, us);
	sack(3, 21002, 20000);
	tl_rack_detect(&k, &b, 0, 21002);
	resend(1, 21003);
	k.advanced = false;
	sack(1, 21003 + 19999, 20000);
	UNIT_TRUE(!k.advanced);
	UNIT_EQ(1002, k.sent_us);
	resend(2, 21003);
	sack(2, 21003 + 20000, 20000);
	UNIT_TRUE(k.advanced);
	UNIT_EQ(21003, k.sent_us);
	UNIT_EQ(20000, k.rtt_us);
	done(4);
}

/* RFC8985 6.2 step 2: RACK.rtt is the latest's, but RACK.segment only moves forward */
UNIT_TEST(only_forward)
{
	static const u64 us[] = { 1000, 2000, 3000 };

	sent(3, us);
	sack(3, 23000, 0);
	sack(1, 24000, 0);
	UNIT_EQ(3000, k.sent_us);
	UNIT_EQ(3 * SEG, k.end);
	UNIT_EQ(23000, k.rtt_us);
	done(3);
}

/* Nothing has arrived: nothing is lost. */
UNIT_TEST(nothing_known)
{
	static const u64 us[] = { 1000, 2000 };
	struct tl_tally none = { .now_us = 1 };

	sent(2, us);
	tl_rack_advance(&k, &none);
	UNIT_TRUE(!k.advanced);
	UNIT_EQ(0, tl_rack_detect(&k, &b, 0, 1000000));
	UNIT_EQ(0, b.missing);
	done(2);
}

/* By time alone, as for a timeout (RFC8985 6.3) */
UNIT_TEST(overdue)
{
	struct tl_range r = { .at.sent_us = 1000 };

	tl_rack_init(&k);
	k.rtt_us = 20000;
	UNIT_TRUE(!tl_rack_overdue(&k, &r, 500, 21499));
	UNIT_TRUE(tl_rack_overdue(&k, &r, 500, 21500));
	UNIT_TRUE(tl_rack_overdue(&k, &r, 0, 21500));
}

/* RFC8985 6.2 step 4: RACK.reo_wnd_mult * RACK.min_RTT / 4, at most SRTT */
UNIT_TEST(window)
{
	u32 i;

	tl_rack_init(&k);
	UNIT_EQ(10000, tl_rack_window(&k, 40000, 60000));
	UNIT_EQ(0, tl_rack_window(&k, 0, 60000));
	for (i = 1; i <= 255; i++) {
		k.steps = i;
		UNIT_EQ(i * 10000 < 60000 ? i * 10000 : 60000, tl_rack_window(&k, 40000, 60000));
	}
	/* nothing wraps */
	UNIT_EQ(0xffffffff, tl_rack_window(&k, 0xffffffff, 0xffffffff));
}

/* What was late by 10 ms: a quarter more, in quarters of 20 ms, is the window, whatever the SRTT */
UNIT_TEST(late)
{
	tl_rack_init(&k);
	k.rtt_us = 20000;
	tl_rack_late(&k, 19999, 20000);		/* sooner than what was sent last: not late */
	UNIT_EQ(1, k.steps);
	UNIT_EQ(0, k.persist);
	tl_rack_late(&k, 30000, 20000);
	UNIT_EQ(3, k.steps);			/* 12.5 of 5 ms */
	UNIT_EQ(TL_RACK_PERSIST, k.persist);
	UNIT_EQ(15000, tl_rack_window(&k, 20000, 8000));
	tl_rack_late(&k, 22000, 20000);		/* less is no reason to go back */
	UNIT_EQ(3, k.steps);
	/* as with D-SACK: narrow when it has not been seen for long */
	k.persist = 0;
	tl_rack_adapt(&k, 1000, 5000);
	UNIT_EQ(1, k.steps);
	UNIT_EQ(5000, tl_rack_window(&k, 20000, 8000));
	/* a round trip of nothing at all divides nothing by zero, and nothing wraps */
	tl_rack_late(&k, 0xffffffff, 0);
	UNIT_EQ(255, k.steps);
	UNIT_EQ(0, tl_rack_window(&k, 0, 8000));
}

/* RFC8985 6.2 step 4: wider once a round trip, narrow after 16 recoveries without a D-SACK */
UNIT_TEST(adapt)
{
	int i;

	tl_rack_init(&k);
	tl_rack_adapt(&k, 1000, 5000);
	UNIT_EQ(1, k.steps);
	k.dsack = true;
	tl_rack_adapt(&k, 0, 5000);		/* nothing arrived: it keeps */
	UNIT_EQ(1, k.steps);
	UNIT_TRUE(k.dsack);
	tl_rack_adapt(&k, 1000, 5000);
	UNIT_EQ(2, k.steps);
	UNIT_EQ(TL_RACK_PERSIST, k.persist);
	UNIT_TRUE(!k.dsack);
	/* another one in the same round trip: what arrives was sent before 5000 octets had */
	k.dsack = true;
	tl_rack_adapt(&k, 4999, 9000);
	UNIT_EQ(2, k.steps);
	k.dsack = true;
	tl_rack_adapt(&k, 5000, 9000);
	UNIT_EQ(3, k.steps);
	for (i = 0; i < TL_RACK_PERSIST; i++) {
		UNIT_EQ(3, k.steps);
		tl_rack_adapt(&k, 9000 + i, 9001 + i);
		k.persist--;
	}
	tl_rack_adapt(&k, 20000, 20001);
	UNIT_EQ(1, k.steps);
	for (i = 0; i < 1000; i++) {
		k.dsack = true;
		tl_rack_adapt(&k, 100000 + i, 100000 + i);
	}
	UNIT_EQ(255, k.steps);
}

UNIT_MAIN
