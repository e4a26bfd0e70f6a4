// SPDX-License-Identifier: GPL-2.0
/*
 * Initial sequence numbers (RFC 6528) and timestamp offsets (RFC 7323 7.1): a clock plus a keyed
 * hash of who talks to whom, so that one connection's numbers tell nothing about another's.
 */
#include <linux/random.h>
#include "sock.h"
#include "conn/cookie.h"

/**
 * tl_isn_net_init() - draw a namespace's secrets
 * @tn: namespace
 */
void tl_isn_net_init(struct tl_net *tn)
{
	get_random_bytes(&tn->isn_key, sizeof(tn->isn_key));
	get_random_bytes(&tn->ts_key, sizeof(tn->ts_key));
	get_random_bytes(&tn->cookie_key, sizeof(tn->cookie_key));
	tn->cookie_last = tl_clock_seconds() - TL_COOKIE_LIFE - 1;
}

/* Of both addresses and @ports. Of v4-mapped ones a word differs; siphash() by length is slow. */
static u64 keyed_hash(const struct tl_tuple *t, u32 ports, const siphash_key_t *key)
{
	const struct {
		struct in6_addr	addrs[2];
		u64		ports;
	} all = { { t->laddr, t->faddr }, ports };

	if (ipv6_addr_v4mapped(&t->faddr))
		return siphash_3u32((__force u32)t->laddr.s6_addr32[3],
				    (__force u32)t->faddr.s6_addr32[3], ports, key);
	return siphash(&all, sizeof(all), key);
}

/**
 * tl_isn() - choose ISS for a connection (RFC6528 3, RFC9293 MUST-8, MUST-9, SHLD-1)
 * @tn: namespace
 * @t: both ends
 *
 * Return: ISN = M + F(tuple, secret).
 */
u32 tl_isn(struct tl_net *tn, const struct tl_tuple *t)
{
	return tl_clock_isn() + (u32)keyed_hash(t, tl_tuple_ports(t), &tn->isn_key);
}

/**
 * tl_ts_offset() - what is added to our timestamp clock towards a peer
 * @tn: namespace
 * @t: both ends; the ports do not count, so that PAWS and RFC6191 hold between connections
 */
u32 tl_ts_offset(struct tl_net *tn, const struct tl_tuple *t)
{
	return keyed_hash(t, 0, &tn->ts_key);
}
