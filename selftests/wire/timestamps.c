// SPDX-License-Identifier: GPL-2.0
/* RFC 7323: timestamps echoed, and used against old duplicates. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(timestamps);

/* RFC7323 3.2: once agreed on, every segment carries them */
TEST_F(timestamps, on_every_segment)
{
	int fd = wire_accept(w, .tsval = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tsval = WIRE_SOME, .tsecr = 1000);
	w->f->tsval = 1010;
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 101, .tsval = WIRE_SOME, .tsecr = 1010);
	close(fd);
	/* the data was never read, so this is a reset; else it would be a FIN */
	wire_take(w);
	EXPECT_TRUE(w->last->s.flags & RST);
}

/* RFC7323 4.3 (2): the echo is of the segment that advanced the window's left edge */
TEST_F(timestamps, echo_of_the_last_in_order)
{
	wire_accept(w, .tsval = 1000);
	wire_inject(w, ACK, .seq = 1, .len = 100, .tsval = 1100);
	wire_expect(w, ACK, .ack = 101, .tsecr = 1100);
	/* out of order: the duplicate ACK repeats the older */
	wire_inject(w, ACK, .seq = 201, .len = 100, .tsval = 1300);
	wire_expect(w, ACK, .ack = 101, .tsecr = 1100);
	/* the hole is filled by a segment that is older than the one behind it */
	wire_inject(w, ACK, .seq = 101, .len = 100, .tsval = 1200);
	wire_expect(w, ACK, .ack = 301, .tsecr = 1200);
}

/* RFC7323 5.3 R1: older than the last: dropped, answered by an ACK, counted */
TEST_F(timestamps, paws)
{
	int fd = wire_accept(w, .tsval = 100000);
	long long before;

	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 101, .tsecr = 100000);
	before = lab_counter(&w->lab, "PAWSEstab");
	ASSERT_LE(0, before)
		TH_LOG("%s", lab_why());
	wire_inject(w, ACK, .seq = 101, .len = 100, .tsval = 90000);
	wire_expect(w, ACK, .ack = 101, .tsecr = 100000);
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "PAWSEstab"));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));

	wire_inject(w, ACK, .seq = 101, .len = 100, .tsval = 100001);
	wire_expect(w, ACK, .ack = 201, .tsecr = 100001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 100, 100));
}

/* RFC7323 5.2: the numbers are compared modulo 2^32 */
TEST_F(timestamps, wrap)
{
	int fd = wire_accept(w, .tsval = 0xfffffff0);

	wire_inject(w, ACK, .len = 100, .tsval = 5);
	wire_expect(w, ACK, .ack = 101, .tsecr = 5);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC7323 5.3 R1: a reset is taken whatever its timestamp */
TEST_F(timestamps, reset_is_exempt)
{
	int fd = wire_accept(w, .tsval = 100000);

	wire_inject(w, RST | ACK, .seq = 1, .tsval = 5, .tsecr = 0);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
}

/* The clock of the kernel moves on, and never back. */
TEST_F(timestamps, clock_moves)
{
	int fd = wire_accept(w, .tsval = 1), i;
	uint32_t last, first;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	first = w->f->ts_recent;
	last = first;
	for (i = 0; i < 5; i++) {
		usleep(4000);
		LAB_OK(lab_send(fd, LAB_TO_PEER, i, 1));
		wire_expect(w, ACK, .len = 1);
		EXPECT_LE(0, (int32_t)((uint32_t)w->last->s.tsval - last));
		last = w->last->s.tsval;
		wire_inject(w, ACK);
	}
	EXPECT_LT(0, (int32_t)(last - first));
}

TEST_HARNESS_MAIN
