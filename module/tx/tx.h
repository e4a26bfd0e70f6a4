/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sending side: output.c says what may go, xmit.c how it goes.
 *
 * The stream is kept as it was written, in chunks of paged data (queue.c), whatever the segments'
 * size. A segment is a view on it, cut when it is sent: so nothing is split when the path's MTU
 * changes, when part of it is acknowledged, or when part of it goes again.
 */
#ifndef TCPLAB_TX_H
#define TCPLAB_TX_H

#include "skb.h"
#include "obs/drop.h"

struct dst_entry;
struct sock;
struct tl_range;
struct tl_stray;
struct tl_tuple;
struct msghdr;
struct ubuf_info;

/**
 * struct tl_snd - send sequence variables (RFC9293 3.3.1) and what belongs to them
 * @una: SND.UNA
 * @nxt: SND.NXT: beyond it nothing was sent
 * @end: next octet that the program writes; the FIN, if there is one, stands there
 * @wnd: SND.WND, bytes
 * @max_wnd: MAX.SND.WND
 * @wl1: SND.WL1
 * @wl2: SND.WL2
 * @iss: ISS
 * @cursor: the chunk that was sent from last, or NULL: start from the first
 * @cursor_again: the same, of what was sent again
 * @mss: Eff.snd.MSS (RFC9293 3.7.1), octets of data in a segment with our usual options
 * @peer_mss: what the peer's MSS option said, or the default
 * @user_mss: TCP_MAXSEG, 0 for none
 * @pmtu: path MTU that @mss was reckoned with
 * @minshall: end of the last small segment that was sent (Nagle as Minshall has it)
 * @told_mtu: a router said so while a program owned the socket; 0: none did
 * @up: SND.UP: behind the urgent octet
 * @last_us: when data was sent last
 * @wscale: shift that we apply to what the peer announces
 * @fin: the program will write no more: a FIN stands at @end
 * @nodelay: TCP_NODELAY
 * @cork: TCP_CORK
 * @urgent: there is urgent data, perhaps acknowledged by now: see tl_urgent_mode()
 * @records: there was a MSG_EOR
 * @waiting: what the congestion window lets go is put off, until it lets more go
 * @waiting_peer: the same, of the peer's window
 */
struct tl_snd {
	u32			una;
	u32			nxt;
	u32			end;
	u32			wnd;
	u32			max_wnd;
	u32			wl1;
	u32			wl2;
	u32			iss;
	u32			minshall;
	u32			up;
	u32			pmtu;
	u32			told_mtu;
	u64			last_us;
	struct sk_buff		*cursor;
	struct sk_buff		*cursor_again;
	u16			mss;
	u16			peer_mss;
	u16			user_mss;
	u8			wscale;
	u8			fin:1,
				nodelay:1,
				cork:1,
				urgent:1,
				records:1,
				waiting:1,
				waiting_peer:1;
};

/* Has all gone at least once, the FIN, too? */
static inline bool tl_all_gone(const struct tl_snd *snd)
{
	return snd->nxt == snd->end + snd->fin;
}

/* Is there urgent data that the peer has not acknowledged? */
static inline bool tl_urgent_mode(const struct tl_snd *snd)
{
	return unlikely(snd->urgent) && seq_gt(snd->up, snd->una);
}

/**
 * struct tl_mtup - search for the path's MTU (RFC4821); sizes with all headers
 * @low: search_low: such segments arrive
 * @high: search_high: larger ones do not; U32_MAX: none was tried in vain
 * @size: probe_size: of the one that is out; 0: none is, or its end will tell nothing
 * @seq: its first octet
 * @end: behind its last
 * @since: jiffies modulo 2^32, when the search began
 * @on: the MSS is what @low allows
 */
struct tl_mtup {
	u32		low;
	u32		high;
	u32		size;
	u32		seq;
	u32		end;
	u32		since;
	bool		on;
};

/**
 * enum tl_chrono_kind - what a connection that has something to send waits for; the higher prevails
 * @TL_CHRONO_IDLE: nothing is to be sent, and all is acknowledged
 * @TL_CHRONO_BUSY: the network
 * @TL_CHRONO_RWND: the peer's window
 * @TL_CHRONO_SNDBUF: room in the send buffer
 */
enum tl_chrono_kind {
	TL_CHRONO_IDLE,
	TL_CHRONO_BUSY,
	TL_CHRONO_RWND,
	TL_CHRONO_SNDBUF,
	TL_NCHRONO,
};

/**
 * struct tl_chrono - how long it has waited for each
 * @kind: enum tl_chrono_kind, now
 * @since: jiffies, when that began
 * @spent: jiffies, of each kind but the first, and but for the present one's
 */
struct tl_chrono {
	u8	kind;
	u32	since;
	u32	spent[TL_NCHRONO - 1];
};

/**
 * struct tl_sent - what was sent, for people to look at (RFC4898)
 * @bytes: octets of text, those sent again included
 * @bytes_again: octets of text sent again
 * @bytes_acked: octets acknowledged
 * @segs: segments
 * @data_segs: segments with text
 * @delivered: segments that have arrived, the SYN included
 * @chrono: what it waited for
 */
