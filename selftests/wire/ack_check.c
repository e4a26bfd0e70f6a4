// SPDX-License-Identifier: GPL-2.0
/* The acknowledgment field: what it may say, and what a segment that says too much is worth. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(ack_check);

/* RFC9293 3.10.7.4, fifth step: an ACK of what was never sent: ACK, and drop the segment */
TEST_F(ack_check, of_unsent_data)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1, .ack = 5000, .len = 100);
	if (LAB_DIFFERS(&w->lab, false, true, "Linux 6.1 and 6.12 drop it without a word"))
		wire_expect(w, ACK, .seq = 1, .ack = 1);
	else
		wire_drain(w);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	wire_inject(w, ACK, .seq = 1, .ack = 1, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC9293 3.10.7.4, fifth step: an older ACK is ignored; the data with it is not */
TEST_F(ack_check, old)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	wire_inject(w, ACK, .ack = 1001);
	wire_inject(w, ACK, .ack = 501, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC5961 5.2: far older than any window: a challenge ACK, and the data is dropped */
TEST_F(ack_check, far_too_old)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .ack = -1000000, .len = 100);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* RFC9293 3.10.7.4, fifth step: an ACK of half a segment is an ACK */
TEST_F(ack_check, of_half_a_segment)
{
	int fd = wire_accept(w), queued;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	wire_inject(w, ACK, .ack = 501);
	EXPECT_TRUE(LAB_UNTIL(!ioctl(fd, 0x5411 /* SIOCOUTQ */, &queued) && queued == 500));
	wire_inject(w, ACK, .ack = 1001);
	EXPECT_TRUE(LAB_UNTIL(!ioctl(fd, 0x5411 /* SIOCOUTQ */, &queued) && queued == 0));
}

/* An ACK that changes nothing is not answered: two such would talk for ever. */
TEST_F(ack_check, no_ack_of_ack)
{
	int i;

	wire_accept(w);
	for (i = 0; i < 5; i++)
		wire_inject(w, ACK);
	wire_expect_silence(w, 20);
}

/* RFC1122 4.2.3.6: a keepalive probe, one byte back, is answered */
TEST_F(ack_check, keepalive_probe)
{
	wire_accept(w);
	wire_inject(w, ACK, .seq = 0);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
}

TEST_HARNESS_MAIN
