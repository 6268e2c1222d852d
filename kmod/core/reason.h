/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why edges are taken and RSTs are sent: the list of uapi/linux/xtcp_reason.h.
 */
#ifndef XTCP_CORE_REASON_H
#define XTCP_CORE_REASON_H

#include "platform.h"
#include <linux/xtcp_reason.h>

/**
 * struct xtcp_reason_desc - one row of the list
 * @name: as in enum xtcp_reason
 * @text: what happened, a sentence
 * @clause: where the RFCs say so; empty: nowhere
 */
struct xtcp_reason_desc {
	const char	*name;
	const char	*text;
	const char	*clause;
};

/**
 * struct xtcp_cause_timer - the timer that did it
 * @timer: enum xtcp_by_timer
 * @count: how often it has come to nothing, one after another
 * @limit: so often it may; 0: it does not go by that
 */
struct xtcp_cause_timer {
	u8		timer;
	u8		count;
	u16		limit;
};

extern const struct xtcp_reason_desc xtcp_reasons[XTCP_WHY_NR];

bool xtcp_reason_is_call(enum xtcp_reason why);

#endif /* XTCP_CORE_REASON_H */
