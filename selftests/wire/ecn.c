// SPDX-License-Identifier: GPL-2.0
/* RFC3168: what is marked, what comes back, and what becomes of the window. */
#include "harness.h"
#include "wire.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>

#define NOT_ECT	0
#define ECT1	1
#define ECT0	2
#define CE	3

#define CA_OPEN	0
#define CA_CWR	2

WIRE_FIXTURE(ecn);

/* A connection on which ECN was agreed on, by a passive open, in segments of 1000 octets. */
static int ecn_accept(struct __test_metadata *_metadata)
{
	if (w->lfd < 0)
		LAB_FD(wire_listen(w, 8));
	wire_inject(w, SYN | ECE | CWR, .mss = 1000);
	wire_expect(w, SYN | ACK | ECE);
	wire_inject(w, ACK);
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	return LAB_FD(accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK));
}

/* The same with the simplest algorithm, which halves. */
static int reno_accept(struct __test_metadata *_metadata)
{
	LAB_OK(lab_sysctl_set(&w->lab, "congestion_control", "reno"));
	return ecn_accept(_metadata);
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* RFC3168 6.1.2: data is marked; 6.1.4: an ACK without data is not; nor is a bare FIN */
TEST_F(ecn, what_is_marked)
{
	int fd = ecn_accept(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1500));
	wire_expect(w, ACK, .len = 1000, .tos = ECT0);
	wire_expect(w, ACK, .len = 500, .tos = ECT0);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .tos = NOT_ECT);
	shutdown(fd, SHUT_WR);
	wire_expect(w, FIN | ACK, .tos = NOT_ECT);
}

/* RFC3168 5: the two bits are not the program's, whatever it says of the class */
TEST_F(ecn, class_of_the_program)
{
	bool six = w->lab.family == AF_INET6;
	int fd = ecn_accept(_metadata);

	LAB_OK(six ? lab_set_opt(fd, IPPROTO_IPV6, IPV6_TCLASS, 0xb8 | CE) :
	       lab_set_opt(fd, IPPROTO_IP, IP_TOS, 0xb8 | CE));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = 0xb8 | ECT0);
	wire_inject(w, ACK, .len = 100);
	wire_expect(w, ACK, .tos = 0xb8);
}

/* ... nor on a connection that knows no ECN */
TEST_F(ecn, class_without_ecn)
{
	bool six = w->lab.family == AF_INET6;
	int fd = wire_accept(w);

	LAB_OK(six ? lab_set_opt(fd, IPPROTO_IPV6, IPV6_TCLASS, 0xb8 | CE) :
	       lab_set_opt(fd, IPPROTO_IP, IP_TOS, 0xb8 | CE));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = 0xb8);
}

/* RFC3168 6.1.5: what goes again is not marked; 6.1.2: a loss is told by CWR, on new data */
TEST_F(ecn, retransmission)
{
	int fd = reno_accept(_metadata), i, cwr = 0;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK, .ack = 1001);
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000, .tos = NOT_ECT);
	wire_inject(w, ACK, .ack = 10001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 2000));
	for (i = 0; i < 2; i++) {
		wire_take(w);
		EXPECT_EQ(ECT0, w->last->s.tos);
		cwr += !!(w->last->s.flags & CWR);
		EXPECT_EQ(!i, cwr && w->last->s.flags & CWR);
	}
	EXPECT_EQ(1, cwr);
}

/*
 * RFC3168 6.1.3: once a packet was marked each ACK has ECE, until CWR comes; with CWR it is at an
 * end, and Linux and we acknowledge at once.
 */
TEST_F(ecn, echo_until_cwr)
{
	int i;

	ecn_accept(_metadata);
	wire_inject(w, ACK, .len = 1000, .tos = ECT0);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE, .tos = NOT_ECT);
	for (i = 0; i < 3; i++) {
		wire_inject(w, ACK, .len = 1000, .tos = ECT0);
		wire_expect(w, ACK | ECE);
	}
	wire_inject(w, ACK | CWR, .len = 1000, .tos = ECT0);
	wire_expect(w, ACK);
	wire_inject(w, ACK, .len = 1000, .tos = ECT1);
	wire_await_ack(w, 7001);
	EXPECT_EQ(ACK, w->last->s.flags);
}

