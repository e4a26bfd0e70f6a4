// SPDX-License-Identifier: GPL-2.0
/*
 * One socket, many hands: threads that read, write, peek, ask, set options, shut down and
 * disconnect at the same time on the same connection.
 */
#include "harness.h"
#include "storm.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>

LAB_FIXTURE(storm_shared);

enum { READERS = 4, WRITERS = 3 };

/* How often each byte value was sent, and received. */
struct tally {
	int fd;
	size_t each;
	atomic_ulong sent[256], got[256];
};

static int write_letter(struct hand *h)
{
	struct tally *t = h->arg;
	int letter = 'a' + h->no % WRITERS;
	size_t left = t->each;
	uint8_t buf[3000];

	memset(buf, letter, sizeof(buf));
	while (left) {
		size_t part = 1 + hand_random(h, sizeof(buf));
		ssize_t n = send(t->fd, buf, part < left ? part : left, MSG_NOSIGNAL);

		if (n < 0)
			return lab_fail("send: %s", strerror(errno));
		atomic_fetch_add(&t->sent[letter], n);
		left -= n;
	}
	return 0;
}

static int read_letters(struct hand *h)
{
	unsigned long count[256] = { 0 };
	struct tally *t = h->arg;
	uint8_t buf[5000];
	ssize_t n, i;

	while ((n = recv(t->fd, buf, 1 + hand_random(h, sizeof(buf)), 0)) > 0)
		for (i = 0; i < n; i++)
			count[buf[i]]++;
	if (n < 0)
		return lab_fail("recv: %s", strerror(errno));
	for (i = 0; i < 256; i++)
		atomic_fetch_add(&t->got[i], count[i]);
	return 0;
}

/* Nothing is lost, doubled or invented, however writers and readers take turns. */
TEST_F_TIMEOUT(storm_shared, many_writers_many_readers, lab_secs(60))
{
	static struct crew writers, readers;
	static struct tally t[2];
	int fd[2], i;

	LAB_OK(lab_pair(&self->lab, fd));
	t[0].fd = fd[0];
	t[0].each = storm_rounds(40) * 10000;
	t[1].fd = fd[1];
	crew_init(&writers, &self->lab);
	crew_init(&readers, &self->lab);
	LAB_OK(crew_add(&readers, read_letters, &t[1], READERS));
	LAB_OK(crew_add(&writers, write_letter, &t[0], WRITERS));
	LAB_OK(crew_join(&writers));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	LAB_OK(crew_join(&readers));
	for (i = 0; i < 256; i++)
		EXPECT_EQ(atomic_load(&t[0].sent[i]), atomic_load(&t[1].got[i]))
			TH_LOG("bytes 0x%02x", i);
}

static void set_some_option(struct hand *h, int fd)
{
	static const struct { int level, name, max; } some[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 2 },
		{ IPPROTO_TCP, TCP_CORK, 2 },
		{ IPPROTO_TCP, TCP_QUICKACK, 2 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 100 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 100 },
		{ IPPROTO_TCP, TCP_LINGER2, 60 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 2 },
		{ SOL_SOCKET, SO_KEEPALIVE, 2 },
		{ SOL_SOCKET, SO_RCVBUF, 100000 },
		{ SOL_SOCKET, SO_SNDBUF, 100000 },
		{ SOL_SOCKET, SO_OOBINLINE, 2 },
		{ SOL_SOCKET, SO_PRIORITY, 7 },
	};
	int i = hand_random(h, ARRAY_SIZE(some));
	int value = hand_random(h, some[i].max);

	/* so short a limit as this would end the connection by itself */
	if (some[i].name == TCP_USER_TIMEOUT && some[i].level == IPPROTO_TCP)
		value *= 60000;
	setsockopt(fd, some[i].level, some[i].name, &value, sizeof(value));
}

static void ask_something(struct hand *h, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct tcp_info info;
	char c;
	int n;

	switch (hand_random(h, 6)) {
	case 0:
		len = sizeof(info);
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		break;
	case 1:
		ioctl(fd, SIOCINQ, &n);
		break;
	case 2:
		ioctl(fd, SIOCOUTQ, &n);
		break;
	case 3:
		getpeername(fd, (struct sockaddr *)&ss, &len);
		break;
	case 4:
		recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
		break;
	case 5:
		lab_poll(fd, POLLIN | POLLOUT, 0);
		break;
	}
}

