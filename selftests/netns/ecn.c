// SPDX-License-Identifier: GPL-2.0
/*
 * A bottleneck that marks (RFC3168): a router whose far link is slow, with a queue discipline that
 * knows ECN. What it would have dropped is marked, so that less or nothing goes again.
 */
#include "harness.h"
#include "topo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES	(3 << 20)

TOPO_FIXTURE(ecn, topo_router);

static int host(struct topo *t, int which)
{
	return lab_netns_enter(t->ns[which]);
}

/* The router's devices towards both hosts are slow, and keep their queues by @qdisc. */
static int bottleneck(struct topo *t, const char *qdisc)
{
	static const char * const dev[] = { "r0", "r1" };
	unsigned int i;

	if (host(t, TOPO_CLIENT) || lab_link_gso_segs("c0", 1) ||
	    host(t, TOPO_SERVER) || lab_link_gso_segs("s0", 1) ||
	    host(t, TOPO_ROUTER) || lab_link_gso_segs("r0", 1) || lab_link_gso_segs("r1", 1))
		return -1;
	for (i = 0; i < ARRAY_SIZE(dev); i++)
		if (topo_run(t, TOPO_ROUTER, "tc qdisc replace dev %s root handle 1: "
			     "tbf rate 10mbit burst 10kb limit 1mb && "
			     "tc qdisc replace dev %s parent 1: %s", dev[i], dev[i], qdisc))
			return -1;
	return host(t, TOPO_CLIENT);
}

static int set_ecn(struct topo *t, const char *mode)
{
	if (host(t, TOPO_SERVER) || lab_sysctl_set(t->lab, "ecn", mode) ||
	    host(t, TOPO_CLIENT) || lab_sysctl_set(t->lab, "ecn", mode))
		return -1;
	return 0;
}

/* A counter's sum over both ends. */
static long long both(struct topo *t, const char *name)
{
	long long n;

	if (host(t, TOPO_SERVER))
		return -1;
	n = lab_counter(t->lab, name);
	if (host(t, TOPO_CLIENT))
		return -1;
	return n + lab_counter(t->lab, name);
}

struct outcome {
	long long marked;		/* segments acknowledged with ECE */
	long long again;		/* segments sent again */
	long long us;
};

static int run(struct topo *t, const char *mode, struct outcome *o)
{
	long long marked = both(t, "TCPDeliveredCE"), again = both(t, "RetransSegs");
	long long begin = lab_now_us();

	if (set_ecn(t, mode) || topo_transfer(t, 2, BYTES, 0))
		return -1;
	o->us = lab_now_us() - begin;
	o->marked = both(t, "TCPDeliveredCE") - marked;
	o->again = both(t, "RetransSegs") - again;
	printf("# ecn=%s: %lld segments acknowledged with ECE, %lld sent again, %lld ms\n", mode,
	       o->marked, o->again, o->us / 1000);
	fflush(stdout);
	return 0;
}

static void compare(struct __test_metadata *_metadata, struct topo *t, const char *qdisc)
{
	struct outcome without, with;

	LAB_OK(bottleneck(t, qdisc));
	LAB_OK(run(t, "0", &without));
	LAB_OK(run(t, "1", &with));
	EXPECT_EQ(0, without.marked);
	EXPECT_LT(0, without.again);
	EXPECT_LT(0, with.marked);
	EXPECT_GT(without.again, with.again);
}

TEST_F_TIMEOUT(ecn, fq_codel, lab_secs(180))
{
	compare(_metadata, &self->t, "fq_codel ecn target 5ms interval 50ms");
}

TEST_F_TIMEOUT(ecn, red, lab_secs(180))
{
	compare(_metadata, &self->t, "red limit 200000 min 20000 max 60000 avpkt 1000 burst 30 "
		"probability 0.1 bandwidth 10mbit ecn");
}

/* It takes about as long as with the kernel's TCP. */
TEST_F_TIMEOUT(ecn, as_fast_as_tcp, lab_secs(180))
{
	struct outcome mine, theirs;
	struct lab tcp = self->lab;

	if (self->lab.oracle)
		return;
	LAB_OK(bottleneck(&self->t, "fq_codel ecn target 5ms interval 50ms"));
	LAB_OK(run(&self->t, "1", &mine));
	tcp.oracle = true;
	tcp.proto = IPPROTO_TCP;
	self->t.lab = &tcp;
	LAB_OK(run(&self->t, "1", &theirs));
	printf("# figure: fq_codel ecn at 10 Mbit/s: tcplab takes %.2f of the kernel's time\n",
	       (double)mine.us / theirs.us);
	fflush(stdout);
	EXPECT_GT(1.5 * theirs.us, mine.us);
}

TEST_HARNESS_MAIN
