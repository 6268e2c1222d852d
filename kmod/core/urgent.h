/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Urgent data: RFC 9293 3.8.5, RFC 6093.
 *
 * A segment's urgent pointer marks a place in the stream.  As everywhere, the
 * place is the byte before the one that it points to (unless stdurg says
 * otherwise), and that byte is kept out of the stream unless SO_OOBINLINE.
 */
#ifndef XTCP_CORE_URGENT_H
#define XTCP_CORE_URGENT_H

#include "tcb.h"

void xtcp_urg_received(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		       struct xtcp_actions *a);
u16 xtcp_urg_pointer(struct xtcp_tcb *t, u32 seq);

/**
 * xtcp_urg_set - the user sent urgent data
 * @t: the connection; write_seq is behind it
 *
 * Everything that is sent until the peer has acknowledged it points to its end.
 */
static inline void xtcp_urg_set(struct xtcp_tcb *t)
{
	t->snd_up = t->write_seq;
	t->flags |= XTCP_F_URG_OUT;
}

/**
 * xtcp_urg_out - is there urgent data that the peer has not acknowledged?
 * @t: the connection
 *
 * Return: whether segments, each of its own, have to point to it.
 */
static inline bool xtcp_urg_out(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_URG_OUT && xtcp_after(t->snd_up, t->snd_una);
}

/**
 * xtcp_urg_at_mark - is the next byte to read the one that was marked?
 * @t: the connection
 *
 * Return: whether it is: sockatmark().
 */
static inline bool xtcp_urg_at_mark(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_URG && t->urg_seq == t->copied_seq;
}

/**
 * xtcp_urg_read - the user read, or skipped, something
 * @t: the connection, with XTCP_F_URG
 */
static inline void xtcp_urg_read(struct xtcp_tcb *t)
{
	if (xtcp_after(t->copied_seq, t->urg_seq))
		t->flags &= ~XTCP_F_URG;
}

/**
 * xtcp_urg_taken - the user has the urgent byte (MSG_OOB)
 * @t: the connection, with XTCP_F_URG
 */
static inline void xtcp_urg_taken(struct xtcp_tcb *t)
{
	t->urg_state = XTCP_URG_TAKEN;
}

#endif /* XTCP_CORE_URGENT_H */
