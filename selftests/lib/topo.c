// SPDX-License-Identifier: GPL-2.0
/* Small networks of real namespaces, and transfers through them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "topo.h"

#define PORT	5001
#define MOST	64	/* connections at once */
#define TRIES	5
#define MODEST	10	/* times as slow: make check's VMs are */

static bool six(const struct topo *t)
{
	return t->lab->family == AF_INET6;
}

const char *topo_server_addr(const struct topo *t)
{
	if (t->server)
		return t->server;
	if (t->routed)
		return six(t) ? "2001:db8:2::2" : "10.0.2.2";
	return six(t) ? "2001:db8:1::2" : "10.0.1.2";
}

static int at(const struct topo *t, int host)
{
	return lab_netns_enter(t->ns[host]);
}

static int address(struct topo *t, int host, const char *dev, const char *v4, const char *v6)
{
	if (at(t, host) || lab_link_up(dev))
		return -1;
	return lab_addr_add(dev, t->lab->family, six(t) ? v6 : v4, six(t) ? 64 : 24);
}

static int another_netns(struct topo *t, int host)
{
	if (lab_netns_new())
		return -1;
	t->ns[host] = lab_netns_fd();
	return t->ns[host] < 0 ? -1 : at(t, TOPO_CLIENT);
}

/* Two ends of a link know each other for good: ARP has no checksum, and a bad link spoils it. */
static int acquaint(struct topo *t, int a, const char *adev, const char *aaddr, int b,
		    const char *bdev, const char *baddr)
{
	unsigned char amac[6], bmac[6];

	if (at(t, a) || lab_mac(adev, amac) || at(t, b) || lab_mac(bdev, bmac) ||
	    lab_neigh_add(bdev, t->lab->family, aaddr, amac) || at(t, a) ||
	    lab_neigh_add(adev, t->lab->family, baddr, bmac))
		return -1;
	return at(t, TOPO_CLIENT);
}

/* The client's namespace is the one that the process is in. */
int topo_two_hosts(struct topo *t, struct lab *lab)
{
	memset(t, 0, sizeof(*t));
	t->lab = lab;
	t->ns[TOPO_CLIENT] = lab_netns_fd();
	if (t->ns[TOPO_CLIENT] < 0 || another_netns(t, TOPO_SERVER) ||
	    lab_veth("c0", "s0", t->ns[TOPO_SERVER]))
		return -1;
	if (address(t, TOPO_SERVER, "s0", "10.0.1.2", "2001:db8:1::2") ||
	    address(t, TOPO_CLIENT, "c0", "10.0.1.1", "2001:db8:1::1"))
		return -1;
	return acquaint(t, TOPO_CLIENT, "c0", six(t) ? "2001:db8:1::1" : "10.0.1.1",
			TOPO_SERVER, "s0", topo_server_addr(t));
}

int topo_router(struct topo *t, struct lab *lab)
{
	memset(t, 0, sizeof(*t));
	t->lab = lab;
	t->routed = true;
	t->ns[TOPO_CLIENT] = lab_netns_fd();
	if (t->ns[TOPO_CLIENT] < 0 || another_netns(t, TOPO_SERVER) ||
	    another_netns(t, TOPO_ROUTER) || lab_veth("c0", "r0", t->ns[TOPO_ROUTER]) ||
	    at(t, TOPO_ROUTER) || lab_veth("r1", "s0", t->ns[TOPO_SERVER]))
		return -1;
	if (lab_write_file(six(t) ? "/proc/sys/net/ipv6/conf/all/forwarding" :
			   "/proc/sys/net/ipv4/ip_forward", "1"))
		return -1;
	if (address(t, TOPO_ROUTER, "r0", "10.0.1.254", "2001:db8:1::fe") ||
	    address(t, TOPO_ROUTER, "r1", "10.0.2.254", "2001:db8:2::fe") ||
	    address(t, TOPO_SERVER, "s0", "10.0.2.2", "2001:db8:2::2") ||
	    lab_route_add(lab->family, six(t) ? "2001:db8:1::" : "10.0.1.0", six(t) ? 64 : 24,
			  six(t) ? "2001:db8:2::fe" : "10.0.2.254") ||
	    address(t, TOPO_CLIENT, "c0", "10.0.1.1", "2001:db8:1::1") ||
	    lab_route_add(lab->family, six(t) ? "2001:db8:2::" : "10.0.2.0", six(t) ? 64 : 24,
			  six(t) ? "2001:db8:1::fe" : "10.0.1.254"))
		return -1;
	if (acquaint(t, TOPO_CLIENT, "c0", six(t) ? "2001:db8:1::1" : "10.0.1.1",
		     TOPO_ROUTER, "r0", six(t) ? "2001:db8:1::fe" : "10.0.1.254"))
		return -1;
	return acquaint(t, TOPO_ROUTER, "r1", six(t) ? "2001:db8:2::fe" : "10.0.2.254",
			TOPO_SERVER, "s0", topo_server_addr(t));
}

