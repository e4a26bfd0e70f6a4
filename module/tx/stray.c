// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that belong to no full socket: SYN-ACKs of requests, ACKs of TIME-WAITs, RSTs of nobody.
 */
#include "sock.h"

/**
 * tl_stray_send() - build such a segment and send it
 * @net: namespace
 * @way: where to and how
 * @seg: what stands in it; the MSS option is filled in from the route
 *
 * Context: RCU reader, BHs off.
 * Return: 0 or a negative errno.
 */
int tl_stray_send(struct net *net, const struct tl_stray *way, const struct tl_stray_seg *seg)
{
	const struct tl_af_ops *af = tl_af_of(way->tuple);
	unsigned int usual = sizeof(struct tcphdr) + tl_opts_len(seg->which);
	unsigned int len = usual + tl_opt_fastopen_len(seg->cookie);
	struct dst_entry *dst = af->route_stray(net, way);
	struct tl_opts opts = seg->opts;
	struct sk_buff *skb;
	struct tcphdr *th;
	int err;

	if (IS_ERR(dst)) {
		tl_drop_count(net, NULL, TL_DROP_NoRoute);
		return PTR_ERR(dst);
	}
	skb = alloc_skb(TL_MAX_HEADER, GFP_ATOMIC);
	if (!skb) {
		dst_release(dst);
		return -ENOMEM;
	}
	skb_reserve(skb, TL_MAX_HEADER);
	th = skb_push(skb, len);
	skb_reset_transport_header(skb);
	th->source = way->tuple->lport;
	th->dest = way->tuple->fport;
	th->seq = htonl(seg->seq);
	th->ack_seq = htonl(seg->ack);
	*((__be16 *)th + 6) = htons((len / 4) << 12 | seg->flags);
	th->window = htons(seg->wnd);
	th->urg_ptr = 0;
	if (seg->which & TL_OPT_MSS)
		opts.mss = tl_mss_announce(way->sk ? tl_sk(way->sk)->snd.user_mss : 0, dst);
	tl_opts_write((u8 *)(th + 1), seg->which, &opts);
	tl_opt_fastopen_write((u8 *)th + usual, seg->cookie);
	tl_checksum(skb, dst, way->tuple);
	/* packet filters ask whose it is; a listener that has just closed is nobody */
	if (skb_set_owner_sk_safe(skb, (struct sock *)way->sk))
		tl_pace_add_delay(skb, &tl_sk(way->sk)->config.tx_delay);
	TL_INC(net, OutSegs);
	err = af->xmit_stray(net, skb, dst, way);
	return net_xmit_eval(err);
}
