// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: the socket hands what is still needed to a small object, which takes its place in the
 * table at once. The object answers for 2 MSL: it acknowledges a FIN that comes again, and keeps
 * old segments away from a new connection of the same name.
 */
#include <linux/slab.h>
#include <net/inet_ecn.h>
#include "sock.h"
#include "conn/timewait.h"

static struct kmem_cache *tw_cache;

static void tw_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(tw_cache, container_of(rcu, struct tl_tw, rcu));
}

/* The caller has taken it out of the table. */
static void tw_free(struct tl_tw *tw)
{
	struct tl_net *tn = tl_net(tw->net);

	tl_mini_timer_end(&tw->timer);
	tl_port_put(tn, &tw->bound);
	atomic_dec(&tn->timewaits);
	call_rcu(&tw->rcu, tw_free_rcu);
}

/**
 * tl_timewait_kill() - end a TIME-WAIT
 * @net: namespace
 * @node: its entry
 * @ev: why
 */
void tl_timewait_kill(struct net *net, struct tl_node *node, enum tl_event ev)
{
	struct tl_tw *tw = container_of(node, struct tl_tw, node);

	if (!tl_hash_remove(net, node))
		return;
	tl_state_note(net, &node->tuple, TCP_TIME_WAIT, TCP_CLOSE, ev);
	tw_free(tw);
}

static void tw_timer(struct tl_mini_timer *t)
{
	struct tl_tw *tw = container_of(t, struct tl_tw, timer);

	TL_INC(tw->net, TW);
	tl_timewait_kill(tw->net, &tw->node, TL_EV_TIMEOUT);
}

/* 2 MSL (RFC9293 MUST-13), jiffies. */
static unsigned long tw_period(struct net *net)
{
	return tl_ms_jiffies(2 * TL_SYSCTL(net, msl_ms));
}

static struct tl_tw *tw_create(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct net *net = sock_net(sk);
	struct tl_net *tn = tl_net(net);
	struct tl_tw *tw;

	if (atomic_read(&tn->timewaits) >= TL_SYSCTL(net, max_tw_buckets))
		return NULL;
	tw = kmem_cache_zalloc(tw_cache, GFP_ATOMIC);
	if (!tw)
		return NULL;

	tw->node.tuple = tl->node.tuple;
	tw->node.bound_dev = tl->node.bound_dev;
	tw->node.kind = TL_KIND_TW;
	tw->bound.tw = true;
	tw->net = net;
	tw->rcv_nxt = tl->rcv.nxt;
	tw->rcv_wnd = tl_rcv_window_left(tl);
	tw->snd_nxt = tl->snd.nxt;
	tw->ts_ok = tl->rcv.ts_ok;
	tw->ts_recent = tl->rcv.ts_recent;
	tw->ts_recent_age = tl->rcv.ts_recent_age;
	tw->ts_off = tl->rcv.ts_off;
	tw->wscale = tl->rcv.wscale;
	tw->mark = sk->sk_mark;
	tw->priority = READ_ONCE(sk->sk_priority);
	tw->tos = tl_sock_class(sk, &tl->node.tuple) & ~INET_ECN_MASK;
	tw->reuse = sk->sk_reuse;
	tw->reuseport = sk->sk_reuseport;
	tw->v6only = ipv6_only_sock(sk);
	tl_mini_timer_init(&tw->timer, tw_timer);
	atomic_inc(&tn->timewaits);
	return tw;
}

/**
 * tl_timewait_enter() - leave the rest to a small object (RFC9293 3.10.7.4 eighth)
 * @sk: socket, locked; it is CLOSED afterwards, and gone if it was an orphan
 * @ev: what made it TIME-WAIT
 *
 * With no memory, or max_tw_buckets reached, the connection ends at once, as in Linux.
 *
 * sk_state never says TIME-WAIT: to the kernel that is no full socket, and inet6_release(), which
 * asks without the lock, would find no IPv6 part.
 */
