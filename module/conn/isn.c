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

/**
 * tl_isn() - choose ISS for a connection (RFC6528 3, RFC9293 MUST-8, MUST-9, SHLD-1)
 * @tn: namespace
 * @t: both ends
 *
 * Return: ISN = M + F(tuple, secret).
 */
u32 tl_isn(struct tl_net *tn, const struct tl_tuple *t)
{
	return tl_clock_isn() + (u32)siphash(t, sizeof(*t), &tn->isn_key);
}

/**
 * tl_ts_offset() - what is added to our timestamp clock towards a peer
 * @tn: namespace
 * @t: both ends; the ports do not count, so that PAWS and RFC6191 hold between connections
 */
u32 tl_ts_offset(struct tl_net *tn, const struct tl_tuple *t)
{
	return siphash(t, offsetof(struct tl_tuple, lport), &tn->ts_key);
}
