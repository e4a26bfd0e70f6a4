// SPDX-License-Identifier: GPL-2.0
/* Two hosts with a good link between: every byte arrives, both ways at once. */
#include "harness.h"
#include "topo.h"

TOPO_FIXTURE(transfer, topo_two_hosts);

TEST_F_TIMEOUT(transfer, clean, lab_secs(60))
{
	LAB_OK(topo_transfer(&self->t, 1, 8 << 20, 0));
}

TEST_F_TIMEOUT(transfer, small_mtu, lab_secs(60))
{
	LAB_OK(topo_mtu(&self->t, self->lab.family == AF_INET6 ? 1280 : 576));
	LAB_OK(topo_transfer(&self->t, 1, 2 << 20, 0));
}

/* Jumbo frames */
TEST_F_TIMEOUT(transfer, large_mtu, lab_secs(60))
{
	LAB_OK(topo_mtu(&self->t, 9000));
	LAB_OK(topo_transfer(&self->t, 1, 8 << 20, 0));
}

/* Windows that hold a segment or two */
TEST_F_TIMEOUT(transfer, tiny_buffers, lab_secs(60))
{
	self->t.rcvbuf = 2304;
	self->t.sndbuf = 4608;
	LAB_OK(topo_transfer(&self->t, 1, 64 << 10, 0));
}

/* A reader that takes little at a time shuts the window, over and over. */
TEST_F_TIMEOUT(transfer, slow_reader, lab_secs(60))
{
	self->t.rcvbuf = 20000;
	LAB_OK(topo_transfer(&self->t, 1, 512 << 10, LAB_X_SLOW_READER));
}

/* Writes of odd sizes */
TEST_F_TIMEOUT(transfer, odd_writes, lab_secs(60))
{
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, LAB_X_TINY));
}

TEST_F_TIMEOUT(transfer, twenty_at_once, lab_secs(120))
{
	LAB_OK(topo_transfer(&self->t, 20, 256 << 10, 0));
}

/* Nothing at all to say: open, close */
TEST_F_TIMEOUT(transfer, empty, lab_secs(60))
{
	LAB_OK(topo_transfer(&self->t, 3, 0, 0));
}

/* One after the other; the server closes first, so that its end holds the TIME_WAITs */
TEST_F_TIMEOUT(transfer, two_hundred_in_a_row, lab_secs(120))
{
	int listener = LAB_FD(topo_listen(&self->t, 5002, 8)), i, fd, peer;

	for (i = 0; i < 200; i++) {
		fd = LAB_FD(topo_connect(&self->t, 5002));
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		LAB_OK(lab_send(fd, LAB_TO_PEER, i, 100));
		LAB_OK(lab_recv(peer, LAB_TO_PEER, i, 100));
		LAB_OK(lab_send(peer, LAB_TO_KERNEL, i, 100));
		close(peer);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, i, 100));
		LAB_OK(lab_recv_eof(fd));
		close(fd);
	}
}

/* The link goes down and comes back: the connection outlives it. */
TEST_F_TIMEOUT(transfer, link_flaps, lab_secs(60))
{
	int listener = LAB_FD(topo_listen(&self->t, 5002, 8)), fd, peer;

	fd = LAB_FD(topo_connect(&self->t, 5002));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_netns_enter(self->t.ns[TOPO_SERVER]));
	LAB_OK(lab_link_down("s0"));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	EXPECT_EQ(0, lab_poll(peer, POLLIN, 20));
	LAB_OK(lab_link_up("s0"));
	/* taking a device down takes its IPv6 address away */
	if (self->lab.family == AF_INET6)
		LAB_OK(lab_addr_add("s0", AF_INET6, "2001:db8:1::2", 64));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 10000));
}

TEST_HARNESS_MAIN
