// SPDX-License-Identifier: GPL-2.0
/*
 * Active open (RFC 9293 3.10.1), and what both kinds of open do once the SYNs have crossed.
 */
#include <net/ip.h>
#include "sock.h"

#define TL_RTO_FALLBACK_US	(3 * USEC_PER_SEC)	/* RFC6298 5.7 */

/* Sequence variables for a new incarnation. */
static void connect_begin(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_net *tn = tl_sk(sk)->tn;
	u32 iss = tl->snd.iss ?: tl_isn(tn, &tl->node.tuple);	/* beyond a TIME-WAIT's? */

	WRITE_ONCE(sk->sk_err, 0);
	WRITE_ONCE(sk->sk_err_soft, 0);
	tl->snd.iss = iss;
	tl->snd.una = iss;
	tl->snd.nxt = iss;
	tl->snd.end = iss + 1;
	tl->snd.minshall = iss;
	tl->snd.peer_mss = tl->af->default_mss;
	tl->rcv.ts_off = tl_ts_offset(tn, &tl->node.tuple);
	tl->rcv.wscale_ok = !!TL_SYSCTL(tn->net, window_scaling);
	tl->rcv.ts_ok = !!TL_SYSCTL(tn->net, timestamps);
	tl->rcv.sack_ok = !!TL_SYSCTL(tn->net, sack);
	tl->rcv.wscale = tl->rcv.wscale_ok ? tl_rcv_wscale(sk) : 0;
	tl->rcv.wnd = tl_rcv_window_initial(sk);
}

static const struct tl_af_ops *af_of_addr(const struct sock *sk, const struct sockaddr *addr,
					  int len)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (sk->sk_family == AF_INET)
		return &tl_af_v4;
	if (len < SIN6_LEN_RFC2133 || addr->sa_family != AF_INET6)
		return &tl_af_v6;		/* which says what is wrong */
	if (ipv6_addr_any(&in6->sin6_addr))	/* the loopback address, of the bound family */
		return ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr) ? &tl_af_v4 : &tl_af_v6;
	return ipv6_addr_v4mapped(&in6->sin6_addr) ? &tl_af_v4 : &tl_af_v6;
}

/**
 * tl_connect_start() - send the SYN
 * @sk: socket, locked, in SYN-SENT
 */
void tl_connect_start(struct sock *sk)
{
	tl_send_first_syn(sk);		/* if it is lost below us, it goes again */
	tl_rto_restart(sk);
}

/**
 * tl_connect() - active open (proto.connect; RFC9293 3.10.1)
 * @sk: socket, locked, CLOSED
 * @addr: the program's
 * @len: its length
 *
 * Return: 0 with a SYN sent and the state SYN-SENT, or the errno that Linux gives.
 */
int tl_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	struct tl_sock *tl = tl_sk(sk);
	int err;

	tl->af = af_of_addr(sk, addr, len);
	err = tl->af->connect(sk, addr, len);
	if (err)
		goto out_dport;
	err = tl_port_connect(sk);
	if (err)
		goto out_addr;

	sk_set_txhash(sk);
	/* With the ports known the route may be another one. */
	sk_dst_reset(sk);
	if (!tl->af->route(sk)) {
		err = -(xchg(&sk->sk_err_soft, 0) ?: EHOSTUNREACH);
		goto out_hash;
	}
	connect_begin(sk);
	tl_mss_sync(sk, dst_mtu(__sk_dst_get(sk)));
	tl_state_set(sk, TCP_SYN_SENT, TL_EV_CONNECT);
	TL_SK_INC(sk, ActiveOpens);
	if (!tl_fastopen_defer(sk))
		tl_connect_start(sk);
	return 0;

out_hash:
	tl->snd.iss = 0;
	if (tl_hash_remove(sock_net(sk), &tl->node))
		__sock_put(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		tl_port_put_sk(sk);
out_addr:
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	sk_dst_reset(sk);
out_dport:
	inet_sk(sk)->inet_dport = 0;
	return err;
}

