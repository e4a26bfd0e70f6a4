// SPDX-License-Identifier: GPL-2.0
/*
 * A helper of tests: lets allocations fail that one module asks for, on kernels without fault
 * injection.
 *
 * A kprobe sits at the entry of each function that allocates. When the caller is code of the victim
 * and the dice say so, the function returns at once, with NULL: control goes to fail() instead,
 * whose "return" finds the caller's address where the function would have found it.
 *
 * Parameters, all in /sys/module/failmem/parameters: "permille" is how many of 1000 fail, "seed"
 * begins the dice anew, "start" and "end" are the victim's code where it was loaded before, and
 * "victim" its name if it is loaded later; then its init function fails, too. "asked" and "failed"
 * count.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned long start;
module_param(start, ulong, 0644);
MODULE_PARM_DESC(start, "first address of the victim's code");

static unsigned long end;
module_param(end, ulong, 0644);
MODULE_PARM_DESC(end, "address behind it");

static char *victim = "";
module_param(victim, charp, 0444);
MODULE_PARM_DESC(victim, "name of a module that is loaded later");

static unsigned int permille;
module_param(permille, uint, 0644);
MODULE_PARM_DESC(permille, "how many allocations of 1000 fail");

static unsigned int seed = 1;
module_param(seed, uint, 0644);
MODULE_PARM_DESC(seed, "of the dice, not 0");

static atomic_t asked = ATOMIC_INIT(0);
static atomic_t failed = ATOMIC_INIT(0);

static int get_atomic(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops count_ops = { .get = get_atomic };

module_param_cb(asked, &count_ops, &asked, 0444);
MODULE_PARM_DESC(asked, "allocations that the victim has asked for");
module_param_cb(failed, &count_ops, &failed, 0444);
MODULE_PARM_DESC(failed, "of these, how many were made to fail");

static struct module *present;	/* the victim, from its loading to its end */

/* What stands for an allocation that failed, be it a pointer or a bool. */
static noinline notrace __nocfi void *fail(void)
{
	return NULL;
}

static bool of_victim(unsigned long caller)
{
	struct module *mod = READ_ONCE(present);

	return (caller >= start && caller < end) || (mod && within_module(caller, mod));
}

/* Two CPUs that roll at once may get the same number: that does no harm. */
static bool roll(void)
{
	unsigned int x = READ_ONCE(seed);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	WRITE_ONCE(seed, x);
	return x % 1000 < READ_ONCE(permille);
}

static int at_entry(struct kprobe *p, struct pt_regs *regs)
{
	if (!of_victim(regs_get_kernel_stack_nth(regs, 0)))
		return 0;
	atomic_inc(&asked);
	if (!roll())
		return 0;
	atomic_inc(&failed);
	instruction_pointer_set(regs, (unsigned long)fail);
	return 1;
}

NOKPROBE_SYMBOL(at_entry);

/* That there is one keeps kprobes from optimizing at_entry()'s detour away. */
static void afterwards(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

/*
 * Functions that allocate and say by NULL or false that they could not, by the names that they have
 * in one kernel or another. Which of them exist is found out here.
 */
static const char * const names[] = {
	"__alloc_skb",
	"__kmalloc",
	"__kmalloc_noprof",
	"__kmalloc_cache_noprof",
	"kmalloc_trace",
	"kmem_cache_alloc_trace",
	"kmem_cache_alloc",
	"kmem_cache_alloc_noprof",
	"kmem_cache_alloc_node",
	"kmem_cache_alloc_node_noprof",
	"__kmem_cache_create_args",
	"kmem_cache_create",
	"__alloc_percpu",
	"pcpu_alloc_noprof",
	"kvmalloc_node",
	"__kvmalloc_node_noprof",
	"__alloc_pages",
	"__alloc_pages_noprof",
	"sk_page_frag_refill",
	"sk_clone_lock",
	"sk_clone",
	"skb_clone",
	"skb_copy",
	"__pskb_copy_fclone",
	"skb_segment",
	"__pskb_pull_tail",
	"proc_create_data",
	"proc_create_net_data",
	"register_net_sysctl",
	"register_net_sysctl_sz",
};

static struct kprobe probes[ARRAY_SIZE(names)];
static int probed;

static int loading(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, victim))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING)
		WRITE_ONCE(present, mod);
	else if (state == MODULE_STATE_GOING)
		WRITE_ONCE(present, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = loading };

static void unprobe(void)
{
	while (probed > 0)
		unregister_kprobe(&probes[--probed]);
}

static int __init failmem_init(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct kprobe *p = &probes[probed];

		*p = (struct kprobe) {
			.symbol_name	= names[i],
			.pre_handler	= at_entry,
			.post_handler	= afterwards,
		};
		err = register_kprobe(p);
		if (err == -ENOENT)
			continue;		/* another kernel's name */
		if (err) {
			pr_err("failmem: %s: %d\n", names[i], err);
			goto out;
		}
		probed++;
	}
	err = register_module_notifier(&notifier);
out:
	if (err)
		unprobe();
	return err;
}

static void __exit failmem_exit(void)
{
	unregister_module_notifier(&notifier);
	unprobe();
}

module_init(failmem_init);
module_exit(failmem_exit);

MODULE_DESCRIPTION("Lets a module's allocations fail, for tests");
MODULE_AUTHOR("The tcplab authors");
MODULE_LICENSE("GPL");