/* Each end's device of the link between two hosts; of the far link where there is a router. */
static int each_end(struct topo *t, int (*do_it)(const char *dev, const void *arg), const void *arg)
{
	if (at(t, TOPO_SERVER) || do_it("s0", arg))
		return -1;
	if (t->routed ? at(t, TOPO_ROUTER) || do_it("r1", arg) :
	    at(t, TOPO_CLIENT) || do_it("c0", arg))
		return -1;
	return at(t, TOPO_CLIENT);
}

static int set_mtu(const char *dev, const void *arg)
{
	return lab_link_mtu(dev, *(const int *)arg);
}

int topo_mtu(struct topo *t, int mtu)
{
	return each_end(t, set_mtu, &mtu);
}

/*
 * A veth drops what is larger than its end's MTU, without a word. The server does not know: it
 * announces what the link would have.
 */
int topo_black_hole(struct topo *t, int mtu)
{
	const char *v4 = "route change 10.0.1.0/24 via 10.0.2.254 dev s0 advmss 1460";
	const char *v6 = "-6 route change 2001:db8:1::/64 via 2001:db8:2::fe dev s0 advmss 1440";

	if (!t->routed || at(t, TOPO_SERVER) || set_mtu("s0", &mtu))
		return -1;
	return topo_run(t, TOPO_SERVER, "ip %s", six(t) ? v6 : v4);
}

static int set_netem(const char *dev, const void *arg)
{
	char cmd[300];

	/* a lost super-segment would be 64 KB at once: hand over one segment at a time */
	if (lab_link_gso_segs(dev, 1))
		return -1;
	snprintf(cmd, sizeof(cmd),
		 "PATH=/usr/sbin:/sbin:$PATH tc qdisc replace dev %s root netem %s 2>&1",
		 dev, (const char *)arg);
	return system(cmd) ? lab_fail("tc: no netem here?") : 0;
}

/* Make both directions of the link bad, as tc-netem(8) says. */
int topo_netem(struct topo *t, const char *what)
{
	return each_end(t, set_netem, what);
}

int topo_run(const struct topo *t, int where, const char *fmt, ...)
{
	char cmd[500] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; ";
	size_t len = strlen(cmd);
	va_list ap;
	int err;

	va_start(ap, fmt);
	vsnprintf(cmd + len, sizeof(cmd) - len, fmt, ap);
	va_end(ap);
	if (at(t, where))
		return -1;
	err = system(cmd) ? lab_fail("%s", cmd + len) : 0;
	return at(t, TOPO_CLIENT) ?: err;
}

int topo_cut_at(const struct topo *t, int where, const char *dev)
{
	return topo_run(t, where, "ethtool -K %s tso off && "
			"ethtool -K %s tx-sctp-segmentation off gso on", dev, dev);
}

static int sized_socket(struct topo *t)
{
	int fd = lab_socket(t->lab, 0);

	if (fd < 0 || (t->rcvbuf && lab_set_opt(fd, SOL_SOCKET, SO_RCVBUF, t->rcvbuf)) ||
	    (t->sndbuf && lab_set_opt(fd, SOL_SOCKET, SO_SNDBUF, t->sndbuf)))
		return -1;
	return fd;
}

