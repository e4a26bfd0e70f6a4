/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters, per namespace and per CPU. Names are those of /proc/net/snmp and
 * /proc/net/netstat where the same thing is counted.
 */
#ifndef TCPLAB_MIB_H
#define TCPLAB_MIB_H

#include <linux/percpu.h>
#include <linux/types.h>
#include "obs/drop.h"
#include "conn/state.h"

#define TL_MIBS(TL_MIB)							\
	TL_MIB(ActiveOpens)		/* CLOSED -> SYN-SENT */	\
	TL_MIB(PassiveOpens)		/* LISTEN -> SYN-RECEIVED */	\
	TL_MIB(AttemptFails)		/* handshakes that came to nothing */	\
	TL_MIB(EstabResets)		/* ESTABLISHED or CLOSE-WAIT -> CLOSED */	\
	TL_MIB(InSegs)			/* segments received, bad ones included */	\
	TL_MIB(OutSegs)			/* segments sent, but for data sent again */	\
	TL_MIB(RetransSegs)		/* segments sent again */	\
	TL_MIB(InErrs)			/* bad header or checksum */	\
	TL_MIB(InCsumErrors)		/* of them: bad checksum */	\
	TL_MIB(OutRsts)			/* segments sent with RST */	\
	TL_MIB(ListenOverflows)		/* accept queue full */		\
	TL_MIB(ListenDrops)		/* SYNs and last ACKs lost at a listener */	\
	TL_MIB(TCPReqQFullDrop)		/* SYN queue full: SYNs dropped */	\
	TL_MIB(TCPReqQFullDoCookies)	/* SYN queue full: answered by a SYN cookie */	\
	TL_MIB(SyncookiesSent)		/* SYN cookies sent */		\
	TL_MIB(SyncookiesRecv)		/* good ones that came back */	\
	TL_MIB(SyncookiesFailed)	/* forged or too old ones */	\
	TL_MIB(TCPDeferAcceptDrop)	/* TCP_DEFER_ACCEPT: bare ACKs forgotten */	\
	TL_MIB(TCPFastOpenActive)	/* Fast Open: data in our SYN was acknowledged */	\
	TL_MIB(TCPFastOpenActiveFail)	/* it was not */		\
	TL_MIB(TCPFastOpenPassive)	/* connections that began with a SYN's data */	\
	TL_MIB(TCPFastOpenPassiveFail)	/* wrong cookies, or no memory */	\
	TL_MIB(TCPFastOpenPassiveAltKey)	/* cookies made with the key before */	\
	TL_MIB(TCPFastOpenCookieReqd)	/* SYNs that asked for a cookie */	\
	TL_MIB(TCPFastOpenListenOverflow)	/* as many are pending as may be */	\
	TL_MIB(TCPFastOpenBlackhole)	/* pauses, since the path seemed to swallow it */	\
	TL_MIB(TCPTimeouts)		/* RTO fired */			\
	TL_MIB(TcpTimeoutRehash)	/* then another flow hash: perhaps another path */	\
	TL_MIB(TCPFastRetrans)		/* sent again on duplicate ACKs */	\
	TL_MIB(TCPSlowStartRetrans)	/* sent again after an RTO */	\
	TL_MIB(TCPRenoRecovery)		/* fast recoveries entered, without SACK */	\
	TL_MIB(TCPSackRecovery)		/* with SACK */			\
	TL_MIB(TCPSACKReneging)		/* SACKed data that the receiver threw away */	\
	TL_MIB(TCPSACKReorder)		/* reordering seen by SACK */	\
	TL_MIB(TCPRenoReorder)		/* by duplicate ACKs */		\
	TL_MIB(TCPSACKDiscard)		/* SACK blocks that cannot be */	\
	TL_MIB(TCPDSACKRecv)		/* D-SACKs: something arrived twice */	\
	TL_MIB(TCPDSACKOfoRecv)		/* of them: above SEG.ACK */	\
	TL_MIB(TCPDSACKIgnoredDubious)	/* D-SACKs for what was not sent again */	\
	TL_MIB(TCPFullUndo)		/* reductions undone at the end of recovery */	\
	TL_MIB(TCPPartialUndo)		/* on a partial ACK */		\
	TL_MIB(TCPDSACKUndo)		/* by D-SACK */			\
	TL_MIB(TCPLossUndo)		/* after an RTO */		\
	TL_MIB(TCPSpuriousRTOs)		/* of them: found by F-RTO */	\
	TL_MIB(TCPLossProbes)		/* tail loss probes sent */	\
	TL_MIB(TCPLossProbeRecovery)	/* that repaired a loss */	\
	TL_MIB(TCPLostRetransmit)	/* lost again after it went again */	\
	TL_MIB(TCPMTUPSuccess)		/* path MTU probes that arrived */	\
	TL_MIB(TCPMTUPFail)		/* that were lost */		\
	TL_MIB(InCE)			/* ECN: data that came marked */	\
	TL_MIB(InECE)			/* ACKs that say ours met congestion */	\
	TL_MIB(InCWR)			/* the peer has reduced its window */	\
	TL_MIB(OutECE)			/* segments sent with ECE */	\
	TL_MIB(OutCWR)			/* segments sent with CWR */	\
	TL_MIB(TCPDeliveredCE)		/* segments acknowledged with ECE */	\
	TL_MIB(TCPSynRetrans)		/* SYNs and SYN-ACKs sent again */	\
	TL_MIB(TCPWinProbe)		/* zero-window probes sent */	\
	TL_MIB(TCPKeepAlive)		/* keepalive probes sent */	\
	TL_MIB(DelayedACKs)		/* ACKs sent by the delay timer */	\
	TL_MIB(TCPAckTurns)		/* ACKs that waited for the program's turn */ \
	TL_MIB(DelayedACKLost)		/* segments that came twice */	\
	TL_MIB(TCPDSACKOldSent)		/* D-SACKs sent: octets before RCV.NXT came again */	\
	TL_MIB(TCPDSACKOfoSent)		/* D-SACKs sent: octets out of order came again */	\
	TL_MIB(TCPAckCompressed)	/* ACKs not sent, since one after them told it all */	\
	TL_MIB(TCPOFOQueue)		/* segments kept out of order */	\
	TL_MIB(TCPOFODrop)		/* out of order, no room */	\
	TL_MIB(TCPOFOMerge)		/* out of order, overlapping */	\
	TL_MIB(TCPRcvCoalesce)		/* segments joined in the receive queue */	\
	TL_MIB(PruneCalled)		/* receive buffer used up */	\
	TL_MIB(OfoPruned)		/* then given up: segments out of order */	\
	TL_MIB(TCPRcvCollapsed)		/* and buffers made by copying others together */	\
	TL_MIB(RcvPruned)		/* nothing helped */		\
	TL_MIB(TCPRcvQDrop)		/* no room in the receive queue */	\
	TL_MIB(TCPZeroWindowDrop)	/* came while the window was closed */	\
	TL_MIB(TCPBacklogDrop)		/* backlog full */		\
	TL_MIB(TCPWantZeroWindowAdv)	/* window to be closed, but announced already */	\
	TL_MIB(TCPToZeroWindowAdv)	/* window announced as closed */	\
	TL_MIB(TCPFromZeroWindowAdv)	/* and opened again */		\
	TL_MIB(TCPChallengeACK)		/* RFC5961 challenge ACKs sent */	\
	TL_MIB(TCPACKSkippedChallenge)	/* and not sent for the rate limit */	\
	TL_MIB(TCPACKSkippedSynRecv)	/* invalid_ratelimit: answers of requests left out */	\
	TL_MIB(TCPACKSkippedPAWS)	/* the same for old timestamps */	\
	TL_MIB(TCPACKSkippedSeq)	/* for sequence numbers outside the window */	\
	TL_MIB(TCPACKSkippedFinWait2)	/* in FIN-WAIT-2 without a program */	\
	TL_MIB(TCPACKSkippedTimeWait)	/* in TIME-WAIT */	\
	TL_MIB(TCPSYNChallenge)		/* SYNs answered so */		\
	TL_MIB(OutOfWindowIcmps)	/* ICMP about nothing outstanding (RFC5927) */	\
	TL_MIB(LockDroppedIcmps)	/* ICMP errors while a program held the socket */	\
	TL_MIB(PAWSEstab)		/* RFC7323 R1 failures */	\
	TL_MIB(TW)			/* TIME-WAITs that ended by their timer */	\
	TL_MIB(TWRecycled)		/* TIME-WAITs whose place connect() took */	\
	TL_MIB(TCPTimeWaitOverflow)	/* more than max_tw_buckets */	\
	TL_MIB(TCPAbortOnData)		/* RST: data for a closed program, or SO_LINGER 0 */	\
	TL_MIB(TCPAbortOnClose)		/* RST: closed with unread data */	\
	TL_MIB(TCPAbortOnMemory)	/* RST: too many orphans, or no memory */	\
	TL_MIB(TCPAbortOnTimeout)	/* gave up */			\
	TL_MIB(TCPAbortOnLinger)	/* TCP_LINGER2 says not to wait */	\
	TL_MIB(TCPMemoryPressures)	/* memory pressure entered */	\
	TL_MIB(TCPBadTransition)	/* a state change that the table lacks: a bug */

