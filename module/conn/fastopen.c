// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open (RFC 7413).
 *
 * The server's cookie is a keyed hash of both addresses: it keeps nothing. Who returns it has
 * been at that address before, so that a SYN's data may be given to the program at once. The client
 * remembers each server's cookie, in a table that may forget.
 */
#include <linux/siphash.h>
#include <linux/xarray.h>
#include <net/inet_common.h>
#include "sock.h"
#include "conn/fastopen.h"

#define PEERS		1024			/* slots of the client's table */
#define RESET_COUNTS	(60 * HZ)

/**
 * struct tl_fo_keys - a server's secrets
 * @key: what cookies are made with; then what they were made with before (TCP_FASTOPEN_KEY)
 * @n: 1 or 2
 * @rcu: for kfree_rcu()
 */
struct tl_fo_keys {
	siphash_key_t	key[2];
	unsigned int	n;
	struct rcu_head	rcu;
};

/* What a client knows of a server. */
struct peer {
	struct in6_addr		laddr;
	struct in6_addr		faddr;
	struct tl_fo_cookie	cookie;
	u16			mss;
	struct rcu_head		rcu;
};

/**
 * tl_fastopen_net_init() - no keys yet, no cookies
 * @tn: namespace
 */
void tl_fastopen_net_init(struct tl_net *tn)
{
	RCU_INIT_POINTER(tn->fo.keys, NULL);
	xa_init_flags(&tn->fo.peers, XA_FLAGS_LOCK_BH);
	atomic_set(&tn->fo.pauses, 0);
}

/**
 * tl_fastopen_net_exit() - forget them
 * @tn: namespace without connections
 */
void tl_fastopen_net_exit(struct tl_net *tn)
{
	unsigned long i;
	struct peer *p;

	xa_for_each(&tn->fo.peers, i, p)
		kfree(p);
	xa_destroy(&tn->fo.peers);
	tl_fastopen_keys_free(&tn->fo.keys);
}

/**
 * tl_fastopen_keys_free() - forget a secret
 * @where: a listener's keys, or the namespace's
 */
void tl_fastopen_keys_free(struct tl_fo_keys __rcu **where)
{
	struct tl_fo_keys *old = unrcu_pointer(xchg(where, NULL));

	if (old)
		kfree_rcu(old, rcu);
}

/**
 * tl_fastopen_keys_set() - TCP_FASTOPEN_KEY, and the setting fastopen_key
 * @where: a listener's keys, or the namespace's
 * @keys: one or two keys
 * @len: bytes of them: TL_FO_KEY_SIZE each
 *
 * Return: 0 or -ENOMEM.
 */
