// SPDX-License-Identifier: GPL-2.0
/*
 * The only writer of sk_state. Every change is checked against the table, counted for
 * /proc/net/tcplab/transitions, and traced.
 */
#include "sock.h"
#include "conn/state.h"
#include "obs/mib.h"
#include "obs/trace.h"

/**
 * tl_state_note() - account a transition of a small object (request, TIME-WAIT)
 * @net: namespace
 * @t: addresses and ports
 * @from: state left
 * @to: state entered
 * @ev: why
 *
 * A transition that the table does not list is a bug: it warns once and is counted. Not inlined: a
 * probe on it sees every transition, the last ones of a module that goes included.
 */
noinline void tl_state_note(struct net *net, const struct tl_tuple *t, int from, int to,
			    enum tl_event ev)
{
	int edge = tl_edge_find(from, ev);

	if (WARN_ON_ONCE(edge < 0 || tl_edges[edge].to != to))
		TL_INC(net, TCPBadTransition);
	else
		this_cpu_inc(tl_net(net)->stats->edge[edge]);
	trace_tl_state(net, t, from, to, ev);
}

/**
 * tl_state_set() - move a socket to another state (RFC9293 3.3.2)
 * @sk: socket, locked
 * @to: state to enter
 * @ev: what happened
 *
 * A full socket passes through TIME-WAIT without being in it: see tl_timewait_enter().
 */
void tl_state_set(struct sock *sk, int to, enum tl_event ev)
{
	int from = ev == TL_EV_HANDOVER ? TCP_TIME_WAIT : sk->sk_state;

	lockdep_assert(lockdep_sock_is_held(sk));
	tl_state_note(sock_net(sk), &tl_sk(sk)->node.tuple, from, to, ev);
	if (from == TCP_ESTABLISHED)
		this_cpu_dec(tl_sk(sk)->tn->stats->established);
	if (to == TCP_ESTABLISHED)
		this_cpu_inc(tl_sk(sk)->tn->stats->established);
	/* Readers without the lock (poll, procfs, the listener's path) see state last. */
	smp_store_release(&sk->sk_state, to);
}

/**
 * tl_state_init_child() - a clone of a listener begins in SYN-RECEIVED
 * @sk: the child, not yet visible to anybody
 *
 * The edge from LISTEN was counted when the request was made.
 */
void tl_state_init_child(struct sock *sk)
{
	sk->sk_state = TCP_SYN_RECV;
}
