// SPDX-License-Identifier: GPL-2.0
/*
 * What scripts/tcplab-run loads into a program that knows nothing of tcplab (LD_PRELOAD): where it
 * asks for a TCP socket it gets one of tcplab's. All else that the program asks for is asked of the
 * kernel as it was.
 *
 * TCP is asked for as a stream over IPv4 or IPv6 with protocol 0 or 6. Who asks for MPTCP (262)
 * wants TCP with something on top, and must be content with TCP where there is no MPTCP: so it is
 * moved, too.
 *
 * What replaces it is the number in TCPLAB_PROTOCOL, read once: programs may clean their
 * environment later.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../module/uapi/tcplab.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262	/* older libcs do not know it */
#endif

typedef int socket_fn(int family, int type, int protocol);

static int wanted = IPPROTO_TCPLAB;
static socket_fn *next_socket;

/* As early as can be; yet another library may open a socket earlier, when it is loaded. */
__attribute__((constructor))
static void prepare(void)
{
	const char *number = getenv("TCPLAB_PROTOCOL");

	if (next_socket)
		return;
	if (number && *number)
		wanted = atoi(number);
	/* not the system call: there may be others that stand in for socket() */
	next_socket = (socket_fn *)dlsym(RTLD_NEXT, "socket");
}

static int asks_for_tcp(int family, int type, int protocol)
{
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return 0;
	return protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

int socket(int family, int type, int protocol)
{
	prepare();
	if (!next_socket) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return next_socket(family, type, asks_for_tcp(family, type, protocol) ? wanted : protocol);
}
