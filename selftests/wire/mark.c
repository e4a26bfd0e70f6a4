// SPDX-License-Identifier: GPL-2.0
/*
 * SO_MARK and SO_PRIORITY: each segment has its socket's, also those that are sent when there is no
 * socket any more, or not yet one.
 */
#include "harness.h"
#include "wire.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/tcp.h>

WIRE_FIXTURE(mark);

enum { MARK = 7 };

/* A tap that hears of all packets with the mark. */
static int tap(void)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, MARK },
		{ BPF_RET | BPF_K, 0, 0, 1 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	struct sock_fprog prog = { .len = 4, .filter = code };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    bind(fd, (struct sockaddr *)&all, sizeof(all)))
		return lab_fail("tap: %s", strerror(errno));
	return fd;
}

/* How many have come since it was asked last. */
static int heard(int fd)
{
	char c;
	int n = 0;

	while (recv(fd, &c, 1, 0) >= 0)
		n++;
	return n;
}

TEST_F(mark, of_connection)
{
	int ear = LAB_FD(tap()), fd;

	fd = wire_accept(w);
	wire_drain(w);
	EXPECT_EQ(0, heard(ear));
	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_MARK, MARK));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100);
	EXPECT_LE(1, heard(ear));
}

TEST_F(mark, of_syn_ack)
{
	int ear = LAB_FD(tap());

	LAB_OK(wire_listen(w, 4));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_MARK, MARK));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	EXPECT_LE(1, heard(ear));
	/* an RST on the listener's behalf */
	wire_new_flow(w);
	wire_inject(w, ACK, .ack = 5);
	wire_take(w);
	EXPECT_EQ(RST, w->last->s.flags);
	EXPECT_LE(1, heard(ear));
}

/* TIME-WAIT: the FIN comes again, and its ACK has the mark, and no TTL but the usual. */
TEST_F(mark, of_time_wait)
{
	int ear = LAB_FD(tap()), fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_MARK, MARK));
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	heard(ear);
	wire_inject(w, FIN | ACK, .seq = 1);
	wire_expect(w, ACK, .ttl = 64);
	EXPECT_LE(1, heard(ear));
}

TEST_HARNESS_MAIN
