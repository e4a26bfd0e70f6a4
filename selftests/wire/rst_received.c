// SPDX-License-Identifier: GPL-2.0
/* A reset on a synchronized connection: only the exact number kills it (RFC 5961). */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(rst_received);

/* RFC5961 3.2, RFC9293 3.10.7.4 second step: the exact number; MUST-12: the program is told */
TEST_F(rst_received, exact)
{
	int fd = wire_accept(w);
	char c;

	wire_inject(w, RST, .seq = 1);
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP,
		  lab_wait(fd, POLLIN | POLLOUT | POLLRDHUP));
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	LAB_ERRNO(ECONNRESET, recv(fd, &c, 1, 0));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	wire_expect_silence(w, 20);
}

/* The same with an ACK in it. */
TEST_F(rst_received, exact_with_ack)
{
	int fd = wire_connect(w);
	char c;

	wire_inject(w, RST | ACK, .seq = 1, .ack = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	LAB_ERRNO(ECONNRESET, send(fd, &c, 1, MSG_NOSIGNAL));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
}

/* RFC5961 3.2: in the window but not exact: a challenge ACK, and nothing else */
TEST_F(rst_received, in_window)
{
	int fd = wire_accept(w);

	wire_inject(w, RST, .seq = 100);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	wire_inject(w, ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* RFC5961 3.2: out of the window: dropped without a word */
TEST_F(rst_received, out_of_window)
{
	int fd = wire_accept(w);

	wire_inject(w, RST, .seq = 1000000);
	wire_inject(w, RST, .seq = -10);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
}

/* RFC9293 MUST-3: a spoilt one kills nothing */
TEST_F(rst_received, bad_checksum)
{
	int fd = wire_accept(w);

	wire_inject(w, RST, .seq = 1, .badsum = true);
	wire_expect_silence(w, 20);
	EXPECT_EQ(TCP_ESTABLISHED, lab_tcp_state(fd));
}

/* Data that came before the reset can still be read; then the reader is told. */
TEST_F(rst_received, after_data)
{
	int fd = wire_accept(w);
	char buf[200];

	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 101);
	wire_inject(w, RST, .seq = 101);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(100, recv(fd, buf, sizeof(buf), 0));
	LAB_OK(lab_verify(buf, LAB_TO_KERNEL, 0, 100));
	LAB_ERRNO(ECONNRESET, recv(fd, buf, sizeof(buf), 0));
}

/* RFC9293 3.10.7.4, second step: in FIN_WAIT_1 and FIN_WAIT_2 */
TEST_F(rst_received, in_fin_wait)
{
	int fd = wire_accept(w);

	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
	close(fd);

	wire_new_flow(w);
	fd = wire_accept(w);
	EXPECT_EQ(0, shutdown(fd, SHUT_WR));
	wire_expect(w, FIN | ACK, .seq = 1);
	wire_inject(w, ACK);
	EXPECT_EQ(TCP_FIN_WAIT2, lab_tcp_state(fd));
	wire_inject(w, RST, .seq = 1);
	EXPECT_TRUE(lab_wait(fd, POLLIN) & POLLERR);
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
}

TEST_HARNESS_MAIN
