// SPDX-License-Identifier: GPL-2.0
/* Buffers, the queues that they are in, and how full those are. */
#include <stdlib.h>

#include "endpoint_room.h"
#include "reasm.h"
#include "window.h"

struct rb_node *xtcp_seg_rb(struct xtcp_seg *seg)
{
	return &seg_buf(seg)->rb;
}

struct xtcp_seg *xtcp_rb_seg(const struct rb_node *rb)
{
	return &((struct buf *)((char *)rb - offsetof(struct buf, rb)))->seg;
}

struct xtcp_seg *xtcp_seg_next(const struct xtcp_seg *seg)
{
	struct buf *next = seg_buf(seg)->next;

	return next ? &next->seg : NULL;
}

void xtcp_seg_set_next(struct xtcp_seg *seg, struct xtcp_seg *next)
{
	seg_buf(seg)->next = next ? seg_buf(next) : NULL;
}

struct list_head *xtcp_seg_ring(struct xtcp_seg *seg)
{
	return &seg_buf(seg)->ring;
}

struct xtcp_seg *xtcp_ring_seg(const struct list_head *ring)
{
	return &((struct buf *)((char *)ring - offsetof(struct buf, ring)))->seg;
}

struct buf *ep_buf_new(u32 room)
{
	struct buf *b = calloc(1, sizeof(*b) + room);

	if (!b)
		abort();
	return b;
}

void ep_free_list(struct xtcp_seg *seg)
{
	while (seg) {
		struct xtcp_seg *next = xtcp_seg_next(seg);

		free(seg_buf(seg));
		seg = next;
	}
}

static void free_tree(struct rb_root *root)
{
	struct rb_node *rb;

	while ((rb = rb_first(root))) {
		rb_erase(rb, root);
		free(seg_buf(xtcp_rb_seg(rb)));
	}
}

void ep_ooo_purge(struct endpoint *ep)
{
	struct xtcp_seg *seg;

	while ((seg = xtcp_ooo_drop_last(&ep->t))) {
		ep->rmem -= seg_buf(seg)->truesize;
		free(seg_buf(seg));
	}
}

void ep_wmem_purge(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;

	while (ep->sendq) {
		struct buf *b = ep->sendq;

		ep->sendq = b->next;
		free(b);
	}
	ep->sendq_tail = NULL;
	free_tree(&t->rtx);
	t->retrans = NULL;
	t->packets_out = 0;
	t->sacked_out = 0;
	t->lost_out = 0;
	t->retrans_out = 0;
}

void ep_recvq_purge(struct endpoint *ep)
{
	while (ep->recvq) {
		struct buf *b = ep->recvq;

		ep->recvq = b->next;
		ep->rmem -= b->truesize;
		free(b);
	}
	ep->recvq_tail = NULL;
}

void ep_recvq_append(struct endpoint *ep, struct buf *b)
{
	b->next = NULL;
	if (ep->recvq_tail)
		ep->recvq_tail->next = b;
	else
		ep->recvq = b;
	ep->recvq_tail = b;
}

void ep_queue_fin(struct endpoint *ep)
{
	struct buf *b = ep->sendq_tail;

	if (b) {
		b->seg.flags |= XTCP_FIN;
		b->seg.end_seq++;
		return;
	}
	b = ep_buf_new(0);
	b->seg.seq = ep->t.write_seq - 1;
	b->seg.end_seq = ep->t.write_seq;
	b->seg.flags = XTCP_FIN;
	b->pos = ep->written;
	ep->sendq = b;
	ep->sendq_tail = b;
}

u32 ep_full_space(const struct endpoint *ep)
{
	return (u64)ep->rcvbuf * ep->conf.ratio >> 8;
}

u32 ep_free_space(const struct endpoint *ep)
{
	u32 room = ep->rcvbuf > ep->rmem ? ep->rcvbuf - ep->rmem : 0;

	return (u64)room * ep->conf.ratio >> 8;
}

void ep_rcvbuf_set(struct endpoint *ep, u32 size)
{
	ep->rcvbuf = size;
	xtcp_window_clamp(&ep->t, ep_full_space(ep));
}

/* As xtcp_rcvbuf_autotune(). */
void ep_rcvbuf_grow(struct endpoint *ep, u32 wnd)
{
	u64 space = min_t(u64, ((u64)wnd << 8) / ep->conf.ratio, ep->conf.rcvbuf_max);

	if (space > ep->rcvbuf)
		ep_rcvbuf_set(ep, space);
}

u32 ep_max_space(const struct endpoint *ep)
{
	return (u64)max(ep->conf.rcvbuf_max, ep->conf.rcvbuf) * ep->conf.ratio >> 8;
}
