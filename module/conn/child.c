// SPDX-License-Identifier: GPL-2.0
/*
 * A request grows up: the listener is cloned, and the clone made a connection of its own.
 */
#include <linux/security.h>
#include <net/busy_poll.h>
#include "sock.h"
#include "conn/synq.h"

/* What a clone has of its listener and must not have. */
static void forget_listener(struct sock *child, const struct sock *lsk)
{
	struct inet_sock *inet = inet_sk(child);

	inet->mc_list = NULL;
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	RCU_INIT_POINTER(child->sk_rx_dst, NULL);
	atomic64_set(&child->sk_cookie, 0);
	tl_sock_links(child);
	tl_sk(child)->config.saved_syn = NULL;
	tl_cc_inherit(&tl_sk(child)->cc, &tl_sk(lsk)->cc, &tl_sk(lsk)->tn->cc);
	tl_sock_reset(child);
	tl_sk(child)->ackp.interactive = tl_sk(lsk)->ackp.interactive;	/* TCP_QUICKACK */
	tl_sk(child)->ackp.hurried = tl_sk(lsk)->ackp.hurried;
	tl_sock_count(child);
}

static void take_request(struct sock *child, const struct tl_req *req)
{
	struct tl_sock *tl = tl_sk(child);
	struct inet_sock *inet = inet_sk(child);

	tl->node.tuple = req->node.tuple;
	tl->node.bound_dev = req->node.bound_dev;
	child->sk_bound_dev_if = req->node.bound_dev;
	child->sk_mark = req->mark;
	inet->inet_num = ntohs(req->node.tuple.lport);
	inet->inet_sport = req->node.tuple.lport;
	inet->inet_dport = req->node.tuple.fport;

	tl->snd.iss = req->iss;
	tl->snd.una = req->iss;
	tl->snd.nxt = req->iss + 1;
	tl->snd.end = req->iss + 1;
	tl->snd.minshall = req->iss;
	tl->snd.peer_mss = req->mss;
	tl->snd.wscale = req->snd_wscale;

	tl->rcv.irs = req->irs;
	tl->rcv.nxt = req->irs + 1;
	tl->rcv.wup = req->irs + 1;
	tl->rcv.copied = req->irs + 1;
	tl->rcv.last_ack = req->irs + 1;
	tl->rcv.wnd = req->rcv_wnd;
	tl->rcv.wscale = req->rcv_wscale;
	tl->rcv.ts_ok = !!(req->which & TL_OPT_TIMESTAMP);
	tl->rcv.sack_ok = !!(req->which & TL_OPT_SACK_PERM);
	tl->rcv.wscale_ok = !!(req->which & TL_OPT_WSCALE);
	tl->rcv.ts_recent = req->ts_recent;
	tl->rcv.ts_recent_age = tl_clock_seconds();
	tl->rcv.ts_off = req->ts_off;
	tl->ecn.ok = req->ecn_ok;

	/* The SYN-ACK was the first to be timed, unless it went twice (Karn) or was forgotten. */
	tl->loss.syn_us = req->resent ? 0 : req->sent_us;
	if (req->resent)
		tl->loss.retrans = max_t(u8, req->retries, 1);
	if (req->retries)
		tl->loss.rtos = (struct tl_rto_stat) {
			.total	= req->retries,
			.rows	= 1,
			.ms	= div_u64(tl_clock_us() - req->born_us, USEC_PER_MSEC),
		};
}

/**
 * tl_saved_syn_free() - forget the SYN that a connection began with
 * @sk: socket, locked, or not seen by anybody any more
 */
void tl_saved_syn_free(struct sock *sk)
{
	struct tl_config *config = &tl_sk(sk)->config;

	kfree(config->saved_syn);
	config->saved_syn = NULL;
}

/**
 * tl_child_create() - clone a request's listener into a connection in SYN-RECEIVED
 * @req: request whose SYN-ACK was acknowledged
 * @skb: the segment that did so
 * @af: its family
 *
 * Context: BHs off; the listener is not locked.
 * Return: the child, locked, with one reference for its owner and one for the table that the caller
 *	enters it into; NULL without memory or route.
 */
struct sock *tl_child_create(struct tl_req *req, struct sk_buff *skb, const struct tl_af_ops *af)
{
	struct sock *lsk = req->listener;
	struct sock *child = sk_clone_lock(lsk, GFP_ATOMIC);
	struct tl_sock *tl;

	if (!child)
		return NULL;
	tl = tl_sk(child);
	forget_listener(child, lsk);
	tl_state_init_child(child);
	tl->af = af;
	take_request(child, req);
	af->child(child, lsk, skb);
	tl_port_inherit(tl_sk(lsk)->tn, &tl_sk(lsk)->bound, &tl->bound);
	security_inet_conn_established(child, skb);
	tl_mem_inherit(child, lsk);
	sk_set_txhash(child);
	sk_mark_napi_id(child, skb);
	if (!af->route(child)) {
		tl_child_discard(child);
		return NULL;
	}
	return child;
}

/**
 * tl_child_early() - a child that Fast Open lets begin before our SYN is acknowledged
 * @child: from tl_child_create(), in the table, locked
 * @lsk: its listener
 * @skb: the SYN, not consumed
 */
void tl_child_early(struct sock *child, struct sock *lsk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(child);
	const struct tl_cb *cb = TL_CB(skb);

	/* our SYN is yet to go */
	tl->snd.nxt = tl->snd.iss;
	tl->snd.wnd = cb->wnd;			/* a SYN's window is not scaled (RFC7323 2.2) */
	tl->snd.max_wnd = cb->wnd;
	tl->snd.wl1 = cb->seq;
	tl->snd.wl2 = tl->snd.iss;
	tl_fastopen_join(child, lsk);
	tl_ready_for_data(child);
}

/**
 * tl_child_discard() - destroy a child that nobody has seen
 * @child: from tl_child_create(), not in the table; unlocked and gone afterwards
 */
void tl_child_discard(struct sock *child)
	__releases(&child->sk_lock.slock)
{
	struct tl_net *tn = tl_sk(child)->tn;

	sock_set_flag(child, SOCK_DEAD);
	atomic_inc(&tn->orphans);
	tl_done(child, TL_EV_PURGE);
	bh_unlock_sock(child);
	sock_put(child);	/* the table's, which it never entered */
}
