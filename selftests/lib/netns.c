// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces and links, by rtnetlink directly: a test makes its own little network in a
 * millisecond, and the kernel takes it away when the test's process ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "lab.h"
#include "netlink.h"

/**
 * lab_netns_new() - go into a fresh network namespace with lo up
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int lab_netns_new(void)
{
	if (unshare(CLONE_NEWNET))
		return lab_fail("unshare(CLONE_NEWNET): %s", strerror(errno));
	return lab_link_up("lo");
}

/* A descriptor of the present namespace, for lab_netns_enter(). */
int lab_netns_fd(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? lab_fail("/proc/self/ns/net: %s", strerror(errno)) : fd;
}

int lab_netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? lab_fail("setns: %s", strerror(errno)) : 0;
}

static int link_flags(const char *dev, unsigned int flags)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_begin(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = if_nametoindex(dev);
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = flags;
	return ifi->ifi_index ? nl_talk(&req, dev) : lab_fail("no device %s", dev);
}

static int link_attr(const char *dev, int attr, uint32_t value)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_begin(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = if_nametoindex(dev);
	nl_put(&req, attr, &value, sizeof(value));
	return ifi->ifi_index ? nl_talk(&req, dev) : lab_fail("no device %s", dev);
}

int lab_link_up(const char *dev)
{
	return link_flags(dev, IFF_UP);
}

int lab_link_down(const char *dev)
{
	return link_flags(dev, 0);
}

int lab_link_mtu(const char *dev, int mtu)
{
	return link_attr(dev, IFLA_MTU, mtu);
}

/* How many segments a super-segment may hold on this device; 1 is none. */
int lab_link_gso_segs(const char *dev, int segs)
{
	return link_attr(dev, IFLA_GSO_MAX_SEGS, segs);
}

/**
 * lab_veth() - make a pair of devices that are each other's wire
 * @here:	 name of the end in this namespace
 * @there:	 name of the other end
 * @there_netns: descriptor of the other end's namespace
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int lab_veth(const char *here, const char *there, int there_netns)
{
	struct rtattr *info, *data, *peer;
	struct ifinfomsg *ifi;
	struct nl_req req;

	nl_begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifi));
	nl_put(&req, IFLA_IFNAME, here, strlen(here) + 1);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put(&req, IFLA_INFO_KIND, "veth", 5);
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	peer = nl_put(&req, VETH_INFO_PEER, NULL, 0);
	req.h.nlmsg_len += sizeof(*ifi);
	nl_put(&req, IFLA_IFNAME, there, strlen(there) + 1);
	nl_put(&req, IFLA_NET_NS_FD, &there_netns, sizeof(there_netns));
	nl_end(&req, peer);
	nl_end(&req, data);
	nl_end(&req, info);
	return nl_talk(&req, here);
}

/*
 * A new IPv6 address is of use when its local route is there, which a worker of the kernel's adds
 * even where there is no duplicate address detection.
 */
static int addr6_ready(const unsigned char *bytes)
{
	char want[64], *p = want;
	static char buf[65536];
	int i;

	for (i = 0; i < 16; i++)
		p += sprintf(p, "%02x", bytes[i]);
	sprintf(p, " 80 ");
	if (!LAB_UNTIL(lab_read_file("/proc/net/ipv6_route", buf, sizeof(buf)) > 0 &&
		       strstr(buf, want)))
		return lab_fail("no local route for a new IPv6 address");
	return 0;
}

/* Give a device an address, usable when this returns (no duplicate address detection). */
int lab_addr_add(const char *dev, int family, const char *addr, int prefix)
{
	int len = family == AF_INET6 ? 16 : 4;
	unsigned char bytes[16];
	struct ifaddrmsg *ifa;
	struct nl_req req;

	if (inet_pton(family, addr, bytes) != 1)
		return lab_fail("not an address: %s", addr);
	ifa = nl_begin(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_index = if_nametoindex(dev);
	ifa->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	nl_put(&req, IFA_LOCAL, bytes, len);
	nl_put(&req, IFA_ADDRESS, bytes, len);
	if (nl_talk(&req, addr))
		return -1;
	return family == AF_INET6 ? addr6_ready(bytes) : 0;
}

/* Take an address away. */
int lab_addr_del(const char *dev, int family, const char *addr, int prefix)
{
	unsigned char bytes[16];
	struct ifaddrmsg *ifa;
	struct nl_req req;

	if (inet_pton(family, addr, bytes) != 1)
		return lab_fail("not an address: %s", addr);
	ifa = nl_begin(&req, RTM_DELADDR, 0, sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_index = if_nametoindex(dev);
	nl_put(&req, IFA_LOCAL, bytes, family == AF_INET6 ? 16 : 4);
	return nl_talk(&req, addr);
}

/* The hardware address of a device in this namespace. */
int lab_mac(const char *dev, unsigned char mac[6])
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	ret = ioctl(fd, SIOCGIFHWADDR, &ifr);
	close(fd);
	if (ret)
		return lab_fail("SIOCGIFHWADDR %s: %s", dev, strerror(errno));
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return 0;
}

/* Know a neighbour for good, so that nothing depends on ARP or neighbour discovery. */
int lab_neigh_add(const char *dev, int family, const char *addr, const unsigned char mac[6])
{
	unsigned char bytes[16];
	struct nl_req req;
	struct ndmsg *nd;

	if (inet_pton(family, addr, bytes) != 1)
		return lab_fail("not an address: %s", addr);
	nd = nl_begin(&req, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*nd));
	nd->ndm_family = family;
	nd->ndm_ifindex = if_nametoindex(dev);
	nd->ndm_state = NUD_PERMANENT;
	nl_put(&req, NDA_DST, bytes, family == AF_INET6 ? 16 : 4);
	nl_put(&req, NDA_LLADDR, mac, 6);
	return nl_talk(&req, addr);
}

