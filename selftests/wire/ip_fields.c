// SPDX-License-Identifier: GPL-2.0
/* What IP carries beside the segment: traffic class, TTL, options. */
#include "harness.h"
#include "wire.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>

#define SIX	(w->lab.family == AF_INET6)

WIRE_FIXTURE(ip_fields);

static void set_class(struct __test_metadata *_metadata, int fd, int tos)
{
	LAB_OK(SIX ? lab_set_opt(fd, IPPROTO_IPV6, IPV6_TCLASS, tos) :
	       lab_set_opt(fd, IPPROTO_IP, IP_TOS, tos));
}

/* RFC9293 MUST-48, SHLD-21: the program names the class, and may change it in mid-stream */
TEST_F(ip_fields, traffic_class)
{
	int fd = LAB_FD(wire_socket(w));

	set_class(_metadata, fd, 0x28);
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .tos = 0x28);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .tos = 0x28);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = 0x28);
	wire_inject(w, ACK);
	set_class(_metadata, fd, 0xb8);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK, .len = 100, .tos = 0xb8);
	wire_inject(w, ACK);
	close(fd);
	wire_expect(w, FIN | ACK, .tos = 0xb8);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .tos = 0xb8);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_inject(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .tos = 0xb8);
}

/* RFC9293 MUST-48: a listener's class is that of its connections, from the SYN-ACK on */
TEST_F(ip_fields, traffic_class_of_listener)
{
	int fd;

	LAB_FD(wire_listen(w, 1));
	set_class(_metadata, w->lfd, 0x28);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .tos = 0x28);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = 0x28);
}

/* RFC9293 MUST-49: the TTL is the program's to choose, for each end */
TEST_F(ip_fields, ttl)
{
	int level = SIX ? IPPROTO_IPV6 : IPPROTO_IP, name = SIX ? IPV6_UNICAST_HOPS : IP_TTL;
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, level, name, 17));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN, .ttl = 17);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .ttl = 17);
	LAB_OK(lab_set_opt(fd, level, name, 33));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .ttl = 33);

	wire_new_flow(w);
	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, level, name, 19));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .ttl = 19);
	wire_inject(w, ACK);
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .ttl = 19);
}

/*
 * RFC9293 MUST-50: options of IP that mean nothing to us do no harm. IPv4: a timestamp (MAY-10), an
 * experiment (RFC4727 3), NOPs; IPv6: an unknown option that says "skip me", and padding.
 */
TEST_F(ip_fields, options_ignored)
{
	static const uint8_t v4[12] = { 68, 4, 5, 0, 0x5e, 4, 1, 2, 1, 1, 1, 0 };
	static const uint8_t v6[6] = { 0x1e, 2, 1, 2, 1, 0 };
	const void *opt = SIX ? v6 : v4;
	int len = SIX ? sizeof(v6) : sizeof(v4), fd;

	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460, .ipopt = opt, .ipoptlen = len);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .ipopt = opt, .ipoptlen = len);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	wire_inject(w, ACK, .len = 100, .ipopt = opt, .ipoptlen = len);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
}

/*
 * RFC9293 MUST-51: a program that opens actively says which way its segments go. IPv6 has no such
 * option any more (RFC5095).
 */
TEST_F(ip_fields, source_route)
{
	/* NOP, loose source route of one hop and the destination behind it */
	static const uint8_t route[12] = { 1, 131, 11, 4, 192, 0, 2, 77, 192, 0, 2, 2 };
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);
	uint8_t pkt[2000];
	int fd = LAB_FD(wire_socket(w)), n;

	if (SIX)
		return;
	LAB_OK(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	LAB_ERRNO(EINPROGRESS, connect(fd, (struct sockaddr *)&ss, len));
	do {
		ASSERT_TRUE(lab_wait(w->tun, POLLIN));
		n = read(w->tun, pkt, sizeof(pkt));
		ASSERT_LT(0, n);
	} while (pkt[0] >> 4 != 4);
	EXPECT_EQ(8, pkt[0] & 0xf);
	EXPECT_EQ(0, memcmp(pkt + 16, route + 4, 4));		/* the first hop */
	EXPECT_EQ(0, memcmp(pkt + 28, route + 8, 4));		/* the destination comes last */
}

TEST_HARNESS_MAIN
