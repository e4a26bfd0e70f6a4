/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: one algorithm a file, registered by name.
 *
 * An algorithm sees numbers only: what was delivered, lost and measured. It answers how much may be
 * in flight, and if it likes how fast it may go. Everything is in octets; a window below one MSS is
 * never asked for.
 */
#ifndef TCPLAB_CC_H
#define TCPLAB_CC_H

#include "pure.h"

#define TL_CC_NAME_MAX		16
#define TL_CC_PRIV		104	/* bytes of an algorithm's own, as Linux gives */

struct tl_cc_ops;

enum tl_ca_state {		/* the kernel's numbers, as TCP_INFO gives them */
	TL_CA_OPEN	= 0,
	TL_CA_DISORDER	= 1,
	TL_CA_CWR	= 2,
	TL_CA_RECOVERY	= 3,
	TL_CA_LOSS	= 4,
};

/**
 * struct tl_cc - the congestion state of a connection
 * @ops: the algorithm
 * @cwnd: congestion window, bytes
 * @ssthresh: slow start threshold, bytes
 * @mss: segment size to count with, bytes; the owner keeps it true
 * @acked: octets acknowledged since @cwnd last grew in congestion avoidance
 * @prior_cwnd: @cwnd before the reduction that may be undone; 0 if there was none. The owner's
 * @limited: @cwnd was what held the sender back in the last round trip (RFC7661)
 * @ecn: the connection has agreed on ECN. The owner's, before tl_cc_start()
 * @running: init() was called, so release() is due. The register's
 * @chosen: the program chose @ops, so accepted sockets inherit it. The register's
 * @pacing_rate: bytes a second; 0: the owner reckons it from @cwnd and the round trip
 * @priv: the algorithm's own
 */
struct tl_cc {
	const struct tl_cc_ops	*ops;
	u32			cwnd;
	u32			ssthresh;
	u32			mss;
	u32			acked;
	u32			prior_cwnd;
	bool			limited;
	bool			ecn;
	bool			running;
	bool			chosen;
	u64			pacing_rate;
	u64			priv[TL_CC_PRIV / sizeof(u64)];
};

#define TL_SSTHRESH_MAX		0x7fffffffU	/* "arbitrarily high" (RFC5681 3.1) */

/**
 * struct tl_rate - a delivery rate sample (draft-cheng-iccrg-delivery-rate-estimation)
 * @delivered: octets that arrived in @interval_us
 * @interval_us: the longer of the send and the ACK interval; 0: there is no sample
 * @prior_delivered: octets delivered when the newest segment that this ACK covers was sent
 * @app_limited: there was nothing more to send in that time
 */
struct tl_rate {
	u32	delivered;
	u32	interval_us;
	u64	prior_delivered;
	bool	app_limited;
};

/**
 * struct tl_cc_sample - what an ACK told
 * @acked: octets for which the window may grow: those that an ACK or SACK names first
 * @delivered: octets newly delivered: acknowledged, or named by SACK the first time
 * @lost: octets newly marked lost
 * @marked: of @delivered, what the ACK said met congestion (ECE)
 * @flight: octets in flight before it came
 * @una: SND.UNA
 * @nxt: SND.NXT
 * @max_wnd: largest window that the peer ever offered, bytes
 * @rtt_us: round trip that it measured, 0 if none
 * @srtt_us: smoothed round trip, 0 if not known
 * @min_rtt_us: smallest round trip of late, ~0 if not known
 * @now_us: clock
 * @total: octets delivered since the connection began
 * @state: after this ACK was looked at
 * @rate: delivery rate
 */
struct tl_cc_sample {
	u32			acked;
	u32			delivered;
	u32			lost;
	u32			marked;
	u32			flight;
	u32			una;
	u32			nxt;
	u32			max_wnd;
	u32			rtt_us;
	u32			srtt_us;
	u32			min_rtt_us;
	u64			now_us;
	u64			total;
	enum tl_ca_state	state;
	struct tl_rate		rate;
};

enum tl_cc_event {
	TL_CC_TX_START,		/* sends, and nothing was in flight */
	TL_CC_RESTART,		/* was idle for longer than an RTO: cwnd went back (RFC5681 4.1) */
	TL_CC_RECOVERED,	/* a recovery, or CWR, is over: cwnd is ssthresh, if not undone */
	TL_CC_LOSS,		/* first time-out of a row: cwnd is about to be one segment */
	TL_CC_CE,		/* a segment with data came marked */
	TL_CC_NO_CE,		/* one came that was not */
};

union tcp_cc_info;

/**
 * struct tl_cc_ops - an algorithm
 * @name: as TCP_CONGESTION gives it
 * @flags: TL_CC_*
 * @owner: module
 * @init: @cwnd, @ssthresh and @mss are set; prepare @priv, which is 0. Also when a live connection
 *	changes to this algorithm. Optional
 * @release: the connection ends, or changes to another algorithm. Once for each @init. Optional
 * @measure: each ACK that delivers or marks something, in any state, before all else. Optional
 * @on_ack: something was acknowledged and no reduction is going on: grow
 * @ssthresh: something was lost, or marked, with @flight octets outstanding: the new threshold.
 *	Which of both, @state has told before
 * @undo: the reduction was a mistake: the window to go back to. Optional: then the larger of @cwnd
 *	and @prior_cwnd
 * @event: see the enum. Optional
 * @state: the recovery state is about to change. Optional
 * @control: takes the place of @on_ack and of what recovery does to @cwnd: sets @cwnd, and
 *	@pacing_rate, by itself, after each ACK in any state. A time-out still sets @cwnd to what is
 *	in flight and one segment, an undo takes that back. Optional
 * @info: for TCP_CC_INFO: fill @info, name the attribute (INET_DIAG_*). Return: its size. Optional
 *
 * All are called with the socket locked and BHs off; none may sleep.
 */
