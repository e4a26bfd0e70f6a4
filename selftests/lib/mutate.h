/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that lies: it knows where a connection stands, and from there invents segments that are
 * right, nearly right, or nonsense.
 *
 * Whatever it invents, some truths hold, by which the kernel under test is judged. Each octet of
 * payload is that of the stream LAB_TO_KERNEL at its sequence number, so a program must read that
 * stream and no other. What the kernel sends must be well-formed, with LAB_TO_PEER as payload, and
 * must not lie beyond what the program wrote, whatever was acknowledged. The right edge of its
 * window does not move left (RFC9293 SHLD-14).
 *
 * All choices come from a seeded generator, and are relative to both initial sequence numbers.
 */
#ifndef LAB_MUTATE_H
#define LAB_MUTATE_H

#include "lab.h"
#include "wire.h"

#ifndef ARRAY_SIZE		/* as in kselftest.h */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* A generator of its own for each thing that is to be repeated by itself (splitmix64). */
struct rnd {
	uint64_t state;
};

uint32_t rnd_u32(struct rnd *r);
uint32_t rnd_below(struct rnd *r, uint32_t n);
bool rnd_one_in(struct rnd *r, uint32_t n);
uint32_t rnd_magnitude(struct rnd *r, int bits);
void rnd_seed(struct rnd *r, uint64_t a, uint64_t b);

/**
 * struct peer - the peer's end of one connection, and what it knows of the kernel's
 * @lab:	family and protocol
 * @tun:	descriptor of the TUN device
 * @rnd:	its choices
 * @kaddr:	the kernel's address
 * @paddr:	the peer's
 * @kport:	the kernel's port
 * @pport:	the peer's
 * @isn:	the peer's initial sequence number
 * @irs:	the kernel's, once @irs_known
 * @snd_nxt:	next to send in order
 * @acked:	the kernel's last ACK: its RCV.NXT
 * @wnd:	the window that it announced, bytes
 * @rcv_nxt:	next in order from the kernel
 * @rcv_max:	end of the last octet that the kernel sent
 * @edge:	right edge of the window, the farthest so far
 * @ws:		shift of the kernel's window
 * @written:	octets that the program wrote
 * @opt:	options of the peer's SYN: PEER_*
 * @tsval:	the peer's clock, never behind what the kernel echoes
 * @ts_recent:	the kernel's
 * @syn_seen:	the kernel sent a SYN that is not answered yet
 * @fin_seen:	the kernel sent its FIN
 * @rst_seen:	the kernel reset the connection
 * @open:	the kernel's SYN waits for the peer's
 * @unsure:	the kernel may have taken another initial sequence number than @isn
 * @anew:	the program has connected again: @written and @edge are of another connection
 * @sent:	packets sent
 * @got:	packets that came
 * @talk:	say what is sent and what comes
 */
struct peer {
	const struct lab *lab;
	int tun;
	struct rnd rnd;
	uint8_t kaddr[16], paddr[16];
	int kport, pport;
	uint32_t isn, irs;
	bool irs_known;
	uint32_t snd_nxt, acked, wnd;
	uint32_t rcv_nxt, rcv_max, edge;
	int ws;
	uint64_t written;
	unsigned int opt;
	uint32_t tsval, ts_recent;
	bool syn_seen, fin_seen, rst_seen, open, unsure, anew;
	unsigned long sent, got;
	bool talk;
};

#define PEER_TS		1
#define PEER_WS		2
#define PEER_SACK	4
#define PEER_MSS	8

void peer_begin(struct peer *p, int kport, int pport, const char *kaddr, const char *paddr);
/* A segment as it should be. @back: leave so many of the kernel's last octets unacknowledged. */
void peer_send(struct peer *p, unsigned int flags, int len, int back);
/* Take what has come. -1 if the kernel sent something that it must not, with lab_why(). */
int peer_pump(struct peer *p);

/* The next segment of an honest peer: some data in order, some acknowledged. */
void mutate_plausible(struct peer *p);
/* Data in order, up to the edge of the window and somewhat beyond. */
void mutate_flood(struct peer *p);
/* One that is wrong in one or more ways. */
void mutate_segment(struct peer *p);
/* What a router, or somebody who pretends to be one, says of the connection. */
void mutate_icmp(struct peer *p);

#endif
