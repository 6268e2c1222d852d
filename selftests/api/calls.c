// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls, in a world with the kernel's TCP and in one with xtcp: every return value,
 * errno, address, option and bit of poll() has to be the same (lib/calls.h).  What is
 * meant to differ is in lib/calls_differ.c, with its row of kmod/differences.md.
 *
 * XTCP_CALLS=count and XTCP_SEED=number choose; each sequence has a seed of its own, and
 * one that differs is printed with it, as short as it can be.
 */
#include "harness.h"

#include "calls.h"
#include "util.h"

/* In a few seconds. */
#define SEQUENCES	300
/* Are enough. */
#define DIFFERENCES	4

FIXTURE(calls) { int unused; };

FIXTURE_SETUP(calls)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	/* the one that is compared with; older ones are different in some of this */
	if (kernel_before(7, 0) && !getenv("XTCP_CALLS"))
		SKIP(return, "compares with the TCP of Linux 7");
}

FIXTURE_TEARDOWN(calls)
{
}

TEST_F_TIMEOUT(calls, any__same_in_both_worlds, RACE_TIMEOUT)
{
	unsigned long count = env_number("XTCP_CALLS", SEQUENCES);
	uint64_t began = now_ns(), seed = env_number("XTCP_SEED", 1);
	struct calls_tally t = { 0 };
	int most = DIFFERENCES;

	while (t.sequences < count && most--) {
		const char *difference = calls_run(seed, count, &t);

		EXPECT_NULL(difference) {
			TH_LOG("the worlds differ: %s", difference);
		}
	}
	TH_LOG("%lu sequences from seed %llu, %lu calls in %.1f s; %lu ended at a difference that is meant, %lu differed only in haste",
	       t.sequences, (unsigned long long)seed, t.calls, (now_ns() - began) / 1e9,
	       t.cut, t.passing);
}

TEST_HARNESS_MAIN
