// SPDX-License-Identifier: GPL-2.0
/*
 * The stream that is to be sent: chunks of paged data in sk_write_queue, in order and without gaps,
 * from the first octet that is not acknowledged (or a little before it) to the last that was
 * written.
 *
 * A chunk is an sk_buff without header, of up to 64 KiB, whatever was written and whatever will be
 * sent: writing appends to the last one, segments are views cut from any place (tl_txq_fill()), and
 * an acknowledged chunk goes as a whole.
 *
 * Where what goes is all of a chunk, as with small writes that go at once, and with super-segments
 * while there is enough to send, it is a clone (tl_txq_clone()), which takes neither memory nor a
 * copy here: the chunk has room for its header. Such a chunk is complete. The clone is a second
 * view of its pages, and so may be what the peer has.
 *
 * Most is copied into pages of ours. Pages of a file or a pipe are referred to (MSG_SPLICE_PAGES),
 * and so are those that a program lends (MSG_ZEROCOPY): it is told when nobody looks at them any
 * more, by a ubuf_info that the chunk and each segment cut from it hold. A chunk with lent pages
 * has nothing else, and nothing of another ubuf_info.
 *
 * A program may ask when an octet is handed to the device, and when it is acknowledged
 * (SO_TIMESTAMPING). Such a mark belongs to a chunk, one at most: as long as its octet has not been
 * sent the next mark in the chunk takes its place, afterwards the next octet begins a new chunk. In
 * Linux TCP, where a buffer has one mark, a program sees the same.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include "sock.h"

#define CHUNK_MAX	65536
#define COPY_MAX	256	/* up to here copying beats referring to a page */

/*
 * Whole segments, so that a super-segment may be a clone of a chunk, if they are not too few for
 * that; of lent pages, which are not cloned, as much as there can be.
 */
static u32 chunk_max(const struct sock *sk, bool lent)
{
	/* a small send buffer needs small chunks, or nothing is freed until all is acknowledged */
	u32 most = clamp_t(u32, READ_ONCE(sk->sk_sndbuf) / 4, 2048, CHUNK_MAX);
	u32 mss = tl_sk(sk)->snd.mss;

	return !lent && mss && 4 * mss <= most ? most - most % mss : most;
}

static struct sk_buff *chunk_create(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	struct sk_buff *skb = alloc_skb_fclone(TL_MAX_HEADER, sk->sk_allocation);

	if (!skb)
		return NULL;
	skb_reserve(skb, TL_MAX_HEADER);
	__skb_header_release(skb);	/* a clone's owner may write its header */
	/* the first one is never refused: a program must get on */
	if (!sk_wmem_schedule(sk, skb->truesize) && !skb_queue_empty(&sk->sk_write_queue)) {
		__kfree_skb(skb);
		sk->sk_prot->enter_memory_pressure(sk);
		sk_stream_moderate_sndbuf(sk);
		return NULL;
	}
	skb->ip_summed = CHECKSUM_PARTIAL;	/* nobody wants a sum of what is copied in */
	TL_CB(skb)->seq = tl->snd.end;
	TL_CB(skb)->end = tl->snd.end;
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
	__skb_queue_tail(&sk->sk_write_queue, skb);
	return skb;
}

/* Lent pages are charged to who lends them: against RLIMIT_MEMLOCK, by msg_zerocopy_realloc(). */
static u32 chunk_charge(const struct sk_buff *skb)
{
	return unlikely(skb_zcopy_pure(skb)) ? SKB_TRUESIZE(skb_end_offset(skb)) : skb->truesize;
}

/* Nothing may be appended any more: it has a clone, a record ends, or a mark's time has come. */
static bool chunk_ended(const struct tl_sock *tl, const struct sk_buff *skb)
{
	const struct tl_mark *m = &TL_CB(skb)->mark;

	if (skb->cloned)
		return true;
	return unlikely(m->eor || m->there) && (m->eor || seq_lt(m->key, tl->snd.nxt));
}

