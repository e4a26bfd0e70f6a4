// SPDX-License-Identifier: GPL-2.0
/*
 * At the beginning of a connection the ACK of a segment with PSH that is not full waits for the
 * program's turn (net.tcplab.ack_turn), as RFC 9293 3.8.6.3 allows. Linux sends it at once.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>

WIRE_TIMED_FIXTURE(ack_turn);

/* After two ticks at the latest */
#define SOON(w) EXPECT_GE(20 * lab_slow(), wire_delay_ms(w))

/* A question of 100 octets, which the program reads whole: there may be nothing it waits for. */
static int asked(struct __test_metadata *_metadata)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | PSH, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	return fd;
}

/* No timer sent an ACK. */
#define NO_TICK() EXPECT_EQ(0, lab_counter(&w->lab, "DelayedACKs"))

/* So many ACKs waited for a turn. */
#define TURNS(n) EXPECT_EQ(n, w->lab.oracle ? n : lab_counter(&w->lab, "TCPAckTurns"))

#define WAITS(w) LAB_DIFFERS(&(w)->lab, false, true, "Linux sends the ACK at once")

/* The next to come tells that the ACK has waited for it. */
#define WAITED(acked) do {						\
	if (!WAITS(w))							\
		wire_expect(w, ACK, .ack = (acked));			\
} while (0)

/* An ACK goes alone, and no timer sent it. */
#define AT_ONCE(acked) do {						\
	wire_expect(w, ACK, .ack = (acked));				\
	SOON(w);							\
	NO_TICK();							\
} while (0)

/* This segment of 100 octets does not wait for its ACK. */
#define ANSWERED(acked, flags, from) do {				\
	wire_inject(w, flags, .seq = (from), .len = 100);		\
	AT_ONCE(acked);							\
} while (0)

/* The answer is the first that goes, and takes the ACK along. */
TEST_F(ack_turn, answer)
{
	int fd = asked(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	WAITED(101);
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 101, .len = 50);
	wire_inject(w, ACK);
	wire_expect_silence(w, 600);
	NO_TICK();
}

/* So does a FIN. */
TEST_F(ack_turn, close)
{
	int fd = asked(_metadata);

	close(fd);
	WAITED(101);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 101);
	NO_TICK();
}

/* The program asks for more: it will not answer. */
TEST_F(ack_turn, read_on)
{
	int fd = asked(_metadata);
	char c;

	EXPECT_EQ(-1, recv(fd, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	AT_ONCE(101);
}

TEST_F(ack_turn, splice_on)
{
	int fd = asked(_metadata), pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-1, splice(fd, NULL, pipes[1], NULL, 1, SPLICE_F_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	AT_ONCE(101);
}

/* It wants more than this before it will say anything, and waits for that a second. */
static void want_more(struct __test_metadata *_metadata, int fd, int flags)
{
	struct timeval brief = { .tv_sec = 1 };
	char buf[200];

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief)));
	wire_inject(w, ACK | PSH, .len = 100);
	EXPECT_EQ(100, recv(fd, buf, sizeof(buf), flags));
	wire_expect(w, ACK, .ack = 101);
	NO_TICK();
}

TEST_F(ack_turn, not_enough)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_RCVLOWAT, 200));
	want_more(_metadata, fd, 0);
}

TEST_F(ack_turn, wait_for_all)
{
	want_more(_metadata, wire_accept(w), MSG_WAITALL);
}

TEST_F(ack_turn, poll)
{
	struct pollfd pfd = { .fd = asked(_metadata), .events = POLLIN };

	EXPECT_EQ(0, poll(&pfd, 1, 0));
	AT_ONCE(101);
}

/* Who asks whether it may write is about to. */
TEST_F(ack_turn, poll_to_write)
{
	struct pollfd pfd = { .fd = asked(_metadata), .events = POLLOUT };

	EXPECT_EQ(1, poll(&pfd, 1, 0));
	LAB_OK(lab_send(pfd.fd, LAB_TO_PEER, 0, 50));
	WAITED(101);
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 101, .len = 50);
}

