/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The passive side: SYN_RECV entries and the accept queue.
 */
#ifndef XTCP_LISTEN_H
#define XTCP_LISTEN_H

#include "core/synrcv.h"
#include "sock.h"

/**
 * struct xtcp_req - a connection in SYN_RECV that a listener made
 * @flow: its entry in the connection table; must be first
 * @listener: its listener, with a reference
 * @node: link in the listener's list, under the listener's lock
 * @timer: retransmits the SYN,ACK
 * @core: the protocol's part
 * @mark: SO_MARK of the listener when the SYN came
 * @opening: TCP_SAVED_SYN of the child to come, NULL: none
 */
struct xtcp_req {
	struct xtcp_flow	flow;
	struct sock		*listener;
	struct list_head	node;
	struct timer_list	timer;
	struct xtcp_synrcv	core;
	u32			mark;
	struct xtcp_opening	*opening;
};

static inline struct xtcp_req *xtcp_flow_req(struct xtcp_flow *flow)
{
	return container_of(flow, struct xtcp_req, flow);
}

int xtcp_listen_start(struct sock *sk, int backlog);
void xtcp_listen_stop(struct sock *sk);
struct xtcp_listener *xtcp_listener_need(struct sock *sk);
void xtcp_listener_free(struct sock *sk);
void xtcp_listen_rcv(struct sock *sk, struct sk_buff *skb, struct xtcp_segment *seg);
void xtcp_req_kill(struct xtcp_req *req, enum xtcp_event event);
void xtcp_req_free(struct xtcp_req *req);
struct sock *xtcp_accept_pop(struct sock *sk);
int xtcp_listen_init(void);
void xtcp_listen_exit(void);

#endif /* XTCP_LISTEN_H */