static struct rtmsg *route_begin(struct nl_req *req, int family, int prefix)
{
	struct rtmsg *rtm = nl_begin(req, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*rtm));

	rtm->rtm_family = family;
	rtm->rtm_dst_len = prefix;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_UNICAST;
	return rtm;
}

/* A route to @dst/@prefix through the gateway @via. */
int lab_route_add(int family, const char *dst, int prefix, const char *via)
{
	int len = family == AF_INET6 ? 16 : 4;
	unsigned char d[16], g[16];
	struct nl_req req;

	if (inet_pton(family, dst, d) != 1 || inet_pton(family, via, g) != 1)
		return lab_fail("not an address: %s or %s", dst, via);
	route_begin(&req, family, prefix);
	if (prefix)
		nl_put(&req, RTA_DST, d, len);
	nl_put(&req, RTA_GATEWAY, g, len);
	return nl_talk(&req, dst);
}

/* A route to one host on a device, on which no retransmission time-out is shorter than @ms. */
int lab_route_rto_min(const char *dev, int family, const char *host, uint32_t ms)
{
	int len = family == AF_INET6 ? 16 : 4;
	uint32_t oif = if_nametoindex(dev), lock = 1 << RTAX_RTO_MIN;
	struct rtattr *metrics;
	unsigned char d[16];
	struct nl_req req;

	if (inet_pton(family, host, d) != 1)
		return lab_fail("not an address: %s", host);
	route_begin(&req, family, len * 8)->rtm_scope = RT_SCOPE_LINK;
	nl_put(&req, RTA_DST, d, len);
	nl_put(&req, RTA_OIF, &oif, sizeof(oif));
	metrics = nl_put(&req, RTA_METRICS, NULL, 0);
	/* only a locked one is heeded */
	nl_put(&req, RTAX_LOCK, &lock, sizeof(lock));
	nl_put(&req, RTAX_RTO_MIN, &ms, sizeof(ms));
	nl_end(&req, metrics);
	return nl_talk(&req, host);
}

/* A route to one host that leads nowhere: RTN_BLACKHOLE, RTN_UNREACHABLE or RTN_PROHIBIT. */
int lab_route_dead(int family, const char *host, int type)
{
	int len = family == AF_INET6 ? 16 : 4;
	unsigned char d[16];
	struct nl_req req;

	if (inet_pton(family, host, d) != 1)
		return lab_fail("not an address: %s", host);
	route_begin(&req, family, len * 8)->rtm_type = type;
	nl_put(&req, RTA_DST, d, len);
	return nl_talk(&req, host);
}

/* A route to one host on a device, with an MTU of its own. */
int lab_route_mtu(const char *dev, int family, const char *host, uint32_t mtu)
{
	int len = family == AF_INET6 ? 16 : 4;
	uint32_t oif = if_nametoindex(dev);
	struct rtattr *metrics;
	unsigned char d[16];
	struct nl_req req;

	if (inet_pton(family, host, d) != 1)
		return lab_fail("not an address: %s", host);
	route_begin(&req, family, len * 8)->rtm_scope = RT_SCOPE_LINK;
	nl_put(&req, RTA_DST, d, len);
	nl_put(&req, RTA_OIF, &oif, sizeof(oif));
	metrics = nl_put(&req, RTA_METRICS, NULL, 0);
	nl_put(&req, RTAX_MTU, &mtu, sizeof(mtu));
	nl_end(&req, metrics);
	return nl_talk(&req, host);
}

/* Take away the route to one host that was added by hand. */
int lab_route_del(int family, const char *host)
{
	int len = family == AF_INET6 ? 16 : 4;
	unsigned char d[16];
	struct rtmsg *rtm;
	struct nl_req req;

	if (inet_pton(family, host, d) != 1)
		return lab_fail("not an address: %s", host);
	rtm = nl_begin(&req, RTM_DELROUTE, 0, sizeof(*rtm));
	rtm->rtm_family = family;
	rtm->rtm_dst_len = len * 8;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_scope = RT_SCOPE_NOWHERE;
	nl_put(&req, RTA_DST, d, len);
	return nl_talk(&req, host);
}
