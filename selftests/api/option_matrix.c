// SPDX-License-Identifier: GPL-2.0
/*
 * All of the option space: every number at every level, in every kind of socket, with good and bad
 * values, lengths and pointers, on the kernel's TCP and on tcplab side by side. Errno, length and
 * value must be the same, of the socket itself and of one that it accepts.
 *
 * What no program could expect to be the same, and what tcplab does otherwise, is in known[].
 */
#include "harness.h"

#include <limits.h>
#include <stdint.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/utsname.h>

static bool kernel_6_1;

__attribute__((constructor)) static void keep_stamps(void)
{
	lab_keep_stamps();
}

/* Names that nobody knows are asked for by the thousand: not of modprobe each time. */
#define MODPROBE	"/proc/sys/kernel/modprobe"

FIXTURE(option_matrix) { struct lab lab; char modprobe[256]; };
FIXTURE_VARIANT(option_matrix) { int family; };
FIXTURE_VARIANT_ADD(option_matrix, v4) { AF_INET };
FIXTURE_VARIANT_ADD(option_matrix, v6) { AF_INET6 };
FIXTURE_SETUP(option_matrix)
{
	struct utsname host;

	ASSERT_EQ(0, uname(&host));
	kernel_6_1 = !strncmp(host.release, "6.1.", 4);
	__LAB_VERDICT(lab_only_tcplab(&self->lab, variant->family));
	LAB_OK(lab_read_file(MODPROBE, self->modprobe, sizeof(self->modprobe)));
	LAB_OK(lab_write_file(MODPROBE, "\n"));
}

FIXTURE_TEARDOWN(option_matrix)
{
	/* blank if a test before was killed */
	lab_write_file(MODPROBE, *self->modprobe == '/' ? self->modprobe : "/sbin/modprobe\n");
}

enum { N_NAMES = 131, FEW = 3 };

/* What is known to nobody needs no long search. */
static const struct level {
	const char *text;
	int number;
	int names;
} levels[] = {
	{ "SOL_SOCKET", SOL_SOCKET, N_NAMES }, { "SOL_IP", IPPROTO_IP, N_NAMES },
	{ "SOL_IPV6", IPPROTO_IPV6, N_NAMES }, { "SOL_TCP", IPPROTO_TCP, N_NAMES },
	{ "SOL_UDP", IPPROTO_UDP, FEW }, { "level 77", 77, FEW }, { "level -1", -1, FEW },
};

enum { N_LEVELS = ARRAY_SIZE(levels) };

/* What may differ: the value only, or the errno, too. */
enum { VALUE = 1, ALL = 2, ON_6_1 = 4 };

static const struct known {
	int level, name, what;
	const char *why;
} known[] = {
	/* by their nature */
	{ SOL_SOCKET, 28, VALUE, "SO_PEERNAME: another port" },
	{ SOL_SOCKET, 38, VALUE, "SO_PROTOCOL: that is how to tell" },
	{ SOL_SOCKET, 49, VALUE, "SO_INCOMING_CPU: where it happened to run" },
	{ SOL_SOCKET, 55, VALUE, "SO_MEMINFO: what buffers cost" },
	{ SOL_SOCKET, 57, VALUE, "SO_COOKIE: one for each socket" },
	{ IPPROTO_IP, 52, VALUE, "IP_PROTOCOL: the local port, by mistake" },
	{ IPPROTO_TCP, 11, VALUE, "TCP_INFO: numbers of its own" },
	{ IPPROTO_TCP, 12, VALUE, "TCP_QUICKACK: whether an ACK happens to wait" },
	{ IPPROTO_TCP, 24, VALUE, "TCP_TIMESTAMP: a clock, and a secret" },
	/* what the window of a SYN or SYN-ACK, half of which is the bound, is rounded to */
	{ IPPROTO_TCP, 2, VALUE, "TCP_MAXSEG" },

	/* not here, see Documentation/sockopt.rst */
	{ SOL_SOCKET, 80, ALL, "SO_DEVMEM_DONTNEED" },
	{ IPPROTO_TCP, 14, ALL, "TCP_MD5SIG" },
	{ IPPROTO_TCP, 19, ALL, "TCP_REPAIR" },
	{ IPPROTO_TCP, 32, ALL, "TCP_MD5SIG_EXT" },

	/* there, as in 6.12 */
	{ IPPROTO_TCP, 42, ALL | ON_6_1, "TCP_AO_REPAIR" },
	{ IPPROTO_TCP, 43, ALL | ON_6_1, "TCP_IS_MPTCP" },

	/* by the kernel for protocol 6 only */
	{ SOL_SOCKET, 26, ALL, "SO_ATTACH_FILTER: without privilege EPERM" },
	{ SOL_SOCKET, 31, ALL, "SO_PEERSEC: before there is a peer AppArmor knows one of TCP's" },
	{ SOL_SOCKET, 37, ALL | ON_6_1, "SO_TIMESTAMPING" },
	{ SOL_SOCKET, 60, ALL | ON_6_1, "SO_ZEROCOPY" },
	{ SOL_SOCKET, 73, ALL, "SO_RESERVE_MEM, where memory is charged to a control group" },
	{ SOL_SOCKET, 65, ALL | ON_6_1, "SO_TIMESTAMPING_NEW" },
	{ IPPROTO_TCP, 35, ALL, "TCP_ZEROCOPY_RECEIVE" },
};

