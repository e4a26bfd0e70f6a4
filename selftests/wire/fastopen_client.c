// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open, the client's side: who has the server's cookie may send data with the SYN. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(fastopen_client);

static const uint8_t cookie[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* send(MSG_FASTOPEN) of @n bytes; how many it took, or the errno, negative */
static int open_with(struct __test_metadata *_metadata, int fd, int n)
{
	static uint8_t buf[10000];
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);
	int ret;

	lab_fill(buf, LAB_TO_PEER, 0, n);
	w->f->kport = 0;
	ret = sendto(fd, buf, n, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&ss, len);
	ret = ret < 0 ? -errno : ret;
	if (lab_port(fd) > 0)
		w->f->kport = lab_port(fd);
	return ret;
}

/* RFC7413 4.1.2: the first connection asks for a cookie, and sends its data as ever */
static void learn(struct __test_metadata *_metadata)
{
	int fd = LAB_FD(wire_socket(w));

	EXPECT_EQ(-EINPROGRESS, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 0, .fo = 0);
	wire_inject(w, SYN | ACK, .mss = 1460, .fo = 8, .cookie = cookie);
	wire_expect(w, ACK, .seq = 1, .ack = 1, .fo = WIRE_NONE);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	wire_inject(w, RST | ACK);
	close(fd);
	wire_new_flow(w);
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* RFC7413 4.2.1 */
TEST_F(fastopen_client, data_in_syn)
{
	long long count;
	int fd;

	learn(_metadata);
	count = lab_counter(&w->lab, "TCPFastOpenActive");
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .seq = 0, .len = 100, .fo = 8);
	EXPECT_EQ(0, memcmp(cookie, w->last->cookie, 8));
	wire_inject(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101, .ack = 1, .len = 0);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	EXPECT_TRUE(info_of(fd).tcpi_options & TCPI_OPT_SYN_DATA);
	EXPECT_EQ(count + 1, lab_counter(&w->lab, "TCPFastOpenActive"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 20));
	wire_expect(w, ACK, .seq = 101, .len = 20);
}

/* RFC7413 4.2.3: what the SYN-ACK does not acknowledge goes again at once */
TEST_F(fastopen_client, data_not_taken)
{
	int fd;

	learn(_metadata);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1, .len = 100, .skip_acks = true);
	EXPECT_GT(100, wire_delay_ms(w));
	wire_inject(w, ACK, .ack = 101);
	EXPECT_FALSE(info_of(fd).tcpi_options & TCPI_OPT_SYN_DATA);
	wire_expect_silence(w, 3000);
}

/* Some of it */
TEST_F(fastopen_client, data_taken_in_part)
{
	int fd;

	learn(_metadata);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 41, .mss = 1460);
	wire_expect(w, ACK, .seq = 41, .ack = 1, .len = 60, .skip_acks = true);
	wire_inject(w, ACK, .ack = 101);
	wire_expect_silence(w, 3000);
}

/* As much as the MSS learnt with the cookie allows, with room for all options that could be */
TEST_F(fastopen_client, as_much_as_fits)
{
	int fd, fits = wire_mss(w) - 40;

	learn(_metadata);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(fits, open_with(_metadata, fd, 5000));
	wire_expect(w, SYN, .len = fits, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 1 + fits, .mss = 1460);
	wire_expect(w, ACK, .seq = 1 + fits);
}

/* RFC7413 4.1.3.1: with the retransmission neither data nor option */
TEST_F(fastopen_client, syn_lost)
{
	int fd;

	learn(_metadata);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	wire_expect(w, SYN, .seq = 0, .len = 0, .fo = WIRE_NONE);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), 1000))
		TH_LOG("%s", lab_why());
	wire_inject(w, SYN | ACK, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .len = 100, .skip_acks = true);
	wire_inject(w, ACK, .ack = 101);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
}

/* No data: the cookie goes all the same. */
TEST_F(fastopen_client, nothing_to_send)
{
	learn(_metadata);
	EXPECT_EQ(-EINPROGRESS, open_with(_metadata, LAB_FD(wire_socket(w)), 0));
	wire_expect(w, SYN, .len = 0, .fo = 8);
}

/* TCP_FASTOPEN_CONNECT: connect() does nothing yet, the first write does it all */
TEST_F(fastopen_client, connect_then_write)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	learn(_metadata);
	len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);
	fd = LAB_FD(wire_socket(w));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	w->f->kport = lab_port(fd);
	EXPECT_EQ(POLLOUT, lab_poll(fd, POLLOUT, 0));
	LAB_ERRNO(EISCONN, connect(fd, (struct sockaddr *)&ss, len));
	wire_expect_silence(w, 3000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 70));
	wire_expect(w, SYN, .len = 70, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 71, .mss = 1460);
	wire_expect(w, ACK, .seq = 71);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));		/* it is told once */
	LAB_ERRNO(EISCONN, connect(fd, (struct sockaddr *)&ss, len));
}

