// SPDX-License-Identifier: GPL-2.0
/*
 * Bystanders: a handful of connections, both ends of each in one process, which writes and reads
 * without ever waiting. Now and then one ends, in good order, and another takes its place.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bystander.h"
#include "topo.h"

#define CONNS		4
#define CHUNK		12000
#define PACE_US		20000
#define ROUNDS		100		/* of one connection, about */
#define VETH_PORT	5100

/* What makes a pair of connected, non-blocking sockets. */
struct maker {
	int (*pair)(struct maker *m, int n, int fd[2]);
	struct lab lab[2];
	struct topo topo;
	int lfd;
};

struct conn {
	int fd[2];
	uint64_t sent[2], got[2];	/* by end */
	unsigned int left;		/* rounds */
	bool shut, eof[2];
	int64_t moved_us;
};

static int pair_loopback(struct maker *m, int n, int fd[2])
{
	return lab_pair(&m->lab[n % 2], fd);
}

static int pair_veth(struct maker *m, int n, int fd[2])
{
	fd[0] = topo_connect(&m->topo, VETH_PORT);
	if (fd[0] < 0 || !lab_wait(m->lfd, POLLIN))
		return -1;
	fd[1] = accept4(m->lfd, NULL, NULL, SOCK_CLOEXEC);
	return fd[1] < 0 ? lab_fail("accept(): %s", strerror(errno)) : 0;
}

static int conn_open(struct maker *m, struct conn *c, int n)
{
	memset(c, 0, sizeof(*c));
	if (m->pair(m, n, c->fd) || lab_nonblock(c->fd[0], true) || lab_nonblock(c->fd[1], true))
		return -1;
	c->left = ROUNDS + 17 * n;
	c->moved_us = lab_now_us();
	return 0;
}

static unsigned int stream_of(int from)
{
	return from ? LAB_TO_KERNEL : LAB_TO_PEER;
}

static int write_some(struct conn *c, int end)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	lab_fill(buf, stream_of(end), c->sent[end], sizeof(buf));
	n = send(c->fd[end], buf, 1 + (c->sent[end] * 7 + c->left * 131) % sizeof(buf),
		 MSG_NOSIGNAL);
	if (n > 0)
		c->sent[end] += n;
	if (n < 0 && errno != EAGAIN)
		return lab_fail("send at offset %llu: %s", (unsigned long long)c->sent[end],
				strerror(errno));
	return 0;
}

static int read_all(struct bystanders *b, struct conn *c, int end)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	while (!c->eof[end] && (n = recv(c->fd[end], buf, sizeof(buf), 0)) >= 0) {
		if (lab_verify(buf, stream_of(!end), c->got[end], n))
			return -1;
		c->got[end] += n;
		b->bytes += n;
		c->moved_us = lab_now_us();
		c->eof[end] = !n;
	}
	if (!c->eof[end] && errno != EAGAIN)
		return lab_fail("recv at offset %llu: %s", (unsigned long long)c->got[end],
				strerror(errno));
	if (c->eof[end] && c->got[end] != c->sent[!end])
		return lab_fail("end of stream at %llu of %llu", (unsigned long long)c->got[end],
				(unsigned long long)c->sent[!end]);
	return 0;
}

void bystanders_stop(struct bystanders *b)
{
	__atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
}

static bool stopped(struct bystanders *b)
{
	return __atomic_load_n(&b->stop, __ATOMIC_ACQUIRE);
}

/* One round of a connection. 1: it has ended as it should. */
static int conn_round(struct bystanders *b, struct conn *c)
{
	int end;

	for (end = 0; end < 2; end++)
		if (!c->shut && write_some(c, end))
			return -1;
	if (!c->shut && (!c->left-- || stopped(b))) {
		c->shut = true;
		if (shutdown(c->fd[0], SHUT_WR) || shutdown(c->fd[1], SHUT_WR))
			return lab_fail("shutdown(): %s", strerror(errno));
	}
	for (end = 0; end < 2; end++)
		if (read_all(b, c, end))
			return -1;
	if (lab_now_us() - c->moved_us > 60000000LL * lab_slow())
		return lab_fail("stuck at %llu of %llu and %llu of %llu octets",
				(unsigned long long)c->got[0], (unsigned long long)c->sent[1],
				(unsigned long long)c->got[1], (unsigned long long)c->sent[0]);
	return c->eof[0] && c->eof[1];
}

static int run(struct bystanders *b, struct maker *m)
{
	struct conn c[CONNS];
	int i, open = CONNS;

	for (i = 0; i < CONNS; i++)
		if (conn_open(m, &c[i], i))
			return -1;
	while (open) {
		for (i = 0; i < CONNS; i++) {
			int ret = c[i].fd[0] < 0 ? 0 : conn_round(b, &c[i]);

			if (ret < 0)
				return -1;
			if (!ret)
				continue;
			b->conns++;
			close(c[i].fd[0]);
			close(c[i].fd[1]);
			c[i].fd[0] = -1;
			if (stopped(b))
				open--;
			else if (conn_open(m, &c[i], i))
				return -1;
		}
		usleep(PACE_US);
	}
	return 0;
}

static int told(struct bystanders *b, int ret)
{
	if (ret)
		snprintf(b->why, sizeof(b->why), "%s", lab_why());
	return ret;
}

int bystanders_loopback(struct bystanders *b, const struct lab *lab)
{
	struct maker m = { .pair = pair_loopback };

	m.lab[0] = *lab;
	m.lab[1] = *lab;
	m.lab[0].family = AF_INET;
	m.lab[1].family = AF_INET6;
	return told(b, run(b, &m));
}

int bystanders_veth(struct bystanders *b, struct lab *lab)
{
	struct maker m = { .pair = pair_veth };

	if (lab_netns_new() || topo_two_hosts(&m.topo, lab))
		return told(b, -1);
	m.lfd = topo_listen(&m.topo, VETH_PORT, CONNS);
	return told(b, m.lfd < 0 ? -1 : run(b, &m));
}
