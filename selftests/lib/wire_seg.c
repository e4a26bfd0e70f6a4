// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of a packet: header and options of RFC 9293 behind an IPv4 or IPv6 header, with the
 * pseudo-header of whichever protocol number is under test.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "wire_internal.h"

/* RFC 9293 3.1: the checksum covers a pseudo-header, here with the protocol's own number. */
static uint16_t checksum(const struct wire *w, const uint8_t *addrs, const uint8_t *seg, int len)
{
	uint32_t s = sum16(addrs, w->lab.family == AF_INET6 ? 32 : 8, 0);

	s += w->lab.proto;
	s += len;
	return ~sum16(seg, len, s);
}

/* The options of @s; returns their length, padded to words. */
static int put_options(struct wire *w, const struct wire_seg *s, uint8_t *o)
{
	struct wire_flow *f = w->f;
	long tsval = s->tsval;
	int n = 0, i;

	if (tsval == WIRE_AUTO)
		tsval = f->ts_sent && f->ts_got && !(s->flags & RST) ? (long)f->tsval : WIRE_NONE;
	if (s->mss != WIRE_NONE) {
		o[n] = 2;
		o[n + 1] = 4;
		put16(o + n + 2, s->mss);
		n += 4;
	}
	if (s->sackok != WIRE_NONE) {
		o[n] = 4;
		o[n + 1] = 2;
		n += 2;
	}
	if (tsval != WIRE_NONE) {
		o[n] = 8;
		o[n + 1] = 10;
		put32(o + n + 2, tsval);
		put32(o + n + 6, s->tsecr == WIRE_AUTO ? (s->flags & ACK ? f->ts_recent : 0) :
		      (uint32_t)s->tsecr);
		n += 10;
	}
	if (s->ws != WIRE_NONE) {
		o[n] = 3;
		o[n + 1] = 3;
		o[n + 2] = s->ws;
		n += 3;
	}
	if (s->nsack != WIRE_NONE) {
		o[n] = 5;
		o[n + 1] = 2 + 8 * s->nsack;
		n += 2;
		for (i = 0; i < s->nsack; i++, n += 8) {
			put32(o + n, f->irs + s->sack[i].left);
			put32(o + n + 4, f->irs + s->sack[i].right);
		}
	}
	if (s->fo != WIRE_NONE) {
		o[n] = 34;
		o[n + 1] = 2 + s->fo;
		if (s->fo)
			memcpy(o + n + 2, s->cookie, s->fo);
		n += 2 + s->fo;
	}
	if (s->optlen) {
		memcpy(o + n, s->opt, s->optlen);
		n += s->optlen;
	}
	while (n % 4)
		o[n++] = s->optlen ? 0 : 1;
	return n;
}

/* Destination options (RFC8200 4.6) between IP and the segment. */
static int put_ip6(struct wire *w, const struct wire_seg *s, uint8_t *pkt, int len)
{
	int ext = s->ipoptlen ? 2 + s->ipoptlen : 0;

	memset(pkt, 0, 40);
	pkt[0] = 0x60 | (s->tos >> 4 & 0xf);
	pkt[1] = s->tos << 4;
	put16(pkt + 4, ext + len);
	pkt[6] = ext ? IPPROTO_DSTOPTS : w->lab.proto;
	pkt[7] = s->ttl ? s->ttl : 64;
	inet_pton(AF_INET6, s->from ? s->from : wire_peer_addr(w), pkt + 8);
	inet_pton(AF_INET6, s->to ? s->to : wire_kernel_addr(w), pkt + 24);
	if (ext) {
		pkt[40] = w->lab.proto;
		pkt[41] = ext / 8 - 1;
		memcpy(pkt + 42, s->ipopt, s->ipoptlen);
	}
	return 40 + ext;
}

static int put_ip4(struct wire *w, const struct wire_seg *s, uint8_t *pkt, int len)
{
	int header = 20 + s->ipoptlen;

	memset(pkt, 0, 20);
	pkt[0] = 0x40 | header / 4;
	pkt[1] = s->tos;
	put16(pkt + 2, header + len);
	put16(pkt + 6, 0x4000);
	pkt[8] = s->ttl ? s->ttl : 64;
	pkt[9] = w->lab.proto;
	inet_pton(AF_INET, s->from ? s->from : wire_peer_addr(w), pkt + 12);
	inet_pton(AF_INET, s->to ? s->to : wire_kernel_addr(w), pkt + 16);
	if (s->ipoptlen)
		memcpy(pkt + 20, s->ipopt, s->ipoptlen);
	put16(pkt + 10, ~sum16(pkt, header, 0));
	return header;
}

static int put_ip(struct wire *w, const struct wire_seg *s, uint8_t *pkt, int len)
{
	return w->lab.family == AF_INET6 ? put_ip6(w, s, pkt, len) : put_ip4(w, s, pkt, len);
}

static int ip_header(const struct wire *w, const struct wire_seg *s)
{
	if (w->lab.family == AF_INET6)
		return 40 + (s->ipoptlen ? 2 + s->ipoptlen : 0);
	return 20 + s->ipoptlen;
}

