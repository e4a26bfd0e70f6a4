/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: one algorithm a file, registered by name.
 *
 * An algorithm sees numbers only: what was delivered, lost and measured. It answers how much
 * may be in flight. Everything is in octets; a window below one MSS is never asked for.
 */
#ifndef TCPLAB_CC_H
#define TCPLAB_CC_H

#include "pure.h"

#define TL_CC_NAME_MAX		16
#define TL_CC_PRIV		104	/* bytes of an algorithm's own, as Linux gives */

struct tl_cc_ops;

/**
 * struct tl_cc - the congestion state of a connection
 * @ops: the algorithm
 * @cwnd: congestion window, bytes
 * @ssthresh: slow start threshold, bytes
 * @mss: segment size to count with, bytes; the owner keeps it true
 * @acked: octets acknowledged since @cwnd last grew in congestion avoidance
 * @limited: @cwnd was what held the sender back in the last round trip (RFC7661)
 * @priv: the algorithm's own
 */
struct tl_cc {
	const struct tl_cc_ops	*ops;
	u32			cwnd;
	u32			ssthresh;
	u32			mss;
	u32			acked;
	bool			limited;
	u64			priv[TL_CC_PRIV / sizeof(u64)];
};

#define TL_SSTHRESH_MAX		0x7fffffffU	/* "arbitrarily high" (RFC5681 3.1) */

/**
 * struct tl_cc_sample - what an ACK told
 * @acked: octets newly acknowledged
 * @flight: octets outstanding before it came
 * @rtt_us: round trip that it measured, 0 if none
 * @now_us: clock
 */
struct tl_cc_sample {
	u32	acked;
	u32	flight;
	u32	rtt_us;
	u64	now_us;
};

/**
 * struct tl_cc_ops - an algorithm
 * @name: as TCP_CONGESTION gives it
 * @owner: module
 * @init: @cwnd and @ssthresh are set; prepare @priv
 * @on_ack: new data was acknowledged outside of recovery: grow
 * @ssthresh: something was lost with @flight octets outstanding: the new threshold
 *
 * All are called with the socket locked; none may sleep.
 */
struct tl_cc_ops {
	char		name[TL_CC_NAME_MAX];
	struct module	*owner;
	void		(*init)(struct tl_cc *cc);
	void		(*on_ack)(struct tl_cc *cc, const struct tl_cc_sample *s);
	u32		(*ssthresh)(struct tl_cc *cc, u32 flight);
#ifdef __KERNEL__
	struct list_head list;
#endif
};

extern struct tl_cc_ops tl_cc_reno;

static inline bool tl_cc_slow_start(const struct tl_cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

#ifdef __KERNEL__
struct sock;

int tl_cc_register(struct tl_cc_ops *ops);
void tl_cc_unregister(struct tl_cc_ops *ops);
const struct tl_cc_ops *tl_cc_get(const char *name);
void tl_cc_hold(const struct tl_cc_ops *ops);
void tl_cc_put(const struct tl_cc_ops *ops);
int tl_cc_names(char *buf, size_t size);
void tl_cc_init(struct tl_cc *cc, const struct tl_cc_ops *ops);
void tl_cc_start(struct tl_cc *cc, u32 mss, u32 initial);
#endif

#endif
