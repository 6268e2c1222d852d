// SPDX-License-Identifier: GPL-2.0
/*
 * xtcpstat - netstat, ss and nstat for AF_XTCP, and its state machine.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

static void print_commands(FILE *out)
{
	const struct command *c;
	unsigned int i;

	for (i = 0; (c = command_at(i)); i++)
		fprintf(out, "  %-8s %-22s %s\n", c->name, c->args, c->help);
}

static void print_help(void)
{
	unsigned int i;

	puts("Usage: xtcpstat [OPTION...] [FILTER]          list sockets, as netstat does\n"
	     "       xtcpstat [OPTION...] COMMAND [...]\n"
	     "\n"
	     "Commands:");
	print_commands(stdout);
	puts("\n"
	     "FILTER, as in ss:\n"
	     "  state STATE...   exclude STATE...\n"
	     "  sport|dport [= != < <= > >=] PORT\n"
	     "  src|dst [= !=] ADDRESS[/BITS][:PORT]\n"
	     "  dev [= !=] DEVICE   user [= !=] USER\n"
	     "joined by not, and, or, parentheses\n"
	     "\n"
	     "KNOB=VALUE:");
	for (i = 0; knob_word(i); i++)
		printf("  %-14s %s\n", knob_word(i), knob_values(i));
	puts("\n"
	     "Options:");
	options_print(stdout);
}

/* The filter behind a command, or in place of one. */
static void read_filter(struct options *opt)
{
	struct tokens t;

	if (!opt->nr_words)
		return;
	opt->filter = filter_parse(&t, opt->words, opt->nr_words);
	if (opt->filter)
		return;
	tokens_print_error(&t, stderr);
	exit(EXIT_USAGE);
}

static int run(struct options *opt, const struct command *c)
{
	if (opt->netns)	/* a filter's devices and hosts are those of it */
		netns_enter(opt->netns);
	if (c->takes == TAKES_FILTER)
		read_filter(opt);
	else if (c->takes == TAKES_NOTHING && opt->nr_words)
		usage_error("%s: not expected here: %s", c->name, opt->words[0]);
	return c->run(opt);
}

static _Noreturn void no_such_command(const struct options *opt)
{
	struct tokens t;

	if (tokens_begin(&t, opt->words, opt->nr_words))
		tokens_wrong(&t, &t.next, "'%s' is neither a command nor the beginning of a filter",
			     opt->words[0]);
	tokens_print_error(&t, stderr);
	fputs("Try 'xtcpstat --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static int run_words(struct options *opt)
{
	static const struct command sockets = {
		.name = "xtcpstat", .takes = TAKES_FILTER, .run = command_sockets,
	};
	const struct command *c = opt->nr_words ? command_find(opt->words[0]) : NULL;

	if (c) {
		opt->words++;
		opt->nr_words--;
		return run(opt, c);
	}
	if (opt->nr_words && !filter_begins(opt->words[0]))
		no_such_command(opt);
	if (!opt->nr_words && opt->statistics)
		return run(opt, command_find("counters"));
	return run(opt, &sockets);
}

int main(int argc, char **argv)
{
	struct options opt;
	int first, rc;

	setlocale(LC_CTYPE, "");
	first = options_parse(&opt, argc, argv);
	if (first < 0) {
		print_help();
		rc = EXIT_SUCCESS;
	} else {
		opt.words = argv + first;
		opt.nr_words = argc - first;
		rc = run_words(&opt);
		filter_free(opt.filter);
	}
	if (fflush(stdout) || ferror(stdout))
		die("write error");
	return rc;
}
