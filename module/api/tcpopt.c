// SPDX-License-Identifier: GPL-2.0
/*
 * Options at level SOL_TCP: a row each. Most are one int; those that are not read or write the
 * program's memory themselves. What has no row is unknown here, as are options that a kernel can
 * be built without (Documentation/sockopt.rst says why for each).
 */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <net/tcp.h>
#include "sock.h"
#include "api/option.h"
#include "conn/synq.h"
#include "view/view.h"

static int set_nodelay(struct sock *sk, int val)
{
	tl_sk(sk)->snd.nodelay = !!val;
	if (val)
		tl_output_push(sk);
	return 0;
}

static int get_nodelay(struct sock *sk)
{
	return tl_sk(sk)->snd.nodelay;
}

static int set_cork(struct sock *sk, int val)
{
	struct tl_sock *tl = tl_sk(sk);

	tl->snd.cork = !!val;
	if (!val)		/* Nagle may still hold it back */
		tl_output(sk, tl->snd.nodelay ? TL_PUSH_ALL : TL_PUSH_USUAL);
	return 0;
}

static int get_cork(struct sock *sk)
{
	return tl_sk(sk)->snd.cork;
}

static int set_maxseg(struct sock *sk, int val)
{
	struct tl_sock *tl = tl_sk(sk);

	if (val && (val < TCP_MIN_MSS || val > MAX_TCP_WINDOW))
		return -EINVAL;
	tl->snd.user_mss = val;
	return 0;
}

