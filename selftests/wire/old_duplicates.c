// SPDX-License-Identifier: GPL-2.0
/* RFC9293 3.5: segments of earlier attempts, and ends that lost their memory (figures 8 to 11). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(old_duplicates);

/*
 * Figure 8: an old SYN arrives before the new one. The peer answers the SYN-ACK of it by a reset,
 * the kernel goes back to LISTEN, and the true SYN finds it there.
 */
TEST_F(old_duplicates, syn)
{
	struct wire_flow *old = w->f;

	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));

	wire_again(w, old->isn + 500000);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/*
 * The true SYN overtakes the reset: it is outside of the window, and the answer tells the peer what
 * the kernel believes in; then comes the reset, then the SYN again.
 */
TEST_F(old_duplicates, syn_before_reset)
{
	struct wire_flow *old = w->f, *new;
	long ack;

	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	new = wire_again(w, old->isn + 500000);
	wire_inject(w, SYN, .mss = 1460);
	wire_take(w);
	EXPECT_EQ(ACK, w->last->s.flags);
	EXPECT_EQ(old->isn + 1, w->last->ack);
	/* RFC9293 3.10.7.3 first: the reset has the number that was acknowledged */
	ack = (int32_t)(w->last->ack - new->isn);
	wire_inject(w, RST, .seq = ack);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	wire_inject(w, SYN, .mss = 1460);
	wire_take(w);
	EXPECT_EQ(SYN | ACK, w->last->s.flags);
	EXPECT_EQ(new->isn + 1, w->last->ack);
}

/* Figure 9: the kernel has crashed (here: knows nothing), connects, and the peer still believes. */
TEST_F(old_duplicates, kernel_forgot)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	/* the peer's ACK tells what it expects; it is neither a SYN nor acceptable */
	wire_inject(w, ACK, .seq = 300, .ack = -5000);
	wire_expect(w, RST, .seq = -5000);
	EXPECT_EQ(TCP_SYN_SENT, wire_state(w));
	/* by which the peer forgets, too, and the SYN is answered when it comes again */
	if (LAB_DIFFERS(&w->lab, true, false, "Linux does not wait for the RTO then"))
		wire_expect(w, SYN, .seq = 0);
	wire_inject(w, SYN | ACK, .mss = 1460);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
}

/* Figure 10: the peer has crashed; the kernel's data is answered by a reset. */
TEST_F(old_duplicates, peer_forgot)
{
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
}

/* Figure 11: an old SYN for a listener whose SYN-ACK meets a passive peer, too: reset, and gone */
TEST_F(old_duplicates, both_passive)
{
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	EXPECT_EQ(TCP_LISTEN, lab_conn_state(&w->lab, WIRE_KPORT, 0));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
}

TEST_HARNESS_MAIN
