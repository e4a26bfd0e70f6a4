// SPDX-License-Identifier: GPL-2.0
/* Simultaneous open: both sides send a SYN before either hears of the other. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(simultaneous_open);

/* RFC9293 MUST-10, figure 7: SYN crosses SYN, ACK ends it */
TEST_F(simultaneous_open, completed_by_ack)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	EXPECT_EQ(0, lab_poll(fd, POLLIN | POLLOUT, 0));

	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC9293 MUST-10, figure 7: the SYN-ACKs cross as well */
TEST_F(simultaneous_open, completed_by_syn_ack)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	/* Linux before 6.12 needs an ACK after this; it does no harm to others */
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/*
 * RFC9293 3.10.7.4, second step, MUST-11: a reset ends it, and connect() learns of it. The RFC says
 * "refused"; Linux says so in SYN_SENT only. Either is right here.
 */
TEST_F(simultaneous_open, refused)
{
	int fd = LAB_FD(wire_socket(w)), err;

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, RST | ACK, .seq = 1, .ack = 1);
	EXPECT_TRUE(lab_wait(fd, POLLOUT) & POLLERR);
	err = lab_so_error(fd);
	EXPECT_TRUE(err == ECONNRESET || (err == ECONNREFUSED && !w->lab.oracle))
		TH_LOG("%s", strerror(err));
}

TEST_HARNESS_MAIN
