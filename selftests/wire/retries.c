// SPDX-License-Identifier: GPL-2.0
/* R2 of RFC9293 3.8.3 as a time: retries2 of the shortest RTO, whatever the real one is. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(retries);

/*
 * Retransmissions until the connection is gone; and how long that took, from the first of them, to
 * @step ms.
 */
static int count(struct __test_metadata *_metadata, int step, long *ms)
{
	int64_t first_us = 0;
	int n = 0;

	while (wire_state(w)) {
		if (__wire_take(w, step))
			continue;
		if (!n++)
			first_us = w->last->at_us;
	}
	*ms = (lab_now_us() - first_us) / 1000;
	return n;
}

/* Take timestamps so that the RTO is known: a peer so many milliseconds away. */
static int distant(struct __test_metadata *_metadata, int ms)
{
	int fd, i;

	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 10; i++) {
		LAB_OK(lab_send(fd, LAB_TO_PEER, 100 * i, 100));
		wire_expect(w, ACK, .len = 100);
		usleep(ms * 1000);
		wire_drain(w);
		wire_inject(w, ACK);
	}
	wire_drain(w);
	return fd;
}

/* RFC9293 MUST-20 (c), SHLD-11: 100 s at least by default; 924.6 s with Linux's 15 */
TEST_F_TIMEOUT(retries, by_default, lab_secs(3000))
{
	int fd = wire_accept(w);
	long ms;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_LE(14, count(_metadata, 10000, &ms));
	EXPECT_LE(924600, ms);
	EXPECT_GE(924600 + 140000, ms);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* A short RTO: three seconds are some four retransmissions. */
TEST_F_TIMEOUT(retries, near, lab_secs(60))
{
	int fd = distant(_metadata, 1), n;
	long ms;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1000, 100));
	wire_expect(w, ACK, .len = 100);
	n = count(_metadata, 200, &ms);
	EXPECT_LE(3, n);
	EXPECT_GE(4, n);
	EXPECT_LE(2900, ms);
	EXPECT_GE(7500, ms);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* A long one: the same three seconds, with fewer. */
TEST_F_TIMEOUT(retries, far, lab_secs(60))
{
	int fd = distant(_metadata, 800), n;
	long ms;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1000, 100));
	wire_expect(w, ACK, .len = 100);
	n = count(_metadata, 200, &ms);
	EXPECT_LE(1, n);
	EXPECT_GE(2, n);
	EXPECT_LE(2900, ms);
	EXPECT_GE(7500, ms);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* Perhaps it is the path: with each RTO the flow hash changes, and over IPv6 its label. */
TEST_F_TIMEOUT(retries, another_flow_label, lab_secs(60))
{
	int fd = wire_accept(w), label, i, changes = 0;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	label = w->last->label;
	for (i = 0; i < 4; i++) {
		wire_expect(w, ACK, .seq = 1, .len = 100);
		changes += w->last->label != label;
		label = w->last->label;
	}
	EXPECT_LE(w->lab.family == AF_INET6 ? 3 : 0, changes);
	EXPECT_LE(3, lab_counter(&w->lab, "TcpTimeoutRehash"));
}

TEST_HARNESS_MAIN
