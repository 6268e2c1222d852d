/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket.  Locking and lifetime are explained at the head of sock.c.
 */
#ifndef XTCP_SOCK_H
#define XTCP_SOCK_H

#include <net/inet_sock.h>
#include <net/sock.h>

#include "core/tcb.h"
#include "flow.h"
#include "netns.h"

struct xtcp_port;

/**
 * struct xtcp_listener - what a socket in LISTEN has besides
 * @accept_queue: established children that accept() has not taken yet
 *		  (xtcp_sock.accept_node); sk_ack_backlog of them
 * @reqs: SYN_RECV entries (xtcp_req.node)
 * @nr_reqs: how many
 * @nr_young: of those, how many whose timer has not fired
 * @cookie_sent: when a SYN was last answered with a cookie; 0: never
 * @flood_logged: the log has its line about a SYN flood
 *
 * All under the socket's lock.
 */
struct xtcp_listener {
	struct list_head	accept_queue;
	struct list_head	reqs;
	unsigned int		nr_reqs;
	unsigned int		nr_young;
	xtcp_usec_t		cookie_sent;
	bool			flood_logged;
};

/**
 * struct xtcp_sock - a socket of AF_XTCP
 * @inet: the stack's view of it; must be first
 * @flow: its entry in the connection table
 * @tcb: the protocol
 * @timer_due: what sk_timer is set to, microseconds; 0: not pending
 * @port: reservation of its local address and port
 * @port_node: link in @port
 * @listen_node: link in the listener table; RCU readers follow it
 * @accept_node: link in a listener's accept queue; before it could listen itself
 * @listener: allocated while the socket listens
 * @scaling_ratio: payload per 256 bytes of receive buffer
 * @deferred: XTCP_DEFER_* that softirq left for release_cb
 * @user_mss: TCP_MAXSEG, 0: not set
 * @notsent_lowat: TCP_NOTSENT_LOWAT, bytes; 0: as much as fits
 * @defer_accept: TCP_DEFER_ACCEPT, in retransmissions of the SYN,ACK
 * @orphaned: counted in xtcp_net.orphans
 * @urg_byte: what recv() with MSG_OOB returns; see xtcp_tcb.urg_state
 * @mtu: MTU of the path when it was looked up last, bytes
 * @pmtu: what ICMP last said the path takes, bytes
 */
struct xtcp_sock {
	struct inet_sock	inet;
	struct xtcp_flow	flow;
	struct xtcp_tcb		tcb;
	u64			timer_due;
	struct xtcp_port	*port;
	struct hlist_node	port_node;
	union {
		struct hlist_node	listen_node;
		struct list_head	accept_node;
	};
	struct xtcp_listener	*listener;
	unsigned long		deferred;
	u32			notsent_lowat;
	u16			mtu;
	u16			pmtu;
	u16			user_mss;
	u8			scaling_ratio;
	u8			defer_accept;
	bool			orphaned;
	u8			urg_byte;
};

#define XTCP_DEFER_TIMER	0	/* the timer fired */
#define XTCP_DEFER_MTU		1	/* the path MTU shrank */

static inline struct xtcp_sock *xtcp_sk(const struct sock *sk)
{
	return (struct xtcp_sock *)sk;
}

static inline struct sock *xtcp_to_sk(struct xtcp_sock *xs)
{
	return (struct sock *)xs;
}

static inline struct xtcp_sock *xtcp_flow_sock(struct xtcp_flow *flow)
{
	return container_of(flow, struct xtcp_sock, flow);
}

/* The clock of every TCB. */
static inline xtcp_usec_t xtcp_now(void)
{
	return ktime_get_ns() / NSEC_PER_USEC;
}

extern struct proto xtcp_prot;

/* Payload per 256 bytes of buffer memory, until measured. */
#define XTCP_SCALING_RATIO_INIT	128

void xtcp_init_fields(struct sock *sk);
int xtcp_sock_destroy(struct sock *sk, int err);
int xtcp_flow_destroy(struct xtcp_flow *flow);
int xtcp_sock_init(void);
void xtcp_sock_exit(void);
void xtcp_release_cb(struct sock *sk);

#endif /* XTCP_SOCK_H */
