// SPDX-License-Identifier: GPL-2.0
/*
 * The lying peer: choices of numbers around every edge that the kernel looks at, and the packets
 * made of them.
 */
#include <arpa/inet.h>
#include <string.h>

#include "mutate_internal.h"

/* A number near @at: mostly within a few of it, on either side. */
static uint32_t near(struct rnd *r, uint32_t at)
{
	return at + rnd_below(r, 7) - 3;
}

/* A sequence number, around each edge that RFC9293 3.10.7.4 and RFC5961 know, and far away. */
static uint32_t odd_seq(struct peer *p)
{
	struct rnd *r = &p->rnd;

	switch (rnd_below(r, 14)) {
	case 0:
		return near(r, p->acked);
	case 1:
		return near(r, p->acked + p->wnd);
	case 2:
		return p->acked + rnd_below(r, p->wnd + 1);
	case 3:
		return p->acked + rnd_below(r, 5000);
	case 4:
		return p->acked - rnd_below(r, 5000);
	case 5:
		return near(r, p->acked + 0x80000000u);
	case 6:
		return near(r, p->isn);
	case 7:
		return near(r, p->isn + 1);
	case 8:
		return rnd_u32(r);
	case 9:
		return p->acked + rnd_magnitude(r, 31);
	case 10:
		return p->acked - rnd_magnitude(r, 31);
	case 11:
		return rnd_below(r, 3);
	default:
		return p->acked;
	}
}

/* The same of acknowledgments. */
static uint32_t odd_ack(struct peer *p)
{
	struct rnd *r = &p->rnd;

	switch (rnd_below(r, 14)) {
	case 0:
		return near(r, p->rcv_max);
	case 1:
		return near(r, p->irs + 1);
	case 2:
		return p->irs + 1 + rnd_below(r, p->rcv_max - p->irs);
	case 3:
		return p->rcv_max - rnd_below(r, 3000);
	case 4:
		return near(r, p->rcv_max - 65535);
	case 5:
		return near(r, p->rcv_max - (65535u << 3));
	case 6:
		return near(r, p->rcv_max + 0x80000000u);
	case 7:
		return rnd_u32(r);
	case 8:
		return p->rcv_max + rnd_magnitude(r, 31);
	case 9:
		return p->rcv_max - rnd_magnitude(r, 31);
	case 10:
		return 0;
	case 11:
		return p->rcv_nxt;
	default:
		return p->rcv_max;
	}
}

static unsigned int odd_flags(struct rnd *r)
{
	static const unsigned int likely[] = {
		ACK, ACK, ACK, ACK | PSH, ACK | FIN, ACK | FIN | PSH, SYN, SYN | ACK, ACK | URG,
		ACK | ECE, ACK | CWR, SYN | ECE | CWR, FIN, 0, SYN | FIN, SYN | ACK | FIN,
	};

	if (rnd_one_in(r, 24))
		return RST | (rnd_one_in(r, 2) ? ACK : rnd_u32(r) & 0x1ff);
	if (rnd_one_in(r, 4))
		return rnd_u32(r) & 0x1ff & ~RST;
	return likely[rnd_below(r, ARRAY_SIZE(likely))];
}

static int odd_len(struct rnd *r)
{
	switch (rnd_below(r, 24)) {
	case 0:
		return WIRE_MTU - 40 + rnd_below(r, 9) - 4;
	case 1:
		return rnd_magnitude(r, 12);
	case 2:				/* beyond the MTU */
		return rnd_one_in(r, 8) ? rnd_magnitude(r, 16) : rnd_below(r, 4000);
	case 3:
	case 4:
	case 5:
	case 6:
		return rnd_below(r, 600);
	case 7:
	case 8:
	case 9:
	case 10:
		return 1 + rnd_below(r, 8);
	default:
		return 0;
	}
}

static unsigned int odd_win(struct rnd *r)
{
	switch (rnd_below(r, 6)) {
	case 0:
		return 0;
	case 1:
		return 1 + rnd_below(r, 8);
	case 2:
		return rnd_magnitude(r, 16);
	default:
		return 65535;
	}
}

/* RFC2018 3: blocks as nobody should send them: beyond, behind, reversed, overlapping. */
static void add_hostile_sack(struct peer *p, struct raw *raw)
{
	int n = 1 + rnd_below(&p->rnd, 4), i;
	uint8_t o[36] = { 1, 1, 5, 2 + 8 * n };

	for (i = 0; i < n; i++) {
		uint32_t left = odd_ack(p);

		put32(o + 4 + 8 * i, left);
		put32(o + 8 + 8 * i, rnd_one_in(&p->rnd, 3) ? odd_ack(p) :
		      left + rnd_magnitude(&p->rnd, 16));
	}
	raw_add(raw, o, 4 + 8 * n);
}

