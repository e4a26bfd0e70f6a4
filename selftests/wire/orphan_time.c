// SPDX-License-Identifier: GPL-2.0
/* The program has gone: how long its connection may take to end. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(orphan_time);

/* From now until the connection is gone. */
static long lives_ms(struct __test_metadata *_metadata)
{
	int64_t begin = lab_now_us();

	while (wire_state(w))
		usleep(200000);
	return (lab_now_us() - begin) / 1000;
}

/* orphan_retries takes the place of retries2, for FIN_WAIT_1, CLOSING and LAST_ACK. */
static void retries(struct __test_metadata *_metadata, int state)
{
	long ms;

	close(wire_reach(w, state));
	ms = lives_ms(_metadata);
	EXPECT_LE(3000, ms);
	EXPECT_GE(8000, ms);
	/* its peer may be there still: it will learn when it says something */
	wire_drain(w);
	wire_inject(w, ACK);
	wire_expect(w, RST);
	wire_new_flow(w);
}

TEST_F_TIMEOUT(orphan_time, retries, lab_secs(120))
{
	LAB_OK(lab_sysctl_set(&w->lab, "orphan_retries", "3"));
	retries(_metadata, TCP_FIN_WAIT1);
	close(w->lfd);
	w->lfd = -1;
}

TEST_F_TIMEOUT(orphan_time, retries_closing, lab_secs(120))
{
	LAB_OK(lab_sysctl_set(&w->lab, "orphan_retries", "3"));
	close(wire_reach(w, TCP_CLOSING));
	EXPECT_GE(8000, lives_ms(_metadata));
	wire_new_flow(w);
	close(wire_reach(w, TCP_LAST_ACK));
	EXPECT_GE(8000, lives_ms(_metadata));
}

/* By default it is 8, which is 102 s (RFC9293 MUST-20: R2 is 100 s at least). */
TEST_F_TIMEOUT(orphan_time, retries_default, lab_secs(600))
{
	long ms;

	close(wire_reach(w, TCP_FIN_WAIT1));
	ms = lives_ms(_metadata);
	EXPECT_LE(102000, ms);
	EXPECT_GE(240000, ms);
}

/* A peer whose window is shut and that says nothing: the same for the probes. */
TEST_F_TIMEOUT(orphan_time, zero_window_unanswered, lab_secs(600))
{
	long ms;
	int fd;

	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	close(fd);
	LAB_OK(lab_sysctl_set(&w->lab, "orphan_retries", "4"));
	ms = lives_ms(_metadata);
	EXPECT_LE(3000, ms);
	EXPECT_GE(20000, ms);
}

/*
 * One that answers every probe, and never opens its window: Linux waits until the interval is as
 * long as it gets, and no longer (RFC9293 MUST-37 speaks of connections that somebody uses).
 */
TEST_F_TIMEOUT(orphan_time, zero_window_answered, lab_secs(2000))
{
	int64_t begin = lab_now_us();
	int fd, n = 0;

	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	close(fd);
	while (!__wire_take(w, 200000) && n < 30) {
		n++;
		w->f->rcv_nxt = 1;
		wire_inject(w, ACK, .ack = 1, .win = 0);
	}
	EXPECT_EQ(0, wire_state(w));
	EXPECT_LE(8, n);
	EXPECT_GE(14, n);
	EXPECT_LE(100000000, lab_now_us() - begin);
}

/* TCP_LINGER2: how long FIN_WAIT_2 waits for the peer's FIN, in place of fin_timeout. */
TEST_F_TIMEOUT(orphan_time, linger2, lab_secs(300))
{
	int fd;

	fd = wire_reach(w, TCP_FIN_WAIT2);
	EXPECT_EQ(60, lab_opt(fd, IPPROTO_TCP, TCP_LINGER2));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_LINGER2, 5));
	close(fd);
	EXPECT_TRUE(wire_about(lives_ms(_metadata), 5000))
		TH_LOG("%s", lab_why());

	wire_new_flow(w);
	fd = wire_reach(w, TCP_FIN_WAIT1);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_LINGER2, 20));
	close(fd);
	wire_drain(w);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	EXPECT_TRUE(wire_about(lives_ms(_metadata), 20000))
		TH_LOG("%s", lab_why());
	/* nobody is told; a FIN now is answered by a reset */
	wire_inject(w, FIN | ACK);
	wire_expect(w, RST, .seq = 2);
}

TEST_HARNESS_MAIN
