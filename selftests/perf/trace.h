/* SPDX-License-Identifier: GPL-2.0 */
/* What happened in one transfer, in files for a person who asks why it was slow. */
#ifndef PERF_TRACE_H
#define PERF_TRACE_H

#include <poll.h>
#include <stdint.h>

struct bench;
struct trace;

struct trace *trace_begin(struct bench *b, const char *name);
void trace_sample(struct trace *t, int flow, int fd, int64_t us);
void trace_packets(struct trace *t);
int trace_fds(const struct trace *t, struct pollfd *fds);
int trace_end(struct trace *t);

#define TRACE_INTERVAL_US	5000

#endif
