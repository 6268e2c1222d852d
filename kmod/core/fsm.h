/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transition function, derived from the table in uapi/linux/xtcp_fsm.h.
 */
#ifndef XTCP_CORE_FSM_H
#define XTCP_CORE_FSM_H

#include "platform.h"
#include <linux/xtcp_fsm.h>

/* What xtcp_fsm_step() returns for an event that the table does not have. */
#define XTCP_EDGE_NONE	(-1)

/**
 * struct xtcp_edge_desc - one row of the table
 * @from: enum xtcp_state
 * @to: enum xtcp_state
 * @event: enum xtcp_event
 * @name: FROM__EVENT
 * @action: what the figure writes below the line
 * @clause: where the RFCs say so
 */
struct xtcp_edge_desc {
	u8		from;
	u8		to;
	u8		event;
	const char	*name;
	const char	*action;
	const char	*clause;
};

extern const struct xtcp_edge_desc xtcp_edges[XTCP_EDGE_NR];

const char *xtcp_state_name(unsigned int state);
const char *xtcp_event_name(unsigned int event);
int xtcp_fsm_edge(unsigned int state, unsigned int event);
int xtcp_fsm_step(u8 *state, enum xtcp_event event);

/* Sets of states, for the tests that the RFC phrases as "one of". */
#define XTCP_IN(state, set)	((1U << (state)) & (set))
#define XTCPF(name)		(1U << XTCP_##name)

/* RFC 9293 3.4.1: both sides know each other's sequence numbers */
#define XTCP_SET_SYNCHRONISED	(XTCPF(ESTABLISHED) | XTCPF(FIN_WAIT1) | \
				 XTCPF(FIN_WAIT2) | XTCPF(CLOSE_WAIT) | \
				 XTCPF(CLOSING) | XTCPF(LAST_ACK) | \
				 XTCPF(TIME_WAIT))
/* the user may still queue data */
#define XTCP_SET_CAN_SEND	(XTCPF(ESTABLISHED) | XTCPF(CLOSE_WAIT))
/* the peer's FIN has not come: payload is text to deliver */
#define XTCP_SET_CAN_RECEIVE	(XTCPF(ESTABLISHED) | XTCPF(FIN_WAIT1) | \
				 XTCPF(FIN_WAIT2))

#endif /* XTCP_CORE_FSM_H */
