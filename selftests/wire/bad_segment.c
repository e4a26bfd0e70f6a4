// SPDX-License-Identifier: GPL-2.0
/* Segments that are spoilt: dropped without a word, and counted. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(bad_segment);

/* RFC9293 MUST-3: the receiver must check the checksum */
TEST_F(bad_segment, checksum)
{
	long long csum, errs;
	int fd = wire_accept(w);

	csum = lab_counter(&w->lab, "InCsumErrors");
	errs = lab_counter(&w->lab, "InErrs");
	ASSERT_LE(0, csum)
		TH_LOG("%s", lab_why());
	ASSERT_LE(0, errs)
		TH_LOG("%s", lab_why());

	wire_inject(w, ACK, .seq = 1, .len = 1000, .badsum = true);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	EXPECT_EQ(csum + 1, lab_counter(&w->lab, "InCsumErrors"));
	EXPECT_EQ(errs + 1, lab_counter(&w->lab, "InErrs"));

	/* an empty one, and one of odd length */
	wire_inject(w, FIN | ACK, .seq = 1, .badsum = true);
	wire_inject(w, ACK, .seq = 1, .len = 777, .badsum = true);
	wire_expect_silence(w, 20);
	EXPECT_EQ(csum + 3, lab_counter(&w->lab, "InCsumErrors"));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));

	wire_inject(w, ACK, .seq = 1, .len = 1000);
	wire_await_ack(w, 1001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
	EXPECT_EQ(csum + 3, lab_counter(&w->lab, "InCsumErrors"));
}

/* RFC9293 MUST-3: at a listener */
TEST_F(bad_segment, checksum_of_syn)
{
	long long csum = lab_counter(&w->lab, "InCsumErrors");

	ASSERT_LE(0, csum)
		TH_LOG("%s", lab_why());
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .badsum = true);
	wire_expect_silence(w, 20);
	EXPECT_EQ(csum + 1, lab_counter(&w->lab, "InCsumErrors"));
	EXPECT_EQ(0, wire_state(w));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
}

/* RFC9293 MUST-3: and of the answer to a SYN */
TEST_F(bad_segment, checksum_of_syn_ack)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_inject(w, SYN | ACK, .mss = 1460, .badsum = true);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	w->f->snd_nxt = 0;
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
}

/* RFC9293 3.1: a header is at least five words long */
TEST_F(bad_segment, data_offset_too_small)
{
	int fd = wire_accept(w), doff;
	long long errs = lab_counter(&w->lab, "InErrs");

	ASSERT_LE(0, errs)
		TH_LOG("%s", lab_why());
	for (doff = 1; doff < 5; doff++)
		wire_inject(w, ACK, .seq = 1, .len = 1000, .doff = doff);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	EXPECT_EQ(errs + 4, lab_counter(&w->lab, "InErrs"));
	wire_inject(w, ACK, .seq = 1, .len = 1000);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
}

/* ... and no longer than the segment */
TEST_F(bad_segment, data_offset_too_large)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .seq = 1, .len = 10, .doff = 15);
	wire_inject(w, FIN | ACK, .seq = 1, .doff = 6);
	wire_inject(w, RST, .seq = 1, .doff = 15);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
}

/* Packets that end in the middle of the header */
TEST_F(bad_segment, cut_short)
{
	int fd = wire_accept(w), cut;

	for (cut = 1; cut < 20; cut++)
		wire_inject(w, FIN | ACK, .seq = 1, .cut = cut);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* Neither ACK nor SYN nor RST: dropped (RFC9293 3.10.7.4, fifth step) */
TEST_F(bad_segment, no_flags)
{
	int fd = wire_accept(w);

	wire_inject(w, 0, .seq = 1, .len = 100);
	wire_inject(w, FIN, .seq = 1);
	wire_expect_silence(w, 20);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

TEST_HARNESS_MAIN
