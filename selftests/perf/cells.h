/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The matrix of bad links: which links the benchmark tries, and what is asked of tcplab there.
 *
 * The usual link is 20 ms long, both ways together, with no rate but that of the processors, and
 * does nothing bad; each cell names what is different. Percentages are of packets.
 */
#ifndef PERF_CELLS_H
#define PERF_CELLS_H

#include <stdbool.h>

enum cell_kind {
	CELL_GOODPUT,	/* one flow; tcplab's goodput by that of the kernel's TCP */
	CELL_FAIR,	/* two flows of one protocol on one bottleneck: Jain's index */
	CELL_MIXED,	/* one flow of each on one bottleneck: tcplab's share */
};

/**
 * struct cell - one link, and what goes over it
 * @name:	for CELLS= and the table; @kind: what is measured
 * @rtt_ms:	round trip; half of it is on either direction, in front of a bottleneck none
 * @loss, @burst_in, @burst_out, @dup, @reorder: on data's way, as struct lab_netem has them
 * @ack_loss:	percent lost on the way back
 * @kbit:	the bottleneck's rate, 0 for none; @queue: packets that may wait before it
 * @outage_ms:	for so long the link is away, beginning some 300 ms after the first data
 * @kbytes:	what is sent; flows that share a bottleneck send for @seconds instead
 * @spurious:	nothing but disorder: what goes again goes in vain, and is counted
 * @floor:	of the goodput ratio in "make check", 0 for cells that are not tried there
 */
struct cell {
	const char *name;
	enum cell_kind kind;
	int rtt_ms;
	double loss, burst_in, burst_out, dup, reorder, ack_loss;
	int kbit, queue, outage_ms;
	int kbytes, seconds;
	bool spurious;
	double floor;
};

extern const struct cell cells[];
extern const int cells_count;

const struct cell *cell_find(const char *name);

#endif
