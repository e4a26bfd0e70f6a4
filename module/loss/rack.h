/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RACK (RFC 8985): what was sent before something that has arrived, by more than a reordering
 * window, is lost. It knows no socket, and builds in userspace, too.
 */
#ifndef TCPLAB_RACK_H
#define TCPLAB_RACK_H

#include "loss/board.h"

/**
 * struct tl_rack - RACK's state (RFC8985 5.3)
 * @sent_us: RACK.xmit_ts: when the latest of what has arrived was sent
 * @end: RACK.end_seq: behind it
 * @rtt_us: RACK.rtt
 * @advanced: something has arrived since losses were last looked for
 * @dsack: a D-SACK said that a retransmission was needless, and the window is not yet wider
 * @steps: RACK.reo_wnd_mult: the window in quarters of the smallest round trip
 * @persist: RACK.reo_wnd_persist: recoveries until the window is narrow again
 * @late_us: as late was the latest that arrived, and a little more
 * @adapted: octets delivered when the window grew last
 */
struct tl_rack {
	u64	sent_us;
	u32	end;
	u32	rtt_us;
	bool	advanced;
	bool	dsack;
	u8	steps;
	u8	persist;
	u32	late_us;
	u64	adapted;
};

#define TL_RACK_PERSIST	16	/* RFC8985 6.2 step 4 */

void tl_rack_init(struct tl_rack *k);
void tl_rack_advance(struct tl_rack *k, const struct tl_tally *t);
void tl_rack_adapt(struct tl_rack *k, u64 prior_delivered, u64 delivered);
void tl_rack_late(struct tl_rack *k, u32 took_us, u32 min_rtt_us);
u32 tl_rack_window(const struct tl_rack *k, u32 min_rtt_us, u32 srtt_us);
u32 tl_rack_detect(const struct tl_rack *k, struct tl_board *b, u32 window_us, u64 now_us);
bool tl_rack_overdue(const struct tl_rack *k, const struct tl_range *r, u32 window_us, u64 now_us);

#endif
