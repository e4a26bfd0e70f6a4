// SPDX-License-Identifier: GPL-2.0
/* Connections in every state that lasts: see states.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "states.h"

#define PORT	6000

static int open_pair(struct states *s, int *client, int *server)
{
	*client = topo_connect(&s->topo, PORT);
	if (*client < 0)
		return -1;
	if (!lab_wait(s->fd[ST_LISTENER], POLLIN))
		return lab_fail("nobody to accept");
	*server = accept4(s->fd[ST_LISTENER], NULL, NULL, SOCK_CLOEXEC);
	return *server < 0 ? lab_fail("accept: %s", strerror(errno)) : 0;
}

/* Some bytes each way, then closed by the client first: its end is a TIME_WAIT. */
static int past(struct states *s)
{
	int client, server;

	if (open_pair(s, &client, &server) ||
	    lab_send(client, LAB_TO_PEER, 0, 5000) || lab_recv(server, LAB_TO_PEER, 0, 5000) ||
	    lab_send(server, LAB_TO_KERNEL, 0, 5000) || lab_recv(client, LAB_TO_KERNEL, 0, 5000))
		return -1;
	close(client);
	if (lab_recv_eof(server))
		return -1;
	close(server);
	return 0;
}

static void fill(int fd)
{
	static char buf[65536];

	while (send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

/*
 * The server tries to connect to the client's host from an address that has moved away, as far as
 * the client's host knows: its SYN arrives, and the answer goes astray.
 */
static int half_open(struct states *s, struct lab *lab)
{
	static const unsigned char nobody[6] = { 2, 0, 0, 0, 0, 0x99 };
	bool six = lab->family == AF_INET6;
	const char *moved = six ? "2001:db8:1::3" : "10.0.1.3";
	struct sockaddr_storage ss;
	int listener, fd;
	socklen_t len;

	if (lab_neigh_add("c0", lab->family, moved, nobody))
		return -1;
	len = lab_any(lab, PORT, &ss);
	listener = lab_socket(lab, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&ss, len) || listen(listener, 5))
		return lab_fail("listen: %s", strerror(errno));
	if (lab_netns_enter(s->topo.ns[TOPO_SERVER]) ||
	    lab_addr_add("s0", lab->family, moved, six ? 64 : 24))
		return -1;
	fd = lab_socket(lab, SOCK_NONBLOCK);
	len = lab_addr(lab->family, moved, 0, &ss);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len))
		return lab_fail("bind(%s): %s", moved, strerror(errno));
	len = lab_addr(lab->family, six ? "2001:db8:1::1" : "10.0.1.1", PORT, &ss);
	if (!connect(fd, (struct sockaddr *)&ss, len) || errno != EINPROGRESS)
		return lab_fail("connect: %s", strerror(errno));
	s->fd[ST_SYN_SENT] = fd;
	/* the listener stays: it is closed when the process ends, or with the others */
	if (lab_netns_enter(s->topo.ns[TOPO_CLIENT]))
		return -1;
	if (!LAB_UNTIL(lab_conn_state(lab, PORT, lab_port(fd)) == TCP_SYN_RECV))
		return lab_fail("the SYN never came");
	close(s->fd[ST_LISTENER]);
	s->fd[ST_LISTENER] = listener;
	return 0;
}

/**
 * states_make() - open connections, and leave each in another state
 * @s:	 its topo is made; the process is in the client's namespace, and stays there
 * @lab: the protocol and family
 *
 * Return: 0, or -1 with words in lab_why().
 */
int states_make(struct states *s, struct lab *lab)
{
	s->fd[ST_LISTENER] = topo_listen(&s->topo, PORT, 5);
	if (s->fd[ST_LISTENER] < 0 || past(s) || past(s) ||
	    open_pair(s, &s->fd[ST_LIVE_C], &s->fd[ST_LIVE_S]) ||
	    open_pair(s, &s->fd[ST_FULL_C], &s->fd[ST_FULL_S]) ||
	    open_pair(s, &s->fd[ST_HALF_C], &s->fd[ST_HALF_S]))
		return -1;
	fill(s->fd[ST_FULL_C]);
	if (shutdown(s->fd[ST_HALF_C], SHUT_WR) || lab_recv_eof(s->fd[ST_HALF_S]))
		return lab_fail("half close: %s", strerror(errno));
	return half_open(s, lab);
}

int states_cut(struct states *s)
{
	if (lab_link_down("c0"))
		return -1;
	fill(s->fd[ST_LIVE_C]);
	fill(s->fd[ST_HALF_S]);
	states_close(s);
	return 0;
}

void states_close(struct states *s)
{
	int i;

	for (i = 0; i < ST_SOCKETS; i++)
		close(s->fd[i]);
}
