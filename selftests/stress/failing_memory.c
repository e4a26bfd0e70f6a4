// SPDX-License-Identifier: GPL-2.0
/*
 * A share of the memory that tcplab asks for is not there: 1 % and 10 %, in programs' calls and in
 * softirqs. Then errors reach the program or time passes, but what is acknowledged is delivered or
 * the connection is reset; others are not disturbed; nothing is lost for good, and when memory is
 * there again everything works as before.
 *
 * The kernel's TCP is no oracle here: the failures are aimed at tcplab's code.
 */
#include "harness.h"
#include "storm.h"
#include "failmem.h"

#include <dirent.h>
#include <sched.h>
#include <netinet/tcp.h>

FIXTURE(failing_memory) { struct lab lab; };
FIXTURE_VARIANT(failing_memory) { int family; int percent; };
FIXTURE_VARIANT_ADD(failing_memory, lab_v4_1_percent) { AF_INET, 1 };
FIXTURE_VARIANT_ADD(failing_memory, lab_v6_1_percent) { AF_INET6, 1 };
FIXTURE_VARIANT_ADD(failing_memory, lab_v4_10_percent) { AF_INET, 10 };
FIXTURE_VARIANT_ADD(failing_memory, lab_v6_10_percent) { AF_INET6, 10 };

/* Lost segments are to come again soon, and the dead to be buried early. */
static int hurry(struct lab *lab)
{
	static const char * const quick[][2] = {
		{ "rto_init_ms", "50" }, { "rto_min_ms", "20" }, { "msl_ms", "50" },
		{ "fin_timeout", "1" }, { "orphan_retries", "7" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quick); i++)
		if (lab_sysctl_set(lab, quick[i][0], quick[i][1]))
			return -1;
	return 0;
}

FIXTURE_SETUP(failing_memory)
{
	__LAB_VERDICT(lab_only_tcplab(&self->lab, variant->family))
	LAB_OK(hurry(&self->lab));
	LAB_OK(failmem_open(false));
}

FIXTURE_TEARDOWN(failing_memory)
{
	failmem_close();
}

/* A reset may be what found no memory: whoever waits asks after a while. */
static int ask_after_a_while(int fd)
{
	if (lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1) ||
	    lab_set_opt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1))
		return -1;
	return lab_set_opt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

struct end {
	int fd;
	unsigned int out, in;
	size_t len;
	uint64_t sent, got;
	int err;
};

/* Send all, or up to an error. */
static void send_some(struct end *e)
{
	uint8_t buf[16384];
	ssize_t n;

	while (e->sent < e->len) {
		size_t part = e->len - e->sent;

		part = part < sizeof(buf) ? part : sizeof(buf);
		lab_fill(buf, e->out, e->sent, part);
		n = send(e->fd, buf, part, MSG_NOSIGNAL);
		if (n < 0) {
			e->err = errno;
			return;
		}
		e->sent += n;
	}
	if (shutdown(e->fd, SHUT_WR))
		e->err = errno;
}

static int sender(struct hand *h)
{
	struct end *e = h->arg;

	send_some(e);
	return !e->err || storm_may_end(e->err) ? 0 : lab_fail("send: %s", strerror(e->err));
}

static int receiver(struct hand *h)
{
	struct end *e = h->arg;

	return storm_drain(e->fd, e->in, &e->got, &e->err);
}

/* An error that the program must expect, or another one? */
static int told(const char *what)
{
	return storm_may_end(errno) ? 0 : lab_fail("%s: %s", what, strerror(errno));
}

/* One connection, or 0 if memory would not have it so. */
static int try_pair(struct lab *lab, int listener, int fd[2])
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, lab_port(listener), &ss);
	int ret;

	fd[0] = socket(lab->family, SOCK_STREAM | SOCK_CLOEXEC, lab->proto);
	if (fd[0] < 0)
		return told("socket");
	if (connect(fd[0], (struct sockaddr *)&ss, len)) {
		ret = told("connect");
		close(fd[0]);
		return ret;
	}
	/* the server's end may never come to be, if its client is reset meanwhile */
	fd[1] = lab_poll(listener, POLLIN, 3000) ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
	if (fd[1] < 0)
		close(fd[0]);
	return fd[1] >= 0;
}

