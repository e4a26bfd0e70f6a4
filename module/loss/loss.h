/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is lost, how sure are we, what now. This floor decides; tx/ acts.
 */
#ifndef TCPLAB_LOSS_H
#define TCPLAB_LOSS_H

#include "cc/cc.h"
#include "loss/board.h"
#include "loss/prr.h"
#include "loss/rack.h"
#include "loss/rate.h"
#include "loss/rtt.h"

struct sock;
struct sk_buff;

/**
 * struct tl_rto_stat - retransmission timeouts, for people to look at
 * @total: how many
 * @rows: how many rows of them, with nothing acknowledged in between
 * @rehashes: after so many another flow hash was chosen
 * @ms: how long recovery from them took, ms
 * @since_ms: when the present one began, ms; 0: there is none
 */
struct tl_rto_stat {
	u16			total;
	u16			rows;
	u16			rehashes;
	u32			ms;
	u32			since_ms;
};

/**
 * struct tl_loss - what recovery remembers
 * @state: enum tl_ca_state
 * @retries: RTOs since something was acknowledged
 * @probes: window or keepalive probes since the peer was heard last
 * @probe_backoff: how often the interval of window probes was doubled
 * @reordering: segments by which the path is known to reorder; RFC5681's DupThresh at first
 * @reopened: since the last RTO the window opened again, which was used
 * @frto: the last RTO may have been spurious, and is being tried (RFC5682)
 * @new_first: new data before what is lost: the second step of that
 * @hold: and after it nothing goes again until the next ACK
 * @undo: a reduction was made that may turn out to be a mistake
 * @reneged: the receiver took SACKed data back: what was reckoned as delivered was not
 * @limited: the congestion window held us back in the last round trip
 * @tlp: a tail loss probe is out
 * @tlp_again: and was sent before
 * @recover: SND.NXT when the state was entered (RFC6582's recover)
 * @dups: without SACK: octets that duplicate ACKs say have arrived
 * @dupacks: how many of them came
 * @retrans: segments sent again, all in all
 * @dsacks: segments that D-SACK said arrived twice
 * @reorders: how often reordering was seen
 * @undo_una: SND.UNA when the reduction was made
 * @undo_left: octets sent again since then that no D-SACK named; negative: none was
 * @prior_ssthresh: of before it; 0: it is not to be undone, the peer said it met congestion
 * @first_again_ts: TSval when the first segment went again in this state; 0: none did
 * @round_end: SND.NXT when @most_out was begun to be watched
 * @most_out: most octets in flight since then
 * @tlp_end: SND.NXT when the probe went
 * @syn_us: when the SYN went; 0: it is not to be timed (Karn)
 * @retry_since_us: when the first of the retries in a row went, of a SYN the SYN itself; 0 if none
 * did
 * @probe_since_us: when the first probe of this closed window went, 0 if none did
 * @used_us: when the congestion window was used up last
 * @rtos: timeouts
 */
struct tl_loss {
	u8			state;
	u8			retries;
	u8			probes;
	u8			probe_backoff;
	u16			reordering;
	u16			dupacks;
	u16			reopened:1,
				frto:1,
				new_first:1,
				hold:1,
				undo:1,
				reneged:1,
				limited:1,
				tlp:1,
				tlp_again:1;
	u32			recover;
	u32			dups;
	u32			retrans;
	u32			dsacks;
	u32			reorders;
	u32			undo_una;
	s32			undo_left;
	u32			prior_ssthresh;
	u32			first_again_ts;
	u32			round_end;
	u32			most_out;
	u32			tlp_end;
	struct tl_prr		prr;
	struct tl_rack		rack;
	struct tl_rate_state	rate;
	u64			syn_us;
	u64			retry_since_us;
	u64			probe_since_us;
	u64			used_us;
	struct tl_rto_stat	rtos;
};

