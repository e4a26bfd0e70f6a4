/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small networks of real namespaces: two hosts with one link, or with a router between.
 *
 *	client c0 ---- s0 server		client c0 -- r0 router r1 -- s0 server
 *
 * The test's process is at home in the client; sockets stay in the namespace they were made in.
 */
#ifndef LAB_TOPO_H
#define LAB_TOPO_H

#include <sched.h>

#include "lab.h"

enum { TOPO_CLIENT, TOPO_SERVER, TOPO_ROUTER };

struct topo {
	struct lab *lab;
	int ns[3];
	bool routed;
	int rcvbuf, sndbuf;	/* 0: the default */
	const char *server;	/* another address of the server's; NULL: the usual one */
};

int topo_two_hosts(struct topo *t, struct lab *lab);
int topo_router(struct topo *t, struct lab *lab);

/* A fixture that is nothing but one of these two networks: self->lab, self->t. */
#define TOPO_FIXTURE(fixture, network)					\
	FIXTURE(fixture) { struct lab lab; struct topo t; };		\
	LAB_VARIANTS(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		LAB_BEGIN(&self->lab);					\
		LAB_OK(network(&self->t, &self->lab));			\
	}								\
	FIXTURE_TEARDOWN(fixture) { }					\
	struct topo

int topo_mtu(struct topo *t, int mtu);
/* The server hears nothing that is larger than @mtu, and nobody says so. */
int topo_black_hole(struct topo *t, int mtu);
int topo_netem(struct topo *t, const char *what);
/* A command of the shell in one of the namespaces */
int topo_run(const struct topo *t, int where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A device that must get segments one by one: the stack cuts them in front of it. */
int topo_cut_at(const struct topo *t, int where, const char *dev);
#define TOPO_ROOM	100000
/* So many packets may wait for a processor. Return: how many could before; -1 with the reason */
int topo_room_for_bursts(const struct topo *t, int packets);
const char *topo_server_addr(const struct topo *t);

int topo_listen(struct topo *t, int port, int backlog);
int topo_connect(struct topo *t, int port);

/*
 * Run @conns connections at once, each sending @bytes from either end to the other, every byte
 * verified; @flags are LAB_X_* for the server's end.
 */
int topo_transfer(struct topo *t, int conns, size_t bytes, unsigned int flags);

/*
 * The same; and neither end may have sent anything again, for nothing is lost on the way. Both ends
 * run on one processor, without loss probes.
 */
int topo_lossless(struct topo *t, int conns, size_t bytes, unsigned int flags);

/* Who changes the processor overtakes packets of its own. @before: where it was free to run */
int topo_stay_here(cpu_set_t *before);

/* A socket that sees what passes a host's device, and has room for all of it */
int topo_watch(const struct topo *t, int where, const char *dev);
/* The largest packet that came in there, with its IP header; -1 if some were not seen */
int topo_largest(int fd);
/* The same at a device of either host's, while topo_transfer() or topo_lossless() runs */
int topo_largest_of(struct topo *t, const char *client, const char *server, int conns,
		    size_t bytes, int (*transfer)(struct topo *t, int conns, size_t bytes,
						  unsigned int flags));

#endif
