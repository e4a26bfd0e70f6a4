// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers over a bad link. One thread serves both ends of every flow, so that on one processor
 * nothing but the protocols, and what the link does, decides how long a transfer takes.
 *
 * What is sent is a block of random bytes over and over, its length a prime so that no segment
 * can stand for another one; the receiver compares every byte.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/tcp.h>

#include "flow.h"
#include "netem.h"
#include "trace.h"

#define PORT		5001
#define BLOCK		1000003
#define PART		262144
#define FLOWS		2
#define TIME_LIMIT	(1200 * 1000000LL)
#define OUTAGE_AFTER	300000

/* Longer than any super-segment of one: if the link's packets are, netem saw several at once. */
#define PACKET_MAX	1514

struct flow {
	struct lab lab;
	int number, snd, rcv;
	bool shut, done;
	uint64_t want, sent, got;
	int64_t start, first, last, retrans_before;
	struct flow_result *result;
};

struct run {
	struct bench *b;
	const struct cell *cell;
	int seed, flows;
	struct flow flow[FLOWS];
	int64_t begun, data_since, outage_from, outage_to, end, next_sample;
	bool away;
	struct trace *trace;
	struct lab_qdisc before;
	long overruns_before;
};

static uint8_t block[BLOCK + PART];

static int in_router(struct bench *b, int (*do_it)(const char *dev, const struct lab_netem *what),
		     const struct lab_netem *data, const struct lab_netem *acks)
{
	int ret = -1;

	if (!lab_netns_enter(b->topo.ns[TOPO_ROUTER]) && !do_it("r1", data) && !do_it("r0", acks))
		ret = 0;
	return lab_netns_enter(b->topo.ns[TOPO_CLIENT]) ? -1 : ret;
}

static int data_counts(struct bench *b, struct lab_qdisc *counts)
{
	int ret = -1;

	if (!lab_netns_enter(b->topo.ns[TOPO_ROUTER]))
		ret = lab_qdisc_counts("r1", counts);
	return lab_netns_enter(b->topo.ns[TOPO_CLIENT]) ? -1 : ret;
}

/* Only the protocols speak on these links: no router is sought, and nothing is remembered. */
static int be_quiet(struct bench *b)
{
	int i, ret = 0;

	for (i = 0; i < 3 && !ret; i++)
		ret = lab_netns_enter(b->topo.ns[i]) ||
		      lab_write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1") ||
		      lab_write_file("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
	return lab_netns_enter(b->topo.ns[TOPO_CLIENT]) || ret ? -1 : 0;
}

/* netem is to see segments, not super-segments. */
static int single_segments(struct bench *b)
{
	int ret = lab_link_gso_segs("c0", 1);

	ret = ret || lab_netns_enter(b->topo.ns[TOPO_SERVER]) || lab_link_gso_segs("s0", 1);
	return lab_netns_enter(b->topo.ns[TOPO_CLIENT]) || ret ? -1 : 0;
}

/* Packets that this processor dropped because too many waited for it: there must be none. */
static long overruns(void)
{
	unsigned int dropped;
	char buf[4096];

	if (lab_read_file("/proc/net/softnet_stat", buf, sizeof(buf)) < 0 ||
	    sscanf(buf, "%*x %x", &dropped) != 1)
		return -1;
	return dropped;
}

/* The link is there when a connection to a port that nobody listens on is refused. */
static int await_link(struct bench *b)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(AF_INET, topo_server_addr(&b->topo), 9, &ss);
	int tries = 200, refused = 0, fd;

	while (!refused && tries--) {
		fd = lab_socket(&b->lab, 0);
		if (fd < 0)
			return -1;
		refused = connect(fd, (struct sockaddr *)&ss, len) && errno == ECONNREFUSED;
		close(fd);
		if (!refused)
			poll(NULL, 0, 50);
	}
	return refused ? 0 : lab_fail("no way to the server");
}

