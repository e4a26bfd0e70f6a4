/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a segment was thrown away: every discard has a name here, is counted under
 * "Drop<name>" in /proc/net/tcplab/counters and traced by the event tcplab:tl_drop.
 *
 * TL_DROP(name, where the rule stands)
 */
#ifndef TCPLAB_DROP_H
#define TCPLAB_DROP_H

#define TL_DROPS(TL_DROP)						\
	TL_DROP(TooShort,	"RFC9293 3.1: header cut off")		\
	TL_DROP(BadOffset,	"RFC9293 3.1: data offset below 5 or past the end")	\
	TL_DROP(BadChecksum,	"RFC9293 MUST-3")			\
	TL_DROP(NotForUs,	"RFC9293 MUST-57: to or from a group or broadcast address")	\
	TL_DROP(NoSocket,	"RFC9293 3.10.7.1: nobody listens here")	\
	TL_DROP(Policy,		"IPsec policy or packet filter")	\
	TL_DROP(MinTtl,		"RFC5082: below IP_MINTTL")		\
	TL_DROP(Filter,		"socket filter")			\
	TL_DROP(Backlog,	"the socket's backlog is full")		\
	TL_DROP(BadFlags,	"RFC9293 3.10.7: combination without meaning here")	\
	TL_DROP(Paws,		"RFC7323 5.3 R1")			\
	TL_DROP(OutOfWindow,	"RFC9293 3.10.7.4 first: sequence number")	\
	TL_DROP(OldData,	"RFC9293 3.10.7.4: all of it received before")	\
	TL_DROP(BadRst,		"RFC5961 3.2: RST not at RCV.NXT")	\
	TL_DROP(SynInWindow,	"RFC5961 4.2: SYN in a synchronized state")	\
	TL_DROP(NoAck,		"RFC9293 3.10.7.4 fifth: ACK bit off")	\
	TL_DROP(AckTooOld,	"RFC5961 5.2: before SND.UNA - MAX.SND.WND")	\
	TL_DROP(AckUnsent,	"RFC9293 3.10.7.4: acknowledges what was never sent")	\
	TL_DROP(BadSynAck,	"RFC9293 3.10.7.3: SYN-SENT, ACK unacceptable")	\
	TL_DROP(ZeroWindow,	"the receive window is closed")		\
	TL_DROP(RcvBuffer,	"SO_RCVBUF is used up")			\
	TL_DROP(Memory,		"no memory")				\
	TL_DROP(OooDuplicate,	"already in the out-of-order queue")	\
	TL_DROP(OooOverlap,	"covered by a larger out-of-order segment")	\
	TL_DROP(OooPruned,	"out of order, and the receive buffer is used up")	\
	TL_DROP(AfterClose,	"RFC9293 SHLD-3: data for a program that has gone")	\
	TL_DROP(SynQueueFull,	"RFC4987: max_syn_backlog or the listener's backlog")	\
	TL_DROP(AcceptQueueFull, "the accept queue is full")		\
	TL_DROP(ListenNoSyn,	"RFC9293 3.10.7.2: LISTEN takes SYNs only")	\
	TL_DROP(Security,	"a Linux security module refused it")	\
	TL_DROP(ReqMismatch,	"RFC9293 3.10.7.4: not what SYN-RECEIVED waits for")	\
	TL_DROP(Deferred,	"TCP_DEFER_ACCEPT: a bare ACK, where data is waited for")	\
	TL_DROP(ReqTimeout,	"SYN-ACK never acknowledged: synack_retries")	\
	TL_DROP(TimeWait,	"RFC9293 3.10.7.4, RFC1337: nothing to do in TIME-WAIT")	\
	TL_DROP(NoRoute,	"no route for the answer")

enum tl_drop {
#define TL_DROP_ENUM(name, why) TL_DROP_##name,
	TL_DROPS(TL_DROP_ENUM)
#undef TL_DROP_ENUM
	TL_NDROPS,
	TL_DROP_NONE = TL_NDROPS,	/* go on with the segment */
	TL_DROP_USED,			/* it did what it came for: no drop, but go no further */
};

struct sk_buff;
struct net;

__visible const char *tl_drop_name(enum tl_drop why);
__visible const char *tl_drop_rule(enum tl_drop why);
void tl_drop(struct net *net, struct sk_buff *skb, enum tl_drop why);
void tl_drop_count(struct net *net, const struct sk_buff *skb, enum tl_drop why);

#endif