int tl_fastopen_keys_set(struct tl_fo_keys __rcu **where, const u8 *keys, unsigned int len)
{
	struct tl_fo_keys *new = kzalloc(sizeof(*new), GFP_KERNEL), *old;
	unsigned int i;

	if (!new)
		return -ENOMEM;
	new->n = len / TL_FO_KEY_SIZE;
	for (i = 0; i < new->n; i++) {
		new->key[i].key[0] = get_unaligned_le64(keys + i * TL_FO_KEY_SIZE);
		new->key[i].key[1] = get_unaligned_le64(keys + i * TL_FO_KEY_SIZE + 8);
	}
	old = unrcu_pointer(xchg(where, RCU_INITIALIZER(new)));
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/**
 * tl_fastopen_keys_get() - what was set
 * @where: a listener's keys, or the namespace's
 * @keys: room for two
 *
 * Return: bytes, 0 if there are none.
 */
unsigned int tl_fastopen_keys_get(struct tl_fo_keys __rcu *const *where, u8 *keys)
{
	const struct tl_fo_keys *k;
	unsigned int i, n = 0;

	rcu_read_lock();
	k = rcu_dereference(*where);
	if (k)
		n = k->n;
	for (i = 0; i < n; i++) {
		put_unaligned_le64(k->key[i].key[0], keys + i * TL_FO_KEY_SIZE);
		put_unaligned_le64(k->key[i].key[1], keys + i * TL_FO_KEY_SIZE + 8);
	}
	rcu_read_unlock();
	return n * TL_FO_KEY_SIZE;
}

/**
 * tl_fastopen_keys_once() - a namespace's first server: it needs a secret
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tl_fastopen_keys_once(struct tl_net *tn)
{
	struct tl_fo_keys *new;

	if (rcu_access_pointer(tn->fo.keys))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->n = 1;
	get_random_bytes(&new->key[0], sizeof(new->key[0]));
	if (cmpxchg(&tn->fo.keys, NULL, RCU_INITIALIZER(new)))
		kfree(new);
	return 0;
}

/* Cookie number @i for a client, if there is such a key. */
static bool make(const struct sock *lsk, const struct tl_tuple *t, unsigned int i,
		 struct tl_fo_cookie *cookie)
{
	const struct tl_fo_keys *k = rcu_dereference(tl_sk(lsk)->listener->fo.keys) ?:
				     rcu_dereference(tl_sk(lsk)->tn->fo.keys);
	struct in6_addr both[2] = { t->faddr, t->laddr };

	if (!k || i >= k->n)
		return false;
	put_unaligned_le64(siphash(both, sizeof(both), &k->key[i]), cookie->val);
	cookie->len = TL_FO_COOKIE_SIZE;
	return true;
}

/* Does the segment's option hold this cookie? */
static bool same(const struct sk_buff *skb, const struct tl_fo_cookie *cookie)
{
	const struct tl_opts *o = &TL_CB(skb)->opts;
	const u8 *options = (const u8 *)(tcp_hdr(skb) + 1);

	return o->fo_len == cookie->len && !memcmp(options + o->fo_at, cookie->val, o->fo_len);
}

/* May one more connection begin with data? */
static bool queue_has_room(struct sock *lsk)
{
	struct tl_fo_queue *q = &tl_sk(lsk)->listener->fo;
	u32 max = READ_ONCE(q->max);

	if (!max)
		return false;
	if (atomic_read(&q->pending) < max)
		return true;
	if (atomic_read(&q->resets) && time_after(tl_clock_jiffies(), READ_ONCE(q->resets_until))) {
		atomic_sub(atomic_xchg(&q->resets, 0), &q->pending);
		return true;
	}
	TL_SK_INC(lsk, TCPFastOpenListenOverflow);
	return false;
}

/**
 * tl_fastopen_syn() - a SYN came to a listener: may its data be taken (RFC7413 4.2.2)?
 * @lsk: listener
 * @skb: the SYN
 * @t: its addresses
 * @answer: the option for the SYN-ACK
 *
 * Context: RCU reader.
 * Return: true if a connection is to begin at once.
 */
bool tl_fastopen_syn(struct sock *lsk, const struct sk_buff *skb, const struct tl_tuple *t,
		     struct tl_fo_cookie *answer)
{
	const struct tl_cb *cb = TL_CB(skb);
	bool asked = cb->opts.seen & TL_OPT_FASTOPEN;
	struct net *net = sock_net(lsk);
	int mode = TL_SYSCTL(net, fastopen);

	answer->len = TL_FO_NO_OPTION;
	if (!(mode & TL_FO_SERVER) || (!asked && !tl_cb_datalen(cb)) || !queue_has_room(lsk))
		return false;
	if ((mode & TL_FO_SERVER_NO_COOKIE) || tl_sk(lsk)->fo.no_cookie)
		return true;
	if (!asked || !make(lsk, t, 0, answer))
		return false;
	if (!cb->opts.fo_len) {
		TL_INC(net, TCPFastOpenCookieReqd);
		return false;
	}
	if (same(skb, answer)) {
		answer->len = TL_FO_NO_OPTION;
		return true;
	}
	/* Made with the key before? Good, but here is a new one. */
	if (make(lsk, t, 1, answer) && same(skb, answer)) {
		TL_INC(net, TCPFastOpenPassiveAltKey);
		make(lsk, t, 0, answer);
		return true;
	}
	TL_INC(net, TCPFastOpenPassiveFail);
	make(lsk, t, 0, answer);
	return false;
}

/**
 * tl_fastopen_join() - a connection that began with data is pending
 * @child: in SYN-RECEIVED, locked
 * @lsk: its listener, which the caller has a reference of, or finds by RCU
 */
void tl_fastopen_join(struct sock *child, struct sock *lsk)
{
	struct tl_fastopen *fo = &tl_sk(child)->fo;

	if (!refcount_inc_not_zero(&lsk->sk_refcnt))
		return;				/* it closes just now */
	atomic_inc(&tl_sk(lsk)->listener->fo.pending);
	fo->listener = lsk;
	TL_SK_INC(lsk, TCPFastOpenPassive);
}

/**
 * tl_fastopen_leave() - it is pending no longer
 * @child: locked
 * @reset: it ended by an RST: whoever spoofs SYNs must not get rid of them so easily (RFC7413 5.1);
 *	in the accept queue they still take a place
 */
void tl_fastopen_leave(struct sock *child, bool reset)
{
	struct tl_fastopen *fo = &tl_sk(child)->fo;
	struct tl_fo_queue *q;

	if (!fo->listener)
		return;
	q = &tl_sk(fo->listener)->listener->fo;
	if (reset && list_empty(&tl_sk(child)->accept)) {
		WRITE_ONCE(q->resets_until, tl_clock_jiffies() + RESET_COUNTS);
		atomic_inc(&q->resets);
	} else {
		atomic_dec(&q->pending);
	}
	sock_put(fo->listener);
	fo->listener = NULL;
}

/**
 * tl_fastopen_listen() - how many connections may be pending
 * @sk: listener, or one to be (tl_listener_make()); locked
 * @max: TCP_FASTOPEN, or the backlog; bounded by somaxconn
 */
void tl_fastopen_listen(struct sock *sk, int max)
{
	struct tl_fo_queue *q = &tl_sk(sk)->listener->fo;

	WRITE_ONCE(q->max, min_t(u32, max, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
}

static unsigned long slot(const struct tl_tuple *t)
{
	static siphash_key_t key __read_mostly;
	struct in6_addr both[2] = { t->laddr, t->faddr };

	net_get_random_once(&key, sizeof(key));
	return siphash(both, sizeof(both), &key) % PEERS;
}

static bool is_for(const struct peer *p, const struct tl_tuple *t)
{
	return p && ipv6_addr_equal(&p->laddr, &t->laddr) && ipv6_addr_equal(&p->faddr, &t->faddr);
}

/* RFC7413 4.1.3.1: the cookie goes together with the MSS, by which the SYN's data is bounded. */
static void recall(struct sock *sk, struct tl_fo_cookie *cookie, u16 *mss)
{
	struct tl_net *tn = tl_sk(sk)->tn;
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;
	const struct peer *p;

	cookie->len = 0;
	*mss = 0;
	rcu_read_lock();
	p = xa_load(&tn->fo.peers, slot(t));
	if (is_for(p, t)) {
		*cookie = p->cookie;
		*mss = p->mss;
	}
	rcu_read_unlock();
}

static void remember_cookie(struct sock *sk, const struct tl_fo_cookie *cookie, u16 mss)
{
	struct tl_net *tn = tl_sk(sk)->tn;
	const struct tl_tuple *t = &tl_sk(sk)->node.tuple;
	struct peer *p = kzalloc(sizeof(*p), GFP_ATOMIC), *old;

	if (!p)
		return;
	p->laddr = t->laddr;
	p->faddr = t->faddr;
	p->cookie = *cookie;
	p->mss = mss;
	old = xa_store_bh(&tn->fo.peers, slot(t), p, GFP_ATOMIC);
	if (xa_is_err(old))
		kfree(p);
	else if (old)
		kfree_rcu(old, rcu);
}

/* After what looked like a middlebox that cannot bear it, nobody tries for a while. */
static bool paused(struct sock *sk)
{
	struct tl_net *tn = tl_sk(sk)->tn;
	int timeout = READ_ONCE(tn->sysctl.fastopen_blackhole_timeout_sec);
	int times = atomic_read(&tn->fo.pauses);

	if (!timeout || !times)
		return false;
	/* each pause is twice as long as the one before, up to 64 times */
	if (time_before(tl_clock_jiffies(), READ_ONCE(tn->fo.paused_at) +
				 ((unsigned long)timeout << min(times - 1, 6)) * HZ))
		return true;
	tl_sk(sk)->fo.resumed = true;
	return false;
}

static void pause_all(struct sock *sk)
{
	struct tl_net *tn = tl_sk(sk)->tn;

	if (!READ_ONCE(tn->sysctl.fastopen_blackhole_timeout_sec))
		return;
	WRITE_ONCE(tn->fo.paused_at, tl_clock_jiffies());
	atomic_inc(&tn->fo.pauses);
	TL_INC(tn->net, TCPFastOpenBlackhole);
}

/* May the SYN carry data? And which option goes with it? */
static bool may_send_data(struct sock *sk, struct tl_fo_cookie *cookie, u16 *mss)
{
	struct tl_fastopen *fo = &tl_sk(sk)->fo;

	recall(sk, cookie, mss);
	if (paused(sk)) {
		cookie->len = TL_FO_NO_OPTION;
		return false;
	}
	if (fo->no_cookie || (TL_SK_SYSCTL(sk, fastopen) & TL_FO_CLIENT_NO_COOKIE)) {
		cookie->len = TL_FO_NO_OPTION;
		return true;
	}
	if (cookie->len > 0)
		return true;
	fo->fail = TFO_COOKIE_UNAVAILABLE;
	return false;
}

/**
 * tl_fastopen_defer() - TCP_FASTOPEN_CONNECT: may connect() leave the SYN to the first write?
 * @sk: socket, locked, about to send its SYN
 *
 * Return: true if it does: there is a cookie, so that data can go along.
 */
bool tl_fastopen_defer(struct sock *sk)
{
	struct tl_fastopen *fo = &tl_sk(sk)->fo;
	struct tl_fo_cookie cookie;
	u16 mss;

	if (!fo->connect || fo->msg || !may_send_data(sk, &cookie, &mss))
		return false;
	tl_inet_set_defer_connect(sk, true);
	return true;
}

/* As much of the program's data as a SYN can carry goes into the stream. */
static u32 take_data(struct sock *sk, u16 mss)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_fastopen *fo = &tl->fo;
	u32 most, room;

	if (mss)
		tl->snd.peer_mss = mss;
	tl_mss_sync(sk, tl->snd.pmtu);
	/* room for all options that there can be, those that middleboxes add included */
	most = tl->snd.mss + tl_opts_len(tl_usual_opts(sk));
	if (most <= TL_MAX_OPTS)
		return 0;
	room = min_t(size_t, most - TL_MAX_OPTS, fo->size);
	while (*fo->copied < room) {
		int n = tl_txq_append(sk, fo->msg, room - *fo->copied);

		if (n < 0)
			break;
		*fo->copied += n;
	}
	return *fo->copied;
}

/**
 * tl_fastopen_begin() - the first SYN goes: what goes with it (RFC7413 4.2.1)?
 * @sk: socket, locked, in SYN-SENT, nothing sent yet
 * @cookie: the option
 *
 * Return: octets of the stream that the SYN carries.
 */
u32 tl_fastopen_begin(struct sock *sk, struct tl_fo_cookie *cookie)
{
	struct tl_fastopen *fo = &tl_sk(sk)->fo;
	u32 len = 0;
	u16 mss;

	cookie->len = TL_FO_NO_OPTION;
	if (!fo->msg && !fo->connect)
		return 0;
	if (may_send_data(sk, cookie, &mss)) {
		if (fo->msg)
			len = take_data(sk, mss);
		if (!len && cookie->len > 0 && fo->size)
			cookie->len = 0;	/* no memory: then a fresh cookie at least */
	}
	fo->asked = cookie->len >= 0;
	fo->syn_data = len;
	fo->msg = NULL;			/* its thread may sleep now, and another one come here */
	fo->copied = NULL;
	return len;
}

/**
 * tl_fastopen_synack() - the peer accepted: did it take the data, and is there a cookie
 * (RFC7413 4.2.3)?
 * @sk: socket, locked; SND.UNA is what the SYN-ACK acknowledges
 * @skb: the SYN-ACK
 */
void tl_fastopen_synack(struct sock *sk, const struct sk_buff *skb)
{
	const struct tl_opts *o = &TL_CB(skb)->opts;
	struct tl_sock *tl = tl_sk(sk);
	struct tl_fastopen *fo = &tl->fo;
	struct net *net = sock_net(sk);

	if (fo->asked && (o->seen & TL_OPT_FASTOPEN) && o->fo_len) {
		struct tl_fo_cookie cookie = { .len = o->fo_len };

		memcpy(cookie.val, (const u8 *)(tcp_hdr(skb) + 1) + o->fo_at, o->fo_len);
		remember_cookie(sk, &cookie, tl->snd.peer_mss);
	}
	if (!fo->syn_data)
		return;
	if (tl->snd.una == tl->snd.nxt) {
		fo->data_acked = true;
		TL_INC(net, TCPFastOpenActive);
		return;
	}
	/* Not all, or none: the rest goes again, as if it had never gone. */
	fo->fail = tl->loss.retries ? TFO_SYN_RETRANSMITTED : TFO_DATA_NOT_ACKED;
	tl_board_lose_head(&tl->board, U32_MAX);
	TL_INC(net, TCPFastOpenActiveFail);
}

/**
 * tl_fastopen_sendmsg() - connect by sending: MSG_FASTOPEN, or a connect() that was put off
 * @sk: socket, locked
 * @msg: the program's; with an address if it is MSG_FASTOPEN
 * @len: bytes
 * @copied: 0; how many the SYN took is added
 *
 * Return: 0 if connected, -EINPROGRESS, or another errno.
 */
int tl_fastopen_sendmsg(struct sock *sk, struct msghdr *msg, size_t len, int *copied)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_fastopen *fo = &tl->fo;
	struct sockaddr *addr = msg->msg_name;
	int err, flags = msg->msg_flags & MSG_DONTWAIT ? O_NONBLOCK : 0;

	if (!(TL_SK_SYSCTL(sk, fastopen) & TL_FO_CLIENT) ||
	    (addr && msg->msg_namelen >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (fo->msg)
		return -EALREADY;		/* another thread is about it */
	fo->msg = msg;
	fo->size = len;
	fo->copied = copied;
	/* A connect() that was put off; a SYN of the peer's may have been quicker (MUST-10). */
	if (tl_inet_defer_connect(sk) && sk->sk_state == TCP_SYN_SENT &&
	    tl->snd.nxt == tl->snd.iss) {
		tl_connect_start(sk);
		if (tl->snd.nxt == tl->snd.iss)		/* there is no route any more */
			tl_fail(sk, EHOSTUNREACH, TL_EV_ERROR);
	}
	err = __inet_stream_connect(sk->sk_socket, addr, msg->msg_namelen, flags, 1);
	tl_inet_set_defer_connect(sk, false);
	if (fo->msg == msg) {			/* it did not come to a SYN */
		fo->msg = NULL;
		fo->copied = NULL;
	}
	return err;
}

/**
 * tl_fastopen_timeout() - nothing was acknowledged: does the path swallow such connections?
 * @sk: socket, locked; its retransmission timer has fired
 * @expired: and it gives up
 */
void tl_fastopen_timeout(struct sock *sk, bool expired)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (!tl->fo.asked && !tl->fo.syn_data)
		return;
	/* the third time in a row, or the end before that */
	if (tl->loss.retries == 2 || (tl->loss.retries < 2 && expired)) {
		pause_all(sk);
		TL_SK_INC(sk, TCPFastOpenActiveFail);
	}
}

/**
 * tl_fastopen_stray_reset() - an RST that is not in order: a middlebox that lost track?
 * @sk: socket, locked
 */
void tl_fastopen_stray_reset(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->fo.asked && !tl->got.bytes && sk->sk_state == TCP_ESTABLISHED)
		pause_all(sk);
}

/**
 * tl_fastopen_end() - the connection is over: was all well with it?
 * @sk: socket in CLOSE, its queues as they were
 *
 * A FIN out of order and nothing before it: the server's data was swallowed. If data came, the
 * pauses are over.
 */
void tl_fastopen_end(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (!tl->fo.asked)
		return;
	if (!tl->got.bytes) {
		if (tl->rcv.fin_seen && tl->rcv.fin_seq != tl->rcv.nxt - 1)
			pause_all(sk);
	} else if (tl->fo.resumed) {
		atomic_set(&tl_sk(sk)->tn->fo.pauses, 0);
	}
}
