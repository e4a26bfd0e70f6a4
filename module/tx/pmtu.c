// SPDX-License-Identifier: GPL-2.0
/*
 * Segment size and path MTU (RFC 9293 3.7.1, 3.7.5; RFC 1191, RFC 8201).
 */
#include "sock.h"

/**
 * tl_mss_announce() - value of our MSS option (RFC9293 MUST-14, MUST-67)
 * @user_mss: TCP_MAXSEG, or 0
 * @dst: route to the peer
 *
 * Return: bytes.
 */
u16 tl_mss_announce(u16 user_mss, const struct dst_entry *dst)
{
	u32 mss = min_t(u32, dst_metric_advmss(dst), U16_MAX);

	return user_mss ? min_t(u32, user_mss, mss) : mss;
}

/* Of IP and TCP, without options of TCP */
static u32 headers(const struct sock *sk)
{
	const struct tl_af_ops *af = tl_sk(sk)->af;

	return af->header + af->overhead(sk) + sizeof(struct tcphdr);
}

/**
 * tl_mtu_to_mss() - Eff.snd.MSS from a path MTU (RFC9293 3.7.1, MUST-16)
 * @sk: socket, locked
 * @mtu: bytes
 *
 * "min(SendMSS + 20, MMS_S) - TCPhdrsize - IPoptionsize".
 *
 * Return: octets of text.
 */
u16 tl_mtu_to_mss(const struct sock *sk, u32 mtu)
{
	const struct tl_sock *tl = tl_sk(sk);
	/* headers that the program sets may be longer than the path's MTU */
	s32 mss = min_t(s32, tl->snd.peer_mss, mtu - headers(sk));

	if (tl->snd.user_mss)
		mss = min_t(s32, mss, tl->snd.user_mss);
	mss = max_t(s32, mss - (s32)tl_opts_len(tl_usual_opts(sk)),
		    TL_SK_SYSCTL(sk, min_snd_mss));
	return min_t(u32, mss, U16_MAX);
}

/**
 * tl_mss_to_mtu() - size of a packet with a full segment
 * @sk: socket, locked
 * @mss: octets of text in it
 *
 * Return: bytes, headers included.
 */
u32 tl_mss_to_mtu(const struct sock *sk, u32 mss)
{
	return mss + tl_opts_len(tl_usual_opts(sk)) + headers(sk);
}

/**
 * tl_mss_sync() - reckon the MSS anew
 * @sk: socket, locked
 * @pmtu: path MTU, bytes
 */
void tl_mss_sync(struct sock *sk, u32 pmtu)
{
	struct tl_sock *tl = tl_sk(sk);
	u16 mss = tl_mtu_to_mss(sk, pmtu);

	if (tl->mtup.on)		/* larger ones must be tried first */
		mss = min(mss, tl_mtu_to_mss(sk, tl->mtup.low));
	tl->snd.pmtu = pmtu;
	WRITE_ONCE(tl->snd.mss, mss);
	tl->cc.mss = mss;
}

/**
 * tl_mss_follow() - the route, or its MTU, may have changed since the last segment
 * @sk: socket, locked
 *
 * Called before data is cut into segments. A route that is no good any more has no MTU, either: its
 * device may be gone.
 */
void tl_mss_follow(struct sock *sk)
{
	const struct dst_entry *dst = tl_af_call(tl_sk(sk)->af, route, sk);

	if (dst && dst_mtu(dst) != tl_sk(sk)->snd.pmtu)
		tl_mss_sync(sk, dst_mtu(dst));
}

/**
 * tl_pmtu_reduced() - a router says that our segments are too large
 * @sk: socket, locked; the route's MTU is updated already
 * @mtu: the new path MTU
 */
void tl_pmtu_reduced(struct sock *sk, u32 mtu)
{
	struct tl_sock *tl = tl_sk(sk);

	if (mtu >= tl->snd.pmtu)
		return;
	tl_mss_sync(sk, mtu);
	/* What was too large is lost, and no sign of congestion. A SYN has its timer. */
	if (tl_in_state(sk, TLF_SYNCHRONIZED))
		tl_loss_too_big(sk);
}
