// SPDX-License-Identifier: GPL-2.0
/*
 * Every way to end a connection: close(), shutdown(), abort, error.
 *
 * A socket whose program has gone while its connection still closes is an orphan. It needs no
 * module reference: on rmmod the orphans are ended (tl_purge_orphan()).
 */
#include <net/ip.h>
#include <net/xfrm.h>
#include "sock.h"
#include "ip/demux.h"

/* States in which the peer believes in the connection, so that it must be told (RFC9293 3.10.5). */
#define TLF_NEED_RESET	(TCPF_SYN_RECV | TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |	\
			 TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)

/*
 * Must the peer be told of an abort? A FIN that waits for the window has not been said: to the peer
 * CLOSING is still ESTABLISHED, and LAST-ACK CLOSE-WAIT.
 */
static bool needs_reset(const struct sock *sk)
{
	const struct tl_sock *tl = tl_sk(sk);

	return tl_in_state(sk, TLF_NEED_RESET) ||
	       (tl_in_state(sk, TCPF_CLOSING | TCPF_LAST_ACK) &&
		!tl_all_gone(&tl->snd));
}

static void unhash(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);

	if (tl->node.hashed && tl_hash_remove(sock_net(sk), &tl->node))
		__sock_put(sk);		/* never the last: whoever locked it has one */
}

/* The end of an orphan. */
static void destroy(struct sock *sk)
{
	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE || !sock_flag(sk, SOCK_DEAD));
	sk->sk_prot->destroy(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	atomic_dec(&tl_sk(sk)->tn->orphans);
	sock_put(sk);			/* the owner's; freed after a grace period */
}

/**
 * tl_done() - a connection has ended: CLOSED (RFC9293 3.10.7: "delete the TCB")
 * @sk: socket, locked; an orphan's memory is valid until the RCU section or the caller's reference
 * ends
 * @ev: why
 */
