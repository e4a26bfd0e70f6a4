// SPDX-License-Identifier: GPL-2.0
/*
 * What watches sockets from outside: BPF programs of a control group, Linux security modules,
 * netfilter, and the memory controller.
 */
#include "harness.h"
#include "bpf.h"

#include <stdlib.h>
#include <linux/sockios.h>

FIXTURE(hooks) {
	struct lab lab;
	struct lab_cgroup group;
};

LAB_VARIANTS(hooks);

FIXTURE_SETUP(hooks)
{
	LAB_BEGIN(&self->lab);
	LAB_OK(lab_cgroup_new(&self->group));
}

FIXTURE_TEARDOWN(hooks)
{
	lab_cgroup_end(&self->group);
}

static int by_family(const struct lab *lab, int v4, int v6)
{
	return lab->family == AF_INET ? v4 : v6;
}

static int load_connect(const struct lab *lab, const struct bpf_insn *insns, int n)
{
	return lab_bpf_load(&(struct lab_bpf){
		.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.attach = by_family(lab, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT),
		.insns = insns, .n = n });
}

/* cgroup/connect4, connect6: no */
TEST_F(hooks, connect_refused)
{
	const struct bpf_insn insns[] = { BPF_SET(0, 0), BPF_END_PROG };
	int attach = by_family(&self->lab, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT);
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), prog;

	prog = LAB_FD(load_connect(&self->lab, insns, 2));
	LAB_OK(lab_bpf_attach(&self->group, prog, attach));
	LAB_OK(lab_cgroup_join(&self->group));
	EXPECT_GT(0, lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_EQ(EPERM, errno);
	LAB_OK(lab_bpf_detach(&self->group, prog, attach));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
}

/* cgroup/connect4, connect6: elsewhere */
TEST_F(hooks, connect_diverted)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd;
	const struct bpf_insn insns[] = {
		BPF_SET(2, htons(lab_port(listener))),
		BPF_STORE32(1, offsetof(struct bpf_sock_addr, user_port), 2),
		BPF_SET(0, 1), BPF_END_PROG,
	};
	int attach = by_family(&self->lab, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT);

	LAB_OK(lab_bpf_attach(&self->group, LAB_FD(load_connect(&self->lab, insns, 4)), attach));
	LAB_OK(lab_cgroup_join(&self->group));
	fd = LAB_FD(lab_connect_to(&self->lab, 1));
	EXPECT_EQ(lab_port(listener), lab_peer_port(fd));
}

/* cgroup/bind4, bind6, and post_bind: no */
TEST_F(hooks, bind_refused)
{
	static const struct { int type, v4, v6; } hooks[] = {
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND,
		  BPF_CGROUP_INET6_POST_BIND },
	};
	const struct bpf_insn insns[] = { BPF_SET(0, 0), BPF_END_PROG };
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, 4000, &ss);
	int i, fd, prog;

	LAB_OK(lab_cgroup_join(&self->group));
	for (i = 0; i < 2; i++) {
		int attach = by_family(&self->lab, hooks[i].v4, hooks[i].v6);

		fd = LAB_FD(lab_socket(&self->lab, 0));
		prog = LAB_FD(lab_bpf_load(&(struct lab_bpf){ .type = hooks[i].type,
			.attach = attach, .insns = insns, .n = 2 }));
		LAB_OK(lab_bpf_attach(&self->group, prog, attach));
		EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&ss, len));
		EXPECT_EQ(EPERM, errno);
		LAB_OK(lab_bpf_detach(&self->group, prog, attach));
		EXPECT_EQ(0, bind(fd, (struct sockaddr *)&ss, len));
		close(fd);
	}
}

enum { PRIORITIES = 8 };

/* Count what a group's sockets send, or get, of the protocol: each priority has its count. */
static int count_packets(struct __test_metadata *_metadata, const struct lab *lab,
			 const struct lab_cgroup *g, int attach)
{
	int map = LAB_FD(lab_bpf_counters(PRIORITIES));
	const struct bpf_insn insns[] = {
		BPF_LOAD32(6, 1, offsetof(struct __sk_buff, priority)),
		BPF_SET(2, by_family(lab, 9, 6)),		/* protocol, next header */
		BPF_COPY(3, 10),
		BPF_PLUS(3, -8),
		BPF_SET(4, 1),
		BPF_CALL_FUNC(BPF_FUNC_skb_load_bytes),
		BPF_LOAD8(0, 10, -8),
		BPF_UNLESS(0, lab->proto, 9),
		BPF_STORE32(10, -4, 6),
		BPF_COPY(2, 10),
		BPF_PLUS(2, -4),
		BPF_MAP(1, map),
		BPF_CALL_FUNC(BPF_FUNC_map_lookup_elem),
		BPF_IF(0, 0, 2),
		BPF_SET(1, 1),
		BPF_ATOMIC_PLUS(0, 1),
		BPF_SET(0, 1),
		BPF_END_PROG,
	};
	int prog = LAB_FD(lab_bpf_load(&(struct lab_bpf){
		.type = BPF_PROG_TYPE_CGROUP_SKB, .attach = attach, .insns = insns,
		.n = ARRAY_SIZE(insns) }));

	LAB_OK(lab_bpf_attach(g, prog, attach));
	return map;
}

