/* SPDX-License-Identifier: GPL-2.0 */
/* Two hosts with connections between them in every state that lasts. */
#ifndef LAB_STATES_H
#define LAB_STATES_H

#include "topo.h"

enum {
	ST_LISTENER,
	ST_LIVE_C, ST_LIVE_S,		/* ESTABLISHED, idle */
	ST_FULL_C, ST_FULL_S,		/* data on its way, the receiver's buffer full */
	ST_HALF_C, ST_HALF_S,		/* FIN_WAIT2, CLOSE_WAIT */
	ST_SYN_SENT,			/* and on the other host a request in SYN_RECV */
	ST_SOCKETS
};

/**
 * struct states - what states_make() has made
 * @topo:	made by the caller
 * @fd:		sockets by ST_*; besides there are TIME_WAITs
 */
struct states {
	struct topo topo;
	int fd[ST_SOCKETS];
};

int states_make(struct states *s, struct lab *lab);

/* The link goes down with data and FINs on their way, and all are closed: orphans are left. */
int states_cut(struct states *s);
void states_close(struct states *s);

#endif
