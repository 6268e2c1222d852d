// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard (RFC 2018 5, RFC 6675 3), kept in the records of the
 * retransmission queue.
 *
 * A record stands for up to XTCP_SEG_PACKETS_MAX packets that left at the same
 * time.  Each packet has a bit that tells whether the peer reported it.  What is
 * lost is a prefix, as is what is not in flight again: loss detection goes by
 * the time of sending, and by sequence number where that is the same.  So no
 * block that arrives, however small, makes a record more or costs memory; a
 * buffer is cut when a part of it is sent again, at the pace of cwnd.
 *
 * To find its way a block costs O(log n), and a record that it covers is looked
 * at when it is new: the record in which a block begins remembers how far the
 * peer's report reaches from there (sack_run), so that the next block that
 * begins there goes on at its end.
 *
 * Records with retransmissions in flight are in a ring, the oldest first.  The
 * rest of the queue was sent in the order of sequence numbers: xtcp_tcb.judged is
 * where the first packet may be that loss detection has not dealt with, and
 * xtcp_tcb.todo where the first one may be that waits to be sent again.  Between
 * them is what cwnd has no room for, which may be nearly all.
 */
#include "internal.h"
#include "output.h"
#include "rate.h"
#include "scoreboard.h"

/**
 * xtcp_rtx_find - find a record
 * @t: the connection
 * @seq: sequence number
 *
 * Return: the record with @seq in it, or the first one behind @seq; NULL when
 * all lie before it.  O(log n).
 */
struct xtcp_seg *xtcp_rtx_find(const struct xtcp_tcb *t, u32 seq)
{
	struct rb_node *rb = t->rtx.rb_node;
	struct xtcp_seg *found = NULL;