static uint32_t odd_tsval(struct peer *p)
{
	switch (rnd_below(&p->rnd, 6)) {
	case 0:
		return p->tsval - 1 - rnd_magnitude(&p->rnd, 31);
	case 1:
		return p->tsval + 0x80000000u;
	case 2:
		return p->tsval + rnd_magnitude(&p->rnd, rnd_one_in(&p->rnd, 16) ? 31 : 8);
	case 3:
		return 0;
	default:
		return p->tsval;
	}
}

static uint32_t odd_tsecr(struct peer *p)
{
	switch (rnd_below(&p->rnd, 4)) {
	case 0:
		return rnd_u32(&p->rnd);
	case 1:
		return p->ts_recent - rnd_magnitude(&p->rnd, 31);
	case 2:
		return p->ts_recent + rnd_magnitude(&p->rnd, 31);
	default:
		return 0;
	}
}

static void add_noise(struct peer *p, struct raw *raw)
{
	static const uint8_t kinds[] = { 0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34, 69, 253, 254 };
	uint8_t o[40];
	int len = rnd_below(&p->rnd, 41), i;

	for (i = 0; i < len; i++)
		o[i] = rnd_one_in(&p->rnd, 3) ? rnd_u32(&p->rnd) :
		       kinds[rnd_below(&p->rnd, sizeof(kinds))];
	raw_add(raw, o, len);
}

/* An option of any kind, with a length of its own or any other. */
static void add_one(struct peer *p, struct raw *raw)
{
	static const uint8_t own[][2] = {
		{ 2, 4 }, { 3, 3 }, { 4, 2 }, { 5, 10 }, { 8, 10 }, { 19, 18 }, { 28, 4 },
		{ 29, 16 }, { 30, 12 }, { 34, 10 }, { 254, 6 },
	};
	const uint8_t *k = own[rnd_below(&p->rnd, ARRAY_SIZE(own))];
	uint8_t o[40] = { 0 };
	int i;

	for (i = 2; i < k[1]; i++)
		o[i] = rnd_u32(&p->rnd);
	o[0] = k[0];
	o[1] = rnd_one_in(&p->rnd, 3) ? rnd_magnitude(&p->rnd, 8) : k[1];
	raw_add(raw, o, k[1]);
}

static void odd_options(struct peer *p, struct raw *raw)
{
	switch (rnd_below(&p->rnd, 8)) {
	case 0:
		break;				/* none, though agreed on */
	case 1:
		raw_add_timestamps(raw, odd_tsval(p), odd_tsecr(p));
		break;
	case 2:
		add_noise(p, raw);
		break;
	case 3:
		add_one(p, raw);
		raw_add_usual(p, raw);
		add_one(p, raw);
		break;
	case 4:
		raw_add_usual(p, raw);
		add_hostile_sack(p, raw);
		break;
	default:
		raw_add_usual(p, raw);
	}
}

/*
 * A data offset that lies. Where the kernel can believe it, the payload begins where it says, so
 * that the stream stays true.
 */
static void odd_offset(struct peer *p, struct raw *raw)
{
	raw->doff = rnd_below(&p->rnd, 16);
	if (raw->doff < 5)
		return;
	raw->hlen = raw->doff * 4;
	if (raw->optlen > raw->hlen - 20)
		raw->optlen = raw->hlen - 20;
	while (raw->optlen < raw->hlen - 20)
		raw->opt[raw->optlen++] = rnd_u32(&p->rnd);
	if (rnd_one_in(&p->rnd, 2)) {
		raw->cut = 1 + rnd_below(&p->rnd, raw->hlen);
		raw->len = 0;
	}
}

static void odd_address(struct peer *p, struct raw *raw)
{
	static const uint8_t v4[][4] = {
		{ 0 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 }, { 255, 255, 255, 255 },
		{ 192, 0, 2, 255 }, { 192, 0, 2, 1 }, { 240, 0, 0, 1 },
	};

	if (!six(p)) {
		memcpy(raw->src, v4[rnd_below(&p->rnd, ARRAY_SIZE(v4))], 4);
		return;
	}
	switch (rnd_below(&p->rnd, 4)) {
	case 0:
		memset(raw->src, 0, 16);
		break;
	case 1:					/* ::1, and v4-mapped */
		memset(raw->src, 0, 15);
		raw->src[15] = 1;
		if (rnd_one_in(&p->rnd, 2))
			memset(raw->src + 10, 0xff, 2);
		break;
	case 2:
		raw->src[0] = 0xff;
		raw->src[1] = 2;
		break;
	default:
		memcpy(raw->src, p->kaddr, 16);
	}
}