/* Epoll says that there is a question; the program reads it, and waits for the next event. */
static void wait_again(struct __test_metadata *_metadata, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int fd = wire_accept(w), ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	wire_inject(w, ACK | PSH, .len = 100);
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 5000));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

/* By level that looks at the socket once more. */
TEST_F(ack_turn, epoll)
{
	wait_again(_metadata, EPOLLIN);
	AT_ONCE(101);
}

/* By edge it does not, if the program knows by a short read that there is no more. */
TEST_F(ack_turn, epoll_by_edge)
{
	wait_again(_metadata, EPOLLIN | EPOLLET);
	wire_expect(w, ACK, .ack = 101);
	SOON(w);
	EXPECT_EQ(WAITS(w), lab_counter(&w->lab, "DelayedACKs"));
}

/* The program does nothing at all: nothing is learned from that. */
TEST_F(ack_turn, tick)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd = wire_accept(w);

	wire_inject(w, ACK | PSH, .len = 100);
	wire_expect(w, ACK, .ack = 101);
	SOON(w);
	EXPECT_EQ(WAITS(w), lab_counter(&w->lab, "DelayedACKs"));
	TURNS(1);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(40000, info.tcpi_ato);
}

/* As usual questions are */
TEST_F(ack_turn, nearly_full)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | PSH, .len = 1400);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 1400));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	WAITED(1401);
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 1401, .len = 50);
	TURNS(1);
}

/* The peer went on: it was not the program's turn. */
TEST_F(ack_turn, second_segment)
{
	wire_accept(w);
	wire_inject(w, ACK | PSH, .len = 100);
	wire_inject(w, ACK | PSH, .seq = 101, .len = 100);
	wire_await_ack(w, 201);
	SOON(w);
	NO_TICK();
}

/* Not what is full, or has no PSH: more is on its way. */
TEST_F(ack_turn, not_the_end)
{
	wire_accept(w);
	ANSWERED(101, ACK, 1);
	wire_inject(w, ACK | PSH, .seq = 101, .len = 1460);
	AT_ONCE(1561);
}

/* RFC5681 4.2: what fills part of a gap is acknowledged at once. */
TEST_F(ack_turn, part_of_a_gap)
{
	wire_accept(w);
	ANSWERED(1, ACK | PSH, 101);
	ANSWERED(1, ACK | PSH, 301);
	ANSWERED(201, ACK | PSH, 1);
	TURNS(0);
}

/* What comes behind a gap tells that the peer had more to say, and is answered each time. */
TEST_F(ack_turn, then_a_gap)
{
	int i;

	wire_accept(w);
	wire_inject(w, ACK | PSH, .len = 100);
	WAITED(101);
	for (i = 0; i < 3; i++)
		ANSWERED(101, ACK | PSH, 201 + i * 100);
	TURNS(1);
}

/* An ACK that comes meanwhile changes nothing. */
TEST_F(ack_turn, then_an_ack)
{
	int fd = asked(_metadata);

	wire_inject(w, ACK, .seq = 101, .win = 1000);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	WAITED(101);
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 101, .len = 50);
	NO_TICK();
	TURNS(1);
}

/* Part of it was sent in vain: the peer misses ACKs. */
TEST_F(ack_turn, overlap)
{
	wire_accept(w);
	ANSWERED(101, ACK, 1);
	ANSWERED(151, ACK | PSH, 51);
	ANSWERED(251, ACK | PSH, 151);
	TURNS(0);
}

/* Not where the peer misses ACKs. */
TEST_F(ack_turn, after_duplicate)
{
	wire_accept(w);
	ANSWERED(101, ACK, 1);
	ANSWERED(101, ACK, 1);
	ANSWERED(201, ACK | PSH, 101);
}

