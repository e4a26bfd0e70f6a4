// SPDX-License-Identifier: GPL-2.0
/*
 * How a segment goes: cut from the stream, given a header, summed up, handed to IP.
 */
#include "sock.h"

/* An empty buffer with room for headers before and @linear octets behind. */
static struct sk_buff *alloc_segment(u32 linear, gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb(TL_MAX_HEADER + linear, gfp);

	if (skb)
		skb_reserve(skb, TL_MAX_HEADER);
	return skb;
}

/**
 * tl_usual_opts() - options of each segment after the handshake: no MSS (RFC9293 MUST-65)
 * @sk: socket
 *
 * Return: TL_OPT_* bits.
 */
u8 tl_usual_opts(const struct sock *sk)
{
	return tl_sk(sk)->rcv.ts_ok ? TL_OPT_TIMESTAMP : 0;	/* RFC7323 3.2: in every one */
}

/**
 * tl_checksum() - sum a segment up, or leave that to the device (RFC9293 MUST-2)
 * @skb: segment, data at the TCP header, transport header set
 * @dst: its route
 * @t: from us to the peer
 *
 * Only a device that can sum up anything (NETIF_F_HW_CSUM) is trusted: those that know TCP and UDP
 * alone would leave ours undone. A super-segment's segments are summed up when it is cut.
 */
void tl_checksum(struct sk_buff *skb, const struct dst_entry *dst, const struct tl_tuple *t)
{
	const struct tl_af_ops *af = tl_af_of(t);
	struct tcphdr *th = tcp_hdr(skb);

	th->check = 0;
	if ((dst->dev->features & NETIF_F_HW_CSUM) || skb_is_gso(skb)) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_transport_header(skb) - skb->head;
		skb->csum_offset = offsetof(struct tcphdr, check);
		th->check = ~tl_af_call(af, pseudo, t, skb->len, tl_protocol, 0);
		return;
	}
	/* what others can change must not change between here and the wire */
	if (skb_has_shared_frag(skb) && !__skb_linearize(skb))
		th = tcp_hdr(skb);
	skb->ip_summed = CHECKSUM_NONE;
	th->check = tl_af_call(af, pseudo, t, skb->len, tl_protocol,
			       skb_checksum(skb, 0, skb->len, 0));
}

/*
 * Octets of options in each segment now: the usual ones, and SACK blocks while there are some
 * (RFC2018 4). In the handshake there are none.
 */
static unsigned int sack_len(const struct sock *sk)
{
	const struct tl_sackout *s = &tl_sk(sk)->rcv.sackout;
	unsigned int n;

	if (likely(!s->n && !s->has_dup))
		return 0;
	n = tl_sackout_count(s, tl_opts_len(tl_usual_opts(sk)));
	return n ? tl_opt_sack_len(n) : 0;
}

/**
 * tl_mss_bounded() - Eff.snd.MSS as far as the peer's window lets it count
 * @sk: socket, locked or not
 *
 * A peer whose whole window is hardly a segment gets two of them, as in Linux: or it would wait for
 * another one before it acknowledges.
 *
 * Return: octets.
 */
u32 tl_mss_bounded(const struct sock *sk)
{
	const struct tl_snd *snd = &tl_sk(sk)->snd;
	u32 half = snd->max_wnd > TCP_MSS_DEFAULT ? snd->max_wnd / 2 : snd->max_wnd;

	return half ? min_t(u32, snd->mss, half) : snd->mss;
}

/**
 * tl_mss_now() - how much text a segment can carry now
 * @sk: socket, locked
 *
 * Return: octets: Eff.snd.MSS less what options take beyond the usual ones (RFC9293 MUST-16).
 */
u32 tl_mss_now(const struct sock *sk)
{
	u32 mss = tl_mss_bounded(sk), len = sack_len(sk);

	return mss > len ? mss - len : 1;
}

/*
 * The urgent pointer of a segment (RFC9293 MUST-31, MUST-62), 0 for none. Data farther away than it
 * can tell is announced as far as it goes; but not if that octet has been sent: the peer would take
 * it for urgent.
 */
