// SPDX-License-Identifier: GPL-2.0
/*
 * The SYN queue.
 *
 * A SYN to a listener makes a request, entered into the table of connections: no lock of the
 * listener is taken, only its count of half-open connections goes up, and bounds them. The request
 * sends its SYN-ACK again, backing off, until the third segment comes or synack_retries is used up.
 * The third segment turns it into a child socket, which takes its place in the table.
 *
 * A request need not remember how it got to SYN-RECEIVED (RFC9293 MUST-11): by a passive open, as
 * every request does. A socket in that state came by an active one, or is this very moment leaving
 * it.
 */
#include <linux/slab.h>
#include <net/dst.h>
#include <net/inet_ecn.h>
#include "sock.h"
#include "conn/cookie.h"
#include "conn/synq.h"

static struct kmem_cache *req_cache;

#define REQ_TIMEOUT_MAX_SHIFT	7	/* 128 s, beyond rto_max already */

static void req_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(req_cache, container_of(rcu, struct tl_req, rcu));
}

/* The caller has taken it out of the table, or it never was in. */
static void req_free(struct tl_req *req)
{
	tl_mini_timer_end(&req->timer);
	kfree(req->saved_syn);
	atomic_dec(&tl_sk(req->listener)->listener->half_open);
	sock_put(req->listener);
	call_rcu(&req->rcu, req_free_rcu);
}

static void req_kill(struct net *net, struct tl_req *req, enum tl_event ev)
{
	if (!tl_hash_remove(net, &req->node))
		return;
	TL_INC(net, AttemptFails);
	tl_state_note(net, &req->node.tuple, TCP_SYN_RECV, TCP_CLOSE, ev);
	req_free(req);
}

/**
 * tl_synq_purge() - end a request, since its namespace or listener goes
 * @net: namespace
 * @node: its entry
 */
void tl_synq_purge(struct net *net, struct tl_node *node)
{
	req_kill(net, container_of(node, struct tl_req, node), TL_EV_PURGE);
}

/**
 * tl_synq_alive() - does the listener of a request still listen? If not, the request ends
 * @net: namespace
 * @node: its entry
 *
 * Context: RCU reader.
 */
bool tl_synq_alive(struct net *net, struct tl_node *node)
{
	struct tl_req *req = container_of(node, struct tl_req, node);

	if (READ_ONCE(req->listener->sk_state) == TCP_LISTEN)
		return true;
	req_kill(net, req, TL_EV_PURGE);
	return false;
}

/**
 * tl_synq_listener() - whose request is it?
 * @node: its entry
 *
 * Return: the listener, valid as long as the RCU section.
 */
struct sock *tl_synq_listener(const struct tl_node *node)
{
	return container_of(node, struct tl_req, node)->listener;
}

static u32 req_tsval(const struct tl_req *req)
{
	return tl_clock_ts_ms() + req->ts_off;
}

static void req_send(struct net *net, struct tl_req *req, u8 flags, u32 tsval,
		     const struct tl_fo_cookie *cookie)
{
	u8 ecn = flags & TL_SYN ? tl_ecn_syn_mark(req->listener, req->ecn_ok) : 0;
	const struct tl_stray way = {
		.tuple		= &req->node.tuple,
		.dev		= req->node.bound_dev,
		.mark		= req->mark,
		.priority	= READ_ONCE(req->listener->sk_priority),
		.tos		= req->tos | ecn,
		.sk		= req->listener,
	};
	bool syn = flags & TL_SYN;
	const struct tl_stray_seg seg = {
		.seq	= syn ? req->iss : req->iss + 1,
		.ack	= req->irs + 1,
		/* the window of a SYN is never scaled (RFC7323 2.2) */
		.wnd	= min_t(u32, syn ? req->rcv_wnd : req->rcv_wnd >> req->rcv_wscale, U16_MAX),
		.flags	= flags | (syn && req->ecn_ok ? TL_ECE : 0),	/* RFC3168 6.1.1 */
		.which	= syn ? req->which : req->which & TL_OPT_TIMESTAMP,
		.opts	= {
			.wscale	= req->rcv_wscale,
			.tsval	= tsval,
			.tsecr	= READ_ONCE(req->ts_recent),
		},
		.cookie	= cookie,
	};

	if (syn)
		req->sent_us = tl_clock_us();
	tl_stray_send(net, &way, &seg);
}

