// SPDX-License-Identifier: GPL-2.0
/*
 * The program in an episode of stress/fuzz_peer: it reads, writes, asks, closes, connects again,
 * whatever the dice say; and each octet that it reads must be the peer's.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "episode.h"

socklen_t episode_peer(struct episode *e, struct sockaddr_storage *ss)
{
	return lab_addr(e->w->wire.lab.family, e->paddr, e->p.pport, ss);
}

int user_write(struct episode *e)
{
	static const int flags[] = { 0, 0, 0, MSG_MORE, MSG_EOR, MSG_OOB };
	struct rnd *r = &e->p.rnd;
	static uint8_t buf[20000];
	size_t len = 1 + (rnd_one_in(r, 4) ? rnd_below(r, sizeof(buf)) : rnd_below(r, 300));
	ssize_t n;

	lab_fill(buf, LAB_TO_PEER, e->p.written, len);
	n = send(e->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT | flags[rnd_below(r, 6)]);
	if (e->p.talk)
		printf("# send %zd at %llu: %zd\n", len, (unsigned long long)e->p.written, n);
	if (n > 0)
		e->p.written += n;
	return 0;
}

int user_read(struct episode *e)
{
	struct rnd *r = &e->p.rnd;
	bool peek = rnd_one_in(r, 6), discard = rnd_one_in(r, 12);
	static uint8_t buf[20000];
	size_t len = rnd_one_in(r, 3) ? rnd_below(r, 200) : sizeof(buf);
	ssize_t n;

	n = recv(e->fd, buf, len, MSG_DONTWAIT | (peek ? MSG_PEEK : discard ? MSG_TRUNC : 0));
	if (e->p.talk)
		printf("# recv at %llu: %zd%s\n", (unsigned long long)e->read, n,
		       peek ? " peeked" : discard ? " discarded" : "");
	if (n <= 0)
		return 0;
	if (!(discard && !peek) && !e->unsure && !e->p.unsure &&
	    lab_verify(buf, LAB_TO_KERNEL, e->read, n))
		return -1;
	if (!peek)
		e->read += n;
	return 0;
}

/* A filter that passes all, or cuts at some length: what it cuts off the peer sends again. */
static void user_filter(struct episode *e)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K,
					   rnd_below(&e->p.rnd, 3) * 40);
	struct sock_fprog prog = { .len = 1, .filter = &code };
	int off = 0;

	setsockopt(e->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	mutate_plausible(&e->p);
	setsockopt(e->fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off));
}

static void user_option(struct episode *e)
{
	static const struct {
		int level, name, bits;
	} options[] = {
		{ SOL_SOCKET, SO_RCVBUF, 17 }, { SOL_SOCKET, SO_SNDBUF, 17 },
		{ SOL_SOCKET, SO_RCVLOWAT, 12 }, { SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_PRIORITY, 2 }, { SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_ZEROCOPY, 1 }, { SOL_SOCKET, SO_MARK, 2 },
		{ SOL_TCP, TCP_NODELAY, 1 }, { SOL_TCP, TCP_MAXSEG, 11 }, { SOL_TCP, TCP_CORK, 1 },
		{ SOL_TCP, TCP_KEEPIDLE, 3 }, { SOL_TCP, TCP_KEEPINTVL, 3 },
		{ SOL_TCP, TCP_KEEPCNT, 4 }, { SOL_TCP, TCP_SYNCNT, 3 },
		{ SOL_TCP, TCP_LINGER2, 2 }, { SOL_TCP, TCP_DEFER_ACCEPT, 3 },
		{ SOL_TCP, TCP_WINDOW_CLAMP, 16 }, { SOL_TCP, TCP_QUICKACK, 1 },
		{ SOL_TCP, TCP_USER_TIMEOUT, 12 }, { SOL_TCP, TCP_NOTSENT_LOWAT, 14 },
		{ IPPROTO_IP, IP_MTU_DISCOVER, 3 }, { IPPROTO_IP, IP_RECVERR, 1 },
		{ IPPROTO_IP, IP_TOS, 8 }, { IPPROTO_IP, IP_MINTTL, 7 },
		{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, 3 }, { IPPROTO_IPV6, IPV6_RECVERR, 1 },
		{ IPPROTO_IPV6, IPV6_MINHOPCOUNT, 7 },
	};
	struct rnd *r = &e->p.rnd;
	unsigned int i = rnd_below(r, ARRAY_SIZE(options));
	int value = rnd_magnitude(r, options[i].bits);

	if (rnd_one_in(r, 16))
		user_filter(e);
	else
		setsockopt(e->fd, options[i].level, options[i].name, &value, sizeof(value));
}

