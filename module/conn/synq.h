/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SYN queue: connections of which only the SYN came.
 */
#ifndef TCPLAB_SYNQ_H
#define TCPLAB_SYNQ_H

#include "conn/conn.h"
#include "wire.h"

/* TCP_SAVE_SYN: what of a SYN the program wants to see. */
enum tl_save_syn {
	TL_SAVE_SYN_NOT,
	TL_SAVE_SYN_IP,		/* from IP's header on, to the end of TCP's */
	TL_SAVE_SYN_LINK,	/* from the link layer's */
};

/**
 * struct tl_saved_syn - the headers of a SYN
 * @len: bytes
 * @data: headers
 */
struct tl_saved_syn {
	u32	len;
	u8	data[];
};

/**
 * struct tl_req - a connection in SYN-RECEIVED that a listener will own
 * @node: entry in the table of connections: that is where the SYN queue lives
 * @listener: who will own it; a reference is held
 * @timer: until the SYN-ACK goes again
 * @born_us: when the SYN came
 * @sent_us: when the SYN-ACK went last
 * @irs: IRS
 * @iss: ISS
 * @rcv_wnd: window announced in the SYN-ACK, bytes
 * @ts_recent: TSval of the SYN
 * @ts_off: our timestamps' offset
 * @mark: fwmark of our segments
 * @mss: the peer's MSS option, or the default
 * @snd_wscale: the peer's shift
 * @rcv_wscale: ours
 * @which: options agreed on, TL_OPT_*
 * @retries: SYN-ACKs sent again by the timer
 * @tos: traffic class of our segments
 * @resent: SYN-ACKs sent again at all: then its round trip is not measured (Karn)
 * @acked: the peer acknowledged our SYN, but TCP_DEFER_ACCEPT waits for its data
 * @ecn_ok: ECN was agreed on
 * @saved_syn: its SYN, for TCP_SAVED_SYN
 * @oow_last: when a segment that made no sense was answered last: see tl_oow_limited()
 */
struct tl_req {
	struct tl_node		node;
	struct sock		*listener;
	struct tl_mini_timer	timer;
	u64			born_us;
	u64			sent_us;
	u32			irs;
	u32			iss;
	u32			rcv_wnd;
	u32			ts_recent;
	u32			ts_off;
	u32			mark;
	u16			mss;
	u8			snd_wscale;
	u8			rcv_wscale;
	u8			which;
	u8			retries;
	u8			tos;
	bool			resent;
	bool			acked;
	bool			ecn_ok;
	struct tl_saved_syn	*saved_syn;
	u32			oow_last;
	struct rcu_head		rcu;
};

struct sock *tl_child_create(struct tl_req *req, struct sk_buff *skb, const struct tl_af_ops *af);
void tl_child_early(struct sock *child, struct sock *lsk, const struct sk_buff *skb);
void tl_child_discard(struct sock *child);

#endif
