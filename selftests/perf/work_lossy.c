// SPDX-License-Identifier: GPL-2.0
/*
 * Many flows at once over a link that loses packets: the network of flow.c, and of each flow one
 * packet in twenty lost, by count and without chance. Flows begin at different places of the
 * twenty, so that together they lose packets everywhere; and what one flow loses does not depend on
 * when the others send, or no two runs would be alike. Most of the time nobody does anything here,
 * and that does not count.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <linux/pkt_cls.h>

#include "bpf.h"
#include "flow.h"
#include "kselftest.h"
#include "netem.h"
#include "rows.h"

#define FLOWS	64
#define CHUNK	(64 << 10)
#define EVENTS	32
#define WAIT_MS	120000
#define PORT	6400		/* of the server's end of the first flow */
#define MTU	1500
#define DELAY_US 5000		/* each way */
#define ONE_IN	20		/* is lost: 5 % */
#define STEP	7		/* between the counts with which two flows begin */

static struct bench net;
static int counts, dropper;	/* packets of each flow; the program that drops some of them */

struct many {
	int poll, busy;
	uint32_t each;
	struct { int fd[2]; uint32_t sent, got; } flow[FLOWS];
};

/* What comes from the client is counted by the server's port; one in ONE_IN goes no further. */
static int load_dropper(int map)
{
	const struct bpf_insn insns[] = {
		BPF_COPY(BPF_REG_6, BPF_REG_1),
		/* behind the headers of Ethernet and IP */
		BPF_INSN(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 14 + 20 + 2),
		BPF_INSN(BPF_ALU64 | BPF_SUB | BPF_K, BPF_REG_0, 0, 0, PORT),
		BPF_STORE32(BPF_REG_10, -4, BPF_REG_0),
		BPF_COPY(BPF_REG_2, BPF_REG_10),
		BPF_PLUS(BPF_REG_2, -4),
		BPF_MAP(BPF_REG_1, map),
		BPF_CALL_FUNC(BPF_FUNC_map_lookup_elem),
		BPF_UNLESS(BPF_REG_0, 0, 1),
		BPF_END_PROG,
		BPF_INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_0, 0, 0),
		BPF_PLUS(BPF_REG_1, 1),
		BPF_INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_1, 0, 0),
		BPF_SET(BPF_REG_0, TC_ACT_OK),
		BPF_INSN(BPF_ALU64 | BPF_MOD | BPF_K, BPF_REG_1, 0, 0, ONE_IN),
		BPF_UNLESS(BPF_REG_1, 0, 1),
		BPF_SET(BPF_REG_0, TC_ACT_SHOT),
		BPF_END_PROG,
	};

	return lab_bpf_load(&(struct lab_bpf){ .type = BPF_PROG_TYPE_SCHED_CLS, .insns = insns,
					       .n = ARRAY_SIZE(insns) });
}

/* The network is there once for both; the protocols take turns in it. */
int stand_lossy(struct stand *s)
{
	net.lab = s->lab;
	counts = lab_bpf_counters(FLOWS);
	dropper = counts < 0 ? -1 : load_dropper(counts);
	return dropper < 0 ? -1 : bench_begin(&net);
}

/* A new link; @judge: a program that judges what comes, or -1 */
static int set_link(int judge)
{
	const struct lab_netem half = { .delay_us = DELAY_US };
	int ret = -1;

	if (!lab_netns_enter(net.topo.ns[TOPO_ROUTER]) && !lab_netem("r1", &half) &&
	    !lab_netem("r0", &half) && !lab_ingress_bpf("r0", judge))
		ret = 0;
	return lab_netns_enter(net.topo.ns[TOPO_CLIENT]) ? -1 : ret;
}

/* One end of a flow; @number has the end in its lowest bit. */
static int watch(struct many *m, int number, int events)
{
	struct epoll_event e = { .events = events, .data.u32 = number };
	int fd = m->flow[number / 2].fd[number % 2];

	if (lab_nonblock(fd, true))
		return -1;
	return epoll_ctl(m->poll, EPOLL_CTL_ADD, fd, &e) ? stand_fail("EPOLL_CTL_ADD") : 0;
}