static unsigned long req_timeout(const struct sock *lsk, const struct tl_req *req)
{
	const struct tl_rto_bounds b = tl_rto_bounds(lsk);
	u64 us = (u64)b.init << min_t(u8, req->retries, REQ_TIMEOUT_MAX_SHIFT);

	return tl_us_jiffies(min_t(u64, us, b.max));
}

static void req_resend(struct net *net, struct tl_req *req)
{
	req->resent = true;
	TL_INC(net, RetransSegs);
	TL_INC(net, TCPSynRetrans);
	req_send(net, req, TL_SYN | TL_ACK, req_tsval(req), NULL);
}

/*
 * The SYN-ACK was not acknowledged in time; or it was, and the data that the program wants to see
 * with the connection did not come (TCP_DEFER_ACCEPT): then it goes again when the time is nearly
 * up, for an ACK that is good enough.
 */
static void req_timer(struct tl_mini_timer *t)
{
	struct tl_req *req = container_of(t, struct tl_req, timer);
	struct sock *lsk = req->listener;
	struct net *net = sock_net(lsk);
	int limit = tl_sk(lsk)->config.syn_retries ?: TL_SYSCTL(net, synack_retries);
	int defer = READ_ONCE(tl_sk(lsk)->config.defer_accept);
	bool acked = READ_ONCE(req->acked);

	if (!tl_synq_alive(net, &req->node))
		return;
	TL_INC(net, TCPTimeouts);
	if (req->retries >= limit && (!acked || req->retries >= defer)) {
		tl_drop_count(net, NULL, TL_DROP_ReqTimeout);
		req_kill(net, req, TL_EV_TIMEOUT);
		return;
	}
	if (!acked || req->retries >= defer - 1)
		req_resend(net, req);
	req->retries++;
	tl_mini_timer_arm(&req->timer, req_timeout(lsk, req));
}

/* TCP_DEFER_ACCEPT: does this ACK lack what the program waits for? */
static bool defer_child(struct tl_req *req, const struct sk_buff *skb)
{
	if (req->retries >= READ_ONCE(tl_sk(req->listener)->config.defer_accept) ||
	    TL_CB(skb)->end != req->irs + 1)
		return false;
	WRITE_ONCE(req->acked, true);
	return true;
}

/* Options that the administrator lets us agree on */
static u8 opts_allowed(struct net *net)
{
	u8 which = 0;

	if (TL_SYSCTL(net, window_scaling))
		which |= TL_OPT_WSCALE;
	if (TL_SYSCTL(net, timestamps))
		which |= TL_OPT_TIMESTAMP;
	if (TL_SYSCTL(net, sack))
		which |= TL_OPT_SACK_PERM;
	return which;
}

/* The route back may want ECN where the administrator said nothing. */
static bool req_route_wants_ecn(struct net *net, const struct tl_req *req,
				const struct tl_af_ops *af)
{
	const struct tl_stray way = {
		.tuple	= &req->node.tuple,
		.dev	= req->node.bound_dev,
		.mark	= req->mark,
		.tos	= req->tos,
		.sk	= req->listener,
	};
	struct dst_entry *dst = af->route_stray(net, &way);
	bool wants;

	if (IS_ERR(dst))
		return false;
	wants = tl_ecn_by_route(dst);
	dst_release(dst);
	return wants;
}

