/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is lost, how sure are we, what now. This floor decides; tx/ acts.
 */
#ifndef TCPLAB_LOSS_H
#define TCPLAB_LOSS_H

#include "loss/rtt.h"

struct sock;
struct sk_buff;

enum tl_ca_state {		/* the kernel's numbers, as TCP_INFO gives them */
	TL_CA_OPEN	= 0,
	TL_CA_DISORDER	= 1,
	TL_CA_CWR	= 2,
	TL_CA_RECOVERY	= 3,
	TL_CA_LOSS	= 4,
};

/**
 * struct tl_loss - what recovery remembers
 * @state: enum tl_ca_state
 * @dupacks: duplicate ACKs in a row
 * @retries: RTOs since something was acknowledged
 * @recover: RFC6582's recover: SND.MAX when recovery began
 * @inflated: octets that duplicate ACKs added to the window in this recovery
 * @retrans: segments sent again, all in all
 * @probes: window or keepalive probes since the peer was heard last
 * @probe_backoff: how often the interval of window probes was doubled
 * @retry_since_us: when the first of the retries in a row went, of a SYN the SYN itself; 0 if none
 * did
 * @probe_since_us: when the first probe of this closed window went, 0 if none did
 * @reopened: since the last RTO the window opened again, which was used
 * @timing: a segment is being timed (RFC6298 3)
 * @timed_seq: its end
 * @timed_us: when it was sent
 */
struct tl_loss {
	u8			state;
	u8			dupacks;
	u8			retries;
	u8			probes;
	u8			probe_backoff;
	bool			timing;
	bool			reopened;
	u32			recover;
	u32			inflated;
	u32			retrans;
	u32			timed_seq;
	u64			timed_us;
	u64			retry_since_us;
	u64			probe_since_us;
};

/* recovery.c */
void tl_loss_init(struct sock *sk);
void tl_loss_dupack(struct sock *sk);
void tl_loss_acked(struct sock *sk, u32 acked, u32 flight);
u32 tl_loss_allowance(const struct sock *sk);

/* rto.c */
void tl_rto_restart(struct sock *sk);
void tl_rto_window_opened(struct sock *sk);
void tl_rto_arm(struct sock *sk);
void tl_rto_timer(struct sock *sk);
unsigned long tl_rto_jiffies(const struct sock *sk);
void tl_rto_unreachable(struct sock *sk, u32 seq);
u8 tl_orphan_retries(const struct sock *sk, bool young);
u64 tl_user_time_left(const struct sock *sk, u64 since);

/* sample.c */
void tl_rtt_time(struct sock *sk, u32 end);
void tl_rtt_untime(struct sock *sk);
void tl_rtt_acked(struct sock *sk, const struct sk_buff *skb, u32 ack);

#endif
