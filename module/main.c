// SPDX-License-Identifier: GPL-2.0
/*
 * tcplab: a TCP of its own, on an IP protocol of its own. The ladder of init, and its mirror on
 * exit.
 */
#include <linux/module.h>
#include "sock.h"
#include "conn/synq.h"
#include "ip/ip.h"

#define pr_tl(fmt, ...) pr_err("tcplab: " fmt, ##__VA_ARGS__)

static int protocol = 253;	/* RFC3692: for experiments */
module_param(protocol, int, 0444);
MODULE_PARM_DESC(protocol, "IP protocol number, 1 to 255 (253)");

u8 tl_protocol __read_mostly;

/* Handlers stand above time.c: it learns of them here. */
static void __init set_timer_handlers(void)
{
	tl_timers_handler(TL_TIMER_REO, tl_loss_reo_timer);
	tl_timers_handler(TL_TIMER_PROBE, tl_tlp_timer);
	tl_timers_handler(TL_TIMER_REXMIT, tl_rto_timer);
	tl_timers_handler(TL_TIMER_PERSIST, tl_persist_timer);
	tl_timers_handler(TL_TIMER_DELACK, tl_ack_timer);
	tl_timers_handler(TL_TIMER_KEEP, tl_keepalive_timer);
	tl_timers_handler(TL_TIMER_FINWAIT2, tl_finwait2_timer);
	tl_fine_handler(TL_FINE_COMPRESS, tl_ack_compressed_timer);
	tl_fine_handler(TL_FINE_PACE, tl_pace_timer);
}

static int __init register_ip(void)
{
	if (tl_v4_register()) {
		pr_tl("IP protocol %d is taken by another module or by the kernel\n", protocol);
		return -EADDRINUSE;
	}
	if (tl_v6_register()) {
		pr_tl("next header %d is taken by another module or by the kernel\n", protocol);
		tl_v4_unregister();
		return -EADDRINUSE;
	}
	return 0;
}

static int __init tcplab_init(void)
{
	int err;

	if (protocol < 1 || protocol > 255) {
		pr_tl("protocol=%d is not an IP protocol number from 1 to 255\n", protocol);
		return -EINVAL;
	}
	tl_protocol = protocol;
	tl_mem_init();
	set_timer_handlers();

	err = tl_cc_register_all();
	if (err)
		return err;
	err = tl_range_init();
	if (err)
		goto out_cc;
	err = tl_timewait_init();
	if (err)
		goto out_range;
	err = tl_synq_init();
	if (err)
		goto out_timewait;
	err = tl_prot_register();
	if (err)
		goto out_synq;
	err = tl_pernet_register();
	if (err)
		goto out_prot;
	err = register_ip();
	if (err)
		goto out_pernet;
	err = tl_offload_register();
	if (err) {
		pr_tl("offloads of protocol %d are another module's\n", protocol);
		goto out_ip;
	}
	err = tl_protosw_register();
	if (err) {
		pr_tl("no sockets of protocol %d: %d\n", protocol, err);
		goto out_offload;
	}
	pr_info("tcplab: TCP on IP protocol %d\n", protocol);
	return 0;

out_offload:
	tl_offload_unregister();
out_ip:
	tl_v6_unregister();
	tl_v4_unregister();
out_pernet:
	tl_pernet_unregister();
out_prot:
	tl_prot_drain();
	tl_prot_unregister();
out_synq:
	tl_synq_exit();
out_timewait:
	tl_timewait_exit();
out_range:
	tl_range_exit();
out_cc:
	tl_cc_unregister_all();
	return err;
}

static void __exit tcplab_exit(void)
{
	tl_gro_close();
	tl_protosw_unregister();
	tl_v6_unregister();
	tl_v4_unregister();
	tl_pernet_unregister();
	tl_prot_drain();		/* what its packets hold may still have to be cut */
	tl_offload_unregister();
	tl_prot_unregister();
	tl_synq_exit();
	tl_timewait_exit();
	tl_range_exit();
	tl_cc_unregister_all();
	pr_info("tcplab: gone\n");
}

module_init(tcplab_init);
module_exit(tcplab_exit);

MODULE_DESCRIPTION("A complete TCP beside the kernel's own, on an IP protocol of its own");
MODULE_AUTHOR("The tcplab authors");
MODULE_LICENSE("GPL");