static void chunk_free(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_write_queue);
	if (tl_sk(sk)->snd.cursor == skb)
		tl_sk(sk)->snd.cursor = NULL;
	if (tl_sk(sk)->snd.cursor_again == skb)
		tl_sk(sk)->snd.cursor_again = NULL;
	sk_wmem_queued_add(sk, -skb->truesize);
	tl_mem_uncharge(sk, chunk_charge(skb));
	__kfree_skb(skb);
}

/* Nothing could be put into it. */
static void chunk_give_up(struct sock *sk, struct sk_buff *skb)
{
	chunk_free(sk, skb);
	sk_mem_reclaim(sk);
}

/* Take the page fragment into the chunk: a longer last fragment, or one more. */
static void chunk_extend(struct sk_buff *skb, struct page_frag *pfrag, int copied, bool merge)
{
	int i = skb_shinfo(skb)->nr_frags;

	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copied);
	} else {
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copied);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copied;
}

static void chunk_grew(struct sock *sk, struct sk_buff *skb, int n)
{
	TL_CB(skb)->end += n;
	WRITE_ONCE(tl_sk(sk)->snd.end, TL_CB(skb)->end);
	tl_chrono_start(sk, TL_CHRONO_BUSY);
}

/* How much of @copy there is memory for; a little is always, as in Linux (wmem's least). */
static int within_means(struct sock *sk, int copy)
{
	if (sk_wmem_schedule(sk, copy))
		return copy;
	return min(copy, tl_mem_least[0] - sk->sk_wmem_queued);
}

/*
 * Copy into the page fragment, for a chunk. What is small goes as into a page: what is checked else
 * (CONFIG_HARDENED_USERCOPY) costs more than to copy it, and tx-nocache-copy would be no use.
 * Return: 0 or -EFAULT, with nothing taken.
 */
static int copy_in(struct sock *sk, struct msghdr *msg, struct sk_buff *skb,
		   const struct page_frag *pfrag, int copy)
{
	size_t n;

	if (copy > PAGE_SIZE)
		return skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page,
						pfrag->offset, copy);
	n = copy_page_from_iter(pfrag->page, pfrag->offset, copy, &msg->msg_iter);
	if (unlikely(n < copy)) {
		iov_iter_revert(&msg->msg_iter, n);
		return -EFAULT;
	}
	skb->len += copy;
	skb->data_len += copy;
	skb->truesize += copy;
	sk_wmem_queued_add(sk, copy);
	sk_mem_charge(sk, copy);
	return 0;
}

/**
 * tl_txq_append() - copy some of what a program writes to the end of the stream
 * @sk: socket, locked
 * @msg: the program's data
 * @len: how much of it is left, not 0
 *
 * Return: bytes taken, at least one; -ENOMEM (wait for memory), or -EFAULT.
 */
int tl_txq_append(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	u32 most = chunk_max(sk, false);
	bool merge = false;
	int copy, err, i;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOMEM;
	if (skb && skb->len < most && !skb_zcopy_pure(skb) &&
	    !chunk_ended(tl_sk(sk), skb)) {
		i = skb_shinfo(skb)->nr_frags;
		merge = skb_can_coalesce(skb, i, pfrag->page, pfrag->offset);
		if (!merge && i >= MAX_SKB_FRAGS)
			skb = NULL;
	} else {
		skb = NULL;
	}
	if (!skb) {
		skb = chunk_create(sk);
		if (!skb)
			return -ENOMEM;
	}

	copy = min_t(u32, min_t(size_t, len, pfrag->size - pfrag->offset),
		     most - skb->len);
	copy = within_means(sk, copy);
	err = -ENOMEM;
	if (copy <= 0)
		goto fail;
	err = copy_in(sk, msg, skb, pfrag, copy);
	if (err)
		goto fail;
	chunk_extend(skb, pfrag, copy, merge);
	chunk_grew(sk, skb, copy);
	return copy;
fail:
	if (!skb->len)
		chunk_give_up(sk, skb);
	return err;
}