/* Both ends have said all they can; what does that amount to? */
static int judge(struct end *tx, struct end *rx)
{
	if (rx->err || tx->err)
		return 0;
	if (rx->got != tx->sent)
		return lab_fail("end of stream after %llu of %llu bytes",
				(unsigned long long)rx->got, (unsigned long long)tx->sent);
	return 1;
}

struct transfers {
	struct lab *lab;
	int rounds;
	size_t len;
	atomic_int tried, whole;
};

/* One transfer each way, the four hands being threads of their own. */
static int transfer(struct transfers *t, int listener, int stream)
{
	struct end tx[2], rx[2];
	struct crew *c;
	int fd[2], i, ret;

	atomic_fetch_add(&t->tried, 1);
	ret = try_pair(t->lab, listener, fd);
	if (ret <= 0)
		return ret;
	c = calloc(1, sizeof(*c));
	crew_init(c, t->lab);
	for (i = 0; i < 2 && !ret; i++)
		ret = ask_after_a_while(fd[i]);
	for (i = 0; i < 2; i++) {
		tx[i] = (struct end){ .fd = fd[i], .out = stream + i, .len = t->len };
		rx[i] = (struct end){ .fd = fd[i], .in = stream + !i };
		crew_add(c, sender, &tx[i], 1);
		crew_add(c, receiver, &rx[i], 1);
	}
	ret = crew_join(c);
	free(c);
	close(fd[0]);
	close(fd[1]);
	if (ret)
		return ret;
	for (i = 0; i < 2; i++) {
		ret = judge(&tx[i], &rx[!i]);
		if (ret < 0)
			return ret;
		atomic_fetch_add(&t->whole, ret);
	}
	return 0;
}

static int transfers(struct hand *h)
{
	struct transfers *t = h->arg;
	int listener = lab_listen(t->lab, 0, 10), i, ret = 0;

	/* a listener, too, may find no memory */
	while (listener < 0 && hand_goes_on(h)) {
		if (!storm_may_end(errno))
			return -1;
		listener = lab_listen(t->lab, 0, 10);
	}
	for (i = 0; i < t->rounds && hand_goes_on(h) && !ret; i++)
		ret = transfer(t, listener, h->no * 1000 + 2 * i);
	close(listener);
	return ret;
}

/* A connection of the kernel's TCP in the same namespace: none of this is its business. */
static int bystander(struct hand *h)
{
	struct lab tcp = { .family = h->crew->lab->family, .proto = IPPROTO_TCP, .oracle = true };
	uint64_t off = 0;
	int fd[2];

	if (lab_pair(&tcp, fd))
		return -1;
	while (hand_goes_on(h)) {
		if (lab_send(fd[0], 77, off, 10000) || lab_recv(fd[1], 77, off, 10000))
			return -1;
		off += 10000;
	}
	close(fd[0]);
	close(fd[1]);
	return 0;
}

