// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator may have to say about connections: Linux security modules, and BPF programs
 * of a control group. All else that they can watch (socket(), bind(), send() ...) the kernel asks
 * them itself, whatever the protocol.
 */
#include <linux/bpf-cgroup.h>
#include <linux/security.h>
#include <net/inet_sock.h>
#include <net/request_sock.h>
#include "sock.h"

/* Modules look into the kernel's own kind of request: so they are shown one. */
static struct request_sock_ops shown_ops[] = {
	{ .family = AF_INET },
	{ .family = AF_INET6 },
};

static void show(struct inet_request_sock *shown, const struct sock *lsk, const struct tl_where *w)
{
	const struct tl_tuple *t = &w->tuple;
	bool v6 = !ipv6_addr_v4mapped(&t->faddr);

	memset(shown, 0, sizeof(*shown));
	shown->req.rsk_ops = &shown_ops[v6];
	shown->req.rsk_listener = (struct sock *)lsk;
	shown->ireq_state = TCP_NEW_SYN_RECV;
	shown->ireq_family = v6 ? AF_INET6 : AF_INET;
	write_pnet(&shown->ireq_net, sock_net(lsk));
	shown->ir_iif = w->scope;
	shown->ir_num = ntohs(t->lport);
	shown->ir_rmt_port = t->fport;
	shown->ir_mark = READ_ONCE(lsk->sk_mark);
	if (v6) {
		shown->ir_v6_loc_addr = t->laddr;
		shown->ir_v6_rmt_addr = t->faddr;
	} else {
		shown->ir_loc_addr = t->laddr.s6_addr32[3];
		shown->ir_rmt_addr = t->faddr.s6_addr32[3];
	}
}

/* A label that a module would have the answer carry: there is nowhere to keep it. */
static void forget(struct inet_request_sock *shown, struct sock *lsk)
{
	if (shown->ireq_family == AF_INET) {
		kfree(rcu_dereference_protected(shown->ireq_opt, true));
	} else if (shown->ipv6_opt) {
		atomic_sub(shown->ipv6_opt->tot_len, &lsk->sk_omem_alloc);
		txopt_put(shown->ipv6_opt);
	}
}

/**
 * tl_security_syn() - may a peer connect to a listener?
 * @lsk: listener; not locked
 * @skb: the SYN, or the ACK that brings a SYN cookie back
 * @w: its addresses
 *
 * A label that a module would have the SYN-ACK carry (CIPSO, CALIPSO) does not go out.
 *
 * Return: TL_DROP_NONE, or the reason to drop it without a word, as Linux does.
 */
enum tl_drop tl_security_syn(struct sock *lsk, struct sk_buff *skb, const struct tl_where *w)
{
	struct inet_request_sock shown;
	int err;

	show(&shown, lsk, w);
	err = security_inet_conn_request(lsk, skb, &shown.req);
	forget(&shown, lsk);
	return err ? TL_DROP_Security : TL_DROP_NONE;
}

/**
 * tl_pre_connect() - BPF programs may refuse a connect(), or send it elsewhere (proto.pre_connect)
 * @sk: socket, locked
 * @addr: the program's; may be changed
 * @len: its length
 *
 * Return: 0 or a negative errno.
 */
int tl_pre_connect(struct sock *sk, struct sockaddr *addr, int len)
{
	if (sk->sk_family == AF_INET6) {
		if (len < SIN6_LEN_RFC2133)
			return -EINVAL;
		return TL_BPF_CONNECT(INET6, sk, addr, &len);
	}
	if (len < (int)sizeof(struct sockaddr_in))
		return -EINVAL;
	return TL_BPF_CONNECT(INET4, sk, addr, &len);
}
