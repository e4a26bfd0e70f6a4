/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receiving side: the rooms in the order in which a segment meets them.
 */
#ifndef TCPLAB_RX_H
#define TCPLAB_RX_H

#include <linux/rbtree.h>
#include "skb.h"
#include "obs/drop.h"

struct net;
struct sock;
struct tl_ack_news;
struct tl_af_ops;
struct tl_icmp;
struct tl_sock;
struct tl_where;

/**
 * struct tl_rcv - receive sequence variables (RFC9293 3.3.1) and what belongs to them
 * @nxt: RCV.NXT
 * @wup: RCV.NXT when the window was announced last
 * @wnd: the window announced then, bytes: the right edge is @wup + @wnd, and never moves left
 * @copied: next octet that the program will read
 * @irs: IRS
 * @mss: largest segment seen lately: an estimate of the peer's sending MSS
 * @wscale: shift that the peer applies to what we announce
 * @adv_mss: the MSS that we announced
 * @ts_ok: timestamps were agreed on
 * @sack_ok: SACK was agreed on
 * @wscale_ok: window scaling was agreed on
 * @fin_seen: the peer's FIN is known, though data before it may be missing
 * @fin_seq: its sequence number
 * @ts_recent: TS.Recent (RFC7323 4.3)
 * @ts_recent_age: when it was noted, seconds
 * @ts_off: added to our clock, so that it tells nothing about other connections
 * @last_ack: Last.ACK.sent
 * @ooo: segments beyond RCV.NXT, by sequence number
 * @ooo_last: the highest of them
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
				fin_seen:1;
	u32			fin_seq;
	struct rb_root		ooo;
	struct sk_buff		*ooo_last;
	struct {
		u32		seq;		/* copied, when the measurement began */
		u32		bytes;		/* read in the last round trip */
		u64		since_us;
		u32		rtt_us;		/* round trip as the receiver sees it */
	}			space;
};

/**
 * struct tl_ackpolicy - when to acknowledge (RFC9293 3.8.6.3)
 * @quick: ACKs still to be sent at once, since the peer is in slow start
 * @pending: something is to be acknowledged
 * @now: and at once
 * @pushed: the peer had no more to send (PSH): it may wait for the ACK to go on
 * @interactive: the program answers what it gets: the ACK may ride on the answer
 * @held: the SYN-ACK's ACK waits for data that is about to be written
 * @ato: delay, jiffies
 * @unacked: octets received since our last ACK
 * @last_rcv: when data came last, jiffies
 * @last_seg: when an acceptable ACK came last, jiffies: a sign of life
 */
struct tl_ackpolicy {
	u8			quick;
	u8			pending:1,
				now:1,
				pushed:1,
				interactive:1,
				held:1;
	u16			ato;
	u32			unacked;	/* octets received since our last ACK */
	unsigned long		last_rcv;
	unsigned long		last_seg;
};

/* rcv.c */
int tl_rcv_skb(struct sk_buff *skb, const struct tl_af_ops *af);
int tl_rcv_backlog(struct sock *sk, struct sk_buff *skb);

/* icmp.c */
int tl_rcv_icmp(struct net *net, const struct tl_where *w, const struct tl_icmp *icmp);

/* segment.c */
void tl_rcv_segment(struct sock *sk, struct sk_buff *skb);

/* ack.c */
enum tl_drop tl_rcv_ack(struct sock *sk, const struct sk_buff *skb);

/* sack.c */
void tl_sack_take(struct sock *sk, const struct sk_buff *skb, struct tl_ack_news *n);

/* data.c */
void tl_rcv_data(struct sock *sk, struct sk_buff *skb);
void tl_rcv_append(struct sock *sk, struct sk_buff *skb);
void tl_rcv_fin(struct sock *sk);

/* ooo.c */
enum tl_drop tl_ooo_insert(struct sock *sk, struct sk_buff *skb);
bool tl_ooo_deliver(struct sock *sk);
bool tl_ooo_drop_last(struct sock *sk, u32 seq);
void tl_ooo_purge(struct sock *sk);
bool tl_rcv_try_coalesce(struct sock *sk, struct sk_buff *to, struct sk_buff *from);

/* prune.c */
bool tl_rcv_make_room(struct sock *sk, u32 seq);

/* window.c */
u32 tl_rcv_window_initial(const struct sock *sk);
u8 tl_rcv_wscale(const struct sock *sk);
void tl_rcv_window_init(struct sock *sk);
u32 tl_rcv_window_left(const struct tl_sock *tl);
u32 tl_rcv_window_choose(const struct sock *sk);
u16 tl_rcv_window_announce(struct sock *sk, bool syn);
void tl_rcv_window_read(struct sock *sk);
void tl_rcv_window_rtt(struct sock *sk, const struct sk_buff *skb);

/* ackpolicy.c */
void tl_ackpolicy_init(struct sock *sk);
void tl_ack_received(struct sock *sk, const struct sk_buff *skb);
void tl_ack_want_now(struct sock *sk);
void tl_ack_synack(struct sock *sk);
void tl_ack_check(struct sock *sk);
void tl_ack_after_read(struct sock *sk, int copied);
void tl_ack_sent(struct sock *sk);
void tl_ack_sent_data(struct sock *sk);
void tl_ack_timer(struct sock *sk);
void tl_ack_quick(struct sock *sk, bool on);
void tl_ack_be_quick(struct sock *sk, u8 most);

#endif
