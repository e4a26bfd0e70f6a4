/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smallest KTAP there is, for unit tests without a kernel:
 *
 *	UNIT_TEST(wraps_around)
 *	{
 *		UNIT_EQ(-1, cmp(0xffffffff, 0));
 *	}
 *	UNIT_MAIN
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <string.h>

struct unit_test {
	const char *name;
	void (*run)(void);
	struct unit_test *next;
};

static struct unit_test *unit_first, **unit_last = &unit_first;
static int unit_failures, unit_count;

#define UNIT_TEST(test)							\
	static void test(void);						\
	static struct unit_test unit_##test = { #test, test, NULL };	\
	static void __attribute__((constructor)) unit_add_##test(void)	\
	{								\
		*unit_last = &unit_##test;				\
		unit_last = &unit_##test.next;				\
		unit_count++;						\
	}								\
	static void test(void)

#define UNIT_TRUE(cond) do {						\
	if (!(cond)) {							\
		printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
		unit_failures++;					\
	}								\
} while (0)

#define UNIT_EQ(want, got) do {						\
	long long __w = (long long)(want), __g = (long long)(got);	\
	if (__w != __g) {						\
		printf("# %s:%d: %s is %lld, expected %lld\n", __FILE__,	\
		       __LINE__, #got, __g, __w);			\
		unit_failures++;					\
	}								\
} while (0)

#define UNIT_MAIN							\
int main(void)								\
{									\
	int n = 0, bad = 0;						\
	struct unit_test *t;						\
									\
	printf("TAP version 13\n1..%d\n", unit_count);			\
	for (t = unit_first; t; t = t->next) {				\
		unit_failures = 0;					\
		t->run();						\
		printf("%s %d %s\n", unit_failures ? "not ok" : "ok", ++n, t->name); \
		bad += !!unit_failures;					\
	}								\
	printf("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:0 error:0\n", n - bad, bad); \
	return bad ? 1 : 0;						\
}

#endif /* UNIT_H */
