// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU that counts how often each instruction of the guest runs, while the guest wants
 * that: selftests/perf/stand.c says so with instructions that do nothing else. scripts/bench adds
 * the counts up by function ("make bench PROFILE=1").
 *
 * At its end, argument out=FILE gets a line for each block of instructions that ran: who (the
 * number that the guest gave when it began), address, instructions.
 *
 * QEMU's header of its plugins is in no package; what is used of it is declared here. Version 1 of
 * that interface is understood from QEMU 4.2 on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;

typedef void translated_t(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void reached_t(unsigned int vcpu, void *data);
typedef void ended_t(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t *done);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *to,
					      uint64_t what);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, reached_t *done,
					    int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, ended_t *done, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t at);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#define EXPORTED	__attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

#define WHO		3	/* number 0 ends counting */

/* A block of instructions as QEMU has translated it: how many have run, now and when it began */
struct block {
	struct block *next;
	uint64_t address, ran, before, of[WHO];
};

static struct block *blocks;
static uintptr_t counting;
static FILE *out;

/* nopl MARK + who(%rax) */
static const uint8_t mark[] = { 0x0f, 0x1f, 0x80, 0, 0xb0, 0x1a, 0x7c };

static void pass(unsigned int vcpu, void *data)
{
	struct block *b;

	(void)vcpu;
	for (b = blocks; b; b = b->next) {
		b->of[counting] += b->ran - b->before;
		b->before = b->ran;
	}
	counting = (uintptr_t)data;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct block *b = calloc(1, sizeof(*b));

	(void)id;
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &b->ran, n);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *code = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) == sizeof(mark) && !memcmp(code, mark, 3) &&
		    !memcmp(code + 4, mark + 4, 3) && code[3] < WHO)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, pass, 0,
							       (void *)(uintptr_t)code[3]);
	}
}

static void end(qemu_plugin_id_t id, void *data)
{
	struct block *b;
	int who;

	(void)id;
	(void)data;
	for (b = blocks; b; b = b->next)
		for (who = 1; who < WHO; who++)
			if (b->of[who])
				fprintf(out, "%d\t%" PRIx64 "\t%" PRIu64 "\n", who, b->address,
					b->of[who]);
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc == 1 && !strncmp(argv[0], "out=", 4))
		out = fopen(argv[0] + 4, "w");
	if (!out) {
		fprintf(stderr, "count: out=FILE is wanted, a file that can be written\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, end, NULL);
	return 0;
}
