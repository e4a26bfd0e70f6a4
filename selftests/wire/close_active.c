// SPDX-License-Identifier: GPL-2.0
/* Active close: the kernel sends the first FIN and waits out the end in TIME_WAIT. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(close_active);

/* RFC9293 3.6, figure 12: four segments; a FIN that comes again is acknowledged again */
TEST_F(close_active, four_segments)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
	wire_inject(w, ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_expect_silence(w, 20);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));

	wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* The same by a side that connected and shut down instead of closing. */
TEST_F(close_active, shutdown_then_close)
{
	int fd = wire_connect(w);

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_FIN_WAIT1, lab_tcp_state(fd));
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_FIN_WAIT2, lab_tcp_state(fd));
	EXPECT_EQ(POLLOUT, lab_poll(fd, POLLIN | POLLOUT, 0));
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	LAB_OK(lab_recv_eof(fd));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	close(fd);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC9293 3.10.7.4, eighth step: FIN and the ACK of ours in one segment: three segments in all */
TEST_F(close_active, three_segments)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_inject(w, FIN | ACK, .seq = 1, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* Data that was written before goes first, then the FIN. */
TEST_F(close_active, data_before_fin)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	close(fd);
	while (w->f->rcv_nxt < 20002) {
		wire_take(w);
		wire_inject(w, ACK);
	}
	EXPECT_TRUE(w->last->s.flags & FIN);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 20002, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC1122 4.2.2.13: data for a closed program is answered by a reset */
TEST_F(close_active, data_after_close)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 1);
	wire_inject(w, ACK, .seq = 1, .ack = 2);
	wire_inject(w, ACK, .seq = 1, .ack = 2, .len = 100);
	wire_expect(w, RST, .seq = 2);
	EXPECT_EQ(0, wire_state(w));
}

/* RFC9293 3.10.7.4, RFC1337: an ACK in TIME_WAIT changes nothing */
TEST_F(close_active, stray_in_time_wait)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .seq = 2, .ack = 2);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC9293 MAY-2, RFC6191 2: a new SYN with a higher number may begin the next incarnation */
TEST_F(close_active, new_syn_in_time_wait)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));

	wire_again(w, w->f->isn + 200000);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* RFC9293 3.6.1: an old SYN in TIME_WAIT is answered by an ACK, and no connection comes of it */
TEST_F(close_active, old_syn_in_time_wait)
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_inject(w, SYN, .seq = -5000, .mss = 1460);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

TEST_HARNESS_MAIN
