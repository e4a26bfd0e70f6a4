// SPDX-License-Identifier: GPL-2.0
/* SO_LINGER with a time: close() waits until the peer has taken all, or until the time is over. */
#include "harness.h"
#include "wire.h"

#include <pthread.h>
#include <netinet/tcp.h>

WIRE_TIMED_FIXTURE(linger);

/* close() in a thread of its own, for it sleeps. */
struct closer {
	pthread_t thread;
	int fd;
	int64_t begun_us, done_us;
	volatile bool done;
};

static void *closer(void *arg)
{
	struct closer *c = arg;

	close(c->fd);
	c->done_us = lab_now_us();
	c->done = true;
	return NULL;
}

static void start(struct __test_metadata *_metadata, struct closer *c, int fd, int seconds)
{
	struct linger soft = { .l_onoff = 1, .l_linger = seconds };

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	*c = (struct closer){ .fd = fd, .begun_us = lab_now_us() };
	ASSERT_EQ(0, pthread_create(&c->thread, NULL, closer, c));
}

static long took_ms(struct closer *c)
{
	pthread_join(c->thread, NULL);
	return (c->done_us - c->begun_us) / 1000;
}

/* Data and FIN are acknowledged in time: it is the ACK of the FIN that counts. */
TEST_F(linger, all_taken)
{
	struct closer c;
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	start(_metadata, &c, fd, 60);
	wire_expect(w, FIN | ACK, .seq = 1001);
	usleep(50000);
	EXPECT_FALSE(c.done);
	wire_inject(w, ACK, .ack = 1001);
	usleep(50000);
	EXPECT_FALSE(c.done);
	wire_inject(w, ACK);
	EXPECT_GT(10000 * lab_slow(), took_ms(&c));
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
}

/* It is not: close() returns when the time is over, and the connection ends by itself later. */
TEST_F_TIMEOUT(linger, time_over, lab_secs(60))
{
	struct closer c;
	int fd = wire_accept(w);

	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	wire_expect(w, ACK, .len = 1000);
	start(_metadata, &c, fd, 2);
	EXPECT_TRUE(wire_about(took_ms(&c), 2000))
		TH_LOG("%s", lab_why());
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
	wire_drain(w);
	wire_inject(w, ACK, .ack = 1002);
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));
	wire_inject(w, FIN | ACK, .ack = 1002);
	wire_drain(w);
	EXPECT_EQ(TCP_TIME_WAIT, wire_state(w));
}

/* The same by which LAST_ACK is left, and CLOSING. */
static void ends(struct __test_metadata *_metadata, int state, int then)
{
	int fd = wire_reach(w, state);
	struct closer c;

	start(_metadata, &c, fd, 60);
	usleep(50000);
	EXPECT_FALSE(c.done);
	wire_inject(w, ACK);
	EXPECT_GT(10000 * lab_slow(), took_ms(&c));
	EXPECT_EQ(then, wire_state(w));
	wire_new_flow(w);
}

TEST_F(linger, closing_and_last_ack)
{
	ends(_metadata, TCP_CLOSING, TCP_TIME_WAIT);
	ends(_metadata, TCP_LAST_ACK, 0);
}

/* A reset ends the waiting, too. */
TEST_F(linger, reset)
{
	struct closer c;
	int fd = wire_accept(w);

	start(_metadata, &c, fd, 60);
	wire_expect(w, FIN | ACK);
	wire_inject(w, RST);
	EXPECT_GT(10000 * lab_slow(), took_ms(&c));
	EXPECT_EQ(0, wire_state(w));
}

/* Nothing to wait for: FIN_WAIT_2 has all been said; off is off. */
TEST_F(linger, not_needed)
{
	struct closer c;
	int fd;

	start(_metadata, &c, wire_reach(w, TCP_FIN_WAIT2), 60);
	EXPECT_GT(10000 * lab_slow(), took_ms(&c));
	EXPECT_EQ(TCP_FIN_WAIT2, wire_state(w));

	wire_new_flow(w);
	fd = wire_accept(w);
	c.begun_us = lab_now_us();
	close(fd);
	EXPECT_GT(1000 * lab_slow(), (lab_now_us() - c.begun_us) / 1000);
	EXPECT_EQ(TCP_FIN_WAIT1, wire_state(w));
}

TEST_HARNESS_MAIN
