// SPDX-License-Identifier: GPL-2.0
/* ICMP about a living connection: a hint, which ends nothing (RFC9293 MUST-56, RFC5927). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(icmp_established);

static void ask_for_errors(struct __test_metadata *_metadata, int fd)
{
	LAB_OK(w->lab.family == AF_INET6 ? lab_set_opt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
					 : lab_set_opt(fd, IPPROTO_IP, IP_RECVERR, 1));
}

/* A connection with 100 octets on their way, the last segment taken. */
static int sending(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
	return fd;
}

/* It lives, and data flows in both directions. */
static void lives(struct __test_metadata *_metadata, int fd)
{
	wire_inject(w, ACK, .ack = 101, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	wire_expect(w, ACK, .seq = 101, .len = 100);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/*
 * RFC9293 MUST-56, SHLD-26: who did not ask is not told, be the error called hard or soft. The last
 * hint can be seen by SO_ERROR.
 */
TEST_F(icmp_established, not_asked_for)
{
	int i, fd = sending(_metadata);
	char c = 0;

	for (i = 0; i < wire_ntroubles; i++) {
		if (i == WIRE_TOO_BIG)
			continue;
		wire_icmp(w, i);
		EXPECT_EQ(POLLOUT, lab_poll(fd, POLLIN | POLLOUT, 0));
		LAB_ERRNO(EAGAIN, recv(fd, &c, 1, 0));
		EXPECT_EQ(wire_errno(w, &wire_troubles[i]), lab_so_error(fd))
			TH_LOG("%s", wire_troubles[i].name);
		EXPECT_EQ(0, lab_so_error(fd));
	}
	lives(_metadata, fd);
}

/* An ACK from the peer shows that there is a way: the hint is forgotten. */
TEST_F(icmp_established, hint_forgotten)
{
	int fd = sending(_metadata);

	wire_icmp(w, WIRE_HOST_UNREACH);
	wire_inject(w, ACK, .ack = 1);
	EXPECT_EQ(0, lab_so_error(fd));
	wire_icmp(w, WIRE_HOST_UNREACH);
	wire_inject(w, ACK);
	EXPECT_EQ(0, lab_so_error(fd));
}

/* Who asked hears of it once, as an error of the socket, and goes on. */
TEST_F(icmp_established, asked_for)
{
	int i, fd = sending(_metadata);
	char c;

	ask_for_errors(_metadata, fd);
	for (i = 0; i < wire_ntroubles; i++) {
		if (i == WIRE_TOO_BIG)
			continue;
		wire_icmp(w, i);
		EXPECT_EQ(POLLOUT | POLLERR, lab_poll(fd, POLLIN | POLLOUT, 0));
		EXPECT_EQ(wire_errno(w, &wire_troubles[i]), lab_so_error(fd))
			TH_LOG("%s", wire_troubles[i].name);
		EXPECT_EQ(0, lab_so_error(fd));
		LAB_ERRNO(EAGAIN, recv(fd, &c, 1, MSG_ERRQUEUE));
	}
	lives(_metadata, fd);
}

/* A read or a write takes the error, too. */
TEST_F(icmp_established, reads_and_writes)
{
	int fd = sending(_metadata);
	char c = 0;

	ask_for_errors(_metadata, fd);
	wire_icmp(w, WIRE_HOST_UNREACH);
	LAB_ERRNO(EHOSTUNREACH, recv(fd, &c, 1, 0));
	LAB_ERRNO(EAGAIN, recv(fd, &c, 1, 0));
	wire_icmp(w, WIRE_HOST_UNREACH);
	LAB_ERRNO(EHOSTUNREACH, send(fd, &c, 1, MSG_NOSIGNAL));
	lives(_metadata, fd);
}

/* RFC5927 4.1: only what is outstanding can have got into trouble */
TEST_F(icmp_established, out_of_window)
{
	long long before = lab_counter(&w->lab, "OutOfWindowIcmps");
	int fd = sending(_metadata);

	ask_for_errors(_metadata, fd);
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 0);
	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 102);
	wire_icmp(w, WIRE_TOO_BIG, .seq = 0, .info = 1280);
	wire_icmp(w, WIRE_TOO_BIG, .seq = 1000000, .info = 1280);
	EXPECT_EQ(before + 4, lab_counter(&w->lab, "OutOfWindowIcmps"));
	EXPECT_EQ(0, lab_so_error(fd));
	wire_inject(w, ACK, .ack = 101);
	/* nor did the size of segments change */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 5000));
	wire_expect(w, ACK, .seq = 101, .len = wire_mss(w));
}

/* RFC1191, RFC8201, RFC9293 3.7.5: "too big": at once again, in smaller segments, and so on */
TEST_F(icmp_established, too_big)
{
	int fd = wire_accept(w), mss = wire_mss(w) - (WIRE_MTU - 1300), n = 0;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 4000));
	wire_expect(w, ACK, .seq = 1, .len = wire_mss(w));
	wire_drain(w);
	w->f->rcv_nxt = 1;
	wire_icmp(w, WIRE_TOO_BIG, .seq = 1, .info = 1300);
	while (w->f->rcv_nxt < 4001) {
		wire_take(w);
		EXPECT_GE(mss, w->last->s.len);
		n += w->last->s.len == mss;
		wire_inject(w, ACK);
	}
	EXPECT_LE(2, n);
	EXPECT_EQ(0, lab_so_error(fd));
	wire_drain(w);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 4000, 3000));
	wire_expect(w, ACK, .seq = 4001, .len = mss);
}

/* RFC8201 4, and Linux's min_pmtu: no router may ask for less than this */
TEST_F(icmp_established, absurdly_small)
{
	int least = w->lab.family == AF_INET6 ? wire_mss(w) : 552 - 40;
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2000));
	wire_expect(w, ACK, .seq = 1, .len = wire_mss(w));
	wire_drain(w);
	w->f->rcv_nxt = 1;
	wire_icmp(w, WIRE_TOO_BIG, .seq = 1, .info = 100);
	wire_drain(w);
	wire_inject(w, ACK, .ack = 2001);
	w->f->rcv_nxt = 2001;
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 2000));
	wire_expect(w, ACK, .seq = 2001, .len = least);
}

/* In the states of closing it is a hint about the FIN, unless that has arrived. */
static void ignored_in(struct __test_metadata *_metadata, int state)
{
	bool all_taken = state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT;
	int fd = wire_reach(w, state);

	wire_icmp(w, WIRE_PORT_UNREACH, .seq = 1);
	wire_icmp(w, WIRE_HOST_UNREACH, .seq = 1);
	EXPECT_EQ(state, wire_state(w));
	EXPECT_EQ(0, lab_poll(fd, POLLERR, 0) & POLLERR);
	EXPECT_EQ(all_taken ? 0 : EHOSTUNREACH, lab_so_error(fd));
	close(fd);
	wire_drain(w);
	wire_new_flow(w);
}

TEST_F(icmp_established, in_other_states)
{
	ignored_in(_metadata, TCP_FIN_WAIT1);
	ignored_in(_metadata, TCP_FIN_WAIT2);
	ignored_in(_metadata, TCP_CLOSE_WAIT);
	ignored_in(_metadata, TCP_CLOSING);
	ignored_in(_metadata, TCP_LAST_ACK);
	ignored_in(_metadata, TCP_TIME_WAIT);
}

TEST_HARNESS_MAIN
