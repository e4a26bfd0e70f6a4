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
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "lab.h"

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
 * lab_cgroup_end() - leave it, and remove it
 * @g: which, with no other process in it
 */
void lab_cgroup_end(struct lab_cgroup *g)
{
	write_pid(top);
	close(g->fd);
	rmdir(g->dir);
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
 * lab_bpf_counter() - a map of one number
 *
 * Return: its descriptor.
 */
int lab_bpf_counter(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	return fd < 0 ? lab_fail("BPF_MAP_CREATE: %s", strerror(errno)) : fd;
}

/**
 * lab_bpf_count() - the number
 * @map: from lab_bpf_counter()
 */
long lab_bpf_count(int map)
{
	uint32_t key = 0;
	uint64_t value = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? lab_fail("map: %s", strerror(errno)) : (long)value;
}

/* What the kernel says of its own types and functions (Documentation/bpf/btf.rst). */
struct btf_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len, type_off, type_len, str_off, str_len;
};

struct btf_type {
	uint32_t name_off, info, size;
};

enum { BTF_FUNC = 12, BTF_NKINDS = 20 };

/* Octets behind a type: so many, and so many for each member. */
static const struct { uint8_t fixed, each; } btf_more[BTF_NKINDS] = {
	[1] = { 4, 0 }, [3] = { 12, 0 }, [4] = { 0, 12 }, [5] = { 0, 12 }, [6] = { 0, 8 },
	[13] = { 0, 8 }, [14] = { 4, 0 }, [15] = { 0, 12 }, [17] = { 4, 0 }, [19] = { 0, 12 },
};

static int btf_search(const uint8_t *data, const char *name)
{
	const struct btf_header *h = (const void *)data;
	const uint8_t *at = data + h->hdr_len + h->type_off, *end = at + h->type_len;
	const char *strings = (const char *)data + h->hdr_len + h->str_off;
	int id;

	for (id = 1; at < end; id++) {
		const struct btf_type *t = (const void *)at;
		unsigned int kind = t->info >> 24 & 0x1f, vlen = t->info & 0xffff;

		if (kind >= BTF_NKINDS)
			return lab_fail("BTF: kind %u", kind);
		if (kind == BTF_FUNC && !strcmp(strings + t->name_off, name))
			return id;
		at += sizeof(*t) + btf_more[kind].fixed + vlen * btf_more[kind].each;
	}
	return lab_fail("BTF: no function %s", name);
}

/**
 * lab_btf_func() - the number by which BPF knows a function of the kernel
 * @name: the function
 */
int lab_btf_func(const char *name)
{
	const size_t most = 64 << 20;
	uint8_t *data = malloc(most);
	size_t len = 0;
	ssize_t n;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY), id;

	if (fd < 0 || !data)
		return lab_fail("/sys/kernel/btf/vmlinux: %s", strerror(errno));
	while ((n = read(fd, data + len, most - len)) > 0)
		len += n;
	close(fd);
	id = btf_search(data, name);
	free(data);
	return id;
}
