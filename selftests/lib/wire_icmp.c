// SPDX-License-Identifier: GPL-2.0
/* ICMP errors from a router between the kernel and the peer, with the segment that they quote. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"
#include "wire_internal.h"

#define ICMP4	1
#define ICMP6	58

/* RFC 792 and RFC 1812 5.2.7.1; RFC 4443 3; the errno is what Linux gives a program for it. */
const struct wire_trouble wire_troubles[] = {
	[WIRE_NET_UNREACH]	= { "network unreachable, no route", { 3, 0, ENETUNREACH },
				    { 1, 0, ENETUNREACH } },
	[WIRE_HOST_UNREACH]	= { "host or address unreachable", { 3, 1, EHOSTUNREACH },
				    { 1, 3, EHOSTUNREACH } },
	[WIRE_PORT_UNREACH]	= { "port unreachable", { 3, 3, ECONNREFUSED },
				    { 1, 4, ECONNREFUSED } },
	[WIRE_PROTO_UNREACH]	= { "protocol unreachable, next header unknown",
				    { 3, 2, ENOPROTOOPT }, { 4, 1, EPROTO } },
	[WIRE_PROHIBITED]	= { "administratively prohibited", { 3, 13, EHOSTUNREACH },
				    { 1, 1, EACCES } },
	[WIRE_TIME_EXCEEDED]	= { "time exceeded in transit", { 11, 0, EHOSTUNREACH },
				    { 3, 0, EHOSTUNREACH } },
	[WIRE_PARAMETER]	= { "parameter problem", { 12, 0, EPROTO }, { 4, 0, EPROTO } },
	[WIRE_TOO_BIG]		= { "fragmentation needed, packet too big", { 3, 4, EMSGSIZE },
				    { 2, 0, EMSGSIZE } },
};

const int wire_ntroubles = sizeof(wire_troubles) / sizeof(wire_troubles[0]);

const char *wire_router_addr(const struct wire *w)
{
	return w->lab.family == AF_INET6 ? "2001:db8::fe" : "192.0.2.254";
}

int wire_errno(const struct wire *w, const struct wire_trouble *t)
{
	return w->lab.family == AF_INET6 ? t->v6.err : t->v4.err;
}

/* An IP header of either family; returns its length. */
static int put_header(const struct wire *w, uint8_t *p, const char *from, const char *to, int proto,
		      int len)
{
	if (w->lab.family == AF_INET6) {
		memset(p, 0, 40);
		p[0] = 0x60;
		put16(p + 4, len);
		p[6] = proto;
		p[7] = 63;
		inet_pton(AF_INET6, from, p + 8);
		inet_pton(AF_INET6, to, p + 24);
		return 40;
	}
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, 20 + len);
	put16(p + 6, 0x4000);
	p[8] = 63;
	p[9] = proto;
	inet_pton(AF_INET, from, p + 12);
	inet_pton(AF_INET, to, p + 16);
	put16(p + 10, ~sum16(p, 20, 0));
	return 20;
}

/* The segment of the kernel's that is complained of: header, and some text. */
static int put_quote(const struct wire *w, uint8_t *p, long seq, int text)
{
	const struct wire_flow *f = w->f;
	int n = put_header(w, p, wire_kernel_addr(w), wire_peer_addr(w), w->lab.proto, 20 + text);
	uint8_t *t = p + n;

	memset(t, 0, 20);
	put16(t, f->kport);
	put16(t + 2, f->pport);
	put32(t + 4, f->irs + (uint32_t)seq);
	put32(t + 8, f->isn + (uint32_t)f->snd_nxt);
	t[12] = 5 << 4;
	t[13] = ACK;
	if (text)
		lab_fill(t + 20, LAB_TO_PEER, seq - 1, text);
	return n + 20 + text;
}

int __wire_icmp(struct wire *w, const struct wire_trouble *t, const struct wire_icmp *i)
{
	const char *from = i->from ? i->from : wire_router_addr(w);
	bool v6 = w->lab.family == AF_INET6;
	static uint8_t pkt[2048];
	int hdr = v6 ? 40 : 20, len;
	uint8_t *ic = pkt + hdr;
	long seq = i->seq;
	uint32_t sum = 0;

	if (seq == WIRE_AUTO && !w->last)
		return lab_fail("no segment to complain of");
	if (seq == WIRE_AUTO)
		seq = w->last->s.seq;
	len = 8 + put_quote(w, ic + 8, seq, i->full);
	memset(ic, 0, 8);
	ic[0] = v6 ? t->v6.type : t->v4.type;
	ic[1] = v6 ? t->v6.code : t->v4.code;
	put32(ic + 4, i->info);
	put_header(w, pkt, from, wire_kernel_addr(w), v6 ? ICMP6 : ICMP4, len);
	if (v6)
		sum = sum16(pkt + 8, 32, ICMP6 + len);
	put16(ic + 2, ~sum16(ic, len, sum));
	wire_note(w, "-- %s, about seq %ld", t->name, seq);
	if (write(w->tun, pkt, hdr + len) != hdr + len)
		return lab_fail("write to the TUN device: %s", strerror(errno));
	return 0;
}

/* Any message, from the peer itself. */
int __wire_icmp_as(struct wire *w, int type, int code, long seq)
{
	const struct wire_trouble t = {
		.name = "ICMP", .v4 = { type, code }, .v6 = { type, code },
	};

	return __wire_icmp(w, &t, &(struct wire_icmp){ .seq = seq, .from = wire_peer_addr(w) });
}
