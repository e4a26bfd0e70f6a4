// SPDX-License-Identifier: GPL-2.0
/*
 * What "tcplab-run --cgroup" starts: it runs a program in a control group of its own, and asks the
 * kernel to open sockets of tcplab's wherever that group asks for TCP ones. So no library is
 * needed, and static programs are moved, too.
 *
 * Linux 6.6 and later call update_socket_protocol() for each socket(), only to let a BPF program
 * change what it returns. Ours is a score of instructions, assembled below; the kernel's own BTF
 * says which number that function has. This needs the system call bpf() and the kernel's headers,
 * and neither libbpf nor a compiler for BPF.
 *
 * The BPF program is there as long as this one: it waits until the group is empty.
 *
 * usage: cgroup PROTOCOL PROGRAM [ARGUMENT...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btf.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define HOOK	"update_socket_protocol"

static int root = -1;		/* the file system of control groups */
static char group[4096];	/* our folder there */
static pid_t child;

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("tcplab-run: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	if (group[0])
		unlinkat(root, group, AT_REMOVEDIR);
	exit(125);
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* An instruction; a jump leads so many instructions further. */
#define OP(op, to, from, jump, number) \
	{ .code = (op), .dst_reg = (to), .src_reg = (from), .off = (jump), .imm = (number) }
#define LOAD_ARGUMENT(reg, n)	OP(BPF_LDX | BPF_MEM | BPF_DW, reg, 6, 8 * (n), 0)
#define JUMP_IF(reg, what, to)	OP(BPF_JMP32 | BPF_JEQ | BPF_K, reg, 0, to, what)
#define JUMP_UNLESS(reg, what, to) OP(BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, to, what)
#define SET(reg, what)		OP(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, what)

/*
 * Called with family, type and protocol. What it returns is the new protocol; 0 leaves it to the
 * kernel's function, which returns the old one.
 */
static int load_program(int groups, int protocol)
{
	static char log[16384];
	struct bpf_insn code[] = {
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		LOAD_ARGUMENT(2, 0),				/* 1: over IP? */
		JUMP_IF(2, AF_INET, 1),
		JUMP_UNLESS(2, AF_INET6, 14),
		LOAD_ARGUMENT(2, 1),				/* 4: a stream? */
		OP(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xf),
		JUMP_UNLESS(2, SOCK_STREAM, 11),
		LOAD_ARGUMENT(2, 2),				/* 7: TCP's number? */
		JUMP_IF(2, 0, 2),
		JUMP_IF(2, IPPROTO_TCP, 1),
		JUMP_UNLESS(2, IPPROTO_MPTCP, 7),
		/* 11: in the group? */
		OP(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, groups),
		OP(0, 0, 0, 0, 0),				/* its second half */
		SET(2, 0),
		OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_current_task_under_cgroup),
		JUMP_UNLESS(0, 1, 2),
		SET(0, protocol),
		OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		SET(0, 0),					/* 18: no */
		OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(*code),
		.license = (uintptr_t)"GPL",
		.log_level = 1,
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
	};
	int id = btf_function(HOOK), fd;

	if (id < 0)
		die("%s: %s", BTF_FILE, strerror(-id));
	if (!id)
		die("this kernel has no %s(): that came with Linux 6.6", HOOK);
	attr.attach_btf_id = id;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		die("the kernel refuses the BPF program: %s\n%s", strerror(errno), log);
	return fd;
}

/* From now until the descriptor is closed, for what runs in the group. */
static void attach(int group_fd, int protocol)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_CGROUP_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	union bpf_attr entry = { }, link = { };
	uint32_t key = 0, value = group_fd;
	int groups = bpf(BPF_MAP_CREATE, &map);

	if (groups < 0)
		die("bpf(): %s%s", strerror(errno), errno == EPERM ? "; only root may" : "");
	entry.map_fd = groups;
	entry.key = (uintptr_t)&key;
	entry.value = (uintptr_t)&value;
	if (bpf(BPF_MAP_UPDATE_ELEM, &entry) < 0)
		die("%s: %s", group, strerror(errno));
	link.raw_tracepoint.prog_fd = load_program(groups, protocol);
	/* descriptors of BPF objects are closed by exec */
	if (bpf(BPF_RAW_TRACEPOINT_OPEN, &link) < 0)
		die("%s cannot be hooked: %s", HOOK, strerror(errno));
}

/*
 * Below the group that we are in. The file system need not be mounted anywhere: in "ip netns exec",
 * for one, it is not.
 */
static int make_group(void)
{
	FILE *where = fopen("/proc/self/cgroup", "re");
	int fs = syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
	char line[sizeof(group) - 32];
	int fd;

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		die("cgroup2: %s", strerror(errno));
	root = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (root < 0)
		die("cgroup2: %s", strerror(errno));
	close(fs);
	while (where && fgets(line, sizeof(line), where))
		if (!strncmp(line, "0::/", 4)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(group, sizeof(group), ".%s/tcplab-run.%d", line + 3, getpid());
		}
	if (where)
		fclose(where);
	if (!group[0])
		die("this process is in no group of cgroup2");
	fd = mkdirat(root, group, 0755) ? -1 : openat(root, group, O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die("control group %s: %s", group, strerror(errno));
	return fd;
}

static void enter_group(int group_fd)
{
	int fd = openat(group_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		die("%s/cgroup.procs: %s", group, strerror(errno));
	close(fd);
}

/* The program may have left others behind, which want their sockets, too. */
static void wait_until_empty(int group_fd)
{
	int fd = openat(group_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd changes = { .fd = fd, .events = POLLPRI };
	char text[256];
	ssize_t n;

	while ((n = pread(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			break;
		poll(&changes, 1, -1);
	}
	close(fd);
}

static void pass_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

int main(int argc, char **argv)
{
	/* the terminal tells all of us; who tells this one alone means the program */
	struct sigaction pass = { .sa_handler = pass_on }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction old_int, old_quit;
	int group_fd, status = 0;

	if (argc < 3)
		die("usage: cgroup PROTOCOL PROGRAM [ARGUMENT...]");
	group_fd = make_group();
	attach(group_fd, atoi(argv[1]));

	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child == 0) {
		enter_group(group_fd);
		sigaction(SIGINT, &old_int, NULL);
		sigaction(SIGQUIT, &old_quit, NULL);
		execvp(argv[2], argv + 2);
		fprintf(stderr, "tcplab-run: %s: %s\n", argv[2], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	sigaction(SIGTERM, &pass, NULL);
	sigaction(SIGHUP, &pass, NULL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	wait_until_empty(group_fd);
	unlinkat(root, group, AT_REMOVEDIR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
