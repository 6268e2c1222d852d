// SPDX-License-Identifier: GPL-2.0
/* Urgent data that comes, and the pointer of what is sent: urgent.h. */
#include "internal.h"
#include "urgent.h"

/* The peer marks a byte.  RFC 6093 4: what was read, or came, is not marked again. */
static void take_pointer(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			 struct xtcp_actions *a)
{
	u32 mark = seg->seq + seg->urg;

	if (seg->urg && !t->conf->stdurg)
		mark--;
	if (xtcp_after(t->copied_seq, mark) || xtcp_before(mark, t->rcv_nxt))
		return;
	if (t->flags & XTCP_F_URG && !xtcp_after(mark, t->urg_seq))
		return;
	/*
	 * The reader stands at the last mark, whose byte would be data now that it
	 * is the last no more: as Linux, it is skipped.
	 */
	if (xtcp_urg_at_mark(t) && !seg->urg_inline && t->copied_seq != t->rcv_nxt)
		t->copied_seq++;
	t->flags |= XTCP_F_URG;
	t->urg_state = XTCP_URG_AWAITED;
	t->urg_seq = mark;
	a->orders |= XTCP_ACT_URGENT;
}

/**
 * xtcp_urg_received - a segment may have an urgent pointer, or the marked byte
 * @t: the connection
 * @seg: the segment; its text is not delivered yet
 * @a: out: XTCP_ACT_URGENT to raise SIGURG, XTCP_ACT_URG_BYTE to keep the byte at
 *     @urg_off of the payload
 */
void xtcp_urg_received(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		       struct xtcp_actions *a)
{
	u32 off;

	if (seg->flags & XTCP_URG)
		take_pointer(t, seg, a);
	if (!(t->flags & XTCP_F_URG) || t->urg_state != XTCP_URG_AWAITED)
		return;
	off = t->urg_seq - seg->seq;
	if (off >= seg->len)
		return;
	t->urg_state = XTCP_URG_HERE;
	a->urg_off = off;
	a->orders |= XTCP_ACT_URG_BYTE;
}

/**
 * xtcp_urg_pointer - the urgent pointer of a segment that leaves
 * @t: the connection, with XTCP_F_URG_OUT
 * @seq: SEG.SEQ
 *
 * Return: the field; 0: no URG bit.  One that is too far away for the field is
 * announced as far as it goes.
 */
u16 xtcp_urg_pointer(struct xtcp_tcb *t, u32 seq)
{
	if (!xtcp_urg_out(t)) {
		t->flags &= ~XTCP_F_URG_OUT;
		return 0;
	}
	if (!xtcp_after(t->snd_up, seq))
		return 0;
	if (t->snd_up - seq <= U16_MAX)
		return t->snd_up - seq;
	return xtcp_after(seq + U16_MAX, t->snd_nxt) ? U16_MAX : 0;
}
