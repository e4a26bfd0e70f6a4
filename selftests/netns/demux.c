// SPDX-License-Identifier: GPL-2.0
/*
 * Early demultiplexing: a connection is found before the route of what comes for it. netfilter sees
 * the socket then; and the route that the connection remembers must not outlive the real one.
 */
#include <linux/tcp.h>
#include <unistd.h>

#include "harness.h"
#include "topo.h"

#define PORT	5000
#define BULK	1000000

TOPO_FIXTURE(demux, topo_two_hosts);

/* Count what comes in for a socket of ours, as far as netfilter can tell. */
static int count_owned(const struct topo *t)
{
	return topo_run(t, TOPO_SERVER,
			"nft add table inet t && "
			"nft add chain inet t i '{ type filter hook input priority 0; }' && "
			"nft add rule inet t i meta l4proto %d meta skuid %d counter",
			t->lab->proto, getuid());
}

static int owned(const struct topo *t, const char *counted)
{
	return topo_run(t, TOPO_SERVER, "nft list ruleset | grep -qE 'counter packets %s '",
			counted);
}

TEST_F(demux, seen_by_netfilter)
{
	LAB_OK(count_owned(&self->t));
	LAB_OK(topo_transfer(&self->t, 1, BULK, 0));
	LAB_OK(owned(&self->t, "[1-9][0-9]+"));
}

TEST_F(demux, turned_off)
{
	LAB_OK(topo_run(&self->t, TOPO_SERVER, "sysctl -qw net.ipv4.ip_early_demux=0"));
	LAB_OK(count_owned(&self->t));
	LAB_OK(topo_transfer(&self->t, 1, BULK, 0));
	LAB_OK(owned(&self->t, "0"));
}

static int outstanding_again(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ? -1 : info.tcpi_retransmits;
}

/* Without its address the host is not the one any more that segments are for. */
TEST_F_TIMEOUT(demux, address_goes, lab_secs(60))
{
	bool six = self->lab.family == AF_INET6;
	const char *addr = topo_server_addr(&self->t);
	int listener = LAB_FD(topo_listen(&self->t, PORT, 1)), fd, peer;
	char c;

	fd = LAB_FD(topo_connect(&self->t, PORT));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 100));

	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ip addr del %s/%d dev s0", addr, six ? 64 : 24));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 100, 100));
	EXPECT_TRUE(LAB_UNTIL(outstanding_again(fd) > 0));
	LAB_ERRNO(EAGAIN, recv(peer, &c, 1, MSG_DONTWAIT));

	LAB_OK(topo_run(&self->t, TOPO_SERVER, "ip addr add %s/%d dev s0 %s", addr, six ? 64 : 24,
			six ? "nodad" : ""));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 100, 100));
}

/* What the module does for one connection it does not do for the next one of the same socket. */
TEST_F(demux, another_connection)
{
	int listener = LAB_FD(topo_listen(&self->t, PORT, 1)), fd, peer, i;
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(self->lab.family, topo_server_addr(&self->t), PORT, &ss);

	fd = LAB_FD(lab_socket(&self->lab, 0));
	for (i = 0; i < 3; i++) {
		LAB_OK(connect(fd, (struct sockaddr *)&ss, len));
		peer = LAB_FD(accept(listener, NULL, NULL));
		LAB_OK(lab_send(peer, LAB_TO_PEER, 0, 100));
		LAB_OK(lab_recv(fd, LAB_TO_PEER, 0, 100));
		LAB_OK(connect(fd, &none, sizeof(none)));
		LAB_ERRNO(ECONNRESET, recv(peer, &len, 1, 0));
		close(peer);
	}
}

TEST_HARNESS_MAIN
