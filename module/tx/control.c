// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that a full socket sends besides its data: SYN, ACK, RST, probes.
 */
#include "sock.h"
#include "obs/trace.h"

/**
 * tl_send_ack() - acknowledge now
 * @sk: socket, locked, past SYN-SENT
 *
 * Without memory the ACK is tried again after the delay that it did not have.
 */
void tl_send_ack(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (sk->sk_state == TCP_CLOSE)
		return;
	if (tl_xmit_control(sk, tl->snd.nxt, TL_ACK, GFP_ATOMIC) == -ENOMEM) {
		tl->ackp.pending = 1;
		tl_timer_set_earlier(sk, TL_TIMER_DELACK,
				     tl_ms_jiffies(TL_SK_SYSCTL(sk, delack_max_ms)));
	}
}

/*
 * What SYN and SYN-ACK say of ECN (RFC3168 6.1.1). A SYN that nobody answered goes again without,
 * if the administrator does not mind: something on the way may have dropped it for that
 * (RFC3168 6.1.1.1).
 */
static u8 syn_ecn_flags(struct sock *sk, const struct dst_entry *dst)
{
	struct tl_sock *tl = tl_sk(sk);
	bool again = tl->snd.nxt != tl->snd.iss;

	if (sk->sk_state == TCP_SYN_RECV)
		return tl->ecn.ok ? TL_ECE : 0;
	if (!again)
		tl->ecn.ok = tl_ecn_ask(sk, dst);
	else
		tl_ecn_reduced(sk);	/* a lost SYN is a sign of congestion, too, as in Linux */
	if (!tl->ecn.ok || (again && TL_SK_SYSCTL(sk, ecn_fallback)))
		return 0;
	return TL_ECE | TL_CWR;
}

static int send_syn(struct sock *sk, const struct tl_fo_cookie *cookie, u32 len)
{
	struct tl_sock *tl = tl_sk(sk);
	const struct dst_entry *dst = tl->af->route(sk);
	u8 which = TL_OPT_MSS, flags = TL_SYN;

	if (!dst)
		return -EHOSTUNREACH;
	if (sk->sk_state == TCP_SYN_RECV)
		flags |= TL_ACK;
	flags |= syn_ecn_flags(sk, dst);
	if (tl->rcv.wscale_ok)
		which |= TL_OPT_WSCALE;
	if (tl->rcv.ts_ok)
		which |= TL_OPT_TIMESTAMP;
	if (tl->rcv.sack_ok)
		which |= TL_OPT_SACK_PERM;
	if (tl->snd.nxt != tl->snd.iss)
		TL_SK_INC(sk, TCPSynRetrans);
	tl->rcv.adv_mss = tl_mss_announce(tl->snd.user_mss, dst);
	return tl_xmit_syn(sk, flags, which, tl->rcv.adv_mss, cookie, len);
}

/**
 * tl_send_first_syn() - send the SYN of an active open, with what Fast Open adds to it
 * @sk: socket, locked, in SYN-SENT
 *
 * Return: 0 or a negative errno.
 */
int tl_send_first_syn(struct sock *sk)
{
	struct tl_fo_cookie cookie;
	u32 len = tl_fastopen_begin(sk, &cookie);

	return send_syn(sk, &cookie, len);
}

/**
 * tl_send_syn() - send the SYN again, or the SYN-ACK of a full socket, without any data
 * @sk: socket, locked, in SYN-SENT or SYN-RECEIVED
 * @cookie: Fast Open option, or NULL
 *
 * Return: 0 or a negative errno.
 */
int tl_send_syn(struct sock *sk, const struct tl_fo_cookie *cookie)
{
	return send_syn(sk, cookie, 0);
}

/**
 * tl_send_reset() - abort: tell the peer that the connection is no more (RFC9293 3.10.5)
 * @sk: socket, locked, in a synchronized state or SYN-RECEIVED
 * @gfp: allocation flags; without memory the peer will learn it from the answer to its next segment
 */
void tl_send_reset(struct sock *sk, gfp_t gfp)
{
	TL_SK_INC(sk, OutRsts);
	tl_xmit_control(sk, tl_sk(sk)->snd.nxt, TL_RST | TL_ACK, gfp);
}

/**
 * tl_send_probe() - a segment that the peer must answer: an old sequence number, no text
 * @sk: socket, locked, in a synchronized state
 *
 * For zero windows and keepalive alike (RFC9293 3.8.4, 3.8.6.1). What is urgent the peer must hear
 * of though its window is shut, from a segment that it accepts.
 */
void tl_send_probe(struct sock *sk)
{
	const struct tl_snd *snd = &tl_sk(sk)->snd;

	if (tl_urgent_mode(snd) && snd->up - snd->una < U16_MAX)
		tl_xmit_control(sk, snd->una, TL_ACK, GFP_ATOMIC);
	tl_xmit_control(sk, snd->una - 1, TL_ACK, GFP_ATOMIC);
}
