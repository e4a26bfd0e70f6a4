/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups, and BPF programs of a few instructions: what an administrator hangs into the
 * kernel to watch sockets.
 */
#ifndef LAB_BPF_H
#define LAB_BPF_H

#include <linux/bpf.h>
#include <stdint.h>

/**
 * struct lab_cgroup - a control group of the unified hierarchy, for one test
 * @dir:	its directory
 * @fd:		the same, open
 */
struct lab_cgroup {
	char dir[64];
	int fd;
};

int lab_cgroup_new(struct lab_cgroup *g);
int lab_cgroup_join(const struct lab_cgroup *g);
void lab_cgroup_end(struct lab_cgroup *g);
int lab_cgroup_leave(void);
int lab_cgroup_set(const struct lab_cgroup *g, const char *file, const char *value);
long lab_cgroup_stat(const struct lab_cgroup *g, const char *file, const char *name);

/**
 * struct lab_bpf - a program to be loaded
 * @type:	BPF_PROG_TYPE_*
 * @attach:	BPF_CGROUP_* or the like, where it will go
 * @btf_id:	the function that it goes to, for LSM programs
 * @insns:	its instructions
 * @n:		how many
 */
struct lab_bpf {
	int type;
	int attach;
	int btf_id;
	const struct bpf_insn *insns;
	int n;
};

int lab_bpf_load(const struct lab_bpf *p);
int lab_bpf_attach(const struct lab_cgroup *g, int prog, int attach);
int lab_bpf_detach(const struct lab_cgroup *g, int prog, int attach);
int lab_bpf_hook(int prog);
int lab_bpf_counters(int n);
long lab_bpf_count(int map, uint32_t key);
int lab_bpf_set_count(int map, uint32_t key, uint64_t value);
int lab_btf_func(const char *name);

/* Instructions, by the names of the kernel's documentation. */
#define BPF_INSN(c, d, s, o, i)							\
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define BPF_SET(reg, val)	BPF_INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, val)
#define BPF_COPY(to, from)	BPF_INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define BPF_PLUS(reg, val)	BPF_INSN(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, val)
#define BPF_STORE32(to, o, reg)	BPF_INSN(BPF_STX | BPF_MEM | BPF_W, to, reg, o, 0)
#define BPF_STORE32K(to, o, v)	BPF_INSN(BPF_ST | BPF_MEM | BPF_W, to, 0, o, v)
#define BPF_LOAD32(to, from, o)	BPF_INSN(BPF_LDX | BPF_MEM | BPF_W, to, from, o, 0)
#define BPF_LOAD8(to, from, o)	BPF_INSN(BPF_LDX | BPF_MEM | BPF_B, to, from, o, 0)
#define BPF_UNLESS(reg, v, skip) BPF_INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, v)
#define BPF_IF(reg, v, skip)	BPF_INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, skip, v)
#define BPF_MAP(reg, fd)							\
	BPF_INSN(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_FD, 0, fd),	\
	BPF_INSN(0, 0, 0, 0, 0)
#define BPF_CALL_FUNC(id)	BPF_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define BPF_ATOMIC_PLUS(to, reg) BPF_INSN(BPF_STX | BPF_ATOMIC | BPF_DW, to, reg, 0, BPF_ADD)
#define BPF_END_PROG		BPF_INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif
