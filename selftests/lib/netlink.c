// SPDX-License-Identifier: GPL-2.0
/* Requests to rtnetlink: what netns.c and netem.c are written with. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"
#include "netlink.h"

/* Begin a request of @type with a fixed part of @body bytes, which is returned, all zero. */
void *nl_begin(struct nl_req *req, int type, int flags, size_t body)
{
	memset(req, 0, sizeof(*req));
	req->h.nlmsg_type = type;
	req->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	req->h.nlmsg_len = NLMSG_LENGTH(body);
	return NLMSG_DATA(&req->h);
}

/* Add an attribute; one that others are put into ends with nl_end(). */
struct rtattr *nl_put(struct nl_req *req, int type, const void *data, size_t len)
{
	struct rtattr *rta = (void *)((char *)req + NLMSG_ALIGN(req->h.nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->h.nlmsg_len = NLMSG_ALIGN(req->h.nlmsg_len) + RTA_ALIGN(rta->rta_len);
	return rta;
}

void nl_end(struct nl_req *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->h.nlmsg_len - (char *)nest;
}

/**
 * nl_ask() - send a request and take the first message of the answer
 * @req:  the request
 * @what: what it is about, for lab_why()
 * @ans:  where the message goes
 * @size: room there, at least that of a struct nlmsgerr with its header
 *
 * Return: the message's length if it is one that was asked for, 0 if it says "done"; or -1, with
 * errno as the kernel gave it.
 */
int nl_ask(struct nl_req *req, const char *what, void *ans, size_t size)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	const struct nlmsghdr *h = ans;
	const struct nlmsgerr *err;
	int fd, n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return lab_fail("netlink: %s", strerror(errno));
	n = sendto(fd, req, req->h.nlmsg_len, 0, (struct sockaddr *)&sa, sizeof(sa));
	if (n >= 0)
		n = recv(fd, ans, size, 0);
	if (n < 0)
		lab_fail("%s: %s", what, strerror(errno));
	close(fd);
	if (n < 0 || h->nlmsg_type != NLMSG_ERROR)
		return n;
	err = NLMSG_DATA(h);
	if (!err->error)
		return 0;
	lab_fail("%s: %s", what, strerror(-err->error));
	errno = -err->error;
	return -1;
}

/* Send a request that is answered by nothing but how it went. */
int nl_talk(struct nl_req *req, const char *what)
{
	char ans[4096] __attribute__((aligned(8)));
	int n = nl_ask(req, what, ans, sizeof(ans));

	return n > 0 ? lab_fail("%s: an answer that nobody asked for", what) : n;
}
