// SPDX-License-Identifier: GPL-2.0
/* Passive close: the peer's FIN comes first; CLOSE_WAIT, LAST_ACK, gone. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(close_passive);

/* RFC9293 3.6, figure 12, seen from the other side */
TEST_F(close_passive, four_segments)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_CLOSE_WAIT, wire_state(w));
	EXPECT_EQ(POLLIN | POLLRDHUP | POLLOUT,
		  lab_wait(fd, POLLIN | POLLRDHUP | POLLOUT));
	LAB_OK(lab_recv_eof(fd));
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_LAST_ACK, wire_state(w));
	wire_inject(w, ACK, .seq = 2, .ack = 2);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_expect_silence(w, 20);
}

/* RFC9293 3.10.7.4, eighth step: a FIN that comes again is acknowledged again */
TEST_F(close_passive, fin_again)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	wire_inject(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));
}

/* RFC9293 3.10.4, CLOSE_WAIT: what was written goes first, then the FIN */
TEST_F(close_passive, data_before_fin)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	close(fd);
	while (w->f->rcv_nxt < 5002) {
		wire_take(w);
		wire_inject(w, ACK);
	}
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
}

/* The end of the one that connected is no different. */
TEST_F(close_passive, of_the_connecting_side)
{
	int fd = wire_connect(w);

	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 1, .ack = 2);
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_inject(w, ACK);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	/* nothing is left to remember it */
	wire_inject(w, ACK);
	wire_expect(w, RST, .seq = 2);
}

/* RFC9293 3.10.7.4, second step: a reset in CLOSE_WAIT */
TEST_F(close_passive, reset_in_close_wait)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	wire_inject(w, RST | ACK);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(EPIPE, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* RFC9293 3.10.7.4, second step: and in LAST_ACK */
TEST_F(close_passive, reset_in_last_ack)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .ack = 2);
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, RST, .seq = 2);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_expect_silence(w, 20);
}

TEST_HARNESS_MAIN