/* Which of what the SYN offers do we take up? */
static void req_negotiate(struct net *net, struct tl_req *req, const struct sk_buff *skb,
			  const struct tl_af_ops *af)
{
	const struct tl_opts *o = &TL_CB(skb)->opts;
	bool by_route = tl_ecn_wants_route(req->listener, skb) &&
			req_route_wants_ecn(net, req, af);

	req->ecn_ok = tl_ecn_accepts(req->listener, skb, by_route);
	req->which = TL_OPT_MSS | (o->seen & opts_allowed(net));
	req->mss = (o->seen & TL_OPT_MSS) && o->mss ? o->mss : af->default_mss;
	if (req->which & TL_OPT_WSCALE) {
		req->snd_wscale = o->wscale;
		req->rcv_wscale = tl_rcv_wscale(req->listener);
	}
	if (req->which & TL_OPT_TIMESTAMP)
		req->ts_recent = o->tsval;
}

/* What a request knows before it looks at the options. */
static void req_begin(struct tl_req *req, struct sock *lsk, const struct sk_buff *skb,
		      const struct tl_where *w)
{
	struct tl_net *tn = tl_sk(lsk)->tn;

	req->node.tuple = w->tuple;
	req->node.kind = TL_KIND_REQ;
	req->node.bound_dev = READ_ONCE(lsk->sk_bound_dev_if) ?: w->scope;
	req->listener = lsk;
	req->ts_off = tl_ts_offset(tn, &w->tuple);
	req->mark = READ_ONCE(lsk->sk_mark);
	if (!req->mark && TL_SK_SYSCTL(lsk, fwmark_accept))
		req->mark = skb->mark;
	req->tos = tl_sock_class(lsk, &w->tuple) & ~INET_ECN_MASK;
	req->rcv_wnd = min_t(u32, tl_rcv_window_initial(lsk), U16_MAX);
}

static u32 choose_iss(struct net *net, const struct tl_cb *cb, const struct tl_where *w)
{
	u32 iss = tl_isn(tl_net(net), &w->tuple);

	/* RFC9293 MAY-2 (1): behind all that the old connection sent, had it outrun the clock */
	if (cb->anew && !seq_gt(iss, cb->was_nxt + U16_MAX))
		iss = cb->was_nxt + U16_MAX + 1;
	return iss;
}

/*
 * Note the headers of the SYN if the program asked for that; a request bounds it: with cookies
 * there is none. Without memory the program does without, as in Linux.
 */
static void req_save_syn(struct tl_req *req, const struct sk_buff *skb)
{
	u8 what = READ_ONCE(tl_sk(req->listener)->config.save_syn);
	const u8 *from, *end = skb_transport_header(skb) + tcp_hdrlen(skb);
	struct tl_saved_syn *syn;

	if (likely(!what))
		return;
	from = what == TL_SAVE_SYN_LINK && skb_mac_header_was_set(skb) ?
	       skb_mac_header(skb) : skb_network_header(skb);
	syn = kmalloc(struct_size(syn, data, end - from), GFP_ATOMIC);
	if (!syn)
		return;
	syn->len = end - from;
	memcpy(syn->data, from, syn->len);
	req->saved_syn = syn;
}

static struct tl_req *req_create(struct sock *lsk, const struct sk_buff *skb,
				 const struct tl_where *w, const struct tl_af_ops *af)
{
	struct net *net = sock_net(lsk);
	struct tl_req *req = kmem_cache_zalloc(req_cache, GFP_ATOMIC);
	const struct tl_cb *cb = TL_CB(skb);

	if (!req)
		return NULL;
	req_begin(req, lsk, skb, w);
	req->born_us = tl_clock_us();
	req->irs = cb->seq;
	req->iss = choose_iss(net, cb, w);
	req_negotiate(net, req, skb, af);
	req_save_syn(req, skb);
	tl_mini_timer_init(&req->timer, req_timer);
	return req;
}

/**
 * tl_synq_limit() - how many connections of a listener may be half open
 * @lsk: listener
 *
 * Return: as many as the program asked for, and the administrator allows.
 */
u32 tl_synq_limit(const struct sock *lsk)
{
	return min_t(u32, TL_SK_SYSCTL(lsk, max_syn_backlog),
		     READ_ONCE(lsk->sk_max_ack_backlog) + 1);
}

static bool synq_full(const struct sock *lsk)
{
	return atomic_read(&tl_sk(lsk)->listener->half_open) >= tl_synq_limit(lsk);
}

