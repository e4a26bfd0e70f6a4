// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that lies, in every state of module/conn/states.def, to the kernel's TCP and to tcplab,
 * over IPv4 and IPv6.
 *
 * An episode is one connection: it is driven into its state, then honest and mutated segments, ICMP
 * messages and what a program may do come in any order. All choices of episode n follow from
 * FUZZ_SEED and n alone. Workers, each in a namespace of its own, share the episodes out.
 *
 * What must hold: whatever a program reads is the peer's stream, whatever the kernel sends is
 * well-formed and the program's; bystanders in the same namespace, and between two others, notice
 * nothing; afterwards the listener answers, and all connections go away; the kernel never
 * complains.
 *
 * Environment:
 *   FUZZ_SEED=n		[1]
 *   FUZZ_SEGMENTS=n		for tcplab, both families together; the kernel's TCP gets a tenth,
 *				at most 20,000	[50,000; 10,000 with TCPLAB_SHORT=1]
 *   FUZZ_ONLY=first[-last]	these episodes alone
 */
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "harness.h"
#include "episode.h"

#define STEPS		160		/* of an episode, at most */
#define BACKLOG		64		/* of the listener */
#define CROWD		80		/* more than that */
#define ANNOUNCE	64		/* episodes between two lines in the kernel's log */

static const struct {
	const char *name;
	int state;
} kinds[K_KINDS] = {
	[K_CLOSE]	= { "CLOSE", TCP_CLOSE },
	[K_LISTEN]	= { "LISTEN", TCP_LISTEN },
	[K_SYN_SENT]	= { "SYN_SENT", TCP_SYN_SENT },
	[K_REQUEST]	= { "SYN_RECV (request)", TCP_SYN_RECV },
	[K_SYN_RECV]	= { "SYN_RECV (simultaneous open)", TCP_SYN_RECV },
	[K_ESTABLISHED]	= { "ESTABLISHED", TCP_ESTABLISHED },
	[K_FIN_WAIT1]	= { "FIN_WAIT1", TCP_FIN_WAIT1 },
	[K_FIN_WAIT2]	= { "FIN_WAIT2", TCP_FIN_WAIT2 },
	[K_CLOSING]	= { "CLOSING", TCP_CLOSING },
	[K_TIME_WAIT]	= { "TIME_WAIT", TCP_TIME_WAIT },
	[K_CLOSE_WAIT]	= { "CLOSE_WAIT", TCP_CLOSE_WAIT },
	[K_LAST_ACK]	= { "LAST_ACK", TCP_LAST_ACK },
};

static unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);

	return s && *s ? strtoul(s, NULL, 0) : otherwise;
}

static unsigned long all_segments(void)
{
	return env_number("FUZZ_SEGMENTS", env_number("TCPLAB_SHORT", 0) ? 10000 : 50000);
}

static int time_limit(void)
{
	return lab_secs(60 + all_segments() / 400);
}

static void make_plan(struct plan *plan, bool oracle)
{
	unsigned long all = all_segments();
	const char *only = getenv("FUZZ_ONLY"), *dash;

	if (oracle)
		all = all / 10 > 20000 ? 20000 : all / 10;
	memset(plan, 0, sizeof(*plan));
	plan->seed = env_number("FUZZ_SEED", 1);
	plan->segments = all / 2 / WORKERS;
	plan->last = ~0ULL;
	if (!only || !*only)
		return;
	plan->only = true;
	plan->first = strtoull(only, NULL, 0);
	dash = strchr(only, '-');
	plan->last = dash ? strtoull(dash + 1, NULL, 0) : plan->first;
}

/* Into the state */

