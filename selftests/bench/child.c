// SPDX-License-Identifier: GPL-2.0
/*
 * What the benchmarks have in common: the two families, and turns in processes of
 * their own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/xtcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* A turn that hangs: on an instruction clock idle time passes at once. */
#define TURN_TIMEOUT_S	600
/* Namespaces of the turn before are torn down in the background. */
#define SETTLE_US	400000

const int families[NR_FAMILIES] = { AF_INET, AF_XTCP };
const char *const family_names[NR_FAMILIES] = { "kernel", "xtcp" };

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void pass_on(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n <= 0)
			die("write: %m");
		buf += n;
		len -= n;
	}
}

/*
 * Do @work in a process of its own, with namespaces of its own, and take what it
 * leaves in @out.
 * Return: whether it succeeded.
 */
bool in_child(void (*work)(void *arg, void *out), void *arg, void *out, size_t len)
{
	int fds[2], status;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	if (pipe(fds))
		die("pipe: %m");
	pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(TURN_TIMEOUT_S);
		memset(out, 0, len);
		work(arg, out);
		pass_on(fds[1], out, len);
		exit(0);
	}
	close(fds[1]);
	while (have < len && (n = read(fds[0], (char *)out + have, len - have)) > 0)
		have += n;
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %m");
	usleep(SETTLE_US);
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: killed by signal %d\n", program_invocation_short_name,
			WTERMSIG(status));
	return !status && have == len;
}
