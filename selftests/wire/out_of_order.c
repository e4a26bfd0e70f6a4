// SPDX-License-Identifier: GPL-2.0
/* Segments that overtake each other: queued, acknowledged at once, delivered in order. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(out_of_order);

/*
 * RFC9293 3.10.7.4 seventh step, SHLD-31; RFC5681 4.2: each gives a duplicate ACK at once; and one
 * ACK is for all that had waited (RFC9293 MUST-59)
 */
TEST_F(out_of_order, hole_is_filled)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));

	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 3001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 3000));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* RFC5681 4.2: a segment that fills part of a gap is acknowledged at once */
TEST_F(out_of_order, two_holes)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001);
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 4001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 4000));
}

/* All of them backwards */
TEST_F(out_of_order, reversed)
{
	int fd = wire_accept(w), i;

	for (i = 19; i > 0; i--) {
		wire_inject(w, ACK, .seq = 1 + i * 700, .len = 700);
		wire_expect(w, ACK, .seq = 1, .ack = 1);
	}
	wire_inject(w, ACK, .seq = 1, .len = 700);
	wire_expect(w, ACK, .seq = 1, .ack = 20 * 700 + 1);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 20 * 700));
}

/* RFC9293 3.10.7.4, eighth step: a FIN that overtakes data waits for it */
TEST_F(out_of_order, fin_first)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .seq = 1001);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(0, lab_poll(fd, POLLIN | POLLRDHUP, 0));
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 1002);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
	LAB_OK(lab_recv_eof(fd));
}

/* A FIN with data, which overtakes the data before it */
TEST_F(out_of_order, fin_with_data_first)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .seq = 1001, .len = 500);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .seq = 1, .ack = 1502);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1500));
	LAB_OK(lab_recv_eof(fd));
}

/* RFC2018 4: where SACK was agreed on, the ACK tells what is there, the newest block first */
TEST_F(out_of_order, sack_blocks)
{
	int fd = wire_accept(w, .sackok = 1);

	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 1, .sack = { { 1001, 2001 } });
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 1, .nsack = 2, .sack = { { 3001, 4001 }, { 1001, 2001 } });
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 3001, 4001 } });
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 4001, .nsack = WIRE_NONE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 4000));
}

TEST_HARNESS_MAIN