/* What is around the segment: checksum, addresses, ports, IP's own fields. */
static void odd_envelope(struct peer *p, struct raw *raw)
{
	struct rnd *r = &p->rnd;

	switch (rnd_below(r, 10)) {
	case 0:
	case 1:
		raw->badsum = true;
		break;
	case 2:
		odd_offset(p, raw);
		break;
	case 3:
		raw->cut = 1 + rnd_below(r, 20 + raw->optlen + raw->len);
		break;
	case 4:
		raw->junk = 1 + rnd_below(r, 64);
		break;
	case 5:
		raw->ip_odd = true;
		break;
	case 6:
		raw->ttl = rnd_below(r, 256);
		break;
	case 7:
		raw->tos = rnd_below(r, 256);
		break;
	case 8:
		odd_address(p, raw);
		break;
	default:
		if (rnd_one_in(r, 2))
			raw->sport = rnd_magnitude(r, 16);
		else
			raw->dport = rnd_magnitude(r, 16);
	}
}

void mutate_segment(struct peer *p)
{
	struct rnd *r = &p->rnd;
	struct raw raw;

	raw_begin(p, &raw, odd_flags(r));
	raw.seq = odd_seq(p);
	raw.ack = rnd_one_in(r, 2) ? odd_ack(p) : p->rcv_max;
	raw.win = odd_win(r);
	if (raw.flags & URG || rnd_one_in(r, 32))
		raw.urg = rnd_one_in(r, 2) ? rnd_below(r, 20) : rnd_magnitude(r, 16);
	raw.len = odd_len(r);
	if (raw.len && rnd_one_in(r, 3))
		raw.seq -= raw.len;		/* ends at an edge */
	odd_options(p, &raw);
	if (rnd_one_in(r, 8))
		odd_envelope(p, &raw);
	/* it may be taken for the answer to the kernel's, whatever it says */
	if (raw.flags & SYN && p->open)
		p->unsure = true;
	raw_send(p, &raw);
}

void mutate_plausible(struct peer *p)
{
	struct rnd *r = &p->rnd;
	uint32_t len = rnd_one_in(r, 2) ? 0 : 1 + rnd_below(r, rnd_one_in(r, 4) ? 1400 : 200);
	struct raw raw;

	if (p->syn_seen && rnd_one_in(r, 2)) {
		/* the answer that the kernel waits for */
		p->syn_seen = false;
		peer_send(p, p->snd_nxt == p->isn ? SYN | ACK : ACK, 0, 0);
		return;
	}
	if (len > p->wnd)
		len = p->wnd;
	raw_begin(p, &raw, rnd_one_in(r, 2) ? ACK : ACK | PSH);
	raw.len = len;
	if (rnd_one_in(r, 4))
		raw.seq += rnd_below(r, 4) * 100;	/* a gap, to be filled some day */
	if (rnd_one_in(r, 4))
		raw.ack = p->rcv_nxt;
	if (rnd_one_in(r, 16))
		raw.win = odd_win(r);
	p->tsval++;
	raw_add_usual(p, &raw);
	raw_send(p, &raw);
	if (raw.seq == p->snd_nxt)
		p->snd_nxt += len;
}

void mutate_flood(struct peer *p)
{
	uint32_t edge = p->acked + p->wnd, over = rnd_below(&p->rnd, 4) * 500;
	int n;

	for (n = 0; n < 24; n++) {
		uint32_t room = edge - p->snd_nxt, len = 1 + rnd_below(&p->rnd, 2800);

		if ((int32_t)(room + over) <= 0)
			break;
		/* the last one often ends at the edge, or within an octet or two of it */
		if ((int32_t)room > 0 && len > room && rnd_one_in(&p->rnd, 2))
			len = near(&p->rnd, room);
		peer_send(p, ACK, len < 1 || len > 2803 ? 1 : len, 0);
	}
}

