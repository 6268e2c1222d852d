/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the core share with each other and not with the host.
 */
#ifndef XTCP_CORE_INTERNAL_H
#define XTCP_CORE_INTERNAL_H

#include "cong.h"
#include "tcb.h"

/* fsm: take an edge and report it */
static inline void xtcp_edge(struct xtcp_tcb *t, enum xtcp_event event,
			     enum xtcp_reason why, struct xtcp_actions *a)
{
	int edge = xtcp_fsm_step(&t->state, event);

	if (edge == XTCP_EDGE_NONE) {
		a->bad_event = event + 1;
	} else if (a->nr_edges < XTCP_ACT_EDGES) {
		a->edges[a->nr_edges] = edge;
		a->why[a->nr_edges++] = why;
	}
}

/* A RST is to be sent.  @flags: XTCP_ACK where @ack counts (RFC 9293 3.5.2). */
static inline void xtcp_order_rst(struct xtcp_actions *a, u32 seq, u32 ack, u8 flags,
				  enum xtcp_reason why)
{
	a->orders |= XTCP_ACT_SEND_RST;
	a->rst_seq = seq;
	a->rst_ack = ack;
	a->rst_flags = flags;
	a->rst_why = why;
}

/*
 * An ACK is to be sent, or what counts as one: XTCP_ACT_ACKS.  Who decides first says why;
 * a later decision only agrees.
 */
static inline void xtcp_order_ack(struct xtcp_actions *a, u32 orders, enum xtcp_reason why)
{
	a->orders |= orders;
	if (!a->ack_why)
		a->ack_why = why;
}

/* Something is to be sent again, or a SYN: XTCP_ACT_AGAIN. */
static inline void xtcp_order_again(struct xtcp_actions *a, u32 orders, enum xtcp_reason why)
{
	a->orders |= orders;
	if (!a->again_why)
		a->again_why = why;
}

/* The TCB is in CLOSE now: nothing is armed, nothing more to do. */
void xtcp_dead(struct xtcp_tcb *t, int error, struct xtcp_actions *a);

/* rtt.c */
void xtcp_rtt_sample(struct xtcp_tcb *t, u32 rtt_us);
void xtcp_rtt_min(struct xtcp_tcb *t, u32 rtt_us, bool delayed, xtcp_usec_t now);
void xtcp_rtt_measure(struct xtcp_tcb *t, u32 rtt_us, xtcp_usec_t now);
void xtcp_rtt_path(struct xtcp_tcb *t);
void xtcp_rtt_shift(struct xtcp_tcb *t, s32 us);
void xtcp_rtt_echo(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		   xtcp_usec_t now);

/* prr.c */
void xtcp_prr_init(struct xtcp_tcb *t);
void xtcp_prr(struct xtcp_tcb *t, const struct xtcp_ack_sample *sample);

/* ack.c */
enum xtcp_verdict __must_check xtcp_ack(struct xtcp_tcb *t, const struct xtcp_segment *seg,
					xtcp_usec_t now, struct xtcp_actions *a);
bool xtcp_fin_acked(const struct xtcp_tcb *t);

/* fastopen.c */
u32 xtcp_fastopen_limit(const struct xtcp_tcb *t);
void xtcp_fastopen_acked(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			 struct xtcp_actions *a);

/* reasm.c */
bool xtcp_ooo_insert(struct xtcp_tcb *t, struct xtcp_seg *seg,
		     struct xtcp_actions *a);
bool xtcp_ooo_advance(struct xtcp_tcb *t, struct xtcp_actions *a);

/* sack.c */
void xtcp_sack_add(struct xtcp_tcb *t, u32 seq, u32 end_seq);
void xtcp_sack_keep(struct xtcp_tcb *t, u32 from, u32 to);
void xtcp_dsack(struct xtcp_tcb *t, u32 seq, u32 end_seq);
void xtcp_dsack_more(struct xtcp_tcb *t, u32 seq, u32 end_seq);

/* window.c */
u32 xtcp_window_wanted(struct xtcp_tcb *t, u32 free_space, u32 full_space);
void xtcp_window_grow(struct xtcp_tcb *t, const struct xtcp_segment *seg);
void xtcp_window_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      xtcp_usec_t now);

/* delack.c */
void xtcp_ack_measure(struct xtcp_tcb *t, const struct xtcp_segment *seg);
void xtcp_ack_data_came(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			xtcp_usec_t now);
void xtcp_ack_quick(struct xtcp_tcb *t);
void xtcp_ack_gap(struct xtcp_tcb *t, const struct xtcp_segment *seg, bool is_new,
		  xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_ack_syn_ack(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_ack_decide(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		     xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_ack_timer(struct xtcp_tcb *t, struct xtcp_actions *a);

/*
 * Would the same answer come back?  Two confused hosts must not answer each other for
 * ever.
 */
static inline bool xtcp_may_loop(const struct xtcp_segment *seg)
{
	return seg->seq == seg->end_seq || seg->flags & XTCP_SYN;
}

/* Answer an invalid segment, not more often than the namespace allows. */
bool xtcp_answered_lately(u32 *last, xtcp_usec_t now, const struct xtcp_conf *conf);
void xtcp_ack_invalid(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      enum xtcp_verdict verdict, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_ack_challenge(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a);

/* rexmit.c */
u64 xtcp_unanswered(const struct xtcp_tcb *t, xtcp_usec_t now);
u64 xtcp_patience(const struct xtcp_tcb *t, u64 wait, xtcp_usec_t now);
u64 xtcp_rto_patience(const struct xtcp_tcb *t, xtcp_usec_t now);
u32 xtcp_rexmit_left(const struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_rexmit_restart(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_rexmit_resume(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_persist_answered(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_timeout_over(struct xtcp_tcb *t, xtcp_usec_t now);

/* timer.c */
void xtcp_rexmit_rearm(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_keep_rearm(struct xtcp_tcb *t, xtcp_usec_t now);

#endif /* XTCP_CORE_INTERNAL_H */
