// SPDX-License-Identifier: GPL-2.0
/*
 * The matrix of bad links, for scripts/bench-links: a line for each flow, and the table is made of
 * them there.
 *
 * Environment:
 *   BENCH_CELLS=regex	only these
 *   BENCH_SEEDS=n	runs of each (5); fewer where there is no chance in them, or they are long;
 *			FIRST-LAST: the runs with these seeds, whatever the cell
 *   BENCH_CC=name	congestion control of both protocols (cubic)
 *   BENCH_SELF=1	the kernel's TCP against itself, to see what chance makes of a cell
 *   BENCH_TRACE=1	write down what happened into the directory TCPLAB_OUT
 */
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

/* Who competes in one run of a cell. "self" tells the kernel's TCP from its double. */
struct heat {
	const char *who[2];
	int protos[2], flows;
};

static int report(struct bench *b, const struct cell *cell, int seed, const struct heat *heat)
{
	struct flow_result results[2];
	int i, bad = bench_run(b, cell, seed, heat->protos, heat->flows, results);

	for (i = 0; i < heat->flows; i++) {
		const struct flow_result *r = &results[i];

		if (bad)
			printf("fail\t%s\t%d\t%s\t%s\n", cell->name, seed, heat->who[i], lab_why());
		else
			printf("flow\t%s\t%d\t%s\t%s\t%llu\t%llu\t%lld\t%llu\t%llu\n", cell->name,
			       seed, heat->who[i], r->cc, (unsigned long long)r->bytes,
			       (unsigned long long)r->us, (long long)r->retrans,
			       (unsigned long long)r->drops, (unsigned long long)r->packets);
	}
	fflush(stdout);
	return bad;
}

#define OWN	{ IPPROTO_TCP, IPPROTO_TCP }

/* Which of the two goes first changes from seed to seed. */
static void run_cell(struct bench *b, const struct cell *cell, int seed, int rival)
{
	const char *name = rival == IPPROTO_TCP ? "self" : "tcplab";
	struct heat tcp = { { "tcp", "tcp" }, OWN, cell->kind == CELL_FAIR ? 2 : 1 };
	struct heat other = { { name, name }, { rival, rival }, tcp.flows };
	struct heat both = { { "tcp", name }, { IPPROTO_TCP, rival }, 2 };

	if (cell->kind == CELL_MIXED) {
		if (seed % 2)
			both = (struct heat){ { name, "tcp" }, { rival, IPPROTO_TCP }, 2 };
		report(b, cell, seed, &both);
		return;
	}
	report(b, cell, seed, seed % 2 ? &tcp : &other);
	report(b, cell, seed, seed % 2 ? &other : &tcp);
}

/* Programs and kernels are slower the first time. Nothing of this is kept. */
static int warm_up(struct bench *b, int rival)
{
	const struct cell *cell = cell_find("loss1-rtt2");
	const char *trace = b->trace;
	int protos[2] = { IPPROTO_TCP, rival }, i, ret = 0;
	struct flow_result result;

	b->trace = NULL;
	for (i = 0; i < 2 && !ret; i++)
		ret = bench_run(b, cell, 1, &protos[i], 1, &result);
	b->trace = trace;
	return ret;
}

static const char *kind_name(const struct cell *cell)
{
	static const char * const names[] = {
		[CELL_GOODPUT] = "goodput", [CELL_FAIR] = "fair", [CELL_MIXED] = "mixed",
	};

	return cell->kind == CELL_GOODPUT && cell->spurious ? "spurious" : names[cell->kind];
}

/* Where nothing is left to chance, runs with different seeds differ by little. */
static int most_seeds(const struct cell *c)
{
	bool chance = c->loss || c->burst_in || c->dup || c->reorder || c->ack_loss;

	return chance ? INT_MAX : c->seconds || c->outage_ms ? 3 : 2;
}

struct seeds {
	int first, last;
	bool all;
};

/* "5" or "3-5" */
static int parse_seeds(const char *text, struct seeds *s)
{
	char rest;
	int n = sscanf(text, "%d-%d%c", &s->first, &s->last, &rest);

	s->all = n == 2;
	if (n == 1) {
		s->last = s->first;
		s->first = 1;
	}
	return n < 1 || n > 2 || s->first < 1 || s->last < s->first;
}

static void run_cells(struct bench *b, const regex_t *wanted, const struct seeds *seeds, int rival)
{
	int i, seed, last;

	for (i = 0; i < cells_count; i++) {
		if (regexec(wanted, cells[i].name, 0, NULL, 0))
			continue;
		last = most_seeds(&cells[i]);
		if (last > seeds->last || seeds->all)
			last = seeds->last;
		printf("cell\t%s\t%s\n", cells[i].name, kind_name(&cells[i]));
		for (seed = seeds->first; seed <= last; seed++)
			run_cell(b, &cells[i], seed, rival);
		printf("done\t%s\n", cells[i].name);
		fflush(stdout);
	}
}

int main(void)
{
	bool self = atoi(env("BENCH_SELF", "0"));
	struct bench b = { .cc = env("BENCH_CC", "cubic") };
	int rival = IPPROTO_TCP;
	struct seeds seeds;
	struct lab lab;
	regex_t wanted;

	if (parse_seeds(env("BENCH_SEEDS", "5"), &seeds) ||
	    regcomp(&wanted, env("BENCH_CELLS", ""), REG_EXTENDED | REG_NOSUB)) {
		fprintf(stderr, "bench_links: BENCH_SEEDS or BENCH_CELLS make no sense\n");
		return 2;
	}
	if (atoi(env("BENCH_TRACE", "0")))
		b.trace = env("TCPLAB_OUT", ".");
	if (lab_begin(&lab, AF_INET, !self) != LAB_READY)
		goto fail;
	if (!self)
		rival = lab.proto;
	if (lab_begin(&b.lab, AF_INET, false) != LAB_READY || bench_begin(&b) ||
	    warm_up(&b, rival))
		goto fail;
	run_cells(&b, &wanted, &seeds, rival);
	return 0;
fail:
	fprintf(stderr, "bench_links: %s\n", lab_why());
	return 1;
}
