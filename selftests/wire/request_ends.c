// SPDX-License-Identifier: GPL-2.0
/* What ends a half-open connection of a listener, and what does not. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(request_ends);

static void half_open(struct __test_metadata *_metadata)
{
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
}

static void still_good(struct __test_metadata *_metadata)
{
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

/* RFC9293 3.10.7.4 second: a reset at RCV.NXT; it is counted */
TEST_F(request_ends, rst_exact)
{
	long long before;

	half_open(_metadata);
	before = lab_counter(&w->lab, "AttemptFails");
	wire_inject(w, RST, .seq = 1);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "AttemptFails"));
	wire_expect_silence(w, 20);
}

/* RFC5961 3.2: elsewhere in the window: the peer is asked. Linux believed it once (6.1). */
TEST_F(request_ends, rst_in_window)
{
	half_open(_metadata);
	wire_inject(w, RST, .seq = 1000);
	if (LAB_DIFFERS(&w->lab, wire_state(w) == 0, false, "RFC5961 3.2 names SYN-RECEIVED, too"))
		return;
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	still_good(_metadata);
}

/* RFC9293 3.10.7.4 first: beyond the window it is nobody's, on either side */
TEST_F(request_ends, rst_out_of_window)
{
	half_open(_metadata);
	wire_inject(w, RST, .seq = 70000);
	wire_inject(w, RST, .seq = -10);
	wire_expect_silence(w, 20);
	still_good(_metadata);
}

/*
 * RFC9293 3.10.7.4 fourth: another SYN in the window sends a passive open back to LISTEN, without
 * a word; the SYN comes again. Linux sends a reset, by which that attempt fails.
 */
TEST_F(request_ends, syn_in_window)
{
	half_open(_metadata);
	wire_again(w, w->f->isn + 1000);
	wire_inject(w, SYN, .mss = 1460);
	EXPECT_EQ(0, wire_state(w));
	if (LAB_DIFFERS(&w->lab, true, false, "the RFC has no reset here"))
		wire_expect(w, RST | ACK, .seq = WIRE_ANY, .ack = 1);
	else
		wire_expect_silence(w, 20);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = WIRE_ANY, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
}

/* RFC9293 3.10.7.4 fifth: an ACK of what was not sent is answered by a reset, and ends nothing */
TEST_F(request_ends, bad_ack)
{
	static const long bad[] = { 0, 2, -1, 100000 };
	int i;

	half_open(_metadata);
	for (i = 0; i < 4; i++) {
		wire_inject(w, ACK, .seq = 1, .ack = bad[i]);
		wire_expect(w, RST, .seq = bad[i]);
	}
	/* with data it is no better */
	wire_inject(w, ACK, .seq = 1, .ack = 2, .len = 100);
	wire_expect(w, RST, .seq = 2);
	w->f->snd_nxt = 1;
	if (!w->lab.oracle)
		EXPECT_LE(5, lab_counter(&w->lab, "DropReqMismatch"));
	still_good(_metadata);
}

/* RFC9293 3.10.7.4 fifth: likewise for a socket, after a simultaneous open */
TEST_F(request_ends, bad_ack_of_active_open)
{
	int fd = wire_reach(w, TCP_SYN_RECV);

	wire_inject(w, ACK, .seq = 1, .ack = 2000);
	wire_expect(w, RST, .seq = 2000);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
}

TEST_HARNESS_MAIN
