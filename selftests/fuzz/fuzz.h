/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the libFuzzer targets share. Each target is one file: it includes the module's pure sources,
 * takes its numbers from the octets that libFuzzer invents, and asserts what must hold for any of
 * them. scripts/fuzz builds and runs them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "pure.h"

/* The octets of one run, taken from the front; behind their end all is zero. */
struct fuzz {
	const u8 *p;
	size_t left;
};

static inline u8 fuzz_u8(struct fuzz *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->p++;
}

static inline u16 fuzz_u16(struct fuzz *f)
{
	u16 high = fuzz_u8(f);

	return high << 8 | fuzz_u8(f);
}

static inline u32 fuzz_u32(struct fuzz *f)
{
	u32 high = fuzz_u16(f);

	return high << 16 | fuzz_u16(f);
}

/*
 * A distance in which each order of magnitude is as likely as any other: edges matter most, and
 * they are near zero and near the powers of two.
 */
static inline u32 fuzz_magnitude(struct fuzz *f)
{
	unsigned int bits = fuzz_u8(f) % 33;

	return fuzz_u32(f) & (bits == 32 ? ~0U : (1U << bits) - 1);
}

#define FUZZ_TRUE(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

#define FUZZ_EQ(want, got) do {						\
	long long __want = (long long)(want), __got = (long long)(got);	\
									\
	if (__want != __got) {						\
		fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, \
			#got, __got, __want);				\
		abort();						\
	}								\
} while (0)

/* The target's body follows: f holds what libFuzzer gave. */
#define FUZZ_TARGET							\
	static void fuzz_one(struct fuzz *f);				\
	int LLVMFuzzerTestOneInput(const u8 *data, size_t size);	\
	int LLVMFuzzerTestOneInput(const u8 *data, size_t size)		\
	{								\
		struct fuzz in = { data, size };			\
									\
		fuzz_one(&in);						\
		return 0;						\
	}								\
	static void fuzz_one(struct fuzz *f)

#endif /* FUZZ_H */
