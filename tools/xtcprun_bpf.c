// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that run already: since 6.6 the kernel asks update_socket_protocol() which
 * protocol a socket shall have, and lets a BPF program answer instead.  Ours says
 * IPPROTO_XTCP for TCP sockets of a control group, or of one process.
 *
 * The program is nineteen instructions, written here, so that neither a compiler for BPF nor
 * libbpf is needed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xtcprun.h"

#define HOOK		"update_socket_protocol"
#define BTF_VMLINUX	"/sys/kernel/btf/vmlinux"
#define BPFFS		"/sys/fs/bpf"
#define CGROUPS		"/sys/fs/cgroup"
#define SOCK_TYPE_MASK	15

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* ---- the kernel's types: which number has the function? ---- */

/* What follows a type's entry, bytes. */
static size_t tail_of(const struct btf_type *t)
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
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 12 * n;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * n;
	default:
		return 0;
	}
}

/* Return: its number, 0 if there is none. */
static unsigned int find_function(const char *types, size_t size, const char *name)
{
	const struct btf_header *h = (const void *)types;
	const char *strings, *at, *end;
	const struct btf_type *t;
	unsigned int id;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC ||
	    (size_t)h->hdr_len + h->str_off + h->str_len > size ||
	    (size_t)h->hdr_len + h->type_off + h->type_len > size)
		return 0;
	strings = types + h->hdr_len + h->str_off;
	at = types + h->hdr_len + h->type_off;
	end = at + h->type_len;
	for (id = 1; at + sizeof(*t) <= end; id++) {
		t = (const void *)at;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && t->name_off < h->str_len &&
		    !strcmp(strings + t->name_off, name))
			return id;
		at += sizeof(*t) + tail_of(t);
	}
	return 0;
}

static unsigned int find_hook(const char **why)
{
	unsigned int id = 0;
	size_t size = 0, n;
	char *types;
	FILE *f = fopen(BTF_VMLINUX, "re");

	if (!f) {
		*why = "the kernel does not tell its types (" BTF_VMLINUX ", CONFIG_DEBUG_INFO_BTF)";
		return 0;
	}
	/* its size is not to be had beforehand everywhere */
	types = malloc(64 << 20);
	while (types && size < 64 << 20 &&
	       (n = fread(types + size, 1, (64 << 20) - size, f)) > 0)
		size += n;
	fclose(f);
	if (types)
		id = find_function(types, size, HOOK);
	free(types);
	if (!id)
		*why = "the kernel does not ask which protocol a socket shall have (" HOOK "(), Linux 6.6)";
	return id;
}

/* ---- the program ---- */

#define INSN(op, d, s, o, i) \
	((struct bpf_insn){ .code = (op), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define LOAD_ARG(r, n)	INSN(BPF_LDX | BPF_MEM | BPF_DW, r, BPF_REG_6, 8 * (n), 0)
#define IS(r, k, to)	INSN(BPF_JMP32 | BPF_JEQ | BPF_K, r, 0, to, k)
#define IS_NOT(r, k, to) INSN(BPF_JMP32 | BPF_JNE | BPF_K, r, 0, to, k)
#define SET(r, k)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0, k)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/*
 * Return 0 where the kernel shall decide.  @group: a map with the control group, -1: the
 * process @pid.
 */
static int load(unsigned int hook, int group, pid_t pid, int protocol)
{
	const struct bpf_insn of_group[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, group),
		INSN(0, 0, 0, 0, 0),
		SET(BPF_REG_2, 0),
		CALL(BPF_FUNC_current_task_under_cgroup),
		IS_NOT(BPF_REG_0, 1, 2),
	};
	const struct bpf_insn of_process[] = {
		CALL(BPF_FUNC_get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
		SET(BPF_REG_2, 0),
		SET(BPF_REG_2, 0),
		IS_NOT(BPF_REG_0, pid, 2),
	};
	struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		LOAD_ARG(BPF_REG_1, 0),
		IS(BPF_REG_1, AF_INET, 1),
		IS_NOT(BPF_REG_1, AF_INET6, 13),
		LOAD_ARG(BPF_REG_1, 1),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, SOCK_TYPE_MASK),
		IS_NOT(BPF_REG_1, SOCK_STREAM, 10),
		LOAD_ARG(BPF_REG_1, 2),
		IS(BPF_REG_1, 0, 1),
		IS_NOT(BPF_REG_1, IPPROTO_TCP, 7),
		[10] = EXIT, EXIT, EXIT, EXIT, EXIT,
		[15] = SET(BPF_REG_0, protocol),
		EXIT,
		SET(BPF_REG_0, 0),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
		.insns = (uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = (uintptr_t)"GPL",
		.prog_name = "xtcprun",
	};

	memcpy(&insns[10], group >= 0 ? of_group : of_process, sizeof(of_group));
	return bpf(BPF_PROG_LOAD, &attr);
}

/* A map with one control group. */
static int make_group(int cgroup)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_CGROUP_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
		.map_name = "xtcprun",
	};
	int fd = bpf(BPF_MAP_CREATE, &attr), zero = 0;

	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)&zero;
	attr.value = (uintptr_t)&cgroup;
	return bpf(BPF_MAP_UPDATE_ELEM, &attr) ? -1 : fd;
}

