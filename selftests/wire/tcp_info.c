// SPDX-License-Identifier: GPL-2.0
/* TCP_INFO: what it tells of an exchange that is played by hand, by both protocols alike. */
#include "harness.h"
#include "wire.h"

#include <linux/tcp.h>

WIRE_TIMED_FIXTURE(tcp_info);

/* As Linux 6.12 has it: a kernel before gives less of it. */
struct info {
	struct tcp_info i;
	uint32_t rcv_wnd;
	uint32_t rehash;
	uint16_t total_rto;
	uint16_t rows;
	uint32_t rto_ms;
	socklen_t len;
};

static struct info info(int fd)
{
	struct info x = { .len = offsetof(struct info, len) };

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &x, &x.len);
	return x;
}

static bool has_rto(const struct info *x)
{
	return x->len >= offsetof(struct info, len);
}

/* @n segments of 1000 octets are under way, and the first is acknowledged. */
static int flight(struct __test_metadata *_metadata, int n)
{
	int fd;

	w->rtt_ms = 20;
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, n * 1000));
	wire_take_stream_quietly(w, n * 1000 + 1);
	wire_inject(w, ACK, .ack = 1001);
	return fd;
}

TEST_F(tcp_info, nothing_happened)
{
	struct info x;
	int fd;

	fd = wire_accept(w, .mss = 1000, .sackok = 1, .ws = 7);
	x = info(fd);
	EXPECT_EQ(TCPI_OPT_SACK | TCPI_OPT_WSCALE, x.i.tcpi_options);
	EXPECT_EQ(7, (int)x.i.tcpi_snd_wscale);
	EXPECT_EQ(3, x.i.tcpi_reordering);
	EXPECT_EQ(10, x.i.tcpi_snd_cwnd);
	EXPECT_EQ(1000, x.i.tcpi_snd_mss);
	EXPECT_EQ(1, x.i.tcpi_delivered);
	EXPECT_EQ(0, x.i.tcpi_delivered_ce);
	EXPECT_EQ(0, x.i.tcpi_bytes_sent);
	EXPECT_EQ(0, x.i.tcpi_data_segs_out);
	EXPECT_EQ(0, x.i.tcpi_data_segs_in);
	EXPECT_EQ(0, x.i.tcpi_busy_time);
	EXPECT_EQ(0, x.i.tcpi_delivery_rate);
	EXPECT_EQ(~0ULL, x.i.tcpi_max_pacing_rate);
	EXPECT_LT(0, x.i.tcpi_min_rtt);
	EXPECT_EQ(x.i.tcpi_rtt, x.i.tcpi_min_rtt);
}

TEST_F(tcp_info, listener)
{
	struct info x = info(wire_listen(w, 5));

	EXPECT_EQ(10, x.i.tcpi_state);
	EXPECT_EQ(0, x.i.tcpi_unacked);
	EXPECT_EQ(5, x.i.tcpi_sacked);
	EXPECT_EQ(3, x.i.tcpi_reordering);
	EXPECT_EQ(10, x.i.tcpi_snd_cwnd);
	EXPECT_EQ(~0ULL, x.i.tcpi_pacing_rate);
}

