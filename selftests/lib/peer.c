// SPDX-License-Identifier: GPL-2.0
/*
 * The lying peer's honest half: where the connection stands, the octets of the packets that it
 * sends, and what must hold for those that come.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mutate_internal.h"

uint32_t rnd_u32(struct rnd *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 16;
}

uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return n ? (uint64_t)rnd_u32(r) * n >> 32 : 0;
}

bool rnd_one_in(struct rnd *r, uint32_t n)
{
	return !rnd_below(r, n);
}

/* A number in which each order of magnitude up to 2^@bits is as likely as any other. */
uint32_t rnd_magnitude(struct rnd *r, int bits)
{
	int n = rnd_below(r, bits + 1);

	return n ? rnd_u32(r) >> (32 - n) : 0;
}

void rnd_seed(struct rnd *r, uint64_t a, uint64_t b)
{
	r->state = a * 0xd1342543de82ef95ULL + b;
	rnd_u32(r);
	r->state ^= (uint64_t)rnd_u32(r) << 32;
}

static void tell(const struct peer *p, const char *who, unsigned int flags, uint32_t seq,
		 uint32_t ack, int len)
{
	static const char letters[] = "FSRPAUEC";
	char text[9], *at = text;
	int i;

	for (i = 0; i < 8; i++)
		if (flags & 1 << i)
			*at++ = letters[i];
	*at = 0;
	printf("# %s %d-%d [%s] seq %d ack %d len %d\n", who, p->kport, p->pport, text,
	       seq - (*who == '<' ? p->irs : p->isn), ack - (*who == '<' ? p->isn : p->irs), len);
}

void raw_begin(struct peer *p, struct raw *r, unsigned int flags)
{
	memset(r, 0, sizeof(*r));
	r->flags = flags;
	r->seq = p->snd_nxt;
	r->ack = p->rcv_max;
	r->win = 65535;
	r->doff = -1;
	r->hlen = -1;
	r->sport = p->pport;
	r->dport = p->kport;
	memcpy(r->src, p->paddr, 16);
	r->ttl = 64;
	r->next = p->lab->proto;
}

void raw_add(struct raw *r, const void *bytes, int len)
{
	if (r->optlen + len > 40)
		return;
	memcpy(r->opt + r->optlen, bytes, len);
	r->optlen += len;
}

void raw_add_timestamps(struct raw *r, uint32_t val, uint32_t ecr)
{
	uint8_t o[12] = { 1, 1, 8, 10 };

	put32(o + 4, val);
	put32(o + 8, ecr);
	raw_add(r, o, 12);
}

/* The options that belong there: in a SYN those of the offer, later timestamps. */
void raw_add_usual(struct peer *p, struct raw *r)
{
	if (r->flags & SYN) {
		if (p->opt & PEER_MSS)
			raw_add(r, (uint8_t[]){ 2, 4, 5, 0xb4 }, 4);
		if (p->opt & PEER_SACK)
			raw_add(r, (uint8_t[]){ 1, 1, 4, 2 }, 4);
		if (p->opt & PEER_WS)
			raw_add(r, (uint8_t[]){ 1, 3, 3, 3 }, 4);
	}
	if (p->opt & PEER_TS)
		raw_add_timestamps(r, p->tsval, r->flags & ACK ? p->ts_recent : 0);
}

uint16_t raw_pseudo(const struct peer *p, const uint8_t *src, const uint8_t *dst, int proto,
		    const uint8_t *body, int len)
{
	uint32_t s = sum16(src, addr_len(p), 0);

	s = sum16(dst, addr_len(p), s);
	return ~sum16(body, len, s + proto + len);
}

/*
 * The payload at a sequence number. What lies before the stream's beginning is its end: 2^32 octets
 * later is the same place.
 */
static void put_payload(const struct peer *p, const struct raw *r, uint8_t *to)
{
	uint32_t off = r->seq - p->isn - 1 + !!(r->flags & SYN);
	uint32_t before = (uint32_t)r->len > -off ? -off : 0;

	lab_fill(to, LAB_TO_KERNEL, off, before ? before : (uint32_t)r->len);
	if (before)
		lab_fill(to + before, LAB_TO_KERNEL, 0, r->len - before);
}

