// SPDX-License-Identifier: GPL-2.0
/*
 * The options of RFC 9293 3.2, RFC 7323 and RFC 2018: read, written, and read again.
 */
#include <stdlib.h>

#include "unit.h"
#include "../../module/rx/options.c"

#define ALL	(TL_OPT_MSS | TL_OPT_WSCALE | TL_OPT_SACK_PERM | TL_OPT_TIMESTAMP)

/* The bytes lie at the end of a block of their own: the sanitizer sees each byte read too far. */
static struct tl_opts parse(const u8 *bytes, unsigned int len, bool syn)
{
	u8 *exact = malloc(len ? len : 1);
	struct tl_opts o;

	memset(&o, 0xaa, sizeof(o));
	memcpy(exact, bytes, len);
	tl_opts_parse(exact, len, syn, &o);
	free(exact);
	return o;
}

#define PARSE(syn, ...) ({						\
	static const u8 __bytes[] = { __VA_ARGS__ };			\
	parse(__bytes, sizeof(__bytes), syn); })

/* RFC9293 3.2, MUST-4: MSS is kind 2, length 4, in SYNs only */
UNIT_TEST(mss)
{
	struct tl_opts o = PARSE(true, 2, 4, 0x05, 0xb4);

	UNIT_EQ(TL_OPT_MSS, o.seen);
	UNIT_EQ(1460, o.mss);
	UNIT_EQ(0, PARSE(false, 2, 4, 0x05, 0xb4).seen);
}

/* RFC7323 2.2: kind 3, length 3, in SYNs only */
UNIT_TEST(window_scale)
{
	struct tl_opts o = PARSE(true, 3, 3, 7);

	UNIT_EQ(TL_OPT_WSCALE, o.seen);
	UNIT_EQ(7, o.wscale);
	UNIT_EQ(0, PARSE(true, 3, 3, 0).wscale);
	UNIT_EQ(TL_OPT_WSCALE, PARSE(true, 3, 3, 0).seen);
	UNIT_EQ(0, PARSE(false, 3, 3, 7).seen);
}

/* RFC7323 2.3: "if a shift.cnt larger than 14 is received ... use 14" */
UNIT_TEST(window_scale_above_14)
{
	UNIT_EQ(14, PARSE(true, 3, 3, 14).wscale);
	UNIT_EQ(14, PARSE(true, 3, 3, 15).wscale);
	UNIT_EQ(14, PARSE(true, 3, 3, 255).wscale);
}

/* RFC2018 2: kind 4, length 2, in SYNs only */
UNIT_TEST(sack_permitted)
{
	UNIT_EQ(TL_OPT_SACK_PERM, PARSE(true, 4, 2).seen);
	UNIT_EQ(0, PARSE(false, 4, 2).seen);
}

/* RFC9293 MUST-5, RFC7323 3.2: kind 8, length 10, in any segment */
UNIT_TEST(timestamps)
{
	struct tl_opts o = PARSE(false, 1, 1, 8, 10, 1, 2, 3, 4, 0xf5, 0xf6, 0xf7, 0xf8);

	UNIT_EQ(TL_OPT_TIMESTAMP, o.seen);
	UNIT_EQ(0x01020304, o.tsval);
	UNIT_EQ(0xf5f6f7f8, o.tsecr);
	UNIT_EQ(TL_OPT_TIMESTAMP, PARSE(true, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0).seen);
}

/* RFC7413 4.1.1: kind 34, in SYNs only: a cookie of 4 to 16 octets, an even number, or none */
UNIT_TEST(fast_open)
{
	u8 bytes[40] = { 1, 34 };
	struct tl_opts o;
	int len;

	for (len = 0; len <= 20; len++) {
		bool good = !len || (len >= 4 && len <= 16 && len % 2 == 0);

		bytes[2] = 2 + len;
		o = parse(bytes, len + 3, true);
		UNIT_EQ(good ? TL_OPT_FASTOPEN : 0, o.seen);
		if (good) {
			UNIT_EQ(3, o.fo_at);
			UNIT_EQ(len, o.fo_len);
		}
		UNIT_EQ(0, parse(bytes, len + 3, false).seen);
	}
}