/* Without a cookie it connects as ever, and asks for one. */
TEST_F(fastopen_client, connect_without_cookie)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .len = 0, .fo = 0);
}

/* Closed before the first write: the peer hears nothing. */
TEST_F(fastopen_client, connect_then_close)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	learn(_metadata);
	len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);
	fd = LAB_FD(wire_socket(w));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	w->f->kport = lab_port(fd);
	close(fd);
	wire_expect_silence(w, 2000);
	EXPECT_EQ(0, wire_state(w));
}

/* TCP_FASTOPEN_NO_COOKIE: data without a cookie, for paths that are known */
TEST_F(fastopen_client, no_cookie)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = WIRE_NONE);
	wire_inject(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
}

TEST_F(fastopen_client, off)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_sysctl_set(&w->lab, "fastopen", "0"));
	EXPECT_EQ(-EOPNOTSUPP, open_with(_metadata, fd, 100));
	LAB_ERRNO(EOPNOTSUPP, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, 4));
}

/*
 * Paths that swallow such connections: after three timeouts in a row there is a pause, for all;
 * the next one is twice as long.
 */
TEST_F_TIMEOUT(fastopen_client, blackhole, lab_secs(90))
{
	long long pauses;
	int fd, i;

	LAB_OK(lab_sysctl_set(&w->lab, "fastopen_blackhole_timeout_sec", "20"));
	learn(_metadata);
	pauses = lab_counter(&w->lab, "TCPFastOpenBlackhole");
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	for (i = 0; i < 3; i++)
		wire_expect(w, SYN, .seq = 0, .len = 0);
	EXPECT_EQ(pauses + 1, lab_counter(&w->lab, "TCPFastOpenBlackhole"));
	close(fd);
	wire_new_flow(w);

	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(-EINPROGRESS, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 0, .fo = WIRE_NONE);
	close(fd);
	wire_expect_silence(w, 21000);
	wire_new_flow(w);
	EXPECT_EQ(100, open_with(_metadata, LAB_FD(wire_socket(w)), 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
}

/* A connection whose SYN carried data, all of it acknowledged */
static int begun_with_data(struct __test_metadata *_metadata)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "fastopen_blackhole_timeout_sec", "20"));
	learn(_metadata);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100);
	wire_inject(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	return fd;
}

/* A middlebox that lost track sends an RST that is not in order. */
TEST_F(fastopen_client, blackhole_stray_reset)
{
	long long pauses;

	begun_with_data(_metadata);
	pauses = lab_counter(&w->lab, "TCPFastOpenBlackhole");
	wire_inject(w, RST | ACK, .seq = 50);
	wire_expect(w, ACK, .seq = 101, .ack = 1);
	EXPECT_EQ(pauses + 1, lab_counter(&w->lab, "TCPFastOpenBlackhole"));
}

/* Of the server's words only the FIN came through. */
TEST_F(fastopen_client, blackhole_bare_fin)
{
	int fd = begun_with_data(_metadata);
	long long pauses = lab_counter(&w->lab, "TCPFastOpenBlackhole");

	wire_inject(w, FIN | ACK, .seq = 1000);
	wire_expect(w, ACK, .seq = 101, .ack = 1);
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 101);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "TCPFastOpenBlackhole") == pauses + 1));
}

/* One that works ends the series: the next pause is a short one again. */
TEST_F_TIMEOUT(fastopen_client, blackhole_over, lab_secs(120))
{
	int fd = begun_with_data(_metadata);

	wire_inject(w, RST | ACK, .seq = 50);		/* the first pause: 20 s */
	wire_expect(w, ACK, .seq = 101, .ack = 1);
	wire_inject(w, RST | ACK, .seq = 1);
	close(fd);
	wire_expect_silence(w, 21000);

	wire_new_flow(w);
	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
	wire_inject(w, ACK, .len = 10);
	wire_await_ack(w, 11);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 10));
	wire_inject(w, RST | ACK);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_CLOSE));
	close(fd);
	wire_new_flow(w);

	fd = LAB_FD(wire_socket(w));
	EXPECT_EQ(100, open_with(_metadata, fd, 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
	wire_inject(w, SYN | ACK, .ack = 101, .mss = 1460);
	wire_expect(w, ACK, .seq = 101);
	wire_inject(w, RST | ACK, .seq = 50);		/* again the first pause */
	wire_expect(w, ACK, .seq = 101, .ack = 1);
	wire_inject(w, RST | ACK, .seq = 1);
	close(fd);
	wire_expect_silence(w, 21000);
	wire_new_flow(w);
	EXPECT_EQ(100, open_with(_metadata, LAB_FD(wire_socket(w)), 100));
	wire_expect(w, SYN, .len = 100, .fo = 8);
}

TEST_HARNESS_MAIN
