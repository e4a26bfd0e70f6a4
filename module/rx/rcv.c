// SPDX-License-Identifier: GPL-2.0
/*
 * Where segments come in: is it whole, whose is it, and may it be looked at now?
 */
#include <linux/filter.h>
#include <net/busy_poll.h>
#include "sock.h"
#include "conn/synq.h"
#include "ip/demux.h"

/*
 * Read the header once. Afterwards the margin of the buffer is ours: what IP had there was
 * asked before.
 */
static void read_header(struct sk_buff *skb, const struct tl_af_ops *af)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct tl_cb *cb = TL_CB(skb);
	u8 tos = tl_af_call(af, tos, skb);

	cb->seq = ntohl(th->seq);
	cb->ack = ntohl(th->ack_seq);
	cb->wnd = ntohs(th->window);			/* RFC9293 MUST-1: unsigned */
	cb->header = th->doff * 4;
	cb->flags = ((const u8 *)th)[13];
	cb->tos = tos;
	cb->anew = false;
	cb->end = cb->seq + skb->len - cb->header + th->syn + th->fin;
	tl_opts_parse((const u8 *)(th + 1), cb->header - sizeof(*th), th->syn, &cb->opts);
}

static enum tl_drop check_header(struct net *net, struct sk_buff *skb, const struct tl_af_ops *af)
{
	unsigned int header;

	TL_RCU_ADD(net, InSegs, tl_gso_segs(skb));
	if (skb->pkt_type != PACKET_HOST)
		return TL_DROP_NotForUs;
	if (!pskb_may_pull(skb, sizeof(struct tcphdr))) {
		TL_INC(net, InErrs);
		return TL_DROP_TooShort;
	}
	header = tcp_hdr(skb)->doff * 4;
	if (header < sizeof(struct tcphdr) || !pskb_may_pull(skb, header)) {
		TL_INC(net, InErrs);
		return TL_DROP_BadOffset;
	}
	if (!tl_af_call(af, checksum_ok, skb, tl_protocol)) {		/* RFC9293 MUST-3 */
		TL_INC(net, InCsumErrors);
		TL_INC(net, InErrs);
		return TL_DROP_BadChecksum;
	}
	return TL_DROP_NONE;
}

/* The socket's own conditions, checked without its lock. */
static enum tl_drop admit(struct sock *sk, struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct tl_cb *cb = TL_CB(skb);
	u32 len = skb->len;

	if (!af->ttl_ok(sk, skb))
		return TL_DROP_MinTtl;
	if (sk_filter_trim_cap(sk, skb, cb->header))
		return TL_DROP_Filter;
	cb->end -= len - skb->len;		/* a filter may cut data off */
	return TL_DROP_NONE;
}

/*
 * Bytes that may wait for a program that holds the socket, as in Linux. Twice the buffer, for what
 * was taken in counts as waiting until all is, and in the buffer, too.
 */
static u32 backlog_limit(const struct sock *sk)
{
	u64 buffers = 2ULL * READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) / 2;

	return min_t(u64, buffers + 64 * 1024, U32_MAX);
}

/* As tl_still_there(), for a segment whose addresses were not read apart. */
static bool still_there(const struct sock *sk, const struct sk_buff *skb,
			const struct tl_af_ops *af)
{
	return !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN) &&
	       tl_af_call(af, is_of, skb, &tl_sk(sk)->node.tuple);
}

/* Consumes @skb. */
static void rcv_sock(struct sock *sk, struct sk_buff *skb, const struct tl_af_ops *af)
{
	enum tl_drop why = admit(sk, skb, af);

	if (why != TL_DROP_NONE) {
		tl_drop(sock_net(sk), skb, why);
		return;
	}
	sk_mark_napi_id(sk, skb);
	sk_incoming_cpu_update(sk);
	skb->dev = NULL;

	bh_lock_sock_nested(sk);
	if (!sock_owned_by_user(sk)) {
		if (still_there(sk, skb, af))
			tl_rcv_segment(sk, skb);
		else
			tl_drop(sock_net(sk), skb, TL_DROP_NoSocket);
	} else if (sk_add_backlog(sk, skb, backlog_limit(sk))) {
		TL_SK_INC(sk, TCPBacklogDrop);
		tl_drop(sock_net(sk), skb, TL_DROP_Backlog);
	}
	bh_unlock_sock(sk);
}

/**
 * tl_rcv_backlog() - a segment that waited until the program let go (proto.backlog_rcv)
 * @sk: socket, owned
 * @skb: consumed
 *
 * Return: 0.
 */
int tl_rcv_backlog(struct sock *sk, struct sk_buff *skb)
{
	/* as in softirq: or a memory control group would let us sleep, who read under RCU */
	local_bh_disable();
	rcu_read_lock();
	tl_rcv_segment(sk, skb);
	rcu_read_unlock();
	local_bh_enable();
	return 0;
}

/* A child is ready for its program. */
static void hand_over(struct sock *child, struct sock *lsk)
	__releases(&child->sk_lock.slock)
{
	if (tl_accept_queue_add(lsk, child)) {
		bh_unlock_sock(child);
		lsk->sk_data_ready(lsk);
		return;
	}
	/* The listener closed just now: its connections are reset. */
	sock_set_flag(child, SOCK_DEAD);
	atomic_inc(&tl_sk(child)->tn->orphans);
	tl_abort(child, TL_EV_ABORT);
	bh_unlock_sock(child);
}

/* A child came up: give it the segment that did it, then let its program know. */
static void rcv_child(struct sock *child, struct sock *lsk, struct sk_buff *skb)
	__releases(&child->sk_lock.slock)
{
	tl_rcv_segment(child, skb);
	hand_over(child, lsk);
}

/* A child that began with a SYN's data: the SYN-ACK acknowledges both (RFC7413 4.2.2). */
static void rcv_early_child(struct sock *child, struct sock *lsk, struct sk_buff *skb,
			    const struct tl_fo_cookie *answer)
	__releases(&child->sk_lock.slock)
{
	struct tl_sock *tl = tl_sk(child);

	tl_child_early(child, lsk, skb);
	if (tl_cb_datalen(TL_CB(skb)))
		tl_rcv_data(child, skb);
	else
		consume_skb(skb);
	tl->fo.data_acked = tl->rcv.nxt != tl->rcv.irs + 1;
	tl->rcv.wup = tl->rcv.nxt;	/* from there the SYN-ACK's window counts */
	tl_send_syn(child, answer);
	hand_over(child, lsk);
}

static void rcv_request(struct net *net, struct tl_node *node, struct sk_buff *skb,
			const struct tl_af_ops *af)
{
	struct sock *lsk = tl_synq_listener(node), *child;
	enum tl_drop why = admit(lsk, skb, af);

	if (why != TL_DROP_NONE) {
		tl_drop(net, skb, why);
		return;
	}
	child = tl_synq_rcv(node, skb, af, &why);
	if (!child) {
		tl_drop(net, skb, why);
		return;
	}
	__acquire(&child->sk_lock.slock);	/* for sparse: it came locked */
	rcv_child(child, lsk, skb);
}

/* LISTEN (RFC9293 3.10.7.2). */
static void rcv_listener(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			 const struct tl_af_ops *af)
{
	struct net *net = sock_net(lsk);
	const struct tl_cb *cb = TL_CB(skb);
	enum tl_drop why = admit(lsk, skb, af);
	struct tl_fo_cookie answer;
	struct sock *child;

	if (why == TL_DROP_NONE) {
		if (cb->flags & TL_RST) {			/* first */
			why = TL_DROP_ListenNoSyn;
		} else if (cb->flags & TL_ACK) {		/* second */
			child = tl_synq_cookie(lsk, skb, w, af, &why);
			if (child) {
				__acquire(&child->sk_lock.slock);
				rcv_child(child, lsk, skb);
				return;
			}
			if (why == TL_DROP_NONE) {
				tl_reset_stray(net, skb, w, af, lsk);
				why = TL_DROP_ListenNoSyn;
			}
		} else if ((cb->flags & (TL_SYN | TL_FIN)) == TL_SYN && !af->group(skb)) {
			child = tl_synq_syn(lsk, skb, w, af, &answer, &why);	/* third */
			if (child) {
				__acquire(&child->sk_lock.slock);
				rcv_early_child(child, lsk, skb, &answer);
				return;
			}
		} else {
			why = TL_DROP_ListenNoSyn;		/* fourth */
		}
	}
	tl_drop(net, skb, why);
}

