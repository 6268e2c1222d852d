/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transitions and RSTs as the module reports them (<linux/xtcp.h>), and what caused each.
 */
#ifndef XTCP_SELFTESTS_EVENT_H
#define XTCP_SELFTESTS_EVENT_H

#include <libmnl/libmnl.h>
#include <linux/xtcp.h>
#include <stdbool.h>
#include <stdint.h>

/* What caused one: at most one of these. */
enum event_cause {
	BY_NOTHING,
	BY_SEGMENT,
	BY_TIMER,
	BY_CALL,
};

/**
 * struct event - a transition, or a RST
 * @is_reset: a RST
 * @verdict: enum xtcp_rst_verdict of one that came; XTCP_RST_NONE: we sent it
 * @from: enum xtcp_state of whom it was for, or that it left
 * @why: enum xtcp_reason
 * @edge: enum xtcp_edge
 * @cause: what caused it
 * @seq: sequence number of the segment
 * @flags: its control bits
 * @hop_limit: its TTL
 * @peer_hop_limit: that of the peer's segments before it
 * @rcv_nxt: the sequence number that was awaited
 * @timer: enum xtcp_by_timer
 * @count: how often it had come to nothing
 * @limit: so often it may
 * @pid: the process
 */
struct event {
	bool			is_reset;
	uint8_t			verdict;
	uint8_t			from;
	uint32_t		why;
	uint32_t		edge;
	enum event_cause	cause;
	uint32_t		seq;
	uint8_t			flags;
	uint8_t			hop_limit;
	uint8_t			peer_hop_limit;
	uint32_t		rcv_nxt;
	uint8_t			timer;
	uint32_t		count;
	uint32_t		limit;
	uint32_t		pid;
};

/**
 * struct events - who is told of them
 * @nl: the socket
 * @family: the module's number
 * @group: of its multicast group
 */
struct events {
	struct mnl_socket	*nl;
	uint16_t		family;
	uint32_t		group;
};

bool events_open(struct events *e);
bool events_next(struct events *e, struct event *event);
bool events_find(struct events *e, enum xtcp_reason why, struct event *event);
bool events_find_rst(struct events *e, struct event *event);
void events_close(struct events *e);

#endif /* XTCP_SELFTESTS_EVENT_H */
