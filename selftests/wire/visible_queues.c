// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc/net/tcplab tells of half-open connections and of TIME_WAITs: whose, how old, how often
 * the SYN-ACK went again, how long until it does, how long until they are forgotten. The kernel's
 * TCP shows the last three in /proc/net/tcp.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(visible_queues);

struct entry {
	long age_ms, retries, left_ms;
};

static void ends_of_flow(char *local, char *foreign, size_t size)
{
	const char *form = w->lab.family == AF_INET6 ? "[%s]:%d" : "%s:%d";

	snprintf(local, size, form, wire_kernel_addr(w), w->f->kport);
	snprintf(foreign, size, form, wire_peer_addr(w), w->f->pport);
}

/* The flow's line in a file of tcplab's, behind both its ends; -1 if there is none. */
static int line_of(const char *file, char *rest, size_t size)
{
	char path[64], local[80], foreign[80], l[80], f[80], *line, *save;
	static char buf[65536];
	int n;

	ends_of_flow(local, foreign, sizeof(local));
	snprintf(path, sizeof(path), "/proc/thread-self/net/tcplab/%s", file);
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%79s %79s%n", l, f, &n) != 2 || strcmp(l, local) ||
		    strcmp(f, foreign))
			continue;
		snprintf(rest, size, "%s", line + n);
		return 0;
	}
	return lab_fail("%s has no line %s %s", path, local, foreign);
}

/* From /proc/net/tcp: timer, time left, retransmissions. */
static int of_proc_net_tcp(struct entry *e)
{
	unsigned int lp, rp, retries;
	static char buf[65536];
	char *line, *save;
	unsigned long when;

	if (lab_read_file(w->lab.family == AF_INET6 ? "/proc/thread-self/net/tcp6" :
			  "/proc/thread-self/net/tcp", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*x %*x:%*x %*x:%lx %x", &lp,
			   &rp, &when, &retries) != 4 ||
		    (int)lp != w->f->kport || (int)rp != w->f->pport)
			continue;
		e->left_ms = when * 1000 / sysconf(_SC_CLK_TCK);
		e->retries = retries;
		return 0;
	}
	return lab_fail("no such line");
}

static int request(struct entry *e, int64_t born)
{
	char rest[200];

	if (w->lab.oracle) {
		e->age_ms = (lab_now_us() - born) / 1000;
		return of_proc_net_tcp(e);
	}
	if (line_of("requests", rest, sizeof(rest)))
		return -1;
	if (sscanf(rest, "%ld %ld %ld", &e->age_ms, &e->retries, &e->left_ms) != 3)
		return lab_fail("the line goes on '%s'", rest);
	return 0;
}

static bool close_to(long got, long want, long slack)
{
	return got >= want - slack && got <= want + slack;
}

TEST_F_TIMEOUT(visible_queues, request, lab_secs(60))
{
	struct entry e;
	int64_t born;
	int i, rto = 1000, age = 0;

	LAB_FD(wire_listen(w, 4));
	born = lab_now_us();
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	for (i = 0; i < 4; i++, rto *= 2) {
		LAB_OK(request(&e, born));
		EXPECT_EQ(i, e.retries);
		EXPECT_TRUE(close_to(e.age_ms, age, 100 + age / 10))
			TH_LOG("%ld ms old, should be %d", e.age_ms, age);
		EXPECT_TRUE(close_to(e.left_ms, rto, 100 + rto / 10))
			TH_LOG("%ld ms left, should be %d", e.left_ms, rto);
		wire_expect_silence(w, rto / 2);
		LAB_OK(request(&e, born));
		EXPECT_TRUE(close_to(e.left_ms, rto / 2, 100 + rto / 10));
		wire_expect(w, SYN | ACK);
		age += rto;
	}
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	if (!w->lab.oracle)
		EXPECT_GT(0, request(&e, born));
}

static long time_wait_left(void)
{
	char rest[200];
	struct entry e;

	if (w->lab.oracle)
		return of_proc_net_tcp(&e) ? -1 : e.left_ms;
	return line_of("timewait", rest, sizeof(rest)) ? -1 : atol(rest);
}

TEST_F_TIMEOUT(visible_queues, time_wait, lab_secs(60))
{
	wire_reach(w, TCP_TIME_WAIT);
	EXPECT_TRUE(close_to(time_wait_left(), 60000, 500));
	wire_expect_silence(w, 20000);
	EXPECT_TRUE(close_to(time_wait_left(), 40000, 500));
	/* the FIN again: once more from the beginning */
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, ACK);
	EXPECT_TRUE(close_to(time_wait_left(), 60000, 500));
	wire_expect_silence(w, 59000);
	EXPECT_TRUE(close_to(time_wait_left(), 1000, 500));
	/* a minute's timer may be late by some percent */
	EXPECT_TRUE(LAB_UNTIL(time_wait_left() < 0));
}

TEST_HARNESS_MAIN
