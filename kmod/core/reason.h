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

extern const struct xtcp_reason_desc xtcp_reasons[XTCP_WHY_NR];

bool xtcp_reason_is_call(enum xtcp_reason why);

#endif /* XTCP_CORE_REASON_H */
