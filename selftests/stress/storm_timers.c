// SPDX-License-Identifier: GPL-2.0
/*
 * Timers against users: all timers as short as they may be, a link that loses, and programs that
 * own the socket nearly all of the time, so that timers find it owned and must leave their work.
 * And the timers that end a connection, in the very moment in which programs use it.
 */
#include "harness.h"
#include "storm.h"
#include "topo.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>

TOPO_FIXTURE(storm_timers, topo_two_hosts);

/* In both namespaces. The kernel's TCP has most of these not as settings. */
static int hasten(struct topo *t)
{
	static const char * const quick[][2] = {
		{ "rto_init_ms", "20" }, { "rto_min_ms", "2" }, { "rto_max_ms", "100" },
		{ "delack_min_ms", "1" }, { "delack_max_ms", "2" }, { "msl_ms", "10" },
	};
	unsigned int host, i;

	for (host = TOPO_CLIENT; host <= TOPO_SERVER; host++) {
		if (lab_netns_enter(t->ns[host]))
			return -1;
		if (lab_sysctl_set(t->lab, "orphan_retries", "3") ||
		    lab_sysctl_set(t->lab, "fin_timeout", "1"))
			return -1;
		for (i = 0; !t->lab->oracle && i < ARRAY_SIZE(quick); i++)
			if (lab_sysctl_set(t->lab, quick[i][0], quick[i][1]))
				return -1;
	}
	return lab_netns_enter(t->ns[TOPO_CLIENT]);
}

static int open_pair(struct topo *t, int fd[2])
{
	int listener = topo_listen(t, 0, 5);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (listener < 0 || getsockname(listener, (struct sockaddr *)&ss, &len))
		return -1;
	fd[0] = topo_connect(t, lab_port(listener));
	fd[1] = fd[0] < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return fd[1] < 0 ? -1 : 0;
}

/* Owns a socket again and again, and asks it for all it knows. */
static int own(struct hand *h)
{
	int *fd = h->arg, n, value;
	struct tcp_info info;
	socklen_t len;

	while (hand_goes_on(h)) {
		len = sizeof(info);
		getsockopt(fd[h->no & 1], IPPROTO_TCP, TCP_INFO, &info, &len);
		ioctl(fd[h->no & 1], SIOCOUTQ, &n);
		value = hand_random(h, 2);
		setsockopt(fd[h->no & 1], IPPROTO_TCP, TCP_QUICKACK, &value, sizeof(value));
		value = hand_random(h, 2);
		setsockopt(fd[h->no & 1], SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value));
	}
	return 0;
}

struct talk {
	int fd;
	unsigned int out, in;
	size_t len;
};

static int converse(struct hand *h)
{
	struct talk *t = h->arg;

	return lab_exchange(t->fd, t->out, t->len, t->in, t->len, h->no & 1 ? LAB_X_TINY : 0);
}

TEST_F_TIMEOUT(storm_timers, losses_while_owned, lab_secs(120))
{
	static struct crew talkers, owners;
	struct talk t[2];
	int fd[2], i;

	LAB_OK(hasten(&self->t));
	LAB_OK(topo_netem(&self->t, "loss 3% delay 1ms limit 1000"));
	LAB_OK(open_pair(&self->t, fd));
	for (i = 0; i < 2; i++)
		t[i] = (struct talk){ fd[i], i + 1, 2 - i, storm_rounds(8) * 10000 };
	crew_init(&talkers, &self->lab);
	crew_init(&owners, &self->lab);
	LAB_OK(crew_add(&owners, own, fd, 2));
	LAB_OK(crew_add(&talkers, converse, &t[0], 1));
	LAB_OK(crew_add(&talkers, converse, &t[1], 1));
	i = crew_join(&talkers);
	if (i)
		TH_LOG("%s", lab_why());
	EXPECT_EQ(0, i);
	LAB_OK(crew_stop(&owners));
}

struct victim {
	int fd;
	int err;
};

/* Write until it is over. */
static int write_on(struct hand *h)
{
	struct victim *v = h->arg;
	char buf[1000] = { 0 };

	while (send(v->fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	v->err = errno;
	return 0;
}

static int read_on(struct hand *h)
{
	struct victim *v = h->arg;
	char c;

	while (recv(v->fd, &c, 1, 0) > 0)
		;
	v->err = errno;
	return 0;
}

/* The link is dead: TCP_USER_TIMEOUT ends connections under writers, keepalive under readers. */
TEST_F_TIMEOUT(storm_timers, ended_by_timers, lab_secs(120))
{
	enum { EACH = 4 };
	struct victim writer[EACH], reader[EACH];
	static struct crew c;
	int i, fd[2];

	LAB_OK(hasten(&self->t));
	crew_init(&c, &self->lab);
	for (i = 0; i < EACH; i++) {
		LAB_OK(open_pair(&self->t, fd));
		writer[i].fd = fd[0];
		LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT, 200 + i));
		LAB_OK(open_pair(&self->t, fd));
		reader[i].fd = fd[0];
		LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, 1));
		LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_KEEPINTVL, 1));
		LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_KEEPCNT, 1));
		LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_KEEPALIVE, 1));
	}
	LAB_OK(topo_netem(&self->t, "loss 100%"));
	for (i = 0; i < EACH; i++) {
		LAB_OK(crew_add(&c, write_on, &writer[i], 1));
		LAB_OK(crew_add(&c, read_on, &reader[i], 1));
	}
	LAB_OK(crew_join(&c));
	for (i = 0; i < EACH; i++) {
		EXPECT_EQ(ETIMEDOUT, writer[i].err);
		EXPECT_EQ(ETIMEDOUT, reader[i].err);
		close(writer[i].fd);
		close(reader[i].fd);
	}
}

static bool is_over(struct lab *lab, int local, int remote)
{
	int state = lab_conn_state(lab, local, remote);

	return !state || state == TCP_TIME_WAIT;
}

/* FIN_WAIT2 without a program ends after fin_timeout, with TCP_LINGER2 < 0 at once. */
/* Closed before or after the peer has acknowledged the FIN; the peer itself never closes. */
TEST_F_TIMEOUT(storm_timers, orphans_end, lab_secs(120))
{
	struct { int peer, local, remote; } orphan[40];
	int i, n = storm_rounds(8), fd[2];

	n = n < 40 ? n : 40;
	LAB_OK(hasten(&self->t));
	for (i = 0; i < n; i++) {
		LAB_OK(open_pair(&self->t, fd));
		orphan[i].peer = fd[1];
		orphan[i].local = lab_port(fd[0]);
		orphan[i].remote = lab_peer_port(fd[0]);
		if (i & 1)
			LAB_OK(lab_set_opt(fd[0], IPPROTO_TCP, TCP_LINGER2, -1));
		if (i & 2)
			close(fd[0]);
		else
			shutdown(fd[0], SHUT_WR);
		LAB_OK(lab_recv_eof(fd[1]));
		if (!(i & 2))
			close(fd[0]);
	}
	for (i = 0; i < n; i++) {
		EXPECT_TRUE(LAB_UNTIL(is_over(&self->lab, orphan[i].local, orphan[i].remote)));
		close(orphan[i].peer);
	}
}

TEST_HARNESS_MAIN