struct tl_sent {
	u64			bytes;
	u64			bytes_again;
	u64			bytes_acked;
	u32			segs;
	u32			data_segs;
	u32			delivered;
	struct tl_chrono	chrono;
};

/*
 * Two calls go up from here, to leaves that call nothing back: each segment carries both halves
 * of a connection, so xmit.c asks rx/window.c what to announce and tells rx/ackpolicy.c that an ACK
 * went along.
 */

/* queue.c */
int tl_txq_append(struct sock *sk, struct msghdr *msg, size_t len);
int tl_txq_refer(struct sock *sk, struct msghdr *msg, size_t len, struct ubuf_info *uarg);
void tl_txq_mark(struct sock *sk, u32 tsflags);
void tl_txq_end_record(struct sock *sk);
u32 tl_txq_burst(struct sock *sk, u32 seq, u32 len, u32 seg);
u32 tl_txq_record(struct sock *sk, u32 seq, u32 len);
void tl_txq_acked(struct sock *sk, u32 una);
void tl_txq_purge(struct sock *sk);
int tl_txq_fill(struct sock *sk, struct sk_buff *skb, u32 seq, u32 len);
struct sk_buff *tl_txq_clone(struct sock *sk, u32 seq, u32 len);
void tl_txq_unmark(const struct sock *sk, struct sk_buff *skb, u32 seq, u32 len);
u32 tl_txq_linear(u32 len);

/* output.c */
/**
 * enum tl_push - what becomes of a last segment that is not full
 * @TL_PUSH_USUAL: Nagle and TCP_CORK decide
 * @TL_PUSH_HOLD: it waits: the program will write more at once
 * @TL_PUSH_MORE: so do several full ones: the kernel has more in its hands
 * @TL_PUSH_ALL: it goes
 */
enum tl_push {
	TL_PUSH_USUAL,
	TL_PUSH_HOLD,
	TL_PUSH_MORE,
	TL_PUSH_ALL,
};

void tl_output(struct sock *sk, enum tl_push push);
void tl_output_push(struct sock *sk);
void tl_persist_update(struct sock *sk);
int tl_send_new(struct sock *sk, u32 len, u32 seg, u64 now_us);
u32 tl_probe_len(const struct sock *sk);

/* xmit.c */
int tl_xmit_data(struct sock *sk, u32 seq, u32 len, u32 seg, u64 now_us);
int tl_xmit_control(struct sock *sk, u32 seq, u8 flags, gfp_t gfp);
int tl_xmit_syn(struct sock *sk, u8 flags, u8 which, u16 mss, const struct tl_fo_cookie *cookie,
		u32 len);
void tl_checksum(struct sk_buff *skb, const struct dst_entry *dst, const struct tl_tuple *t);
u32 tl_mss_now(const struct sock *sk);
u32 tl_mss_bounded(const struct sock *sk);
u8 tl_usual_opts(const struct sock *sk);

/* retransmit.c */
int tl_retransmit(struct sock *sk, struct tl_range *r, const char *why, u64 now_us);
int tl_retransmit_head(struct sock *sk, const char *why);
int tl_retransmit_last(struct sock *sk);

/* control.c */
void tl_send_ack(struct sock *sk);
int tl_send_first_syn(struct sock *sk);
int tl_send_syn(struct sock *sk, const struct tl_fo_cookie *cookie);
void tl_send_reset(struct sock *sk, gfp_t gfp);
void tl_send_probe(struct sock *sk);

/* stray.c */
/**
 * struct tl_stray_seg - a segment without data that belongs to no full socket
 */
struct tl_stray_seg {
	u32		seq;
	u32		ack;
	u16		wnd;		/* as it stands in the header */
	u8		flags;
	u8		which;		/* TL_OPT_* */
	struct tl_opts	opts;
	const struct tl_fo_cookie *cookie;	/* Fast Open option, or NULL */
};

int tl_stray_send(struct net *net, const struct tl_stray *way, const struct tl_stray_seg *seg);

/* chrono.c */
void tl_chrono_start(struct sock *sk, enum tl_chrono_kind kind);
void tl_chrono_stop(struct sock *sk, enum tl_chrono_kind kind);
void tl_chrono_space(struct sock *sk);
u64 tl_chrono_us(const struct sock *sk, enum tl_chrono_kind kind);

/* persist.c */
void tl_persist_timer(struct sock *sk);
void tl_persist_arm(struct sock *sk);

/* pmtu.c */
u16 tl_mtu_to_mss(const struct sock *sk, u32 mtu);
u32 tl_mss_to_mtu(const struct sock *sk, u32 mss);
void tl_mss_sync(struct sock *sk, u32 pmtu);
void tl_mss_follow(struct sock *sk);
void tl_pmtu_reduced(struct sock *sk, u32 mtu);
u16 tl_mss_announce(u16 user_mss, const struct dst_entry *dst);

/* mtup.c */
void tl_mtup_init(struct sock *sk);
int tl_mtup_send(struct sock *sk, u64 now_us);
void tl_mtup_acked(struct sock *sk);
bool tl_mtup_failed(struct sock *sk);
void tl_mtup_timeout(struct sock *sk);

#endif
