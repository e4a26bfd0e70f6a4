// SPDX-License-Identifier: GPL-2.0
/*
 * net.tcplab.*: settings of a namespace. A row each: where it lives, how it is read, its bounds.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include "sock.h"
#include "view/view.h"

static int zero;
static int one = 1;
static int two = 2;
static int u8_max = 255;
static unsigned long comp_sack_max_ns = NSEC_PER_SEC;
static int retries_max = 255;
static int synack_retries_max = 255;
static int syn_retries_max = 127;
static int msl_max_ms = 600000;
static int rto_max_ms = 120000;
static int delack_max_ms = 499;			/* RFC9293 MUST-40: below half a second */
static int reordering_max = 1000;
static int early_retrans_max = 4;
static int pacing_max = 1000;
static int cwnd_max = 1024;
static int day_s = 86400;
static int mss_max = 65535;

#define CC_NAMES_MAX	(16 * 128)	/* as Linux has it */

/* congestion_control: the name of the default for new sockets. */
static int do_congestion(TL_CTL_HANDLER_ARGS)
{
	struct tl_net *tn = ctl->extra1;
	char name[TL_CC_NAME_MAX];
	struct ctl_table tmp = { .data = name, .maxlen = sizeof(name) };
	const struct tl_cc_ops *ops;
	int err;

	rcu_read_lock();
	strscpy(name, READ_ONCE(tn->cc)->name, sizeof(name));
	rcu_read_unlock();
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	ops = tl_cc_get(name);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	/* as Linux: what is restricted is the first namespace's to give to everybody */
	if (!tl_cc_allowed(ops) && !net_eq(tn->net, &init_net)) {
		tl_cc_put(ops);
		return -EPERM;
	}
	tl_cc_allow(ops);
	ops = xchg(&tn->cc, ops);
	tl_cc_put(ops);
	return 0;
}

static int do_available(TL_CTL_HANDLER_ARGS)
{
	struct ctl_table tmp = { .maxlen = CC_NAMES_MAX };
	int err;

	tmp.data = kmalloc(CC_NAMES_MAX, GFP_KERNEL);
	if (!tmp.data)
		return -ENOMEM;
	tl_cc_names(tmp.data, CC_NAMES_MAX, false);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	kfree(tmp.data);
	return err;
}

/* allowed_congestion_control: those that need no CAP_NET_ADMIN. */
static int do_allowed(TL_CTL_HANDLER_ARGS)
{
	struct ctl_table tmp = { .maxlen = CC_NAMES_MAX };
	int err;

	tmp.data = kmalloc(CC_NAMES_MAX, GFP_KERNEL);
	if (!tmp.data)
		return -ENOMEM;
	tl_cc_names(tmp.data, CC_NAMES_MAX, true);
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (!err && write)
		err = tl_cc_allow_only(tmp.data);
	kfree(tmp.data);
	return err;
}

/* fastopen_key: four words in hex, joined by -; and perhaps, after a comma, the key before. */
#define FASTOPEN_KEY_TEXT	(2 * 36)

static int read_key(const char *text, u8 *key)
{
	u32 word[4];
	char rest;
	int i;

	if (sscanf(text, "%x-%x-%x-%x%c", word, word + 1, word + 2, word + 3, &rest) != 4)
		return -EINVAL;
	for (i = 0; i < 4; i++)
		put_unaligned_le32(word[i], key + 4 * i);
	return 0;
}

static int write_key(char *text, const u8 *key)
{
	return sprintf(text, "%08x-%08x-%08x-%08x", get_unaligned_le32(key),
		       get_unaligned_le32(key + 4), get_unaligned_le32(key + 8),
		       get_unaligned_le32(key + 12));
}

