// SPDX-License-Identifier: GPL-2.0
/* RFC9293 SHLD-7, MUST-17: small segments wait for the ACK of what is under way, if allowed to. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(nagle);

/*
 * The second small segment is held, and what is written meanwhile joins it (RFC9293 MUST-38); but
 * not for ever (RFC9293 MUST-60). The last one has PSH (RFC9293 MUST-61).
 */
TEST_F(nagle, holds_second)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 200, 100));
	wire_expect_silence(w, 20);
	wire_inject(w, ACK);
	wire_expect(w, ACK | PSH, .seq = 101, .len = 200);
}

/* A full segment never waits; the small rest behind it does. */
TEST_F(nagle, full_segment_goes)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 2300));
	wire_expect(w, ACK, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .len = 300);
}

/* With a record's end behind it (MSG_EOR) it is not the last small one: it goes, that one waits. */
TEST_F(nagle, record_goes)
{
	char data[100];
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	lab_fill(data, LAB_TO_PEER, 100, 100);
	ASSERT_EQ(100, send(fd, data, 100, MSG_EOR));
	wire_expect_silence(w, 20);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 200, 100));
	wire_expect(w, ACK, .seq = 101, .len = 100);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .seq = 201, .len = 100);
}

/* TCP_NODELAY switches it off. */
TEST_F(nagle, nodelay)
{
	int fd = wire_accept(w), i;

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 5; i++) {
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 10, 10));
		wire_expect(w, ACK, .seq = 1 + i * 10, .len = 10);
	}
}

/* TCP_NODELAY releases at once what Nagle holds. */
TEST_F(nagle, nodelay_releases)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect_silence(w, 20);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	wire_expect(w, ACK, .seq = 101, .len = 100);
}

/* A FIN takes along what Nagle holds. */
TEST_F(nagle, fin_releases)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	while (w->f->rcv_nxt < 202)
		wire_take(w);
	EXPECT_TRUE(w->last->s.flags & FIN);
}

TEST_HARNESS_MAIN
