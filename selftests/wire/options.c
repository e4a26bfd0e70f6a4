// SPDX-License-Identifier: GPL-2.0
/* Options that mean nothing, or are malformed: the segment around them counts all the same. */
#include "harness.h"
#include "wire.h"

#define OPT(...)							\
	.opt = ((uint8_t[]){ __VA_ARGS__ }),				\
	.optlen = sizeof((uint8_t[]){ __VA_ARGS__ })

WIRE_FIXTURE(options);

/* RFC9293 MUST-6: an unknown option is skipped by its length; what follows is read */
TEST_F(options, unknown_in_syn)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, OPT(200, 6, 1, 2, 3, 4, 2, 4, 2, 0, 3, 3, 5, 254, 4, 0xab, 0xcd));
	wire_expect(w, SYN | ACK, .ws = WIRE_SOME);
}

/* RFC9293 MUST-6: in any segment */
TEST_F(options, unknown_in_data)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .len = 500, OPT(254, 8, 1, 2, 3, 4, 5, 6));
	wire_inject(w, ACK, .len = 500, OPT(200, 2));
	wire_await_ack(w, 1001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
}

/* RFC9293 MUST-7: a length that cannot be right must be survived */
TEST_F(options, malformed_length)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .len = 100, OPT(254, 0, 0, 0));		/* zero */
	wire_inject(w, ACK, .len = 100, OPT(254, 1, 0, 0));		/* less than itself */
	wire_inject(w, ACK, .len = 100, OPT(254, 40, 0, 0));		/* beyond the header */
	wire_inject(w, ACK, .len = 100, OPT(1, 1, 1, 254));		/* no room for a length */
	wire_inject(w, ACK, .len = 100, OPT(8, 0, 1, 1));		/* of a known one */
	wire_inject(w, ACK, .len = 100, OPT(5, 3, 1, 1));		/* half a SACK block */
	wire_await_ack(w, 601);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 600));
}

/* RFC9293 MUST-7: in a SYN, where what came before is kept */
TEST_F(options, malformed_in_syn)
{
	int i;
	static const uint8_t bad[][4] = {
		{ 254, 0, 0, 0 }, { 254, 1, 0, 0 }, { 254, 200, 0, 0 }, { 2, 0, 5, 5 },
		{ 2, 3, 5, 1 }, { 3, 4, 5, 5 }, { 4, 3, 5, 1 }, { 8, 4, 5, 5 }, { 1, 1, 1, 8 },
	};

	LAB_FD(wire_listen(w, 16));
	for (i = 0; i < (int)ARRAY_SIZE(bad); i++) {
		wire_inject(w, SYN, .mss = 1000, .ws = 2, .opt = bad[i], .optlen = 4);
		wire_expect(w, SYN | ACK, .ws = WIRE_SOME, .tsval = WIRE_NONE);
		wire_inject(w, RST, .seq = 1);
		wire_new_flow(w);
	}
}

/* RFC9293 3.2: the list ends at option 0; what follows is padding */
TEST_F(options, end_of_list)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, OPT(2, 4, 2, 0, 0, 3, 3, 7, 4, 2, 0, 0));
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = WIRE_NONE);
}

/* RFC9293 MUST-64: options may begin anywhere */
TEST_F(options, unaligned)
{
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, OPT(1, 2, 4, 2, 0, 1, 3, 3, 7, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2));
	wire_expect(w, SYN | ACK, .ws = WIRE_SOME, .sackok = 1, .tsval = WIRE_SOME, .tsecr = 9);
}

/* RFC7323 2.2: window scale outside of a SYN is ignored, as are MSS and SACK-permitted */
TEST_F(options, syn_options_later)
{
	int fd;

	w->win = 3000;
	fd = wire_accept(w, .mss = 1000);
	wire_inject(w, ACK, .len = 100, OPT(3, 3, 14, 4, 2, 2, 4, 0, 100, 1, 1, 1));
	wire_await_ack(w, 101);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 9000));
	wire_expect(w, ACK, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	wire_expect(w, ACK, .len = 1000);
	wire_expect_silence(w, 20);
}

/* A header full of options */
TEST_F(options, forty_bytes)
{
	uint8_t many[40];
	int fd;

	memset(many, 1, sizeof(many));
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .opt = many, .optlen = 40);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .len = 300, .opt = many, .optlen = 40);
	wire_await_ack(w, 301);
	ASSERT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = accept(w->lfd, NULL, NULL);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 300));
}

TEST_HARNESS_MAIN
