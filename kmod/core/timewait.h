/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIME_WAIT: RFC 9293 3.10.7.4, RFC 1337, RFC 6191.
 */
#ifndef XTCP_CORE_TIMEWAIT_H
#define XTCP_CORE_TIMEWAIT_H

#include "tcb.h"

/**
 * struct xtcp_timewait - a connection in TIME_WAIT
 * @rcv_nxt: RCV.NXT
 * @snd_nxt: SND.NXT
 * @rcv_wnd: window to advertise, as in the header (scaled down)
 * @rcv_wscale: our shift
 * @ts_ok: timestamps agreed on
 * @ts_stale: TS.Recent is from so long ago that it says nothing (RFC 7323 5.5).  It is when
 *	      the connection was idle for long; while it is in TIME_WAIT no such time passes
 * @tos: type of service of its ACKs, as the host set it
 * @ts_recent: TS.Recent
 * @ts_offset: added to our clock to make TSval
 * @last_oow_ack: when an invalid segment was last answered, low 32 bits
 */
struct xtcp_timewait {
	u32	rcv_nxt;
	u32	snd_nxt;
	u32	ts_recent;
	u32	ts_offset;
	u32	last_oow_ack;
	u16	rcv_wnd;
	u8	rcv_wscale : 4;
	bool	ts_ok : 1;
	bool	ts_stale : 1;
	u8	tos;
};

/* RFC 1122 4.2.2.13, RFC 6191: how far a new incarnation's ISS is ahead of the
 * old SND.NXT.
 */
#define XTCP_ISS_AFTER_TIMEWAIT	(65535 + 2)

/* Who wants to open a connection where an entry is. */
enum xtcp_tw_claim {
	XTCP_TW_CLAIM_ANY,	/* another port would do */
	XTCP_TW_CLAIM_LOCAL,	/* the same, and both ends are on this host */
	XTCP_TW_CLAIM_BOUND,	/* it has to be this port */
};

/* What to do with a segment for an entry in TIME_WAIT. */
enum xtcp_timewait_verdict {
	XTCP_TW_DROP,		/* nothing; segment.verdict says why */
	XTCP_TW_ACK,		/* send an ACK */
	XTCP_TW_ACK_RESTART,	/* retransmitted FIN: ACK, start 2MSL again */
	XTCP_TW_RESTART,	/* a plain ACK: start 2MSL again (as Linux) */
	XTCP_TW_RESET,		/* acceptable RST: end it */
	XTCP_TW_NEW_SYN,	/* RFC 6191: a new connection may take over */
};

void xtcp_timewait_init(struct xtcp_timewait *w, struct xtcp_tcb *t, xtcp_usec_t now);
enum xtcp_timewait_verdict xtcp_timewait_segment(struct xtcp_timewait *w,
						 struct xtcp_segment *seg,
						 const struct xtcp_conf *conf,
						 xtcp_usec_t now);
bool xtcp_timewait_yields(const struct xtcp_timewait *w, enum xtcp_tw_claim claim,
			  xtcp_usec_t age, const struct xtcp_conf *conf);
void xtcp_timewait_follow(const struct xtcp_timewait *w, struct xtcp_tcb *t,
			  xtcp_usec_t now);

#endif /* XTCP_CORE_TIMEWAIT_H */
