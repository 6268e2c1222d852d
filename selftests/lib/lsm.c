// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsm.h"

#define BTF	"/sys/kernel/btf/vmlinux"

/* The kernel's types, as it describes them; NULL: it does not. */
static char *read_btf(size_t *len)
{
	int fd = open(BTF, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t got = 0;
	ssize_t n = 1;
	char *all;

	if (fd < 0)
		return NULL;
	all = fstat(fd, &st) ? NULL : malloc(st.st_size);
	while (all && got < (size_t)st.st_size && n > 0) {
		n = read(fd, all + got, st.st_size - got);
		got += n > 0 ? n : 0;
	}
	close(fd);
	*len = got;
	return all;
}

/* What follows a type, bytes. */
static size_t more_of(const struct btf_type *t)
{
	unsigned int n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	}
	return 0;
}

/* The number of a function among the kernel's types; 0: there is none. */
static uint32_t function_id(const char *name)
{
	size_t len;
	char *all = read_btf(&len);
	const struct btf_header *h = (void *)all;
	const char *at, *end, *strings;
	uint32_t id = 1, found = 0;

	if (!all || len < sizeof(*h) || h->magic != BTF_MAGIC) {
		free(all);
		return 0;
	}
	at = all + h->hdr_len + h->type_off;
	end = at + h->type_len;
	strings = all + h->hdr_len + h->str_off;
	while (at < end && !found) {
		const struct btf_type *t = (void *)at;

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && !strcmp(strings + t->name_off, name))
			found = id;
		at += sizeof(*t) + more_of(t);
		id++;
	}
	free(all);
	return found;
}

/**
 * lsm_refuses - a hook of security modules says no to everybody, in all namespaces
 * @hook: as in <linux/lsm_hook_defs.h>
 *
 * Return: a descriptor, until the last of which is closed it does so; negative: this
 * kernel has no programs there.
 */
int lsm_refuses(const char *hook)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -EPERM },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type		= BPF_PROG_TYPE_LSM,
		.expected_attach_type	= BPF_LSM_MAC,
		.insns			= (uintptr_t)code,
		.insn_cnt		= 2,
		.license		= (uintptr_t)"GPL",
	};
	union bpf_attr open = { 0 };
	char name[64];
	int prog, link;

	snprintf(name, sizeof(name), "bpf_lsm_%s", hook);
	load.attach_btf_id = function_id(name);
	if (!load.attach_btf_id)
		return -1;
	prog = syscall(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		return -1;
	open.raw_tracepoint.prog_fd = prog;
	link = syscall(__NR_bpf, BPF_RAW_TRACEPOINT_OPEN, &open, sizeof(open));
	close(prog);
	return link;
}
