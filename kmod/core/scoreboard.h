/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scoreboard: which packets the peer has, which are lost, which were sent
 * again.  Explained at the head of scoreboard.c.
 */
#ifndef XTCP_CORE_SCOREBOARD_H
#define XTCP_CORE_SCOREBOARD_H

#include "cong.h"

/* struct xtcp_ack_news.what */
#define XTCP_NEWS_ADVANCED	0x0001	/* SND.UNA moved */
#define XTCP_NEWS_TEXT		0x0002	/* the segment has payload */
#define XTCP_NEWS_WINDOW	0x0004	/* SND.WND changed */
#define XTCP_NEWS_SACKED	0x0008	/* a packet is SACKed that was not */
#define XTCP_NEWS_DSACK		0x0010	/* a plausible D-SACK */
#define XTCP_NEWS_DSACK_TLP	0x0020	/* it answers a tail loss probe */
#define XTCP_NEWS_ORIG		0x0040	/* delivered: sent once, and before recover */
#define XTCP_NEWS_RETRANS_ACKED	0x0080	/* of what was acknowledged, some was sent again */
#define XTCP_NEWS_ACKED		0x0100	/* a packet left the retransmission queue */
#define XTCP_NEWS_RENEGING	0x0200	/* the peer forgot what it had reported */
#define XTCP_NEWS_LOST_RETRANS	0x0400	/* a retransmission was lost */
#define XTCP_NEWS_RTT		0x0800	/* @first_xmit and @last_xmit are valid */
#define XTCP_NEWS_SACK_RTT	0x1000	/* @first_sack and @last_sack are valid */
#define XTCP_NEWS_REO_TIMER	0x2000	/* RACK waits for reordered packets */
#define XTCP_NEWS_ECE		0x4000	/* ECN echo */
#define XTCP_NEWS_SET_TIMER	0x8000	/* the REXMIT timer starts anew */
/* RFC 8985 6.2 step 4: a window that had to grow is kept for so many recoveries. */
#define XTCP_REO_PERSIST	16

/* Any of these, and an ACK that acknowledges nothing is no duplicate. */
#define XTCP_NEWS_NOT_DUP	(XTCP_NEWS_ADVANCED | XTCP_NEWS_TEXT | XTCP_NEWS_WINDOW)

/**
 * struct xtcp_ack_news - what an ACK told us
 * @sample: what congestion control wants to know of it
 * @seg: the segment that carried it; NULL: a timer asks
 * @a: the actions
 * @what: XTCP_NEWS_*
 * @now: when it came
 * @prior_packets: packets outstanding before it
 * @prior_high: end of the highest SACKed packet before it
 * @reord: lowest packet that was sent once and is delivered now
 * @first_xmit: when the oldest packet it acknowledges was sent; of those that
 *		were sent once and not SACKed before
 * @last_xmit: the same of the newest
 * @first_sack: when the oldest packet it newly SACKs, sent once, was sent
 * @last_sack: the same of the newest
 */
struct xtcp_ack_news {
	struct xtcp_ack_sample	sample;
	const struct xtcp_segment *seg;
	struct xtcp_actions	*a;
	xtcp_usec_t		now;
	u32			what;
	u32			prior_packets;
	u32			prior_high;
	u32			reord;
	u32			first_xmit;
	u32			last_xmit;
	u32			first_sack;
	u32			last_sack;
};

/* Bits @from to @to - 1, of 64 at most. */
static inline u64 xtcp_bits(unsigned int from, unsigned int to)
{
	return from < to ? ~0ULL >> (64 - (to - from)) << from : 0;
}

/* Packets of a record, those that SND.UNA has passed included. */
static inline unsigned int xtcp_seg_total(const struct xtcp_seg *seg)
{
	return seg->gone + seg->segs;
}

/* Packets that are outstanding and not SACKed, as bits. */
static inline u64 xtcp_seg_open(const struct xtcp_seg *seg)
{
	return xtcp_bits(seg->gone, xtcp_seg_total(seg)) & ~seg->sacked;
}

/* Of those, the ones that were lost and wait to be sent again. */
static inline u64 xtcp_seg_waiting(const struct xtcp_seg *seg)
{
	return xtcp_seg_open(seg) & xtcp_bits(0, min(seg->lost, seg->again));
}

/* First sequence number of a packet of a record. */
static inline u32 xtcp_packet_seq(const struct xtcp_seg *seg, unsigned int i)
{
	return i < xtcp_seg_total(seg) ? seg->seq + i * seg->mss : seg->end_seq;
}