void tl_timewait_enter(struct sock *sk, enum tl_event ev)
{
	struct tl_sock *tl = tl_sk(sk);
	struct net *net = sock_net(sk);
	struct tl_tw *tw;

	tl_state_note(net, &tl->node.tuple, sk->sk_state, TCP_TIME_WAIT, ev);
	tw = tw_create(sk);
	if (!tw) {
		TL_INC(net, TCPTimeWaitOverflow);
	} else {
		/* ready before anybody can find it */
		tl_port_inherit(tl_net(net), &tl->bound, &tw->bound);
		if (tl_hash_replace(net, &tl->node, &tw->node)) {
			tl_mini_timer_arm(&tw->timer, tw_period(net));
			sock_put(sk);		/* the table's */
		} else {
			tw_free(tw);
		}
	}
	tl_done(sk, TL_EV_HANDOVER);
}

/* Do both ends of the connection stand on this machine's loopback? */
static bool tw_is_loopback(const struct tl_tw *tw)
{
	const struct tl_tuple *t = &tw->node.tuple;

	if (tw->node.bound_dev == LOOPBACK_IFINDEX)
		return true;
	if (ipv6_addr_v4mapped(&t->faddr))
		return ipv4_is_loopback(t->faddr.s6_addr32[3]) ||
		       ipv4_is_loopback(t->laddr.s6_addr32[3]);
	return ipv6_addr_loopback(&t->faddr) || ipv6_addr_loopback(&t->laddr);
}

/*
 * May connect() have this name, although it is in TIME-WAIT? Timestamps must keep the old
 * connection's segments away from the new one (RFC6191 2, RFC7323 5.8): so ours must have moved on,
 * by one second. For a port that the program chose itself the administrator is not asked, as in
 * Linux.
 */
static bool tw_yields(const struct tl_tw *tw, bool any_port)
{
	int reuse = TL_SYSCTL(tw->net, timewait_reuse);

	if (!tw->ts_ok)
		return false;
	if (!any_port)
		return true;
	if (reuse == 2)
		reuse = tw_is_loopback(tw);
	return reuse && tl_clock_seconds() - tw->ts_recent_age > 0;
}

/**
 * tl_timewait_replace() - let connect() take the place of a TIME-WAIT
 * @sk: socket, locked, with its tuple filled in
 * @node: the entry that has the tuple, of whatever kind
 * @any_port: the port was not the program's choice
 *
 * The new connection begins beyond all that the old one may have sent.
 *
 * Context: RCU reader, BHs off.
 * Return: true if it did; then the caller tells tl_timewait_replaced().
 */
bool tl_timewait_replace(struct sock *sk, struct tl_node *node, bool any_port)
{
	const struct tl_tw *tw = container_of(node, struct tl_tw, node);
	struct tl_sock *tl = tl_sk(sk);

	if (node->kind != TL_KIND_TW || !tw_yields(tw, any_port) ||
	    !tl_hash_replace(sock_net(sk), node, &tl->node))
		return false;
	tl->snd.iss = tw->snd_nxt + U16_MAX + 2;	/* beyond an unscaled window */
	return true;
}

/**
 * tl_timewait_replaced() - free a TIME-WAIT whose place was taken
 * @net: namespace
 * @node: its entry
 */
void tl_timewait_replaced(struct net *net, struct tl_node *node)
{
	tl_state_note(net, &node->tuple, TCP_TIME_WAIT, TCP_CLOSE, TL_EV_CONNECT);
	TL_INC(net, TWRecycled);
	tw_free(container_of(node, struct tl_tw, node));
}

static u16 tw_window(const struct tl_tw *tw)
{
	return min_t(u32, tw->rcv_wnd >> tw->wscale, U16_MAX);
}

