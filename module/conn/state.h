/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine: the table of conn/states.def made usable.
 */
#ifndef TCPLAB_STATE_H
#define TCPLAB_STATE_H

enum tl_event {
#define TL_EVENT(name, text) TL_EV_##name,
#include "conn/states.def"
	TL_NEVENTS,
};

/* One edge has one number: its place in the table. */
enum tl_edge {
#define TL_EDGE(from, event, to) TL_EDGE_##from##_##event,
#include "conn/states.def"
	TL_NEDGES,
};

#define TL_NSTATES	12	/* TCP_ESTABLISHED = 1 ... TCP_CLOSING = 11 */

struct tl_edge_row {
	unsigned char	from;
	unsigned char	event;
	unsigned char	to;
};

extern const struct tl_edge_row tl_edges[TL_NEDGES];

__visible const char *tl_state_name(int state);
__visible const char *tl_event_name(enum tl_event ev);
int tl_edge_find(int from, enum tl_event ev);

#ifdef __KERNEL__
struct net;
struct sock;
struct tl_tuple;

void tl_state_set(struct sock *sk, int to, enum tl_event ev);
void tl_state_init_child(struct sock *sk);
__visible void tl_state_note(struct net *net, const struct tl_tuple *t, int from, int to,
			     enum tl_event ev);
#endif

#endif
