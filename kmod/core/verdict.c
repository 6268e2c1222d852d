// SPDX-License-Identifier: GPL-2.0
/* The table of verdicts. */
#include "verdict.h"

#define VERDICT(name_, kind_, counter_, text_, clause_)	\
	[XTCP_VERDICT_##name_] = { #name_, counter_, text_, XTCP_VERDICT_IS_##kind_ },
const struct xtcp_verdict_desc xtcp_verdicts[XTCP_VERDICT_NR] = {
	XTCP_VERDICTS(VERDICT)
};

#define KIND(name, text)	[XTCP_VERDICT_IS_##name] = text,
const char *const xtcp_verdict_kinds[XTCP_VERDICT_KIND_NR] = {
	XTCP_VERDICT_KINDS(KIND)
};

/* What xtcp_verdict_keeps() and xtcp_verdict_refuses() go by: one kind after the other. */
#define IN_ORDER(name, kind, counter, text, clause)					\
	static_assert((XTCP_VERDICT_##name > XTCP_VERDICT_RST) ==			\
		      (XTCP_VERDICT_IS_##kind > XTCP_VERDICT_IS_TAKEN));
XTCP_VERDICTS(IN_ORDER)
