// SPDX-License-Identifier: GPL-2.0
/*
 * Windows that let less go than would be sent at once: the next ACK brings room for more, and one
 * large super-segment costs less than two. A sender waits for it if that is not long
 * (tso_win_divisor). On the wire they are cut: what is seen is when they go.
 */
#include "harness.h"
#include "wire.h"

WIRE_TIMED_FIXTURE(full_bursts);

/* Sixteen segments go for eight that arrived, and at once there is room for two more. */
static int room_for_two(struct wire *w, const char *divisor)
{
	const struct wire_seg *eight = WIRE_INJ(ACK, .ack = 8001);
	const struct wire_seg *nine = WIRE_INJ(ACK, .ack = 9001);
	int fd;

	if (lab_sysctl_set(&w->lab, "tso_win_divisor", divisor) || lab_link_gso_segs("wire", 64))
		return -1;
	fd = __wire_accept(w, WIRE_INJ(SYN, .mss = 1000));
	if (fd < 0 || lab_send(fd, LAB_TO_PEER, 0, 60000) < 0 ||
	    __wire_take_stream(w, 10001, false) || __wire_silence(w, 2) ||
	    __wire_inject(w, eight) || __wire_inject(w, nine))
		return -1;
	return __wire_take_stream(w, 26001, false);
}

TEST_F(full_bursts, wait)
{
	LAB_OK(room_for_two(w, "3"));
	wire_expect_silence(w, 1);
	/* nothing is left whose ACK is near */
	wire_inject(w, ACK, .ack = 10001);
	wire_take_stream_quietly(w, 30001);
}

/* A 255th part of a window is always worth sending. */
TEST_F(full_bursts, at_once)
{
	LAB_OK(room_for_two(w, "255"));
	wire_take_stream_quietly(w, 28001);
	wire_expect_silence(w, 1);
}

TEST_HARNESS_MAIN
