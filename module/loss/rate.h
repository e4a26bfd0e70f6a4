/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Delivery rate samples (draft-cheng-iccrg-delivery-rate-estimation): how much arrived between the
 * sending of a segment and its ACK, and in what time. Numbers only.
 */
#ifndef TCPLAB_RATE_H
#define TCPLAB_RATE_H

#include "cc/cc.h"
#include "loss/board.h"

/**
 * struct tl_rate_state - the connection's part (draft 3.1.1)
 * @delivered: C.delivered: octets that have arrived
 * @delivered_us: C.delivered_time
 * @first_us: C.first_sent_time: when the flight that is being acknowledged began
 * @app_limited: C.app_limited: until so many octets have arrived samples are too low; or 0
 * @last: the last sample that was good, for people to look at
 */
struct tl_rate_state {
	u64		delivered;
	u64		delivered_us;
	u64		first_us;
	u64		app_limited;
	struct tl_rate	last;
};

void tl_rate_stamp(struct tl_rate_state *s, struct tl_stamp *at, u64 now_us, bool idle);
void tl_rate_sample(struct tl_rate_state *s, const struct tl_tally *t, u32 min_rtt_us,
		    struct tl_rate *rate);

#endif
