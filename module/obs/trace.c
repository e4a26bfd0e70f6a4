// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where the trace events are made.
 */
#include "sock.h"

#define CREATE_TRACE_POINTS
#include "obs/trace.h"
