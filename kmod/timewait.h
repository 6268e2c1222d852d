/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIME_WAIT: what is left of a connection for 2MSL.
 */
#ifndef XTCP_TIMEWAIT_H
#define XTCP_TIMEWAIT_H

#include "core/timewait.h"
#include "flow.h"
#include "netns.h"

struct xtcp_port;
struct xtcp_sock;

/**
 * struct xtcp_tw - an entry in TIME_WAIT
 * @flow: its entry in the connection table; must be first
 * @node: link in xtcp_net.tw_queue, under tw_lock; empty once it is ended
 * @due: when it ends, microseconds of xtcp_now()
 * @port: keeps the local address and port reserved
 * @core: the protocol's part
 * @mark: SO_MARK of the connection
 * @min_ttl: IP_MINTTL of the connection
 */
struct xtcp_tw {
	struct xtcp_flow	flow;
	struct list_head	node;
	u64			due;
	struct xtcp_port	*port;
	struct xtcp_timewait	core;
	u32			mark;
	u8			min_ttl;
};

static inline struct xtcp_tw *xtcp_flow_tw(struct xtcp_flow *flow)
{
	return container_of(flow, struct xtcp_tw, flow);
}

struct sk_buff;

bool xtcp_tw_take_over(struct xtcp_sock *xs, bool bound);
void xtcp_enter_timewait(struct sock *sk);
bool xtcp_tw_rcv(struct xtcp_net *xn, struct xtcp_tw *tw,
		 struct xtcp_segment *seg);
void xtcp_tw_send_ack(struct xtcp_net *xn, struct xtcp_tw *tw);
bool xtcp_tw_kill(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event);
void xtcp_tw_free(struct xtcp_tw *tw);
int xtcp_timewait_init_cache(void);
void xtcp_timewait_exit_cache(void);
void xtcp_timewait_netns_init(struct xtcp_net *xn);
void xtcp_timewait_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_TIMEWAIT_H */