TEST_F(tcp_info, a_recovery)
{
	int fd = flight(_metadata, 10);
	struct info x;

	x = info(fd);
	EXPECT_EQ(9, x.i.tcpi_unacked);
	EXPECT_EQ(2, x.i.tcpi_delivered);
	EXPECT_EQ(10000, x.i.tcpi_bytes_sent);
	EXPECT_EQ(10, x.i.tcpi_data_segs_out);

	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	x = info(fd);
	EXPECT_EQ(3, x.i.tcpi_ca_state);
	EXPECT_EQ(9, x.i.tcpi_unacked);
	EXPECT_EQ(3, x.i.tcpi_sacked);
	EXPECT_EQ(1, x.i.tcpi_lost);
	EXPECT_EQ(1, x.i.tcpi_retrans);
	EXPECT_EQ(1, x.i.tcpi_total_retrans);
	EXPECT_EQ(11000, x.i.tcpi_bytes_sent);
	EXPECT_EQ(1000, x.i.tcpi_bytes_retrans);
	EXPECT_EQ(1000, x.i.tcpi_bytes_acked);
	EXPECT_EQ(11, x.i.tcpi_data_segs_out);
	EXPECT_EQ(5, x.i.tcpi_delivered);
	EXPECT_EQ(0, x.i.tcpi_reord_seen);
	EXPECT_EQ(0, x.i.tcpi_notsent_bytes);
	EXPECT_EQ(0, x.i.tcpi_rwnd_limited);
	EXPECT_EQ(0, x.i.tcpi_sndbuf_limited);

	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .ack = 10001);
	x = info(fd);
	EXPECT_EQ(0, x.i.tcpi_ca_state);
	EXPECT_EQ(0, x.i.tcpi_unacked);
	EXPECT_EQ(0, x.i.tcpi_sacked);
	EXPECT_EQ(0, x.i.tcpi_lost);
	EXPECT_EQ(0, x.i.tcpi_retrans);
	EXPECT_EQ(11, x.i.tcpi_delivered);
	EXPECT_LE(20000, x.i.tcpi_busy_time);
	EXPECT_LT(0, x.i.tcpi_delivery_rate);
	EXPECT_GT(10000000, x.i.tcpi_delivery_rate);

	/* what went again arrived twice */
	wire_inject(w, ACK, .ack = 10001, .nsack = 1, .sack = { { 1001, 2001 } });
	x = info(fd);
	EXPECT_EQ(1, x.i.tcpi_dsack_dups);
	EXPECT_EQ(12, x.i.tcpi_delivered);
}

TEST_F(tcp_info, reordering)
{
	int fd = flight(_metadata, 10);
	struct info x;

	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 6001, 7001 } });
	wire_inject(w, ACK, .ack = 1001, .nsack = 2, .sack = { { 2001, 3001 }, { 6001, 7001 } });
	x = info(fd);
	EXPECT_EQ(1, x.i.tcpi_reord_seen);
	EXPECT_EQ(5, x.i.tcpi_reordering);
	EXPECT_EQ(1, x.i.tcpi_ca_state);
	EXPECT_EQ(2, x.i.tcpi_sacked);
}

TEST_F(tcp_info, receiving)
{
	int fd = wire_accept(w, .mss = 1000, .sackok = 1);
	struct info before = info(fd), x;

	wire_inject(w, ACK, .len = 1000);
	wire_inject(w, ACK, .seq = 2001, .len = 500);
	wire_inject(w, ACK, .seq = 3001, .len = 500);
	wire_inject(w, ACK, .seq = 1001);
	x = info(fd);
	EXPECT_EQ(before.i.tcpi_segs_in + 4, x.i.tcpi_segs_in);
	EXPECT_EQ(3, x.i.tcpi_data_segs_in);
	EXPECT_EQ(2, x.i.tcpi_rcv_ooopack);
	EXPECT_EQ(1000, x.i.tcpi_bytes_received);
	EXPECT_EQ(0, x.i.tcpi_busy_time);
}

/* The peer's window holds us up: that is told, and ends. */
TEST_F(tcp_info, window_limited)
{
	struct info x, y;
	int fd;

	w->rtt_ms = 100;
	w->win = 2000;
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 4000));
	wire_take_stream_quietly(w, 2001);
	wire_expect_silence(w, 100);
	x = info(fd);
	EXPECT_EQ(2000, x.i.tcpi_notsent_bytes);
	EXPECT_LE(95000, x.i.tcpi_rwnd_limited);
	EXPECT_LE(x.i.tcpi_rwnd_limited, x.i.tcpi_busy_time);
	EXPECT_EQ(0, x.i.tcpi_sndbuf_limited);

	wire_inject(w, ACK, .ack = 2001, .win = 60000);
	wire_take_stream_quietly(w, 4001);
	x = info(fd);
	wire_expect_silence(w, 50);
	y = info(fd);
	EXPECT_EQ(x.i.tcpi_rwnd_limited, y.i.tcpi_rwnd_limited);
	EXPECT_LE(x.i.tcpi_busy_time + 45000, y.i.tcpi_busy_time);

	wire_inject(w, ACK, .ack = 4001, .win = 60000);
	x = info(fd);
	wire_expect_silence(w, 50);
	y = info(fd);
	EXPECT_EQ(x.i.tcpi_busy_time, y.i.tcpi_busy_time);
}