static int get_maxseg(struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	if (tl->snd.user_mss && tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return tl->snd.user_mss;
	return tl_mss_bounded(sk);
}

static int set_keepidle(struct sock *sk, int val)
{
	if (val < 1 || val > MAX_TCP_KEEPIDLE)
		return -EINVAL;
	tl_sk(sk)->config.keep_idle = val * HZ;
	if (sock_flag(sk, SOCK_KEEPOPEN) && !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		tl_keepalive_start(sk);
	return 0;
}

static int get_keepidle(struct sock *sk)
{
	return (tl_sk(sk)->config.keep_idle ?: TL_SK_SYSCTL(sk, keepalive_time)) / HZ;
}

static int set_keepintvl(struct sock *sk, int val)
{
	if (val < 1 || val > MAX_TCP_KEEPINTVL)
		return -EINVAL;
	tl_sk(sk)->config.keep_intvl = val * HZ;
	return 0;
}

static int get_keepintvl(struct sock *sk)
{
	return (tl_sk(sk)->config.keep_intvl ?: TL_SK_SYSCTL(sk, keepalive_intvl)) / HZ;
}

static int set_keepcnt(struct sock *sk, int val)
{
	if (val < 1 || val > MAX_TCP_KEEPCNT)
		return -EINVAL;
	tl_sk(sk)->config.keep_probes = val;
	return 0;
}

static int get_keepcnt(struct sock *sk)
{
	return tl_sk(sk)->config.keep_probes ?: TL_SK_SYSCTL(sk, keepalive_probes);
}

static int set_syncnt(struct sock *sk, int val)
{
	if (val < 1 || val > MAX_TCP_SYNCNT)
		return -EINVAL;
	tl_sk(sk)->config.syn_retries = val;
	return 0;
}

static int get_syncnt(struct sock *sk)
{
	return tl_sk(sk)->config.syn_retries ?: TL_SK_SYSCTL(sk, syn_retries);
}

static int set_linger2(struct sock *sk, int val)
{
	if (val < 0)
		tl_sk(sk)->config.linger2 = -1;
	else if (val > TCP_FIN_TIMEOUT_MAX / HZ)
		tl_sk(sk)->config.linger2 = TCP_FIN_TIMEOUT_MAX;
	else
		tl_sk(sk)->config.linger2 = val * HZ;
	return 0;
}

static int get_linger2(struct sock *sk)
{
	int val = tl_sk(sk)->config.linger2;

	return val < 0 ? val : (val ?: TL_SK_SYSCTL(sk, fin_timeout)) / HZ;
}

/*
 * TCP_DEFER_ACCEPT is told in seconds, and kept as the number of SYN-ACK time-outs that make up as
 * much, each twice as long as the one before.
 */
static int set_defer_accept(struct sock *sk, int seconds)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 timeout = b.init, period = timeout;
	int n = seconds > 0;

	while (n && n < U8_MAX && (u64)seconds * USEC_PER_SEC > period) {
		timeout = min_t(u64, 2 * timeout, b.max);
		period += timeout;
		n++;
	}
	WRITE_ONCE(tl_sk(sk)->config.defer_accept, n);
	return 0;
}

static int get_defer_accept(struct sock *sk)
{
	const struct tl_rto_bounds b = tl_rto_bounds(sk);
	u64 timeout = b.init, period = 0;
	int n = tl_sk(sk)->config.defer_accept;

	for (; n; n--) {
		period += timeout;
		timeout = min_t(u64, 2 * timeout, b.max);
	}
	return div_u64(period, USEC_PER_SEC);
}

static int set_quickack(struct sock *sk, int val)
{
	tl_ack_quick(sk, val);
	return 0;
}

static int get_quickack(struct sock *sk)
{
	return !tl_ack_is_interactive(sk);
}

/* What the program asks of the connection; else what the buffer made of that in the beginning. */
static int get_window_clamp(struct sock *sk)
{
	const struct tl_rcv *rcv = &tl_sk(sk)->rcv;
	u32 asked = READ_ONCE(tl_sk(sk)->config.window_clamp);

	return rcv->clamp_set && asked ? asked : rcv->clamp ?: asked;
}

static int set_user_timeout(struct sock *sk, int val)
{
	if (val < 0)
		return -EINVAL;
	tl_sk(sk)->config.user_timeout = val;
	return 0;
}

static int get_user_timeout(struct sock *sk)
{
	return tl_sk(sk)->config.user_timeout;
}

static int set_fastopen(struct sock *sk, int val)
{
	int err;

	if (val < 0 || !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return -EINVAL;
	err = tl_fastopen_keys_once(tl_sk(sk)->tn) ?: tl_listener_make(sk);
	if (!err)
		tl_fastopen_listen(sk, val);
	return err;
}

static int get_fastopen(struct sock *sk)
{
	const struct tl_listener *l = READ_ONCE(tl_sk(sk)->listener);

	return l ? READ_ONCE(l->fo.max) : 0;
}

static int set_fastopen_connect(struct sock *sk, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	if (!(TL_SK_SYSCTL(sk, fastopen) & TL_FO_CLIENT))
		return -EOPNOTSUPP;
	if (sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	tl_sk(sk)->fo.connect = val;
	return 0;
}

static int get_fastopen_connect(struct sock *sk)
{
	return tl_sk(sk)->fo.connect;
}

static int set_fastopen_no_cookie(struct sock *sk, int val)
{
	if (val < 0 || val > 1 || !tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		return -EINVAL;
	tl_sk(sk)->fo.no_cookie = val;
	return 0;
}

static int get_fastopen_no_cookie(struct sock *sk)
{
	return tl_sk(sk)->fo.no_cookie;
}

static int set_notsent_lowat(struct sock *sk, int val)
{
	WRITE_ONCE(tl_sk(sk)->config.notsent_lowat, val);
	sk->sk_write_space(sk);			/* there may be room now */
	return 0;
}

static int get_notsent_lowat(struct sock *sk)
{
	return READ_ONCE(tl_sk(sk)->config.notsent_lowat);
}

static int set_tx_delay(struct sock *sk, int val)
{
	tl_pace_set_delay(sk, val);
	return 0;
}

static int get_tx_delay(struct sock *sk)
{
	return READ_ONCE(tl_sk(sk)->config.tx_delay);
}

static int set_thin_linear(struct sock *sk, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	tl_sk(sk)->config.thin_linear = val;
	return 0;
}

static int get_thin_linear(struct sock *sk)
{
	return tl_sk(sk)->config.thin_linear;
}

/* RACK and the early retransmit of RFC 5827 took its place: it means nothing any more. */
static int set_thin_dupack(struct sock *sk, int val)
{
	return val < 0 || val > 1 ? -EINVAL : 0;
}

static int set_save_syn(struct sock *sk, int val)
{
	if (val < 0 || val > TL_SAVE_SYN_LINK)
		return -EINVAL;
	WRITE_ONCE(tl_sk(sk)->config.save_syn, val);
	return 0;
}

static int get_save_syn(struct sock *sk)
{
	return tl_sk(sk)->config.save_syn;
}

/* Once: what was read is forgotten. Too little room takes nothing, and is told what it needs. */
static int get_saved_syn(struct sock *sk, char __user *val, int __user *len)
{
	struct tl_saved_syn *syn;
	int room, err;

	if (get_user(room, len))
		return -EFAULT;
	lock_sock(sk);
	syn = tl_sk(sk)->config.saved_syn;
	if (syn && room < syn->len) {
		err = put_user(syn->len, len) ? -EFAULT : -EINVAL;
	} else {
		err = tl_option_answer(syn ? syn->data : NULL, syn ? syn->len : 0, val, len);
		if (!err)
			tl_saved_syn_free(sk);
	}
	release_sock(sk);
	return err;
}

static int get_timestamp(struct sock *sk)
{
	return tl_tsval(sk) & ~1;		/* odd: it counts microseconds */
}

/*
 * Checkpoints (TCP_REPAIR) cannot be made of these sockets: each option of the family answers as if
 * the program had never said TCP_REPAIR, and that is refused.
 */
static bool may_repair(const struct sock *sk)
{
	return ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN) && sk->sk_state != TCP_LISTEN;
}

static int set_repair(struct sock *sk, int val)
{
	if (!may_repair(sk))
		return -EPERM;
	if (val == TCP_REPAIR_ON)
		return -ENOPROTOOPT;
	return val == TCP_REPAIR_OFF || val == TCP_REPAIR_OFF_NO_WP ? 0 : -EINVAL;
}

static int set_of_repair(struct sock *sk, int val)
{
	return -EPERM;
}

static int get_of_repair(struct sock *sk, char __user *val, int __user *len)
{
	return -EINVAL;
}

static int set_queue_seq(struct sock *sk, int val)
{
	return sk->sk_state == TCP_CLOSE ? -EINVAL : -EPERM;	/* no queue was named */
}

static int set_repair_options(struct sock *sk, int val)
{
	return -EINVAL;
}

static int get_repair_window(struct sock *sk, char __user *val, int __user *len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	return room == sizeof(struct tcp_repair_window) ? -EPERM : -EINVAL;
}

static int set_ao_repair(struct sock *sk, int val)
{
	return may_repair(sk) ? -ENOPROTOOPT : -EPERM;
}

static int get_ao_repair(struct sock *sk, char __user *val, int __user *len)
{
	return set_ao_repair(sk, 0);
}

static int get_zero(struct sock *sk)
{
	return 0;
}

/* No protocol can be put on top: every name is an unknown one. */
static int set_ulp(struct sock *sk, sockptr_t val, unsigned int len)
{
	char name[TCP_ULP_NAME_MAX];

	if (len < 1)
		return -EINVAL;
	if (strncpy_from_sockptr(name, val, min_t(long, sizeof(name) - 1, len)) < 0)
		return -EFAULT;
	return -ENOENT;
}

static int get_ulp(struct sock *sk, char __user *val, int __user *len)
{
	return put_user(0, len) ? -EFAULT : 0;
}

static int set_congestion(struct sock *sk, sockptr_t val, unsigned int len)
{
	struct tl_sock *tl = tl_sk(sk);
	char name[TL_CC_NAME_MAX];
	const struct tl_cc_ops *ops;
	int err = 0;
	long n;

	if (len < 1)
		return -EINVAL;
	n = strncpy_from_sockptr(name, val, min_t(long, TL_CC_NAME_MAX - 1, len));
	if (n < 0)
		return -EFAULT;
	name[n] = 0;
	ops = tl_cc_get(name);
	if (IS_ERR(ops))
		return PTR_ERR(ops);

	lock_sock(sk);
	/* one that it has it may ask for, whatever it is */
	if (ops == tl->cc.ops || tl_cc_allowed(ops) ||
	    ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN)) {
		local_bh_disable();
		tl_cc_change(&tl->cc, ops);
		local_bh_enable();
	} else {
		tl_cc_put(ops);
		err = -EPERM;
	}
	release_sock(sk);
	return err;
}

/* What the algorithm tells of itself, in its own part of the union; nothing from most. */
static int get_cc_info(struct sock *sk, char __user *val, int __user *len)
{
	const struct tl_cc *cc = &tl_sk(sk)->cc;
	union tcp_cc_info info;
	size_t size = 0;
	int attr;

	lock_sock(sk);
	if (cc->ops->info)
		size = cc->ops->info(cc, ~0U, &attr, &info);
	release_sock(sk);
	return tl_option_answer(&info, size, val, len);
}

/* One key, or two: the second is what cookies were made with before. */
static int set_fastopen_key(struct sock *sk, sockptr_t val, unsigned int len)
{
	u8 keys[2 * TL_FO_KEY_SIZE];
	int err;

	if (len != TL_FO_KEY_SIZE && len != 2 * TL_FO_KEY_SIZE)
		return -EINVAL;
	if (copy_from_sockptr(keys, val, len))
		return -EFAULT;
	lock_sock(sk);
	err = tl_listener_make(sk);
	release_sock(sk);
	return err ?: tl_fastopen_keys_set(&tl_sk(sk)->listener->fo.keys, keys, len);
}

static int get_fastopen_key(struct sock *sk, char __user *val, int __user *len)
{
	u8 keys[2 * TL_FO_KEY_SIZE];
	const struct tl_listener *l = READ_ONCE(tl_sk(sk)->listener);
	unsigned int n = l ? tl_fastopen_keys_get(&l->fo.keys, keys) : 0;

	return tl_option_answer(keys, n, val, len);	/* its own only */
}

static int get_congestion(struct sock *sk, char __user *val, int __user *len)
{
	char name[TL_CC_NAME_MAX];

	lock_sock(sk);
	strscpy_pad(name, tl_sk(sk)->cc.ops->name, sizeof(name));
	release_sock(sk);
	return tl_option_answer(name, sizeof(name), val, len);
}

static int get_info(struct sock *sk, char __user *val, int __user *len)
{
	struct tcp_info info;

	lock_sock(sk);
	tl_info(sk, &info);
	release_sock(sk);
	return tl_option_answer(&info, sizeof(info), val, len);
}

static int set_inq(struct sock *sk, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	tl_sk(sk)->config.inq = val;
	return 0;
}

static int get_inq(struct sock *sk)
{
	return tl_sk(sk)->config.inq;
}

#define INT(_set, _get)		{ .set = _set, .get = _get }
#define MEMORY(_set, _get)	{ .set_memory = _set, .get_memory = _get }

const struct tl_option tl_tcp_options[] = {
	[TCP_NODELAY]			= INT(set_nodelay, get_nodelay),
	[TCP_MAXSEG]			= INT(set_maxseg, get_maxseg),
	[TCP_CORK]			= INT(set_cork, get_cork),
	[TCP_KEEPIDLE]			= INT(set_keepidle, get_keepidle),
	[TCP_KEEPINTVL]			= INT(set_keepintvl, get_keepintvl),
	[TCP_KEEPCNT]			= INT(set_keepcnt, get_keepcnt),
	/* RFC9293 MUST-21: R2 of a SYN; TCP_USER_TIMEOUT: of all others */
	[TCP_SYNCNT]			= INT(set_syncnt, get_syncnt),
	[TCP_LINGER2]			= INT(set_linger2, get_linger2),
	[TCP_DEFER_ACCEPT]		= INT(set_defer_accept, get_defer_accept),
	[TCP_WINDOW_CLAMP]		= INT(tl_rcv_window_clamp, get_window_clamp),
	[TCP_INFO]			= MEMORY(NULL, get_info),
	[TCP_QUICKACK]			= INT(set_quickack, get_quickack),
	[TCP_CONGESTION]		= MEMORY(set_congestion, get_congestion),
	[TCP_THIN_LINEAR_TIMEOUTS]	= INT(set_thin_linear, get_thin_linear),
	[TCP_THIN_DUPACK]		= INT(set_thin_dupack, get_zero),
	[TCP_USER_TIMEOUT]		= INT(set_user_timeout, get_user_timeout),
	[TCP_REPAIR]			= INT(set_repair, get_zero),
	[TCP_REPAIR_QUEUE]		= { .set = set_of_repair, .get_memory = get_of_repair },
	[TCP_QUEUE_SEQ]			= { .set = set_queue_seq, .get_memory = get_of_repair },
	[TCP_REPAIR_OPTIONS]		= INT(set_repair_options, NULL),
	[TCP_FASTOPEN]			= INT(set_fastopen, get_fastopen),
	[TCP_TIMESTAMP]			= INT(set_of_repair, get_timestamp),
	[TCP_NOTSENT_LOWAT]		= INT(set_notsent_lowat, get_notsent_lowat),
	[TCP_CC_INFO]			= MEMORY(NULL, get_cc_info),
	[TCP_SAVE_SYN]			= INT(set_save_syn, get_save_syn),
	[TCP_SAVED_SYN]			= MEMORY(NULL, get_saved_syn),
	[TCP_REPAIR_WINDOW]		= { .set = set_of_repair, .get_memory = get_repair_window },
	[TCP_FASTOPEN_CONNECT]		= INT(set_fastopen_connect, get_fastopen_connect),
	[TCP_ULP]			= MEMORY(set_ulp, get_ulp),
	[TCP_FASTOPEN_KEY]		= MEMORY(set_fastopen_key, get_fastopen_key),
	[TCP_FASTOPEN_NO_COOKIE]	= INT(set_fastopen_no_cookie, get_fastopen_no_cookie),
	[TCP_INQ]			= INT(set_inq, get_inq),
	[TCP_TX_DELAY]			= INT(set_tx_delay, get_tx_delay),
	[TCP_AO_REPAIR]			= { .set = set_ao_repair, .get_memory = get_ao_repair },
	[TCP_IS_MPTCP]			= INT(NULL, get_zero),
};

const unsigned int tl_tcp_options_number = ARRAY_SIZE(tl_tcp_options);