/* RFC3168 6.1.3: a packet with CWR that was marked itself: congestion goes on */
TEST_F(ecn, cwr_and_marked)
{
	ecn_accept(_metadata);
	wire_inject(w, ACK, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE);
	wire_inject(w, ACK | CWR, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE);
	wire_inject(w, ACK | CWR, .len = 1000, .tos = ECT0);
	wire_expect(w, ACK);
}

/* CWR without data counts, as it does on Linux. */
TEST_F(ecn, cwr_without_data)
{
	ecn_accept(_metadata);
	wire_inject(w, ACK, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE);
	wire_inject(w, ACK | CWR);
	wire_inject(w, ACK, .len = 1000, .tos = ECT0);
	wire_expect(w, ACK);
}

/* Data carries the echo as well. */
TEST_F(ecn, echo_on_data)
{
	int fd = ecn_accept(_metadata);

	wire_inject(w, ACK, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK | ECE, .len = 100, .tos = ECT0);
}

/* Out of order is received all the same: its mark counts. */
TEST_F(ecn, marked_out_of_order)
{
	ecn_accept(_metadata);
	wire_inject(w, ACK, .seq = 1001, .len = 1000, .tos = CE);
	wire_expect(w, ACK | ECE, .ack = 1);
}

/* RFC3168 6.1.5: outside of the window a mark means nothing: anybody could have sent it */
TEST_F(ecn, marked_outside_window)
{
	ecn_accept(_metadata);
	wire_inject(w, ACK, .seq = 2000000, .len = 100, .tos = CE);
	wire_expect(w, ACK, .ack = 1);
	wire_inject(w, ACK, .len = 100, .tos = ECT0);
	wire_expect(w, ACK);
}

/* Without ECN marks, echoes and CWR mean nothing. */
TEST_F(ecn, not_agreed_on)
{
	int fd;

	LAB_OK(lab_sysctl_set(&w->lab, "congestion_control", "reno"));
	fd = wire_accept(w, .mss = 1000);
	wire_inject(w, ACK, .len = 100, .tos = CE);
	wire_expect(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK | ECE, .ack = 1001);
	wire_inject(w, ACK | ECE, .ack = 10001);
	EXPECT_EQ(0x7fffffff, info_of(fd).tcpi_snd_ssthresh);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 1000));
	wire_expect(w, ACK, .len = 1000, .tos = NOT_ECT);
}

/*
 * RFC3168 6.1.2: ECE halves the window as a loss would, at most once a window of data, and the
 * first new data after it has CWR, once. Nothing goes again.
 */
TEST_F(ecn, reduces_once)
{
	int fd = reno_accept(_metadata), i;
	struct tcp_info info;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK | ECE, .ack = 1001);
	info = info_of(fd);
	EXPECT_EQ(5, (int)info.tcpi_snd_ssthresh);
	EXPECT_EQ(CA_CWR, info.tcpi_ca_state);
	for (i = 2; i <= 10; i++)
		wire_inject(w, ACK | ECE, .ack = i * 1000 + 1);
	info = info_of(fd);
	EXPECT_EQ(5, (int)info.tcpi_snd_ssthresh);
	EXPECT_EQ(0, (int)info.tcpi_total_retrans);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 10000, 5000));
	wire_expect(w, ACK | CWR, .len = 1000, .tos = ECT0);
	for (i = 1; i < 5; i++)
		wire_expect(w, ACK, .len = 1000, .tos = ECT0);
	/* what was sent after the reduction arrived: it is over */
	wire_inject(w, ACK, .ack = 11001);
	info = info_of(fd);
	EXPECT_EQ(CA_OPEN, info.tcpi_ca_state);
	EXPECT_EQ(5, (int)info.tcpi_snd_cwnd);
	/* and another window is another matter */
	wire_inject(w, ACK | ECE, .ack = 12001);
	info = info_of(fd);
	EXPECT_EQ(CA_CWR, info.tcpi_ca_state);
	EXPECT_GT(5, (int)info.tcpi_snd_ssthresh);
	EXPECT_LE(2, (int)info.tcpi_snd_ssthresh);
}

