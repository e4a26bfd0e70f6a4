// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options at level SOL_TCP: a table, a row an option. Most are one int; the row says how it
 * is read and how it is set.
 */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include "sock.h"
#include "api/api.h"
#include "uapi/tcplab.h"
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
	return tl->snd.mss;
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
	return (tl_sk(sk)->config.keep_idle ?: TL_SYSCTL(sock_net(sk), keepalive_time)) / HZ;
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
	return (tl_sk(sk)->config.keep_intvl ?: TL_SYSCTL(sock_net(sk), keepalive_intvl)) / HZ;
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
	return tl_sk(sk)->config.keep_probes ?: TL_SYSCTL(sock_net(sk), keepalive_probes);
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
	return tl_sk(sk)->config.syn_retries ?: TL_SYSCTL(sock_net(sk), syn_retries);
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

	return val < 0 ? val : (val ?: TL_SYSCTL(sock_net(sk), fin_timeout)) / HZ;
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

static int get_window_clamp(struct sock *sk)
{
	return tl_sk(sk)->rcv.clamp ?: tl_sk(sk)->config.window_clamp;
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
	err = tl_fastopen_keys_once(tl_net(sock_net(sk)));
	if (!err)
		tl_fastopen_listen(sk, val);
	return err;
}

static int get_fastopen(struct sock *sk)
{
	return tl_sk(sk)->listener.fo.max;
}

static int set_fastopen_connect(struct sock *sk, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	if (!(TL_SYSCTL(sock_net(sk), fastopen) & TL_FO_CLIENT))
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

static const struct int_option {
	int	(*set)(struct sock *sk, int val);
	int	(*get)(struct sock *sk);
} int_options[] = {
	[TCP_NODELAY]		= { set_nodelay, get_nodelay },
	[TCP_MAXSEG]		= { set_maxseg, get_maxseg },
	[TCP_CORK]		= { set_cork, get_cork },
	[TCP_KEEPIDLE]		= { set_keepidle, get_keepidle },
	[TCP_KEEPINTVL]		= { set_keepintvl, get_keepintvl },
	[TCP_KEEPCNT]		= { set_keepcnt, get_keepcnt },
	/* RFC9293 MUST-21: R2 of a SYN; TCP_USER_TIMEOUT: of all others */
	[TCP_SYNCNT]		= { set_syncnt, get_syncnt },
	[TCP_LINGER2]		= { set_linger2, get_linger2 },
	[TCP_DEFER_ACCEPT]	= { set_defer_accept, get_defer_accept },
	[TCP_WINDOW_CLAMP]	= { tl_rcv_window_clamp, get_window_clamp },
	[TCP_QUICKACK]		= { set_quickack, get_quickack },
	[TCP_USER_TIMEOUT]	= { set_user_timeout, get_user_timeout },
	[TCP_FASTOPEN]		= { set_fastopen, get_fastopen },
	[TCP_FASTOPEN_CONNECT]	= { set_fastopen_connect, get_fastopen_connect },
	[TCP_FASTOPEN_NO_COOKIE] = { set_fastopen_no_cookie, get_fastopen_no_cookie },
};

static const struct int_option *int_option(int name)
{
	if (name < 0 || name >= ARRAY_SIZE(int_options) || !int_options[name].get)
		return NULL;
	return &int_options[name];
}

/* Copy as much of an answer as the program has room for. */
static int answer(const void *from, size_t size, char __user *val, int __user *len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	room = min_t(size_t, room, size);
	if (put_user(room, len) || copy_to_user(val, from, room))
		return -EFAULT;
	return 0;
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
	return answer(&info, size, val, len);
}

/* One key, or two: the second is what cookies were made with before. */
static int set_fastopen_key(struct sock *sk, sockptr_t val, unsigned int len)
{
	u8 keys[2 * TL_FO_KEY_SIZE];

	if (len != TL_FO_KEY_SIZE && len != 2 * TL_FO_KEY_SIZE)
		return -EINVAL;
	if (copy_from_sockptr(keys, val, len))
		return -EFAULT;
	return tl_fastopen_keys_set(&tl_sk(sk)->listener.fo.keys, keys, len);
}

static unsigned int get_fastopen_key(struct sock *sk, u8 *keys)
{
	return tl_fastopen_keys_get(&tl_sk(sk)->listener.fo.keys, keys);	/* its own only */
}

static int set_tcp(struct sock *sk, int name, sockptr_t val, unsigned int len)
{
	const struct int_option *o = int_option(name);
	int n, err;

	if (name == TCP_CONGESTION)
		return set_congestion(sk, val, len);
	if (name == TCP_FASTOPEN_KEY)
		return set_fastopen_key(sk, val, len);
	if (len < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&n, val, sizeof(n)))
		return -EFAULT;
	if (!o)
		return -ENOPROTOOPT;
	lock_sock(sk);
	err = o->set(sk, n);
	release_sock(sk);
	return err;
}

static int get_tcp(struct sock *sk, int name, char __user *val, int __user *len)
{
	const struct int_option *o = int_option(name);
	struct tcp_info info;
	int n, room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (name == TCP_INFO) {
		lock_sock(sk);
		tl_info(sk, &info);
		release_sock(sk);
		return answer(&info, sizeof(info), val, len);
	}
	if (name == TCP_CONGESTION) {
		char algorithm[TL_CC_NAME_MAX];

		lock_sock(sk);
		strscpy_pad(algorithm, tl_sk(sk)->cc.ops->name, sizeof(algorithm));
		release_sock(sk);
		return answer(algorithm, sizeof(algorithm), val, len);
	}
	if (name == TCP_CC_INFO)
		return get_cc_info(sk, val, len);
	if (name == TCP_FASTOPEN_KEY) {
		u8 keys[2 * TL_FO_KEY_SIZE];

		return answer(keys, get_fastopen_key(sk, keys), val, len);
	}
	if (!o)
		return -ENOPROTOOPT;
	n = o->get(sk);
	return answer(&n, sizeof(n), val, len);
}

/**
 * tl_setsockopt() - setsockopt() (proto.setsockopt)
 * @sk: socket
 * @level: SOL_TCP for ours, SOL_SOCKET, else IP's
 * @name: option
 * @val: value
 * @len: its length
 *
 * Return: 0 or the errno that Linux TCP gives.
 */
int tl_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len)
{
	if (level == SOL_TCP)
		return set_tcp(sk, name, val, len);
	if (level == SOL_SOCKET || level == SOL_TCPLAB)
		return tl_sol_socket_set(sk, level, name, val, len);
	if (sk->sk_family == AF_INET6)
		return ipv6_setsockopt(sk, level, name, val, len);
	return ip_setsockopt(sk, level, name, val, len);
}

/**
 * tl_getsockopt() - getsockopt() (proto.getsockopt)
 * @sk: socket
 * @level: SOL_TCP for ours, else IP's
 * @name: option
 * @val: where to
 * @len: room, and length of the answer
 *
 * Return: 0 or the errno that Linux TCP gives.
 */
int tl_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len)
{
	if (level == SOL_TCP)
		return get_tcp(sk, name, val, len);
	if (sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, level, name, val, len);
	return ip_getsockopt(sk, level, name, val, len);
}