static u16 urgent_pointer(struct tl_sock *tl, u32 seq)
{
	u32 ahead = tl->snd.up - seq;

	if (!tl_urgent_mode(&tl->snd))
		tl->snd.urgent = 0;
	if (!tl->snd.urgent || !seq_lt(seq, tl->snd.up))
		return 0;
	if (ahead <= U16_MAX)
		return ahead;
	return seq_gt(seq + U16_MAX, tl->snd.nxt) ? U16_MAX : 0;
}

/* Not inlined: segments with SACK blocks are few, and the others need no place for them. */
static noinline void write_sack(const struct tl_sock *tl, u8 *to, u8 which)
{
	struct tl_sack_block blocks[TL_SACK_BLOCKS];

	tl_opt_sack_write(to, blocks,
			  tl_sackout_list(&tl->rcv.sackout, tl_opts_len(which), blocks));
}

static void push_header(struct sock *sk, struct sk_buff *skb, u32 seq, u8 flags, u8 which,
			const struct tl_opts *opts, const struct tl_fo_cookie *cookie)
{
	struct tl_sock *tl = tl_sk(sk);
	unsigned int usual = sizeof(struct tcphdr) + tl_opts_len(which);
	unsigned int sack = flags & TL_SYN ? 0 : sack_len(sk);
	unsigned int len = usual + sack + tl_opt_fastopen_len(cookie);
	struct tcphdr *th = skb_push(skb, len);

	skb_reset_transport_header(skb);
	th->source = tl->node.tuple.lport;
	th->dest = tl->node.tuple.fport;
	th->seq = htonl(seq);
	th->ack_seq = htonl(flags & TL_ACK ? tl->rcv.nxt : 0);
	*((__be16 *)th + 6) = htons((len / 4) << 12 | flags);
	th->window = htons(tl_rcv_window_announce(sk, flags & TL_SYN));
	th->check = 0;
	th->urg_ptr = 0;
	if (unlikely(tl->snd.urgent) && !(flags & TL_SYN)) {
		th->urg_ptr = htons(urgent_pointer(tl, seq));
		th->urg = !!th->urg_ptr;
	}
	tl_opts_write((u8 *)(th + 1), which, opts);
	if (unlikely(sack))
		write_sack(tl, (u8 *)th + usual, which);
	if (unlikely(cookie))
		tl_opt_fastopen_write((u8 *)th + usual + sack, cookie);
}

/* How many segments are @len octets, of @seg in each? Without text it is one, too. */
static u32 segments(u32 len, u32 seg)
{
	return len > seg ? DIV_ROUND_UP(len, seg) : 1;
}

/*
 * Several segments in one buffer, of @seg octets each, are a super-segment. What is none must say
 * so, too: a clone has what the chunk's last one had.
 */
static void mark_gso(struct sk_buff *skb, u32 text, u32 seg)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	bool whole = text <= seg;

	if (whole && !info->gso_size)
		return;
	info->gso_size = whole ? 0 : tl_gso_size(seg, skb->len - text);
	info->gso_segs = whole ? 0 : segments(text, seg);
	info->gso_type = whole ? 0 : TL_GSO_TYPE;
}

/*
 * What skb_set_owner_w() does in 6.1 and 6.12 for a buffer that is nobody's yet, and a full socket.
 */
static void charge_sending(struct sock *sk, struct sk_buff *skb)
{
	skb->sk = sk;
	skb->destructor = sock_wfree;
	skb_set_hash_from_sk(skb, sk);
	refcount_add(skb->truesize, &sk->sk_wmem_alloc);
}

/*
 * Header, checksum, IP, with @ecn in its two bits; text beyond @seg octets is that of further
 * segments; of @opts the TSecr is still to be set. Consumes @skb. Return: 0 or a negative errno of
 * the layers below.
 */
static int xmit(struct sock *sk, struct sk_buff *skb, u32 seq, u32 seg, u8 flags, u8 ecn, u8 which,
		struct tl_opts *opts, const struct tl_fo_cookie *cookie)
{
	struct tl_sock *tl = tl_sk(sk);
	u32 text = skb->len;
	/* that of text was looked at by tl_mss_follow() just now */
	struct dst_entry *dst = text ? __sk_dst_get(sk) : NULL;
	int err;

