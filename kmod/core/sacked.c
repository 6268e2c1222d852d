// SPDX-License-Identifier: GPL-2.0
/*
 * SACK blocks that arrive: RFC 2018 5, D-SACK of RFC 2883.
 */
#include "internal.h"
#include "options.h"
#include "rate.h"
#include "scoreboard.h"

/* A D-SACK of data in flight is looked for in so many records. */
#define DSACK_RECORDS	4

/**
 * xtcp_reordered - something was delivered that was sent before what the peer
 *		    already had
 * @t: the connection
 * @low: its sequence number
 * @why: how it was found out
 * @news: the ACK
 *
 * What is learnt is how many segments a segment can be late; and that
 * reordering exists, which makes RACK wait.
 */
void xtcp_reordered(struct xtcp_tcb *t, u32 low, enum xtcp_note why,
		    struct xtcp_ack_news *news)
{
	u32 high = t->sacked_out ? t->sack_high : t->snd_una;
	u32 distance;

	if (!xtcp_before(low, high))
		return;
	distance = DIV_ROUND_UP(high - low, t->mss);
	if (distance > t->reordering)
		t->reordering = min_t(u32, distance, t->conf->max_reordering);
	if (t->recovery.reord_seen < U16_MAX)
		t->recovery.reord_seen++;
	xtcp_note(news, why);
}

/*
 * Is a block possible?  It lies in what was sent, behind SND.UNA; a D-SACK may
 * lie before it, but not before the last recovery began or, when that is long
 * ago, further back than a window.
 */
static bool block_valid(const struct xtcp_tcb *t, const struct xtcp_range *b, bool dsack)
{
	if (xtcp_after(b->end_seq, t->snd_nxt) || !xtcp_before(b->seq, b->end_seq))
		return false;
	if (xtcp_after(b->seq, t->snd_una))
		return true;
	if (!dsack || !(t->rec & XTCP_R_UNDO) || xtcp_after(b->end_seq, t->snd_una))
		return false;
	if (!xtcp_before(b->seq, t->recovery.undo_marker))
		return true;
	return xtcp_after(b->end_seq, t->recovery.undo_marker) &&
	       !xtcp_before(b->seq, b->end_seq - t->max_window);
}

/* RFC 2883 4: the first block is a D-SACK if the ACK, or the next one, covers it. */
static bool is_dsack(const struct xtcp_segment *seg, const struct xtcp_range *b,
		     unsigned int nr, struct xtcp_ack_news *news)
{
	if (xtcp_before(b[0].seq, seg->ack)) {
		xtcp_note(news, XTCP_NOTE_DSACK_RECV);
		return true;
	}
	if (nr > 1 && !xtcp_after(b[0].end_seq, b[1].end_seq) &&
	    !xtcp_before(b[0].seq, b[1].seq)) {
		xtcp_note(news, XTCP_NOTE_DSACK_OFO_RECV);
		return true;
	}
	return false;
}

/*
 * Packets arrived twice: how many retransmissions were for nothing?
 * Return: false: who knows; it is a block like any other (as Linux).
 */
static bool take_dsack(struct xtcp_tcb *t, const struct xtcp_range *b,
		       struct xtcp_ack_news *news)
{
	u32 len = b->end_seq - b->seq, packets, known;

