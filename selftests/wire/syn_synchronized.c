// SPDX-License-Identifier: GPL-2.0
/*
 * RFC5961 4.2, RFC9293 3.10.7.4 fourth step: a SYN for a connection that is there, in every state:
 * a challenge ACK, and nothing else.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(syn_synchronized);

static const int states[] = {
	TCP_SYN_RECV,		/* by an active open; of a passive one see request_ends */
	TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK,
};

/* @off from the next number in order. */
static void challenged(struct __test_metadata *_metadata, unsigned int flags, long off)
{
	unsigned int i;
	long nxt;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (i)
			wire_new_flow(w);
		wire_reach(w, states[i]);
		nxt = w->f->snd_nxt;
		wire_inject(w, flags, .seq = nxt + off, .mss = 1460);
		wire_expect(w, ACK, .ack = nxt);
		EXPECT_EQ(states[i], wire_state(w));
	}
}

TEST_F(syn_synchronized, in_window)
{
	challenged(_metadata, SYN, 1000);
}

/* At the very number that comes next */
TEST_F(syn_synchronized, next_in_order)
{
	challenged(_metadata, SYN, 0);
}

TEST_F(syn_synchronized, out_of_window)
{
	challenged(_metadata, SYN, 50000000);
}

/* With an ACK beside it, which is not looked at */
TEST_F(syn_synchronized, with_ack)
{
	challenged(_metadata, SYN | ACK, 1000);
}

TEST_HARNESS_MAIN
