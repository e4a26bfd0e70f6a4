/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bystanders: ordinary connections that move checked data, at an easy pace, while something ugly
 * happens to others. They must not notice.
 */
#ifndef LAB_BYSTANDER_H
#define LAB_BYSTANDER_H

#include "lab.h"

/**
 * struct bystanders - those of one process, in memory that parent and child share
 * @stop:	set by bystanders_stop(): finish what is under way and go
 * @bytes:	received and verified
 * @conns:	connections that went from beginning to end
 * @why:	what went wrong, or empty
 */
struct bystanders {
	bool stop;
	uint64_t bytes;
	unsigned long conns;
	char why[512];
};

/* In the parent. */
void bystanders_stop(struct bystanders *b);

/* The bodies of child processes: until @b->stop; 0 or -1 with the reason in @b->why. */

/* Over loopback in this namespace, both families. */
int bystanders_loopback(struct bystanders *b, const struct lab *lab);
/* Between two new namespaces, over veth. */
int bystanders_veth(struct bystanders *b, struct lab *lab);

#endif
