/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transfers over a link of cells.h, of either protocol, by one program:
 *
 *	client c0 ---- r0 router r1 ---- s0 server
 *
 * Data goes from the client to the server. What the link does to it is done by netem where it
 * leaves the router (r1), what it does to ACKs where these do (r0): neither end's kernel learns of
 * a loss but by the protocol.
 */
#ifndef PERF_FLOW_H
#define PERF_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cells.h"
#include "lab.h"
#include "topo.h"

/**
 * struct bench - a network, made once, for any number of transfers
 * @lab:	family; its protocol is the kernel's, for what is neither's
 * @topo:	the namespaces
 * @cc:		congestion control for both protocols, NULL for each one's own choice
 * @trace:	a directory for what was seen of each transfer, or NULL
 */
struct bench {
	struct lab lab;
	struct topo topo;
	const char *cc, *trace;
};

/**
 * struct flow_result - what came of one flow
 * @cc:		the congestion control that it ran with
 * @bytes:	received, all of them as they were sent
 * @us:		from the first byte received to the last one
 * @retrans:	RetransSegs of the sender's namespace: of all flows of this protocol
 * @drops:	packets of data's direction that the link dropped
 * @packets:	packets that it carried
 */
struct flow_result {
	char cc[16];
	uint64_t bytes, us, drops, packets;
	int64_t retrans;
};

int bench_begin(struct bench *b);
int bench_run(struct bench *b, const struct cell *cell, int seed, const int protos[], int flows,
	      struct flow_result results[]);
double flow_mbit(const struct flow_result *r);

#endif
