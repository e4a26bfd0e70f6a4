/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is written in the margin of each buffer.
 */
#ifndef TCPLAB_SKB_H
#define TCPLAB_SKB_H

#include <linux/skbuff.h>
#include <linux/tcp.h>
#include "wire.h"

/**
 * struct tl_mark - of a chunk of the stream that is to be sent: what a program wants to know of it
 * @key: the octet that is asked about
 * @tx_flags: SKBTX_*: what is to be reported of each segment that carries it
 * @there: @key means something
 * @ack: it is to be reported when the octet is acknowledged
 * @eor: MSG_EOR: a segment ends where the chunk ends, and nothing is appended to it
 */
struct tl_mark {
	u32		key;
	u8		tx_flags;
	u8		there:1,
			ack:1,
			eor:1;
};

/**
 * struct tl_cb - a received segment, read once, in host byte order (RFC9293 3.3.1's SEG.*)
 * @seq: SEG.SEQ; in the receive queues: of the first octet kept
 * @end: SEG.SEQ + SEG.LEN, SYN and FIN counted; in the receive queues: behind the last octet
 * @ack: SEG.ACK
 * @wnd: SEG.WND as it stands in the header, not scaled
 * @header: bytes of TCP header
 * @flags: byte 13 of the header
 * @tos: traffic class of the packet
 * @anew: a SYN that has ended a TIME-WAIT, whose SND.NXT is in @was_nxt
 * @stamped: in the receive queues: it has time stamps, of the last segment that became part of it
 * @was_nxt: see there
 * @opts: the options, parsed
 * @mark: of a chunk of the stream on the send side, which uses @seq, @end and this only
 */
struct tl_cb {
	u32		seq;
	u32		end;
	u32		ack;
	u16		wnd;
	u8		header;
	u8		flags;
	u8		tos;
	bool		anew;
	bool		stamped;
	u32		was_nxt;
	union {
		struct tl_opts	opts;
		struct tl_mark	mark;
	};
};

#define TL_CB(skb) ((struct tl_cb *)(skb)->cb)

/* Byte 13 of the header (RFC9293 3.1). */
#define TL_FIN	0x01
#define TL_SYN	0x02
#define TL_RST	0x04
#define TL_PSH	0x08
#define TL_ACK	0x10
#define TL_URG	0x20
#define TL_ECE	0x40
#define TL_CWR	0x80

/* Octets of data in a received segment, without SYN and FIN. */
static inline u32 tl_cb_datalen(const struct tl_cb *cb)
{
	return cb->end - cb->seq - !!(cb->flags & TL_SYN) - !!(cb->flags & TL_FIN);
}

/* A buffer has become part of another: @from is the newer one. */
static inline void tl_stamp_note(struct sk_buff *to, struct sk_buff *from)
{
	if (likely(!TL_CB(from)->stamped))
		return;
	TL_CB(to)->stamped = true;
	to->tstamp = from->tstamp;
	skb_hwtstamps(to)->hwtstamp = skb_hwtstamps(from)->hwtstamp;
}

/* What a super-segment is to the kernel, with a header of 12 octets: ip/offload.c says why. */
#define TL_GSO_TYPE	SKB_GSO_SCTP
#define TL_GSO_HEADER	12

/* gso_size of a super-segment with @text octets in each segment, @header octets of TCP header */
static inline u16 tl_gso_size(u32 text, u32 header)
{
	return text + header - TL_GSO_HEADER;
}

/* Octets of text in each of its segments but the last; less than 1: not one of ours */
static inline int tl_gso_text(const struct sk_buff *skb, u32 header)
{
	return skb_shinfo(skb)->gso_size - (int)(header - TL_GSO_HEADER);
}

/* Octets of text in a full one of the segments that came in one buffer */
static inline u32 tl_segment_text(const struct sk_buff *skb, u32 header)
{
	int text = tl_gso_text(skb, header);

	return (skb_shinfo(skb)->gso_type & TL_GSO_TYPE) && text > 0 ? text : skb->len;
}

/* How many segments came, or go, in one buffer? */
static inline u32 tl_gso_segs(const struct sk_buff *skb)
{
	return max_t(u32, skb_shinfo(skb)->gso_segs, 1);
}

/* What a header before the payload needs at most, link layer included. */
#define TL_MAX_HEADER	L1_CACHE_ALIGN(128 + MAX_HEADER)

#endif
