// SPDX-License-Identifier: GPL-2.0
/* TCP_USER_TIMEOUT (RFC5482): how long the peer may acknowledge nothing; in place of R2. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(user_timeout);

#define UTO	5000	/* ms */

static void about(struct __test_metadata *_metadata, int64_t since_us, long want)
{
	EXPECT_TRUE(wire_about((lab_now_us() - since_us) / 1000, want))
		TH_LOG("%s", lab_why());
}

/*
 * The program is told when the time is over, and not when the next retransmission would have been
 * due. As Linux has it, the time counts from the first retransmission.
 */
TEST_F_TIMEOUT(user_timeout, data_not_acknowledged, lab_secs(60))
{
	int fd = wire_accept(w);
	int64_t first_us;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	first_us = w->last->at_us;
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	about(_metadata, first_us, UTO);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* While something is acknowledged now and then the time does not run out. */
TEST_F_TIMEOUT(user_timeout, progress, lab_secs(60))
{
	int fd = wire_accept(w), i;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 4; i++) {
		LAB_OK(lab_send(fd, LAB_TO_PEER, 100 * i, 100));
		usleep(UTO * 600);
		wire_drain(w);
		wire_inject(w, ACK, .ack = 100 * i + 51);
		wire_inject(w, ACK, .ack = 100 * i + 101);
	}
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* It may be longer than R2, too. */
TEST_F_TIMEOUT(user_timeout, beyond_retries2, lab_secs(120))
{
	int fd = wire_accept(w);
	int64_t first_us;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "2"));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30000));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	first_us = w->last->at_us;
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	about(_metadata, first_us, 30000);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/*
 * A window that stays closed counts as no progress, whether or not the peer answers the probes:
 * from the first probe on.
 */
static void closed_window(struct __test_metadata *_metadata, bool answer)
{
	int64_t first_us = 0;
	int fd;

	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	while (!__wire_take(w, 4000)) {
		if (!first_us)
			first_us = w->last->at_us;
		w->f->rcv_nxt = 1;
		if (answer)
			wire_inject(w, ACK, .ack = 1, .win = 0);
	}
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	EXPECT_NE(0, first_us);
	EXPECT_EQ(0, wire_state(w));
}

TEST_F_TIMEOUT(user_timeout, zero_window_answered, lab_secs(60))
{
	closed_window(_metadata, true);
}

TEST_F_TIMEOUT(user_timeout, zero_window_unanswered, lab_secs(60))
{
	closed_window(_metadata, false);
}

/* When exactly: at the end of the time, not at the next probe. */
TEST_F_TIMEOUT(user_timeout, zero_window_time, lab_secs(60))
{
	int64_t first_us;
	int fd;

	w->win = 0;
	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_take(w);
	first_us = w->last->at_us;
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	about(_metadata, first_us, UTO);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* Count the probes until the reset that ends them. */
static int probes_until_reset(struct __test_metadata *_metadata)
{
	int n = 0;

	do {
		wire_take(w);
		n++;
	} while (!(w->last->s.flags & RST));
	return n - 1;
}

/* With keepalive: the count of probes no longer matters, but how long the peer has been silent. */
TEST_F_TIMEOUT(user_timeout, keepalive, lab_secs(60))
{
	int fd = wire_accept(w);
	int64_t begin = lab_now_us();

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 10500));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 4));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPCNT, 2));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	/* at 4, 5 ... 10 s; at 11 s the time is over */
	EXPECT_EQ(7, probes_until_reset(_metadata));
	about(_metadata, begin, 11000);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* A short one alone ends nothing: there must have been a probe. */
TEST_F_TIMEOUT(user_timeout, keepalive_short, lab_secs(60))
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 4));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	wire_expect_silence(w, 3500);
	EXPECT_EQ(1, probes_until_reset(_metadata));
}

/* A connection that is idle may be idle for as long as it likes. */
TEST_F_TIMEOUT(user_timeout, idle, lab_secs(60))
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	wire_expect_silence(w, 20000);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* connect(): the time counts from the SYN, and the number of SYNs still has its limit. */
TEST_F_TIMEOUT(user_timeout, syn_sent, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));
	int64_t first_us;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	first_us = w->last->at_us;
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	about(_metadata, first_us, UTO);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

TEST_F_TIMEOUT(user_timeout, syn_sent_and_syncnt, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));
	int64_t first_us;

	lab_sysctl_set(&w->lab, "syn_linear_timeouts", "0");
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 60000));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_SYNCNT, 2));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	first_us = w->last->at_us;
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	about(_metadata, first_us, 7000);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
}

/* An orphan keeps what its program wanted. */
TEST_F_TIMEOUT(user_timeout, orphan, lab_secs(60))
{
	int fd = wire_accept(w);
	int64_t first_us;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UTO));
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_expect(w, FIN | ACK, .seq = 1);
	first_us = w->last->at_us;
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	about(_metadata, first_us, UTO);
}

/* In milliseconds; 0 is off; negative ones are refused; children inherit it. */
TEST_F(user_timeout, values)
{
	int fd = LAB_FD(wire_socket(w)), val = -1;

	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &val, sizeof(val)));
	LAB_OK(wire_listen(w, 4));
	LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234));
	fd = wire_accept(w);
	EXPECT_EQ(1234, lab_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
}

TEST_HARNESS_MAIN