/* Pages that are not the program's: whoever sums them up or encrypts them must not trust them. */
static int splice_pages(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int len)
{
	int n;

	len = within_means(sk, len);
	if (len <= 0)
		return -ENOMEM;
	n = skb_splice_from_iter(skb, &msg->msg_iter, len, sk->sk_allocation);
	if (n <= 0)
		return n ?: -EIO;
	if (!(msg->msg_flags & MSG_NO_SHARED_FRAGS))
		skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	sk_wmem_queued_add(sk, n);
	sk_mem_charge(sk, n);
	return n;
}

/**
 * tl_txq_refer() - take pages into the end of the stream without a copy
 * @sk: socket, locked
 * @msg: with MSG_SPLICE_PAGES an iterator over pages, else over the program's memory
 * @len: how much of it is left, not 0
 * @uarg: who is told when the program's pages are free; NULL for MSG_SPLICE_PAGES
 *
 * Return: bytes taken, at least one; -ENOMEM (wait for memory), or another errno.
 */
int tl_txq_refer(struct sock *sk, struct msghdr *msg, size_t len, struct ubuf_info *uarg)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	u32 most = chunk_max(sk, uarg);
	bool fresh = !skb || skb->len >= most || skb_zcopy_pure(skb) != !!uarg ||
		     chunk_ended(tl_sk(sk), skb);
	int n, err;

	for (;;) {
		if (fresh) {
			skb = chunk_create(sk);
			if (!skb)
				return -ENOMEM;
			if (uarg)
				skb_shinfo(skb)->flags |= SKBFL_PURE_ZEROCOPY;
		}
		n = min_t(size_t, len, most - skb->len);
		err = uarg ? skb_zerocopy_iter_stream(sk, skb, msg, n, uarg) :
			     splice_pages(sk, skb, msg, n);
		if (err > 0)
			break;
		if (!fresh && (err == -EMSGSIZE || err == -EEXIST)) {
			fresh = true;		/* too many pieces, or somebody else's */
			continue;
		}
		if (!skb->len)
			chunk_give_up(sk, skb);
		return err ?: -EFAULT;
	}
	chunk_grew(sk, skb, err);
	return err;
}

/**
 * tl_txq_mark() - the program asks about the last octet that it has written
 * @sk: socket, locked
 * @tsflags: SOF_TIMESTAMPING_*, some of TX_RECORD_MASK
 */
void tl_txq_mark(struct sock *sk, u32 tsflags)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct tl_mark *m;

	if (!skb)		/* all has gone, and is acknowledged */
		return;
	m = &TL_CB(skb)->mark;
	sock_tx_timestamp(sk, tsflags, &m->tx_flags);
	if (tsflags & SOF_TIMESTAMPING_TX_ACK)
		m->ack = 1;
	m->key = TL_CB(skb)->end - 1;
	m->there = 1;
}

/**
 * tl_txq_end_record() - what follows shares no segment with what was written so far (MSG_EOR)
 * @sk: socket, locked
 */
void tl_txq_end_record(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb)
		return;
	TL_CB(skb)->mark.eor = 1;
	tl_sk(sk)->snd.records = 1;
}

/* The number by which the program knows an octet (SOF_TIMESTAMPING_OPT_ID) */
static u32 key_told(const struct sock *sk, u32 key)
{
	return key - atomic_read(&sk->sk_tskey);
}

/* If the octet that was asked about is among these @len, the segment will be reported. */
static void mark_segment(const struct sock *sk, struct sk_buff *skb, const struct tl_mark *m,
			 u32 seq, u32 len)
{
	if (m->key - seq >= len)
		return;
	skb_shinfo(skb)->tx_flags |= m->tx_flags;
	skb_shinfo(skb)->tskey = key_told(sk, m->key);
}

/**
 * tl_txq_unmark() - a segment's text was cut short
 * @sk: socket, locked
 * @skb: segment, as tl_txq_fill() has made it
 * @seq: first octet
 * @len: how many there are now
 */