/* The program would write more, and both windows would let it go. */
TEST_F(tcp_info, buffer_limited)
{
	static const char text[200000];
	struct info x, y;
	ssize_t n;
	int fd;

	w->rtt_ms = 100;
	w->any_data = true;
	w->win = 1400;
	fd = wire_accept(w, .mss = 1400, .sackok = 1);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_SNDBUF, 2304));
	n = send(fd, text, sizeof(text), MSG_DONTWAIT);
	ASSERT_LT(0, n);
	ASSERT_GT(sizeof(text), n);
	wire_take_stream_quietly(w, 1401);
	/* the rest goes, and nothing is acknowledged that would make room */
	wire_inject(w, ACK, .ack = 1, .win = 60000);
	wire_take_stream_quietly(w, 1 + n);
	wire_expect_silence(w, 100);
	x = info(fd);
	EXPECT_LE(95000, x.i.tcpi_sndbuf_limited);
	EXPECT_LE(x.i.tcpi_sndbuf_limited + x.i.tcpi_rwnd_limited, x.i.tcpi_busy_time);

	wire_inject(w, ACK, .ack = 1 + n, .win = 60000);
	x = info(fd);
	wire_expect_silence(w, 50);
	y = info(fd);
	EXPECT_EQ(x.i.tcpi_sndbuf_limited, y.i.tcpi_sndbuf_limited);
	EXPECT_EQ(x.i.tcpi_busy_time, y.i.tcpi_busy_time);
}

/* Two timeouts in a row: RFC6298 5.5 */
TEST_F(tcp_info, timeouts)
{
	int fd = flight(_metadata, 3);
	struct info x, y;

	wire_expect(w, ACK, .seq = 2001, .len = 1000, .ms = 5000);	/* the probe */
	wire_expect(w, ACK, .seq = 1001, .len = 1000, .ms = 5000);
	wire_expect(w, ACK, .seq = 1001, .len = 1000, .ms = 5000);
	x = info(fd);
	EXPECT_EQ(4, x.i.tcpi_ca_state);
	EXPECT_EQ(2, x.i.tcpi_retransmits);
	EXPECT_EQ(2, x.i.tcpi_backoff);
	EXPECT_EQ(1, x.i.tcpi_snd_cwnd);
	EXPECT_EQ(2, x.i.tcpi_lost);
	EXPECT_EQ(1, x.i.tcpi_retrans);
	EXPECT_EQ(3, x.i.tcpi_total_retrans);
	EXPECT_EQ(6000, x.i.tcpi_bytes_sent);
	EXPECT_EQ(3000, x.i.tcpi_bytes_retrans);
	if (has_rto(&x)) {
		EXPECT_EQ(2, x.total_rto);
		EXPECT_EQ(1, x.rows);
		EXPECT_LE(200, x.rto_ms);
	}
	wire_inject(w, ACK, .ack = 3001);
	x = info(fd);
	wire_expect_silence(w, 50);
	y = info(fd);
	EXPECT_EQ(0, y.i.tcpi_lost);
	EXPECT_EQ(0, y.i.tcpi_retransmits);
	if (has_rto(&x)) {
		EXPECT_EQ(2, y.total_rto);
		EXPECT_EQ(x.rto_ms, y.rto_ms);
	}
}

/*
 * Linux's ratios: 200 % in the first half of slow start, 120 % later; and no more than is allowed
 */
TEST_F(tcp_info, pacing_rate)
{
	int fd = flight(_metadata, 10);
	unsigned long long want;
	struct info x;

	x = info(fd);
	want = 2000000ULL * x.i.tcpi_snd_cwnd * 1000 / x.i.tcpi_rtt;
	EXPECT_LE(want * 99 / 100, x.i.tcpi_pacing_rate);
	EXPECT_GE(want * 101 / 100, x.i.tcpi_pacing_rate);
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, 50000));
	x = info(fd);
	EXPECT_EQ(50000, x.i.tcpi_max_pacing_rate);
	EXPECT_EQ(50000, x.i.tcpi_pacing_rate);
}

TEST_HARNESS_MAIN
