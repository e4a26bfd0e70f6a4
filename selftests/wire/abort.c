// SPDX-License-Identifier: GPL-2.0
/* Closing hard: unread data or SO_LINGER 0 make a reset of what would have been a FIN. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(aborted);

/* RFC9293 3.6.1, RFC2525 2.17: the peer must learn that its data was thrown away */
TEST_F(aborted, unread_data)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	close(fd);
	wire_expect(w, RST | ACK, .seq = 1, .ack = 101);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
}

/* Read to the end, and the close is gentle. */
TEST_F(aborted, all_data_read)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 101, .skip_acks = true);
}

/* RFC9293 3.10.5 (ABORT): SO_LINGER with a time of 0 */
TEST_F(aborted, linger_zero)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int fd = wire_accept(w);

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd);
	wire_expect(w, RST | ACK, .seq = 1, .ack = 1);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_expect_silence(w, 20);
}

/* What is still to be sent is thrown away with the rest. */
TEST_F(aborted, linger_zero_with_data_queued)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int fd;

	w->win = 2000;
	fd = wire_accept(w, .mss = 1000);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	wire_expect(w, ACK, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	close(fd);
	wire_take(w);
	EXPECT_EQ(RST | ACK, w->last->s.flags & ~PSH);
	EXPECT_EQ(0, w->last->s.len);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, wire_state(w));
}

/* RFC9293 3.10.5: in SYN_SENT there is nobody to tell */
TEST_F(aborted, linger_zero_in_syn_sent)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int fd = LAB_FD(wire_socket(w));

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	close(fd);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, wire_state(w));
}

/* connect(AF_UNSPEC) aborts; the socket may be used again. */
TEST_F(aborted, disconnect)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	int fd = wire_accept(w);

	ASSERT_EQ(0, connect(fd, &sa, sizeof(sa)));
	wire_expect(w, RST | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, wire_state(w));
}

TEST_HARNESS_MAIN
