// SPDX-License-Identifier: GPL-2.0
/* Segments in words, and the ladder that a failing test prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire_internal.h"

#define LADDER_MAX	400
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char * const flag_names[] = {
	"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE",
};

static const char * const ecn_names[] = { "", "ECT(1)", "ECT(0)", "CE" };

static int add_num(char *p, const char *name, long v)
{
	if (v == WIRE_ANY || v == WIRE_AUTO)
		return 0;
	if (v == WIRE_NONE)
		return sprintf(p, " no-%s", name);
	if (v == WIRE_SOME)
		return sprintf(p, " %s?", name);
	return sprintf(p, " %s %ld", name, v);
}

/* An option that is not there is not worth a word in the ladder, but is in an expectation. */
static int add_opt(char *p, const char *name, long v, bool expectation)
{
	return v == WIRE_NONE && !expectation ? 0 : add_num(p, name, v);
}

/* One segment in words; up to four calls' results are valid at once. */
const char *wire_text(const struct wire_seg *s)
{
	bool expectation = s->win == WIRE_ANY || s->tos == WIRE_ANY;
	static char ring[4][512];
	static int turn;
	char *buf = ring[turn++ % 4], *p = buf;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (s->flags & 1 << i)
			p += sprintf(p, "%s%s", p == buf ? "" : "|", flag_names[i]);
	if (p == buf)
		p += sprintf(p, "no flags");
	p += add_num(p, "seq", s->seq);
	if (s->flags & ACK)
		p += add_num(p, "ack", s->ack);
	if (s->len)
		p += add_num(p, "len", s->len);
	p += add_num(p, "win", s->win);
	p += add_opt(p, "mss", s->mss, expectation);
	p += add_opt(p, "ws", s->ws, expectation);
	p += add_opt(p, "sackOK", s->sackok, expectation);
	p += add_opt(p, "TSval", s->tsval, expectation);
	if (s->tsval != WIRE_NONE)
		p += add_opt(p, "TSecr", s->tsecr, expectation);
	for (i = 0; s->nsack > 0 && i < s->nsack && i < WIRE_MAX_SACK; i++)
		p += sprintf(p, " sack %ld-%ld", s->sack[i].left, s->sack[i].right);
	p += add_opt(p, "FO", s->fo, expectation);
	if (s->urg && s->flags & URG)
		p += add_num(p, "urg", s->urg);
	if (s->optlen)
		p += sprintf(p, " +%d raw option bytes", s->optlen);
	if (s->tos != WIRE_ANY && s->tos & 3)
		p += sprintf(p, " %s", ecn_names[s->tos & 3]);
	if (s->badsum)
		p += sprintf(p, " (bad checksum)");
	if (s->doff)
		p += sprintf(p, " (data offset %d)", s->doff);
	if (s->cut)
		p += sprintf(p, " (cut by %d)", s->cut);
	return buf;
}

/* Add a line to the ladder. */
void wire_note(struct wire *w, const char *fmt, ...)
{
	int64_t us = lab_now_us() - w->start_us;
	char line[700];
	va_list ap;
	int n;

	if (!w->ladder)
		w->ladder = calloc(LADDER_MAX, sizeof(*w->ladder));
	n = snprintf(line, sizeof(line), "%4lld.%06lld  ", (long long)(us / 1000000),
		     (long long)(us % 1000000));
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	free(w->ladder[w->nladder % LADDER_MAX]);
	w->ladder[w->nladder++ % LADDER_MAX] = strdup(line);
}

/* Note a segment that crossed the wire. */
void wire_record(struct wire *w, bool from_kernel, const struct wire_flow *f,
		 const struct wire_seg *s)
{
	wire_note(w, "%s  port %d: %s", from_kernel ? "peer <- kernel" : "peer -> kernel",
		  f ? f->pport : 0, wire_text(s));
}

/* Print what crossed the wire so far, and what waits unread. */
void wire_ladder(struct wire *w)
{
	int i = w->nladder > LADDER_MAX ? w->nladder - LADDER_MAX : 0;
	struct wire_got *g;
	int f;

	printf("# the wire so far (protocol %d, %s to %s):\n", w->lab.proto, wire_peer_addr(w),
	       wire_kernel_addr(w));
	for (; i < w->nladder; i++)
		printf("#   %s\n", w->ladder[i % LADDER_MAX]);
	for (f = 0; f < w->nflow; f++)
		for (g = w->flow[f].head; g; g = g->next)
			printf("#   not yet taken, port %d: %s\n", w->flow[f].pport,
			       wire_text(&g->s));
	fflush(stdout);
}
