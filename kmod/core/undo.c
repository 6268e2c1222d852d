// SPDX-License-Identifier: GPL-2.0
/*
 * Was a reduction of cwnd for nothing?  When every retransmission turns out to
 * have been one too many (D-SACK, RFC 3708), or the ACK echoes a timestamp from
 * before the first one (Eifel, RFC 3522 and 4015), it is taken back.
 */
#include "internal.h"
#include "scoreboard.h"

/* No retransmission yet, or more than can be counted: D-SACKs undo nothing. */
#define RETRANS_NONE	U16_MAX

/**
 * xtcp_undo_init - cwnd is to be reduced: begin to look for a mistake
 * @t: the connection
 */
void xtcp_undo_init(struct xtcp_tcb *t)
{
	/* what is in flight may cause D-SACKs later */
	u32 retrans = t->retrans_out + !!(t->rec & XTCP_R_TLP_RETRANS);

	t->recovery.undo_marker = t->snd_una;
	t->rec |= XTCP_R_UNDO;
	if (!t->retrans_out)
		t->rec &= ~XTCP_R_RETRANS;
	if (!retrans || retrans > RETRANS_NONE)
		retrans = RETRANS_NONE;
	t->recovery.undo_retrans = retrans;
}

/**
 * xtcp_undo_sent_again - packets were sent again
 * @t: the connection
 * @packets: how many
 * @now: the time
 */
void xtcp_undo_sent_again(struct xtcp_tcb *t, u32 packets, xtcp_usec_t now)
{
	u32 retrans = t->recovery.undo_retrans;

	if (!(t->rec & XTCP_R_RETRANS)) {
		t->rec |= XTCP_R_RETRANS;
		t->recovery.undo_stamp = xtcp_tsval(t, now);
		if (retrans == RETRANS_NONE)
			retrans = 0;
	}
	t->recovery.undo_retrans = min_t(u32, retrans + packets, RETRANS_NONE);
}

/**
 * xtcp_undo_dsack - retransmissions were not necessary
 * @t: the connection
 * @packets: how many
 */
void xtcp_undo_dsack(struct xtcp_tcb *t, u32 packets)
{
	if (t->recovery.undo_retrans != RETRANS_NONE)
		t->recovery.undo_retrans -= min_t(u32, packets, t->recovery.undo_retrans);
}

/**
 * xtcp_undo_delayed - does an ACK come from before the first retransmission?
 * @t: the connection
 * @news: the ACK
 *
 * Return: it echoes an older timestamp, or nothing was sent again at all.
 */
bool xtcp_undo_delayed(const struct xtcp_tcb *t, const struct xtcp_ack_news *news)
{
	const struct xtcp_options *opt = &news->seg->opt;

	if (!(t->rec & XTCP_R_RETRANS))
		return true;
	return t->flags & XTCP_F_TS_OK && opt->has & XTCP_OPT_TS && opt->tsecr &&
	       xtcp_before(opt->tsecr, t->recovery.undo_stamp);
}

/**
 * xtcp_undo_possible - was the reduction for nothing, as far as an ACK tells?
 * @t: the connection
 * @news: the ACK
 */
bool xtcp_undo_possible(const struct xtcp_tcb *t, const struct xtcp_ack_news *news)
{
	return t->rec & XTCP_R_UNDO &&
	       (!t->recovery.undo_retrans || xtcp_undo_delayed(t, news));
}

/**
 * xtcp_undo - take the reduction back
 * @t: the connection
 * @unlose: what was marked lost is not
 */
void xtcp_undo(struct xtcp_tcb *t, bool unlose)
{
	if (unlose)
		xtcp_rtx_unlose(t);
	if (!(t->rec & XTCP_R_ECE))
		xtcp_cong_undo(t);
	t->rec &= ~(XTCP_R_UNDO | XTCP_R_PRR);
	/* look again at what is in flight */
	t->rec |= XTCP_R_RACK_ADVANCED;
}
