// SPDX-License-Identifier: GPL-2.0
/* RFC5681 3.2, RFC6582: three duplicate ACKs are a loss; nobody waits for the timer. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(fast_retransmit);

/* Ten segments are under way and the first was acknowledged: the second is the one that is lost. */
static int second_is_lost(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w, .mss = 1000);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK, .ack = 1001);
	return fd;
}

/* RFC5681 3.2 (2): at the third duplicate, and not before */
TEST_F(fast_retransmit, at_the_third)
{
	second_is_lost(_metadata);
	wire_inject(w, ACK, .ack = 1001);
	wire_inject(w, ACK, .ack = 1001);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 20);
}

/* RFC6582 3.2 step 4: an ACK of a part means that the next is lost, too */
TEST_F(fast_retransmit, partial_ack)
{
	int i;

	second_is_lost(_metadata);
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	wire_inject(w, ACK, .ack = 4001);
	wire_expect(w, ACK, .seq = 4001, .len = 1000);
	wire_inject(w, ACK, .ack = 10001);
	wire_expect_silence(w, 20);
}

/* RFC5681 2: with another window, or with data, an ACK is no duplicate */
TEST_F(fast_retransmit, not_a_duplicate)
{
	int fd, i;

	w->win = 30000;
	fd = second_is_lost(_metadata);
	for (i = 1; i < 5; i++)
		wire_inject(w, ACK, .ack = 1001, .win = 60000 + i);
	wire_expect_silence(w, 20);
	for (i = 0; i < 4; i++) {
		wire_inject(w, ACK, .ack = 1001, .win = 60004, .len = 10);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, i * 10, 10));
	}
	while (w->f->head || lab_poll(w->tun, POLLIN, 0)) {
		wire_take(w);
		EXPECT_EQ(0, w->last->s.len)
			TH_LOG("sent again without three duplicates");
	}
}

/* RFC3042: the first two duplicates let new data out, where there is some */
TEST_F(fast_retransmit, limited_transmit)
{
	int fd = wire_accept(w, .mss = 1000), i;
	long next;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 30000));
	wire_take_stream_quietly(w, 10001);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .ack = 1001);
	wire_take_stream_quietly(w, 12001);
	for (i = 0; i < 2; i++) {
		next = w->f->rcv_nxt;
		wire_inject(w, ACK, .ack = 1001);
		wire_expect(w, ACK, .seq = next, .len = 1000);
		/* Linux may let out one more than the RFC does */
		while (w->f->head || lab_poll(w->tun, POLLIN, 5))
			wire_expect(w, ACK, .len = 1000);
	}
	wire_inject(w, ACK, .ack = 1001);
	do {
		wire_take(w);
	} while (w->last->s.seq > 1001);
	EXPECT_EQ(1001, w->last->s.seq);
}

/* The whole stream arrives though a segment is lost here and there. */
TEST_F(fast_retransmit, stream_with_losses)
{
	bool have[61] = { false }, lose[61] = { [4] = true, [31] = true, [50] = true };
	int fd = wire_accept(w, .mss = 1000);
	const long total = 60000;
	long ack = 1, i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, total));
	while (ack < total + 1) {
		wire_take(w);
		ASSERT_EQ(1, w->last->s.seq % 1000);
		ASSERT_EQ(1000, w->last->s.len);
		i = w->last->s.seq / 1000;
		if (lose[i]) {
			lose[i] = false;
			continue;
		}
		have[i] = true;
		while (ack < total + 1 && have[ack / 1000])
			ack += 1000;
		wire_inject(w, ACK, .ack = ack);
	}
}

TEST_HARNESS_MAIN
