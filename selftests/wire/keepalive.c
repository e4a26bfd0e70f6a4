// SPDX-License-Identifier: GPL-2.0
/* Keepalive (RFC9293 3.8.4): probes, their answers, and when the peer is given up. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(keepalive);

#define IDLE	10
#define INTVL	3
#define CNT	4

static void watch(struct __test_metadata *_metadata, int fd)
{
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, INTVL));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPCNT, CNT));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
}

/* RFC9293 3.8.4: SEG.SEQ = SND.NXT - 1, so that the peer must answer; no text, or an octet of it */
static void expect_probe(struct __test_metadata *_metadata, long nxt, long ack)
{
	/* the kernel's timers round hours to minutes */
	LAB_OK(__wire_take(w, 1200000));
	EXPECT_EQ(ACK, w->last->s.flags);
	EXPECT_EQ(nxt - 1, w->last->s.seq);
	EXPECT_EQ(ack, w->last->s.ack);
	EXPECT_GE(1, w->last->s.len);
	w->f->rcv_nxt = nxt;
}

static void about(struct __test_metadata *_metadata, long ms, long want)
{
	EXPECT_TRUE(wire_about(ms, want))
		TH_LOG("%s", lab_why());
}

/* RFC9293 MUST-24: off unless the program wants it */
TEST_F_TIMEOUT(keepalive, off, lab_secs(60))
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE));
	wire_expect_silence(w, 3 * IDLE * 1000);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 MUST-25, MUST-27: two hours by default, to the second probe 75 s */
TEST_F_TIMEOUT(keepalive, defaults, lab_secs(9000))
{
	int fd = wire_accept(w);

	EXPECT_EQ(7200, lab_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, lab_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, lab_opt(fd, IPPROTO_TCP, TCP_KEEPCNT));
	if (w->lab.family == AF_INET6)	/* even skipped, hours take seconds: once is enough */
		return;
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	wire_expect_silence(w, 7199000);
	expect_probe(_metadata, 1, 1);
	wire_expect_silence(w, 74000);
	expect_probe(_metadata, 1, 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 MUST-26: CNT unanswered probes, INTVL apart, then a reset, and ETIMEDOUT */
TEST_F_TIMEOUT(keepalive, unanswered, lab_secs(120))
{
	int64_t begin = lab_now_us();
	int fd = wire_accept(w), i;
	char c;

	watch(_metadata, fd);
	expect_probe(_metadata, 1, 1);
	about(_metadata, (w->last->at_us - begin) / 1000, IDLE * 1000);
	for (i = 1; i < CNT; i++) {
		expect_probe(_metadata, 1, 1);
		about(_metadata, wire_gap_ms(w), INTVL * 1000);
	}
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	wire_expect(w, RST | ACK, .seq = 1, .ack = 1);
	about(_metadata, wire_gap_ms(w), INTVL * 1000);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	LAB_ERRNO(ETIMEDOUT, recv(fd, &c, 1, 0));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(CNT, lab_counter(&w->lab, "TCPKeepAlive"));
}

/* An answer, however late, begins the count anew, and the idle time. */
TEST_F_TIMEOUT(keepalive, answered, lab_secs(240))
{
	int fd = wire_accept(w), round, i;

	watch(_metadata, fd);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < CNT; i++)
			expect_probe(_metadata, 1, 1);
		wire_inject(w, ACK, .seq = 1, .ack = 1);
		wire_expect_silence(w, (IDLE - 1) * 1000);
	}
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
}

/* Data from the peer, and data that the peer acknowledges, show that it is there. */
TEST_F_TIMEOUT(keepalive, not_while_busy, lab_secs(120))
{
	int fd = wire_accept(w), i;

	watch(_metadata, fd);
	for (i = 0; i < 3; i++) {
		wire_expect_silence(w, (IDLE - 2) * 1000);
		wire_inject(w, ACK, .len = 10);
		wire_await_ack(w, 10 * i + 11);
	}
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 30));
	wire_expect_silence(w, (IDLE - 2) * 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	wire_expect(w, ACK, .seq = 1, .len = 10);
	wire_inject(w, ACK);
	wire_expect_silence(w, (IDLE - 2) * 1000);
	expect_probe(_metadata, 11, 31);
}

/* RFC9293 3.8.4: the peer knows nothing any more, and says so */
TEST_F_TIMEOUT(keepalive, answered_by_reset, lab_secs(60))
{
	int fd = wire_accept(w);

	watch(_metadata, fd);
	expect_probe(_metadata, 1, 1);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
}

/* A half-closed connection may be idle for good: probes there, too, and with the FIN counted. */
static void probed_in(struct __test_metadata *_metadata, int state, int nxt, int ack)
{
	int fd = wire_reach(w, state), i;

	watch(_metadata, fd);
	for (i = 0; i < CNT; i++)
		expect_probe(_metadata, nxt, ack);
	wire_expect(w, RST | ACK, .seq = nxt, .ack = ack);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	wire_new_flow(w);
}

TEST_F_TIMEOUT(keepalive, half_closed, lab_secs(120))
{
	probed_in(_metadata, TCP_FIN_WAIT2, 2, 1);
	probed_in(_metadata, TCP_CLOSE_WAIT, 1, 2);
}

/* The namespace's times count where the program named none. */
TEST_F_TIMEOUT(keepalive, sysctls, lab_secs(120))
{
	int fd, i;

	LAB_OK(lab_sysctl_set(&w->lab, "keepalive_time", "5"));
	LAB_OK(lab_sysctl_set(&w->lab, "keepalive_intvl", "2"));
	LAB_OK(lab_sysctl_set(&w->lab, "keepalive_probes", "2"));
	fd = wire_accept(w);
	EXPECT_EQ(5, lab_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(2, lab_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(2, lab_opt(fd, IPPROTO_TCP, TCP_KEEPCNT));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	wire_expect_silence(w, 4500);
	for (i = 0; i < 2; i++)
		expect_probe(_metadata, 1, 1);
	about(_metadata, wire_gap_ms(w), 2000);
	wire_expect(w, RST | ACK, .seq = 1);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* A shorter idle time counts from when something came, not from the call; off is off at once. */
TEST_F_TIMEOUT(keepalive, changed_meanwhile, lab_secs(120))
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	wire_expect_silence(w, 20000);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 25));
	w->inject_us = lab_now_us();
	expect_probe(_metadata, 1, 1);
	about(_metadata, wire_delay_ms(w), 5000);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 0));
	wire_expect_silence(w, 200000);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* A listener's option is its children's. */
TEST_F_TIMEOUT(keepalive, inherited, lab_secs(60))
{
	LAB_OK(wire_listen(w, 4));
	watch(_metadata, w->lfd);
	wire_accept(w);
	wire_expect_silence(w, (IDLE - 1) * 1000);
	expect_probe(_metadata, 1, 1);
}

TEST_HARNESS_MAIN
