/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP Fast Open (RFC 7413): text in a SYN.
 */
#ifndef XTCP_CORE_FASTOPEN_H
#define XTCP_CORE_FASTOPEN_H

#include "tcb.h"

enum xtcp_verdict __must_check
xtcp_fastopen_child(struct xtcp_tcb *t, struct xtcp_segment *syn, xtcp_usec_t now,
		    struct xtcp_actions *a);

/**
 * xtcp_fastopen_pending - is it a child that a SYN made, not its ACK?
 * @t: the connection
 *
 * Other children of a listener are no TCBs before they are established.
 *
 * Return: whether the SYN,ACK is not ACKed yet; text goes both ways meanwhile.
 */
static inline bool xtcp_fastopen_pending(const struct xtcp_tcb *t)
{
	return t->state == XTCP_SYN_RECV && t->flags & XTCP_F_PASSIVE;
}

/**
 * xtcp_fastopen_queued - text that goes with the SYN was queued
 * @t: the connection, its SYN not sent
 * @bytes: of it
 */
static inline void xtcp_fastopen_queued(struct xtcp_tcb *t, u32 bytes)
{
	t->syn_data += bytes;
}

/**
 * xtcp_fastopen_without - the SYN leaves without its text
 * @t: the connection, its SYN not sent
 */
static inline void xtcp_fastopen_without(struct xtcp_tcb *t)
{
	t->syn_data = 0;
}

/**
 * xtcp_fastopen_failed - the text, or the SYN without it, is sent again
 * @t: the connection, its SYN sent
 */
static inline void xtcp_fastopen_failed(struct xtcp_tcb *t)
{
	xtcp_count_retrans(t, 1);
	t->syn_again = 1;
}

/**
 * xtcp_fastopen_silent - has the peer sent no text?
 * @t: the connection
 *
 * Return: whether it has not, as far as it came in order.
 */
static inline bool xtcp_fastopen_silent(const struct xtcp_tcb *t)
{
	return xtcp_received(t) <= 1U + !!(t->flags & XTCP_F_FIN_RCVD);
}

/**
 * xtcp_fastopen_keep - what was acknowledged of the text cannot be dropped
 * @t: the connection, just established, with nothing sent but its SYN
 * @seq: what leaves next
 */
static inline void xtcp_fastopen_keep(struct xtcp_tcb *t, u32 seq)
{
	t->snd_una = seq;
	t->snd_nxt = seq;
}

#endif /* XTCP_CORE_FASTOPEN_H */
