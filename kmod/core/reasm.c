// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly: segments that came ahead of a gap wait in a tree by sequence
 * number (RFC 9293 3.10.7.4, seventh).
 *
 * None of them covers another: each begins behind the beginning, and ends
 * behind the end, of the one before it.  They may overlap, which is left as it
 * is: a reader skips what it has already read.
 */
#include "internal.h"
#include "reasm.h"

static void drop(struct xtcp_seg *seg, struct xtcp_actions *a)
{
	xtcp_seg_set_next(seg, a->dropped);
	a->dropped = seg;
}

/* The blocks to report lie in the last record. */
static void set_last(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	const struct xtcp_seg *old = t->ooo_last;

	t->ooo_last = seg;
	seg->nr_sacks = 0;
	if (!old)
		return;
	seg->nr_sacks = old->nr_sacks;
	memcpy(seg->sacks, old->sacks, old->nr_sacks * sizeof(*old->sacks));
}

static void forget_last(struct xtcp_tcb *t)
{
	t->ooo_last = NULL;
	t->flags &= ~XTCP_F_SACKS;
	t->gap_acks = 0;
}

/* Drop those behind @seg that it covers.  Return: there is one left. */
static bool drop_covered(struct xtcp_tcb *t, struct xtcp_seg *seg,
			 struct xtcp_actions *a)
{
	struct rb_node *rb;

	while ((rb = rb_next(xtcp_seg_rb(seg)))) {
		struct xtcp_seg *s = xtcp_rb_seg(rb);

		if (!xtcp_after(seg->end_seq, s->seq))
			return true;
		if (xtcp_before(seg->end_seq, s->end_seq)) {
			xtcp_dsack_more(t, s->seq, seg->end_seq);
			return true;
		}
		xtcp_dsack_more(t, s->seq, s->end_seq);
		rb_erase(rb, &t->ooo);
		drop(s, a);
	}
	return false;
}

/* Return: as xtcp_ooo_insert(). */
static bool insert(struct xtcp_tcb *t, struct xtcp_seg *seg, struct xtcp_actions *a)
{
	struct rb_node **p = &t->ooo.rb_node, *parent = NULL;
	struct xtcp_seg *s = t->ooo_last;

	t->flags &= ~XTCP_F_DSACK;
	/* most come in order, behind one gap */
	if (s && xtcp_after(seg->seq, s->seq) && xtcp_after(seg->end_seq, s->end_seq)) {
		if (xtcp_before(seg->seq, s->end_seq))
			xtcp_dsack(t, seg->seq, s->end_seq);
		parent = xtcp_seg_rb(s);
		p = &parent->rb_right;
	}
	while (*p) {
		parent = *p;
		s = xtcp_rb_seg(parent);
		if (xtcp_before(seg->seq, s->seq)) {
			p = &parent->rb_left;
			continue;
		}
		if (!xtcp_after(seg->end_seq, s->end_seq)) {
			xtcp_dsack(t, seg->seq, seg->end_seq);
			xtcp_sack_add(t, seg->seq, seg->end_seq);
			return false;
		}
		if (seg->seq == s->seq) {
			xtcp_dsack(t, s->seq, s->end_seq);
			rb_replace_node(parent, xtcp_seg_rb(seg), &t->ooo);
			drop(s, a);
			goto linked;
		}
		if (xtcp_before(seg->seq, s->end_seq))
			xtcp_dsack(t, seg->seq, s->end_seq);
		p = &parent->rb_right;
	}
	rb_link_node(xtcp_seg_rb(seg), parent, p);
	rb_insert_color(xtcp_seg_rb(seg), &t->ooo);
linked:
	/* what is dropped keeps its blocks until the host frees it */
	if (!drop_covered(t, seg, a))
		set_last(t, seg);
	xtcp_sack_add(t, seg->seq, seg->end_seq);
	return true;
}

/*
 * An ACK that is held back reports a duplicate: it still does if that lies in the
 * block which comes first now, where the peer looks for it (RFC 2883 4).
 */
static void keep_report(struct xtcp_tcb *t, const struct xtcp_range *held)
{
	const struct xtcp_range *first = t->ooo_last->sacks;

	if (!xtcp_before(held->seq, first->seq) &&
	    !xtcp_after(held->end_seq, first->end_seq))
		xtcp_dsack_more(t, held->seq, held->end_seq);
}

