/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What code needs that runs in the kernel and in userspace alike.
 *
 * Files that need no struct sock (sequence arithmetic, the option parser, the RTT
 * estimator, congestion control, the state table) include this header and no kernel
 * header of their own, so that selftests/unit builds them with plain cc.
 */
#ifndef TCPLAB_PURE_H
#define TCPLAB_PURE_H

#ifdef __KERNEL__

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "compat.h"

#else

#include "kernel-shim.h"

#endif
#endif
