/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments that belong to no socket: answers of listeners, of SYN_RECV and
 * TIME_WAIT entries.
 */
#ifndef XTCP_REPLY_H
#define XTCP_REPLY_H

#include "core/compose.h"
#include "flow.h"
#include "netns.h"

struct dst_entry;
struct xtcp_md5_key;
struct sk_buff;

/**
 * struct xtcp_reply - a segment to send
 * @key: connection it belongs to, and the device that it must leave by
 * @tos: type of service in the IP header, without the ECN bits, if @has_tos; otherwise
 *	 the socket's
 * @has_tos: @tos is set
 * @plain: an answer whose hop limit is the route's, and that has no extension headers,
 *	   whatever the socket says
 * @dst: route that was looked up already, whose reference goes; NULL: none
 * @to: the segment that it answers, whose mark goes before that of @marks if the administrator
 *	wants that (fwmark_reflect); NULL: none
 * @marks: its mark, flow label and hash, and those of its route
 * @md5: what it is signed with, NULL: nothing
 * @delay_us: it leaves so much later (TCP_TX_DELAY), microseconds
 * @rst_why: of a RST: its reason
 * @rst_of: its listener
 * @rst_state: enum xtcp_state of whom it is sent for
 * @h: its header
 */
struct xtcp_reply {
	const struct xtcp_key	*key;
	u8			tos;
	bool			has_tos;
	bool			plain;
	const struct sk_buff	*to;
	struct xtcp_marks	marks;
	struct dst_entry	*dst;
	const struct xtcp_md5_key *md5;
	u32			delay_us;
	enum xtcp_reason	rst_why;
	const struct sock	*rst_of;
	u8			rst_state;
	struct xtcp_header	h;
};

int xtcp_reply_send(struct xtcp_net *xn, struct sock *sk, struct xtcp_reply *r);
void xtcp_reply_rst(struct sock *sk, const struct xtcp_key *key,
		    const struct sk_buff *skb, const struct xtcp_segment *seg,
		    enum xtcp_reason why);
bool xtcp_challenge_allowed(struct xtcp_net *xn);
int xtcp_reply_netns_init(struct xtcp_net *xn);
void xtcp_reply_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_REPLY_H */