/* One ACK with ECE for all that was outstanding: half of what was, not of what is. */
TEST_F(ecn, one_ack_for_all)
{
	int fd = reno_accept(_metadata);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK | ECE, .ack = 10001);
	EXPECT_EQ(5, (int)info_of(fd).tcpi_snd_ssthresh);
}

/* ECE on a duplicate ACK counts; on one with nothing outstanding there is nothing to reduce. */
TEST_F(ecn, ece_without_news)
{
	int fd = reno_accept(_metadata);

	wire_inject(w, ACK | ECE);
	wire_inject(w, ACK | ECE, .len = 100, .tos = ECT0);
	wire_expect(w, ACK);
	EXPECT_EQ(0x7fffffff, info_of(fd).tcpi_snd_ssthresh);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK | ECE, .ack = 1);
	EXPECT_EQ(5, (int)info_of(fd).tcpi_snd_ssthresh);
	EXPECT_EQ(CA_CWR, info_of(fd).tcpi_ca_state);
}

/* A loss in the same window of data is no other congestion than the mark's: no second reduction. */
TEST_F(ecn, mark_and_loss)
{
	int fd = reno_accept(_metadata), i;

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK | ECE, .ack = 1001);
	EXPECT_EQ(5, (int)info_of(fd).tcpi_snd_ssthresh);
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK | ECE, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000, .tos = NOT_ECT);
	EXPECT_EQ(5, (int)info_of(fd).tcpi_snd_ssthresh);
}

/* TIME-WAIT does not echo any more, and marks nothing. */
TEST_F(ecn, time_wait)
{
	int fd = ecn_accept(_metadata);

	wire_inject(w, ACK, .len = 100, .tos = CE);
	wire_expect(w, ACK | ECE);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
	close(fd);
	wire_expect(w, FIN | ACK | ECE, .tos = NOT_ECT);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK | ECE, .tos = NOT_ECT);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	wire_inject(w, FIN | ACK, .seq = 101);
	wire_expect(w, ACK, .tos = NOT_ECT);
}

/* An RST says nothing of congestion. */
TEST_F(ecn, reset)
{
	int fd = ecn_accept(_metadata);

	wire_inject(w, ACK, .len = 100, .tos = CE);
	wire_expect(w, ACK | ECE);
	close(fd);			/* with unread data */
	wire_expect(w, RST | ACK | LAB_DIFFERS(&w->lab, ECE, 0, "Linux echoes there, too"),
		    .tos = NOT_ECT);
}

/* What tcplab shows of it. */
TEST_F(ecn, visible)
{
	static char text[8192];
	long long n[6];
	int fd, i;
	static const char * const names[] = {
		"InCE", "OutECE", "InCWR", "InECE", "OutCWR", "TCPDeliveredCE",
	};
	char *end;

	fd = reno_accept(_metadata);
	n[5] = lab_counter(&w->lab, "TCPDeliveredCE");
	for (i = 0; !w->lab.oracle && i < 5; i++)
		n[i] = lab_counter(&w->lab, names[i]);
	wire_inject(w, ACK, .len = 100, .tos = CE);
	wire_expect(w, ACK | ECE);
	if (!w->lab.oracle) {
		LAB_FD(lab_read_file("/proc/net/tcplab/connections", text, sizeof(text)));
		end = strstr(text, " inode ecn ");
		ASSERT_NE(NULL, end);
		EXPECT_NE(NULL, strstr(end, " ose- "))
			TH_LOG("%s", text);
	}
	wire_inject(w, ACK | CWR, .len = 100, .tos = ECT0);
	wire_expect(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2000));
	wire_take_stream_quietly(w, 2001);
	wire_inject(w, ACK | ECE, .ack = 2001);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 2000, 1000));
	wire_expect(w, ACK | CWR, .len = 1000);
	EXPECT_EQ(n[5] + 2, lab_counter(&w->lab, "TCPDeliveredCE"));
	for (i = 0; !w->lab.oracle && i < 5; i++)
		EXPECT_EQ(n[i] + 1, lab_counter(&w->lab, names[i]))
			TH_LOG("%s", names[i]);
}

TEST_HARNESS_MAIN
