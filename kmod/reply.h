/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments that belong to no socket: answers of listeners, of SYN_RECV and
 * TIME_WAIT entries.
 */
#ifndef XTCP_REPLY_H
#define XTCP_REPLY_H

#include "core/segment.h"
#include "flow.h"
#include "netns.h"

struct rtable;

/**
 * struct xtcp_reply - a segment to send
 * @key: connection it belongs to, and the device that it must leave by
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 * @window: window field
 * @flags: control bits
 * @tos: type of service in the IP header, without the ECN bits, if @has_tos; otherwise
 *	 the socket's
 * @has_tos: @tos is set
 * @ecn: XTCP_IP_*, the field in the IP header
 * @optlen: length of @opt
 * @rt: route that was looked up already, whose reference goes; NULL: none
 * @mark: routing mark
 * @opt: options, padded
 */
struct xtcp_reply {
	const struct xtcp_key	*key;
	u32			seq;
	u32			ack;
	u16			window;
	u8			flags;
	u8			tos;
	bool			has_tos;
	u8			ecn;
	u8			optlen;
	struct rtable		*rt;
	u32			mark;
	u8			opt[XTCP_OPT_MAX];
};

int xtcp_reply_send(struct xtcp_net *xn, struct sock *sk, struct xtcp_reply *r);
void xtcp_reply_rst(struct xtcp_net *xn, const struct xtcp_key *key,
		    const struct xtcp_segment *seg);
bool xtcp_challenge_allowed(struct xtcp_net *xn);
int xtcp_reply_netns_init(struct xtcp_net *xn);
void xtcp_reply_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_REPLY_H */
