/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the timers wait for the peer, for who looks on.
 */
#ifndef XTCP_CORE_TIMER_H
#define XTCP_CORE_TIMER_H

#include "tcb.h"

/**
 * struct xtcp_end - when a connection gives up
 * @attempts: retransmissions or probes in a row that nobody answered
 * @limit: it gives up after so many; 0: it does not go by their number
 * @silent_us: since the first of them, microseconds; 0: there was none
 * @left_us: until it gives up if nobody answers; 0: not known, or never
 */
struct xtcp_end {
	unsigned int	attempts;
	unsigned int	limit;
	u64		silent_us;
	u64		left_us;
};

void xtcp_timer_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end);

#endif /* XTCP_CORE_TIMER_H */
