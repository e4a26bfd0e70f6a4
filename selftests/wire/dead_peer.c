// SPDX-License-Identifier: GPL-2.0
/* When a connection is given up, and when it must not be: does the peer answer? */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(dead_peer);

/*
 * TCP_USER_TIMEOUT counts from the first retransmission in a row (RFC5482): not from one in the
 * handshake, nor does the time count in which there was nothing to say.
 */
TEST_F_TIMEOUT(dead_peer, user_timeout_begins_anew, lab_secs(60))
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .seq = 0);
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	LAB_OK(lab_nonblock(fd, false));
	wire_expect_silence(w, 10000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 100);
	wire_expect(w, ACK | PSH, .seq = 1, .len = 100);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	wire_inject(w, ACK, .ack = 101);
	EXPECT_EQ(0, lab_so_error(fd));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK | PSH, .seq = 101, .len = 100);
}

/* RFC9293 3.8.6.1, MUST-20: a closed window, and nobody who answers the probes */
TEST_F_TIMEOUT(dead_peer, zero_window_unanswered, lab_secs(120))
{
	char buf[10000] = { 0 };
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 1000);
	wire_inject(w, ACK, .ack = 1001, .win = 0);
	LAB_OK(lab_nonblock(fd, true));
	ASSERT_LT(0, send(fd, buf, sizeof(buf), MSG_NOSIGNAL));
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

/* RFC9293 SHLD-15, 3.8.6.1: a window shut over what is outstanding, by a peer that answers */
TEST_F_TIMEOUT(dead_peer, window_taken_back, lab_secs(120))
{
	int fd, i;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	fd = wire_accept(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK | PSH, .seq = 1, .len = 1000);
	for (i = 0; i < 7; i++) {
		wire_inject(w, ACK, .ack = 1, .win = 0);
		wire_take(w);
		w->f->rcv_nxt = 1;
	}
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	wire_inject(w, ACK, .ack = 1, .win = 65535);
	wire_take_stream(w, 1001);
}

TEST_HARNESS_MAIN
