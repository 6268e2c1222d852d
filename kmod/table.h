/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table (every flow, by key) and the listener table (by port).
 */
#ifndef XTCP_TABLE_H
#define XTCP_TABLE_H

#include <linux/rhashtable.h>

#include "flow.h"
#include "sock.h"

struct xtcp_flow *xtcp_flow_lookup(const struct xtcp_key *key);
int xtcp_flow_insert(struct xtcp_flow *flow);
int xtcp_flow_replace(struct xtcp_flow *old, struct xtcp_flow *new);
bool xtcp_flow_remove(struct xtcp_flow *flow);
bool xtcp_flow_get(struct xtcp_flow *flow, const struct xtcp_key *key);
void xtcp_flow_put(struct xtcp_flow *flow);

struct sock *xtcp_listener_lookup(const struct xtcp_key *key, int dif, int sdif,
				  struct sk_buff *skb);
int xtcp_listener_insert(struct xtcp_sock *xs);
void xtcp_listener_remove(struct xtcp_sock *xs);

/**
 * struct xtcp_iter - a walk over all listeners and then all flows of a namespace
 *
 * For proc and netlink.  While sockets come and go, one that exists during
 * the whole walk is seen once, unless the table is resized under way: then
 * it may be seen twice or not at all, as with /proc/net/tcp.
 */
struct xtcp_iter {
	const struct xtcp_net	*xn;
	unsigned int		bucket;		/* listener bucket */
	unsigned int		skip;		/* listeners seen in it */
	bool			flows;		/* past the listeners */
	struct rhashtable_iter	walk;
};

void xtcp_iter_enter(struct xtcp_iter *it, const struct net *net);
void xtcp_iter_exit(struct xtcp_iter *it);
void xtcp_iter_start(struct xtcp_iter *it) __acquires(RCU);
void xtcp_iter_stop(struct xtcp_iter *it) __releases(RCU);
struct xtcp_flow *xtcp_iter_next(struct xtcp_iter *it);

int xtcp_table_init(void);
void xtcp_table_exit(void);

#endif /* XTCP_TABLE_H */
