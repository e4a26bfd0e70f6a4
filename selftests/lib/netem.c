// SPDX-License-Identifier: GPL-2.0
/* Links by rtnetlink: netem with a seed, and programs that judge. See netem.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "lab.h"
#include "netem.h"
#include "netlink.h"

/* since Linux 6.6; Debian 12's headers are older */
#define NETEM_PRNG_SEED	14

#define ENOUGH		1000000

static struct tcmsg *qdisc_begin(struct nl_req *req, const char *dev, int type, int flags)
{
	struct tcmsg *tcm = nl_begin(req, type, flags, sizeof(*tcm));

	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = if_nametoindex(dev);
	tcm->tcm_parent = TC_H_ROOT;
	return tcm;
}

/* Percent as netem wants it: of 2^32. */
static uint32_t share(double percent)
{
	return percent >= 100 ? UINT32_MAX : percent / 100 * UINT32_MAX;
}

/* Two states: in the good one nothing is lost, in the bad one all. */
static void put_bursts(struct nl_req *req, const struct lab_netem *what)
{
	struct tc_netem_gemodel ge = {
		.p = share(what->burst_in), .r = share(what->burst_out), .h = 0, .k1 = 0,
	};
	struct rtattr *nest = nl_put(req, TCA_NETEM_LOSS | NLA_F_NESTED, NULL, 0);

	nl_put(req, NETEM_LOSS_GE, &ge, sizeof(ge));
	nl_end(req, nest);
}

static void put_rate(struct nl_req *req, uint32_t kbit)
{
	struct tc_netem_rate rate = { .rate = kbit * 125 };

	nl_put(req, TCA_NETEM_RATE, &rate, sizeof(rate));
}

