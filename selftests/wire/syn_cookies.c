// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: nothing is kept of a SYN, and yet the connection that its third segment makes has
 * all that was agreed on.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_FIXTURE(syn_cookies);

static void cookies_mode(struct __test_metadata *_metadata, const char *mode)
{
	LAB_OK(lab_sysctl_set(&w->lab, "syncookies", mode));
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

static int take_child(struct __test_metadata *_metadata)
{
	EXPECT_EQ(POLLIN, lab_wait(w->lfd, POLLIN));
	return LAB_FD(accept(w->lfd, NULL, NULL));
}

/* RFC4987 3.6: the SYN leaves no state; window scale and SACK come back in the timestamp */
TEST_F(syn_cookies, remembers_options)
{
	struct tcp_info info;
	long long sent, good;
	int fd;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	sent = lab_counter(&w->lab, "SyncookiesSent");
	good = lab_counter(&w->lab, "SyncookiesRecv");
	wire_inject(w, SYN, .mss = 1460, .ws = 7, .sackok = 1, .tsval = 4711);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1, .mss = wire_mss(w), .ws = WIRE_SOME,
		    .sackok = 1, .tsval = WIRE_SOME, .tsecr = 4711);
	EXPECT_EQ(sent + 1, lab_counter(&w->lab, "SyncookiesSent"));
	EXPECT_EQ(0, wire_state(w));

	wire_inject(w, ACK);
	fd = take_child(_metadata);
	EXPECT_EQ(good + 1, lab_counter(&w->lab, "SyncookiesRecv"));
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	info = info_of(fd);
	EXPECT_EQ(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE,
		  info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	EXPECT_EQ(7, (int)info.tcpi_snd_wscale);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	wire_inject(w, ACK, .len = 500);
	wire_await_ack(w, 501);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 500));
}

/*
 * The SYN queue was full, so a cookie went out; the SYN came again, and found room: the ACK of
 * either SYN-ACK is good.
 */
TEST_F(syn_cookies, syn_again_finds_room)
{
	uint32_t cookie_isn;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .tsval = 1);
	wire_expect(w, SYN | ACK, .seq = 0, .ack = 1);
	cookie_isn = w->f->irs;
	cookies_mode(_metadata, "1");
	wire_inject(w, SYN, .seq = 0, .mss = 1460, .tsval = 1);
	wire_take(w);
	EXPECT_EQ(SYN | ACK, w->last->s.flags);
	EXPECT_EQ(TCP_SYN_RECV, wire_state(w));
	w->f->irs = cookie_isn;
	wire_inject(w, ACK, .seq = 1, .ack = 1);
	if (LAB_DIFFERS(&w->lab, true, false, "Linux forgets it until the request is gone")) {
		wire_expect_silence(w, 300);
		return;
	}
	take_child(_metadata);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
	wire_inject(w, ACK, .seq = 1, .ack = 1, .len = 10);
	wire_await_ack(w, 11);
}

/* What the administrator does not want is not agreed on, whatever the ACK says. */
TEST_F(syn_cookies, options_refused)
{
	struct tcp_info info;

	LAB_OK(lab_sysctl_set(&w->lab, "timestamps", "0"));
	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .ws = 7, .sackok = 1, .tsval = 4711);
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = WIRE_NONE, .tsval = WIRE_NONE);
	wire_inject(w, ACK, .tsval = 4712, .tsecr = 5);
	if (LAB_DIFFERS(&w->lab, true, false, "Linux drops such an ACK"))
		return;
	info = info_of(take_child(_metadata));
	EXPECT_EQ(0, info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
}

/* Each of the options by itself */
TEST_F(syn_cookies, options_apart)
{
	struct tcp_info info;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .ws = 0, .tsval = 1);
	wire_expect(w, SYN | ACK, .ws = WIRE_SOME, .sackok = WIRE_NONE, .tsval = WIRE_SOME);
	wire_inject(w, ACK);
	info = info_of(take_child(_metadata));
	EXPECT_EQ(TCPI_OPT_WSCALE, info.tcpi_options & (TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	EXPECT_EQ(0, (int)info.tcpi_snd_wscale);

	wire_new_flow(w);
	wire_inject(w, SYN, .mss = 1460, .sackok = 1, .tsval = 1);
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = 1, .tsval = WIRE_SOME);
	wire_inject(w, ACK);
	info = info_of(take_child(_metadata));
	EXPECT_EQ(TCPI_OPT_SACK, info.tcpi_options & (TCPI_OPT_SACK | TCPI_OPT_WSCALE));
}

/* What a cookie's SYN-ACK granted of ECN, and what came back of it. */
static void ecn_by_cookie(struct __test_metadata *_metadata, bool keep)
{
	int fd;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN | ECE | CWR, .mss = 1460, .tsval = 4711);
	wire_expect(w, SYN | ACK | ECE, .tos = 0, .tsval = WIRE_SOME);
	if (!keep)
		LAB_OK(lab_sysctl_set(&w->lab, "ecn", "0"));
	wire_inject(w, ACK);
	fd = take_child(_metadata);
	EXPECT_EQ(keep ? TCPI_OPT_ECN : 0, info_of(fd).tcpi_options & TCPI_OPT_ECN);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
	wire_expect(w, ACK, .len = 100, .tos = keep ? 2 : 0);
}

