// SPDX-License-Identifier: GPL-2.0
/* The maximum segment size: what the peer said, or the default when it said nothing. */
#include "harness.h"
#include "wire.h"

#define SIX	(w->lab.family == AF_INET6)

WIRE_FIXTURE(mss);

/* Let the kernel send @total bytes: all but the last segment must carry exactly @mss. */
static void segments_of(struct __test_metadata *_metadata, int fd, long mss, long total)
{
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, total));
	while (w->f->rcv_nxt + mss <= total + 1) {
		wire_expect(w, ACK, .len = mss);
		wire_inject(w, ACK);
	}
	if (w->f->rcv_nxt < total + 1)
		wire_expect(w, ACK, .len = total + 1 - w->f->rcv_nxt);
}

/* RFC9293 MUST-16: what the peer announced in its SYN */
TEST_F(mss, of_syn)
{
	segments_of(_metadata, wire_accept(w, .mss = 700), 700, 10000);
}

/* RFC9293 MUST-16: in its SYN-ACK */
TEST_F(mss, of_syn_ack)
{
	segments_of(_metadata, wire_connect(w, .mss = 900), 900, 10000);
}

/* RFC9293 MUST-15: 536 over IPv4 and 1220 over IPv6, when the option is missing */
TEST_F(mss, missing_in_syn)
{
	segments_of(_metadata, wire_accept(w, .mss = WIRE_NONE), SIX ? 1220 : 536, 8000);
}

/* RFC9293 MUST-15: in the SYN-ACK */
TEST_F(mss, missing_in_syn_ack)
{
	segments_of(_metadata, wire_connect(w, .mss = WIRE_NONE), SIX ? 1220 : 536, 8000);
}

/* RFC9293 3.7.1: no more than the device carries, whatever the peer would take */
TEST_F(mss, larger_than_mtu)
{
	segments_of(_metadata, wire_accept(w, .mss = 9000), wire_mss(w), 10000);
}

/* RFC6691 2: the MSS counts no options: timestamps make segments 12 bytes shorter */
TEST_F(mss, less_the_options)
{
	segments_of(_metadata, wire_accept(w, .mss = 1000, .tsval = 5), 988, 10000);
}

/* RFC9293 MUST-65: the option stands in SYNs alone */
TEST_F(mss, in_syn_only)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .mss = wire_mss(w));
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .mss = WIRE_NONE);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .mss = WIRE_NONE);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .ack = 101, .mss = WIRE_NONE);
	close(fd);
	wire_take(w);
	EXPECT_EQ(WIRE_NONE, w->last->s.mss);
}

/* TCP_MAXSEG before connecting bounds what is announced and what is sent. */
TEST_F(mss, of_the_socket_option)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, 2 /* TCP_MAXSEG */, 800));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .mss = 800);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	segments_of(_metadata, fd, 800, 5000);
}

TEST_HARNESS_MAIN
