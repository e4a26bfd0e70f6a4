// SPDX-License-Identifier: GPL-2.0
/*
 * Every edge of the state table is taken. A hand-driven peer brings a connection into the edge's
 * first state, in a fresh namespace, then makes its event happen; /proc/net/tcplab/transitions must
 * have counted it.
 *
 * PURGE is for what is left when the module goes, and its counters go with it: there a kprobe on
 * the one function that all transitions pass through takes notes. Hence the test loads and removes
 * the module itself.
 */
#include <netinet/tcp.h>
#include <sys/mount.h>

#include "harness.h"
#include "wire.h"
#include "failmem.h"

#define TRACE	"/sys/kernel/tracing/"

enum event {
#define TL_EVENT(name, text) EV_##name,
#include "../../module/conn/states.def"
};

struct edge {
	const char *name, *state, *event;
	int from, to;
	enum event ev;
	bool taken;
};

static struct edge edges[] = {
#define TL_EDGE(from, event, to) \
	{ #from " -> " #to " by " #event, #from, #event, TCP_##from, TCP_##to, EV_##event, false },
#include "../../module/conn/states.def"
};

enum { N_EDGES = ARRAY_SIZE(edges) };

static struct wire *w;

#define INJECT(fl, ...)	__wire_inject(w, WIRE_INJ(fl, ##__VA_ARGS__))
#define EXPECT(fl, ...)	__wire_expect(w, WIRE_EXP(fl, ##__VA_ARGS__))

FIXTURE(edges) { struct wire wire; };
FIXTURE_VARIANT(edges) { int family; };
FIXTURE_VARIANT_ADD(edges, lab_v4) { AF_INET };
FIXTURE_VARIANT_ADD(edges, lab_v6) { AF_INET6 };

FIXTURE_SETUP(edges)
{
	const char *ko = getenv("TCPLAB_KO");

	w = &self->wire;
	w->tun = -1;
	w->lfd = -1;
	ASSERT_NE(NULL, ko);
	ASSERT_EQ(0, lab_module_load(ko, ""));
}

FIXTURE_TEARDOWN(edges)
{
	wire_close(w);
	lab_write_file(TRACE "events/tcplab_test/enable", "0");
	lab_write_file(TRACE "kprobe_events", "-:tcplab_test/note");
	lab_module_remove("tcplab");
}

/* The peer's host says that the port of the kernel's last SYN is unreachable. */
static int refuse_by_icmp(void)
{
	bool six = w->lab.family == AF_INET6;

	return __wire_icmp_as(w, six ? 1 : 3, six ? 4 : 3, 0);
}

static int abort_it(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) || close(fd);
}

/* Nobody answers, and nobody waits for long. */
static int let_time_pass(const struct edge *e, int fd)
{
	switch (e->from) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		return lab_send(fd, LAB_TO_PEER, 0, 100);
	case TCP_FIN_WAIT2:		/* without a time limit as long as a program has it */
		return close(fd);
	}
	return 0;
}

static int leave(const struct edge *e, int fd)
{
	if (e->from == TCP_ESTABLISHED || e->from == TCP_CLOSE_WAIT)
		return shutdown(fd, SHUT_WR);
	if (fd == w->lfd)
		w->lfd = -1;
	return close(fd);
}

static int syn_comes(const struct edge *e)
{
	if (e->from == TCP_TIME_WAIT)		/* a newer one */
		wire_again(w, w->f->isn + 200000);
	return INJECT(SYN, .mss = 1460);
}

static int cookie_returns(void)
{
	return lab_sysctl_set(&w->lab, "syncookies", "2") || INJECT(SYN, .mss = 1460) ||
	       EXPECT(SYN | ACK) || INJECT(ACK);
}

static int socket_at(int port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&w->lab, port, &ss);
	int fd = wire_socket(w);

	return fd < 0 || lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	       bind(fd, (struct sockaddr *)&ss, len) || wire_connect_start(w, fd) ? -1 : fd;
}

/* A connection of ours with timestamps ends; another one wants its name. */
static int connect_again(void)
{
	int fd;

	wire_new_flow(w);
	fd = socket_at(33333);
	if (fd < 0 || EXPECT(SYN) || INJECT(SYN | ACK, .mss = 1460, .tsval = 1) || EXPECT(ACK) ||
	    close(fd) || EXPECT(FIN | ACK) || INJECT(FIN | ACK) || EXPECT(ACK, .seq = 2))
		return -1;
	fd = socket_at(33333);
	return fd < 0 ? -1 : close(fd);
}

/* Make the event happen. */
static int provoke(const struct edge *e, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&w->lab, 1, &ss);

	switch (e->ev) {
	case EV_LISTEN:
		return listen(fd, 1);
	case EV_CONNECT:
		if (e->from == TCP_TIME_WAIT)
			return connect_again();
		connect(fd, (struct sockaddr *)&ss, len);
		return 0;
	case EV_CLOSE:
		return leave(e, fd);
	case EV_ABORT:
		return abort_it(fd);
	case EV_RCV_SYN:
		return syn_comes(e);
	case EV_COOKIE:
		return cookie_returns();
	case EV_RCV_SYNACK:
		return INJECT(SYN | ACK, .mss = 1460);
	case EV_RCV_ACK:
	case EV_RCV_ACK_FIN:
		return INJECT(ACK);
	case EV_RCV_FIN:		/* in FIN_WAIT1 one that does not acknowledge ours */
		return INJECT(FIN | ACK, .ack = 1 + (e->from == TCP_FIN_WAIT2));
	case EV_RCV_RST:
		return e->from == TCP_SYN_SENT ? INJECT(RST | ACK, .seq = 0) : INJECT(RST);
	case EV_ERROR:
		return refuse_by_icmp();
	case EV_TIMEOUT:
		return let_time_pass(e, fd);
	case EV_HANDOVER:		/* comes with TIME_WAIT */
		return 0;
	case EV_PURGE:
		return lab_fail("by rmmod only");
	}
	return lab_fail("nobody knows how");
}

