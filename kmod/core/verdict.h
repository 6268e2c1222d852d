/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What became of a segment that came: the list of uapi/linux/xtcp_verdict.h.
 *
 * Whoever consumes a segment returns its verdict, so that no path ends without one, and
 * no segment has two.  XTCP_VERDICT_NONE says that the segment goes on.
 */
#ifndef XTCP_CORE_VERDICT_H
#define XTCP_CORE_VERDICT_H

#include "platform.h"
#include <linux/xtcp_verdict.h>

/**
 * struct xtcp_verdict_desc - one row of the list
 * @name: as in enum xtcp_verdict
 * @counter: what it is called in /proc/net/xtcp_netstat
 * @text: what became of the segment
 * @kind: enum xtcp_verdict_kind
 */
struct xtcp_verdict_desc {
	const char	*name;
	const char	*counter;
	const char	*text;
	u8		kind;
};

extern const struct xtcp_verdict_desc xtcp_verdicts[XTCP_VERDICT_NR];
extern const char *const xtcp_verdict_kinds[XTCP_VERDICT_KIND_NR];

/**
 * xtcp_verdict_keeps - has somebody the buffer of such a segment?
 * @verdict: what became of it
 *
 * Return: whether it is kept; otherwise who got it frees it.
 */
static inline bool xtcp_verdict_keeps(enum xtcp_verdict verdict)
{
	return verdict <= XTCP_VERDICT_GAP;
}

/**
 * xtcp_verdict_refuses - was such a segment of no use, or of no more?
 * @verdict: what became of it
 *
 * Return: whether it is a duplicate or dropped.
 */
static inline bool xtcp_verdict_refuses(enum xtcp_verdict verdict)
{
	return verdict > XTCP_VERDICT_RST;
}

#endif /* XTCP_CORE_VERDICT_H */
