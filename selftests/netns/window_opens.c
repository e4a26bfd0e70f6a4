// SPDX-License-Identifier: GPL-2.0
/*
 * A long fast link without any loss: the receiver's window must open as fast as the sender's. Each
 * test transfers with default buffers, which are far too small to begin with: the product of rate
 * and delay is 1.25 MB.
 *
 * The last test compares: the same program, the same link, both protocols. The measure is the
 * peer's send buffer and congestion control as much as the receiver's window; what is compared is
 * therefore the receiver's buffer and window, too.
 */
#include "harness.h"
#include "topo.h"

#include <linux/tcp.h>
#include <sys/wait.h>

#define BYTES	(8 << 20)
#define LINK	"delay 50ms rate 100mbit limit 20000"

FIXTURE(window_opens) { struct lab lab; struct topo t; };
LAB_VARIANTS(window_opens);
FIXTURE_SETUP(window_opens)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	if (topo_netem(&self->t, LINK) < 0) {
		if (getenv("TCPLAB_EXPECT_ALL"))
			ASSERT_TRUE(false)
				TH_LOG("netem is missing");
		SKIP(return, "netem is missing");
	}
}

FIXTURE_TEARDOWN(window_opens) { }

/* What a transfer came to. */
struct result {
	long ms;
	long rcvbuf;		/* of the receiver, in the end */
	struct tcp_info rx, tx;
};

static int take_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
}

/* Send @bytes from the client to the server, by protocol @lab's. */
static int transfer(struct topo *t, int port, size_t bytes, struct result *r)
{
	int listener = topo_listen(t, port, 1), fd, peer;
	int64_t begin;
	pid_t pid;

	if (listener < 0)
		return -1;
	fd = topo_connect(t, port);
	if (fd < 0)
		return -1;
	peer = accept(listener, NULL, NULL);
	if (peer < 0)
		return lab_fail("accept: %m");
	begin = lab_now_us();
	pid = fork();
	if (!pid) {
		alarm(lab_secs(60));
		_exit(lab_send(fd, LAB_TO_PEER, 0, bytes) != 0);
	}
	if (lab_recv(peer, LAB_TO_PEER, 0, bytes))
		return -1;
	r->ms = (lab_now_us() - begin) / 1000;
	r->rcvbuf = lab_opt(peer, SOL_SOCKET, SO_RCVBUF);
	if (take_info(peer, &r->rx) || take_info(fd, &r->tx))
		return lab_fail("TCP_INFO: %m");
	if (waitpid(pid, NULL, 0) != pid)
		return lab_fail("waitpid: %m");
	close(fd);
	close(peer);
	close(listener);
	return 0;
}

static void tell(const char *who, const struct result *r)
{
	ksft_print_msg("%s: %ld ms, rcvbuf %ld, receiver: rtt %u us, space %u, ssthresh %u; "
		       "sender: cwnd %u, window %u, sent again %u\n",
		       who, r->ms, r->rcvbuf, r->rx.tcpi_rcv_rtt, r->rx.tcpi_rcv_space,
		       r->rx.tcpi_rcv_ssthresh, r->tx.tcpi_snd_cwnd, r->tx.tcpi_snd_wnd,
		       r->tx.tcpi_total_retrans);
}

/*
 * The window follows the sender: 8 MB in the time that slow start and the link need, and a half
 * more
 */
TEST_F_TIMEOUT(window_opens, keeps_pace, lab_secs(120))
{
	struct result r = { 0 };

	LAB_OK(transfer(&self->t, 5002, BYTES, &r));
	tell(variant->tcplab ? "tcplab" : "TCP", &r);
	EXPECT_EQ(0, r.tx.tcpi_total_retrans);
	EXPECT_LE(90000, r.rx.tcpi_rcv_rtt);
	EXPECT_LE(1250000, r.rcvbuf);
	/* 700 ms for the link, ~800 for slow start */
	EXPECT_GE(2300, r.ms);
}

/* Without timestamps, too, where round trips are known by the window's edge alone */
TEST_F_TIMEOUT(window_opens, without_timestamps, lab_secs(120))
{
	struct result r = { 0 };

	LAB_OK(lab_sysctl_set(&self->lab, "timestamps", "0"));
	LAB_OK(transfer(&self->t, 5002, BYTES, &r));
	tell(variant->tcplab ? "tcplab" : "TCP", &r);
	EXPECT_EQ(0, r.tx.tcpi_total_retrans);
	EXPECT_GE(3000, r.ms);
}

/* Not slower than the kernel's TCP on the same link: 0.95 of its goodput at the least */
TEST_F_TIMEOUT(window_opens, as_fast_as_tcp, lab_secs(240))
{
	struct lab tcp = self->lab;
	struct result lab = { 0 }, oracle = { 0 };

	if (self->lab.oracle)
		return;
	tcp.oracle = true;
	tcp.proto = IPPROTO_TCP;
	LAB_OK(transfer(&self->t, 5002, BYTES, &lab));
	self->t.lab = &tcp;
	LAB_OK(transfer(&self->t, 5003, BYTES, &oracle));
	tell("tcplab", &lab);
	tell("TCP", &oracle);
	EXPECT_GE(oracle.ms * 100 / 95, lab.ms);
}

TEST_HARNESS_MAIN
