// SPDX-License-Identifier: GPL-2.0
/*
 * Where the scoreboard's ranges come from, and who is charged for them: the socket, as for the data
 * itself, so that a program that writes octet by octet pays for what that takes.
 */
#include <linux/slab.h>
#include "sock.h"

static struct kmem_cache *ranges;

/**
 * tl_range_init() - make the cache
 *
 * Return: 0 or -ENOMEM.
 */
int tl_range_init(void)
{
	ranges = kmem_cache_create("tcplab_range", sizeof(struct tl_range), 0, SLAB_ACCOUNT, NULL);
	return ranges ? 0 : -ENOMEM;
}

/**
 * tl_range_exit() - all sockets are gone
 */
void tl_range_exit(void)
{
	kmem_cache_destroy(ranges);
}

static struct sock *owner(struct tl_board *b)
{
	return (struct sock *)container_of(b, struct tl_sock, board);
}

/**
 * tl_range_alloc() - one more range for a board
 * @b: board of a socket that is locked
 *
 * Return: it, not initialized and charged to nobody; or NULL.
 */
struct tl_range *tl_range_alloc(struct tl_board *b)
{
	struct tl_range *r = kmem_cache_alloc(ranges, GFP_ATOMIC);

	if (r)
		b->n++;
	return r;
}

/**
 * tl_range_free() - a board needs a range no more
 * @b: board of a socket that is locked
 * @r: range, in no list or tree, charged to nobody
 */
void tl_range_free(struct tl_board *b, struct tl_range *r)
{
	b->n--;
	kmem_cache_free(ranges, r);
}

/**
 * tl_range_charge() - a range is in use
 * @b: board of a socket that is locked
 *
 * Never refused: what it is needed for is often what will free memory.
 */
void tl_range_charge(struct tl_board *b)
{
	struct sock *sk = owner(b);

	sk_wmem_schedule(sk, sizeof(struct tl_range));
	sk_wmem_queued_add(sk, sizeof(struct tl_range));
	sk_mem_charge(sk, sizeof(struct tl_range));
}

/**
 * tl_range_uncharge() - it is no more
 * @b: board of a socket that is locked
 */
void tl_range_uncharge(struct tl_board *b)
{
	struct sock *sk = owner(b);

	sk_wmem_queued_add(sk, -(int)sizeof(struct tl_range));
	tl_mem_uncharge(sk, sizeof(struct tl_range));
}
