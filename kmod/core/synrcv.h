/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN_RECV after a passive open: less than a TCB until the handshake is done.
 */
#ifndef XTCP_CORE_SYNRCV_H
#define XTCP_CORE_SYNRCV_H

#include "tcb.h"

/* struct xtcp_synrcv.retries has seven bits. */
#define XTCP_SYNRCV_RETRIES_MAX	127

/**
 * struct xtcp_synrcv - a connection in SYN_RECV
 * @iss: ISS
 * @irs: IRS
 * @rcv_wnd: window, of which the SYN,ACK offers what it can say without a scale, bytes
 * @ts_recent: TSval of the SYN
 * @sent: TSval of the first SYN,ACK; without timestamps when it was sent, low 32 bits
 *	  of the clock, 0: it was sent twice, or nobody knows
 * @last_oow_ack: when a repeated or invalid segment was last answered, low 32 bits
 * @ts_offset: added to our clock to make TSval
 * @mss: the peer's MSS option, or the default
 * @advmss: our MSS option
 * @snd_wscale: the peer's shift
 * @rcv_wscale: ours
 * @flags: XTCP_F_TS_OK, XTCP_F_WSCALE_OK, XTCP_F_SACK_OK, XTCP_F_ECN_OK,
 *	   XTCP_F_PASSIVE; eight bits
 * @retries: times that the timer fired
 * @acked: an ACK completed the handshake, but the accept queue was full, or
 *	   TCP_DEFER_ACCEPT waits for data
 * @tos: the host's: type of service of what answers, without the ECN bits
 */
struct xtcp_synrcv {
	u32	iss;
	u32	irs;
	u32	rcv_wnd;
	u32	ts_recent;
	u32	sent;
	u32	last_oow_ack;
	u32	ts_offset;
	u16	mss;
	u16	advmss;
	u8	snd_wscale : 4,
		rcv_wscale : 4;
	u8	retries : 7,
		acked : 1;
	u8	flags;
	u8	tos;
};

/**
 * struct xtcp_synrcv_queue - what an entry's timer has to know about the others
 * @len: entries of the listener
 * @young: of those, entries whose timer has not fired
 * @backlog: most that the listener wants to have
 * @retries: SYN,ACKs that an entry may send again when there is room
 * @defer: TCP_DEFER_ACCEPT, in runs of the timer; 0: off
 */
struct xtcp_synrcv_queue {
	u32	len;
	u32	young;
	u32	backlog;
	u8	retries;
	u8	defer;
};

/* What to do when the timer of an entry in SYN_RECV fires. */
enum xtcp_synrcv_due {
	XTCP_SYNRCV_EXPIRE,	/* give up */
	XTCP_SYNRCV_RESEND,	/* send the SYN,ACK again */
	XTCP_SYNRCV_WAIT,	/* the peer has it: wait for data */
};

/* What to do with a segment for an entry in SYN_RECV. */
enum xtcp_synrcv_verdict {
	XTCP_SYNRCV_DROP,	/* nothing; segment.verdict says why */
	XTCP_SYNRCV_SKIP,	/* nothing: one like it was answered just now */
	XTCP_SYNRCV_SYNACK,	/* send the SYN,ACK again */
	XTCP_SYNRCV_ACK,	/* not acceptable: send an ACK */
	XTCP_SYNRCV_CHALLENGE,	/* send a challenge ACK (RFC 5961) */
	XTCP_SYNRCV_RST,	/* bad acknowledgment: send a RST from SEG.ACK */
	XTCP_SYNRCV_ABORT,	/* another SYN: send a RST, back to LISTEN */
	XTCP_SYNRCV_RESET,	/* acceptable RST: back to LISTEN */
	XTCP_SYNRCV_ESTABLISH,	/* make the child, then give it the segment */
};

/* What to do with a segment for a listener. */
enum xtcp_listen_verdict {
	XTCP_LISTEN_DROP,	/* nothing; segment.verdict says why */
	XTCP_LISTEN_RST,	/* send a RST from SEG.ACK */
	XTCP_LISTEN_SYN,	/* make a SYN_RECV entry and answer */
};

enum xtcp_listen_verdict xtcp_listen_segment(struct xtcp_segment *seg);
void xtcp_synrcv_sent(struct xtcp_synrcv *r, xtcp_usec_t now);
void xtcp_synrcv_init(struct xtcp_synrcv *r, const struct xtcp_segment *seg,
		      const struct xtcp_conf *conf, u32 iss, u32 ts_offset,
		      u16 advmss, u32 space, u32 max_space);
void xtcp_synrcv_limit_window(struct xtcp_synrcv *r, u32 segs);
void xtcp_synrcv_reserve(struct xtcp_synrcv *r);
enum xtcp_synrcv_verdict xtcp_synrcv_segment(struct xtcp_synrcv *r,
					     struct xtcp_segment *seg,
					     const struct xtcp_conf *conf,
					     xtcp_usec_t now);
enum xtcp_synrcv_due xtcp_synrcv_timer(struct xtcp_synrcv *r,
				       const struct xtcp_synrcv_queue *q);
xtcp_usec_t xtcp_synrcv_timeout(const struct xtcp_synrcv *r,
				const struct xtcp_conf *conf);
void xtcp_synrcv_child(const struct xtcp_synrcv *r, struct xtcp_tcb *t,
		       const struct xtcp_conf *conf, xtcp_usec_t now);

#endif /* XTCP_CORE_SYNRCV_H */
