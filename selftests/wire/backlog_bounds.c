// SPDX-License-Identifier: GPL-2.0
/* A backlog of n lets n + 1 connections wait for accept(), neither more nor fewer. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(backlog_bounds);

static void handshake(struct __test_metadata *_metadata)
{
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	wire_new_flow(w);
}

/* The next SYN meets with silence, and is counted. */
static void full(struct __test_metadata *_metadata)
{
	long long before = lab_counter(&w->lab, "ListenOverflows");

	wire_inject(w, SYN, .mss = 1460);
	wire_expect_silence(w, 10);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "ListenOverflows"));
	wire_new_flow(w);
}

static void n_may_wait(struct __test_metadata *_metadata, int n)
{
	int i;

	for (i = 0; i < n; i++)
		handshake(_metadata);
	full(_metadata);
	full(_metadata);
	/* each accept() makes room for one */
	LAB_FD(accept(w->lfd, NULL, NULL));
	handshake(_metadata);
	full(_metadata);
	for (i = 0; i < n; i++)
		LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_ERRNO(EAGAIN, accept(w->lfd, NULL, NULL));
}

TEST_F(backlog_bounds, zero)
{
	LAB_FD(wire_listen(w, 0));
	n_may_wait(_metadata, 1);
}

TEST_F(backlog_bounds, one)
{
	LAB_FD(wire_listen(w, 1));
	n_may_wait(_metadata, 2);
}

TEST_F(backlog_bounds, ten)
{
	LAB_FD(wire_listen(w, 10));
	n_may_wait(_metadata, 11);
}

/* A negative one is none at all, or rather as many as there may be. */
TEST_F(backlog_bounds, negative)
{
	LAB_OK(lab_write_file("/proc/sys/net/core/somaxconn", "3"));
	LAB_FD(wire_listen(w, -1));
	n_may_wait(_metadata, 4);
}

TEST_F(backlog_bounds, somaxconn)
{
	LAB_OK(lab_write_file("/proc/sys/net/core/somaxconn", "3"));
	LAB_FD(wire_listen(w, 100));
	n_may_wait(_metadata, 4);
}

/* listen() again: from now on */
TEST_F(backlog_bounds, changed)
{
	LAB_FD(wire_listen(w, 0));
	handshake(_metadata);
	full(_metadata);
	EXPECT_EQ(0, listen(w->lfd, 2));
	handshake(_metadata);
	handshake(_metadata);
	full(_metadata);
	EXPECT_EQ(0, listen(w->lfd, 0));
	LAB_FD(accept(w->lfd, NULL, NULL));
	full(_metadata);
}

struct row {
	int synq, acceptq, backlog, synq_max, overflows, syn_drops;
};

/* The listener's line in /proc/net/tcplab/listeners. */
static int listener_row(struct row *r)
{
	char local[80], found[80], *line, *save;
	static char buf[65536];

	snprintf(local, sizeof(local), w->lab.family == AF_INET6 ? "[%s]:%d" : "%s:%d",
		 wire_kernel_addr(w), WIRE_KPORT);
	if (lab_read_file("/proc/thread-self/net/tcplab/listeners", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%79s %d %d %d %*d %*u %*u %d %d %d", found, &r->synq,
			   &r->acceptq, &r->backlog, &r->synq_max, &r->overflows,
			   &r->syn_drops) == 7 && !strcmp(local, found))
			return 0;
	return lab_fail("no line for %s", local);
}

/* What the listener's line tells of both queues; the kernel's TCP has no such file. */
TEST_F(backlog_bounds, visible)
{
	struct row r;
	int i;

	if (w->lab.oracle)
		return;
	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "0"));
	LAB_FD(wire_listen(w, 3));
	LAB_OK(listener_row(&r));
	EXPECT_EQ(3, r.backlog);
	EXPECT_EQ(4, r.synq_max);
	for (i = 0; i < 6; i++) {
		wire_inject(w, SYN, .mss = 1460);
		wire_new_flow(w);
	}
	LAB_OK(listener_row(&r));
	EXPECT_EQ(4, r.synq);
	EXPECT_EQ(2, r.syn_drops);
	for (i = 0; i < 4; i++) {
		wire_use(w, &w->flow[i]);
		wire_expect(w, SYN | ACK);
		wire_inject(w, ACK);
	}
	LAB_OK(listener_row(&r));
	EXPECT_EQ(0, r.synq);
	EXPECT_EQ(4, r.acceptq);
	EXPECT_EQ(0, r.overflows);
	wire_new_flow(w);
	full(_metadata);
	full(_metadata);
	LAB_OK(listener_row(&r));
	EXPECT_EQ(2, r.overflows);
	LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(listener_row(&r));
	EXPECT_EQ(3, r.acceptq);
	LAB_OK(lab_sysctl_set(&w->lab, "max_syn_backlog", "2"));
	LAB_OK(listener_row(&r));
	EXPECT_EQ(2, r.synq_max);
}

TEST_HARNESS_MAIN
