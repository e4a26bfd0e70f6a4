// SPDX-License-Identifier: GPL-2.0
/*
 * A listener under fire is closed, or shut down, and opened again on the same port, while clients
 * keep coming: with handshakes half done, complete and waiting, and just accepted. A client is
 * either served, byte for byte, or told by an error.
 */
#include "harness.h"
#include "storm.h"

#include <netinet/tcp.h>

LAB_FIXTURE(storm_listener);

#define GREETING	2000
#define PORT		7700

struct fire {
	struct lab *lab;
	int rounds;
	atomic_int served, greeted, turned_away;
};

/*
 * A listener that goes says nothing to those whose handshake is half done: a client that only
 * listens would never know. It asks after a while.
 */
static int patient_socket(struct lab *lab)
{
	int fd = lab_socket(lab, 0);

	if (fd < 0 || lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1) ||
	    lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1))
		return -1;
	return fd;
}

static int come(struct hand *h)
{
	struct fire *f = h->arg;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(f->lab, PORT, &ss);
	uint64_t got = 0;
	int fd, err;

	while (hand_goes_on(h)) {
		fd = patient_socket(f->lab);
		if (fd < 0)
			return -1;
		err = connect(fd, (struct sockaddr *)&ss, len) ? errno : 0;
		if (err && !storm_may_end(err))
			return lab_fail("connect: %s", strerror(err));
		if (!err) {
			int first = 0;

			/* a few bytes, so that some children have data before they are taken */
			if (hand_random(h, 2) && send(fd, "hello", 5, MSG_NOSIGNAL) < 0)
				first = errno;
			if (storm_drain(fd, LAB_TO_PEER, &got, &err))
				return -1;
			/* an error is told once: what send() has said recv() does not repeat */
			err = first ?: err;
			/*
			 * Linux: a connection that comes up between the listener's shutdown() and
			 * its end has that shutdown of its own, and says FIN
			 */
			if (!err && !got && LAB_DIFFERS(f->lab, true, false, "it is reset"))
				err = ECONNRESET;
			if (!err && got != GREETING)
				return lab_fail("end of stream after %llu bytes",
						(unsigned long long)got);
		}
		atomic_fetch_add(err ? &f->turned_away : &f->greeted, 1);
		close(fd);
	}
	return 0;
}

static int greet(int fd)
{
	uint64_t got;
	int err;

	if (lab_send(fd, LAB_TO_PEER, 0, GREETING) || shutdown(fd, SHUT_WR))
		return -1;
	/* what the client said must be read, or the close would be an abort */
	while ((err = recv(fd, &got, sizeof(got), 0)) > 0)
		;
	close(fd);
	return err < 0 ? lab_fail("recv: %s", strerror(errno)) : 0;
}

static int open_and_close(struct hand *h)
{
	struct fire *f = h->arg;
	int i, n, fd, listener;

	for (i = 0; i < f->rounds && hand_goes_on(h); i++) {
		listener = lab_listen(f->lab, PORT, 512);
		if (listener < 0)
			return -1;
		for (n = 1 + hand_random(h, 4); n > 0; n--) {
			fd = hand_accept(h, listener);
			if (fd < 0)
				return -1;
			atomic_fetch_add(&f->served, 1);
			if (greet(fd))
				return -1;
		}
		if (hand_random(h, 2))
			shutdown(listener, SHUT_RDWR);
		close(listener);
	}
	atomic_store(&h->crew->stop, true);
	return 0;
}

TEST_F_TIMEOUT(storm_listener, closed_and_opened, lab_secs(60))
{
	struct fire f = { .lab = &self->lab, .rounds = storm_rounds(100) };
	static struct crew c;

	crew_init(&c, &self->lab);
	LAB_OK(crew_add(&c, open_and_close, &f, 1));
	LAB_OK(crew_add(&c, come, &f, 5));
	LAB_OK(crew_join(&c));
	EXPECT_EQ(atomic_load(&f.served), atomic_load(&f.greeted));
	EXPECT_LT(0, atomic_load(&f.turned_away));
}

/* Several threads wait in accept() on one listener that another shuts down: all are woken. */
static int accept_some(struct hand *h)
{
	int *listener = h->arg, fd;

	while ((fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
	return errno == EINVAL ? 0 : lab_fail("accept: %s", strerror(errno));
}

static int knock(struct hand *h)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(h->crew->lab, PORT, &ss);
	int i, fd;

	for (i = 0; i < 10; i++) {
		fd = lab_socket(h->crew->lab, 0);
		if (connect(fd, (struct sockaddr *)&ss, len) && !storm_may_end(errno))
			return lab_fail("connect: %s", strerror(errno));
		close(fd);
	}
	return 0;
}

TEST_F_TIMEOUT(storm_listener, waiters_wake, lab_secs(60))
{
	int i, listener, rounds = storm_rounds(30);
	static struct crew c;

	for (i = 0; i < rounds; i++) {
		listener = LAB_FD(lab_listen(&self->lab, PORT, 512));
		crew_init(&c, &self->lab);
		LAB_OK(crew_add(&c, accept_some, &listener, 3));
		LAB_OK(crew_add(&c, knock, NULL, 2));
		usleep(i % 5 * 1000);
		EXPECT_EQ(0, shutdown(listener, SHUT_RDWR));
		LAB_OK(crew_join(&c));
		close(listener);
	}
}

/*
 * As many wait as come, all at once: each wakes for one. One that nobody wakes sleeps until its
 * time is up, and then takes what was there all the while: so it must not have taken that long.
 */
static int take_one(struct hand *h)
{
	int *listener = h->arg, fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return lab_fail("accept: %s", strerror(errno));
	close(fd);
	return 0;
}

static int knock_once(struct hand *h)
{
	int fd = lab_connect_to(h->crew->lab, PORT);

	return fd < 0 ? -1 : close(fd);
}

TEST_F_TIMEOUT(storm_listener, one_each, lab_secs(60))
{
	struct timeval patience = { .tv_sec = lab_secs(10) };
	int64_t begin;
	int i, listener = LAB_FD(lab_listen(&self->lab, PORT, 64));
	static struct crew c;

	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	for (i = 0; i < storm_rounds(60); i++) {
		begin = lab_now_us();
		crew_init(&c, &self->lab);
		LAB_OK(crew_add(&c, take_one, &listener, 6));
		LAB_OK(crew_add(&c, knock_once, NULL, 6));
		LAB_OK(crew_join(&c));
		ASSERT_GT(patience.tv_sec * 1000000LL, lab_now_us() - begin)
			TH_LOG("somebody slept while a connection waited");
	}
}

TEST_HARNESS_MAIN
