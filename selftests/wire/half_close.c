// SPDX-License-Identifier: GPL-2.0
/* Half-close: one direction has ended, the other goes on as long as it likes. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(half_close);

/* RFC9293 3.6, FIN_WAIT_2: the kernel has said all, and goes on listening */
TEST_F(half_close, kernel_goes_on_receiving)
{
	int fd = wire_accept(w);
	long off;

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_FIN_WAIT2, lab_tcp_state(fd));
	for (off = 0; off < 10000; off += 1000) {
		wire_inject(w, ACK, .len = 1000);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, off, 1000));
	}
	wire_await_ack(w, 10001);
	EXPECT_EQ(TCP_FIN_WAIT2, lab_tcp_state(fd));
	wire_inject(w, FIN | ACK);
	wire_await_ack(w, 10002);
	LAB_OK(lab_recv_eof(fd));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC9293 3.6, CLOSE_WAIT: the peer has said all, and goes on listening */
TEST_F(half_close, kernel_goes_on_sending)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	LAB_OK(lab_recv_eof(fd));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 30000));
	wire_take_stream(w, 30001);
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));
	LAB_OK(lab_recv_eof(fd));
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 30001, .ack = 2);
	wire_inject(w, ACK);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
}

/* Linux: SHUT_RD says nothing to the peer, and what comes is still acknowledged. */
TEST_F(half_close, shut_rd_is_local)
{
	int fd = wire_accept(w);

	EXPECT_EQ(0, shutdown(fd, SHUT_RD));
	wire_expect_silence(w, 20);
	LAB_OK(lab_recv_eof(fd));
	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* Linux: a program that shut down both directions is told of a reset when data comes. */
TEST_F(half_close, shut_rdwr_then_data)
{
	int fd = wire_accept(w);

	EXPECT_EQ(0, shutdown(fd, SHUT_RDWR));
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, ACK);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, RST, .seq = 2);
	EXPECT_EQ(0, wire_state(w));
}

TEST_HARNESS_MAIN
