// SPDX-License-Identifier: GPL-2.0
/* ACKs may wait, but not for long, and not for more than one full segment. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(delayed_ack);

/* A connection past the first exchange, where a stack that delays ACKs does so. */
static int settled(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w), off = 0, zero = 0;

	/* TCP_QUICKACK off is a hint; a stack without the option need not have it */
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &zero, sizeof(zero));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	/* questions and answers: the ACK of a question rides on its answer */
	for (off = 0; off < 20; off++) {
		wire_inject(w, ACK, .len = 1);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, off, 1));
		LAB_OK(lab_send(fd, LAB_TO_PEER, off, 1));
		do {
			wire_take(w);
		} while (!w->last->s.len);
	}
	wire_inject(w, ACK);
	return fd;
}

/* RFC9293 MUST-40, RFC1122 4.2.3.2: half a second at the most */
TEST_F(delayed_ack, half_a_second)
{
	settled(_metadata);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 121);
	EXPECT_GE(500 + 20 * lab_slow(), wire_delay_ms(w));
}

/* RFC9293 SHLD-19, MUST-58, RFC5681 4.2: one for every second full-sized segment, at once */
TEST_F(delayed_ack, every_second_segment)
{
	int fd = settled(_metadata), i;
	long ack = 21;

	/* in a row, for the receiver must learn how large a full one is */
	for (i = 0; i < 10; i++) {
		wire_inject(w, ACK, .seq = ack, .len = 1460);
		wire_inject(w, ACK, .seq = ack + 1460, .len = 1460);
		ack += 2 * 1460;
		/* Linux waits for the reader, whose reading may move the window */
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, ack - 1 - 2 * 1460, 2 * 1460));
		wire_await_ack(w, ack);
		EXPECT_TRUE(i <= 2 || wire_delay_ms(w) <= 20 * lab_slow());
	}
}

/* RFC5681 4.2: out of order is never delayed */
TEST_F(delayed_ack, not_out_of_order)
{
	settled(_metadata);
	wire_inject(w, ACK, .seq = 121, .len = 100);
	wire_expect(w, ACK, .ack = 21);
	EXPECT_GE(20 * lab_slow(), wire_delay_ms(w));
	wire_inject(w, ACK, .seq = 21, .len = 100);
	wire_expect(w, ACK, .ack = 221);
	EXPECT_GE(20 * lab_slow(), wire_delay_ms(w));
}

/* An ACK rides on data that goes the other way. */
TEST_F(delayed_ack, rides_on_data)
{
	int fd = settled(_metadata);

	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 20, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 20, 50));
	wire_expect(w, ACK, .seq = 21, .ack = 121, .len = 50, .skip_acks = true);
	wire_inject(w, ACK);
	wire_expect_silence(w, 600);
}

TEST_HARNESS_MAIN
