/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trees and lists of the kernel, as its own tools have them in userspace.
 */
#ifndef KERNEL_LIB_H
#define KERNEL_LIB_H

#include "kernel-shim.h"	/* first: it stands in for <linux/kernel.h> */

#include "list_sort.c"
#include "rbtree.c"

#endif /* KERNEL_LIB_H */