/**
 * bench_begin() - make the network
 * @b: @lab filled in by lab_begin(), @cc and @trace as wanted; the rest is filled in
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int bench_begin(struct bench *b)
{
	lab_fill(block, 1, 0, BLOCK);
	memcpy(block + BLOCK, block, PART);
	if (topo_router(&b->topo, &b->lab) || be_quiet(b) || single_segments(b) ||
	    topo_room_for_bursts(&b->topo, TOPO_ROOM) < 0)
		return -1;
	return await_link(b);
}

/* Random numbers of one seed that have nothing to do with those of its neighbour */
static uint64_t spread(uint64_t seed)
{
	seed = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ULL;
	return seed ^ (seed >> 27);
}

/*
 * The two directions. Where there is a bottleneck the whole delay is on the way back: netem counts
 * what is on its way as waiting, and the queue is to hold so many packets, not so many less those.
 * No two seeds have quite the same round trip, so that seeds differ on links without chance, too.
 */
static int set_link(struct run *r, int (*do_it)(const char *dev, const struct lab_netem *what))
{
	const struct cell *c = r->cell;
	uint32_t rtt_us = c->rtt_ms * 10 * (100 + (r->seed - 1) % 10);
	struct lab_netem data = {
		.loss = r->away ? 100 : c->loss, .burst_in = c->burst_in,
		.burst_out = c->burst_out, .dup = c->dup, .reorder = c->reorder,
		.delay_us = c->kbit ? 0 : rtt_us / 2, .kbit = c->kbit, .limit = c->queue,
		.seed = spread(r->seed),
	};
	struct lab_netem acks = {
		.loss = r->away ? 100 : c->ack_loss, .delay_us = rtt_us - data.delay_us,
		.seed = spread(~r->seed),
	};

	return in_router(r->b, do_it, &data, &acks);
}

/* What was asked for; tcplab's own choice where it has none of that name: the caller sees it. */
static int set_cc(const struct lab *lab, int fd, const char *name)
{
	if (!name || !setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)))
		return 0;
	if (!lab->oracle && errno == ENOENT)
		return 0;
	return lab_fail("no congestion control '%s': %s", name, strerror(errno));
}

static int open_listener(struct run *r, struct flow *f)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&f->lab, PORT + f->number, &ss);
	int fd = -1;

	if (!lab_netns_enter(r->b->topo.ns[TOPO_SERVER]))
		fd = lab_socket(&f->lab, 0);
	if (lab_netns_enter(r->b->topo.ns[TOPO_CLIENT]) || fd < 0)
		return -1;
	if (lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 1))
		return lab_fail("bind or listen: %s", strerror(errno));
	return fd;
}

static int open_flow(struct run *r, struct flow *f)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(AF_INET, topo_server_addr(&r->b->topo), PORT + f->number, &ss);
	int listener = open_listener(r, f);
	socklen_t cc_len = sizeof(f->result->cc);

	if (listener < 0)
		return -1;
	f->snd = lab_socket(&f->lab, 0);
	if (f->snd < 0 || set_cc(&f->lab, f->snd, r->b->cc))
		return -1;
	if (connect(f->snd, (struct sockaddr *)&ss, len))
		return lab_fail("connect(): %s", strerror(errno));
	if (!(lab_poll(listener, POLLIN, 120000) & POLLIN))
		return lab_fail("no connection came");
	f->rcv = accept(listener, NULL, NULL);
	close(listener);
	if (f->rcv < 0)
		return lab_fail("accept(): %s", strerror(errno));
	if (getsockopt(f->snd, IPPROTO_TCP, TCP_CONGESTION, f->result->cc, &cc_len))
		return lab_fail("TCP_CONGESTION: %s", strerror(errno));
	f->retrans_before = lab_counter(&f->lab, "RetransSegs");
	return lab_nonblock(f->snd, true) || lab_nonblock(f->rcv, true) ? -1 : 0;
}

