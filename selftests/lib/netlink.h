/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to rtnetlink, for the library's own files: begin one, put attributes into it, send it
 * and wait for the kernel's answer.
 */
#ifndef LAB_NETLINK_H
#define LAB_NETLINK_H

#include <stddef.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct nl_req {
	struct nlmsghdr h;
	char body[1024];
};

void *nl_begin(struct nl_req *req, int type, int flags, size_t body);
struct rtattr *nl_put(struct nl_req *req, int type, const void *data, size_t len);
void nl_end(struct nl_req *req, struct rtattr *nest);
int nl_talk(struct nl_req *req, const char *what);
int nl_ask(struct nl_req *req, const char *what, void *ans, size_t size);

#endif
