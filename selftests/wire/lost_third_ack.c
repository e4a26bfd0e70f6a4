// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK that ends the handshake is lost: the peer believes in the connection, the kernel keeps
 * it half open, sends its SYN-ACK again, and takes whatever comes next.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(lost_third_ack);

/* Up to the ACK that never came. Nobody sees a connection yet. */
static void half_way(struct __test_metadata *_metadata)
{
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	LAB_ERRNO(EAGAIN, accept(w->lfd, NULL, NULL));
}

static int take(struct __test_metadata *_metadata, int state)
{
	int fd;

	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	fd = LAB_FD(accept(w->lfd, NULL, NULL));
	EXPECT_EQ(state, lab_tcp_state(fd));
	return fd;
}

/* RFC9293 3.5: the SYN-ACK that comes again is acknowledged again, and that does it. */
TEST_F_TIMEOUT(lost_third_ack, again_by_syn_ack, lab_secs(60))
{
	int fd;

	half_way(_metadata);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), 1000))
		TH_LOG("%s", lab_why());
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	EXPECT_TRUE(wire_about(wire_gap_ms(w), 2000))
		TH_LOG("%s", lab_why());
	wire_inject(w, ACK);
	fd = take(_metadata, TCP_ESTABLISHED);
	/* the server speaks first, and only now */
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .seq = 1, .len = 100);
}

/* RFC9293 3.10.7.4: data has an ACK, too: it ends the handshake, and is not lost. */
TEST_F_TIMEOUT(lost_third_ack, by_data, lab_secs(60))
{
	int fd;

	half_way(_metadata);
	wire_inject(w, ACK, .len = 500);
	wire_await_ack(w, 501);
	fd = take(_metadata, TCP_ESTABLISHED);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 500));
	/* and the SYN-ACK's timer is off */
	wire_expect_silence(w, 5000);
}

/* The same with data that came out of order: its ACK counts, it waits for what is missing. */
TEST_F_TIMEOUT(lost_third_ack, by_later_data, lab_secs(60))
{
	int fd;

	half_way(_metadata);
	wire_inject(w, ACK, .seq = 501, .len = 500);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	fd = take(_metadata, TCP_ESTABLISHED);
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	wire_inject(w, ACK, .seq = 1, .len = 500);
	wire_await_ack(w, 1001);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1000));
}

/* A FIN does as well: the server sees a connection that ends. */
TEST_F_TIMEOUT(lost_third_ack, by_fin, lab_secs(60))
{
	int fd;

	half_way(_metadata);
	wire_inject(w, FIN | ACK);
	wire_await_ack(w, 2);
	fd = take(_metadata, TCP_CLOSE_WAIT);
	LAB_OK(lab_recv_eof(fd));
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 2);
}

/* The peer's SYN comes again (it did not get the SYN-ACK either): the same SYN-ACK, at once. */
TEST_F_TIMEOUT(lost_third_ack, syn_again, lab_secs(60))
{
	uint32_t seq;

	half_way(_metadata);
	seq = w->last->seq;
	wire_expect_silence(w, 700);
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = wire_mss(w));
	EXPECT_GE(100 * lab_slow(), wire_delay_ms(w));
	EXPECT_EQ(seq, w->last->seq);
	wire_inject(w, ACK);
	take(_metadata, TCP_ESTABLISHED);
}

/* RFC5681 3.1: a SYN-ACK that went twice may be chance; more means a bad way: one segment first */
TEST_F_TIMEOUT(lost_third_ack, then_slowly, lab_secs(60))
{
	int fd, i;

	half_way(_metadata);
	for (i = 0; i < 2; i++)
		wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	fd = take(_metadata, TCP_ESTABLISHED);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_expect(w, ACK, .seq = 1, .len = 1460 - (w->lab.family == AF_INET6 ? 20 : 0));
	wire_expect_silence(w, 100);
	wire_inject(w, ACK);
	wire_take_stream(w, 10001);
}

TEST_HARNESS_MAIN
