// SPDX-License-Identifier: GPL-2.0
/*
 * send() without a copy. With MSG_ZEROCOPY a program lends its pages until the error queue says
 * that they are free again; with MSG_SPLICE_PAGES the kernel gives pages of a file or a pipe.
 * tx/queue.c takes both by reference. Before there is a route, as Fast Open begins, all is copied.
 *
 * What is lent belongs to a ubuf_info: of the kernel's making, which sends the notification, or
 * io_uring's, which comes with the message.
 */
#include "sock.h"
#include "api/api.h"

/*
 * A send() that follows one that waits to be sent shares its notification, as in Linux; also if one
 * chunk is between them, of something copied or spliced.
 */
static struct ubuf_info *notifier(struct sock *sk, size_t len)
{
	struct sk_buff_head *q = &sk->sk_write_queue;
	struct sk_buff *skb = skb_peek_tail(q);
	struct ubuf_info *last = NULL;

	if (skb && !skb_zcopy(skb) && !skb_queue_is_first(q, skb))
		skb = skb_queue_prev(q, skb);
	if (skb && seq_lt(tl_sk(sk)->snd.nxt, TL_CB(skb)->end))
		last = skb_zcopy(skb);
	/* io_uring's are not for this */
	return msg_zerocopy_realloc(sk, len, last && tl_is_msgzc(last) ? last : NULL);
}

/**
 * tl_loan_begin() - a send() with MSG_ZEROCOPY or MSG_SPLICE_PAGES: what need not be copied?
 * @sk: socket, locked
 * @msg: the message
 * @len: its length
 * @loan: the answer
 *
 * Return: 0, or -ENOBUFS if the program has too many notifications due, or too much memory locked.
 */
int tl_loan_begin(struct sock *sk, const struct msghdr *msg, size_t len, struct tl_loan *loan)
{
	bool gathers = sk->sk_route_caps & NETIF_F_SG;

	*loan = (struct tl_loan) { };
	if (!len)
		return 0;
	if (!(msg->msg_flags & MSG_ZEROCOPY)) {
		loan->refer = gathers && tl_msg_splices(msg);
		return 0;
	}
	if (msg->msg_ubuf) {
		loan->uarg = msg->msg_ubuf;
	} else if (sock_flag(sk, SOCK_ZEROCOPY)) {
		loan->uarg = notifier(sk, len);
		if (!loan->uarg)
			return -ENOBUFS;
		loan->own = loan->uarg;
		/* Fast Open copies what goes with the SYN */
		if (!gathers || msg->msg_flags & MSG_FASTOPEN || tl_inet_defer_connect(sk))
			uarg_to_msgzc(loan->own)->zerocopy = 0;
	}
	loan->refer = gathers && loan->uarg;
	return 0;
}

/**
 * tl_loan_end() - that send() is over
 * @loan: from tl_loan_begin()
 * @sent: something was taken; if not there is no notification
 */
void tl_loan_end(struct tl_loan *loan, bool sent)
{
	if (!loan->own)
		return;
	if (sent)
		net_zcopy_put(loan->own);
	else
		net_zcopy_put_abort(loan->own, true);
}
