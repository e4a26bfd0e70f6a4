// SPDX-License-Identifier: GPL-2.0
/*
 * The register of congestion control algorithms. It is short and read seldom: a list.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include "cc/cc.h"

static LIST_HEAD(algorithms);
static DEFINE_SPINLOCK(algorithms_lock);

static struct tl_cc_ops *find(const char *name)
{
	struct tl_cc_ops *ops;

	list_for_each_entry_rcu(ops, &algorithms, list, lockdep_is_held(&algorithms_lock))
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

/**
 * tl_cc_register() - offer an algorithm
 * @ops: algorithm; stays registered until tl_cc_unregister()
 *
 * Return: 0, -EINVAL if it lacks a function, -EEXIST if the name is taken.
 */
int tl_cc_register(struct tl_cc_ops *ops)
{
	int err = 0;

	if (!ops->on_ack || !ops->ssthresh || !ops->name[0])
		return -EINVAL;

	spin_lock(&algorithms_lock);
	if (find(ops->name))
		err = -EEXIST;
	else
		list_add_tail_rcu(&ops->list, &algorithms);
	spin_unlock(&algorithms_lock);
	return err;
}
EXPORT_SYMBOL_GPL(tl_cc_register);

/**
 * tl_cc_unregister() - take an algorithm back; its module has no user any more
 * @ops: algorithm
 */
void tl_cc_unregister(struct tl_cc_ops *ops)
{
	spin_lock(&algorithms_lock);
	list_del_rcu(&ops->list);
	spin_unlock(&algorithms_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(tl_cc_unregister);

/**
 * tl_cc_get() - find an algorithm and hold its module
 * @name: as registered
 *
 * Return: the algorithm, or NULL.
 */
const struct tl_cc_ops *tl_cc_get(const char *name)
{
	struct tl_cc_ops *ops;

	rcu_read_lock();
	ops = find(name);
	/* Our own algorithms need no hold: sockets are gone before this module is. */
	if (ops && ops->owner != THIS_MODULE && !try_module_get(ops->owner))
		ops = NULL;
	rcu_read_unlock();
	return ops;
}

/**
 * tl_cc_hold() - hold the module of an algorithm that somebody holds already
 * @ops: algorithm
 */
void tl_cc_hold(const struct tl_cc_ops *ops)
{
	if (ops->owner != THIS_MODULE)
		__module_get(ops->owner);
}

/**
 * tl_cc_put() - let an algorithm's module go
 * @ops: algorithm
 */
void tl_cc_put(const struct tl_cc_ops *ops)
{
	if (ops->owner != THIS_MODULE)
		module_put(ops->owner);
}

/**
 * tl_cc_names() - names of all algorithms, separated by spaces
 * @buf: where to
 * @size: of @buf
 *
 * Return: length written, without the final 0.
 */
int tl_cc_names(char *buf, size_t size)
{
	const struct tl_cc_ops *ops;
	int len = 0;

	*buf = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(ops, &algorithms, list)
		len += scnprintf(buf + len, size - len, "%s%s", len ? " " : "", ops->name);
	rcu_read_unlock();
	return len;
}

/**
 * tl_cc_init() - give a socket an algorithm; takes over the caller's hold
 * @cc: state
 * @ops: algorithm
 */
void tl_cc_init(struct tl_cc *cc, const struct tl_cc_ops *ops)
{
	memset(cc, 0, sizeof(*cc));
	cc->ops = ops;
	cc->ssthresh = TL_SSTHRESH_MAX;
}

/**
 * tl_cc_start() - a connection is established: set the initial window (RFC6928)
 * @cc: state
 * @mss: bytes
 * @initial: initial window, segments
 */
void tl_cc_start(struct tl_cc *cc, u32 mss, u32 initial)
{
	cc->mss = mss;
	cc->cwnd = mss * initial;
	if (cc->ops->init)
		cc->ops->init(cc);
}
