// SPDX-License-Identifier: GPL-2.0
/*
 * An edge of the state machine was taken: it is counted, and told who looks on.
 */
#include <net/inet_sock.h>
#include <net/net_debug.h>
#include <net/tcp_states.h>

#include "edge.h"
#include "ended.h"
#include "watch/trace.h"

/* Who reports edges to user space, NULL: nobody. */
static xtcp_edge_seen_t seen_by;

/**
 * xtcp_edge_watch - from now on, tell this function of every edge
 * @seen: called once for each, by the one who holds the lock of what took it, after the
 *	  state has changed, in any context but hard interrupts; NULL: nobody
 *
 * Who was told before may still be told for a grace period.
 */
void xtcp_edge_watch(xtcp_edge_seen_t seen)
{
	WRITE_ONCE(seen_by, seen);
}

/* @n times the same edge, for the same reason. */
static void count_edge(struct xtcp_net *xn, unsigned int edge, enum xtcp_reason why,
		       unsigned int n)
{
	DEBUG_NET_WARN_ON_ONCE(why == XTCP_WHY_NONE);
	xtcp_count_edge(xn, edge, why, n);
	switch (edge) {
	case XTCP_EDGE_CLOSE__ACTIVE_OPEN:
	case XTCP_EDGE_LISTEN__SEND:
		xtcp_count_add(xn, ACTIVE_OPENS, n);
		break;
	case XTCP_EDGE_LISTEN__RCV_SYN:
	case XTCP_EDGE_TIME_WAIT__RCV_SYN:
		xtcp_count_add(xn, PASSIVE_OPENS, n);
		break;
	case XTCP_EDGE_SYN_SENT__RCV_RST:
	case XTCP_EDGE_SYN_SENT__TIMEOUT:
	case XTCP_EDGE_SYN_RECV__RCV_RST:
	case XTCP_EDGE_SYN_RECV__RCV_RST_PASSIVE:
	case XTCP_EDGE_SYN_RECV__TIMEOUT:
		xtcp_count_add(xn, ATTEMPT_FAILS, n);
		break;
	case XTCP_EDGE_ESTABLISHED__RCV_RST:
	case XTCP_EDGE_ESTABLISHED__ABORT:
	case XTCP_EDGE_CLOSE_WAIT__RCV_RST:
	case XTCP_EDGE_CLOSE_WAIT__ABORT:
		xtcp_count_add(xn, ESTAB_RESETS, n);
		break;
	}
}

static bool is_looked_at(void)
{
	return trace_xtcp_transition_enabled() || READ_ONCE(seen_by);
}

static void report_edge(struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	xtcp_edge_seen_t seen;

	trace_xtcp_transition(taken);
	seen = READ_ONCE(seen_by);
	if (seen)
		seen(xn, taken);
}

/*
 * What the stack sees of a socket's state.  It is never TIME_WAIT, in which an entry
 * takes its place (xtcp_enter_timewait()): sk_fullsock() and all who ask it would
 * take the socket for such an entry.
 */
static void show_state(struct sock *sk, enum xtcp_state state)
{
	if (state != XTCP_TIME_WAIT)
		inet_sk_set_state(sk, state);
}

/*
 * Whether a connection's story is over: what follows in TIME_WAIT is only time.  A listener
 * that closes is none.
 */
static bool is_end(const struct xtcp_edge_desc *e)
{
	return XTCP_IN(e->to, XTCPF(CLOSE) | XTCPF(TIME_WAIT)) &&
	       !XTCP_IN(e->from, XTCPF(CLOSE) | XTCPF(LISTEN) | XTCPF(TIME_WAIT));
}

/**
 * xtcp_count_edges - a socket took edges: count, report, and show its state
 * @xn: its namespace
 * @sk: the socket, locked
 * @a: the actions that list them
 * @skb: the segment that they answer, NULL: none
 */
void xtcp_count_edges(struct xtcp_net *xn, struct sock *sk, const struct xtcp_actions *a,
		      const struct sk_buff *skb)
{
	struct xtcp_taken taken = {
		.flow = &xtcp_sk(sk)->flow, .sk = sk, .error = a->error, .by.skb = skb,
	};
	int i;

	xtcp_assert_locked(sk);
	if (a->nr_edges)
		WRITE_ONCE(xtcp_sk(sk)->state_since, (u32)jiffies);
	for (i = 0; i < a->nr_edges; i++) {
		taken.edge = a->edges[i];
		taken.by.why = a->why[i];
		if (xtcp_edges[taken.edge].event == XTCP_EV_TIMEOUT)
			taken.by.timer = a->timer;
		count_edge(xn, taken.edge, taken.by.why, 1);
		report_edge(xn, &taken);
		if (is_end(&xtcp_edges[taken.edge]))
			xtcp_ended_note(xn, &taken);
		show_state(sk, xtcp_edges[a->edges[i]].to);
	}
	if (unlikely(a->bad_event)) {
		xtcp_count(xn, NO_EDGE);
		net_warn_ratelimited("xtcp: no edge for %s in %s\n",
				     xtcp_event_name(a->bad_event - 1),
				     xtcp_state_name(xtcp_sk(sk)->tcb.state));
	}
}

/**
 * xtcp_take_edge - an entry, or a listener on behalf of one, takes an edge
 * @xn: its namespace
 * @flow: the entry; its owner's lock is held
 * @event: what happened
 * @by: and why
 */
void xtcp_take_edge(struct xtcp_net *xn, struct xtcp_flow *flow, enum xtcp_event event,
		    const struct xtcp_cause *by)
{
	int edge = xtcp_fsm_step(&flow->state, event);
	const struct xtcp_taken taken = { .flow = flow, .edge = edge, .by = *by };

	if (WARN_ON_ONCE(edge == XTCP_EDGE_NONE)) {
		xtcp_count(xn, NO_EDGE);
		return;
	}
	count_edge(xn, edge, by->why, 1);
	report_edge(xn, &taken);
}

/**
 * xtcp_take_edges - entries in one state take the same edge: less work for each
 * @xn: their namespace
 * @flows: the entries; of each, its owner's lock is held, or nobody else can take an
 *	   edge of it any more
 * @n: how many, not 0
 * @event: what happened to them
 * @by: and why
 */
void xtcp_take_edges(struct xtcp_net *xn, struct xtcp_flow *const *flows, unsigned int n,
		     enum xtcp_event event, const struct xtcp_cause *by)
{
	int edge = xtcp_fsm_edge(flows[0]->state, event);
	struct xtcp_taken taken = { .edge = edge, .by = *by };
	bool looked_at = is_looked_at();
	unsigned int i;

	if (WARN_ON_ONCE(edge == XTCP_EDGE_NONE)) {
		xtcp_count_add(xn, NO_EDGE, n);
		return;
	}
	count_edge(xn, edge, by->why, n);
	for (i = 0; i < n; i++) {
		if (WARN_ON_ONCE(xtcp_fsm_step(&flows[i]->state, event) != edge))
			continue;
		if (unlikely(looked_at)) {
			taken.flow = flows[i];
			report_edge(xn, &taken);
		}
	}
}
