/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter language of inet_diag requests (INET_DIAG_REQ_BYTECODE), in which
 * ss expresses "dst 192.0.2.0/24 and dport = :https".
 */
#ifndef XTCP_FILTER_H
#define XTCP_FILTER_H

#include <linux/types.h>

struct nlattr;
struct xtcp_ends;

/**
 * struct xtcp_filter_subject - what a filter can ask about
 * @ends: addresses and ports
 * @cgroup_id: of the socket's cgroup, version 2
 * @mark: SO_MARK
 * @ifindex: device that the socket is bound to, 0: none
 * @autobound: the port was chosen by the stack
 */
struct xtcp_filter_subject {
	const struct xtcp_ends *ends;
	u64	cgroup_id;
	u32	mark;
	u32	ifindex;
	bool	autobound;
};

int xtcp_filter_check(const struct nlattr *filter, bool net_admin);
bool xtcp_filter_match(const struct nlattr *filter,
		       const struct xtcp_filter_subject *subject);

#endif /* XTCP_FILTER_H */
