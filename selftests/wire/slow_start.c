// SPDX-License-Identifier: GPL-2.0
/* The congestion window at the beginning: ten segments, and one more for each that arrives. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(slow_start);

/* RFC6928 2: ten segments, though data and the peer's window would let more go */
TEST_F(slow_start, initial_window)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50000));
	wire_take_stream_quietly(w, 10001);
	wire_expect_silence(w, 20);
}

/* The same for the side that connected. */
TEST_F(slow_start, initial_window_connecting)
{
	int fd = wire_connect(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50000));
	wire_take_stream_quietly(w, 10001);
	wire_expect_silence(w, 20);
}

/* RFC5681 3.1: each ACK of a segment lets two go */
TEST_F(slow_start, two_for_one)
{
	int fd = wire_accept(w, .mss = 1000), i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 60000));
	wire_take_stream_quietly(w, 10001);
	for (i = 1; i <= 10; i++) {
		wire_inject(w, ACK, .ack = 1 + i * 1000);
		wire_take_stream_quietly(w, 10001 + i * 2000);
		wire_expect_silence(w, 5);
	}
}

/* RFC5681 3.1: ten bytes acknowledged are not a segment: dividing ACKs gains nothing (ABC) */
TEST_F(slow_start, divided_acks)
{
	int fd = wire_accept(w, .mss = 1000), i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 60000));
	wire_take_stream_quietly(w, 10001);
	for (i = 1; i <= 50; i++)
		wire_inject(w, ACK, .ack = 1 + i * 20);
	/* one segment acknowledged in all: it leaves, and the window grows by one at the most */
	while (w->f->head || lab_poll(w->tun, POLLIN, 5)) {
		wire_take(w);
		ASSERT_GE(12001, w->last->s.seq + w->last->s.len);
	}
}

TEST_HARNESS_MAIN