/* The kernel's segment that a router would quote: its IP header and the beginning of the rest. */
static int put_quoted(struct peer *p, uint8_t *q)
{
	uint8_t *t = q + (six(p) ? 40 : 20);
	int len = rnd_one_in(&p->rnd, 4) ? 20 + rnd_below(&p->rnd, 40) : 8;

	memset(q, 0, 40 + 64);
	if (six(p)) {
		q[0] = 0x60;
		put16(q + 4, 20 + rnd_below(&p->rnd, 1400));
		q[6] = p->lab->proto;
		q[7] = 63;
		memcpy(q + 8, p->kaddr, 16);
		memcpy(q + 24, p->paddr, 16);
	} else {
		q[0] = 0x45;
		put16(q + 2, 40 + rnd_below(&p->rnd, 1400));
		put16(q + 6, 0x4000);
		q[8] = 63;
		q[9] = p->lab->proto;
		memcpy(q + 12, p->kaddr, 4);
		memcpy(q + 16, p->paddr, 4);
		put16(q + 10, ~sum16(q, 20, 0));
	}
	put16(t, p->kport);
	put16(t + 2, p->pport);
	put32(t + 4, rnd_one_in(&p->rnd, 3) ? odd_ack(p) :
	      p->rcv_nxt - rnd_below(&p->rnd, 3) + rnd_below(&p->rnd, 2));
	put32(t + 8, p->acked);
	t[12] = 0x50;
	t[13] = ACK;
	if (rnd_one_in(&p->rnd, 16))
		len = rnd_below(&p->rnd, 8);
	return t - q + len;
}

static uint32_t odd_mtu(struct rnd *r)
{
	static const uint32_t mtus[] = {
		0, 1, 20, 40, 67, 68, 69, 128, 295, 296, 512, 551, 552, 553, 576, 1006, 1279, 1280,
		1281, 1400, 1499, 1500, 1501, 9000, 65535, 0xffffffff,
	};

	return rnd_one_in(r, 8) ? rnd_u32(r) : mtus[rnd_below(r, ARRAY_SIZE(mtus))];
}

static int put_icmp4(struct peer *p, uint8_t *ic)
{
	static const uint8_t others[] = { 4, 11, 12 };
	struct rnd *r = &p->rnd;
	int len = 8 + put_quoted(p, ic + 8);

	memset(ic, 0, 8);
	switch (rnd_below(r, 6)) {
	case 0:
	case 1:					/* fragmentation needed */
		ic[0] = 3;
		ic[1] = 4;
		put16(ic + 6, odd_mtu(r));
		break;
	case 2:
		ic[0] = 3;
		ic[1] = rnd_below(r, 17);
		break;
	case 3:					/* source quench; time exceeded; bad parameter */
		ic[0] = others[rnd_below(r, ARRAY_SIZE(others))];
		ic[1] = rnd_below(r, 3);
		break;
	case 4:					/* redirect, to a host on the link */
		ic[0] = 5;
		ic[1] = rnd_below(r, 4);
		memcpy(ic + 4, (uint8_t[]){ 192, 0, 2, 240 + rnd_below(r, 16) }, 4);
		break;
	default:
		ic[0] = rnd_u32(r);
		ic[1] = rnd_u32(r);
		put32(ic + 4, rnd_u32(r));
	}
	put16(ic + 2, ~sum16(ic, len, 0));
	return len;
}

static int put_icmp6(struct peer *p, const struct raw *raw, uint8_t *ic)
{
	struct rnd *r = &p->rnd;
	int len = 8 + put_quoted(p, ic + 8);

	memset(ic, 0, 8);
	switch (rnd_below(r, 5)) {
	case 0:
	case 1:					/* packet too big */
		ic[0] = 2;
		put32(ic + 4, odd_mtu(r));
		break;
	case 2:					/* unreachable */
		ic[0] = 1;
		ic[1] = rnd_below(r, 8);
		break;
	case 3:					/* time exceeded; bad parameter */
		ic[0] = 3 + rnd_below(r, 2);
		ic[1] = rnd_below(r, 3);
		put32(ic + 4, rnd_below(r, 64));
		break;
	default:				/* redirect, and what there may be */
		ic[0] = rnd_one_in(r, 2) ? 137 : rnd_u32(r) & 0x7f;
		ic[1] = rnd_below(r, 4);
	}
	put16(ic + 2, raw_pseudo(p, raw->src, p->kaddr, 58, ic, len));
	return len;
}

void mutate_icmp(struct peer *p)
{
	uint8_t pkt[400], *body = pkt + (six(p) ? 40 : 20);
	struct raw raw;
	int len;

	raw_begin(p, &raw, 0);
	raw.next = six(p) ? 58 : 1;
	raw.ttl = 255;
	if (!six(p) && rnd_one_in(&p->rnd, 2))
		memcpy(raw.src, (uint8_t[]){ 192, 0, 2, 254 }, 4);	/* the router */
	len = six(p) ? put_icmp6(p, &raw, body) : put_icmp4(p, body);
	if (six(p))
		raw_put_ip6(p, &raw, pkt, len);
	else
		raw_put_ip4(p, &raw, pkt, len);
	if (!six(p))
		put16(pkt + 10, ~sum16(pkt, 20, 0));
	raw_emit(p, pkt, body - pkt + len);
}
