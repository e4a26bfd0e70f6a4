// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-driven peer: the TUN device, the flows on it, and what may be said about them. A write
 * to the device runs the kernel's whole receive path before it returns, so answers that need no
 * timer are there at once; waiting is for timers only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <net/if.h>

#include "wire_internal.h"

#define PATIENCE_MS	10000

const char *wire_kernel_addr(const struct wire *w)
{
	return w->lab.family == AF_INET6 ? "2001:db8::1" : "192.0.2.1";
}

const char *wire_peer_addr(const struct wire *w)
{
	return w->lab.family == AF_INET6 ? "2001:db8::2" : "192.0.2.2";
}

static int tun_open(struct wire *w)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "wire" };

	w->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (w->tun < 0)
		return lab_fail("/dev/net/tun: %s", strerror(errno));
	if (ioctl(w->tun, TUNSETIFF, &ifr))
		return lab_fail("TUNSETIFF: %s", strerror(errno));
	/* no router solicitations, no addresses nobody asked for; absent where there is no IPv6 */
	lab_write_file("/proc/sys/net/ipv6/conf/wire/accept_ra", "0");
	lab_write_file("/proc/sys/net/ipv6/conf/wire/addr_gen_mode", "1");
	/* what is sent for one ACK must not wait for the next, to be one super-segment with it */
	if (lab_link_mtu("wire", WIRE_MTU) || lab_link_gso_segs("wire", 1) || lab_link_up("wire"))
		return -1;
	return lab_addr_add("wire", w->lab.family, wire_kernel_addr(w),
			    w->lab.family == AF_INET6 ? 64 : 24);
}

/*
 * A test that is not about timers must not meet any: on a slow machine the peer may take longer
 * for an answer than the shortest retransmission time-out.
 */
static int calm(struct wire *w)
{
	if (!w->lab.oracle)
		lab_sysctl_set(&w->lab, "rto_min_ms", "5000");
	return lab_route_rto_min("wire", w->lab.family, wire_peer_addr(w), 5000);
}

/**
 * wire_open() - a fresh namespace with a wire to a hand-driven peer in it
 * @w:	    filled in
 * @family: AF_INET or AF_INET6
 * @tcplab: false for the kernel's TCP
 * @timed:  the test is about timers: leave them as they are by default
 *
 * Return: LAB_READY, LAB_SKIP or LAB_FAIL.
 */
int wire_open(struct wire *w, int family, bool tcplab, bool timed)
{
	int ret;

	memset(w, 0, sizeof(*w));
	w->tun = -1;
	w->lfd = -1;
	w->win = 65535;
	w->start_us = lab_now_us();
	ret = lab_begin(&w->lab, family, tcplab);
	if (ret != LAB_READY)
		return ret;
	if (tun_open(w) || (!timed && calm(w)))
		return LAB_FAIL;
	wire_new_flow(w);
	return LAB_READY;
}

void wire_close(struct wire *w)
{
	if (w->lfd >= 0)
		close(w->lfd);
	if (w->tun >= 0)
		close(w->tun);
	w->lfd = -1;
	w->tun = -1;
}

/* The flow that is talked on from now on. */
void wire_use(struct wire *w, struct wire_flow *f)
{
	w->f = f;
}

/**
 * wire_new_flow() - the peer's end of another connection, and talk on it from now on
 * @w: the wire
 *
 * Its initial sequence number lies just below 2^32, so that each test crosses the wrap.
 *
 * Return: the flow.
 */
struct wire_flow *wire_new_flow(struct wire *w)
{
	struct wire_flow *f;

	if (w->nflow == WIRE_FLOWS) {
		fprintf(stderr, "wire: more than %d flows\n", WIRE_FLOWS);
		abort();
	}
	f = &w->flow[w->nflow];
	memset(f, 0, sizeof(*f));
	f->kport = WIRE_KPORT;
	f->pport = WIRE_PPORT + w->nflow;
	f->isn = 0xffffff00u + 16 * w->nflow;
	f->tsval = 1000;
	f->tail = &f->head;
	w->nflow++;
	w->f = f;
	return f;
}

struct wire_flow *wire_again(struct wire *w, uint32_t isn)
{
	struct wire_flow *old = w->f, *f = wire_new_flow(w);

	f->kport = old->kport;
	f->pport = old->pport;
	f->isn = isn;
	return f;
}

/* Sequence space of a segment: payload, SYN and FIN. */
static long seg_space(const struct wire_seg *s)
{
	return s->len + !!(s->flags & SYN) + !!(s->flags & FIN);
}

