// SPDX-License-Identifier: GPL-2.0
/* SO_REUSEPORT: listeners on one address and port share the connections that come. */
#define _GNU_SOURCE
#include "harness.h"

#include <sched.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/syscall.h>

LAB_FIXTURE(reuse_port);

#define PORT 5555

/* Not yet listening */
static int member(struct __test_metadata *_metadata, struct lab *lab)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, PORT, &ss);
	int fd = LAB_FD(lab_socket(lab, SOCK_NONBLOCK));

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
	return fd;
}

static void group(struct __test_metadata *_metadata, struct lab *lab, int *fd, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		fd[i] = member(_metadata, lab);
		ASSERT_EQ(0, listen(fd[i], 64));
	}
}

/* Let @n clients come; who got how many? */
static void share(struct __test_metadata *_metadata, struct lab *lab, const int *fd, int *got,
		  int members, int n)
{
	int i, j;

	memset(got, 0, members * sizeof(*got));
	for (i = 0; i < n; i++) {
		int c = LAB_FD(lab_connect_to(lab, PORT)), child = -1;

		EXPECT_TRUE(LAB_UNTIL(({
			for (j = 0; j < members && child < 0; j++)
				child = accept(fd[j], NULL, NULL);
			child >= 0;
		})));
		got[j - 1]++;
		close(c);
		close(child);
	}
}

/* By a hash of both ends: everybody gets some. */
TEST_F(reuse_port, everybody_gets_some)
{
	int fd[3], got[3], i;

	group(_metadata, &self->lab, fd, 3);
	share(_metadata, &self->lab, fd, got, 3, 90);
	for (i = 0; i < 3; i++)
		EXPECT_LT(5, got[i]);
	/* those who are left share what comes */
	close(fd[1]);
	share(_metadata, &self->lab, (int[]){ fd[0], fd[2] }, got, 2, 40);
	EXPECT_LT(5, got[0]);
	EXPECT_LT(5, got[1]);
}

/* One who joins later takes part; one who listens anew, too. */
TEST_F(reuse_port, come_and_go)
{
	int fd[2], got[2];

	group(_metadata, &self->lab, fd, 1);
	share(_metadata, &self->lab, fd, got, 1, 4);
	group(_metadata, &self->lab, fd + 1, 1);
	share(_metadata, &self->lab, fd, got, 2, 40);
	EXPECT_LT(5, got[1]);
	EXPECT_EQ(0, shutdown(fd[0], SHUT_RD));
	share(_metadata, &self->lab, fd + 1, got, 1, 20);
	EXPECT_EQ(0, listen(fd[0], 64));
	share(_metadata, &self->lab, fd, got, 2, 40);
	EXPECT_LT(5, got[0]);
	EXPECT_LT(5, got[1]);
}

/* The option is needed by all of them, and the same user. */
TEST_F(reuse_port, needed_by_all)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, PORT, &ss);
	int fd[1], other = LAB_FD(lab_socket(&self->lab, 0));

	group(_metadata, &self->lab, fd, 1);
	LAB_ERRNO(EADDRINUSE, bind(other, (struct sockaddr *)&ss, len));
	LAB_OK(lab_set_opt(other, SOL_SOCKET, SO_REUSEADDR, 1));
	LAB_ERRNO(EADDRINUSE, bind(other, (struct sockaddr *)&ss, len));

	other = LAB_FD(lab_socket(&self->lab, 0));
	ASSERT_EQ(0, fchown(other, 12345, -1));
	LAB_OK(lab_set_opt(other, SOL_SOCKET, SO_REUSEPORT, 1));
	LAB_ERRNO(EADDRINUSE, bind(other, (struct sockaddr *)&ss, len));
}

/* A BPF program that chooses the member by number */
static void choose(struct __test_metadata *_metadata, int fd, unsigned int number)
{
	struct sock_filter insn = BPF_STMT(BPF_RET | BPF_K, number);
	struct sock_fprog prog = { .len = 1, .filter = &insn };

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog)));
}

TEST_F(reuse_port, bpf_chooses)
{
	int fd[3], got[3];

	group(_metadata, &self->lab, fd, 3);
	choose(_metadata, fd[0], 2);
	share(_metadata, &self->lab, fd, got, 3, 20);
	EXPECT_EQ(20, got[2]);
	choose(_metadata, fd[1], 0);		/* whichever member it is given to */
	share(_metadata, &self->lab, fd, got, 3, 20);
	EXPECT_EQ(20, got[0]);
	choose(_metadata, fd[0], 17);		/* there is no such: by hash again */
	share(_metadata, &self->lab, fd, got, 3, 90);
	EXPECT_LT(5, got[0]);
	EXPECT_LT(5, got[1]);
	EXPECT_LT(5, got[2]);
}

/* The program can be there before the group is; but a port that others have it no longer shares. */
TEST_F(reuse_port, bpf_before_listening)
{
	int fd[2] = { member(_metadata, &self->lab) }, got[2];

	choose(_metadata, fd[0], 1);
	fd[1] = member(_metadata, &self->lab);
	LAB_ERRNO(EADDRINUSE, listen(fd[0], 64));
	close(fd[1]);
	ASSERT_EQ(0, listen(fd[0], 64));
	group(_metadata, &self->lab, fd + 1, 1);
	share(_metadata, &self->lab, fd, got, 2, 20);
	EXPECT_EQ(20, got[1]);
}

