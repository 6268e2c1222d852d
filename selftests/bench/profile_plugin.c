// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's that counts the instructions of each place of the guest's code, for
 * "make bench-profile".
 *
 *	-plugin profile.so,out=FILE
 *
 * What runs between PROFILE_MARK_BEGIN and PROFILE_MARK_END is a turn; FILE gets a line
 * "turn" and then a line for each block of code, its address and how many instructions of it
 * ran.  QEMU translates code by blocks, which begin where somebody jumps to and end with a
 * jump: adding a number at each is exact, but for a block that a fault ends early.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_mark.h"
#include "profile_qemu.h"

PUBLIC int qemu_plugin_version = 1;

/**
 * struct block - code from one address on
 * @next: in its bucket
 * @addr: where it is in the guest
 * @count: instructions of it that ran since the machine began
 * @before: @count when the turn began
 */
struct block {
	struct block	*next;
	uint64_t	addr;
	uint64_t	count;
	uint64_t	before;
};

#define BUCKETS	262144

static struct block *buckets[BUCKETS];
static FILE *out;

static struct block *block_at(uint64_t addr)
{
	struct block **bucket = &buckets[(addr >> 1) % BUCKETS], *b;

	for (b = *bucket; b; b = b->next) {
		if (b->addr == addr)
			return b;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = addr;
	b->next = *bucket;
	*bucket = b;
	return b;
}

static void turn_begins(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct block *b = buckets[i]; b; b = b->next)
			b->before = b->count;
	}
}

static void turn_ends(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	fputs("turn\n", out);
	for (int i = 0; i < BUCKETS; i++) {
		for (struct block *b = buckets[i]; b; b = b->next) {
			if (b->count != b->before)
				fprintf(out, "%" PRIx64 " %" PRIu64 "\n", b->addr,
					b->count - b->before);
		}
	}
	fflush(out);
}

/* QEMU has one thread, as with -icount. */
static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);

	(void)id;
	if (addr == PROFILE_MARK_BEGIN)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, turn_begins, CB_NO_REGS, NULL);
	if (addr == PROFILE_MARK_END)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, turn_ends, CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64, &block_at(addr)->count,
						 qemu_plugin_tb_n_insns(tb));
}

PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc == 1 && !strncmp(argv[0], "out=", 4))
		out = fopen(argv[0] + 4, "w");
	if (!out) {
		fprintf(stderr, "profile: out=FILE is missing, or FILE cannot be written\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