/**
 * tl_take_syn_opts() - agree on what the peer's SYN or SYN-ACK offers (active open)
 * @sk: socket, locked; its rcv.*_ok say what we offered
 * @skb: segment with SYN
 */
void tl_take_syn_opts(struct sock *sk, const struct sk_buff *skb)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct tl_cb *cb = TL_CB(skb);
	const struct tl_opts *o = &cb->opts;

	/* RFC9293 MUST-15: no option means the default, not the largest */
	tl->snd.peer_mss = (o->seen & TL_OPT_MSS) && o->mss ? o->mss : tl->af->default_mss;
	tl->rcv.sack_ok &= !!(o->seen & TL_OPT_SACK_PERM);
	tl->rcv.ts_ok &= !!(o->seen & TL_OPT_TIMESTAMP);
	tl->rcv.wscale_ok &= !!(o->seen & TL_OPT_WSCALE);
	if (tl->rcv.wscale_ok) {
		tl->snd.wscale = o->wscale;
	} else {
		tl->snd.wscale = 0;
		tl->rcv.wscale = 0;
	}
	if (tl->rcv.ts_ok) {
		tl->rcv.ts_recent = o->tsval;
		tl->rcv.ts_recent_age = tl_clock_seconds();
	}
	tl_ecn_rcv_syn(sk, cb->flags);
	tl->rcv.irs = cb->seq;
	tl->rcv.nxt = cb->seq + 1;
	tl->rcv.wup = cb->seq + 1;
	tl->rcv.copied = cb->seq + 1;
	tl->rcv.last_ack = cb->seq + 1;
	tl->rcv.wnd = min_t(u32, tl->rcv.wnd, U16_MAX);	/* as it stood in our SYN */
	tl->snd.wnd = cb->wnd;			/* a SYN's window is not scaled (RFC7323 2.2) */
	tl->snd.max_wnd = max(tl->snd.max_wnd, tl->snd.wnd);
	tl->snd.wl1 = cb->seq;
	tl->snd.wl2 = cb->ack;
}

/**
 * tl_ready_for_data() - the peer's SYN is known: prepare for data
 * @sk: socket, locked, with its options agreed on
 */
void tl_ready_for_data(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct dst_entry *dst = tl->af->route(sk);

	tl_mtup_init(sk);
	tl_mss_sync(sk, dst ? dst_mtu(dst) : tl->snd.pmtu);
	if (dst && !tl->rcv.adv_mss)		/* a child's SYN-ACK named it */
		tl->rcv.adv_mss = tl_mss_announce(tl->snd.user_mss, dst);
	tl->cc.ecn = tl->ecn.ok;
	tl_cc_start(&tl->cc, tl->snd.mss, TL_SK_SYSCTL(sk, initial_cwnd));
	/* RFC5681 3.1: a lost SYN or SYN-ACK leaves one segment; once may be chance, as in Linux */
	if (tl->loss.retrans > 1)
		tl->cc.cwnd = tl->snd.mss;
	/* RFC6298 5.7: and, with nothing measured, a longer RTO */
	if (tl->loss.retrans && !tl->rtt.srtt) {
		tl->rtt.rto = TL_RTO_FALLBACK_US;
		tl->rtt.backoff = 0;
	}
	tl_loss_init(sk);
	tl_pace_update(sk);
	tl_rcv_window_init(sk);
	tl_ackpolicy_init(sk);
	tl_mem_grow_sndbuf(sk);
	tl_keepalive_start(sk);
}

/**
 * tl_established() - both SYNs are acknowledged
 * @sk: socket, locked, with its options agreed on
 * @ev: what completed the handshake
 */
void tl_established(struct sock *sk, enum tl_event ev)
{
	tl_state_set(sk, TCP_ESTABLISHED, ev);
	tl_sk(sk)->ackp.last_seg = tl_clock_jiffies();
	tl_ready_for_data(sk);
	tl_sk(sk)->sent.delivered++;		/* the SYN, or SYN-ACK */
	tl_fastopen_leave(sk, false);
}
