// SPDX-License-Identifier: GPL-2.0
/* listen() on a port that connections use already: they do not notice each other. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(listen_beside);

/* A socket on the kernel's address and WIRE_KPORT that lets others share it. */
static int bound(struct __test_metadata *_metadata)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_kernel_addr(w), WIRE_KPORT, &ss);
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	return fd;
}

/* Another peer calls, and is answered by the listener. */
static void listener_answers(struct __test_metadata *_metadata)
{
	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	EXPECT_EQ(w->f->pport, lab_peer_port(LAB_FD(accept(w->lfd, NULL, NULL))));
}

/* RFC9293 MUST-42, MUST-41: while a connection of the port is in SYN-SENT, which goes on */
TEST_F(listen_beside, syn_sent)
{
	struct wire_flow *first = w->f;
	int fd = bound(_metadata);

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	LAB_FD(wire_listen(w, 4));
	listener_answers(_metadata);
	wire_use(w, first);
	EXPECT_EQ(TCP_SYN_SENT, wire_state(w));
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 MUST-42, MUST-41: in SYN-RECEIVED, after a simultaneous open */
TEST_F(listen_beside, syn_received)
{
	struct wire_flow *first = w->f;
	int fd = bound(_metadata);

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	LAB_FD(wire_listen(w, 4));
	listener_answers(_metadata);
	wire_use(w, first);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, ACK);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLIN | POLLOUT));
}

/* RFC9293 MUST-41: a second listener is refused, and the first one is as it was */
TEST_F(listen_beside, listener)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_kernel_addr(w), WIRE_KPORT, &ss);
	int other = LAB_FD(wire_socket(w));

	LAB_FD(wire_listen(w, 4));
	LAB_OK(lab_set_opt(other, SOL_SOCKET, SO_REUSEADDR, 1));
	LAB_ERRNO(EADDRINUSE, bind(other, (struct sockaddr *)&ss, len));
	listener_answers(_metadata);
}

TEST_HARNESS_MAIN