/* A listener on the server. */
int topo_listen(struct topo *t, int port, int backlog)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(t->lab, port, &ss);
	int fd;

	if (at(t, TOPO_SERVER))
		return -1;
	fd = sized_socket(t);
	if (at(t, TOPO_CLIENT) || fd < 0)
		return -1;
	/* one transfer may follow another */
	if (lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, backlog))
		return lab_fail("bind or listen: %s", strerror(errno));
	return fd;
}

/* A connection from the client to the server. */
/*
 * A link that was just made comes up when the kernel gets round to it, and until then a router
 * may say that there is no way: wait until the server's host itself answers, the kernel's TCP by
 * a refusal.
 */
static int await_path(const struct sockaddr_storage *server, socklen_t len)
{
	struct sockaddr_storage to = *server;
	int tries = lab_secs(30) * 20, fd, refused = 0;

	/* the port is in the same place in both families */
	((struct sockaddr_in *)&to)->sin_port = htons(9);
	while (!refused && tries-- > 0) {
		fd = socket(to.ss_family, SOCK_STREAM, IPPROTO_TCP);
		if (fd < 0)
			return lab_fail("socket(): %s", strerror(errno));
		refused = connect(fd, (struct sockaddr *)&to, len) < 0 && errno == ECONNREFUSED;
		close(fd);
		if (!refused)
			poll(NULL, 0, 50);
	}
	return refused ? 0 : lab_fail("no way to the server");
}

int topo_connect(struct topo *t, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(t->lab->family, topo_server_addr(t), port, &ss);
	int fd = sized_socket(t);

	if (fd < 0 || await_path(&ss, len))
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len))
		return lab_fail("connect(): %s", strerror(errno));
	return fd;
}

/* Both ends name their streams after the client's port, so that connections cannot be mixed up. */
static int one_end(int fd, bool server, size_t bytes, unsigned int flags)
{
	unsigned int up = 2 * (server ? lab_peer_port(fd) : lab_port(fd));

	return lab_exchange(fd, server ? up + 1 : up, bytes, server ? up : up + 1, bytes, flags);
}

static void child(int fd, bool server, size_t bytes, unsigned int flags)
{
	if (fd < 0 || one_end(fd, server, bytes, flags)) {
		printf("# %s: %s\n", server ? "server" : "client",
		       lab_why());
		fflush(stdout);
		_exit(1);
	}
	_exit(0);
}

int topo_transfer(struct topo *t, int conns, size_t bytes, unsigned int flags)
{
	int listener = topo_listen(t, PORT, conns), i, fd, status, bad = 0;
	pid_t pids[2 * MOST];

	if (conns > MOST)
		return lab_fail("%d connections at once are too many", conns);
	if (listener < 0)
		return -1;
	fflush(stdout);
	for (i = 0; i < conns; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			child(topo_connect(t, PORT), false, bytes, 0);
		}
	}
	for (i = 0; i < conns; i++) {
		if (!lab_poll(listener, POLLIN, 60000)) {
			lab_fail("connection %d of %d never came", i + 1, conns);
			close(listener);
			return -1;
		}
		fd = accept(listener, NULL, NULL);
		pids[conns + i] = fork();
		if (!pids[conns + i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			child(fd, true, bytes, flags);
		}
		close(fd);
	}
	close(listener);
	for (i = 0; i < 2 * conns; i++) {
		if (waitpid(pids[i], &status, 0) < 0)
			return lab_fail("waitpid: %s", strerror(errno));
		bad += status != 0;
	}
	return bad ? lab_fail("%d of %d ends failed", bad, 2 * conns) : 0;
}

/* Return: how many packets could wait before; -1 with the reason */
static int room_for_bursts(int packets)
{
	static const char path[] = "/proc/sys/net/core/netdev_max_backlog";
	char text[32];
	int before;

	if (lab_read_file(path, text, sizeof(text)) < 0)
		return -1;
	before = atoi(text);
	snprintf(text, sizeof(text), "%d", packets);
	return lab_write_file(path, text) ? -1 : before;
}

/*
 * On one processor hundreds of packets may wait at once: only the link may drop packets. Of this
 * setting there is one, in the first of all namespaces.
 */
int topo_room_for_bursts(const struct topo *t, int packets)
{
	int first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), ret;

	if (first < 0 || lab_netns_enter(first))
		return lab_fail("the first namespace: %s", strerror(errno));
	ret = room_for_bursts(packets);
	close(first);
	return at(t, TOPO_CLIENT) || ret < 0 ? -1 : ret;
}

