// SPDX-License-Identifier: GPL-2.0
/*
 * Devices of several kinds below two hosts: large windows, large segments, in both directions at
 * once. Whatever the device, every byte arrives; and where a program is behind it, it gets no
 * packet that is larger than the device allows. (offload.c has veth, bridge, VLAN and a router;
 * pair/virtio.sh a NIC.)
 */
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "harness.h"
#include "topo.h"

#define MTU	1500
#define BULK	1000000
#define CONNS	2
#define QUEUE	20000	/* packets: more than both ends' windows */

TOPO_FIXTURE(devices, topo_two_hosts);

/* Address of either host, 1 or 2, in a network of their own */
static const char *addr(const struct lab *lab, int host)
{
	if (lab->family == AF_INET6)
		return host == 1 ? "2001:db8:9::1" : "2001:db8:9::2";
	return host == 1 ? "192.0.9.1" : "192.0.9.2";
}

/* Let a host use a device, and its socket library the address. */
static int use(struct topo *t, int where, const char *dev, int host)
{
	bool six = t->lab->family == AF_INET6;

	if (host == 2)
		t->server = addr(t->lab, 2);
	return topo_run(t, where, "ip link set %s up && ip addr add %s/%s dev %s", dev,
			addr(t->lab, host), six ? "64 nodad" : "24", dev);
}

/* The largest packet that either host gets by these devices; -1 with the reason */
static int largest(struct topo *t, const char *client, const char *server)
{
	return topo_largest_of(t, client, server, CONNS, BULK, topo_lossless);
}

TEST_F_TIMEOUT(devices, loopback, lab_secs(60))
{
	self->t.ns[TOPO_SERVER] = self->t.ns[TOPO_CLIENT];
	self->t.server = self->lab.family == AF_INET6 ? "::1" : "127.0.0.1";
	EXPECT_GE(65536, LAB_FD(largest(&self->t, "lo", "lo")));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link set lo mtu %d", MTU));
	LAB_OK(topo_lossless(&self->t, CONNS, BULK, 0));
	LAB_OK(topo_cut_at(&self->t, TOPO_CLIENT, "lo"));
	EXPECT_GE(MTU, LAB_FD(largest(&self->t, "lo", "lo")));
}

/* A dummy swallows what it sends; but two macvlans above one talk to each other. */
TEST_F_TIMEOUT(devices, macvlan_on_dummy, lab_secs(60))
{
	LAB_OK(topo_run(&self->t, TOPO_CLIENT,
			"ip link add d0 type dummy && ip link set d0 up && "
			"ip link add link d0 name m0 type macvlan mode bridge && "
			"ip link add link d0 name m1 type macvlan mode bridge"));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link set m1 netns /proc/%d/fd/%d", getpid(),
			self->t.ns[TOPO_SERVER]));
	LAB_OK(use(&self->t, TOPO_CLIENT, "m0", 1));
	LAB_OK(use(&self->t, TOPO_SERVER, "m1", 2));
	LAB_OK(topo_lossless(&self->t, CONNS, BULK, 0));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link set dev m0 gso_max_segs 1"));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ip link set dev m1 gso_max_segs 1"));
	EXPECT_GE(MTU, LAB_FD(largest(&self->t, "m0", "m1")));
}

static int tun_open(struct topo *t, int where, const char *name, bool offload)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0) };
	unsigned int can = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	int fd, err = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (lab_netns_enter(t->ns[where]))
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || (offload && ioctl(fd, TUNSETOFFLOAD, can)))
		err = lab_fail("tun: %s", strerror(errno));
	/* it drops what it has no room for, and the program may be late */
	return lab_netns_enter(t->ns[TOPO_CLIENT]) ?: err ?:
	       topo_run(t, where, "ip link set %s txqueuelen %d", name, QUEUE) ?: fd;
}

/* One end of a cable: what a program reads a host's packets from, and writes packets for it to */
struct end {
	int from, to;
};

/* Pass on what one host sends to the other; note how long it was at most. */
static void pass_on(int from, int to, volatile int *most)
{
	static char packet[1 << 17];
	ssize_t n;

	while ((n = read(from, packet, sizeof(packet))) > 0) {
		if (n > *most)
			*most = n;
		if (write(to, packet, n) != n)
			_exit(1);
	}
}

static pid_t cable(struct end a, struct end b, volatile int *most)
{
	struct pollfd p[2] = {
		{ .fd = a.from, .events = POLLIN }, { .fd = b.from, .events = POLLIN },
	};
	pid_t pid = fork();
	cpu_set_t anywhere;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	topo_stay_here(&anywhere);
	for (;;) {
		poll(p, 2, -1);
		pass_on(a.from, b.to, most);
		pass_on(b.from, a.to, most);
	}
}

/* The longest packet that the program sees; -1 with the reason */
static int through(struct topo *t, struct end a, struct end b)
{
	volatile int *most;
	int err, status;
	pid_t pid;

	most = mmap(NULL, sizeof(*most), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (most == MAP_FAILED)
		return lab_fail("mmap: %s", strerror(errno));
	pid = cable(a, b, most);
	err = topo_lossless(t, CONNS, BULK, 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!err && WIFEXITED(status))
		err = lab_fail("the other device did not take a packet");
	return err ?: *most;
}

/* The same behind TUN devices */
static int through_tun(struct topo *t, bool offload)
{
	int a = tun_open(t, TOPO_CLIENT, "t0", offload), b;

	b = a < 0 ? -1 : tun_open(t, TOPO_SERVER, "t1", offload);
	if (b < 0 || use(t, TOPO_CLIENT, "t0", 1) || use(t, TOPO_SERVER, "t1", 2))
		return -1;
	return through(t, (struct end){ a, a }, (struct end){ b, b });
}

TEST_F_TIMEOUT(devices, tun, lab_secs(60))
{
	EXPECT_GE(MTU, LAB_FD(through_tun(&self->t, false)));
}

/* The program behind it, a virtual machine as a rule, sums up and cuts, but TCP's segments only. */
TEST_F_TIMEOUT(devices, tun_that_offloads, lab_secs(60))
{
	const int vnet_hdr = 10;
	int most = LAB_FD(through_tun(&self->t, true));

	EXPECT_TRUE(self->lab.oracle ? most > 2 * MTU : most <= MTU + vnet_hdr)
		TH_LOG("%d octets", most);
}

/*
 * What is given to a dummy itself: a packet socket sees it, and a program carries it on to the
 * server, whose answers come in by another device.
 */
TEST_F_TIMEOUT(devices, dummy, lab_secs(60))
{
	struct end a, b;

	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link add d0 type dummy"));
	LAB_OK(topo_cut_at(&self->t, TOPO_CLIENT, "d0"));
	/* nor does the device sum up: the server looks at what was sent as if it came by wire */
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ethtool -K d0 tx-checksum-ip-generic off"));
	LAB_OK(use(&self->t, TOPO_CLIENT, "d0", 1));
	a.from = LAB_FD(topo_watch(&self->t, TOPO_CLIENT, "d0"));
	a.to = LAB_FD(tun_open(&self->t, TOPO_CLIENT, "t0", false));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link set t0 up"));
	b.from = LAB_FD(tun_open(&self->t, TOPO_SERVER, "t1", false));
	b.to = b.from;
	LAB_OK(use(&self->t, TOPO_SERVER, "t1", 2));
	EXPECT_GE(MTU, LAB_FD(through(&self->t, a, b)));
}

TEST_HARNESS_MAIN
