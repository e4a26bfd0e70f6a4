// SPDX-License-Identifier: GPL-2.0
/* A router between the hosts: forwarding, and a smaller MTU on its far side. */
#include "harness.h"
#include "topo.h"

TOPO_FIXTURE(router, topo_router);

TEST_F_TIMEOUT(router, clean, lab_secs(60))
{
	LAB_OK(topo_transfer(&self->t, 2, 2 << 20, 0));
}

/* RFC1191, RFC8201: the far link is smaller; the router says so (or the sender finds out) */
TEST_F_TIMEOUT(router, smaller_far_link, lab_secs(120))
{
	LAB_OK(topo_mtu(&self->t, 1300));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

/* RFC4821: it says nothing; what gets through is found by trying */
TEST_F_TIMEOUT(router, silent_far_link, lab_secs(120))
{
	LAB_OK(lab_sysctl_set(&self->lab, "mtu_probing", "1"));
	LAB_OK(lab_sysctl_set(&self->lab, "retries1", "1"));
	LAB_OK(topo_black_hole(&self->t, 1300));
	LAB_OK(topo_transfer(&self->t, 1, 1 << 20, 0));
}

TEST_HARNESS_MAIN
