// SPDX-License-Identifier: GPL-2.0
/*
 * xtcprun - run an unmodified program on AF_XTCP: see xtcprun(8).
 *
 * It prepares the environment and becomes the program, so that the program has the process
 * number, the parent and the signals that it was meant to have. What is said at its end is
 * said by the library in it, or, if it did not live to, by a watcher that is nobody's child.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xtcprun.h"

#define LIBRARY		"libxtcprun.so"
#define MODULE_DIR	"/sys/module/xtcp"

/* The status of a command that could not be run, as the shell has it. */
#define EXIT_USAGE	2
#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127

/* Descriptors that a caller may have left open for the program: sockets are looked for. */
#define INHERITED_MAX	256

static const char usage[] =
"Usage: xtcprun [OPTION...] PROGRAM [ARGUMENT...]\n"
"\n"
"Run PROGRAM so that the TCP sockets over IPv4 which it and its children make\n"
"are sockets of AF_XTCP.\n"
"\n"
"  -4, --ipv4    let TCP over IPv6 fail, as on a machine without it: what would\n"
"                listen on [::], on the kernel's TCP, listens on 0.0.0.0\n"
"      --strict  refuse whatever would use the kernel's TCP; includes -4\n"
"  -d, --debug   say on standard error which sockets and listeners are whose\n"
"  -q, --quiet   say nothing of the kernel's TCP, and nothing at the end\n"
"  -h, --help    this\n";

