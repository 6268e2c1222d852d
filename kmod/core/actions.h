/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core orders its host to do.
 */
#ifndef XTCP_CORE_ACTIONS_H
#define XTCP_CORE_ACTIONS_H

#include "note.h"
#include "reason.h"

/*
 * Orders to the host.  It carries them out in this order, which is that of their bits;
 * what struct xtcp_actions lists is freed and delivered behind XTCP_ACT_QUEUED_OOO.
 */
#define XTCP_ACT_TIMEOUT	BIT(0)	/* counts as a retransmission timeout */
#define XTCP_ACT_URGENT		BIT(1)	/* the peer has urgent data: SIGURG */
#define XTCP_ACT_URG_BYTE	BIT(2)	/* and here it is, at @urg_off of the payload */
#define XTCP_ACT_DELIVER	BIT(3)	/* append the payload to what the user reads */
#define XTCP_ACT_QUEUED_OOO	BIT(4)	/* the core keeps the payload's record */
#define XTCP_ACT_SYN_DATA	BIT(5)	/* drop what SND.UNA has passed of the send queue */
#define XTCP_ACT_PURGE_OOO	BIT(6)	/* free what waits behind a gap: none can fill it */
#define XTCP_ACT_CONNECTED	BIT(7)	/* the handshake is complete */
#define XTCP_ACT_ERROR		BIT(8)	/* tell the user @error */
#define XTCP_ACT_QUEUE_FIN	BIT(9)	/* append a FIN to the send queue */
#define XTCP_ACT_ACK_SOON	BIT(10)	/* XTCP_TIMER_DELACK is due in less than a tick */
#define XTCP_ACT_ACK_SKIPPED	BIT(11)	/* counts as an answer that was not sent */
#define XTCP_ACT_ROUTE		BIT(12)	/* the route may be what fails */
#define XTCP_ACT_ACK_BEFORE	BIT(13)	/* an ACK of @ack_before, ECE as it was */
#define XTCP_ACT_SEND_SYN	BIT(14)	/* send a SYN; SYN,ACK in SYN_RECV */
#define XTCP_ACT_OUTPUT_FIRST	BIT(15)	/* look at the send queue */
#define XTCP_ACT_RETRANSMIT	BIT(16)	/* ask xtcp_retransmit_next() */
#define XTCP_ACT_OUTPUT		BIT(17)	/* look at the send queue */
#define XTCP_ACT_SEND_PROBE	BIT(18)	/* send an ACK with SEG.SEQ = SND.UNA - 1 */
#define XTCP_ACT_DUPACK		BIT(19)	/* the ACK counts as a duplicate, and leaves anyway */
#define XTCP_ACT_SEND_ACK	BIT(20)	/* send an ACK, if nothing that left carried it */
#define XTCP_ACT_ACK_MERGE	BIT(21)	/* which may be that of segments to come */
#define XTCP_ACT_CHALLENGE	BIT(22)	/* send an ACK if the global limit allows */
#define XTCP_ACT_SEND_RST	BIT(23)	/* send a RST with @rst_seq, @rst_ack */
#define XTCP_ACT_WAKE_READER	BIT(24)	/* data or end of file */
#define XTCP_ACT_WAKE_WRITER	BIT(25)	/* room in the send queue */
#define XTCP_ACT_TIME_WAIT	BIT(26)	/* replace the TCB with a TIME_WAIT entry */
#define XTCP_ACT_DEAD		BIT(27)	/* the connection is gone: free the queues */

/* Edges that one call can take: ACK of SYN, then ACK of FIN or FIN. */
#define XTCP_ACT_EDGES		3

