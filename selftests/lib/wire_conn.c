// SPDX-License-Identifier: GPL-2.0
/* The kernel's end of the wire: its sockets, and whole handshakes with the peer. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "wire_internal.h"

/* A listener on the kernel's address, kept in w->lfd. Returns its descriptor. */
int wire_listen(struct wire *w, int backlog)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_kernel_addr(w), WIRE_KPORT, &ss);

	w->lfd = wire_socket(w);
	if (w->lfd < 0)
		return -1;
	if (lab_set_opt(w->lfd, SOL_SOCKET, SO_REUSEADDR, 1))
		return -1;
	if (bind(w->lfd, (struct sockaddr *)&ss, len))
		return lab_fail("bind(): %s", strerror(errno));
	if (listen(w->lfd, backlog))
		return lab_fail("listen(): %s", strerror(errno));
	return w->lfd;
}

/* A socket at the kernel's end; non-blocking, for the test must never sleep in the kernel. */
int wire_socket(struct wire *w)
{
	int fd = lab_socket(&w->lab, SOCK_NONBLOCK);

	/* room for whatever a test writes at once, before the peer has acknowledged any of it */
	if (fd >= 0 && lab_set_opt(fd, SOL_SOCKET, SO_SNDBUF, 200000))
		return -1;
	return fd;
}

/**
 * wire_connect_start() - let the kernel begin an active open towards the peer
 * @w:	the wire; its present flow learns the kernel's port
 * @fd:	a non-blocking socket
 *
 * Return: 0, or -1 with the reason in lab_why().
 */
int wire_connect_start(struct wire *w, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);

	w->f->kport = 0;
	if (!connect(fd, (struct sockaddr *)&ss, len))
		return lab_fail("connect() succeeded without a peer");
	if (errno != EINPROGRESS)
		return lab_fail("connect(): %s", strerror(errno));
	w->f->kport = lab_port(fd);
	return w->f->kport < 0 ? -1 : 0;
}

int __wire_accept(struct wire *w, const struct wire_seg *syn)
{
	int fd;

	if (w->lfd < 0 && wire_listen(w, 16) < 0)
		return -1;
	if (__wire_inject(w, syn) || __wire_expect(w, WIRE_EXP(SYN | ACK)) ||
	    (w->rtt_ms && __wire_silence(w, w->rtt_ms)) || __wire_inject(w, WIRE_INJ(ACK)))
		return -1;
	if (!lab_wait(w->lfd, POLLIN))
		return lab_fail("the listener never became readable");
	fd = accept4(w->lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return fd < 0 ? lab_fail("accept(): %s", strerror(errno)) : fd;
}

int __wire_connect(struct wire *w, const struct wire_seg *synack)
{
	int err, fd = wire_socket(w);

	if (fd < 0 || wire_connect_start(w, fd))
		return -1;
	if (__wire_expect(w, WIRE_EXP(SYN)) || __wire_inject(w, synack) ||
	    __wire_expect(w, WIRE_EXP(ACK)))
		return -1;
	if (!lab_wait(fd, POLLOUT))
		return lab_fail("the connecting socket never became writable");
	err = lab_so_error(fd);
	return err ? lab_fail("connect: %s", strerror(err)) : fd;
}

/* The state of the present flow in the kernel's tables; 0 when it has none. */
int wire_state(struct wire *w)
{
	return lab_conn_state(&w->lab, w->f->kport, w->f->pport);
}
