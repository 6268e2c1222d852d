/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Observers: they read, and never change what they look at.
 */
#ifndef XTCP_OBSERVE_H
#define XTCP_OBSERVE_H

#include "flow.h"
#include "netns.h"

int xtcp_events_init(void);	/* generic netlink family: after namespaces */
void xtcp_events_exit(void);	/* and before them */
int xtcp_diag_init(void);	/* sock_diag handler for the family number */
void xtcp_diag_exit(void);
int xtcp_proc_netns_init(struct net *net);
void xtcp_proc_netns_exit(struct net *net);

#endif /* XTCP_OBSERVE_H */
