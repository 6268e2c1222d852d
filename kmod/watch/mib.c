// SPDX-License-Identifier: GPL-2.0
/* The names of the counters, and their sums. */
#include "netns.h"
#include "watch/mib.h"

#define MIB_NAME(name, text)	[XTCP_MIB_##name] = text,
const char *const xtcp_mib_names[XTCP_MIB_NR] = {
	XTCP_MIBS(MIB_NAME)
};

/**
 * xtcp_mib_sum - add up the counters of all CPUs
 * @xn: namespace
 * @sum: out
 *
 * Not a snapshot: counters move while they are read.  Any context.
 */
void xtcp_mib_sum(const struct xtcp_net *xn, struct xtcp_mib *sum)
{
	unsigned long *to = (unsigned long *)sum;
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const unsigned long *from = (const void *)per_cpu_ptr(xn->mib, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += READ_ONCE(from[i]);
	}
}

/**
 * xtcp_mib_segments - segments whose verdict is known, and those in a backlog
 * @sum: counters of a namespace
 *
 * Each has one verdict, so where no segment is on its way this is InSegs.
 *
 * Return: how many.
 */
unsigned long xtcp_mib_segments(const struct xtcp_mib *sum)
{
	unsigned long n = 0;
	int i;

	for (i = XTCP_VERDICT_NONE + 1; i < XTCP_VERDICT_NR; i++)
		n += sum->verdict[i];
	return n;
}

/**
 * xtcp_mib_in_state - objects that are in a state, from the edges taken
 * @sum: counters of a namespace
 * @state: enum xtcp_state, not CLOSE (a socket is born and dies there)
 *
 * A listener stays in LISTEN when a SYN makes a SYN_RECV entry, and gains
 * nothing when a RST removes one; a SYN that takes over a TIME_WAIT entry is
 * the new connection's edge.
 *
 * Return: how many, never negative.
 */
long xtcp_mib_in_state(const struct xtcp_mib *sum, unsigned int state)
{
	long n = 0;
	int i;

	for (i = 0; i < XTCP_EDGE_NR; i++) {
		if (xtcp_edges[i].to == state)
			n += sum->edge[i];
		if (xtcp_edges[i].from == state)
			n -= sum->edge[i];
	}
	if (state == XTCP_LISTEN) {
		n += sum->edge[XTCP_EDGE_LISTEN__RCV_SYN];
		n -= sum->edge[XTCP_EDGE_SYN_RECV__RCV_RST_PASSIVE];
	}
	return max(n, 0L);
}

/**
 * xtcp_mib_balances - has each segment that came had its verdict?
 * @xn: a namespace to which nothing comes any more
 *
 * Return: whether the book is what came, and nothing waits.
 */
bool xtcp_mib_balances(const struct xtcp_net *xn)
{
	unsigned long came = 0, settled = 0, waits = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct xtcp_mib *mib = per_cpu_ptr(xn->mib, cpu);

		came += mib->item[XTCP_MIB_IN_SEGS];
		settled += xtcp_mib_segments(mib);
		waits += mib->verdict[XTCP_VERDICT_WAITS];
	}
	return came == settled && !waits;
}
