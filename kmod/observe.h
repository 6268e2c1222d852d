/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Observers: they read, and never change what they look at.
 */
#ifndef XTCP_OBSERVE_H
#define XTCP_OBSERVE_H

#include "flow.h"
#include "netns.h"

struct sock;

/* For each edge, by the one who holds the object's lock; not in hard interrupts. */
void xtcp_event_transition(struct xtcp_net *xn, const struct xtcp_flow *flow,
			   struct sock *sk, unsigned int edge, int error);

int xtcp_events_init(void);	/* generic netlink family: after namespaces */
void xtcp_events_exit(void);	/* and before them */
int xtcp_diag_init(void);	/* sock_diag handler for the family number */
void xtcp_diag_exit(void);
int xtcp_proc_netns_init(struct net *net);
void xtcp_proc_netns_exit(struct net *net);

#endif /* XTCP_OBSERVE_H */
