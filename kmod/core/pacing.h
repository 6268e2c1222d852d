/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast to send, and in bursts of what size.
 */
#ifndef XTCP_CORE_PACING_H
#define XTCP_CORE_PACING_H

#include "tcb.h"

/* Rates are bytes per second; this one is no limit. */
#define XTCP_RATE_MAX		(~0ULL)
#define XTCP_NSEC_PER_SEC	1000000000ULL

/**
 * struct xtcp_pace - the clock of a paced connection
 * @next_ns: when the next segment may leave, nanoseconds of the monotonic clock
 */
struct xtcp_pace {
	u64	next_ns;
};

u64 xtcp_pacing_rate(const struct xtcp_tcb *t);
u32 xtcp_tso_segs(const struct xtcp_tcb *t, u64 rate, u8 shift, u32 gso_max);
u64 xtcp_pace_sent(struct xtcp_pace *p, const struct xtcp_tcb *t, u32 len,
		   u64 rate, u64 now_ns);

/**
 * xtcp_pace_allows - may a segment leave now?
 * @p: the connection's clock
 * @t: the connection; a tail loss probe waits for nobody, as in Linux
 * @now_ns: the time
 *
 * Return: false: not before @p->next_ns.
 */
static inline bool xtcp_pace_allows(const struct xtcp_pace *p,
				    const struct xtcp_tcb *t, u64 now_ns)
{
	return p->next_ns <= now_ns || t->flags & XTCP_F_TLP_SEND;
}

#endif /* XTCP_CORE_PACING_H */
