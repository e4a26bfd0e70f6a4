/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many hands at once: a crew is a number of threads that do the same or different work on sockets,
 * each with random numbers of its own, until their rounds are done or the crew is told to stop.
 *
 * Environment:
 *   TCPLAB_ROUNDS=n    multiply the rounds; without it they are a quarter where TCPLAB_SLOW is 10
 *                      or more, and a third where TCPLAB_SHORT is set
 */
#ifndef LAB_STORM_H
#define LAB_STORM_H

#include <pthread.h>
#include <stdatomic.h>

#include "lab.h"

#define CREW_MAX	64

struct crew;

/**
 * struct hand - one thread
 * @crew:	whose
 * @no:		its number, from 0
 * @arg:	what it was given
 * @seed:	the state of its random numbers
 */
struct hand {
	struct crew *crew;
	int no;
	void *arg;
	unsigned int seed;
	int (*work)(struct hand *h);
	pthread_t thread;
	int ret;
	char why[300];
};

struct crew {
	struct lab *lab;
	int n;
	atomic_bool stop;
	atomic_int failed;	/* the first hand that did, or -1 */
	struct hand hand[CREW_MAX];
};

int storm_rounds(int n);
int storm_rounds_least(int n, int least);
unsigned int hand_random(struct hand *h, unsigned int below);
bool hand_goes_on(const struct hand *h);

void crew_init(struct crew *c, struct lab *lab);
int crew_add(struct crew *c, int (*work)(struct hand *h), void *arg, int times);
int crew_join(struct crew *c);
int crew_stop(struct crew *c);

/* accept() for as long as the crew goes on. Return: descriptor, or -1. */
int hand_accept(const struct hand *h, int listener);

/* Is @err an error by which a connection may end when its peer, or its path, goes? */
bool storm_may_end(int err);

/*
 * Receive until the end of the stream, or an error. The bytes must be those of @stream from its
 * beginning. Return: 0 with the number in @got and in @err 0 (end of stream) or an errno that
 * storm_may_end() knows; else -1.
 */
int storm_drain(int fd, unsigned int stream, uint64_t *got, int *err);

#endif