/**
 * struct tl_ack_news - an ACK, as recovery sees it
 * @tally: what it delivered
 * @prior_una: SND.UNA before it
 * @prior_flight: octets in flight before it
 * @tsecr: the timestamp that it echoes, if @has_ts
 * @rtt_us: the round trip of the youngest segment that it brought news of; 0: none can be told
 * @rate: delivery rate
 * @dup: it acknowledges nothing new, changes no window and brings no data (RFC5681 2)
 * @plain: it brings neither data nor another window
 * @ece: it says that the path is congested
 * @dsack: it says that something arrived twice
 * @dsack_segs: how many segments
 * @dsack_tlp: which was a tail loss probe
 * @has_ts: see @tsecr
 */
struct tl_ack_news {
	struct tl_tally	tally;
	u32		prior_una;
	u32		prior_flight;
	u32		tsecr;
	u32		rtt_us;
	u32		dsack_segs;
	struct tl_rate	rate;
	bool		has_ts;
	bool		dup;
	bool		plain;
	bool		ece;
	bool		dsack;
	bool		dsack_tlp;
};

/* range.c */
int tl_range_init(void);
void tl_range_exit(void);

/* recovery.c */
void tl_loss_init(struct sock *sk);
void tl_loss_ack(struct sock *sk, struct tl_ack_news *n);
void tl_loss_enter_cwr(struct sock *sk);
void tl_loss_timeout(struct sock *sk);
void tl_loss_reo_timer(struct sock *sk);
void tl_loss_too_big(struct sock *sk);
void tl_loss_keep_open(struct sock *sk);
void tl_loss_tlp_lost(struct sock *sk);
u32 tl_loss_pipe(const struct sock *sk);
__visible const char *tl_ca_name(enum tl_ca_state state);

/* window.c */
void tl_loss_begin_reduction(struct sock *sk);
void tl_loss_end_reduction(struct sock *sk);
void tl_loss_control(struct sock *sk, const struct tl_ack_news *n, u32 lost);
void tl_loss_sent(struct sock *sk, u32 octets, bool limited);
bool tl_loss_idle(struct sock *sk, u64 now_us);
bool tl_loss_limited(const struct sock *sk);

/* newreno.c */
void tl_newreno_dupack(struct sock *sk, struct tl_ack_news *n);
void tl_newreno_acked(struct sock *sk, struct tl_ack_news *n);
void tl_newreno_forget(struct sock *sk);
void tl_newreno_lose_head(struct sock *sk, const char *why);
void tl_newreno_mark(struct sock *sk, bool advanced);

/* undo.c */
void tl_undo_prepare(struct sock *sk);
void tl_undo_resent(struct sock *sk, u32 octets, u64 now_us);
void tl_undo_dsack(struct sock *sk, u32 start, u32 end);
bool tl_undo_possible(const struct sock *sk, const struct tl_ack_news *n);
bool tl_undo_delayed(const struct sock *sk, const struct tl_ack_news *n);
void tl_undo(struct sock *sk, bool find_again, const char *why);

/* reorder.c */
void tl_reorder_seen(struct sock *sk, u32 lowest);

/* tlp.c */
bool tl_tlp_schedule(struct sock *sk, bool rto_restarts);
void tl_tlp_timer(struct sock *sk);
void tl_tlp_acked(struct sock *sk, const struct tl_ack_news *n);

/* rto.c */
void tl_rto_restart(struct sock *sk);
void tl_rto_window_opened(struct sock *sk);
void tl_rto_arm(struct sock *sk);
void tl_rto_over(struct sock *sk);
void tl_rto_timer(struct sock *sk);
unsigned long tl_rto_jiffies(const struct sock *sk);
void tl_rto_unreachable(struct sock *sk, u32 seq);
u8 tl_orphan_retries(const struct sock *sk, bool young);
u64 tl_user_time_left(const struct sock *sk, u64 since);

/* sample.c */
void tl_rtt_syn_acked(struct sock *sk, const struct sk_buff *skb);
u32 tl_rtt_acked(struct sock *sk, const struct tl_ack_news *n);

#endif
