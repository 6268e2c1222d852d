/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, /sys/kernel/tracing/events/xtcp: what connections do, for
 * ftrace, perf and BPF.  They cost a no-op while nobody looks.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xtcp

#if !defined(XTCP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define XTCP_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>
#include <net/tcp.h>

#include "core/compose.h"
#include "core/fsm.h"
#include "core/segment.h"
#include "core/tcb.h"
#include "edge.h"
#include "flow.h"
#include "ip/af.h"
#include "reset.h"
#include "sock.h"

/* perf and trace-cmd do not know our enumerators: give them the numbers. */
#define XTCP_TRACE_EVENT_(name, text)	TRACE_DEFINE_ENUM(XTCP_EV_##name);
XTCP_EVENTS(XTCP_TRACE_EVENT_)
#define XTCP_TRACE_VERDICT_(name, kind, counter, text, clause)	\
	TRACE_DEFINE_ENUM(XTCP_VERDICT_##name);
XTCP_VERDICTS(XTCP_TRACE_VERDICT_)
#define XTCP_TRACE_WHY_(name, text, clause)	TRACE_DEFINE_ENUM(XTCP_WHY_##name);
XTCP_REASONS(XTCP_TRACE_WHY_)
#define XTCP_TRACE_TIMER_(name, text)	TRACE_DEFINE_ENUM(XTCP_BY_##name);
XTCP_TIMERS(XTCP_TRACE_TIMER_)
#undef XTCP_TRACE_TIMER_
#define XTCP_TRACE_RST_(name, text, clause)	TRACE_DEFINE_ENUM(XTCP_RST_##name);
XTCP_RST_VERDICTS(XTCP_TRACE_RST_)
#undef XTCP_TRACE_RST_
#undef XTCP_TRACE_WHY_
#undef XTCP_TRACE_EVENT_
#undef XTCP_TRACE_VERDICT_

#define XTCP_SHOW_STATE_(name, nr)	{ nr, #name },
#define XTCP_SHOW_EVENT_(name, text)	{ XTCP_EV_##name, #name },
#define XTCP_SHOW_VERDICT_(name, kind, counter, text, clause)	{ XTCP_VERDICT_##name, #name },
#define XTCP_SHOW_WHY_(name, text, clause)	{ XTCP_WHY_##name, #name },
#define XTCP_SHOW_TIMER_(name, text)	{ XTCP_BY_##name, #name },
#define XTCP_SHOW_RST_(name, text, clause)	{ XTCP_RST_##name, #name },

#define xtcp_show_state(state)						\
	__print_symbolic(state, XTCP_STATES(XTCP_SHOW_STATE_) { 0, "?" })
#define xtcp_show_event(event)						\
	__print_symbolic(event, XTCP_EVENTS(XTCP_SHOW_EVENT_) { 255, "?" })
#define xtcp_show_drop(verdict)						\
	__print_symbolic(verdict, XTCP_VERDICTS(XTCP_SHOW_VERDICT_) { 255, "?" })
#define xtcp_show_why(why)						\
	__print_symbolic(why, XTCP_REASONS(XTCP_SHOW_WHY_) { 0, "-" })
#define xtcp_show_timer(timer)						\
	__print_symbolic(timer, XTCP_TIMERS(XTCP_SHOW_TIMER_) { 0, "-" })
#define xtcp_show_verdict(verdict)					\
	__print_symbolic(verdict, XTCP_RST_VERDICTS(XTCP_SHOW_RST_) { 0, "-" })
#define xtcp_show_flags(flags)						\
	__print_flags(flags, "|",					\
		      { XTCP_FIN, "FIN" }, { XTCP_SYN, "SYN" },		\
		      { XTCP_RST, "RST" }, { XTCP_PSH, "PSH" },		\
		      { XTCP_ACK, "ACK" }, { XTCP_URG, "URG" },		\
		      { XTCP_ECE, "ECE" }, { XTCP_CWR, "CWR" })

/* Local and remote address and port, as "%pISpc" takes them. */
#define XTCP_TRACE_ENDS							\
	__array(__u8, local, sizeof(struct sockaddr_in6))		\
	__array(__u8, remote, sizeof(struct sockaddr_in6))

void xtcp_trace_ends(const struct xtcp_flow *flow, void *local, void *remote);
void xtcp_trace_key(const struct xtcp_key *key, u8 family, void *local, void *remote);

/**
 * trace_xtcp_transition - a state changed
 * @taken: the edge, and its cause.  Where no segment caused it, the fields of one are 0.
 */
TRACE_EVENT(xtcp_transition,

	TP_PROTO(const struct xtcp_taken *taken),

	TP_ARGS(taken),

	TP_STRUCT__entry(
		__field(const void *, flow)
		__field(__u32, edge)
		__field(__u8, from)
		__field(__u8, to)
		__field(__u8, event)
		__field(int, error)
		__field(__u8, why)
		__field(__u8, timer)
		__field(__u8, count)
		__field(__u16, limit)
		__field(__u8, flags)
		__field(__u8, hop_limit)
		__field(__u16, wnd)
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, ack)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		const struct xtcp_cause *by = &taken->by;
		const struct tcphdr *th = by->skb ? tcp_hdr(by->skb) : NULL;

		__entry->flow = taken->flow;
		__entry->edge = taken->edge;
		__entry->from = xtcp_edges[taken->edge].from;
		__entry->to = xtcp_edges[taken->edge].to;
		__entry->event = xtcp_edges[taken->edge].event;
		__entry->error = taken->error;
		__entry->why = by->why;
		__entry->timer = by->timer.timer;
		__entry->count = by->timer.count;
		__entry->limit = by->timer.limit;
		__entry->flags = th ? tcp_flag_byte(th) : 0;
		__entry->hop_limit = th ? xtcp_skb_hop_limit(by->skb) : 0;
		__entry->wnd = th ? ntohs(th->window) : 0;
		__entry->seq = th ? ntohl(th->seq) : 0;
		__entry->len = th ? by->skb->len - th->doff * 4 : 0;
		__entry->ack = th ? ntohl(th->ack_seq) : 0;
		xtcp_trace_ends(taken->flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc from=%s to=%s event=%s error=%d why=%s timer=%s count=%u limit=%u flags=%s seq=%u len=%u ack=%u wnd=%u ttl=%u",
		  __entry->local, __entry->remote, xtcp_show_state(__entry->from),
		  xtcp_show_state(__entry->to), xtcp_show_event(__entry->event),
		  __entry->error, xtcp_show_why(__entry->why),
		  xtcp_show_timer(__entry->timer), __entry->count, __entry->limit,
		  xtcp_show_flags(__entry->flags), __entry->seq, __entry->len,
		  __entry->ack, __entry->wnd, __entry->hop_limit)
);

/**
 * trace_xtcp_reset - a RST came, or is sent
 * @rst: for whom, why, what became of it, and what was known of the peer
 */
TRACE_EVENT(xtcp_reset,

	TP_PROTO(const struct xtcp_reset *rst),

	TP_ARGS(rst),

	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(__u32, seq)
		__field(__u32, ack)
		__field(__u32, rcv_nxt)
		__field(__u8, sent)
		__field(__u8, state)
		__field(__u8, why)
		__field(__u8, verdict)
		__field(__u8, flags)
		__field(__u8, hop_limit)
		__field(__u8, peer_hop_limit)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		__entry->sk = rst->sk;
		__entry->seq = rst->seq;
		__entry->ack = rst->ack;
		__entry->rcv_nxt = rst->rcv_nxt;
		__entry->sent = rst->sent;
		__entry->state = rst->state;
		__entry->why = rst->why;
		__entry->verdict = rst->verdict;
		__entry->flags = rst->flags;
		__entry->hop_limit = rst->hop_limit;
		__entry->peer_hop_limit = rst->peer_hop_limit;
		xtcp_trace_key(rst->key, rst->family, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc state=%s %s why=%s verdict=%s flags=%s seq=%u ack=%u rcv_nxt=%u ttl=%u peer_ttl=%u",
		  __entry->local, __entry->remote, xtcp_show_state(__entry->state),
		  __entry->sent ? "sent" : "came", xtcp_show_why(__entry->why),
		  xtcp_show_verdict(__entry->verdict), xtcp_show_flags(__entry->flags),
		  __entry->seq, __entry->ack, __entry->rcv_nxt, __entry->hop_limit,
		  __entry->peer_hop_limit)
);

/**
 * trace_xtcp_send - a segment leaves, or a GSO buffer of many
 * @sk: the socket
 * @h: its header
 * @len: payload, bytes
 * @why: enum xtcp_reason; XTCP_WHY_NONE: new text
 */
TRACE_EVENT(xtcp_send,

	TP_PROTO(const struct sock *sk, const struct xtcp_header *h, u32 len,
		 enum xtcp_reason why),

	TP_ARGS(sk, h, len, why),

	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, ack)
		__field(__u16, wnd)
		__field(__u8, flags)
		__field(__u8, why)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		__entry->sk = sk;
		__entry->seq = h->seq;
		__entry->len = len;
		__entry->ack = h->ack;
		__entry->wnd = h->window;
		__entry->flags = h->flags;
		__entry->why = why;
		xtcp_trace_ends(&xtcp_sk(sk)->flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc flags=%s seq=%u len=%u ack=%u wnd=%u why=%s",
		  __entry->local, __entry->remote, xtcp_show_flags(__entry->flags),
		  __entry->seq, __entry->len, __entry->ack, __entry->wnd,
		  xtcp_show_why(__entry->why))
);