/* There is no room in the accept queue, neither for this nor for what would become of it. */
static enum tl_drop accept_queue_full(struct sock *lsk)
{
	TL_SK_INC(lsk, ListenOverflows);
	TL_SK_INC(lsk, ListenDrops);
	atomic_inc(&tl_sk(lsk)->listener->overflows);
	return TL_DROP_AcceptQueueFull;
}

/* Once a listener: whoever reads the log is to know why SYNs meet with cookies, or with silence. */
static void warn_flood(struct sock *lsk, bool cookies)
{
	bool *warned = &tl_sk(lsk)->listener->warned;

	if (READ_ONCE(*warned) || xchg(warned, true))
		return;
	net_info_ratelimited("tcplab: SYN queue of port %u is full: %s\n", inet_sk(lsk)->inet_num,
			     cookies ? "sending cookies" : "dropping SYNs");
}

/* Answer a SYN and forget it: the third segment will say it all again. */
static enum tl_drop cookie_syn(struct sock *lsk, const struct sk_buff *skb,
			       const struct tl_where *w, const struct tl_af_ops *af)
{
	struct net *net = sock_net(lsk);
	struct tl_net *tn = tl_net(net);
	u32 now = tl_clock_seconds(), ts;
	struct tl_req req = { 0 };

	req_begin(&req, lsk, skb, w);
	req.irs = TL_CB(skb)->seq;
	req_negotiate(net, &req, skb, af);
	if (!(req.which & TL_OPT_TIMESTAMP)) {	/* nowhere to keep the others */
		req.which = TL_OPT_MSS;
		req.ecn_ok = false;
	}
	req.iss = tl_cookie_make(tn, &w->tuple, req.irs, &req.mss);
	ts = tl_cookie_ts(tl_clock_ts_ms(), req.which, req.snd_wscale, req.ecn_ok);
	if (READ_ONCE(tn->cookie_last) != now)
		WRITE_ONCE(tn->cookie_last, now);
	TL_INC(net, SyncookiesSent);
	req_send(net, &req, TL_SYN | TL_ACK, ts + req.ts_off, NULL);
	return TL_DROP_NONE;
}

/* A child that makes no request wait: nobody else may have the tuple. */
static bool enter_child(struct net *net, struct sock *child, enum tl_event ev)
{
	if (tl_hash_insert(net, &tl_sk(child)->node)) {
		tl_child_discard(child);	/* another CPU was first with the same segment */
		return false;
	}
	TL_INC(net, PassiveOpens);
	tl_state_note(net, &tl_sk(child)->node.tuple, TCP_LISTEN, TCP_SYN_RECV, ev);
	return true;
}

/* The child that a returned cookie stands for, not yet in the table. */
static struct sock *cookie_child(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
				 const struct tl_af_ops *af, enum tl_drop *why)
{
	const struct tl_cb *cb = TL_CB(skb);
	struct net *net = sock_net(lsk);
	struct tl_net *tn = tl_net(net);
	struct tl_req req = { 0 };
	struct sock *child;
	s32 age;

	*why = TL_DROP_NONE;
	if ((cb->flags & (TL_SYN | TL_ACK | TL_RST)) != TL_ACK || !TL_SYSCTL(net, syncookies))
		return NULL;
	age = tl_clock_seconds() - READ_ONCE(tn->cookie_last);
	if (age > TL_COOKIE_LIFE)
		return NULL;
	req.irs = cb->seq - 1;
	req.iss = cb->ack - 1;
	req.mss = tl_cookie_check(tn, &w->tuple, req.irs, req.iss);
	if (!req.mss) {
		TL_INC(net, SyncookiesFailed);
		return NULL;
	}
	TL_INC(net, SyncookiesRecv);
	if (sk_acceptq_is_full(lsk)) {
		*why = accept_queue_full(lsk);
		return NULL;
	}
	*why = tl_security_syn(lsk, skb, w);
	if (*why != TL_DROP_NONE)
		return NULL;

	req_begin(&req, lsk, skb, w);
	if (cb->opts.seen & opts_allowed(net) & TL_OPT_TIMESTAMP) {
		req.which = tl_cookie_ts_read(cb->opts.tsecr - req.ts_off, &req.snd_wscale,
					      &req.ecn_ok) & opts_allowed(net);
		req.ecn_ok = req.ecn_ok && (tl_ecn_cookie_ok(lsk) ||
					    req_route_wants_ecn(net, &req, af));
		req.ts_recent = cb->opts.tsval;
	}
	req.which |= TL_OPT_MSS;
	if (req.which & TL_OPT_WSCALE)
		req.rcv_wscale = tl_rcv_wscale(lsk);

	child = tl_child_create(&req, skb, af);
	if (!child) {
		TL_INC(net, ListenDrops);
		*why = TL_DROP_Memory;
	}
	return child;
}

