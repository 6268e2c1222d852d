// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open (RFC 7413), but for the cookies: those are the host's.
 *
 * Text that went with our SYN stays at the head of the host's send queue, as if
 * it had not been sent: xtcp_tcb.syn_data says how much of it went.  What the
 * SYN,ACK acknowledges of it is dropped from there, and the rest leaves as any
 * other text does, which is the retransmission that section 4.1.3 asks for.
 */
#include "fastopen.h"
#include "internal.h"

/**
 * xtcp_fastopen_child - begin with a SYN whose cookie is good (RFC 7413 4.2.2)
 * @t: a child that nobody else knows, in SYN_RECV
 * @syn: the SYN
 * @now: the time
 * @a: out
 *
 * Return: what became of the SYN, @syn->verdict.
 */
enum xtcp_verdict xtcp_fastopen_child(struct xtcp_tcb *t, struct xtcp_segment *syn,
				      xtcp_usec_t now, struct xtcp_actions *a)
{
	syn->verdict = XTCP_VERDICT_SYN;
	t->info.segs_in = max_t(u16, syn->segs, 1);
	t->info.data_segs_in = syn->len ? t->info.segs_in : 0;
	/* RFC 7323 2.2: the window of a SYN is not scaled */
	t->snd_wnd = syn->wnd;
	t->max_window = syn->wnd;
	t->snd_wl1 = syn->seq;
	t->lsndtime = xtcp_stamp(now);
	t->lrcvtime = xtcp_stamp(now);
	t->heard = xtcp_coarse(now);
	t->retrans_stamp = xtcp_coarse_stamp(now);
	if (syn->len && syn->no_room) {
		syn->verdict = XTCP_VERDICT_RCVBUF;
	} else if (syn->len) {
		t->rcv_nxt = syn->end_seq;
		t->rcv_wup = t->rcv_nxt;
		t->syn_data_acked = 1;
		syn->verdict = XTCP_VERDICT_TEXT;
		a->orders |= XTCP_ACT_DELIVER | XTCP_ACT_WAKE_READER;
	}
	xtcp_cong_init(t);
	xtcp_order_again(a, XTCP_ACT_SEND_SYN, XTCP_WHY_SYN_DATA);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + t->rto_us);
	return syn->verdict;
}

/**
 * xtcp_fastopen_limit - the newest acknowledgment that our SYN allows
 * @t: the connection, its SYN not ACKed
 *
 * Return: SND.NXT, or the end of the text that went with the SYN.
 */
u32 xtcp_fastopen_limit(const struct xtcp_tcb *t)
{
	u32 end = t->iss + 1 + t->syn_data;

	/* after a CLOSE in SYN_RECV it has left by itself, and has records */
	return xtcp_after(end, t->snd_nxt) && !t->packets_out ? end : t->snd_nxt;
}

/**
 * xtcp_fastopen_acked - our SYN is ACKed: and how much of its text?
 * @t: the connection, SND.UNA just behind its SYN
 * @seg: the segment that says so
 * @a: out
 */
void xtcp_fastopen_acked(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			 struct xtcp_actions *a)
{
	if (!xtcp_after(seg->ack, t->snd_nxt))
		return;
	t->snd_nxt = seg->ack;
	t->snd_una = seg->ack;
	t->snd_sml = seg->ack;
	if (seg->ack == t->iss + 1 + t->syn_data)
		t->syn_data_acked = 1;
	a->orders |= XTCP_ACT_SYN_DATA;
}
