// SPDX-License-Identifier: GPL-2.0
/* The rows of "make bench": see rows.h, and Documentation/performance.rst for what each means. */
#include <string.h>

#include "kselftest.h"
#include "rows.h"

#define KB		1024
#define MB		(1024 * KB)

static const struct stream bulk = { .write = 128 * KB, .burst = 1, .total = 32 * MB };
static const struct stream hundred = { .write = 100, .burst = 128, .total = 2 * MB };
static const struct stream segments = {
	.write = 1448, .burst = 64, .total = 8 * MB, .nodelay = true,
};

static const struct stream file = {
	.write = 1 * MB, .burst = 1, .total = 64 * MB, .send = send_file, .ready = ready_file,
};

static const struct stream lent = {
	.write = 128 * KB, .burst = 1, .total = 32 * MB, .send = send_lent, .ready = ready_lent,
};

static const int round_trips = 10000, lives = 2000, pairs = 5000, idlers = 100000;
static const int syns = 4000, window = 10000, flow_bytes = 256 * KB;
static const char * const requests[] = { "request_sock_TCP", "tl_request" };
static const char * const timewaits[] = { "tw_sock_TCP", "tl_timewait" };

#define STREAM(fam, where, shape) \
	.unit = "byte", .family = (fam), .place = (where), .work = work_stream, .arg = &(shape)

const struct row rows[] = {
	{ "bulk", .what = "veth, 128 KiB writes", .bound = 1.00,
	  STREAM(AF_INET, stand_link, bulk) },
	{ "bulk-v6", .what = "over IPv6", .bound = 1.00,
	  STREAM(AF_INET6, stand_link, bulk) },
	{ "bulk-lo", .what = "over loopback", .bound = 1.00,
	  STREAM(AF_INET, stand_loopback, bulk) },
	{ "bulk-soft", .what = "cut in software, GRO", .bound = 1.05,
	  STREAM(AF_INET, stand_soft_link, bulk) },
	{ "rr", "round trip", "1 byte each way", 0.92, .family = AF_INET,
	  .place = stand_link, .work = work_rr, .arg = &round_trips },
	{ "crr", "connection", "connect, 1 byte each way, close", 0.80, .family = AF_INET,
	  .place = stand_link, .work = work_crr, .arg = &lives },
	{ "write-100", .what = "100 B writes, Nagle", .bound = 1.00,
	  STREAM(AF_INET, stand_link, hundred) },
	{ "write-1448", .what = "1448 B, NODELAY", .bound = 1.00,
	  STREAM(AF_INET, stand_link, segments) },
	{ "sendfile", .what = "a file in memory", .bound = 1.00,
	  STREAM(AF_INET, stand_link, file) },
	{ "zerocopy", .what = "MSG_ZEROCOPY", .bound = 1.00,
	  STREAM(AF_INET, stand_link, lent) },
	{ "syn-flood", "SYN", "spoofed, cookies", 1.00, .family = AF_INET,
	  .work = work_syn_flood, .arg = &syns },
	{ "lossy", "byte", "64 flows, 5 % loss", 1.00, .waits = true, .family = AF_INET,
	  .place = stand_lossy, .work = work_lossy, .arg = &flow_bytes },
	{ "sack", "ACK", "one segment of 10,000, among holes", 1.00, .family = AF_INET,
	  .work = work_sack, .arg = &window },
	{ "memory", "pair", "bytes of an idle connection, both ends", 0.75, .once = true,
	  .family = AF_INET, .place = stand_loopback, .work = work_memory, .arg = &pairs },
	{ "request", "object", "bytes of a half-open connection", 1.00, .once = true,
	  .family = AF_INET, .work = work_object, .arg = requests },
	{ "timewait", "object", "bytes of a TIME_WAIT", 1.00, .once = true,
	  .family = AF_INET, .work = work_object, .arg = timewaits },
	{ "idle", "round trip", "with many idle ones, by that with 10", 1.05,
	  .own = true, .slow = true, .family = AF_INET, .place = stand_loopback,
	  .work = work_idle, .arg = &idlers },
};

const int rows_count = ARRAY_SIZE(rows);

const struct row *row_find(const char *name)
{
	const struct row *row;

	for (row = rows; row < rows + rows_count; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}
