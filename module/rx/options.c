// SPDX-License-Identifier: GPL-2.0
/*
 * TCP options: a table of kinds, one small reader each.
 *
 * Bad options never hurt: an option with an impossible length ends the parsing, an
 * unknown one is skipped by its length (RFC9293 MUST-6), and what was read before stays.
 */
#include "wire.h"

/* An option's value */
struct tl_opt_val {
	const u8	*val;
	u8		len;
	u8		at;	/* from the first option on */
};

struct tl_opt_kind {
	u8	len;		/* the whole option, kind and length bytes included; 0: it varies */
	bool	syn_only;	/* means something in a SYN alone */
	u8	seen;
	bool	(*read)(const struct tl_opt_val *v, struct tl_opts *o);
};

static bool read_mss(const struct tl_opt_val *v, struct tl_opts *o)
{
	o->mss = get_unaligned_be16(v->val);
	return true;
}

static bool read_wscale(const struct tl_opt_val *v, struct tl_opts *o)
{
	o->wscale = min_t(u8, *v->val, TL_MAX_WSCALE);	/* RFC7323 2.3: treat larger as 14 */
	return true;
}

static bool read_timestamp(const struct tl_opt_val *v, struct tl_opts *o)
{
	o->tsval = get_unaligned_be32(v->val);
	o->tsecr = get_unaligned_be32(v->val + 4);
	return true;
}

/* RFC7413 4.1.1: 4 to 16 octets, an even number; or none, which asks for a cookie */
static bool read_fastopen(const struct tl_opt_val *v, struct tl_opts *o)
{
	if (v->len && (v->len < TL_FO_COOKIE_MIN || v->len > TL_FO_COOKIE_MAX || v->len % 2))
		return false;
	o->fo_at = v->at;
	o->fo_len = v->len;
	return true;
}

/* RFC2018 3: whole blocks, at least one */
static bool read_sack(const struct tl_opt_val *v, struct tl_opts *o)
{
	if (!v->len || v->len % TL_LEN_SACK_BLOCK)
		return false;
	o->sack_at = v->at;
	o->sacks = v->len / TL_LEN_SACK_BLOCK;
	return true;
}

static const struct tl_opt_kind kinds[] = {
	[TL_KIND_MSS]		= { TL_LEN_MSS, true, TL_OPT_MSS, read_mss },
	[TL_KIND_WSCALE]	= { TL_LEN_WSCALE, true, TL_OPT_WSCALE, read_wscale },
	[TL_KIND_SACK_PERM]	= { TL_LEN_SACK_PERM, true, TL_OPT_SACK_PERM, NULL },
	[TL_KIND_SACK]		= { 0, false, TL_OPT_SACK, read_sack },
	[TL_KIND_TIMESTAMP]	= { TL_LEN_TIMESTAMP, false, TL_OPT_TIMESTAMP, read_timestamp },
	[TL_KIND_FASTOPEN]	= { 0, true, TL_OPT_FASTOPEN, read_fastopen },
};

static void read_option(u8 kind, const struct tl_opt_val *v, bool syn, struct tl_opts *o)
{
	const struct tl_opt_kind *k = kind < ARRAY_SIZE(kinds) ? &kinds[kind] : NULL;

	if (!k || (k->len && k->len != v->len + 2) || (k->syn_only && !syn))
		return;
	if (!k->read || k->read(v, o))
		o->seen |= k->seen;
}

/**
 * tl_opts_parse() - read the options of a segment (RFC9293 3.2, MUST-4, MUST-5)
 * @opt: first byte after the fixed header
 * @len: bytes of options, from the data offset
 * @syn: the segment carries SYN
 * @o: filled in; @o->seen says what was there
 *
 * They may begin at any octet (RFC9293 MUST-64).
 */
void tl_opts_parse(const u8 *opt, unsigned int len, bool syn, struct tl_opts *o)
{
	const u8 *first = opt;

	o->seen = 0;
	/* what nearly every segment has (RFC7323 appendix A) */
	if (len == TL_LEN_TIMESTAMP_PAD && get_unaligned_be32(opt) == TL_TIMESTAMP_PADDED) {
		const struct tl_opt_val v = { .val = opt + 4 };

		read_timestamp(&v, o);
		o->seen = TL_OPT_TIMESTAMP;
		return;
	}
	while (len) {
		struct tl_opt_val v;
		unsigned int olen;

		if (*opt == TL_KIND_EOL)
			return;
		if (*opt == TL_KIND_NOP) {
			opt++;
			len--;
			continue;
		}
		/* RFC9293 MUST-7: a length that cannot be must not crash anybody */
		if (len < 2)
			return;
		olen = opt[1];
		if (olen < 2 || olen > len)
			return;
		v = (struct tl_opt_val) { opt + 2, olen - 2, opt + 2 - first };
		read_option(opt[0], &v, syn, o);
		opt += olen;
		len -= olen;
	}
}

