// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace, or the link in it, goes away under connections that live, that are half
 * open in either direction, that close without a program, and that are in TIME_WAIT, while
 * somebody reads the tables. The namespace must really go: a veth whose one end is in it goes with
 * it, and its other end stands where the test can see it.
 */
#include "harness.h"
#include "storm.h"
#include "topo.h"
#include "states.h"

#include <net/if.h>

LAB_FIXTURE(netns_gone);

/* The dead are to be buried early, or their namespace waits for them as it may. */
static int hurry(struct lab *lab)
{
	return lab_sysctl_set(lab, "orphan_retries", "1") ||
	       lab_sysctl_set(lab, "fin_timeout", "1") ? -1 : 0;
}

/* A mark in this namespace that vanishes with the one whose descriptor is given. */
static int mark(const char *name, int home, int ns)
{
	char there[IFNAMSIZ];

	snprintf(there, sizeof(there), "x%s", name);
	if (lab_netns_enter(home) || lab_veth(name, there, ns))
		return -1;
	return 0;
}

static int read_tables(struct hand *h)
{
	static const char * const files[2][4] = {
		{ "tcplab/connections", "tcplab/requests", "tcplab/timewait", "tcplab/tcp" },
		{ "tcp", "tcp6", "snmp", "netstat" },
	};
	char path[100], buf[1000];
	int fd, i = 0;

	while (hand_goes_on(h)) {
		snprintf(path, sizeof(path), "/proc/thread-self/net/%s",
			 files[h->crew->lab->oracle][i++ % 4]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return lab_fail("%s: %s", path, strerror(errno));
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
	}
	return 0;
}

enum end { LEAVE, CUT_THE_LINK, CLOSE_FIRST, ENDS };

/* Runs in a process of its own: makes two namespaces, fills them, and leaves them as @how says. */
static int live_and_go(struct lab *lab, int home, int no, enum end how)
{
	static struct states s;
	static struct crew readers;
	char name[IFNAMSIZ];
	int i;

	if (lab_netns_new() || topo_two_hosts(&s.topo, lab))
		return -1;
	for (i = TOPO_CLIENT; i <= TOPO_SERVER; i++) {
		snprintf(name, sizeof(name), "m%d-%d", no, i);
		if (mark(name, home, s.topo.ns[i]) || lab_netns_enter(s.topo.ns[i]) || hurry(lab))
			return -1;
	}
	if (lab_netns_enter(s.topo.ns[TOPO_CLIENT]))
		return -1;
	crew_init(&readers, lab);
	if (crew_add(&readers, read_tables, NULL, 2) || states_make(&s, lab))
		return -1;
	if (how == CUT_THE_LINK && states_cut(&s))
		return -1;
	if (how == CLOSE_FIRST)
		states_close(&s);
	return crew_stop(&readers);
}

static bool marks_are_gone(int n)
{
	char name[IFNAMSIZ];
	int i;

	for (i = 0; i < 2 * n; i++) {
		snprintf(name, sizeof(name), "m%d-%d", i / 2, i % 2);
		if (if_nametoindex(name))
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(netns_gone, in_all_states, lab_secs(120))
{
	int home = LAB_FD(lab_netns_fd()), n = storm_rounds_least(3, ENDS), i, status;
	int64_t end;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (live_and_go(&self->lab, home, i, i % ENDS)) {
				printf("# namespace %d: %s\n", i, lab_why());
				fflush(stdout);
				_exit(1);
			}
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	/* orphans hold their namespace until they are given up */
	end = lab_now_us() + 60000000LL * lab_slow();
	while (!marks_are_gone(n) && lab_now_us() < end)
		usleep(10000);
	EXPECT_TRUE(marks_are_gone(n))
		TH_LOG("a namespace is still there");
}

TEST_HARNESS_MAIN
