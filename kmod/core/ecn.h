/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explicit congestion notification: RFC 3168, and what RFC 8257 changes in it.
 *
 * The NS bit of RFC 3540, which is historic, counts as reserved.
 */
#ifndef XTCP_CORE_ECN_H
#define XTCP_CORE_ECN_H

#include "synrcv.h"
#include "tcb.h"

/* struct xtcp_conf.ecn, as Linux's tcp_ecn. */
#define XTCP_ECN_OFF		0
#define XTCP_ECN_ON		1	/* asked for, and agreed to */
#define XTCP_ECN_PASSIVE	2	/* agreed to */

/* The field in the IP header, RFC 3168 5. */
#define XTCP_IP_NOT_ECT		0
#define XTCP_IP_ECT1		1
#define XTCP_IP_ECT0		2
#define XTCP_IP_CE		3

void __xtcp_ecn_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		     u32 rcv_nxt, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_ecn_cwr(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		  struct xtcp_actions *a);
void xtcp_ecn_answered(struct xtcp_tcb *t, const struct xtcp_segment *seg);
void xtcp_ecn_synrcv(struct xtcp_synrcv *r, const struct xtcp_segment *seg,
		     bool willing, bool wanted);

/**
 * xtcp_ecn_syn - the bits that our SYN, or the SYN,ACK of an active open, has
 * @t: the connection, in SYN_SENT, SYN_RECV or what a CLOSE made of that
 *
 * A SYN asks with both bits, a SYN,ACK answers with ECE (RFC 3168 6.1.1).  A
 * network that drops the question gets a SYN without it (6.1.1.1).
 *
 * Return: control bits.
 */
static inline u8 xtcp_ecn_syn(const struct xtcp_tcb *t)
{
	if (!(t->flags & XTCP_F_ECN_OK))
		return 0;
	if (t->state != XTCP_SYN_SENT)
		return XTCP_ECE;
	return t->retransmits && t->conf->ecn_fallback ? 0 : XTCP_ECE | XTCP_CWR;
}

/**
 * xtcp_ecn_data - text came that is kept
 * @t: the connection
 * @seg: the segment
 * @rcv_nxt: RCV.NXT before it
 * @now: the time
 * @a: out
 */
static inline void xtcp_ecn_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
				 u32 rcv_nxt, xtcp_usec_t now, struct xtcp_actions *a)
{
	if (t->flags & XTCP_F_ECN_OK)
		__xtcp_ecn_data(t, seg, rcv_nxt, now, a);
}

/**
 * xtcp_ecn_echoed - does an ACK tell of congestion?
 * @t: the connection
 * @seg: the segment
 *
 * Return: it carries the ECN echo, and that means something (RFC 3168 6.1.2).
 */
static inline bool xtcp_ecn_echoed(const struct xtcp_tcb *t,
				   const struct xtcp_segment *seg)
{
	return seg->flags & XTCP_ECE && !(seg->flags & XTCP_SYN) &&
	       t->flags & XTCP_F_ECN_OK;
}

/**
 * xtcp_ecn_flags - the bits that a segment has
 * @t: the connection
 * @fresh: it has text that was not sent before
 *
 * RFC 3168 6.1.2: the first such segment after a reduction says CWR.  6.1.5:
 * what is sent again does not.
 *
 * Return: control bits.
 */
static inline u8 xtcp_ecn_flags(struct xtcp_tcb *t, bool fresh)
{
	u8 flags = t->flags & XTCP_F_ECN_ECHO ? XTCP_ECE : 0;

	if (fresh && t->flags & XTCP_F_ECN_CWR) {
		t->flags &= ~XTCP_F_ECN_CWR;
		flags |= XTCP_CWR;
	}
	return flags;
}

/**
 * xtcp_ecn_ip - the field in the IP header that a segment has
 * @t: the connection
 * @fresh: it has text that was not sent before
 *
 * RFC 3168 6.1.4, 6.1.5: neither ACKs nor what is sent again; RFC 8257 3.1 wants
 * it on everything.
 *
 * Return: XTCP_IP_ECT0 or XTCP_IP_NOT_ECT.
 */
static inline u8 xtcp_ecn_ip(const struct xtcp_tcb *t, bool fresh)
{
	if (t->flags & XTCP_F_ECN_OK && (fresh || t->flags & XTCP_F_ECN_ALL))
		return XTCP_IP_ECT0;
	return XTCP_IP_NOT_ECT;
}

/**
 * xtcp_ecn_synack_ip - the same for a listener's SYN,ACK
 * @l: the listener
 * @c: what the SYN made
 *
 * RFC 8257 3.1: all segments, when congestion control needs marks.
 *
 * Return: XTCP_IP_ECT0 or XTCP_IP_NOT_ECT.
 */
static inline u8 xtcp_ecn_synack_ip(const struct xtcp_tcb *l,
				    const struct xtcp_synrcv *c)
{
	return l->flags & XTCP_F_ECN_ALL && c->flags & XTCP_F_ECN_OK ? XTCP_IP_ECT0
								     : XTCP_IP_NOT_ECT;
}

#endif /* XTCP_CORE_ECN_H */
