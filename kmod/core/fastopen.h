/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP Fast Open (RFC 7413): text in a SYN.
 */
#ifndef XTCP_CORE_FASTOPEN_H
#define XTCP_CORE_FASTOPEN_H

#include "tcb.h"

void xtcp_fastopen_child(struct xtcp_tcb *t, struct xtcp_segment *syn,
			 xtcp_usec_t now, struct xtcp_actions *a);

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

#endif /* XTCP_CORE_FASTOPEN_H */
