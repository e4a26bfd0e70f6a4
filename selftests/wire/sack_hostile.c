// SPDX-License-Identifier: GPL-2.0
/*
 * RFC2018: what a receiver names costs the sender memory and time. One that names every other
 * segment of a large window, and then lies about all of it, must not make its ACKs dearer and
 * dearer. Time is instructions here (scripts/vm --repeatable), so that it can be compared.
 */
#include "harness.h"
#include "wire.h"

#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#define MSS	536
#define SEGS	4000L
#define BATCH	100	/* ACKs that are timed together */
#define FACTOR	4	/* so much dearer than the first ones others may be */

WIRE_TIMED_FIXTURE(sack_hostile);

static long una;
static unsigned int seed = 1;

static long random_below(long n)
{
	seed = seed * 1664525 + 1013904223;
	return (long)(((unsigned long long)(seed >> 4) * n) >> 28);
}

/* The whole window is sent before the peer reads any of it. */
static int long_queue(const char *dev)
{
	struct ifreq ifr = { .ifr_qlen = 4 * SEGS };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	err = ioctl(fd, SIOCSIFTXQLEN, &ifr);
	close(fd);
	return err ? lab_fail("SIOCSIFTXQLEN: %m") : 0;
}

static void read_all(struct __test_metadata *_metadata)
{
	while (w->f->head || lab_poll(w->tun, POLLIN, 5))
		wire_take(w);
}

/* SEGS segments are out, at least: the window opens by one for each that arrives. */
static int large_window(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w, .mss = MSS, .ws = 8, .sackok = 1), room = 32 << 20;

	LAB_OK(long_queue("wire"));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	ASSERT_EQ(0, setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 4 * SEGS * MSS));
	una = 1;
	read_all(_metadata);
	while (w->f->rcv_nxt - una < SEGS * MSS) {
		ASSERT_LT(una, w->f->rcv_nxt);
		una = w->f->rcv_nxt;
		wire_inject(w, ACK, .ack = una);
		read_all(_metadata);
	}
	return fd;
}

/* Segments @from and on, every other one, from the first that is out */
static void name_four(struct __test_metadata *_metadata, long from)
{
	struct wire_seg s = *WIRE_INJ(ACK, .ack = una, .nsack = 4);
	int i;

	for (i = 0; i < 4; i++) {
		s.sack[i].left = una + (from + 2 * i) * MSS;
		s.sack[i].right = s.sack[i].left + MSS;
	}
	LAB_OK(__wire_inject(w, &s));
}

/*
 * Slivers and runs of octets all over the window, each ACK others; none holds a whole segment more
 */
static void lie(struct __test_metadata *_metadata)
{
	struct wire_seg s = *WIRE_INJ(ACK, .ack = una, .nsack = 4);
	int i;

	for (i = 0; i < 4; i++) {
		s.sack[i].left = una + 1 + random_below((SEGS - 2) * MSS);
		s.sack[i].right = s.sack[i].left + 1 + random_below(MSS - 1);
	}
	LAB_OK(__wire_inject(w, &s));
}

/* Time of a batch, µs; what the kernel sent is read outside of it */
static long batch(struct __test_metadata *_metadata, long from)
{
	int64_t start = lab_now_us(), end;
	int i;

	for (i = 0; i < BATCH; i++)
		if (from >= 0)
			name_four(_metadata, from + 8 * i);
		else
			lie(_metadata);
	end = lab_now_us();
	read_all(_metadata);
	return end - start;
}

TEST_F_TIMEOUT(sack_hostile, every_other, lab_secs(300))
{
	long first = 0, last = LONG_MAX, lies = LONG_MAX, from, us, end;
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd = large_window(_metadata), i;

	for (from = 1, i = 0; from + 8 * BATCH < SEGS; from += 8 * BATCH, i++) {
		us = batch(_metadata, from);
		if (i < 2)
			first = us > first ? us : first;
		else
			last = us < last ? us : last;
	}
	for (i = 0; i < 5; i++) {
		us = batch(_metadata, -1);
		lies = us < lies ? us : lies;
	}
	TH_LOG("%d ACKs: %ld us at first, %ld at the end, %ld for lies", BATCH, first, last, lies);
	EXPECT_GE(FACTOR * first, last);
	EXPECT_GE(FACTOR * first, lies);

	/* it lives: all is acknowledged, and what follows is sent */
	ASSERT_EQ(0, getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(TCP_ESTABLISHED, info.tcpi_state);
	EXPECT_LE(1, lab_counter(&w->lab, "TCPSackRecovery"));
	end = w->f->rcv_nxt;
	wire_inject(w, ACK, .ack = end);
	una = end;
	read_all(_metadata);
	EXPECT_LT(end, w->f->rcv_nxt);
}

TEST_HARNESS_MAIN