enum { N_KNOWN = ARRAY_SIZE(known) };

static bool is_known(int level, int name, int what)
{
	for (int i = 0; i < N_KNOWN; i++) {
		const struct known *k = &known[i];

		if (k->level == level && k->name == name && (k->what & ~ON_6_1) >= what &&
		    (!(k->what & ON_6_1) || kernel_6_1))
			return true;
	}
	return false;
}

/* The life of a socket, as far as options may depend on it. */
enum state { NEW, BOUND, LISTENING, CONNECTED, ACCEPTED, SHUT, FINISHED, RESET, N_STATES };

static const char *const state_name[N_STATES] = {
	"new", "bound", "listening", "connected", "accepted", "shut", "closed by the peer", "reset",
};

struct sock { int fd, other; };

/* Two ends of a connection. The listener stays for the next ones. */
static int pair(const struct lab *mine, int fd[2])
{
	static int listener[2] = { -1, -1 };
	int *l = &listener[mine->oracle];

	if (*l < 0)
		*l = lab_listen(mine, 0, 4);
	if (*l < 0)
		return -1;
	fd[0] = lab_connect_to(mine, lab_port(*l));
	if (fd[0] < 0)
		return -1;
	fd[1] = accept(*l, NULL, NULL);
	return fd[1] < 0 ? lab_fail("accept(): %s", strerror(errno)) : 0;
}

