// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes through one connection. One thread serves both ends, so that nothing is counted but the
 * protocol and the calls: it writes, then reads what has come, and sleeps only where neither can
 * be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "rows.h"

#define READ		(128 << 10)
#define FILE_SIZE	(64ULL << 20)
#define LEAD		(4ULL << 20)	/* until windows and buffers are as large as they get */

static uint8_t in[READ], out[READ];

static ssize_t send_plain(int fd, uint64_t off, size_t len)
{
	(void)off;
	return send(fd, out, len, MSG_NOSIGNAL);
}

/* The file that send_file() sends: its pages are in memory. */
static int the_file(void)
{
	static int fd = -1;
	off_t i;

	if (fd >= 0)
		return fd;
	fd = memfd_create("bench", MFD_CLOEXEC);
	for (i = 0; fd >= 0 && i < (off_t)FILE_SIZE; i += READ)
		if (pwrite(fd, out, READ, i) != READ)
			return stand_fail("pwrite()");
	return fd;
}

int ready_file(int fd)
{
	(void)fd;
	return the_file() < 0 ? stand_fail("memfd_create()") : 0;
}

/* sendfile() of a file that is in memory, over and over. */
ssize_t send_file(int fd, uint64_t off, size_t len)
{
	off_t at = off % FILE_SIZE;

	if (len > FILE_SIZE - at)
		len = FILE_SIZE - at;
	return sendfile(fd, the_file(), &at, len);
}

int ready_lent(int fd)
{
	return lab_set_opt(fd, SOL_SOCKET, SO_ZEROCOPY, 1);
}

/* MSG_ZEROCOPY: pages are lent, and what the kernel says when it is done with them is read. */
ssize_t send_lent(int fd, uint64_t off, size_t len)
{
	char control[128];
	struct msghdr m = { .msg_control = control, .msg_controllen = sizeof(control) };

	(void)off;
	while (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		m.msg_controllen = sizeof(control);
	return send(fd, out, len, MSG_NOSIGNAL | MSG_ZEROCOPY);
}

struct pump {
	int fd[2];
	const struct stream *shape;
	uint64_t sent, got, end;
};

static ssize_t blocked(ssize_t n)
{
	return n < 0 && errno == EAGAIN ? 0 : n;
}

/* Some writes. Returns bytes, 0 when there is no room; -1 with the reason. */
static ssize_t fill(struct pump *p)
{
	uint64_t before = p->sent;
	int i;

	for (i = 0; i < p->shape->burst && p->sent < p->end; i++) {
		uint64_t left = p->end - p->sent;
		size_t len = left < (size_t)p->shape->write ? left : (size_t)p->shape->write;
		ssize_t n = (p->shape->send ? p->shape->send : send_plain)(p->fd[0], p->sent, len);

		/* lent pages are charged to a small account of their own */
		if (n < 0 && errno == ENOBUFS)
			errno = EAGAIN;
		if (blocked(n) < 0)
			return stand_fail("send()");
		if (n <= 0)
			break;
		p->sent += n;
	}
	return p->sent - before;
}

/* All that has come. */
static ssize_t drain(struct pump *p)
{
	uint64_t before = p->got;
	ssize_t n;

	while ((n = blocked(recv(p->fd[1], in, sizeof(in), 0))) > 0) {
		p->got += n;
		if (n < (ssize_t)sizeof(in))
			break;
	}
	return n < 0 ? stand_fail("recv()") : (ssize_t)(p->got - before);
}

static int wait_for_either(struct pump *p)
{
	struct pollfd fds[2] = {
		{ .fd = p->sent < p->end ? p->fd[0] : -1, .events = POLLOUT },
		{ .fd = p->fd[1], .events = POLLIN },
	};

	return poll(fds, 2, 20000) == 1 || fds[0].revents || fds[1].revents ? 0 :
	       lab_fail("nothing moves behind byte %llu", (unsigned long long)p->got);
}

/* Move @bytes more from the one end to the other. */
static int move(struct pump *p, uint64_t bytes)
{
	ssize_t there, here;

	p->end += bytes;
	while (p->got < p->end) {
		there = fill(p);
		here = there < 0 ? -1 : drain(p);
		if (here < 0 || (!there && !here && wait_for_either(p)))
			return -1;
	}
	return 0;
}

/* Per byte. */
int work_stream(struct stand *s, const void *arg)
{
	struct pump p = { .shape = arg };
	const struct stream *shape = arg;
	uint64_t lead = shape->total / 4 < LEAD ? shape->total / 4 : LEAD;
	int ret = -1;

	if (!stand_pair(s, p.fd) &&
	    (!shape->nodelay || !lab_set_opt(p.fd[0], IPPROTO_TCP, TCP_NODELAY, 1)) &&
	    (!shape->ready || !shape->ready(p.fd[0])) &&
	    !move(&p, lead) && !stand_start(s) && !move(&p, shape->total))
		ret = stand_stop(s, shape->total);
	stand_part(p.fd);
	return ret;
}