struct tl_cc_ops {
	char		name[TL_CC_NAME_MAX];
	u32		flags;
	struct module	*owner;
	void		(*init)(struct tl_cc *cc);
	void		(*release)(struct tl_cc *cc);
	void		(*measure)(struct tl_cc *cc, const struct tl_cc_sample *s);
	void		(*on_ack)(struct tl_cc *cc, const struct tl_cc_sample *s);
	u32		(*ssthresh)(struct tl_cc *cc, u32 flight);
	u32		(*undo)(struct tl_cc *cc);
	void		(*event)(struct tl_cc *cc, enum tl_cc_event ev);
	void		(*state)(struct tl_cc *cc, enum tl_ca_state state);
	void		(*control)(struct tl_cc *cc, const struct tl_cc_sample *s);
	size_t		(*info)(const struct tl_cc *cc, u32 ext, int *attr,
				union tcp_cc_info *info);
#ifdef __KERNEL__
	struct list_head list;
#endif
};

#define TL_CC_NEEDS_ECN		0x01	/* asks for ECN, and marks all that it sends as capable */
#define TL_CC_RESTRICTED	0x02	/* TCP_CONGESTION needs CAP_NET_ADMIN */
#define TL_CC_NO_FAST_RECOVERY	0x04	/* a loss, however found, sets cwnd to one segment */

extern struct tl_cc_ops tl_cc_tahoe, tl_cc_reno, tl_cc_cubic, tl_cc_dctcp;

static inline bool tl_cc_slow_start(const struct tl_cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

/**
 * tl_cc_acked() - for how many octets a window may grow
 * @s: the ACK
 *
 * After a time-out an ACK may cover what the receiver has had all along: that says nothing of the
 * path now (RFC3465 2.3).
 *
 * Return: octets.
 */
static inline u32 tl_cc_acked(const struct tl_cc_sample *s)
{
	return s->state == TL_CA_LOSS ? min(s->acked, s->delivered) : s->acked;
}

/**
 * tl_cc_grow_double() - slow start: an octet for each one acknowledged (RFC5681 3.1, RFC3465 2.2)
 * @cc: state, in slow start
 * @acked: octets
 *
 * Return: octets left over when @cwnd has come to @ssthresh.
 */
static inline u32 tl_cc_grow_double(struct tl_cc *cc, u32 acked)
{
	u32 grow = min(acked, cc->ssthresh - cc->cwnd);

	cc->cwnd += grow;
	return acked - grow;
}

/**
 * tl_cc_grow_linear() - congestion avoidance: one segment a window (RFC5681 3.1 (3), RFC3465 2.1)
 * @cc: state
 * @acked: octets
 */
static inline void tl_cc_grow_linear(struct tl_cc *cc, u32 acked)
{
	cc->acked += acked;
	if (cc->acked >= cc->cwnd) {
		/* and no more a round trip: one ACK of many windows is credit for one */
		cc->acked = min(cc->acked - cc->cwnd, cc->cwnd);
		cc->cwnd += cc->mss;
	}
}

/**
 * tl_cc_half() - half of what was in flight, two segments at least (RFC5681 3.1 (4))
 * @cc: state
 * @flight: octets outstanding
 *
 * What limited transmit, or duplicate ACKs, let out over the window does not count (RFC5681 3.2).
 *
 * Return: octets.
 */
static inline u32 tl_cc_half(const struct tl_cc *cc, u32 flight)
{
	return max(min(flight, cc->cwnd) / 2, 2 * cc->mss);
}

#ifdef __KERNEL__
__visible int tl_cc_register(struct tl_cc_ops *ops);
__visible void tl_cc_unregister(struct tl_cc_ops *ops);
int tl_cc_register_all(void);
void tl_cc_unregister_all(void);
const struct tl_cc_ops *tl_cc_get(const char *name);
const struct tl_cc_ops *tl_cc_get_current(const struct tl_cc_ops *const *place);
void tl_cc_put(const struct tl_cc_ops *ops);
bool tl_cc_allowed(const struct tl_cc_ops *ops);
void tl_cc_allow(const struct tl_cc_ops *ops);
int tl_cc_allow_only(const char *names);
int tl_cc_names(char *buf, size_t size, bool allowed);
void tl_cc_assign(struct tl_cc *cc, const struct tl_cc_ops *ops);
void tl_cc_reset(struct tl_cc *cc);
void tl_cc_inherit(struct tl_cc *cc, const struct tl_cc *listener,
		   const struct tl_cc_ops *const *def);
void tl_cc_start(struct tl_cc *cc, u32 mss, u32 initial);
void tl_cc_change(struct tl_cc *cc, const struct tl_cc_ops *ops);
void tl_cc_end(struct tl_cc *cc);
#endif

#endif
