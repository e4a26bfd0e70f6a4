/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that a network namespace owns: tables, settings, counters. Nothing outlives it.
 */
#ifndef TCPLAB_PERNET_H
#define TCPLAB_PERNET_H

#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "obs/mib.h"

struct ctl_table_header;
struct tl_cc_ops;
struct tl_fo_keys;
struct tl_file;

/**
 * struct tl_sysctl - net.tcplab.*; names, units and defaults of net.ipv4.tcp_* where those exist
 *
 * Read without a lock, with READ_ONCE(): see TL_SYSCTL().
 */
struct tl_sysctl {
	int	syn_retries;
	int	synack_retries;
	int	retries1;
	int	retries2;
	int	orphan_retries;
	int	max_syn_backlog;
	int	syncookies;
	int	max_tw_buckets;
	int	max_orphans;
	int	abort_on_overflow;
	int	stdurg;
	int	rfc1337;
	int	timewait_reuse;		/* as tw_reuse the kernel has a macro */
	int	fastopen;		/* TL_FO_* */
	int	fastopen_blackhole_timeout_sec;
	int	fin_timeout;		/* jiffies */
	int	keepalive_time;		/* jiffies */
	int	keepalive_intvl;	/* jiffies */
	int	keepalive_probes;
	int	challenge_ack_limit;	/* per second */
	int	window_scaling;
	int	timestamps;
	int	sack;
	int	ecn;			/* 1: ask for it, 2: accept it */
	int	ecn_fallback;
	int	invalid_ratelimit;	/* jiffies */
	int	dsack;
	unsigned long	comp_sack_delay_ns;
	unsigned long	comp_sack_slack_ns;
	int	comp_sack_nr;
	int	backlog_ack_defer;
	int	ack_turn;
	int	pingpong_thresh;
	int	moderate_rcvbuf;
	int	min_snd_mss;
	int	mtu_probing;		/* 1: when nothing gets through, 2: always */
	int	base_mss;		/* octets of text */
	int	mtu_probe_floor;
	int	probe_threshold;	/* bytes */
	int	probe_interval;		/* seconds */
	unsigned int	notsent_lowat;	/* bytes */
	int	thin_linear_timeouts;
	int	fwmark_accept;
	int	rmem[3];
	int	wmem[3];
	/* what Linux hard-codes */
	int	msl_ms;
	int	rto_min_ms;
	int	rto_max_ms;
	int	rto_init_ms;
	int	delack_min_ms;
	int	delack_max_ms;
	int	initial_cwnd;		/* segments */
	int	reordering;		/* segments */
	int	max_reordering;
	int	early_retrans;
	int	frto;
	int	slow_start_after_idle;
	int	min_rtt_wlen;		/* seconds */
	int	pacing_ss_ratio;	/* per cent of cwnd / SRTT */
	int	pacing_ca_ratio;
	int	tso_win_divisor;
};

struct tl_challenge {
	u32		second;
	u32		left;
};

struct tl_net {
	struct net			*net;
	struct rhashtable		conns;		/* requests, sockets, TIME-WAITs by tuple */
	struct rhltable			listeners;	/* by local address and port */
	struct xarray			ports;		/* struct tl_port by number */
	atomic_t			port_step;	/* of the search for ephemeral ones */
	struct tl_stats __percpu	*stats;
	struct tl_sysctl		sysctl;
	struct ctl_table_header		*sysctl_header;
	struct tl_file			*proc_files;
	const struct tl_cc_ops		*cc;		/* congestion_control: for new sockets */
	struct sock			*ctl4;		/* sends what belongs to no socket */
	struct sock			*ctl6;
	siphash_key_t			isn_key;
	siphash_key_t			ts_key;
	siphash_key_t			cookie_key;
	u32				cookie_last;	/* when a SYN cookie was sent, seconds */
	struct tl_challenge		challenge;
	struct {
		struct tl_fo_keys __rcu	*keys;
		struct xarray		peers;		/* what clients know of servers */
		atomic_t		pauses;		/* in a row, for black holes' sake */
		unsigned long		paused_at;	/* jiffies */
	}				fo;		/* conn/fastopen.c */
	atomic_t			timewaits;
	atomic_t			orphans;
};

extern unsigned int tl_net_id;

static inline struct tl_net *tl_net(const struct net *net)
{
	return net_generic(net, tl_net_id);
}

/* The same for who reads under RCU anyway, as all do that receive. */
static inline struct tl_net *tl_net_rcu(const struct net *net)
{
	return rcu_dereference(net->gen)->ptr[tl_net_id];
}

/* A setting's value now. */
#define TL_SYSCTL(net, name)	READ_ONCE(tl_net(net)->sysctl.name)
/* The same for a socket, without a look into the namespace's table. */
#define TL_SK_SYSCTL(sk, name)	READ_ONCE(tl_sk(sk)->tn->sysctl.name)

int tl_pernet_register(void);
void tl_pernet_unregister(void);

#endif
