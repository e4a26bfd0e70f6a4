// SPDX-License-Identifier: GPL-2.0
/* Passive open: a listener answers SYN with SYN-ACK, and the third ACK makes a connection. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(handshake_passive);

/* RFC9293 3.10.7.2, figure 6: SYN, SYN-ACK, ACK */
TEST_F(handshake_passive, three_segments)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));

	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = accept(w->lfd, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	EXPECT_EQ(w->f->pport, lab_peer_port(fd));
	EXPECT_EQ(WIRE_KPORT, lab_port(fd));
	wire_expect_silence(w, 20);
	close(fd);
}
TEST_HARNESS_MAIN
