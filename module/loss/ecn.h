/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explicit congestion notification (RFC 3168): what a connection remembers of it.
 */
#ifndef TCPLAB_ECN_H
#define TCPLAB_ECN_H

#include <linux/types.h>

struct dst_entry;
struct sk_buff;
struct sock;
struct tl_cb;

/**
 * struct tl_ecn - ECN, of one connection
 * @ok: both ends speak it; in SYN-SENT: our SYN asked for it
 * @seen: the peer's packets have been marked, as capable at least
 * @echo: a packet met congestion: ECE goes on each ACK until CWR comes (RFC3168 6.1.3)
 * @tell: our window went down: CWR goes on the next new data (RFC3168 6.1.2)
 * @ce: the last segment with data came marked (RFC8257 3.2: DCTCP.CE)
 * @echoed: the ACK that is being looked at has ECE
 * @delivered: segments acknowledged with ECE
 */
struct tl_ecn {
	u8	ok:1,
		seen:1,
		echo:1,
		tell:1,
		ce:1,
		echoed:1;
	u32	delivered;
};

/* handshake */
bool tl_ecn_ask(const struct sock *sk, const struct dst_entry *dst);
bool tl_ecn_accepts(const struct sock *sk, const struct sk_buff *syn, bool by_route);
bool tl_ecn_wants_route(const struct sock *sk, const struct sk_buff *syn);
bool tl_ecn_by_route(const struct dst_entry *dst);
bool tl_ecn_cookie_ok(const struct sock *sk);
void tl_ecn_rcv_syn(struct sock *sk, u8 flags);
u8 tl_ecn_syn_mark(const struct sock *sk, bool agreed);

/* receiver */
void tl_ecn_received(struct sock *sk, u8 tos);
void tl_ecn_rcv_cwr(struct sock *sk, const struct tl_cb *cb);

/* sender */
u8 tl_ecn_out(struct sock *sk, bool fresh, u8 *flags);
void tl_ecn_reduced(struct sock *sk);
void tl_ecn_not_reduced(struct sock *sk);
void tl_ecn_rcv_ack(struct sock *sk, const struct tl_cb *cb);
u32 tl_ecn_marked(struct sock *sk, u32 delivered);

#endif
