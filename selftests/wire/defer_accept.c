// SPDX-License-Identifier: GPL-2.0
/* TCP_DEFER_ACCEPT: the listener's program sees a connection when its data comes. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(defer_accept);

static void listen_deferring(struct __test_metadata *_metadata, int seconds)
{
	LAB_FD(wire_listen(w, 4));
	LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds));
}

/* Seconds are rounded up to whole time-outs of the SYN-ACK: 1, 3, 7, 15 ... */
TEST_F(defer_accept, in_whole_timeouts)
{
	static const int set[] = { 0, 1, 2, 3, 4, 7, 8, 63, 64, 200, -5, 1000000000 };
	static const int got[] = { 0, 1, 3, 3, 7, 7, 15, 63, 127, 247, 0, 29887 };
	unsigned int i;

	LAB_FD(wire_listen(w, 4));
	for (i = 0; i < ARRAY_SIZE(set); i++) {
		LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, set[i]));
		EXPECT_EQ(got[i], lab_opt(w->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	}
}

/* A bare ACK is forgotten; the segment with data brings the connection up. */
TEST_F(defer_accept, data_brings_it_up)
{
	int fd;

	listen_deferring(_metadata, 5);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	wire_expect_silence(w, 4000);
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));

	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* A FIN is something to see, too. */
TEST_F(defer_accept, fin_brings_it_up)
{
	int fd;

	listen_deferring(_metadata, 5);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(lab_recv_eof(fd));
}

/* When the time is up the SYN-ACK goes once more, and now a bare ACK will do. */
TEST_F_TIMEOUT(defer_accept, a_last_chance, lab_secs(60))
{
	listen_deferring(_metadata, 5);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	wire_expect(w, SYN | ACK, .ms = 12000);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), 7000))
		TH_LOG("%s", lab_why());
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	LAB_FD(accept(w->lfd, NULL, NULL));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* An ACK that nobody sent is not waited for: the SYN-ACK goes again as ever. */
TEST_F_TIMEOUT(defer_accept, unanswered_as_ever, lab_secs(60))
{
	listen_deferring(_metadata, 5);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_expect(w, SYN | ACK);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), 1000))
		TH_LOG("%s", lab_why());
	wire_inject(w, ACK, .len = 10);
	wire_expect(w, ACK, .ack = 11);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

static int connected(struct __test_metadata *_metadata, int option, int value)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, option, value));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_inject(w, SYN | ACK, .mss = 1460);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	return fd;
}

/* With connect() it says that data will follow at once: the ACK of the SYN-ACK rides on it ... */
TEST_F(defer_accept, ack_rides_on_data)
{
	int fd = connected(_metadata, TCP_DEFER_ACCEPT, 1);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	wire_expect(w, ACK, .seq = 1, .ack = 1, .len = 50);
}

/* ... but it does not wait long. */
TEST_F(defer_accept, ack_waits_in_vain)
{
	connected(_metadata, TCP_DEFER_ACCEPT, 1);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 200))
		TH_LOG("%s", lab_why());
}

/* TCP_QUICKACK 0 says the same. */
TEST_F(defer_accept, no_quick_ack)
{
	connected(_metadata, TCP_QUICKACK, 0);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_TRUE(wire_about(wire_delay_ms(w), 200))
		TH_LOG("%s", lab_why());
}

/* A peer that speaks first is acknowledged at once. */
TEST_F(defer_accept, peer_speaks_first)
{
	connected(_metadata, TCP_DEFER_ACCEPT, 1);
	wire_inject(w, ACK, .len = 10);
	wire_expect(w, ACK, .seq = 1, .ack = 11);
	EXPECT_GT(100, wire_delay_ms(w));
}

TEST_HARNESS_MAIN
