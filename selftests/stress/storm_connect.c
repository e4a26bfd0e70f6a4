// SPDX-License-Identifier: GPL-2.0
/*
 * Connections opened, used and closed from several threads and processes at once, all through one
 * listener. Every connection must succeed, and every byte arrive.
 */
#include "harness.h"
#include "storm.h"

LAB_FIXTURE(storm_connect);

enum { SERVERS = 3, CLIENTS = 4 };

struct service {
	struct lab *lab;
	int listener, port, rounds;
	atomic_int served, left;
};

static int service_open(struct service *s, struct lab *lab, int rounds)
{
	s->lab = lab;
	s->rounds = rounds;
	s->listener = lab_listen(lab, 0, 512);
	s->port = lab_port(s->listener);
	atomic_init(&s->served, 0);
	atomic_init(&s->left, CLIENTS * rounds);
	return s->listener;
}

/* How much goes each way: often nothing or little, now and then more than a window. */
static size_t amount(int port)
{
	static const size_t sizes[] = { 0, 1, 100, 3000, 20000, 150000 };

	return sizes[port / 2 % 6];
}

/* The client's port names the streams, so that connections cannot be mixed up. */
static int serve_one(int fd)
{
	int port = lab_peer_port(fd), ret;
	size_t len = amount(port);

	ret = port < 0 ? -1 : lab_exchange(fd, 2 * port, len, 2 * port + 1, len, 0);
	close(fd);
	return ret;
}

static int use_one(int fd)
{
	int port = lab_port(fd), ret;
	size_t len = amount(port);

	ret = port < 0 ? -1 : lab_exchange(fd, 2 * port + 1, len, 2 * port, len, 0);
	close(fd);
	return ret;
}

static int serve(struct hand *h)
{
	struct service *s = h->arg;
	int fd;

	/* each takes a ticket before it waits, so that none waits for a client that never comes */
	while (hand_goes_on(h) && atomic_fetch_sub(&s->left, 1) > 0) {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return lab_fail("accept: %s", strerror(errno));
		if (serve_one(fd))
			return -1;
		atomic_fetch_add(&s->served, 1);
	}
	return 0;
}

static int use(struct hand *h)
{
	struct service *s = h->arg;
	int i, fd;

	for (i = 0; i < s->rounds && hand_goes_on(h); i++) {
		fd = lab_connect_to(s->lab, s->port);
		if (fd < 0 || use_one(fd))
			return -1;
	}
	return 0;
}

/* The same without ever waiting in connect(). */
static int use_nonblocking(struct hand *h)
{
	struct service *s = h->arg;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(s->lab, s->port, &ss);
	int i, fd, err;

	for (i = 0; i < s->rounds && hand_goes_on(h); i++) {
		fd = lab_socket(s->lab, SOCK_NONBLOCK);
		if (fd < 0)
			return -1;
		if (connect(fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
			return lab_fail("connect: %s", strerror(errno));
		if (!(lab_wait(fd, POLLOUT) & POLLOUT))
			return lab_fail("a connection attempt never ended");
		err = lab_so_error(fd);
		if (err)
			return lab_fail("connection attempt: %s", strerror(err));
		if (use_one(fd))
			return -1;
	}
	return 0;
}

static void storm(struct __test_metadata *_metadata, struct lab *lab, int (*user)(struct hand *h))
{
	int rounds = storm_rounds(40);
	long long opens = lab_counter(lab, "PassiveOpens");
	struct service s;
	static struct crew c;

	LAB_OK(service_open(&s, lab, rounds));
	crew_init(&c, lab);
	LAB_OK(crew_add(&c, serve, &s, SERVERS));
	LAB_OK(crew_add(&c, user, &s, CLIENTS));
	LAB_OK(crew_join(&c));
	EXPECT_EQ(CLIENTS * rounds, atomic_load(&s.served));
	EXPECT_EQ(opens + CLIENTS * rounds, lab_counter(lab, "PassiveOpens"));
}

TEST_F_TIMEOUT(storm_connect, threads, lab_secs(60))
{
	storm(_metadata, &self->lab, use);
}

TEST_F_TIMEOUT(storm_connect, nonblocking, lab_secs(60))
{
	storm(_metadata, &self->lab, use_nonblocking);
}

/* Processes that share nothing but the listener; each serves and uses in turn. */
static int process(struct service *s)
{
	int i, fd, peer;

	for (i = 0; i < s->rounds; i++) {
		fd = lab_connect_to(s->lab, s->port);
		if (fd < 0)
			return -1;
		/* somebody's: any process may get any connection */
		peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (peer < 0)
			return lab_fail("accept: %s", strerror(errno));
		if (lab_send(fd, lab_port(fd), 0, 3000) ||
		    lab_recv(peer, lab_peer_port(peer), 0, 3000))
			return -1;
		close(i & 1 ? fd : peer);
		close(i & 1 ? peer : fd);
	}
	return 0;
}

TEST_F_TIMEOUT(storm_connect, processes, lab_secs(60))
{
	struct service s;
	int i, status;

	LAB_OK(service_open(&s, &self->lab, storm_rounds(40)));
	for (i = 0; i < CLIENTS; i++) {
		if (fork())
			continue;
		if (process(&s)) {
			printf("# process %d: %s\n", i, lab_why());
			fflush(stdout);
			_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
