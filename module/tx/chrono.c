// SPDX-License-Identifier: GPL-2.0
/*
 * What does a connection wait for that has something to send? TCP_INFO tells how long it has been
 * busy, and how much of that the peer's window, or the send buffer, held it up.
 */
#include "sock.h"

static void set_kind(struct tl_chrono *c, enum tl_chrono_kind kind)
{
	u32 now = tl_clock_jiffies();

	if (c->kind != TL_CHRONO_IDLE)
		c->spent[c->kind - 1] += now - c->since;
	c->since = now;
	c->kind = kind;
}

/**
 * tl_chrono_start() - it waits for this now, unless for what is more telling
 * @sk: socket, locked
 * @kind: for what
 */
void tl_chrono_start(struct sock *sk, enum tl_chrono_kind kind)
{
	struct tl_chrono *c = &tl_sk(sk)->sent.chrono;

	if (kind > c->kind)
		set_kind(c, kind);
}

/**
 * tl_chrono_stop() - it does not wait for this any more
 * @sk: socket, locked
 * @kind: for what
 */
void tl_chrono_stop(struct sock *sk, enum tl_chrono_kind kind)
{
	struct tl_sock *tl = tl_sk(sk);
	struct tl_chrono *c = &tl->sent.chrono;

	if (c->kind == TL_CHRONO_IDLE)
		return;
	if (tl->snd.una == tl->snd.end + tl->snd.fin)
		set_kind(c, TL_CHRONO_IDLE);
	else if (c->kind == kind && kind != TL_CHRONO_BUSY)
		set_kind(c, TL_CHRONO_BUSY);
}

/**
 * tl_chrono_space() - if programs that wait for room were woken: it does not wait for that any more
 * @sk: socket, locked
 */
void tl_chrono_space(struct sock *sk)
{
	if (tl_sk(sk)->sent.chrono.kind == TL_CHRONO_SNDBUF &&
	    (!sk->sk_socket || !test_bit(SOCK_NOSPACE, &sk->sk_socket->flags)))
		tl_chrono_stop(sk, TL_CHRONO_SNDBUF);
}

/**
 * tl_chrono_us() - how long has it waited for this?
 * @sk: socket, locked
 * @kind: for what; not TL_CHRONO_IDLE
 *
 * Return: µs.
 */
u64 tl_chrono_us(const struct sock *sk, enum tl_chrono_kind kind)
{
	const struct tl_chrono *c = &tl_sk(sk)->sent.chrono;
	u32 spent = c->spent[kind - 1];

	if (c->kind == kind)
		spent += (u32)tl_clock_jiffies() - c->since;
	return (u64)spent * (USEC_PER_SEC / HZ);
}
