// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of a connection end it at the same time, each in one of the ways that there are, with
 * data on its way in both directions.
 *
 * Whatever the two ways: what is received is the beginning of what was sent. If the stream ends
 * without an error all of it was received; and if both ends are patient it does so.
 */
#include "harness.h"
#include "storm.h"

LAB_FIXTURE(storm_endings);

enum way { PATIENT, CLOSE, ABORT, SHUT_BOTH, SHUT_READ, DISCONNECT, WAYS };

static const char * const names[WAYS] = {
	"patient", "close", "abort", "shut both", "shut read", "disconnect",
};

struct end {
	int fd;
	enum way way;
	size_t len;		/* to send */
	uint64_t sent, got;
	int err;		/* of the first call that failed; 0 with the end of the stream */
	bool drained;
};

/* Two threads that meet before and after each connection. */
struct duel {
	struct lab *lab;
	pthread_barrier_t barrier;
	struct end end[2];
	int rounds;
};

static void send_what_goes(struct end *e, unsigned int stream)
{
	uint8_t buf[4096];
	ssize_t n;

	while (e->sent < e->len) {
		size_t part = e->len - e->sent < sizeof(buf) ? e->len - e->sent : sizeof(buf);

		lab_fill(buf, stream, e->sent, part);
		n = send(e->fd, buf, part, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			e->err = errno;
		if (n < 0)
			return;
		e->sent += n;
	}
}

static int end_it(struct end *e, unsigned int in)
{
	struct linger hard = { .l_onoff = 1 };
	struct sockaddr_storage none = { .ss_family = AF_UNSPEC };
	int err = 0;

	switch (e->way) {
	case PATIENT:
		if (shutdown(e->fd, SHUT_WR) && errno != ENOTCONN)
			return lab_fail("shutdown: %s", strerror(errno));
		if (storm_drain(e->fd, in, &e->got, &err))
			return -1;
		e->err = e->err ?: err;
		e->drained = !e->err;
		break;
	case ABORT:
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		break;
	case SHUT_BOTH:
		shutdown(e->fd, SHUT_RDWR);
		break;
	case SHUT_READ:
		shutdown(e->fd, SHUT_RD);
		break;
	case DISCONNECT:
		if (connect(e->fd, (struct sockaddr *)&none, sizeof(none)))
			return lab_fail("connect(AF_UNSPEC): %s", strerror(errno));
		break;
	default:
		break;
	}
	close(e->fd);
	return 0;
}

static int referee(struct duel *d, int side)
{
	struct end *me = &d->end[side], *peer = &d->end[!side];

	if (!me->drained)
		return me->way == PATIENT && peer->way == PATIENT ?
		       lab_fail("both were patient: %s", strerror(me->err)) : 0;
	if (me->got != peer->sent)
		return lab_fail("%s against %s: end of stream after %llu of %llu bytes",
				names[me->way], names[peer->way], (unsigned long long)me->got,
				(unsigned long long)peer->sent);
	return 0;
}

/* Side 0 makes the connection. A side that fails goes on, or the other would wait for ever. */
static int fight(struct hand *h)
{
	struct duel *d = h->arg;
	int side = h->no % 2, i, ret = 0;
	struct end *e = &d->end[side];
	char why[200] = "";

	for (i = 0; i < d->rounds; i++) {
		if (!side) {
			int fd[2];

			if (lab_pair(d->lab, fd))
				ret = -1;
			d->end[0] = (struct end){ .fd = fd[0] };
			d->end[1] = (struct end){ .fd = fd[1] };
		}
		pthread_barrier_wait(&d->barrier);
		e->way = hand_random(h, 2) ? PATIENT : hand_random(h, WAYS);
		e->len = hand_random(h, 4) ? hand_random(h, 5000) : hand_random(h, 200000);
		send_what_goes(e, side);
		ret |= end_it(e, !side);
		pthread_barrier_wait(&d->barrier);
		ret |= referee(d, side);
		if (ret && !*why)
			snprintf(why, sizeof(why), "%s", lab_why());
		pthread_barrier_wait(&d->barrier);
	}
	return ret ? lab_fail("%s", why) : 0;
}

TEST_F_TIMEOUT(storm_endings, both_at_once, lab_secs(60))
{
	enum { DUELS = 4 };
	static struct duel d[DUELS];
	static struct crew c;
	int i;

	crew_init(&c, &self->lab);
	for (i = 0; i < DUELS; i++) {
		d[i].lab = &self->lab;
		d[i].rounds = storm_rounds(60);
		pthread_barrier_init(&d[i].barrier, NULL, 2);
		LAB_OK(crew_add(&c, fight, &d[i], 2));
	}
	LAB_OK(crew_join(&c));
}

TEST_HARNESS_MAIN
