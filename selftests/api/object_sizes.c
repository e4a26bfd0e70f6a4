// SPDX-License-Identifier: GPL-2.0
/*
 * Half-open connections and TIME_WAITs are the ones that come by the hundred thousand: an upper
 * bound for the size of each, and what the kernel's TCP takes for the same.
 */
#include "harness.h"

LAB_FIXTURE(object_sizes);

/* An object of a slab cache, bytes, without what debugging adds; -1 if there is no such cache. */
static long object_size(const char *cache)
{
	static char buf[1 << 18];
	char name[64], *line, *save;
	long size;

	snprintf(buf, sizeof(buf), "/sys/kernel/slab/%s/object_size", cache);
	if (!access(buf, R_OK) && lab_read_file(buf, buf, sizeof(buf)) > 0)
		return atol(buf);
	if (lab_read_file("/proc/slabinfo", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%63s %*d %*d %ld", name, &size) == 2 && !strcmp(name, cache))
			return size;
	return lab_fail("no slab cache %s", cache);
}

static const char *cache_of(const struct lab *lab, bool timewait)
{
	static const char * const names[2][2][2] = {
		{ { "request_sock_TCP", "tw_sock_TCP" },
		  { "request_sock_TCPv6", "tw_sock_TCPv6" } },
		{ { "tl_request", "tl_timewait" }, { "tl_request", "tl_timewait" } },
	};

	return names[!lab->oracle][lab->family == AF_INET6][timewait];
}

TEST_F(object_sizes, of_small_objects)
{
	long request = object_size(cache_of(&self->lab, false));
	long timewait = object_size(cache_of(&self->lab, true));

	ASSERT_LT(0, request)
		TH_LOG("%s", lab_why());
	ASSERT_LT(0, timewait)
		TH_LOG("%s", lab_why());
	/* the kernel's TCP is there for comparison: 264 bytes for a TIME_WAIT in 6.1 */
	EXPECT_TRUE(self->lab.oracle || request <= 320);
	EXPECT_TRUE(self->lab.oracle || timewait <= 256);
	printf("# figure: %s, IPv%d: a half-open connection takes %ld bytes, a TIME_WAIT %ld\n",
	       self->lab.oracle ? "the kernel's TCP" : "tcplab",
	       self->lab.family == AF_INET6 ? 6 : 4, request, timewait);
	fflush(stdout);
}

TEST_HARNESS_MAIN
