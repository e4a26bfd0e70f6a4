// SPDX-License-Identifier: GPL-2.0
/*
 * The short form of "make bench": no row of it may cost 2 % more, by what the kernel's TCP takes,
 * than landed.tsv says that it did. That file is written by "make bench LAND=1".
 */
#include <stdlib.h>

#include "harness.h"
#include "rows.h"

#define TOLERANCE	1.02

FIXTURE(cost) { struct stand s; const struct row *row; int proto; double landed; };
FIXTURE_VARIANT(cost) { const char *row; };

#define ROW(variant, name) \
	FIXTURE_VARIANT_ADD(cost, variant) { .row = name }

ROW(bulk, "bulk");
ROW(bulk_v6, "bulk-v6");
ROW(bulk_lo, "bulk-lo");
ROW(bulk_soft, "bulk-soft");
ROW(rr, "rr");
ROW(crr, "crr");
ROW(write_100, "write-100");
ROW(write_1448, "write-1448");
ROW(sendfile, "sendfile");
ROW(zerocopy, "zerocopy");
ROW(syn_flood, "syn-flood");
ROW(lossy, "lossy");
ROW(sack, "sack");
ROW(memory, "memory");
ROW(request, "request");
ROW(timewait, "timewait");
ROW(idle, "idle");

/* The ratio that a row had; -1 if the file does not say. */
static double landed(const char *name)
{
	char path[4096], text[8192], *line, *rest = text;
	double ratio;

	snprintf(path, sizeof(path), "%s/selftests/perf/landed.tsv", getenv("TCPLAB_TOP"));
	if (lab_read_file(path, text, sizeof(text)) < 0)
		return -1;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, name, strlen(name)) &&
		    sscanf(line + strlen(name), "\t%lf", &ratio) == 1)
			return ratio;
	return lab_fail("%s: no row %s", path, name);
}

FIXTURE_SETUP(cost)
{
	self->row = row_find(variant->row);
	ASSERT_NE(NULL, self->row);
	LAB_OK(stand_allow_sockets());
	LAB_BEGIN_BOTH(&self->s.lab, self->proto, self->row->family);
	self->landed = landed(variant->row);
	if (self->landed < 0)
		TH_LOG("%s", lab_why());
	ASSERT_LT(0, self->landed);
}

FIXTURE_TEARDOWN(cost) { }

TEST_F_TIMEOUT(cost, as_landed, lab_secs(3000))
{
	const struct row *row = self->row;
	int protos[2] = { IPPROTO_TCP, self->proto }, rep, i;
	double cost[2], ratio;

	if (row->place)
		LAB_OK(row->place(&self->s));
	for (rep = row->once; rep <= 1; rep++) {
		for (i = 0; i < 2; i++) {
			LAB_OK(stand_turn(&self->s, row, protos[i]));
			cost[i] = self->s.cost;
		}
	}
	ratio = row->own ? cost[1] : cost[1] / cost[0];
	printf("# figure: %s costs %.3f of what %s (landed: %.3f)\n", row->name, ratio,
	       row->own ? "it does with few" : "the kernel's TCP takes", self->landed);
	EXPECT_LE(ratio, self->landed * TOLERANCE)
		TH_LOG("%s was %.3f, and is %.3f now", row->name, self->landed, ratio);
}

TEST_HARNESS_MAIN