static int send_netem(const char *dev, const struct lab_netem *what, int flags)
{
	struct tc_netem_qopt opt = {
		.limit = what->limit ? what->limit : ENOUGH,
		.loss = share(what->loss),
		.duplicate = share(what->dup),
		.gap = what->reorder != 0,
	};
	struct tc_netem_reorder reorder = { .probability = share(what->reorder) };
	int64_t delay_ns = what->delay_us * 1000LL;
	struct rtattr *options;
	struct nl_req req;

	if (!qdisc_begin(&req, dev, RTM_NEWQDISC, flags)->tcm_ifindex)
		return lab_fail("no device %s", dev);
	nl_put(&req, TCA_KIND, "netem", 6);
	/* netem's options are a structure, then attributes */
	options = nl_put(&req, TCA_OPTIONS, &opt, sizeof(opt));
	nl_put(&req, TCA_NETEM_LATENCY64, &delay_ns, sizeof(delay_ns));
	nl_put(&req, NETEM_PRNG_SEED, &what->seed, sizeof(what->seed));
	if (what->reorder)
		nl_put(&req, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	if (what->burst_in)
		put_bursts(&req, what);
	put_rate(&req, what->kbit);
	nl_end(&req, options);
	return nl_talk(&req, "netem");
}

static const struct rtattr *find(const void *attrs, int len, int type)
{
	const struct rtattr *rta;

	for (rta = attrs; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if ((rta->rta_type & NLA_TYPE_MASK) == type)
			return rta;
	return NULL;
}

struct answer {
	char buf[4096] __attribute__((aligned(8)));
};

/* What the kernel knows of a device's root qdisc; returns one attribute of that. */
static const struct rtattr *ask(const char *dev, struct answer *ans, int attr)
{
	struct nlmsghdr *h = (void *)ans->buf;
	const struct rtattr *found;
	struct nl_req req;
	int len;

	/* without NLM_F_ECHO it tells only those who listen to changes */
	qdisc_begin(&req, dev, RTM_GETQDISC, NLM_F_ECHO);
	len = nl_ask(&req, "qdisc", ans->buf, sizeof(ans->buf));
	if (len < 0)
		return NULL;
	found = len ? find(TCA_RTA((struct tcmsg *)NLMSG_DATA(h)), TCA_PAYLOAD(h), attr) : NULL;
	if (!found)
		lab_fail("%s: not all is said of its qdisc", dev);
	return found;
}

/* Before Linux 6.6 netem takes no seed, and does not say so. */
static int check_seed(const char *dev, uint64_t seed)
{
	const int opt = NLMSG_ALIGN(sizeof(struct tc_netem_qopt));
	const struct rtattr *options, *rta;
	struct answer ans;

	options = ask(dev, &ans, TCA_OPTIONS);
	if (!options)
		return -1;
	rta = find((char *)RTA_DATA(options) + opt, RTA_PAYLOAD(options) - opt, NETEM_PRNG_SEED);
	if (!rta || memcmp(RTA_DATA(rta), &seed, sizeof(seed)))
		return lab_fail("this kernel's netem takes no seed (Linux 6.6 does)");
	return 0;
}

/* Take away a device's qdisc. That there is none is no error. */
static int no_qdisc(const char *dev, uint32_t parent)
{
	struct nl_req req;

	qdisc_begin(&req, dev, RTM_DELQDISC, 0)->tcm_parent = parent;
	return nl_talk(&req, "qdisc") && errno != ENOENT && errno != EINVAL ? -1 : 0;
}

/**
 * lab_netem() - give a device a link afresh, with nothing on its way
 * @dev:  in this namespace
 * @what: the link
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int lab_netem(const char *dev, const struct lab_netem *what)
{
	if (no_qdisc(dev, TC_H_ROOT) || send_netem(dev, what, NLM_F_CREATE | NLM_F_EXCL))
		return -1;
	return check_seed(dev, what->seed);
}

/* Change a link while packets are on their way; these arrive. */
int lab_netem_change(const char *dev, const struct lab_netem *what)
{
	return send_netem(dev, what, NLM_F_REPLACE);
}

static int ingress(const char *dev)
{
	struct tcmsg *tcm;
	struct nl_req req;

	tcm = qdisc_begin(&req, dev, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	tcm->tcm_parent = TC_H_INGRESS;
	tcm->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	nl_put(&req, TCA_KIND, "ingress", 8);
	return nl_talk(&req, "ingress");
}

/**
 * lab_ingress_bpf() - let a program judge what comes in by a device
 * @dev:  in this namespace
 * @prog: one of BPF_PROG_TYPE_SCHED_CLS, which returns TC_ACT_*; -1 to let all pass again
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int lab_ingress_bpf(const char *dev, int prog)
{
	uint32_t flags = TCA_BPF_FLAG_ACT_DIRECT;
	struct rtattr *options;
	struct tcmsg *tcm;
	struct nl_req req;

	if (no_qdisc(dev, TC_H_INGRESS))
		return -1;
	if (prog < 0)
		return 0;
	if (ingress(dev))
		return -1;
	tcm = qdisc_begin(&req, dev, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
	tcm->tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
	tcm->tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
	nl_put(&req, TCA_KIND, "bpf", 4);
	options = nl_put(&req, TCA_OPTIONS | NLA_F_NESTED, NULL, 0);
	nl_put(&req, TCA_BPF_FD, &prog, sizeof(prog));
	nl_put(&req, TCA_BPF_NAME, "lab", 4);
	nl_put(&req, TCA_BPF_FLAGS, &flags, sizeof(flags));
	nl_end(&req, options);
	return nl_talk(&req, "bpf");
}

/* What a device's root qdisc has counted so far. */
int lab_qdisc_counts(const char *dev, struct lab_qdisc *counts)
{
	const struct rtattr *stats, *basic, *queue;
	struct gnet_stats_basic b;
	struct gnet_stats_queue q;
	struct answer ans;

	stats = ask(dev, &ans, TCA_STATS2);
	if (!stats)
		return -1;
	basic = find(RTA_DATA(stats), RTA_PAYLOAD(stats), TCA_STATS_BASIC);
	queue = find(RTA_DATA(stats), RTA_PAYLOAD(stats), TCA_STATS_QUEUE);
	if (!basic || !queue)
		return lab_fail("%s: a qdisc that does not count", dev);
	memcpy(&b, RTA_DATA(basic), sizeof(b));
	memcpy(&q, RTA_DATA(queue), sizeof(q));
	*counts = (struct lab_qdisc){ .drops = q.drops, .packets = b.packets, .bytes = b.bytes };
	return 0;
}