static void tw_send_ack(struct net *net, const struct tl_tw *tw, const struct sk_buff *skb)
{
	const struct tl_stray way = {
		.tuple	= &tw->node.tuple,
		.dev	= tw->node.bound_dev,
		.mark	= tl_af_of(&tw->node.tuple)->reply_mark(net, skb) ?: tw->mark,
		.priority = tw->priority,
		.tos	= tw->tos,
	};
	const struct tl_stray_seg seg = {
		.seq	= tw->snd_nxt,
		.ack	= tw->rcv_nxt,
		.wnd	= tw_window(tw),
		.flags	= TL_ACK,
		.which	= tw->ts_ok ? TL_OPT_TIMESTAMP : 0,
		.opts	= {
			.tsval	= tl_clock_ts_ms() + tw->ts_off,
			.tsecr	= tw->ts_recent,
		},
	};

	tl_stray_send(net, &way, &seg);
}

/* May this SYN begin a new connection at once (RFC9293 MAY-2, RFC6191 2)? */
static bool tw_syn_is_newer(const struct tl_tw *tw, const struct tl_cb *cb)
{
	if (tw->ts_ok && (cb->opts.seen & TL_OPT_TIMESTAMP) &&
	    seq_gt(cb->opts.tsval, tw->ts_recent))
		return true;
	return seq_gt(cb->seq, tw->rcv_nxt);
}

/**
 * tl_timewait_rcv() - a segment for a connection in TIME-WAIT (RFC9293 3.10.7.4)
 * @net: namespace
 * @node: its entry
 * @skb: the segment; not consumed
 * @anew: in: somebody listens there; out: this is a SYN that begins anew, and the TIME-WAIT has
 * ended
 *
 * Context: RCU reader, BHs off.
 * Return: the reason to drop it, TL_DROP_NONE if it was of use.
 */
enum tl_drop tl_timewait_rcv(struct net *net, struct tl_node *node, struct sk_buff *skb,
			     bool *anew)
{
	struct tl_tw *tw = container_of(node, struct tl_tw, node);
	struct tl_cb *cb = TL_CB(skb);
	bool listener = *anew, old;

	*anew = false;
	old = tw->ts_ok && (cb->opts.seen & TL_OPT_TIMESTAMP) &&
	      seq_lt(cb->opts.tsval, tw->ts_recent);

	/* An RST ends a TIME-WAIT, unless the administrator knows of its hazards (RFC1337 3). */
	if (cb->flags & TL_RST) {
		if (cb->seq == tw->rcv_nxt && !old && !TL_SYSCTL(net, rfc1337))
			tl_timewait_kill(net, node, TL_EV_RCV_RST);
		return TL_DROP_TimeWait;
	}

	if (listener && (cb->flags & (TL_SYN | TL_ACK | TL_FIN)) == TL_SYN && !old &&
	    tw_syn_is_newer(tw, cb)) {
		*anew = true;
		cb->anew = true;
		cb->was_nxt = tw->snd_nxt;
		tl_timewait_kill(net, node, TL_EV_RCV_SYN);
		return TL_DROP_NONE;
	}

	/* A FIN that comes again: our ACK of it was lost. Wait anew (RFC9293 3.10.7.4 eighth). */
	if ((cb->flags & TL_FIN) && cb->end == tw->rcv_nxt) {
		tl_mini_timer_arm(&tw->timer, tw_period(net));
		tw_send_ack(net, tw, skb);
		return TL_DROP_USED;
	}
	if ((cb->flags & TL_ACK) && !old && cb->seq == cb->end && cb->seq == tw->rcv_nxt)
		return TL_DROP_TimeWait;	/* an ordinary ACK asks for nothing */

	if (!tl_oow_limited_for(net, cb, &tw->oow_last, TL_MIB_TCPACKSkippedTimeWait))
		tw_send_ack(net, tw, skb);
	return old ? TL_DROP_Paws : TL_DROP_TimeWait;
}

/**
 * tl_timewait_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int tl_timewait_init(void)
{
	tw_cache = kmem_cache_create("tl_timewait", sizeof(struct tl_tw), 0, SLAB_ACCOUNT, NULL);
	return tw_cache ? 0 : -ENOMEM;
}

/**
 * tl_timewait_exit() - all TIME-WAITs are gone, and a grace period since
 */
void tl_timewait_exit(void)
{
	kmem_cache_destroy(tw_cache);
}