/**
 * trace_xtcp_receive - a segment reached its owner
 * @flow: the owner: socket, SYN_RECV or TIME_WAIT entry
 * @seg: the segment
 */
TRACE_EVENT(xtcp_receive,

	TP_PROTO(const struct xtcp_flow *flow, const struct xtcp_segment *seg),

	TP_ARGS(flow, seg),

	TP_STRUCT__entry(
		__field(const void *, flow)
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, ack)
		__field(__u16, wnd)
		__field(__u16, segs)
		__field(__u8, flags)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		__entry->flow = flow;
		__entry->seq = seg->seq;
		__entry->len = seg->len;
		__entry->ack = seg->ack;
		__entry->wnd = seg->wnd;
		__entry->segs = seg->segs;
		__entry->flags = seg->flags;
		xtcp_trace_ends(flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc flags=%s seq=%u len=%u ack=%u wnd=%u segs=%u",
		  __entry->local, __entry->remote, xtcp_show_flags(__entry->flags),
		  __entry->seq, __entry->len, __entry->ack, __entry->wnd,
		  __entry->segs)
);

/**
 * trace_xtcp_retransmit - something is sent again
 * @sk: the socket
 * @seq: first sequence number
 * @end_seq: first sequence number after it
 * @segs: packets on the wire
 * @why: enum xtcp_reason
 */
