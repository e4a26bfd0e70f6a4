// SPDX-License-Identifier: GPL-2.0
/* How the announced window grows with what comes, and with what the program reads. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(window_growth);

#define WS	7	/* net.*.rmem[2] of 6 MB wants it */

/* The window in octets, as the last segment announced it. */
static long window(void)
{
	return w->last->s.win << WS;
}

/* One segment after the other, read or not. Gives the window afterwards. */
static long feed(struct __test_metadata *_metadata, int fd, long *ack, int len, int n, bool read)
{
	for (; n; n--, *ack += len) {
		wire_inject(w, ACK | PSH, .seq = *ack, .len = len);
		if (read)
			LAB_OK(lab_recv(fd, LAB_TO_KERNEL, *ack - 1, len));
		wire_await_ack(w, *ack + len);
	}
	return window();
}

static int open_scaled(struct __test_metadata *_metadata)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .ws = 2, .sackok = 1);
	wire_expect(w, SYN | ACK, .ws = WS);
	wire_inject(w, ACK);
	return LAB_FD(accept(w->lfd, NULL, NULL));
}

/* Full segments that the program reads: the window grows up to what the buffer holds... */
TEST_F(window_growth, full_segments)
{
	int fd = open_scaled(_metadata);
	long ack = 1, wnd;

	wnd = feed(_metadata, fd, &ack, 1460, 20, true);
	EXPECT_LE(60000, wnd);
	EXPECT_GE(131072, wnd);
	EXPECT_GE(131072, feed(_metadata, fd, &ack, 1460, 40, true));
}

/*
 * ... small ones, which cost many times what they hold, do not open it; and a buffer full of them
 * is not overrun: all that was announced is taken (RFC9293 3.8.6).
 */
TEST_F(window_growth, small_segments)
{
	int fd, i;
	long ack = 1, used, taken;

	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 30000));
	fd = wire_accept(w, .sackok = 1);
	used = feed(_metadata, fd, &ack, 200, 20, false);
	(void)used;
	/* on without reading, as far as the window goes */
	for (i = 0; i < 1000 && w->last->s.win >= 200; i++) {
		wire_inject(w, ACK, .seq = ack, .len = 200);
		wire_take(w);
		ack += 200;
	}
	ASSERT_GT(1000, i);
	wire_drain(w);
	taken = w->last->s.ack;
	EXPECT_EQ(ack, taken);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, taken - 1));
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPRcvQDrop"));
}

/* TCP_WINDOW_CLAMP is the most that is announced, ever. */
TEST_F(window_growth, clamp)
{
	int fd, i;
	long ack = 1;

	fd = wire_accept(w, .sackok = 1);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 10000));
	EXPECT_EQ(10000, lab_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	/* the edge stays where it was until it is reached (RFC9293 SHLD-14) */
	for (i = 0; i < 80; i++, ack += 1000) {
		wire_inject(w, ACK, .seq = ack, .len = 1000);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, ack - 1, 1000));
		wire_await_ack(w, ack + 1000);
	}
	EXPECT_GE(LAB_DIFFERS(&w->lab, 65535, 10000,
			      "Linux forgets the clamp when it learns how full buffers are"),
		  w->last->s.win);
	EXPECT_LE(8000, w->last->s.win);
}

/* Set before the connection it is heeded from the SYN on; 0 is for then only. */
TEST_F(window_growth, clamp_from_the_start)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	EXPECT_EQ(-1, setsockopt(w->lfd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &(int){ 0 }, sizeof(int)));
	EXPECT_EQ(EINVAL, errno);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 1));
	EXPECT_LE(1000, lab_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 5000));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	EXPECT_GE(5000, w->last->s.win);
	EXPECT_LE(4000, w->last->s.win);
}

/*
 * A program that reads a window each round trip: the buffer grows, and the window with it, up to
 * what rmem[2] allows.
 */
TEST_F(window_growth, right_sizing)
{
	int fd = open_scaled(_metadata), i, n;
	long ack = 1, wnd = 0, first, rcvbuf = lab_opt(fd, SOL_SOCKET, SO_RCVBUF);

	first = feed(_metadata, fd, &ack, 1460, 20, true);
	/* round trips of full windows, told apart by the window's edge alone */
	for (i = 0; i < 6; i++) {
		n = window() / 1460;
		wnd = feed(_metadata, fd, &ack, 1460, n, true);
	}
	EXPECT_LE(2 * first, wnd);
	EXPECT_LT(rcvbuf, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
}

/* Not if the administrator or the program forbids it */
TEST_F(window_growth, fixed)
{
	int fd, i, n;
	long ack = 1, rcvbuf;

	LAB_OK(lab_sysctl_set(&w->lab, "moderate_rcvbuf", "0"));
	fd = open_scaled(_metadata);
	rcvbuf = lab_opt(fd, SOL_SOCKET, SO_RCVBUF);
	feed(_metadata, fd, &ack, 1460, 20, true);
	for (i = 0; i < 5; i++) {
		n = window() / 1460;
		feed(_metadata, fd, &ack, 1460, n, true);
	}
	EXPECT_EQ(rcvbuf, lab_opt(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_GE(131072, window());
}

TEST_HARNESS_MAIN
