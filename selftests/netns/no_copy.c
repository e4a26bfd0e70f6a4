// SPDX-License-Identifier: GPL-2.0
/* What is sent without a copy goes again from where it lies, as often as it must. */
#define _GNU_SOURCE
#include "harness.h"
#include "topo.h"

#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "../../module/uapi/tcplab.h"

#define LEN	(512 << 10)

FIXTURE(no_copy) { struct lab lab; struct topo t; int fd, peer; uint8_t *buf; };
LAB_VARIANTS(no_copy);
FIXTURE_SETUP(no_copy)
{
	int listener;

	LAB_BEGIN(&self->lab);
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	if (topo_netem(&self->t, "loss 3% duplicate 1% delay 2ms 1ms limit 10000") < 0) {
		if (getenv("TCPLAB_EXPECT_ALL"))
			ASSERT_TRUE(false)
				TH_LOG("netem is missing");
		SKIP(return, "netem is missing");
	}
	listener = LAB_FD(topo_listen(&self->t, 5001, 1));
	self->fd = LAB_FD(topo_connect(&self->t, 5001));
	self->peer = LAB_FD(accept(listener, NULL, NULL));
	close(listener);
	self->buf = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	lab_fill(self->buf, LAB_TO_PEER, 0, LEN);
}

FIXTURE_TEARDOWN(no_copy) { }

/* In a process of its own: the other end gets it all. */
static pid_t reader(int fd, int other)
{
	pid_t pid = fork();

	if (!pid) {
		close(other);
		_exit(lab_recv(fd, LAB_TO_PEER, 0, LEN) || lab_recv_eof(fd));
	}
	close(fd);
	return pid;
}

static bool well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

TEST_F_TIMEOUT(no_copy, sendfile, lab_secs(120))
{
	int file = memfd_create("stream", MFD_CLOEXEC);
	pid_t pid = reader(self->peer, self->fd);
	off_t at = 0;

	ASSERT_EQ(LEN, write(file, self->buf, LEN));
	while (at < LEN)
		ASSERT_LT(0, sendfile(self->fd, file, &at, LEN - at));
	shutdown(self->fd, SHUT_WR);
	EXPECT_TRUE(well(pid));
}

/* SO_ZEROCOPY */
static int lend(const struct lab *lab, int fd)
{
	int level = LAB_DIFFERS(lab, SOL_SOCKET, lab_kernel(6, 3) ? SOL_SOCKET : SOL_TCPLAB,
				"SOL_SOCKET is closed to other protocols before Linux 6.3");

	return lab_set_opt(fd, level, SO_ZEROCOPY, 1);
}

TEST_F_TIMEOUT(no_copy, lent, lab_secs(120))
{
	uint32_t sends = 0, freed = 0;
	char control[200];
	size_t at = 0;
	pid_t pid;

	LAB_OK(lend(&self->lab, self->fd));
	pid = reader(self->peer, self->fd);
	for (; at < LEN; at += 10000, sends++) {
		size_t n = LEN - at < 10000 ? LEN - at : 10000;

		ASSERT_EQ(n, send(self->fd, self->buf + at, n, MSG_ZEROCOPY));
	}
	shutdown(self->fd, SHUT_WR);
	while (freed < sends) {
		struct msghdr m = { .msg_control = control, .msg_controllen = sizeof(control) };
		struct sock_extended_err *e;

		ASSERT_TRUE(lab_poll(self->fd, POLLERR, 60000) & POLLERR);
		if (recvmsg(self->fd, &m, MSG_ERRQUEUE) < 0)
			continue;
		e = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&m));
		ASSERT_EQ(SO_EE_ORIGIN_ZEROCOPY, e->ee_origin);
		freed += e->ee_data - e->ee_info + 1;
	}
	EXPECT_EQ(sends, freed);
	memset(self->buf, 0, LEN);	/* nobody looks at it any more */
	EXPECT_TRUE(well(pid));
}

/* For a device that cannot gather what lies in pieces it is copied on its way. */
TEST_F_TIMEOUT(no_copy, no_gather, lab_secs(60))
{
	struct ethtool_value off = { .cmd = ETHTOOL_SSG, .data = 0 };
	struct ifreq ifr = { .ifr_name = "c0", .ifr_data = (void *)&off };
	int file = memfd_create("stream", MFD_CLOEXEC), listener, fd, peer;
	char control[200];
	struct msghdr m = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct sock_extended_err *e;
	off_t at = 0;

	ASSERT_EQ(0, ioctl(self->fd, SIOCETHTOOL, &ifr));
	listener = LAB_FD(topo_listen(&self->t, 5002, 1));
	fd = LAB_FD(topo_connect(&self->t, 5002));
	peer = LAB_FD(accept(listener, NULL, NULL));
	ASSERT_EQ(LEN, write(file, self->buf, LEN));
	ASSERT_EQ(10000, sendfile(fd, file, &at, 10000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 10000));
	LAB_OK(lend(&self->lab, fd));
	ASSERT_EQ(10000, send(fd, self->buf + 10000, 10000, MSG_ZEROCOPY));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 10000, 10000));
	ASSERT_TRUE(lab_poll(fd, POLLERR, 60000) & POLLERR);
	ASSERT_LE(0, recvmsg(fd, &m, MSG_ERRQUEUE));
	e = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	EXPECT_EQ(SO_EE_ORIGIN_ZEROCOPY, e->ee_origin);
	EXPECT_EQ(SO_EE_CODE_ZEROCOPY_COPIED, e->ee_code);
}

TEST_HARNESS_MAIN