int __wire_inject(struct wire *w, const struct wire_seg *given)
{
	struct wire_flow *f = w->f;
	struct wire_seg s = *given;
	static uint8_t pkt[70000];
	ssize_t n;
	int len;

	if (s.seq == WIRE_AUTO)
		s.seq = s.flags & SYN ? 0 : f->snd_nxt;
	if (s.ack == WIRE_AUTO)
		s.ack = f->rcv_nxt;
	if (s.win == WIRE_AUTO)
		s.win = w->win;
	if (s.flags & SYN && s.tsval == WIRE_AUTO)
		s.tsval = WIRE_NONE;
	if (s.flags & SYN)
		f->ts_sent = s.tsval != WIRE_NONE;
	if (s.tsval != WIRE_AUTO && s.tsval != WIRE_NONE && s.flags & SYN)
		f->tsval = s.tsval;

	len = wire_build(w, &s, pkt);
	if (!(s.flags & RST) && !s.badsum && !s.doff && !s.cut) {
		long end = s.seq + seg_space(&s);

		if (s.seq <= f->snd_nxt && end > f->snd_nxt)
			f->snd_nxt = end;
		if (end > f->snd_max)
			f->snd_max = end;
	}
	wire_record(w, false, f, &s);
	w->inject_us = lab_now_us();
	n = write(w->tun, pkt, len);
	if (n != len)
		return lab_fail("write to the TUN device: %s", strerror(errno));
	return 0;
}

/* Find the flow of a segment, learn its ports and numbers, and put it in the flow's queue. */
static int deliver(struct wire *w, struct wire_got *g, int kport, int pport)
{
	struct wire_flow *f = NULL;
	int i;

	for (i = w->nflow - 1; i >= 0 && !f; i--)
		if (w->flow[i].pport == pport && (!w->flow[i].kport || w->flow[i].kport == kport))
			f = &w->flow[i];
	if (!f) {
		free(g);
		return lab_fail("a segment from port %d to port %d, which nobody awaits",
				kport, pport);
	}
	f->kport = kport;
	if (g->s.flags & SYN && !f->irs_known) {
		f->irs = g->seq;
		f->irs_known = true;
	}
	if (g->s.flags & SYN)
		f->ts_got = g->s.tsval != WIRE_NONE;
	if (g->s.tsval != WIRE_NONE)
		f->ts_recent = g->s.tsval;
	g->s.seq = (int32_t)(g->seq - f->irs);
	g->s.ack = g->s.flags & ACK ? (int32_t)(g->ack - f->isn) : 0;
	g->at_us = lab_now_us();
	wire_record(w, true, f, &g->s);
	*f->tail = g;
	f->tail = &g->next;
	return 0;
}

/* Read whatever the kernel has sent. Returns -1 on a segment that is wrong in itself. */
static int pump(struct wire *w)
{
	static uint8_t pkt[70000];
	int kport, pport, ret = 0;
	struct wire_got *g;
	ssize_t n;

	while (!ret && (n = read(w->tun, pkt, sizeof(pkt))) > 0) {
		g = calloc(1, sizeof(*g));
		switch (wire_parse(w, pkt, n, g, &kport, &pport)) {
		case WIRE_GOOD:
			ret = deliver(w, g, kport, pport);
			break;
		case WIRE_FOREIGN:
			free(g);
			break;
		default:
			free(g);
			ret = -1;
		}
	}
	return ret;
}

/* Wait until the present flow has a segment. 1: it has; 0: time is over; -1: a broken one came. */
static int await(struct wire *w, int ms)
{
	int64_t end = lab_now_us() + ms * 1000LL;
	struct pollfd pfd = { .fd = w->tun, .events = POLLIN };

	for (;;) {
		int64_t left;

		if (pump(w))
			return -1;
		if (w->f->head)
			return 1;
		left = end - lab_now_us();
		if (left <= 0)
			return 0;
		poll(&pfd, 1, (left + 999) / 1000);
	}
}

static struct wire_got *pop(struct wire *w)
{
	struct wire_flow *f = w->f;
	struct wire_got *g = f->head;

	f->head = g->next;
	if (!f->head)
		f->tail = &f->head;
	g->next = NULL;
	if (w->last) {
		w->prev_us = w->last->at_us;
		free(w->last);
	}
	w->last = g;
	return g;
}

/* The peer has taken a segment: what it adds in order is acknowledged from now on. */
static void took(struct wire *w, const struct wire_got *g)
{
	struct wire_flow *f = w->f;
	long end = g->s.seq + seg_space(&g->s);

	if (g->s.flags & RST)
		return;
	if (g->s.seq <= f->rcv_nxt && end > f->rcv_nxt)
		f->rcv_nxt = end;
}

static int check_payload(struct wire *w, const struct wire_got *g, const struct wire_seg *s)
{
	if (s && s->data)
		return memcmp(s->data, g->payload, g->s.len) ? lab_fail("the payload differs") : 0;
	if (w->any_data || !g->s.len)
		return 0;
	return lab_verify(g->payload, LAB_TO_PEER, g->s.seq - 1 + !!(g->s.flags & SYN), g->s.len);
}

static bool num_ok(long want, long got)
{
	if (want == WIRE_ANY)
		return true;
	if (want == WIRE_SOME)
		return got != WIRE_NONE;
	return want == got;
}

