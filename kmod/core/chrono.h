/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a sender spends its time with, for TCP_INFO: as in Linux, of several things
 * that hold it up at once the one furthest down the list counts.
 */
#ifndef XTCP_CORE_CHRONO_H
#define XTCP_CORE_CHRONO_H

#include "tcb.h"

/**
 * enum xtcp_chrono - what it waits for
 * @XTCP_CHRONO_IDLE: nothing: all that was written is acknowledged
 * @XTCP_CHRONO_BUSY: the network
 * @XTCP_CHRONO_RWND: the peer's window
 * @XTCP_CHRONO_SNDBUF: its own send buffer: the user has more than fits
 */
enum xtcp_chrono {
	XTCP_CHRONO_IDLE,
	XTCP_CHRONO_BUSY,
	XTCP_CHRONO_RWND,
	XTCP_CHRONO_SNDBUF,
};

/* Of that, how long until @now: units of the coarse clock. */
static inline u32 xtcp_chrono_spent(const struct xtcp_tcb *t, enum xtcp_chrono what,
				    xtcp_usec_t now)
{
	u32 spent = t->waited.spent[what - 1];

	return t->chrono == what ? spent + xtcp_coarse(now) - t->waited.since : spent;
}

static inline void xtcp_chrono_set(struct xtcp_tcb *t, enum xtcp_chrono what,
				   xtcp_usec_t now)
{
	if (t->chrono != XTCP_CHRONO_IDLE)
		t->waited.spent[t->chrono - 1] = xtcp_chrono_spent(t, t->chrono, now);
	t->waited.since = xtcp_coarse(now);
	t->chrono = what;
}

/* It waits for this as well. */
static inline void xtcp_chrono_start(struct xtcp_tcb *t, enum xtcp_chrono what,
				     xtcp_usec_t now)
{
	if (t->chrono < what)
		xtcp_chrono_set(t, what, now);
}

/* Not any more. */
static inline void xtcp_chrono_stop(struct xtcp_tcb *t, enum xtcp_chrono what,
				    xtcp_usec_t now)
{
	if (unlikely(t->chrono == what))
		xtcp_chrono_set(t, XTCP_CHRONO_BUSY, now);
}

#endif /* XTCP_CORE_CHRONO_H */
