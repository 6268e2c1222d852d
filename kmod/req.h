/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections in SYN_RECV that a listener made.
 */
#ifndef XTCP_REQ_H
#define XTCP_REQ_H

#include "core/options.h"
#include "core/synrcv.h"
#include "sock.h"
#include "timewait.h"

/**
 * struct xtcp_req - a connection in SYN_RECV that a listener made
 * @flow: its entry in the connection table; must be first
 * @listener: its listener, with a reference
 * @node: link in the listener's list, under the listener's lock
 * @timer: retransmits the SYN,ACK
 * @core: the protocol's part
 * @marks: those of its packets and of the child's; the routing mark is SO_MARK of the
 *	   listener, or (fwmark_accept) that of the SYN
 */
struct xtcp_req {
	struct xtcp_flow	flow;
	struct sock		*listener;
	struct list_head	node;
	struct timer_list	timer;
	struct xtcp_synrcv	core;
	struct xtcp_marks	marks;
};

/*
 * A flood of SYNs makes as many as the listener lets it: 176 bytes each, where lockdep does
 * not make timers larger.
 */
static_assert(sizeof(struct xtcp_req) - sizeof(struct timer_list) <= 136);

/**
 * struct xtcp_req_special - an entry of a listener that keeps SYNs (TCP_SAVE_SYN)
 * @req: what all have
 * @opening: TCP_SAVED_SYN of the child to come, NULL: none
 */
struct xtcp_req_special {
	struct xtcp_req		req;
	struct xtcp_opening	*opening;
};

static inline struct xtcp_net *xtcp_req_net(const struct xtcp_req *req)
{
	return req->flow.key.xn;
}

#define xtcp_flow_req(f)	container_of_const(f, struct xtcp_req, flow)

/* Where an entry has what it keeps of its SYN, NULL: nowhere. */
static inline struct xtcp_opening **xtcp_req_opening(struct xtcp_req *req)
{
	return unlikely(req->flow.is_special) ?
	       &container_of(req, struct xtcp_req_special, req)->opening : NULL;
}

struct xtcp_req *xtcp_req_alloc(struct sock *sk, const struct xtcp_key *key,
				const struct xtcp_synrcv *core,
				const struct xtcp_marks *marks, u8 state);
int xtcp_req_hash(struct xtcp_req *req, struct xtcp_tw *tw, const struct sk_buff *syn);
void xtcp_req_unlink(struct xtcp_req *req);
void xtcp_req_kill(struct xtcp_req *req, enum xtcp_event event, enum xtcp_reason why,
		   const struct sk_buff *skb);
void xtcp_send_synack(struct sock *sk, const struct xtcp_key *key,
		      const struct xtcp_synrcv *c, const struct xtcp_marks *marks, u32 clock,
		      struct dst_entry *dst, const struct xtcp_tfo_cookie *tfo);
void xtcp_req_send_synack(struct xtcp_req *req, struct dst_entry *dst,
			  const struct xtcp_tfo_cookie *tfo);
void xtcp_req_syn_again(struct xtcp_req *req);
void xtcp_req_send_ack(struct xtcp_req *req, const struct sk_buff *skb);
void xtcp_req_send_rst(struct xtcp_req *req, enum xtcp_reason why);
int xtcp_req_init(void);
void xtcp_req_exit(void);

#endif /* XTCP_REQ_H */