/* Was one sent after the other?  What left together is told apart by number. */
static inline bool xtcp_sent_after(u32 us1, u32 seq1, u32 us2, u32 seq2)
{
	return (s32)(us1 - us2) > 0 || (us1 == us2 && xtcp_after(seq1, seq2));
}

/* Nothing is left to RACK of a record, unless retransmissions in flight are lost. */
static inline bool xtcp_seg_judged(const struct xtcp_seg *seg)
{
	return seg->mark & XTCP_SEG_RETRANS ||
	       !(xtcp_seg_open(seg) & ~xtcp_bits(0, seg->lost));
}

/* Whatever is in flight may be lost, or wait. */
static inline void xtcp_rtx_from_start(struct xtcp_tcb *t)
{
	t->todo = t->snd_una;
	t->judged = t->snd_una;
}

static inline bool xtcp_sack_ok(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_SACK_OK;
}

static inline struct xtcp_seg *xtcp_rtx_first(const struct xtcp_tcb *t)
{
	struct rb_node *rb = rb_first(&t->rtx);

	return rb ? xtcp_rb_seg(rb) : NULL;
}

static inline struct xtcp_seg *xtcp_rtx_after(struct xtcp_seg *seg)
{
	struct rb_node *rb = rb_next(xtcp_seg_rb(seg));

	return rb ? xtcp_rb_seg(rb) : NULL;
}

/* scoreboard.c */
struct xtcp_seg *xtcp_rtx_find(const struct xtcp_tcb *t, u32 seq);
struct xtcp_seg *xtcp_rtx_skip(const struct xtcp_tcb *t, struct xtcp_seg *seg);
void xtcp_seg_count(struct xtcp_tcb *t, const struct xtcp_seg *seg);
void xtcp_seg_uncount(struct xtcp_tcb *t, const struct xtcp_seg *seg);
void xtcp_seg_again(struct xtcp_tcb *t, struct xtcp_seg *seg);
void xtcp_seg_trim(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int gone);
void xtcp_seg_split_ring(struct xtcp_tcb *t, struct xtcp_seg *seg,
			 struct xtcp_seg *rest);
void xtcp_seg_tag(struct xtcp_tcb *t, struct xtcp_seg *seg, u64 packets);
void xtcp_seg_lose(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int to,
		   struct xtcp_ack_news *news);
void xtcp_rack_advance(struct xtcp_tcb *t, const struct xtcp_seg *seg, u32 end_seq,
		       xtcp_usec_t now);
void xtcp_rtx_unlose(struct xtcp_tcb *t);
void xtcp_rtx_clean(struct xtcp_tcb *t, struct xtcp_ack_news *news);

/* sacked.c */
void xtcp_sacks(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_reordered(struct xtcp_tcb *t, u32 low, enum xtcp_note why,
		    struct xtcp_ack_news *news);

/* rack.c */
void xtcp_rack_adapt(struct xtcp_tcb *t, const struct xtcp_ack_news *news);
s32 xtcp_rack_remaining(const struct xtcp_tcb *t, const struct xtcp_seg *seg,
			u32 reo_wnd, xtcp_usec_t now);
void xtcp_rack_detect(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_rack_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news);

/* tlp.c */
bool xtcp_tlp_schedule(struct xtcp_tcb *t, bool advancing, xtcp_usec_t now);
void xtcp_tlp_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_tlp_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news, u32 ack);

/* recovery.c */
void xtcp_recovery_ack(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_recovery_timeout(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_recovery_reo_timer(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_recovery_cwr(struct xtcp_tcb *t);
void xtcp_recovery_end(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_recovery_keep_open(struct xtcp_tcb *t);

/* undo.c */
void xtcp_undo_init(struct xtcp_tcb *t);
void xtcp_undo_sent_again(struct xtcp_tcb *t, u32 packets, xtcp_usec_t now);
void xtcp_undo_dsack(struct xtcp_tcb *t, u32 packets);
bool xtcp_undo_delayed(const struct xtcp_tcb *t, const struct xtcp_ack_news *news);
bool xtcp_undo_possible(const struct xtcp_tcb *t, const struct xtcp_ack_news *news);
void xtcp_undo(struct xtcp_tcb *t, bool unlose);

static inline void xtcp_note(struct xtcp_ack_news *news, enum xtcp_note note)
{
	xtcp_actions_note(news->a, note);
}

#endif /* XTCP_CORE_SCOREBOARD_H */
