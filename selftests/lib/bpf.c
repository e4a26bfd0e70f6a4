// SPDX-License-Identifier: GPL-2.0
/*
 * bpf() and control groups, as far as the tests need them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "lab.h"
#include "../../tools/btf.h"

static const char top[] = "/tmp/lab-cgroup";

static int write_pid(const char *dir)
{
	char path[100], pid[20];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	snprintf(pid, sizeof(pid), "%d", getpid());
	return lab_write_file(path, pid);
}

/**
 * lab_cgroup_new() - make a group, with the memory controller
 * @g: which
 */
int lab_cgroup_new(struct lab_cgroup *g)
{
	char path[100];

	if (mkdir(top, 0700) && errno != EEXIST)
		return lab_fail("%s: %s", top, strerror(errno));
	if (access("/tmp/lab-cgroup/cgroup.procs", F_OK) && mount("lab", top, "cgroup2", 0, NULL))
		return lab_fail("mounting cgroup2: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
	if (lab_write_file(path, "+memory"))
		return -1;
	snprintf(g->dir, sizeof(g->dir), "%s/%d", top, getpid());
	if (mkdir(g->dir, 0700))
		return lab_fail("%s: %s", g->dir, strerror(errno));
	g->fd = open(g->dir, O_DIRECTORY | O_CLOEXEC);
	return g->fd < 0 ? lab_fail("%s: %s", g->dir, strerror(errno)) : 0;
}

/**
 * lab_cgroup_join() - this process goes into the group; its sockets are made there from now on
 * @g: which
 */
int lab_cgroup_join(const struct lab_cgroup *g)
{
	return write_pid(g->dir);
}

/**
 * lab_cgroup_leave() - this process goes back; its sockets stay the group's, which pays for them
 */
int lab_cgroup_leave(void)
{
	return write_pid(top);
}

/**
 * lab_cgroup_end() - leave it, and remove it
 * @g: which, with no other process in it
 */
void lab_cgroup_end(struct lab_cgroup *g)
{
	lab_cgroup_leave();
	close(g->fd);
	rmdir(g->dir);
}

/**
 * lab_cgroup_set() - turn one of its knobs
 * @g: which
 * @file: the knob
 * @value: what to
 */
int lab_cgroup_set(const struct lab_cgroup *g, const char *file, const char *value)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	return lab_write_file(path, value);
}

/**
 * lab_cgroup_stat() - a line "name value" of one of the group's files
 * @g: which
 * @file: its file
 * @name: the line
 */
long lab_cgroup_stat(const struct lab_cgroup *g, const char *file, const char *name)
{
	char path[100], text[8192], want[60], *at;

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	if (lab_read_file(path, text, sizeof(text)) < 0)
		return -1;
	snprintf(want, sizeof(want), "\n%s ", name);
	at = strstr(text, want);
	return at ? atol(at + strlen(want)) : lab_fail("%s: no %s", file, name);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

/**
 * lab_bpf_load() - load a program
 * @p: which
 *
 * Return: its descriptor.
 */
int lab_bpf_load(const struct lab_bpf *p)
{
	static char log[16384];
	union bpf_attr attr = {
		.prog_type = p->type,
		.expected_attach_type = p->attach,
		.attach_btf_id = p->btf_id,
		.insns = (uintptr_t)p->insns,
		.insn_cnt = p->n,
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	return fd < 0 ? lab_fail("BPF_PROG_LOAD: %s\n%s", strerror(errno), log) : fd;
}

static int change(int cmd, const struct lab_cgroup *g, int prog, int attach)
{
	union bpf_attr attr = {
		.target_fd = g->fd,
		.attach_bpf_fd = prog,
		.attach_type = attach,
	};

	return bpf(cmd, &attr) ? lab_fail("bpf(%d): %s", cmd, strerror(errno)) : 0;
}

/**
 * lab_bpf_attach() - let a program see what a group's sockets do
 * @g: group
 * @prog: program
 * @attach: BPF_CGROUP_*
 */
int lab_bpf_attach(const struct lab_cgroup *g, int prog, int attach)
{
	return change(BPF_PROG_ATTACH, g, prog, attach);
}

/**
 * lab_bpf_detach() - and no longer
 * @g: group
 * @prog: program
 * @attach: BPF_CGROUP_*
 */
int lab_bpf_detach(const struct lab_cgroup *g, int prog, int attach)
{
	return change(BPF_PROG_DETACH, g, prog, attach);
}

/**
 * lab_bpf_hook() - let an LSM program have its say, in all of the machine
 * @prog: program
 *
 * Return: a descriptor: until it is closed.
 */
int lab_bpf_hook(int prog)
{
	union bpf_attr attr = { .raw_tracepoint.prog_fd = prog };
	int fd = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);

	return fd < 0 ? lab_fail("BPF_RAW_TRACEPOINT_OPEN: %s", strerror(errno)) : fd;
}

/**
 * lab_bpf_counters() - a map of numbers, their keys beginning with 0
 * @n: how many
 *
 * Return: its descriptor.
 */
int lab_bpf_counters(int n)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = n,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	return fd < 0 ? lab_fail("BPF_MAP_CREATE: %s", strerror(errno)) : fd;
}

/**
 * lab_bpf_count() - one of the numbers
 * @map: from lab_bpf_counters()
 * @key: which
 */
long lab_bpf_count(int map, uint32_t key)
{
	uint64_t value = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? lab_fail("map: %s", strerror(errno)) : (long)value;
}

/**
 * lab_bpf_set_count() - set one of the numbers
 * @map: from lab_bpf_counters()
 * @key: which
 * @value: to what
 */
int lab_bpf_set_count(int map, uint32_t key, uint64_t value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) ? lab_fail("map: %s", strerror(errno)) : 0;
}

/**
 * lab_btf_func() - the number by which BPF knows a function of the kernel
 * @name: the function
 */
int lab_btf_func(const char *name)
{
	int id = btf_function(name);

	if (id < 0)
		return lab_fail("%s: %s", BTF_FILE, strerror(-id));
	return id ? id : lab_fail("%s: no function %s", BTF_FILE, name);
}
