/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few things of the kernel that the module's pure files use, for userspace: module/pure.h
 * includes this one there.
 */
#ifndef KERNEL_SHIM_H
#define KERNEL_SHIM_H

#include <assert.h>		/* static_assert() */
#include <netinet/tcp.h>	/* TCP_ESTABLISHED = 1 ... TCP_CLOSING = 11 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Lists and trees are the kernel's own, from tools/include of its sources. What these take from
 * <linux/kernel.h> is here, since that one's min_t() and clamp() are not those of the kernel.
 */
#define __TOOLS_LINUX_KERNEL_H

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define __visible

#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* As in the kernel both must be of one type: the comparison of the pointers warns otherwise. */
#define min(a, b) ({							\
	__typeof__(a) __a = (a);					\
	__typeof__(b) __b = (b);					\
	(void)(&__a == &__b);						\
	__a < __b ? __a : __b; })

#define max(a, b) ({							\
	__typeof__(a) __c = (a);					\
	__typeof__(b) __d = (b);					\
	(void)(&__c == &__d);						\
	__c > __d ? __c : __d; })

#define min_t(type, a, b)		min((type)(a), (type)(b))
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define clamp(v, low, high)		min(max(v, low), high)
#define clamp_t(type, v, low, high)	clamp((type)(v), (type)(low), (type)(high))

#define U8_MAX				((u8)~0U)
#define U32_MAX				((u32)~0U)

#define DIV_ROUND_UP(n, d)		(((n) + (d) - 1) / (d))

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

/* The number of the highest bit that is set, from 1; 0 for 0 */
static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline u16 get_unaligned_be16(const void *from)
{
	const u8 *p = from;

	return p[0] << 8 | p[1];
}

static inline u32 get_unaligned_be32(const void *from)
{
	const u8 *p = from;

	return (u32)get_unaligned_be16(p) << 16 | get_unaligned_be16(p + 2);
}

static inline void put_unaligned_be16(u16 value, void *to)
{
	u8 *p = to;

	p[0] = value >> 8;
	p[1] = value;
}

static inline void put_unaligned_be32(u32 value, void *to)
{
	put_unaligned_be16(value >> 16, to);
	put_unaligned_be16(value, (u8 *)to + 2);
}

#endif /* KERNEL_SHIM_H */