	if (!dst)
		dst = tl_af_call(tl->af, route, sk);
	if (!dst) {
		tl_drop(sock_net(sk), skb, TL_DROP_NoRoute);
		return -EHOSTUNREACH;
	}
	if (text && tl->pace.begun < TL_PACE_FREE)
		tl->pace.begun = min_t(u32, tl->pace.begun + segments(text, seg), TL_PACE_FREE);
	if (tl_paced(sk))
		tl_pace_stamp(sk, skb, text);
	tl_pace_add_delay(skb, &tl->config.tx_delay);
	opts->tsecr = flags & TL_ACK ? tl->rcv.ts_recent : 0;
	push_header(sk, skb, seq, flags, which, opts, cookie);
	charge_sending(sk, skb);
	mark_gso(skb, text, seg);
	tl_checksum(skb, dst, &tl->node.tuple);
	if (flags & TL_ACK)
		tl_ack_sent(sk);
	tl->sent.segs += tl_gso_segs(skb);
	err = tl_af_call(tl->af, xmit, sk, skb, ecn);
	return net_xmit_eval(err);		/* a macro that looks twice */
}

/*
 * FIN goes with the last octet, if that is new and the window has room for it; and again, if it
 * went before. What goes again alone does not take it along: SND.NXT would not know.
 */
static bool carries_fin(const struct tl_sock *tl, u32 seq, u32 end)
{
	if (!tl->snd.fin || end != tl->snd.end)
		return false;
	if (seq_lt(end, tl->snd.nxt))
		return true;
	return seq == tl->snd.nxt && seq_lt(end, tl->snd.una + tl->snd.wnd);
}

/*
 * What @n segments that were sent change, new or not: they end before @end, and have @len octets.
 */
static void account_data(struct sock *sk, u32 end, u32 len, u32 n, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);

	if (seq_gt(end, tl->snd.nxt)) {
		TL_SK_ADD(sk, OutSegs, n);
	} else {
		TL_SK_ADD(sk, RetransSegs, n);
		tl->loss.retrans += n;
		tl->sent.bytes_again += len;
	}
	tl->sent.bytes += len;
	tl->sent.data_segs += len ? n : 0;
	tl->snd.last_us = now_us;
}

/* A super-segment for which the stream lay in too many pieces ends where a segment does. */
static u32 whole_segments(const struct sock *sk, struct sk_buff *skb, u32 seq, u32 len, u32 seg)
{
	u32 part = len % seg;

	if (len < seg || !part || __pskb_trim(skb, len - part))
		return len;
	tl_txq_unmark(sk, skb, seq, len - part);
	return len - part;
}

/* The text of one segment or several. Return: how many octets there are; or -ENOMEM. */
static int text_segment(struct sock *sk, struct sk_buff **to, u32 seq, u32 len, u32 seg)
{
	struct sk_buff *skb = len ? tl_txq_clone(sk, seq, len) : NULL;
	u32 filled;

	if (!skb) {
		skb = alloc_segment(tl_txq_linear(len), GFP_ATOMIC);
		if (!skb)
			return -ENOMEM;
		filled = len ? tl_txq_fill(sk, skb, seq, len) : 0;
		if (unlikely(filled < len))
			len = whole_segments(sk, skb, seq, filled, seg);
	}
	*to = skb;
	return len;
}

/**
 * tl_xmit_data() - send a piece of the stream, as one segment or several under one header
 * @sk: socket, locked
 * @seq: first octet
 * @len: octets; 0 for a bare FIN
 * @seg: octets in a segment, see tl_mss_now()
 * @now_us: clock
 *
 * The caller has called tl_mss_follow(). The timer is armed; SND.NXT and the scoreboard are the
 * caller's. What the layers below throw away counts as sent: it is lost like any other.
 *
 * Return: sequence numbers covered, FIN included; or -ENOMEM with nothing done.
 */
