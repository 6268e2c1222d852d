// SPDX-License-Identifier: GPL-2.0
/*
 * What xtcpstat says: see answer.h.
 *
 * run_tests.sh says in XTCP_TOOLS where it is.
 */
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "util.h"

#define ANSWER_MAX	65536

static const char *program(void)
{
	static char path[512];
	const char *dir = getenv("XTCP_TOOLS");

	snprintf(path, sizeof(path), "%s/xtcpstat", dir ? dir : "");
	return dir && !access(path, X_OK) ? path : NULL;
}

/**
 * xtcpstat_missing - can xtcpstat be asked?
 *
 * Return: NULL, or why not.
 */
const char *xtcpstat_missing(void)
{
	return program() ? NULL : "XTCP_TOOLS does not say where xtcpstat is";
}

/* It takes the place of this process, and what it prints goes to @fd. */
static void become(const char *args, int fd)
{
	char words[512], *argv[16] = { "xtcpstat" }, *save = NULL;
	int i;

	snprintf(words, sizeof(words), "%s", args);
	for (i = 1; i < 15; i++)
		argv[i] = strtok_r(i > 1 ? NULL : words, " ", &save);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(program(), argv);
	_exit(127);
}

/**
 * xtcpstat - run it
 * @args: its command line, words with single spaces between them
 *
 * Without a shell: programs start slowly on an emulated machine.
 *
 * Return: what it printed, errors too, until the next call.
 */
const char *xtcpstat(const char *args)
{
	static char answer[ANSWER_MAX];
	int fd = memfd_create("answer", MFD_CLOEXEC);
	ssize_t len;
	pid_t pid;

	pid = must_fork();
	if (!pid)
		become(args, fd);
	waitpid(pid, NULL, 0);
	len = pread(fd, answer, sizeof(answer) - 1, 0);
	answer[len > 0 ? len : 0] = '\0';
	close(fd);
	return answer;
}

/* A kernel whose every access is checked: to start a program takes seconds there. */
bool xtcpstat_is_slow(void)
{
	return env_number("XTCP_SLOW", 1) > 1;
}

/**
 * xtcpstat_says - does xtcpstat say so, to people and to programs?
 * @args: its command line, without --json
 * @cause: a cause; NULL: this command tells none
 * @evidence: a part of the sentence
 *
 * On a slow machine only programs ask.
 *
 * Return: whether it does.
 */
bool xtcpstat_says(const char *args, const char *cause, const char *evidence)
{
	char with[512], of_people[64] = "", of_programs[64] = "";
	const char *said;

	if (cause) {
		snprintf(of_people, sizeof(of_people), "    %s: ", cause);
		snprintf(of_programs, sizeof(of_programs), "\"cause\":\"%s\"", cause);
	}
	snprintf(with, sizeof(with), "--json %s", args);
	said = xtcpstat(with);
	if (!strstr(said, of_programs) || !strstr(said, evidence))
		return false;
	if (xtcpstat_is_slow())
		return true;
	said = xtcpstat(args);
	return strstr(said, of_people) && strstr(said, evidence);
}

/* How many sockets of generic netlink of this namespace are in a group. */
static int listening(void)
{
	FILE *f = fopen("/proc/net/netlink", "re");
	unsigned int bus, groups;
	char line[256];
	int nr = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %u %*u %x", &bus, &groups) == 2 &&
		    bus == NETLINK_GENERIC && groups)
			nr++;
	if (f)
		fclose(f);
	return nr;
}

/**
 * reports_start - run an xtcpstat that reports what happens, until it listens
 * @r: out
 * @args: its command line, as of xtcpstat()
 */
void reports_start(struct reports *r, const char *args)
{
	int before = listening();

	r->args = args;
	r->fd = memfd_create("reports", MFD_CLOEXEC);
	r->pid = must_fork();
	if (!r->pid)
		become(args, r->fd);
	if (!await_ms(listening() > before, 60000))
		abort();
}

/**
 * reports_text - what it said so far
 * @r: it
 *
 * Return: until the next call.
 */
const char *reports_text(const struct reports *r)
{
	static char text[ANSWER_MAX];
	ssize_t len = pread(r->fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

bool reports_have(const struct reports *r, const char *text)
{
	return strstr(reports_text(r), text);
}

void reports_end(struct reports *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	close(r->fd);
}

static void screen(const char *name, const char *story, const char *args, const char *said)
{
	const char *page = getenv("XTCP_SCREENS"), *dir = getenv("XTCP_OUT");
	char path[1024];
	size_t len;
	FILE *f;

	if (!page || !dir)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, page);
	f = fopen(path, "ae");
	if (!f)
		abort();
	fprintf(f, "\n## %s\n\n%s\n\n    # xtcpstat %s\n", name, story, args);
	for (; *said; said += len + !!said[len]) {
		len = strcspn(said, "\n");
		fprintf(f, "    %.*s\n", (int)len, said);
	}
	fclose(f);
}

/**
 * screen_add - add what xtcpstat shows now to the page of screens
 * @name: what there is to see
 * @story: how that came
 * @args: its command line
 *
 * XTCP_SCREENS is the page, a file in XTCP_OUT; without it nothing happens.
 */
void screen_add(const char *name, const char *story, const char *args)
{
	if (getenv("XTCP_SCREENS"))
		screen(name, story, args, xtcpstat(args));
}

/* The same of what somebody has reported. */
void screen_reports(const char *name, const char *story, const struct reports *r)
{
	screen(name, story, r->args, reports_text(r));
}