/**
 * xtcp_ooo_insert - keep a segment that came ahead of a gap
 * @t: the connection
 * @seg: the segment's record
 * @a: out: @dropped
 *
 * Return: false when another one covers it already.  O(log n), but for those
 * that it covers.
 */
bool xtcp_ooo_insert(struct xtcp_tcb *t, struct xtcp_seg *seg,
		     struct xtcp_actions *a)
{
	bool reports = t->held_acks && t->flags & XTCP_F_DSACK, kept;
	struct xtcp_range held = t->dsack;

	kept = insert(t, seg, a);
	if (unlikely(reports))
		keep_report(t, &held);
	return kept;
}

/**
 * xtcp_ooo_merge - the host has put the payload of a segment behind another's
 * @t: the connection
 * @to: the segment that has both now
 * @from: the one that follows it, without a gap or an overlap; it leaves the
 *	  tree, and the host can free it
 */
void xtcp_ooo_merge(struct xtcp_tcb *t, struct xtcp_seg *to, struct xtcp_seg *from)
{
	rb_erase(xtcp_seg_rb(from), &t->ooo);
	to->end_seq = from->end_seq;
	to->flags |= from->flags & (XTCP_FIN | XTCP_PSH);
	if (t->ooo_last == from)
		set_last(t, to);
}

/**
 * xtcp_ooo_replace - the host keeps a segment's payload in another buffer
 * @t: the connection
 * @old: the segment's record; it leaves the tree, and the host can free it
 * @seg: the record in that buffer
 */
void xtcp_ooo_replace(struct xtcp_tcb *t, struct xtcp_seg *old, struct xtcp_seg *seg)
{
	seg->seq = old->seq;
	seg->end_seq = old->end_seq;
	seg->flags = old->flags;
	rb_replace_node(xtcp_seg_rb(old), xtcp_seg_rb(seg), &t->ooo);
	if (t->ooo_last == old)
		set_last(t, seg);
}

/**
 * xtcp_ooo_drop_last - give up the segment that is furthest ahead
 * @t: the connection
 *
 * What is not there any more is not reported any more, either.
 *
 * Return: the record, for the host to free; NULL: there is none.
 */
struct xtcp_seg *xtcp_ooo_drop_last(struct xtcp_tcb *t)
{
	struct xtcp_seg *seg = t->ooo_last;
	struct rb_node *prev;

	if (!seg)
		return NULL;
	prev = rb_prev(xtcp_seg_rb(seg));
	rb_erase(xtcp_seg_rb(seg), &t->ooo);
	/* without a block around it the report of a duplicate would look like a block */
	if (t->flags & XTCP_F_DSACK && xtcp_after(t->dsack.end_seq, t->rcv_nxt))
		t->flags &= ~XTCP_F_DSACK;
	if (prev) {
		set_last(t, xtcp_rb_seg(prev));
		xtcp_sack_keep(t, t->rcv_nxt, t->ooo_last->end_seq);
	} else {
		forget_last(t);
	}
	return seg;
}

static void ready_append(struct xtcp_actions *a, struct xtcp_seg *seg)
{
	xtcp_seg_set_next(seg, NULL);
	if (a->ready)
		xtcp_seg_set_next(a->ready_tail, seg);
	else
		a->ready = seg;
	a->ready_tail = seg;
}

/**
 * xtcp_ooo_advance - RCV.NXT moved: take out what is in order now
 * @t: the connection, with segments in the tree
 * @a: out: @ready and @dropped
 *
 * Return: true when one of them carried the peer's FIN.
 */
bool xtcp_ooo_advance(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	u32 had = t->rcv_nxt;
	struct rb_node *rb;
	bool fin = false;

	t->gap_acks = 0;
	while ((rb = rb_first(&t->ooo)) && !fin) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (xtcp_after(seg->seq, t->rcv_nxt))
			break;
		/* the text that filled the gap came to the user first */
		if (xtcp_before(seg->seq, had))
			xtcp_dsack_more(t, seg->seq, xtcp_before(seg->end_seq, had) ?
						     seg->end_seq : had);
		rb_erase(rb, &t->ooo);
		if (!xtcp_after(seg->end_seq, t->rcv_nxt)) {
			drop(seg, a);
			continue;
		}
		fin = seg->flags & XTCP_FIN;
		xtcp_rcv_advance(t, seg->end_seq);
		ready_append(a, seg);
	}
	if (RB_EMPTY_ROOT(&t->ooo))
		forget_last(t);
	else
		xtcp_sack_keep(t, t->rcv_nxt, t->ooo_last->end_seq);
	return fin;
}
