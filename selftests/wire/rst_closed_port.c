// SPDX-License-Identifier: GPL-2.0
/* RFC9293 3.5.2 group 1, 3.10.7.1: what a closed port answers. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(rst_closed_port);

TEST_F(rst_closed_port, syn)
{
	wire_inject(w, SYN, .seq = 0, .mss = 1460);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 1, .mss = WIRE_NONE);
}

/* The ACK covers all of the segment. */
TEST_F(rst_closed_port, syn_with_data)
{
	wire_inject(w, SYN, .seq = 0, .len = 10);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 11);
}

TEST_F(rst_closed_port, data_without_ack)
{
	wire_inject(w, PSH, .seq = 70, .len = 10);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 80);
}

TEST_F(rst_closed_port, fin_without_ack)
{
	wire_inject(w, FIN, .seq = 70);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 71);
}

/* With an ACK the reset takes its number from there, so that it is acceptable. */
TEST_F(rst_closed_port, ack)
{
	wire_inject(w, ACK, .seq = 5, .ack = 77);
	wire_expect(w, RST, .seq = 77);
	wire_inject(w, ACK, .seq = 5, .ack = 78, .len = 1000);
	wire_expect(w, RST, .seq = 78);
	wire_inject(w, SYN | ACK, .seq = 0, .ack = 79);
	wire_expect(w, RST, .seq = 79);
	wire_inject(w, FIN | ACK, .seq = 9, .ack = 80);
	wire_expect(w, RST, .seq = 80);
}

/* Never an answer to a reset: two such would talk for ever. */
TEST_F(rst_closed_port, rst)
{
	wire_inject(w, RST, .seq = 5);
	wire_inject(w, RST | ACK, .seq = 5, .ack = 77);
	wire_expect_silence(w, 20);
}

/* RFC9293 MUST-3: what is spoilt is not answered at all */
TEST_F(rst_closed_port, bad_checksum)
{
	wire_inject(w, SYN, .mss = 1460, .badsum = true);
	wire_expect_silence(w, 20);
}

/* The reset is counted. */
TEST_F(rst_closed_port, counted)
{
	long long before = lab_counter(&w->lab, "OutRsts");

	ASSERT_LE(0, before)
		TH_LOG("%s", lab_why());
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, RST | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "OutRsts"));
}

TEST_HARNESS_MAIN
