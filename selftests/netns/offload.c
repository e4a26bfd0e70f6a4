// SPDX-License-Identifier: GPL-2.0
/*
 * Super-segments: they pass whole where devices are software, are cut in front of those that are
 * not, and joined where a device delivers segments one by one. Whatever the way, every byte
 * arrives, and no packet is larger than its link allows.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "harness.h"
#include "topo.h"

#define MTU	1500
#define BULK	(4 << 20)

FIXTURE(offload) { struct lab lab; struct topo t; };
LAB_VARIANTS(offload);
FIXTURE_SETUP(offload)
{
	LAB_BEGIN(&self->lab);
}

FIXTURE_TEARDOWN(offload) { }

/* A device that must get segments one by one: the stack cuts them in front of it. */
static int cut_at(const struct topo *t, int where, const char *dev)
{
	return topo_run(t, where, "ethtool -K %s tso off && "
			"ethtool -K %s tx-sctp-segmentation off gso on", dev, dev);
}

/* Both ends' */
static int cut_at_ends(const struct topo *t)
{
	return cut_at(t, TOPO_CLIENT, "c0") ?: cut_at(t, TOPO_SERVER, "s0");
}

/* Sees what passes a host's device, and has room for all of it. */
static int watch(const struct topo *t, int where, const char *dev)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = -1;

	if (lab_netns_enter(t->ns[where]))
		return -1;
	at.sll_ifindex = if_nametoindex(dev);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (fd < 0 || lab_set_opt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return lab_fail("packet socket: %s", strerror(errno));
	return lab_netns_enter(t->ns[TOPO_CLIENT]) ?: fd;
}

/* The largest packet that came in, with its IP header; -1 if some were not seen */
static int largest(int fd)
{
	struct tpacket_stats stats = { 0 };
	struct sockaddr_ll from;
	socklen_t len = sizeof(from), size = sizeof(stats);
	int most = 0, n;
	char c;

	while ((n = recvfrom(fd, &c, 1, MSG_TRUNC, (struct sockaddr *)&from, &len)) >= 0)
		if (from.sll_pkttype != PACKET_OUTGOING && n > most)
			most = n;
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) || stats.tp_drops)
		return lab_fail("%u packets were not seen", stats.tp_drops);
	return most ?: lab_fail("no packet was seen");
}

/* The largest packet that either host gets while @flows flows go both ways; -1 with the reason */
static int largest_sent(struct topo *t, int flows)
{
	int c0 = watch(t, TOPO_CLIENT, "c0"), s0 = c0 < 0 ? -1 : watch(t, TOPO_SERVER, "s0");
	int back, there;

	if (s0 < 0 || topo_transfer(t, flows, BULK, 0))
		return -1;
	back = largest(c0);
	there = largest(s0);
	close(c0);
	close(s0);
	return back < 0 || there < 0 ? -1 : back > there ? back : there;
}

TEST_F_TIMEOUT(offload, whole, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	EXPECT_LT(4 * MTU, LAB_FD(largest_sent(&self->t, 1)));
}

/* ip link set ... gso_max_segs 1, gso off: what administrators say is heeded */
TEST_F_TIMEOUT(offload, forbidden, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ethtool -K c0 tso off gso off"));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ip link set dev s0 gso_max_segs 1"));
	EXPECT_GE(MTU, LAB_FD(largest_sent(&self->t, 1)));
}

TEST_F_TIMEOUT(offload, cut, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(cut_at_ends(&self->t));
	EXPECT_GE(MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/* ... and summed up by the processor, as where a NIC knows TCP and UDP alone */
TEST_F_TIMEOUT(offload, cut_and_summed_up, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ethtool -K c0 tx-checksum-ip-generic off"));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ethtool -K s0 tx-checksum-ip-generic off"));
	LAB_OK(topo_transfer(&self->t, 2, BULK, 0));
}

TEST_F_TIMEOUT(offload, cut_and_joined, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(cut_at_ends(&self->t));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ethtool -K s0 gro on"));
	EXPECT_LT(2 * MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/* A router joins what comes in, and cuts it again on the way out. */
TEST_F_TIMEOUT(offload, forwarded, lab_secs(60))
{
	LAB_OK(topo_router(&self->t, &self->lab));
	LAB_OK(cut_at_ends(&self->t));
	LAB_OK(topo_run(&self->t, TOPO_ROUTER, "ethtool -K r0 gro on && ethtool -K r1 gro on"));
	LAB_OK(cut_at(&self->t, TOPO_ROUTER, "r0"));
	LAB_OK(cut_at(&self->t, TOPO_ROUTER, "r1"));
	EXPECT_GE(MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/*
 * The router's far link is 12 octets smaller than the near one, the difference of two headers: what
 * comes too large is not cut smaller, but the sender is told.
 */
TEST_F_TIMEOUT(offload, hardly_too_large, lab_secs(60))
{
	LAB_OK(topo_router(&self->t, &self->lab));
	LAB_OK(topo_mtu(&self->t, MTU - 12));
	LAB_OK(cut_at(&self->t, TOPO_SERVER, "s0"));
	LAB_OK(cut_at(&self->t, TOPO_ROUTER, "r0"));
	LAB_OK(cut_at(&self->t, TOPO_ROUTER, "r1"));
	EXPECT_GE(MTU - 12, LAB_FD(largest_sent(&self->t, 1)));
}

/* A VLAN above a bridge */
TEST_F_TIMEOUT(offload, bridge_and_vlan, lab_secs(60))
{
	const char *addr = self->lab.family == AF_INET6 ? "2001:db8:9::" : "192.0.9.";
	const char *bits = self->lab.family == AF_INET6 ? "64 nodad" : "24";
	char server[32];

	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT,
			"ip link add br0 type bridge && ip link set c0 master br0 && "
			"ip link set br0 up && ip link add link br0 name v0 type vlan id 5 && "
			"ip link set v0 up && ip addr add %s1/%s dev v0", addr, bits));
	LAB_OK(topo_run(&self->t, TOPO_SERVER,
			"ip link add link s0 name v0 type vlan id 5 && "
			"ip link set v0 up && ip addr add %s2/%s dev v0", addr, bits));
	snprintf(server, sizeof(server), "%s2", addr);
	self->t.server = server;
	LAB_OK(topo_transfer(&self->t, 2, BULK, 0));
	LAB_OK(cut_at_ends(&self->t));
	LAB_OK(topo_transfer(&self->t, 2, BULK, 0));
}

TEST_HARNESS_MAIN
