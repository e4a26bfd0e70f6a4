// SPDX-License-Identifier: GPL-2.0
/*
 * The short form of the matrix of bad links: on a few of its cells tcplab's goodput must not fall
 * below the floor that cells.c names, as a share of that of the kernel's TCP on the same link with
 * the same losses; and every byte must come as it was sent. make bench-links is the whole.
 */
#include "harness.h"
#include "flow.h"

#define SEEDS	3
#define SHORTER	2	/* than those of make bench-links */

FIXTURE(bad_links) { struct bench b; int proto; };
FIXTURE_VARIANT(bad_links) { const char *cell; };

#define CELL(variant, name) \
	FIXTURE_VARIANT_ADD(bad_links, variant) { .cell = name }

CELL(clean, "loss0-rtt20");
CELL(loss, "loss1-rtt20");
CELL(reordering, "reorder5");
CELL(outage, "outage");

FIXTURE_SETUP(bad_links)
{
	LAB_BEGIN_BOTH(&self->b.lab, self->proto, AF_INET);
	self->b.cc = "cubic";
	LAB_OK(bench_begin(&self->b));
}

FIXTURE_TEARDOWN(bad_links) { }

static double median(double *v)
{
	int i, j;

	for (i = 1; i < SEEDS; i++) {
		for (j = i; j && v[j - 1] > v[j]; j--) {
			double tmp = v[j];

			v[j] = v[j - 1];
			v[j - 1] = tmp;
		}
	}
	return v[SEEDS / 2];
}

TEST_F_TIMEOUT(bad_links, goodput, lab_secs(3000))
{
	int protos[2] = { IPPROTO_TCP, self->proto }, seed, i;
	const struct cell *whole = cell_find(variant->cell);
	struct flow_result result[SEEDS][2];
	double ratio[SEEDS], got;
	struct cell cell;

	ASSERT_NE(NULL, whole);
	cell = *whole;
	cell.kbytes /= SHORTER;
	for (seed = 0; seed < SEEDS; seed++)
		for (i = 0; i < 2; i++)
			LAB_OK(bench_run(&self->b, &cell, seed + 1, &protos[i], 1,
					 &result[seed][i]));
	/* not before: who passes it on to the host would share the processor with a run */
	for (seed = 0; seed < SEEDS; seed++) {
		const struct flow_result *tcp = &result[seed][0], *lab = &result[seed][1];

		TH_LOG("seed %d: %.2f and %.2f Mbit/s, %lld and %lld segments again, %llu lost",
		       seed + 1, flow_mbit(tcp), flow_mbit(lab), (long long)tcp->retrans,
		       (long long)lab->retrans, (unsigned long long)lab->drops);
		ratio[seed] = flow_mbit(lab) / flow_mbit(tcp);
	}
	got = median(ratio);
	printf("# figure: %s: %.2f times the goodput of the kernel's TCP\n", cell.name, got);
	EXPECT_GE(got, cell.floor);
}

TEST_HARNESS_MAIN
