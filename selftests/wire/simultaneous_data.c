// SPDX-License-Identifier: GPL-2.0
/* RFC9293 3.5, figure 7: simultaneous open, with data in its segments. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(simultaneous_data);

static void established(struct __test_metadata *_metadata, int fd, long received)
{
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLOUT);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, received));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100, .skip_acks = true);
}

/* In the segment that ends it */
TEST_F(simultaneous_data, in_the_ack)
{
	int fd = wire_reach(w, TCP_SYN_RECV);

	wire_inject(w, ACK, .seq = 1, .ack = 1, .len = 300);
	established(_metadata, fd, 300);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* And a FIN with it */
TEST_F(simultaneous_data, and_fin)
{
	int fd = wire_reach(w, TCP_SYN_RECV);

	wire_inject(w, FIN | ACK, .seq = 1, .ack = 1, .len = 300);
	established(_metadata, fd, 300);
	LAB_OK(lab_recv_eof(fd));
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));
}

/* In the SYN: it is not for the program yet; the peer sends it again (RFC9293 3.4: or keeps it) */
TEST_F(simultaneous_data, in_the_syn)
{
	int fd = wire_reach(w, TCP_SYN_SENT);

	wire_inject(w, SYN, .mss = 1460, .len = 300);
	wire_take(w);
	EXPECT_EQ(SYN | ACK, w->last->s.flags);
	EXPECT_TRUE(w->last->s.ack == 1 || w->last->s.ack == 301);
	EXPECT_EQ(0, lab_poll(fd, POLLIN | POLLOUT, 0));
	wire_inject(w, ACK, .seq = 1, .ack = 1, .len = 300);
	established(_metadata, fd, 300);
}

/* The program closes in the middle: its FIN goes when both SYNs are acknowledged. */
TEST_F(simultaneous_data, closed_meanwhile)
{
	int fd = wire_reach(w, TCP_SYN_RECV);

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_drain(w);
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	if (w->f->rcv_nxt == 1)
		wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, ACK, .seq = 1, .ack = 2);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
}

TEST_HARNESS_MAIN
