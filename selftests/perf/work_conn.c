// SPDX-License-Identifier: GPL-2.0
/* Connections rather than bytes: round trips, whole short lives, and many that do nothing. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

#define IDLE_PORT	600	/* and up: not one that connect() may choose */
#define PER_ADDRESS	30000	/* connections to one address and port: there are 64,000 ports */

/* One byte from @from to @to. */
static int pass(int from, int to)
{
	char c = 'x';
	ssize_t n;

	if (send(from, &c, 1, MSG_NOSIGNAL) != 1)
		return stand_fail("send()");
	n = recv(to, &c, 1, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN) {
		lab_wait(to, POLLIN);
		n = recv(to, &c, 1, MSG_DONTWAIT);
	}
	return n == 1 ? 0 : n ? stand_fail("recv()") : lab_fail("recv(): no byte, but the end");
}

static int round_trips(const int fd[2], int n)
{
	while (n--)
		if (pass(fd[0], fd[1]) || pass(fd[1], fd[0]))
			return -1;
	return 0;
}

/* Per request and response of a byte. @arg: how many. */
int work_rr(struct stand *s, const void *arg)
{
	int fd[2], n = *(const int *)arg, ret = -1;

	if (!stand_pair(s, fd) && !round_trips(fd, n / 10) && !stand_start(s) &&
	    !round_trips(fd, n))
		ret = stand_stop(s, n);
	stand_part(fd);
	return ret;
}

/* Connect, request, response; who connected closes first. */
static int short_life(struct stand *s, int listener, const struct sockaddr_storage *ss,
		      socklen_t len)
{
	int fd[2] = { lab_socket(&s->lab, 0), -1 }, ret = -1;

	if (fd[0] < 0)
		return -1;
	if (connect(fd[0], (const struct sockaddr *)ss, len)) {
		stand_fail("connect()");
	} else {
		fd[1] = accept(listener, NULL, NULL);
		ret = fd[1] < 0 ? stand_fail("accept()") : round_trips(fd, 1);
	}
	close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
	return ret;
}

/* Per connection, from socket() to close() at both ends. @arg: how many. */
int work_crr(struct stand *s, const void *arg)
{
	int n = *(const int *)arg, listener = stand_listen(s), i, ret = 0;
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(s->lab.family, topo_server_addr(&s->topo), STAND_PORT, &ss);

	if (listener < 0)
		return -1;
	for (i = -n / 10; i < n && !ret; i++)
		ret = (!i && stand_start(s)) || short_life(s, listener, &ss, len);
	ret = ret ? -1 : stand_stop(s, n);
	close(listener);
	return ret;
}

/* Connections over loopback that do nothing. */
struct idle {
	int (*fd)[2];
	int n;
};

static int idle_listener(struct stand *s, int number, struct sockaddr_storage *ss, socklen_t *len)
{
	int fd = lab_socket(&s->lab, 0);

	*len = lab_loopback(&s->lab, IDLE_PORT + number, ss);
	if (fd < 0 || lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	if (!bind(fd, (struct sockaddr *)ss, *len) && !listen(fd, 128))
		return fd;
	close(fd);
	return stand_fail("bind() or listen()");
}

/* Make them @n altogether. */
static int idle_grow(struct stand *s, struct idle *idle, int n)
{
	int listener = -1, number = -1, ret = 0;
	struct sockaddr_storage ss;
	socklen_t len = 0;

	idle->fd = reallocarray(idle->fd, n, sizeof(*idle->fd));
	if (!idle->fd)
		return lab_fail("no memory for %d connections", n);
	for (; idle->n < n && !ret; idle->n++) {
		int *fd = idle->fd[idle->n];

		if (idle->n / PER_ADDRESS != number) {
			number = idle->n / PER_ADDRESS;
			close(listener);
			listener = idle_listener(s, number, &ss, &len);
			if (listener < 0)
				return -1;
		}
		fd[0] = lab_socket(&s->lab, 0);
		fd[1] = -1;
		if (fd[0] < 0 || connect(fd[0], (struct sockaddr *)&ss, len))
			ret = lab_fail("connect() of idle connection %d: %s", idle->n,
				       strerror(errno));
		else
			fd[1] = accept(listener, NULL, NULL);
		if (!ret && fd[1] < 0)
			ret = lab_fail("accept() of idle connection %d: %s", idle->n,
				       strerror(errno));
	}
	close(listener);
	return ret;
}

static void idle_end(struct idle *idle)
{
	while (idle->n)
		stand_part(idle->fd[--idle->n]);
	free(idle->fd);
}

/* A line of /proc/meminfo, in bytes; none is none. */
static long long meminfo(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? atoll(line + strlen(name)) * 1024 : 0;
}

/*
 * What the kernel has allocated, large blocks and tables included; -1 with the reason. What is free
 * says less: lists of free pages belong to a processor, and count as used.
 */
static long long kernel_bytes(void)
{
	char buf[8192];

	/* what is freed after a grace period, and by who must wake up first */
	sleep(2);
	if (lab_read_file("/proc/meminfo", buf, sizeof(buf)) < 0)
		return -1;
	return meminfo(buf, "\nSlab:") + meminfo(buf, "\nVmallocUsed:") + meminfo(buf, "\nPercpu:");
}

/*
 * Bytes per pair of connected sockets, their files and whatever finds them. @arg: how many. A fifth
 * of them is made before: what lies in half-empty slabs does not count then.
 */
int work_memory(struct stand *s, const void *arg)
{
	int n = *(const int *)arg, ret = -1;
	struct idle idle = { 0 };
	long long before, after;

	if (!idle_grow(s, &idle, n / 5)) {
		before = kernel_bytes();
		ret = before < 0 || idle_grow(s, &idle, n + n / 5) ? -1 : 0;
		after = ret ? -1 : kernel_bytes();
		s->cost = (double)(after - before) / n;
		ret = after < 0 ? -1 : ret;
	}
	idle_end(&idle);
	return ret;
}

/* Bytes of an object of a slab cache. @arg: its two names, the kernel's first. */
int work_object(struct stand *s, const void *arg)
{
	const char *cache = ((const char * const *)arg)[!s->lab.oracle];
	char path[128], buf[64];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/object_size", cache);
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	s->cost = atol(buf);
	return s->cost > 0 ? 0 : lab_fail("%s: no size", path);
}

/* What a round trip costs with many idle connections, by what it does with ten. @arg: how many. */
int work_idle(struct stand *s, const void *arg)
{
	const char *given = getenv("BENCH_IDLE");
	int n = given && *given ? atoi(given) : *(const int *)arg;
	const int trips = 5000;
	struct idle idle = { 0 };
	int fd[2], ret = -1;
	double few;

	if (stand_pair(s, fd) || idle_grow(s, &idle, 10))
		goto out;
	stand_settle();
	if (round_trips(fd, trips / 10) || stand_start(s) || round_trips(fd, trips) ||
	    stand_stop(s, trips))
		goto out;
	few = s->cost;
	if (idle_grow(s, &idle, n))
		goto out;
	stand_settle();
	if (round_trips(fd, trips / 10) || stand_start(s) || round_trips(fd, trips) ||
	    stand_stop(s, trips))
		goto out;
	s->cost /= few;
	ret = 0;
out:
	stand_part(fd);
	idle_end(&idle);
	return ret;
}
