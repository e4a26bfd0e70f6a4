// SPDX-License-Identifier: GPL-2.0
/*
 * The state table: whole, unambiguous, and RFC 9293's.
 */
#include "unit.h"
#include "../../module/conn/table.c"

static bool is_state(int s)
{
	return s >= TCP_ESTABLISHED && s <= TCP_CLOSING;
}

UNIT_TEST(edges_join_states)
{
	int i;

	for (i = 0; i < TL_NEDGES; i++) {
		UNIT_TRUE(is_state(tl_edges[i].from));
		UNIT_TRUE(is_state(tl_edges[i].to));
		UNIT_TRUE(tl_edges[i].event < TL_NEVENTS);
		UNIT_TRUE(tl_edges[i].from != tl_edges[i].to);
	}
}

/* A state and an event lead to one state. */
UNIT_TEST(deterministic)
{
	int i, j;

	for (i = 0; i < TL_NEDGES; i++)
		for (j = i + 1; j < TL_NEDGES; j++)
			UNIT_TRUE(tl_edges[i].from != tl_edges[j].from ||
				  tl_edges[i].event != tl_edges[j].event);
}

/* The look-up finds each edge, and nothing else. */
UNIT_TEST(lookup)
{
	int state, ev, found = 0, i;

	for (state = -1; state <= TL_NSTATES; state++)
		for (ev = 0; ev < TL_NEVENTS; ev++) {
			i = tl_edge_find(state, ev);
			if (i < 0) {
				UNIT_EQ(-1, i);
				continue;
			}
			UNIT_TRUE(i < TL_NEDGES);
			UNIT_EQ(state, tl_edges[i].from);
			UNIT_EQ(ev, tl_edges[i].event);
			found++;
		}
	UNIT_EQ(TL_NEDGES, found);
}

/* States from which @start can be reached (@back), or that can be reached from it. */
static unsigned int reach(int start, bool back)
{
	unsigned int seen = 1U << start, before;
	int i;

	do {
		before = seen;
		for (i = 0; i < TL_NEDGES; i++) {
			int from = back ? tl_edges[i].to : tl_edges[i].from;
			int to = back ? tl_edges[i].from : tl_edges[i].to;

			if (seen & 1U << from)
				seen |= 1U << to;
		}
	} while (seen != before);
	return seen;
}

#define ELEVEN	(((1U << TL_NSTATES) - 1) & ~1U)

UNIT_TEST(all_reachable_from_closed)
{
	UNIT_EQ(ELEVEN, reach(TCP_CLOSE, false));
}

UNIT_TEST(all_lead_to_closed)
{
	UNIT_EQ(ELEVEN, reach(TCP_CLOSE, true));
}

UNIT_TEST(each_event_is_used)
{
	int ev, i;

	for (ev = 0; ev < TL_NEVENTS; ev++) {
		for (i = 0; i < TL_NEDGES && tl_edges[i].event != ev; i++)
			;
		UNIT_TRUE(i < TL_NEDGES);
	}
}

/*
 * RFC9293 3.3.2 figure 5, in its words. One of its arrows is missing on purpose: LISTEN to SYN-
 * SENT by SEND, for which the sockets API has no call. So is SYN-RECEIVED to FIN-WAIT-1 by
 * CLOSE: the FIN waits for ESTABLISHED (3.10.4 allows for both), as in Linux. FIN-WAIT-1 to
 * TIME-WAIT (its note 2) is two edges here.
 */
UNIT_TEST(figure_5)
{
	static const struct {
		int from;
		enum tl_event ev;
		int to;
	} arrows[] = {
		{ TCP_CLOSE,		TL_EV_LISTEN,		TCP_LISTEN },	/* passive OPEN */
		{ TCP_CLOSE,		TL_EV_CONNECT,		TCP_SYN_SENT },	/* active OPEN */
		{ TCP_LISTEN,		TL_EV_RCV_SYN,		TCP_SYN_RECV },
		{ TCP_LISTEN,		TL_EV_CLOSE,		TCP_CLOSE },
		{ TCP_SYN_SENT,		TL_EV_CLOSE,		TCP_CLOSE },
		{ TCP_SYN_SENT,		TL_EV_RCV_SYN,		TCP_SYN_RECV },
		{ TCP_SYN_SENT,		TL_EV_RCV_SYNACK,	TCP_ESTABLISHED },
		{ TCP_SYN_RECV,		TL_EV_RCV_ACK,		TCP_ESTABLISHED },
		{ TCP_ESTABLISHED,	TL_EV_CLOSE,		TCP_FIN_WAIT1 },
		{ TCP_ESTABLISHED,	TL_EV_RCV_FIN,		TCP_CLOSE_WAIT },
		{ TCP_FIN_WAIT1,	TL_EV_RCV_ACK_FIN,	TCP_FIN_WAIT2 },
		{ TCP_FIN_WAIT1,	TL_EV_RCV_FIN,		TCP_CLOSING },
		{ TCP_FIN_WAIT2,	TL_EV_RCV_FIN,		TCP_TIME_WAIT },
		{ TCP_CLOSING,		TL_EV_RCV_ACK_FIN,	TCP_TIME_WAIT },
		{ TCP_TIME_WAIT,	TL_EV_TIMEOUT,		TCP_CLOSE },	/* 2 MSL */
		{ TCP_CLOSE_WAIT,	TL_EV_CLOSE,		TCP_LAST_ACK },
		{ TCP_LAST_ACK,		TL_EV_RCV_ACK_FIN,	TCP_CLOSE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrows); i++) {
		int edge = tl_edge_find(arrows[i].from, arrows[i].ev);

		UNIT_TRUE(edge >= 0);
		if (edge >= 0)
			UNIT_EQ(arrows[i].to, tl_edges[edge].to);
	}
}

/* RFC9293 3.10.7.4 second: an RST ends a connection in every state that has one */
UNIT_TEST(rst_closes)
{
	int state;

	for (state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++) {
		int edge = tl_edge_find(state, TL_EV_RCV_RST);

		if (state == TCP_CLOSE || state == TCP_LISTEN) {
			UNIT_EQ(-1, edge);
			continue;
		}
		UNIT_TRUE(edge >= 0);
		if (edge >= 0)
			UNIT_EQ(TCP_CLOSE, tl_edges[edge].to);
	}
}

UNIT_TEST(names)
{
	int i, j;

	for (i = TCP_ESTABLISHED; i <= TCP_CLOSING; i++)
		for (j = TCP_ESTABLISHED; j < i; j++)
			UNIT_TRUE(strcmp(tl_state_name(i), tl_state_name(j)));
	UNIT_TRUE(!strcmp("ESTABLISHED", tl_state_name(1)));
	UNIT_TRUE(!strcmp("CLOSING", tl_state_name(11)));
	UNIT_TRUE(!strcmp("?", tl_state_name(0)));
	UNIT_TRUE(!strcmp("?", tl_state_name(-1)));
	UNIT_TRUE(!strcmp("?", tl_state_name(TL_NSTATES)));
	UNIT_TRUE(!strcmp("RCV_ACK_FIN", tl_event_name(TL_EV_RCV_ACK_FIN)));
}

UNIT_MAIN
