/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What reuseport_bpf_numa asks of libnuma, on a machine of one node: a user-mode
 * Linux is one, and the library is not installed everywhere.
 */
#ifndef XTCP_SELFTEST_NUMA_H
#define XTCP_SELFTEST_NUMA_H

#define numa_nodes_ptr	NULL

static inline int numa_available(void)
{
	return 0;
}

static inline int numa_max_node(void)
{
	return 0;
}

static inline int numa_run_on_node(int node)
{
	return node ? -1 : 0;
}

static inline int numa_bitmask_isbitset(const void *mask, unsigned int node)
{
	return node == 0;
}

#endif
