// SPDX-License-Identifier: GPL-2.0
/*
 * What segments of a hand-driven peer cost. They are written down before, and counted is what the
 * kernel does while they go into the TUN device one by one, and what it answers is thrown away.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/tcp.h>
#include <net/if.h>

#include "rows.h"
#include "wire_internal.h"

#define BACKLOG		16
#define PACKET		160
#define QUEUE		20000

/* The peer's MSS, so small that thousands of segments fit the memory, and its window's scale */
#define MSS		500
#define SCALE		14
#define GROUP		20	/* one segment of so many is missing */
#define ROUNDS		100
#define SNDBUF		(64 << 20)

struct script {
	int n, next;
	struct { uint16_t len; uint8_t pkt[PACKET]; } *line;
};

static struct wire wire;

/* Throw away what has come. Returns how many packets that were. */
static int hear(struct wire *w)
{
	static uint8_t pkt[WIRE_MTU];
	int n = 0;

	while (read(w->tun, pkt, sizeof(pkt)) > 0)
		n++;
	return n;
}

static int script_begin(struct script *t, int n)
{
	*t = (struct script){ .n = n, .line = calloc(n, sizeof(*t->line)) };
	return t->line ? 0 : lab_fail("no memory for %d segments", n);
}

static void script_add(struct script *t, struct wire *w, const struct wire_seg *s)
{
	if (t->next < t->n)
		t->line[t->next].len = wire_build(w, s, t->line[t->next].pkt);
	t->next++;
}

/* Play the lines [@from, @to). Returns how many packets came back, -1 with the reason. */
static int play(const struct script *t, struct wire *w, int from, int to)
{
	int i, heard = 0;

	for (i = from; i < to; i++) {
		if (write(w->tun, t->line[i].pkt, t->line[i].len) != t->line[i].len)
			return stand_fail("write() to the TUN device");
		heard += hear(w);
	}
	return heard;
}

/* A fresh namespace with the peer in it, for the protocol whose turn it is. */
static int peer_begin(struct stand *s)
{
	return wire_open(&wire, s->lab.family, !s->lab.oracle, false) == LAB_READY ? 0 : -1;
}

/* The next SYN from an address and a port that are nobody's. */
static void add_spoofed(struct script *t, struct wire *w, uint64_t *state)
{
	char from[20];

	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	snprintf(from, sizeof(from), "192.0.2.%u", 3 + (unsigned int)(*state >> 40) % 250);
	w->f->pport = 1024 + (*state >> 20 & 0x7fff);
	w->f->isn = *state >> 32;
	script_add(t, w, WIRE_INJ(SYN, .seq = 0, .ack = 0, .win = 65535, .mss = 1460, .ws = 7,
				  .sackok = 1, .tsval = 1, .tsecr = 0, .from = from));
}

/* Per SYN, while a listener's queue is full and cookies are on. @arg: how many. */
int work_syn_flood(struct stand *s, const void *arg)
{
	int n = *(const int *)arg, before = n / 4, heard, i, ret = -1;
	struct wire *w = &wire;
	struct script t = { 0 };
	uint64_t state = 1;

	if (peer_begin(s) || lab_sysctl_set(&w->lab, "syncookies", "1") ||
	    wire_listen(w, BACKLOG) < 0 || script_begin(&t, before + n))
		goto out;
	for (i = 0; i < before + n; i++)
		add_spoofed(&t, w, &state);
	if (play(&t, w, 0, before) < 0 || stand_start(s))
		goto out;
	heard = play(&t, w, before, before + n);
	if (heard < 0 || stand_stop(s, n))
		goto out;
	ret = heard >= n - n / 10 && lab_counter(&w->lab, "SyncookiesSent") >= n - n / 10 ? 0 :
	      lab_fail("%d SYNs, %d answers, %lld cookies", n, heard,
		       lab_counter(&w->lab, "SyncookiesSent"));
out:
	free(t.line);
	wire_close(w);
	return ret;
}

static int tun_queue(int packets)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;
	struct ifreq ifr = { .ifr_name = "wire", .ifr_qlen = packets };

	ret = ioctl(fd, SIOCSIFTXQLEN, &ifr);
	close(fd);
	return ret ? stand_fail("SIOCSIFTXQLEN") : 0;
}