static int do_fastopen_key(TL_CTL_HANDLER_ARGS)
{
	struct tl_net *tn = ctl->extra1;
	char text[FASTOPEN_KEY_TEXT + 1];
	struct ctl_table tmp = { .data = text, .maxlen = sizeof(text) };
	u8 keys[2 * TL_FO_KEY_SIZE] = { 0 };
	unsigned int len = tl_fastopen_keys_get(&tn->fo.keys, keys);
	char *second;
	int err, n;

	n = write_key(text, keys);		/* zeros, if there is none yet */
	if (len > TL_FO_KEY_SIZE) {
		text[n++] = ',';
		write_key(text + n, keys + TL_FO_KEY_SIZE);
	}
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	second = strchr(text, ',');
	if (second)
		*second++ = 0;
	err = read_key(text, keys);
	if (!err && second)
		err = read_key(second, keys + TL_FO_KEY_SIZE);
	return err ?: tl_fastopen_keys_set(&tn->fo.keys, keys, TL_FO_KEY_SIZE * (second ? 2 : 1));
}

#define ROW(_name, _handler, _min, _max)				\
	ROW_NAMED(#_name, _name, _handler, _min, _max)

#define ROW_NAMED(_procname, _name, _handler, _min, _max) {		\
	.procname	= _procname,					\
	.data		= (void *)offsetof(struct tl_net, sysctl._name),	\
	.maxlen		= sizeof_field(struct tl_net, sysctl._name),	\
	.mode		= 0644,						\
	.proc_handler	= _handler,					\
	.extra1		= _min,						\
	.extra2		= _max,						\
}

/* Offsets here; made pointers into the namespace in its copy. */
static const struct ctl_table sysctl_rows[] = {
	ROW(syn_retries, proc_dointvec_minmax, &one, &syn_retries_max),
	ROW(synack_retries, proc_dointvec_minmax, &zero, &synack_retries_max),
	ROW(retries1, proc_dointvec_minmax, &zero, &retries_max),
	ROW(retries2, proc_dointvec_minmax, &zero, &retries_max),
	ROW(orphan_retries, proc_dointvec_minmax, &zero, &retries_max),
	ROW(max_syn_backlog, proc_dointvec_minmax, &zero, NULL),
	ROW(syncookies, proc_dointvec_minmax, &zero, &two),
	ROW(max_tw_buckets, proc_dointvec_minmax, &zero, NULL),
	ROW(max_orphans, proc_dointvec_minmax, &zero, NULL),
	ROW(abort_on_overflow, proc_dointvec_minmax, &zero, &one),
	ROW(stdurg, proc_dointvec_minmax, &zero, &one),
	ROW(rfc1337, proc_dointvec_minmax, &zero, &one),
	ROW_NAMED("tw_reuse", timewait_reuse, proc_dointvec_minmax, &zero, &two),
	ROW(fastopen, proc_dointvec, NULL, NULL),
	ROW(fastopen_blackhole_timeout_sec, proc_dointvec_minmax, &zero, NULL),
	ROW(fin_timeout, proc_dointvec_jiffies, NULL, NULL),
	ROW(keepalive_time, proc_dointvec_jiffies, NULL, NULL),
	ROW(keepalive_intvl, proc_dointvec_jiffies, NULL, NULL),
	ROW(keepalive_probes, proc_dointvec_minmax, &one, &retries_max),
	ROW(challenge_ack_limit, proc_dointvec_minmax, &zero, NULL),
	ROW(window_scaling, proc_dointvec_minmax, &zero, &one),
	ROW(timestamps, proc_dointvec_minmax, &zero, &two),
	ROW(sack, proc_dointvec_minmax, &zero, &one),
	ROW(ecn, proc_dointvec_minmax, &zero, &two),
	ROW(ecn_fallback, proc_dointvec_minmax, &zero, &one),
	ROW(invalid_ratelimit, proc_dointvec_ms_jiffies, NULL, NULL),
	ROW(dsack, proc_dointvec_minmax, &zero, &one),
	ROW(comp_sack_delay_ns, proc_doulongvec_minmax, NULL, &comp_sack_max_ns),
	ROW(comp_sack_slack_ns, proc_doulongvec_minmax, NULL, &comp_sack_max_ns),
	ROW(comp_sack_nr, proc_dointvec_minmax, &zero, &u8_max),
	ROW(backlog_ack_defer, proc_dointvec_minmax, &zero, &one),
	ROW(ack_turn, proc_dointvec_minmax, &zero, &one),
	ROW(pingpong_thresh, proc_dointvec_minmax, &one, &u8_max),
	ROW(moderate_rcvbuf, proc_dointvec_minmax, &zero, &one),
	ROW(min_snd_mss, proc_dointvec_minmax, &one, &mss_max),
	ROW(mtu_probing, proc_dointvec_minmax, &zero, &two),
	ROW(base_mss, proc_dointvec_minmax, &one, &mss_max),
	ROW(mtu_probe_floor, proc_dointvec_minmax, &one, &mss_max),
	ROW(probe_threshold, proc_dointvec_minmax, &zero, &mss_max),
	ROW(probe_interval, proc_dointvec_minmax, &zero, &day_s),
	ROW(notsent_lowat, proc_douintvec, NULL, NULL),
	ROW(fwmark_accept, proc_dointvec_minmax, &zero, &one),
	ROW(thin_linear_timeouts, proc_dointvec_minmax, &zero, &one),
	ROW(rmem, proc_dointvec_minmax, &one, NULL),
	ROW(wmem, proc_dointvec_minmax, &one, NULL),
	ROW(msl_ms, proc_dointvec_minmax, &one, &msl_max_ms),
	ROW(rto_min_ms, proc_dointvec_minmax, &one, &rto_max_ms),
	ROW(rto_max_ms, proc_dointvec_minmax, &one, &rto_max_ms),
	ROW(rto_init_ms, proc_dointvec_minmax, &one, &rto_max_ms),
	ROW(delack_min_ms, proc_dointvec_minmax, &one, &delack_max_ms),
	ROW(delack_max_ms, proc_dointvec_minmax, &one, &delack_max_ms),
	ROW(initial_cwnd, proc_dointvec_minmax, &one, &cwnd_max),
	ROW(reordering, proc_dointvec_minmax, &one, &reordering_max),
	ROW(max_reordering, proc_dointvec_minmax, &one, &reordering_max),
	ROW(early_retrans, proc_dointvec_minmax, &zero, &early_retrans_max),
	ROW(frto, proc_dointvec_minmax, &zero, &two),
	ROW(slow_start_after_idle, proc_dointvec_minmax, &zero, &one),
	ROW(min_rtt_wlen, proc_dointvec_minmax, &zero, &day_s),
	ROW(pacing_ss_ratio, proc_dointvec_minmax, &zero, &pacing_max),
	ROW(pacing_ca_ratio, proc_dointvec_minmax, &zero, &pacing_max),
	ROW(tso_win_divisor, proc_dointvec_minmax, &zero, &u8_max),
};

