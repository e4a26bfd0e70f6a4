// SPDX-License-Identifier: GPL-2.0
/*
 * SO_MAX_PACING_RATE on a fast link: that is the rate, with the qdisc fq and without, and segments
 * are spread. A packet socket at the receiver's end sees when they come.
 */
#include "harness.h"
#include "topo.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#define RATE	2000000UL	/* bytes a second */
#define BYTES	(3 << 20)
#define WINDOW	10000		/* µs */
#define FREE	(20 * 1500)	/* bytes: the first ten segments go without pacing */

TOPO_FIXTURE(pacing, topo_two_hosts);

/* What arrives at the server: how much in any WINDOW, once the beginning is over? */
static int watch(struct topo *t, long *most)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	static struct { int64_t us; int len; } seen[8192];
	int fd, on = 64 << 20, n = 0, first = 0, i, len;
	long sum = 0, total = 0;
	char buf[65536];

	*most = 0;
	if (lab_netns_enter(t->ns[TOPO_SERVER]))
		return -1;
	at.sll_ifindex = if_nametoindex("s0");
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof(int)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return lab_fail("packet socket: %s", strerror(errno));
	if (lab_netns_enter(t->ns[TOPO_CLIENT]))
		return -1;
	while (lab_poll(fd, POLLIN, n ? 1000 : 20000)) {
		char control[256];
		struct sockaddr_ll from;
		struct iovec iov = { buf, sizeof(buf) };
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			.msg_iovlen = 1, .msg_control = control,
			.msg_controllen = sizeof(control),
		};
		struct cmsghdr *c;
		struct timespec ts;

		len = recvmsg(fd, &msg, MSG_TRUNC);
		if (len < 500 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		total += len;
		if (total < FREE)
			continue;
		if (n == (int)ARRAY_SIZE(seen))
			return lab_fail("too many packets");
		c = CMSG_FIRSTHDR(&msg);
		if (!c)
			return lab_fail("no timestamp");
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		seen[n].us = ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
		seen[n++].len = len;
	}
	close(fd);
	for (i = 0; i < n; i++) {
		sum += seen[i].len;
		while (seen[first].us <= seen[i].us - WINDOW)
			sum -= seen[first++].len;
		if (sum > *most)
			*most = sum;
	}
	return n ? 0 : lab_fail("no packet was seen");
}

static void receive(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0 || lab_recv(fd, LAB_TO_PEER, 0, BYTES))
		_exit(1);
	_exit(send(fd, "", 1, MSG_NOSIGNAL) != 1);
}

/* Bytes a second; @most: in any WINDOW. */
static long transfer(struct topo *t, unsigned long rate, long *most)
{
	int listener = topo_listen(t, 5001, 1), fd, pipefd[2], status, bad = 0;
	int64_t begin, end;
	char done;

	if (listener < 0 || pipe(pipefd))
		return -1;
	fflush(stdout);
	if (!fork()) {
		long seen;

		if (watch(t, &seen) || write(pipefd[1], &seen, sizeof(seen)) != sizeof(seen)) {
			printf("# %s\n", lab_why());
			fflush(stdout);
			_exit(1);
		}
		_exit(0);
	}
	close(pipefd[1]);
	if (!fork())
		receive(listener);
	fd = topo_connect(t, 5001);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)))
		return lab_fail("SO_MAX_PACING_RATE: %s", strerror(errno));
	begin = lab_now_us();
	if (lab_send(fd, LAB_TO_PEER, 0, BYTES) || recv(fd, &done, 1, 0) != 1)
		return lab_fail("transfer: %s", strerror(errno));
	end = lab_now_us();
	close(fd);
	close(listener);
	if (read(pipefd[0], most, sizeof(*most)) != sizeof(*most))
		bad = 1;
	close(pipefd[0]);
	while (wait(&status) > 0)
		bad |= status;
	return bad ? lab_fail("receiver or watcher failed") : BYTES * 1000000LL / (end - begin);
}

static void try(struct __test_metadata *_metadata, struct topo *t, const char *qdisc)
{
	long most, rate;

	/* the kernel's TCP must not make super-segments, which leave at once */
	LAB_OK(lab_link_gso_segs("c0", 1));
	if (qdisc)
		LAB_OK(system(qdisc) ? lab_fail("%s", qdisc) : 0);
	rate = transfer(t, RATE, &most);
	LAB_OK(rate);
	printf("# figure: %ld bytes a second, %ld in %d ms at most; %lld time-outs, %lld probes\n",
	       rate, most, WINDOW / 1000, lab_counter(t->lab, "TCPTimeouts"),
	       lab_counter(t->lab, "TCPLossProbes"));
	fflush(stdout);
	EXPECT_LE(RATE / 10 * 9, rate);
	EXPECT_GE(RATE / 10 * 11, rate);
	/*
	 * as much as the rate gives, and what is sent at one time: two segments, or a millisecond's
	 */
	EXPECT_GE((long)(RATE / 1000 * (WINDOW / 1000 + 4)), most);
	/* nothing is lost, in fq either; but the end of a transfer may be probed for */
	EXPECT_EQ(0, lab_counter(t->lab, "TCPTimeouts"));
	EXPECT_GE(1, lab_counter(t->lab, "RetransSegs"));
}

TEST_F_TIMEOUT(pacing, no_qdisc, lab_secs(60))
{
	try(_metadata, &self->t, NULL);
}

/* A guest that skips idle time skips some while it reads tc and sch_fq from its host. */
TEST_F_TIMEOUT(pacing, fq, lab_secs(1000))
{
	try(_metadata, &self->t,
	    "PATH=/usr/sbin:/sbin:$PATH tc qdisc replace dev c0 root fq");
}

TEST_HARNESS_MAIN
