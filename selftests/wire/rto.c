// SPDX-License-Identifier: GPL-2.0
/* RFC 6298: what is not acknowledged goes again, each time after twice as long. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(rto);

/* RFC6298 5.1, 5.4, 5.5; RFC9293 MUST-19 */
TEST_F_TIMEOUT(rto, doubling, lab_secs(60))
{
	int fd = wire_accept(w), i;
	long first;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 500));
	wire_expect(w, ACK, .seq = 1, .len = 500);
	wire_expect(w, ACK, .seq = 1, .len = 500);
	first = wire_gap_ms(w);
	/* Linux's shortest is 200 ms; RFC6298 2.4 would have it 1 s, which is as right */
	EXPECT_LE(190, first);
	EXPECT_GE(1200, first);
	for (i = 1; i < 4; i++) {
		wire_expect(w, ACK, .seq = 1, .len = 500);
		EXPECT_TRUE(wire_about(wire_gap_ms(w), first << i))
			TH_LOG("%s", lab_why());
	}
	wire_inject(w, ACK, .ack = 501);
	wire_expect_silence(w, 3000);
}

/* RFC6298 5.4: only the earliest goes again; RFC5681 3.1: then slow start from one segment */
TEST_F_TIMEOUT(rto, earliest_first, lab_secs(60))
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	wire_take_stream_quietly(w, 5001);
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	wire_expect_silence(w, 50);
	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_drain(w);
	wire_inject(w, ACK, .ack = 5001);
	wire_expect_silence(w, 2000);
}

/* A lost FIN goes again, too, and the last of it is gone after its ACK. */
TEST_F_TIMEOUT(rto, of_fin, lab_secs(60))
{
	int fd = wire_accept(w);

	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_expect_silence(w, 2000);
}

/*
 * RFC9293 MUST-18, RFC6298 3 (Karn): the ACK of a segment sent twice measures nothing; the backoff
 * is kept
 */
TEST_F_TIMEOUT(rto, karn, lab_secs(60))
{
	int fd = wire_accept(w);
	long first;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	first = wire_gap_ms(w);
	wire_expect(w, ACK, .seq = 1, .len = 100);
	wire_inject(w, ACK, .ack = 101);
	/* one round without a loss ends it */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK, .seq = 101, .len = 100);
	wire_inject(w, ACK, .ack = 201);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 200, 100));
	wire_expect(w, ACK, .seq = 201, .len = 100);
	wire_expect(w, ACK, .seq = 201, .len = 100);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), first))
		TH_LOG("%s", lab_why());
}

/* RFC9293 MUST-20, 3.8.3 R2: after so many the connection is given up, and the program told */
TEST_F_TIMEOUT(rto, gives_up, lab_secs(120))
{
	int fd = wire_accept(w), i;
	char c;

	LAB_OK(lab_sysctl_set(&w->lab, "retries2", "3"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	for (i = 0; i < 4; i++)
		wire_expect(w, ACK, .seq = 1, .len = 100);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	LAB_ERRNO(ETIMEDOUT, recv(fd, &c, 1, 0));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, wire_state(w));
}

TEST_HARNESS_MAIN
