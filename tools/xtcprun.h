/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xtcprun: what the launcher and the library that it preloads have in common.
 */
#ifndef XTCPRUN_H
#define XTCPRUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Says xtcprun, to the library in its program and in every child. */
#define ENV_FAMILY	"XTCPRUN_FAMILY"	/* number of AF_XTCP */
#define ENV_MODE	"XTCPRUN_MODE"		/* letters, see below */
#define ENV_COUNTS	"XTCPRUN_COUNTS"	/* file with struct counts */

#define MODE_DEBUG	'd'	/* say what becomes of each socket */
#define MODE_IPV4	'4'	/* no TCP over IPv6 */
#define MODE_STRICT	's'	/* nothing on the kernel's TCP */
#define MODE_QUIET	'q'	/* say nothing */

#define PARAM_FAMILY	"/sys/module/xtcp/parameters/family"
#define PARAM_PROTOCOL	"/sys/module/xtcp/parameters/protocol"

#define REASON_MAX	512	/* of a text that says why not, bytes */

/* ---- xtcprun_count.c: what a program and its children did ---- */

/* What is said once, whichever of the processes is first. */
enum said {
	SAID_MPTCP	= 1,
	SAID_PROGRAM	= 2,
	SAID_REPORT	= 4,
};

/**
 * struct counts - shared by xtcprun's program and its children
 * @first: the process that xtcprun became; the report comes when it ends
 * @name: of its program
 * @xtcp: sockets that were made in AF_XTCP
 * @kernel: sockets of the kernel's TCP
 * @beyond: programs that were started with nothing loaded into them
 * @said: enum said
 */
struct counts {
	pid_t			first;
	char			name[64];
	_Atomic uint64_t	xtcp;
	_Atomic uint64_t	kernel;
	_Atomic uint64_t	beyond;
	_Atomic uint32_t	said;
};

struct counts *counts_map(int fd);
bool counts_first_to_say(struct counts *c, enum said what);
void counts_report(struct counts *c);

/* ---- xtcprun_program.c: what reaches a program ---- */

/**
 * enum door - how the sockets of a program become ours
 * @DOOR_NONE: not at all
 * @DOOR_PRELOAD: a library that is loaded into it
 * @DOOR_SECCOMP: a filter of its system calls
 */
enum door { DOOR_NONE, DOOR_PRELOAD, DOOR_SECCOMP };

bool program_find(const char *name, char *path, size_t size);
enum door program_door(const char *path, const char *library, char *reason, size_t size);

/* ---- xtcprun_seccomp.c: sockets made for others ---- */

/**
 * struct supervisor - who makes the sockets of programs with the filter
 * @listener: where their calls are told
 * @counts: never NULL
 * @family: number of AF_XTCP
 * @debug: MODE_DEBUG
 * @ipv4_only: MODE_IPV4
 * @strict: MODE_STRICT
 * @quiet: MODE_QUIET
 */
struct supervisor {
	int		listener;
	struct counts	*counts;
	int		family;
	bool		debug;
	bool		ipv4_only;
	bool		strict;
	bool		quiet;
};

int seccomp_filter_install(void);
void supervisor_answer(const struct supervisor *s);

/* ---- xtcprun_bpf.c: programs that run already ---- */

int bpf_turn_process(const char *pid);
int bpf_turn_cgroup(const char *name, bool unit, bool off);

/* ---- xtcprun_listen.c: sockets that a program inherits ---- */

#define LISTEN_MAX	64	/* of --listen */

const char *listen_add(const char *text, int family);
void listen_hand_over(void);

/* ---- xtcprun_preload.c: the library's state, for xtcprun_exec.c ---- */

/**
 * struct preload - what the library found out before its program began
 * @counts: never NULL
 * @family: number of AF_XTCP
 * @debug: MODE_DEBUG
 * @ipv4_only: MODE_IPV4
 * @strict: MODE_STRICT
 * @quiet: MODE_QUIET
 * @library: the library's own path
 */
struct preload {
	struct counts	*counts;
	int		family;
	bool		debug;
	bool		ipv4_only;
	bool		strict;
	bool		quiet;
	char		library[1024];
};

const struct preload *preload_state(void);
void preload_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *preload_next(const char *name);

#endif /* XTCPRUN_H */