/* glibc's structure ends before what is asked for here. */
struct longer_info {
	struct tcp_info tcp;
	uint64_t pacing, max_pacing, acked, received;
};

/* Nothing that was not written is acknowledged, and nothing is read that did not come. */
static int check_info(struct episode *e)
{
	struct longer_info info = { .received = ~0ULL };
	socklen_t len = sizeof(info);

	if (e->unsure || getsockopt(e->fd, SOL_TCP, TCP_INFO, &info, &len))
		return 0;
	/* SYN and FIN count, too */
	if (info.acked > e->p.written + 2 || info.received < e->read)
		return lab_fail("TCP_INFO: %llu acknowledged of %llu, %llu received of %llu read",
				(unsigned long long)info.acked, (unsigned long long)e->p.written,
				(unsigned long long)info.received, (unsigned long long)e->read);
	if (info.tcp.tcpi_state < TCP_ESTABLISHED || info.tcp.tcpi_state > TCP_CLOSING)
		return lab_fail("TCP_INFO: state %d", info.tcp.tcpi_state);
	return 0;
}

static int user_ask(struct episode *e)
{
	struct pollfd pfd = { .fd = e->fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };
	struct tcp_info info;
	socklen_t len = rnd_below(&e->p.rnd, sizeof(info) + 1);
	int value;

	switch (rnd_below(&e->p.rnd, 8)) {
	case 0:
		getsockopt(e->fd, SOL_TCP, TCP_INFO, &info, &len);
		break;
	case 1:
		ioctl(e->fd, SIOCINQ, &value);
		ioctl(e->fd, SIOCOUTQ, &value);
		break;
	case 2:
		lab_so_error(e->fd);
		break;
	case 3:
		lab_peer_port(e->fd);
		break;
	case 4:
		poll(&pfd, 1, 0);
		break;
	default:
		return check_info(e);
	}
	return 0;
}

static void user_close(struct episode *e)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	/* a second of lingering is a long time here */
	if (rnd_one_in(&e->p.rnd, 400))
		hard.l_linger = 1;
	if (rnd_one_in(&e->p.rnd, 3))
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(e->fd);
	e->fd = -1;
}

/* connect(), listen(), bind() on whatever the socket is now, and taking its connection away. */
static void user_anew(struct episode *e)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = episode_peer(e, &ss);

	switch (rnd_below(&e->p.rnd, 4)) {
	case 0:
		ss.ss_family = AF_UNSPEC;
		if (connect(e->fd, (struct sockaddr *)&ss, len))
			break;
		e->unsure = true;
		e->p.anew = true;
		break;
	case 1:
		/* 0 only tells that the connection it has is up */
		if (!connect(e->fd, (struct sockaddr *)&ss, len) || errno == EISCONN ||
		    errno == EALREADY)
			break;
		/* an error takes what was left of the old one away */
		e->unsure = true;
		e->p.anew = true;
		e->p.written = 0;
		e->p.kport = lab_port(e->fd);
		break;
	case 2:
		if (!listen(e->fd, rnd_below(&e->p.rnd, 3)))
			e->unsure = true;
		break;
	default:
		bind(e->fd, (struct sockaddr *)&ss, len);
	}
}

int user_act(struct episode *e)
{
	static const int how[] = { SHUT_WR, SHUT_WR, SHUT_RD, SHUT_RDWR };
	struct rnd *r = &e->p.rnd;
	unsigned int what = rnd_below(r, 80);

	if (what == 0) {
		usleep(rnd_below(r, 3000));		/* timers, too */
		return 0;
	}
	if (e->fd < 0)
		return 0;
	if (e->p.talk)
		printf("# program: %u\n", what);
	if (what < 25)
		return user_write(e);
	if (what < 50)
		return user_read(e);
	if (what < 65)
		user_option(e);
	else if (what < 73)
		return user_ask(e);
	else if (what < 75)
		shutdown(e->fd, how[rnd_below(r, 4)]);
	else if (what == 75 && rnd_one_in(r, 2))
		user_close(e);
	else if (what == 76)
		user_anew(e);
	return 0;
}
