// SPDX-License-Identifier: GPL-2.0
/*
 * Tail loss probes, RFC 8985 7: when no ACK comes for two round trips, one more
 * packet asks for one, so that RACK finds a loss at the end of a flight long
 * before the retransmission timer would.
 *
 * The probe timer, RACK's and the retransmission timer are one deadline, of
 * which XTCP_R_TLP_TIMER and XTCP_R_REO_TIMER tell what it is.
 */
#include "internal.h"
#include "output.h"
#include "scoreboard.h"

/* Added to the probe timeout: clocks have ticks. */
#define SLACK_US	2000
/* net.xtcp.early_retrans: either of these turns probes on. */
#define EARLY_RETRANS_TLP	3
#define EARLY_RETRANS_TLP_TOO	4

static bool wanted(const struct xtcp_tcb *t)
{
	if (t->ca_state != XTCP_CA_OPEN && t->ca_state != XTCP_CA_CWR)
		return false;
	return xtcp_sack_ok(t) && (t->conf->early_retrans == EARLY_RETRANS_TLP ||
				   t->conf->early_retrans == EARLY_RETRANS_TLP_TOO);
}

/**
 * xtcp_tlp_schedule - let the REXMIT timer run as the probe timer (7.2)
 * @t: the connection, with packets outstanding
 * @advancing: an ACK of new data restarts the retransmission timer
 * @now: the time
 *
 * Return: false when it has to run as the retransmission timer.
 */
bool xtcp_tlp_schedule(struct xtcp_tcb *t, bool advancing, xtcp_usec_t now)
{
	u32 pto = XTCP_RTO_INIT_US, rto;

	if (!wanted(t))
		return false;
	if (t->srtt_us) {
		pto = t->srtt_us >> 2;
		/* alone, its ACK may be delayed */
		pto += t->packets_out == 1 ? xtcp_rto_min(t) : SLACK_US;
	}
	rto = advancing ? xtcp_rto_backed_off(t) : xtcp_rexmit_left(t, now);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + min(pto, rto));
	t->rec |= XTCP_R_TLP_TIMER;
	t->rec &= ~XTCP_R_REO_TIMER;
	return true;
}

/**
 * xtcp_tlp_timer - no ACK came for so long: probe (7.3)
 * @t: the connection, with packets outstanding
 * @now: the time
 * @a: out
 *
 * With new data if there is any and the peer's window takes it, with the last
 * packet otherwise; one at a time.
 */
void xtcp_tlp_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	u32 next = min_t(u32, t->write_seq - t->snd_nxt, t->mss);

	t->rec &= ~XTCP_R_TLP_TIMER;
	if (t->rec & XTCP_R_TLP) {
		xtcp_timer_arm(t, XTCP_TIMER_REXMIT,
			       now + max_t(u32, xtcp_rexmit_left(t, now), 1));
		return;
	}
	t->flags |= XTCP_F_TLP_SEND;
	xtcp_actions_note(a, XTCP_NOTE_LOSS_PROBES);
	/* a whole segment, or all there is: no crumbs (RFC 9293 3.8.6.2.1) */
	if (next && !xtcp_after(t->snd_nxt + next, t->snd_una + t->snd_wnd))
		a->orders |= XTCP_ACT_OUTPUT;
	else
		xtcp_order_again(a, XTCP_ACT_RETRANSMIT, XTCP_WHY_RESEND_TAIL);
	/* RFC 8985 7.3: from now on the retransmission timer runs */
	xtcp_rexmit_restart(t, now);
}

/**
 * xtcp_tlp_acked - does an ACK end the probe's episode? (7.4)
 * @t: the connection, with XTCP_R_TLP
 * @news: the ACK
 * @ack: SEG.ACK
 *
 * When a retransmission was the probe and nobody says that it came twice, the
 * probe has repaired a loss, which is congestion like any other.
 */
void xtcp_tlp_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news, u32 ack)
{
	if (xtcp_before(ack, t->recovery.tlp_high_seq))
		return;
	if (!(t->rec & XTCP_R_TLP_RETRANS) || news->what & XTCP_NEWS_DSACK_TLP) {
		/* new data, or both the original and the probe, arrived */
		t->rec &= ~(XTCP_R_TLP | XTCP_R_TLP_RETRANS);
	} else if (xtcp_after(ack, t->recovery.tlp_high_seq)) {
		xtcp_note(news, XTCP_NOTE_LOSS_PROBE_RECOVERY);
		xtcp_recovery_cwr(t);
		xtcp_recovery_end(t, news->now);
		xtcp_recovery_keep_open(t);
	} else if (!(news->what & (XTCP_NEWS_NOT_DUP | XTCP_NEWS_SACKED))) {
		/* a duplicate ACK: both arrived */
		t->rec &= ~(XTCP_R_TLP | XTCP_R_TLP_RETRANS);
	}
}