/* Octets of the segment itself; returns their number. */
static int put_tcp(struct peer *p, struct raw *r, uint8_t *t)
{
	int hlen;

	while (r->optlen % 4)
		r->opt[r->optlen++] = 0;
	hlen = r->hlen >= 0 ? r->hlen : 20 + r->optlen;
	memset(t, 0, 20);
	put16(t, r->sport);
	put16(t + 2, r->dport);
	put32(t + 4, r->seq);
	put32(t + 8, r->ack);
	t[12] = (r->doff >= 0 ? r->doff : hlen / 4) << 4 | (r->flags & AE ? 1 : 0);
	t[13] = r->flags;
	put16(t + 14, r->win);
	put16(t + 18, r->urg);
	memset(t + 20, 0, 44);
	memcpy(t + 20, r->opt, r->optlen);
	put_payload(p, r, t + hlen);
	put16(t + 16, raw_pseudo(p, r->src, p->kaddr, p->lab->proto, t, hlen + r->len));
	if (r->badsum)
		t[16 + rnd_below(&p->rnd, 2)] ^= 1 << rnd_below(&p->rnd, 8);
	return hlen + r->len;
}

int raw_put_ip4(struct peer *p, const struct raw *r, uint8_t *ip, int len)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = r->tos;
	put16(ip + 2, 20 + len);
	put16(ip + 4, rnd_u32(&p->rnd));
	put16(ip + 6, 0x4000);
	ip[8] = r->ttl;
	ip[9] = r->next;
	memcpy(ip + 12, r->src, 4);
	memcpy(ip + 16, p->kaddr, 4);
	return 20;
}

int raw_put_ip6(struct peer *p, const struct raw *r, uint8_t *ip, int len)
{
	memset(ip, 0, 40);
	ip[0] = 0x60 | (r->tos >> 4 & 0xf);
	ip[1] = r->tos << 4;
	put16(ip + 4, len);
	ip[6] = r->next;
	ip[7] = r->ttl;
	memcpy(ip + 8, r->src, 16);
	memcpy(ip + 24, p->kaddr, 16);
	return 40;
}

/* One field of the IP header that is not as it should be. */
static void spoil_ip(struct peer *p, uint8_t *ip)
{
	static const uint8_t headers[] = { 0, 43, 44, 50, 51, 59, 60, 135 };
	struct rnd *r = &p->rnd;

	if (six(p)) {
		switch (rnd_below(r, 3)) {
		case 0:
			put16(ip + 4, rnd_magnitude(r, 16));
			break;
		case 1:
			ip[6] = headers[rnd_below(r, ARRAY_SIZE(headers))];
			break;
		default:
			ip[rnd_below(r, 8)] ^= 1 << rnd_below(r, 8);
		}
		return;
	}
	switch (rnd_below(r, 4)) {
	case 0:
		put16(ip + 2, rnd_magnitude(r, 16));
		break;
	case 1:					/* a fragment */
		put16(ip + 6, rnd_one_in(r, 2) ? 0x2000 : rnd_u32(r) & 0x3fff);
		break;
	case 2:					/* options that are none */
		ip[0] = 0x40 | rnd_below(r, 16);
		break;
	default:
		ip[rnd_below(r, 10)] ^= 1 << rnd_below(r, 8);
	}
}

void raw_emit(struct peer *p, const uint8_t *pkt, int len)
{
	/* what the device itself refuses (an odd version field) does not count */
	if (write(p->tun, pkt, len) == len)
		p->sent++;
}

