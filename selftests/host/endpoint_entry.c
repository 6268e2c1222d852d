// SPDX-License-Identifier: GPL-2.0
/* The listener, and the small entries in SYN_RECV and TIME_WAIT. */
#include "compose.h"
#include "ecn.h"
#include "endpoint_room.h"
#include "output.h"

/* An entry, or the listener on behalf of one, takes an edge. */
void ep_take_edge(struct endpoint *ep, u8 *state, enum xtcp_event event,
		  enum xtcp_reason why)
{
	int edge = xtcp_fsm_step(state, event);

	if (edge == XTCP_EDGE_NONE)
		ep_wrong(ep, "an entry took an edge that the table lacks");
	else
		ep->edges[edge]++;
	ep_count_why(ep, ep->whys, why);
}

/**
 * endpoint_listen - listen()
 * @ep: the endpoint
 */
void endpoint_listen(struct endpoint *ep)
{
	struct xtcp_actions a;

	xtcp_actions_init(&a);
	xtcp_tcb_init(&ep->listener, &ep->conf.core);
	xtcp_on_user(&ep->listener, XTCP_CALL_LISTEN, XTCP_WHY_LISTEN, *ep->now, &a);
	ep_count_edges(ep, &a);
	ep->has_listener = true;
}

static void req_drop(struct endpoint *ep, enum xtcp_event event, enum xtcp_reason why)
{
	ep_take_edge(ep, &ep->req_state, event, why);
	ep->has_req = false;
}

/**
 * endpoint_unlisten - close() of the listener, which resets what is in SYN_RECV
 * @ep: the endpoint
 */
void endpoint_unlisten(struct endpoint *ep)
{
	struct xtcp_actions a;

	if (!ep->has_listener)
		return;
	if (ep->has_req) {
		struct xtcp_header h;

		xtcp_compose_synrcv_rst(&h, &ep->req);
		ep_send_bare(ep, &h);
		ep_count_why(ep, ep->rsts, XTCP_WHY_LISTENER_CLOSED);
		req_drop(ep, XTCP_EV_ABORT, XTCP_WHY_LISTENER_CLOSED);
	}
	xtcp_actions_init(&a);
	xtcp_on_user(&ep->listener, XTCP_CALL_CLOSE, XTCP_WHY_USER_CLOSE, *ep->now, &a);
	ep_count_edges(ep, &a);
	ep->has_listener = false;
}

/* What timestamps are made from, milliseconds. */
static u32 clock_ms(const struct endpoint *ep)
{
	return (u32)(*ep->now / XTCP_USEC_PER_MSEC);
}

static void send_synack(struct endpoint *ep)
{
	struct xtcp_header h;

	xtcp_compose_synack(&h, &ep->req, xtcp_ecn_synack_ip(&ep->listener, &ep->req),
			    clock_ms(ep), NULL);
	ep_send_bare(ep, &h);
}

enum xtcp_verdict ep_listen_segment(struct endpoint *ep, struct xtcp_segment *seg, u32 iss)
{
	switch (xtcp_listen_segment(seg)) {
	case XTCP_LISTEN_RST:
		ep_send_rst_for(ep, seg, XTCP_WHY_NO_CONNECTION);
		break;
	case XTCP_LISTEN_SYN:
		ep_tcb_new(ep);	/* its buffer's size is the child's */
		xtcp_synrcv_init(&ep->req, seg, &ep->conf.core, iss, ep->conf.ts_offset,
				 ep->conf.advmss, ep_full_space(ep), ep_max_space(ep));
		xtcp_ecn_synrcv(&ep->req, seg, ep->conf.core.ecn, ep->conf.dctcp);
		if (!ep->conf.untimed)
			xtcp_synrcv_sent(&ep->req, *ep->now);
		ep->has_req = true;
		ep->req_due = *ep->now + xtcp_synrcv_timeout(&ep->req, &ep->conf.core);
		send_synack(ep);
		break;
	case XTCP_LISTEN_DROP:
		break;
	}
	return seg->verdict;
}

static enum xtcp_verdict make_child(struct endpoint *ep, struct xtcp_segment *seg,
				    const u8 *payload)
{
	enum xtcp_verdict verdict;

	ep_tcb_new(ep);
	xtcp_synrcv_child(&ep->req, &ep->t, &ep->conf.core, *ep->now);
	ep->check.state = ep->t.state;
	xtcp_mss_update(&ep->t, ep->conf.path_mss);
	ep->has_req = false;
	verdict = ep_tcb_segment(ep, seg, payload);
	if (!ep->connected)
		ep_wrong(ep, "a child did not get established");
	return verdict;
}

