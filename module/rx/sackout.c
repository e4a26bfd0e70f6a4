// SPDX-License-Identifier: GPL-2.0
/*
 * The SACK blocks that we send (RFC 2018 4, RFC 2883 4): what lies beyond RCV.NXT, newest first.
 *
 * The out-of-order queue knows all that is there; an option has room for four runs of it at most.
 * Kept here are the four that grew last, in that order, so that each run is told of in several ACKs
 * even if some are lost. A run that fell out of the list comes back when it grows.
 */
#include "rx/sackout.h"

static bool touches(const struct tl_sack_block *b, u32 left, u32 right)
{
	return seq_leq(left, b->right) && seq_leq(b->left, right);
}

/* A run that touches a block, or overlaps it, becomes part of it. */
static bool extend(struct tl_sack_block *b, u32 left, u32 right)
{
	if (!touches(b, left, right))
		return false;
	b->left = seq_min(b->left, left);
	b->right = seq_max(b->right, right);
	return true;
}

static void drop_block(struct tl_sackout *s, unsigned int i)
{
	for (s->n--; i < s->n; i++)
		s->block[i] = s->block[i + 1];
}

/* Make room at the front; what was at @i goes. */
static void shift(struct tl_sackout *s, unsigned int i)
{
	for (; i; i--)
		s->block[i] = s->block[i - 1];
}

/**
 * tl_sackout_find() - which block will a segment become part of?
 * @s: blocks
 * @left: its first octet
 * @right: behind its last
 *
 * Return: its place in the list, or how many blocks there are if it will be a new one.
 */
unsigned int tl_sackout_find(const struct tl_sackout *s, u32 left, u32 right)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (touches(&s->block[i], left, right))
			break;
	return i;
}

/**
 * tl_sackout_add() - a segment came before its turn (RFC2018 4)
 * @s: blocks
 * @left: its first octet
 * @right: behind its last
 *
 * Its block is the first one now.
 */
void tl_sackout_add(struct tl_sackout *s, u32 left, u32 right)
{
	unsigned int i, at = tl_sackout_find(s, left, right);
	struct tl_sack_block grown = { left, right };

	if (at < s->n) {
		grown = s->block[at];
		extend(&grown, left, right);
	} else if (s->n < TL_SACK_BLOCKS) {
		s->n++;
	}
	shift(s, min(at, TL_SACK_BLOCKS - 1U));
	s->block[0] = grown;
	/* It may have grown into others. */
	for (i = 1; i < s->n;) {
		if (extend(&s->block[0], s->block[i].left, s->block[i].right))
			drop_block(s, i);
		else
			i++;
	}
}

/**
 * tl_sackout_advance() - RCV.NXT has moved: blocks that it has reached are no more
 * @s: blocks
 * @nxt: RCV.NXT
 */
void tl_sackout_advance(struct tl_sackout *s, u32 nxt)
{
	unsigned int i;

	for (i = 0; i < s->n;) {
		if (seq_leq(s->block[i].left, nxt))
			drop_block(s, i);
		else
			i++;
	}
}

/**
 * tl_sackout_dup() - octets came twice (RFC2883 4): the next ACK says so
 * @s: blocks
 * @left: the first of them
 * @right: behind the last
 *
 * Several of one segment become one block if they touch; if they do not, the first counts.
 */
void tl_sackout_dup(struct tl_sackout *s, u32 left, u32 right)
{
	if (s->has_dup) {
		extend(&s->dup, left, right);
		return;
	}
	s->dup = (struct tl_sack_block) { left, right };
	s->has_dup = true;
}

/**
 * tl_sackout_clear() - nothing is beyond RCV.NXT
 * @s: blocks
 */
void tl_sackout_clear(struct tl_sackout *s)
{
	s->n = 0;
	s->has_dup = false;
}

/**
 * tl_sackout_count() - how many blocks the next segment carries
 * @s: blocks
 * @used: octets that other options take in its header
 *
 * Return: 4 at most; 3 beside timestamps (RFC2018 3).
 */
unsigned int tl_sackout_count(const struct tl_sackout *s, unsigned int used)
{
	unsigned int n = s->n + s->has_dup, room = TL_MAX_OPTS - used;

	if (!n || room < tl_opt_sack_len(1))
		return 0;
	return min(n, (room - tl_opt_sack_len(0)) / TL_LEN_SACK_BLOCK);
}

/**
 * tl_sackout_list() - the blocks for the next segment, in the order in which they are sent
 * @s: blocks
 * @used: octets that other options take in its header
 * @to: room for TL_SACK_BLOCKS
 *
 * Return: how many there are.
 */
unsigned int tl_sackout_list(const struct tl_sackout *s, unsigned int used,
			     struct tl_sack_block *to)
{
	unsigned int n = tl_sackout_count(s, used), i, at = 0;

	if (n && s->has_dup)
		to[at++] = s->dup;
	for (i = 0; at < n; i++)
		to[at++] = s->block[i];
	return n;
}

/**
 * tl_sackout_ends_at() - is a sequence number the end of the highest block?
 * @s: blocks
 * @seq: sequence number
 *
 * There an RST is believed, too: a peer that got our SACK blocks may think that RCV.NXT.
 */
bool tl_sackout_ends_at(const struct tl_sackout *s, u32 seq)
{
	u32 highest;
	unsigned int i;

	if (!s->n)
		return false;
	highest = s->block[0].right;
	for (i = 1; i < s->n; i++)
		highest = seq_max(highest, s->block[i].right);
	return seq == highest;
}
