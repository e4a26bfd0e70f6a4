// SPDX-License-Identifier: GPL-2.0
/*
 * An algorithm that needs ECN (DCTCP, RFC8257): it asks for it and grants it whatever the
 * administrator says, marks all that it sends, and is told exactly what met congestion.
 */
#include "harness.h"
#include "wire.h"

#include <string.h>
#include <netinet/tcp.h>

#define NOT_ECT	0
#define ECT0	2
#define CE	3
#define SETUP	(SYN | ECE | CWR)

WIRE_FIXTURE(ecn_needed);

/* Return: 0, or -1 where there is no DCTCP. */
static int use_dctcp(int fd)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "dctcp", strlen("dctcp"));
}

#define DCTCP(fd)	do { if (use_dctcp(fd)) SKIP(return, "no dctcp here"); } while (0)

/* The peer's SYN, marked, and the kernel's, marked: a connection. */
static int marked_accept(struct __test_metadata *_metadata)
{
	wire_inject(w, SETUP, .mss = 1000, .tos = ECT0);
	wire_expect(w, SYN | ACK | ECE, .tos = ECT0);
	wire_inject(w, ACK, .tos = ECT0);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	return LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
}

/* RFC8257 3.4: SYN, ACK and data are marked */
TEST_F(ecn_needed, asks)
{
	int fd = LAB_FD(wire_socket(w));

	DCTCP(fd);
	LAB_OK(lab_sysctl_set(&w->lab, "ecn", "0"));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SETUP, .tos = ECT0);
	wire_inject(w, SYN | ACK | ECE, .mss = 1000, .tos = ECT0);
	wire_expect(w, ACK, .tos = ECT0);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = ECT0);
	wire_inject(w, ACK, .len = 100, .tos = ECT0);
	wire_expect(w, ACK, .tos = ECT0);
}

/* A peer that does not speak ECN gets packets without marks. */
TEST_F(ecn_needed, refused)
{
	int fd = LAB_FD(wire_socket(w));

	DCTCP(fd);
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SETUP, .tos = ECT0);
	wire_inject(w, SYN | ACK, .mss = 1000);
	wire_expect(w, ACK, .tos = NOT_ECT);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = NOT_ECT);
}

/* A marked SYN is what it expects of its own kind. What goes again is marked, too. */
TEST_F(ecn_needed, grants)
{
	int fd = LAB_FD(wire_listen(w, 4)), i;

	DCTCP(fd);
	LAB_OK(lab_sysctl_set(&w->lab, "ecn", "0"));
	fd = marked_accept(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5000));
	for (i = 0; i < 5; i++)
		wire_expect(w, ACK, .len = 1000, .tos = ECT0);
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK, .ack = 1, .tos = ECT0);
	wire_expect(w, ACK, .seq = 1, .len = 1000, .tos = ECT0);
}

/* RFC8257 3.2: ECE says of each segment whether it was marked; CWR is not waited for */
TEST_F(ecn_needed, exact_echo)
{
	int fd = LAB_FD(wire_listen(w, 4)), i;

	DCTCP(fd);
	marked_accept(_metadata);
	for (i = 0; i < 3; i++) {
		wire_inject(w, ACK, .len = 1000, .tos = CE);
		wire_expect(w, ACK | ECE, .tos = ECT0);
		wire_inject(w, ACK, .len = 1000, .tos = ECT0);
		wire_expect(w, ACK, .tos = ECT0);
	}
	wire_inject(w, ACK | CWR, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE);
}

/*
 * RFC8257 3.2: when the mark changes, what an ACK that was held back had to say is said first, and
 * the change at once
 */
TEST_F(ecn_needed, held_back_ack)
{
	int fd = LAB_FD(wire_listen(w, 4));

	DCTCP(fd);
	fd = marked_accept(_metadata);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 0));
	wire_inject(w, ACK, .len = 100, .tos = ECT0);
	wire_inject(w, ACK, .len = 100, .tos = CE);
	wire_expect(w, ACK, .ack = 101, .tos = ECT0);
	wire_expect(w, ACK | ECE, .ack = 201, .tos = ECT0);
	wire_expect_silence(w, 20);
}

TEST_HARNESS_MAIN
