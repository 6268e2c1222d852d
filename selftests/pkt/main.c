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
#include <fcntl.h>
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
		{ "net.ipv4.tcp_", "net.xtcp." },
		{ "net/ipv4/tcp_", "net/xtcp/" },
		{ "/proc/net/tcp6", "/proc/net/xtcp6" },
		{ "/proc/net/tcp ", "/proc/net/xtcp " },
		{ "TcpExtTCP", "TcpExt" },
		{ "TcpExt", "Tcp.*" },
	};
	char *out = strdup(text);

	for (size_t i = 0; world.xtcp && i < sizeof(words) / sizeof(*words); i++)
		out = replace(out, words[i][0], words[i][1]);
	return out;
}

/* Write @value, where $((a*b)) is a product, to a file of /proc/sys. */
static void write_setting(const char *path, const char *value)
{
	char text[256] = "", *t = text;
	int fd;

	for (; *value && t < text + 200; value++) {
		if (!strncmp(value, "$((", 3)) {
			long long n = 1;

			for (value += 2; *value == '(' || *value == '*';)
				n *= strtoll(value + 1, (char **)&value, 10);
			t += sprintf(t, "%lld", n);
			value++;
		} else if (*value != '"') {
			*t++ = *value;
		}
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* what does not exist here is as it is */
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fail("%s does not take \"%s\"", path, text);
	close(fd);
}

/* sysctl and set_sysctls.py, NAME=VALUE each. */
static void set_settings(char *line)
{
	char *eq, path[256];

	while ((eq = strchr(line, '='))) {
		char *name = eq, *end = eq + 1;

		while (name > line && name[-1] != ' ' && name[-1] != '\t')
			name--;
		*eq = 0;
		if (*end == '"')
			end = strchr(end + 1, '"') + 1;
		else
			end += strcspn(end, " \t");
		if (!strncmp(name, "/proc/sys/", 10))
			name += 10;
		snprintf(path, sizeof(path), "/proc/sys/%s", name);
		for (char *c = path; *c; c++)
			if (*c == '.' && strchr(name, '.'))
				*c = '/';
		line = end;
		if (*line)
			*line++ = 0;
		write_setting(path, eq + 1);
	}
}

static void run_shell(const char *text);

static void run_defaults(void)
{
	static char text[16384];
	FILE *f = fopen("defaults.sh", "re");

	if (!f)
		fail("no defaults.sh");
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	run_shell(text);
}

/* What needs no other program. Return: whether it was that. */
static bool run_line(char *line)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#' || !strncmp(line, "/tmp/sysctl_restore", 19))
		return true;	/* the namespace ends with the script */
	/* there are no old cookies, and the device's queue is a plain one */
	if (!strcmp(line, "tc qdisc add dev tun0 root pfifo") ||
	    !strncmp(line, "ip tcp_metrics flush", 20))
		return true;
	if (!strcmp(line, "./defaults.sh")) {
		run_defaults();
		return true;
	}
	if (strncmp(line, "sysctl -", 8) && strncmp(line, "./set_sysctls.py", 16))
		return false;
	if (strchr(line, '#'))
		*strchr(line, '#') = 0;
	if (strchr(line, '>'))
		*strchr(line, '>') = 0;
	set_settings(line);
	return true;
}

static void run_program(const char *command)
{
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
}

static void run_shell(const char *text)
{
	char *command = translate(text), *line, *save;

	command = replace(command, "\\\n", " ");
	for (line = strtok_r(command, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!run_line(line))
			run_program(line);
	free(command);
}

/* ---- events -------------------------------------------------------------- */

static uint64_t to_ns(long long us)
{
	return world.began + us * 1000;
}

/*
 * The kernel's timers are up to an eighth of their time late, and one more tick: what a
 * script gives a range for elsewhere.
 */
static long long latest(long long to, long long last)
{
	return to + world.script->tolerance + (to - last) / 8;
}

static void in_time(uint64_t when, long long from, long long to, long long last)
{
	long long us = script_time(when);

	if (us < from - world.script->tolerance || us > latest(to, last))
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
	if (until < 0)
		until = at;
	when = packet_expect(&e->packet, to_ns(latest(until, *last)) + 1000000);
	in_time(when, at, until, *last);
	/* by so much all that follows is later, too */
	*last = e->until < 0 && script_time(when) <= at + world.script->tolerance ? at :
		script_time(when);
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
			in_time(now_ns(), at, at, at);
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
	/* a tick of user-mode Linux, and what the kernel's own runner grants slow machines */
	if (world.script->tolerance < 14000)
		world.script->tolerance = 14000;
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
