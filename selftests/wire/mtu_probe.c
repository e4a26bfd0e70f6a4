// SPDX-License-Identifier: GPL-2.0
/* RFC4821: the segment size that a path carries is found by trying larger ones. */
#include "harness.h"
#include "wire.h"

#include <poll.h>

#define BASE	1024			/* RFC4821 7.2 */

WIRE_TIMED_FIXTURE(mtu_probe);

/* What is tried next, if @low is known to arrive and nothing above @high is worth a try. */
static long halfway(long low, long high)
{
	return (low + high) / 2;
}

/*
 * Linux looks for larger sizes on each connection, but begins with the base only on those that it
 * opens itself; and without timestamps nobody's arithmetic has room for another opinion.
 */
static int connection(struct __test_metadata *_metadata)
{
	LAB_OK(lab_sysctl_set(&w->lab, "timestamps", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "early_retrans", "0"));	/* rest() may take its time */
	LAB_OK(lab_sysctl_set(&w->lab, "mtu_probing", "2"));
	return wire_connect(w, .mss = wire_mss(w), .sackok = 1);
}

/*
 * The first ten segments have arrived (of the last @kept ones nothing is said yet), there is much
 * to send, and the window has room for a probe.
 */
static int begin(struct __test_metadata *_metadata, int kept)
{
	int fd, i;

	fd = connection(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 120000));
	for (i = 0; i < 10; i++)
		wire_expect(w, ACK, .len = BASE);
	wire_inject(w, ACK, .ack = (10 - kept) * BASE + 1);
	return fd;
}

/* A probe of @len octets is next, at the end of what was taken. Gives its sequence number. */
static long probe(struct __test_metadata *_metadata, long len)
{
	long seq = w->f->rcv_nxt;

	wire_expect(w, ACK, .len = len);
	return seq;
}

/* Take @n segments, none of them larger than @mss (Linux has cut some before it was that large). */
static void follow(struct __test_metadata *_metadata, int n, long mss)
{
	while (n--) {
		wire_take(w);
		EXPECT_GE(mss, w->last->s.len);
	}
}

/*
 * Take all that comes, until nothing more does: within less than a retransmission takes, so
 * TCPLAB_SLOW has no say.
 */
static void rest(void)
{
	struct pollfd wire = { .fd = w->tun, .events = POLLIN };

	do
		wire_drain(w);
	while (poll(&wire, 1, 20) > 0);
}

/* Write @len octets at @at: they are there at once, all of them, when the window opens for them. */
static void write_at_once(struct __test_metadata *_metadata, int fd, long at, long len)
{
	wire_inject(w, ACK, .win = 0);
	LAB_OK(lab_send(fd, LAB_TO_PEER, at, len));
	wire_inject(w, ACK);
}

/* RFC4821 7.3: binary search, until it is known well enough */
TEST_F(mtu_probe, search)
{
	long mss = BASE, most = wire_mss(w), len;

	w->win = 15000;
	begin(_metadata, 0);
	while (most - mss >= 8) {
		len = halfway(mss, most);
		probe(_metadata, len);
		follow(_metadata, 8, mss);
		rest();
		wire_inject(w, ACK);
		mss = len;
	}
	follow(_metadata, 5, mss);
	EXPECT_EQ(6, lab_counter(&w->lab, "TCPMTUPSuccess"));
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPMTUPFail"));
}

/* RFC4821 7.6.2: only the probe is lost: it goes again in smaller pieces, at the same pace */
TEST_F(mtu_probe, lost)
{
	long most = wire_mss(w), len = halfway(BASE, most), seq, end;

	begin(_metadata, 0);
	seq = probe(_metadata, len);
	follow(_metadata, 18, BASE);
	rest();
	end = w->f->rcv_nxt;
	wire_inject(w, ACK, .ack = seq, .nsack = 1, .sack = { { seq + len, end } });
	wire_expect(w, ACK, .seq = seq, .len = BASE);
	wire_expect(w, ACK, .seq = seq + BASE, .len = len - BASE);
	rest();
	wire_inject(w, ACK);
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPMTUPFail"));
	/* no size that is as large or larger is tried */
	len = halfway(BASE, len - 1);
	probe(_metadata, len);
	follow(_metadata, 18, BASE);
}

/*
 * The same where duplicate ACKs are all that there is: all of it goes, and no timer is waited for.
 */
TEST_F(mtu_probe, lost_without_sack)
{
	long len = halfway(BASE, wire_mss(w)), seq, i;

	LAB_OK(lab_sysctl_set(&w->lab, "sack", "0"));
	w->win = 12000;			/* no room for a limited transmit */
	begin(_metadata, 0);
	seq = probe(_metadata, len);
	follow(_metadata, 10, BASE);
	rest();
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK, .ack = seq);
	wire_expect(w, ACK, .seq = seq, .len = BASE);
	wire_expect(w, ACK, .seq = seq + BASE, .len = len - BASE);
	rest();
	wire_inject(w, ACK);
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPMTUPFail"));
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPTimeouts"));
	wire_expect(w, ACK, .len = BASE);
}

