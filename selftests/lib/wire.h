/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hand-driven peer: one end of a TUN device is the kernel under test, the other end is the
 * test, which writes each segment by hand and reads each answer.
 *
 *	wire_inject(w, SYN, .mss = 1460);
 *	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
 *	wire_inject(w, ACK);
 *
 * Sequence numbers are relative: .seq counts from the sender's initial sequence number, .ack from
 * the other side's; so 0 is the SYN and 1 the first byte of data. What is not said has a default:
 *
 *	         inject                                expect
 *	.seq     the next one in order                 the next one in order
 *	.ack     all that was taken by wire_expect()   all that was injected in order
 *	.len     0                                     0
 *	.data    the pattern of LAB_TO_KERNEL          the pattern of LAB_TO_PEER
 *	.win     65535 (the field, unscaled)           any
 *	options  none; timestamps once negotiated      any
 *
 * Payload is by default the pattern stream of lab.h at offset seq - 1, and is verified byte by
 * byte on each segment that arrives, as is each checksum. PSH is compared only when asked for.
 * A test that fails prints the ladder: each segment so far, decoded.
 */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <limits.h>

#include "lab.h"

/* header flags, as on the wire */
#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10
#define URG	0x20
#define ECE	0x40
#define CWR	0x80
#define AE	0x100

/* values that are no numbers */
#define WIRE_AUTO	(LONG_MIN + 1)	/* the default of the table above */
#define WIRE_ANY	(LONG_MIN + 2)	/* expect: whatever it is */
#define WIRE_NONE	(LONG_MIN + 3)	/* the option is absent */
#define WIRE_SOME	(LONG_MIN + 4)	/* expect: the option is there, whatever its value */

#define WIRE_MTU	1500
#define WIRE_KPORT	8080		/* the kernel's port where the test listens */
#define WIRE_PPORT	40000		/* the peer's port of the first flow */
#define WIRE_FLOWS	80
#define WIRE_MAX_SACK	4

/**
 * struct wire_seg - a segment to send, or one to expect
 * @flags:	SYN | ACK ...
 * @seq:	relative to the sender's initial sequence number
 * @ack:	relative to the other side's
 * @win:	the window field, not scaled
 * @len:	bytes of payload
 * @data:	payload; NULL stands for the pattern
 * @mss:	option 2, or WIRE_NONE
 * @ws:		option 3, or WIRE_NONE
 * @sackok:	option 4: 1, or WIRE_NONE
 * @tsval:	option 8, or WIRE_NONE
 * @tsecr:	option 8
 * @nsack:	number of blocks in @sack, or WIRE_NONE
 * @sack:	option 5, relative like @ack; expect: { 0, 0 } is any block
 * @fo:		option 34: length of the Fast Open cookie, 0 to ask for one; or WIRE_NONE
 * @cookie:	inject: the cookie
 * @opt:	raw option bytes, added after the others
 * @optlen:	their number; padded with zeros
 * @urg:	urgent pointer
 * @doff:	inject: data offset to lie about, in words; 0 is the truth
 * @badsum:	inject: spoil the checksum
 * @cut:	inject: leave out so many bytes at the end of the packet
 * @ttl:	TTL or hop limit; inject: 0 is 64; expect: 0 is any
 * @tos:	TOS or traffic class (its low bits are ECN)
 * @from:	inject: source address instead of the peer's
 * @to:		inject: destination address instead of the kernel's
 * @ipopt:	inject: IPv4 options, or IPv6 destination options
 * @ipoptlen:	their length: whole words; over IPv6 six more than a multiple of eight
 * @ms:		expect: how long to wait; 0 is as long as a sane stack could need
 * @skip_acks:	expect: let pure ACKs that differ pass by
 */
struct wire_seg {
	unsigned int flags;
	long seq, ack;
	long win;
	long len;
	const void *data;
	long mss, ws, sackok, tsval, tsecr;
	long nsack;
	struct { long left, right; } sack[WIRE_MAX_SACK];
	long fo;
	const void *cookie;
	const void *opt;
	int optlen;
	long urg;
	int doff;
	bool badsum;
	int cut;
	int ttl;
	long tos;
	const char *from, *to;
	const void *ipopt;
	int ipoptlen;
	int ms;
	bool skip_acks;
};

/* A segment as it came: decoded, absolute numbers still in it. */
struct wire_got {
	struct wire_seg s;
	uint32_t seq, ack;		/* absolute */
	uint32_t label;			/* IPv6: flow label */
	int64_t at_us;			/* CLOCK_MONOTONIC */
	struct wire_got *next;
	uint8_t cookie[16];
	uint8_t payload[65536];
};

