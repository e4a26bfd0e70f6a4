// SPDX-License-Identifier: GPL-2.0
/*
 * A receive buffer that is used up, though the window was kept to: buffers cost more than the data
 * in them. Data is copied together, then what came before its turn goes; what was acknowledged
 * stays, what was lost may come again, and the connection goes on.
 *
 * A test sets SO_RCVBUF, for otherwise the buffer grows instead. A segment of SMALL octets is a
 * buffer of 1 KiB, where there is no room for the next one's text.
 */
#include "harness.h"
#include "wire.h"

#include <linux/sock_diag.h>

#define RCVBUF	65536		/* doubled by the kernel; half of that is the window */
#define SMALL	340
#define MANY	180		/* SMALL segments that the window lets pass */
#define TINY	100

WIRE_FIXTURE(receive_full);

static int reader(struct __test_metadata *_metadata)
{
	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, RCVBUF));
	return wire_accept(w, .sackok = 1);
}

static long long count(const char *name)
{
	return lab_counter(&w->lab, name);
}

/* No more memory than the buffer may take, and the segment that was just within it. */
static void expect_bounded(struct __test_metadata *_metadata, int fd)
{
	unsigned int mem[SK_MEMINFO_VARS] = { };
	socklen_t len = sizeof(mem);

	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_GE(2 * RCVBUF + 4096, mem[SK_MEMINFO_RMEM_ALLOC]);
}

static void send_in_order(struct __test_metadata *_metadata, long from, long to, long each)
{
	for (; from < to; from += each)
		wire_inject(w, ACK, .seq = from, .len = to - from < each ? to - from : each);
	wire_await_ack(w, to);
}

/* What is in order is copied together: nothing is lost. */
TEST_F(receive_full, in_order)
{
	int fd = reader(_metadata);

	send_in_order(_metadata, 1, 1 + MANY * SMALL, SMALL);
	expect_bounded(_metadata, fd);
	EXPECT_LT(0, count("PruneCalled"));
	EXPECT_LT(0, count("TCPRcvCollapsed"));
	EXPECT_EQ(0, count("RcvPruned"));
	EXPECT_EQ(0, count("TCPRcvQDrop"));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, MANY * SMALL));
	send_in_order(_metadata, 1 + MANY * SMALL, 1 + 2 * MANY * SMALL, SMALL);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, MANY * SMALL, MANY * SMALL));
}

/* So is what waits behind a gap. */
TEST_F(receive_full, behind_a_gap)
{
	int fd = reader(_metadata), i;

	for (i = 1; i < MANY; i++) {
		wire_inject(w, ACK, .seq = 1 + i * SMALL, .len = SMALL);
		wire_drain(w);
	}
	expect_bounded(_metadata, fd);
	EXPECT_LT(0, count("PruneCalled"));
	EXPECT_LT(0, count("TCPRcvCollapsed"));
	EXPECT_EQ(0, count("OfoPruned"));
	EXPECT_EQ(0, count("TCPOFODrop"));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	wire_inject(w, ACK, .seq = 1, .len = SMALL);
	wire_await_ack(w, 1 + MANY * SMALL);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, MANY * SMALL));
}

/*
 * With a gap behind each there is nothing to be copied together. The farthest is refused; for one
 * nearer to its turn those that are farther go, and are not told of any more (RFC2018 8). The
 * kernel's TCP before 6.2 gives up others for the sake of the farthest.
 */
TEST_F(receive_full, gaps)
{
	bool old = w->lab.oracle && !lab_kernel(6, 2);
	int fd = reader(_metadata);
	long seq;

	for (seq = 1 + TINY; !count(old ? "OfoPruned" : "TCPOFODrop"); seq += 2 * TINY) {
		ASSERT_GT(RCVBUF - 2000, seq)
			TH_LOG("everything found room");
		wire_inject(w, ACK, .seq = seq, .len = TINY);
		wire_drain(w);
	}
	EXPECT_LT(0, count("PruneCalled"));
	if (!old) {
		EXPECT_LT(0, count("RcvPruned"));
		EXPECT_EQ(0, count("OfoPruned"));
	}
	expect_bounded(_metadata, fd);

	wire_inject(w, ACK, .seq = 1, .len = TINY);
	wire_expect(w, ACK, .ack = 1 + 2 * TINY, .nsack = old ? WIRE_ANY : WIRE_NONE);
	EXPECT_LT(0, count("OfoPruned"));
	expect_bounded(_metadata, fd);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 2 * TINY));

	/* all of it comes again */
	send_in_order(_metadata, 1 + 2 * TINY, seq, TINY);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 2 * TINY, seq - 1 - 2 * TINY));
}

/* The program takes room away: what comes is refused until it has read. */
TEST_F(receive_full, shrunk)
{
	int fd = reader(_metadata), queued, i;
	long end = 1 + 40 * 1400;

	send_in_order(_metadata, 1, end, 1400);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, 4096));
	/* some may still fit what was set aside before */
	for (i = 0; i < 5 && !count("TCPRcvQDrop"); i++)
		wire_inject(w, ACK, .seq = end + i * SMALL, .len = SMALL);
	EXPECT_LT(0, count("TCPRcvQDrop"));
	EXPECT_LT(0, count("PruneCalled"));
	EXPECT_LT(0, count("RcvPruned"));
	ASSERT_EQ(0, ioctl(fd, FIONREAD, &queued));
	EXPECT_LE(end - 1, queued);
	EXPECT_GT(end - 1 + i * SMALL, queued);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, queued));
	wire_drain(w);
	send_in_order(_metadata, 1 + queued, 1 + queued + 1000, SMALL);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, queued, 1000));
}

TEST_HARNESS_MAIN
