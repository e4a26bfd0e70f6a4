// SPDX-License-Identifier: GPL-2.0
/*
 * connect() from a port whose last connection is in TIME_WAIT (RFC6191 2, sysctl tw_reuse): allowed
 * if timestamps tell old segments from new ones.
 */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(tw_reuse);

#define PORT 33333

/* A socket that will connect from PORT: by bind(), or since it is all there is to choose from. */
static int socket_at_port(struct __test_metadata *_metadata, bool by_bind)
{
	int fd = LAB_FD(wire_socket(w));
	struct sockaddr_storage ss;
	socklen_t len = lab_any(&w->lab, PORT, &ss);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	if (by_bind) {
		EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	} else {
		LAB_OK(lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", "33333 33333"));
	}
	return fd;
}

static int try_connect(struct __test_metadata *_metadata, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_addr(w->lab.family, wire_peer_addr(w), w->f->pport, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) ? errno : 0;
}

/* One connection with 1000 octets each way, closed by us: its end is in TIME_WAIT. */
static uint32_t into_time_wait(struct __test_metadata *_metadata, bool by_bind, long tsval)
{
	int fd = socket_at_port(_metadata, by_bind);

	LAB_OK(wire_connect_start(w, fd));
	wire_expect(w, SYN);
	wire_inject(w, SYN | ACK, .mss = 1460, .tsval = tsval);
	wire_expect(w, ACK);
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	wire_inject(w, ACK);
	close(fd);
	wire_expect(w, FIN | ACK);
	wire_inject(w, FIN | ACK);
	wire_expect(w, ACK, .seq = 1002);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
	return w->last->seq;
}

static void knob(struct __test_metadata *_metadata, const char *value)
{
	LAB_OK(lab_sysctl_set(&w->lab, "tw_reuse", value));
}

/* Connect anew and look at the SYN: beyond all that the old connection can have sent */
static void begins_beyond(struct __test_metadata *_metadata, int fd, uint32_t snd_nxt)
{
	EXPECT_EQ(EINPROGRESS, try_connect(_metadata, fd));
	wire_again(w, 900000);
	wire_expect(w, SYN, .tsval = WIRE_SOME);
	EXPECT_EQ(snd_nxt + 65537, w->last->seq);
	wire_inject(w, SYN | ACK, .mss = 1460, .tsval = 100000);
	wire_expect(w, ACK, .seq = 1, .ack = 1);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10));
	wire_expect(w, ACK, .len = 10);
	EXPECT_EQ(TCP_ESTABLISHED, wire_state(w));
}

/* A port that the program chose itself: at once, whatever the setting */
TEST_F(tw_reuse, chosen_port)
{
	uint32_t snd_nxt = into_time_wait(_metadata, true, 5);

	knob(_metadata, "0");
	begins_beyond(_metadata, socket_at_port(_metadata, true), snd_nxt);
}

/* Without timestamps: never */
TEST_F(tw_reuse, chosen_port_without_timestamps)
{
	into_time_wait(_metadata, true, WIRE_NONE);
	EXPECT_EQ(EADDRNOTAVAIL, try_connect(_metadata, socket_at_port(_metadata, true)));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* An ephemeral port: if the setting says so, and our timestamp has moved on by a second */
TEST_F(tw_reuse, ephemeral_port)
{
	uint32_t snd_nxt;
	int fd;

	knob(_metadata, "1");
	snd_nxt = into_time_wait(_metadata, false, 5);
	wire_expect_silence(w, 2000);
	fd = LAB_FD(wire_socket(w));
	begins_beyond(_metadata, fd, snd_nxt);
}

/* By default only between two ends on the loopback device, which this peer is not */
TEST_F(tw_reuse, not_by_default)
{
	EXPECT_EQ(2, lab_sysctl(&w->lab, "tw_reuse"));
	into_time_wait(_metadata, false, 5);
	wire_expect_silence(w, 2000);
	EXPECT_EQ(EADDRNOTAVAIL, try_connect(_metadata, LAB_FD(wire_socket(w))));
	knob(_metadata, "0");
	EXPECT_EQ(EADDRNOTAVAIL, try_connect(_metadata, LAB_FD(wire_socket(w))));
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

TEST_HARNESS_MAIN
