// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly: segments that came ahead of a gap wait in a tree by sequence
 * number (RFC 9293 3.10.7.4, seventh).
 *
 * Overlaps are left as they are.  A reader skips what it has already read, so
 * a segment needs no trimming, and one that turns out to be covered is dropped
 * when its turn comes.
 */
#include "internal.h"

/**
 * xtcp_ooo_insert - keep a segment that came ahead of a gap
 * @t: the connection
 * @seg: the segment's record
 *
 * Return: false when another one covers it already.  O(log n).
 */
bool xtcp_ooo_insert(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	struct rb_node **p = &t->ooo.rb_node, *parent = NULL;

	while (*p) {
		struct xtcp_seg *s = xtcp_rb_seg(*p);

		parent = *p;
		if (xtcp_before(seg->seq, s->seq)) {
			p = &parent->rb_left;
			continue;
		}
		if (!xtcp_after(seg->end_seq, s->end_seq))
			return false;
		p = &parent->rb_right;
	}
	rb_link_node(xtcp_seg_rb(seg), parent, p);
	rb_insert_color(xtcp_seg_rb(seg), &t->ooo);
	return true;
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
 * @t: the connection
 * @a: out: @ready and @dropped
 *
 * Return: true when one of them carried the peer's FIN.
 */
bool xtcp_ooo_advance(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	struct rb_node *rb;

	while ((rb = rb_first(&t->ooo))) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (xtcp_after(seg->seq, t->rcv_nxt))
			break;
		rb_erase(rb, &t->ooo);
		if (!xtcp_after(seg->end_seq, t->rcv_nxt)) {
			xtcp_seg_set_next(seg, a->dropped);
			a->dropped = seg;
			continue;
		}
		t->bytes_received += seg->end_seq - t->rcv_nxt -
				     !!(seg->flags & XTCP_FIN);
		t->rcv_nxt = seg->end_seq;
		ready_append(a, seg);
		if (seg->flags & XTCP_FIN)
			return true;
	}
	return false;
}
