/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIME-WAIT (RFC 9293 3.6.1): what is left of a connection for 2 MSL.
 */
#ifndef TCPLAB_TIMEWAIT_H
#define TCPLAB_TIMEWAIT_H

#include "conn/conn.h"

/**
 * struct tl_tw - a connection in TIME-WAIT
 * @node: entry in the table
 * @bound: it still uses its port
 * @timer: 2 MSL
 * @net: namespace; no reference: those that are left when it goes are purged
 * @rcv_nxt: RCV.NXT
 * @rcv_wnd: RCV.WND, bytes
 * @snd_nxt: SND.NXT
 * @ts_recent: TS.Recent
 * @ts_recent_age: when noted, seconds
 * @ts_off: our timestamps' offset
 * @mark: fwmark of our ACKs
 * @priority: theirs
 * @tos: traffic class of our ACKs
 * @oow_last: when a segment that made no sense was answered last: see tl_oow_limited()
 * @wscale: shift of the window that we announce
 * @ts_ok: timestamps were agreed on
 * @reuse: SO_REUSEADDR, for those who want the port
 * @reuseport: SO_REUSEPORT, likewise
 * @v6only: IPV6_V6ONLY, likewise
 */
struct tl_tw {
	struct tl_node		node;
	struct tl_bound		bound;
	struct tl_mini_timer	timer;
	struct net		*net;
	u32			rcv_nxt;
	u32			rcv_wnd;
	u32			snd_nxt;
	u32			ts_recent;
	u32			ts_recent_age;
	u32			ts_off;
	u32			mark;
	u32			priority;
	u32			oow_last;
	u8			tos;
	u8			wscale;
	u8			ts_ok:1,
				reuse:1,
				reuseport:1,
				v6only:1;
	struct rcu_head		rcu;
};

#endif