/* Which part of @g is not as expected; NULL when all is. */
static const char *differs(const struct wire_seg *s, const struct wire_got *g)
{
	unsigned int mask = s->flags & PSH ? ~0u : ~(unsigned int)PSH;
	int i;

	if ((s->flags & mask) != (g->s.flags & mask))
		return "flags";
	if (!num_ok(s->seq, g->s.seq))
		return "seq";
	if (s->flags & ACK && !num_ok(s->ack, g->s.ack))
		return "ack";
	if (!num_ok(s->len, g->s.len))
		return "length";
	if (!num_ok(s->win, g->s.win))
		return "window";
	if (!num_ok(s->mss, g->s.mss))
		return "MSS option";
	if (!num_ok(s->ws, g->s.ws))
		return "window scale option";
	if (!num_ok(s->sackok, g->s.sackok))
		return "SACK-permitted option";
	if (!num_ok(s->tsval, g->s.tsval))
		return "TSval";
	if (!num_ok(s->tsecr, g->s.tsecr))
		return "TSecr";
	if (!num_ok(s->nsack, g->s.nsack))
		return "number of SACK blocks";
	for (i = 0; s->nsack > 0 && i < s->nsack && i < WIRE_MAX_SACK; i++)
		if (!s->sack[i].left && !s->sack[i].right)
			continue;
		else if (!num_ok(s->sack[i].left, g->s.sack[i].left) ||
			 !num_ok(s->sack[i].right, g->s.sack[i].right))
			return "SACK blocks";
	if (!num_ok(s->fo, g->s.fo))
		return "Fast Open option";
	if (!num_ok(s->tos, g->s.tos))
		return "TOS";
	if (s->ttl && s->ttl != g->s.ttl)
		return "TTL";
	return NULL;
}

static int too_late(const struct wire_seg *s)
{
	return s->ms ? s->ms : PATIENCE_MS * lab_slow();
}

int __wire_expect(struct wire *w, const struct wire_seg *given)
{
	struct wire_seg s = *given;
	const char *what;
	struct wire_got *g;
	int ret;

	if (s.seq == WIRE_AUTO)
		s.seq = s.flags & SYN ? 0 : w->f->rcv_nxt;
	if (s.ack == WIRE_AUTO)
		s.ack = w->f->snd_nxt;
again:
	ret = await(w, too_late(&s));
	if (ret < 0)
		return -1;
	if (!ret)
		return lab_fail("nothing came; expected %s", wire_text(&s));
	g = pop(w);
	what = differs(&s, g);
	if (what && s.skip_acks && (g->s.flags & ~PSH) == ACK && !g->s.len)
		goto again;
	if (what)
		return lab_fail("%s: got %s; expected %s", what, wire_text(&g->s), wire_text(&s));
	if (check_payload(w, g, &s))
		return -1;
	took(w, g);
	return 0;
}

int __wire_silence(struct wire *w, int ms)
{
	int ret = await(w, ms);

	if (ret < 0)
		return -1;
	if (ret)
		return lab_fail("expected silence; got %s", wire_text(&w->f->head->s));
	return 0;
}

int __wire_take(struct wire *w, int ms)
{
	int ret = await(w, ms ? ms : PATIENCE_MS * lab_slow());

	if (ret < 0)
		return -1;
	if (!ret)
		return lab_fail("nothing came; expected any segment");
	pop(w);
	if (check_payload(w, w->last, NULL))
		return -1;
	took(w, w->last);
	return 0;
}

int __wire_await_ack(struct wire *w, long ack)
{
	for (;;) {
		if (__wire_take(w, 0))
			return -1;
		if ((w->last->s.flags & ~PSH) != ACK || w->last->s.len)
			return lab_fail("got %s; expected a pure ACK up to %ld",
					wire_text(&w->last->s), ack);
		if (w->last->s.ack > ack)
			return lab_fail("got %s; which is beyond %ld", wire_text(&w->last->s), ack);
		if (w->last->s.ack == ack)
			return 0;
	}
}

int __wire_take_stream(struct wire *w, long end, bool ack_each)
{
	while (w->f->rcv_nxt < end) {
		if (__wire_take(w, 0))
			return -1;
		if (w->last->s.flags & (SYN | FIN | RST))
			return lab_fail("got %s; expected data up to %ld",
					wire_text(&w->last->s), end);
		if (ack_each && w->last->s.len && __wire_inject(w, WIRE_INJ(ACK)))
			return -1;
	}
	if (w->f->rcv_nxt > end)
		return lab_fail("data up to %ld; expected no more than %ld", w->f->rcv_nxt, end);
	return 0;
}

/* Forget what has come on this flow; it counts as taken. */
void wire_drain(struct wire *w)
{
	pump(w);
	while (w->f->head)
		took(w, pop(w));
}

long wire_gap_ms(const struct wire *w)
{
	return (w->last->at_us - w->prev_us) / 1000;
}

long wire_delay_ms(const struct wire *w)
{
	return (w->last->at_us - w->inject_us) / 1000;
}

bool wire_about(long ms, long want)
{
	if (ms >= want - want / 10 && ms <= want + want * 3 / 10 + 100 * lab_slow())
		return true;
	lab_fail("%ld ms instead of %ld ms", ms, want);
	return false;
}

int wire_mss(const struct wire *w)
{
	return WIRE_MTU - 20 - (w->lab.family == AF_INET6 ? 40 : 20);
}
