// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate samples as draft-cheng-iccrg-delivery-rate-estimation writes them, packet by packet
 * and in 64 bits, for a path that is played here; and its rules one by one.
 */
#include "unit.h"

#define CHECK_TRUE(cond)	UNIT_TRUE(cond)
#define CHECK_EQ(want, got)	UNIT_EQ(want, got)

#include "board-check.h"
#include "../../module/loss/rate.c"

#define SEG	1000
#define PACKETS	4000

/* draft 3.1: C.* and P.* */
struct packet {
	u64 sent, delivered, delivered_time, first_sent_time;
	bool app_limited, arrived;
};

static struct {
	u64 delivered, delivered_time, first_sent_time, app_limited;
	struct packet p[PACKETS];
	u32 una, nxt;
} c;

static struct tl_rate_state s;
static struct tl_board b;
static u64 now;

static void begin(u64 at_us, u64 delivered)
{
	memset(&c, 0, sizeof(c));
	memset(&s, 0, sizeof(s));
	tl_board_init(&b);
	now = at_us;
	c.delivered = delivered;
	s.delivered = delivered;
}

/* draft 3.2 */
static void packet(void)
{
	struct packet *p = &c.p[c.nxt];
	struct tl_stamp at;
	bool idle = !tl_board_pipe(&b);

	if (idle) {
		c.first_sent_time = now;
		c.delivered_time = now;
	}
	*p = (struct packet) {
		.sent = now, .delivered = c.delivered, .delivered_time = c.delivered_time,
		.first_sent_time = c.first_sent_time, .app_limited = c.app_limited,
	};
	tl_rate_stamp(&s, &at, now, idle);
	tl_board_prepare(&b);
	tl_board_sent(&b, c.nxt * SEG, (c.nxt + 1) * SEG, SEG, &at);
	c.nxt++;
}

/* draft 3.3: all below @una arrived, and [left, right), if any */
static struct tl_rate ack(u32 una, u32 left, u32 right, u32 min_rtt)
{
	u64 prior_delivered = 0, prior_time = 0, send_elapsed = 0, ack_elapsed = 0, interval;
	struct tl_tally t = { .now_us = now };
	u32 i, newest = 0;
	bool any = false, limited = false;
	struct tl_rate got;

	for (i = c.una; i < c.nxt; i++) {
		struct packet *p = &c.p[i];

		if (p->arrived || (i >= una && (i < left || i >= right)))
			continue;
		p->arrived = true;
		c.delivered += SEG;
		c.delivered_time = now;
		if (any && (p->sent < c.p[newest].sent || i < newest))
			continue;
		any = true;
		newest = i;
	}
	if (c.app_limited && c.delivered > c.app_limited)
		c.app_limited = 0;
	c.una = max(c.una, una);
	tl_board_acked(&b, una * SEG, &t);
	if (left < right)
		tl_board_sack(&b, left * SEG, right * SEG, &t);
	tl_rate_sample(&s, &t, min_rtt, &got);
	UNIT_EQ(c.delivered, s.delivered);
	UNIT_EQ(c.app_limited, s.app_limited);
	if (!any) {
		UNIT_EQ(0, got.interval_us);
		return got;
	}
	prior_delivered = c.p[newest].delivered;
	prior_time = c.p[newest].delivered_time;
	limited = c.p[newest].app_limited;
	send_elapsed = c.p[newest].sent - c.p[newest].first_sent_time;
	ack_elapsed = c.delivered_time - prior_time;
	c.first_sent_time = c.p[newest].sent;
	interval = max(send_elapsed, ack_elapsed);
	UNIT_EQ(c.delivered - prior_delivered, got.delivered);
	UNIT_EQ(prior_delivered, got.prior_delivered);
	UNIT_EQ(limited, got.app_limited);
	UNIT_EQ(interval < min_rtt ? 0 : interval, got.interval_us);
	UNIT_EQ(c.delivered_time, s.delivered_us);
	check_board(&b, c.una * SEG, c.nxt * SEG);
	UNIT_EQ(c.first_sent_time, s.first_us);
	return got;
}

static void end(void)
{
	tl_board_purge(&b);
	UNIT_EQ(0, ranges_held);
}

