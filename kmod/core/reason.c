// SPDX-License-Identifier: GPL-2.0
/* What reasons are called. */
#include "reason.h"

#define REASON_DESC(n, what, where)	\
	[XTCP_WHY_##n] = { .name = #n, .text = what, .clause = where },
const struct xtcp_reason_desc xtcp_reasons[XTCP_WHY_NR] = {
	[XTCP_WHY_NONE] = { .name = "NONE", .text = "", .clause = "" },
	XTCP_REASONS(REASON_DESC)
};

/**
 * xtcp_reason_is_call - is it what a user's call does, before the call returns?
 * @why: the reason
 *
 * Not of what a call may leave to others: whoever has the lock then is not to blame.
 *
 * Return: whether it is.
 */
bool xtcp_reason_is_call(enum xtcp_reason why)
{
	switch (why) {
	case XTCP_WHY_LISTEN:
	case XTCP_WHY_CONNECT:
	case XTCP_WHY_USER_CLOSE:
	case XTCP_WHY_USER_SHUTDOWN:
	case XTCP_WHY_CONNECT_FAILED:
	case XTCP_WHY_TIME_WAIT_REUSED:
	case XTCP_WHY_UNREAD_DATA:
	case XTCP_WHY_LINGER_ZERO:
	case XTCP_WHY_LINGER2_NONE:
	case XTCP_WHY_DISCONNECT:
	case XTCP_WHY_TOO_MANY_ORPHANS:
	case XTCP_WHY_KILLED:
		return true;
	default:
		return false;
	}
}
