// SPDX-License-Identifier: GPL-2.0
/*
 * Where the work of a row is done, and how it is counted: by a clock that counts instructions
 * (scripts/vm --repeatable), less the time that nobody did anything, which that clock skips but
 * does not leave out.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

#include "rows.h"

#define BACKLOG		128
#define SETTLE_US	200000
#define SOCKETS		500000

/* What failed, and how: for calls whose name says enough. */
int stand_fail(const char *call)
{
	return lab_fail("%s: %s", call, strerror(errno));
}

/* As many as the rows with idle connections want. */
int stand_allow_sockets(void)
{
	struct rlimit files = { SOCKETS, SOCKETS };

	return setrlimit(RLIMIT_NOFILE, &files) ? stand_fail("setrlimit()") : 0;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Sum of the figures behind each @name in a table of timers, a line each. */
static int64_t sum_of(const char *text, const char *name)
{
	int64_t sum = 0;

	while ((text = strstr(text, name))) {
		text = strchr(text, ':');
		sum += text ? atoll(text + 1) : 0;
		text = text ? text : "";
	}
	return sum;
}

/*
 * How long the processors have been idle, to the nanosecond. Of one that is idle just now the last
 * part is not in it, so this is for one processor: the one that asks is not idle.
 */
static int64_t idle_ns(void)
{
	static char buf[1 << 20];

	if (lab_read_file("/proc/timer_list", buf, sizeof(buf)) < 0)
		return -1;
	if (!strstr(buf, ".idle_sleeptime"))
		return lab_fail("/proc/timer_list says nothing of idle time");
	return sum_of(buf, ".idle_sleeptime") + sum_of(buf, ".iowait_sleeptime");
}

/* The same in real time, of all processors, in steps of ten milliseconds. */
static int64_t idle_coarse_ns(void)
{
	long long idle, iowait;
	char buf[4096];

	if (lab_read_file("/proc/stat", buf, sizeof(buf)) < 0)
		return -1;
	if (sscanf(buf, "cpu %*d %*d %*d %lld %lld", &idle, &iowait) != 2)
		return lab_fail("/proc/stat says nothing of idle time");
	return (idle + iowait) * (1000000000LL / sysconf(_SC_CLK_TCK));
}

/* What is not to count. In real time others may run where this program only waits a moment. */
static int64_t idle_now(const struct stand *s)
{
	if (!s->real)
		return idle_ns();
	return s->waits ? idle_coarse_ns() : 0;
}

/* For tools/count.c, if QEMU has that: who works from now on, 0 for nobody? */
#ifdef __x86_64__
#define TELL(who)	asm volatile("nopl 0x7c1ab000 + " #who "(%%rax)" ::: "memory")
#else
#define TELL(who)	((void)0)
#endif

/**
 * stand_start() - what is done from now on counts
 * @s: the stand
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int stand_start(struct stand *s)
{
	s->idle = idle_now(s);
	s->from = now_ns();
	if (s->lab.oracle)
		TELL(1);
	else
		TELL(2);
	return s->idle < 0 ? -1 : 0;
}

/**
 * stand_stop() - what is done from now on does not count
 * @s:	   the stand; gets the cost
 * @units: how many of the row's units have been done since stand_start()
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int stand_stop(struct stand *s, uint64_t units)
{
	int64_t ns, idle;

	TELL(0);
	ns = now_ns() - s->from;
	idle = idle_now(s);
	if (idle < 0)
		return -1;
	if (s->real && s->waits)
		ns *= sysconf(_SC_NPROCESSORS_ONLN);
	s->cost = (double)(ns - (idle - s->idle)) / units;
	return s->cost > 0 ? 0 : lab_fail("nothing to count");
}

/* What others still do for what was done before is not to be counted with what comes next. */
void stand_settle(void)
{
	usleep(SETTLE_US);
}

/* Nothing is remembered of one run that would change the next one; ports enough for many. */
static int forget(void)
{
	return lab_write_file("/proc/sys/net/ipv4/tcp_no_metrics_save", "1") ||
	       lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535") ? -1 : 0;
}

/* Both ends in one namespace, over lo. */
int stand_loopback(struct stand *s)
{
	s->loopback = true;
	return forget();
}

/* Two namespaces, a veth between them. */
int stand_link(struct stand *s)
{
	int ret;

	if (topo_two_hosts(&s->topo, &s->lab) || forget() ||
	    lab_netns_enter(s->topo.ns[TOPO_SERVER]))
		return -1;
	ret = forget();
	return lab_netns_enter(s->topo.ns[TOPO_CLIENT]) ? -1 : ret;
}

/* The names of what a device may be told to do, 32 bytes each; NULL with the reason. */
static struct ethtool_gstrings *feature_names(int fd, struct ifreq *ifr)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} ask = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };
	struct ethtool_gstrings *names;

	ifr->ifr_data = (void *)&ask;
	if (ioctl(fd, SIOCETHTOOL, ifr)) {
		stand_fail("ETHTOOL_GSSET_INFO");
		return NULL;
	}
	names = calloc(1, sizeof(*names) + ask.count * ETH_GSTRING_LEN);
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = ask.count;
	ifr->ifr_data = (void *)names;
	if (!ioctl(fd, SIOCETHTOOL, ifr))
		return names;
	stand_fail("ETHTOOL_GSTRINGS");
	free(names);
	return NULL;
}

