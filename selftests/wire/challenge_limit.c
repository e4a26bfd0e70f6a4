// SPDX-License-Identifier: GPL-2.0
/* RFC5961 7: challenge ACKs are limited, for all connections of a namespace together. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(challenge_limit);

enum { FLOWS = 24, LIMIT = 8 };

/* What follows falls into one second of the kernel's clock. */
static void begin_a_second(void)
{
	usleep(1050000 - lab_now_us() % 1000000);	/* beyond the tick that begins it */
}

static void one_syn_each(struct __test_metadata *_metadata, struct wire_flow *const *flow)
{
	int i;

	for (i = 0; i < FLOWS; i++) {
		wire_use(w, flow[i]);
		wire_drain(w);
		wire_inject(w, SYN, .seq = 1000, .mss = 1460);
	}
}

/*
 * About so many in a second: the exact number is hidden by chance (CVE-2016-5696), which on Linux
 * is between half of it and one and a half. The rest is counted, and the next second is fresh.
 */
TEST_F_TIMEOUT(challenge_limit, of_a_namespace, lab_secs(60))
{
	struct wire_flow *flow[FLOWS];
	long long sent, skipped;
	int i;

	LAB_FD(wire_listen(w, FLOWS));
	for (i = 0; i < FLOWS; i++) {
		flow[i] = i ? wire_new_flow(w) : w->f;
		LAB_FD(wire_accept(w));
	}
	LAB_OK(lab_sysctl_set(&w->lab, "challenge_ack_limit", "8"));
	for (i = 0; i < 3; i++) {
		begin_a_second();
		sent = lab_counter(&w->lab, "TCPChallengeACK");
		skipped = lab_counter(&w->lab, "TCPACKSkippedChallenge");
		one_syn_each(_metadata, flow);
		sent = lab_counter(&w->lab, "TCPChallengeACK") - sent;
		EXPECT_LE(LIMIT / 2, sent);
		EXPECT_GE(LIMIT * 3 / 2, sent);
		if (!w->lab.oracle)		/* Linux counts these per socket only */
			EXPECT_EQ(FLOWS - sent,
				  lab_counter(&w->lab, "TCPACKSkippedChallenge") - skipped);
	}
	for (i = 0; i < FLOWS; i++) {
		wire_use(w, flow[i]);
		EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	}
}

/* Another namespace has its own. */
TEST_F_TIMEOUT(challenge_limit, not_of_others, lab_secs(60))
{
	static struct wire other;
	int i;

	begin_a_second();
	LAB_OK(lab_sysctl_set(&w->lab, "challenge_ack_limit", "1"));
	for (i = 0; i < 2; i++) {
		if (i)
			wire_new_flow(w);
		LAB_FD(wire_accept(w));
		wire_inject(w, SYN, .seq = 1000, .mss = 1460);
		if (i)
			wire_expect_silence(w, 50);
		else
			wire_expect(w, ACK);
	}
	ASSERT_EQ(LAB_READY, wire_open(&other, w->lab.family, !w->lab.oracle, true));
	for (i = 0; i < 5; i++) {
		if (i)
			wire_new_flow(&other);
		LAB_FD(wire_accept(&other));
		wire_inject(&other, SYN, .seq = 1000, .mss = 1460);
		wire_expect(&other, ACK);
	}
	wire_close(&other);
}

TEST_HARNESS_MAIN
