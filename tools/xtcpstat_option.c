// SPDX-License-Identifier: GPL-2.0
/*
 * The command line's options: one table, from which they are read and explained.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "xtcpstat.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

/* Those without a letter. */
enum { OPT_JSON = 256, OPT_DELAY, OPT_COUNT, OPT_SORT };

static const struct {
	int key;
	const char *name;
	const char *arg;
	const char *help;
} table[] = {
	{ 'a', "all",		NULL, "listening sockets, too (fsm, counters, reasons: what is zero, too)" },
	{ 'l', "listening",	NULL, "listening sockets only" },
	{ 'n', "numeric",	NULL, "do not resolve names" },
	{ '4', "ipv4",		NULL, "sockets of IPv4 only" },
	{ '6', "ipv6",		NULL, "sockets of IPv6 only" },
	{ 'p', "programs",	NULL, "PID and name of the program that has the socket" },
	{ 'e', "extend",	NULL, "user and inode" },
	{ 'o', "timers",	NULL, "the timer that runs" },
	{ 'i', "info",		NULL, "the inside of each connection, as ss -i" },
	{ 'm', "memory",	NULL, "memory of its buffers, as ss -m" },
	{ 'c', "continuous",	NULL, "again and again" },
	{ 's', "statistics",	NULL, "counters in words, as netstat -s" },
	{ 'H', "no-header",	NULL, "rows only" },
	{ 'N', "net",		"NETNS", "in that network namespace (ip netns, or a path)" },
	{ 't', "tcp",		NULL, "accepted for netstat's sake, as are -u, -w and -W:" },
	{ 'u', "udp",		NULL, "there is nothing but TCP, and addresses are not cut" },
	{ 'w', "raw",		NULL, NULL },
	{ 'W', "wide",		NULL, NULL },
	{ 'b', "batch",		NULL, "top: print and do not draw" },
	{ OPT_SORT, "sort",	"KEY", "top: by rate, retrans, rtt or memory" },
	{ OPT_DELAY, "delay",	"SECONDS", "top, -c: from one time to the next; 1" },
	{ OPT_COUNT, "count",	"N", "top, -c: how many times" },
	{ OPT_JSON, "json",	NULL, "for programs" },
	{ 'h', "help",		NULL, "this" },
};

/**
 * usage_error - end the program because of its arguments
 * @fmt: what is wrong
 */
void usage_error(const char *fmt, ...)
{
	va_list ap;

	fputs("xtcpstat: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nTry 'xtcpstat --help'.\n", stderr);
	exit(EXIT_USAGE);
}

/**
 * option_word - the long names of options
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const char *option_word(unsigned int i)
{
	return i < NR(table) ? table[i].name : NULL;
}

/**
 * options_print - explain them
 * @out: where to
 */
void options_print(FILE *out)
{
	char text[32];
	size_t i;

	for (i = 0; i < NR(table); i++) {
		if (!table[i].help)
			continue;
		snprintf(text, sizeof(text), "--%s%s%s", table[i].name, table[i].arg ? "=" : "",
			 table[i].arg ? table[i].arg : "");
		if (table[i].key < OPT_JSON)
			fprintf(out, "  -%c, %-16s %s\n", table[i].key, text, table[i].help);
		else
			fprintf(out, "      %-16s %s\n", text, table[i].help);
	}
}

/* For getopt_long(). */
static void spell(char *letters, struct option *longs)
{
	size_t i;

	for (i = 0; i < NR(table); i++) {
		longs[i] = (struct option){
			.name = table[i].name,
			.has_arg = table[i].arg ? required_argument : no_argument,
			.val = table[i].key,
		};
		if (table[i].key >= OPT_JSON)
			continue;
		*letters++ = table[i].key;
		if (table[i].arg)
			*letters++ = ':';
	}
	*letters = '\0';
	memset(&longs[NR(table)], 0, sizeof(*longs));
}

static double seconds(const char *text)
{
	char *end;
	double val = strtod(text, &end);

	if (!*text || *end || !(val >= 0.01 && val <= 86400))
		usage_error("%s: no time between 0.01 and 86400 seconds", text);
	return val;
}

static unsigned int times(const char *text)
{
	char *end;
	unsigned long val = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !val || val > UINT32_MAX)
		usage_error("%s: no number of times", text);
	return val;
}

static void set(struct options *opt, int key)
{
	switch (key) {
	case 'a':
		opt->all = true;
		break;
	case 'l':
		opt->listening = true;
		break;
	case 'n':
		opt->numeric = true;
		break;
	case '4':
		opt->family = AF_INET;
		break;
	case '6':
		opt->family = AF_INET6;
		break;
	case 'p':
		opt->programs = true;
		break;
	case 'e':
		opt->extend = true;
		break;
	case 'o':
		opt->timers = true;
		break;
	case 'i':
		opt->info = true;
		break;
	case 'm':
		opt->memory = true;
		break;
	case 'c':
		opt->continuous = true;
		break;
	case 's':
		opt->statistics = true;
		break;
	case 'H':
		opt->no_header = true;
		break;
	case 'b':
		opt->batch = true;
		break;
	case OPT_JSON:
		opt->json = true;
		break;
	}
}

static void set_value(struct options *opt, int key, const char *val)
{
	switch (key) {
	case 'N':
		opt->netns = val;
		break;
	case OPT_SORT:
		opt->sort = val;
		break;
	case OPT_DELAY:
		opt->delay = seconds(val);
		break;
	case OPT_COUNT:
		opt->count = times(val);
		break;
	}
}

/**
 * options_parse - read the options
 * @opt: out
 * @argc: of main()
 * @argv: of main(); what are no options goes to its end
 *
 * Ends the program when one is wrong.
 *
 * Return: the first argument that is no option; -1: help is wanted.
 */
int options_parse(struct options *opt, int argc, char **argv)
{
	struct option longs[NR(table) + 1];
	char letters[2 * NR(table) + 1];
	bool v4 = false, v6 = false;
	int key;

	*opt = (struct options){ .delay = 1 };
	spell(letters, longs);
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (key == '?') {	/* which getopt_long() has said */
			fputs("Try 'xtcpstat --help'.\n", stderr);
			exit(EXIT_USAGE);
		}
		if (key == 'h')
			return -1;
		v4 |= key == '4';
		v6 |= key == '6';
		if (optarg)
			set_value(opt, key, optarg);
		else
			set(opt, key);
	}
	if (v4 && v6)
		opt->family = 0;
	return optind;
}
