/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What loss recovery and congestion control tell each other.
 *
 * Recovery finds out what an ACK says: it fills in a sample and calls
 * xtcp_cong_control() once.  When it decides that there is congestion it saves
 * what the windows were (xtcp_cong_save()), asks for the new threshold
 * (xtcp_cong_ssthresh()) and changes the state (xtcp_cong_set_state()); when
 * that turns out to have been wrong it calls xtcp_cong_undo().
 */
#ifndef XTCP_CORE_CONG_H
#define XTCP_CORE_CONG_H

#include "tcb.h"

/**
 * enum xtcp_cong_event - what an algorithm may want to know
 * @XTCP_CONG_TX_START: data is sent, and nothing was in flight
 * @XTCP_CONG_CWND_RESTART: cwnd was reduced after an idle time
 * @XTCP_CONG_COMPLETE_CWR: CWR or fast recovery is over
 * @XTCP_CONG_LOSS: the retransmission timer fired
 * @XTCP_CONG_ECN_NO_CE: data came that was not marked
 * @XTCP_CONG_ECN_CE: data came that was marked Congestion Experienced
 */
enum xtcp_cong_event {
	XTCP_CONG_TX_START,
	XTCP_CONG_CWND_RESTART,
	XTCP_CONG_COMPLETE_CWR,
	XTCP_CONG_LOSS,
	XTCP_CONG_ECN_NO_CE,
	XTCP_CONG_ECN_CE,
};

/**
 * struct xtcp_rate_sample - how fast data got through, by one ACK
 * @prior_delivered: xtcp_tcb.delivered when the newest segment that the ACK
 *		     delivered was sent
 * @prior_us: when that count was reached, low 32 bits of the clock
 * @delivered: segments delivered since; negative: no valid sample
 * @interval_us: the time that took
 * @app_limited: the sender had too little to send for part of that time
 * @retrans: the newest segment was a retransmission
 * @valid: a segment was delivered, the fields above were set
 */
struct xtcp_rate_sample {
	u32	prior_delivered;
	u32	prior_us;
	s32	delivered;
	u32	interval_us;
	bool	app_limited;
	bool	retrans;
	bool	valid;
};

/**
 * struct xtcp_ack_sample - what one ACK said
 * @prior_una: SND.UNA before it
 * @prior_in_flight: segments in flight before it
 * @acked: segments that it acknowledged cumulatively
 * @delivered: segments that it acknowledged cumulatively or selectively, and
 *	       that were not known to have arrived
 * @lost: segments that were marked lost because of it
 * @rtt_us: RTT of the newest segment that it acknowledged and that was sent
 *	    once, microseconds; 0: not known
 * @ece: it carried the ECN echo
 * @ack_delayed: the peer may have waited with it
 * @rate: delivery rate
 */
struct xtcp_ack_sample {
	u32			prior_una;
	u32			prior_in_flight;
	u32			acked;
	u32			delivered;
	u32			lost;
	u32			rtt_us;
	bool			ece;
	bool			ack_delayed;
	struct xtcp_rate_sample	rate;
};

void xtcp_cong_init(struct xtcp_tcb *t);
void xtcp_cong_control(struct xtcp_tcb *t, const struct xtcp_ack_sample *sample,
		       xtcp_usec_t now);
void xtcp_cong_start(struct xtcp_tcb *t);
void xtcp_cong_stop(struct xtcp_tcb *t);
void xtcp_cong_used(struct xtcp_tcb *t);
void xtcp_cong_limited(struct xtcp_tcb *t);
bool xtcp_cwnd_limited(const struct xtcp_tcb *t);
void xtcp_cong_tell_state(struct xtcp_tcb *t, enum xtcp_ca_state state);
void xtcp_cong_save(struct xtcp_tcb *t);
u32 xtcp_cong_ssthresh(struct xtcp_tcb *t);
void xtcp_cong_undo(struct xtcp_tcb *t);
void xtcp_cong_event(struct xtcp_tcb *t, enum xtcp_cong_event event,
		     xtcp_usec_t now);
void xtcp_cong_idle(struct xtcp_tcb *t, xtcp_usec_t now);

/**
 * xtcp_cong_set_state - the only way to change xtcp_tcb.ca_state
 * @t: the connection
 * @state: the new one; may be the old one
 */
static inline void xtcp_cong_set_state(struct xtcp_tcb *t, enum xtcp_ca_state state)
{
	if (unlikely(t->ca_state != state))
		xtcp_cong_tell_state(t, state);
}

#endif /* XTCP_CORE_CONG_H */
