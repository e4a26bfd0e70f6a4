/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receiving side: the rooms in the order in which a segment meets them.
 */
#ifndef TCPLAB_RX_H
#define TCPLAB_RX_H

#include <linux/rbtree.h>
#include "skb.h"
#include "obs/drop.h"
#include "rx/sackout.h"

struct net;
struct sock;
struct tl_ack_news;
struct tl_af_ops;
struct tl_icmp;
struct tl_sock;
struct tl_where;

/**
 * struct tl_got - what was received, for people to look at (RFC4898)
 * @bytes: octets of text in order
 * @segs: segments
 * @data_segs: segments with text
 * @ooo: segments out of order
 */
struct tl_got {
	u64	bytes;
	u32	segs;
	u32	data_segs;
	u32	ooo;
};

/**
 * enum tl_urgent_state - what is known of urgent data
 * @TL_URGENT_NONE: there is none before us
 * @TL_URGENT_AWAITED: the pointer has come, the octet has not
 * @TL_URGENT_HERE: the octet has come, too
 * @TL_URGENT_READ: and was read by MSG_OOB; the mark still is before us
 */
enum tl_urgent_state {
	TL_URGENT_NONE,
	TL_URGENT_AWAITED,
	TL_URGENT_HERE,
	TL_URGENT_READ,
};

/**
 * struct tl_urgent - the mark in the stream
 * @seq: the urgent octet's place
 * @state: enum tl_urgent_state
 * @octet: the octet, where it is HERE
 */
struct tl_urgent {
	u32	seq;
	u8	state;
	u8	octet;
};

/**
 * struct tl_rcv - receive sequence variables (RFC9293 3.3.1) and what belongs to them
 * @nxt: RCV.NXT
 * @wup: RCV.NXT when the window was announced last
 * @wnd: the window announced then, bytes: the right edge is @wup + @wnd, and never moves left
 * @copied: next octet that the program will read
 * @irs: IRS
 * @mss: size of the peer's full segments, as far as we can tell
 * @odd_mss: a smaller segment that may have been full, or 0: two alike are believed
 * @wscale: shift that the peer applies to what we announce
 * @adv_mss: the MSS that we announced
 * @ts_ok: timestamps were agreed on
 * @sack_ok: SACK was agreed on
 * @wscale_ok: window scaling was agreed on
 * @fin_seen: the peer's FIN is known, though data before it may be missing
 * @clamp_set: TCP_WINDOW_CLAMP was said since the connection is there
 * @fin_seq: its sequence number
 * @ts_recent: TS.Recent (RFC7323 4.3)
 * @ts_recent_age: when it was noted, seconds
 * @ts_off: added to our clock, so that it tells nothing about other connections
 * @last_ack: Last.ACK.sent
 * @ooo: segments beyond RCV.NXT, by sequence number
 * @ooo_last: the highest of them
 * @sackout: SACK blocks that our segments carry
 * @clamp: the window never grows beyond
 * @ssthresh: nor, for the time being, beyond this: it grows with data that buffers hold well
 * @ratio: how much of a buffer's memory is data, in 256ths
 * @urgent: the mark in the stream
 * @rtt: round trips as the receiver sees them
 * @space: state of the buffer's right-sizing
 */
struct tl_rcv {
	u32			nxt;
	u32			wup;
	u32			wnd;
	u32			copied;
	u32			irs;
	u32			last_ack;
	u32			ts_recent;
	u32			ts_recent_age;
	u32			ts_off;
	u16			mss;
	u16			adv_mss;
	u8			wscale;
	u8			ts_ok:1,
				sack_ok:1,
				wscale_ok:1,
				fin_seen:1,
				clamp_set:1;
	u32			fin_seq;
	struct rb_root		ooo;
	struct sk_buff		*ooo_last;
	struct tl_sackout	sackout;
	u32			clamp;
	u32			ssthresh;
	u16			odd_mss;
	u8			ratio;
	struct tl_urgent	urgent;
	struct {
		u32		us8;		/* estimate, 8ths of a µs; 0: none */
		u32		tsecr;		/* the echo that was measured last */
		u32		seq;		/* without timestamps: when this has come, ... */
		u64		since_us;	/* ... a round trip has passed since then */
	}			rtt;
	struct {
		u32		seq;		/* copied, when the measurement began */
		u32		bytes;		/* read in the last round trip */
		u64		since_us;
	}			space;
};

/**
 * struct tl_arrival - a segment with data, as what decides on ACKs and windows sees it
 * @len: octets
 * @segment: octets of each segment that it was made of
 * @header: octets of its header
 * @truesize: what its buffer costs
 * @joined: and what it costs at least, if its data can join another buffer
 * @flags: TL_*
 */
struct tl_arrival {
	u32	len;
	u32	segment;
	u32	truesize;
	u32	joined;
	u8	header;
	u8	flags;
};