static int open_socket(struct episode *e)
{
	e->fd = lab_socket(&e->w->wire.lab, SOCK_NONBLOCK);
	if (e->fd < 0)
		return -1;
	/* often a window that is soon full */
	if (rnd_one_in(&e->p.rnd, 2))
		lab_set_opt(e->fd, SOL_SOCKET, SO_RCVBUF, 2000 + rnd_below(&e->p.rnd, 10000));
	/* a byte of urgent data stays in the stream on either protocol */
	return lab_set_opt(e->fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

static int lost(struct episode *e)
{
	e->lost = true;
	return -1;
}

static int start_connect(struct episode *e)
{
	struct sockaddr_storage ss;
	socklen_t len = episode_peer(e, &ss);

	if (open_socket(e))
		return -1;
	if (!connect(e->fd, (struct sockaddr *)&ss, len) || errno != EINPROGRESS)
		return lost(e);
	e->p.kport = lab_port(e->fd);
	return peer_pump(&e->p);
}

/* Whatever waits at the listener; the one whose peer is this episode's is kept. */
static void take_accepted(struct episode *e, bool keep)
{
	struct sockaddr_storage ss, want;
	socklen_t len;
	int fd;

	episode_peer(e, &want);
	for (;;) {
		len = sizeof(ss);
		fd = accept4(e->w->lfd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (keep && e->fd < 0 && !memcmp(&ss, &want, len))
			e->fd = fd;
		else
			close(fd);
	}
}

static int open_passive(struct episode *e, bool whole)
{
	peer_send(&e->p, SYN, 0, 0);
	if (peer_pump(&e->p))
		return -1;
	if (!e->p.irs_known)
		return lost(e);
	if (!whole)
		return 0;
	peer_send(&e->p, ACK, 0, 0);
	take_accepted(e, true);
	e->p.syn_seen = false;
	return e->fd < 0 ? lost(e) : peer_pump(&e->p);
}

static int open_active(struct episode *e)
{
	if (start_connect(e))
		return -1;
	if (rnd_one_in(&e->p.rnd, 4)) {		/* simultaneous */
		peer_send(&e->p, SYN, 0, 0);
		if (peer_pump(&e->p))
			return -1;
		peer_send(&e->p, ACK, 0, 0);
	} else {
		peer_send(&e->p, SYN | ACK, 0, 0);
	}
	e->p.syn_seen = false;
	return peer_pump(&e->p);
}

/* Some honest data both ways, then all of it acknowledged and read. */
static int exchange(struct episode *e)
{
	int n = rnd_below(&e->p.rnd, 4);

	while (n--) {
		peer_send(&e->p, ACK, rnd_below(&e->p.rnd, 1000), 0);
		if (user_write(e) || peer_pump(&e->p))
			return -1;
	}
	for (n = 0; n < 50; n++) {
		uint32_t before = e->p.rcv_max;

		peer_send(&e->p, ACK, 0, 0);
		if (user_read(e) || peer_pump(&e->p))
			return -1;
		if (before == e->p.rcv_max && lab_opt(e->fd, SOL_SOCKET, SO_ERROR) == 0 && n > 3)
			break;
	}
	return 0;
}

static int establish(struct episode *e)
{
	if (rnd_one_in(&e->p.rnd, 2) ? open_active(e) : open_passive(e, true))
		return -1;
	return exchange(e);
}

/* The program closes its side: sometimes all of it. */
static int finish(struct episode *e)
{
	int unread = 0;

	/* to close with data unread is a reset */
	while (!ioctl(e->fd, SIOCINQ, &unread) && unread)
		if (user_read(e))
			return -1;
	if (rnd_one_in(&e->p.rnd, 2)) {
		close(e->fd);
		e->fd = -1;
	} else {
		shutdown(e->fd, SHUT_WR);
	}
	return peer_pump(&e->p);
}

static int drive(struct episode *e)
{
	struct peer *p = &e->p;

	switch (e->kind) {
	case K_LISTEN:
		return 0;
	case K_SYN_SENT:
		return start_connect(e);
	case K_REQUEST:
		return open_passive(e, false);
	case K_SYN_RECV:
		if (start_connect(e))
			return -1;
		peer_send(p, SYN, 0, 0);
		return peer_pump(p);
	default:
		if (establish(e))
			return -1;
	}
	switch (e->kind) {
	case K_CLOSE:
		peer_send(p, RST, 0, 0);
		break;
	case K_FIN_WAIT1:
	case K_FIN_WAIT2:
	case K_CLOSING:
	case K_TIME_WAIT:
		if (finish(e))
			return -1;
		if (e->kind == K_FIN_WAIT2 || e->kind == K_TIME_WAIT)
			peer_send(p, ACK, 0, 0);
		if (e->kind == K_CLOSING)
			peer_send(p, FIN | ACK, 0, 1);
		if (e->kind == K_TIME_WAIT)
			peer_send(p, FIN | ACK, 0, 0);
		break;
	case K_CLOSE_WAIT:
	case K_LAST_ACK:
		peer_send(p, FIN | ACK, 0, 0);
		if (e->kind == K_LAST_ACK && finish(e))
			return -1;
		break;
	default:
		break;
	}
	return peer_pump(p);
}

/* Is it there? Where no socket tells, a table does, which is dear: not every time. */
static void note_state(struct episode *e)
{
	bool told = e->fd >= 0 && e->kind != K_TIME_WAIT;
	int state;

	if (!told && e->number > 8 * WORKERS * K_KINDS && !rnd_one_in(&e->p.rnd, 64))
		return;
	if (told)
		state = lab_tcp_state(e->fd);
	else
		state = lab_conn_state(&e->w->wire.lab, e->p.kport,
				       e->kind == K_LISTEN ? 0 : e->p.pport);
	if (state == kinds[e->kind].state)
		e->w->report->reached[e->kind]++;
	else
		e->w->report->missed[e->kind]++;
}

/* Episodes */

static bool complaint(const char *line)
{
	/* what begins a report; of data races vm/run judges, which sees whose they are */
	static const char *const words[] = {
		"BUG", "WARNING:", "KASAN", "UBSAN", "Oops", "INFO: ", "general protection",
		"refcount_t", "lockdep", "suspicious RCU", "ODEBUG",
	};
	unsigned int i;

	if (strstr(line, "KCSAN"))
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return !strstr(line, "tcplab-test:");
	return false;
}

/* The kernel's log, as far as it is new. */
static int check_log(struct worker *w)
{
	char line[1024];
	ssize_t n;

	if (w->kmsg < 0)
		return 0;
	while ((n = read(w->kmsg, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = 0;
		if (complaint(line))
			return lab_fail("the kernel complains: %s", line);
	}
	return 0;
}

/* So that a kernel that dies leaves its last words: who was at what. */
static void announce(struct worker *w, uint64_t number)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "<3>tcplab-test: fuzz protocol %d IPv%d worker %d "
			 "FUZZ_SEED=%llu from episode %llu\n", w->wire.lab.proto,
			 w->wire.lab.family == AF_INET6 ? 6 : 4, w->number,
			 (unsigned long long)w->plan->seed, (unsigned long long)number);

	if (w->kmsg >= 0 && write(w->kmsg, line, n) < 0)
		w->kmsg = -1;
}

static void begin(struct episode *e, struct worker *w, uint64_t number)
{
	bool v6 = w->wire.lab.family == AF_INET6;
	int host;

	memset(e, 0, sizeof(*e));
	e->w = w;
	e->number = number;
	e->fd = -1;
	e->p.lab = &w->wire.lab;
	e->p.tun = w->wire.tun;
	e->p.talk = w->plan->only;
	rnd_seed(&e->p.rnd, w->plan->seed, number);
	e->kind = number / WORKERS % K_KINDS;
	/* half of the peers behind a router */
	host = 3 + rnd_below(&e->p.rnd, 200);
	if (rnd_one_in(&e->p.rnd, 2))
		sprintf(e->paddr, v6 ? "2001:db8:1::%x" : "198.51.100.%d", host);
	else
		sprintf(e->paddr, v6 ? "2001:db8::%x" : "192.0.2.%d", host);
	snprintf(e->kaddr, sizeof(e->kaddr), "%s", wire_kernel_addr(&w->wire));
	peer_begin(&e->p, WIRE_KPORT, 1024 + number / WORKERS % 60000, e->kaddr, e->paddr);
}

/* The window is filled to its edge and over it, while the program reads some. */
static int squeeze(struct episode *e)
{
	int n = 1 + rnd_below(&e->p.rnd, 5);

	while (n--) {
		if (peer_pump(&e->p))
			return -1;
		mutate_flood(&e->p);
		if (e->fd >= 0 && user_read(e))
			return -1;
	}
	return peer_pump(&e->p);
}

/* Others come to the listener, more than its queues hold; some finish their handshake. */
static int crowd(struct episode *e)
{
	struct peer other[CROWD];
	int i;

	/* what has come for this peer, or another one would throw it away */
	if (peer_pump(&e->p))
		return -1;
	for (i = 0; i < CROWD; i++) {
		other[i] = e->p;
		other[i].sent = 0;
		other[i].got = 0;
		peer_begin(&other[i], WIRE_KPORT, 62000 + rnd_below(&e->p.rnd, 2000),
			   e->kaddr, e->paddr);
		rnd_u32(&e->p.rnd);
		peer_send(&other[i], SYN, 0, 0);
		if (peer_pump(&other[i]))
			return -1;
		if (other[i].irs_known && rnd_one_in(&e->p.rnd, 2))
			peer_send(&other[i], ACK, rnd_below(&e->p.rnd, 3), 0);
	}
	if (rnd_one_in(&e->p.rnd, 4))
		take_accepted(e, false);
	for (i = 0; i < CROWD; i++) {
		if (peer_pump(&other[i]))
			return -1;
		peer_send(&other[i], RST, 0, 0);
		e->p.sent += other[i].sent;
		e->p.got += other[i].got;
	}
	return 0;
}

static int step(struct episode *e)
{
	unsigned int what = rnd_below(&e->p.rnd, 64);

	if (what == 0)
		return e->p.rst_seen ? 0 : squeeze(e);
	if (what == 1 && e->kind == K_LISTEN && rnd_one_in(&e->p.rnd, 4))
		return crowd(e);
	if (what == 2)
		mutate_icmp(&e->p);
	else if (what < 26)
		mutate_plausible(&e->p);
	else if (what < 46)
		mutate_segment(&e->p);
	else if (user_act(e))
		return -1;
	return rnd_one_in(&e->p.rnd, 3) ? peer_pump(&e->p) : 0;
}

/* Usually the peer resets what is left; else timers have to do. */
static int end(struct episode *e)
{
	if (e->fd >= 0) {
		if (user_read(e))
			return -1;
		close(e->fd);
	}
	if (peer_pump(&e->p))
		return -1;
	if (!rnd_one_in(&e->p.rnd, 8)) {
		e->p.snd_nxt = e->p.acked;
		peer_send(&e->p, RST, 0, 0);
	}
	take_accepted(e, false);
	return 0;
}

static void set_meddled(struct worker *w, int fd)
{
	__atomic_store_n(&w->meddled, fd, __ATOMIC_RELAXED);
}

static int episode(struct worker *w, uint64_t number)
{
	struct rnd *r;
	struct episode e;
	char why[600];
	int steps;

	begin(&e, w, number);
	r = &e.p.rnd;
	if (drive(&e) && !e.lost)
		goto failed;
	note_state(&e);
	/* not in a replay, where order is all */
	if (number / WORKERS % 4 == 0 && !w->plan->only)
		set_meddled(w, e.fd);
	steps = 20 + rnd_below(r, STEPS - 20);
	for (e.step = 0; e.step < steps; e.step++) {
		if (step(&e))
			goto failed;
		/* little is left to learn from a connection that has gone */
		if (e.p.rst_seen && e.kind != K_LISTEN && rnd_one_in(r, 4))
			break;
	}
	set_meddled(w, -1);
	if (end(&e) || (number / WORKERS % 8 == 0 && check_log(w)))
		goto failed;
	w->report->sent += e.p.sent;
	w->report->got += e.p.got;
	w->report->episodes++;
	return 0;
failed:
	set_meddled(w, -1);
	snprintf(why, sizeof(why), "%s", lab_why());
	return lab_fail("FUZZ_SEED=%llu FUZZ_ONLY=%llu (worker %d), %s, step %d: %s",
			(unsigned long long)w->plan->seed, (unsigned long long)number, w->number,
			kinds[e.kind].name, e.step, why);
}

/* Workers */

/*
 * Another thread of the program: it holds the socket's lock at odd moments, so that segments meet a
 * busy socket and wait in its backlog. What it does changes nothing.
 */
static void *meddle(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		struct pollfd pfd = {
			.fd = __atomic_load_n(&w->meddled, __ATOMIC_RELAXED),
			.events = POLLIN | POLLOUT,
		};
		struct tcp_info info;
		socklen_t len = sizeof(info);
		int value, one = 1;

		if (pfd.fd < 0) {
			usleep(500);
			continue;
		}
		getsockopt(pfd.fd, SOL_TCP, TCP_INFO, &info, &len);
		setsockopt(pfd.fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
		ioctl(pfd.fd, SIOCOUTQ, &value);
		recv(pfd.fd, &value, sizeof(value), MSG_PEEK | MSG_DONTWAIT);
		poll(&pfd, 1, 0);
	}
	return NULL;
}

/* Short times, so that all timers go off; as far as the protocol lets them be set. */
static void hurry(struct worker *w)
{
	static const char *const settings[][2] = {
		{ "fin_timeout", "1" }, { "orphan_retries", "2" }, { "synack_retries", "1" },
		{ "syn_retries", "2" }, { "rto_init_ms", "100" }, { "rto_min_ms", "20" },
		{ "rto_max_ms", "1000" }, { "delack_min_ms", "5" }, { "delack_max_ms", "20" },
		{ "msl_ms", "100" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!w->wire.lab.oracle || !strstr(settings[i][0], "_ms"))
			lab_sysctl_set(&w->wire.lab, settings[i][0], settings[i][1]);
	/* what routers say is forgotten soon, and believed whatever it is */
	lab_write_file("/proc/sys/net/ipv4/route/mtu_expires", "1");
	lab_write_file("/proc/sys/net/ipv4/route/min_pmtu", w->number ? "552" : "68");
	lab_write_file("/proc/sys/net/ipv6/route/mtu_expires", "1");
	lab_write_file("/proc/sys/net/ipv4/conf/all/accept_redirects", "1");
	lab_write_file("/proc/sys/net/ipv4/conf/wire/accept_redirects", "1");
	lab_write_file("/proc/sys/net/ipv4/icmp_ratelimit", "0");
}

static int worker_open(struct worker *w, int family, bool tcplab)
{
	bool v6 = family == AF_INET6;

	if (wire_open(&w->wire, family, tcplab, true) != LAB_READY)
		return -1;
	hurry(w);
	/* one worker sees super-segments cut on their way out */
	if (w->number && lab_link_gso_segs("wire", 64))
		return -1;
	if (lab_route_add(family, v6 ? "2001:db8:1::" : "198.51.100.0", v6 ? 64 : 24,
			  v6 ? "2001:db8::fe" : "192.0.2.254"))
		return -1;
	w->lfd = wire_listen(&w->wire, BACKLOG);
	if (w->lfd < 0 || lab_set_opt(w->lfd, SOL_SOCKET, SO_OOBINLINE, 1))
		return -1;
	/* one has windows that are soon full */
	if (!w->number && lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 6000))
		return -1;
	w->kmsg = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (w->kmsg >= 0)
		lseek(w->kmsg, 0, SEEK_END);
	return 0;
}

static int work(struct worker *w)
{
	uint64_t n = w->plan->first, first = n;

	for (; n <= w->plan->last; n++) {
		if (n % WORKERS != (uint64_t)w->number)
			continue;
		if (!w->plan->only && w->report->sent >= w->plan->segments)
			break;
		if ((n - first) / ANNOUNCE != (n - first - WORKERS) / ANNOUNCE)
			announce(w, n);
		if (episode(w, n))
			return -1;
	}
	return check_log(w);
}

/* After all that an honest peer is served as if nothing had been. */
static int answers(struct worker *w)
{
	struct episode e;

	begin(&e, w, ~0ULL - w->number);
	e.p.pport = 700 + w->number;
	e.p.opt = PEER_TS | PEER_WS | PEER_SACK | PEER_MSS;
	if (open_passive(&e, true))
		return lab_fail("the listener does not answer");
	peer_send(&e.p, ACK | PSH, 1000, 0);
	e.p.written = 1000;
	if (lab_recv(e.fd, LAB_TO_KERNEL, 0, 1000) || lab_send(e.fd, LAB_TO_PEER, 0, 1000) ||
	    peer_pump(&e.p))
		return -1;
	if (e.p.rcv_nxt != e.p.irs + 1001)
		return lab_fail("of 1000 octets %d came", e.p.rcv_nxt - e.p.irs - 1);
	peer_send(&e.p, FIN | ACK, 0, 0);
	if (lab_recv_eof(e.fd))
		return -1;
	close(e.fd);
	peer_pump(&e.p);
	if (!e.p.fin_seen)
		return lab_fail("no FIN after close()");
	peer_send(&e.p, ACK, 0, 0);
	return peer_pump(&e.p);
}

/* What was not tried cannot have failed: which rules of the module never came to bear? */
static void note_drops(struct worker *w)
{
	static char buf[32768];
	char *line, *save, name[64], *to = w->report->never;
	unsigned long long value;

	if (w->wire.lab.oracle || lab_read_file("/proc/net/tcplab/counters", buf, sizeof(buf)) < 0)
		return;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "Drop%63s %llu", name, &value) == 2 && !value &&
		    to - w->report->never < 900)
			to += sprintf(to, " %s", name);
}

/* Rows of the protocol's table in this namespace; -1: cannot be read. */
static int connections(struct worker *w)
{
	static char buf[1 << 16];
	char path[64], *at;
	int n = -1;

	snprintf(path, sizeof(path), "/proc/net/tcplab/tcp%s",
		 w->wire.lab.family == AF_INET6 ? "6" : "");
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (at = buf; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static int worker_end(struct worker *w, struct bystanders *b, pid_t bystander)
{
	int status;

	note_drops(w);
	if (answers(w))
		return -1;
	bystanders_stop(b);
	while (waitpid(bystander, &status, 0) < 0 && errno == EINTR)
		;
	if (b->why[0] || status)
		return lab_fail("bystanders over loopback: %s", b->why[0] ? b->why : "died");
	close(w->lfd);
	w->wire.lfd = -1;
	/* the kernel's TCP has timers that nobody can shorten */
	if (!w->wire.lab.oracle && !LAB_UNTIL(connections(w) == 0))
		return lab_fail("%d connections are still there", connections(w));
	return 0;
}

static pid_t child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

/* The life of a worker's process. */
static int worker(struct shared *sh, const struct plan *plan, int number, int family, bool tcplab)
{
	struct worker w = { .plan = plan, .report = &sh->report[number], .number = number };
	struct bystanders *b = &sh->local[number];
	pthread_t thread;
	int64_t begun;
	pid_t pid;
	int ret;

	if (worker_open(&w, family, tcplab))
		goto failed;
	pid = child();
	if (!pid)
		_exit(!!bystanders_loopback(b, &w.wire.lab));
	w.meddled = -1;
	if (pthread_create(&thread, NULL, meddle, &w)) {
		lab_fail("pthread_create() failed");
		goto failed;
	}
	begun = lab_now_us();
	ret = work(&w);
	w.report->us = lab_now_us() - begun;
	if (!ret && !worker_end(&w, b, pid)) {
		wire_close(&w.wire);
		return 0;
	}
failed:
	snprintf(w.report->why, sizeof(w.report->why), "%s", lab_why());
	return -1;
}

/* The verdict */

static void print_figures(struct shared *sh, const char *variant)
{
	unsigned long sent = 0, got = 0, episodes = 0, conns = sh->veth.conns;
	uint64_t bytes = sh->veth.bytes;
	int64_t us = 0;
	int i, k;

	for (i = 0; i < WORKERS; i++) {
		sent += sh->report[i].sent;
		got += sh->report[i].got;
		episodes += sh->report[i].episodes;
		conns += sh->local[i].conns;
		bytes += sh->local[i].bytes;
		us = sh->report[i].us > us ? sh->report[i].us : us;
	}
	printf("# fuzz: %s: %lu segments in %.1f seconds, %lu answers, %lu episodes; "
	       "%llu bystander-bytes, %lu connections\n", variant, sent, us / 1e6, got, episodes,
	       (unsigned long long)bytes, conns);
	for (k = 0; k < K_KINDS; k++) {
		unsigned long reached = 0, missed = 0;

		for (i = 0; i < WORKERS; i++) {
			reached += sh->report[i].reached[k];
			missed += sh->report[i].missed[k];
		}
		printf("# %-30s seen %lu times, missed %lu\n", kinds[k].name, reached, missed);
	}
	for (i = 0; i < WORKERS; i++)
		if (sh->report[i].never[0])
			printf("# worker %d met no drop for%s\n", i, sh->report[i].never);
}

static unsigned long seen(const struct shared *sh, int kind)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		n += sh->report[i].reached[kind];
	return n;
}

FIXTURE(fuzz) {
	struct lab lab;
	struct shared *sh;
	struct plan plan;
	pid_t worker[WORKERS], veth;
};

LAB_VARIANTS(fuzz);

FIXTURE_SETUP(fuzz)
{
	LAB_BEGIN(&self->lab);
	self->sh = mmap(NULL, sizeof(*self->sh), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->sh);
	make_plan(&self->plan, self->lab.oracle);
}

FIXTURE_TEARDOWN(fuzz)
{
}

TEST_F_TIMEOUT(fuzz, mutations, time_limit())
{
	struct shared *sh = self->sh;
	int i, status;

	TH_LOG("FUZZ_SEED=%llu", (unsigned long long)self->plan.seed);
	fflush(NULL);
	self->veth = child();
	if (!self->veth)
		_exit(!!bystanders_veth(&sh->veth, &self->lab));
	for (i = 0; i < WORKERS; i++) {
		self->worker[i] = child();
		if (!self->worker[i])
			_exit(!!worker(sh, &self->plan, i, variant->family, variant->tcplab));
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(self->worker[i], waitpid(self->worker[i], &status, 0));
		EXPECT_EQ(0, status)
			TH_LOG("%s", sh->report[i].why[0] ? sh->report[i].why : "worker died");
	}
	bystanders_stop(&sh->veth);
	ASSERT_EQ(self->veth, waitpid(self->veth, &status, 0));
	EXPECT_EQ(0, status)
		TH_LOG("bystanders over veth: %s", sh->veth.why);
	print_figures(sh, self->lab.oracle ? (self->lab.family == AF_INET6 ? "tcp_v6" : "tcp_v4") :
		      self->lab.family == AF_INET6 ? "lab_v6" : "lab_v4");
	fflush(stdout);
	for (i = 0; i < K_KINDS && !self->plan.only; i++)
		EXPECT_NE(0, seen(sh, i))
			TH_LOG("never in %s", kinds[i].name);
	EXPECT_NE(0, sh->veth.bytes);
}

TEST_HARNESS_MAIN