/* cgroup_skb/ingress, egress: each segment */
TEST_F(hooks, segments_counted)
{
	int in, out, fd[2], i;

	in = count_packets(_metadata, &self->lab, &self->group, BPF_CGROUP_INET_INGRESS);
	out = count_packets(_metadata, &self->lab, &self->group, BPF_CGROUP_INET_EGRESS);
	LAB_OK(lab_cgroup_join(&self->group));
	LAB_OK(lab_pair(&self->lab, fd));
	/* SYN, SYN-ACK, ACK; the second, over IPv6, is nobody's in the kernel's TCP until 6.2 */
	EXPECT_LE(self->lab.oracle ? 2 : 3, lab_bpf_count(out, 0));
	EXPECT_LE(1, lab_bpf_count(in, 0));
	for (i = 0; i < 10; i++) {
		long was = lab_bpf_count(out, 0), had = lab_bpf_count(in, 0);

		LAB_OK(lab_send(fd[0], LAB_TO_PEER, i, 1));
		LAB_OK(lab_recv(fd[1], LAB_TO_PEER, i, 1));
		EXPECT_LT(was, lab_bpf_count(out, 0));
		EXPECT_LT(had, lab_bpf_count(in, 0));
	}
}

/* How many segments of this priority were sent since it was asked last */
static long sent(int map, uint32_t priority)
{
	static long known[PRIORITIES];
	long all = lab_bpf_count(map, priority), n = all - known[priority];

	known[priority] = all;
	return n;
}

/* One octet there, and what TCP says to it, if it says something at once. */
static void octet(struct __test_metadata *_metadata, int from, int to)
{
	static uint64_t off;
	int n;

	LAB_OK(lab_send(from, LAB_TO_PEER, off, 1));
	LAB_OK(lab_recv(to, LAB_TO_PEER, off++, 1));
	EXPECT_TRUE(LAB_UNTIL(!ioctl(from, SIOCOUTQ, &n) && !n));
}

/* SO_PRIORITY: each segment has its socket's, as it is when it is sent. */
TEST_F(hooks, priority)
{
	int out, fd[2], listener = LAB_FD(lab_listen(&self->lab, 0, 1)), port = lab_port(listener);
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, port, &ss);

	out = count_packets(_metadata, &self->lab, &self->group, BPF_CGROUP_INET_EGRESS);
	LAB_OK(lab_cgroup_join(&self->group));
	close(listener);
	listener = LAB_FD(lab_listen(&self->lab, port, 1));
	LAB_OK(lab_set_opt(listener, SOL_SOCKET, SO_PRIORITY, 6));
	fd[0] = LAB_FD(lab_socket(&self->lab, 0));
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_PRIORITY, 5));
	ASSERT_EQ(0, connect(fd[0], (struct sockaddr *)&ss, len));
	fd[1] = LAB_FD(accept(listener, NULL, NULL));
	/* SYN and ACK; the SYN-ACK is the listener's, see above */
	EXPECT_EQ(2, sent(out, 5));
	EXPECT_LE(self->lab.oracle ? 0 : 1, sent(out, 6));
	EXPECT_EQ(0, sent(out, 0));
	/* it is not inherited */
	EXPECT_EQ(0, lab_opt(fd[1], SOL_SOCKET, SO_PRIORITY));
	octet(_metadata, fd[1], fd[0]);
	EXPECT_LE(1, sent(out, 0));
	EXPECT_EQ(0, sent(out, 6));
	/* what it acknowledges, too */
	EXPECT_LE(1, sent(out, 5));
	/* changed on the way */
	LAB_OK(lab_set_opt(fd[0], SOL_SOCKET, SO_PRIORITY, 4));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_PRIORITY, 3));
	octet(_metadata, fd[0], fd[1]);
	octet(_metadata, fd[1], fd[0]);
	EXPECT_LE(1, sent(out, 4));
	EXPECT_LE(1, sent(out, 3));
	EXPECT_EQ(0, sent(out, 5));
	EXPECT_EQ(0, sent(out, 0));
	/* FIN, and what answers it */
	EXPECT_EQ(0, shutdown(fd[0], SHUT_WR));
	LAB_OK(lab_recv_eof(fd[1]));
	EXPECT_LE(1, sent(out, 4));
	EXPECT_TRUE(LAB_UNTIL(sent(out, 3) >= 1));
	EXPECT_EQ(0, sent(out, 0) + sent(out, 5) + sent(out, 6));
}

/* What is sent now does not arrive, and is not acknowledged. */
static void expect_dropped(struct __test_metadata *_metadata, const int fd[2], uint64_t off)
{
	int queued = 0;

	LAB_OK(lab_send(fd[0], LAB_TO_PEER, off, 100));
	EXPECT_EQ(0, lab_poll(fd[1], POLLIN, 0));
	EXPECT_EQ(0, ioctl(fd[0], SIOCOUTQ, &queued));
	EXPECT_EQ(100, queued);
}

