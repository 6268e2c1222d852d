// SPDX-License-Identifier: GPL-2.0
/*
 * Whether the dynamic linker will load a library into a program, that is, whether it
 * reads LD_PRELOAD there, and whether that is of any use.
 *
 * The library asks this between fork() and exec(), perhaps in a child that shares its
 * parent's memory: no allocation here, and no state.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "xtcprun.h"

/* The kernel follows that many interpreters of interpreters. */
#define SCRIPT_DEPTH	5

/* This is how Go's programs say that they are its. */
static const char go_mark[] = "\377 Go buildinf:";

/**
 * program_find - find a program as execvp() does
 * @name: what was typed
 * @path: out: a path, if only of something that cannot be run
 * @size: of @path, bytes
 *
 * Return: false if there is none.
 */
bool program_find(const char *name, char *path, size_t size)
{
	const char *dir = getenv("PATH"), *end;
	char one[PATH_MAX];
	struct stat st;
	bool found = false;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return !access(path, F_OK);
	}
	if (!dir)
		dir = "/bin:/usr/bin";
	for (; *name; dir = end + 1) {
		end = strchrnul(dir, ':');
		/* an empty entry is the current directory */
		snprintf(one, sizeof(one), "%.*s%s%s", (int)(end - dir), dir,
			 end == dir ? "./" : "/", name);
		if (!stat(one, &st) && S_ISREG(st.st_mode)) {
			if (!found || !access(one, X_OK))
				snprintf(path, size, "%s", one);
			found = true;
			if (!access(one, X_OK))
				break;
		}
		if (!*end)
			break;
	}
	return found;
}

/*
 * The linker ignores LD_PRELOAD where a program gains privileges. A filter of seccomp stays,
 * but who installs one without CAP_SYS_ADMIN gives up that anything gains privileges.
 */
static const char *gains(int fd, const struct stat *st)
{
	uid_t uid = getuid();

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return NULL;
	if ((st->st_mode & S_ISUID) && st->st_uid != uid)
		return "is set-user-ID: the system lets nothing be loaded into it";
	if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != getgid())
		return "is set-group-ID: the system lets nothing be loaded into it";
	if (uid && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return "has file capabilities: the system lets nothing be loaded into it; "
		       "run it as root, or take them away with setcap -r";
	return NULL;
}

static bool read_header(int fd, ElfW(Ehdr) *h)
{
	return pread(fd, h, sizeof(*h), 0) == sizeof(*h) && !memcmp(h->e_ident, ELFMAG, SELFMAG);
}

static bool same_kind(const ElfW(Ehdr) *a, const ElfW(Ehdr) *b)
{
	return a->e_ident[EI_CLASS] == b->e_ident[EI_CLASS] &&
	       a->e_ident[EI_DATA] == b->e_ident[EI_DATA] && a->e_machine == b->e_machine;
}

static bool read_segment(int fd, const ElfW(Ehdr) *h, int i, ElfW(Phdr) *p)
{
	return pread(fd, p, sizeof(*p), h->e_phoff + (off_t)i * h->e_phentsize) == sizeof(*p);
}

/* Has it PT_INTERP, that is, a dynamic linker? */
static bool is_dynamic(int fd, const ElfW(Ehdr) *h)
{
	ElfW(Phdr) p;
	int i;

	for (i = 0; i < h->e_phnum; i++) {
		if (!read_segment(fd, h, i, &p))
			break;
		if (p.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static bool has_go_mark(int fd, const ElfW(Phdr) *p)
{
	const size_t mark = sizeof(go_mark) - 1;
	char part[4096];
	uint64_t at;
	size_t size;
	ssize_t n;

	/* parts overlap, as the mark may lie across a boundary */
	for (at = 0; at < p->p_filesz; at += sizeof(part) - mark) {
		size = p->p_filesz - at < sizeof(part) ? p->p_filesz - at : sizeof(part);
		n = pread(fd, part, size, p->p_offset + at);
		if (n < (ssize_t)mark)
			return false;
		if (memmem(part, n, go_mark, mark))
			return true;
	}
	return false;
}

/*
 * Go asks the kernel itself, with the dynamic linker or without.  Its linker puts the mark
 * among the data that can be written; the rest of a program, which may be hundreds of
 * megabytes, is not read for each exec(), and who only knows the mark, as xtcprun, is not
 * taken for one of Go's.
 */
static bool is_go(int fd, const ElfW(Ehdr) *h)
{
	ElfW(Phdr) p;
	int i;

	for (i = 0; i < h->e_phnum; i++) {
		if (!read_segment(fd, h, i, &p))
			break;
		if (p.p_type == PT_LOAD && (p.p_flags & (PF_W | PF_X)) == PF_W &&
		    has_go_mark(fd, &p))
			return true;
	}
	return false;
}

static const char *binary_reason(int fd, const char *library, enum door *door)
{
	ElfW(Ehdr) header, own;
	struct stat st;
	const char *why;
	bool known;
	int lib;

	if (fstat(fd, &st) || !read_header(fd, &header))
		return NULL;
	*door = DOOR_NONE;
	why = gains(fd, &st);
	if (why) {
		if (!geteuid())
			*door = DOOR_SECCOMP;
		return why;
	}
	lib = open(library, O_RDONLY | O_CLOEXEC);
	if (lib < 0)
		return "would not find the library below this root directory";
	known = read_header(lib, &own);
	close(lib);
	if (known && !same_kind(&header, &own))
		return "is a program for another kind of processor (perhaps 32 bits) than the library";
	*door = DOOR_SECCOMP;
	if (!is_dynamic(fd, &header))
		return "is linked statically: it makes its sockets without the C library, and nothing can be loaded into it";
	if (is_go(fd, &header))
		return "is written in Go: it makes its sockets without the C library, and what is loaded into it does not see them";
	*door = DOOR_PRELOAD;
	return NULL;
}

/* Of the first line of a script: what runs it. */
static bool interpreter(int fd, char *path, size_t size)
{
	char line[PATH_MAX + 2];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *from;

	if (n < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	from = line + 2 + strspn(line + 2, " \t");
	from[strcspn(from, " \t")] = '\0';
	snprintf(path, size, "%s", from);
	return *from;
}

/**
 * program_door - what reaches the sockets of a program
 * @path: the program; of a script, what runs it counts
 * @library: what is preloaded
 * @reason: out: why preloading does not, beginning with a path
 * @size: of @reason, bytes
 *
 * Return: DOOR_PRELOAD where that does. What cannot be read, or is no program, is for the
 * system to refuse.
 */
enum door program_door(const char *path, const char *library, char *reason, size_t size)
{
	enum door door = DOOR_PRELOAD;
	char file[PATH_MAX];
	const char *why;
	int fd, depth;

	snprintf(file, sizeof(file), "%s", path);
	for (depth = 0; depth < SCRIPT_DEPTH; depth++) {
		/* never wait for a FIFO's writer */
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return DOOR_PRELOAD;
		if (interpreter(fd, file, sizeof(file))) {
			close(fd);
			continue;
		}
		why = binary_reason(fd, library, &door);
		close(fd);
		if (why)
			snprintf(reason, size, "%s %s", file, why);
		return why ? door : DOOR_PRELOAD;
	}
	return DOOR_PRELOAD;
}
