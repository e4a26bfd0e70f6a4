// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open, the server's side: a SYN's data is for the program, if it brings our cookie. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(fastopen_server);

static uint8_t cookie[16];

static void serve(struct __test_metadata *_metadata, int pending)
{
	LAB_OK(lab_sysctl_set(&w->lab, "fastopen", "3"));
	LAB_FD(wire_listen(w, 8));
	LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN, pending));
}

static void reset(struct __test_metadata *_metadata)
{
	wire_inject(w, RST, .seq = 1);
	wire_new_flow(w);
}

/* RFC7413 4.1.2: an option without a cookie asks for one */
static void ask(struct __test_metadata *_metadata)
{
	wire_inject(w, SYN, .mss = 1460, .fo = 0);
	wire_expect(w, SYN | ACK, .ack = 1, .fo = 8);
	memcpy(cookie, w->last->cookie, 8);
	reset(_metadata);
}

static int take_child(struct __test_metadata *_metadata)
{
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	return LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
}

#define syn_with_data(w, n)						\
	wire_inject((w), SYN, .mss = 1460, .fo = 8, .cookie = cookie, .len = (n))

/* A SYN with a good cookie and 100 octets of data, answered */
static void begin_early(struct __test_metadata *_metadata)
{
	serve(_metadata, 4);
	ask(_metadata);
	syn_with_data(w, 100);
	wire_expect(w, SYN | ACK, .ack = 101);
}

/* And its program has the connection before the handshake is complete. */
static int early_child(struct __test_metadata *_metadata)
{
	begin_early(_metadata);
	return take_child(_metadata);
}

TEST_F(fastopen_server, cookie)
{
	long long asked;
	uint8_t first[8];

	serve(_metadata, 4);
	asked = lab_counter(&w->lab, "TCPFastOpenCookieReqd");
	ask(_metadata);
	memcpy(first, cookie, 8);
	ask(_metadata);
	EXPECT_EQ(0, memcmp(first, cookie, 8));
	EXPECT_EQ(asked + 2, lab_counter(&w->lab, "TCPFastOpenCookieReqd"));
}

/* RFC7413 4.2.2: the data is acknowledged with the SYN, and the program may answer at once */
TEST_F(fastopen_server, data_in_syn)
{
	long long count;
	int fd;

	serve(_metadata, 4);
	ask(_metadata);
	count = lab_counter(&w->lab, "TCPFastOpenPassive");
	syn_with_data(w, 100);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 101, .fo = WIRE_NONE);
	fd = take_child(_metadata);
	EXPECT_EQ(TCP_SYN_RECV, lab_tcp_state(fd));
	EXPECT_EQ(POLLIN | POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	wire_expect(w, ACK, .seq = 1, .ack = 101, .len = 50);
	wire_inject(w, ACK, .len = 10);
	wire_await_ack(w, 111);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 100, 10));
	EXPECT_EQ(count + 1, lab_counter(&w->lab, "TCPFastOpenPassive"));
}

/* The third segment acknowledges our SYN, but not the data that went after it. */
TEST_F(fastopen_server, answer_not_yet_acknowledged)
{
	int fd = early_child(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	wire_expect(w, ACK, .seq = 1, .len = 50);
	wire_inject(w, ACK, .ack = 1);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
	wire_inject(w, ACK, .ack = 51);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 50, 50));
	wire_expect(w, ACK, .seq = 51, .len = 50);
}

/* Request, answer and end before the handshake is complete */
TEST_F(fastopen_server, closed_at_once)
{
	int fd = early_child(_metadata);

	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	wire_expect(w, ACK, .seq = 1, .len = 50);
	close(fd);
	wire_inject(w, ACK, .ack = 51);
	wire_drain(w);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == TCP_FIN_WAIT1 || wire_state(w) == TCP_FIN_WAIT2));
	wire_inject(w, FIN | ACK, .ack = 52);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == TCP_TIME_WAIT));
}

/* A cookie alone is enough: the connection is the program's before its data. */
TEST_F(fastopen_server, without_data)
{
	serve(_metadata, 4);
	ask(_metadata);
	syn_with_data(w, 0);
	wire_expect(w, SYN | ACK, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, lab_tcp_state(take_child(_metadata)));
}

/* RFC7413 4.2.2: with a wrong one only the SYN is taken, and the right one sent */
TEST_F(fastopen_server, wrong_cookie)
{
	long long fails;
	int fd;

	serve(_metadata, 4);
	ask(_metadata);
	fails = lab_counter(&w->lab, "TCPFastOpenPassiveFail");
	cookie[3] ^= 1;
	syn_with_data(w, 100);
	wire_expect(w, SYN | ACK, .ack = 1, .fo = 8);
	cookie[3] ^= 1;
	EXPECT_EQ(0, memcmp(cookie, w->last->cookie, 8));
	EXPECT_EQ(fails + 1, lab_counter(&w->lab, "TCPFastOpenPassiveFail"));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	fd = take_child(_metadata);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* Off by default, and without TCP_FASTOPEN: the option is not looked at, the data comes again. */
TEST_F(fastopen_server, off)
{
	LAB_FD(wire_listen(w, 8));
	LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN, 5));
	wire_inject(w, SYN, .mss = 1460, .fo = 0, .len = 100);
	wire_expect(w, SYN | ACK, .ack = 1, .fo = WIRE_NONE);
	reset(_metadata);
	LAB_OK(lab_set_opt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN, 0));
	LAB_OK(lab_sysctl_set(&w->lab, "fastopen", "3"));
	wire_inject(w, SYN, .mss = 1460, .fo = 0, .len = 100);
	wire_expect(w, SYN | ACK, .ack = 1, .fo = WIRE_NONE);
}

