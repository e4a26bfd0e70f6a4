// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to be served by either protocol, for scripts/bench: both do the same work in turns,
 * and each time is a line. The table is made of them there.
 *
 * Environment:
 *   BENCH_ROWS=regex	only these
 *   BENCH_RUNS=n	of each protocol, after one that does not count (3)
 *   BENCH_REAL=1	the clock is a real one
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "rows.h"

#define PAUSE	1
#define FEW_RUNS	3	/* of what is slow */

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static const char *name_of(int proto)
{
	return proto == IPPROTO_TCP ? "tcp" : "tcplab";
}

/* One protocol's turn, and what is to be said of it */
static int turn(struct stand *s, const struct row *row, int proto, int rep)
{
	if (stand_turn(s, row, proto)) {
		printf("fail\t%s\t%s\t%s\n", row->name, name_of(proto), lab_why());
		return -1;
	}
	if (rep)
		printf("cost\t%s\t%s\t%d\t%.6f\n", row->name, name_of(proto), rep, s->cost);
	return 0;
}

/* What counts bytes, or instructions of much work, is the same each time. */
static int runs_of(const struct row *row, int runs, bool real)
{
	if (row->once || (row->slow && !real))
		return 1;
	return row->slow && runs > FEW_RUNS ? FEW_RUNS : runs;
}

/* All turns of a row; which protocol goes first changes. */
static int run_row(const struct row *row, int rival, int runs, bool real)
{
	const int protos[2] = { IPPROTO_TCP, rival };
	struct stand s = { .real = real, .waits = row->waits };
	int rep, i;

	if (lab_begin(&s.lab, row->family, false) != LAB_READY || (row->place && row->place(&s))) {
		printf("fail\t%s\tplace\t%s\n", row->name, lab_why());
		return -1;
	}
	for (rep = row->once || row->slow; rep <= runs_of(row, runs, real); rep++)
		for (i = 0; i < 2; i++)
			if (turn(&s, row, protos[(i + rep) % 2], rep))
				return -1;
	return 0;
}

/* In a process of its own: what it leaves behind goes with it, and is gone before the next one. */
static int in_child(const struct row *row, int rival, int runs, bool real)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return stand_fail("fork()");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		status = run_row(row, rival, runs, real);
		fflush(stdout);
		_exit(status ? 1 : 0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return stand_fail("waitpid()");
	if (WIFSIGNALED(status))
		printf("fail\t%s\tprogram\t%s\n", row->name, strsignal(WTERMSIG(status)));
	sleep(PAUSE);
	return 0;
}

static int run_rows(const regex_t *wanted, int rival, int runs, bool real)
{
	const struct row *row;

	for (row = rows; row < rows + rows_count; row++) {
		if (regexec(wanted, row->name, 0, NULL, 0))
			continue;
		printf("row\t%s\t%s\t%.2f\t%s\t%s\n", row->name, row->unit, row->bound,
		       row->own ? "own" : "ratio", row->what);
		if (in_child(row, rival, runs, real))
			return -1;
		printf("done\t%s\n", row->name);
		fflush(stdout);
	}
	return 0;
}

int main(void)
{
	bool real = atoi(env("BENCH_REAL", "0"));
	int runs = atoi(env("BENCH_RUNS", "3"));
	regex_t wanted;
	struct lab lab;

	if (runs < 1 || regcomp(&wanted, env("BENCH_ROWS", ""), REG_EXTENDED | REG_NOSUB)) {
		fprintf(stderr, "bench: BENCH_RUNS or BENCH_ROWS make no sense\n");
		return 2;
	}
	if (stand_allow_sockets() || lab_begin(&lab, AF_INET, true) != LAB_READY ||
	    run_rows(&wanted, lab.proto, runs, real))
		goto fail;
	return 0;
fail:
	fprintf(stderr, "bench: %s\n", lab_why());
	return 1;
}
