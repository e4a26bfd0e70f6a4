// SPDX-License-Identifier: GPL-2.0
/* The peer's window is shut: probes, ever rarer, until it opens (RFC9293 3.8.6.1). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(zero_window);

/*
 * The next segment must be a probe: Linux repeats the number before the window, without data; one
 * byte of new data, as in the RFC, is as good.
 */
static void expect_probe(struct __test_metadata *_metadata, long una)
{
	wire_take(w);
	EXPECT_EQ(ACK, w->last->s.flags & ~PSH);
	EXPECT_GE(1, w->last->s.len);
	EXPECT_EQ(w->last->s.len ? una : una - 1, w->last->s.seq);
	w->f->rcv_nxt = una;
}

/* RFC9293 MUST-35, MUST-36, SHLD-29, SHLD-30: probes, answered, with a growing interval */
TEST_F_TIMEOUT(zero_window, probes_back_off, lab_secs(60))
{
	long gap, last = 0;
	int fd, i;

	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	for (i = 0; i < 5; i++) {
		expect_probe(_metadata, 1);
		if (i) {
			gap = wire_gap_ms(w);
			EXPECT_LE(last * 17 / 10, gap)
				TH_LOG("the interval did not grow: %ld ms after %ld ms", gap, last);
			last = gap;
		}
		wire_inject(w, ACK, .ack = 1, .win = 0);
	}
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	w->win = 65535;
	wire_inject(w, ACK, .ack = 1);
	wire_take_stream(w, 3001);
}

/* RFC9293 MUST-37: as long as the probes are answered the connection is not given up */
TEST_F_TIMEOUT(zero_window, answered_for_long, lab_secs(120))
{
	int fd, i;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	for (i = 0; i < 6; i++) {
		expect_probe(_metadata, 1);
		wire_inject(w, ACK, .ack = 1, .win = 0);
	}
	EXPECT_EQ(0, lab_so_error(fd));
	w->win = 65535;
	wire_inject(w, ACK, .ack = 1);
	wire_take_stream(w, 1001);
}

/* RFC9293 3.8.6: the window that shuts in mid-stream; a lost update is made good by the probe */
TEST_F_TIMEOUT(zero_window, lost_update, lab_secs(60))
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 3000, 3000));
	wire_drain(w);
	wire_inject(w, ACK, .win = 0);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 6000, 3000));
	expect_probe(_metadata, 6001);
	/* the answer to the probe carries the news */
	wire_inject(w, ACK, .ack = 6001);
	wire_take_stream(w, 9001);
}

/* RFC9293 MUST-38: a window smaller than a segment: nothing for a while, then what fits */
TEST_F_TIMEOUT(zero_window, small_window, lab_secs(60))
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	wire_take_stream_quietly(w, 5001);
	wire_inject(w, ACK, .win = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 5000, 2000));
	wire_take(w);
	EXPECT_GE(5101, w->last->s.seq + w->last->s.len);
	w->f->rcv_nxt = w->last->s.seq + w->last->s.len;
	wire_inject(w, ACK);
	wire_take_stream(w, 7001);
}

TEST_HARNESS_MAIN
