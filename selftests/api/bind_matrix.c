// SPDX-License-Identifier: GPL-2.0
/*
 * Who may share a port with whom: every pair out of a set of sockets, which differ by family,
 * address, options, and in whether they listen, on the kernel's TCP and on tcplab side by side. The
 * answers must be the same.
 */
#include "harness.h"

#include <sys/utsname.h>

FIXTURE(bind_matrix) { struct lab lab; };
FIXTURE_SETUP(bind_matrix)
{
	__LAB_VERDICT(lab_only_tcplab(&self->lab, AF_INET));
}

FIXTURE_TEARDOWN(bind_matrix) { }

#define PORT 5555

static const struct addr {
	int family;
	const char *text;
	bool v6only;
} addrs[] = {
	{ AF_INET, "0.0.0.0" }, { AF_INET, "127.0.0.1" }, { AF_INET, "127.0.0.2" },
	{ AF_INET6, "::" }, { AF_INET6, "::", true }, { AF_INET6, "::1" },
	{ AF_INET6, "::ffff:127.0.0.1" },
	/* last: 6.1 does not see that this one is in the way of others, which was mended later */
	{ AF_INET6, "::ffff:0.0.0.0" },
};

enum { N_ADDRS = ARRAY_SIZE(addrs), REUSE = 1, SHARE = 2, LISTEN = 4, N_WAYS = 8 };

/*
 * A socket of this kind: bound, perhaps listening. Return: 0, or the errno of the call that failed.
 */
static int make(int proto, const struct addr *a, int how, int *fd)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(a->family, a->text, PORT, &ss);
	int one = 1;

	*fd = socket(a->family, SOCK_STREAM, proto);
	if (*fd < 0)
		return -1;
	if (how & REUSE)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (how & SHARE)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (a->v6only)
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(*fd, (struct sockaddr *)&ss, len))
		return errno;
	if ((how & LISTEN) && listen(*fd, 1))
		return 1000 + errno;
	return 0;
}

/* What happens to the second of the two; then to the first, if that listens only now? */
static int try_pair(int proto, int i, int j)
{
	int fd[2], ret;

	ret = make(proto, &addrs[i / N_WAYS], i % N_WAYS, &fd[0]);
	if (!ret)
		ret = 10000 + make(proto, &addrs[j / N_WAYS], j % N_WAYS, &fd[1]);
	else
		fd[1] = -1;
	if (ret == 10000 && !(i & LISTEN))
		ret = listen(fd[0], 1) ? 20000 + errno : 0;
	close(fd[0]);
	close(fd[1]);
	return ret;
}

static const char *name(int i, char *buf)
{
	const struct addr *a = &addrs[i / N_WAYS];

	sprintf(buf, "%s%s%s%s%s", a->text, a->v6only ? " v6only" : "", i & REUSE ? " reuse" : "",
		i & SHARE ? " share" : "", i & LISTEN ? " listen" : "");
	return buf;
}

TEST_F_TIMEOUT(bind_matrix, as_the_kernel_says, lab_secs(120))
{
	int i, j, n = N_ADDRS * N_WAYS, conflicts = 0;
	struct utsname host;
	char a[80], b[80];

	ASSERT_EQ(0, uname(&host));
	if (!strncmp(host.release, "6.1.", 4))
		n -= N_WAYS;
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			int tcp = try_pair(IPPROTO_TCP, i, j);
			int lab = try_pair(self->lab.proto, i, j);

			EXPECT_EQ(tcp, lab)
				TH_LOG("first %s, then %s", name(i, a), name(j, b));
			conflicts += tcp != 0;
		}
	}
	/* else nothing was tried */
	EXPECT_LT(n, conflicts);
	EXPECT_GT(n * n - n, conflicts);
}

TEST_HARNESS_MAIN
