// SPDX-License-Identifier: GPL-2.0
/* RFC2883: what comes twice is told, in the first block, once. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(dsack);

/* A connection that has taken 2000 octets, acknowledged. */
static int begun(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w, .sackok = 1);

	wire_inject(w, ACK, .seq = 1, .len = 2000);
	wire_await_ack(w, 2001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 2000));
	wire_drain(w);
	return fd;
}

/* RFC2883 4.1.1: a whole segment that was acknowledged */
TEST_F(dsack, old)
{
	long long before = lab_counter(&w->lab, "TCPDSACKOldSent");

	begun(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 1, 1001 } });
	wire_inject(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 1001, 2001 } });
	EXPECT_EQ(before + 2, lab_counter(&w->lab, "TCPDSACKOldSent"));
	/* once only */
	wire_inject(w, ACK, .seq = 2001, .len = 100);
	wire_await_ack(w, 2101);
	EXPECT_EQ(WIRE_NONE, w->last->s.nsack);
}

/* RFC2883 4.2.1: a part of a segment */
TEST_F(dsack, partly_old)
{
	begun(_metadata);
	wire_inject(w, ACK, .seq = 1501, .len = 1000);
	wire_expect(w, ACK, .ack = 2501, .nsack = 1, .sack = { { 1501, 2001 } });
}

/* RFC2883 4.1.2: beside a gap: D-SACK first, then what there is beyond the gap */
TEST_F(dsack, old_with_gap)
{
	begun(_metadata);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 3001, 4001 } });
	wire_inject(w, ACK, .seq = 1001, .len = 500);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2, .sack = { { 1001, 1501 }, { 3001, 4001 } });
}

/* RFC2883 4.1.3: a segment that waits in the out-of-order queue already */
TEST_F(dsack, in_the_queue)
{
	long long before = lab_counter(&w->lab, "TCPDSACKOfoSent");

	begun(_metadata);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1);
	wire_inject(w, ACK, .seq = 5001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 3,
		    .sack = { { 3001, 4001 }, { 3001, 4001 }, { 5001, 6001 } });
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "TCPDSACKOfoSent"));
	/* a part from its middle */
	wire_inject(w, ACK, .seq = 5201, .len = 300);
	wire_expect(w, ACK, .ack = 2001, .nsack = 3,
		    .sack = { { 5201, 5501 }, { 5001, 6001 }, { 3001, 4001 } });
}

/* RFC2883 4.2.2: overlapping the end, the beginning, both */
TEST_F(dsack, overlapping)
{
	int fd = begun(_metadata);

	wire_inject(w, ACK, .seq = 4001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1);
	wire_inject(w, ACK, .seq = 4501, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2, .sack = { { 4501, 5001 }, { 4001, 5501 } });
	wire_inject(w, ACK, .seq = 3501, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2, .sack = { { 4001, 4501 }, { 3501, 5501 } });
	/* one that covers them all, and fills the gap but for its first octets */
	wire_inject(w, ACK, .seq = 3001, .len = 3000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2, .sack = { { 3501, 5501 }, { 3001, 6001 } });
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 6001, .nsack = WIRE_NONE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 2000, 4000));
}

/* The same beginning, but longer: it takes the place of the other. */
TEST_F(dsack, longer)
{
	int fd = begun(_metadata);

	wire_inject(w, ACK, .seq = 3001, .len = 500);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 2, .sack = { { 3001, 3501 }, { 3001, 4001 } });
	wire_inject(w, ACK, .seq = 2001, .len = 1000);
	wire_expect(w, ACK, .ack = 4001, .nsack = WIRE_NONE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 2000, 2000));
}

/* A segment at RCV.NXT that reaches into what waits */
TEST_F(dsack, fills_too_much)
{
	int fd = begun(_metadata);

	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1);
	wire_inject(w, ACK, .seq = 2001, .len = 1400);
	wire_expect(w, ACK, .ack = 4001, .nsack = 1, .sack = { { 3001, 3401 } });
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 2000, 2000));
}

/* A D-SACK takes the room of the oldest block. */
TEST_F(dsack, four_at_most)
{
	int i;

	begun(_metadata);
	for (i = 0; i < 4; i++) {
		wire_inject(w, ACK, .seq = 3001 + 1000 * i, .len = 500);
		if (i < 3)
			wire_expect(w, ACK, .ack = 2001, .nsack = i + 1);
	}
	wire_expect(w, ACK, .ack = 2001, .nsack = 4);
	wire_inject(w, ACK, .seq = 1, .len = 500);
	wire_expect(w, ACK, .ack = 2001, .nsack = 4, .sack = { { 1, 501 }, { 6001, 6501 },
		    { 5001, 5501 }, { 4001, 4501 } });
}

/* The administrator may forbid it; SACK stays. */
TEST_F(dsack, switched_off)
{
	LAB_OK(lab_sysctl_set(&w->lab, "dsack", "0"));
	begun(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = WIRE_NONE);
	wire_inject(w, ACK, .seq = 3001, .len = 1000);
	wire_expect(w, ACK, .ack = 2001, .nsack = 1, .sack = { { 3001, 4001 } });
}

/* Nor where SACK was not agreed on */
TEST_F(dsack, not_without_permission)
{
	wire_accept(w);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1001);
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .ack = 1001, .nsack = WIRE_NONE);
}

TEST_HARNESS_MAIN
