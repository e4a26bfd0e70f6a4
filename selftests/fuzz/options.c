// SPDX-License-Identifier: GPL-2.0
/*
 * The option parser: any octets at all, against a second parser that first lists what starts where
 * and then looks the last whole one of each kind up; and what is written is read back.
 */
#include "fuzz.h"
#include "../../module/rx/options.c"

/* RFC7413 4.1.1 */
static bool cookie_length(int len)
{
	return len == 2 || (len >= 6 && len <= 18 && len % 2 == 0);
}

/* Where the last option of @kind and @want octets is (0: a Fast Open cookie's); -1: nowhere. */
static int last_of(const u8 *b, int len, u8 kind, int want)
{
	int at, step, found = -1;

	for (at = 0; at < len && b[at] != TL_KIND_EOL; at += step) {
		step = 1;
		if (b[at] == TL_KIND_NOP)
			continue;
		if (at + 1 == len || b[at + 1] < 2 || at + b[at + 1] > len)
			break;
		step = b[at + 1];
		if (b[at] == kind && (want ? step == want : cookie_length(step)))
			found = at;
	}
	return found;
}

static void compare(const u8 *b, int len, bool syn, const struct tl_opts *o)
{
	int mss = syn ? last_of(b, len, 2, 4) : -1, ws = syn ? last_of(b, len, 3, 3) : -1;
	int ok = syn ? last_of(b, len, 4, 2) : -1, ts = last_of(b, len, 8, 10);
	int fo = syn ? last_of(b, len, 34, 0) : -1;

	FUZZ_EQ((mss >= 0 ? TL_OPT_MSS : 0) | (ws >= 0 ? TL_OPT_WSCALE : 0) |
		(ok >= 0 ? TL_OPT_SACK_PERM : 0) | (ts >= 0 ? TL_OPT_TIMESTAMP : 0) |
		(fo >= 0 ? TL_OPT_FASTOPEN : 0),
		o->seen & ~TL_OPT_SACK);
	if (mss >= 0)
		FUZZ_EQ(b[mss + 2] * 256 + b[mss + 3], o->mss);
	/* RFC7323 2.3 */
	if (ws >= 0)
		FUZZ_EQ(b[ws + 2] > 14 ? 14 : b[ws + 2], o->wscale);
	if (fo >= 0) {
		FUZZ_EQ(b[fo + 1] - 2, o->fo_len);
		FUZZ_EQ((u8)(fo + 2), o->fo_at);	/* a header has 40 octets of them */
	}
	if (ts >= 0) {
		FUZZ_EQ(get_unaligned_be32(b + ts + 2), o->tsval);
		FUZZ_EQ(get_unaligned_be32(b + ts + 6), o->tsecr);
	}
}

/* In a block of just that size, so that the sanitizer sees each octet read too far. */
static void any_octets(const u8 *data, size_t len, bool syn)
{
	u8 *exact = malloc(len ? len : 1);
	struct tl_opts o;

	memset(&o, 0xaa, sizeof(o));
	memcpy(exact, data, len);
	tl_opts_parse(exact, len, syn, &o);
	compare(exact, len, syn, &o);
	free(exact);
}

static void same(const struct tl_opts *a, const struct tl_opts *b)
{
	FUZZ_EQ(a->seen, b->seen);
	if (a->seen & TL_OPT_MSS)
		FUZZ_EQ(a->mss, b->mss);
	if (a->seen & TL_OPT_WSCALE)
		FUZZ_EQ(a->wscale, b->wscale);
	if (a->seen & TL_OPT_TIMESTAMP) {
		FUZZ_EQ(a->tsval, b->tsval);
		FUZZ_EQ(a->tsecr, b->tsecr);
	}
}

/* Writing takes as many octets as announced, whole words, and reading gives the same again. */
static void round_trip(struct fuzz *f)
{
	struct tl_opts in = { .seen = fuzz_u8(f) & 0x0f }, out;
	unsigned int len = tl_opts_len(in.seen);
	u8 *exact = malloc(len ? len : 1);

	in.mss = fuzz_u16(f);
	in.wscale = fuzz_u8(f) % (TL_MAX_WSCALE + 1);
	in.tsval = fuzz_u32(f);
	in.tsecr = fuzz_u32(f);
	FUZZ_TRUE(len % 4 == 0 && len <= TL_MAX_OPTS);
	tl_opts_write(exact, in.seen, &in);
	tl_opts_parse(exact, len, true, &out);
	same(&in, &out);
	tl_opts_parse(exact, len, false, &out);
	in.seen &= TL_OPT_TIMESTAMP;
	same(&in, &out);
	free(exact);
}

/* The same of SACK blocks: beside what a segment with timestamps has. */
static void sack_blocks(struct fuzz *f)
{
	unsigned int n = 1 + fuzz_u8(f) % TL_SACK_BLOCKS, len = tl_opt_sack_len(n), i;
	struct tl_sack_block blocks[TL_SACK_BLOCKS];
	u8 *exact = malloc(len);
	struct tl_opts out;

	for (i = 0; i < n; i++)
		blocks[i] = (struct tl_sack_block) { fuzz_u32(f), fuzz_u32(f) };
	tl_opt_sack_write(exact, blocks, n);
	FUZZ_EQ(0, last_of(exact, len, TL_KIND_SACK, 2 + 8 * n) - 2);
	for (i = 0; i < n; i++) {
		FUZZ_EQ(blocks[i].left, get_unaligned_be32(exact + 4 + 8 * i));
		FUZZ_EQ(blocks[i].right, get_unaligned_be32(exact + 8 + 8 * i));
	}
	tl_opts_parse(exact, len, false, &out);
	FUZZ_EQ(0, out.seen & ~TL_OPT_SACK);
	free(exact);
}

FUZZ_TARGET
{
	bool syn = fuzz_u8(f) & 1;

	/* a header has 40 at most; the parser must not rely on it */
	any_octets(f->p, f->left, syn);
	round_trip(f);
	sack_blocks(f);
}
