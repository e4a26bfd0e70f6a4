// SPDX-License-Identifier: GPL-2.0
/* A SYN cookie is good for a minute or two, and not for longer: then it is a stray ACK. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(syn_cookie_age);

static void cookie_then_ack(struct __test_metadata *_metadata, unsigned int seconds)
{
	struct wire_flow *first;

	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "2"));
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	sleep(seconds);
	/* another one, so that cookies are about, and it is this one's age that counts */
	first = w->f;
	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_use(w, first);
	wire_inject(w, ACK);
}

TEST_F_TIMEOUT(syn_cookie_age, after_50_seconds, 600)
{
	cookie_then_ack(_metadata, 50);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
}

TEST_F_TIMEOUT(syn_cookie_age, after_3_minutes, 600)
{
	cookie_then_ack(_metadata, 180);
	wire_expect(w, RST, .seq = 1);
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
}

TEST_HARNESS_MAIN