/**
 * tl_opts_len() - bytes that a set of options takes in a header
 * @which: TL_OPT_* bits
 *
 * Return: a multiple of four.
 */
unsigned int tl_opts_len(u8 which)
{
	unsigned int len = 0;

	if (which & TL_OPT_MSS)
		len += TL_LEN_MSS;
	if (which & TL_OPT_TIMESTAMP)
		len += TL_LEN_TIMESTAMP_PAD;
	else if (which & TL_OPT_SACK_PERM)
		len += 4;
	if (which & TL_OPT_WSCALE)
		len += 4;
	return len;
}

/**
 * tl_opts_write() - write options, padded by NOPs to whole words
 * @p: room for tl_opts_len(@which) bytes
 * @which: TL_OPT_* bits
 * @o: their values
 *
 * SACK-permitted takes the place of the two NOPs before a timestamp, as most stacks do. Each option
 * has its length (RFC9293 MUST-68); with NOPs before it nothing is left to be padded (RFC9293
 * MUST-69).
 */
void tl_opts_write(u8 *p, u8 which, const struct tl_opts *o)
{
	if (which == TL_OPT_TIMESTAMP) {	/* as nearly every segment has it */
		put_unaligned_be32(TL_TIMESTAMP_PADDED, p);
		put_unaligned_be32(o->tsval, p + 4);
		put_unaligned_be32(o->tsecr, p + 8);
		return;
	}
	if (which & TL_OPT_MSS) {
		*p++ = TL_KIND_MSS;
		*p++ = TL_LEN_MSS;
		put_unaligned_be16(o->mss, p);
		p += 2;
	}
	if (which & (TL_OPT_TIMESTAMP | TL_OPT_SACK_PERM)) {
		bool sack = which & TL_OPT_SACK_PERM;

		if (!(which & TL_OPT_TIMESTAMP)) {
			*p++ = TL_KIND_NOP;
			*p++ = TL_KIND_NOP;
		}
		*p++ = sack ? TL_KIND_SACK_PERM : TL_KIND_NOP;
		*p++ = sack ? TL_LEN_SACK_PERM : TL_KIND_NOP;
	}
	if (which & TL_OPT_TIMESTAMP) {
		*p++ = TL_KIND_TIMESTAMP;
		*p++ = TL_LEN_TIMESTAMP;
		put_unaligned_be32(o->tsval, p);
		put_unaligned_be32(o->tsecr, p + 4);
		p += 8;
	}
	if (which & TL_OPT_WSCALE) {
		*p++ = TL_KIND_NOP;
		*p++ = TL_KIND_WSCALE;
		*p++ = TL_LEN_WSCALE;
		*p++ = o->wscale;
	}
}

/**
 * tl_opt_sack_len() - bytes that a SACK option takes in a header (RFC2018 3)
 * @n: blocks; 0 gives what every one needs besides its blocks
 *
 * Return: a multiple of four.
 */
unsigned int tl_opt_sack_len(unsigned int n)
{
	return 4 + n * TL_LEN_SACK_BLOCK;
}

/**
 * tl_opt_sack_write() - write a SACK option after two NOPs
 * @p: room for tl_opt_sack_len(@n) bytes
 * @blocks: what it says
 * @n: how many blocks; with none nothing is written
 */
void tl_opt_sack_write(u8 *p, const struct tl_sack_block *blocks, unsigned int n)
{
	unsigned int i;

	if (!n)
		return;
	*p++ = TL_KIND_NOP;
	*p++ = TL_KIND_NOP;
	*p++ = TL_KIND_SACK;
	*p++ = 2 + n * TL_LEN_SACK_BLOCK;
	for (i = 0; i < n; i++, p += TL_LEN_SACK_BLOCK) {
		put_unaligned_be32(blocks[i].left, p);
		put_unaligned_be32(blocks[i].right, p + 4);
	}
}

/**
 * tl_opt_fastopen_len() - bytes that the Fast Open option takes in a header
 * @cookie: the option, or NULL for none
 *
 * Return: a multiple of four.
 */
unsigned int tl_opt_fastopen_len(const struct tl_fo_cookie *cookie)
{
	return cookie && cookie->len >= 0 ? (2 + cookie->len + 3) & ~3 : 0;
}

/**
 * tl_opt_fastopen_write() - write the Fast Open option, padded by NOPs to whole words
 * @p: room for tl_opt_fastopen_len(@cookie) bytes
 * @cookie: the option, or NULL for none
 */
void tl_opt_fastopen_write(u8 *p, const struct tl_fo_cookie *cookie)
{
	const u8 *end = p + tl_opt_fastopen_len(cookie);

	if (p == end)
		return;
	*p++ = TL_KIND_FASTOPEN;
	*p++ = 2 + cookie->len;
	memcpy(p, cookie->val, cookie->len);
	for (p += cookie->len; p < end; p++)
		*p = TL_KIND_NOP;
}
