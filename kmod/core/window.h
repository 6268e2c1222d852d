/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window we offer, as the host asks for it.
 */
#ifndef XTCP_CORE_WINDOW_H
#define XTCP_CORE_WINDOW_H

#include "tcb.h"

void xtcp_window_init(u32 space, u32 max_space, u16 mss, bool scaling,
		      u32 *wnd, u8 *wscale);
u16 xtcp_window_select(struct xtcp_tcb *t, u32 free_space, u32 full_space);
u32 xtcp_window_autotune(struct xtcp_tcb *t, xtcp_usec_t now);
u32 xtcp_window_behind_gap(const struct xtcp_tcb *t);
void xtcp_window_ready(struct xtcp_tcb *t, u32 full_space);
void xtcp_window_limit(struct xtcp_tcb *t, u32 clamp);
void xtcp_window_full(struct xtcp_tcb *t, bool over);
void xtcp_window_clamp(struct xtcp_tcb *t, u32 full_space);

/**
 * xtcp_window_unlimited - TCP_WINDOW_CLAMP is taken back
 * @t: a TCB without a connection
 */
static inline void xtcp_window_unlimited(struct xtcp_tcb *t)
{
	t->window_clamp = 0;
}

/**
 * xtcp_window_allow - the user waits for so much (SO_RCVLOWAT)
 * @t: the connection
 * @wnd: window that a limit must allow, bytes
 */
static inline void xtcp_window_allow(struct xtcp_tcb *t, u32 wnd)
{
	if (t->window_clamp && t->window_clamp < wnd)
		t->window_clamp = wnd;
}

/* Less payload than this does not make the window grow, bytes. */
#define XTCP_WINDOW_GROW_MIN	128

/**
 * xtcp_window_may_grow - can a segment make the offered window grow?
 * @t: the connection
 * @len: the segment's payload, bytes
 *
 * Return: false when the core does not ask what the buffer costs.
 */
static inline bool xtcp_window_may_grow(const struct xtcp_tcb *t, u32 len)
{
	return t->rcv_ssthresh < t->window_clamp && len >= XTCP_WINDOW_GROW_MIN;
}

/**
 * xtcp_window_has - is any of a segment's payload new, and does the window let it in?
 * @t: the connection
 * @seg: the segment
 *
 * What ends behind the window is dropped while something waits to be read.
 */
static inline bool xtcp_window_has(const struct xtcp_tcb *t,
				   const struct xtcp_segment *seg)
{
	u32 edge = t->rcv_nxt + xtcp_receive_window(t);

	return xtcp_after(seg->end_seq, t->rcv_nxt) && xtcp_before(seg->seq, edge) &&
	       (t->copied_seq == t->rcv_nxt ||
		!xtcp_after(seg->end_seq - !!(seg->flags & XTCP_FIN), edge));
}

/**
 * xtcp_window_takes - may any of a segment's payload be kept?
 * @t: the connection
 * @seg: the segment
 *
 * For what is old or beyond the window nobody else has to make room.  Before the
 * handshake is over there is no window yet.
 *
 * Return: false when RFC 9293 3.10.7.4 drops it.
 */
static inline bool xtcp_window_takes(const struct xtcp_tcb *t,
				     const struct xtcp_segment *seg)
{
	return !XTCP_IN(t->state, XTCP_SET_SYNCHRONISED) || xtcp_window_has(t, seg);
}

#endif /* XTCP_CORE_WINDOW_H */
