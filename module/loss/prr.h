/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proportional rate reduction (RFC 9937): while the window goes down, how much may go out for what
 * has arrived. Numbers only.
 */
#ifndef TCPLAB_PRR_H
#define TCPLAB_PRR_H

#include "pure.h"

/**
 * struct tl_prr - RFC 9937's variables, octets
 * @delivered: prr_delivered: arrived since the reduction began
 * @out: prr_out: sent since then
 * @flight: RecoverFS: what was in flight then; 0: no reduction is going on
 */
struct tl_prr {
	u32	delivered;
	u32	out;
	u32	flight;
};

u32 tl_prr_quota(struct tl_prr *p, u32 ssthresh, u32 pipe, u32 delivered, bool safe, u32 mss);

#endif
