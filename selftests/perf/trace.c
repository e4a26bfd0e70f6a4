// SPDX-License-Identifier: GPL-2.0
/*
 * What happened in one transfer: NAME-client.pcap and NAME-server.pcap, every packet at either end
 * (tshark -d ip.proto==253,tcp reads both protocols); NAME.tsv, what TCP_INFO said of each sender
 * every few milliseconds; NAME.events, the kernel's own trace events of the protocol.
 *
 * All is kept in memory until the transfer is over: to wait for a file of the host is idle time,
 * which a repeatable clock skips.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <sys/socket.h>

#include "flow.h"
#include "kselftest.h"
#include "trace.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define SNAP		128
#define PACKETS_ROOM	(256 << 20)

struct tap {
	int fd;
	FILE *file;
	char *text;
	size_t len;
	const char *end;
};

struct trace {
	const char *dir;
	char name[64];
	struct tap tap[2];
	FILE *info;
	char *info_text;
	size_t info_len;
};

static void put32(FILE *file, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, file);
}

/* The header of a pcap file with times in nanoseconds and Ethernet frames. */
static void pcap_header(FILE *file)
{
	put32(file, 0xa1b23c4d);
	put32(file, 2 | 4 << 16);
	put32(file, 0);
	put32(file, 0);
	put32(file, SNAP);
	put32(file, 1);
}

static int tap_open(struct tap *tap, struct bench *b, int host, const char *dev, const char *end)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int room = PACKETS_ROOM, on = 1;

	tap->end = end;
	tap->file = open_memstream(&tap->text, &tap->len);
	if (!tap->file || lab_netns_enter(b->topo.ns[host]))
		return -1;
	pcap_header(tap->file);
	ll.sll_ifindex = if_nametoindex(dev);
	tap->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (lab_netns_enter(b->topo.ns[TOPO_CLIENT]))
		return -1;
	if (tap->fd < 0 || setsockopt(tap->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(tap->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    bind(tap->fd, (struct sockaddr *)&ll, sizeof(ll)))
		return lab_fail("packet socket: %s", strerror(errno));
	return 0;
}

/* One packet, if there is one. */
static int tap_read(struct tap *tap)
{
	char buf[SNAP], control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(tap->fd, &msg, MSG_TRUNC | MSG_DONTWAIT);
	struct cmsghdr *cmsg = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	struct timespec ts = { 0 };

	if (n < 0)
		return 0;
	if (cmsg)
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
	put32(tap->file, ts.tv_sec);
	put32(tap->file, ts.tv_nsec);
	put32(tap->file, n < SNAP ? n : SNAP);
	put32(tap->file, n);
	fwrite(buf, n < SNAP ? n : SNAP, 1, tap->file);
	return 1;
}

/* Take what was seen of packets out of the sockets' buffers. */
void trace_packets(struct trace *t)
{
	while (tap_read(&t->tap[0]) || tap_read(&t->tap[1]))
		;
}

int trace_fds(const struct trace *t, struct pollfd *fds)
{
	int i;

	for (i = 0; i < 2; i++)
		fds[i] = (struct pollfd){ .fd = t->tap[i].fd, .events = POLLIN };
	return 2;
}

/* The events of both protocols, from now on. Without tracefs there are none, and that is all. */
static void switch_events(const char *on)
{
	static const char * const each[] = { "tcplab/enable", "tcp/tcp_retransmit_skb/enable" };
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(each); i++) {
		snprintf(path, sizeof(path), TRACEFS "events/%s", each[i]);
		lab_write_file(path, on);
	}
}

/* To open the file for writing empties it. */
static void forget_events(void)
{
	FILE *trace = fopen(TRACEFS "trace", "w");

	if (trace)
		fclose(trace);
}

/**
 * trace_begin() - begin to look
 * @b:	  the network; @trace is the directory
 * @name: the files' names begin with it
 *
 * Return: for the other functions; or NULL with the reason in lab_why().
 */
struct trace *trace_begin(struct bench *b, const char *name)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->dir = b->trace;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->info = open_memstream(&t->info_text, &t->info_len);
	if (!t->info || tap_open(&t->tap[0], b, TOPO_CLIENT, "c0", "client") ||
	    tap_open(&t->tap[1], b, TOPO_SERVER, "s0", "server"))
		return NULL;
	fprintf(t->info, "ms\tflow\tca_state\tcwnd\tssthresh\tunacked\tsacked\tlost\tretrans\t"
		"srtt_us\trttvar_us\trto_us\tmin_rtt_us\treordering\ttotal_retrans\t"
		"acked_bytes\tnotsent_bytes\tsnd_wnd\tpacing_rate\tdelivery_rate\n");
	lab_write_file(TRACEFS "buffer_size_kb", "65536");
	forget_events();
	switch_events("1");
	return t;
}

/* A line about the sender @fd. */
void trace_sample(struct trace *t, int flow, int fd, int64_t us)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len))
		return;
	fprintf(t->info, "%.3f\t%d\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%llu\t%u\t"
		"%u\t%llu\t%llu\n", us / 1e3, flow, i.tcpi_ca_state, i.tcpi_snd_cwnd,
		i.tcpi_snd_ssthresh, i.tcpi_unacked, i.tcpi_sacked, i.tcpi_lost, i.tcpi_retrans,
		i.tcpi_rtt, i.tcpi_rttvar, i.tcpi_rto, i.tcpi_min_rtt, i.tcpi_reordering,
		i.tcpi_total_retrans, (unsigned long long)i.tcpi_bytes_acked,
		i.tcpi_notsent_bytes, i.tcpi_snd_wnd, (unsigned long long)i.tcpi_pacing_rate,
		(unsigned long long)i.tcpi_delivery_rate);
}

static FILE *create(const struct trace *t, const char *end)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s%s", t->dir, t->name, end);
	file = fopen(path, "w");
	if (!file)
		lab_fail("%s: %s", path, strerror(errno));
	return file;
}

static int keep(const struct trace *t, const char *end, const char *text, size_t len)
{
	FILE *file = create(t, end);
	size_t n;

	if (!file)
		return -1;
	n = fwrite(text, 1, len, file);
	return fclose(file) || n != len ? lab_fail("cannot write in %s", t->dir) : 0;
}

static int keep_events(const struct trace *t)
{
	FILE *from = fopen(TRACEFS "trace", "r"), *to;
	char buf[65536];
	size_t n;

	if (!from)
		return 0;
	to = create(t, ".events");
	if (!to)
		return -1;
	while ((n = fread(buf, 1, sizeof(buf), from)))
		fwrite(buf, 1, n, to);
	fclose(from);
	return fclose(to) ? lab_fail("cannot write in %s", t->dir) : 0;
}

/* Stop, and write it all down. */
int trace_end(struct trace *t)
{
	int ret, i;
	char end[32];

	switch_events("0");
	trace_packets(t);
	fclose(t->info);
	ret = keep(t, ".tsv", t->info_text, t->info_len) || keep_events(t);
	free(t->info_text);
	for (i = 0; i < 2; i++) {
		fclose(t->tap[i].file);
		close(t->tap[i].fd);
		snprintf(end, sizeof(end), "-%s.pcap", t->tap[i].end);
		ret = keep(t, end, t->tap[i].text, t->tap[i].len) || ret;
		free(t->tap[i].text);
	}
	free(t);
	return ret ? -1 : 0;
}
