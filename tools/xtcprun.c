// SPDX-License-Identifier: GPL-2.0
/*
 * xtcprun - run an unmodified program on AF_XTCP: see xtcprun(8).
 *
 * It prepares the environment and becomes the program, so that the program has the process
 * number, the parent and the signals that it was meant to have. What is said at its end is
 * said by the library in it, or, if it did not live to, by a watcher that is nobody's child.
 * Where nothing can be loaded into the program, the watcher makes its sockets, too.
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

#include <linux/xtcp.h>

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
"       xtcprun --cgroup=PATH|self | --unit=NAME [--off]\n"
"       xtcprun --pid=PID\n"
"\n"
"Run PROGRAM so that the TCP sockets which it and its children make are sockets\n"
"of AF_XTCP.\n"
"\n"
"  -4, --ipv4    let TCP over IPv6 fail, as on a machine without it: what would\n"
"                listen on [::] listens on 0.0.0.0\n"
"      --strict  refuse whatever would use the kernel's TCP\n"
"      --door=preload|seccomp\n"
"                how the sockets are reached: by a library that is loaded into the\n"
"                program, or by a filter of its system calls, which reaches static\n"
"                programs and those in Go; xtcprun chooses what reaches PROGRAM\n"
"      --listen=[ADDRESS:]PORT\n"
"                hand PROGRAM a socket that listens there (sd_listen_fds(3)); may be\n"
"                repeated\n"
"      --cgroup=PATH, --unit=NAME, --pid=PID\n"
"                TCP sockets that these make from now on, whatever runs there already;\n"
"                with --off no more. Needs root and Linux 6.6\n"
"  -v, --verbose say which door was chosen, and why\n"
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

/* What reaches a program, and why not the library; @wanted: DOOR_NONE: whatever does. */
static enum door choose_door(const char *name, const char *library, enum door wanted,
			     char *reason, size_t size)
{
	char path[PATH_MAX];
	struct stat st;
	enum door door;

	if (!program_find(name, path, sizeof(path)) || stat(path, &st))
		die(EXIT_NOT_FOUND, "%s: no such program", name);
	if (S_ISDIR(st.st_mode))
		die(EXIT_CANNOT_RUN, "%s is a directory, not a program", name);
	if (access(path, X_OK))
		die(EXIT_CANNOT_RUN, "%s: not allowed to run it", name);
	*reason = '\0';
	door = program_door(path, library, reason, size);
	if (door == DOOR_NONE)
		die(EXIT_CANNOT_RUN, "%s", reason);
	if (wanted == DOOR_PRELOAD && door != wanted)
		die(EXIT_CANNOT_RUN, "%s; --door=seccomp reaches it", reason);
	return wanted == DOOR_NONE ? door : wanted;
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

/**
 * struct watcher - what it gets from us
 * @program: pidfd of the program
 * @path: of the file with the counts; empty: there is none
 * @channel: where the filter's listener will come from; -1: there is no filter
 * @s: how it makes sockets, if it does
 */
struct watcher {
	int			program;
	char			path[PATH_MAX + 32];
	int			channel;
	struct supervisor	s;
};

/* A descriptor comes as a message of a Unix socket. Return: it, -1. */
static int receive_descriptor(int channel)
{
	char c, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *cmsg;
	int fd = -1;

	if (recvmsg(channel, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

static bool send_descriptor(int channel, int fd)
{
	char c = 0, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(channel, &msg, MSG_NOSIGNAL) == 1;
}

/*
 * Until the program has ended, and with a filter until the last process that has it: a
 * call of it that nobody answers fails.
 */
static void watch_until_the_end(struct watcher *w)
{
	enum { PROGRAM, LISTENER };
	struct pollfd pfd[] = {
		[PROGRAM] = { .fd = w->program, .events = POLLIN },
		[LISTENER] = { .fd = w->s.listener, .events = POLLIN },
	};
	int null;

	while (pfd[PROGRAM].fd >= 0 || pfd[LISTENER].fd >= 0) {
		if (poll(pfd, 2, -1) < 0)
			continue;
		if (pfd[LISTENER].revents & POLLIN)
			supervisor_answer(&w->s);
		else if (pfd[LISTENER].revents)
			pfd[LISTENER].fd = -1;
		if (!pfd[PROGRAM].revents)
			continue;
		pfd[PROGRAM].fd = -1;
		if (!w->s.quiet)
			counts_report(w->s.counts);
		if (*w->path)
			remove_counts(w->path);
		/* who reads our standard error waits for the program, not for its children */
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0)
			dup2(null, STDERR_FILENO);
		close(null);
	}
}

/* In the watcher. Standard error is all that it keeps. */
static void watch(struct watcher *w)
{
	setsid();
	prctl(PR_SET_NAME, "xtcprun");
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	/* above what is to be closed, and then below it */
	w->program = fcntl(w->program, F_DUPFD_CLOEXEC, INHERITED_MAX);
	if (w->channel >= 0)
		w->channel = fcntl(w->channel, F_DUPFD_CLOEXEC, INHERITED_MAX);
	w->program = dup3(w->program, 3, O_CLOEXEC);
	if (w->channel >= 0)
		w->channel = dup3(w->channel, 4, O_CLOEXEC);
	close_range(5, ~0U, 0);
	if (chdir("/"))
		_exit(EXIT_FAILURE);
	if (w->channel >= 0) {
		w->s.listener = receive_descriptor(w->channel);
		if (w->s.listener < 0 || write(w->channel, "", 1) != 1)
			_exit(EXIT_FAILURE);
		close(w->channel);
	}
	watch_until_the_end(w);
	_exit(EXIT_SUCCESS);
}

/*
 * A child's child: the program that we become must not find a child that it did not make.
 * Return: whether there is one.
 */
static bool start_watcher(struct watcher *w)
{
	int status = EXIT_FAILURE;
	pid_t child, watcher;

	w->program = syscall(SYS_pidfd_open, getpid(), 0);
	if (w->program < 0)
		return false;
	child = fork();
	if (!child) {
		watcher = fork();
		if (!watcher)
			watch(w);
		_exit(watcher < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	close(w->program);
	return !status;
}

/* The filter is on from here, and the watcher answers. */
static void install_filter(int channel)
{
	int fd = seccomp_filter_install();
	char c;

	if (fd < 0 && errno == EBUSY)
		die(EXIT_CANNOT_RUN, "a container manager, or another xtcprun, has a filter of system calls already, and there can be one that asks; without --door=seccomp dynamic programs are reached");
	if (fd < 0)
		die(EXIT_CANNOT_RUN, "the kernel takes no filter of system calls that asks (%s); dynamic programs are reached by --door=preload",
		    strerror(errno));
	if (!send_descriptor(channel, fd) || read(channel, &c, 1) != 1)
		die(EXIT_FAILURE, "the process that makes the sockets has not started");
	close(fd);
	close(channel);
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

static void begin_counts(struct counts *c, const char *name)
{
	const char *base = strrchr(name, '/');

	c->first = getpid();
	snprintf(c->name, sizeof(c->name), "%s", base ? base + 1 : name);
	c->kernel = inherited();
}

/* Without room for the counts, or who would clear it away, nothing is told at the end. */
static void count_from_here(const char *name, struct watcher *w)
{
	struct counts *c = make_counts(w->path, sizeof(w->path));

	unsetenv(ENV_COUNTS);
	if (!c)
		return;
	begin_counts(c, name);
	w->s.counts = c;
	if (start_watcher(w))
		setenv(ENV_COUNTS, w->path, 1);
	else
		remove_counts(w->path);
}

/* Here the watcher alone counts, so that no file is needed. */
static void supervise_from_here(const char *name, struct watcher *w)
{
	static struct counts own;
	int ends[2];

	begin_counts(&own, name);
	w->s.counts = &own;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die(EXIT_FAILURE, "%s", strerror(errno));
	w->channel = ends[0];
	if (!start_watcher(w))
		die(EXIT_FAILURE, "the process that makes the sockets cannot be started: %s",
		    strerror(errno));
	close(ends[0]);
	install_filter(ends[1]);
}

int main(int argc, char **argv)
{
	enum { OPT_STRICT = 256, OPT_DOOR, OPT_LISTEN, OPT_CGROUP, OPT_UNIT, OPT_PID, OPT_OFF };
	static const struct option longs[] = {
		{ "ipv4", no_argument, NULL, '4' },
		{ "strict", no_argument, NULL, OPT_STRICT },
		{ "door", required_argument, NULL, OPT_DOOR },
		{ "cgroup", required_argument, NULL, OPT_CGROUP },
		{ "unit", required_argument, NULL, OPT_UNIT },
		{ "pid", required_argument, NULL, OPT_PID },
		{ "off", no_argument, NULL, OPT_OFF },
		{ "listen", required_argument, NULL, OPT_LISTEN },
		{ "verbose", no_argument, NULL, 'v' },
		{ "debug", no_argument, NULL, 'd' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	char library[PATH_MAX] = "", reason[REASON_MAX], mode[8] = "", family[16];
	static struct watcher w = { .channel = -1, .s.listener = -1 };
	const char *listen[LISTEN_MAX], *why, *running = NULL;
	enum door door = DOOR_NONE;
	unsigned int nr, listens = 0, i;
	bool verbose = false, off = false;
	int c, kind = 0;

	while ((c = getopt_long(argc, argv, "+4dqvh", longs, NULL)) != -1) {
		switch (c) {
		case OPT_STRICT:
			c = MODE_STRICT;
			w.s.strict = true;
			break;
		case OPT_DOOR:
			if (!strcmp(optarg, "preload")) {
				door = DOOR_PRELOAD;
			} else if (!strcmp(optarg, "seccomp")) {
				door = DOOR_SECCOMP;
			} else {
				fputs(usage, stderr);
				return EXIT_USAGE;
			}
			continue;
		case OPT_CGROUP:
		case OPT_UNIT:
		case OPT_PID:
			kind = c;
			running = optarg;
			continue;
		case OPT_OFF:
			off = true;
			continue;
		case OPT_LISTEN:
			if (listens == LISTEN_MAX)
				die(EXIT_USAGE, "--listen %s: too many", optarg);
			listen[listens++] = optarg;
			continue;
		case 'v':
			verbose = true;
			continue;
		case '4':
			w.s.ipv4_only = true;
			break;
		case 'd':
			w.s.debug = true;
			break;
		case 'q':
			w.s.quiet = true;
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
	if (running && optind == argc && !(off && kind == OPT_PID)) {
		if (!off)
			check_module();
		return kind == OPT_PID ? bpf_turn_process(running) :
		       bpf_turn_cgroup(running, kind == OPT_UNIT, off);
	}
	if (optind == argc || running || off) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	argv += optind;

	if (door == DOOR_SECCOMP)
		/* its kind of processor counts, as the library's would */
		strcpy(library, "/proc/self/exe");
	else
		find_library(library, sizeof(library));
	door = choose_door(argv[0], library, door, reason, sizeof(reason));
	if (verbose)
		fprintf(stderr, "xtcprun: %s is reached by %s%s%s\n", argv[0],
			door == DOOR_PRELOAD ? "preloading " : "seccomp",
			door == DOOR_PRELOAD ? library : *reason ? ": " : "",
			door == DOOR_PRELOAD ? "" : reason);
	check_module();
	w.s.family = read_family();
	if (!w.s.family)
		w.s.family = AF_XTCP;
	for (i = 0; i < listens; i++) {
		why = listen_add(listen[i], w.s.family);
		if (why)
			die(EXIT_CANNOT_RUN, "--listen %s: %s", listen[i], why);
	}
	nr = inherited();
	if (nr && w.s.strict)
		die(EXIT_CANNOT_RUN, "%s would be handed %u sockets of the kernel's TCP (--strict)",
		    argv[0], nr);
	if (nr && !w.s.quiet)
		fprintf(stderr, "xtcprun: %s is handed %u socket%s of the kernel's TCP\n",
			argv[0], nr, nr == 1 ? "" : "s");
	if (door == DOOR_PRELOAD) {
		snprintf(family, sizeof(family), "%d", w.s.family);
		setenv(ENV_FAMILY, family, 1);
		setenv(ENV_MODE, mode, 1);
		prepend("LD_PRELOAD", library);
		count_from_here(argv[0], &w);
	} else {
		supervise_from_here(argv[0], &w);
	}
	listen_hand_over();
	execvp(argv[0], argv);
	die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s: %s", argv[0], strerror(errno));
}
