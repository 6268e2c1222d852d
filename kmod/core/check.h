/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must be true of a TCB between two events.
 */
#ifndef XTCP_CORE_CHECK_H
#define XTCP_CORE_CHECK_H

#include "tcb.h"

/**
 * struct xtcp_check - what a TCB was like after the last event
 * @snd_una: SND.UNA
 * @snd_nxt: SND.NXT
 * @write_seq: end of what the user had queued
 * @rcv_nxt: RCV.NXT
 * @copied_seq: first sequence number that the user had not read
 * @edge: right edge of the window that was offered
 * @state: enum xtcp_state
 * @synchronised: the sequence numbers above mean something
 */
struct xtcp_check {
	u32	snd_una;
	u32	snd_nxt;
	u32	write_seq;
	u32	rcv_nxt;
	u32	copied_seq;
	u32	edge;
	u8	state;
	bool	synchronised;
};

void xtcp_check_init(struct xtcp_check *c, const struct xtcp_tcb *t);
const char *xtcp_check(struct xtcp_check *c, const struct xtcp_tcb *t,
		       const struct xtcp_actions *a);

#endif /* XTCP_CORE_CHECK_H */
