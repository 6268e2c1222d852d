// SPDX-License-Identifier: GPL-2.0
/*
 * xtcpstat - netstat, ss and nstat for AF_XTCP, and its state machine.
 */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

static const char usage[] =
"Usage: xtcpstat [OPTION...]          list sockets, as netstat does\n"
"       xtcpstat events [--json]      print transitions as they happen\n"
"       xtcpstat fsm [-a] [-c] [--json]\n"
"                                     draw the state machine with its counts\n"
"       xtcpstat stats [-a] [--json]  counters that are not zero\n"
"       xtcpstat reasons [-a] [--json]\n"
"                                     why states changed and RSTs were sent, how often\n"
"\n"
"  -a, --all          listening sockets, too (fsm, stats, reasons: what is zero, too)\n"
"  -l, --listening    listening sockets only\n"
"  -n, --numeric      do not resolve names\n"
"  -t, --tcp          accepted for netstat's sake, as are -u, -w, -4, -6 and -W:\n"
"                     there is nothing but TCP, and addresses are not cut\n"
"  -p, --programs     PID and name of the program that has the socket\n"
"  -e, --extend       user and inode\n"
"  -o, --timers       the timer that runs\n"
"  -i, --info         the inside of each connection, as ss -i\n"
"  -c, --continuous   again each second\n"
"  -s, --statistics   counters in words, as netstat -s\n"
"      --json         for programs\n"
"  -h, --help         this\n";

static void usage_error(const char *what, const char *arg)
{
	fprintf(stderr, "xtcpstat: %s: %s\nTry 'xtcpstat --help'.\n", what, arg);
	exit(EXIT_USAGE);
}

static int run(const char *command, const struct options *opt, bool statistics)
{
	if (!command)
		return statistics ? command_stats(opt, true) : command_sockets(opt);
	if (!strcmp(command, "events"))
		return command_events(opt);
	if (!strcmp(command, "fsm"))
		return command_fsm(opt);
	if (!strcmp(command, "stats"))
		return command_stats(opt, statistics);
	if (!strcmp(command, "reasons"))
		return command_reasons(opt);
	usage_error("no such command", command);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	enum { OPT_JSON = 256 };
	static const struct option longs[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "listening", no_argument, NULL, 'l' },
		{ "numeric", no_argument, NULL, 'n' },
		{ "tcp", no_argument, NULL, 't' },
		{ "udp", no_argument, NULL, 'u' },
		{ "raw", no_argument, NULL, 'w' },
		{ "wide", no_argument, NULL, 'W' },
		{ "programs", no_argument, NULL, 'p' },
		{ "extend", no_argument, NULL, 'e' },
		{ "timers", no_argument, NULL, 'o' },
		{ "info", no_argument, NULL, 'i' },
		{ "continuous", no_argument, NULL, 'c' },
		{ "statistics", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	struct options opt = {};
	bool statistics = false;
	int c, rc;

	setlocale(LC_CTYPE, "");
	while ((c = getopt_long(argc, argv, "alntuwW46peoicsh", longs, NULL)) != -1) {
		switch (c) {
		case 'a':
			opt.all = true;
			break;
		case 'l':
			opt.listening = true;
			break;
		case 'n':
			opt.numeric = true;
			break;
		case 't':
		case 'u':
		case 'w':
		case 'W':
		case '4':
		case '6':
			break;
		case 'p':
			opt.programs = true;
			break;
		case 'e':
			opt.extend = true;
			break;
		case 'o':
			opt.timers = true;
			break;
		case 'i':
			opt.info = true;
			break;
		case 'c':
			opt.continuous = true;
			break;
		case 's':
			statistics = true;
			break;
		case OPT_JSON:
			opt.json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("Try 'xtcpstat --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (argc - optind > 1)
		usage_error("one command at a time", argv[optind + 1]);
	rc = run(argv[optind], &opt, statistics);
	if (fflush(stdout) || ferror(stdout))
		die("write error");
	return rc;
}