/* CLOSED (RFC9293 3.10.7.1). */
static void rcv_nobody(struct net *net, struct sk_buff *skb, const struct tl_where *w,
		       const struct tl_af_ops *af)
{
	tl_reset_stray(net, skb, w, af, NULL);
	tl_drop(net, skb, TL_DROP_NoSocket);
}

/* Whose IPsec policy counts? */
static struct sock *policy_sk(const struct tl_node *node, struct sock *lsk)
{
	if (!node)
		return lsk;
	if (node->kind == TL_KIND_SOCK)
		return tl_node_sk(node);
	return node->kind == TL_KIND_REQ ? tl_synq_listener(node) : NULL;
}

/*
 * All that is asked before the header is read; @sk: whose IPsec policy counts. Return: false if the
 * segment goes no further; it is consumed then.
 */
static bool open_segment(struct sk_buff *skb, struct sock *sk, const struct tl_af_ops *af)
{
	/* IPsec looks at what IP left in the margin: before we write there. */
	if (!tl_af_call(af, policy_ok, sk, skb)) {
		tl_drop(dev_net(skb->dev), skb, TL_DROP_Policy);
		return false;
	}
	nf_reset_ct(skb);
	read_header(skb, af);
	return true;
}

/* Whose is it? Consumes @skb. Not inlined: as a rule it was found before. */
static noinline void rcv_lookup(struct net *net, struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct tl_node *node;
	struct tl_where w;
	struct sock *lsk;
	enum tl_drop why;

	af->where(skb, &w);
	node = tl_hash_find(net, &w);
	if (node && node->kind == TL_KIND_REQ && !tl_synq_alive(net, node))
		node = NULL;		/* its listener has gone; there may be another */
	lsk = node && node->kind != TL_KIND_TW ? NULL : tl_hash_find_listener(net, &w, skb);
	if (!open_segment(skb, policy_sk(node, lsk), af))
		return;

	if (node && node->kind == TL_KIND_SOCK) {
		rcv_sock(tl_node_sk(node), skb, af);
		return;
	}
	if (node && node->kind == TL_KIND_REQ) {
		rcv_request(net, node, skb, af);
		return;
	}
	if (node) {
		bool anew = lsk;

		why = tl_timewait_rcv(net, node, skb, &anew);
		if (!anew) {
			tl_drop(net, skb, why);
			return;
		}
	}
	if (lsk)
		rcv_listener(lsk, skb, &w, af);
	else
		rcv_nobody(net, skb, &w, af);
}

static __always_inline void rcv_skb(struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct net *net = dev_net(skb->dev);
	enum tl_drop why = check_header(net, skb, af);
	struct sock *sk;

	if (why != TL_DROP_NONE) {
		tl_drop(net, skb, why);
		return;
	}
	sk = tl_demux_taken(skb, af);
	if (!sk)
		rcv_lookup(net, skb, af);
	else if (open_segment(skb, sk, af))
		rcv_sock(sk, skb, af);
}

/**
 * tl_rcv_skb() - a segment from IP
 * @skb: packet, data at the TCP header; consumed
 * @af: family that it came by
 *
 * Context: softirq, RCU reader.
 * Return: 0.
 */
int tl_rcv_skb(struct sk_buff *skb, const struct tl_af_ops *af)
{
	/* once for each family, so that it calls no function through a pointer */
	if (af == &tl_af_v4)
		rcv_skb(skb, &tl_af_v4);
	else
		rcv_skb(skb, &tl_af_v6);
	return 0;
}
