/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands on the wire: sequence arithmetic and the options (RFC 9293 3.1, 3.4).
 */
#ifndef TCPLAB_WIRE_H
#define TCPLAB_WIRE_H

#include "pure.h"

/* Sequence numbers are compared modulo 2^32 (RFC9293 3.4). */
static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_leq(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static inline bool seq_gt(u32 a, u32 b)
{
	return seq_lt(b, a);
}

static inline bool seq_geq(u32 a, u32 b)
{
	return seq_leq(b, a);
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_lt(a, b) ? b : a;
}

static inline u32 seq_min(u32 a, u32 b)
{
	return seq_lt(a, b) ? a : b;
}

/**
 * seq_acceptable() - the four cases of RFC9293 3.4 for an incoming segment
 * @seq: SEG.SEQ
 * @end: SEG.SEQ + SEG.LEN
 * @nxt: RCV.NXT
 * @wnd: RCV.WND, bytes
 *
 * Return: true if some part of the segment lies in the window.
 */
static inline bool seq_acceptable(u32 seq, u32 end, u32 nxt, u32 wnd)
{
	if (seq == end)
		return wnd ? seq_geq(seq, nxt) && seq_lt(seq, nxt + wnd) : seq == nxt;
	return wnd && seq_lt(seq, nxt + wnd) && seq_gt(end, nxt);
}

/**
 * seg_acceptable() - the first step of RFC9293 3.10.7.4
 * @seq: SEG.SEQ
 * @end: SEG.SEQ + SEG.LEN
 * @wup: RCV.NXT when the window was last announced
 * @nxt: RCV.NXT
 * @wnd: RCV.WND, bytes
 *
 * RFC9293 3.4, with two allowances that Linux makes: an empty segment that was overtaken by data is
 * good for its ACK; and with a closed window a segment at RCV.NXT is looked at but for its text,
 * which the seventh step refuses (RFC9293 MUST-66).
 *
 * Return: true if the segment is to be looked at further.
 */
static inline bool seg_acceptable(u32 seq, u32 end, u32 wup, u32 nxt, u32 wnd)
{
	/* Not by seq_geq() and seq_leq(): 2^31 away, where there is no order, both are true. */
	if (seq == end)
		return !seq_lt(seq, wup) && !seq_gt(seq, nxt + wnd);
	return seq_acceptable(seq, end, nxt, wnd) || (!wnd && seq == nxt);
}

enum {
	TL_KIND_EOL		= 0,	/* RFC9293 3.2 */
	TL_KIND_NOP		= 1,
	TL_KIND_MSS		= 2,
	TL_KIND_WSCALE		= 3,	/* RFC7323 2 */
	TL_KIND_SACK_PERM	= 4,	/* RFC2018 2 */
	TL_KIND_SACK		= 5,	/* RFC2018 3 */
	TL_KIND_TIMESTAMP	= 8,	/* RFC7323 3 */
	TL_KIND_FASTOPEN	= 34,	/* RFC7413 4.1.1 */
};

#define TL_LEN_MSS		4
#define TL_LEN_WSCALE		3
#define TL_LEN_SACK_PERM	2
#define TL_LEN_SACK_BLOCK	8	/* RFC2018 3 */
#define TL_LEN_TIMESTAMP	10
#define TL_LEN_TIMESTAMP_PAD	12	/* with two NOPs before it (RFC7323 appendix A) */
#define TL_TIMESTAMP_PADDED	(TL_KIND_NOP << 24 | TL_KIND_NOP << 16 | \
				 TL_KIND_TIMESTAMP << 8 | TL_LEN_TIMESTAMP)
#define TL_MAX_OPTS		40
#define TL_MAX_WSCALE		14	/* RFC7323 2.3 */

/* Bits of tl_opts.seen and of the "which options to send" masks. */
#define TL_OPT_MSS		0x01
#define TL_OPT_WSCALE		0x02
#define TL_OPT_SACK_PERM	0x04
#define TL_OPT_TIMESTAMP	0x08
#define TL_OPT_SACK		0x10
#define TL_OPT_FASTOPEN		0x20

/**
 * struct tl_opts - the options of one segment, in host byte order
 * @tsval: TSval
 * @tsecr: TSecr
 * @mss: maximum segment size that the sender of the segment accepts, bytes
 * @wscale: shift count, already bounded by TL_MAX_WSCALE
 * @seen: which of the fields mean something (TL_OPT_*)
 * @fo_at: received: where the Fast Open cookie begins, from the first option on
 * @fo_len: received: its length; 0 asks for one
 * @sack_at: received: where the SACK blocks begin, from the first option on
 * @sacks: received: how many there are
 */
struct tl_opts {
	u32	tsval;
	u32	tsecr;
	u16	mss;
	u8	wscale;
	u8	seen;
	u8	fo_at;
	u8	fo_len;
	u8	sack_at;
	u8	sacks;
};

#define TL_SACK_BLOCKS		4	/* as many as a header has room for */

/**
 * struct tl_sack_block - a run of octets (RFC2018 3)
 * @left: the first
 * @right: behind the last
 */
struct tl_sack_block {
	u32	left;
	u32	right;
};

#define TL_FO_COOKIE_MIN	4
#define TL_FO_COOKIE_MAX	16
#define TL_FO_NO_OPTION		(-1)

/**
 * struct tl_fo_cookie - option 34, to be sent or kept (RFC7413 4.1.1)
 * @len: of the cookie; 0 asks for one; TL_FO_NO_OPTION: the option is absent
 * @val: the cookie
 */
struct tl_fo_cookie {
	s8	len;
	u8	val[TL_FO_COOKIE_MAX];
};

void tl_opts_parse(const u8 *opt, unsigned int len, bool syn, struct tl_opts *o);
unsigned int tl_opts_len(u8 which);
void tl_opts_write(u8 *p, u8 which, const struct tl_opts *o);
unsigned int tl_opt_sack_len(unsigned int n);
void tl_opt_sack_write(u8 *p, const struct tl_sack_block *blocks, unsigned int n);
unsigned int tl_opt_fastopen_len(const struct tl_fo_cookie *cookie);
void tl_opt_fastopen_write(u8 *p, const struct tl_fo_cookie *cookie);

#endif