/* Nothing of a flow may be left that could speak on the next one's link. */
static void abort_socket(int fd)
{
	struct linger now = { .l_onoff = 1 };

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static int flow_send(struct flow *f)
{
	uint64_t part = f->want - f->sent;
	ssize_t n;

	if (part > 65536)
		part = 65536;
	n = send(f->snd, block + f->sent % BLOCK, part, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return lab_fail("send at offset %llu: %s", (unsigned long long)f->sent,
				strerror(errno));
	f->sent += n > 0 ? n : 0;
	if (f->sent < f->want)
		return 0;
	f->shut = true;
	return shutdown(f->snd, SHUT_WR) ? lab_fail("shutdown(): %s", strerror(errno)) : 0;
}

static int flow_receive(struct flow *f)
{
	static uint8_t buf[PART];
	ssize_t n = recv(f->rcv, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return lab_fail("recv at offset %llu: %s", (unsigned long long)f->got,
				strerror(errno));
	if (memcmp(buf, block + f->got % BLOCK, n))
		return lab_fail("wrong data behind offset %llu", (unsigned long long)f->got);
	f->got += n;
	if (n) {
		f->last = lab_now_us();
		if (!f->first)
			f->first = f->last;
		f->result->bytes += n;
	} else {
		f->done = true;
	}
	if (f->got > f->want || (f->done && f->got != f->want))
		return lab_fail("the stream ended at offset %llu instead of %llu",
				(unsigned long long)f->got, (unsigned long long)f->want);
	return 0;
}

/* When something is to be done next that no socket announces. */
static int64_t next_event(const struct run *r)
{
	int64_t next = r->end;
	int i;

	for (i = 0; i < r->flows; i++)
		if (!r->flow[i].sent && r->flow[i].start < next)
			next = r->flow[i].start;
	if (r->data_since && !r->away && r->outage_from && r->outage_from < next)
		next = r->outage_from;
	if (r->away && r->outage_to < next)
		next = r->outage_to;
	if (r->trace && r->next_sample < next)
		next = r->next_sample;
	return next;
}

/* The link goes away, and comes back. */
static int outage(struct run *r, int64_t now)
{
	if (!r->data_since && r->flow[0].got) {
		r->data_since = now;
		if (r->cell->outage_ms)
			r->outage_from = now + OUTAGE_AFTER + r->seed * 41000;
	}
	if (r->away && now >= r->outage_to) {
		r->away = false;
		return set_link(r, lab_netem_change);
	}
	if (r->outage_from && now >= r->outage_from) {
		r->away = true;
		r->outage_from = 0;
		r->outage_to = now + r->cell->outage_ms * 1000LL;
		return set_link(r, lab_netem_change);
	}
	return 0;
}

static void sample(struct run *r, int64_t now)
{
	int i;

	if (!r->trace)
		return;
	trace_packets(r->trace);
	if (now < r->next_sample)
		return;
	for (i = 0; i < r->flows; i++)
		trace_sample(r->trace, i, r->flow[i].snd, now - r->begun);
	r->next_sample = now + TRACE_INTERVAL_US;
}

static int wait_for_work(struct run *r, int64_t now, struct pollfd *fds)
{
	int64_t left = next_event(r) - now;
	struct timespec ts;
	int n = 0, i;

	for (i = 0; i < r->flows; i++) {
		struct flow *f = &r->flow[i];

		fds[n++] = (struct pollfd){ .fd = f->shut || now < f->start ? -1 : f->snd,
					    .events = POLLOUT };
		fds[n++] = (struct pollfd){ .fd = f->done ? -1 : f->rcv, .events = POLLIN };
	}
	if (r->trace)
		n += trace_fds(r->trace, fds + n);
	if (left < 0)
		left = 0;
	ts = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	return ppoll(fds, n, &ts, NULL) < 0 ? lab_fail("ppoll(): %s", strerror(errno)) : 0;
}

static int serve(struct run *r)
{
	struct pollfd fds[2 * FLOWS + 2];
	int i, busy = r->flows;
	int64_t now;

	while (busy) {
		now = lab_now_us();
		if (now >= r->end)
			return r->cell->seconds ? 0 :
			       lab_fail("no end after %lld s", TIME_LIMIT / 1000000);
		if (outage(r, now) || wait_for_work(r, now, fds))
			return -1;
		sample(r, now);
		busy = 0;
		for (i = 0; i < r->flows; i++) {
			if ((fds[2 * i].revents && flow_send(&r->flow[i])) ||
			    (fds[2 * i + 1].revents && flow_receive(&r->flow[i])))
				return -1;
			busy += !r->flow[i].done;
		}
	}
	return 0;
}

/* Flows that share a link are not looked at while they find each other. */
static int serve_shared(struct run *r)
{
	int64_t full = r->end;
	int i;

	r->end = r->begun + (full - r->begun) / 4;
	if (serve(r))
		return -1;
	for (i = 0; i < r->flows; i++) {
		r->flow[i].first = r->end;
		r->flow[i].result->bytes = 0;
	}
	r->end = full;
	if (serve(r))
		return -1;
	for (i = 0; i < r->flows; i++)
		r->flow[i].last = r->end;
	return 0;
}

static int run_flows(struct run *r)
{
	const struct cell *c = r->cell;
	int i;

	for (i = 0; i < r->flows; i++)
		if (open_flow(r, &r->flow[i]))
			return -1;
	r->overruns_before = overruns();
	if (r->overruns_before < 0 || data_counts(r->b, &r->before))
		return -1;
	r->begun = lab_now_us();
	r->end = r->begun + (c->seconds ? c->seconds * 1000000LL : TIME_LIMIT);
	for (i = 0; i < r->flows; i++) {
		r->flow[i].start = r->begun + i * r->seed * 173000LL;
		r->flow[i].want = c->seconds ? UINT64_MAX : c->kbytes * 1024ULL;
	}
	return c->seconds ? serve_shared(r) : serve(r);
}

static int take_results(struct run *r)
{
	struct lab_qdisc after;
	uint64_t packets;
	int i;

	if (data_counts(r->b, &after))
		return -1;
	if (overruns() != r->overruns_before)
		return lab_fail("packets were lost beside the link");
	packets = after.packets - r->before.packets;
	if (after.bytes - r->before.bytes > packets * PACKET_MAX)
		return lab_fail("packets of %llu bytes: super-segments on the link",
				(unsigned long long)((after.bytes - r->before.bytes) / packets));
	for (i = 0; i < r->flows; i++) {
		struct flow *f = &r->flow[i];

		f->result->us = f->last - f->first;
		f->result->drops = after.drops - r->before.drops;
		f->result->packets = packets;
		f->result->retrans = lab_counter(&f->lab, "RetransSegs") - f->retrans_before;
		if (f->retrans_before < 0 || !f->result->us)
			return lab_fail("nothing to count");
	}
	return 0;
}

/**
 * bench_run() - one run over the link of a cell
 * @b:	     from bench_begin()
 * @cell:    the link and what is sent
 * @seed:    1 and up: same seed, same losses, whichever the protocol
 * @protos:  each flow's protocol, LAB_PROTOCOL or IPPROTO_TCP
 * @flows:   how many, 1 or 2
 * @results: one for each
 *
 * Return: 0, or -1 with the reason in lab_why(): wrong data is one.
 */
int bench_run(struct bench *b, const struct cell *cell, int seed, const int protos[], int flows,
	      struct flow_result results[])
{
	struct run r = { .b = b, .cell = cell, .seed = seed, .flows = flows };
	char name[64];
	int i, ret = -1;

	memset(results, 0, flows * sizeof(*results));
	for (i = 0; i < flows; i++)
		r.flow[i] = (struct flow){
			.lab = { AF_INET, protos[i], protos[i] == IPPROTO_TCP },
			.number = i, .snd = -1, .rcv = -1, .result = &results[i],
		};
	if (b->trace) {
		snprintf(name, sizeof(name), "%s-%d-%s", cell->name, seed,
			 protos[0] == IPPROTO_TCP ? "tcp" : "tcplab");
		r.trace = trace_begin(b, name);
		if (!r.trace)
			return -1;
	}
	if (!set_link(&r, lab_netem) && !run_flows(&r))
		ret = take_results(&r);
	for (i = 0; i < flows; i++) {
		abort_socket(r.flow[i].snd);
		abort_socket(r.flow[i].rcv);
	}
	return r.trace && trace_end(r.trace) ? -1 : ret;
}

/* Goodput in Mbit/s. */
double flow_mbit(const struct flow_result *r)
{
	return r->us ? r->bytes * 8.0 / r->us : 0;
}
