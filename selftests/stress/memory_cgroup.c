// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a control group (memory.max) is used up by its sockets: nobody is killed, the
 * queues stay within bounds, connections get on, and all that was charged is given back.
 *
 * A process makes the sockets in the group and goes: they stay the group's, which nobody is in who
 * could be killed.
 */
#include "harness.h"
#include "bpf.h"

#define CONNS	2
#define TOTAL	3000000			/* octets that each connection has to carry */
#define AT_FIRST	600000		/* of them while memory is short */
#define LIMIT	"524288"
#define SLACK	(256 << 10)		/* what is needed to get on at all is charged beyond it */

/* CONNS connections, @in reading, @out written to by a process each */
struct flows {
	struct lab_cgroup group;
	int in[CONNS], out[CONNS];
	pid_t writer[CONNS];
};

FIXTURE(memory_cgroup) {
	struct lab lab;
	struct flows f;
};

LAB_VARIANTS(memory_cgroup);

FIXTURE_SETUP(memory_cgroup)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_cgroup_new(&self->f.group));
}

FIXTURE_TEARDOWN(memory_cgroup)
{
	lab_cgroup_end(&self->f.group);
}

static long charged(const struct flows *f)
{
	return lab_cgroup_stat(&f->group, "memory.stat", "sock");
}

static long events(const struct flows *f, const char *name)
{
	return lab_cgroup_stat(&f->group, "memory.events", name);
}

/* @readers: those in the group read, else they write. Either is who could queue much. */
static int connect_all(struct lab *lab, struct flows *f, bool readers)
{
	int lfd = lab_listen(lab, 0, CONNS), i;

	if (lfd < 0 || lab_set_opt(lfd, SOL_SOCKET, SO_RCVBUFFORCE, readers ? 2000000 : 32768))
		return -1;
	for (i = 0; i < CONNS; i++) {
		if (!readers && lab_cgroup_join(&f->group))
			return -1;
		f->out[i] = lab_connect_to(lab, lab_port(lfd));
		if (f->out[i] < 0 || (readers && lab_cgroup_join(&f->group)))
			return -1;
		if (!readers && lab_cgroup_leave())
			return -1;
		f->in[i] = accept(lfd, NULL, NULL);
		if (f->in[i] < 0)
			return lab_fail("accept: %m");
		if (readers && lab_cgroup_leave())
			return -1;
		if (readers && lab_set_opt(f->out[i], SOL_SOCKET, SO_SNDBUF, 65536))
			return -1;
	}
	close(lfd);
	return 0;
}

/* Each writes all that there is to write, however long that takes. */
static void write_all(struct flows *f)
{
	for (int i = 0; i < CONNS; i++) {
		f->writer[i] = fork();
		if (f->writer[i])
			continue;
		for (int j = 0; j < CONNS; j++) {
			close(f->in[j]);
			if (j != i)
				close(f->out[j]);
		}
		_exit(lab_send(f->out[i], LAB_TO_PEER, 0, TOTAL) != 0);
	}
}

/* Nobody reads and nobody can write; how much is there has not changed since we looked last. */
static bool at_rest(const struct flows *f)
{
	static int before[CONNS];
	bool same = true;

	for (int i = 0; i < CONNS; i++) {
		int now = 0;

		ioctl(f->in[i], FIONREAD, &now);
		same = same && now && now == before[i] && lab_asleep(f->writer[i]);
		before[i] = now;
	}
	return same;
}

/*
 * Some of it is read as long as memory is short, the rest afterwards: every octet, in order. Then
 * nothing is charged, and nobody was killed.
 */
static void read_all(struct __test_metadata *_metadata, struct flows *f)
{
	int i, status;

	for (i = 0; i < CONNS; i++) {
		close(f->out[i]);
		LAB_OK(lab_recv(f->in[i], LAB_TO_PEER, 0, AT_FIRST));
	}
	EXPECT_LT(0, events(f, "max"));
	LAB_OK(lab_cgroup_set(&f->group, "memory.max", "max"));
	for (i = 0; i < CONNS; i++) {
		LAB_OK(lab_recv(f->in[i], LAB_TO_PEER, AT_FIRST, TOTAL - AT_FIRST));
		ASSERT_EQ(f->writer[i], waitpid(f->writer[i], &status, 0));
		EXPECT_EQ(0, status);
		LAB_OK(lab_recv_eof(f->in[i]));
		close(f->in[i]);
	}
	EXPECT_TRUE(LAB_UNTIL(charged(f) == 0));
	EXPECT_EQ(0, events(f, "oom_kill"));
}

/*
 * Who reads is short of memory. What comes is charged all the same, for a softirq can't wait: the
 * receive buffer is the bound.
 */
TEST_F_TIMEOUT(memory_cgroup, readers, lab_secs(120))
{
	struct flows *f = &self->f;
	long most = 0;
	int i;

	LAB_OK(connect_all(&self->lab, f, true));
	for (i = 0; i < CONNS; i++)
		most += lab_opt(f->in[i], SOL_SOCKET, SO_RCVBUF);
	LAB_OK(lab_cgroup_set(&f->group, "memory.max", LIMIT));
	write_all(f);
	EXPECT_TRUE(LAB_UNTIL(at_rest(f)));
	EXPECT_GE(most, charged(f));
	read_all(_metadata, f);
}

/* Who writes: what is not charged is not taken. */
TEST_F_TIMEOUT(memory_cgroup, writers, lab_secs(120))
{
	struct flows *f = &self->f;

	LAB_OK(connect_all(&self->lab, f, false));
	LAB_OK(lab_cgroup_set(&f->group, "memory.max", LIMIT));
	write_all(f);
	EXPECT_TRUE(LAB_UNTIL(at_rest(f)));
	EXPECT_GE(atol(LIMIT) + SLACK, charged(f));
	read_all(_metadata, f);
}

TEST_HARNESS_MAIN
