// SPDX-License-Identifier: GPL-2.0
/* What reasons are called. */
#include "reason.h"

#define REASON_DESC(n, what, where)	\
	[XTCP_WHY_##n] = { .name = #n, .text = what, .clause = where },
const struct xtcp_reason_desc xtcp_reasons[XTCP_WHY_NR] = {
	[XTCP_WHY_NONE] = { .name = "NONE", .text = "", .clause = "" },
	XTCP_REASONS(REASON_DESC)
};
