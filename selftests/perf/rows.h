/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "make bench" counts: a row of its table is a place (namespaces and a link), work that is
 * done there by the one protocol and by the other, and a bound on the ratio of what it cost.
 */
#ifndef PERF_ROWS_H
#define PERF_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "lab.h"
#include "topo.h"

/**
 * struct stand - where a row's work is done
 * @lab:	the row's family, and the protocol whose turn it is
 * @topo:	two hosts with a link, where the row's place has that
 * @loopback:	both ends are in one namespace
 * @real:	time is real: the clock does not count instructions
 * @waits:	as the row has it
 * @from:	the clock, and @idle how much of it was idle, when counting began
 * @cost:	what came of it, per unit
 */
struct stand {
	struct lab lab;
	struct topo topo;
	bool loopback, real, waits;
	int64_t from, idle;
	double cost;
};

/**
 * struct row - a row of the table
 * @name:	for ROWS= and the table; @unit: what is counted, @what: in words
 * @bound:	tcplab's cost by that of the kernel's TCP, at most; 0: not judged
 * @own:	the cost is a ratio of the protocol's own: @bound is on it, not on the two's
 * @once:	no warm-up and no repetitions: it counts bytes
 * @slow:	no warm-up, and no repetitions but in real time, where it has a few: it takes long
 * @waits:	the work sleeps in between: in real time, too, idle time does not count
 * @family:	AF_INET or AF_INET6
 * @place:	makes the stand, once; the process is in a fresh namespace. NULL: @work does
 * @work:	does the work on one protocol, and leaves the cost in the stand
 * @arg:	what @work is to do
 *
 * Both functions return 0, or -1 with the reason in lab_why().
 */
struct row {
	const char *name, *unit, *what;
	double bound;
	bool own, once, slow, waits;
	int family;
	int (*place)(struct stand *s);
	int (*work)(struct stand *s, const void *arg);
	const void *arg;
};

extern const struct row rows[];
extern const int rows_count;

#define STAND_PORT	5001

/* stand.c: places, the clock, connections */
int stand_allow_sockets(void);
int stand_loopback(struct stand *s);
int stand_link(struct stand *s);
int stand_soft_link(struct stand *s);
int stand_listen(struct stand *s);
int stand_pair(struct stand *s, int fd[2]);
void stand_part(int fd[2]);
void stand_settle(void);
int stand_turn(struct stand *s, const struct row *row, int proto);
const struct row *row_find(const char *name);
int stand_start(struct stand *s);
int stand_stop(struct stand *s, uint64_t units);
int stand_fail(const char *call);

/* work_*.c: the work, and what it is told by struct row's @arg */

/**
 * struct stream - bytes through one connection
 * @write:	bytes of one write
 * @burst:	writes before the receiver reads
 * @total:	bytes that are counted, after some that are not
 * @nodelay:	TCP_NODELAY
 * @send:	sends up to @len bytes from offset @off of the stream; NULL: send()
 * @ready:	prepares the sending end for @send
 */
struct stream {
	int write, burst;
	uint64_t total;
	bool nodelay;
	ssize_t (*send)(int fd, uint64_t off, size_t len);
	int (*ready)(int fd);
};

int work_stream(struct stand *s, const void *arg);
ssize_t send_file(int fd, uint64_t off, size_t len);
int ready_file(int fd);
ssize_t send_lent(int fd, uint64_t off, size_t len);
int ready_lent(int fd);

int work_rr(struct stand *s, const void *arg);
int work_crr(struct stand *s, const void *arg);
int work_memory(struct stand *s, const void *arg);
int work_object(struct stand *s, const void *arg);
int work_idle(struct stand *s, const void *arg);

int stand_lossy(struct stand *s);
int work_lossy(struct stand *s, const void *arg);

int work_syn_flood(struct stand *s, const void *arg);
int work_sack(struct stand *s, const void *arg);

#endif
