// SPDX-License-Identifier: GPL-2.0
/* RFC3168 and time-outs: a SYN that is not answered, data that is lost, a window that is shut. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

#define NOT_ECT	0
#define ECT0	2
#define SETUP	(SYN | ECE | CWR)

WIRE_TIMED_FIXTURE(ecn_timeout);

static int ask(struct __test_metadata *_metadata, const char *fallback)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_sysctl_set(&w->lab, "ecn", "1"));
	LAB_OK(lab_sysctl_set(&w->lab, "ecn_fallback", fallback));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SETUP);
	return fd;
}

/* Where ECN was agreed on the peer is told, by CWR, that the SYN's loss counts as congestion. */
static void data_marked(struct __test_metadata *_metadata, int fd, int ect)
{
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK | (ect ? CWR : 0), .len = 100, .tos = ect);
}

/* RFC3168 6.1.1.1: something on the way may drop SYNs for these bits: the next one is without */
TEST_F_TIMEOUT(ecn_timeout, fallback, lab_secs(60))
{
	int fd = ask(_metadata, "1");

	wire_expect(w, SYN, .seq = 0);
	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK);
	data_marked(_metadata, fd, NOT_ECT);
}

/* The answer to the first SYN, late: it is an agreement. */
TEST_F_TIMEOUT(ecn_timeout, late_answer, lab_secs(60))
{
	int fd = ask(_metadata, "1");

	wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK | ECE, .mss = 1460);
	wire_expect(w, ACK);
	data_marked(_metadata, fd, ECT0);
}

TEST_F_TIMEOUT(ecn_timeout, no_fallback, lab_secs(60))
{
	int fd = ask(_metadata, "0");

	wire_expect(w, SETUP, .seq = 0);
	wire_expect(w, SETUP, .seq = 0);
	wire_inject(w, SYN | ACK | ECE, .mss = 1460);
	wire_expect(w, ACK);
	data_marked(_metadata, fd, ECT0);
}

static int ecn_accept(struct __test_metadata *_metadata)
{
	LAB_OK(lab_sysctl_set(&w->lab, "congestion_control", "reno"));
	LAB_FD(wire_listen(w, 8));
	wire_inject(w, SETUP, .mss = 1000);
	wire_expect(w, SYN | ACK | ECE);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	return LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
}

/* A SYN-ACK that goes again grants it again. */
TEST_F_TIMEOUT(ecn_timeout, synack, lab_secs(60))
{
	LAB_FD(wire_listen(w, 8));
	wire_inject(w, SETUP, .mss = 1000);
	wire_expect(w, SYN | ACK | ECE);
	wire_expect(w, SYN | ACK | ECE, .seq = 0);
}

/* RFC3168 6.1.5: not marked when it goes again; 6.1.2: a time-out is told by CWR, on new data */
TEST_F_TIMEOUT(ecn_timeout, data_lost, lab_secs(60))
{
	int fd = ecn_accept(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000, .tos = ECT0);
	/* Linux probes for the loss of the tail first */
	wire_expect(w, ACK, .seq = 1, .len = 1000, .tos = NOT_ECT);
	wire_expect(w, ACK, .seq = 1, .len = 1000, .tos = NOT_ECT);
	wire_inject(w, ACK, .ack = 1001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1000, 1000));
	wire_expect(w, ACK | CWR, .len = 1000, .tos = ECT0);
	wire_inject(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 1000));
	wire_expect(w, ACK, .len = 1000, .tos = ECT0);
}

/* RFC3168 6.1.6: probes of a closed window are not marked */
TEST_F_TIMEOUT(ecn_timeout, window_probe, lab_secs(60))
{
	int fd = ecn_accept(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000, .tos = ECT0);
	wire_inject(w, ACK, .win = 0);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 1000, 1000));
	wire_expect(w, ACK, .seq = 1000, .tos = NOT_ECT);
	wire_inject(w, ACK, .win = 0);
	wire_expect(w, ACK, .seq = 1000, .tos = NOT_ECT);
	wire_inject(w, ACK);
	wire_expect(w, ACK, .len = 1000, .tos = ECT0);
}

TEST_HARNESS_MAIN
