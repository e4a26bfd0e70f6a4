// SPDX-License-Identifier: GPL-2.0
/* Bad links, by netem in both directions: loss, delay, disorder, duplication, corruption. */
#include "harness.h"
#include "topo.h"

FIXTURE(bad_link) { struct lab lab; struct topo t; };
LAB_VARIANTS(bad_link);
FIXTURE_SETUP(bad_link)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(topo_two_hosts(&self->t, &self->lab));
	if (topo_netem(&self->t, "delay 1ms") < 0) {
		if (getenv("TCPLAB_EXPECT_ALL"))
			ASSERT_TRUE(false)
				TH_LOG("netem is missing");
		SKIP(return, "netem is missing");
	}
}

FIXTURE_TEARDOWN(bad_link) { }

TEST_F_TIMEOUT(bad_link, loss_and_delay, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "loss 2% delay 20ms limit 10000"));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

TEST_F_TIMEOUT(bad_link, heavy_loss, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "loss 10% delay 2ms limit 10000"));
	LAB_OK(topo_transfer(&self->t, 1, 128 << 10, 0));
}

TEST_F_TIMEOUT(bad_link, reordering, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "delay 10ms reorder 25% 50% limit 10000"));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

TEST_F_TIMEOUT(bad_link, duplication, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "duplicate 5% delay 2ms limit 10000"));
	LAB_OK(topo_transfer(&self->t, 1, 2 << 20, 0));
}

/* RFC9293 MUST-3: what is corrupted must be thrown away, and come again */
TEST_F_TIMEOUT(bad_link, corruption, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "corrupt 1% delay 2ms limit 10000"));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

/* A short queue: the sender's own bursts are the loss */
TEST_F_TIMEOUT(bad_link, narrow, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "rate 20mbit delay 5ms limit 20"));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

/* Everything at once, on several connections */
TEST_F_TIMEOUT(bad_link, all_at_once, lab_secs(120))
{
	LAB_OK(topo_netem(&self->t, "loss 1% duplicate 1% corrupt 0.5% delay 5ms 3ms limit 10000"));
	LAB_OK(topo_transfer(&self->t, 5, 128 << 10, 0));
}

TEST_HARNESS_MAIN