TEST_F(reuse_port, ebpf_chooses)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type	= BPF_PROG_TYPE_SOCKET_FILTER,
		.insns		= (uintptr_t)insns,
		.insn_cnt	= 2,
		.license	= (uintptr_t)"GPL",
	};
	int fd[2], got[2], prog = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (prog < 0 && errno == ENOSYS)
		SKIP(return, "this kernel has no bpf()");
	ASSERT_LE(0, prog);
	group(_metadata, &self->lab, fd, 2);
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &prog, sizeof(prog)));
	share(_metadata, &self->lab, fd, got, 2, 20);
	EXPECT_EQ(20, got[1]);
}

/* This CPU only, from now on; what is sent over the loopback is received there, too. */
static int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static bool two_cpus(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_ISSET(0, &set) && CPU_ISSET(1, &set);
}

/* Each listener's CPU, then @n clients from each of CPU 0 and 1 */
static void share_by_cpu(struct __test_metadata *_metadata, struct lab *lab, const int *fd,
			 int got[2][3], int n)
{
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		ASSERT_EQ(0, run_on(cpu));
		share(_metadata, lab, fd, got[cpu], 3, n);
	}
}

/* SO_INCOMING_CPU, set before listen() or after it: whose CPU it is gets the connection. */
TEST_F(reuse_port, cpu_chooses)
{
	int fd[3], got[2][3], i;

	if (!two_cpus())
		SKIP(return, "one processor only");
	for (i = 0; i < 3; i++) {
		fd[i] = member(_metadata, &self->lab);
		if (i < 2)
			LAB_OK(lab_set_opt(fd[i], SOL_SOCKET, SO_INCOMING_CPU, i));
		ASSERT_EQ(0, listen(fd[i], 64));
	}
	share_by_cpu(_metadata, &self->lab, fd, got, 20);
	EXPECT_EQ(20, got[0][0]);
	EXPECT_EQ(20, got[1][1]);

	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_INCOMING_CPU, -1));
	LAB_OK(lab_set_opt(fd[2], SOL_SOCKET, SO_INCOMING_CPU, 0));
	share_by_cpu(_metadata, &self->lab, fd, got, 20);
	EXPECT_EQ(20, got[0][2]);
	EXPECT_EQ(20, got[1][1]);
	/* connections that come leave a listener's as it was set */
	EXPECT_EQ(-1, lab_opt(fd[0], SOL_SOCKET, SO_INCOMING_CPU));
	EXPECT_EQ(1, lab_opt(fd[1], SOL_SOCKET, SO_INCOMING_CPU));
	EXPECT_EQ(0, lab_opt(fd[2], SOL_SOCKET, SO_INCOMING_CPU));
}

/* On a CPU that is nobody's all get some; so they do when the one whose it was has gone. */
TEST_F(reuse_port, cpu_of_nobody)
{
	int fd[3], got[2][3], i;

	if (!two_cpus())
		SKIP(return, "one processor only");
	group(_metadata, &self->lab, fd, 3);
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_INCOMING_CPU, 1));
	share_by_cpu(_metadata, &self->lab, fd, got, 60);
	for (i = 0; i < 3; i++)
		EXPECT_LT(3, got[0][i]);
	EXPECT_EQ(60, got[1][1]);

	close(fd[1]);
	share(_metadata, &self->lab, (int[]){ fd[0], fd[2] }, got[1], 2, 40);
	EXPECT_LT(3, got[1][0]);
	EXPECT_LT(3, got[1][1]);
}

/* A program has the first word. */
TEST_F(reuse_port, bpf_before_cpu)
{
	int fd[3], got[2][3];

	if (!two_cpus())
		SKIP(return, "one processor only");
	group(_metadata, &self->lab, fd, 3);
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_INCOMING_CPU, 0));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_INCOMING_CPU, 1));
	choose(_metadata, fd[0], 2);
	share_by_cpu(_metadata, &self->lab, fd, got, 10);
	EXPECT_EQ(10, got[0][2]);
	EXPECT_EQ(10, got[1][2]);
}

/* A connection's is where its segments came last. */
TEST_F(reuse_port, cpu_of_connection)
{
	int fd[2], cpu;

	if (!two_cpus())
		SKIP(return, "one processor only");
	LAB_OK(lab_pair(&self->lab, fd));
	for (cpu = 0; cpu < 4; cpu++) {
		ASSERT_EQ(0, run_on(cpu % 2));
		LAB_OK(lab_send(fd[0], LAB_TO_PEER, cpu, 1));
		LAB_OK(lab_recv(fd[1], LAB_TO_PEER, cpu, 1));
		EXPECT_EQ(cpu % 2, lab_opt(fd[1], SOL_SOCKET, SO_INCOMING_CPU));
	}
}

TEST_HARNESS_MAIN
