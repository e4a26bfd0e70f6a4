// SPDX-License-Identifier: GPL-2.0
/* A reset in every state (RFC9293 3.10.7.3, 3.10.7.4 second step), and what the program sees. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(rst_states);

#define POLL_ALL	(POLLIN | POLLOUT | POLLRDHUP)
#define POLL_DEAD	(POLL_ALL | POLLERR | POLLHUP)

/* The peer's reset: in SYN_SENT it must acknowledge the SYN, elsewhere stand at RCV.NXT. */
static void reset(struct __test_metadata *_metadata, int state)
{
	if (state == TCP_SYN_SENT)
		wire_inject(w, RST | ACK, .seq = 0, .ack = 1);
	else
		wire_inject(w, RST);
}

/* poll() first, for nothing may consume the error before it. */
static int killed(struct __test_metadata *_metadata, int state)
{
	int fd = wire_reach(w, state);

	reset(_metadata, state);
	EXPECT_EQ(POLL_DEAD, lab_wait(fd, POLL_ALL));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	EXPECT_EQ(0, wire_state(w));
	return fd;
}

/*
 * What each call says of it. A read after the peer's FIN is at the end of the stream, whatever came
 * later; a write takes the error, and the next one finds a broken pipe. What is left over when the
 * error was taken depends on the calls, not on the state.
 */
static void dies_of(struct __test_metadata *_metadata, int state, int error)
{
	bool ended = state == TCP_CLOSE_WAIT || state == TCP_CLOSING || state == TCP_LAST_ACK;
	char c = 0;
	int fd;

	fd = killed(_metadata, state);
	if (!ended)
		LAB_ERRNO(error, recv(fd, &c, 1, 0));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	close(fd);

	wire_new_flow(w);
	fd = killed(_metadata, state);
	LAB_ERRNO(error, send(fd, &c, 1, MSG_NOSIGNAL));
	LAB_ERRNO(EPIPE, send(fd, &c, 1, MSG_NOSIGNAL));
	close(fd);

	wire_new_flow(w);
	fd = killed(_metadata, state);
	EXPECT_EQ(error, lab_so_error(fd));
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(POLL_DEAD & ~POLLERR, lab_poll(fd, POLL_ALL, 0));
	LAB_ERRNO(ENOTCONN, shutdown(fd, SHUT_RDWR));
	close(fd);
	wire_expect_silence(w, 10);
}

TEST_F(rst_states, syn_sent)
{
	dies_of(_metadata, TCP_SYN_SENT, ECONNREFUSED);
}

/* Of a simultaneous open; RFC9293 says "refused", Linux "reset". */
TEST_F(rst_states, syn_recv)
{
	dies_of(_metadata, TCP_SYN_RECV, ECONNRESET);
}

TEST_F(rst_states, established)
{
	dies_of(_metadata, TCP_ESTABLISHED, ECONNRESET);
}

TEST_F(rst_states, fin_wait1)
{
	dies_of(_metadata, TCP_FIN_WAIT1, ECONNRESET);
}

TEST_F(rst_states, fin_wait2)
{
	dies_of(_metadata, TCP_FIN_WAIT2, ECONNRESET);
}

TEST_F(rst_states, close_wait)
{
	dies_of(_metadata, TCP_CLOSE_WAIT, EPIPE);
}

TEST_F(rst_states, closing)
{
	dies_of(_metadata, TCP_CLOSING, ECONNRESET);
}

TEST_F(rst_states, last_ack)
{
	dies_of(_metadata, TCP_LAST_ACK, ECONNRESET);
}

/* In TIME_WAIT the program has got all that there was: nothing is wrong for it. */
TEST_F(rst_states, time_wait)
{
	int fd = wire_reach(w, TCP_TIME_WAIT);
	char c;

	wire_inject(w, RST);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(0, lab_so_error(fd));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
}

/* RFC1337 3: unless the administrator wants TIME_WAIT to withstand resets */
TEST_F(rst_states, time_wait_rfc1337)
{
	LAB_OK(lab_sysctl_set(&w->lab, "rfc1337", "1"));
	wire_reach(w, TCP_TIME_WAIT);
	wire_inject(w, RST);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* A half-open connection of a listener is forgotten, and no program hears of it. */
TEST_F(rst_states, request)
{
	LAB_OK(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	wire_inject(w, RST);
	EXPECT_EQ(0, wire_state(w));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
	wire_expect_silence(w, 10);
}

/* RFC5961 3.2, RFC9293 3.10.7.3: a reset that does not acknowledge our SYN says nothing */
TEST_F(rst_states, syn_sent_not_acceptable)
{
	int fd = wire_reach(w, TCP_SYN_SENT);

	wire_inject(w, RST, .seq = 0);
	wire_inject(w, RST | ACK, .seq = 0, .ack = 0);
	wire_inject(w, RST | ACK, .seq = 0, .ack = 2);
	/* Linux sends its SYN again at once, for a wrong ACK may come from an older connection */
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
}

/*
 * RFC5961 3.2 holds in each synchronized state: in the window a challenge, out of it silence. Linux
 * answers two such segments of a connection in a second at most, so one of each does.
 */
static void withstands(struct __test_metadata *_metadata, int state)
{
	long seq, ack;
	int fd;

	fd = wire_reach(w, state);
	seq = w->f->rcv_nxt;
	ack = w->f->snd_nxt;
	wire_inject(w, RST, .seq = ack + 1000000);
	wire_inject(w, RST, .seq = ack - 2);
	wire_expect_silence(w, 10);
	wire_inject(w, RST, .seq = ack + 1000);
	wire_expect(w, ACK, .seq = seq, .ack = ack);
	EXPECT_EQ(state, lab_tcp_state(fd));
	EXPECT_EQ(0, lab_so_error(fd));
	close(fd);
	wire_drain(w);
	wire_new_flow(w);
}

TEST_F(rst_states, not_exact)
{
	withstands(_metadata, TCP_ESTABLISHED);
	withstands(_metadata, TCP_FIN_WAIT1);
	withstands(_metadata, TCP_FIN_WAIT2);
	withstands(_metadata, TCP_CLOSE_WAIT);
	withstands(_metadata, TCP_CLOSING);
	withstands(_metadata, TCP_LAST_ACK);
}

/*
 * Linux: after its FIN the peer may have forgotten that the FIN has a number, as macOS does; a
 * reset with that very number is taken.
 */
static void dies_at_fin(struct __test_metadata *_metadata, int state, int error)
{
	int fd = wire_reach(w, state);

	wire_inject(w, RST, .seq = w->f->snd_nxt - 1);
	EXPECT_EQ(POLL_DEAD, lab_wait(fd, POLL_ALL));
	EXPECT_EQ(error, lab_so_error(fd));
	EXPECT_EQ(0, wire_state(w));
	close(fd);
	wire_new_flow(w);
}

TEST_F(rst_states, at_the_fin)
{
	dies_at_fin(_metadata, TCP_CLOSE_WAIT, EPIPE);
	dies_at_fin(_metadata, TCP_CLOSING, ECONNRESET);
	dies_at_fin(_metadata, TCP_LAST_ACK, ECONNRESET);
}

/* Who waits in read() is woken with the error. */
TEST_F(rst_states, wakes_reader)
{
	int fd = wire_reach(w, TCP_ESTABLISHED), status;
	pid_t pid;
	char c;

	LAB_OK(lab_nonblock(fd, false));
	pid = fork();
	if (!pid)
		_exit(recv(fd, &c, 1, 0) < 0 ? errno : 0);
	usleep(20000);
	wire_inject(w, RST);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ECONNRESET, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
