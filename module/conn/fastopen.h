/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP Fast Open (RFC 7413): data in the SYN, for those who hold a cookie.
 */
#ifndef TCPLAB_FASTOPEN_H
#define TCPLAB_FASTOPEN_H

#include "wire.h"

struct msghdr;
struct net;
struct sk_buff;
struct sock;
struct tl_fo_keys;
struct tl_net;
struct tl_tuple;

/* Bits of net.tcplab.fastopen, as in Linux. */
#define TL_FO_CLIENT		0x001
#define TL_FO_SERVER		0x002
#define TL_FO_CLIENT_NO_COOKIE	0x004	/* send data without a cookie */
#define TL_FO_SERVER_NO_COOKIE	0x200	/* take data without a cookie */
#define TL_FO_SERVER_ALL	0x400	/* every listener, without TCP_FASTOPEN */

#define TL_FO_COOKIE_SIZE	8	/* of those that we make */
#define TL_FO_KEY_SIZE		16

/**
 * struct tl_fastopen - what a connection has to do with Fast Open
 * @msg: connect() was called for the sake of this sendmsg(): the SYN may take its data; NULL
 *	once the SYN has gone
 * @size: how much that is
 * @copied: where to say how much of it the SYN took
 * @listener: passive, until our SYN is acknowledged: whose pending connections it is among
 * @connect: TCP_FASTOPEN_CONNECT
 * @no_cookie: TCP_FASTOPEN_NO_COOKIE
 * @asked: our SYN carried the option
 * @syn_data: our SYN carried data
 * @data_acked: which was acknowledged; or passive: the SYN's data was taken
 * @resumed: the first one after a pause: does it work again?
 * @fail: why it did not, for TCP_INFO
 */
struct tl_fastopen {
	struct msghdr	*msg;
	size_t		size;
	int		*copied;
	struct sock	*listener;
	bool		connect;
	bool		no_cookie;
	bool		asked;
	bool		syn_data;
	bool		data_acked;
	bool		resumed;
	u8		fail;
};

/**
 * struct tl_fo_queue - what a listener has to do with it
 * @keys: TCP_FASTOPEN_KEY, or NULL: those of the namespace
 * @max: TCP_FASTOPEN: how many may be pending; 0: Fast Open is off
 * @pending: connections that began with data, and whose SYN-ACK is not acknowledged
 * @resets: those among them that ended by an RST: they count for a while yet (RFC7413 5.1)
 * @resets_until: jiffies
 */
struct tl_fo_queue {
	struct tl_fo_keys __rcu	*keys;
	u32			max;
	atomic_t		pending;
	atomic_t		resets;
	unsigned long		resets_until;
};

/* keys */
int tl_fastopen_keys_once(struct tl_net *tn);
int tl_fastopen_keys_set(struct tl_fo_keys __rcu **where, const u8 *keys, unsigned int len);
unsigned int tl_fastopen_keys_get(struct tl_fo_keys __rcu *const *where, u8 *keys);
void tl_fastopen_keys_free(struct tl_fo_keys __rcu **where);
void tl_fastopen_net_init(struct tl_net *tn);
void tl_fastopen_net_exit(struct tl_net *tn);

/* passive */
bool tl_fastopen_syn(struct sock *lsk, const struct sk_buff *skb, const struct tl_tuple *t,
		     struct tl_fo_cookie *answer);
void tl_fastopen_join(struct sock *child, struct sock *lsk);
void tl_fastopen_leave(struct sock *child, bool reset);
void tl_fastopen_listen(struct sock *sk, int max);

/* active */
bool tl_fastopen_defer(struct sock *sk);
u32 tl_fastopen_begin(struct sock *sk, struct tl_fo_cookie *cookie);
void tl_fastopen_synack(struct sock *sk, const struct sk_buff *skb);
int tl_fastopen_sendmsg(struct sock *sk, struct msghdr *msg, size_t len, int *copied);

/* blackholes */
void tl_fastopen_timeout(struct sock *sk, bool expired);
void tl_fastopen_stray_reset(struct sock *sk);
void tl_fastopen_end(struct sock *sk);

#endif
