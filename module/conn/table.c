// SPDX-License-Identifier: GPL-2.0
/*
 * The state table as data: looked up by state and event. Builds in userspace, too.
 */
#include "pure.h"
#include "conn/state.h"

#ifdef __KERNEL__
#include <net/tcp_states.h>
#endif

const struct tl_edge_row tl_edges[TL_NEDGES] = {
#define TL_EDGE(from, event, to) \
	[TL_EDGE_##from##_##event] = { TCP_##from, TL_EV_##event, TCP_##to },
#include "conn/states.def"
};

/* Edge number plus one; 0 where there is none. */
static const unsigned char by_event[TL_NSTATES][TL_NEVENTS] = {
#define TL_EDGE(from, event, to) \
	[TCP_##from][TL_EV_##event] = TL_EDGE_##from##_##event + 1,
#include "conn/states.def"
};

static const char * const state_names[TL_NSTATES] = {
	[TCP_ESTABLISHED]	= "ESTABLISHED",
	[TCP_SYN_SENT]		= "SYN_SENT",
	[TCP_SYN_RECV]		= "SYN_RECV",
	[TCP_FIN_WAIT1]		= "FIN_WAIT1",
	[TCP_FIN_WAIT2]		= "FIN_WAIT2",
	[TCP_TIME_WAIT]		= "TIME_WAIT",
	[TCP_CLOSE]		= "CLOSE",
	[TCP_CLOSE_WAIT]	= "CLOSE_WAIT",
	[TCP_LAST_ACK]		= "LAST_ACK",
	[TCP_LISTEN]		= "LISTEN",
	[TCP_CLOSING]		= "CLOSING",
};

static const char * const event_names[TL_NEVENTS] = {
#define TL_EVENT(name, text) [TL_EV_##name] = #name,
#include "conn/states.def"
};

/**
 * tl_state_name() - a state's name, as Linux writes it
 * @state: TCP_ESTABLISHED ...
 */
const char *tl_state_name(int state)
{
	if (state <= 0 || state >= TL_NSTATES || !state_names[state])
		return "?";
	return state_names[state];
}

/**
 * tl_event_name() - an event's name, as conn/states.def has it
 * @ev: event
 */
const char *tl_event_name(enum tl_event ev)
{
	return event_names[ev];
}

/**
 * tl_edge_find() - the edge that an event takes from a state
 * @from: state
 * @ev: event
 *
 * Return: its number, or -1 if the table has none.
 */
int tl_edge_find(int from, enum tl_event ev)
{
	if (from <= 0 || from >= TL_NSTATES)
		return -1;
	return by_event[from][ev] - 1;
}
