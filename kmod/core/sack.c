// SPDX-License-Identifier: GPL-2.0
/*
 * What a receiver reports: selective acknowledgment (RFC 2018) and duplicates
 * (RFC 2883).
 *
 * There is something to report only while segments wait behind a gap, so the
 * blocks lie in the record of the last of them, struct xtcp_tcb.ooo_last, and
 * move when another one becomes the last.  A connection without gaps pays for
 * none of this but one test of two flags for each segment that it sends.
 */
#include "internal.h"
#include "options.h"
#include "output.h"

/* News of another block than the first of these, an ACK that is held back had not. */
#define BLOCKS_EXPECTED		2

/* Make @to cover @from as well, if nothing lies between them. */
static bool join(struct xtcp_range *to, const struct xtcp_range *from)
{
	if (xtcp_after(from->seq, to->end_seq) || xtcp_after(to->seq, from->end_seq))
		return false;
	if (xtcp_before(from->seq, to->seq))
		to->seq = from->seq;
	if (xtcp_after(from->end_seq, to->end_seq))
		to->end_seq = from->end_seq;
	return true;
}

static void set_count(struct xtcp_tcb *t, unsigned int n)
{
	t->ooo_last->nr_sacks = n;
	if (n)
		t->flags |= XTCP_F_SACKS;
	else
		t->flags &= ~XTCP_F_SACKS;
}

/**
 * xtcp_sack_add - a segment came ahead of a gap
 * @t: the connection; @ooo_last is right
 * @seq: where the segment begins
 * @end_seq: where it ends
 *
 * RFC 2018 4: the first block is the one that the newest segment is in, and
 * those that were reported before follow.  While ACKs are held back, one that is new
 * at the front is told at once: the peer may not hear of too many together.
 */
void xtcp_sack_add(struct xtcp_tcb *t, u32 seq, u32 end_seq)
{
	struct xtcp_range grown = { seq, end_seq }, *sacks = t->ooo_last->sacks;
	unsigned int i, n = 0, was = t->ooo_last->nr_sacks;

	if (!(t->flags & XTCP_F_SACK_OK))
		return;
	/* blocks do not touch each other, so one pass finds all that it joins */
	for (i = 0; i < t->ooo_last->nr_sacks; i++) {
		if (!join(&grown, &sacks[i]))
			sacks[n++] = sacks[i];
		else
			was = min(was, i);
	}
	if (was >= BLOCKS_EXPECTED && t->held_acks)
		t->gap_acks = XTCP_DUPACK_THRESH - 1;
	n = min_t(unsigned int, n, XTCP_SACKS_MAX - 1);
	memmove(sacks + 1, sacks, n * sizeof(*sacks));
	sacks[0] = grown;
	set_count(t, n + 1);
}

/**
 * xtcp_sack_keep - blocks, or parts of them, are not to be reported any more
 * @t: the connection, with @ooo_last
 * @from: nothing that begins before this: it is acknowledged
 * @to: nothing behind this: it was thrown away
 */
void xtcp_sack_keep(struct xtcp_tcb *t, u32 from, u32 to)
{
	struct xtcp_range *sacks = t->ooo_last->sacks;
	unsigned int i, n = 0;

	for (i = 0; i < t->ooo_last->nr_sacks; i++) {
		struct xtcp_range r = sacks[i];

		if (xtcp_after(r.end_seq, to))
			r.end_seq = to;
		if (!xtcp_before(r.seq, from) && xtcp_before(r.seq, r.end_seq))
			sacks[n++] = r;
	}
	set_count(t, n);
}

/**
 * xtcp_dsack - something came that was there already
 * @t: the connection
 * @seq: where it begins
 * @end_seq: where it ends
 *
 * RFC 2883 4: the next segment tells, once.
 */
void xtcp_dsack(struct xtcp_tcb *t, u32 seq, u32 end_seq)
{
	if (!(t->flags & XTCP_F_SACK_OK) || !t->conf->dsack)
		return;
	t->flags |= XTCP_F_DSACK;
	t->dsack.seq = seq;
	t->dsack.end_seq = end_seq;
}

/**
 * xtcp_dsack_more - the same segment has more that was there already
 * @t: the connection
 * @seq: where it begins
 * @end_seq: where it ends
 *
 * There is room for one report: two parts with something new between them are
 * reported by the first.
 */
void xtcp_dsack_more(struct xtcp_tcb *t, u32 seq, u32 end_seq)
{
	struct xtcp_range more = { seq, end_seq };

	if (t->flags & XTCP_F_DSACK)
		join(&t->dsack, &more);
	else
		xtcp_dsack(t, seq, end_seq);
}

/* How many blocks go into the next segment. */
static unsigned int blocks(const struct xtcp_tcb *t)
{
	unsigned int room = XTCP_OPT_MAX - XTCP_OPT_SACK_BASE - xtcp_option_len(t);
	unsigned int n = !!(t->flags & XTCP_F_DSACK);

	if (t->flags & XTCP_F_SACKS)
		n += t->ooo_last->nr_sacks;
	return min(n, room / XTCP_OPT_SACK_BLOCK);
}

/**
 * __xtcp_sack_len - room that SACK takes in the next segment
 * @t: the connection, with XTCP_F_SACKS or XTCP_F_DSACK
 *
 * Return: bytes; 0: there is no room for a block.
 */
unsigned int __xtcp_sack_len(const struct xtcp_tcb *t)
{
	unsigned int n = blocks(t);

	return n ? XTCP_OPT_SACK_BASE + n * XTCP_OPT_SACK_BLOCK : 0;
}

/**
 * xtcp_sack_build - write the SACK option of the next segment
 * @t: the connection, with XTCP_F_SACKS or XTCP_F_DSACK
 * @p: where, behind the timestamps
 *
 * Return: bytes written, __xtcp_sack_len().
 */
unsigned int xtcp_sack_build(const struct xtcp_tcb *t, u8 *p)
{
	unsigned int left = blocks(t), len = left * XTCP_OPT_SACK_BLOCK;
	const struct xtcp_range *r;

	if (unlikely(!left))
		return 0;
	xtcp_put32(p, XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 |
		      XTCP_OPTK_SACK << 8 | (2 + len));
	p += XTCP_OPT_SACK_BASE;
	if (t->flags & XTCP_F_DSACK) {
		xtcp_put32(p, t->dsack.seq);
		xtcp_put32(p + 4, t->dsack.end_seq);
		p += XTCP_OPT_SACK_BLOCK;
		left--;
	}
	/* with none left there may be no @ooo_last */
	for (r = left ? t->ooo_last->sacks : NULL; left; left--, r++) {
		xtcp_put32(p, r->seq);
		xtcp_put32(p + 4, r->end_seq);
		p += XTCP_OPT_SACK_BLOCK;
	}
	return XTCP_OPT_SACK_BASE + len;
}
