// SPDX-License-Identifier: GPL-2.0
/* The peer's window: never a byte beyond it, scaled as agreed. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(window_send);

/* RFC9293 3.8.6: as many bytes as the window has, and no more before it moves */
TEST_F(window_send, obeyed)
{
	int fd;

	w->win = 3000;
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	wire_take_stream_quietly(w, 3001);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .ack = 3001, .win = 2000);
	wire_take_stream_quietly(w, 5001);
	wire_expect_silence(w, 20);
	/* the same edge told twice opens nothing */
	wire_inject(w, ACK, .ack = 4001, .win = 1000);
	wire_expect_silence(w, 20);
	w->win = 65535;
	wire_inject(w, ACK, .ack = 5001);
	wire_take_stream(w, 20001);
}

/* A window of hardly a segment is used in halves: so there is a second one to acknowledge */
TEST_F(window_send, in_halves)
{
	w->win = 2000;
	LAB_OK(lab_send(wire_accept(w), LAB_TO_PEER, 0, 10000));
	wire_expect(w, ACK, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .len = 1000);
}

/* RFC9293 MUST-1: without a sign: more than 2^15 bytes may be under way */
TEST_F(window_send, without_sign)
{
	int fd = wire_accept(w, .mss = 1000), i, n;
	long acked = 0;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100000));
	for (n = 10; n <= 20; n *= 2) {		/* slow start: the window doubles */
		for (i = 0; i < n; i++)
			wire_take(w);
		acked = w->f->rcv_nxt;
		wire_inject(w, ACK);
	}
	while (w->f->rcv_nxt < acked + 34000)
		wire_take(w);
}

/* RFC7323 2.3: shifted by what both sides agreed on */
TEST_F(window_send, scaled)
{
	int fd;

	w->win = 1500;
	fd = wire_accept(w, .mss = 1000, .ws = 2);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	wire_take_stream_quietly(w, 6001);
	wire_expect_silence(w, 20);
}

/* RFC7323 2.2: the window of a SYN itself is never scaled */
TEST_F(window_send, scale_not_in_syn)
{
	int fd;

	w->win = 4000;
	fd = wire_connect(w, .mss = 1000, .ws = 7);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	wire_take_stream_quietly(w, 4001);
	wire_expect_silence(w, 20);
}

/* RFC7323 2.2: no shift where the peer did not offer one */
TEST_F(window_send, not_scaled)
{
	int fd;

	w->win = 2000;
	fd = wire_connect(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	wire_take_stream_quietly(w, 2001);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK);
	wire_take_stream_quietly(w, 4001);
	wire_expect_silence(w, 20);
}

/* RFC9293 MUST-34: a peer that shrinks its window is wrong, but must be borne */
TEST_F(window_send, shrunk)
{
	int fd;

	w->win = 4000;
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 8000));
	wire_take_stream_quietly(w, 4001);
	wire_inject(w, ACK, .ack = 1001, .win = 1000);
	wire_expect_silence(w, 20);
	w->win = 65535;
	wire_inject(w, ACK, .ack = 4001);
	wire_take_stream(w, 8001);
}

/* RFC9293 3.10.7.4, fifth step: an old segment must not take the window back (SND.WL1, SND.WL2) */
TEST_F(window_send, old_segment_does_not_update)
{
	int fd;

	w->win = 2000;
	fd = wire_accept(w, .mss = 1000);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_await_ack(w, 101);
	/* an older number, as if delayed in the network, with a larger window */
	wire_inject(w, ACK, .seq = 1, .ack = 1, .win = 60000);
	wire_drain(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 8000));
	wire_take_stream_quietly(w, 2001);
	wire_expect_silence(w, 20);
}

TEST_HARNESS_MAIN