enum xtcp_verdict ep_req_segment(struct endpoint *ep, struct xtcp_segment *seg,
				 const u8 *payload)
{
	enum xtcp_synrcv_verdict v = xtcp_synrcv_segment(&ep->req, seg, &ep->conf.core,
							 *ep->now);
	struct xtcp_header h;

	switch (v) {
	case XTCP_SYNRCV_DROP:
	case XTCP_SYNRCV_SKIP:
		break;
	case XTCP_SYNRCV_SYNACK:
		send_synack(ep);
		ep->req_due = *ep->now + xtcp_synrcv_timeout(&ep->req, &ep->conf.core);
		break;
	case XTCP_SYNRCV_ACK:
	case XTCP_SYNRCV_CHALLENGE:
		xtcp_compose_synrcv_ack(&h, &ep->req, clock_ms(ep));
		ep_send_bare(ep, &h);
		break;
	case XTCP_SYNRCV_RST:
		ep_send_rst_for(ep, seg, XTCP_WHY_ACK_UNSENT);
		break;
	case XTCP_SYNRCV_ABORT:
		ep_send_rst_for(ep, seg, XTCP_WHY_SYN_IN_WINDOW);
		req_drop(ep, XTCP_EV_ABORT, XTCP_WHY_SYN_IN_WINDOW);
		break;
	case XTCP_SYNRCV_RESET:
		req_drop(ep, XTCP_EV_RCV_RST_PASSIVE, XTCP_WHY_PEER_RESET);
		break;
	case XTCP_SYNRCV_ESTABLISH:
		return make_child(ep, seg, payload);
	}
	return seg->verdict;
}

void ep_req_timer(struct endpoint *ep)
{
	const struct xtcp_synrcv_queue q = {
		.len = 1, .young = 1, .backlog = 1,
		.retries = ep->conf.core.synack_retries,
	};

	switch (xtcp_synrcv_timer(&ep->req, &q)) {
	case XTCP_SYNRCV_EXPIRE:
		req_drop(ep, XTCP_EV_TIMEOUT, XTCP_WHY_SYN_ACK_UNANSWERED);
		return;
	case XTCP_SYNRCV_RESEND:
		send_synack(ep);
		break;
	case XTCP_SYNRCV_WAIT:
		break;
	}
	ep->req_due = *ep->now + xtcp_synrcv_timeout(&ep->req, &ep->conf.core);
}

void ep_enter_timewait(struct endpoint *ep)
{
	xtcp_timewait_init(&ep->tw, &ep->t, *ep->now);
	ep->has_tw = true;
	ep->tw_state = XTCP_TIME_WAIT;
	ep->tw_due = *ep->now + ep->conf.core.timewait_us;
	ep->pace_waits = false;
	ep_wmem_purge(ep);
	ep_ooo_purge(ep);
}

static void tw_ack(struct endpoint *ep)
{
	struct xtcp_header h;

	xtcp_compose_timewait_ack(&h, &ep->tw, clock_ms(ep));
	ep_send_bare(ep, &h);
}

void ep_tw_end(struct endpoint *ep, enum xtcp_event event, enum xtcp_reason why)
{
	ep_take_edge(ep, &ep->tw_state, event, why);
	ep->has_tw = false;
}

enum xtcp_verdict ep_tw_segment(struct endpoint *ep, struct xtcp_segment *seg)
{
	enum xtcp_timewait_verdict v = xtcp_timewait_segment(&ep->tw, seg,
							     &ep->conf.core, *ep->now);

	switch (v) {
	case XTCP_TW_DROP:
		break;
	case XTCP_TW_ACK:
		tw_ack(ep);
		break;
	case XTCP_TW_ACK_RESTART:
		ep_take_edge(ep, &ep->tw_state, XTCP_EV_RCV_FIN, XTCP_WHY_PEER_CLOSED_AGAIN);
		ep->tw_due = *ep->now + ep->conf.core.timewait_us;
		tw_ack(ep);
		break;
	case XTCP_TW_RESTART:
		ep->tw_due = *ep->now + ep->conf.core.timewait_us;
		break;
	case XTCP_TW_RESET:
		ep_tw_end(ep, XTCP_EV_RCV_RST, XTCP_WHY_PEER_RESET);
		break;
	case XTCP_TW_NEW_SYN:
		if (!ep->has_listener) {
			/* nobody would take it: as any other segment */
			tw_ack(ep);
			return XTCP_VERDICT_SYN_REFUSED;
		}
		ep->has_tw = false;
		ep_take_edge(ep, &ep->tw_state, XTCP_EV_RCV_SYN, XTCP_WHY_SYN_REPLACES);
		ep->req_state = ep->tw_state;
		return ep_listen_segment(ep, seg,
					 ep->tw.snd_nxt + XTCP_ISS_AFTER_TIMEWAIT);
	}
	return seg->verdict;
}

/**
 * endpoint_abort_timewait - SOCK_DESTROY of a TIME_WAIT entry, the namespace goes
 * @ep: the endpoint
 */
void endpoint_abort_timewait(struct endpoint *ep)
{
	if (ep->has_tw)
		ep_tw_end(ep, XTCP_EV_ABORT, XTCP_WHY_KILLED);
}
