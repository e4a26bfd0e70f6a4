/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the border's own files need of each other.
 */
#ifndef TCPLAB_IP_H
#define TCPLAB_IP_H

struct list_head;
struct sk_buff;
struct sock;
struct tcphdr;

int tl_v4_register(void);
void tl_v4_unregister(void);
int tl_v6_register(void);
void tl_v6_unregister(void);
void tl_v6_child_common(struct sock *child, const struct sock *listener);

int tl_offload_register(void);
void tl_offload_unregister(void);
void tl_gro_close(void);
struct sk_buff *tl_gro_receive(struct list_head *head, struct sk_buff *skb);
void tl_gro_complete(struct sk_buff *skb, struct tcphdr *th, __sum16 check);

int tl_protosw_register(void);
void tl_protosw_unregister(void);
int tl_prot_register(void);
void tl_prot_drain(void);
void tl_prot_unregister(void);

#endif
