// SPDX-License-Identifier: GPL-2.0
/* The kernel's end of the present flow is brought into any state there is. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "wire_internal.h"

#define INJECT(fl, ...)	__wire_inject(w, WIRE_INJ(fl, ##__VA_ARGS__))
#define EXPECT(fl, ...)	__wire_expect(w, WIRE_EXP(fl, ##__VA_ARGS__))

static int syn_sent(struct wire *w, int *fd)
{
	*fd = wire_socket(w);
	return *fd < 0 || wire_connect_start(w, *fd) || EXPECT(SYN) ? -1 : 0;
}

/* By a simultaneous open: a socket, where a listener would have a request. */
static int syn_recv(struct wire *w, int *fd)
{
	return syn_sent(w, fd) || INJECT(SYN, .mss = 1460) || EXPECT(SYN | ACK);
}

static int established(struct wire *w, int *fd)
{
	*fd = __wire_accept(w, WIRE_INJ(SYN, .mss = 1460));
	return *fd < 0 ? -1 : 0;
}

static int fin_wait1(struct wire *w, int *fd)
{
	return established(w, fd) || shutdown(*fd, SHUT_WR) || EXPECT(FIN | ACK);
}

static int fin_wait2(struct wire *w, int *fd)
{
	return fin_wait1(w, fd) || INJECT(ACK);
}

static int closing(struct wire *w, int *fd)
{
	return fin_wait1(w, fd) || INJECT(FIN | ACK, .ack = 1) || EXPECT(ACK);
}

static int time_wait(struct wire *w, int *fd)
{
	return fin_wait2(w, fd) || INJECT(FIN | ACK) || EXPECT(ACK);
}

static int close_wait(struct wire *w, int *fd)
{
	return established(w, fd) || INJECT(FIN | ACK) || EXPECT(ACK);
}

static int last_ack(struct wire *w, int *fd)
{
	return close_wait(w, fd) || shutdown(*fd, SHUT_WR) || EXPECT(FIN | ACK);
}

static int listening(struct wire *w, int *fd)
{
	*fd = wire_listen(w, 5);
	return *fd < 0 ? -1 : 0;
}

static int closed(struct wire *w, int *fd)
{
	*fd = wire_socket(w);
	return *fd < 0 ? -1 : 0;
}

/**
 * __wire_reach() - bring the kernel's end into a state
 * @w:	   the wire, on a fresh flow
 * @state: TCP_ESTABLISHED ...; those that begin with a passive open share a listener
 *
 * Return: the kernel's socket (of a TIME_WAIT what is left of it), or -1 with lab_why().
 */
int __wire_reach(struct wire *w, int state)
{
	static int (*const ways[])(struct wire *w, int *fd) = {
		[TCP_CLOSE]		= closed,
		[TCP_LISTEN]		= listening,
		[TCP_SYN_SENT]		= syn_sent,
		[TCP_SYN_RECV]		= syn_recv,
		[TCP_ESTABLISHED]	= established,
		[TCP_FIN_WAIT1]		= fin_wait1,
		[TCP_FIN_WAIT2]		= fin_wait2,
		[TCP_CLOSING]		= closing,
		[TCP_TIME_WAIT]		= time_wait,
		[TCP_CLOSE_WAIT]	= close_wait,
		[TCP_LAST_ACK]		= last_ack,
	};
	int fd = -1;

	if (ways[state](w, &fd))
		return -1;
	if (state != TCP_CLOSE && state != TCP_LISTEN && wire_state(w) != state)
		return lab_fail("in state %d instead of %d", wire_state(w), state);
	return fd;
}
