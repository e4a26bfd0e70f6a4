// SPDX-License-Identifier: GPL-2.0
/*
 * The two queues of a listener. As on Linux a backlog of n lets n + 1 connections wait for
 * accept(), and up to n be half open while the accept queue is not full.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(backlog);

/* A handshake up to and with its third segment. */
static void handshake(struct __test_metadata *_metadata)
{
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
}

/* Here it is about the queues: what becomes of SYNs that find no room. */
static void no_cookies(struct __test_metadata *_metadata)
{
	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "0"));
}

/* With the accept queue full a SYN is dropped and counted; accept() makes room. */
TEST_F(backlog, syn_dropped_when_full)
{
	long long overflows, drops;
	int i;

	no_cookies(_metadata);
	LAB_FD(wire_listen(w, 2));
	for (i = 0; i < 3; i++) {
		handshake(_metadata);
		EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
		wire_new_flow(w);
	}
	overflows = lab_counter(&w->lab, "ListenOverflows");
	drops = lab_counter(&w->lab, "ListenDrops");
	ASSERT_LE(0, overflows)
		TH_LOG("%s", lab_why());
	ASSERT_LE(0, drops)
		TH_LOG("%s", lab_why());
	wire_inject(w, SYN, .mss = 1460);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(overflows + 1, lab_counter(&w->lab, "ListenOverflows"));
	EXPECT_EQ(drops + 1, lab_counter(&w->lab, "ListenDrops"));

	LAB_FD(accept(w->lfd, NULL, NULL));
	handshake(_metadata);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/*
 * A third segment that meets a full accept queue is dropped: the peer believes in the connection,
 * the kernel keeps it half open, and what the peer sends later completes it.
 */
TEST_F(backlog, third_segment_dropped_when_full)
{
	struct wire_flow *late;
	long long overflows;
	int i, fd;

	no_cookies(_metadata);
	LAB_FD(wire_listen(w, 2));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	late = w->f;
	for (i = 0; i < 3; i++) {
		wire_new_flow(w);
		handshake(_metadata);
		EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	}
	overflows = lab_counter(&w->lab, "ListenOverflows");
	ASSERT_LE(0, overflows)
		TH_LOG("%s", lab_why());
	wire_use(w, late);
	wire_inject(w, ACK);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	EXPECT_LT(overflows, lab_counter(&w->lab, "ListenOverflows"));

	for (i = 0; i < 3; i++)
		LAB_FD(accept(w->lfd, NULL, NULL));
	wire_inject(w, ACK, .seq = 1, .len = 100);
	ASSERT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* abort_on_overflow: it is reset instead. */
TEST_F(backlog, abort_on_overflow)
{
	struct wire_flow *late;
	int i;

	no_cookies(_metadata);
	LAB_OK(lab_sysctl_set(&w->lab, "abort_on_overflow", "1"));
	LAB_FD(wire_listen(w, 2));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	late = w->f;
	for (i = 0; i < 3; i++) {
		wire_new_flow(w);
		handshake(_metadata);
	}
	wire_use(w, late);
	wire_inject(w, ACK);
	wire_expect(w, RST, .seq = 1);
	EXPECT_EQ(0, wire_state(w));
}

/* Connections are accepted in the order in which they were completed. */
TEST_F(backlog, order_of_accept)
{
	struct wire_flow *a = w->f, *b;

	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	b = wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	wire_use(w, a);
	wire_inject(w, ACK);
	EXPECT_EQ(b->pport, lab_peer_port(LAB_FD(accept(w->lfd, NULL, NULL))));
	EXPECT_EQ(a->pport, lab_peer_port(LAB_FD(accept(w->lfd, NULL, NULL))));
}

/* A connection that was reset while it waited is still accepted, and tells of it (Linux). */
TEST_F(backlog, reset_before_accept)
{
	int fd;
	char c;

	LAB_FD(wire_listen(w, 4));
	handshake(_metadata);
	wire_inject(w, ACK, .len = 10);
	wire_await_ack(w, 11);
	wire_inject(w, RST, .seq = 11);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
	LAB_ERRNO(ENOTCONN, getpeername(fd, (struct sockaddr *)&c, &(socklen_t){ 0 }));
}

TEST_HARNESS_MAIN
