// SPDX-License-Identifier: GPL-2.0
/*
 * RST, in and out (RFC 9293 3.5.2, 3.5.3), and challenge ACKs (RFC 5961).
 */
#include "sock.h"

/**
 * tl_reset_stray() - answer a segment that belongs nowhere with an RST (RFC9293 3.10.7.1)
 * @net: namespace
 * @skb: the segment; not consumed
 * @w: its addresses, as seen from here
 * @af: its family
 * @sk: socket on whose behalf, or NULL
 *
 * The RST looks as if the peer's own segment had asked for it: without an ACK bit there, sequence
 * number zero and an acknowledgment here; with one, its number as our sequence number.
 */
void tl_reset_stray(struct net *net, const struct sk_buff *skb, const struct tl_where *w,
		    const struct tl_af_ops *af, const struct sock *sk)
{
	const struct tl_cb *cb = TL_CB(skb);
	const struct tl_stray way = {
		.tuple	= &w->tuple,
		.dev	= (sk ? READ_ONCE(sk->sk_bound_dev_if) : 0) ?: w->scope,
		.mark	= af->reply_mark(net, skb) ?: (sk ? READ_ONCE(sk->sk_mark) : 0),
		.priority = sk ? READ_ONCE(sk->sk_priority) : 0,
		.tos	= 0,
		.sk	= sk,
	};
	struct tl_stray_seg seg = { .flags = TL_RST };

	if (cb->flags & TL_RST)		/* never an RST for an RST */
		return;
	if (af->group(skb))		/* RFC9293 MUST-57 */
		return;
	if (cb->flags & TL_ACK) {
		seg.seq = cb->ack;
	} else {
		seg.ack = cb->end;
		seg.flags |= TL_ACK;
	}
	TL_INC(net, OutRsts);
	tl_stray_send(net, &way, &seg);
}

/**
 * tl_reset_for() - answer a segment that came for a socket, but does not fit, with an RST
 * @sk: socket, locked
 * @skb: the segment; not consumed
 */
void tl_reset_for(struct sock *sk, const struct sk_buff *skb)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_where w = { .tuple = tl->node.tuple, .scope = tl->node.bound_dev };

	if (tl->node.tuple.fport)	/* else disconnected meanwhile: nobody to be told */
		tl_reset_stray(sock_net(sk), skb, &w, tl->af, sk);
}

/**
 * tl_reset_received() - an acceptable RST came (RFC9293 3.10.7.3, 3.10.7.4 second; MUST-12)
 * @sk: socket, locked; CLOSED afterwards
 */
void tl_reset_received(struct sock *sk)
{
	int err = ECONNRESET;

	if (sk->sk_state == TCP_SYN_SENT)
		err = ECONNREFUSED;
	else if (sk->sk_state == TCP_CLOSE_WAIT)
		err = EPIPE;
	tl_fail(sk, err, TL_EV_RCV_RST);
}

/**
 * tl_oow_limited() - has a connection answered such a segment just now?
 * @net: namespace: invalid_ratelimit says how long one answer is enough
 * @last: when it answered last, jiffies; 0: never
 * @skipped: what to count where it did
 *
 * A segment that makes no sense is answered by an ACK, so that the peer may learn. If that makes no
 * sense to the peer either, it answers in turn, and both never end; or somebody sends such segments
 * to make us send. Requests and TIME-WAITs have no lock: at worst two answers go at once.
 *
 * Return: true: do not answer now.
 */
bool tl_oow_limited(struct net *net, u32 *last, enum tl_mib skipped)
{
	u32 then = READ_ONCE(*last), now = tl_clock_jiffies();
	s32 gone = now - then;

	if (then && gone >= 0 && gone < TL_SYSCTL(net, invalid_ratelimit)) {
		tl_mib_inc(net, skipped);
		return true;
	}
	WRITE_ONCE(*last, now);
	return false;
}

/**
 * tl_oow_limited_for() - the same for a segment outside the window, or with an old timestamp
 * @net: namespace
 * @cb: the segment
 * @last: see there
 * @skipped: see there
 *
 * Data is no part of a war of ACKs: its sender waits for an answer, which is always given.
 *
 * Return: true: do not answer now.
 */
bool tl_oow_limited_for(struct net *net, const struct tl_cb *cb, u32 *last, enum tl_mib skipped)
{
	if (cb->seq != cb->end && !(cb->flags & TL_SYN))
		return false;
	return tl_oow_limited(net, last, skipped);
}

/**
 * tl_challenge_allowed() - may one more challenge ACK go (RFC5961 7)?
 * @net: namespace, whose limit per second counts
 *
 * The counter starts each second at a random place between half the limit and one and a half times
 * that, so that nobody can learn from it whether others were challenged (CVE-2016-5696).
 */
bool tl_challenge_allowed(struct net *net)
{
	struct tl_challenge *c = &tl_net(net)->challenge;
	u32 limit = TL_SYSCTL(net, challenge_ack_limit);
	u32 now = tl_clock_seconds(), left;

	if (limit == INT_MAX)
		goto yes;
	if (READ_ONCE(c->second) != now) {
		WRITE_ONCE(c->second, now);
		WRITE_ONCE(c->left, limit ? (limit + 1) / 2 + get_random_u32_below(limit) : 0);
	}
	left = READ_ONCE(c->left);
	if (!left) {
		TL_INC(net, TCPACKSkippedChallenge);
		return false;
	}
	WRITE_ONCE(c->left, left - 1);
yes:
	TL_INC(net, TCPChallengeACK);
	return true;
}

/**
 * tl_challenge() - ask the peer whether it really meant that (RFC5961 3.2, 4.2, 5.2)
 * @sk: socket, locked
 */
void tl_challenge(struct sock *sk)
{
	struct net *net = sock_net(sk);

	if (!tl_oow_limited(net, &tl_sk(sk)->oow_last, TL_MIB_TCPACKSkippedChallenge) &&
	    tl_challenge_allowed(net))
		tl_send_ack(sk);
}
