/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Edges of the state machine that are taken.
 */
#ifndef XTCP_EDGE_H
#define XTCP_EDGE_H

#include "taken.h"

typedef void (*xtcp_edge_seen_t)(const struct xtcp_net *xn, const struct xtcp_taken *taken);

void xtcp_count_edges(struct xtcp_net *xn, struct sock *sk, const struct xtcp_actions *a,
		      const struct sk_buff *skb);
void xtcp_take_edge(struct xtcp_net *xn, struct xtcp_flow *flow, enum xtcp_event event,
		    const struct xtcp_cause *by);
void xtcp_take_edges(struct xtcp_net *xn, struct xtcp_flow *const *flows, unsigned int n,
		     enum xtcp_event event, const struct xtcp_cause *by);
void xtcp_edge_watch(xtcp_edge_seen_t seen);

#endif /* XTCP_EDGE_H */
