// SPDX-License-Identifier: GPL-2.0
/* The state machine: the table of uapi/linux/xtcp_fsm.h, and the one step through it. */
#include "fsm.h"

#define STATE_NAME(name, nr)	[nr] = #name,
static const char *const state_names[XTCP_STATE_NR] = {
	XTCP_STATES(STATE_NAME)
};

#define EVENT_NAME(name, text)	[XTCP_EV_##name] = text,
static const char *const event_names[XTCP_EVENT_NR] = {
	XTCP_EVENTS(EVENT_NAME)
};

#define EDGE_DESC(f, t, ev, what, where)				\
	[XTCP_EDGE_##f##__##ev] = {					\
		.from = XTCP_##f, .to = XTCP_##t, .event = XTCP_EV_##ev, \
		.name = #f "__" #ev, .action = what, .clause = where,	\
	},
const struct xtcp_edge_desc xtcp_edges[XTCP_EDGE_NR] = {
	XTCP_EDGES(EDGE_DESC)
};

/*
 * Edge number plus one; zero is an event that the state does not react to.
 * Two rows for one state and event do not compile: the enumerator would be
 * defined twice.
 */
#define EDGE_STEP(f, t, ev, what, where)				\
	[XTCP_##f][XTCP_EV_##ev] = XTCP_EDGE_##f##__##ev + 1,
static const u8 steps[XTCP_STATE_NR][XTCP_EVENT_NR] = {
	XTCP_EDGES(EDGE_STEP)
};

static_assert(XTCP_EDGE_NR < 255);

/**
 * xtcp_state_name - the name of a state as /proc and the tools print it
 * @state: enum xtcp_state
 *
 * Return: the name, "?" for a number that is no state.
 */
const char *xtcp_state_name(unsigned int state)
{
	return state < XTCP_STATE_NR && state_names[state] ? state_names[state] : "?";
}

/**
 * xtcp_event_name - the text of an event as in the figure
 * @event: enum xtcp_event
 *
 * Return: the text, "?" for a number that is no event.
 */
const char *xtcp_event_name(unsigned int event)
{
	return event < XTCP_EVENT_NR ? event_names[event] : "?";
}

/**
 * xtcp_fsm_edge - look an edge up
 * @state: enum xtcp_state
 * @event: enum xtcp_event
 *
 * Return: enum xtcp_edge, or XTCP_EDGE_NONE when the table has no such row.
 */
int xtcp_fsm_edge(unsigned int state, unsigned int event)
{
	if (state >= XTCP_STATE_NR || event >= XTCP_EVENT_NR)
		return XTCP_EDGE_NONE;
	return (int)steps[state][event] - 1;
}

/**
 * xtcp_fsm_step - the one function in which a state changes
 * @state: in and out, the state of a TCB, of a SYN_RECV or a TIME_WAIT entry
 * @event: what happened to it
 *
 * Return: the edge that was taken, or XTCP_EDGE_NONE: the table has no such
 * edge and @state is as it was.  Any context; the caller owns @state.
 */
int xtcp_fsm_step(u8 *state, enum xtcp_event event)
{
	int edge = xtcp_fsm_edge(*state, event);

	if (edge != XTCP_EDGE_NONE)
		*state = xtcp_edges[edge].to;
	return edge;
}
