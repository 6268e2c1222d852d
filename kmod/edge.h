/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Edges of the state machine that are taken.
 */
#ifndef XTCP_EDGE_H
#define XTCP_EDGE_H

#include "sock.h"

/**
 * struct xtcp_taken - an edge was taken
 * @flow: by whom
 * @sk: the socket that it concerns, NULL: none
 * @edge: enum xtcp_edge
 * @why: enum xtcp_reason
 * @error: errno that the user will see, 0: none
 * @skb: the segment that did it, its transport header set and data pointing at it; NULL:
 *	 another event
 */
struct xtcp_taken {
	const struct xtcp_flow	*flow;
	const struct sock	*sk;
	unsigned int		edge;
	enum xtcp_reason	why;
	int			error;
	const struct sk_buff	*skb;
};

typedef void (*xtcp_edge_seen_t)(const struct xtcp_net *xn, const struct xtcp_taken *taken);

void xtcp_count_edges(struct xtcp_net *xn, struct sock *sk, const struct xtcp_actions *a,
		      const struct sk_buff *skb);
void xtcp_take_edge(struct xtcp_net *xn, struct xtcp_flow *flow,
		    enum xtcp_event event, enum xtcp_reason why);
void xtcp_edge_watch(xtcp_edge_seen_t seen);

#endif /* XTCP_EDGE_H */
