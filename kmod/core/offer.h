/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an active open offers to its peer.
 */
#ifndef XTCP_CORE_OFFER_H
#define XTCP_CORE_OFFER_H

#include "tcb.h"

/**
 * struct xtcp_offer - what the host knows before its SYN
 * @iss: ISS, unless a TIME_WAIT entry that made way has set one
 * @ts_offset: and what is added to the clock to make TSval
 * @advmss: our MSS option, bytes
 * @user_mss: TCP_MAXSEG, bytes; 0: not set
 * @space: window that an empty receive buffer has room for, bytes
 * @max_space: largest buffer that autotuning can reach, bytes
 * @clamp: largest window that the route or the user allows, bytes; 0: any
 * @first_window: the first one, in segments; 0: as @space says
 * @ecn: the route wants ECN, whatever the namespace says
 * @speaks: the user will speak first, so an ACK can ride on that
 */
struct xtcp_offer {
	u32	iss;
	u32	ts_offset;
	u16	advmss;
	u16	user_mss;
	u32	space;
	u32	max_space;
	u32	clamp;
	u32	first_window;
	bool	ecn;
	bool	speaks;
};

void xtcp_offer_begin(struct xtcp_tcb *t);
void xtcp_offer(struct xtcp_tcb *t, const struct xtcp_offer *o,
		const struct xtcp_conf *conf);

/**
 * xtcp_offer_numbered - has a TIME_WAIT entry that made way chosen the ISS?
 * @t: the connection, between xtcp_offer_begin() and xtcp_offer()
 *
 * Return: whether xtcp_timewait_follow() has.
 */
static inline bool xtcp_offer_numbered(const struct xtcp_tcb *t)
{
	return t->iss;
}

/**
 * xtcp_offer_keep_mss - until the next offer, what is told of the last connection's segments
 * @t: a TCB without a connection
 * @mss: how large they were, bytes
 */
static inline void xtcp_offer_keep_mss(struct xtcp_tcb *t, u16 mss)
{
	t->mss = mss;
}

/**
 * xtcp_syn_unanswered - has nobody answered our SYN, so that nothing is agreed on?
 * @t: the connection, which may have ended so
 *
 * Return: whether its options are an offer and no more.
 */
static inline bool xtcp_syn_unanswered(const struct xtcp_tcb *t)
{
	return t->state == XTCP_SYN_SENT ||
	       (t->state == XTCP_CLOSE && t->flags & XTCP_F_SYN_OUT && !(t->irs | t->rcv_nxt));
}

#endif /* XTCP_CORE_OFFER_H */