static int meddle(struct hand *h)
{
	int *fd = h->arg;

	while (hand_goes_on(h)) {
		set_some_option(h, fd[h->no & 1]);
		ask_something(h, fd[h->no & 1]);
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

	return lab_exchange(t->fd, t->out, t->len, t->in, t->len, 0);
}

/* Options set and questions asked by others do no harm to a conversation. */
TEST_F_TIMEOUT(storm_shared, meddlers, lab_secs(60))
{
	static struct crew talkers, meddlers;
	size_t len = storm_rounds(8) * 100000;
	struct talk t[2];
	int fd[2], i;

	LAB_OK(lab_pair(&self->lab, fd));
	for (i = 0; i < 2; i++)
		t[i] = (struct talk){ fd[i], i + 1, 2 - i, len };
	crew_init(&talkers, &self->lab);
	crew_init(&meddlers, &self->lab);
	LAB_OK(crew_add(&meddlers, meddle, fd, 3));
	LAB_OK(crew_add(&talkers, converse, &t[0], 1));
	LAB_OK(crew_add(&talkers, converse, &t[1], 1));
	i = crew_join(&talkers);
	if (i)
		TH_LOG("%s", lab_why());
	EXPECT_EQ(0, i);
	LAB_OK(crew_stop(&meddlers));
}

struct brawl {
	int listener, port;
	int fd;			/* the socket they fight over */
	pthread_barrier_t barrier;
	int rounds;
};

static void connect_again(struct hand *h, struct brawl *b)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };

	connect(b->fd, (struct sockaddr *)&ss, sizeof(ss));
	if (hand_random(h, 2))
		connect(b->fd, (struct sockaddr *)&ss,
			lab_loopback(h->crew->lab, b->port, &ss));
}

/* Any error is right here; what must not happen is that a call never returns, or worse. */
static void hit(struct hand *h, struct brawl *b)
{
	char buf[3000] = { 0 };
	int fd;

	switch (hand_random(h, 8)) {
	case 0:
	case 1:
		send(b->fd, buf, 1 + hand_random(h, sizeof(buf)), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 2:
	case 3:
		recv(b->fd, buf, 1 + hand_random(h, sizeof(buf)), MSG_DONTWAIT);
		break;
	case 4:
		set_some_option(h, b->fd);
		break;
	case 5:
		ask_something(h, b->fd);
		break;
	case 6:
		if (!hand_random(h, 4))
			shutdown(b->fd, hand_random(h, 3));
		break;
	case 7:
		if (!hand_random(h, 4))
			connect_again(h, b);
		break;
	}
	/* the other end talks, too, if anybody is there */
	fd = hand_random(h, 3) ? -1 : accept4(b->listener, NULL, NULL, SOCK_NONBLOCK);
	if (fd >= 0) {
		send(fd, buf, sizeof(buf), MSG_NOSIGNAL);
		close(fd);
	}
}

static int fight(struct hand *h)
{
	struct brawl *b = h->arg;
	int i, n;

	for (i = 0; i < b->rounds; i++) {
		if (!h->no)
			b->fd = lab_connect_to(h->crew->lab, b->port);
		pthread_barrier_wait(&b->barrier);
		for (n = 0; b->fd >= 0 && n < 50; n++)
			hit(h, b);
		/* one closes while the others are still at it */
		if (!h->no)
			close(b->fd);
		pthread_barrier_wait(&b->barrier);
	}
	return 0;
}

TEST_F_TIMEOUT(storm_shared, brawl, lab_secs(60))
{
	enum { FIGHTERS = 4 };
	static struct crew c;
	struct brawl b = { .rounds = storm_rounds(30) };

	b.listener = LAB_FD(lab_listen(&self->lab, 0, 1000));
	LAB_OK(lab_nonblock(b.listener, true));
	b.port = lab_port(b.listener);
	pthread_barrier_init(&b.barrier, NULL, FIGHTERS);
	crew_init(&c, &self->lab);
	LAB_OK(crew_add(&c, fight, &b, FIGHTERS));
	LAB_OK(crew_join(&c));
}

/* Sleepers in recv() and send() are woken by another thread's shutdown(), each time. */
struct sleepers {
	int fd;
	atomic_int woken;
};

static int sleep_reading(struct hand *h)
{
	struct sleepers *s = h->arg;
	char c;

	while (recv(s->fd, &c, 1, 0) > 0)
		;
	atomic_fetch_add(&s->woken, 1);
	return 0;
}

static int sleep_writing(struct hand *h)
{
	struct sleepers *s = h->arg;
	char buf[10000] = { 0 };

	while (send(s->fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	atomic_fetch_add(&s->woken, 1);
	return 0;
}

TEST_F_TIMEOUT(storm_shared, sleepers_wake, lab_secs(60))
{
	int i, fd[2], rounds = storm_rounds(20);
	static struct crew c;

	for (i = 0; i < rounds; i++) {
		struct sleepers s = { .woken = 0 };

		LAB_OK(lab_pair(&self->lab, fd));
		s.fd = fd[0];
		crew_init(&c, &self->lab);
		LAB_OK(crew_add(&c, sleep_reading, &s, 2));
		LAB_OK(crew_add(&c, sleep_writing, &s, 2));
		usleep(i % 4 * 500);
		EXPECT_EQ(0, shutdown(fd[0], SHUT_RDWR));
		LAB_OK(crew_join(&c));
		EXPECT_EQ(4, atomic_load(&s.woken));
		close(fd[0]);
		close(fd[1]);
	}
}

TEST_HARNESS_MAIN
