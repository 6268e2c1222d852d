/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a segment of ours looks like.
 *
 * The core decides what is in a header, from the TCB or from the entry that stands for
 * one; the host turns that into bytes and does nothing else with it.  Whoever calls one
 * of these sends the segment: what it reports is not reported again.
 */
#ifndef XTCP_CORE_COMPOSE_H
#define XTCP_CORE_COMPOSE_H

#include "options.h"
#include "synrcv.h"
#include "tcb.h"
#include "timewait.h"

/**
 * struct xtcp_header - a TCP header (RFC 9293 3.1), and what IP has to know
 * @seq: SEG.SEQ
 * @ack: SEG.ACK; 0 without XTCP_ACK
 * @window: window field, as it is on the wire but in host order
 * @urg: urgent pointer; 0 without XTCP_URG
 * @flags: control bits
 * @ecn: XTCP_IP_*, the ECN field of the IP header
 * @held: ACKs that were held back, and that this segment stands for
 * @optlen: length of @opt, bytes, a multiple of four
 * @opt: options, padded
 */
struct xtcp_header {
	u32	seq;
	u32	ack;
	u16	window;
	u16	urg;
	u8	flags;
	u8	ecn;
	u8	held;
	u8	optlen;
	u8	opt[XTCP_OPT_MAX];
};

/**
 * struct xtcp_room - what the receive buffer has room for, as windows
 * @free: now, bytes
 * @full: if it were empty, bytes
 */
struct xtcp_room {
	u32	free;
	u32	full;
};

/* a connection */
void xtcp_compose_queued(struct xtcp_header *h, struct xtcp_tcb *t, struct xtcp_seg *seg,
			 u32 mss, struct xtcp_room room, xtcp_usec_t now);
void xtcp_compose_ack(struct xtcp_header *h, struct xtcp_tcb *t, u32 seq,
		      struct xtcp_room room, xtcp_usec_t now);
void xtcp_compose_ack_before(struct xtcp_header *h, struct xtcp_tcb *t, u32 ack,
			     struct xtcp_room room, xtcp_usec_t now);
void xtcp_compose_syn(struct xtcp_header *h, struct xtcp_tcb *t, u32 len,
		      const struct xtcp_tfo_cookie *tfo, xtcp_usec_t now);
void xtcp_compose_rst(struct xtcp_header *h, struct xtcp_tcb *t,
		      const struct xtcp_actions *a, struct xtcp_room room,
		      xtcp_usec_t now);

/* what stands for one */
void xtcp_compose_synack(struct xtcp_header *h, const struct xtcp_synrcv *r, u8 ecn,
			 u32 clock, const struct xtcp_tfo_cookie *tfo);
void xtcp_compose_synrcv_ack(struct xtcp_header *h, const struct xtcp_synrcv *r,
			     u32 clock);
void xtcp_compose_synrcv_rst(struct xtcp_header *h, const struct xtcp_synrcv *r);
void xtcp_compose_timewait_ack(struct xtcp_header *h, const struct xtcp_timewait *w,
			       u32 clock);
bool xtcp_compose_refusal(struct xtcp_header *h, const struct xtcp_segment *seg);

#endif /* XTCP_CORE_COMPOSE_H */
