// SPDX-License-Identifier: GPL-2.0
/*
 * The lying peer: choices of numbers around every edge that the kernel looks at, and the octets of
 * the packets made of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mutate.h"
#include "packet.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PACKET_MAX	65600

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

static bool six(const struct peer *p)
{
	return p->lab->family == AF_INET6;
}

static int addr_len(const struct peer *p)
{
	return six(p) ? 16 : 4;
}

/**
 * struct raw - a packet before it has octets
 * @hlen:	where the payload begins, octets from the TCP header's first
 * @doff:	the data offset field, words
 * @next:	the protocol or next header field
 * @cut:	octets left out at the end
 * @junk:	octets added behind what IP says is the end
 */
struct raw {
	unsigned int flags;
	uint32_t seq, ack;
	unsigned int win, urg;
	uint8_t opt[44];
	int optlen, hlen, doff, len;
	bool badsum;
	int sport, dport;
	uint8_t src[16];
	int ttl, tos, next, cut, junk;
	bool ip_odd;
};

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

static void raw_begin(struct peer *p, struct raw *r, unsigned int flags)
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

static void add(struct raw *r, const void *bytes, int len)
{
	if (r->optlen + len > 40)
		return;
	memcpy(r->opt + r->optlen, bytes, len);
	r->optlen += len;
}

static void add_timestamps(struct raw *r, uint32_t val, uint32_t ecr)
{
	uint8_t o[12] = { 1, 1, 8, 10 };

	put32(o + 4, val);
	put32(o + 8, ecr);
	add(r, o, 12);
}

/* The options that belong there: in a SYN those of the offer, later timestamps. */
static void add_usual(struct peer *p, struct raw *r)
{
	if (r->flags & SYN) {
		if (p->opt & PEER_MSS)
			add(r, (uint8_t[]){ 2, 4, 5, 0xb4 }, 4);
		if (p->opt & PEER_SACK)
			add(r, (uint8_t[]){ 1, 1, 4, 2 }, 4);
		if (p->opt & PEER_WS)
			add(r, (uint8_t[]){ 1, 3, 3, 3 }, 4);
	}
	if (p->opt & PEER_TS)
		add_timestamps(r, p->tsval, r->flags & ACK ? p->ts_recent : 0);
}

static uint16_t pseudo(const struct peer *p, const uint8_t *src, const uint8_t *dst, int proto,
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
	put16(t + 16, pseudo(p, r->src, p->kaddr, p->lab->proto, t, hlen + r->len));
	if (r->badsum)
		t[16 + rnd_below(&p->rnd, 2)] ^= 1 << rnd_below(&p->rnd, 8);
	return hlen + r->len;
}

static int put_ip4(struct peer *p, const struct raw *r, uint8_t *ip, int len)
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

static int put_ip6(struct peer *p, const struct raw *r, uint8_t *ip, int len)
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

static void emit(struct peer *p, const uint8_t *pkt, int len)
{
	/* what the device itself refuses (an odd version field) does not count */
	if (write(p->tun, pkt, len) == len)
		p->sent++;
}

static void raw_send(struct peer *p, struct raw *r)
{
	static uint8_t pkt[PACKET_MAX + 200];
	int iphl = six(p) ? 40 : 20, len;

	if (r->len > PACKET_MAX - 200)
		r->len = PACKET_MAX - 200;
	if (p->talk)
		tell(p, ">", r->flags, r->seq, r->ack, r->len);
	len = put_tcp(p, r, pkt + iphl);
	if (six(p))
		put_ip6(p, r, pkt, len);
	else
		put_ip4(p, r, pkt, len);
	if (r->ip_odd)
		spoil_ip(p, pkt);
	if (!six(p))
		put16(pkt + 10, ~sum16(pkt, 20, 0));
	len += iphl - r->cut;
	if (len < iphl)
		len = iphl;
	memset(pkt + len, 0x5a, r->junk);
	emit(p, pkt, len + r->junk);
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
	add_usual(p, &r);
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
	if (pseudo(p, src, dst, p->lab->proto, t, len))
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
	add(raw, o, 4 + 8 * n);
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
	add(raw, o, len);
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
	add(raw, o, k[1]);
}

static void odd_options(struct peer *p, struct raw *raw)
{
	switch (rnd_below(&p->rnd, 8)) {
	case 0:
		break;				/* none, though agreed on */
	case 1:
		add_timestamps(raw, odd_tsval(p), odd_tsecr(p));
		break;
	case 2:
		add_noise(p, raw);
		break;
	case 3:
		add_one(p, raw);
		add_usual(p, raw);
		add_one(p, raw);
		break;
	case 4:
		add_usual(p, raw);
		add_hostile_sack(p, raw);
		break;
	default:
		add_usual(p, raw);
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
	add_usual(p, &raw);
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
	put16(ic + 2, pseudo(p, raw->src, p->kaddr, 58, ic, len));
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
		put_ip6(p, &raw, pkt, len);
	else
		put_ip4(p, &raw, pkt, len);
	if (!six(p))
		put16(pkt + 10, ~sum16(pkt, 20, 0));
	emit(p, pkt, body - pkt + len);
}