/* One connection between the peer and the kernel. */
struct wire_flow {
	int kport, pport;		/* kport 0: learn it from the next segment */
	uint32_t isn;			/* the peer's */
	uint32_t irs;			/* the kernel's, once a SYN of its has come */
	bool irs_known;
	long snd_nxt, snd_max;		/* the peer's, relative: in order; highest */
	long rcv_nxt;			/* what has been taken in order, relative */
	bool ts_sent, ts_got;		/* SYN of each side carried timestamps */
	uint32_t tsval;			/* ours; the test moves it */
	uint32_t ts_recent;		/* the kernel's last */
	struct wire_got *head, **tail;	/* arrived, not yet expected */
};

struct wire {
	struct lab lab;
	int tun;
	int lfd;			/* listener of wire_listen(), or -1 */
	int nflow;
	struct wire_flow flow[WIRE_FLOWS];
	struct wire_flow *f;		/* the one that is talked on */
	long win;			/* default of .win */
	int rtt_ms;			/* wire_accept(): from SYN-ACK to the peer's answer */
	bool any_data;			/* do not verify the payload against the pattern */
	struct wire_got *last;		/* taken by the last wire_expect() */
	int64_t prev_us;		/* when the one before it came */
	int64_t inject_us;		/* when the last one was injected */
	char **ladder;
	int nladder;
	int64_t start_us;
};

int wire_open(struct wire *w, int family, bool tcplab, bool timed);
void wire_close(struct wire *w);
void wire_ladder(struct wire *w);

const char *wire_kernel_addr(const struct wire *w);
const char *wire_peer_addr(const struct wire *w);

/* The MSS that the kernel announces here: the MTU less the headers (RFC 9293 3.7.1). */
int wire_mss(const struct wire *w);

/* Another connection, from the peer's next port; talk on it from now on. */
struct wire_flow *wire_new_flow(struct wire *w);
void wire_use(struct wire *w, struct wire_flow *f);
/* The same ports again with other numbers: a new incarnation of the present flow. */
struct wire_flow *wire_again(struct wire *w, uint32_t isn);

int __wire_inject(struct wire *w, const struct wire_seg *s);
int __wire_expect(struct wire *w, const struct wire_seg *s);
int __wire_silence(struct wire *w, int ms);
int __wire_await_ack(struct wire *w, long ack);
int __wire_take(struct wire *w, int ms);
int __wire_take_stream(struct wire *w, long end, bool ack_each);
void wire_drain(struct wire *w);

/* Milliseconds between the last two segments taken. */
long wire_gap_ms(const struct wire *w);
/* Milliseconds from the last inject to the last segment taken. */
long wire_delay_ms(const struct wire *w);

/* Is a time what it should be: no sooner than 90 %, no later than 130 % and some slack? */
bool wire_about(long ms, long want);

/* wire_conn.c: sockets at the kernel's end, and whole handshakes */
int wire_listen(struct wire *w, int backlog);
int wire_socket(struct wire *w);
int wire_connect_start(struct wire *w, int fd);
int __wire_accept(struct wire *w, const struct wire_seg *syn);
int __wire_connect(struct wire *w, const struct wire_seg *synack);
int wire_state(struct wire *w);

/* wire_reach.c: the kernel's end in any state; gives its socket */
int __wire_reach(struct wire *w, int state);

/* wire_icmp.c: what a router on the way says about a segment of the kernel's */

/**
 * struct wire_icmp - an ICMP error
 * @seq:	number of the segment that it quotes; by default that of the last one taken
 * @info:	the MTU, where the message has one; a pointer, where it has that
 * @from:	who says so; NULL stands for a router of the peer's network
 * @full:	quote this much of the segment's text; by default none
 */
struct wire_icmp {
	long seq;
	uint32_t info;
	const char *from;
	int full;
};

/**
 * struct wire_trouble - a reason why a segment did not arrive, as each family has it
 * @name:	for people
 * @v4:		type and code of ICMP, and the errno that Linux makes of it
 * @v6:		the same of ICMPv6
 */
struct wire_trouble {
	const char *name;
	struct { uint8_t type, code; int err; } v4, v6;
};

extern const struct wire_trouble wire_troubles[];
extern const int wire_ntroubles;
const char *wire_router_addr(const struct wire *w);
int wire_errno(const struct wire *w, const struct wire_trouble *t);
int __wire_icmp(struct wire *w, const struct wire_trouble *t, const struct wire_icmp *i);
int __wire_icmp_as(struct wire *w, int type, int code, long seq);
/* Rows of wire_troubles[]. */
enum {
	WIRE_NET_UNREACH, WIRE_HOST_UNREACH, WIRE_PORT_UNREACH, WIRE_PROTO_UNREACH,
	WIRE_PROHIBITED, WIRE_TIME_EXCEEDED, WIRE_PARAMETER, WIRE_TOO_BIG,
};

