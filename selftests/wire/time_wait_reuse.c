// SPDX-License-Identifier: GPL-2.0
/* RFC6191, RFC9293 3.6.1: which SYN may begin anew while the old connection is in TIME_WAIT. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(time_wait_reuse);

/* The kernel closes first, with timestamps that have got as far as 5000. */
static void with_timestamps(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w, .tsval = 4000);

	close(fd);
	wire_expect(w, FIN | ACK);
	w->f->tsval = 5000;
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .tsecr = 5000);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

static void taken(struct __test_metadata *_metadata)
{
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* The old connection's end is repeated, and nothing else comes of it. */
static void refused(struct __test_metadata *_metadata)
{
	wire_take(w);
	EXPECT_EQ(ACK, w->last->s.flags);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* RFC6191 2: by a newer timestamp, whatever the number */
TEST_F(time_wait_reuse, by_timestamp)
{
	with_timestamps(_metadata);
	wire_again(w, w->f->isn - 100000);
	wire_inject(w, SYN, .mss = 1460, .tsval = 5001);
	taken(_metadata);
}

/* RFC6191 2: the same timestamp and a higher number */
TEST_F(time_wait_reuse, same_timestamp_higher_number)
{
	with_timestamps(_metadata);
	wire_again(w, w->f->isn + 100000);
	wire_inject(w, SYN, .mss = 1460, .tsval = 5000);
	taken(_metadata);
}

TEST_F(time_wait_reuse, same_timestamp_lower_number)
{
	with_timestamps(_metadata);
	wire_again(w, w->f->isn - 100000);
	wire_inject(w, SYN, .mss = 1460, .tsval = 5000);
	refused(_metadata);
}

/* An older timestamp is an old duplicate, whatever the number */
TEST_F(time_wait_reuse, old_timestamp)
{
	with_timestamps(_metadata);
	wire_again(w, w->f->isn + 100000);
	wire_inject(w, SYN, .mss = 1460, .tsval = 4999);
	refused(_metadata);
}

/* RFC9293 MAY-2: without timestamps by the number alone: behind all that was received */
TEST_F(time_wait_reuse, by_number)
{
	int i;
	static const struct { long off; bool good; } cases[] = {
		{ -100000, false }, { 1, false }, { 2, false }, { 3, true },
	};

	for (i = 0; i < 4; i++) {
		if (i)
			wire_new_flow(w);
		wire_reach(w, TCP_TIME_WAIT);
		wire_again(w, w->f->isn + cases[i].off);
		wire_inject(w, SYN, .mss = 1460);
		if (cases[i].good)
			taken(_metadata);
		else
			refused(_metadata);
	}
}

/*
 * RFC9293 MAY-2 (1): our own number lies behind all that the old connection sent, though it sent
 * faster than the clock of the numbers ticks.
 */
TEST_F(time_wait_reuse, own_number_is_higher)
{
	enum { ROUNDS = 40, SIZE = 118000 };
	static char zeros[SIZE];
	uint32_t first, last;
	int fd, i;

	LAB_OK(lab_link_mtu("wire", 60000));
	w->any_data = true;
	fd = wire_accept(w, .mss = 59000, .ws = 8);
	first = w->f->irs;
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 1; i <= ROUNDS; i++) {
		ASSERT_EQ(SIZE, send(fd, zeros, SIZE, MSG_NOSIGNAL));
		wire_take_stream_quietly(w, i * SIZE + 1);
		wire_inject(w, ACK);
	}
	close(fd);
	wire_expect(w, FIN | ACK);
	last = w->last->seq;
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	wire_again(w, w->f->isn + 1000000);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	/* Linux 6.1 means to do so, but follows the clock */
	EXPECT_TRUE((int32_t)(w->last->seq - last) > 0 || w->lab.oracle)
		TH_LOG("%u after %u", w->last->seq, last);
	TH_LOG("%u octets in %lld us: %s the clock", last - first,
	       (long long)(w->last->at_us - w->start_us),
	       last - first > (w->last->at_us - w->start_us) * 1000 / 64 ? "outran" : "behind");
}

/* With nobody who listens there is nothing to begin: the end is repeated. */
TEST_F(time_wait_reuse, no_listener)
{
	wire_reach(w, TCP_TIME_WAIT);
	close(w->lfd);
	w->lfd = -1;
	wire_again(w, w->f->isn + 100000);
	wire_inject(w, SYN, .mss = 1460);
	refused(_metadata);
}

TEST_HARNESS_MAIN
