// SPDX-License-Identifier: GPL-2.0
/*
 * pkt [--xtcp] [--form ipv4|ipv6|mapped] [--parse] SCRIPT: run one script, in a network
 * namespace of its own and in the directory where the script is.  A failure is told in a
 * line on standard output.
 *
 * Written for a machine whose time passes only when everybody waits: events are at the
 * times of the script exactly, whatever the host does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pkt.h"

/* Seconds in which each script has come to its end. */
#define PATIENCE	100

struct world world = { .sock = -1 };

void fail(const char *fmt, ...)
{
	va_list args;

	printf("%s:%d: ", world.name ? world.name : "pkt", world.line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

long long script_time(uint64_t ns)
{
	return ((long long)ns - (long long)world.began) / 1000;
}

static void too_long(int sig)
{
	fail("does not end");
}

/* ---- commands ------------------------------------------------------------ */

/* Put @by for each @what. */
static char *replace(char *text, const char *what, const char *by)
{
	char *found, *out;

	for (char *from = text; (found = strstr(from, what));) {
		out = malloc(strlen(text) + strlen(by) + 1);
		memcpy(out, text, found - text);
		strcpy(out + (found - text), by);
		strcat(out, found + strlen(what));
		from = out + (found - text) + strlen(by);
		free(text);
		text = out;
	}
	return text;
}

/* A command speaks of the kernel's TCP; say the same of ours. */
static char *translate(const char *text)
{
	static const char *const words[][2] = {
		{ "./defaults.sh", "sed 's/net.ipv4.tcp_/net.xtcp./' defaults.sh | bash" },
		{ "net.ipv4.tcp_", "net.xtcp." },
		{ "net/ipv4/tcp_", "net/xtcp/" },
		{ "/proc/net/tcp6", "/proc/net/xtcp6" },
		{ "/proc/net/tcp ", "/proc/net/xtcp " },
		{ "TcpExt", "Xtcp" },
		{ "XtcpTCP", "Xtcp" },
	};
	char *out = strdup(text);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		out = replace(out, words[i][0], words[i][1]);
	return out;
}

static void run_shell(const char *text)
{
	char *command = world.xtcp ? translate(text) : strdup(text);
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (freopen("/dev/null", "w", stderr))
			dup2(2, 1);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/bash", "bash", "-c", command, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork: %s", strerror(errno));
	if (status)
		fail("this fails: %s", command);
	free(command);
}

/* ---- events -------------------------------------------------------------- */

static uint64_t to_ns(long long us)
{
	return world.began + us * 1000;
}

static void in_time(uint64_t when, long long from, long long to)
{
	long long us = script_time(when);

	if (us < from - world.script->tolerance || us > to + world.script->tolerance)
		fail("at %lld us, not from %lld to %lld", us, from, to);
}

static void run_packet(const struct event *e, long long at, long long until, long long *last)
{
	uint64_t when;

	if (e->packet.inbound) {
		wire_wait(to_ns(at));
		packet_send(&e->packet);
		wire_drain();
		*last = at;
		return;
	}
	if (e->time == T_ANY) {
		when = packet_expect(&e->packet, now_ns() + PATIENCE * 500000000ULL);
		*last = script_time(when);
		return;
	}
	when = packet_expect(&e->packet, to_ns((until < 0 ? at : until) +
					       world.script->tolerance) + 1000000);
	in_time(when, at, until < 0 ? at : until);
	*last = until < 0 ? at : script_time(when);
}

static void run(struct script *s)
{
	long long last = 0;
	bool started = false;

	for (struct event *e = s->events; e; e = e->next) {
		long long base = e->time == T_RELATIVE ? last : 0;
		long long at = base + e->at, until = e->until < 0 ? -1 : base + e->until;

		world.line = e->line;
		if (e->time == T_NONE) {
			run_shell(e->text);
			continue;
		}
		if (!started) {
			started = true;
			world.began = now_ns();
			world.began_real = clock_ns(CLOCK_REALTIME);
		}
		if (e->kind == E_PACKET) {
			run_packet(e, at, until, &last);
			continue;
		}
		if (e->time == T_ANY)
			at = script_time(now_ns());
		wire_wait(to_ns(at));
		last = at;
		switch (e->kind) {
		case E_CALL:
			call_await();
			in_time(now_ns(), at, at);
			call_make(&e->call, e->blocks, until);
			break;
		case E_SHELL:
			run_shell(e->text);
			break;
		default:
			call_await();
			check_code(e->text);
		}
		wire_drain();
	}
	call_await();
}

int main(int argc, char **argv)
{
	char pid[16], dir[4096];
	bool parse = false;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--xtcp"))
			world.xtcp = true;
		else if (!strcmp(argv[i], "--parse"))
			parse = true;
		else if (!strcmp(argv[i], "--form") && ++i < argc)
			world.form = !strcmp(argv[i], "ipv6") ? IPV6 :
				     !strcmp(argv[i], "mapped") ? MAPPED : IPV4;
		else
			fail("no option: %s", argv[i]);
	}
	if (i + 1 != argc)
		fail("one script, please");
	world.name = basename(strdup(argv[i]));
	world.script = script_read(argv[i]);
	if (parse)
		return 0;

	snprintf(dir, sizeof(dir), "%s", argv[i]);
	if (chdir(dirname(dir)))
		fail("%s: %s", dir, strerror(errno));
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("PACKETDRILL_PID", pid, 1);
	setenv("NSTAT_HISTORY", "/tmp/pkt.nstat", 1);
	unlink("/tmp/pkt.nstat");
	if (world.xtcp)
		setenv("PROC_NET_NETSTAT", "/proc/net/xtcp_netstat", 1);
	prctl(PR_SET_TIMERSLACK, 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, too_long);
	alarm(PATIENCE);
	if (unshare(CLONE_NEWNET))
		fail("a network namespace: %s", strerror(errno));
	wire_open();
	run(world.script);
	return 0;
}
