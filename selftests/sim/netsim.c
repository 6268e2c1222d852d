// SPDX-License-Identifier: GPL-2.0
/*
 * Every congestion control of the core on every named network, in virtual time.
 *
 *	netsim [--algo NAME] [--net NAME] [--seed N] [--seconds N] [--out DIR]
 *	netsim --tap		shorter, as tests
 *	netsim --list		names
 *
 * The core is the module's own (kmod/core); around it is what the kernel would be
 * (../host/endpoint.c). What lies between the hosts is a bottleneck (link.h) that
 * several flows (flow.h) may share; scenario.c names the networks.
 *
 * sim.c, beside this, asks whether the protocol is right on any network; netsim asks
 * how good it is on those that matter. A run depends on its seed alone: the same
 * seed gives the same bytes in every file.
 *
 * With --out, DIR gets report.tsv, NETWORK-ALGORITHM.dat, plots.gp, which makes
 * NETWORK-ALGORITHM.svg of them, and index.html, to look at.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "tap.h"

/* Tests, under sanitizers, watch for so much less time. */
#define TEST_PART	6

struct options {
	const char	*algo, *net, *out;
	u64		seed;
	double		seconds;
};

static void usage(void)
{
	fprintf(stderr, "usage: netsim [--algo NAME] [--net NAME] [--seed N] [--seconds N] [--out DIR]\n"
		"       netsim --tap | --list\n");
	exit(2);
}

static unsigned int nr_algorithms(void)
{
	unsigned int nr = 0;

	while (nr < XTCP_CC_MAX && xtcp_cc_table[nr])
		nr++;
	return nr;
}

static void list(void)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++)
		printf("%-13s %s\n", scenarios[i].name, scenarios[i].title);
	printf("\nalgorithms:");
	for (i = 0; i < nr_algorithms(); i++)
		printf(" %s", xtcp_cc_table[i]->name);
	putchar('\n');
}

static bool wanted(const char *name, const char *only)
{
	return !only || !strcmp(name, only);
}

/* ---- the table ---------------------------------------------------------- */

static FILE *create(const char *dir, const char *name, const char *suffix)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void finish(FILE *f)
{
	if (ferror(f) | fclose(f)) {
		perror("write");
		exit(1);
	}
}

static void write_files(const char *dir, const struct outcome *outs, unsigned int nr)
{
	unsigned int i;
	FILE *f;

	for (i = 0; i < nr; i++) {
		char name[100];

		snprintf(name, sizeof(name), "%s-%s", outs[i].scenario->name,
			 outs[i].algorithm);
		f = create(dir, name, ".dat");
		report_data(f, &outs[i]);
		finish(f);
	}
	f = create(dir, "report", ".tsv");
	report_tsv(f, outs, nr);
	finish(f);
	f = create(dir, "plots", ".gp");
	report_plots(f, outs, nr);
	finish(f);
	f = create(dir, "index", ".html");
	report_page(f, outs, nr);
	finish(f);
}

static void progress(unsigned int nr, unsigned int all, const struct scenario *s,
		     const char *algo)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%u/%u  %s on %s: %s", nr + 1, all, algo, s->name, s->title);
	else
		fprintf(stderr, "%u/%u %s %s\n", nr + 1, all, s->name, algo);
}

static int table(const struct options *opt)
{
	struct outcome *outs = calloc(nr_scenarios * nr_algorithms(), sizeof(*outs));
	unsigned int i, j, nr = 0, all = 0, bad = 0;
	u64 packets = 0;
	double cpu;

	if (!outs)
		abort();
	for (i = 0; i < nr_scenarios; i++)
		for (j = 0; j < nr_algorithms(); j++)
			all += wanted(scenarios[i].name, opt->net) &&
			       wanted(xtcp_cc_table[j]->name, opt->algo);
	if (!all) {
		fprintf(stderr, "there is no such network or algorithm; netsim --list\n");
		return 2;
	}
	for (i = 0; i < nr_scenarios; i++) {
		const struct scenario *s = &scenarios[i];
		u64 ns = opt->seconds ? opt->seconds * 1e9 : s->duration_ns;

		for (j = 0; j < nr_algorithms(); j++) {
			if (!wanted(s->name, opt->net) ||
			    !wanted(xtcp_cc_table[j]->name, opt->algo))
				continue;
			progress(nr, all, s, xtcp_cc_table[j]->name);
			scenario_run(s, j, opt->seed, ns, &outs[nr]);
			packets += outs[nr].packets;
			bad += !!outs[nr].wrong[0];
			nr++;
		}
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	report_table(stdout, outs, nr);
	cpu = clock() / (double)CLOCKS_PER_SEC;
	fprintf(stderr, "%llu packets in %.1f s: %.2f s for a million\n",
		(unsigned long long)packets, cpu, packets ? cpu / packets * 1e6 : 0);
	if (opt->out)
		write_files(opt->out, outs, nr);
	for (i = 0; i < nr; i++)
		outcome_free(&outs[i]);
	free(outs);
	return !!bad;
}

/* ---- tests -------------------------------------------------------------- */

/* All that a run writes, as text. */
static char *everything(const struct scenario *s, u8 cc, u64 seed, struct outcome *out)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	scenario_run(s, cc, seed, s->duration_ns / TEST_PART, out);
	report_table(f, out, 1);
	report_tsv(f, out, 1);
	report_data(f, out);
	report_plots(f, out, 1);
	report_page(f, out, 1);
	fclose(f);
	return text;
}

/* The same seed gives the same bytes, another one gives others. */
static void test_repeats(void)
{
	const struct scenario *s = NULL;
	struct outcome out[3];
	char *text[3];
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++)
		if (!strcmp(scenarios[i].name, "loss5"))
			s = &scenarios[i];
	for (i = 0; i < 3; i++)
		text[i] = everything(s, XTCP_CC_RENO, 1 + i / 2, &out[i]);
	tap_result(!strcmp(text[0], text[1]), "netsim__same_seed_same_bytes");
	tap_result(strcmp(text[0], text[2]), "netsim__another_seed_another_run");
	for (i = 0; i < 3; i++) {
		free(text[i]);
		outcome_free(&out[i]);
	}
}

static int tests(void)
{
	unsigned int i, j;

	tap_plan(nr_scenarios * nr_algorithms() + 2);
	for (i = 0; i < nr_scenarios; i++) {
		for (j = 0; j < nr_algorithms(); j++) {
			struct outcome out;

			scenario_run(&scenarios[i], j, 1,
				     scenarios[i].duration_ns / TEST_PART, &out);
			if (out.wrong[0])
				tap_note("%s", out.wrong);
			tap_result(!out.wrong[0], "netsim__%s_on_%s", xtcp_cc_table[j]->name,
				   scenarios[i].name);
			outcome_free(&out);
		}
	}
	test_repeats();
	return tap_done();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "algo", required_argument, NULL, 'a' },
		{ "net", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "out", required_argument, NULL, 'o' },
		{ "tap", no_argument, NULL, 'T' },
		{ "list", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .seed = 1 };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'a':
			opt.algo = optarg;
			break;
		case 'n':
			opt.net = optarg;
			break;
		case 's':
			opt.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			opt.seconds = atof(optarg);
			break;
		case 'o':
			opt.out = optarg;
			break;
		case 'T':
			return tests();
		case 'l':
			list();
			return 0;
		default:
			usage();
		}
	}
	if (optind != argc || opt.seconds < 0)
		usage();
	return table(&opt);
}