/* Cutting of whatever protocol, but for that in software, which has no device's name. */
static bool cuts(const char *feature)
{
	const char *tail = strstr(feature, "-segmentation");

	return tail && !strcmp(tail, "-segmentation") && strcmp(feature, "tx-generic-segmentation");
}

static int set_soft(int fd, struct ifreq *ifr, const struct ethtool_gstrings *names)
{
	unsigned int blocks = (names->len + 31) / 32, i;
	struct ethtool_sfeatures *set = calloc(1, sizeof(*set) + blocks * sizeof(set->features[0]));
	int ret;

	set->cmd = ETHTOOL_SFEATURES;
	set->size = blocks;
	for (i = 0; i < names->len; i++) {
		const char *name = (const char *)names->data + i * ETH_GSTRING_LEN;
		bool gro = !strcmp(name, "rx-gro");

		set->features[i / 32].valid |= (uint32_t)(gro || cuts(name)) << i % 32;
		set->features[i / 32].requested |= (uint32_t)gro << i % 32;
	}
	ifr->ifr_data = (void *)set;
	ret = ioctl(fd, SIOCETHTOOL, ifr);
	free(set);
	/* what a device cannot cut anyway cannot be switched off either, and does not matter */
	return ret < 0 ? stand_fail("ETHTOOL_SFEATURES") : 0;
}

/* A device of this namespace: large segments are cut before it, and put together behind it. */
static int soft(const char *dev)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = -1;
	struct ethtool_gstrings *names;
	struct ifreq ifr = { 0 };

	if (fd < 0)
		return stand_fail("socket()");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	names = feature_names(fd, &ifr);
	if (names)
		ret = set_soft(fd, &ifr, names);
	free(names);
	close(fd);
	return ret;
}

/* The same link of devices that cannot segment. */
int stand_soft_link(struct stand *s)
{
	int ret;

	if (stand_link(s) || soft("c0") || lab_netns_enter(s->topo.ns[TOPO_SERVER]))
		return -1;
	ret = soft("s0");
	return lab_netns_enter(s->topo.ns[TOPO_CLIENT]) ? -1 : ret;
}

/* A listener at the stand's far end. */
int stand_listen(struct stand *s)
{
	if (s->loopback)
		return lab_listen(&s->lab, STAND_PORT, BACKLOG);
	return topo_listen(&s->topo, STAND_PORT, BACKLOG);
}

/**
 * stand_pair() - one connection across the stand
 * @s:	the stand
 * @fd:	gets both ends, the one that connected first; neither blocks
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int stand_pair(struct stand *s, int fd[2])
{
	int listener = stand_listen(s);

	fd[0] = -1;
	fd[1] = -1;
	if (listener < 0)
		return -1;
	fd[0] = s->loopback ? lab_connect_to(&s->lab, STAND_PORT) :
			      topo_connect(&s->topo, STAND_PORT);
	if (fd[0] >= 0 && lab_wait(listener, POLLIN))
		fd[1] = accept(listener, NULL, NULL);
	close(listener);
	if (fd[0] < 0)
		return -1;
	if (fd[1] < 0)
		return stand_fail("accept()");
	return lab_nonblock(fd[0], true) || lab_nonblock(fd[1], true) ? -1 : 0;
}

/* Take a connection away so that nothing is left of it. */
void stand_part(int fd[2])
{
	struct linger now = { .l_onoff = 1 };
	int i;

	for (i = 0; i < 2; i++) {
		if (fd[i] < 0)
			continue;
		setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd[i]);
	}
}

/* One protocol's turn at a row's work. */
int stand_turn(struct stand *s, const struct row *row, int proto)
{
	s->lab.proto = proto;
	s->lab.oracle = proto == IPPROTO_TCP;
	s->cost = 0;
	stand_settle();
	return row->work(s, row->arg);
}
