/* SPDX-License-Identifier: GPL-2.0 */
/* Octets of packets: numbers in network order, and the internet checksum (RFC 1071). */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include <stdint.h>

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* One's complement sum of @len octets, added to @s and folded. */
static inline uint32_t sum16(const uint8_t *p, int len, uint32_t s)
{
	for (; len > 1; len -= 2, p += 2)
		s += get16(p);
	if (len)
		s += p[0] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

#endif
