/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RSTs that come and go.
 */
#ifndef XTCP_RESET_H
#define XTCP_RESET_H

#include "edge.h"

/**
 * struct xtcp_reset - a RST came, or is sent
 * @key: of which connection, or which one there would be
 * @family: AF_INET or AF_INET6: what its socket is
 * @sk: the socket, or the listener; NULL: an entry in TIME_WAIT
 * @state: enum xtcp_state of whom it is for, before it did anything
 * @sent: it is ours
 * @why: of ours: the reason
 * @verdict: of one that came: enum xtcp_rst_verdict
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 * @flags: its control bits
 * @rcv_nxt: of one that came: what was awaited
 * @hop_limit: of one that came: hop limit, or TTL
 * @peer_hop_limit: that of the peer's last segment that was taken; 0: not known
 */
struct xtcp_reset {
	const struct xtcp_key	*key;
	u8			family;
	const struct sock	*sk;
	u8			state;
	bool			sent;
	enum xtcp_reason	why;
	enum xtcp_rst_verdict	verdict;
	u32			seq;
	u32			ack;
	u8			flags;
	u32			rcv_nxt;
	u8			hop_limit;
	u8			peer_hop_limit;
};

typedef void (*xtcp_reset_seen_t)(const struct xtcp_net *xn, const struct xtcp_reset *rst);

void xtcp_reset_came(struct xtcp_reset *rst, const struct sk_buff *skb);
void xtcp_reset_for_sock(const struct sock *sk, const struct xtcp_actions *a,
			 const struct xtcp_segment *seg, const struct sk_buff *skb);
void xtcp_reset_sent(struct xtcp_reset *rst);
void xtcp_reset_watch(xtcp_reset_seen_t seen);

#endif /* XTCP_RESET_H */