/* RFC3168 6.1.1, RFC4987 3.6: ECN comes back in the timestamp, too */
TEST_F(syn_cookies, remembers_ecn)
{
	ecn_by_cookie(_metadata, true);
}

/* ... unless the administrator has changed his mind. */
TEST_F(syn_cookies, ecn_not_wanted_any_more)
{
	ecn_by_cookie(_metadata, false);
}

/* It is remembered if it was agreed on, and not else. */
TEST_F(syn_cookies, no_ecn)
{
	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .tsval = 4711);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(0, info_of(take_child(_metadata)).tcpi_options & TCPI_OPT_ECN);
	/* no timestamp: nowhere to keep it */
	wire_new_flow(w);
	wire_inject(w, SYN | ECE | CWR, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK);
	EXPECT_EQ(0, info_of(take_child(_metadata)).tcpi_options & TCPI_OPT_ECN);
}

/* Without a timestamp there is nowhere to keep them: they are not agreed on. */
TEST_F(syn_cookies, no_timestamp_no_options)
{
	struct tcp_info info;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460, .ws = 7, .sackok = 1);
	wire_expect(w, SYN | ACK, .ws = WIRE_NONE, .sackok = WIRE_NONE, .tsval = WIRE_NONE);
	wire_inject(w, ACK);
	info = info_of(take_child(_metadata));
	EXPECT_EQ(0, info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
}

/* The MSS is remembered, if not exactly: never more than the peer said. */
TEST_F(syn_cookies, remembers_mss)
{
	static const int all[] = { 536, 600, 1300, 1460 }, large[] = { 1220, 1300, 1440, 1460 };
	/* Linux's smallest over IPv6 is 1220: a smaller one would be exceeded */
	bool floor = LAB_DIFFERS(&w->lab, w->lab.family == AF_INET6, false, "its table is short");
	const int *said = floor ? large : all;
	unsigned int i;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 8));
	for (i = 0; i < 4; i++) {
		int fd;

		wire_inject(w, SYN, .mss = said[i]);
		wire_expect(w, SYN | ACK);
		wire_inject(w, ACK);
		fd = take_child(_metadata);
		LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 4000));
		wire_take(w);
		EXPECT_GE(said[i], w->last->s.len);
		EXPECT_LE(536, w->last->s.len);
		wire_new_flow(w);
	}
}

/* The third segment was lost: data completes the handshake as well. */
TEST_F(syn_cookies, data_brings_it_up)
{
	int fd;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	wire_inject(w, ACK, .len = 100);
	fd = take_child(_metadata);
	wire_await_ack(w, 101);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 100));
}

/* A number that we never made is answered as any stray ACK (RFC9293 3.10.7.2). */
TEST_F(syn_cookies, forged)
{
	long long bad;

	cookies_mode(_metadata, "2");
	LAB_FD(wire_listen(w, 4));
	wire_inject(w, SYN, .mss = 1460);
	wire_expect(w, SYN | ACK);
	bad = lab_counter(&w->lab, "SyncookiesFailed");
	wire_inject(w, ACK, .ack = 12345);
	wire_expect(w, RST, .seq = 12345);
	EXPECT_EQ(bad + 1, lab_counter(&w->lab, "SyncookiesFailed"));
	/* a good number of ours, but of another connection's */
	wire_inject(w, ACK, .seq = 77, .ack = 1);
	wire_expect(w, RST, .seq = 1);
	EXPECT_EQ(bad + 2, lab_counter(&w->lab, "SyncookiesFailed"));
	EXPECT_EQ(0, lab_poll(w->lfd, POLLIN, 0));
}

/* syncookies = 1: only when the SYN queue is full. All of them come up, one after the other. */
TEST_F(syn_cookies, only_when_full)
{
	struct wire_flow *flow[6];
	long long sent;
	int i;

	cookies_mode(_metadata, "1");
	LAB_FD(wire_listen(w, 2));
	sent = lab_counter(&w->lab, "SyncookiesSent");
	for (i = 0; i < 6; i++) {
		flow[i] = i ? wire_new_flow(w) : w->f;
		wire_inject(w, SYN, .mss = 1460);
		wire_expect(w, SYN | ACK);
		EXPECT_TRUE(i || lab_counter(&w->lab, "SyncookiesSent") == sent);
	}
	EXPECT_LT(sent, lab_counter(&w->lab, "SyncookiesSent"));
	for (i = 0; i < 6; i++) {
		wire_use(w, flow[i]);
		wire_inject(w, ACK);
		EXPECT_EQ(flow[i]->pport, lab_peer_port(take_child(_metadata)));
	}
}

/* syncookies = 0: a full SYN queue drops SYNs, and stray ACKs are no cookies. */
TEST_F(syn_cookies, switched_off)
{
	long long sent, drops;
	int i;

	cookies_mode(_metadata, "0");
	LAB_FD(wire_listen(w, 1));
	sent = lab_counter(&w->lab, "SyncookiesSent");
	drops = lab_counter(&w->lab, "ListenDrops");
	for (i = 0; i < 6; i++) {
		wire_inject(w, SYN, .mss = 1460);
		wire_new_flow(w);
	}
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "ListenDrops") >= drops + 4));
	EXPECT_EQ(sent, lab_counter(&w->lab, "SyncookiesSent"));
}

TEST_HARNESS_MAIN
