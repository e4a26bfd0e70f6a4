// SPDX-License-Identifier: GPL-2.0
/* Time stamps of sent and received octets, and MSG_EOR: which segment, and when */
#include "harness.h"
#include "report.h"
#include "wire.h"

#include <time.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

WIRE_TIMED_FIXTURE(stamps);

#define TELL	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | \
		 SOF_TIMESTAMPING_OPT_TSONLY)
#define TX_ALL	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK)

static void ask(struct __test_metadata *_metadata, int fd, int flags)
{
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_TIMESTAMPING, flags));
	/* loaded now, before a timer runs: time leaps while a page comes from the host */
	lab_report(fd);
}

/* The segment that carries the last octet is reported, and its ACK when it covers that. */
TEST_F(stamps, of_the_last_octet)
{
	int fd = wire_accept(w, .mss = 1000);

	ask(_metadata, fd, TX_ALL | TELL);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2500));
	wire_take_stream_quietly(w, 2501);
	EXPECT_EQ(2499, lab_report_of(fd, SCM_TSTAMP_SCHED).id);
	EXPECT_EQ(2499, lab_report_of(fd, SCM_TSTAMP_SND).id);
	EXPECT_EQ(0, lab_reports(fd));
	wire_inject(w, ACK, .ack = 2500);
	EXPECT_TRUE(LAB_UNTIL(lab_poll(fd, 0, 0) == 0));
	wire_inject(w, ACK, .ack = 2501);
	EXPECT_EQ(2499, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
}

/* A segment has not gone yet: nor is it reported. */
TEST_F(stamps, not_before_it_goes)
{
	int fd;

	w->win = 2000;
	fd = wire_accept(w, .mss = 1000);
	ask(_metadata, fd, TX_ALL | TELL);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 3000));
	wire_expect(w, ACK, .seq = 1, .len = 1000);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	EXPECT_EQ(0, lab_reports(fd));
	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 2001, .len = 1000);
	EXPECT_EQ(2999, lab_report_of(fd, SCM_TSTAMP_SND).id);
}

/* One ACK for several writes: a report for each */
TEST_F(stamps, one_ack_for_all)
{
	int fd = wire_accept(w), i;

	ask(_metadata, fd, SOF_TIMESTAMPING_TX_ACK | TELL);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 4; i++) {
		LAB_OK(lab_send(fd, LAB_TO_PEER, i * 100, 100));
		wire_expect(w, ACK, .len = 100);
	}
	wire_inject(w, ACK, .ack = 151);
	EXPECT_EQ(99, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
	wire_inject(w, ACK, .ack = 401);
	for (i = 1; i < 4; i++)
		EXPECT_EQ(i * 100 + 99, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
}

/* What goes again is reported again. */
TEST_F_TIMEOUT(stamps, sent_again, lab_secs(60))
{
	int fd = wire_accept(w);

	ask(_metadata, fd, TX_ALL | TELL);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 500));
	wire_expect(w, ACK, .seq = 1, .len = 500);
	EXPECT_EQ(2, lab_reports(fd));
	wire_expect(w, ACK, .seq = 1, .len = 500);
	EXPECT_EQ(499, lab_report_of(fd, SCM_TSTAMP_SCHED).id);
	EXPECT_EQ(499, lab_report_of(fd, SCM_TSTAMP_SND).id);
	wire_inject(w, ACK, .ack = 501);
	EXPECT_EQ(499, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	EXPECT_EQ(0, lab_reports(fd));
}

/* What was appended behind a mark that has not gone yet takes the mark along, if it asks, too. */
TEST_F(stamps, mark_moves_until_it_goes)
{
	int fd = wire_accept(w), n;

	ask(_metadata, fd, SOF_TIMESTAMPING_TX_ACK | TELL);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	wire_expect(w, ACK, .len = 10);
	/* Nagle holds these back */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10, 10));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 20, 10));
	ask(_metadata, fd, TELL);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 30, 10));
	EXPECT_EQ(0, ioctl(fd, SIOCOUTQNSD, &n));
	EXPECT_EQ(30, n);
	wire_inject(w, ACK, .ack = 11);
	wire_expect(w, ACK, .len = 30);
	EXPECT_EQ(9, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	wire_inject(w, ACK, .ack = 31);
	EXPECT_EQ(29, lab_report_of(fd, SCM_TSTAMP_ACK).id);
	wire_inject(w, ACK, .ack = 41);
	EXPECT_TRUE(LAB_UNTIL(!ioctl(fd, SIOCOUTQ, &n) && !n));
	EXPECT_EQ(0, lab_reports(fd));
}

/* A segment ends where a record does, and but for the last one nothing holds it back. */
TEST_F(stamps, records)
{
	int fd = wire_accept(w), i;
	char buf[100];

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 3; i++) {
		lab_fill(buf, LAB_TO_PEER, i * 100, 100);
		ASSERT_EQ(100, send(fd, buf, 100, MSG_EOR));
	}
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	for (i = 0; i < 2; i++)
		wire_expect(w, ACK, .seq = 1 + i * 100, .len = 100);
	/* that one waits, by Nagle's rule */
	wire_inject(w, ACK, .ack = 201);
	wire_expect(w, ACK, .seq = 201, .len = 100);
	wire_inject(w, ACK, .ack = 301);
	/* and without: all in one */
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 300, 100));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 400, 100));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_CORK, 0));
	wire_expect(w, ACK, .seq = 301, .len = 200);
}

static int64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static ssize_t stamped(int fd, size_t len, int64_t *us)
{
	char buf[1000], control[256] __attribute__((aligned(16)));
	struct iovec iov = { buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &msg, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	int64_t tv[2] = { 0 };

	if (c)
		memcpy(tv, CMSG_DATA(c), sizeof(tv));
	*us = tv[0] * 1000000 + tv[1];
	return n;
}

static bool readable(int fd, int want)
{
	int n;

	return LAB_UNTIL(!ioctl(fd, SIOCINQ, &n) && n == want);
}

/* The stamp belongs to the octets, also to those that waited for others before them. */
TEST_F(stamps, out_of_order)
{
	int64_t us, between;
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_TIMESTAMP, 1));
	do {		/* until the kernel has begun to stamp */
		wire_inject(w, ACK, .len = 10);
		EXPECT_EQ(10, stamped(fd, 10, &us));
		wire_take(w);
	} while (!us);
	wire_drain(w);
	wire_inject(w, ACK, .seq = w->f->snd_nxt + 10, .len = 10);
	wire_take(w);
	between = wall_us();
	wire_inject(w, ACK, .len = 10);
	EXPECT_TRUE(readable(fd, 20));
	EXPECT_EQ(20, stamped(fd, 20, &us));
	EXPECT_GE(between, us);
	EXPECT_LT(between - 60000000, us);
}

TEST_HARNESS_MAIN