/**
 * struct xtcp_actions - what the host has to do after an entry point
 * @orders: XTCP_ACT_*
 * @error: errno for the user, positive
 * @nr_edges: edges taken
 * @edges: which, in order
 * @why: of each, enum xtcp_reason
 * @timer: what ended the connection; with an edge of XTCP_EV_TIMEOUT only
 * @bad_event: enum xtcp_event + 1 that the table had no edge for; 0: none
 * @lost_retrans: retransmissions that were lost themselves
 * @sack_discards: SACK blocks that cannot be
 * @dsack_segs: segments that D-SACKs report
 * @notes: for counters: bits by enum xtcp_note
 * @ack_why: enum xtcp_reason of XTCP_ACT_SEND_ACK, _ACK_BEFORE, _CHALLENGE and _SEND_PROBE
 * @again_why: enum xtcp_reason of XTCP_ACT_RETRANSMIT and _SEND_SYN
 * @rst_flags: XTCP_ACK when the RST carries an acknowledgment
 * @rst_why: enum xtcp_reason of the RST
 * @rst_seq: sequence number of the RST
 * @rst_ack: its acknowledgment number
 * @urg_off: where the urgent byte is in the payload
 * @ack_before: what to acknowledge before the rest (RFC 8257 3.2)
 * @acked: sent segments that were ACKed, for the host to free
 * @ready: segments that are in order now, to deliver behind the payload
 * @ready_tail: the last of them
 * @dropped: received segments that turned out to hold nothing new, to free
 *
 * The three lists are linked with xtcp_seg_next().
 */
struct xtcp_actions {
	u32			orders;
	u32			notes;
	u32			lost_retrans;
	u32			dsack_segs;
	int			error;
	u8			nr_edges;
	u8			edges[XTCP_ACT_EDGES];
	u8			why[XTCP_ACT_EDGES];
	u8			bad_event;
	u8			sack_discards;
	u8			ack_why;
	u8			again_why;
	u8			rst_flags;
	u8			rst_why;
	struct xtcp_cause_timer	timer;
	u32			rst_seq;
	u32			rst_ack;
	u32			urg_off;
	u32			ack_before;
	struct xtcp_seg		*acked;
	struct xtcp_seg		*ready;
	struct xtcp_seg		*ready_tail;
	struct xtcp_seg		*dropped;
};

/**
 * xtcp_actions_init - start with no orders
 * @a: what to clear
 */
static inline void xtcp_actions_init(struct xtcp_actions *a)
{
	a->orders = 0;
	a->notes = 0;
	a->lost_retrans = 0;
	a->dsack_segs = 0;
	a->sack_discards = 0;
	a->error = 0;
	a->nr_edges = 0;
	a->bad_event = 0;
	a->ack_why = XTCP_WHY_NONE;
	a->again_why = XTCP_WHY_NONE;
	a->rst_flags = 0;
	a->acked = NULL;
	a->ready = NULL;
	a->ready_tail = NULL;
	a->dropped = NULL;
}

/* struct xtcp_actions.notes has a bit for each. */
static_assert(XTCP_NOTE_NR <= 32);

/**
 * xtcp_actions_note - something happened that the host counts
 * @a: the orders
 * @what: what
 */
static inline void xtcp_actions_note(struct xtcp_actions *a, enum xtcp_note what)
{
	a->notes |= 1U << what;
}

/* Orders that have @ack_why, and @again_why. */
#define XTCP_ACT_ACKS	(XTCP_ACT_SEND_ACK | XTCP_ACT_ACK_BEFORE | XTCP_ACT_CHALLENGE | \
			 XTCP_ACT_SEND_PROBE)
#define XTCP_ACT_AGAIN	(XTCP_ACT_RETRANSMIT | XTCP_ACT_SEND_SYN)

/**
 * xtcp_actions_reasoned - has each order a reason?
 * @a: the orders
 */
static inline bool xtcp_actions_reasoned(const struct xtcp_actions *a)
{
	return (!(a->orders & XTCP_ACT_ACKS) || a->ack_why) &&
	       (!(a->orders & XTCP_ACT_AGAIN) || a->again_why) &&
	       (!(a->orders & XTCP_ACT_SEND_RST) || a->rst_why);
}

#endif /* XTCP_CORE_ACTIONS_H */