static int open_flows(struct many *m)
{
	int listener, i, ret = 0;

	for (i = 0; i < FLOWS && !ret; i++) {
		int *fd = m->flow[i].fd;

		listener = topo_listen(&net.topo, PORT + i, 1);
		if (listener < 0 || lab_bpf_set_count(counts, i, i * STEP))
			return -1;
		fd[0] = topo_connect(&net.topo, PORT + i);
		if (fd[0] >= 0 && lab_wait(listener, POLLIN))
			fd[1] = accept(listener, NULL, NULL);
		if (fd[0] < 0 || fd[1] < 0)
			ret = fd[0] < 0 ? -1 : stand_fail("accept()");
		else
			ret = watch(m, 2 * i, EPOLLOUT) || watch(m, 2 * i + 1, EPOLLIN) ? -1 : 0;
		close(listener);
	}
	return ret;
}

static int flow_write(struct many *m, int i)
{
	static const uint8_t data[CHUNK];
	uint32_t left = m->each - m->flow[i].sent;
	ssize_t n = send(m->flow[i].fd[0], data, left < CHUNK ? left : CHUNK, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : stand_fail("send()");
	m->flow[i].sent += n;
	if (m->flow[i].sent < m->each)
		return 0;
	/* nothing more to be said there */
	return epoll_ctl(m->poll, EPOLL_CTL_DEL, m->flow[i].fd[0], NULL) ?
	       stand_fail("EPOLL_CTL_DEL") : 0;
}

static int flow_read(struct many *m, int i)
{
	static uint8_t data[CHUNK];
	ssize_t n = recv(m->flow[i].fd[1], data, sizeof(data), 0);

	if (n <= 0)
		return n && errno == EAGAIN ? 0 : stand_fail("recv()");
	m->flow[i].got += n;
	m->busy -= m->flow[i].got == m->each;
	return 0;
}

static int serve(struct many *m)
{
	struct epoll_event events[EVENTS];
	int n, i;

	while (m->busy) {
		n = epoll_wait(m->poll, events, EVENTS, WAIT_MS);
		if (n <= 0)
			return n ? stand_fail("epoll_wait()") : lab_fail("nothing moves");
		for (i = 0; i < n; i++) {
			int number = events[i].data.u32;

			if (number % 2 ? flow_read(m, number / 2) : flow_write(m, number / 2))
				return -1;
		}
	}
	return 0;
}

/* Each flow's packets must have been counted, one by one. */
static int check_counts(const struct many *m)
{
	int i;

	for (i = 0; i < FLOWS; i++) {
		long packets = lab_bpf_count(counts, i) - i * STEP;

		if (packets < (long)m->each / MTU)
			return lab_fail("flow %d sent %ld packets only", i, packets);
	}
	return 0;
}

/* Per byte, of all flows together. @arg: how many bytes each flow has. */
int work_lossy(struct stand *s, const void *arg)
{
	struct many m = { .poll = epoll_create1(EPOLL_CLOEXEC), .busy = FLOWS,
			  .each = *(const int *)arg };
	int i, ret = -1;

	net.lab = s->lab;
	for (i = 0; i < FLOWS; i++)
		memset(m.flow[i].fd, -1, sizeof(m.flow[i].fd));
	/* connections come about on a good link */
	if (m.poll < 0)
		stand_fail("epoll_create1()");
	else if (!set_link(-1) && !open_flows(&m) && !set_link(dropper) &&
		 !stand_start(s) && !serve(&m))
		ret = stand_stop(s, (uint64_t)FLOWS * m.each) ?: check_counts(&m);
	for (i = 0; i < FLOWS; i++)
		stand_part(m.flow[i].fd);
	close(m.poll);
	return ret;
}
