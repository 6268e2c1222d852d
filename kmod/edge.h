/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Edges of the state machine that are taken.
 */
#ifndef XTCP_EDGE_H
#define XTCP_EDGE_H

#include "sock.h"

/* @sk: the socket that it concerns, NULL: none; @error: errno that its user will see */
typedef void (*xtcp_edge_seen_t)(const struct xtcp_net *xn, const struct xtcp_flow *flow,
				 const struct sock *sk, unsigned int edge, int error);

void xtcp_count_edges(struct xtcp_net *xn, const struct xtcp_flow *flow,
		      struct sock *sk, const struct xtcp_actions *a);
void xtcp_take_edge(struct xtcp_net *xn, struct xtcp_flow *flow,
		    enum xtcp_event event);
void xtcp_edge_watch(xtcp_edge_seen_t seen);

#endif /* XTCP_EDGE_H */
