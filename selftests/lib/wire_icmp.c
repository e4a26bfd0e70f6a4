// SPDX-License-Identifier: GPL-2.0
/* ICMP messages about the kernel's segments, as routers and the peer's host send them. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"
#include "wire_internal.h"

static bool six(const struct wire *w)
{
	return w->lab.family == AF_INET6;
}

/* An IP header without anything special in it. */
static int put_header(const struct wire *w, uint8_t *ip, int proto, int len, const char *from,
		      const char *to)
{
	int header = six(w) ? 40 : 20;

	memset(ip, 0, header);
	ip[six(w) ? 7 : 8] = 64;
	ip[six(w) ? 6 : 9] = proto;
	inet_pton(w->lab.family, from, ip + header - (six(w) ? 32 : 8));
	inet_pton(w->lab.family, to, ip + header - (six(w) ? 16 : 4));
	if (six(w)) {
		ip[0] = 0x60;
		put16(ip + 4, len);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, header + len);
		put16(ip + 10, ~sum16(ip, header, 0));
	}
	return header;
}

/* The segment that the message is about, as far as it is quoted. */
static int put_quoted(const struct wire *w, uint8_t *q, long seq)
{
	uint8_t *t = q + put_header(w, q, w->lab.proto, 20, wire_kernel_addr(w),
				    wire_peer_addr(w));

	memset(t, 0, 20);
	put16(t, w->f->kport);
	put16(t + 2, w->f->pport);
	put32(t + 4, w->f->irs + (uint32_t)seq);
	t[12] = 5 << 4;
	return t + 20 - q;
}

int __wire_icmp(struct wire *w, int type, int code, uint32_t info, long seq)
{
	uint8_t pkt[160], *ic = pkt + (six(w) ? 40 : 20);
	int len = 8 + put_quoted(w, ic + 8, seq), n;
	uint32_t pseudo = 0;

	ic[0] = type;
	ic[1] = code;
	put16(ic + 2, 0);
	put32(ic + 4, info);
	put_header(w, pkt, six(w) ? IPPROTO_ICMPV6 : IPPROTO_ICMP, len, wire_peer_addr(w),
		   wire_kernel_addr(w));
	if (six(w))
		pseudo = sum16(pkt + 8, 32, IPPROTO_ICMPV6 + len);
	put16(ic + 2, ~sum16(ic, len, pseudo));
	len += ic - pkt;
	n = write(w->tun, pkt, len);
	return n == len ? 0 : lab_fail("write to the TUN device: %s", strerror(errno));
}