/* The administrator can turn it on for all who listen, and do without cookies. */
TEST_F(fastopen_server, for_all_without_cookies)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "fastopen", "1538"));	/* 0x602 */
	LAB_FD(wire_listen(w, 8));
	EXPECT_EQ(8, lab_opt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN));
	wire_inject(w, SYN, .mss = 1460, .len = 100);
	wire_expect(w, SYN | ACK, .ack = 101, .fo = WIRE_NONE);
	fd = take_child(_metadata);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC7413 5.1: a limit on those that are pending; an RST does not make room at once */
TEST_F(fastopen_server, limit)
{
	long long over;
	int fd;

	serve(_metadata, 1);
	ask(_metadata);
	syn_with_data(w, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	fd = take_child(_metadata);
	wire_inject(w, ACK);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
	wire_new_flow(w);

	over = lab_counter(&w->lab, "TCPFastOpenListenOverflow");
	syn_with_data(w, 10);
	wire_expect(w, SYN | ACK, .ack = 11);
	fd = take_child(_metadata);
	wire_inject(w, RST, .seq = 11);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_CLOSE));
	wire_new_flow(w);
	syn_with_data(w, 10);
	wire_expect(w, SYN | ACK, .ack = 1);
	EXPECT_EQ(over + 1, lab_counter(&w->lab, "TCPFastOpenListenOverflow"));
}

/* The SYN-ACK was lost: the SYN comes again, and is answered again. */
TEST_F(fastopen_server, syn_again)
{
	int fd;

	begin_early(_metadata);
	wire_inject(w, SYN, .seq = 0, .mss = 1460, .len = 0);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 101);
	wire_inject(w, ACK, .seq = 101);
	fd = take_child(_metadata);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* Answered by a SYN-ACK alone, not by all that has gone since. */
TEST_F(fastopen_server, syn_again_draws_no_data)
{
	int fd = early_child(_metadata), i;

	/* each of them is answered */
	LAB_OK(lab_sysctl_set(&w->lab, "invalid_ratelimit", "0"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	for (i = 0; i < 3; i++) {
		wire_inject(w, SYN, .seq = 0, .mss = 1460, .len = 0);
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 101);
		wire_expect_silence(w, 50);
	}
	wire_inject(w, ACK, .seq = 101, .ack = 3001);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
}

/* For its program it is a connection already: what a router says of it is a hint. */
TEST_F(fastopen_server, icmp)
{
	int fd = early_child(_metadata);

	wire_icmp(w, WIRE_HOST_UNREACH, .seq = 0);
	EXPECT_EQ(TCP_SYN_RECV, lab_tcp_state(fd));
	wire_inject(w, ACK, .seq = 101);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* The listener closes: those that its program has not taken are reset, the others live. */
TEST_F(fastopen_server, listener_closes)
{
	int fd = early_child(_metadata);
	struct wire_flow *first = w->f;

	wire_new_flow(w);
	syn_with_data(w, 100);
	wire_expect(w, SYN | ACK, .ack = 101);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	close(w->lfd);
	w->lfd = -1;
	wire_expect(w, RST | ACK);
	wire_use(w, first);
	wire_inject(w, ACK, .seq = 101);
	EXPECT_TRUE(LAB_UNTIL(lab_tcp_state(fd) == TCP_ESTABLISHED));
}

/* TCP_FASTOPEN_KEY: cookies follow from it; one made with the key before is good, and renewed. */
TEST_F(fastopen_server, keys)
{
	static const uint8_t keys[32] = { [0] = 1, [16] = 2 };
	uint8_t old[8], got[64];
	socklen_t len = sizeof(got);
	long long alt;

	serve(_metadata, 4);
	ASSERT_EQ(0, getsockopt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, got, &len));
	EXPECT_EQ(0, len);		/* none of its own: the namespace's serves */
	ASSERT_EQ(0, setsockopt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys + 16, 16));
	ask(_metadata);
	memcpy(old, cookie, 8);
	ASSERT_EQ(0, setsockopt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, 32));
	len = sizeof(got);
	ASSERT_EQ(0, getsockopt(w->lfd, IPPROTO_TCP, TCP_FASTOPEN_KEY, got, &len));
	EXPECT_EQ(32, len);
	EXPECT_EQ(0, memcmp(keys, got, 32));
	ask(_metadata);
	EXPECT_NE(0, memcmp(old, cookie, 8));

	alt = lab_counter(&w->lab, "TCPFastOpenPassiveAltKey");
	wire_inject(w, SYN, .mss = 1460, .fo = 8, .cookie = old, .len = 10);
	wire_expect(w, SYN | ACK, .ack = 11, .fo = 8);
	EXPECT_EQ(0, memcmp(cookie, w->last->cookie, 8));
	EXPECT_EQ(alt + 1, lab_counter(&w->lab, "TCPFastOpenPassiveAltKey"));
}

TEST_HARNESS_MAIN
