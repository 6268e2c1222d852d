/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How large a segment is.
 */
#ifndef XTCP_CORE_MSS_H
#define XTCP_CORE_MSS_H

#include "tcb.h"

void xtcp_mss_reserve(struct xtcp_tcb *t, bool host_option);
void xtcp_mss_update(struct xtcp_tcb *t, u32 path_mss);

unsigned int __xtcp_sack_len(const struct xtcp_tcb *t);

/* Does the next segment carry a SACK option? */
static inline bool xtcp_sack_due(const struct xtcp_tcb *t)
{
	return t->flags & (XTCP_F_SACKS | XTCP_F_DSACK);
}

/**
 * xtcp_mss_now - largest payload of the next segment
 * @t: the connection
 *
 * Return: bytes; less than its mss while there is something to SACK.
 */
static inline u32 xtcp_mss_now(const struct xtcp_tcb *t)
{
	return xtcp_sack_due(t) ? t->mss - __xtcp_sack_len(t) : t->mss;
}

/**
 * xtcp_mss_of_ip6 - what the host's packets are
 * @t: the connection
 * @ip6: they have IPv6's header, not IPv4's
 */
static inline void xtcp_mss_of_ip6(struct xtcp_tcb *t, bool ip6)
{
	t->ip6 = ip6;
}

/**
 * xtcp_half_window - what a sender may wait to have together (RFC 9293 3.8.6.2.1)
 * @t: the connection
 *
 * Return: half the largest window that the peer ever offered, bytes; all of one
 * that is smaller than any segment (as Linux); 0: it offered none.
 */
static inline u32 xtcp_half_window(const struct xtcp_tcb *t)
{
	return t->max_window > XTCP_MSS_DEFAULT ? t->max_window / 2 : t->max_window;
}

#endif /* XTCP_CORE_MSS_H */
