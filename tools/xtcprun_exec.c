// SPDX-License-Identifier: GPL-2.0
/*
 * The library's other half: each program that its program starts is looked at before, and
 * where nothing can be loaded into it, that is said, or with --strict refused.
 *
 * The C library's own calls of these functions do not come here, so each is replaced.
 * system() and popen() start a shell, which is dynamic and then starts the rest itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xtcprun.h"

#define PUBLIC __attribute__((visibility("default")))

#define PRELOAD	"LD_PRELOAD="

/* Will the linker be told of us? */
static bool preloads(char *const envp[], const char *library)
{
	for (; envp && *envp; envp++) {
		if (!strncmp(*envp, PRELOAD, sizeof(PRELOAD) - 1))
			return strstr(*envp, library);
	}
	return false;
}

/* Return: 0, or the error number that the call fails with. errno stays as it is. */
static int refused(const char *path, char *const envp[])
{
	const struct preload *p = preload_state();
	char reason[REASON_MAX];
	int saved = errno;
	bool reachable;

	/* what is not there, or may not be run, is for the system to refuse */
	if (access(path, X_OK)) {
		errno = saved;
		return 0;
	}
	reachable = program_door(path, p->library, reason, sizeof(reason)) == DOOR_PRELOAD;
	if (reachable && !preloads(envp, p->library)) {
		snprintf(reason, sizeof(reason), "%s gets an environment without LD_PRELOAD",
			 path);
		reachable = false;
	}
	if (!reachable) {
		if (!p->strict)
			atomic_fetch_add(&p->counts->beyond, 1);
		if (p->debug || counts_first_to_say(p->counts, SAID_PROGRAM))
			preload_say("%s, so %s", reason,
				    p->strict ? "it is not started (--strict)" :
				    "its TCP is the kernel's");
	}
	errno = saved;
	return reachable || !p->strict ? 0 : EACCES;
}

static int refused_in_path(const char *file, char *const envp[])
{
	char path[PATH_MAX];

	return program_find(file, path, sizeof(path)) ? refused(path, envp) : 0;
}

/* For an exec function: -1 and errno. */
static bool fails(int err)
{
	if (err)
		errno = err;
	return err;
}

/**
 * execve - the C library's, after a look at the program
 * @path: the program
 * @argv: its arguments
 * @envp: its environment
 *
 * Return: -1 with errno.
 */
PUBLIC int execve(const char *path, char *const argv[], char *const envp[])
{
	static int (*real)(const char *, char *const [], char *const []);

	if (!real)
		real = preload_next("execve");
	return fails(refused(path, envp)) ? -1 : real(path, argv, envp);
}

PUBLIC int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

PUBLIC int execvpe(const char *file, char *const argv[], char *const envp[])
{
	static int (*real)(const char *, char *const [], char *const []);

	if (!real)
		real = preload_next("execvpe");
	return fails(refused_in_path(file, envp)) ? -1 : real(file, argv, envp);
}

PUBLIC int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

PUBLIC int fexecve(int fd, char *const argv[], char *const envp[])
{
	static int (*real)(int, char *const [], char *const []);
	char path[32];

	if (!real)
		real = preload_next("fexecve");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fails(refused(path, envp)) ? -1 : real(fd, argv, envp);
}

/* The arguments of an execl function, first to last, with their NULL: as an array. */
#define ARRAY_OF_ARGUMENTS(argv, ap, first)						\
	size_t nr_ = 1, i_;								\
	va_start(ap, first);								\
	while (va_arg(ap, const char *))						\
		nr_++;									\
	va_end(ap);									\
	char *argv[nr_ + 1];								\
	argv[0] = (char *)first;							\
	va_start(ap, first);								\
	for (i_ = 1; i_ <= nr_; i_++)							\
		argv[i_] = va_arg(ap, char *)

PUBLIC int execl(const char *path, const char *arg, ...)
{
	va_list ap;

	ARRAY_OF_ARGUMENTS(argv, ap, arg);
	va_end(ap);
	return execve(path, argv, environ);
}

PUBLIC int execlp(const char *file, const char *arg, ...)
{
	va_list ap;

	ARRAY_OF_ARGUMENTS(argv, ap, arg);
	va_end(ap);
	return execvpe(file, argv, environ);
}

PUBLIC int execle(const char *path, const char *arg, ...)
{
	char *const *envp;
	va_list ap;

	ARRAY_OF_ARGUMENTS(argv, ap, arg);
	envp = va_arg(ap, char *const *);
	va_end(ap);
	return execve(path, argv, envp);
}

typedef int spawn_fn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		     const posix_spawnattr_t *, char *const [], char *const []);

PUBLIC int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	static spawn_fn *real;
	int err = refused(path, envp);

	if (!real)
		real = preload_next("posix_spawn");
	return err ? err : real(pid, path, actions, attr, argv, envp);
}

PUBLIC int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	static spawn_fn *real;
	int err = refused_in_path(file, envp);

	if (!real)
		real = preload_next("posix_spawnp");
	return err ? err : real(pid, file, actions, attr, argv, envp);
}
