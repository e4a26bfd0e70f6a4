// SPDX-License-Identifier: GPL-2.0
/* The urgent pointer (RFC 9293 3.8.5), received and sent. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(urgent);

/* RFC9293 MUST-30, MUST-31: urgent data of any length is part of the stream */
TEST_F(urgent, inline_data)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	wire_inject(w, ACK, .len = 100);
	wire_inject(w, ACK | URG, .len = 100, .urg = 50);
	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 301);
	/* Linux stops a read at the mark; all the bytes come all the same */
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 300));
}

/* A pointer beyond the data, one of nothing, and one without a flag */
TEST_F(urgent, strange_pointers)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	wire_inject(w, ACK | URG, .len = 100, .urg = 65535);
	wire_inject(w, ACK | URG, .len = 100, .urg = 0);
	wire_inject(w, ACK, .len = 100, .urg = 20);
	wire_inject(w, ACK | URG, .urg = 1);
	wire_await_ack(w, 301);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 300));
}

static int recv_oob(int fd)
{
	uint8_t c;

	return recv(fd, &c, 1, MSG_OOB) == 1 ? c : -errno;
}

/* RFC9293 MUST-62: it points behind the urgent data, whose last octet is read beside the stream */
TEST_F(urgent, beside)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | URG, .len = 100, .urg = 50);
	ASSERT_TRUE(lab_wait(fd, POLLPRI) & POLLPRI);
	EXPECT_EQ(lab_byte(LAB_TO_KERNEL, 49), recv_oob(fd));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 49));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 50, 50));
}

/* net.ipv4.tcp_stdurg: or at it */
TEST_F(urgent, stdurg)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "stdurg", "1"));
	fd = wire_accept(w);
	wire_inject(w, ACK | URG, .len = 100, .urg = 50);
	ASSERT_TRUE(lab_wait(fd, POLLPRI) & POLLPRI);
	EXPECT_EQ(lab_byte(LAB_TO_KERNEL, 50), recv_oob(fd));
}

/* RFC9293 MUST-32, MUST-33: the notice comes before the octet */
TEST_F(urgent, notice_first)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | URG, .len = 100, .urg = 150);
	wire_await_ack(w, 101);
	EXPECT_EQ(-EAGAIN, recv_oob(fd));
	EXPECT_EQ(0, lab_poll(fd, POLLPRI, 0));
	wire_inject(w, ACK, .len = 100);
	ASSERT_TRUE(lab_wait(fd, POLLPRI) & POLLPRI);
	EXPECT_EQ(lab_byte(LAB_TO_KERNEL, 149), recv_oob(fd));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 149));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 150, 50));
}

/* The octet comes out of order, and so before what precedes it. */
TEST_F(urgent, out_of_order)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | URG, .seq = 101, .len = 100, .urg = 10);
	ASSERT_TRUE(lab_wait(fd, POLLPRI) & POLLPRI);
	EXPECT_EQ(lab_byte(LAB_TO_KERNEL, 109), recv_oob(fd));
	wire_inject(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 109));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 110, 90));
}

/* The same pointer again, an older one, and one that names what was read: no news. */
TEST_F(urgent, old_pointers)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | URG, .len = 100, .urg = 50);
	ASSERT_TRUE(lab_wait(fd, POLLPRI) & POLLPRI);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 49));
	EXPECT_EQ(lab_byte(LAB_TO_KERNEL, 49), recv_oob(fd));
	wire_inject(w, ACK | URG, .seq = 1, .len = 100, .urg = 50);
	wire_inject(w, ACK | URG, .seq = 1, .len = 100, .urg = 20);
	wire_await_ack(w, 101);
	EXPECT_EQ(-EINVAL, recv_oob(fd));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 50, 50));
	EXPECT_EQ(-EINVAL, recv_oob(fd));
}

/* RFC9293 MUST-66: the pointer counts though the window is shut */
TEST_F(urgent, shut_window)
{
	long acked = 1, part;
	int fd, i;

	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 20000));
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1));
	wire_take_stream_quietly(w, 2);
	wire_inject(w, ACK, .ack = 2);
	for (i = 0; i < 200 && w->last->s.win && w->last->s.ack == acked; i++) {
		part = w->last->s.win < 1000 ? w->last->s.win : 1000;
		wire_inject(w, ACK, .seq = acked, .len = part);
		acked += part;
		wire_take(w);
	}
	ASSERT_GT(200, i)
		TH_LOG("the window never closed");
	acked = w->last->s.ack;
	EXPECT_EQ(-EINVAL, recv_oob(fd));
	wire_inject(w, ACK | URG, .seq = acked, .urg = 10);
	EXPECT_TRUE(LAB_UNTIL(recv_oob(fd) == -EAGAIN));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, acked - 1));
}

static void send_urgent(struct __test_metadata *_metadata, int fd, int offset, int len)
{
	static char buf[100000];

	lab_fill(buf, LAB_TO_PEER, offset, len);
	ASSERT_EQ(len, send(fd, buf, len, MSG_OOB));
}

/* RFC9293 MUST-30, MUST-62: sent at once, whatever is small and outstanding */
TEST_F(urgent, sent)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	wire_expect(w, PSH | ACK, .len = 10, .urg = 0);
	send_urgent(_metadata, fd, 10, 3);
	wire_expect(w, PSH | ACK | URG, .seq = 11, .len = 3, .urg = 3);
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 13, 4));
	wire_expect(w, PSH | ACK, .seq = 14, .len = 4, .urg = 0);
}

/* RFC9293 MUST-31: of any length, so that a pointer may lie beyond many segments */
TEST_F(urgent, far_ahead)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "wmem", "4096 1000000 1000000"));
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	send_urgent(_metadata, fd, 10000, 100000);	/* waits, for the window is full */
	wire_inject(w, ACK, .ack = 10001);
	wire_expect(w, ACK | URG, .seq = 10001, .len = 1000, .urg = 65535);
	wire_expect(w, ACK | URG, .seq = 11001, .len = 1000, .urg = 65535);
}

/* The peer's window is shut: it hears of it all the same. */
TEST_F(urgent, sent_to_a_shut_window)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, PSH | ACK, .len = 1000);
	wire_inject(w, ACK, .win = 0);
	send_urgent(_metadata, fd, 1000, 3);
	wire_expect(w, ACK | URG, .seq = 1001, .len = 0, .urg = 3);
	wire_expect(w, ACK | URG, .seq = 1000, .len = 0, .urg = 4);
}

TEST_HARNESS_MAIN