/* By hand: ten segments, 1 ms each on the bottleneck, 20 ms round trip */
UNIT_TEST(bottleneck)
{
	struct tl_rate r;
	int i;

	begin(1000000, 0);
	for (i = 0; i < 10; i++)
		packet();
	for (i = 1; i <= 10; i++) {
		now = 1000000 + 20000 + i * 1000;
		r = ack(i, 0, 0, 20000);
		UNIT_EQ(i * SEG, r.delivered);
		UNIT_EQ(20000 + i * 1000, r.interval_us);
		packet();
	}
	for (i = 11; i <= 20; i++) {
		now += 1000;
		if (i == 11)
			now += 10000;		/* the rest of the round trip */
		r = ack(i, 0, 0, 20000);
	}
	/* 10 arrived in 20 ms; but the flight that ended with the last was sent from 0 to 30 ms */
	UNIT_EQ(10 * SEG, r.delivered);
	UNIT_EQ(30000, r.interval_us);
	UNIT_EQ(10 * SEG, s.last.delivered);
	end();
}

/* draft 2.2.2: ACKs that come all at once do not make the rate larger than that of sending */
UNIT_TEST(compressed_acks)
{
	struct tl_rate r;
	int i;

	begin(1000000, 0);
	for (i = 0; i < 10; i++, now += 10000)
		packet();
	r = ack(10, 0, 0, 1000);
	UNIT_EQ(10 * SEG, r.delivered);
	UNIT_EQ(100000, r.interval_us);
	end();
}

/* draft 3.3: shorter than any round trip: no sample; nor is there one if nothing arrived */
UNIT_TEST(no_sample)
{
	begin(1000000, 0);
	packet();
	now += 500;
	UNIT_EQ(0, ack(1, 0, 0, 1000).interval_us);
	UNIT_EQ(0, ack(1, 0, 0, 0).interval_us);
	UNIT_EQ(0, s.last.interval_us);
	end();
}

/* draft 3.4: what the program held down counts only if it was more */
UNIT_TEST(app_limited)
{
	struct tl_rate r;

	begin(1000000, 0);
	packet();
	packet();
	now += 10000;
	ack(2, 0, 0, 1000);
	UNIT_EQ(2 * SEG, s.last.delivered);
	c.app_limited = c.delivered + 1;
	s.app_limited = c.app_limited;
	packet();
	now += 10000;
	r = ack(3, 0, 0, 1000);
	UNIT_TRUE(r.app_limited);
	UNIT_EQ(0, s.app_limited);		/* all of it has arrived */
	UNIT_EQ(2 * SEG, s.last.delivered);	/* half the rate: it says nothing */
	c.app_limited = c.delivered + 1;
	s.app_limited = c.app_limited;
	packet();
	now += 1000;
	r = ack(4, 0, 0, 1000);
	UNIT_TRUE(r.app_limited);
	UNIT_EQ(1000, s.last.interval_us);	/* faster than ever */
	end();
}

/* Any path; also where 32 bits of octets and of microseconds wrap. */
UNIT_TEST(random_path)
{
	static const u64 starts[] = { 1, 0xffffff00, 0xfffffff000, 1ULL << 40 };
	u32 seed = 1, round, i, left;

	for (round = 0; round < 200 && !unit_failures; round++) {
		begin(starts[round % 4], starts[round / 4 % 4]);
		for (i = 0; i < 1000; i++) {
			seed = seed * 1664525 + 1013904223;
			now += (seed >> 8) % 3000;
			switch (seed >> 30) {
			case 0:
			case 1:
				if (c.nxt < PACKETS)
					packet();
				break;
			case 2:
				if (c.una < c.nxt)
					ack(c.una + (seed >> 20) % 3 % (c.nxt - c.una + 1), 0, 0,
					    (seed >> 16) % 4000);
				break;
			default:
				if (c.nxt - c.una < 4)
					break;
				left = c.una + 1 + (seed >> 20) % (c.nxt - c.una - 3);
				ack(c.una, left, left + 2, 0);
				if (seed >> 16 & 1) {
					c.app_limited = c.delivered + 3 * SEG;
					s.app_limited = c.app_limited;
				}
			}
		}
		end();
	}
}

UNIT_MAIN
