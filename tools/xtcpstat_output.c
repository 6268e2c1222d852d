// SPDX-License-Identifier: GPL-2.0
/*
 * What every command needs to say: that it cannot go on, JSON; and to wait.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "xtcpstat.h"

/**
 * die - end the program with a message
 * @fmt: the message
 */
void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("xtcpstat: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(EXIT_FAILURE);
}

/**
 * die_not_loaded - end the program because the module is not there
 */
void die_not_loaded(void)
{
	die("the module xtcp is not loaded.\n"
	    "Load it as root: 'modprobe xtcp', or 'insmod xtcp.ko' where it was built.\n"
	    "If that says 'Device or resource busy', another protocol has its family number:\n"
	    "add family=N (modinfo xtcp).");
}

/**
 * copy_printable - a process chooses its name, and a terminal may obey it
 * @to: out: the name, with ? for what is no printable character of ASCII
 * @size: room there, bytes
 * @from: the name
 */
void copy_printable(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

/**
 * print_json - print one JSON text on one line
 * @root: what; the reference is taken over
 */
void print_json(json_t *root)
{
	if (!root || json_dumpf(root, stdout, JSON_COMPACT) < 0)
		die("cannot write JSON");
	putchar('\n');
	json_decref(root);
}

/**
 * pause_for - wait
 * @seconds: how long
 */
void pause_for(double seconds)
{
	struct timespec ts = { .tv_sec = seconds };

	ts.tv_nsec = (seconds - ts.tv_sec) * 1e9;
	nanosleep(&ts, NULL);
}