/**
 * tl_synq_cookie() - an ACK came to a listener: does it return a SYN cookie? (RFC4987 3.6)
 * @lsk: listener
 * @skb: the segment; not consumed
 * @w: its addresses
 * @af: its family
 * @why: the reason to drop it, when NULL is returned; TL_DROP_NONE if it is no cookie
 *
 * Context: RCU reader, BHs off, no lock.
 * Return: as tl_synq_rcv().
 */
struct sock *tl_synq_cookie(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			    const struct tl_af_ops *af, enum tl_drop *why)
{
	struct sock *child = cookie_child(lsk, skb, w, af, why);

	if (!child)
		return NULL;
	*why = TL_DROP_OldData;
	return enter_child(sock_net(lsk), child, TL_EV_COOKIE) ? child : NULL;
}

/* Fast Open: the program may have the SYN's data, and the connection, at once. */
static struct sock *early_child(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
				const struct tl_af_ops *af)
{
	struct net *net = sock_net(lsk);
	struct tl_req req = { 0 };
	struct sock *child;

	req_begin(&req, lsk, skb, w);
	req.irs = TL_CB(skb)->seq;
	req.iss = choose_iss(net, TL_CB(skb), w);
	req_negotiate(net, &req, skb, af);
	req_save_syn(&req, skb);
	child = tl_child_create(&req, skb, af);
	if (!child) {
		kfree(req.saved_syn);
		return NULL;
	}
	tl_sk(child)->config.saved_syn = req.saved_syn;
	return enter_child(net, child, TL_EV_RCV_SYN) ? child : NULL;
}

/* Keep a request, and answer. */
static enum tl_drop enqueue(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			    const struct tl_af_ops *af, const struct tl_fo_cookie *answer)
{
	struct net *net = sock_net(lsk);
	struct tl_req *req;

	/* A listener that closes just now has no reference to give. */
	if (!refcount_inc_not_zero(&lsk->sk_refcnt))
		return TL_DROP_NoSocket;
	atomic_inc(&tl_sk(lsk)->listener->half_open);
	req = req_create(lsk, skb, w, af);
	if (!req) {
		atomic_dec(&tl_sk(lsk)->listener->half_open);
		sock_put(lsk);
		return TL_DROP_Memory;
	}
	if (tl_hash_insert(net, &req->node)) {
		req_free(req);		/* the same SYN twice at once, or no memory */
		return TL_DROP_Memory;
	}
	TL_INC(net, PassiveOpens);
	tl_state_note(net, &w->tuple, TCP_LISTEN, TCP_SYN_RECV, TL_EV_RCV_SYN);
	tl_mini_timer_arm(&req->timer, req_timeout(lsk, req));
	req_send(net, req, TL_SYN | TL_ACK, req_tsval(req), answer);
	return TL_DROP_NONE;
}

/**
 * tl_synq_syn() - a SYN came to a listener (RFC9293 3.10.7.2 third)
 * @lsk: listener
 * @skb: the SYN; not consumed
 * @w: its addresses
 * @af: its family
 * @answer: Fast Open option for the child's SYN-ACK
 * @why: the reason to drop it, when NULL is returned; TL_DROP_NONE if a SYN-ACK went out
 *
 * Context: RCU reader, BHs off, no lock.
 * Return: a child that begins with the SYN's data (Fast Open), as from tl_synq_rcv(); or NULL.
 */