TRACE_EVENT(xtcp_retransmit,

	TP_PROTO(const struct sock *sk, u32 seq, u32 end_seq, unsigned int segs,
		 enum xtcp_reason why),

	TP_ARGS(sk, seq, end_seq, segs, why),

	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(__u32, seq)
		__field(__u32, end_seq)
		__field(__u32, segs)
		__field(__u32, rto_us)
		__field(__u8, state)
		__field(__u8, retransmits)
		__field(__u8, why)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

		__entry->sk = sk;
		__entry->seq = seq;
		__entry->end_seq = end_seq;
		__entry->segs = segs;
		__entry->rto_us = t->rto_us;
		__entry->state = t->state;
		__entry->retransmits = t->retransmits;
		__entry->why = why;
		xtcp_trace_ends(&xtcp_sk(sk)->flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc state=%s seq=%u end_seq=%u segs=%u retransmits=%u rto_us=%u why=%s",
		  __entry->local, __entry->remote, xtcp_show_state(__entry->state),
		  __entry->seq, __entry->end_seq, __entry->segs,
		  __entry->retransmits, __entry->rto_us, xtcp_show_why(__entry->why))
);

/**
 * trace_xtcp_cwnd - the congestion window or ssthresh changed
 * @sk: the socket
 */
TRACE_EVENT(xtcp_cwnd,

	TP_PROTO(const struct sock *sk),

	TP_ARGS(sk),

	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(__u32, cwnd)
		__field(__u32, ssthresh)
		__field(__u32, in_flight)
		__field(__u32, snd_wnd)
		__field(__u32, srtt_us)
		__field(__u8, ca_state)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

		__entry->sk = sk;
		__entry->cwnd = t->cwnd;
		__entry->ssthresh = t->ssthresh;
		__entry->in_flight = xtcp_in_flight(t);
		__entry->snd_wnd = t->snd_wnd;
		__entry->srtt_us = t->srtt_us >> 3;
		__entry->ca_state = t->ca_state;
		xtcp_trace_ends(&xtcp_sk(sk)->flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc cwnd=%u ssthresh=%u in_flight=%u snd_wnd=%u srtt_us=%u ca_state=%s",
		  __entry->local, __entry->remote, __entry->cwnd,
		  __entry->ssthresh, __entry->in_flight, __entry->snd_wnd,
		  __entry->srtt_us,
		  __print_symbolic(__entry->ca_state,
				   { XTCP_CA_OPEN, "open" },
				   { XTCP_CA_DISORDER, "disorder" },
				   { XTCP_CA_CWR, "cwr" },
				   { XTCP_CA_RECOVERY, "recovery" },
				   { XTCP_CA_LOSS, "loss" }))
);

/**
 * trace_xtcp_drop - a segment, or its payload, was not taken
 * @flow: whose it was, NULL when that was not known yet
 * @seg: the segment, NULL when it could not be parsed
 * @reason: enum xtcp_verdict
 */
TRACE_EVENT(xtcp_drop,

	TP_PROTO(const struct xtcp_flow *flow, const struct xtcp_segment *seg,
		 unsigned int reason),

	TP_ARGS(flow, seg, reason),

	TP_STRUCT__entry(
		__field(const void *, flow)
		__field(__u32, seq)
		__field(__u32, len)
		__field(__u32, ack)
		__field(__u8, flags)
		__field(__u8, reason)
		XTCP_TRACE_ENDS
	),

	TP_fast_assign(
		__entry->flow = flow;
		__entry->seq = seg ? seg->seq : 0;
		__entry->len = seg ? seg->len : 0;
		__entry->ack = seg ? seg->ack : 0;
		__entry->flags = seg ? seg->flags : 0;
		__entry->reason = reason;
		xtcp_trace_ends(flow, __entry->local, __entry->remote);
	),

	TP_printk("local=%pISpc remote=%pISpc reason=%s flags=%s seq=%u len=%u ack=%u",
		  __entry->local, __entry->remote, xtcp_show_drop(__entry->reason),
		  xtcp_show_flags(__entry->flags), __entry->seq, __entry->len,
		  __entry->ack)
);

#endif /* XTCP_TRACE_H */

/* -I$(src)/kmod, in Kbuild, is what "." is looked up in. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
