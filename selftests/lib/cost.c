// SPDX-License-Identifier: GPL-2.0
/*
 * What something costs, in instructions.  See cost.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cost.h"
#include "util.h"

/* A machine is at rest when it has done this little, so often in a row. */
#define STEP_NS		20000000
#define LITTLE_NS	1000000
#define STEPS		5
#define STEPS_MOST	250

/** counts_instructions - whether the clock does (vm/run --icount), and is idle for free */
bool counts_instructions(void)
{
	return env_number("XTCP_ICOUNT", 0);
}

/* Nanoseconds that the processor has idled since boot. */
static uint64_t idle_ns(void)
{
	FILE *f = fopen("/proc/timer_list", "re");
	unsigned long long ns, sum = 0;
	char line[256];

	if (!f)
		abort();
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1 ||
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) == 1)
			sum += ns;
	}
	fclose(f);
	return sum;
}

/**
 * busy_until - what the processor does while nobody calls anything
 * @end: until then, by now_ns()
 *
 * Return: nanoseconds.
 */
uint64_t busy_until(uint64_t end)
{
	uint64_t idle = idle_ns(), began = now_ns();
	struct timespec ts = { end / 1000000000, end % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	end = now_ns();
	return end - began - (idle_ns() - idle);
}

/**
 * come_to_rest - let the kernel's workers finish
 *
 * What they do would be counted in whatever is measured next: a table grows, a
 * namespace goes.  They sleep between their steps, so it has to be quiet for a while.
 * Takes no time where the clock counts instructions.
 *
 * Return: false if they do not finish.
 */
bool come_to_rest(void)
{
	int i, quiet = 0;

	for (i = 0; i < STEPS_MOST && quiet < STEPS; i++)
		quiet = busy_until(now_ns() + STEP_NS) < LITTLE_NS ? quiet + 1 : 0;
	return quiet == STEPS;
}

/**
 * note_cost - a row for the table of "make cost"
 * @test: who measured it
 * @what: what was measured
 * @kernel: what it costs the kernel's TCP
 * @xtcp: what it costs AF_XTCP
 * @percent: what it may cost AF_XTCP, of the kernel's
 *
 * The rows are in cost.tsv of the directory XTCP_OUT, if there is one.
 */
void note_cost(const char *test, const char *what, unsigned long long kernel,
	       unsigned long long xtcp, int percent)
{
	const char *dir = getenv("XTCP_OUT");
	char path[256];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/cost.tsv", dir);
	f = fopen(path, "ae");
	if (!f)
		return;
	fprintf(f, "%s\t%s\t%llu\t%llu\t%d\n", test, what, kernel, xtcp, percent);
	fclose(f);
}
