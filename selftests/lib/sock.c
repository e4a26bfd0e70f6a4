// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets for tests: each helper either does the whole of its job or returns -1 and leaves the
 * reason in lab_why().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

int64_t lab_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* A stream socket of this variant; @type_flags may be SOCK_NONBLOCK. */
int lab_socket(const struct lab *lab, int type_flags)
{
	int fd = socket(lab->family, SOCK_STREAM | SOCK_CLOEXEC | type_flags, lab->proto);

	if (fd < 0)
		return lab_fail("socket(): %s", strerror(errno));
	return fd;
}

/* Fill in an address of either family from its text; returns its length. */
socklen_t lab_addr(int family, const char *text, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET6) {
		inet_pton(AF_INET6, text, &sin6->sin6_addr);
		sin6->sin6_port = htons(port);
		return sizeof(*sin6);
	}
	inet_pton(AF_INET, text, &sin->sin_addr);
	sin->sin_port = htons(port);
	return sizeof(*sin);
}

socklen_t lab_loopback(const struct lab *lab, int port, struct sockaddr_storage *ss)
{
	return lab_addr(lab->family, lab->family == AF_INET6 ? "::1" : "127.0.0.1", port, ss);
}

socklen_t lab_any(const struct lab *lab, int port, struct sockaddr_storage *ss)
{
	return lab_addr(lab->family, lab->family == AF_INET6 ? "::" : "0.0.0.0", port, ss);
}

static int port_of(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
	return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

/* The local port of a socket. */
int lab_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return lab_fail("getsockname(): %s", strerror(errno));
	return port_of(&ss);
}

/* The port at the other end. */
int lab_peer_port(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &len))
		return lab_fail("getpeername(): %s", strerror(errno));
	return port_of(&ss);
}

/* A listener on the loopback address; port 0 lets the kernel choose. */
int lab_listen(const struct lab *lab, int port, int backlog)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, port, &ss);
	int fd = lab_socket(lab, 0);

	if (fd < 0)
		return -1;
	if (lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		goto err;
	if (bind(fd, (struct sockaddr *)&ss, len)) {
		lab_fail("bind(): %s", strerror(errno));
		goto err;
	}
	if (listen(fd, backlog)) {
		lab_fail("listen(): %s", strerror(errno));
		goto err;
	}
	return fd;
err:
	close(fd);
	return -1;
}

/* A blocking connect to the loopback address. */
int lab_connect_to(const struct lab *lab, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, port, &ss);
	int fd = lab_socket(lab, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len)) {
		lab_fail("connect(): %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* Two ends of one connection over loopback: fd[0] connected, fd[1] accepted. */
int lab_pair(const struct lab *lab, int fd[2])
{
	int listener = lab_listen(lab, 0, 1);

	fd[0] = -1;
	fd[1] = -1;
	if (listener < 0)
		return -1;
	fd[0] = lab_connect_to(lab, lab_port(listener));
	if (fd[0] >= 0) {
		if (!lab_wait(listener, POLLIN))
			lab_fail("the listener never became readable");
		else
			fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	close(listener);
	if (fd[0] >= 0 && fd[1] < 0) {
		close(fd[0]);
		return lab_fail("accept(): %s", strerror(errno));
	}
	return fd[1] < 0 ? -1 : 0;
}

int lab_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK))
		return lab_fail("fcntl(): %s", strerror(errno));
	return 0;
}

/* An integer option; -1 on error (no option asked for here can be negative). */
int lab_opt(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, name, &value, &len))
		return lab_fail("getsockopt(%d, %d): %s", level, name, strerror(errno));
	return value;
}

int lab_set_opt(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		return lab_fail("setsockopt(%d, %d, %d): %s", level, name, value, strerror(errno));
	return 0;
}

/* SO_ERROR, which reading clears. */
int lab_so_error(int fd)
{
	return lab_opt(fd, SOL_SOCKET, SO_ERROR);
}

/* The state that TCP_INFO shows. */
int lab_tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return lab_fail("getsockopt(TCP_INFO): %s", strerror(errno));
	return info.tcpi_state;
}

/* What of @events (and POLLERR, POLLHUP) shows within @ms, times TCPLAB_SLOW where it must wait. */
short lab_poll(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&pfd, 1, ms * lab_slow());
	} while (n < 0 && errno == EINTR);
	return n > 0 ? pfd.revents : 0;
}

/* Wait for one of @events as long as a sane stack could need. */
short lab_wait(int fd, short events)
{
	return lab_poll(fd, events, 20000);
}