#define WIRE_INJ(fl, ...)						\
	(&(struct wire_seg){						\
		.flags = (fl), .seq = WIRE_AUTO, .ack = WIRE_AUTO,	\
		.win = WIRE_AUTO, .mss = WIRE_NONE, .ws = WIRE_NONE,	\
		.sackok = WIRE_NONE, .tsval = WIRE_AUTO,		\
		.tsecr = WIRE_AUTO, .nsack = WIRE_NONE, .fo = WIRE_NONE,	\
		##__VA_ARGS__ })
#define WIRE_EXP(fl, ...)						\
	(&(struct wire_seg){						\
		.flags = (fl), .seq = WIRE_AUTO, .ack = WIRE_AUTO,	\
		.win = WIRE_ANY, .mss = WIRE_ANY, .ws = WIRE_ANY,	\
		.sackok = WIRE_ANY, .tsval = WIRE_ANY,			\
		.tsecr = WIRE_ANY, .nsack = WIRE_ANY, .fo = WIRE_ANY,	\
		.urg = WIRE_ANY, .tos = WIRE_ANY, ##__VA_ARGS__ })

/* Send a segment to the kernel. */
#define wire_inject(w, fl, ...)						\
	LAB_OK(__wire_inject((w), WIRE_INJ(fl, ##__VA_ARGS__)))
/* The next segment from the kernel must be this one. */
#define wire_expect(w, fl, ...)						\
	LAB_OK(__wire_expect((w), WIRE_EXP(fl, ##__VA_ARGS__)))
/* Nothing may come for so long. */
#define wire_expect_silence(w, ms)	LAB_OK(__wire_silence((w), (ms)))
/* Pure ACKs may come; the one that counts reaches @ack. */
#define wire_await_ack(w, ack)		LAB_OK(__wire_await_ack((w), (ack)))
/* Take the next segment, whatever it is: it is in w->last. */
#define wire_take(w)			LAB_OK(__wire_take((w), 0))
/* Take data in segments of whatever size, verify it, acknowledge it, up to sequence @end. */
#define wire_take_stream(w, end)	LAB_OK(__wire_take_stream((w), (end), true))
/* The same without acknowledging. */
#define wire_take_stream_quietly(w, end) LAB_OK(__wire_take_stream((w), (end), false))
/* A passive open by the kernel with these options in the SYN; gives the accepted socket. */
#define wire_accept(w, ...)						\
	LAB_FD(__wire_accept((w), WIRE_INJ(SYN, .mss = 1460, ##__VA_ARGS__)))
/* An active open by the kernel with these options in the SYN-ACK; gives the connected socket. */
#define wire_connect(w, ...)						\
	LAB_FD(__wire_connect((w), WIRE_INJ(SYN | ACK, .mss = 1460, ##__VA_ARGS__)))

/*
 * A connection that has got to @state (TCP_SYN_SENT, TCP_CLOSING ...) by the shortest way, on the
 * present flow; gives the socket, which the program holds. SYN_RECV is that of a simultaneous open.
 */
#define wire_reach(w, state)		LAB_FD(__wire_reach((w), (state)))
/* The kernel hears that a segment of its got into this trouble: one of WIRE_NET_UNREACH ... */
#define wire_icmp(w, trouble, ...)					\
	LAB_OK(__wire_icmp((w), &wire_troubles[trouble],		\
			   &(struct wire_icmp){ .seq = WIRE_AUTO, ##__VA_ARGS__ }))
/* The same in numbers, from the peer itself. */
#define wire_icmp_as(w, type, code, seq)	LAB_OK(__wire_icmp_as((w), (type), (code), (seq)))

/*
 * A fixture whose tests each have a fresh namespace and a wire in it; they say `w`. The variable is
 * one a program because the harness runs each test in a process of its own.
 */
#define WIRE_FIXTURE(fixture)		__WIRE_FIXTURE(fixture, false)
/* The same with all timers as they are by default; such programs stand in selftests/timed.list. */
#define WIRE_TIMED_FIXTURE(fixture)	__WIRE_FIXTURE(fixture, true)
#define __WIRE_FIXTURE(fixture, timed)					\
	static struct wire *w;						\
	FIXTURE(fixture) { struct wire wire; };				\
	LAB_VARIANTS(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		w = &self->wire;					\
		__LAB_VERDICT(wire_open(w, variant->family, variant->tcplab, timed)) \
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		if (_metadata->exit_code == KSFT_FAIL)			\
			wire_ladder(w);					\
		wire_close(w);						\
	}								\
	struct wire

#endif /* LAB_WIRE_H */