	if (!xtcp_before(b->seq, b->end_seq) || len > t->max_window ||
	    xtcp_after(b->end_seq, t->snd_nxt)) {
		xtcp_note(news, XTCP_NOTE_DSACK_IGNORED_DUBIOUS);
		return false;
	}
	packets = len > t->mss ? DIV_ROUND_UP(len, t->mss) : 1;
	if (t->rec & XTCP_R_TLP_RETRANS && t->recovery.tlp_high_seq == b->end_seq)
		news->what |= XTCP_NEWS_DSACK_TLP;
	t->info.dsack_dups = min_t(u32, t->info.dsack_dups + packets, U16_MAX);
	t->recovery.unclaimed -= packets;
	/* what the network copied says nothing about our retransmissions */
	if (t->recovery.unclaimed < 0) {
		xtcp_note(news, XTCP_NOTE_DSACK_IGNORED_DUBIOUS);
		return false;
	}
	/* RFC 8985 6.2 step 4, as Linux: only where reordering was seen */
	if (t->recovery.reord_seen && !(news->what & XTCP_NEWS_DSACK_TLP))
		t->rec |= XTCP_R_RACK_DSACK;
	news->what |= XTCP_NEWS_DSACK;
	news->a->dsack_segs = packets;
	news->sample.delivered += packets;
	/* of what this very ACK acknowledges only if it had been sent again */
	known = news->what & XTCP_NEWS_RETRANS_ACKED ? t->snd_una : news->sample.prior_una;
	if (t->rec & XTCP_R_UNDO && !xtcp_after(b->end_seq, known) &&
	    xtcp_after(b->end_seq, t->recovery.undo_marker))
		xtcp_undo_dsack(t, packets);
	return true;
}

/* Packets of a record that a block covers whole, as bits. */
static u64 covered(const struct xtcp_seg *seg, const struct xtcp_range *b)
{
	unsigned int from = 0, to = xtcp_seg_total(seg);

	if (xtcp_after(b->seq, seg->seq))
		from = DIV_ROUND_UP(b->seq - seg->seq, seg->mss);
	if (xtcp_before(b->end_seq, seg->end_seq))
		to = min_t(u32, (b->end_seq - seg->seq) / seg->mss, to - 1);
	return xtcp_bits(from, to);
}

/* A block covers all or a part of a record. */
static void tag(struct xtcp_tcb *t, struct xtcp_seg *seg, const struct xtcp_range *b,
		struct xtcp_ack_news *news)
{
	u64 fresh = covered(seg, b) & xtcp_seg_open(seg);
	u32 seq, end_seq;

	if (!fresh)
		return;
	seq = xtcp_packet_seq(seg, __ffs64(fresh));
	end_seq = xtcp_packet_seq(seg, fls64(fresh));
	xtcp_rack_advance(t, seg, end_seq, news->now);
	if (!(seg->mark & XTCP_SEG_EVER_RETRANS)) {
		/* it comes late, and not because we were */
		if (t->sacked_out && xtcp_before(seq, t->sack_high) &&
		    xtcp_before(seq, news->reord))
			news->reord = seq;
		if (!xtcp_after(end_seq, t->recovery.end_seq))
			news->what |= XTCP_NEWS_ORIG;
		if (!(news->what & XTCP_NEWS_SACK_RTT))
			news->first_sack = seg->xmit_us;
		news->last_sack = seg->xmit_us;
		news->what |= XTCP_NEWS_SACK_RTT;
	}
	if (!t->sacked_out || xtcp_after(end_seq, t->sack_high))
		t->sack_high = end_seq;
	xtcp_seg_tag(t, seg, fresh);
	xtcp_rate_seg_delivered(t, seg, &news->sample);
	news->sample.delivered += hweight64(fresh);
	news->what |= XTCP_NEWS_SACKED;
}

static void take_block(struct xtcp_tcb *t, const struct xtcp_range *b,
		       struct xtcp_ack_news *news)
{
	struct xtcp_seg *seg = xtcp_rtx_find(t, b->seq), *first = seg;
	u32 run;

	if (!seg)
		return;
	run = seg->end_seq;
	while (seg && xtcp_before(seg->seq, b->end_seq)) {
		tag(t, seg, b, news);
		/* how far do records with nothing missing reach? */
		if (seg->seq == run && !xtcp_seg_open(seg))
			run = seg->end_seq;
		if (run == seg->end_seq && xtcp_after(seg->sack_run, run))
			run = seg->sack_run;
		seg = xtcp_rtx_skip(t, seg);
	}
	if (xtcp_after(run, first->sack_run))
		first->sack_run = run;
}

