/* SPDX-License-Identifier: GPL-2.0 */
/*
 * netem by rtnetlink: what tc of Debian 12 cannot say is the seed. With a seed, and as long as
 * packets go one at a time (lab_link_gso_segs()), it depends on nothing but how many packets came
 * before whether one is lost, doubled or overtakes others. Where it is to depend on still less, a
 * BPF program decides.
 */
#ifndef LAB_NETEM_H
#define LAB_NETEM_H

#include <stdint.h>

/**
 * struct lab_netem - what a link does to packets that leave by one device
 * @loss:	percent that are lost, each by itself
 * @burst_in:	percent of packets after which a burst of losses begins
 * @burst_out:	percent of packets after which it ends; what is between is lost
 * @dup:	percent that come twice
 * @reorder:	percent that skip the delay and so overtake those before them
 * @delay_us:	how long the link is
 * @kbit:	its rate in kbit/s, 0 for no limit
 * @limit:	how many packets may wait, those on their way included; 0 for enough
 * @seed:	of the random numbers
 */
struct lab_netem {
	double loss, burst_in, burst_out, dup, reorder;
	uint32_t delay_us, kbit, limit;
	uint64_t seed;
};

/**
 * struct lab_qdisc - what a device's queueing discipline counted
 * @drops:	packets dropped, by chance or because the queue was full
 * @packets:	packets that left
 * @bytes:	their length, link header included
 */
struct lab_qdisc {
	uint64_t drops, packets, bytes;
};

int lab_netem(const char *dev, const struct lab_netem *what);
int lab_netem_change(const char *dev, const struct lab_netem *what);
int lab_ingress_bpf(const char *dev, int prog);
int lab_qdisc_counts(const char *dev, struct lab_qdisc *counts);

#endif
