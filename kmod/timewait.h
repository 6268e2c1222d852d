/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIME_WAIT: what is left of a connection for 2MSL.
 */
#ifndef XTCP_TIMEWAIT_H
#define XTCP_TIMEWAIT_H

#include "core/timewait.h"
#include "flow.h"
#include "netns.h"

struct xtcp_md5_key;
struct xtcp_port;
struct xtcp_sock;

/**
 * struct xtcp_tw - an entry in TIME_WAIT
 * @flow: its entry in the connection table; must be first
 * @node: link in its queue (xtcp_net.tw_queues), under the queue's lock
 * @port: keeps the local address and port reserved
 * @core: the protocol's part
 * @mark: of the connection's packets (struct xtcp_marks)
 * @hash: the same
 * @due: when it ends, milliseconds of xtcp_clock_ms()
 * @cpu: of its queue
 * @is_special: it is the first part of a struct xtcp_tw_special
 * @min_ttl: IP_MINTTL or IPV6_MINHOPCOUNT of the connection
 * @queued: it is in the queue, until it is ended
 */
struct xtcp_tw {
	struct xtcp_flow	flow;
	struct list_head	node;
	struct xtcp_port	*port;
	struct xtcp_timewait	core;
	u32			mark;
	u32			hash;
	u32			due;
	u16			cpu : 15;
	u16			is_special : 1;
	u8			min_ttl;
	bool			queued;
};

/* A server has a hundred thousand of them: two lines of the cache, and no more. */
static_assert(sizeof(struct xtcp_tw) <= 128);

#define xtcp_flow_tw(f)	container_of_const(f, struct xtcp_tw, flow)

/**
 * struct xtcp_tw_special - an entry that has what most connections do not have
 * @tw: what all have
 * @md5: what they are signed with, NULL: nothing
 * @delay_us: TCP_TX_DELAY, microseconds
 * @label: flow label that somebody has chosen, 0: nobody has
 */
struct xtcp_tw_special {
	struct xtcp_tw		tw;
	struct xtcp_md5_key	*md5;
	u32			delay_us;
	__be32			label;
};

struct sk_buff;

bool xtcp_tw_take_over(struct xtcp_sock *xs, bool bound);
void xtcp_enter_timewait(struct sock *sk);
enum xtcp_verdict __must_check xtcp_tw_rcv(struct xtcp_net *xn, struct xtcp_tw *tw,
					   struct sk_buff *skb, struct xtcp_segment *seg);
void xtcp_tw_send_ack(struct xtcp_net *xn, struct xtcp_tw *tw, const struct sk_buff *skb);
bool xtcp_tw_kill(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event,
		  enum xtcp_reason why, const struct sk_buff *skb);
int xtcp_timewait_init_cache(void);
void xtcp_timewait_exit_cache(void);
int xtcp_timewait_netns_init(struct xtcp_net *xn);
void xtcp_timewait_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_TIMEWAIT_H */
