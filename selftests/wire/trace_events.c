// SPDX-License-Identifier: GPL-2.0
/* What loss recovery does can be seen: an event for each loss, retransmission, undo and state. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>
#include <sys/mount.h>

#define TRACE "/sys/kernel/tracing/"

WIRE_TIMED_FIXTURE(trace_events);

static int watch(void)
{
	static const char * const events[] = {
		"tl_lost", "tl_retransmit", "tl_undo", "tl_ca_state",
	};
	char path[100];
	unsigned int i;

	if (access(TRACE "trace", F_OK) && mount("tracefs", TRACE, "tracefs", 0, NULL))
		return -1;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), TRACE "events/tcplab/%s/enable", events[i]);
		if (lab_write_file(path, "1"))
			return -1;
	}
	return close(open(TRACE "trace", O_WRONLY | O_TRUNC));	/* forget what is in it */
}

static void unwatch(void)
{
	lab_write_file(TRACE "events/tcplab/enable", "0");
}

static char text[1 << 20];

/* Do lines with @event and, somewhere behind it, @args come next, in this order? */
static const char *next_line(const char *from, const char *event, const char *args)
{
	const char *p, *end, *hit;

	for (p = strstr(from, event); p; p = strstr(p + 1, event)) {
		end = strchr(p, '\n');
		hit = strstr(p, args);
		if (hit && end && hit < end)
			return end;
	}
	return NULL;
}

#define EXPECT_EVENT(event, args) do {						\
	const char *found = next_line(at, event ":", args);			\
										\
	EXPECT_NE(NULL, found)							\
		TH_LOG("no " event " with " args " behind:\n%s", at);		\
	at = found ?: at;							\
} while (0)

TEST_F(trace_events, loss_and_undo)
{
	const char *at = text;
	int fd;

	if (w->lab.oracle)
		return;		/* only tcplab has these */
	ASSERT_EQ(0, watch());
	fd = wire_accept(w, .mss = 1000, .sackok = 1);
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	wire_inject(w, ACK, .ack = 1001);

	wire_inject(w, ACK, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	wire_expect(w, ACK, .seq = 1001, .len = 1000);
	/* all is acknowledged, and what went again had arrived before */
	wire_inject(w, ACK, .ack = 10001, .nsack = 1, .sack = { { 1001, 2001 } });
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&w->lab, "TCPFullUndo") == 1));

	LAB_OK(lab_read_file(TRACE "trace", text, sizeof(text)));
	EXPECT_EVENT("tl_lost", "len=1000 why=rack");
	EXPECT_EVENT("tl_ca_state", "from=Open to=Recovery");
	EXPECT_EVENT("tl_retransmit", "len=1000 ca_state=3 why=fast");
	EXPECT_EVENT("tl_undo", "ca_state=3 why=undo");
	EXPECT_EVENT("tl_ca_state", "from=Recovery to=Open");
	unwatch();
}

/* RFC6298 5.4: by the timer; the rest follows as ACKs come. */
TEST_F(trace_events, timeout)
{
	const char *at = text;
	int fd;

	if (w->lab.oracle)
		return;
	ASSERT_EQ(0, watch());
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 2000));
	wire_take_stream_quietly(w, 2001);
	wire_expect(w, ACK, .seq = 1, .len = 1000, .ms = 5000);
	wire_inject(w, ACK, .ack = 1001);
	wire_expect(w, ACK, .seq = 1001, .len = 1000);

	LAB_OK(lab_read_file(TRACE "trace", text, sizeof(text)));
	EXPECT_EVENT("tl_lost", "len=2000 why=rto");
	EXPECT_EVENT("tl_ca_state", "from=Open to=Loss");
	EXPECT_EVENT("tl_retransmit", "len=1000 ca_state=4 why=rto");
	EXPECT_EVENT("tl_retransmit", "len=1000 ca_state=4 why=loss");
	unwatch();
}

/* RFC5681 3.2: without SACK the third duplicate ACK does it. */
TEST_F(trace_events, duplicate_acks)
{
	const char *at = text;
	int fd, i;

	if (w->lab.oracle)
		return;
	ASSERT_EQ(0, watch());
	fd = wire_accept(w, .mss = 1000);
	LAB_OK(lab_set_opt(fd, SOL_TCP, TCP_NODELAY, 1));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 10000));
	wire_take_stream_quietly(w, 10001);
	for (i = 0; i < 3; i++)
		wire_inject(w, ACK, .ack = 1);
	wire_expect(w, ACK, .seq = 1, .len = 1000);

	LAB_OK(lab_read_file(TRACE "trace", text, sizeof(text)));
	EXPECT_EVENT("tl_ca_state", "from=Open to=Disorder");
	EXPECT_EVENT("tl_lost", "len=1000 why=dupack");
	EXPECT_EVENT("tl_ca_state", "from=Disorder to=Recovery");
	EXPECT_EVENT("tl_retransmit", "len=1000 ca_state=3 why=fast");
	unwatch();
}

TEST_HARNESS_MAIN
