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
static const char cut_c0[] =
	"ethtool -K c0 tso off && ethtool -K c0 tx-sctp-segmentation off gso on";

/* Sees what passes the server's device; its queue keeps the first packets only. */
static int watch(const struct topo *t)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = -1;

	if (lab_netns_enter(t->ns[TOPO_SERVER]))
		return -1;
	at.sll_ifindex = if_nametoindex("s0");
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return lab_fail("packet socket: %s", strerror(errno));
	return lab_netns_enter(t->ns[TOPO_CLIENT]) ?: fd;
}

/* The largest packet that came in, with its IP header */
static int largest(int fd)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	int most = 0, n;
	char c;

	while ((n = recvfrom(fd, &c, 1, MSG_TRUNC, (struct sockaddr *)&from, &len)) >= 0)
		if (from.sll_pkttype != PACKET_OUTGOING && n > most)
			most = n;
	return most;
}

/* The largest packet that the server gets while @flows flows are sent to it; -1 with the reason */
static int largest_sent(struct topo *t, int flows)
{
	int fd = watch(t), most = -1;

	if (fd < 0)
		return -1;
	if (!topo_transfer(t, flows, BULK, 0))
		most = largest(fd);
	close(fd);
	return most ?: lab_fail("no packet was seen");
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
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "%s", cut_c0));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ethtool -K s0 tso off tx-sctp-segmentation off"));
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
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "%s", cut_c0));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ethtool -K s0 gro on"));
	EXPECT_LT(2 * MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/* A router joins what comes in, and cuts it again on the way out. */
TEST_F_TIMEOUT(offload, forwarded, lab_secs(60))
{
	LAB_OK(topo_router(&self->t, &self->lab));
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "%s", cut_c0));
	LAB_OK(topo_run(&self->t, TOPO_ROUTER, "ethtool -K r0 gro on && "
		      "ethtool -K r1 tso off && ethtool -K r1 tx-sctp-segmentation off gso on"));
	EXPECT_GE(MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/* The router's far link is 12 octets smaller than the near one: the difference of two headers */
TEST_F_TIMEOUT(offload, hardly_too_large, lab_secs(60))
{
	LAB_OK(topo_router(&self->t, &self->lab));
	LAB_OK(topo_mtu(&self->t, MTU - 12));
	EXPECT_LT(0, LAB_FD(largest_sent(&self->t, 1)));
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
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "%s", cut_c0));
	LAB_OK(topo_transfer(&self->t, 2, BULK, 0));
}

TEST_HARNESS_MAIN
