// SPDX-License-Identifier: GPL-2.0
/*
 * The book of segments: what became of each that came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/xtcp_verdict.h>

#include "xtcpstat.h"

#define SEGMENTS	"/proc/net/xtcp_segments"

#define KIND(name, text)	[XTCP_VERDICT_IS_##name] = text,
static const char *const kinds[XTCP_VERDICT_KIND_NR] = {
	XTCP_VERDICT_KINDS(KIND)
};

/**
 * struct book - its sums
 * @kind: segments of each kind
 * @sum: of all kinds
 * @came: how many came, which is the same where none is on its way
 */
struct book {
	uint64_t kind[XTCP_VERDICT_KIND_NR];
	uint64_t sum;
	uint64_t came;
};

/**
 * segments_read - read the book
 * @seen: is told of each verdict
 * @arg: for @seen
 *
 * Return: how many segments came; ends the program when the module is not loaded.
 */
uint64_t segments_read(segment_seen_t seen, void *arg)
{
	char line[256], kind[16], verdict[32];
	unsigned long long n;
	uint64_t came = 0;
	int words;
	FILE *f = fopen(SEGMENTS, "re");

	if (!f && errno == ENOENT)
		die_not_loaded();
	if (!f)
		die(SEGMENTS ": %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		words = sscanf(line, "%llu %15s %31s", &n, kind, verdict);
		if (words == 3)
			seen(kind, verdict, n, arg);
		else if (words == 2 && !strcmp(kind, "came"))
			came = n;
	}
	fclose(f);
	return came;
}

static void add(const char *kind, const char *verdict __attribute__((unused)), uint64_t n,
		void *arg)
{
	struct book *book = arg;
	int i;

	book->sum += n;
	for (i = 0; i < XTCP_VERDICT_KIND_NR; i++) {
		if (!strcmp(kinds[i], kind))
			book->kind[i] += n;
	}
}

static void put(json_t *to, const char *name, uint64_t n)
{
	json_object_set_new(to, name, json_integer(n));
}

/**
 * segments_show - the sums of the book, behind the counters
 * @opt: the command line
 * @json: an object, NULL: they are printed
 */
void segments_show(const struct options *opt, json_t *json)
{
	struct book book = {};
	json_t *to;
	int i;

	book.came = segments_read(add, &book);
	if (json) {
		to = json_object();
		for (i = 0; i < XTCP_VERDICT_KIND_NR; i++)
			put(to, kinds[i], book.kind[i]);
		put(to, "sum", book.sum);
		put(to, "came", book.came);
		json_object_set_new(json, "segments", to);
		return;
	}
	/* nstat's comments begin like this */
	printf(opt->statistics ? "Segments:\n    " : "#segments: ");
	for (i = 0; i < XTCP_VERDICT_KIND_NR; i++)
		printf("%s%llu %s", i ? " + " : "", (unsigned long long)book.kind[i], kinds[i]);
	printf(" = %llu; %llu came\n", (unsigned long long)book.sum,
	       (unsigned long long)book.came);
}
