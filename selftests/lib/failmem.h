/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failing memory: let a share of what tcplab allocates fail, and only that.
 *
 * On a kernel with fault injection by failslab and fail_page_alloc, bound by their stack-trace
 * filter to whatever runs on tcplab's behalf, in programs and in softirqs alike. On others by the
 * helper module stress/failmem, which knows only what tcplab itself asks for.
 */
#ifndef LAB_FAILMEM_H
#define LAB_FAILMEM_H

/* Load the helper if it is needed. @later: for a module that is loaded only then. */
int failmem_open(bool later);
void failmem_close(void);

/* From now on so many percent fail; the dice begin with @seed where they can. */
int failmem_begin(int percent, unsigned int seed);
int failmem_end(void);

/* How many have failed since failmem_begin(). */
long failmem_count(void);

/* Load a module from its file, or remove one. Return: 0 or an errno. */
int lab_module_load(const char *file, const char *options);
int lab_module_remove(const char *name);

#endif