/* RFC4821 7.6.4: a probe among other losses tells nothing: the same again */
TEST_F(mtu_probe, inconclusive)
{
	long len = halfway(BASE, wire_mss(w)), seq, end;

	begin(_metadata, 1);
	seq = probe(_metadata, len);
	follow(_metadata, 16, BASE);
	rest();
	end = w->f->rcv_nxt;
	wire_inject(w, ACK, .ack = seq - BASE, .nsack = 1, .sack = { { seq, end } });
	wire_expect(w, ACK, .seq = seq - BASE, .len = BASE);
	rest();
	wire_inject(w, ACK);
	probe(_metadata, len);
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPMTUPSuccess"));
	EXPECT_EQ(0, lab_counter(&w->lab, "TCPMTUPFail"));
}

/* RFC4821 7.4: with too little to follow its loss would not be seen: there is none */
TEST_F(mtu_probe, needs_company)
{
	long len = halfway(BASE, wire_mss(w)), all = 10 * BASE + len + 4 * BASE;
	int fd;

	fd = connection(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, all - 1));
	follow(_metadata, 10, BASE);
	wire_inject(w, ACK);
	follow(_metadata, 5, BASE);
	wire_expect(w, ACK, .len = len - BASE - 1);
	wire_inject(w, ACK);
	write_at_once(_metadata, fd, all - 1, len + 4 * BASE);
	probe(_metadata, len);
}

/* It waits for room in the peer's window, and nothing goes before it. */
TEST_F(mtu_probe, waits_for_the_window)
{
	long len = halfway(BASE, wire_mss(w));
	int fd;

	fd = connection(_metadata);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 60000));
	follow(_metadata, 10, BASE);
	wire_inject(w, ACK, .ack = 9 * BASE + 1, .win = len + 4 * BASE + BASE - 1);
	wire_expect_silence(w, 20);
	wire_inject(w, ACK, .ack = 9 * BASE + 1, .win = len + 4 * BASE + BASE);
	probe(_metadata, len);
}

/* When it is known well enough there is no more of it, until an interval has gone by. */
TEST_F(mtu_probe, again_after_an_interval)
{
	long len = halfway(BASE, wire_mss(w)), seq;
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "probe_threshold", "250"));
	LAB_OK(lab_sysctl_set(&w->lab, "probe_interval", "5"));
	LAB_OK(lab_sysctl_set(&w->lab, "slow_start_after_idle", "0"));
	fd = begin(_metadata, 0);
	seq = probe(_metadata, len);
	follow(_metadata, 18, BASE);
	rest();
	wire_inject(w, ACK, .ack = seq, .nsack = 1, .sack = { { seq + len, w->f->rcv_nxt } });
	wire_expect(w, ACK, .seq = seq, .len = BASE);
	wire_expect(w, ACK, .seq = seq + BASE, .len = len - BASE);
	while (w->f->rcv_nxt < 120001) {
		wire_inject(w, ACK);
		wire_take(w);
		EXPECT_GE(BASE, w->last->s.len);
		rest();
	}
	wire_inject(w, ACK);
	wire_expect_silence(w, 6000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 120000, BASE));
	wire_expect(w, ACK, .len = BASE);
	write_at_once(_metadata, fd, 120000 + BASE, 20 * BASE);
	probe(_metadata, len);
}

/*
 * RFC4821 7.7: nothing gets through for R1: a smaller size is tried, and a smaller one, down to
 * the least.
 */
TEST_F_TIMEOUT(mtu_probe, black_hole_found, lab_secs(120))
{
	long sizes[] = { wire_mss(w), 600, 300, 200, 200 };
	int i;

	LAB_OK(lab_sysctl_set(&w->lab, "mtu_probing", "1"));
	LAB_OK(lab_sysctl_set(&w->lab, "base_mss", "600"));
	LAB_OK(lab_sysctl_set(&w->lab, "mtu_probe_floor", "200"));
	LAB_OK(lab_send(wire_accept(w, .mss = wire_mss(w)), LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	for (i = 0; i < 4; i++)
		wire_expect(w, ACK, .seq = 1, .len = sizes[0], .ms = 10000);
	for (i = 1; i < 5; i++)
		wire_expect(w, ACK, .seq = 1, .len = sizes[i], .ms = 100000);
	/* what gets through is kept */
	wire_inject(w, ACK, .ack = 201);
	wire_expect(w, ACK, .seq = 201, .len = 100);	/* the rest of 300 */
	wire_expect(w, ACK, .seq = 301, .len = 200);
}

/* Where it is off nothing of it is done. */
TEST_F_TIMEOUT(mtu_probe, off, lab_secs(120))
{
	int i;

	LAB_OK(lab_send(wire_accept(w, .mss = wire_mss(w)), LAB_TO_PEER, 0, 3000));
	wire_take_stream_quietly(w, 3001);
	for (i = 0; i < 7; i++)
		wire_expect(w, ACK, .seq = 1, .len = wire_mss(w), .ms = 100000);
}

TEST_HARNESS_MAIN
