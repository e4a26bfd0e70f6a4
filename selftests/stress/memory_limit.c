// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of all sockets is used up (net.tcplab.mem): who reads and writes gets on all the same,
 * slowly; and connections that nobody holds any more are the first to go.
 *
 * The limit is the whole machine's, and the first namespace's to set. Each CPU holds up to a
 * megabyte back, so it takes some more to reach it.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define HOGS	60
#define PLENTY	"100000 100000 100000"
#define LITTLE	"100 100 100"		/* pages */

FIXTURE(memory_limit) {
	struct lab lab;
	int home;
	char before[100];
	int fd[HOGS][2];
};

LAB_VARIANTS(memory_limit);

/* In the first namespace, where the knob is. */
static int limit(struct lab *lab, int home, const char *value, char *before)
{
	int first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), err;
	const char *path = lab->oracle ? "/proc/sys/net/ipv4/tcp_mem" : "/proc/sys/net/tcplab/mem";

	if (first < 0 || lab_netns_enter(first))
		return lab_fail("no way into the first namespace: %m");
	err = before ? lab_read_file(path, before, 100) < 0 : 0;
	err = err || lab_write_file(path, value);
	close(first);
	return lab_netns_enter(home) || err ? -1 : 0;
}

FIXTURE_SETUP(memory_limit)
{
	LAB_BEGIN(&self->lab);
	self->home = lab_netns_fd();
	LAB_OK(limit(&self->lab, self->home, PLENTY, self->before));
}

FIXTURE_TEARDOWN(memory_limit)
{
	limit(&self->lab, self->home, self->before, NULL);
}

/* Connections whose one end writes as much as it can, and whose other end reads nothing. */
static int hog(struct lab *lab, int fd[HOGS][2])
{
	static char junk[65536];
	int i;

	for (i = 0; i < HOGS; i++) {
		if (lab_pair(lab, fd[i]) || lab_nonblock(fd[i][0], true))
			return -1;
		while (send(fd[i][0], junk, sizeof(junk), MSG_NOSIGNAL) > 0)
			;
		if (errno != EAGAIN)
			return lab_fail("send: %m");
	}
	return 0;
}

/* Both ends of a new connection write and read, every byte verified. */
TEST_F_TIMEOUT(memory_limit, transfer_gets_on, lab_secs(120))
{
	int fd[2], status;
	pid_t pid;

	LAB_OK(hog(&self->lab, self->fd));
	LAB_OK(limit(&self->lab, self->home, LITTLE, NULL));
	LAB_OK(lab_pair(&self->lab, fd));
	pid = fork();
	if (!pid) {
		alarm(lab_secs(100));
		_exit(lab_exchange(fd[1], LAB_TO_KERNEL, 200000, LAB_TO_PEER, 200000, 0) != 0);
	}
	LAB_OK(lab_exchange(fd[0], LAB_TO_PEER, 200000, LAB_TO_KERNEL, 200000, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(0, lab_counter(&self->lab, "TCPMemoryPressures"));
}

/* At close() */
TEST_F_TIMEOUT(memory_limit, orphans_go, lab_secs(60))
{
	int i;

	LAB_OK(hog(&self->lab, self->fd));
	LAB_OK(limit(&self->lab, self->home, LITTLE, NULL));
	EXPECT_EQ(0, lab_counter(&self->lab, "TCPAbortOnMemory"));
	for (i = 0; i < HOGS; i++)
		close(self->fd[i][0]);
	EXPECT_LT(0, lab_counter(&self->lab, "TCPAbortOnMemory"));
}

/* And when their timers ask whether it is worth going on */
TEST_F_TIMEOUT(memory_limit, orphans_go_later, lab_secs(60))
{
	int i;

	LAB_OK(hog(&self->lab, self->fd));
	for (i = 0; i < HOGS; i++)
		close(self->fd[i][0]);
	EXPECT_EQ(0, lab_counter(&self->lab, "TCPAbortOnMemory"));
	LAB_OK(limit(&self->lab, self->home, LITTLE, NULL));
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&self->lab, "TCPAbortOnMemory") > 0));
}

TEST_HARNESS_MAIN
