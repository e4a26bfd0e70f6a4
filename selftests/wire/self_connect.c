// SPDX-License-Identifier: GPL-2.0
/* A socket that connects to its own port: a simultaneous open with itself. */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(self_connect);

/* RFC9293 MUST-10: it is one connection with one end */
TEST_F(self_connect, talks_to_itself)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 7777, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(7777, lab_port(fd));
	EXPECT_EQ(7777, lab_peer_port(fd));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 5000));
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	LAB_OK(lab_recv_eof(fd));
	close(fd);
}

TEST_HARNESS_MAIN