int tl_xmit_data(struct sock *sk, u32 seq, u32 len, u32 seg, u64 now_us)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_opts opts = { .tsval = tl_tsval_at(sk, now_us) };
	struct sk_buff *skb;
	u8 flags = TL_ACK, ecn;
	int text = text_segment(sk, &skb, seq, len, seg);
	u32 end;

	if (text < 0)
		return text;
	len = text;
	end = seq + len;
	if (end == tl->snd.end && len)
		flags |= TL_PSH;		/* RFC9293 MUST-61: nothing more is buffered */
	if (carries_fin(tl, seq, end)) {
		flags |= TL_FIN;
		end++;
	}
	if (end == seq) {
		__kfree_skb(skb);
		return 0;
	}
	ecn = tl_ecn_out(sk, len && !seq_lt(seq, tl->snd.nxt), &flags);
	account_data(sk, end, len, segments(len, seg), now_us);
	tl_ack_sent_data(sk);
	if (xmit(sk, skb, seq, seg, flags, ecn, tl_usual_opts(sk), &opts, NULL) > 0)
		tl_loss_enter_cwr(sk);	/* our own queue is full: that is congestion */
	tl_rto_arm(sk);			/* from its departure on, which is known now */
	return end - seq;
}

/**
 * tl_xmit_control() - send a segment without text, SYN or FIN: ACK, RST, probe
 * @sk: socket, locked
 * @seq: SEG.SEQ
 * @flags: TL_*
 * @gfp: allocation flags
 *
 * Return: 0 or a negative errno.
 */
int tl_xmit_control(struct sock *sk, u32 seq, u8 flags, gfp_t gfp)
{
	struct sk_buff *skb = alloc_segment(0, gfp);
	struct tl_opts opts = { .tsval = tl_tsval(sk) };
	u8 ecn;

	if (!skb)
		return -ENOMEM;
	TL_SK_INC(sk, OutSegs);
	ecn = tl_ecn_out(sk, false, &flags);
	return xmit(sk, skb, seq, 0, flags, ecn, tl_usual_opts(sk), &opts, NULL);
}

/**
 * tl_xmit_syn() - send SYN or SYN-ACK of a full socket
 * @sk: socket, locked
 * @flags: TL_SYN, perhaps with TL_ACK, TL_ECE, TL_CWR
 * @which: options to offer
 * @mss: value of the MSS option
 * @cookie: Fast Open option, or NULL
 * @len: octets of the stream that go along (RFC7413)
 *
 * Without memory it counts as sent and lost: the first SYN has no other timer that would try again.
 *
 * Return: 0 or a negative errno.
 */
int tl_xmit_syn(struct sock *sk, u8 flags, u8 which, u16 mss, const struct tl_fo_cookie *cookie,
		u32 len)
{
	struct tl_sock *tl = tl_sk(sk);
	struct sk_buff *skb = alloc_segment(tl_txq_linear(len), GFP_ATOMIC);
	u64 now_us = tl_clock_us();
	struct tl_opts opts = {
		.mss = mss, .wscale = tl->rcv.wscale, .tsval = tl_tsval_at(sk, now_us),
	};
	struct tl_stamp at;
	u32 end = tl->snd.iss + 1;

	tl->loss.syn_us = tl->snd.nxt == tl->snd.iss ? now_us : 0;
	account_data(sk, end, 0, 1, now_us);
	tl_rto_arm(sk);
	tl->snd.nxt = seq_max(tl->snd.nxt, end);
	if (!skb)
		return -ENOMEM;
	if (len && tl_board_prepare(&tl->board)) {
		len = tl_txq_fill(sk, skb, end, len);
		tl_rate_stamp(&tl->loss.rate, &at, tl->snd.last_us, true);
		tl_board_sent(&tl->board, end, end + len, tl->snd.mss, &at);
		tl->snd.nxt = end + len;
		tl->sent.bytes += len;
		tl->sent.data_segs++;
	}
	return xmit(sk, skb, tl->snd.iss, len, flags, tl_ecn_syn_mark(sk, flags & TL_ECE), which,
		    &opts, cookie);
}
