// SPDX-License-Identifier: GPL-2.0
/*
 * The module comes and goes, with traffic in between: each time it is loaded, connections of both
 * families are brought into all states that last, the programs close, and rmmod must work at once,
 * whatever is left: TIME_WAITs, requests, orphans with data on their way, readers of procfs.
 *
 * This program loads and removes the module itself: it runs in a group of its own. TCPLAB_KO is the
 * module's file. 15 rounds make a short form; TCPLAB_ROUNDS=14 makes it 210.
 */
#include "harness.h"
#include "storm.h"
#include "topo.h"
#include "states.h"
#include "failmem.h"

#include <sys/mman.h>

FIXTURE(coming_going) { const char *ko; };
FIXTURE_SETUP(coming_going)
{
	self->ko = getenv("TCPLAB_KO");
	ASSERT_NE(NULL, self->ko);
	ASSERT_NE(0, access("/sys/module/tcplab", F_OK))
		TH_LOG("the module is loaded already");
}

FIXTURE_TEARDOWN(coming_going)
{
	lab_module_remove("tcplab");
}

/* Nothing of the module is left: no cache, no file, no setting. */
static int all_gone(void)
{
	static char slabs[1 << 18];

	if (lab_read_file("/proc/slabinfo", slabs, sizeof(slabs)) < 0)
		return -1;
	if (strstr(slabs, "\nTCPLAB") || strstr(slabs, "\ntl_"))
		return lab_fail("a slab cache is left");
	if (!access("/proc/net/tcplab", F_OK) || !access("/proc/sys/net/tcplab", F_OK))
		return lab_fail("a file of procfs is left");
	return access("/sys/module/tcplab", F_OK) ? 0 : lab_fail("the module is still there");
}

static int remove_module(void)
{
	int err = lab_module_remove("tcplab");

	return err ? lab_fail("rmmod: %s", strerror(err)) : all_gone();
}

/* Reads until the parent closes its end of the pipe; the files may vanish under its hands. */
static void read_on(int stop)
{
	static const char * const files[] = {
		"connections", "requests", "timewait", "listeners", "counters", "tcp", "tcp6",
	};
	char path[100], buf[4096], c;
	int i, fd;

	lab_nonblock(stop, true);
	for (i = 0; read(stop, &c, 1) < 0; i++) {
		snprintf(path, sizeof(path), "/proc/net/tcplab/%s", files[i % 7]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
}

/*
 * The traffic of one family, in a process of its own; says so on @done when all is closed, and
 * keeps the namespaces, with a reader in them, until @stop is closed.
 */
static int traffic(int family, bool cut, int done, int stop)
{
	struct lab lab;
	struct states s;

	if (lab_only_tcplab(&lab, family) != LAB_READY || topo_two_hosts(&s.topo, &lab) ||
	    states_make(&s, &lab) || (cut && states_cut(&s)))
		return -1;
	states_close(&s);
	if (write(done, "x", 1) != 1)
		return lab_fail("write: %s", strerror(errno));
	read_on(stop);
	return 0;
}

static pid_t start_traffic(int family, bool cut, int done[2], int stop[2])
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(done[0]);
	close(stop[1]);
	if (traffic(family, cut, done[1], stop[0])) {
		printf("# IPv%d: %s\n", family == AF_INET ? 4 : 6, lab_why());
		fflush(stdout);
		_exit(1);
	}
	_exit(0);
}

/* One life of the module. In odd rounds the namespaces end before it does, in even ones after. */
static int one_round(const char *ko, int no)
{
	int done[2], stop[2], i, status, bad = 0, err = lab_module_load(ko, "");
	char c[2];

	if (err)
		return lab_fail("insmod: %s", strerror(err));
	if (pipe(done) || pipe(stop))
		return lab_fail("pipe: %s", strerror(errno));
	start_traffic(AF_INET, no & 2, done, stop);
	start_traffic(AF_INET6, no & 4, done, stop);
	close(done[1]);
	close(stop[0]);
	for (i = 0; i < 2 && read(done[0], c, 1) == 1; i++)
		;
	close(done[0]);
	if (i == 2 && !(no & 1))
		bad = remove_module();
	close(stop[1]);
	for (i = 0; i < 2; i++) {
		if (wait(&status) < 0 || status)
			bad = lab_fail("round %d: a host failed", no);
	}
	if (access("/sys/module/tcplab", F_OK))
		return bad;
	return bad ?: remove_module();
}

TEST_F_TIMEOUT(coming_going, with_traffic, lab_secs(60) * storm_rounds(2))
{
	int i, n = storm_rounds_least(15, 8);		/* see one_round() */

	for (i = 0; i < n; i++)
		LAB_OK(one_round(self->ko, i));
	TH_LOG("%d times loaded and removed", n);
}

/* Sockets made and closed in a hurry while somebody tries to remove the module, again and again. */
static void open_and_close(int stop, atomic_int *opened)
{
	int fd, family = AF_INET;
	char c;

	lab_nonblock(stop, true);
	while (read(stop, &c, 1) < 0) {
		family = family == AF_INET ? AF_INET6 : AF_INET;
		fd = socket(family, SOCK_STREAM, LAB_PROTOCOL);
		if (fd < 0)
			continue;
		atomic_fetch_add(opened, 1);
		close(fd);
	}
}

TEST_F_TIMEOUT(coming_going, against_openers, lab_secs(60) * storm_rounds(1))
{
	int stop[2], i, err, n = storm_rounds(10), refused = 0, status;
	atomic_int *opened = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);

	ASSERT_NE(MAP_FAILED, opened);
	ASSERT_EQ(0, pipe(stop));
	for (i = 0; i < 2; i++) {
		if (!fork()) {
			close(stop[1]);
			open_and_close(stop[0], opened);
			_exit(0);
		}
	}
	for (i = 0; i < n; i++) {
		atomic_store(opened, 0);
		ASSERT_EQ(0, lab_module_load(self->ko, ""));
		ASSERT_TRUE(LAB_UNTIL(atomic_load(opened) > i));
		while ((err = lab_module_remove("tcplab")) == EAGAIN || err == EBUSY)
			refused++;
		ASSERT_EQ(0, err)
			TH_LOG("rmmod: %s", strerror(err));
		LAB_OK(all_gone());
	}
	close(stop[1]);
	for (i = 0; i < 2; i++)
		ASSERT_LT(0, wait(&status));
	TH_LOG("%d times removed, %d times refused as in use", n, refused);
}

/* insmod without memory fails, whichever rung of its ladder it is on, and leaves nothing. */
TEST_F_TIMEOUT(coming_going, without_memory, lab_secs(60) * storm_rounds(1))
{
	int i, err, n = storm_rounds(15), worked = 0;

	LAB_OK(failmem_open(true));
	LAB_OK(failmem_begin(10, 1));
	for (i = 0; i < n; i++) {
		err = lab_module_load(self->ko, "");
		EXPECT_TRUE(!err || err == ENOMEM || err == ENOBUFS)
			TH_LOG("insmod: %s", strerror(err));
		worked += !err;
		if (!err)
			EXPECT_EQ(0, lab_module_remove("tcplab"));
		LAB_OK(all_gone());
	}
	TH_LOG("%ld allocations failed; %d of %d times loaded", failmem_count(), worked, n);
	EXPECT_LT(0, failmem_count());
	EXPECT_LT(worked, n);
	LAB_OK(failmem_end());
	EXPECT_EQ(0, lab_module_load(self->ko, ""));
	EXPECT_EQ(0, lab_module_remove("tcplab"));
	failmem_close();
}

TEST_HARNESS_MAIN
