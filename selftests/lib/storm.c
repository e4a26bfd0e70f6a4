// SPDX-License-Identifier: GPL-2.0
/* Many hands at once: see storm.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storm.h"

/* How often something is to be done that is done @n times on an ordinary day; at least once. */
int storm_rounds(int n)
{
	const char *s = getenv("TCPLAB_ROUNDS");

	if (s && atoi(s) > 0)
		return n * atoi(s);
	if (lab_slow() >= 10)
		n /= 4;
	else if (getenv("TCPLAB_SHORT"))
		n /= 3;
	return n > 0 ? n : 1;
}

/* storm_rounds(), but at least @least: for tests that take one case each round. */
int storm_rounds_least(int n, int least)
{
	n = storm_rounds(n);
	return n > least ? n : least;
}

/* A number from 0 to @below - 1 (xorshift32: any will do, if threads do not share it). */
unsigned int hand_random(struct hand *h, unsigned int below)
{
	h->seed ^= h->seed << 13;
	h->seed ^= h->seed >> 17;
	h->seed ^= h->seed << 5;
	return h->seed % below;
}

bool hand_goes_on(const struct hand *h)
{
	return !atomic_load(&h->crew->stop);
}

void crew_init(struct crew *c, struct lab *lab)
{
	c->lab = lab;
	c->n = 0;
	atomic_init(&c->stop, false);
	atomic_init(&c->failed, -1);
}

static void *begin(void *arg)
{
	struct hand *h = arg;

	h->ret = h->work(h);
	if (h->ret) {
		int none = -1;

		snprintf(h->why, sizeof(h->why), "hand %d: %s", h->no, lab_why());
		atomic_compare_exchange_strong(&h->crew->failed, &none, h->no);
		/* the others have no reason to go on */
		atomic_store(&h->crew->stop, true);
	}
	return NULL;
}

/**
 * crew_add() - set so many threads to work
 * @c:	   the crew
 * @work:  what each does; returns 0, or -1 with words in lab_why()
 * @arg:   for the hand
 * @times: how many threads
 *
 * Return: 0 or -1.
 */
int crew_add(struct crew *c, int (*work)(struct hand *h), void *arg, int times)
{
	struct hand *h;

	for (; times > 0; times--) {
		if (c->n == CREW_MAX)
			return lab_fail("a crew has %d hands at most", CREW_MAX);
		h = &c->hand[c->n];
		memset(h, 0, sizeof(*h));
		h->crew = c;
		h->no = c->n;
		h->arg = arg;
		h->work = work;
		h->seed = 0x9e3779b9u * (c->n + 1);
		if (pthread_create(&h->thread, NULL, begin, h))
			return lab_fail("pthread_create(): %s", strerror(errno));
		c->n++;
	}
	return 0;
}

/* Wait until all hands are done. Return: 0, or -1 with the words of the first that failed. */
int crew_join(struct crew *c)
{
	int i, bad;

	for (i = 0; i < c->n; i++)
		pthread_join(c->hand[i].thread, NULL);
	c->n = 0;
	bad = atomic_load(&c->failed);
	return bad < 0 ? 0 : lab_fail("%s", c->hand[bad].why);
}

/* Tell the hands to stop, and wait for them. */
int crew_stop(struct crew *c)
{
	atomic_store(&c->stop, true);
	return crew_join(c);
}

int hand_accept(const struct hand *h, int listener)
{
	int fd;

	for (;;) {
		if (lab_poll(listener, POLLIN, 50)) {
			fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			return fd < 0 ? lab_fail("accept: %s", strerror(errno)) : fd;
		}
		if (!hand_goes_on(h))
			return lab_fail("nobody came any more");
	}
}

bool storm_may_end(int err)
{
	return err == ECONNRESET || err == EPIPE || err == ETIMEDOUT || err == ECONNREFUSED ||
	       err == ECONNABORTED || err == ENOTCONN || err == EHOSTUNREACH ||
	       err == ENETUNREACH || err == ENOBUFS || err == ENOMEM;
}

int storm_drain(int fd, unsigned int stream, uint64_t *got, int *err)
{
	uint8_t buf[8192];
	ssize_t n;

	/* Present from the start: no page of ours is to be found only while recv() copies to it. */
	memset(buf, 0, sizeof(buf));
	*got = 0;
	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		*err = n < 0 ? errno : 0;
		if (n < 0 && !storm_may_end(*err))
			return lab_fail("recv at offset %llu: %s", (unsigned long long)*got,
					strerror(*err));
		if (n <= 0)
			return 0;
		if (lab_verify(buf, stream, *got, n))
			return -1;
		*got += n;
	}
}
