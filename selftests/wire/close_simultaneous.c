// SPDX-License-Identifier: GPL-2.0
/* Simultaneous close: the FINs cross; CLOSING, then TIME_WAIT. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(close_simultaneous);

/* RFC9293 3.6, figure 13 */
TEST_F(close_simultaneous, fins_cross)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_CLOSING, wire_state(w));
	wire_inject(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_expect_silence(w, 20);
}

/* The same while the program still holds the socket. */
TEST_F(close_simultaneous, after_shutdown)
{
	int fd = wire_connect(w);

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_CLOSING, lab_tcp_state(fd));
	LAB_OK(lab_recv_eof(fd));
	wire_inject(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	EXPECT_EQ(POLLIN | POLLOUT | POLLHUP | POLLRDHUP,
		  lab_wait(fd, POLLIN | POLLOUT | POLLRDHUP));
}

/* RFC9293 3.10.7.4, second step: a reset in CLOSING */
TEST_F(close_simultaneous, reset_in_closing)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	wire_inject(w, RST, .seq = 2);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
}

TEST_HARNESS_MAIN
