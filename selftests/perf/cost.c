// SPDX-License-Identifier: GPL-2.0
/*
 * The short form of "make bench": no row of it may cost 2 % more, by what the kernel's TCP takes,
 * than landed.tsv says that it did, and none that was within its bound may be over it. That file is
 * written by "make bench LAND=1".
 *
 * A row that is over with one run gets two more, unless it takes long or counts bytes: medians
 * decide.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "harness.h"
#include "rows.h"

#define TOLERANCE	1.02	/* as in scripts/bench */
#define RUNS		3
#define KERNEL		"# kernel: "
#define IDLE		"20000"	/* connections: the 100,000 of "make bench" take minutes */

FIXTURE(cost) {
	struct stand s;
	const struct row *row;
	int proto;
	double landed;
	char release[65];
};

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

/* The ratio that a row had, and the kernel with which it was measured; -1 if the file lacks one */
static double landed(const char *name, char release[65])
{
	char path[4096], text[8192], *line, *rest = text;
	double ratio = -1;

	snprintf(path, sizeof(path), "%s/selftests/perf/landed.tsv", getenv("TCPLAB_TOP"));
	if (lab_read_file(path, text, sizeof(text)) < 0)
		return -1;
	*release = 0;
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, KERNEL, strlen(KERNEL)))
			snprintf(release, 65, "%s", line + strlen(KERNEL));
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == '\t')
			ratio = atof(line + strlen(name));
	}
	if (!*release)
		return lab_fail("%s: no kernel", path);
	return ratio < 0 ? lab_fail("%s: no row %s", path, name) : ratio;
}

FIXTURE_SETUP(cost)
{
	self->row = row_find(variant->row);
	ASSERT_NE(NULL, self->row);
	LAB_OK(stand_allow_sockets());
	ASSERT_EQ(0, setenv("BENCH_IDLE", IDLE, 1));
	LAB_BEGIN_BOTH(&self->s.lab, self->proto, self->row->family);
	self->landed = landed(variant->row, self->release);
	if (self->landed < 0)
		TH_LOG("%s", lab_why());
	ASSERT_LT(0, self->landed);
}

FIXTURE_TEARDOWN(cost) { }

/* Both protocols' next turns; -1 with the reason */
static int run(struct stand *s, const struct row *row, const int protos[2], double cost[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		if (stand_turn(s, row, protos[i]))
			return -1;
		cost[i] = s->cost;
	}
	return 0;
}

static double median(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* As "make bench" has it: to three digits */
static double ratio_of(const struct row *row, const double cost[2])
{
	return round((row->own ? cost[1] : cost[1] / cost[0]) * 1000) / 1000;
}

/* What a row may be at most: what is over its bound already must not get worse. */
static double limit_of(const struct row *row, double was)
{
	return was <= row->bound ? fmin(was * TOLERANCE, row->bound) : was * TOLERANCE;
}

/* On which kernel it landed, where that is another one */
static const char *elsewhere(const char *release)
{
	static char text[200];
	struct utsname u;

	uname(&u);
	if (strcmp(u.release, release))
		snprintf(text, sizeof(text), " on %s, and this is %s", release, u.release);
	return text;
}

TEST_F_TIMEOUT(cost, as_landed, lab_secs(3000))
{
	const int protos[2] = { IPPROTO_TCP, self->proto };
	const struct row *row = self->row;
	const double limit = limit_of(row, self->landed);
	double cost[RUNS][2], ratio;
	int i;

	if (row->place)
		LAB_OK(row->place(&self->s));
	if (!row->once && !row->slow)
		LAB_OK(run(&self->s, row, protos, cost[0]));
	LAB_OK(run(&self->s, row, protos, cost[0]));
	ratio = ratio_of(row, cost[0]);
	if (ratio > limit && !row->once && !row->slow) {
		TH_LOG("%.3f, and %.3f is the limit: twice more", ratio, limit);
		LAB_OK(run(&self->s, row, protos, cost[1]));
		LAB_OK(run(&self->s, row, protos, cost[2]));
		for (i = 0; i < 2; i++)
			cost[0][i] = median(cost[0][i], cost[1][i], cost[2][i]);
		ratio = ratio_of(row, cost[0]);
	}
	printf("# figure: %s costs %.3f of what %s (landed: %.3f%s)\n", row->name, ratio,
	       row->own ? "it does with few" : "the kernel's TCP takes", self->landed,
	       elsewhere(self->release));
	EXPECT_LE(ratio, limit)
		TH_LOG("%s was %.3f, its bound is %.2f, and it is %.3f now", row->name,
		       self->landed, row->bound, ratio);
}

TEST_HARNESS_MAIN
