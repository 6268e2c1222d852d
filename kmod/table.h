/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: every flow, by key; and walks over all that there is.
 */
#ifndef XTCP_TABLE_H
#define XTCP_TABLE_H

#include <linux/rhashtable.h>

#include "flow.h"
#include "ip/l3mdev.h"
#include "sock.h"

struct xtcp_flow *xtcp_flow_lookup(const struct xtcp_key *key);
struct xtcp_flow *xtcp_flow_find_bound(struct xtcp_key *key, int dif, int sdif);
unsigned int xtcp_flow_taken(const struct xtcp_key *like, u16 lport, unsigned int step,
			     unsigned int most);
int xtcp_flow_insert(struct xtcp_flow *flow);
int xtcp_flow_replace(struct xtcp_flow *old, struct xtcp_flow *new);
bool xtcp_flow_remove(struct xtcp_flow *flow);
bool xtcp_flow_get(struct xtcp_flow *flow, const struct xtcp_key *key);
void xtcp_flow_put(struct xtcp_flow *flow);
void xtcp_flow_set_release(enum xtcp_kind kind, void (*release)(struct xtcp_flow *flow));

/* The one with this device in its key, if that is where it is bound still. */
static inline struct xtcp_flow *xtcp_flow_find_at(struct xtcp_key *key, int dev, int dif,
						  int sdif)
{
	struct xtcp_flow *flow;

	key->dev = dev;
	flow = xtcp_flow_lookup(key);
	return flow && xtcp_dev_eq(key->xn, xtcp_flow_dev(flow), dif, sdif) ? flow : NULL;
}

/**
 * xtcp_flow_find - find the owner of a segment that came in somewhere
 * @key: addresses and ports; its device is what the flow has, 0 without one
 * @dif: interface that the segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * Context: RCU read side.
 *
 * Return: as xtcp_flow_lookup().
 */
static inline struct xtcp_flow *xtcp_flow_find(struct xtcp_key *key, int dif, int sdif)
{
	/* who is bound to what it came through goes first, as with listeners */
	if (unlikely(READ_ONCE(key->xn->bound))) {
		struct xtcp_flow *flow = xtcp_flow_find_bound(key, dif, sdif);

		if (flow)
			return flow;
	}
	return xtcp_flow_find_at(key, 0, dif, sdif);
}

/**
 * struct xtcp_iter - a walk over all listeners and then all flows of a namespace
 *
 * For proc and netlink.  While sockets come and go, one that exists during
 * the whole walk is seen.  It is seen once, unless the one that a pause came
 * behind was gone after it: then its neighbours in the table may be seen
 * again.  When the table is resized under way, @rewound says so, and any
 * connection may have been seen twice or not at all, as with /proc/net/tcp.
 */
struct xtcp_iter {
	struct xtcp_net		*xn;
	unsigned long		listener;	/* as xtcp_listener_next() says */
	unsigned int		steps;		/* taken so far */
	unsigned int		rewound;	/* times that it began anew: resized */
	bool			flows;		/* past the listeners */
	struct rhashtable_iter	walk;
};

void xtcp_iter_enter(struct xtcp_iter *it, const struct net *net);
void xtcp_iter_exit(struct xtcp_iter *it);
void xtcp_iter_start(struct xtcp_iter *it) __acquires(RCU);
void xtcp_iter_stop(struct xtcp_iter *it) __releases(RCU);
struct xtcp_flow *xtcp_iter_next(struct xtcp_iter *it) __must_hold(RCU);

int xtcp_table_init(void);
void xtcp_table_exit(void);

#endif /* XTCP_TABLE_H */