enum tl_mib {
#define TL_MIB_ENUM(name) TL_MIB_##name,
	TL_MIBS(TL_MIB_ENUM)
#undef TL_MIB_ENUM
	TL_NMIBS,
};

struct tl_stats {
	unsigned long	mib[TL_NMIBS];
	unsigned long	drop[TL_NDROPS];
	unsigned long	edge[TL_NEDGES];
	unsigned long	established;	/* CurrEstab: entered less left, summed over the CPUs */
};

struct net;

const char *tl_mib_name(enum tl_mib mib);
unsigned long tl_mib_read(const struct net *net, enum tl_mib mib);
unsigned long tl_drop_read(const struct net *net, enum tl_drop why);
unsigned long tl_edge_read(const struct net *net, int edge);
unsigned long tl_established_read(const struct net *net);

/* Count one more @name in @net; any context. */
#define TL_INC(net, name)	tl_mib_inc(net, TL_MIB_##name)
#define tl_mib_inc(net, which)	this_cpu_inc(tl_net(net)->stats->mib[which])

/* For who reads under RCU anyway */
#define TL_RCU_ADD(net, name, n) this_cpu_add(tl_net_rcu(net)->stats->mib[TL_MIB_##name], n)

/* The same in a socket's namespace, which is at hand. */
#define TL_SK_INC(sk, name)	tl_sk_mib_inc(sk, TL_MIB_##name)
#define tl_sk_mib_inc(sk, which) this_cpu_inc(tl_sk(sk)->tn->stats->mib[which])
#define TL_SK_ADD(sk, name, n)	this_cpu_add(tl_sk(sk)->tn->stats->mib[TL_MIB_##name], n)

#endif