/* Written as it is read, in whole words */
UNIT_TEST(fast_open_written)
{
	struct tl_fo_cookie c = { .len = TL_FO_NO_OPTION };
	u8 bytes[20];
	int i;

	UNIT_EQ(0, tl_opt_fastopen_len(NULL));
	UNIT_EQ(0, tl_opt_fastopen_len(&c));
	for (i = 0; i < 16; i++)
		c.val[i] = 0x80 + i;
	for (c.len = 0; c.len <= 16; c.len += c.len ? 2 : 4) {
		unsigned int len = tl_opt_fastopen_len(&c);
		struct tl_opts o;

		UNIT_TRUE(len % 4 == 0 && len >= 2U + c.len && len < 6U + c.len);
		memset(bytes, 0xaa, sizeof(bytes));
		tl_opt_fastopen_write(bytes, &c);
		o = parse(bytes, len, true);
		UNIT_EQ(TL_OPT_FASTOPEN, o.seen);
		UNIT_EQ(c.len, o.fo_len);
		UNIT_EQ(0, memcmp(bytes + o.fo_at, c.val, c.len));
	}
}

/* RFC9293 3.2, MUST-4: NOP takes one byte anywhere, behind EOL nothing counts */
UNIT_TEST(nop_and_eol)
{
	UNIT_EQ(0, PARSE(true, 0).seen);
	UNIT_EQ(0, PARSE(true, 1).seen);
	UNIT_EQ(0, PARSE(true, 1, 1, 1, 1).seen);
	UNIT_EQ(TL_OPT_SACK_PERM, PARSE(true, 1, 4, 2, 1).seen);
	UNIT_EQ(TL_OPT_SACK_PERM, PARSE(true, 4, 2, 0, 2, 4, 1, 1).seen);
	UNIT_EQ(0, PARSE(true, 0, 4, 2, 0).seen);
	UNIT_EQ(0, parse((const u8 *)"", 0, true).seen);
}

/* What Linux, Windows and the BSDs send in a SYN, order and padding of each. */
UNIT_TEST(real_syns)
{
	struct tl_opts o;

	o = PARSE(true, 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7);
	UNIT_EQ(ALL, o.seen);
	UNIT_EQ(1460, o.mss);
	UNIT_EQ(9, o.tsval);
	UNIT_EQ(7, o.wscale);
	o = PARSE(true, 2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2);
	UNIT_EQ(TL_OPT_MSS | TL_OPT_WSCALE | TL_OPT_SACK_PERM, o.seen);
	UNIT_EQ(8, o.wscale);
	o = PARSE(true, 2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2, 0,
		  0);
	UNIT_EQ(ALL, o.seen);
	UNIT_EQ(6, o.wscale);
}

/* RFC9293 MUST-6: "ignore without error any TCP Option it does not implement" */
UNIT_TEST(unknown_kinds)
{
	unsigned int kind, len;

	for (kind = 0; kind < 256; kind++) {
		if (kind <= 5 || kind == 8 || kind == 34)
			continue;
		for (len = 2; len <= 36; len++) {
			u8 bytes[40] = { kind, len };

			memset(bytes + 2, 0xff, len - 2);
			memcpy(bytes + len, (u8[]){ 2, 4, 2, 0x18 }, 4);
			UNIT_EQ(TL_OPT_MSS, parse(bytes, len + 4, true).seen);
			UNIT_EQ(536, parse(bytes, len + 4, true).mss);
		}
	}
}

/*
 * RFC9293 MUST-7: an illegal length (0, 1, beyond the header) ends the reading; what was there
 * counts.
 */
UNIT_TEST(bad_lengths)
{
	unsigned int kind, len;

	for (kind = 2; kind < 256; kind++)
		for (len = 0; len < 256; len++) {
			u8 bytes[8] = { 4, 2, kind, len, 4, 2, 1, 1 };

			if (len < 2 || len > 6)
				UNIT_EQ(TL_OPT_SACK_PERM, parse(bytes, 8, true).seen);
		}
}

/* A known kind with another length than its own says nothing; the next one is read. */
UNIT_TEST(wrong_lengths_of_known_kinds)
{
	static const u8 known[][2] = { { 2, 4 }, { 3, 3 }, { 4, 2 }, { 8, 10 } };
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		for (len = 2; len <= 16; len++) {
			u8 bytes[20] = { known[i][0], len };
			u8 seen;

			memcpy(bytes + len, known[i][0] == 2 ? (u8[]){ 3, 3, 1 } :
			       (u8[]){ 2, 4, 1, 1 }, known[i][0] == 2 ? 3 : 4);
			seen = parse(bytes, len + (known[i][0] == 2 ? 3 : 4), true).seen;
			if (len == known[i][1])
				continue;
			UNIT_EQ(known[i][0] == 2 ? TL_OPT_WSCALE : TL_OPT_MSS, seen);
		}
}

