// SPDX-License-Identifier: GPL-2.0
/* Keepalive: who asks for it, when probes go, and what one lost answer means. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(keepalive_idle);

static void times(struct __test_metadata *_metadata, int fd, int idle, int interval, int count)
{
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPCNT, count));
}

/* A probe: a number that was acknowledged, no data (RFC9293 SHLD-12) */
static void expect_probe(struct __test_metadata *_metadata)
{
	wire_expect(w, ACK, .seq = w->f->rcv_nxt - 1);
}

/* RFC9293 MUST-25, MUST-24: off by default, on and off at the program's wish */
TEST_F_TIMEOUT(keepalive_idle, asked_for, lab_secs(60))
{
	int fd = wire_accept(w);

	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_KEEPALIVE));
	times(_metadata, fd, 10, 5, 3);
	wire_expect_silence(w, 60000);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	expect_probe(_metadata);
	wire_inject(w, ACK);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 0));
	wire_expect_silence(w, 60000);
}

/* Seconds until the keepalive timer goes off, as the tables show it; -1 if it does not run. */
static long keepalive_left(void)
{
	unsigned int lp, rp, timer;
	static char buf[65536];
	char path[64], *line, *save;
	unsigned long when;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%stcp%s",
		 w->lab.oracle ? "" : "tcplab/", w->lab.family == AF_INET6 ? "6" : "");
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*x %*x:%*x %x:%lx", &lp, &rp,
			   &timer, &when) == 4 &&
		    (int)lp == w->f->kport && (int)rp == w->f->pport)
			return timer == 2 ? (long)when / sysconf(_SC_CLK_TCK) : -1;
	return -1;
}

/* RFC9293 MUST-27, MUST-28: the time is a setting, and two hours by default */
TEST_F_TIMEOUT(keepalive_idle, two_hours, lab_secs(60))
{
	int fd = wire_accept(w);

	EXPECT_EQ(7200, lab_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(-1, keepalive_left());
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_LE(7190, keepalive_left());
	EXPECT_GE(7200, keepalive_left());

	LAB_OK(lab_sysctl_set(&w->lab, "keepalive_time", "20"));
	wire_new_flow(w);
	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	wire_expect_silence(w, 18000);
	expect_probe(_metadata);
	wire_inject(w, ACK);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 40));
	wire_expect_silence(w, 38000);
	expect_probe(_metadata);
}

/* RFC9293 MUST-26: not while anything came lately, nor while sent data is outstanding */
TEST_F_TIMEOUT(keepalive_idle, only_when_idle, lab_secs(60))
{
	int fd = wire_accept(w), i;

	times(_metadata, fd, 10, 5, 3);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (i = 0; i < 4; i++) {
		wire_expect_silence(w, 8000);
		wire_inject(w, ACK, .len = 10);
		wire_expect(w, ACK, .ack = 11 + 10 * i);
	}
	wire_expect_silence(w, 8000);
	/* data that is not acknowledged: it goes again, but no probe does */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	for (i = 0; i < 5; i++)
		wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_inject(w, ACK);
	wire_expect_silence(w, 8000);
	expect_probe(_metadata);
}

/* RFC9293 MUST-29: one probe without an answer proves nothing: the next one may have one */
TEST_F_TIMEOUT(keepalive_idle, lost_answers, lab_secs(60))
{
	int fd = wire_accept(w), i, round;

	times(_metadata, fd, 10, 5, 3);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3; i++) {
			expect_probe(_metadata);
			if (i)
				EXPECT_TRUE(wire_about(wire_gap_ms(w), 5000))
					TH_LOG("%s", lab_why());
		}
		wire_inject(w, ACK);		/* of the third one */
	}
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
}

TEST_HARNESS_MAIN
