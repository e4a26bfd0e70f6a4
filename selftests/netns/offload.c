// SPDX-License-Identifier: GPL-2.0
/*
 * Super-segments: they pass whole where devices are software, are cut in front of those that are
 * not, and joined where a device delivers segments one by one. Whatever the way, every byte
 * arrives, and no packet is larger than its link allows.
 */
#include "harness.h"
#include "topo.h"

#define MTU	1500
#define BULK	(4 << 20)
/* A receive buffer that allows for few packets at once: with GRO a veth drops the 257th. */
#define FEW	(48 << 10)

FIXTURE(offload) { struct lab lab; struct topo t; };
LAB_VARIANTS(offload);
FIXTURE_SETUP(offload)
{
	LAB_BEGIN(&self->lab);
}

FIXTURE_TEARDOWN(offload) { }

/* Both ends' devices must get segments one by one. */
static int cut_at_ends(const struct topo *t)
{
	return topo_cut_at(t, TOPO_CLIENT, "c0") ?: topo_cut_at(t, TOPO_SERVER, "s0");
}

/* The largest packet that either host gets while @flows flows go both ways; -1 with the reason */
static int largest_sent(struct topo *t, int flows)
{
	return topo_largest_of(t, "c0", "s0", flows, BULK, topo_lossless);
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
	EXPECT_GE(MTU, LAB_FD(largest_sent(&self->t, 2)));
}

TEST_F_TIMEOUT(offload, cut_and_joined, lab_secs(60))
{
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	LAB_OK(cut_at_ends(&self->t));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ethtool -K s0 gro on"));
	self->t.rcvbuf = FEW;
	EXPECT_LT(2 * MTU, LAB_FD(largest_sent(&self->t, 2)));
}

/* A router joins what comes in, and cuts it again on the way out. */
TEST_F_TIMEOUT(offload, forwarded, lab_secs(60))
{
	LAB_OK(topo_router(&self->t, &self->lab));
	LAB_OK(cut_at_ends(&self->t));
	LAB_OK(topo_run(&self->t, TOPO_ROUTER, "ethtool -K r0 gro on && ethtool -K r1 gro on"));
	LAB_OK(topo_cut_at(&self->t, TOPO_ROUTER, "r0"));
	LAB_OK(topo_cut_at(&self->t, TOPO_ROUTER, "r1"));
	self->t.rcvbuf = FEW;
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
	LAB_OK(topo_cut_at(&self->t, TOPO_SERVER, "s0"));
	LAB_OK(topo_cut_at(&self->t, TOPO_ROUTER, "r0"));
	LAB_OK(topo_cut_at(&self->t, TOPO_ROUTER, "r1"));
	EXPECT_GE(MTU - 12, LAB_FD(topo_largest_of(&self->t, "c0", "s0", 1, BULK,
						   topo_transfer)));
}

/* The same of a bridge, and of the VLANs at both ends */
static int largest_above(struct topo *t)
{
	int bridge = topo_watch(t, TOPO_CLIENT, "br0"), most, seen;

	most = bridge < 0 ? -1 : topo_largest_of(t, "v0", "v0", 2, BULK, topo_lossless);
	seen = most < 0 ? -1 : topo_largest(bridge);
	close(bridge);
	return seen < 0 || seen > most ? seen : most;
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
	LAB_OK(topo_lossless(&self->t, 2, BULK, 0));
	LAB_OK(cut_at_ends(&self->t));
	EXPECT_GE(MTU, LAB_FD(largest_above(&self->t)));
	/* now the VLAN is the smaller one */
	LAB_OK(topo_run(&self->t, TOPO_CLIENT, "ip link set v0 mtu %d", MTU - 100));
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ip link set v0 mtu %d", MTU - 100));
	EXPECT_GE(MTU - 100, LAB_FD(largest_above(&self->t)));
}

TEST_HARNESS_MAIN
