/* SPDX-License-Identifier: GPL-2.0 */
/* An episode of stress/fuzz_peer: one connection to a lying peer, and the program at its end. */
#ifndef LAB_EPISODE_H
#define LAB_EPISODE_H

#include "bystander.h"
#include "mutate.h"
#include "wire.h"

#define WORKERS		2

enum kind {
	K_CLOSE, K_LISTEN, K_SYN_SENT, K_REQUEST, K_SYN_RECV, K_ESTABLISHED, K_FIN_WAIT1,
	K_FIN_WAIT2, K_CLOSING, K_TIME_WAIT, K_CLOSE_WAIT, K_LAST_ACK, K_KINDS,
};

/* What a worker tells its parent. */
struct report {
	unsigned long sent, got, episodes;
	unsigned long reached[K_KINDS], missed[K_KINDS];
	char never[1024];	/* the module's reasons to drop a segment that did not come up */
	int64_t us;
	char why[1024];
};

struct shared {
	struct report report[WORKERS];
	struct bystanders local[WORKERS], veth;
};

/* What was asked for. */
struct plan {
	uint64_t seed;
	unsigned long segments;		/* of one worker */
	uint64_t first, last;
	bool only;
};

struct worker {
	struct wire wire;
	const struct plan *plan;
	struct report *report;
	int number, lfd, kmsg;
	int meddled;		/* with this descriptor, by a thread; -1: none */
};

/* One connection and the program at its end. */
struct episode {
	struct worker *w;
	struct peer p;
	enum kind kind;
	uint64_t number;
	int step;
	int fd;			/* -1: none, or closed */
	uint64_t read;		/* octets of the peer's stream; of the other p.written */
	bool unsure;		/* the streams' beginnings are not known any more */
	bool lost;		/* the state was not reached, which a full queue may explain */
	char kaddr[64], paddr[64];
};

socklen_t episode_peer(struct episode *e, struct sockaddr_storage *ss);

/* What a program may do at any moment. -1 if what it saw must not be, with lab_why(). */
int user_write(struct episode *e);
int user_read(struct episode *e);
int user_act(struct episode *e);

#endif
