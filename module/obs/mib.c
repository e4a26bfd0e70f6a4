// SPDX-License-Identifier: GPL-2.0
/*
 * The counters' names and sums, and the one way in which a segment is dropped.
 */
#include <linux/skbuff.h>
#include "ip/pernet.h"
#include "obs/mib.h"
#include "obs/trace.h"

static const char * const mib_names[] = {
#define TL_MIB_NAME(name) #name,
	TL_MIBS(TL_MIB_NAME)
};

static const char * const drop_names[] = {
#define TL_DROP_NAME(name, why) #name,
	TL_DROPS(TL_DROP_NAME)
};

static const char * const drop_rules[] = {
#define TL_DROP_RULE(name, why) why,
	TL_DROPS(TL_DROP_RULE)
};

/**
 * tl_mib_name() - name of a counter, as /proc/net/snmp or netstat have it
 * @mib: which
 */
const char *tl_mib_name(enum tl_mib mib)
{
	return mib_names[mib];
}

/**
 * tl_drop_name() - name of a reason to drop
 * @why: which
 */
const char *tl_drop_name(enum tl_drop why)
{
	return drop_names[why];
}

/**
 * tl_drop_rule() - where the rule stands that a drop follows
 * @why: which
 */
const char *tl_drop_rule(enum tl_drop why)
{
	return drop_rules[why];
}

static unsigned long sum(const struct net *net, size_t offset)
{
	const struct tl_stats __percpu *stats = tl_net(net)->stats;
	unsigned long total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += READ_ONCE(*(unsigned long *)((char *)per_cpu_ptr(stats, cpu) + offset));
	return total;
}

/**
 * tl_mib_read() - a counter's value, summed over the CPUs
 * @net: namespace
 * @mib: which
 */
unsigned long tl_mib_read(const struct net *net, enum tl_mib mib)
{
	return sum(net, offsetof(struct tl_stats, mib[mib]));
}

/**
 * tl_drop_read() - how many segments were dropped for a reason
 * @net: namespace
 * @why: which
 */
unsigned long tl_drop_read(const struct net *net, enum tl_drop why)
{
	return sum(net, offsetof(struct tl_stats, drop[why]));
}

/**
 * tl_edge_read() - how often an edge of the state table was taken
 * @net: namespace
 * @edge: index into the table
 */
unsigned long tl_edge_read(const struct net *net, int edge)
{
	return sum(net, offsetof(struct tl_stats, edge[edge]));
}

/**
 * tl_established_read() - connections in ESTABLISHED now (CurrEstab)
 * @net: namespace
 */
unsigned long tl_established_read(const struct net *net)
{
	return sum(net, offsetof(struct tl_stats, established));
}

/**
 * tl_drop_count() - count and trace a drop; the caller frees or reuses @skb
 * @net: namespace
 * @skb: the segment, or NULL when what is dropped is an object
 * @why: the reason
 */
void tl_drop_count(struct net *net, const struct sk_buff *skb, enum tl_drop why)
{
	this_cpu_inc(tl_net(net)->stats->drop[why]);
	trace_tl_drop(net, skb, why);
}

/**
 * tl_drop() - drop a segment for a named reason
 * @net: namespace
 * @skb: freed here
 * @why: the reason, or TL_DROP_NONE or TL_DROP_USED for a segment that was used up
 */
void tl_drop(struct net *net, struct sk_buff *skb, enum tl_drop why)
{
	if (why == TL_DROP_NONE || why == TL_DROP_USED) {
		consume_skb(skb);
		return;
	}
	tl_drop_count(net, skb, why);
	kfree_skb(skb);
}