static int set_cc(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)) ?
	       stand_fail("TCP_CONGESTION") : 0;
}

/* Segments that the kernel holds to have on their way. */
static int in_flight(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return stand_fail("TCP_INFO");
	return info.tcpi_unacked;
}

/* All before segment @una has come. */
static int acknowledge(struct wire *w, int una)
{
	const struct wire_seg *s = WIRE_INJ(ACK, .seq = 1, .ack = 1 + (long)una * MSS,
					    .win = w->win);
	uint8_t pkt[PACKET];
	int len = wire_build(w, s, pkt);

	return write(w->tun, pkt, len) == len ? 0 : stand_fail("write() to the TUN device");
}

/*
 * Have the kernel send until @window segments are on their way at once: all that was sent is
 * acknowledged, over and over, and the congestion window doubles. Returns where the unacknowledged
 * begins, in segments; -1 with the reason.
 */
static int open_window(struct wire *w, int fd, int window)
{
	static uint8_t data[MSS * 1000];
	int round, flying, acked = 0;

	for (round = 0; round < ROUNDS; round++) {
		while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0)
			hear(w);
		if (errno != EAGAIN)
			return stand_fail("send()");
		hear(w);
		flying = in_flight(fd);
		if (flying < 0 || flying >= window)
			return flying < 0 ? -1 : acked;
		acked += flying;
		if (acknowledge(w, acked))
			return -1;
		hear(w);
	}
	return lab_fail("no window of %d segments, but %d", window, flying);
}

/*
 * The peer's report when @have segments of a group have come, the first one of the group not: this
 * block, and the two before it.
 */
static void add_report(struct script *t, struct wire *w, int una, int group, int have)
{
	struct wire_seg s = *WIRE_INJ(ACK, .seq = 1, .ack = 1 + (long)una * MSS, .win = w->win,
				      .nsack = group < 2 ? group + 1 : 3);
	int i;

	for (i = 0; i < s.nsack; i++) {
		int first = una + (group - i) * GROUP + 1;

		s.sack[i].left = 1 + (long)first * MSS;
		s.sack[i].right = 1 + (long)(first + (i ? GROUP - 1 : have)) * MSS;
	}
	script_add(t, w, &s);
}

/* Half of the window in large steps, that do not count; the other half segment by segment. */
static int add_reports(struct script *t, struct wire *w, int una, int window)
{
	int groups = window / GROUP, half = groups / 2, group, have;

	if (script_begin(t, half + (groups - half) * (GROUP - 1)))
		return -1;
	for (group = 0; group < half; group++)
		add_report(t, w, una, group, GROUP - 1);
	for (; group < groups; group++)
		for (have = 1; have < GROUP; have++)
			add_report(t, w, una, group, have);
	return half;
}

/*
 * Per ACK that reports one segment more of a large window, in which every twentieth segment is
 * missing. @arg: the window, in segments.
 */
int work_sack(struct stand *s, const void *arg)
{
	int window = *(const int *)arg, fd = -1, una, half, ret = -1;
	struct linger now = { .l_onoff = 1 };
	struct wire *w = &wire;
	struct script t = { 0 };

	if (peer_begin(s) || tun_queue(QUEUE))
		goto out;
	/* the peer's window is full: no ACK lets new segments go, only lost ones again */
	w->win = (window * MSS >> SCALE) + 1;
	fd = __wire_accept(w, WIRE_INJ(SYN, .win = 65535, .mss = MSS, .ws = SCALE,
				       .sackok = 1));
	/* no chance, and no clock, in how it grows */
	if (fd < 0 || set_cc(fd, "reno") || lab_set_opt(fd, SOL_SOCKET, SO_SNDBUFFORCE, SNDBUF))
		goto out;
	una = open_window(w, fd, window);
	half = una < 0 ? -1 : add_reports(&t, w, una, window);
	if (half < 0 || play(&t, w, 0, half) < 0 || stand_start(s) ||
	    play(&t, w, half, t.n) < 0 || stand_stop(s, t.n - half))
		goto out;
	ret = lab_counter(&w->lab, "RetransSegs") > 0 ? 0 :
	      lab_fail("nothing was taken for lost");
out:
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
	}
	free(t.line);
	wire_close(w);
	return ret;
}
