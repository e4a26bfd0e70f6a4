// SPDX-License-Identifier: GPL-2.0
/*
 * A flood of SYNs from addresses that are nobody's, at more than ten times the listener's backlog
 * per second, while honest clients connect: with cookies each of them does, without cookies the
 * SYN queue drops by name; in both cases memory stays bounded by the queue.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

enum { BACKLOG = 16, PER_CLIENT = 64, CLIENTS = 100 };

WIRE_FIXTURE(syn_flood);

static unsigned int injected;

/* One SYN from anywhere on the peer's link; what is answered is thrown away. */
static int spoofed_syn(void)
{
	static uint64_t state = 1;
	static uint8_t pkt[2000];
	char from[40];

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	if (w->lab.family == AF_INET6)
		snprintf(from, sizeof(from), "2001:db8::%x:%x", (unsigned int)(state >> 48),
			 3 + (unsigned int)(state >> 34 & 0xfff));
	else
		snprintf(from, sizeof(from), "192.0.2.%u", 3 + (unsigned int)(state >> 40) % 250);
	w->f->pport = 1024 + (state >> 20 & 0x7fff);
	w->f->isn = state >> 32;
	if (__wire_inject(w, WIRE_INJ(SYN, .mss = 1460, .ws = 7, .sackok = 1, .from = from)))
		return -1;
	while (read(w->tun, pkt, sizeof(pkt)) > 0)
		;
	injected++;
	return 0;
}

static int flood(int n)
{
	while (n-- > 0)
		if (spoofed_syn())
			return -1;
	return 0;
}

static int listener(void)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&w->lab, WIRE_KPORT, &ss);
	int fd = lab_socket(&w->lab, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) || listen(fd, BACKLOG))
		return lab_fail("listen: %s", strerror(errno));
	return fd;
}

/* Connects, and has a byte go each way. 1: it worked; 0: not in time. */
static int honest_client(int lfd)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&w->lab, WIRE_KPORT, &ss);
	int fd = lab_socket(&w->lab, SOCK_NONBLOCK), peer, good = 0;
	char c = 'x';

	if (fd < 0)
		return 0;
	connect(fd, (struct sockaddr *)&ss, len);
	if (lab_poll(fd, POLLOUT, 3000 * lab_slow()) == POLLOUT &&
	    lab_poll(lfd, POLLIN, 3000 * lab_slow()) == POLLIN) {
		peer = accept(lfd, NULL, NULL);
		good = send(fd, &c, 1, MSG_NOSIGNAL) == 1 && recv(peer, &c, 1, 0) == 1 &&
		       send(peer, &c, 1, MSG_NOSIGNAL) == 1 &&
		       lab_poll(fd, POLLIN, 3000 * lab_slow()) == POLLIN &&
		       recv(fd, &c, 1, 0) == 1;
		close(peer);
	}
	close(fd);
	return good;
}

/* Connections that are half open, as the tables show them. */
static int half_open(void)
{
	static char buf[1 << 20];
	char path[64], *line, *save;
	unsigned int state;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%stcp%s",
		 w->lab.oracle ? "" : "tcplab/", w->lab.family == AF_INET6 ? "6" : "");
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		n += sscanf(line, " %*d: %*[0-9A-F]:%*x %*[0-9A-F]:%*x %x", &state) == 1 &&
		     state == TCP_SYN_RECV;
	return n;
}

TEST_F_TIMEOUT(syn_flood, with_cookies, lab_secs(60))
{
	int lfd, i, n, most = 0, good = 0;
	int64_t begun;
	double rate;

	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "1"));
	lfd = LAB_FD(listener());
	LAB_OK(flood(PER_CLIENT));
	begun = lab_now_us();
	injected = 0;
	for (i = 0; i < CLIENTS; i++) {
		LAB_OK(flood(PER_CLIENT));
		good += honest_client(lfd);
		n = i % 10 ? 0 : half_open();
		most = n > most ? n : most;
	}
	rate = injected * 1e6 / (lab_now_us() - begun);
	EXPECT_EQ(CLIENTS, good);
	EXPECT_LT(10 * BACKLOG, rate);
	EXPECT_GE(BACKLOG + 1, most);
	EXPECT_LT(0, most);
	EXPECT_LE(injected / 2, lab_counter(&w->lab, "SyncookiesSent"));
	printf("# figure: flood: %d of %d honest clients connected, %u spoofed SYNs "
	       "(%.0f a second, backlog %d), %d half open at most (protocol %d, IPv%d)\n",
	       good, CLIENTS, injected, rate, BACKLOG, most, w->lab.proto,
	       w->lab.family == AF_INET6 ? 6 : 4);
	fflush(stdout);
	close(lfd);
}

/* Without cookies SYNs are dropped, by name; honest clients come when the flood is over. */
TEST_F_TIMEOUT(syn_flood, without_cookies, lab_secs(60))
{
	long long before;
	int lfd, i, n;

	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", "0"));
	LAB_OK(lab_sysctl_set(&w->lab, "synack_retries", "0"));
	lfd = LAB_FD(listener());
	before = lab_counter(&w->lab, "ListenDrops");
	for (i = 0; i < 20; i++) {
		LAB_OK(flood(PER_CLIENT));
		n = half_open();
		EXPECT_GE(BACKLOG + 1, n);
	}
	EXPECT_LE(before + 15 * PER_CLIENT, lab_counter(&w->lab, "ListenDrops"));
	EXPECT_EQ(0, lab_counter(&w->lab, "SyncookiesSent"));
	if (!w->lab.oracle)
		EXPECT_LE(15 * PER_CLIENT, lab_counter(&w->lab, "DropSynQueueFull"));
	EXPECT_TRUE(LAB_UNTIL(half_open() == 0));
	EXPECT_EQ(1, honest_client(lfd));
	close(lfd);
}

TEST_HARNESS_MAIN