void raw_send(struct peer *p, struct raw *r)
{
	static uint8_t pkt[PACKET_MAX + 200];
	int iphl = six(p) ? 40 : 20, len;

	if (r->len > PACKET_MAX - 200)
		r->len = PACKET_MAX - 200;
	if (p->talk)
		tell(p, ">", r->flags, r->seq, r->ack, r->len);
	len = put_tcp(p, r, pkt + iphl);
	if (six(p))
		raw_put_ip6(p, r, pkt, len);
	else
		raw_put_ip4(p, r, pkt, len);
	if (r->ip_odd)
		spoil_ip(p, pkt);
	if (!six(p))
		put16(pkt + 10, ~sum16(pkt, 20, 0));
	len += iphl - r->cut;
	if (len < iphl)
		len = iphl;
	memset(pkt + len, 0x5a, r->junk);
	raw_emit(p, pkt, len + r->junk);
}

/**
 * peer_begin() - a new connection, nothing of it known yet
 * @p:		its @lab, @tun and @rnd are set
 * @kport:	the kernel's port, 0 if not known yet
 * @pport:	the peer's
 * @kaddr:	the kernel's address
 * @paddr:	the peer's
 */
void peer_begin(struct peer *p, int kport, int pport, const char *kaddr, const char *paddr)
{
	struct peer fresh = { .lab = p->lab, .tun = p->tun, .rnd = p->rnd, .sent = p->sent,
			      .got = p->got, .talk = p->talk };

	*p = fresh;
	inet_pton(p->lab->family, kaddr, p->kaddr);
	inet_pton(p->lab->family, paddr, p->paddr);
	p->kport = kport;
	p->pport = pport;
	/* as often as not near the wrap */
	p->isn = rnd_one_in(&p->rnd, 2) ? -rnd_below(&p->rnd, 3000) : rnd_u32(&p->rnd);
	p->snd_nxt = p->isn;
	p->acked = p->isn;
	p->opt = rnd_below(&p->rnd, 16);
	p->tsval = rnd_u32(&p->rnd);
	p->wnd = 65535;
}

void peer_send(struct peer *p, unsigned int flags, int len, int back)
{
	struct raw r;

	raw_begin(p, &r, flags);
	r.len = len;
	if (flags & SYN)
		r.seq = p->isn;
	r.ack -= back;
	p->tsval++;
	raw_add_usual(p, &r);
	raw_send(p, &r);
	if (!(flags & RST))
		p->snd_nxt = r.seq + len + !!(flags & SYN) + !!(flags & FIN);
}

static bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Timestamps and window scale of a segment from the kernel; -1 if its options are malformed. */
static int take_options(struct peer *p, const uint8_t *o, int len, unsigned int flags)
{
	if (flags & SYN)
		p->ws = 0;
	while (len > 0 && o[0]) {
		int n = 1;

		if (o[0] != 1) {
			if (len < 2 || o[1] < 2 || o[1] > len)
				return lab_fail("malformed option %d from the kernel", o[0]);
			n = o[1];
		}
		if (o[0] == 3 && flags & SYN)
			p->ws = flags & ACK || p->opt & PEER_WS ? o[2] : 0;
		if (o[0] == 8 && n == 10) {
			p->ts_recent = get32(o + 2);
			/* a lie about the time was believed: it is the time now */
			if (flags & ACK && seq_before(p->tsval, get32(o + 6)))
				p->tsval = get32(o + 6);
		}
		o += n;
		len -= n;
	}
	return 0;
}

static void take_numbers(struct peer *p, const uint8_t *t, uint32_t len)
{
	unsigned int flags = t[13];
	uint32_t seq = get32(t + 4), end = seq + len + !!(flags & SYN) + !!(flags & FIN);

	if (flags & RST) {
		p->rst_seen = true;
		return;
	}
	if (flags & SYN) {
		p->irs = seq;
		p->irs_known = true;
		p->syn_seen = true;
		p->rcv_nxt = seq + 1;
		p->rcv_max = seq + 1;
		p->open = !(flags & ACK);
		p->edge = (flags & ACK ? get32(t + 8) : p->isn + 1) + get16(t + 14);
	}
	if (!p->irs_known)
		return;
	if (seq_before(p->rcv_max, end))
		p->rcv_max = end;
	if (!seq_before(p->rcv_nxt, seq) && seq_before(p->rcv_nxt, end))
		p->rcv_nxt = end;
	if (flags & FIN)
		p->fin_seen = true;
	if (flags & ACK) {
		if (get32(t + 8) == p->isn + 1)
			p->open = false;
		p->acked = get32(t + 8);
		p->snd_nxt = p->acked;
		p->wnd = get16(t + 14) << (flags & SYN ? 0 : p->ws);
	}
}

