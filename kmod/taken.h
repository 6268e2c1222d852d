/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An edge of the state machine that was taken: what it was, and why.
 */
#ifndef XTCP_TAKEN_H
#define XTCP_TAKEN_H

#include "sock.h"

/**
 * struct xtcp_cause - why an edge is taken
 * @why: the reason
 * @skb: the segment that did it, its transport header set and data pointing at it; NULL:
 *	 another event
 * @timer: the timer that did it; XTCP_BY_NONE: another event
 */
struct xtcp_cause {
	enum xtcp_reason	why;
	const struct sk_buff	*skb;
	struct xtcp_cause_timer	timer;
};

/**
 * struct xtcp_taken - an edge was taken
 * @flow: by whom
 * @sk: the socket that it concerns, NULL: none
 * @edge: enum xtcp_edge
 * @error: errno that the user will see, 0: none
 * @by: why
 */
struct xtcp_taken {
	const struct xtcp_flow	*flow;
	const struct sock	*sk;
	unsigned int		edge;
	int			error;
	struct xtcp_cause	by;
};

#endif /* XTCP_TAKEN_H */