void tl_txq_unmark(const struct sock *sk, struct sk_buff *skb, u32 seq, u32 len)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	if (info->tskey + atomic_read(&sk->sk_tskey) - seq >= len)	/* goes later */
		info->tx_flags &= ~SKBTX_ANY_TSTAMP;
}

static void report_ack(struct sock *sk, struct sk_buff *chunk)
{
	struct tl_mark *m = &TL_CB(chunk)->mark;

	m->ack = 0;
	skb_shinfo(chunk)->tskey = key_told(sk, m->key);
	__skb_tstamp_tx(chunk, NULL, NULL, sk, SCM_TSTAMP_ACK);
}

/* Sending goes on from where it was, and so does sending again, elsewhere. */
static struct sk_buff **cursor(struct tl_sock *tl, u32 seq)
{
	return seq_lt(seq, tl->snd.nxt) ? &tl->snd.cursor_again : &tl->snd.cursor;
}

/* The chunk that holds @seq: near the cursor */
static struct sk_buff *chunk_find(struct sock *sk, u32 seq)
{
	struct tl_sock *tl = tl_sk(sk);
	struct sk_buff *skb = *cursor(tl, seq);

	if (!skb || seq_lt(seq, TL_CB(skb)->seq))
		skb = skb_peek(&sk->sk_write_queue);
	if (!skb)
		return NULL;
	skb_queue_walk_from(&sk->sk_write_queue, skb) {
		if (seq_lt(seq, TL_CB(skb)->end))
			return skb;
	}
	return NULL;
}

/**
 * tl_txq_record() - how much of a segment's text belongs to one record (MSG_EOR)
 * @sk: socket, locked
 * @seq: first octet
 * @len: text, bytes
 *
 * Return: @len, or less if a record ends before.
 */
u32 tl_txq_record(struct sock *sk, u32 seq, u32 len)
{
	struct sk_buff *skb = chunk_find(sk, seq);

	if (!skb)
		return len;
	skb_queue_walk_from(&sk->sk_write_queue, skb) {
		u32 stop = TL_CB(skb)->end - seq;

		if (stop >= len)
			break;
		if (TL_CB(skb)->mark.eor)
			return stop;
	}
	return len;
}

/**
 * tl_txq_burst() - how much of a super-segment's text ends where a chunk does
 * @sk: socket, locked
 * @seq: first octet
 * @len: text, bytes
 * @seg: octets in a segment
 *
 * Return: @len, or less: whole segments.
 */
u32 tl_txq_burst(struct sock *sk, u32 seq, u32 len, u32 seg)
{
	const struct sk_buff *chunk = chunk_find(sk, seq);
	u32 rest = chunk ? TL_CB(chunk)->end - seq : len;

	return rest < len && !(rest % seg) ? rest : len;
}

/**
 * tl_txq_linear() - how much of a segment's text is copied behind its header
 * @len: text, bytes
 *
 * Return: room that tl_txq_fill() needs in the buffer's head.
 */
u32 tl_txq_linear(u32 len)
{
	return len <= COPY_MAX ? len : 0;
}

/* Refer to @len octets at @offset of a chunk. Return: how many could be. */
static u32 refer(struct sk_buff *to, const struct sk_buff *chunk, u32 offset, u32 len)
{
	const struct skb_shared_info *info = skb_shinfo(chunk);
	u32 done = 0;
	int i;

	for (i = 0; i < info->nr_frags && done < len; i++) {
		const skb_frag_t *frag = &info->frags[i];
		u32 size = skb_frag_size(frag), n;
		int to_i = skb_shinfo(to)->nr_frags;

		if (offset >= size) {
			offset -= size;
			continue;
		}
		n = min(size - offset, len - done);
		if (skb_can_coalesce(to, to_i, skb_frag_page(frag), skb_frag_off(frag) + offset)) {
			skb_frag_size_add(&skb_shinfo(to)->frags[to_i - 1], n);
		} else {
			if (to_i >= MAX_SKB_FRAGS)
				break;
			get_page(skb_frag_page(frag));
			skb_fill_page_desc(to, to_i, skb_frag_page(frag),
					   skb_frag_off(frag) + offset, n);
		}
		done += n;
		offset = 0;
	}
	skb_shinfo(to)->flags |= info->flags & SKBFL_SHARED_FRAG;
	to->len += done;
	to->data_len += done;
	to->truesize += done;
	return done;
}