/* Not if the program said so, before or after it came */
TEST_F(ack_turn, quickack)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	ANSWERED(101, ACK | PSH, 1);
}

/* A listener says it for its connections. */
TEST_F(ack_turn, quickack_inherited)
{
	int fd = wire_listen(w, 1);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	wire_inject(w, SYN, .win = 65535, .mss = 1460);
	wire_expect(w, SYN | ACK, .ack = 1);
	wire_inject(w, ACK);
	ANSWERED(101, ACK | PSH, 1);
}

TEST_F(ack_turn, quickack_later)
{
	int fd = asked(_metadata);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	AT_ONCE(101);
}

/* What waits goes, too, though it was not read yet. */
TEST_F(ack_turn, quickack_unread)
{
	int fd = wire_accept(w);

	wire_inject(w, ACK | PSH, .len = 100);
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 1));
	AT_ONCE(101);
}

TEST_F(ack_turn, quickack_even)
{
	int fd = asked(_metadata);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 2));
	wire_expect(w, ACK, .ack = 101);
	wire_expect_silence(w, 100);
	NO_TICK();
}

/* Who says that answers will come is believed, though none came yet. */
TEST_F(ack_turn, quickack_off)
{
	int fd = asked(_metadata);

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_QUICKACK, 0));
	wire_expect(w, ACK, .ack = 101);
	wire_expect_silence(w, 100);
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_QUICKACK));
	NO_TICK();
}

/* Nor if the administrator did, of all connections */
TEST_F(ack_turn, off)
{
	if (!w->lab.oracle)
		LAB_OK(lab_sysctl_set(&w->lab, "ack_turn", "0"));
	wire_accept(w);
	ANSWERED(101, ACK | PSH, 1);
}

/* A question with a FIN is followed by the program's own FIN, as a rule: as long as ever. */
TEST_F(ack_turn, with_fin)
{
	int fd = wire_accept(w);
	char c;

	wire_inject(w, FIN | PSH | ACK, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 1, .ack = 102);
}

/* The FIN comes alone: what waits now waits for the answer, and for the program's FIN. */
TEST_F(ack_turn, then_fin)
{
	int fd = wire_accept(w);
	char c;

	wire_inject(w, ACK | PSH, .len = 100);
	wire_inject(w, FIN | ACK, .seq = 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	WAITED(101);
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 102, .len = 50);
	NO_TICK();
}

/* A client's side: its request took the ACK of the SYN-ACK along, the FIN takes the answer's. */
TEST_F(ack_turn, deferred_client)
{
	int fd = LAB_FD(wire_socket(w));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1));
	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_inject(w, SYN | ACK, .mss = 1460);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 50));
	wire_expect(w, ACK | PSH, .seq = 1, .ack = 1, .len = 50);
	wire_inject(w, ACK | PSH, .seq = 1, .ack = 51, .len = 100);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	close(fd);
	wire_expect(w, FIN | ACK, .seq = 51, .ack = 101);
}

/*
 * What a short connection costs: SYN, SYN-ACK, ACK, question, answer, FIN, FIN, ACK. Linux
 * acknowledges the question and the answer by themselves, too.
 */
TEST_F(ack_turn, short_life)
{
	long long segments = lab_counter(&w->lab, "OutSegs");
	int fd[2];

	LAB_OK(lab_pair(&w->lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_KERNEL, 0, 1));
	LAB_OK(lab_recv(fd[1], LAB_TO_KERNEL, 0, 1));
	LAB_OK(lab_send(fd[1], LAB_TO_PEER, 0, 1));
	LAB_OK(lab_recv(fd[0], LAB_TO_PEER, 0, 1));
	close(fd[0]);
	lab_wait(fd[1], POLLRDHUP);
	close(fd[1]);
	EXPECT_EQ(segments + (WAITS(w) ? 8 : 10), lab_counter(&w->lab, "OutSegs"));
	TURNS(2);
}

TEST_HARNESS_MAIN
