/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The round-trip estimator of RFC 6298. Numbers only: builds in userspace, too.
 */
#ifndef TCPLAB_RTT_H
#define TCPLAB_RTT_H

#include "pure.h"

#define TL_RTT_PARTS	4

/**
 * struct tl_rtt - SRTT, RTTVAR and RTO
 * @srtt: SRTT, µs, times 8
 * @rttvar: RTTVAR, µs, times 4
 * @rto: RTO before backoff, µs
 * @min: smallest round trip of late, µs; ~0: none is known
 * @last: last sample, µs
 * @part: of each part of the window of time that @min is of, the newest first: its smallest
 * @part_since: when the newest part began
 * @backoff: how often the RTO was doubled
 */
struct tl_rtt {
	u32	srtt;
	u32	rttvar;
	u32	rto;
	u32	min;
	u32	last;
	u32	part[TL_RTT_PARTS];
	u32	part_since;
	u8	backoff;
};

/* What takes longer is no round trip, and would overflow. */
#define TL_RTT_MAX_US	268000000U

/**
 * struct tl_rto_bounds - net.tcplab.rto_min_ms, rto_max_ms, rto_init_ms in µs
 */
struct tl_rto_bounds {
	u32	min;
	u32	max;
	u32	init;
};

void tl_rtt_init(struct tl_rtt *r, const struct tl_rto_bounds *b);
void tl_rtt_sample(struct tl_rtt *r, u32 sample, const struct tl_rto_bounds *b);
void tl_rtt_min_sample(struct tl_rtt *r, u32 sample, u32 now, u32 window);
void tl_rtt_backoff(struct tl_rtt *r, const struct tl_rto_bounds *b);
u32 tl_rto_us(const struct tl_rtt *r, const struct tl_rto_bounds *b);

#endif
