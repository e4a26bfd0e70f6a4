/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What programs include to use tcplab: socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_TCPLAB).
 */
#ifndef _UAPI_TCPLAB_H
#define _UAPI_TCPLAB_H

/* The IP protocol number that the module takes unless told otherwise (RFC 3692). */
#ifndef IPPROTO_TCPLAB
#define IPPROTO_TCPLAB	253
#endif

/*
 * Options are those of TCP, at level SOL_TCP with the numbers of <linux/tcp.h>. Level SOL_TCPLAB
 * is for what only tcplab has. It also takes those of SOL_SOCKET, under their own numbers, that
 * kernels before 6.3 refuse to any protocol but TCP: SO_ZEROCOPY.
 */
#ifndef SOL_TCPLAB
#define SOL_TCPLAB	253
#endif

#endif
