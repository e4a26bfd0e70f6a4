/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies: what conn/synq.c asks of conn/cookie.c.
 */
#ifndef TCPLAB_COOKIE_H
#define TCPLAB_COOKIE_H

#include <linux/types.h>

struct tl_net;
struct tl_tuple;

#define TL_COOKIE_LIFE	120	/* seconds, at most */

u32 tl_cookie_make(const struct tl_net *tn, const struct tl_tuple *t, u32 irs, u16 *mss);
u16 tl_cookie_check(const struct tl_net *tn, const struct tl_tuple *t, u32 irs, u32 iss);
u32 tl_cookie_ts(u32 now, u8 which, u8 snd_wscale, bool ecn);
u8 tl_cookie_ts_read(u32 ts, u8 *snd_wscale, bool *ecn);

#endif