	while (rb) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (xtcp_before(seq, seg->end_seq)) {
			found = seg;
			if (!xtcp_before(seq, seg->seq))
				break;
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/**
 * xtcp_rtx_skip - the next record that the peer may not have
 * @t: the connection
 * @seg: a record
 *
 * Return: the one behind @seg, or behind what the peer is known to hold from
 * its end on; NULL: none.
 */
struct xtcp_seg *xtcp_rtx_skip(const struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	if (xtcp_after(seg->sack_run, seg->end_seq))
		return xtcp_rtx_find(t, seg->sack_run);
	return xtcp_rtx_after(seg);
}

/* What a record contributes to the sums in the TCB. */
struct share {
	u32	sacked;
	u32	lost;
	u32	retrans;
};

static void share_of(const struct xtcp_seg *seg, struct share *s)
{
	u64 open = xtcp_seg_open(seg);

	s->sacked = hweight64(seg->sacked);
	s->lost = hweight64(open & xtcp_bits(0, seg->lost));
	s->retrans = hweight64(open & xtcp_bits(seg->again, xtcp_seg_total(seg)));
}

/**
 * xtcp_seg_count - a record counts from now on
 * @t: the connection
 * @seg: the record
 */
void xtcp_seg_count(struct xtcp_tcb *t, const struct xtcp_seg *seg)
{
	struct share s;

	share_of(seg, &s);
	t->packets_out += seg->segs;
	t->sacked_out += s.sacked;
	t->lost_out += s.lost;
	t->retrans_out += s.retrans;
}

/**
 * xtcp_seg_uncount - a record does not count any more, or will be changed
 * @t: the connection
 * @seg: the record
 */
void xtcp_seg_uncount(struct xtcp_tcb *t, const struct xtcp_seg *seg)
{
	struct share s;

	share_of(seg, &s);
	t->packets_out -= seg->segs;
	t->sacked_out -= s.sacked;
	t->lost_out -= s.lost;
	t->retrans_out -= s.retrans;
}

static void ring_add(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	struct list_head *ring = xtcp_seg_ring(seg);

	seg->mark |= XTCP_SEG_RETRANS;
	if (t->retrans) {
		list_add_tail(ring, xtcp_seg_ring(t->retrans));
	} else {
		INIT_LIST_HEAD(ring);
		t->retrans = seg;
	}
}

static void ring_del(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	struct list_head *ring = xtcp_seg_ring(seg);

	seg->mark &= ~XTCP_SEG_RETRANS;
	if (t->retrans == seg)
		t->retrans = list_empty(ring) ? NULL : xtcp_ring_seg(ring->next);
	__list_del(ring->prev, ring->next);
	xtcp_seg_ring_clear(seg);
}

/* Out of the ring with a record that has no retransmission in flight any more. */
static void ring_check(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	unsigned int total = xtcp_seg_total(seg);

	if (!(seg->mark & XTCP_SEG_RETRANS) ||
	    xtcp_seg_open(seg) & xtcp_bits(seg->again, total))
		return;
	seg->again = total;
	ring_del(t, seg);
}

/**
 * xtcp_seg_split_ring - a record was cut in two
 * @t: the connection
 * @seg: the record
 * @rest: its second half, a copy whose links are not set
 *
 * Whichever still has retransmissions in flight is in the ring.
 */
void xtcp_seg_split_ring(struct xtcp_tcb *t, struct xtcp_seg *seg,
			 struct xtcp_seg *rest)
{
	if (!(seg->mark & XTCP_SEG_RETRANS))
		return;
	list_add(xtcp_seg_ring(rest), xtcp_seg_ring(seg));
	ring_check(t, rest);
	ring_check(t, seg);
}

/**
 * xtcp_seg_again - a whole record was sent again
 * @t: the connection
 * @seg: the record, with no retransmission in flight and nothing SACKed
 */
void xtcp_seg_again(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	xtcp_seg_uncount(t, seg);
	seg->again = seg->gone;
	seg->mark |= XTCP_SEG_EVER_RETRANS;
	ring_add(t, seg);
	xtcp_seg_count(t, seg);
}

/**
 * xtcp_seg_trim - SND.UNA passed some packets of a record
 * @t: the connection
 * @seg: the record
 * @gone: how many of its packets have been passed by now
 */
void xtcp_seg_trim(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int gone)
{
	xtcp_seg_uncount(t, seg);
	seg->segs = xtcp_seg_total(seg) - gone;
	seg->gone = gone;
	seg->sacked &= ~xtcp_bits(0, gone);
	ring_check(t, seg);
	xtcp_seg_count(t, seg);
}

/**
 * xtcp_seg_tag - the peer reports packets of a record
 * @t: the connection
 * @seg: the record
 * @packets: which, as bits
 */
void xtcp_seg_tag(struct xtcp_tcb *t, struct xtcp_seg *seg, u64 packets)
{
	xtcp_seg_uncount(t, seg);
	seg->sacked |= packets;
	ring_check(t, seg);
	xtcp_seg_count(t, seg);
}

/**
 * xtcp_seg_lose - packets of a record are taken for lost
 * @t: the connection
 * @seg: the record
 * @to: those before this one; retransmissions among them are lost, too
 * @news: what it is found out from
 */
void xtcp_seg_lose(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int to,
		   struct xtcp_ack_news *news)
{
	u32 lost = t->lost_out, retrans;

	xtcp_seg_uncount(t, seg);
	retrans = hweight64(xtcp_seg_open(seg) & xtcp_bits(seg->again, to));
	seg->lost = max_t(u8, seg->lost, to);
	if (retrans) {
		seg->again = to;
		ring_check(t, seg);
		news->what |= XTCP_NEWS_LOST_RETRANS;
		news->a->lost_retrans += retrans;
	}
	xtcp_seg_count(t, seg);
	news->sample.lost += max(t->lost_out - lost, retrans);
	if (xtcp_before(seg->seq, t->todo))
		t->todo = seg->seq;
}

/**
 * xtcp_rtx_unlose - nothing is lost after all
 * @t: the connection
 *
 * Retransmissions stay in flight.
 */
void xtcp_rtx_unlose(struct xtcp_tcb *t)
{
	struct xtcp_seg *seg;

	for (seg = xtcp_rtx_first(t); seg; seg = xtcp_rtx_after(seg))
		seg->lost = 0;
	t->lost_out = 0;
	xtcp_rtx_from_start(t);
}

/*
 * The ACK of an original that comes late: its timestamp is older than the
 * retransmission (RFC 4015 in small).
 */
static bool echo_is_older(const struct xtcp_tcb *t, const struct xtcp_seg *seg,
			  const struct xtcp_ack_news *news)
{
	const struct xtcp_options *opt = &news->seg->opt;
	u32 age = xtcp_stamp(news->now) - seg->xmit_us;

	return t->flags & XTCP_F_TS_OK && opt->has & XTCP_OPT_TS && opt->tsecr &&
	       xtcp_before(opt->tsecr, xtcp_tsval(t, news->now - age));
}

/**
 * xtcp_rack_advance - packets were delivered (RFC 8985 6.2 step 2)
 * @t: the connection
 * @seg: their record
 * @end_seq: where the last of them ends
 * @now: the time
 *
 * Of what was sent twice only the retransmission's ACK counts; one that comes
 * sooner than any ACK ever did is the original's, and nobody knows before there
 * was one.
 */
void xtcp_rack_advance(struct xtcp_tcb *t, const struct xtcp_seg *seg, u32 end_seq,
		       xtcp_usec_t now)
{
	u32 rtt = xtcp_stamp(now) - seg->xmit_us;

	if (seg->mark & XTCP_SEG_EVER_RETRANS && (!t->min_rtt_us || rtt < t->min_rtt_us))
		return;
	t->rec |= XTCP_R_RACK_ADVANCED;
	t->rack.rtt_us = rtt;
	if (xtcp_sent_after(seg->xmit_us, end_seq, t->rack.us, t->rack.end_seq)) {
		t->rack.us = seg->xmit_us;
		t->rack.end_seq = end_seq;
	}
}

/* @n packets of a record, from the first outstanding one on, are acknowledged. */
static void acknowledged(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int n,
			 struct xtcp_ack_news *news)
{
	u64 fresh = xtcp_seg_open(seg) & xtcp_bits(0, seg->gone + n);
	u32 first;

	news->sample.acked += n;
	if (seg->mark & XTCP_SEG_EVER_RETRANS)
		news->what |= XTCP_NEWS_RETRANS_ACKED;
	if (!fresh)
		return;
	xtcp_rate_seg_delivered(t, seg, &news->sample);
	news->sample.delivered += hweight64(fresh);
	if (!(seg->mark & XTCP_SEG_EVER_RETRANS)) {
		if (!(news->what & XTCP_NEWS_RTT))
			news->first_xmit = seg->xmit_us;
		news->last_xmit = seg->xmit_us;
		news->what |= XTCP_NEWS_RTT;
		/* what was reported before comes in time, whatever is behind it */
		first = xtcp_packet_seq(seg, __ffs64(fresh));
		if (xtcp_before(first, news->sample.prior_una))
			first = news->sample.prior_una;	/* the ACK before ended in it */
		if (xtcp_before(first, news->reord))
			news->reord = first;
		if (!xtcp_after(seg->end_seq, t->recovery.end_seq))
			news->what |= XTCP_NEWS_ORIG;
	} else if (echo_is_older(t, seg, news)) {
		return;
	}
	xtcp_rack_advance(t, seg, xtcp_packet_seq(seg, seg->gone + n), news->now);
}

/**
 * xtcp_rtx_clean - take what SND.UNA has passed off the retransmission queue
 * @t: the connection
 * @news: out: what that told
 */
void xtcp_rtx_clean(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	struct xtcp_seg *seg, *last = NULL;

	while ((seg = xtcp_rtx_first(t))) {
		unsigned int n = seg->segs;

		if (xtcp_after(seg->end_seq, t->snd_una)) {
			/* part of a GSO buffer: count whole packets only */
			if (!xtcp_after(t->snd_una, seg->seq))
				break;
			n = min_t(u32, (t->snd_una - seg->seq) / seg->mss,
				  xtcp_seg_total(seg) - 1);
			if (n > seg->gone) {
				acknowledged(t, seg, n - seg->gone, news);
				xtcp_seg_trim(t, seg, n);
			}
			break;
		}
		acknowledged(t, seg, n, news);
		if (unlikely(seg->sacked | seg->lost | seg->mark)) {
			xtcp_seg_uncount(t, seg);
			if (seg->mark & XTCP_SEG_RETRANS)
				ring_del(t, seg);
		} else {
			t->packets_out -= n;
		}
		rb_erase(xtcp_seg_rb(seg), &t->rtx);
		xtcp_seg_set_next(seg, NULL);
		if (last)
			xtcp_seg_set_next(last, seg);
		else
			news->a->acked = seg;
		last = seg;
	}
	if (news->sample.acked)
		news->what |= XTCP_NEWS_ACKED;
	/* the peer acknowledged what lies before, and then gave this up */
	if (seg && unlikely(seg->sacked & xtcp_bits(seg->gone, seg->gone + 1)))
		news->what |= XTCP_NEWS_RENEGING;
}

/**
 * xtcp_rtx_forget - a record leaves the queue, and will not come back
 * @t: the connection
 * @seg: the record
 *
 * The sums are not kept: for a host that empties the queue, and then calls
 * xtcp_rtx_forgotten().
 */
void xtcp_rtx_forget(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	if (seg->mark & XTCP_SEG_RETRANS)
		ring_del(t, seg);
	rb_erase(xtcp_seg_rb(seg), &t->rtx);
}

/**
 * xtcp_rtx_forgotten - no record is left
 * @t: the connection
 */
void xtcp_rtx_forgotten(struct xtcp_tcb *t)
{
	t->packets_out = 0;
	t->sacked_out = 0;
	t->lost_out = 0;
	t->retrans_out = 0;
}
