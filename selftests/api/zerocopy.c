// SPDX-License-Identifier: GPL-2.0
/* SO_ZEROCOPY: the program's pages are sent from where they lie, and it is told when they are free. */
#include "harness.h"

#include <sys/utsname.h>

#include "../../module/uapi/tcplab.h"

LAB_FIXTURE(zerocopy);

/*
 * The kernel grants SO_ZEROCOPY by protocol number; before 6.3 a protocol has no say in that, so
 * there level SOL_TCPLAB must do.
 */
static int sol(const struct lab *lab)
{
	struct utsname u;
	int major = 0, minor = 0;

	uname(&u);
	sscanf(u.release, "%d.%d", &major, &minor);
	return LAB_DIFFERS(lab, SOL_SOCKET, major * 100 + minor < 603 ? SOL_TCPLAB : SOL_SOCKET,
			   "SOL_SOCKET is closed to other protocols before Linux 6.3");
}

TEST_F(zerocopy, option)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), level = sol(&self->lab), v = 1;

	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 3));
	LAB_ERRNO(EFAULT, setsockopt(fd, level, SO_ZEROCOPY, NULL, 4));
	v = 2;
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 4));
	v = -1;
	LAB_ERRNO(EINVAL, setsockopt(fd, level, SO_ZEROCOPY, &v, 4));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, level, SO_ZEROCOPY, 1));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, level, SO_ZEROCOPY, 0));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
}

/* The listener's goes to its children; and it can be set on those, too. */
TEST_F(zerocopy, option_accepted)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd;

	LAB_OK(lab_set_opt(listener, sol(&self->lab), SO_ZEROCOPY, 1));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	LAB_OK(lab_set_opt(fd, sol(&self->lab), SO_ZEROCOPY, 0));
	EXPECT_EQ(0, lab_opt(fd, SOL_SOCKET, SO_ZEROCOPY));
	/* what is the kernel's own still is */
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(1, lab_opt(fd, SOL_SOCKET, SO_KEEPALIVE));
}

TEST_HARNESS_MAIN
