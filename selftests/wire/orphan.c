// SPDX-License-Identifier: GPL-2.0
/* The program has gone, its connection has not: what else may end it. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

/* Linux has one max_orphans for the machine, reached from the first namespace only. */
FIXTURE(orphan) { struct wire wire; int max_fd; };
static struct wire *w;
LAB_VARIANTS(orphan);
FIXTURE_SETUP(orphan)
{
	w = &self->wire;
	self->max_fd = open("/proc/sys/net/ipv4/tcp_max_orphans", O_RDWR | O_CLOEXEC);
	__LAB_VERDICT(wire_open(w, variant->family, variant->tcplab, false))
}

FIXTURE_TEARDOWN(orphan)
{
	if (_metadata->exit_code == KSFT_FAIL)
		wire_ladder(w);
	wire_close(w);
}

/* RFC1122 4.2.2.13: what comes for nobody is lost, and the peer must learn that. */
static void data_comes(struct __test_metadata *_metadata, int state)
{
	long aborts = lab_counter(&w->lab, "TCPAbortOnData");

	close(wire_reach(w, state));
	wire_inject(w, ACK, .ack = w->f->rcv_nxt - (state == TCP_FIN_WAIT1), .len = 100);
	wire_expect(w, RST, .seq = state == TCP_FIN_WAIT1 ? 1 : 2);
	EXPECT_EQ(0, wire_state(w));
	/* Linux does not count it where a small object waits for the FIN */
	EXPECT_EQ(aborts + (state == TCP_FIN_WAIT1 || !w->lab.oracle),
		  lab_counter(&w->lab, "TCPAbortOnData"));
	wire_new_flow(w);
}

TEST_F(orphan, data_comes)
{
	data_comes(_metadata, TCP_FIN_WAIT1);
	data_comes(_metadata, TCP_FIN_WAIT2);
}

/* The same with a FIN behind the data, and with the ACK of ours. */
TEST_F(orphan, data_with_fin)
{
	close(wire_reach(w, TCP_FIN_WAIT1));
	wire_inject(w, FIN | ACK, .ack = 2, .len = 100);
	wire_expect(w, RST, .seq = 2);
	EXPECT_EQ(0, wire_state(w));
}

/* Data that was taken before is no new data. */
TEST_F(orphan, old_data_again)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	close(fd);
	wire_expect(w, FIN | ACK, .skip_acks = true);
	wire_inject(w, ACK, .seq = 1, .len = 100);
	wire_inject(w, ACK, .ack = 2);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_inject(w, FIN | ACK, .ack = 2);
	wire_expect(w, ACK, .seq = 2, .ack = 102, .skip_acks = true);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* What the program wrote before it left is sent as far as the peer's window opens. */
TEST_F(orphan, sends_on)
{
	int fd;

	w->win = 2000;
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 20000));
	close(fd);
	while (w->f->rcv_nxt < 20002) {		/* the FIN stands at 20001 */
		wire_take(w);
		wire_inject(w, ACK);
	}
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 20002, .ack = 2);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* TCP_LINGER2 below 0: nobody waits for the peer's FIN, which may come before close() or after. */
TEST_F(orphan, linger2_negative)
{
	int fd = wire_reach(w, TCP_FIN_WAIT2);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_LINGER2, -1));
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	close(fd);
	wire_expect(w, RST | ACK, .seq = 2, .ack = 1);
	EXPECT_EQ(0, wire_state(w));

	wire_new_flow(w);
	fd = wire_accept(w);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_LINGER2, -1));
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, ACK);
	wire_take(w);
	EXPECT_EQ(RST, w->last->s.flags & ~ACK);	/* Linux: as an answer to the ACK */
	EXPECT_EQ(2, w->last->s.seq);
	EXPECT_EQ(0, wire_state(w));
}

/*
 * More than max_orphans: what is closed next is reset, though its FIN has gone. Linux counts ten
 * times a second only, so that it may take a few.
 */
TEST_F(orphan, too_many)
{
	char before[32] = "";
	int i;

	if (w->lab.oracle) {
		ASSERT_LT(0, pread(self->max_fd, before, sizeof(before) - 1, 0));
		ASSERT_EQ(1, pwrite(self->max_fd, "1", 1, 0));
	} else {
		LAB_OK(lab_sysctl_set(&w->lab, "max_orphans", "1"));
	}
	for (i = 0; i < WIRE_FLOWS - 1; i++) {
		close(wire_accept(w));
		wire_expect(w, FIN | ACK);
		if (!wire_state(w))
			break;
		usleep(20000);
		wire_new_flow(w);
	}
	if (w->lab.oracle)
		ASSERT_LT(0, pwrite(self->max_fd, before, strlen(before), 0));
	wire_expect(w, RST | ACK, .seq = 2, .ack = 1);
	EXPECT_EQ(1, lab_counter(&w->lab, "TCPAbortOnMemory"));
	/* other namespaces of the machine may have orphans, too, and Linux counts them all */
	EXPECT_EQ(w->lab.oracle ? i : 1, i);
}

TEST_HARNESS_MAIN