/* Somebody who looks on: opening a file takes memory. */
static int look(struct hand *h)
{
	static const char * const files[] = {
		"connections", "listeners", "requests", "timewait", "counters", "tcp", "tcp6",
	};
	char path[100], buf[4096];
	int fd, i = 0;

	while (hand_goes_on(h)) {
		snprintf(path, sizeof(path), "/proc/net/tcplab/%s", files[i++ % 7]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno != ENOMEM)
			return lab_fail("%s: %s", path, strerror(errno));
		while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int lines_of(const char *name)
{
	static char buf[1 << 18];
	char path[100], *s;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/net/tcplab/%s", name);
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (s = buf; (s = strchr(s, '\n')); s++)
		n++;
	return n;
}

/* There is memory again: all works at once, and nothing is left of what failed. */
static void all_is_well(struct __test_metadata *_metadata, struct lab *lab)
{
	int fd[2];

	LAB_OK(failmem_end());
	LAB_OK(lab_pair(lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 20000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 20000));
	close(fd[0]);
	LAB_OK(lab_recv_eof(fd[1]));
	close(fd[1]);
	EXPECT_TRUE(LAB_UNTIL(lines_of("connections") == 1));
	EXPECT_TRUE(LAB_UNTIL(lines_of("requests") == 1));
	EXPECT_TRUE(LAB_UNTIL(lines_of("timewait") == 1));
	EXPECT_TRUE(LAB_UNTIL(lines_of("listeners") == 1));
}

TEST_F_TIMEOUT(failing_memory, transfers, lab_secs(120))
{
	struct transfers t = { .lab = &self->lab, .rounds = storm_rounds(2), .len = 100000 };
	static struct crew others, c;
	int ret;

	crew_init(&others, &self->lab);
	crew_init(&c, &self->lab);
	LAB_OK(crew_add(&others, bystander, NULL, 1));
	LAB_OK(crew_add(&others, look, NULL, 1));
	LAB_OK(failmem_begin(variant->percent, 1));
	LAB_OK(crew_add(&c, transfers, &t, 4));
	ret = crew_join(&c);
	if (ret)
		TH_LOG("%s", lab_why());
	EXPECT_EQ(0, ret);
	LAB_OK(crew_stop(&others));
	TH_LOG("%ld allocations failed; %d of %d streams arrived whole", failmem_count(),
	       atomic_load(&t.whole), 2 * atomic_load(&t.tried));
	EXPECT_LT(0, failmem_count());
	/* TCP makes good what is lost; only who found no socket, or no child, has nothing */
	EXPECT_LT(0, atomic_load(&t.whole));
	all_is_well(_metadata, &self->lab);
}

static int open_and_close(struct hand *h)
{
	struct transfers *t = h->arg;
	int listener = -1, i, fd[2], ret = 0;
	struct linger hard = { .l_onoff = 1 };

	for (i = 0; i < t->rounds && hand_goes_on(h) && ret >= 0; i++) {
		if (listener < 0 || !hand_random(h, 5)) {
			close(listener);
			listener = lab_listen(t->lab, 0, 3);
			if (listener < 0 && !storm_may_end(errno))
				return -1;
			if (listener < 0)
				continue;
		}
		ret = try_pair(t->lab, listener, fd);
		if (ret <= 0)
			continue;
		atomic_fetch_add(&t->whole, 1);
		if (hand_random(h, 2))
			send(fd[0], "hello", 5, MSG_NOSIGNAL);
		if (!hand_random(h, 4))
			setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd[i & 1]);
		close(fd[~i & 1]);
	}
	close(listener);
	return ret < 0 ? ret : 0;
}

TEST_F_TIMEOUT(failing_memory, open_and_close, lab_secs(120))
{
	struct transfers t = { .lab = &self->lab, .rounds = storm_rounds(25) };
	static struct crew c;

	LAB_OK(failmem_begin(variant->percent, 2));
	crew_init(&c, &self->lab);
	LAB_OK(crew_add(&c, open_and_close, &t, 4));
	LAB_OK(crew_join(&c));
	TH_LOG("%ld allocations failed; %d of %d connections", failmem_count(),
	       atomic_load(&t.whole), 4 * t.rounds);
	EXPECT_LT(0, failmem_count());
	EXPECT_LT(t.rounds, atomic_load(&t.whole));
	all_is_well(_metadata, &self->lab);
}

/* A namespace without memory for tcplab's part is none at all; the next one is a whole one. */
TEST_F_TIMEOUT(failing_memory, namespaces, lab_secs(120))
{
	int i, n = storm_rounds(variant->percent == 1 ? 30 : 15), made = 0, status;

	LAB_OK(failmem_begin(variant->percent, 3));
	/* each in a process of its own; a few more if chance was all on one side */
	for (i = 0; i < n || (i < 200 && (!made || !failmem_count())); i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(unshare(CLONE_NEWNET) ? errno : 0);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		status = WEXITSTATUS(status);
		/* ENFILE is what the kernel says when there is no memory for a socket of its own */
		EXPECT_TRUE(!status || status == ENOMEM || status == ENOBUFS || status == ENFILE)
			TH_LOG("unshare: %s", strerror(status));
		made += !status;
	}
	TH_LOG("%ld allocations failed; %d of %d namespaces", failmem_count(), made, i);
	EXPECT_LT(0, failmem_count());
	EXPECT_LT(0, made);
	all_is_well(_metadata, &self->lab);
	LAB_OK(lab_netns_new());
	EXPECT_EQ(1, lines_of("connections"));
}

TEST_HARNESS_MAIN
