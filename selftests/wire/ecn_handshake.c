// SPDX-License-Identifier: GPL-2.0
/* RFC3168 6.1.1: how two ends agree on ECN, and what is no agreement. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

#define ECT0	2
#define CE	3
#define SETUP	(SYN | ECE | CWR)

WIRE_FIXTURE(ecn_handshake);

static void ecn(struct __test_metadata *_metadata, const char *mode)
{
	LAB_OK(lab_sysctl_set(&w->lab, "ecn", mode));
}

static int options_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_options & (TCPI_OPT_ECN | TCPI_OPT_ECN_SEEN);
}

/* It is agreed on if, and only if, new data is marked as capable. */
static void check_agreed(struct __test_metadata *_metadata, int fd, bool agreed)
{
	EXPECT_EQ(agreed ? TCPI_OPT_ECN : 0, options_of(fd));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = agreed ? ECT0 : 0);
	wire_inject(w, ACK);
}

/* The peer opens with @syn in a packet with @tos: does the SYN-ACK grant it? */
static int passive(struct __test_metadata *_metadata, unsigned int syn, int tos, bool granted)
{
	int fd;

	if (w->lfd < 0)
		LAB_FD(wire_listen(w, 8));
	wire_inject(w, syn, .mss = 1460, .tos = tos);
	wire_expect(w, SYN | ACK | (granted ? ECE : 0), .tos = 0);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
	check_agreed(_metadata, fd, granted);
	return fd;
}

/* The kernel opens with @syn, the peer answers with @synack. */
static void active(struct __test_metadata *_metadata, unsigned int syn, unsigned int synack,
		   bool agreed)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, syn, .tos = 0);
	wire_inject(w, synack, .mss = 1460);
	wire_expect(w, ACK, .tos = 0);
	check_agreed(_metadata, fd, agreed);
}

/* By default who is asked grants it, and does not ask. */
TEST_F(ecn_handshake, defaults)
{
	EXPECT_EQ(2, lab_sysctl(&w->lab, "ecn"));
	EXPECT_EQ(1, lab_sysctl(&w->lab, "ecn_fallback"));
	passive(_metadata, SETUP, 0, true);
	wire_new_flow(w);
	active(_metadata, SYN, SYN | ACK, false);
}

/* RFC3168 6.1.1: "an ECN-setup SYN-ACK packet" is no answer to a SYN that did not ask */
TEST_F(ecn_handshake, not_asked)
{
	active(_metadata, SYN, SYN | ACK | ECE, false);
}

TEST_F(ecn_handshake, switched_off)
{
	ecn(_metadata, "0");
	passive(_metadata, SETUP, 0, false);
	wire_new_flow(w);
	active(_metadata, SYN, SYN | ACK, false);
}

/* RFC3168 6.1.1: both bits of a SYN make the offer, one alone is none */
TEST_F(ecn_handshake, half_an_offer)
{
	passive(_metadata, SYN, 0, false);
	wire_new_flow(w);
	passive(_metadata, SYN | ECE, 0, false);
	wire_new_flow(w);
	passive(_metadata, SYN | CWR, 0, false);
}

/*
 * RFC3168 6.1.1: a SYN is never marked. One that is has met something that plays with these bits:
 * no ECN. But with a reserved bit set it is an extension's (RFC8311 4.3).
 */
TEST_F(ecn_handshake, marked_syn)
{
	passive(_metadata, SETUP, ECT0, false);
	wire_new_flow(w);
	passive(_metadata, SETUP, CE, false);
	wire_new_flow(w);
	passive(_metadata, SETUP | AE, ECT0, true);
}

/* RFC3168 6.1.1: ECE and CWR in our SYN, ECE alone in the answer */
TEST_F(ecn_handshake, asks)
{
	ecn(_metadata, "1");
	active(_metadata, SETUP, SYN | ACK | ECE, true);
}

/* 1 means to grant it, too */
TEST_F(ecn_handshake, grants)
{
	ecn(_metadata, "1");
	passive(_metadata, SETUP, 0, true);
}

/* RFC3168 6.1.1: some reflect the reserved bits that they do not know: both set is a refusal */
TEST_F(ecn_handshake, refused)
{
	ecn(_metadata, "1");
	active(_metadata, SETUP, SYN | ACK, false);
	wire_new_flow(w);
	active(_metadata, SETUP, SYN | ACK | ECE | CWR, false);
	wire_new_flow(w);
	active(_metadata, SETUP, SYN | ACK | CWR, false);
}

/* A SYN-ACK that goes again grants it again. */
TEST_F(ecn_handshake, synack_again)
{
	LAB_FD(wire_listen(w, 8));
	wire_inject(w, SETUP, .mss = 1460);
	wire_expect(w, SYN | ACK | ECE, .tos = 0);
	wire_inject(w, SETUP, .mss = 1460);
	wire_expect(w, SYN | ACK | ECE, .tos = 0);
}

static void simultaneous(struct __test_metadata *_metadata, unsigned int theirs, bool agreed)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SETUP, .tos = 0);
	wire_inject(w, theirs, .mss = 1460);
	wire_expect(w, SYN | ACK | (agreed ? ECE : 0), .seq = 0, .ack = 1, .tos = 0);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	check_agreed(_metadata, fd, agreed);
}

/* Simultaneous open: each SYN is an offer, and each SYN-ACK says what became of the other's. */
TEST_F(ecn_handshake, simultaneous_open)
{
	ecn(_metadata, "1");
	simultaneous(_metadata, SETUP, true);
	wire_new_flow(w);
	simultaneous(_metadata, SYN, false);
}

/* Fast Open: a socket of its own sends the SYN-ACK. */
TEST_F(ecn_handshake, fast_open)
{
	int fd;

	/* servers may, without a cookie, and without TCP_FASTOPEN */
	LAB_OK(lab_sysctl_set(&w->lab, "fastopen", "1538"));
	LAB_FD(wire_listen(w, 8));
	wire_inject(w, SETUP, .mss = 1460, .len = 50);
	wire_expect(w, SYN | ACK | ECE, .seq = 0, .ack = 51, .tos = 0);
	fd = LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
	wire_inject(w, ACK);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 50));
	check_agreed(_metadata, fd, true);
}

/* TCP_INFO tells whether the peer's packets really are marked. */
TEST_F(ecn_handshake, seen)
{
	int fd = passive(_metadata, SETUP, 0, true);

	wire_inject(w, ACK, .len = 10);
	wire_await_ack(w, 11);
	EXPECT_EQ(TCPI_OPT_ECN, options_of(fd));
	wire_inject(w, ACK, .len = 10, .tos = ECT0);
	wire_await_ack(w, 21);
	EXPECT_EQ(TCPI_OPT_ECN | TCPI_OPT_ECN_SEEN, options_of(fd));
}

TEST_HARNESS_MAIN
