// SPDX-License-Identifier: GPL-2.0
/*
 * An example of a congestion control algorithm in a module of its own: a window of so many
 * segments, whatever happens. Documentation/congestion-control.rst goes through it line by line.
 */
#include <linux/module.h>
#include "cc/cc.h"

static unsigned int segments = 20;
module_param(segments, uint, 0644);
MODULE_PARM_DESC(segments, "the window, in segments");

static atomic_t live = ATOMIC_INIT(0);
module_param_named(live, live.counter, int, 0444);
MODULE_PARM_DESC(live, "connections that have it");

static void fixed_init(struct tl_cc *cc)
{
	atomic_inc(&live);
	cc->cwnd = segments * cc->mss;
}

static void fixed_release(struct tl_cc *cc)
{
	atomic_dec(&live);
}

static void fixed_on_ack(struct tl_cc *cc, const struct tl_cc_sample *s)
{
	cc->cwnd = segments * cc->mss;
}

static u32 fixed_ssthresh(struct tl_cc *cc, u32 flight)
{
	return segments * cc->mss;
}

static struct tl_cc_ops fixed = {
	.name		= "fixed",
	.owner		= THIS_MODULE,
	.init		= fixed_init,
	.release	= fixed_release,
	.on_ack		= fixed_on_ack,
	.ssthresh	= fixed_ssthresh,
};

static int __init fixed_module_init(void)
{
	return tl_cc_register(&fixed);
}

static void __exit fixed_module_exit(void)
{
	tl_cc_unregister(&fixed);
}

module_init(fixed_module_init);
module_exit(fixed_module_exit);

MODULE_DESCRIPTION("A fixed congestion window for tcplab");
MODULE_AUTHOR("The tcplab authors");
MODULE_LICENSE("GPL");