struct sock *tl_synq_syn(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w,
			 const struct tl_af_ops *af, struct tl_fo_cookie *answer,
			 enum tl_drop *why)
{
	struct net *net = sock_net(lsk);
	int cookies = TL_SYSCTL(net, syncookies);
	/* TIME-WAITs that make room are not that many; a cookie would not heed their numbers. */
	bool anew = TL_CB(skb)->anew, full = !anew && synq_full(lsk);
	struct sock *child;

	if (full)
		warn_flood(lsk, cookies);
	if (full && !cookies) {
		TL_INC(net, TCPReqQFullDrop);
		TL_INC(net, ListenDrops);
		atomic_inc(&tl_sk(lsk)->listener->syn_drops);
		*why = TL_DROP_SynQueueFull;
		return NULL;
	}
	if (sk_acceptq_is_full(lsk)) {
		*why = accept_queue_full(lsk);
		return NULL;
	}
	*why = tl_security_syn(lsk, skb, w);
	if (*why != TL_DROP_NONE) {
		TL_INC(net, ListenDrops);
		return NULL;
	}
	if (full)
		TL_INC(net, TCPReqQFullDoCookies);
	if (full || (cookies == 2 && !anew)) {
		*why = cookie_syn(lsk, skb, w, af);
		return NULL;
	}
	if (tl_fastopen_syn(lsk, skb, &w->tuple, answer)) {
		child = early_child(lsk, skb, w, af);
		if (child)
			return child;
		TL_INC(net, TCPFastOpenPassiveFail);
	}
	*why = enqueue(lsk, skb, w, af, answer);
	return NULL;
}

/* RFC9293 3.10.7.4 for SYN-RECEIVED, before the ACK makes a connection of it. */
static enum tl_drop req_check(struct net *net, struct tl_req *req, struct sk_buff *skb)
{
	const struct tl_cb *cb = TL_CB(skb);
	bool old = (req->which & cb->opts.seen & TL_OPT_TIMESTAMP) &&
		   seq_lt(cb->opts.tsval, req->ts_recent);

	/* The SYN again: our SYN-ACK was lost, or is late. */
	if ((cb->flags & (TL_SYN | TL_ACK | TL_RST)) == TL_SYN && cb->seq == req->irs) {
		if (!tl_oow_limited(net, &req->oow_last, TL_MIB_TCPACKSkippedSynRecv))
			req_resend(net, req);
		return TL_DROP_OldData;
	}
	/* first: sequence number, and R1 of RFC7323 5.3 */
	if (old || !seq_acceptable(cb->seq, cb->end, req->irs + 1, req->rcv_wnd)) {
		if (!(cb->flags & TL_RST) &&
		    !tl_oow_limited_for(net, cb, &req->oow_last, TL_MIB_TCPACKSkippedSynRecv))
			req_send(net, req, TL_ACK, req_tsval(req), NULL);
		return old ? TL_DROP_Paws : TL_DROP_OutOfWindow;
	}
	/* second: RST, exactly (RFC5961 3.2) */
	if (cb->flags & TL_RST) {
		if (cb->seq == req->irs + 1) {
			req_kill(net, req, TL_EV_RCV_RST);
			return TL_DROP_USED;
		}
		if (!tl_oow_limited(net, &req->oow_last, TL_MIB_TCPACKSkippedChallenge) &&
		    tl_challenge_allowed(net))
			req_send(net, req, TL_ACK, req_tsval(req), NULL);
		return TL_DROP_BadRst;
	}
	/* fourth: SYN: a passive open goes back to LISTEN, and the SYN will come again */
	if (cb->flags & TL_SYN) {
		req_kill(net, req, TL_EV_ABORT);
		return TL_DROP_SynInWindow;
	}
	/* fifth: ACK */
	if (!(cb->flags & TL_ACK))
		return TL_DROP_NoAck;
	return cb->ack == req->iss + 1 ? TL_DROP_NONE : TL_DROP_ReqMismatch;
}

