// SPDX-License-Identifier: GPL-2.0
/*
 * The register of congestion control algorithms, and who holds which.
 *
 * The register is short and read seldom: a list. Who has an algorithm (a socket, a namespace) holds
 * its module, so one is unregistered only when nobody has it. Others' pointers are read under RCU,
 * which tl_cc_unregister() waits for: what such a reader finds is memory still, and whether it may
 * be held try_module_get() says. Our own algorithms need no hold: all who could have one are gone
 * before this module is.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "cc/cc.h"

static LIST_HEAD(algorithms);
static DEFINE_SPINLOCK(algorithms_lock);	/* the list, and TL_CC_RESTRICTED in its members */

static struct tl_cc_ops *cc_find(const char *name)
{
	struct tl_cc_ops *ops;

	list_for_each_entry_rcu(ops, &algorithms, list, lockdep_is_held(&algorithms_lock))
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

static bool hold(const struct tl_cc_ops *ops)
{
	return ops->owner == THIS_MODULE || try_module_get(ops->owner);
}

static bool good_name(const char *name)
{
	size_t len = strnlen(name, TL_CC_NAME_MAX);

	return len && len < TL_CC_NAME_MAX && !strpbrk(name, " \t\n");
}

/**
 * tl_cc_register() - offer an algorithm
 * @ops: algorithm; stays registered until tl_cc_unregister()
 *
 * Context: may be called by another module's init function.
 * Return: 0, -EINVAL if it lacks a function or a name of one word that ends, -EEXIST if the name is
 *	taken.
 */
int tl_cc_register(struct tl_cc_ops *ops)
{
	int err = 0;

	if (!ops->ssthresh || !(ops->on_ack || ops->control) || !good_name(ops->name)) {
		pr_err("tcplab: congestion control '%.*s' lacks a name, ssthresh or on_ack\n",
		       TL_CC_NAME_MAX, ops->name);
		return -EINVAL;
	}
	spin_lock(&algorithms_lock);
	if (cc_find(ops->name))
		err = -EEXIST;
	else
		list_add_tail_rcu(&ops->list, &algorithms);
	spin_unlock(&algorithms_lock);
	if (err)
		pr_err("tcplab: there is a congestion control '%s' already\n", ops->name);
	return err;
}
EXPORT_SYMBOL_GPL(tl_cc_register);

/**
 * tl_cc_unregister() - take an algorithm back
 * @ops: algorithm; nobody has it any more: for another module's exit function
 *
 * Context: sleeps.
 */
void tl_cc_unregister(struct tl_cc_ops *ops)
{
	spin_lock(&algorithms_lock);
	list_del_rcu(&ops->list);
	spin_unlock(&algorithms_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(tl_cc_unregister);

static struct tl_cc_ops * const ours[] = {
	&tl_cc_reno, &tl_cc_cubic, &tl_cc_tahoe, &tl_cc_dctcp,
};

static void unregister_first(int n)
{
	while (n)
		tl_cc_unregister(ours[--n]);
}

/**
 * tl_cc_register_all() - offer our own
 *
 * Return: 0 or a negative errno.
 */
int tl_cc_register_all(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		err = tl_cc_register(ours[i]);
		if (err) {
			unregister_first(i);
			return err;
		}
	}
	return 0;
}

/**
 * tl_cc_unregister_all() - take our own back
 */
void tl_cc_unregister_all(void)
{
	unregister_first(ARRAY_SIZE(ours));
}

static const struct tl_cc_ops *get_registered(const char *name, bool *found)
{
	const struct tl_cc_ops *ops;

	rcu_read_lock();
	ops = cc_find(name);
	*found = ops;
	if (ops && !hold(ops))
		ops = NULL;
	rcu_read_unlock();
	return ops;
}

/**
 * tl_cc_get() - find an algorithm and hold its module
 * @name: as registered
 *
 * One that is not there is looked for in a module tcplab_NAME, if the caller may load modules: it
 * has CAP_NET_ADMIN.
 *
 * Context: may sleep.
 * Return: the algorithm, to be put; or an ERR_PTR: -ENOENT, -EBUSY if its module just goes.
 */
const struct tl_cc_ops *tl_cc_get(const char *name)
{
	const struct tl_cc_ops *ops;
	bool found;

	ops = get_registered(name, &found);
	if (!found && good_name(name) && capable(CAP_NET_ADMIN)) {
		request_module("tcplab_%s", name);
		ops = get_registered(name, &found);
	}
	return ops ?: ERR_PTR(found ? -EBUSY : -ENOENT);
}

/**
 * tl_cc_get_current() - hold what somebody else has, who may change it meanwhile
 * @place: where they have it
 *
 * Return: the algorithm, to be put: Reno if theirs just goes.
 */
const struct tl_cc_ops *tl_cc_get_current(const struct tl_cc_ops *const *place)
{
	const struct tl_cc_ops *ops;

	rcu_read_lock();
	ops = READ_ONCE(*place);
	if (!hold(ops))
		ops = &tl_cc_reno;
	rcu_read_unlock();
	return ops;
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
 * tl_cc_allowed() - may everybody choose it?
 * @ops: algorithm
 *
 * Return: false if CAP_NET_ADMIN is needed.
 */
bool tl_cc_allowed(const struct tl_cc_ops *ops)
{
	return !(READ_ONCE(ops->flags) & TL_CC_RESTRICTED);
}

static void restrict_to(struct tl_cc_ops *ops, bool admins)
{
	lockdep_assert_held(&algorithms_lock);
	WRITE_ONCE(ops->flags, (ops->flags & ~TL_CC_RESTRICTED) | (admins ? TL_CC_RESTRICTED : 0));
}

/**
 * tl_cc_allow() - from now on everybody may choose an algorithm
 * @ops: algorithm, held
 */
void tl_cc_allow(const struct tl_cc_ops *ops)
{
	spin_lock(&algorithms_lock);
	restrict_to((struct tl_cc_ops *)ops, false);
	spin_unlock(&algorithms_lock);
}

/* The next word, and its length: 0 at the end. */
static const char *next_word(const char *text, size_t *len)
{
	text += strspn(text, " ");
	*len = strcspn(text, " ");
	return text;
}

static bool is_word(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && !memcmp(name, word, len);
}

static bool named_in(const char *names, const char *name)
{
	size_t len;

	for (names = next_word(names, &len); len; names = next_word(names + len, &len))
		if (is_word(name, names, len))
			return true;
	return false;
}

static bool all_known(const char *names)
{
	const struct tl_cc_ops *ops;
	size_t len;
	bool known;

	for (names = next_word(names, &len); len; names = next_word(names + len, &len)) {
		known = false;
		list_for_each_entry(ops, &algorithms, list)
			known |= is_word(ops->name, names, len);
		if (!known)
			return false;
	}
	return true;
}

/**
 * tl_cc_allow_only() - from now on everybody may choose these, and no others
 * @names: words
 *
 * Return: 0, or -ENOENT with nothing changed.
 */
int tl_cc_allow_only(const char *names)
{
	struct tl_cc_ops *ops;
	int err = 0;

	spin_lock(&algorithms_lock);
	if (all_known(names)) {
		list_for_each_entry(ops, &algorithms, list)
			restrict_to(ops, !named_in(names, ops->name));
	} else {
		err = -ENOENT;
	}
	spin_unlock(&algorithms_lock);
	return err;
}

/**
 * tl_cc_names() - names of algorithms, separated by spaces
 * @buf: where to
 * @size: of @buf
 * @allowed: only of those that everybody may choose
 *
 * Return: length written, without the final 0.
 */
int tl_cc_names(char *buf, size_t size, bool allowed)
{
	const struct tl_cc_ops *ops;
	int len = 0;

	*buf = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(ops, &algorithms, list)
		if (!allowed || tl_cc_allowed(ops))
			len += scnprintf(buf + len, size - len, "%s%s", len ? " " : "", ops->name);
	rcu_read_unlock();
	return len;
}

/* The connection, if there is one, is over for the algorithm. */
static void stop(struct tl_cc *cc)
{
	if (cc->running && cc->ops->release)
		cc->ops->release(cc);
	cc->running = false;
	memset(cc->priv, 0, sizeof(cc->priv));
}

static void cc_begin(struct tl_cc *cc)
{
	cc->running = true;
	if (cc->ops->init)
		cc->ops->init(cc);
}

/**
 * tl_cc_assign() - give a new socket an algorithm
 * @cc: state, all 0
 * @ops: algorithm; the caller's hold is now @cc's
 */
void tl_cc_assign(struct tl_cc *cc, const struct tl_cc_ops *ops)
{
	WRITE_ONCE(cc->ops, ops);
	cc->ssthresh = TL_SSTHRESH_MAX;
}

/**
 * tl_cc_reset() - the connection is over: as tl_cc_assign() left it
 * @cc: state; algorithm, and who chose it, stay
 */
void tl_cc_reset(struct tl_cc *cc)
{
	const struct tl_cc_ops *ops = cc->ops;
	bool chosen = cc->chosen;

	stop(cc);
	memset(cc, 0, sizeof(*cc));
	cc->chosen = chosen;
	tl_cc_assign(cc, ops);
}

/**
 * tl_cc_inherit() - which algorithm has an accepted socket?
 * @cc: a copy of the listener's state; afterwards as tl_cc_assign() leaves it
 * @listener: the listener's, which may change or end meanwhile
 * @def: the namespace's default
 *
 * As in Linux the listener's if the program chose it, else what is the default now.
 */
void tl_cc_inherit(struct tl_cc *cc, const struct tl_cc *listener,
		   const struct tl_cc_ops *const *def)
{
	bool chosen = READ_ONCE(listener->chosen);

	memset(cc, 0, sizeof(*cc));
	cc->chosen = chosen;
	tl_cc_assign(cc, tl_cc_get_current(chosen ? &listener->ops : def));
}

/**
 * tl_cc_start() - a connection may send data: set the initial window (RFC6928), let the algorithm
 *	begin
 * @cc: state
 * @mss: bytes
 * @initial: initial window, segments
 *
 * A second time, after a Fast Open's early beginning, all begins anew.
 */
void tl_cc_start(struct tl_cc *cc, u32 mss, u32 initial)
{
	stop(cc);
	cc->mss = mss;
	cc->cwnd = mss * initial;
	cc_begin(cc);
}

/**
 * tl_cc_change() - the program chooses an algorithm
 * @cc: state of a socket, locked
 * @ops: algorithm; the caller's hold is now @cc's
 *
 * On a live connection window and threshold stay, unless the algorithm sets them.
 */
void tl_cc_change(struct tl_cc *cc, const struct tl_cc_ops *ops)
{
	const struct tl_cc_ops *old = cc->ops;
	bool live = cc->running;

	WRITE_ONCE(cc->chosen, true);
	if (ops != old) {
		stop(cc);
		cc->acked = 0;
		cc->pacing_rate = 0;
		WRITE_ONCE(cc->ops, ops);
		if (live)
			cc_begin(cc);
	}
	tl_cc_put(old);
}

/**
 * tl_cc_end() - a socket is destroyed
 * @cc: state; requests may still look at it, so it keeps an algorithm: one that needs no hold
 */
void tl_cc_end(struct tl_cc *cc)
{
	const struct tl_cc_ops *old = cc->ops;

	stop(cc);
	WRITE_ONCE(cc->ops, &tl_cc_reno);
	tl_cc_put(old);
}
