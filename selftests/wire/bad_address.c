// SPDX-License-Identifier: GPL-2.0
/* Segments to or from addresses that are nobody's: groups, everybody, nobody. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

#define SIX	(w->lab.family == AF_INET6)

WIRE_FIXTURE(bad_address);

static void listen_everywhere(struct __test_metadata *_metadata)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&w->lab, WIRE_KPORT, &ss);

	w->lfd = LAB_FD(wire_socket(w));
	ASSERT_EQ(0, bind(w->lfd, (struct sockaddr *)&ss, len));
	ASSERT_EQ(0, listen(w->lfd, 4));
}

/* Nothing came of it, and nothing was said. */
static void expect_nothing(struct __test_metadata *_metadata)
{
	wire_expect_silence(w, 10);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
}

/* RFC9293 MUST-57: a SYN to a group or broadcast address is dropped without a word */
TEST_F(bad_address, syn_to_a_group)
{
	static const char * const v4[] = { "224.0.0.1", "192.0.2.255", "255.255.255.255" };
	static const char * const v6[] = { "ff02::1", "ff01::1" };
	int i;

	listen_everywhere(_metadata);
	for (i = 0; i < (SIX ? 2 : 3); i++) {
		wire_inject(w, SYN, .mss = 1460, .to = SIX ? v6[i] : v4[i]);
		expect_nothing(_metadata);
	}
	/* nor is there a reset where nobody listens */
	w->f->kport = WIRE_KPORT + 1;
	wire_inject(w, SYN, .mss = 1460, .to = SIX ? v6[0] : v4[0]);
	expect_nothing(_metadata);
}

/* RFC9293 MUST-63: a SYN from an address that can be nobody's is refused, here or by IP */
TEST_F(bad_address, syn_from_nobody)
{
	static const char * const v4[] = { "224.0.0.1", "255.255.255.255", "0.0.0.0",
					   "127.0.0.1" };
	static const char * const v6[] = { "ff02::1", "::1" };
	int i;

	listen_everywhere(_metadata);
	for (i = 0; i < (SIX ? 2 : 4); i++) {
		wire_inject(w, SYN, .mss = 1460, .from = SIX ? v6[i] : v4[i]);
		expect_nothing(_metadata);
	}
	/* the listener is as it was */
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
}

TEST_HARNESS_MAIN