static const struct ctl_table specials[] = {
	{
		.procname	= "congestion_control",
		.maxlen		= TL_CC_NAME_MAX,
		.mode		= 0644,
		.proc_handler	= do_congestion,
	}, {
		.procname	= "available_congestion_control",
		.maxlen		= CC_NAMES_MAX,
		.mode		= 0444,
		.proc_handler	= do_available,
	}, {
		.procname	= "fastopen_key",
		.maxlen		= FASTOPEN_KEY_TEXT,
		.mode		= 0600,
		.proc_handler	= do_fastopen_key,
	},
};

/* Of the whole protocol: every namespace shows it, the first one may change it. */
static const struct ctl_table shared[] = {
	{
		.procname	= "mem",
		.data		= tl_mem_limits,
		.maxlen		= sizeof(tl_mem_limits),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
	}, {
		.procname	= "allowed_congestion_control",
		.maxlen		= CC_NAMES_MAX,
		.mode		= 0644,
		.proc_handler	= do_allowed,
	},
};

/**
 * tl_sysctl_defaults() - Linux's defaults, and for the rest the RFCs'
 * @tn: new namespace
 */
void tl_sysctl_defaults(struct tl_net *tn)
{
	const struct inet_timewait_death_row *death_row = &tn->net->ipv4.tcp_death_row;

	tn->sysctl = (struct tl_sysctl) {
		.syn_retries		= 6,		/* as Linux: 127 s, MUST-23 wants 180 */
		.synack_retries		= 5,
		.retries1		= 3,
		.retries2		= 15,		/* RFC9293 SHLD-11 */
		.orphan_retries		= 0,
		/* by the machine's size */
		.max_syn_backlog	= READ_ONCE(tn->net->ipv4.sysctl_max_syn_backlog),
		.syncookies		= 1,
		.max_tw_buckets		= READ_ONCE(death_row->sysctl_max_tw_buckets),
		.max_orphans		= READ_ONCE(death_row->sysctl_max_tw_buckets) / 2,
		.timewait_reuse		= 2,		/* on the loopback device only */
		.fastopen		= TL_FO_CLIENT,
		.fin_timeout		= 60 * HZ,
		.keepalive_time		= 7200 * HZ,	/* RFC9293 MUST-28 */
		.keepalive_intvl	= 75 * HZ,
		.keepalive_probes	= 9,
		.challenge_ack_limit	= INT_MAX,
		.window_scaling		= 1,
		.timestamps		= 1,
		.sack			= 1,
		.ecn			= 2,		/* for those who ask */
		.ecn_fallback		= 1,		/* RFC3168 6.1.1.1 */
		.invalid_ratelimit	= HZ / 2,
		.dsack			= 1,
		.comp_sack_delay_ns	= NSEC_PER_MSEC,
		.comp_sack_slack_ns	= 100 * NSEC_PER_USEC,
		.comp_sack_nr		= 44,
		.backlog_ack_defer	= 1,
		.ack_turn		= 1,
		.pingpong_thresh	= 1,
		.moderate_rcvbuf	= 1,
		.min_snd_mss		= 48,
		.base_mss		= 1024,		/* RFC4821 7.2 */
		.mtu_probe_floor	= 48,
		.probe_threshold	= 8,
		.probe_interval		= 600,
		.notsent_lowat		= UINT_MAX,
		.msl_ms			= 30000,	/* as Linux: TIME-WAIT of 60 s */
		.rto_min_ms		= 200,
		.rto_max_ms		= 120000,
		.rto_init_ms		= 1000,		/* RFC6298 2.1 */
		.delack_min_ms		= 40,
		.delack_max_ms		= 200,
		.initial_cwnd		= 10,		/* RFC6928 */
		.reordering		= 3,		/* RFC5681 3.2 */
		.max_reordering		= 300,
		.early_retrans		= 3,
		.frto			= 2,
		.slow_start_after_idle	= 1,
		.min_rtt_wlen		= 300,
		.pacing_ss_ratio	= 200,
		.pacing_ca_ratio	= 120,
		.tso_win_divisor	= 3,
	};
	tl_mem_net_init(tn);
}

