/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events, under events/tcplab/. Addresses are given as IPv6 ones, IPv4 as v4-mapped.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcplab

#if !defined(TCPLAB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TCPLAB_TRACE_H

#include <linux/tracepoint.h>
#include "sock.h"

TRACE_EVENT(tl_state,
	TP_PROTO(const struct net *net, const struct tl_tuple *t, int from, int to, int event),
	TP_ARGS(net, t, from, to, event),
	TP_STRUCT__entry(
		__field(unsigned int, netns)
		__field(u8, from)
		__field(u8, to)
		__field(u8, event)
		__field(u16, lport)
		__field(u16, fport)
		__array(u8, laddr, 16)
		__array(u8, faddr, 16)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->from = from;
		__entry->to = to;
		__entry->event = event;
		__entry->lport = ntohs(t->lport);
		__entry->fport = ntohs(t->fport);
		memcpy(__entry->laddr, &t->laddr, 16);
		memcpy(__entry->faddr, &t->faddr, 16);
	),
	TP_printk("netns=%u local=[%pI6c]:%u foreign=[%pI6c]:%u from=%s to=%s event=%s",
		  __entry->netns, __entry->laddr, __entry->lport, __entry->faddr, __entry->fport,
		  tl_state_name(__entry->from), tl_state_name(__entry->to),
		  tl_event_name(__entry->event))
);

TRACE_EVENT(tl_drop,
	TP_PROTO(const struct net *net, const struct sk_buff *skb, int why),
	TP_ARGS(net, skb, why),
	TP_STRUCT__entry(
		__field(unsigned int, netns)
		__field(const void *, skb)
		__field(u32, len)
		__field(u8, why)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->skb = skb;
		__entry->len = skb ? skb->len : 0;
		__entry->why = why;
	),
	TP_printk("netns=%u skb=%p len=%u why=%s rule=\"%s\"", __entry->netns, __entry->skb,
		  __entry->len, tl_drop_name(__entry->why), tl_drop_rule(__entry->why))
);

TRACE_EVENT(tl_retransmit,
	TP_PROTO(const struct sock *sk, u32 seq, u32 len, const char *why),
	TP_ARGS(sk, seq, len, why),
	TP_STRUCT__entry(
		__field(u16, lport)
		__field(u16, fport)
		__field(u32, seq)
		__field(u32, len)
		__field(u8, ca_state)
		__field(const char *, why)
	),
	TP_fast_assign(
		__entry->lport = ntohs(tl_sk(sk)->node.tuple.lport);
		__entry->fport = ntohs(tl_sk(sk)->node.tuple.fport);
		__entry->seq = seq;
		__entry->len = len;
		__entry->ca_state = tl_sk(sk)->loss.state;
		__entry->why = why;
	),
	TP_printk("lport=%u fport=%u seq=%u len=%u ca_state=%u why=%s", __entry->lport,
		  __entry->fport, __entry->seq, __entry->len, __entry->ca_state, __entry->why)
);

TRACE_EVENT(tl_lost,
	TP_PROTO(const struct sock *sk, u32 seq, u32 len, const char *why),
	TP_ARGS(sk, seq, len, why),
	TP_STRUCT__entry(
		__field(u16, lport)
		__field(u16, fport)
		__field(u32, seq)
		__field(u32, len)
		__field(const char *, why)
	),
	TP_fast_assign(
		__entry->lport = ntohs(tl_sk(sk)->node.tuple.lport);
		__entry->fport = ntohs(tl_sk(sk)->node.tuple.fport);
		__entry->seq = seq;
		__entry->len = len;
		__entry->why = why;
	),
	TP_printk("lport=%u fport=%u seq=%u len=%u why=%s", __entry->lport, __entry->fport,
		  __entry->seq, __entry->len, __entry->why)
);

TRACE_EVENT(tl_undo,
	TP_PROTO(const struct sock *sk, const char *why),
	TP_ARGS(sk, why),
	TP_STRUCT__entry(
		__field(u16, lport)
		__field(u16, fport)
		__field(u32, cwnd)
		__field(u32, ssthresh)
		__field(u8, ca_state)
		__field(const char *, why)
	),
	TP_fast_assign(
		__entry->lport = ntohs(tl_sk(sk)->node.tuple.lport);
		__entry->fport = ntohs(tl_sk(sk)->node.tuple.fport);
		__entry->cwnd = tl_sk(sk)->cc.cwnd;
		__entry->ssthresh = tl_sk(sk)->cc.ssthresh;
		__entry->ca_state = tl_sk(sk)->loss.state;
		__entry->why = why;
	),
	TP_printk("lport=%u fport=%u cwnd=%u ssthresh=%u ca_state=%u why=%s", __entry->lport,
		  __entry->fport, __entry->cwnd, __entry->ssthresh, __entry->ca_state,
		  __entry->why)
);

TRACE_EVENT(tl_ca_state,
	TP_PROTO(const struct sock *sk, int from, int to),
	TP_ARGS(sk, from, to),
	TP_STRUCT__entry(
		__field(u16, lport)
		__field(u16, fport)
		__field(u32, una)
		__field(u32, nxt)
		__field(u8, from)
		__field(u8, to)
	),
	TP_fast_assign(
		__entry->lport = ntohs(tl_sk(sk)->node.tuple.lport);
		__entry->fport = ntohs(tl_sk(sk)->node.tuple.fport);
		__entry->una = tl_sk(sk)->snd.una;
		__entry->nxt = tl_sk(sk)->snd.nxt;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("lport=%u fport=%u from=%s to=%s snd_una=%u snd_nxt=%u", __entry->lport,
		  __entry->fport, tl_ca_name(__entry->from), tl_ca_name(__entry->to),
		  __entry->una, __entry->nxt)
);

TRACE_EVENT(tl_cwnd,
	TP_PROTO(const struct sock *sk, const char *why),
	TP_ARGS(sk, why),
	TP_STRUCT__entry(
		__field(u16, lport)
		__field(u16, fport)
		__field(u32, cwnd)
		__field(u32, ssthresh)
		__field(u32, flight)
		__field(u32, srtt)
		__field(const char *, why)
	),
	TP_fast_assign(
		__entry->lport = ntohs(tl_sk(sk)->node.tuple.lport);
		__entry->fport = ntohs(tl_sk(sk)->node.tuple.fport);
		__entry->cwnd = tl_sk(sk)->cc.cwnd;
		__entry->ssthresh = tl_sk(sk)->cc.ssthresh;
		__entry->flight = tl_sk(sk)->snd.nxt - tl_sk(sk)->snd.una;
		__entry->srtt = tl_sk(sk)->rtt.srtt >> 3;
		__entry->why = why;
	),
	TP_printk("lport=%u fport=%u cwnd=%u ssthresh=%u flight=%u srtt_us=%u why=%s",
		  __entry->lport, __entry->fport, __entry->cwnd, __entry->ssthresh,
		  __entry->flight, __entry->srtt, __entry->why)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH obs
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
