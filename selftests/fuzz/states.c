// SPDX-License-Identifier: GPL-2.0
/*
 * The state table: any walk of events from CLOSED, and look-ups of whatever number. The table's
 * index and a search through its rows agree; a walk never leaves the eleven states; from wherever
 * it ends there is a way back to CLOSED.
 */
#include "fuzz.h"
#include "../../module/conn/table.c"

static int search(int from, int ev)
{
	int i;

	for (i = 0; i < TL_NEDGES; i++)
		if (tl_edges[i].from == from && tl_edges[i].event == ev)
			return i;
	return -1;
}

/* States that can be reached: in as many steps as there are states at most. */
static bool leads_to_closed(int from)
{
	unsigned int seen = 1U << from;
	int round, i;

	for (round = 0; round < TL_NSTATES; round++)
		for (i = 0; i < TL_NEDGES; i++)
			if (seen & 1U << tl_edges[i].from)
				seen |= 1U << tl_edges[i].to;
	return seen & 1U << TCP_CLOSE;
}

FUZZ_TARGET
{
	int state = TCP_CLOSE;

	while (f->left) {
		u8 ev = fuzz_u8(f);
		int odd = (s32)fuzz_magnitude(f), edge;

		ev %= TL_NEVENTS;
		FUZZ_TRUE(tl_event_name(ev)[0]);
		FUZZ_TRUE(tl_state_name(odd)[0]);
		FUZZ_EQ(search(odd, ev), tl_edge_find(odd, ev));

		edge = tl_edge_find(state, ev);
		FUZZ_EQ(search(state, ev), edge);
		if (edge < 0)
			continue;
		FUZZ_EQ(state, tl_edges[edge].from);
		state = tl_edges[edge].to;
		FUZZ_TRUE(state >= TCP_ESTABLISHED && state <= TCP_CLOSING);
		FUZZ_TRUE(tl_state_name(state)[0] != '?');
	}
	FUZZ_TRUE(leads_to_closed(state));
}
