/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One flow by its identity.
 */
#ifndef XTCP_FIND_H
#define XTCP_FIND_H

#include <linux/types.h>

struct inet_diag_sockid;
struct net;
struct xtcp_flow;

const struct xtcp_flow *xtcp_watch_find(const struct net *net,
					const struct inet_diag_sockid *id, u8 family);

#endif /* XTCP_FIND_H */