/**
 * tl_txq_fill() - cut a segment's text from the stream
 * @sk: socket, locked
 * @skb: empty buffer with tl_txq_linear(@len) bytes of tailroom
 * @seq: first octet
 * @len: how many are wanted, not 0
 *
 * Return: how many there are: fewer than @len if the stream lies in too many pieces, if a record
 *	ends before (MSG_EOR), or where pages that were lent begin or end: each segment with such
 *	pages holds their ubuf_info.
 */
int tl_txq_fill(struct sock *sk, struct sk_buff *skb, u32 seq, u32 len)
{
	struct sk_buff *chunk = chunk_find(sk, seq);
	struct ubuf_info *uarg = skb_zcopy(chunk);
	bool copy = tl_txq_linear(len);
	u32 done = 0;

	while (chunk && done < len && (copy || skb_zcopy(chunk) == uarg)) {
		u32 offset = seq + done - TL_CB(chunk)->seq;
		u32 n = min(chunk->len - offset, len - done), got = n;

		if (copy)
			skb_copy_bits(chunk, offset, skb_put(skb, n), n);
		else
			got = refer(skb, chunk, offset, n);
		if (unlikely(TL_CB(chunk)->mark.there))
			mark_segment(sk, skb, &TL_CB(chunk)->mark, seq + done, got);
		done += got;
		*cursor(tl_sk(sk), seq) = chunk;
		if (got < n || unlikely(TL_CB(chunk)->mark.eor))
			break;
		chunk = skb_peek_next(chunk, &sk->sk_write_queue);
		/* a buffer has room for one mark */
		if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP) && chunk &&
		    TL_CB(chunk)->mark.there)
			break;
	}
	if (unlikely(uarg) && !copy)
		skb_zcopy_set(skb, uarg, NULL);
	return done;
}

/**
 * tl_txq_clone() - a segment's text, if that is all of a chunk
 * @sk: socket, locked
 * @seq: first octet
 * @len: how many are wanted, not 0
 *
 * Return: a buffer with TL_MAX_HEADER bytes of headroom; NULL if it has to be cut from the stream,
 *	or if the last clone of that chunk is still under way.
 */
struct sk_buff *tl_txq_clone(struct sock *sk, u32 seq, u32 len)
{
	struct sk_buff *chunk = chunk_find(sk, seq), *skb;

	if (!chunk || TL_CB(chunk)->seq != seq || chunk->len != len || TL_CB(chunk)->mark.there ||
	    skb_zcopy(chunk) || skb_cloned(chunk))
		return NULL;
	skb = skb_clone(chunk, GFP_ATOMIC);
	if (!skb)
		return NULL;
	memset(skb->cb, 0, sizeof(skb->cb));
	*cursor(tl_sk(sk), seq) = chunk;
	return skb;
}

/**
 * tl_txq_acked() - free what is acknowledged, and report it where the program asked for that
 * @sk: socket, locked
 * @una: SND.UNA
 */
void tl_txq_acked(struct sock *sk, u32 una)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue))) {
		const struct tl_cb *cb = TL_CB(skb);

		if (unlikely(cb->mark.ack) && seq_lt(cb->mark.key, una))
			report_ack(sk, skb);
		if (seq_gt(cb->end, una))
			break;
		chunk_free(sk, skb);
	}
}

/**
 * tl_txq_purge() - forget the whole stream
 * @sk: socket, locked, that will send no more
 */
void tl_txq_purge(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue)))
		chunk_free(sk, skb);
	sk_mem_reclaim(sk);
}