/*
 * An ACK of another SYN-ACK than the request's: a cookie's, which went out while the SYN queue was
 * full, before the SYN came again? Else it is answered by an RST (RFC9293 3.10.7.4).
 */
static struct sock *req_mismatch(struct net *net, struct tl_req *req, struct sk_buff *skb,
				 const struct tl_af_ops *af, enum tl_drop *why)
{
	const struct tl_where w = { .tuple = req->node.tuple, .scope = req->node.bound_dev };
	struct sock *child = cookie_child(req->listener, skb, &w, af, why);

	if (!child && *why == TL_DROP_NONE) {
		tl_reset_stray(net, skb, &w, af, req->listener);
		*why = TL_DROP_ReqMismatch;
	}
	return child;
}

/* The accept queue is full: by default the ACK is forgotten, and the SYN-ACK goes again. */
static enum tl_drop req_overflow(struct net *net, struct tl_req *req, struct sk_buff *skb,
				 const struct tl_af_ops *af)
{
	const struct tl_where w = { .tuple = req->node.tuple, .scope = req->node.bound_dev };
	struct sock *lsk = req->listener;	/* outlives the request, by RCU */

	if (TL_SYSCTL(net, abort_on_overflow)) {
		tl_reset_stray(net, skb, &w, af, req->listener);
		req_kill(net, req, TL_EV_ABORT);
	}
	return accept_queue_full(lsk);
}

/* The handshake is complete: the child, not yet in the table; or why there is none yet. */
static struct sock *req_child(struct net *net, struct tl_req *req, struct sk_buff *skb,
			      const struct tl_af_ops *af, enum tl_drop *why)
{
	struct sock *child;

	if (defer_child(req, skb)) {
		TL_INC(net, TCPDeferAcceptDrop);
		*why = TL_DROP_Deferred;
		return NULL;
	}
	if (sk_acceptq_is_full(req->listener)) {
		*why = req_overflow(net, req, skb, af);
		return NULL;
	}
	child = tl_child_create(req, skb, af);
	if (!child) {
		TL_INC(net, ListenDrops);
		*why = TL_DROP_Memory;
	}
	return child;
}

/**
 * tl_synq_rcv() - a segment for a half-open connection
 * @node: the request's entry
 * @skb: the segment; not consumed
 * @af: its family
 * @why: the reason to drop it, when NULL is returned
 *
 * Context: RCU reader, BHs off, no lock.
 * Return: the child that it brought up, locked, in the table, to which @skb is yet to be given; or
 * NULL.
 */
struct sock *tl_synq_rcv(struct tl_node *node, struct sk_buff *skb, const struct tl_af_ops *af,
			 enum tl_drop *why)
{
	struct tl_req *req = container_of(node, struct tl_req, node);
	struct net *net = sock_net(req->listener);
	struct sock *child = NULL;

	*why = req_check(net, req, skb);
	if (*why == TL_DROP_ReqMismatch)
		child = req_mismatch(net, req, skb, af, why);
	else if (*why == TL_DROP_NONE)
		child = req_child(net, req, skb, af, why);
	if (!child)
		return NULL;
	if (!tl_hash_replace(net, node, &tl_sk(child)->node)) {
		/* Another CPU was first with the same segment. */
		tl_child_discard(child);
		*why = TL_DROP_OldData;
		return NULL;
	}
	/* the request was ours to take: nobody else looks at it any more */
	tl_sk(child)->config.saved_syn = req->saved_syn;
	req->saved_syn = NULL;
	req_free(req);
	return child;
}

/**
 * tl_synq_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int tl_synq_init(void)
{
	req_cache = kmem_cache_create("tl_request", sizeof(struct tl_req), 0, SLAB_ACCOUNT, NULL);
	return req_cache ? 0 : -ENOMEM;
}

/**
 * tl_synq_exit() - all requests are gone, and a grace period since
 */
void tl_synq_exit(void)
{
	kmem_cache_destroy(req_cache);
}