/* cgroup_skb/ingress: what it throws away does not arrive, until it lets go. */
TEST_F(hooks, segments_dropped)
{
	const struct bpf_insn insns[] = { BPF_SET(0, 0), BPF_END_PROG };
	int fd[2], prog;

	LAB_OK(lab_cgroup_join(&self->group));
	LAB_OK(lab_pair(&self->lab, fd));
	prog = LAB_FD(lab_bpf_load(&(struct lab_bpf){ .type = BPF_PROG_TYPE_CGROUP_SKB,
		.attach = BPF_CGROUP_INET_INGRESS, .insns = insns, .n = 2 }));
	LAB_OK(lab_bpf_attach(&self->group, prog, BPF_CGROUP_INET_INGRESS));
	expect_dropped(_metadata, fd, 0);
	LAB_OK(lab_bpf_detach(&self->group, prog, BPF_CGROUP_INET_INGRESS));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100));
}

/* SO_ATTACH_BPF: a program of the socket's own */
TEST_F(hooks, socket_filter)
{
	const struct bpf_insn insns[] = { BPF_SET(0, 0), BPF_END_PROG };
	int fd[2], prog;

	LAB_OK(lab_pair(&self->lab, fd));
	prog = LAB_FD(lab_bpf_load(&(struct lab_bpf){ .type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = insns, .n = 2 }));
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_ATTACH_BPF, prog));
	expect_dropped(_metadata, fd, 0);
	LAB_OK(lab_set_opt(fd[1], SOL_SOCKET, SO_DETACH_BPF, 0));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100));
}

/* A security module says no to a SYN: nobody answers it; the next one it lets pass. */
TEST_F(hooks, module_refuses)
{
	const struct bpf_insn insns[] = { BPF_SET(0, -EPERM), BPF_END_PROG };
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd, hook;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		SKIP(return, "this kernel has no BTF, and so no BPF for LSM");
	hook = LAB_FD(lab_bpf_hook(LAB_FD(lab_bpf_load(&(struct lab_bpf){
		.type = BPF_PROG_TYPE_LSM, .attach = BPF_LSM_MAC, .insns = insns, .n = 2,
		.btf_id = LAB_FD(lab_btf_func("bpf_lsm_inet_conn_request")) }))));
	fd = LAB_FD(lab_socket(&self->lab, SOCK_NONBLOCK));
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&ss, len));
	EXPECT_EQ(EINPROGRESS, errno);
	EXPECT_TRUE(LAB_UNTIL(lab_counter(&self->lab, "ListenDrops") == 1));
	EXPECT_EQ(0, lab_poll(fd, POLLOUT, 0));
	close(hook);
	EXPECT_EQ(POLLOUT, lab_wait(fd, POLLOUT));
	EXPECT_EQ(0, lab_so_error(fd));
}

/* netfilter, at the hooks where a host's own packets pass */
TEST_F(hooks, netfilter)
{
	char cmd[400];
	int fd[2];

	snprintf(cmd, sizeof(cmd),
		 "/usr/sbin/nft add table inet t && "
		 "/usr/sbin/nft add chain inet t i '{ type filter hook input priority 0; }' && "
		 "/usr/sbin/nft add chain inet t o '{ type filter hook output priority 0; }' && "
		 "/usr/sbin/nft add rule inet t o meta l4proto %d meta skuid %d counter",
		 self->lab.proto, getuid());
	ASSERT_EQ(0, system(cmd));
	LAB_OK(lab_pair(&self->lab, fd));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 100));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 100));
	/* SYN and ACK and data at least are a socket's of this user */
	EXPECT_EQ(0, system("/usr/sbin/nft list ruleset | grep -qE 'counter packets [3-9]'"));

	snprintf(cmd, sizeof(cmd),
		 "/usr/sbin/nft add rule inet t i meta l4proto %d th dport %d drop",
		 self->lab.proto, lab_port(fd[1]));
	ASSERT_EQ(0, system(cmd));
	expect_dropped(_metadata, fd, 100);
	ASSERT_EQ(0, system("/usr/sbin/nft delete table inet t"));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 100, 100));
}

/* Who accepts pays for what waits in the connection, and for what comes. */
TEST_F(hooks, memory_charged)
{
	static char buf[200000];
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd, said[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(said));
	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	LAB_OK(lab_nonblock(fd, true));
	while (send(fd, buf, sizeof(buf), 0) > 0)
		;
	EXPECT_EQ(0, lab_cgroup_stat(&self->group, "memory.stat", "sock"));
	pid = fork();
	if (!pid) {
		int child = lab_cgroup_join(&self->group) ? -1 : accept(listener, NULL, NULL);

		close(said[1]);
		_exit(child < 0 || read(said[0], &c, 1) ? 1 : 0);
	}
	close(said[0]);
	EXPECT_TRUE(LAB_UNTIL(lab_cgroup_stat(&self->group, "memory.stat", "sock") > 32768));
	close(said[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* all of it; of the kernel's TCP some was left, once: it is no measure here */
	if (!variant->tcplab)
		return;
	EXPECT_TRUE(LAB_UNTIL(lab_cgroup_stat(&self->group, "memory.stat", "sock") == 0));
}

TEST_HARNESS_MAIN
