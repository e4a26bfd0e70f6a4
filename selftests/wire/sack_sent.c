// SPDX-License-Identifier: GPL-2.0
/* RFC2018: what lies beyond a gap is told, the newest first, for as long as it lies there. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(sack_sent);

/* RFC2018 4 (1), (2): the segment that came last first, then those before it */
TEST_F(sack_sent, newest_first)
{
	int fd = wire_accept(w, .sackok = 1);

	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 1, .sack = { { 1001, 2001 } });
	wire_inject(w, ACK, .seq = 5001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 2, .sack = { { 5001, 6001 }, { 1001, 2001 } });
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 3,
		    .sack = { { 3001, 4001 }, { 5001, 6001 }, { 1001, 2001 } });
	wire_inject(w, ACK, .seq = 6001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 3,
		    .sack = { { 5001, 7001 }, { 3001, 4001 }, { 1001, 2001 } });
	/* a gap between two is filled: they are one */
	wire_inject(w, ACK, .seq = 4001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 2, .sack = { { 3001, 7001 }, { 1001, 2001 } });
	/* what RCV.NXT has reached is told by the ACK itself */
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 3001, 7001 } });
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 7001, .nsack = WIRE_NONE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 7000));
}

/* RFC2018 3: there is room for four */
TEST_F(sack_sent, four_at_most)
{
	int i;

	wire_accept(w, .sackok = 1);
	for (i = 0; i < 5; i++) {
		wire_inject(w, ACK, .seq = 1001 + 2000 * i, .len = 1000);
		if (i < 4)
			wire_expect(w, ACK, .ack = 1, .nsack = i + 1);
	}
	wire_expect(w, ACK, .ack = 1, .nsack = 4, .sack = { { 9001, 10001 }, { 7001, 8001 },
		    { 5001, 6001 }, { 3001, 4001 } });
	/* the one that was forgotten comes back when it grows */
	wire_inject(w, ACK, .seq = 2001, .len = 500);
	wire_expect(w, ACK, .ack = 1, .nsack = 4, .sack = { { 2001, 2501 }, { 9001, 10001 },
		    { 7001, 8001 }, { 5001, 6001 } });
}

/* RFC2018 3: and for three, beside timestamps */
TEST_F(sack_sent, three_with_timestamps)
{
	int i;

	wire_accept(w, .sackok = 1, .tsval = 1000);
	for (i = 0; i < 4; i++) {
		wire_inject(w, ACK, .seq = 1001 + 2000 * i, .len = 1000);
		wire_expect(w, ACK, .ack = 1, .nsack = i < 3 ? i + 1 : 3, .tsval = WIRE_SOME);
	}
	EXPECT_EQ(7001, w->last->s.sack[0].left);
	EXPECT_EQ(5001, w->last->s.sack[1].left);
	EXPECT_EQ(3001, w->last->s.sack[2].left);
}

/* RFC2018 2: not where it was not agreed on */
TEST_F(sack_sent, not_without_permission)
{
	wire_accept(w);
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = WIRE_NONE);
}

/* The administrator may forbid it. */
TEST_F(sack_sent, switched_off)
{
	LAB_OK(lab_sysctl_set(&w->lab, "sack", "0"));
	wire_accept(w, .sackok = 1);
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = WIRE_NONE);
}

/* RFC9293 MUST-16: options take their room from the text: blocks ride on data, too. */
TEST_F(sack_sent, rides_on_data)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));	/* the peer may take its time */
	fd = wire_accept(w, .sackok = 1, .mss = 1000);
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 1);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 2);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2000));
	wire_expect(w, ACK, .len = 980, .ack = 1, .nsack = 2,
		    .sack = { { 3001, 4001 }, { 1001, 2001 } });
	wire_expect(w, ACK, .len = 980, .ack = 1, .nsack = 2);
	wire_expect(w, ACK, .len = 40, .ack = 1, .nsack = 2);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1);
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 4001, .nsack = WIRE_NONE);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 2000));
	wire_expect(w, ACK, .len = 1000, .ack = 4001, .nsack = WIRE_NONE);
	wire_expect(w, ACK, .len = 1000, .ack = 4001, .nsack = WIRE_NONE);
}

/* A FIN that overtakes data has a number like any octet. */
TEST_F(sack_sent, early_fin)
{
	int fd = wire_accept(w, .sackok = 1);

	wire_inject(w, FIN | ACK, .seq = 1001, .len = 500);
	wire_expect(w, ACK, .ack = 1, .nsack = 1, .sack = { { 1001, 1502 } });
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 1502, .nsack = WIRE_NONE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1500));
	LAB_OK(lab_recv_eof(fd));
}

/*
 * RFC5961 3.2: an RST is believed at RCV.NXT; Linux also believes one at the end of the highest
 * block, which a peer that was told of it may think RCV.NXT is. Anywhere else it is challenged.
 */
TEST_F(sack_sent, rst_behind_the_highest)
{
	int fd = wire_accept(w, .sackok = 1);

	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 1);
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 2);
	wire_inject(w, RST, .seq = 2001);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, RST, .seq = 4001);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
}

TEST_HARNESS_MAIN
