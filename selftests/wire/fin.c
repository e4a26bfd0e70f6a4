// SPDX-License-Identifier: GPL-2.0
/* FIN in company, and what may come after it. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(fin);

/* RFC9293 3.10.7.4, eighth step: FIN with data */
TEST_F(fin, with_data)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .len = 500);
	wire_await_ack(w, 502);
	EXPECT_EQ(TCP_CLOSE_WAIT, lab_tcp_state(fd));
	EXPECT_EQ(POLLIN | POLLRDHUP, lab_wait(fd, POLLIN | POLLRDHUP));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 500));
	LAB_OK(lab_recv_eof(fd));
	LAB_OK(lab_recv_eof(fd));
}

/* RFC9293 3.10.7.4, seventh step: text beyond a FIN is no text */
TEST_F(fin, data_beyond)
{
	int fd = wire_accept(w);

	wire_inject(w, FIN | ACK, .len = 500);
	wire_await_ack(w, 502);
	wire_inject(w, ACK, .seq = 502, .len = 100);
	wire_drain(w);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 500));
	LAB_OK(lab_recv_eof(fd));
	LAB_OK(lab_recv_eof(fd));
}

/* RFC9293 3.10.7.4, fifth step: FIN that acknowledges our data and our FIN, too */
TEST_F(fin, acknowledges_all)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	while (w->f->rcv_nxt < 3002)
		wire_take(w);
	wire_inject(w, FIN | ACK, .len = 200);
	wire_await_ack(w, 202);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 200));
	LAB_OK(lab_recv_eof(fd));
}

/* RFC9293 3.10.7.4: FIN before the ACK of ours, with an ACK of part of the data */
TEST_F(fin, acknowledges_part)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	while (w->f->rcv_nxt < 3002)
		wire_take(w);
	wire_inject(w, FIN | ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 3002, .ack = 2);
	EXPECT_EQ(TCP_CLOSING, lab_tcp_state(fd));
	wire_inject(w, ACK, .ack = 3002);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/*
 * The window had no room for it when the text went: what goes again goes as it was, and the FIN
 * behind it, once.
 */
TEST_F(fin, behind_what_goes_again)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "frto", "0"));
	w->win = 3000;
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	close(fd);
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	w->win = 65535;
	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_expect(w, ACK, .seq = 2001, .len = 1000);
	wire_inject(w, ACK, .ack = 3001);	/* Linux waits for that */
	wire_expect(w, FIN | ACK, .seq = 3001);
	wire_inject(w, ACK, .ack = 3002);
	wire_expect_silence(w, 50);
}

TEST_HARNESS_MAIN
