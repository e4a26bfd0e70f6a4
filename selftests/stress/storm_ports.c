// SPDX-License-Identifier: GPL-2.0
/*
 * Few ports, many who want them: connections that churn through a short range, leaving TIME_WAITs,
 * while others bind and listen in the same range, with and without SO_REUSEADDR and SO_REUSEPORT.
 * Nobody is given what another has, and in the end every port is free.
 */
#include "harness.h"
#include "storm.h"

LAB_FIXTURE(storm_ports);

enum { FIRST = 41000, PORTS = 12, SERVER = 9000 };

struct churn {
	int rounds;
	atomic_int connected, refused;
	atomic_int owner[PORTS];	/* who has bound the port for himself alone */
};

static int set_up(struct lab *lab)
{
	char range[40];

	snprintf(range, sizeof(range), "%d %d", FIRST, FIRST + PORTS - 1);
	if (lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", range) ||
	    lab_sysctl_set(lab, "max_tw_buckets", "8"))
		return -1;
	/* the kernel's TCP has no such setting: its few TIME_WAITs stay */
	return lab->oracle ? 0 : lab_sysctl_set(lab, "msl_ms", "20");
}

static int use_ports(struct hand *h)
{
	struct churn *c = h->arg;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(h->crew->lab, SERVER, &ss);
	int i, fd;
	char byte;

	for (i = 0; i < c->rounds && hand_goes_on(h); i++) {
		fd = lab_socket(h->crew->lab, 0);
		if (fd < 0)
			return -1;
		if (connect(fd, (struct sockaddr *)&ss, len)) {
			if (errno != EADDRNOTAVAIL)
				return lab_fail("connect: %s", strerror(errno));
			atomic_fetch_add(&c->refused, 1);
			usleep(1000);
		} else {
			/* the server says a byte and closes, or waits for us to do so */
			if (recv(fd, &byte, 1, 0) != 1)
				return lab_fail("recv: %s", strerror(errno));
			if (byte && recv(fd, &byte, 1, 0) != 0)
				return lab_fail("no end of stream");
			atomic_fetch_add(&c->connected, 1);
		}
		close(fd);
	}
	return 0;
}

static int serve(struct hand *h)
{
	int *listener = h->arg, fd;
	struct pollfd pfd = { .fd = *listener, .events = POLLIN };
	char byte;

	while (hand_goes_on(h)) {
		if (poll(&pfd, 1, 10) <= 0)
			continue;
		fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			continue;
		byte = hand_random(h, 2);
		lab_nonblock(fd, false);
		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
			return lab_fail("send: %s", strerror(errno));
		if (!byte && recv(fd, &byte, 1, 0) != 0)
			return lab_fail("the client did not close");
		close(fd);
	}
	return 0;
}

/* A port that is bound without any sharing belongs to one socket. */
static int own_ports(struct hand *h)
{
	struct churn *c = h->arg;
	struct sockaddr_storage ss;
	int fd, port, nobody;
	socklen_t len;

	while (hand_goes_on(h)) {
		port = hand_random(h, PORTS);
		nobody = 0;
		len = lab_any(h->crew->lab, FIRST + port, &ss);
		fd = lab_socket(h->crew->lab, 0);
		if (fd < 0)
			return -1;
		if (!bind(fd, (struct sockaddr *)&ss, len)) {
			if (!atomic_compare_exchange_strong(&c->owner[port], &nobody, h->no + 1))
				return lab_fail("port %d belongs to two", FIRST + port);
			if (hand_random(h, 2) && listen(fd, 1))
				return lab_fail("listen: %s", strerror(errno));
			atomic_store(&c->owner[port], 0);
		} else if (errno != EADDRINUSE) {
			return lab_fail("bind: %s", strerror(errno));
		}
		close(fd);
	}
	return 0;
}

static int share_ports(struct hand *h)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	while (hand_goes_on(h)) {
		len = lab_any(h->crew->lab, FIRST + hand_random(h, PORTS), &ss);
		fd = lab_socket(h->crew->lab, 0);
		if (fd < 0 || lab_set_opt(fd, SOL_SOCKET,
					  hand_random(h, 2) ? SO_REUSEADDR : SO_REUSEPORT, 1))
			return -1;
		if (bind(fd, (struct sockaddr *)&ss, len) || (hand_random(h, 2) && listen(fd, 1))) {
			if (errno != EADDRINUSE)
				return lab_fail("bind or listen: %s", strerror(errno));
		}
		close(fd);
	}
	return 0;
}

static bool every_port_is_free(struct lab *lab)
{
	struct sockaddr_storage ss;
	int i, fd, bad = 0;
	socklen_t len;

	for (i = 0; i < PORTS; i++) {
		len = lab_any(lab, FIRST + i, &ss);
		fd = lab_socket(lab, 0);
		bad += bind(fd, (struct sockaddr *)&ss, len) != 0;
		close(fd);
	}
	return !bad;
}

TEST_F_TIMEOUT(storm_ports, churn, lab_secs(60))
{
	struct churn c = { .rounds = storm_rounds(80) };
	static struct crew users, others;
	int listener;

	LAB_OK(set_up(&self->lab));
	listener = LAB_FD(lab_listen(&self->lab, SERVER, 100));
	LAB_OK(lab_nonblock(listener, true));
	crew_init(&users, &self->lab);
	crew_init(&others, &self->lab);
	LAB_OK(crew_add(&others, serve, &listener, 3));
	LAB_OK(crew_add(&others, own_ports, &c, 2));
	LAB_OK(crew_add(&others, share_ports, &c, 1));
	LAB_OK(crew_add(&users, use_ports, &c, 3));
	LAB_OK(crew_join(&users));
	LAB_OK(crew_stop(&others));
	TH_LOG("%d connections, %d times no port", atomic_load(&c.connected),
	       atomic_load(&c.refused));
	EXPECT_LT(c.rounds, atomic_load(&c.connected));
	close(listener);
	/* a TIME_WAIT of the kernel's TCP keeps its port for a minute, whatever is set */
	EXPECT_TRUE(LAB_DIFFERS(&self->lab, true, LAB_UNTIL(every_port_is_free(&self->lab)),
				"msl_ms can be turned"));
}

TEST_HARNESS_MAIN
