/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SACK blocks that we send (RFC 2018, RFC 2883): see sackout.c.
 */
#ifndef TCPLAB_SACKOUT_H
#define TCPLAB_SACKOUT_H

#include "wire.h"

/**
 * struct tl_sackout - what the next ACK tells of data beyond RCV.NXT
 * @block: runs of data in the out-of-order queue, the one that grew last first
 * @dup: octets that came twice, if @has_dup: told once, before the others
 * @n: how many of @block mean something
 * @has_dup: @dup is still to be told
 */
struct tl_sackout {
	struct tl_sack_block	block[TL_SACK_BLOCKS];
	struct tl_sack_block	dup;
	u8			n;
	bool			has_dup;
};

unsigned int tl_sackout_find(const struct tl_sackout *s, u32 left, u32 right);
void tl_sackout_add(struct tl_sackout *s, u32 left, u32 right);
void tl_sackout_advance(struct tl_sackout *s, u32 nxt);
void tl_sackout_dup(struct tl_sackout *s, u32 left, u32 right);
void tl_sackout_clear(struct tl_sackout *s);
unsigned int tl_sackout_count(const struct tl_sackout *s, unsigned int used);
unsigned int tl_sackout_list(const struct tl_sackout *s, unsigned int used,
			     struct tl_sack_block *to);
bool tl_sackout_ends_at(const struct tl_sackout *s, u32 seq);

#endif
