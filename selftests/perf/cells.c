// SPDX-License-Identifier: GPL-2.0
/*
 * The cells. Loss and round trip are tried in full against each other; anything else at the usual
 * values of the rest. The volume makes for many losses in a transfer where there are any, so that
 * one of them does not decide, and for a slow start that is not all there is where there are none.
 */
#include <string.h>

#include "cells.h"
#include "kselftest.h"

#define LOSS(text, percent, kb, ...)						\
	{ "loss" text "-rtt2", .rtt_ms = 2, .loss = percent, .kbytes = kb },	\
	{ "loss" text "-rtt20", .rtt_ms = 20, .loss = percent, .kbytes = kb, ##__VA_ARGS__ }, \
	{ "loss" text "-rtt100", .rtt_ms = 100, .loss = percent, .kbytes = kb }

const struct cell cells[] = {
	LOSS("0", 0, 16384, .floor = 0.95),
	LOSS("0.1", 0.1, 12288),
	LOSS("1", 1, 6144, .floor = 0.95),
	LOSS("3", 3, 3072),
	LOSS("10", 10, 1024),

	{ "reorder5", .rtt_ms = 20, .reorder = 5, .kbytes = 8192, .spurious = true, .floor = 0.95 },
	{ "reorder25", .rtt_ms = 20, .reorder = 25, .kbytes = 16384, .spurious = true },
	{ "duplicate1", .rtt_ms = 20, .dup = 1, .kbytes = 8192 },

	/* 17 packets are on their way in 20 ms at this rate */
	{ "shallow", .rtt_ms = 20, .kbit = 10000, .queue = 10, .kbytes = 8192 },
	{ "deep", .rtt_ms = 20, .kbit = 10000, .queue = 200, .kbytes = 8192 },

	/* four in a row every 200 packets */
	{ "burst", .rtt_ms = 20, .burst_in = 0.5, .burst_out = 25, .kbytes = 4096 },
	{ "ackloss10", .rtt_ms = 20, .ack_loss = 10, .kbytes = 8192 },
	{ "ackloss30", .rtt_ms = 20, .ack_loss = 30, .kbytes = 8192 },
	{ "outage", .rtt_ms = 20, .kbit = 10000, .queue = 100, .outage_ms = 5000, .kbytes = 3072,
	  .floor = 0.95 },

	{ "fair", CELL_FAIR, .rtt_ms = 20, .kbit = 10000, .queue = 50, .seconds = 30 },
	{ "mixed", CELL_MIXED, .rtt_ms = 20, .kbit = 10000, .queue = 50, .seconds = 30 },
};

const int cells_count = ARRAY_SIZE(cells);

const struct cell *cell_find(const char *name)
{
	int i;

	for (i = 0; i < cells_count; i++)
		if (!strcmp(cells[i].name, name))
			return &cells[i];
	return NULL;
}
