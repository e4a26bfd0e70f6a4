/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the lying peer's files only: a packet before it has octets, and how it gets them. */
#ifndef LAB_MUTATE_INTERNAL_H
#define LAB_MUTATE_INTERNAL_H

#include "mutate.h"
#include "packet.h"

#define PACKET_MAX	65600

static inline bool six(const struct peer *p)
{
	return p->lab->family == AF_INET6;
}

static inline int addr_len(const struct peer *p)
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

void raw_begin(struct peer *p, struct raw *r, unsigned int flags);
void raw_add(struct raw *r, const void *bytes, int len);
void raw_add_timestamps(struct raw *r, uint32_t val, uint32_t ecr);
void raw_add_usual(struct peer *p, struct raw *r);
uint16_t raw_pseudo(const struct peer *p, const uint8_t *src, const uint8_t *dst, int proto,
		    const uint8_t *body, int len);
int raw_put_ip4(struct peer *p, const struct raw *r, uint8_t *ip, int len);
int raw_put_ip6(struct peer *p, const struct raw *r, uint8_t *ip, int len);
void raw_emit(struct peer *p, const uint8_t *pkt, int len);
void raw_send(struct peer *p, struct raw *r);

#endif
