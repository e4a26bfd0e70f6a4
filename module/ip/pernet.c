// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace comes and goes.
 *
 * What may be left in its table when it goes: TIME-WAITs always, since they hold no reference to
 * it; and when the module goes, requests and orphans, too.
 */
#include <linux/rhashtable.h>
#include <net/inet_common.h>
#include "sock.h"
#include "ip/demux.h"
#include "view/view.h"

unsigned int tl_net_id __read_mostly;

static void purge(struct net *net, struct tl_node *node)
{
	switch (node->kind) {
	case TL_KIND_SOCK:
		tl_purge_orphan(tl_node_sk(node));
		break;
	case TL_KIND_REQ:
		tl_synq_purge(net, node);
		break;
	case TL_KIND_TW:
		tl_timewait_kill(net, node, TL_EV_PURGE);
		break;
	}
}

static void purge_all(struct tl_net *tn)
{
	struct rhashtable_iter iter;
	struct tl_node *node;

	while (atomic_read(&tn->conns.nelems)) {
		rhashtable_walk_enter(&tn->conns, &iter);
		rhashtable_walk_start(&iter);
		while ((node = rhashtable_walk_next(&iter)))
			if (!IS_ERR(node))
				purge(tn->net, node);
		rhashtable_walk_stop(&iter);
		rhashtable_walk_exit(&iter);
		cond_resched();
	}
}

static void ctl_destroy(struct sock *sk)
{
	if (sk)
		inet_ctl_sock_destroy(sk);
}

static int __net_init net_init(struct net *net)
{
	struct tl_net *tn = tl_net(net);
	int err;

	tn->net = net;
	atomic_set(&tn->timewaits, 0);
	atomic_set(&tn->orphans, 0);
	tn->cc = net_eq(net, &init_net) ? &tl_cc_cubic :
		 tl_cc_get_current(&tl_net(&init_net)->cc);	/* as Linux */
	tl_sysctl_defaults(tn);
	tl_isn_net_init(tn);
	tl_fastopen_net_init(tn);
	tl_port_net_init(tn);

	tn->stats = alloc_percpu(struct tl_stats);
	if (!tn->stats) {
		err = -ENOMEM;
		goto out_cc;
	}
	err = tl_hash_net_init(tn);
	if (err)
		goto out_stats;
	err = inet_ctl_sock_create(&tn->ctl4, PF_INET, SOCK_RAW, tl_protocol, net);
	if (err)
		goto out_hash;
	err = inet_ctl_sock_create(&tn->ctl6, PF_INET6, SOCK_RAW, tl_protocol, net);
	if (err) {
		tn->ctl6 = NULL;
		if (err != -EAFNOSUPPORT)	/* without IPv6 (ipv6.disable=1) there is none */
			goto out_ctl;
	}
	err = tl_sysctl_net_init(tn);
	if (err)
		goto out_ctl;
	err = tl_proc_net_init(tn);
	if (err)
		goto out_sysctl;
	err = tl_demux_net_init(net);
	if (err)
		goto out_proc;
	return 0;

out_proc:
	tl_proc_net_exit(tn);
out_sysctl:
	tl_sysctl_net_exit(tn);
out_ctl:
	ctl_destroy(tn->ctl6);
	ctl_destroy(tn->ctl4);
out_hash:
	tl_hash_net_exit(tn);
out_stats:
	free_percpu(tn->stats);
out_cc:
	tl_cc_put(tn->cc);
	return err;
}

/* There is a grace period of RCU between this and net_exit(). */
static void __net_exit net_pre_exit(struct net *net)
{
	tl_demux_net_exit(net);
}

static void __net_exit net_exit(struct net *net)
{
	struct tl_net *tn = tl_net(net);

	tl_proc_net_exit(tn);
	tl_sysctl_net_exit(tn);
	purge_all(tn);
	/* Timers that run now, and lookups, are RCU readers. */
	synchronize_rcu();
	ctl_destroy(tn->ctl6);
	ctl_destroy(tn->ctl4);
	tl_fastopen_net_exit(tn);
	tl_port_net_exit(tn);
	tl_hash_net_exit(tn);
	tl_cc_put(tn->cc);
	free_percpu(tn->stats);
}

static struct pernet_operations net_ops = {
	.init		= net_init,
	.pre_exit	= net_pre_exit,
	.exit		= net_exit,
	.id		= &tl_net_id,
	.size		= sizeof(struct tl_net),
};

/**
 * tl_pernet_register() - be in every namespace, present and to come
 *
 * Return: 0 or a negative errno.
 */
int tl_pernet_register(void)
{
	return register_pernet_subsys(&net_ops);
}

/**
 * tl_pernet_unregister() - leave every namespace; what was left of connections is gone
 */
void tl_pernet_unregister(void)
{
	unregister_pernet_subsys(&net_ops);
}
