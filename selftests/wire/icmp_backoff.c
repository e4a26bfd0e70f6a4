// SPDX-License-Identifier: GPL-2.0
/* What ICMP means for retransmission: a backoff taken back (RFC6069), the reason for the end. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(icmp_backoff);

/* Data that was sent @n times again, the last gap in @gap. */
static int backed_off(struct __test_metadata *_metadata, int n, long *gap)
{
	int fd = wire_accept(w), i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	for (i = 0; i <= n; i++)
		wire_expect(w, ACK, .seq = 1, .len = 100);
	*gap = wire_gap_ms(w);
	return fd;
}

static void next_after(struct __test_metadata *_metadata, long ms)
{
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), ms))
		TH_LOG("%s", lab_why());
}

/* RFC6069 4, steps (1) to (5): the interval does not grow for this one retransmission */
TEST_F_TIMEOUT(icmp_backoff, taken_back, lab_secs(60))
{
	long gap;

	backed_off(_metadata, 4, &gap);
	wire_icmp(w, WIRE_NET_UNREACH);
	next_after(_metadata, gap);
	/* without a word from a router it does */
	next_after(_metadata, 2 * gap);
}

/* RFC6069 4, step (6): when that interval is over already it goes at once */
TEST_F_TIMEOUT(icmp_backoff, at_once, lab_secs(60))
{
	long gap;

	backed_off(_metadata, 4, &gap);
	wire_expect_silence(w, gap * 3 / 2);
	w->inject_us = lab_now_us();
	wire_icmp(w, WIRE_NET_UNREACH, .seq = 1);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_GT(100 * lab_slow(), wire_delay_ms(w));
}

/* Other messages, and such as speak of other segments, say nothing of congestion. */
TEST_F_TIMEOUT(icmp_backoff, not_by_others, lab_secs(60))
{
	long gap;

	backed_off(_metadata, 3, &gap);
	wire_icmp(w, WIRE_PORT_UNREACH);
	wire_icmp(w, WIRE_TIME_EXCEEDED);
	wire_icmp(w, WIRE_PROHIBITED);
	wire_icmp(w, WIRE_NET_UNREACH, .seq = 51);
	next_after(_metadata, 2 * gap);
}

/* The time of giving up is not put off: R2 is counted as before. */
TEST_F_TIMEOUT(icmp_backoff, gives_up_all_the_same, lab_secs(120))
{
	int64_t begin = lab_now_us();
	long gap;
	int fd, i;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "5"));
	fd = backed_off(_metadata, 2, &gap);
	for (i = 0; i < 200 && wire_state(w); i++)
		if (!__wire_take(w, 100))
			wire_icmp(w, WIRE_NET_UNREACH);
	EXPECT_GE(26000000, lab_now_us() - begin);
	/* RFC9293 3.9.2.2: the program learns the reason that was given */
	EXPECT_EQ(ENETUNREACH, lab_so_error(fd));
}

/* A hint that was given is the reason when R2 is reached. */
TEST_F_TIMEOUT(icmp_backoff, reason_of_the_end, lab_secs(120))
{
	static const int which[] = { WIRE_HOST_UNREACH, WIRE_PROHIBITED, WIRE_PARAMETER };
	unsigned int i;
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "2"));
	for (i = 0; i < ARRAY_SIZE(which); i++) {
		fd = wire_accept(w);
		LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
		wire_expect(w, ACK, .seq = 1, .len = 100);
		wire_icmp(w, which[i]);
		EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
		EXPECT_EQ(wire_errno(w, &wire_troubles[which[i]]), lab_so_error(fd));
		close(fd);
		wire_new_flow(w);
	}
}

TEST_HARNESS_MAIN
