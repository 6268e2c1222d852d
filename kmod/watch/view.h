/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What observers show of a flow, whatever its kind: /proc and sock_diag print
 * the same facts in two formats.
 */
#ifndef XTCP_VIEW_H
#define XTCP_VIEW_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include "flow.h"

/* The timer that runs, as /proc/net/tcp and inet_diag_msg.idiag_timer number them. */
enum xtcp_view_timer {
	XTCP_VIEW_TIMER_OFF,
	XTCP_VIEW_TIMER_REXMIT,
	XTCP_VIEW_TIMER_KEEP,
	XTCP_VIEW_TIMER_TW,
	XTCP_VIEW_TIMER_PROBE,
};

/**
 * struct xtcp_ends - the two ends of a flow
 * @laddr: our address; IPv4 is kept mapped, ::ffff:a.b.c.d
 * @raddr: the peer's
 * @lport: our port, host order
 * @rport: the peer's
 * @family: AF_INET or AF_INET6: what its socket is
 */
struct xtcp_ends {
	struct in6_addr	laddr;
	struct in6_addr	raddr;
	u16		lport;
	u16		rport;
	u8		family;
};

/**
 * struct xtcp_view - a flow as it was a moment ago
 * @ends: addresses and ports
 * @state: enum xtcp_state
 * @timer: enum xtcp_view_timer
 * @retransmits: timeouts in a row
 * @probes: persist or keepalive probes without an answer
 * @expires_us: how long @timer still runs
 * @rx_queue: bytes that the user has not read; of a listener, connections
 *	      that accept() has not taken
 * @tx_queue: bytes that the peer has not acknowledged
 * @uid: owner; of a SYN_RECV entry, the listener's
 * @inode: of the socket; 0: none, or no file
 * @refs: references
 * @rto_us: retransmission timeout with its backoff
 * @ato_us: delay of an ACK
 * @cwnd: congestion window, segments
 * @ssthresh: slow-start threshold, segments; -1 in the first slow start
 * @quick: immediate ACKs left
 * @pingpong: ACKs ride on answers
 * @mark: SO_MARK
 *
 * Of a SYN_RECV or TIME_WAIT entry, what only a socket has is zero.
 */
struct xtcp_view {
	struct xtcp_ends ends;
	u8		state;
	u8		timer;
	u8		retransmits;
	u8		probes;
	u64		expires_us;
	u32		rx_queue;
	u32		tx_queue;
	kuid_t		uid;
	unsigned long	inode;
	int		refs;
	u32		rto_us;
	u32		ato_us;
	u32		cwnd;
	int		ssthresh;
	u8		quick;
	bool		pingpong;
	u32		mark;
};

struct net;
struct sock;

const struct sock *xtcp_view_sk(const struct xtcp_flow *flow);
bool xtcp_view_hold(const struct xtcp_flow *flow, const struct net *net);
void xtcp_view_drop(const struct xtcp_flow *flow);
void xtcp_view_key(const struct xtcp_key *key, u8 family, struct xtcp_ends *ends);
void xtcp_view_ends(const struct xtcp_flow *flow, struct xtcp_ends *ends);
void xtcp_view_fill(const struct xtcp_flow *flow, struct xtcp_view *view);

#endif /* XTCP_VIEW_H */