/* Write the packet for @s, all of whose numbers but .tsval and .tsecr are settled; its length. */
int wire_build(struct wire *w, const struct wire_seg *s, uint8_t *pkt)
{
	int iphl = ip_header(w, s);
	uint8_t *t = pkt + iphl;
	int hlen, len;

	memset(t, 0, 20);
	hlen = 20 + put_options(w, s, t + 20);
	len = hlen + s->len;
	put16(t, w->f->pport);
	put16(t + 2, w->f->kport);
	put32(t + 4, w->f->isn + (uint32_t)s->seq);
	put32(t + 8, s->flags & ACK ? w->f->irs + (uint32_t)s->ack : 0);
	t[12] = (s->doff ? s->doff : hlen / 4) << 4 | (s->flags & AE ? 1 : 0);
	t[13] = s->flags;
	put16(t + 14, s->win);
	put16(t + 18, s->urg);
	if (s->len && s->data)
		memcpy(t + hlen, s->data, s->len);
	else if (s->len)
		lab_fill(t + hlen, LAB_TO_KERNEL, s->seq - 1 + !!(s->flags & SYN), s->len);

	len -= s->cut;
	put_ip(w, s, pkt, len);
	put16(t + 16, checksum(w, w->lab.family == AF_INET6 ? pkt + 8 : pkt + 12, t, len));
	if (s->badsum)
		t[17] ^= 0x55;
	return iphl + len;
}

static int get_options(const uint8_t *o, int len, struct wire_got *g, uint32_t base)
{
	struct wire_seg *s = &g->s;
	int i;

	s->mss = WIRE_NONE;
	s->ws = WIRE_NONE;
	s->sackok = WIRE_NONE;
	s->tsval = WIRE_NONE;
	s->tsecr = WIRE_NONE;
	s->nsack = WIRE_NONE;
	s->fo = WIRE_NONE;
	while (len > 0) {
		int n;

		if (o[0] == 0) {
			while (--len)
				if (*++o)	/* RFC9293 MUST-69 */
					return lab_fail("padding that is not zero");
			return 0;
		}
		if (o[0] == 1) {
			o++;
			len--;
			continue;
		}
		if (len < 2 || o[1] < 2 || o[1] > len)	/* RFC9293 MUST-68 */
			return lab_fail("malformed option %d in a segment from the kernel", o[0]);
		n = o[1];
		if (o[0] == 2 && n == 4) {
			s->mss = get16(o + 2);
		} else if (o[0] == 3 && n == 3) {
			s->ws = o[2];
		} else if (o[0] == 4 && n == 2) {
			s->sackok = 1;
		} else if (o[0] == 8 && n == 10) {
			s->tsval = get32(o + 2);
			s->tsecr = get32(o + 6);
		} else if (o[0] == 5 && n >= 10 && (n - 2) % 8 == 0) {
			s->nsack = (n - 2) / 8;
			for (i = 0; i < s->nsack && i < WIRE_MAX_SACK; i++) {
				s->sack[i].left = (int32_t)(get32(o + 2 + 8 * i) - base);
				s->sack[i].right = (int32_t)(get32(o + 6 + 8 * i) - base);
			}
		}
		if (o[0] == 34 && n <= 18) {
			s->fo = n - 2;
			memcpy(g->cookie, o + 2, s->fo);
		}
		o += n;
		len -= n;
	}
	return 0;
}

static struct wire_flow *flow_of(struct wire *w, int kport, int pport)
{
	int i;

	for (i = w->nflow - 1; i >= 0; i--)
		if (w->flow[i].pport == pport &&
		    (!w->flow[i].kport || w->flow[i].kport == kport))
			return &w->flow[i];
	return NULL;
}

/* Read a packet; a segment of the protocol under test must be without fault to be WIRE_GOOD. */
enum wire_parsed wire_parse(struct wire *w, const uint8_t *pkt, int len, struct wire_got *g,
			    int *kport, int *pport)
{
	bool v6 = w->lab.family == AF_INET6;
	const uint8_t *addrs = v6 ? pkt + 8 : pkt + 12;
	int iphl = v6 ? 40 : 20, hlen, total;
	const struct wire_flow *f;
	const uint8_t *t;

	if (len < iphl + 20 || pkt[0] >> 4 != (v6 ? 6 : 4))
		return WIRE_FOREIGN;
	if (v6 ? pkt[6] != w->lab.proto : pkt[9] != w->lab.proto)
		return WIRE_FOREIGN;
	if (!v6) {
		iphl = (pkt[0] & 0xf) * 4;
		if (sum16(pkt, iphl, 0) != 0xffff)
			return lab_fail("IPv4 header checksum wrong");
	}
	total = v6 ? 40 + get16(pkt + 4) : get16(pkt + 2);
	if (total != len)
		return lab_fail("IP length %d of a packet of %d bytes", total, len);

	t = pkt + iphl;
	len -= iphl;
	hlen = (t[12] >> 4) * 4;
	if (hlen < 20 || hlen > len)
		return lab_fail("data offset %d in a segment of %d bytes", hlen, len);
	if (checksum(w, addrs, t, len) != 0)		/* RFC9293 MUST-2 */
		return lab_fail("checksum of a segment from the kernel is wrong");

	memset(&g->s, 0, sizeof(g->s));
	*kport = get16(t);
	*pport = get16(t + 2);
	g->seq = get32(t + 4);
	g->ack = get32(t + 8);
	g->s.flags = t[13] | (t[12] & 1 ? AE : 0);
	g->s.win = get16(t + 14);
	g->s.urg = get16(t + 18);
	g->s.len = len - hlen;
	g->s.tos = v6 ? (pkt[0] & 0xf) << 4 | pkt[1] >> 4 : pkt[1];
	g->s.ttl = v6 ? pkt[7] : pkt[8];
	g->label = v6 ? get32(pkt) & 0xfffff : 0;
	memcpy(g->payload, t + hlen, g->s.len);
	f = flow_of(w, *kport, *pport);
	return get_options(t + 20, hlen - 20, g, f ? f->isn : 0) ? WIRE_BROKEN : WIRE_GOOD;
}