void tl_done(struct sock *sk, enum tl_event ev)
{
	struct net *net = sock_net(sk);

	if (tl_in_state(sk, TCPF_SYN_SENT | TCPF_SYN_RECV))
		TL_INC(net, AttemptFails);
	else if (tl_in_state(sk, TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		TL_INC(net, EstabResets);

	tl_timers_clear(sk);
	tl_state_set(sk, TCP_CLOSE, ev);
	tl_fastopen_leave(sk, ev == TL_EV_RCV_RST);
	tl_fastopen_end(sk);
	unhash(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		tl_port_put_sk(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);

	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	else
		destroy(sk);
}

/**
 * tl_abort() - end a connection at once and tell the peer (RFC9293 3.10.5)
 * @sk: socket, locked
 * @ev: why
 */
void tl_abort(struct sock *sk, enum tl_event ev)
{
	if (needs_reset(sk))
		tl_send_reset(sk, GFP_ATOMIC);
	if (sk->sk_state != TCP_CLOSE)
		tl_done(sk, ev);
	else if (sock_flag(sk, SOCK_DEAD))
		destroy(sk);
}

/* The same, where the peer must learn of it in whatever state: something was lost. */
static void abort_loudly(struct sock *sk)
{
	tl_send_reset(sk, GFP_ATOMIC);
	tl_done(sk, TL_EV_ABORT);
}

/**
 * tl_fail() - a connection has failed: report it and end (RFC9293 3.10.8, MUST-20 (d))
 * @sk: socket, locked
 * @err: errno for the program, positive
 * @ev: why
 */
void tl_fail(struct sock *sk, int err, enum tl_event ev)
{
	WRITE_ONCE(sk->sk_err, err);
	tl_board_purge(&tl_sk(sk)->board);
	tl_txq_purge(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		tl_done(sk, ev);
		sk_error_report(sk);
	} else {
		tl_done(sk, ev);
	}
}

/*
 * The program has sent its last octet: queue the FIN and go to the state that follows (RFC9293
 * 3.10.4). Return: is there a FIN to be sent?
 */
static bool finish_sending(struct sock *sk)
{
	static const u8 next[TL_NSTATES] = {
		[TCP_ESTABLISHED]	= TCP_FIN_WAIT1,
		[TCP_CLOSE_WAIT]	= TCP_LAST_ACK,
	};

	if (sk->sk_state == TCP_SYN_RECV) {
		tl_sk(sk)->snd.fin = 1;		/* goes once our SYN is acknowledged */
		return false;
	}
	if (!next[sk->sk_state])
		return false;
	tl_sk(sk)->snd.fin = 1;
	tl_state_set(sk, next[sk->sk_state], TL_EV_CLOSE);
	return true;
}

/**
 * tl_shutdown() - shutdown() (proto.shutdown)
 * @sk: socket, locked
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN
 *
 * Shutting down the receiving side sends nothing, and data that still comes is kept (as in Linux).
 */
void tl_shutdown(struct sock *sk, int how)
{
	if (!(how & SEND_SHUTDOWN))
		return;
	if (finish_sending(sk))
		tl_output_push(sk);
}

/**
 * tl_finwait2_arm() - an orphan waits for the peer's FIN, but not for ever
 * @sk: socket, locked, in FIN_WAIT2; ended if TCP_LINGER2 says not to wait
 */
void tl_finwait2_arm(struct sock *sk)
{
	int wait = tl_sk(sk)->config.linger2;

	if (wait < 0) {
		TL_SK_INC(sk, TCPAbortOnLinger);
		tl_abort(sk, TL_EV_ABORT);
		return;
	}
	tl_timer_set(sk, TL_TIMER_FINWAIT2, wait ?: TL_SK_SYSCTL(sk, fin_timeout));
}

/**
 * tl_finwait2_timer() - the peer's FIN did not come
 * @sk: socket, locked
 */
void tl_finwait2_timer(struct sock *sk)
{
	if (sk->sk_state == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD))
		tl_done(sk, TL_EV_TIMEOUT);
}

/* Throw away what the program never read. Return: was there any? */
static bool drop_unread(struct sock *sk)
{
	struct tl_sock *tl = tl_sk(sk);
	bool unread = false;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		unread |= seq_gt(TL_CB(skb)->end, tl->rcv.copied);
		__kfree_skb(skb);
	}
	return unread;
}

/* The program lets go: choose between abort and an orderly end. */
static void begin_close(struct sock *sk)
{
	bool unread = drop_unread(sk);

	sk_mem_reclaim(sk);
	if (sk->sk_state == TCP_CLOSE)
		return;
	if (unread) {
		/* RFC9293 SHLD-3, RFC2525 2.17: data was lost, so say so */
		TL_SK_INC(sk, TCPAbortOnClose);
		abort_loudly(sk);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		/* an abort in the words of the sockets API */
		TL_SK_INC(sk, TCPAbortOnData);
		sk->sk_prot->disconnect(sk, 0);
	} else if (sk->sk_state == TCP_SYN_SENT) {
		tl_done(sk, TL_EV_CLOSE);
	} else if (finish_sending(sk)) {
		tl_output_push(sk);
	}
}

/**
 * tl_orphan_over() - are there too many orphans, or is there too little memory? Then end one
 * @sk: socket, locked; if it is an orphan CLOSED and destroyed
 *
 * When memory is used up they are the first who must do without: nobody waits for them.
 *
 * Return: true if it was ended.
 */
bool tl_orphan_over(struct sock *sk)
{
	const struct tl_net *tn = tl_sk(sk)->tn;

	if (!sock_flag(sk, SOCK_DEAD))
		return false;
	if (atomic_read(&tn->orphans) <= READ_ONCE(tn->sysctl.max_orphans) &&
	    (sk->sk_wmem_queued <= SOCK_MIN_SNDBUF ||
	     sk_memory_allocated(sk) <= sk_prot_mem_limits(sk, 2)))
		return false;
	TL_SK_INC(sk, TCPAbortOnMemory);
	abort_loudly(sk);
	return true;
}

/* What becomes of a socket without a program. Locked, BHs off; destroyed unless it lives on. */
static void adjudge_orphan(struct sock *sk)
{
	if (sk->sk_state != TCP_CLOSE && tl_orphan_over(sk))
		return;
	if (sk->sk_state == TCP_FIN_WAIT2)
		tl_finwait2_arm(sk);
	else if (sk->sk_state == TCP_CLOSE)
		destroy(sk);
	else
		sk_mem_reclaim(sk);
}

/**
 * tl_close() - close() (proto.close; RFC9293 3.10.4)
 * @sk: socket
 * @timeout: SO_LINGER: how long to wait for the peer, jiffies
 */
void tl_close(struct sock *sk, long timeout)
{
	struct tl_sock *tl = tl_sk(sk);
	bool held = tl->config.module_held;
	int state;

	lock_sock(sk);
	tl->config.module_held = false;
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	tl_timer_clear(sk, TL_TIMER_KEEP);
	if (sk->sk_state == TCP_LISTEN) {
		tl_state_set(sk, TCP_CLOSE, TL_EV_CLOSE);
		tl_listen_stop(sk);
	} else {
		begin_close(sk);
		sk_stream_wait_close(sk, timeout);
	}

	state = sk->sk_state;
	sock_hold(sk);
	sock_orphan(sk);
	atomic_inc(&tl_sk(sk)->tn->orphans);
	/* The last release_sock() of its life: the backlog may end an orphan. */
	release_sock(sk);

	local_bh_disable();
	bh_lock_sock(sk);
	WARN_ON_ONCE(sock_owned_by_user(sk));
	if (state == TCP_CLOSE || sk->sk_state != TCP_CLOSE)
		adjudge_orphan(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	sock_put(sk);
	if (held)
		module_put(THIS_MODULE);
}

/**
 * tl_purge_orphan() - end an orphan, since the module goes
 * @sk: socket; a reference is held
 */
void tl_purge_orphan(struct sock *sk)
{
	local_bh_disable();
	bh_lock_sock(sk);
	if (sk->sk_state != TCP_CLOSE)
		tl_abort(sk, TL_EV_PURGE);
	bh_unlock_sock(sk);
	local_bh_enable();
}

/**
 * tl_disconnect() - connect() to AF_UNSPEC: abort, and make the socket fit for another connection
 * @sk: socket, locked
 * @flags: unused
 *
 * Return: 0.
 */
int tl_disconnect(struct sock *sk, int flags)
{
	struct tl_sock *tl = tl_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	int old = sk->sk_state;

	if (old == TCP_LISTEN) {
		tl_state_set(sk, TCP_CLOSE, TL_EV_CLOSE);
		tl_listen_stop(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			tl_port_put_sk(sk);
	} else if (old != TCP_CLOSE) {
		if (needs_reset(sk) || old == TCP_SYN_SENT)
			WRITE_ONCE(sk->sk_err, ECONNRESET);
		tl_abort(sk, TL_EV_ABORT);
	}
	if (sock_flag(sk, SOCK_DEAD))
		return 0;

	__skb_queue_purge(&sk->sk_receive_queue);
	tl_demux_forget(sk);
	tl_board_purge(&tl_sk(sk)->board);
	tl_txq_purge(sk);
	tl_ooo_purge(sk);
	inet->inet_dport = 0;
	tl_inet_set_defer_connect(sk, false);
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	WRITE_ONCE(sk->sk_shutdown, 0);
	WRITE_ONCE(sk->sk_err_soft, 0);
	sock_reset_flag(sk, SOCK_DONE);
	if (sk->sk_frag.page) {		/* or a listener's clones would share it */
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	sk_dst_reset(sk);
	tl_saved_syn_free(sk);
	tl_sock_reset(sk);
	tl_port_local(sk, inet->inet_num);
	WARN_ON_ONCE(inet->inet_num && !tl->bound.port);
	sk_error_report(sk);
	return 0;
}