static int make(const struct lab *lab, int proto, enum state state, struct sock *s)
{
	struct lab mine = { .family = lab->family, .proto = proto, .oracle = proto == IPPROTO_TCP };
	struct sockaddr_storage ss;
	int fd[2];

	s->other = -1;
	if (state < CONNECTED) {
		socklen_t len = lab_loopback(&mine, 0, &ss);

		s->fd = lab_socket(&mine, 0);
		if (s->fd < 0)
			return -1;
		if (state >= BOUND && bind(s->fd, (struct sockaddr *)&ss, len))
			return lab_fail("bind(): %s", strerror(errno));
		if (state == LISTENING && listen(s->fd, 1))
			return lab_fail("listen(): %s", strerror(errno));
		return 0;
	}
	if (pair(&mine, fd))
		return -1;
	s->fd = fd[state == ACCEPTED];
	s->other = fd[state != ACCEPTED];
	if (state == SHUT)
		shutdown(s->fd, SHUT_WR);
	if (state >= FINISHED) {
		const struct linger at_once = { .l_onoff = 1 };

		if (state == RESET)
			setsockopt(s->other, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(s->other);
		s->other = -1;
		if (!lab_wait(s->fd, POLLRDHUP))
			return lab_fail("the peer closed, and nothing came");
	}
	return 0;
}

/* What the other end did is no business of the next case: no waiting for its answers. */
static void end(struct sock *s)
{
	close(s->fd);
	if (s->other >= 0)
		close(s->other);
}

struct answer {
	int err;
	int len;
	uint8_t value[256];
};

/* A page, and none behind it. */
static uint8_t *edge(void)
{
	static uint8_t *page;
	long size = sysconf(_SC_PAGESIZE);

	if (!page) {
		page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		mprotect(page + size, size, PROT_NONE);
	}
	return page + size;
}

enum where { GOOD, NOWHERE, CUT, NO_LEN };

static void get(int fd, int level, int name, int len, enum where where, struct answer *a)
{
	void *to = where == NOWHERE ? NULL : where == CUT ? edge() - 2 : a->value;
	socklen_t n = len;

	memset(a, 0, sizeof(*a));
	memset(a->value, 0xa5, sizeof(a->value));
	memset(edge() - 2, 0, 2);
	a->err = getsockopt(fd, level, name, to, where == NO_LEN ? NULL : &n) ? errno : 0;
	a->len = n;
}

static int set(int fd, int level, int name, int value, int len, enum where where)
{
	int words[256] = { value };
	void *from = where == NOWHERE ? NULL : where == CUT ? edge() - 2 : (void *)words;

	return setsockopt(fd, level, name, from, len) ? errno : 0;
}

static const char *what_happened(const struct answer *a, char *buf)
{
	if (a->err)
		sprintf(buf, "%s", strerror(a->err));
	else
		sprintf(buf, "%d bytes, %02x%02x%02x%02x%02x%02x%02x%02x", a->len, a->value[0],
			a->value[1], a->value[2], a->value[3], a->value[4], a->value[5],
			a->value[6], a->value[7]);
	return buf;
}

static bool same(const struct answer *tcp, const struct answer *lab, int level, int name)
{
	if (is_known(level, name, ALL))
		return true;
	if (tcp->err != lab->err)
		return false;
	if (is_known(level, name, VALUE))
		return true;
	return tcp->len == lab->len && !memcmp(tcp->value, lab->value, sizeof(tcp->value));
}

static const struct { int len; enum where where; } gets[] = {
	{ 4, GOOD }, { 0, GOOD }, { 1, GOOD }, { 3, GOOD }, { 8, GOOD }, { 256, GOOD },
	{ -1, GOOD }, { INT_MIN, GOOD }, { 4, NOWHERE }, { 256, NOWHERE },
	{ 4, CUT }, { 4, NO_LEN },
};

enum { N_GETS = ARRAY_SIZE(gets) };

static const int values[] = { -1, 0, 1, 2, 1000, 70000, INT_MAX };

enum { N_VALUES = ARRAY_SIZE(values) };

/* Each value as an int, then bad and unusual ways to give one. */
static const struct { int value, len; enum where where; } ways[] = {
	{ -1, 4, GOOD }, { 0, 4, GOOD }, { 1, 4, GOOD }, { 2, 4, GOOD }, { 77, 4, GOOD },
	{ 1000, 4, GOOD }, { 70000, 4, GOOD }, { INT_MAX, 4, GOOD }, { INT_MIN, 4, GOOD },
	{ 1, 0, GOOD }, { 1, 1, GOOD }, { 1, 3, GOOD }, { 1, 8, GOOD }, { 1, 16, GOOD },
	{ 1, 20, GOOD }, { 1, 1000, GOOD }, { 1, -1, GOOD }, { 1, INT_MIN, GOOD },
	{ 1, 0, NOWHERE }, { 1, 1, NOWHERE }, { 1, 4, NOWHERE }, { 1, 16, NOWHERE }, { 1, 4, CUT },
	{ 1, 20, CUT },
};

enum { N_WAYS = ARRAY_SIZE(ways) };

/* Reading leaves things as they are, but for a few: SO_ERROR comes once. */
TEST_F_TIMEOUT(option_matrix, get, lab_secs(120))
{
	struct answer tcp, lab;
	char a[80], b[80];

	for (int state = 0; state < N_STATES; state++) {
		struct sock s[2];

		LAB_OK(make(&self->lab, IPPROTO_TCP, state, &s[0]));
		LAB_OK(make(&self->lab, self->lab.proto, state, &s[1]));
		for (int i = 0; i < N_LEVELS * N_NAMES * N_GETS; i++) {
			const struct level *l = &levels[i / N_GETS / N_NAMES];
			int name = i / N_GETS % N_NAMES, len = gets[i % N_GETS].len;

			if (name >= l->names)
				continue;
			get(s[0].fd, l->number, name, len, gets[i % N_GETS].where, &tcp);
			get(s[1].fd, l->number, name, len, gets[i % N_GETS].where, &lab);
			EXPECT_TRUE(same(&tcp, &lab, l->number, name))
				TH_LOG("%s, %s %d, length %d%s: TCP %s, tcplab %s",
				       state_name[state], l->text, name, len,
				       gets[i % N_GETS].where ? ", bad pointer" : "",
				       what_happened(&tcp, a), what_happened(&lab, b));
		}
		end(&s[0]);
		end(&s[1]);
	}
}

/* How many differences were found, each one told. */
static int sets(const struct lab *l, enum state state, const struct level *level,
		struct __test_metadata *_metadata)
{
	struct sock s[2] = { { -1, -1 }, { -1, -1 } };
	bool fresh = false;
	int bad = 0;

	for (int i = 0; i < level->names * N_WAYS; i++) {
		int name = i / N_WAYS, w = i % N_WAYS, ret[2];
		struct answer tcp, lab;
		char a[80], b[80];

		if (!fresh && (make(l, IPPROTO_TCP, state, &s[0]) ||
			       make(l, l->proto, state, &s[1])))
			return 1;
		fresh = true;
		for (int k = 0; k < 2; k++)
			ret[k] = set(s[k].fd, level->number, name, ways[w].value, ways[w].len,
				     ways[w].where);
		if (ret[0] != ret[1] && !is_known(level->number, name, ALL)) {
			TH_LOG("%s, %s %d = %d, length %d%s: TCP %s, tcplab %s", state_name[state],
			       level->text, name, ways[w].value, ways[w].len,
			       ways[w].where ? ", bad pointer" : "",
			       strerror(ret[0]), strerror(ret[1]));
			bad++;
		}
		if (ret[0] && ret[1])
			continue;
		get(s[0].fd, level->number, name, 256, GOOD, &tcp);
		get(s[1].fd, level->number, name, 256, GOOD, &lab);
		if (ret[0] == ret[1] && !same(&tcp, &lab, level->number, name)) {
			TH_LOG("%s, %s %d = %d, length %d, then read: TCP %s, tcplab %s",
			       state_name[state], level->text, name, ways[w].value, ways[w].len,
			       what_happened(&tcp, a), what_happened(&lab, b));
			bad++;
		}
		end(&s[0]);
		end(&s[1]);
		fresh = false;
	}
	if (fresh) {
		end(&s[0]);
		end(&s[1]);
	}
	return bad;
}

static void all_sets(const struct lab *lab, enum state state, struct __test_metadata *_metadata)
{
	for (int i = 0; i < N_LEVELS; i++)
		EXPECT_EQ(0, sets(lab, state, &levels[i], _metadata));
}

#define SETS(_name, _state)							\
	TEST_F_TIMEOUT(option_matrix, set_##_name, lab_secs(120))		\
	{									\
		all_sets(&self->lab, _state, _metadata);			\
	}

SETS(new, NEW)
SETS(bound, BOUND)
SETS(listening, LISTENING)
SETS(connected, CONNECTED)
SETS(accepted, ACCEPTED)
SETS(shut, SHUT)
SETS(finished, FINISHED)
SETS(reset, RESET)

/* Many options are for the administrator. */
TEST_F_TIMEOUT(option_matrix, set_without_privilege, lab_secs(120))
{
	ASSERT_EQ(0, seteuid(65534));
	all_sets(&self->lab, NEW, _metadata);
	all_sets(&self->lab, CONNECTED, _metadata);
	ASSERT_EQ(0, seteuid(0));
}

/*
 * A listener on which the option is set, and a connection that it accepts. A listener that refuses
 * stays for the next case. Return: 0 or an errno
 */
static int accepted(const struct lab *l, struct sock *s, int proto, int level, int name, int value,
		    struct answer *a)
{
	struct lab mine = { .family = l->family, .proto = proto };
	int err, fd = -1;

	if (s->fd < 0 && make(l, proto, LISTENING, s))
		return -1;
	err = set(s->fd, level, name, value, 4, GOOD);
	if (err)
		return err;
	s->other = lab_connect_to(&mine, lab_port(s->fd));
	if (s->other >= 0)
		fd = accept(s->fd, NULL, NULL);
	if (fd >= 0) {
		get(fd, level, name, 256, GOOD, a);
		close(fd);
	}
	end(s);
	s->fd = -1;
	return fd < 0 ? -1 : 0;
}

/*
 * Those that are not tried: with them no connection comes about, on either.
 */
static bool cuts_off(int level, int name, int value)
{
	return (level == IPPROTO_IP && name == 21 /* IP_MINTTL */ && value > 64) ||
	       (level == IPPROTO_IPV6 && name == 73 /* IPV6_MINHOPCOUNT */ && value > 64) ||
	       (level == IPPROTO_TCP && name == 9 /* TCP_DEFER_ACCEPT */ && value > 0);
}

TEST_F_TIMEOUT(option_matrix, inherited, lab_secs(180))
{
	struct sock s[2] = { { -1, -1 }, { -1, -1 } };

	for (int i = 0; i < N_LEVELS * N_NAMES * N_VALUES; i++) {
		const struct level *l = &levels[i / N_VALUES / N_NAMES];
		int name = i / N_VALUES % N_NAMES, value = values[i % N_VALUES], err[2];
		struct answer tcp = { 0 }, lab = { 0 };
		char a[80], b[80];

		if (name >= l->names || cuts_off(l->number, name, value))
			continue;
		err[0] = accepted(&self->lab, &s[0], IPPROTO_TCP, l->number, name, value, &tcp);
		err[1] = accepted(&self->lab, &s[1], self->lab.proto, l->number, name, value, &lab);
		if (err[0] != err[1] && is_known(l->number, name, ALL))
			continue;
		EXPECT_EQ(err[0], err[1])
			TH_LOG("%s %d = %d: %s", l->text, name, value, lab_why());
		if (!err[0] && !err[1])
			EXPECT_TRUE(same(&tcp, &lab, l->number, name))
				TH_LOG("accepted, %s %d = %d: TCP %s, tcplab %s", l->text, name,
				       value, what_happened(&tcp, a), what_happened(&lab, b));
	}
}

/*
 * A socket that connects with the option set, and what it then says. One that refuses stays for the
 * next case. Return: 0, the errno of the option, or that of connect(), negative
 */
static int connected_with(const struct lab *l, struct sock *s, int listener, int proto, int level,
			  int name, int value, struct answer *a)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(l, lab_port(listener), &ss);
	int err, fd;

	if (s->fd < 0 && make(l, proto, NEW, s))
		return -1;
	err = set(s->fd, level, name, value, 4, GOOD);
	if (err)
		return err;
	err = connect(s->fd, (struct sockaddr *)&ss, len) ? errno : 0;
	get(s->fd, level, name, 256, GOOD, a);
	end(s);
	s->fd = -1;
	/* some come late, for the option delays an ACK: there is room for them meanwhile */
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		close(fd);
	return -err;
}

/* Set before connect(), seen after it */
TEST_F_TIMEOUT(option_matrix, kept_by_connect, lab_secs(180))
{
	struct sock s[2] = { { -1, -1 }, { -1, -1 } };
	int proto[2] = { IPPROTO_TCP, self->lab.proto }, listener[2], tried = 0;

	for (int k = 0; k < 2; k++) {
		struct lab mine = { .family = self->lab.family, .proto = proto[k] };

		listener[k] = LAB_FD(lab_listen(&mine, 0, 1000));
		LAB_OK(lab_nonblock(listener[k], true));
	}
	for (int i = 0; i < N_LEVELS * N_NAMES * N_VALUES; i++) {
		const struct level *l = &levels[i / N_VALUES / N_NAMES];
		int name = i / N_VALUES % N_NAMES, value = values[i % N_VALUES], err[2];
		struct answer got[2] = { 0 };
		char a[80], b[80];

		if (name >= l->names || is_known(l->number, name, ALL) ||
		    cuts_off(l->number, name, value))
			continue;
		for (int k = 0; k < 2; k++)
			err[k] = connected_with(&self->lab, &s[k], listener[k], proto[k],
						l->number, name, value, &got[k]);
		EXPECT_EQ(err[0], err[1])
			TH_LOG("%s %d = %d: %s", l->text, name, value, lab_why());
		if (err[0] || err[1])
			continue;
		tried++;
		EXPECT_TRUE(same(&got[0], &got[1], l->number, name))
			TH_LOG("connected, %s %d = %d: TCP %s, tcplab %s", l->text, name, value,
			       what_happened(&got[0], a), what_happened(&got[1], b));
	}
	/* of what can be set nearly all lets a connection come about */
	EXPECT_LT(200, tried);
}

TEST_HARNESS_MAIN
