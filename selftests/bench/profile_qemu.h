/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's interface for plugins, version 1 (QEMU 4.2 and later), as far as profile_plugin.c
 * needs it: Debian's QEMU loads plugins, and its packages have no header for them.
 */
#ifndef XTCP_BENCH_PROFILE_QEMU_H
#define XTCP_BENCH_PROFILE_QEMU_H

#include <stddef.h>
#include <stdint.h>

#define PUBLIC	__attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

/* enum qemu_plugin_op, enum qemu_plugin_cb_flags */
enum { OP_ADD_U64 };
enum { CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      uint64_t imm);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int cpu, void *arg), int flags,
					  void *arg);

#endif /* XTCP_BENCH_PROFILE_QEMU_H */
