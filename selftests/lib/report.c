// SPDX-License-Identifier: GPL-2.0
/* Reports of the error queue */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <linux/errqueue.h>

#include "lab.h"
#include "report.h"

/* The next one, if there is one now. */
struct lab_report lab_report(int fd)
{
	char buf[70000], control[1024] __attribute__((aligned(16)));
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct lab_report r = { .type = -1 };
	struct cmsghdr *c;

	r.data = recvmsg(fd, &msg, MSG_ERRQUEUE);
	if (r.data < 0 || !(msg.msg_flags & MSG_ERRQUEUE))
		return r;
	if (r.data >= 8)
		memcpy(r.tail, buf + r.data - 8, 8);
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
			struct sock_extended_err e;

			memcpy(&e, CMSG_DATA(c), sizeof(e));
			if (e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && e.ee_errno == ENOMSG) {
				r.type = e.ee_info;
				r.id = e.ee_data;
			}
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING_OLD) {
			struct scm_timestamping t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			r.us = t.ts[0].tv_sec * 1000000LL + t.ts[0].tv_nsec / 1000;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == 54 /* OPT_STATS */) {
			r.stats = c->cmsg_len - CMSG_LEN(0);
			memcpy(r.stat, CMSG_DATA(c), r.stats < 512 ? r.stats : 512);
		}
	}
	return r;
}

/* The next one of this kind, which is waited for; others are skipped. */
struct lab_report lab_report_of(int fd, int type)
{
	struct lab_report r = { .type = -1 };

	while (lab_wait(fd, 0) & POLLERR) {
		r = lab_report(fd);
		if (r.type < 0 || r.type == type)
			break;
	}
	return r;
}

/* Take all that there are now. Return: how many. */
int lab_reports(int fd)
{
	int n = 0;

	while (lab_poll(fd, 0, 0) & POLLERR && lab_report(fd).type >= 0)
		n++;
	return n;
}
