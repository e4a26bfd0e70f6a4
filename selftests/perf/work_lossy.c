// SPDX-License-Identifier: GPL-2.0
/*
 * Many flows at once over a link that loses packets: the network of flow.c, and losses that are the
 * same for both protocols as long as both send the same packets in the same order. Most of the time
 * nobody does anything here, and that does not count.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "flow.h"
#include "netem.h"
#include "rows.h"

#define FLOWS	64
#define CHUNK	(64 << 10)
#define EVENTS	32
#define WAIT_MS	120000

static struct bench net;

struct many {
	int poll, busy;
	uint32_t each;
	struct { int fd[2]; uint32_t sent, got; } flow[FLOWS];
};

/* The network is there once for both; the protocols take turns in it. */
int stand_lossy(struct stand *s)
{
	net.lab = s->lab;
	return bench_begin(&net);
}

static int set_link(double loss, int seed)
{
	struct lab_netem data = { .loss = loss, .delay_us = 5000, .seed = seed };
	struct lab_netem acks = { .delay_us = 5000, .seed = seed };
	int ret = -1;

	if (!lab_netns_enter(net.topo.ns[TOPO_ROUTER]) && !lab_netem("r1", &data) &&
	    !lab_netem("r0", &acks))
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
	int listener = topo_listen(&net.topo, STAND_PORT, FLOWS), i, ret = 0;

	if (listener < 0)
		return -1;
	for (i = 0; i < FLOWS && !ret; i++) {
		int *fd = m->flow[i].fd;

		fd[0] = topo_connect(&net.topo, STAND_PORT);
		if (fd[0] >= 0 && lab_wait(listener, POLLIN))
			fd[1] = accept(listener, NULL, NULL);
		if (fd[0] < 0 || fd[1] < 0)
			ret = fd[0] < 0 ? -1 : stand_fail("accept()");
		else
			ret = watch(m, 2 * i, EPOLLOUT) || watch(m, 2 * i + 1, EPOLLIN) ? -1 : 0;
	}
	close(listener);
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
	else if (!set_link(0, s->rep) && !open_flows(&m) && !set_link(5, s->rep) &&
		 !stand_start(s) && !serve(&m))
		ret = stand_stop(s, (uint64_t)FLOWS * m.each);
	for (i = 0; i < FLOWS; i++)
		stand_part(m.flow[i].fd);
	close(m.poll);
	return ret;
}
