/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person reads. These rooms look at all others; none looks at them, but for TCP_INFO, which
 * is asked for through a socket.
 */
#ifndef TCPLAB_VIEW_H
#define TCPLAB_VIEW_H

struct sock;
struct tcp_info;
struct tl_net;

void tl_info(struct sock *sk, struct tcp_info *info);
int tl_proc_net_init(struct tl_net *tn);
void tl_proc_net_exit(struct tl_net *tn);
void tl_sysctl_defaults(struct tl_net *tn);
int tl_sysctl_net_init(struct tl_net *tn);
void tl_sysctl_net_exit(struct tl_net *tn);

/* info.c */
u64 tl_delivery_rate(const struct sock *sk);

#endif
