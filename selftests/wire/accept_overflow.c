// SPDX-License-Identifier: GPL-2.0
/*
 * The accept queue is full when a handshake's last segment comes: the peer believes in a connection
 * that the kernel keeps half open, until there is room, or the patience for SYN-ACKs is used up.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(accept_overflow);

/* One connection waits, and there is no room for a second, whose handshake is at its end. */
static void one_too_many(struct __test_metadata *_metadata)
{
	struct wire_flow *late;
	long long before;

	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "1"));
	LAB_FD(wire_listen(w, 1));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	late = w->f;
	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	before = lab_counter(&w->lab, "ListenOverflows");
	wire_use(w, late);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	EXPECT_EQ(before + 1, lab_counter(&w->lab, "ListenOverflows"));
}

static void make_room(struct __test_metadata *_metadata)
{
	LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_FD(accept(w->lfd, NULL, NULL));
}

/* The SYN-ACK goes again, by and by, as if the ACK had been lost; with room it is taken. */
TEST_F_TIMEOUT(accept_overflow, comes_up_later, lab_secs(60))
{
	int i, fd;

	one_too_many(_metadata);
	for (i = 0; i < 2; i++) {
		wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
		wire_inject(w, ACK);
		EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	}
	make_room(_metadata);
	/* nobody tells the peer: its data, or the next SYN-ACK, brings it up */
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* The peer's data meets the full queue as well: it is not acknowledged, and comes again. */
TEST_F_TIMEOUT(accept_overflow, data_is_not_taken, lab_secs(60))
{
	int fd;

	one_too_many(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_expect_silence(w, 500);
	make_room(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_await_ack(w, 101);
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* No room for long: after synack_retries the kernel forgets, and what comes then is reset. */
TEST_F_TIMEOUT(accept_overflow, given_up, lab_secs(60))
{
	LAB_OK(lab_sysctl_set(&w->lab, "synack_retries", "1"));
	one_too_many(_metadata);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	wire_inject(w, ACK);
	EXPECT_TRUE(LAB_UNTIL(wire_state(w) == 0));
	make_room(_metadata);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_expect(w, RST, .seq = 1);
}

TEST_HARNESS_MAIN
