/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The acknowledgment that most segments of a stream carry back to its receiver:
 * the same as before.
 */
#ifndef XTCP_CORE_ACK_H
#define XTCP_CORE_ACK_H

#include "seq.h"
#include "tcb.h"

/**
 * xtcp_ack_repeats - does an ACK say only what the last one said?
 * @t: the connection, in a synchronised state
 * @seg: the segment, acceptable, with the ACK bit set
 * @now: the time
 *
 * Nothing is outstanding that it could acknowledge, nothing waits for a window,
 * and the window is the same.  What xtcp_ack() would do is done.
 *
 * Return: false when xtcp_ack() has to look.
 */
static inline bool xtcp_ack_repeats(struct xtcp_tcb *t, const struct xtcp_segment *seg,
				    xtcp_usec_t now)
{
	if (t->packets_out || seg->ack != t->snd_una ||
	    (u32)seg->wnd << t->snd_wscale != t->snd_wnd ||
	    t->ca_state != XTCP_CA_OPEN || t->flags & XTCP_F_PROBE ||
	    seg->opt.has & XTCP_OPT_SACK || seg->flags & XTCP_SYN)
		return false;
	t->probes_out = 0;
	t->heard = xtcp_coarse(now);
	if (xtcp_after(seg->seq, t->snd_wl1))
		t->snd_wl1 = seg->seq;
	return true;
}

#endif /* XTCP_CORE_ACK_H */
