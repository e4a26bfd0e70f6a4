/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that differs between IPv4 and IPv6, as a table. Lower rooms reach IP only through it.
 *
 * Which table a connection uses follows from its addresses, not from its socket's family: an
 * IPv6 socket that talks to a v4-mapped address uses tl_af_v4.
 */
#ifndef TCPLAB_AF_H
#define TCPLAB_AF_H

#include <linux/types.h>
#include <net/ipv6.h>
#include "conn/hash.h"

struct sock;
struct sk_buff;
struct dst_entry;
struct tcphdr;

/**
 * struct tl_stray - a segment that belongs to no full socket: RST, TIME-WAIT's ACK, SYN-ACK
 * @tuple: from us to the peer
 * @dev: interface to leave by, 0 for any
 * @mark: fwmark
 * @priority: of the packet
 * @tos: traffic class
 * @sk: the socket for whose sake it is sent, or NULL
 */
struct tl_stray {
	const struct tl_tuple	*tuple;
	int			dev;
	u32			mark;
	u32			priority;
	u8			tos;
	const struct sock	*sk;
};

/**
 * struct tl_af_ops - what an address family does
 * @family: AF_INET or AF_INET6
 * @header: bytes of the IP header without options
 * @default_mss: SendMSS when the peer names none (RFC9293 MUST-15), bytes
 * @group: is one end of the segment a group or broadcast address?
 * @where: read addresses, ports and interfaces of a received segment
 * @is_of: is a received segment this connection's, by its addresses and ports?
 * @pseudo: checksum of @len bytes with the pseudo-header, given the bytes' own sum
 * @checksum_ok: is the checksum of a received segment right?
 * @policy_ok: may IPsec's policy let the segment through to @sk?
 * @ttl_ok: is it from as near as @sk demands (RFC5082)?
 * @tos: traffic class of a received packet
 * @reply_mark: fwmark that answers to a received packet reflect, or 0 (fwmark_reflect)
 * @connect: read the program's address, find a route, settle both addresses into the socket
 * @port_offset: RFC6056 3.3.4: where to start in the range of ephemeral ports
 * @route: find a route for a socket with both ends known, or check the cached one
 * @overhead: bytes of IP options or extension headers that each packet of the socket carries
 * @child: fill a child's address fields from its tuple
 * @xmit: send a socket's segment, with these two bits for ECN in IP's header; consumes it
 * @route_stray: find the way for a stray segment
 * @xmit_stray: send it on that way; consumes skb and dst
 */
struct tl_af_ops {
	sa_family_t	family;
	u16		header;
	u16		default_mss;
	bool		(*group)(const struct sk_buff *skb);
	void		(*where)(const struct sk_buff *skb, struct tl_where *w);
	bool		(*is_of)(const struct sk_buff *skb, const struct tl_tuple *t);
	__sum16		(*pseudo)(const struct tl_tuple *t, u32 len, u8 proto, __wsum sum);
	bool		(*checksum_ok)(struct sk_buff *skb, u8 proto);
	bool		(*policy_ok)(struct sock *sk, struct sk_buff *skb);
	bool		(*ttl_ok)(const struct sock *sk, const struct sk_buff *skb);
	u8		(*tos)(const struct sk_buff *skb);
	u32		(*reply_mark)(const struct net *net, const struct sk_buff *skb);
	int		(*connect)(struct sock *sk, struct sockaddr *addr, int len);
	u64		(*port_offset)(const struct sock *sk);
	struct dst_entry *(*route)(struct sock *sk);
	u16		(*overhead)(const struct sock *sk);
	void		(*child)(struct sock *sk, const struct sock *listener, struct sk_buff *skb);
	int		(*xmit)(struct sock *sk, struct sk_buff *skb, u8 ecn);
	struct dst_entry *(*route_stray)(struct net *net, const struct tl_stray *s);
	int		(*xmit_stray)(struct net *net, struct sk_buff *skb,
				      struct dst_entry *dst, const struct tl_stray *s);
};

enum tl_icmp_what {
	TL_ICMP_ERROR,
	TL_ICMP_TOO_BIG,
	TL_ICMP_REDIRECT,
};

/**
 * struct tl_icmp - what a router says about a segment of ours, whatever its family
 * @what: kind of message
 * @err: errno that it stands for, positive (TL_ICMP_ERROR)
 * @mtu: next hop's MTU (TL_ICMP_TOO_BIG)
 * @unreach: there is no way at present: RFC6069 2's messages
 * @seq: SEG.SEQ of the segment
 * @skb: the message; its data is the packet that it quotes
 * @header: TCP header in there
 * @daddr: destination address in there
 * @origin: SO_EE_ORIGIN_ICMP or SO_EE_ORIGIN_ICMP6
 * @type: as in the message
 * @code: as in the message
 * @info: the same: a pointer, or an MTU
 */
struct tl_icmp {
	enum tl_icmp_what	what;
	int			err;
	u32			mtu;
	u32			seq;
	bool			unreach;
	u8			origin;
	u8			type;
	u8			code;
	u32			info;
	struct sk_buff		*skb;
	const struct tcphdr	*header;
	const void		*daddr;
};

extern const struct tl_af_ops tl_af_v4;
extern const struct tl_af_ops tl_af_v6;

/* af->fn(...), without a call through a pointer where the compiler sees both tables (build.c) */
#define tl_af_call(af, fn, ...)							\
	((af) == &tl_af_v4 ? tl_af_v4.fn(__VA_ARGS__) : tl_af_v6.fn(__VA_ARGS__))

static inline const struct tl_af_ops *tl_af_of(const struct tl_tuple *t)
{
	return ipv6_addr_v4mapped(&t->faddr) ? &tl_af_v4 : &tl_af_v6;
}

/* The protocol number that the module was loaded with. */
extern u8 tl_protocol;

#endif