/* What the kernel has counted in this namespace; -1 if it has no such edge. */
static long count_of(const struct edge *e)
{
	static char buf[16384];
	char *line, *save, from[20], to[20], ev[20];
	long n;

	if (lab_read_file("/proc/thread-self/net/tcplab/transitions", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%19s %19s %19s %ld", from, to, ev, &n) == 4 &&
		    !strcmp(from, e->state) && !strcmp(ev, e->event))
			return n;
	return lab_fail("/proc/net/tcplab/transitions does not list it");
}

/* Time-outs are short, but not so short that one runs out before its time on a slow machine. */
static int hurry(void)
{
	char ms[20];
	const char *const settings[][2] = {
		{ "rto_init_ms", ms }, { "rto_min_ms", ms }, { "msl_ms", ms },
		{ "syn_retries", "1" }, { "synack_retries", "1" }, { "retries2", "1" },
		{ "fin_timeout", "1" },
	};
	unsigned int i;

	snprintf(ms, sizeof(ms), "%d", 20 * lab_slow());
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (lab_sysctl_set(&w->lab, settings[i][0], settings[i][1]))
			return -1;
	return 0;
}

/* Its first state, then its event, in a namespace of its own. */
static int take(struct edge *e, int family)
{
	bool timed = e->ev == EV_TIMEOUT;
	int fd = -1, ret = -1;

	if (wire_open(w, family, true, timed) != LAB_READY)
		return -1;
	if (!(timed && hurry()))
		fd = __wire_reach(w, e->from);
	if (fd >= 0 && !provoke(e, fd)) {
		e->taken = LAB_UNTIL(count_of(e) != 0) && count_of(e) > 0;
		ret = e->taken ? 0 : lab_fail("it did not happen");
	}
	if (ret)
		wire_ladder(w);
	wire_close(w);
	close(fd);		/* closed before, or w->lfd, for some */
	return ret;
}

static int watch(void)
{
	int fd;

	if (access(TRACE "trace", F_OK) &&
	    mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		return lab_fail("no tracefs: %s", strerror(errno));
	fd = open(TRACE "trace", O_WRONLY | O_TRUNC);	/* forget what is in it */
	if (fd < 0 || close(fd))
		return lab_fail(TRACE "trace: %s", strerror(errno));
	return lab_write_file(TRACE "kprobe_events", "p:tcplab_test/note tcplab:tl_state_note "
			      "from=$arg3:s32 to=$arg4:s32 ev=$arg5:s32") ||
	       lab_write_file(TRACE "events/tcplab_test/enable", "1");
}

static int note_what_was_seen(void)
{
	static char buf[1 << 20];
	char *line, *save, *args;
	int i, from, to, ev;

	if (lab_read_file(TRACE "trace", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		args = strstr(line, "from=");
		if (!args || sscanf(args, "from=%d to=%d ev=%d", &from, &to, &ev) != 3)
			continue;
		for (i = 0; i < N_EDGES; i++)
			if (edges[i].ev == EV_PURGE && edges[i].from == from &&
			    edges[i].to == to && ev == EV_PURGE)
				edges[i].taken = true;
	}
	return 0;
}

/* One connection in each state that PURGE ends; the programs close; the module goes. */
static int purge(int family)
{
	int i, fd, err;

	if (wire_open(w, family, true, false) != LAB_READY)
		return -1;
	for (i = 0; i < N_EDGES; i++) {
		if (edges[i].ev != EV_PURGE)
			continue;
		fd = __wire_reach(w, edges[i].from);
		if (fd < 0 || close(fd))
			return lab_fail("on the way to %s: %s", edges[i].state, lab_why());
		wire_new_flow(w);
	}
	close(w->lfd);
	w->lfd = -1;
	if (watch())
		return -1;
	err = lab_module_remove("tcplab");
	return err ? lab_fail("rmmod: %s", strerror(err)) : note_what_was_seen();
}

TEST_F_TIMEOUT(edges, each_is_taken, lab_secs(90))
{
	int i, taken = 0;

	for (i = 0; i < N_EDGES; i++)
		if (edges[i].ev != EV_PURGE && take(&edges[i], variant->family))
			TH_LOG("%s: %s", edges[i].name, lab_why());
	LAB_OK(purge(variant->family));
	for (i = 0; i < N_EDGES; i++) {
		taken += edges[i].taken;
		EXPECT_TRUE(edges[i].taken)
			TH_LOG("never taken: %s", edges[i].name);
	}
	printf("# figure: transitions: %d of %d edges taken, over IPv%d\n", taken, N_EDGES,
	       variant->family == AF_INET6 ? 6 : 4);
	fflush(stdout);
}

TEST_HARNESS_MAIN
