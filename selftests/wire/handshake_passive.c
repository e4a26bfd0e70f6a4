// SPDX-License-Identifier: GPL-2.0
/* Passive open: a listener answers SYN with SYN-ACK, and the third segment makes a connection. */
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

/* RFC9293 MUST-14, MUST-67: the SYN-ACK announces an MSS, which is what the device can carry */
TEST_F(handshake_passive, announces_mss)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 500);
	wire_expect(w, SYN | ACK, .mss = wire_mss(w));
}

/* RFC7323 2.2, 3.2, RFC2018 2: all three are answered when the SYN offers all three */
TEST_F(handshake_passive, options_answered)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .ws = 7, .sackok = 1, .tsval = 4711);
	wire_expect(w, SYN | ACK, .mss = wire_mss(w), .ws = WIRE_SOME, .sackok = 1,
		    .tsval = WIRE_SOME, .tsecr = 4711);
}

/* RFC7323 1.3, RFC2018 2: an option that the SYN did not offer must not be in the SYN-ACK */
TEST_F(handshake_passive, options_not_offered)
{
	LAB_FD(wire_listen(w, 8));
	wire_inject(w, SYN);
	wire_expect(w, SYN | ACK, .mss = wire_mss(w), .ws = WIRE_NONE, .sackok = WIRE_NONE,
		    .tsval = WIRE_NONE);
	wire_new_flow(w);
	wire_inject(w, SYN, .ws = 3);
	wire_expect(w, SYN | ACK, .ws = WIRE_SOME, .sackok = WIRE_NONE, .tsval = WIRE_NONE);
	wire_new_flow(w);
	wire_inject(w, SYN, .sackok = 1);
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = 1, .tsval = WIRE_NONE);
	wire_new_flow(w);
	wire_inject(w, SYN, .tsval = 1);
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = WIRE_NONE, .tsval = WIRE_SOME,
		    .tsecr = 1);
}

/* The sysctls switch each option off. */
TEST_F(handshake_passive, options_switched_off)
{
	LAB_OK(lab_sysctl_set(&w->lab, "window_scaling", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "sack", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "timestamps", "0"));
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .ws = 7, .sackok = 1, .tsval = 4711);
	wire_expect(w, SYN | ACK, .mss = wire_mss(w), .ws = WIRE_NONE, .sackok = WIRE_NONE,
		    .tsval = WIRE_NONE);
}

/* RFC9293 3.10.7.4, first step: the same SYN once more is answered by the same SYN-ACK */
TEST_F(handshake_passive, duplicate_syn)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

/* RFC9293 3.10.7.4, fifth step: in SYN-RECEIVED an unacceptable ACK is answered by a reset */
TEST_F(handshake_passive, third_segment_acks_nonsense)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .seq = 1, .ack = 2000);
	wire_expect(w, RST, .seq = 2000);
	/* which does not hurt the true one */
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

/* RFC9293 3.10.7.4, first step: out of the window: answered by an ACK, and dropped */
TEST_F(handshake_passive, third_segment_out_of_window)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .seq = 1000000, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

/* RFC9293 3.10.7.4, second step, MUST-11: a reset sends a half-open connection back to LISTEN */
TEST_F(handshake_passive, reset_half_open)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	wire_expect(w, RST, .seq = 1);
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
}

/* RFC5961 3.2: a blind reset, far out of the window, does nothing */
TEST_F(handshake_passive, blind_reset_half_open)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, RST, .seq = 1000000);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

/* RFC9293 3.10.7.2: a listener answers an ACK from nowhere by a reset, and ignores a reset */
TEST_F(handshake_passive, listener_sees_stray)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, ACK, .seq = 5, .ack = 77);
	wire_expect(w, RST, .seq = 77);
	wire_inject(w, RST, .seq = 5);
	wire_inject(w, RST | ACK, .seq = 5, .ack = 77);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_LISTEN, lab_conn_state(&w->lab, WIRE_KPORT, 0));
}

/* RFC9293 3.10.7.4: data in the third segment, as when the bare ACK was lost */
TEST_F(handshake_passive, data_in_third_segment)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .len = 700);
	wire_await_ack(w, 701);
	ASSERT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = accept(w->lfd, NULL, NULL);
	ASSERT_LE(0, fd);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 700));
	close(fd);
}

/* RFC9293 3.10.7.4, eighth step: and a FIN in it as well */
TEST_F(handshake_passive, data_and_fin_in_third_segment)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, FIN | ACK, .len = 700);
	wire_await_ack(w, 702);
	ASSERT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = accept(w->lfd, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 700));
	LAB_OK(lab_recv_eof(fd));
	close(fd);
}

/* A closed listener takes its half-open connections with it. */
TEST_F(handshake_passive, listener_closed)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	close(w->lfd);
	w->lfd = -1;
	EXPECT_TRUE(LAB_UNTIL(lab_conn_state(&w->lab, WIRE_KPORT, 0) == 0));
	wire_inject(w, ACK);
	wire_expect(w, RST, .seq = 1);
}

/* A connection in the accept queue is reset when the listener closes. */
TEST_F(handshake_passive, listener_closed_before_accept)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	close(w->lfd);
	w->lfd = -1;
	wire_expect(w, RST | ACK, .seq = 1, .ack = 1);
}

TEST_HARNESS_MAIN