/**
 * tl_sysctl_net_init() - show a namespace's settings under net.tcplab
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tl_sysctl_net_init(struct tl_net *tn)
{
	size_t n = ARRAY_SIZE(sysctl_rows) + ARRAY_SIZE(specials) + ARRAY_SIZE(shared);
	struct ctl_table *table, *t;
	int i;

	table = kcalloc(n + 1, sizeof(*table), GFP_KERNEL);	/* up to 6.5 an empty one ends it */
	if (!table)
		return -ENOMEM;
	t = table;
	for (i = 0; i < ARRAY_SIZE(sysctl_rows); i++, t++) {
		*t = sysctl_rows[i];
		t->data = (char *)tn + (uintptr_t)sysctl_rows[i].data;
	}
	for (i = 0; i < ARRAY_SIZE(specials); i++, t++) {
		*t = specials[i];
		t->extra1 = tn;
	}
	for (i = 0; i < ARRAY_SIZE(shared); i++, t++) {
		*t = shared[i];
		if (!net_eq(tn->net, &init_net))
			t->mode = 0444;
	}
	tn->sysctl_header = register_net_sysctl_sz(tn->net, "net/tcplab", table, n);
	if (!tn->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * tl_sysctl_net_exit() - take them away
 * @tn: namespace
 */
void tl_sysctl_net_exit(struct tl_net *tn)
{
	const struct ctl_table *table = tn->sysctl_header->ctl_table_arg;

	unregister_net_sysctl_table(tn->sysctl_header);
	kfree(table);
}