/**
 * struct tl_ackpolicy - when to acknowledge (RFC9293 3.8.6.3)
 * @quick: ACKs still to be sent at once, since the peer needs them soon
 * @interactive: how often an answer of the program's came soon enough for the ACK to ride on it;
 *	from pingpong_thresh on it is expected to
 * @pending: something is to be acknowledged
 * @now: and at once
 * @pushed: a segment came that was not full, or the last of a write: the peer may wait for its ACK
 * @pushed_again: and another one
 * @held: the SYN-ACK's ACK waits for data that is about to be written
 * @hurried: the peer has sent in vain, so it may miss ACKs, or the program asked for quick ones
 * @deferred: the ACK goes when the program lets the socket go
 * @ato: delay, jiffies
 * @dupacks: ACKs sent at once with RCV.NXT at @dup_nxt
 * @compressed: ACKs not sent since, for the sake of one that will tell all
 * @turn: the ACK waits for what the program does next; read without the lock, too
 * @dup_nxt: see there
 * @last_rcv: when data came last, jiffies modulo 2^32
 * @last_seg: when an acceptable ACK came last, likewise: a sign of life
 */
struct tl_ackpolicy {
	u8			quick;
	u8			interactive;
	u8			pending:1,
				now:1,
				pushed:1,
				pushed_again:1,
				held:1,
				hurried:1,
				deferred:1;
	u8			dupacks;
	u8			compressed;
	bool			turn;
	u16			ato;
	u32			dup_nxt;
	u32			last_rcv;
	u32			last_seg;
};

/* rcv.c */
int tl_rcv_skb(struct sk_buff *skb, const struct tl_af_ops *af);
int tl_rcv_backlog(struct sock *sk, struct sk_buff *skb);

/* icmp.c */
void tl_icmp_release(struct sock *sk);
int tl_rcv_icmp(struct net *net, const struct tl_where *w, const struct tl_icmp *icmp);

/* segment.c */
void tl_rcv_segment(struct sock *sk, struct sk_buff *skb);

/* ack.c */
enum tl_drop tl_rcv_ack(struct sock *sk, const struct sk_buff *skb);

/* sack.c */
void tl_sack_take(struct sock *sk, const struct sk_buff *skb, struct tl_ack_news *n);

/* urgent.c */
void tl_rcv_urgent(struct sock *sk, const struct sk_buff *skb);
void tl_urgent_passed(struct sock *sk);
u32 tl_urgent_limit(const struct sock *sk, u32 seq, u32 len);

/* data.c */
void tl_rcv_data(struct sock *sk, struct sk_buff *skb);
void tl_rcv_append(struct sock *sk, struct sk_buff *skb);
void tl_rcv_duplicate(struct sock *sk, u32 left, u32 right);
void tl_rcv_fin(struct sock *sk);

/* ooo.c */
enum tl_drop tl_ooo_insert(struct sock *sk, struct sk_buff *skb, bool *joined);
void tl_ooo_deliver(struct sock *sk);
struct sk_buff *tl_ooo_first(const struct sock *sk);
struct sk_buff *tl_ooo_next(const struct sk_buff *skb);
void tl_ooo_insert_before(struct sock *sk, struct sk_buff *at, struct sk_buff *skb);
void tl_ooo_remove(struct sock *sk, struct sk_buff *skb);
bool tl_ooo_drop_last(struct sock *sk, u32 seq);
void tl_ooo_purge(struct sock *sk);
bool tl_rcv_try_coalesce(struct sock *sk, struct sk_buff *to, struct sk_buff *from);

/* prune.c */
bool tl_rcv_make_room(struct sock *sk, u32 seq);

/* window.c */
u32 tl_rcv_window_initial(const struct sock *sk);
u8 tl_rcv_wscale(const struct sock *sk);
void tl_rcv_window_init(struct sock *sk);
int tl_rcv_lowat(struct sock *sk, int val);
bool tl_rcv_ready(const struct sock *sk, int hidden);
u32 tl_rcv_window_left(const struct tl_sock *tl);
u32 tl_rcv_window_choose(struct sock *sk);
u16 tl_rcv_window_announce(struct sock *sk, bool syn);
void tl_rcv_window_learn(struct sock *sk, const struct tl_arrival *a);
void tl_rcv_window_grow(struct sock *sk, const struct tl_arrival *a, bool joined);
void tl_rcv_window_full(struct sock *sk);
void tl_rcv_window_read(struct sock *sk);
void tl_rcv_window_rtt(struct sock *sk);
void tl_rcv_window_echo(struct sock *sk, const struct sk_buff *skb);
int tl_rcv_window_clamp(struct sock *sk, int val);

/* ackpolicy.c */
void tl_ackpolicy_init(struct sock *sk);
void tl_ack_received(struct sock *sk, const struct tl_arrival *a);
void tl_ack_received_early(struct sock *sk, const struct tl_arrival *a);
void tl_ack_want(struct sock *sk);
void tl_ack_want_now(struct sock *sk);
void tl_ack_hurry(struct sock *sk);
void tl_ack_be_quick(struct sock *sk, u8 most);
void tl_ack_interactive(struct sock *sk);
bool tl_ack_is_interactive(const struct sock *sk);
void tl_ack_synack(struct sock *sk);
void tl_ack_check(struct sock *sk);
void tl_ack_turn(struct sock *sk);
void tl_ack_turn_unlocked(struct sock *sk);
void tl_ack_uncompress(struct sock *sk);
void tl_ack_after_read(struct sock *sk, int copied);
void tl_ack_sent(struct sock *sk);
void tl_ack_sent_data(struct sock *sk);
void tl_ack_timer(struct sock *sk);
void tl_ack_compressed_timer(struct sock *sk);
void tl_ack_release(struct sock *sk);
void tl_ack_quick(struct sock *sk, int val);

#define TL_QUICK_MAX	16	/* segments acknowledged at once at the start */

#endif