__attribute__((noreturn, format(printf, 2, 3)))
static void die(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("xtcprun: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(status);
}

/* The library: beside this program, or where it is installed. */
static void find_library(char *library, size_t size)
{
	static const char *const places[] = { "", "/../lib/xtcp", "/../lib" };
	char here[PATH_MAX], path[PATH_MAX + 64], whole[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	size_t i;

	if (n < 0)
		die(EXIT_FAILURE, "/proc/self/exe: %s", strerror(errno));
	here[n] = '\0';
	*strrchr(here, '/') = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s/" LIBRARY, here, places[i]);
		if (access(path, R_OK) || !realpath(path, whole))
			continue;
		if (strpbrk(whole, ": "))
			die(EXIT_FAILURE, "LD_PRELOAD cannot say '%s': it has a colon or a space in it",
			    whole);
		snprintf(library, size, "%s", whole);
		return;
	}
	die(EXIT_FAILURE, LIBRARY " is neither in %s nor in %s/../lib/xtcp; 'make tools' builds it",
	    here, here);
}

static void check_program(const char *name, const char *library)
{
	char path[PATH_MAX], reason[REASON_MAX];
	struct stat st;

	if (!program_find(name, path, sizeof(path)) || stat(path, &st))
		die(EXIT_NOT_FOUND, "%s: no such program", name);
	if (S_ISDIR(st.st_mode))
		die(EXIT_CANNOT_RUN, "%s is a directory, not a program", name);
	if (access(path, X_OK))
		die(EXIT_CANNOT_RUN, "%s: not allowed to run it", name);
	if (!program_reachable(path, library, reason, sizeof(reason)))
		die(EXIT_CANNOT_RUN, "%s", reason);
}

static void check_module(void)
{
	if (!access(MODULE_DIR, F_OK))
		return;
	die(EXIT_FAILURE, "the module xtcp is not loaded: 'modprobe xtcp', or 'insmod xtcp.ko' where it was built, as root.\n"
	    "If that says 'Device or resource busy', another protocol has its family number: add family=N");
}

static int read_family(void)
{
	FILE *f = fopen(PARAM_FAMILY, "re");
	int family = 0;

	if (f) {
		if (fscanf(f, "%d", &family) != 1)
			family = 0;
		fclose(f);
	}
	return family;
}

/*
 * A file for the counts in a directory of its own, which nobody else can list: children
 * that gave up their rights still find it, by its name.
 */
static struct counts *make_counts(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX];
	struct counts *c = NULL;
	int fd;

	snprintf(dir, sizeof(dir), "%s/xtcprun.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return NULL;
	snprintf(path, size, "%s/counts.XXXXXX", dir);
	fd = mkstemp(path);
	if (fd >= 0) {
		if (!ftruncate(fd, sizeof(*c)) && !fchmod(fd, 0666) && !chmod(dir, 0711))
			c = counts_map(fd);
		close(fd);
		if (!c)
			unlink(path);
	}
	if (!c)
		rmdir(dir);
	return c;
}

static void remove_counts(char *path)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

/* Sockets of the kernel's TCP that the program is handed, as by a super-server. */
static unsigned int inherited(void)
{
	socklen_t len = sizeof(int);
	int fd, domain, type, protocol;
	unsigned int nr = 0;

	for (fd = 0; fd < INHERITED_MAX; fd++) {
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
		    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
			continue;
		nr += (domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM &&
		      protocol == IPPROTO_TCP;
	}
	return nr;
}

/* In the watcher: until the program has ended. Standard error is all that it keeps. */
static void watch(struct counts *c, int program, char *path, bool quiet)
{
	struct pollfd pfd = { .fd = dup3(program, 3, O_CLOEXEC), .events = POLLIN };

	if (program == 3)
		pfd.fd = 3;
	setsid();
	prctl(PR_SET_NAME, "xtcprun");
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close_range(4, ~0U, 0);
	if (chdir("/"))
		_exit(EXIT_FAILURE);
	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		;
	if (!quiet)
		counts_report(c);
	remove_counts(path);
	_exit(EXIT_SUCCESS);
}

/*
 * A child's child: the program that we become must not find a child that it did not make.
 * Return: whether there is one.
 */
static bool start_watcher(struct counts *c, char *path, bool quiet)
{
	int program = syscall(SYS_pidfd_open, getpid(), 0);
	int status = EXIT_FAILURE;
	pid_t child, watcher;

	if (program < 0)
		return false;
	child = fork();
	if (!child) {
		watcher = fork();
		if (!watcher)
			watch(c, program, path, quiet);
		_exit(watcher < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	close(program);
	return !status;
}

static void prepend(const char *name, const char *value)
{
	const char *old = getenv(name);
	char *all;

	if (asprintf(&all, "%s%s%s", value, old && *old ? ":" : "", old ? old : "") < 0 ||
	    setenv(name, all, 1))
		die(EXIT_FAILURE, "out of memory");
	free(all);
}

/* Without room for the counts, or who would clear it away, nothing is told at the end. */
static void count_from_here(const char *name, bool quiet)
{
	const char *base = strrchr(name, '/');
	char path[PATH_MAX + 32];
	struct counts *c = make_counts(path, sizeof(path));

	unsetenv(ENV_COUNTS);
	if (!c)
		return;
	c->first = getpid();
	snprintf(c->name, sizeof(c->name), "%s", base ? base + 1 : name);
	c->kernel = inherited();
	if (start_watcher(c, path, quiet))
		setenv(ENV_COUNTS, path, 1);
	else
		remove_counts(path);
}

int main(int argc, char **argv)
{
	enum { OPT_STRICT = 256 };
	static const struct option longs[] = {
		{ "ipv4", no_argument, NULL, '4' },
		{ "strict", no_argument, NULL, OPT_STRICT },
		{ "debug", no_argument, NULL, 'd' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	char library[PATH_MAX], mode[8] = "", family[16];
	bool strict = false, quiet = false;
	unsigned int nr;
	int c;

	while ((c = getopt_long(argc, argv, "+4dqh", longs, NULL)) != -1) {
		switch (c) {
		case OPT_STRICT:
			c = MODE_STRICT;
			strict = true;
			break;
		case '4':
		case 'd':
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
		if (!strchr(mode, c))
			mode[strlen(mode)] = c;
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	argv += optind;

	find_library(library, sizeof(library));
	check_program(argv[0], library);
	check_module();
	nr = inherited();
	if (nr && strict)
		die(EXIT_CANNOT_RUN, "%s would be handed %u sockets of the kernel's TCP (--strict)",
		    argv[0], nr);
	if (nr && !quiet)
		fprintf(stderr, "xtcprun: %s is handed %u socket%s of the kernel's TCP\n",
			argv[0], nr, nr == 1 ? "" : "s");
	snprintf(family, sizeof(family), "%d", read_family());
	if (strcmp(family, "0"))
		setenv(ENV_FAMILY, family, 1);
	setenv(ENV_MODE, mode, 1);
	prepend("LD_PRELOAD", library);
	count_from_here(argv[0], quiet);
	execvp(argv[0], argv);
	die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s: %s", argv[0], strerror(errno));
}
