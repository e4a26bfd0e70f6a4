// SPDX-License-Identifier: GPL-2.0
/*
 * Options of IP (SOL_IP, SOL_IPV6). The kernel's own functions do nearly all of them. The rows here
 * are those for which it asks whether the protocol above is TCP, by number or by the layout of
 * its sockets, and would answer otherwise than it answers TCP.
 */
#include <net/ip.h>
#include <net/ipv6.h>
#include "sock.h"
#include "api/option.h"

/* Groups are nothing for a protocol with connections. */
static int set_membership(struct sock *sk, sockptr_t val, unsigned int len)
{
	return -EPROTO;
}

static int set6_membership(struct sock *sk, sockptr_t val, unsigned int len)
{
	int first;

	if (!sockptr_is_null(val) && len >= sizeof(int) &&
	    copy_from_sockptr(&first, val, sizeof(first)))
		return -EFAULT;
	return len < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO;
}

/* IPV6_ADDRFORM: from now on this is an IPv4 socket (RFC2133 6.1) */
static int become_v4(struct sock *sk)
{
	struct ipv6_pinfo *np = inet6_sk(sk);

	if (sk->sk_family != AF_INET6)
		return -EBUSY;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	if (ipv6_only_sock(sk) || !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return -EADDRNOTAVAIL;
	if (np->ipv6_mc_list || np->ipv6_ac_list)	/* not ours to leave */
		return -EBUSY;
	tl_sock_become_v4(sk);
	np->rxopt.all = 0;
	inet6_cleanup_sock(sk);
	return 0;
}

static int set_addrform(struct sock *sk, sockptr_t val, unsigned int len)
{
	int family, err;

	if (len < sizeof(family) || sockptr_is_null(val))
		return -EINVAL;
	if (copy_from_sockptr(&family, val, sizeof(family)))
		return -EFAULT;
	if (family != AF_INET)
		return -EINVAL;
	lock_sock(sk);
	err = become_v4(sk);
	release_sock(sk);
	return err;
}

static int get_addrform(struct sock *sk, char __user *val, int __user *len)
{
	int family = sk->sk_family, room;

	if (get_user(room, len))
		return -EFAULT;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	room = min_t(unsigned int, room, sizeof(family));	/* a negative one, too */
	if (put_user(room, len) || copy_to_user(val, &family, room))
		return -EFAULT;
	return 0;
}

/* IP's header has grown or shrunk: so does a segment's text. */
static void sync_mss(struct sock *sk)
{
	lock_sock(sk);
	if (!tl_in_state(sk, TCPF_CLOSE | TCPF_LISTEN))
		tl_mss_sync(sk, tl_sk(sk)->snd.pmtu);
	release_sock(sk);
}

static const struct tl_ip_option option_rows[] = {
	{ SOL_IP, IP_OPTIONS, .was_set = sync_mss },
	{ SOL_IP, IP_ADD_MEMBERSHIP, set_membership },
	{ SOL_IP, IP_DROP_MEMBERSHIP, set_membership },
	{ SOL_IPV6, IPV6_ADDRFORM, set_addrform, get_addrform },
	{ SOL_IPV6, IPV6_ADD_MEMBERSHIP, set6_membership },
	{ SOL_IPV6, IPV6_DROP_MEMBERSHIP, set6_membership },
	{ SOL_IPV6, IPV6_HOPOPTS, .was_set = sync_mss },
	{ SOL_IPV6, IPV6_RTHDR, .was_set = sync_mss },
	{ SOL_IPV6, IPV6_RTHDRDSTOPTS, .was_set = sync_mss },
	{ SOL_IPV6, IPV6_DSTOPTS, .was_set = sync_mss },
	{ SOL_IPV6, IPV6_2292PKTOPTIONS, .was_set = sync_mss },
};

/**
 * tl_ip_option() - is an option of IP one for which the kernel's own answer is not enough?
 * @sk: socket
 * @level: level
 * @name: option
 *
 * Return: its row, or one in which there is nothing.
 */
const struct tl_ip_option *tl_ip_option(const struct sock *sk, int level, int name)
{
	static const struct tl_ip_option usual;
	int i;

	if (level == SOL_IPV6 && sk->sk_family != AF_INET6)
		return &usual;
	for (i = 0; i < ARRAY_SIZE(option_rows); i++)
		if (option_rows[i].level == level && option_rows[i].name == name)
			return &option_rows[i];
	return &usual;
}