/* Return: what holds the program at its place, -1 with a reason. */
static int attach(int cgroup, pid_t pid, const char **why)
{
	static char text[REASON_MAX];
	unsigned int hook = find_hook(why);
	union bpf_attr attr = { };
	int group = -1, protocol = 0, program, link;
	FILE *f;

	if (!hook)
		return -1;
	f = fopen(PARAM_PROTOCOL, "re");
	if (!f || fscanf(f, "%d", &protocol) != 1 || !protocol) {
		if (f)
			fclose(f);
		*why = "the module xtcp was loaded with protocol=0";
		return -1;
	}
	fclose(f);
	if (cgroup >= 0)
		group = make_group(cgroup);
	program = cgroup >= 0 && group < 0 ? -1 : load(hook, group, pid, protocol);
	attr.raw_tracepoint.prog_fd = program;
	link = program < 0 ? -1 : bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	if (link < 0) {
		snprintf(text, sizeof(text), "the kernel does not take the BPF program: %s%s",
			 strerror(errno), errno == EPERM ? "; root is needed" : "");
		*why = text;
	}
	return link;
}

/* ---- where ---- */

static const char *cgroup_root(void)
{
	return access(CGROUPS "/cgroup.procs", F_OK) ? CGROUPS "/unified" : CGROUPS;
}

/* The control group of a process; "self" is one. */
static bool cgroup_of(const char *process, char *path, size_t size)
{
	char name[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%s/cgroup", process);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3))
			continue;
		snprintf(path, size, "%s%s", cgroup_root(), line + 3);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

/* The control group of a unit of systemd, while it is active. */
static bool cgroup_of_unit(const char *unit, char *path, size_t size)
{
	char command[256], line[512] = "";
	const char *c;
	FILE *f;

	for (c = unit; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("@._:-\\", *c))
			return false;
	snprintf(command, sizeof(command),
		 "systemctl show --property=ControlGroup --value -- '%s'", unit);
	f = popen(command, "re");
	if (f) {
		if (!fgets(line, sizeof(line), f))
			*line = '\0';
		pclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, size, "%s%s", cgroup_root(), line);
	return *line == '/';
}

static int refuse(const char *who, const char *why)
{
	fprintf(stderr, "xtcprun: %s: %s.\n"
		"What remains is to start it anew: 'xtcprun PROGRAM', in the ExecStart= of its unit\n",
		who, why);
	return EXIT_FAILURE;
}

/**
 * bpf_turn_process - TCP sockets that a process makes from now on are ours, until it ends
 * @pid: its number
 *
 * Return: exit status; what went wrong was said.
 */
int bpf_turn_process(const char *pid)
{
	struct pollfd pfd = { .events = POLLIN };
	const char *why = "";
	int link;

	pfd.fd = syscall(SYS_pidfd_open, atoi(pid), 0);
	if (pfd.fd < 0)
		return refuse(pid, strerror(errno));
	link = attach(-1, atoi(pid), &why);
	if (link < 0)
		return refuse(pid, why);
	fprintf(stderr, "xtcprun: new TCP sockets of process %s are in AF_XTCP until it ends, or this does\n",
		pid);
	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		;
	close(link);
	return EXIT_SUCCESS;
}

/**
 * bpf_turn_cgroup - TCP sockets that a control group makes from now on are ours, or are not
 * @name: its directory; "self": that of the caller; with @unit a unit of systemd
 * @unit: see there
 * @off: are not
 *
 * It stays so when we end: the link is a file.
 *
 * Return: exit status; what went wrong was said.
 */
int bpf_turn_cgroup(const char *name, bool unit, bool off)
{
	char path[4096], pin[128];
	union bpf_attr attr = { };
	const char *why = "";
	struct stat st;
	int cgroup, link;

	if (unit && !cgroup_of_unit(name, path, sizeof(path)))
		return refuse(name, "systemd has no active unit of that name");
	if (!unit && !strcmp(name, "self") && !cgroup_of(name, path, sizeof(path)))
		return refuse(name, "there are no control groups of version 2");
	if (!unit && strcmp(name, "self"))
		snprintf(path, sizeof(path), "%s", name);
	cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0 || fstat(cgroup, &st))
		return refuse(path, strerror(errno));
	snprintf(pin, sizeof(pin), BPFFS "/xtcprun-%llu", (unsigned long long)st.st_ino);
	if (off) {
		if (!unlink(pin) || errno == ENOENT)
			return EXIT_SUCCESS;
		return refuse(pin, strerror(errno));
	}
	link = attach(cgroup, 0, &why);
	if (link < 0)
		return refuse(path, why);
	attr.pathname = (uintptr_t)pin;
	attr.bpf_fd = link;
	/* once is enough */
	if (bpf(BPF_OBJ_PIN, &attr) && errno != EEXIST)
		return refuse(pin, "it cannot be kept there; is there a file system of type bpf at " BPFFS "?");
	return EXIT_SUCCESS;
}