/* What holds for any segment of a synchronized connection, apart from its octets. */
static int check_numbers(struct peer *p, const uint8_t *t, uint32_t len)
{
	uint32_t end = get32(t + 4) + len + !!(t[13] & FIN);
	uint32_t edge = get32(t + 8) + (get16(t + 14) << p->ws);

	if (!p->irs_known || p->anew || (t[13] & (RST | SYN | ACK)) != ACK)
		return 0;
	if (seq_before(p->irs + 1 + (uint32_t)p->written + 1, end))
		return lab_fail("the kernel is at octet %u, but the program wrote %llu",
				end - p->irs - 1, (unsigned long long)p->written);
	/* what cannot be expressed is less than a unit; Linux shrinks when memory is short */
	if (!p->lab->oracle && !p->unsure && seq_before(edge + (1 << p->ws) - 1, p->edge))
		return lab_fail("the window's right edge moved from %u to %u", p->edge - p->isn,
				edge - p->isn);
	if (seq_before(p->edge, edge))
		p->edge = edge;
	return 0;
}

/* A segment of this connection: are its octets those that the program wrote? */
static int take_mine(struct peer *p, const uint8_t *t, int hlen, int len)
{
	uint32_t seq = get32(t + 4);

	if (p->talk)
		tell(p, "<", t[13], seq, get32(t + 8), len - hlen);
	if (take_options(p, t + 20, hlen - 20, t[13]))
		return -1;
	take_numbers(p, t, len - hlen);
	if (check_numbers(p, t, len - hlen))
		return -1;
	if (len == hlen || !p->irs_known || t[13] & (RST | SYN))
		return 0;
	if (lab_verify(t + hlen, LAB_TO_PEER, (uint32_t)(seq - p->irs - 1), len - hlen)) {
		char why[256];

		snprintf(why, sizeof(why), "%s", lab_why());
		return lab_fail("payload from the kernel: %s", why);
	}
	return 0;
}

static int take(struct peer *p, const uint8_t *pkt, int len)
{
	int iphl = six(p) ? 40 : 20, n = addr_len(p), hlen;
	const uint8_t *dst = pkt + (six(p) ? 24 : 16), *src = dst - n, *t = pkt + iphl;

	if (len < iphl || pkt[0] >> 4 != (six(p) ? 6 : 4) ||
	    pkt[six(p) ? 6 : 9] != p->lab->proto)
		return 0;
	if (!six(p) && get16(pkt + 6) & 0x3fff)
		return 0;		/* a fragment, of a program that wants no path MTU */
	if (!six(p) && ((pkt[0] & 0xf) != 5 || sum16(pkt, 20, 0) != 0xffff))
		return lab_fail("IPv4 header of the kernel is wrong");
	if ((six(p) ? 40 + get16(pkt + 4) : get16(pkt + 2)) != len)
		return lab_fail("IP length of a packet of %d octets is wrong", len);
	len -= iphl;
	hlen = len < 20 ? 0 : (t[12] >> 4) * 4;
	if (hlen < 20 || hlen > len)
		return lab_fail("data offset %d in a segment of %d octets", hlen, len);
	if (raw_pseudo(p, src, dst, p->lab->proto, t, len))
		return lab_fail("checksum of a segment from the kernel is wrong");
	if (get16(t) != p->kport && p->kport)
		return 0;
	if (get16(t + 2) != p->pport || memcmp(dst, p->paddr, n) || memcmp(src, p->kaddr, n))
		return 0;
	p->kport = get16(t);
	return take_mine(p, t, hlen, len);
}

int peer_pump(struct peer *p)
{
	static uint8_t pkt[PACKET_MAX];
	int n;

	while ((n = read(p->tun, pkt, sizeof(pkt))) > 0) {
		p->got++;
		if (take(p, pkt, n))
			return -1;
	}
	return 0;
}