/* Cut off at every byte: no option that is not whole is taken, and no byte beyond is read. */
UNIT_TEST(truncated)
{
	static const u8 syn[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7,
	};
	unsigned int len;

	for (len = 0; len <= sizeof(syn); len++) {
		u8 want = (len >= 4 ? TL_OPT_MSS : 0) | (len >= 6 ? TL_OPT_SACK_PERM : 0) |
			  (len >= 16 ? TL_OPT_TIMESTAMP : 0) | (len >= 20 ? TL_OPT_WSCALE : 0);

		UNIT_EQ(want, parse(syn, len, true).seen);
	}
}

/*
 * What is written is read back, fits, fills whole words, and no byte more than announced: each has
 * its length, and there is no padding behind the last one (RFC9293 MUST-68, MUST-69).
 */
UNIT_TEST(round_trip)
{
	const struct tl_opts in = {
		.tsval = 0x80000001, .tsecr = 0xfffffffe, .mss = 65495, .wscale = 14,
	};
	unsigned int which;

	for (which = 0; which <= ALL; which++) {
		unsigned int len = tl_opts_len(which), i;
		u8 bytes[TL_MAX_OPTS + 8];
		struct tl_opts o;

		UNIT_EQ(0, len % 4);
		UNIT_TRUE(len <= TL_MAX_OPTS);
		memset(bytes, 0x5a, sizeof(bytes));
		tl_opts_write(bytes, which, &in);
		for (i = len; i < sizeof(bytes); i++)
			UNIT_EQ(0x5a, bytes[i]);
		o = parse(bytes, len, true);
		UNIT_EQ(which, o.seen);
		if (which & TL_OPT_MSS)
			UNIT_EQ(in.mss, o.mss);
		if (which & TL_OPT_WSCALE)
			UNIT_EQ(in.wscale, o.wscale);
		if (which & TL_OPT_TIMESTAMP) {
			UNIT_EQ(in.tsval, o.tsval);
			UNIT_EQ(in.tsecr, o.tsecr);
		}
		o = parse(bytes, len, false);
		UNIT_EQ(which & TL_OPT_TIMESTAMP, o.seen);
	}
}

/* RFC7323 appendix A: 12 bytes, NOP NOP first, so that the numbers are aligned */
UNIT_TEST(timestamps_alone)
{
	static const u8 want[12] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 };
	const struct tl_opts in = { .tsval = 1, .tsecr = 2 };
	u8 bytes[12];

	UNIT_EQ(12, tl_opts_len(TL_OPT_TIMESTAMP));
	tl_opts_write(bytes, TL_OPT_TIMESTAMP, &in);
	UNIT_EQ(0, memcmp(want, bytes, sizeof(want)));
}

static u32 state = 1;

static u32 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* A second parser, by the letter of RFC9293 3.2: an array of what starts where, then a look-up. */
static u8 seen_otherwise(const u8 *b, int len, bool syn)
{
	u8 seen = 0;
	int at, step;

	for (at = 0; at < len && b[at] != 0; at += step) {
		step = 1;
		if (b[at] == 1)
			continue;
		if (at + 1 == len || b[at + 1] < 2 || at + b[at + 1] > len)
			break;
		step = b[at + 1];
		if (b[at] == 8 && step == 10)
			seen |= TL_OPT_TIMESTAMP;
		else if (b[at] == 5 && step > 2 && !((step - 2) % 8))
			seen |= TL_OPT_SACK;
		else if (syn && b[at] == 2 && step == 4)
			seen |= TL_OPT_MSS;
		else if (syn && b[at] == 3 && step == 3)
			seen |= TL_OPT_WSCALE;
		else if (syn && b[at] == 4 && step == 2)
			seen |= TL_OPT_SACK_PERM;
		else if (syn && b[at] == 34 &&
			 (step == 2 || (step >= 6 && step <= 18 && !(step & 1))))
			seen |= TL_OPT_FASTOPEN;
	}
	return seen;
}

/* Noise, biased towards what looks like options; the sanitizers watch. */
UNIT_TEST(noise)
{
	static const u8 likely[] = { 0, 1, 2, 3, 4, 5, 8, 10, 18, 34, 40 };
	int round, len, i;

	for (round = 0; round < 200000; round++) {
		u8 bytes[TL_MAX_OPTS];
		struct tl_opts o;
		bool syn = rnd() & 1;

		len = rnd() % (TL_MAX_OPTS + 1);
		for (i = 0; i < len; i++)
			bytes[i] = rnd() & 3 ? likely[rnd() % ARRAY_SIZE(likely)] : rnd();
		o = parse(bytes, len, syn);
		UNIT_EQ(seen_otherwise(bytes, len, syn), o.seen);
		if (o.seen & TL_OPT_WSCALE)
			UNIT_TRUE(o.wscale <= 14);
	}
}

UNIT_MAIN