/* No loss probes: they go where an ACK is late. */
static int no_probes(const struct topo *t)
{
	int ret = lab_sysctl_set(t->lab, "early_retrans", "0");

	ret = at(t, TOPO_SERVER) || lab_sysctl_set(t->lab, "early_retrans", "0") || ret;
	return at(t, TOPO_CLIENT) || ret ? -1 : 0;
}

int topo_stay_here(cpu_set_t *before)
{
	cpu_set_t one;

	if (sched_getaffinity(0, sizeof(*before), before))
		return lab_fail("sched_getaffinity(): %s", strerror(errno));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	return sched_setaffinity(0, sizeof(one), &one) ?
	       lab_fail("sched_setaffinity(): %s", strerror(errno)) : 0;
}

/* What a counter of either host stands at, both together */
static long long both_count(const struct topo *t, const char *name)
{
	long long client = lab_counter(t->lab, name), server;

	server = at(t, TOPO_SERVER) ? -1 : lab_counter(t->lab, name);
	return at(t, TOPO_CLIENT) || client < 0 || server < 0 ? -1 : client + server;
}

/* What both hosts have counted of this so far */
struct losses {
	long long again;	/* segments sent again */
	long long excuses;	/* timers that went off, what a busy socket had no room for */
};

static int count_losses(const struct topo *t, struct losses *l)
{
	long long timeouts = both_count(t, "TCPTimeouts");
	/* Linux 6.1 has little room for what a busy socket cannot take at once */
	long long backlog = t->lab->oracle ? both_count(t, "TCPBacklogDrop") : 0;

	l->again = both_count(t, "RetransSegs");
	l->excuses = timeouts + backlog;
	return l->again < 0 || timeouts < 0 || backlog < 0 ? -1 : 0;
}

/*
 * Where this machine is held up a timer may go off, or a program hold its socket for so long that
 * Linux's drops what has come. That is not the link's, but once in a while only: try again.
 */
static int try_lossless(struct topo *t, int conns, size_t bytes, unsigned int flags)
{
	struct losses before, after;
	int tries = TRIES;

	do {
		if (count_losses(t, &before) || topo_transfer(t, conns, bytes, flags) ||
		    count_losses(t, &after))
			return -1;
		if (after.again == before.again)
			return 0;
	} while (after.excuses > before.excuses && --tries);
	return lab_fail("%lld segments were sent again", after.again - before.again);
}

int topo_lossless(struct topo *t, int conns, size_t bytes, unsigned int flags)
{
	int room = topo_room_for_bursts(t, TOPO_ROOM), ret;
	cpu_set_t before;

	if (room < 0 || no_probes(t) || topo_stay_here(&before))
		return -1;
	/* where bugs are looked for, timers go off all the time: the bytes are all that is asked */
	if (lab_slow() > MODEST)
		ret = topo_transfer(t, conns, bytes, flags);
	else
		ret = try_lossless(t, conns, bytes, flags);
	sched_setaffinity(0, sizeof(before), &before);
	return topo_room_for_bursts(t, room) < 0 ? -1 : ret;
}

int topo_watch(const struct topo *t, int where, const char *dev)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = -1;

	if (at(t, where))
		return -1;
	ll.sll_ifindex = if_nametoindex(dev);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (fd < 0 || lab_set_opt(fd, SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20) ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		return lab_fail("packet socket: %s", strerror(errno));
	return at(t, TOPO_CLIENT) ?: fd;
}

int topo_largest(int fd)
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

int topo_largest_of(struct topo *t, const char *client, const char *server, int conns,
		    size_t bytes, int (*transfer)(struct topo *t, int conns, size_t bytes,
						  unsigned int flags))
{
	int c = topo_watch(t, TOPO_CLIENT, client);
	int s = c < 0 ? -1 : topo_watch(t, TOPO_SERVER, server);
	int back, there;

	if (s < 0 || transfer(t, conns, bytes, 0))
		return -1;
	back = topo_largest(c);
	there = topo_largest(s);
	close(c);
	close(s);
	return back < 0 || there < 0 ? -1 : back > there ? back : there;
}