/*
 * A D-SACK of data above SND.UNA: the record that was sent again, and for
 * nothing, is still there.
 */
static void take_dsack_above(struct xtcp_tcb *t, const struct xtcp_range *b)
{
	struct xtcp_seg *seg = xtcp_rtx_find(t, b->seq);
	unsigned int i;

	for (i = 0; i < DSACK_RECORDS && seg && xtcp_before(seg->seq, b->end_seq); i++) {
		u64 packets = covered(seg, b);

		if (packets && seg->mark & XTCP_SEG_EVER_RETRANS &&
		    t->rec & XTCP_R_UNDO && xtcp_after(seg->end_seq, t->recovery.undo_marker))
			xtcp_undo_dsack(t, hweight64(packets));
		seg = xtcp_rtx_after(seg);
	}
}

/* Count what cannot be: by the kind of block, and why. */
static void refuse(const struct xtcp_tcb *t, const struct xtcp_range *b, bool dsack,
		   struct xtcp_ack_news *news)
{
	if (dsack) {
		xtcp_note(news, t->rec & XTCP_R_UNDO ? XTCP_NOTE_DSACK_IGNORED_OLD
					       : XTCP_NOTE_DSACK_IGNORED_NO_UNDO);
		return;
	}
	/* an ACK that was overtaken reports what is acknowledged by now */
	if (news->seg->ack != t->snd_una && !xtcp_after(b->end_seq, t->snd_una))
		return;
	news->a->sack_discards++;
}

/* Keep the first @n blocks, and one more, in the order of sequence numbers. */
static void insert(struct xtcp_range *b, unsigned int n, struct xtcp_range block)
{
	for (; n && xtcp_before(block.seq, b[n - 1].seq); n--)
		b[n] = b[n - 1];
	b[n] = block;
}

/**
 * xtcp_sacks - take the SACK blocks of an ACK
 * @t: the connection, with SACK agreed on; the queue begins at SND.UNA
 * @news: the ACK, and out: what it told
 *
 * At most XTCP_SACKS_MAX blocks, O(log n) each and one step for each record that
 * they report for the first time.  Blocks that cannot be are refused, counted
 * and change nothing.
 */
void xtcp_sacks(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	const struct xtcp_segment *seg = news->seg;
	unsigned int nr = min_t(unsigned int, seg->opt.nr_sacks, XTCP_SACKS_MAX);
	unsigned int i, good;
	struct xtcp_range b[XTCP_SACKS_MAX];
	bool dsack;

	if (!nr)
		return;
	news->reord = t->snd_nxt;
	for (i = 0; i < nr; i++) {
		b[i].seq = xtcp_get32(seg->sacks + 8 * i);
		b[i].end_seq = xtcp_get32(seg->sacks + 8 * i + 4);
	}
	dsack = is_dsack(seg, b, nr, news) && take_dsack(t, &b[0], news);
	/* too old to mean anything, or nothing left that it could be about */
	if (xtcp_before(seg->ack, news->sample.prior_una - t->max_window) ||
	    !t->packets_out)
		return;
	for (i = 0, good = 0; i < nr; i++) {
		bool dup = dsack && !i;

		if (!block_valid(t, &b[i], dup)) {
			refuse(t, &b[i], dup, news);
			continue;
		}
		if (!xtcp_after(b[i].end_seq, t->snd_una))
			continue;
		if (dup)
			take_dsack_above(t, &b[i]);
		insert(b, good++, b[i]);
	}
	/* in order: what one of them reports is not late for being reported last */
	for (i = 0; i < good; i++)
		take_block(t, &b[i], news);
	if (news->what & XTCP_NEWS_SACKED &&
	    (t->ca_state != XTCP_CA_LOSS || t->rec & XTCP_R_UNDO) &&
	    xtcp_before(news->reord, t->sack_high))
		xtcp_reordered(t, news->reord, XTCP_NOTE_SACK_REORDER, news);
}
