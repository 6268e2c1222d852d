/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host of the core in user space: what kmod/ is in the kernel, for one
 * address and port that talks to one other.
 *
 * It has what the kernel's has: buffers with many segments each, send and
 * receive queues with limits, a listener with its SYN_RECV entry, a TIME_WAIT
 * entry, and one function that carries out orders.  Every event ends with the
 * invariants of core/check.c.  Memory is never short, unless a test wants it.
 */
#ifndef XTCP_HOST_ENDPOINT_H
#define XTCP_HOST_ENDPOINT_H

#include "cc_table.h"
#include "check.h"
#include "packet.h"
#include "pacing.h"
#include "synrcv.h"
#include "tcb.h"
#include "timewait.h"
#include "wait.h"

/**
 * struct buf - a buffer with the record of what is in it
 * @seg: the record
 * @rb: its tree links
 * @next: link in a list
 * @ring: link in the ring of retransmissions
 * @pos: send side: position of the first byte in the stream
 * @truesize: receive side: what it costs
 * @data: receive side: the payload
 */
struct buf {
	struct xtcp_seg	seg;
	struct rb_node	rb;
	struct buf	*next;
	struct list_head ring;
	u64		pos;
	u32		truesize;
	u8		data[];
};

/**
 * struct endpoint_conf - what an endpoint is like
 * @core: the namespace's settings
 * @iss: first ISS
 * @ts_offset: added to the clock to make TSval
 * @path_mss: what the path takes, bytes without options
 * @advmss: our MSS option
 * @gso_max: most payload of one buffer, bytes
 * @sndbuf: most bytes that are queued or not acknowledged
 * @rcvbuf: receive buffer, bytes
 * @rcvbuf_max: what it may grow to
 * @overhead: cost of a received buffer beyond its payload, bytes
 * @ratio: payload per 256 bytes of receive buffer, for the window
 * @challenges: challenge ACKs that may be sent, as a global limit
 * @cc: congestion control, index into xtcp_cc_table
 * @paced: every algorithm is paced, not only those that ask for it
 * @tx_stream: number of the stream that it sends
 * @rx_stream: number of the stream that it expects
 * @nodelay: TCP_NODELAY
 * @keepalive: SO_KEEPALIVE
 * @dctcp: congestion control needs ECN as in RFC 8257
 * @untimed: nobody measures how long a passive handshake takes
 * @mute: do not check the payload (a fuzzer makes it up)
 * @hollow: segments are sent without the bytes of their payload; implies @mute
 */
struct endpoint_conf {
	struct xtcp_conf core;
	u32	iss;
	u32	ts_offset;
	u16	path_mss;
	u16	advmss;
	u32	gso_max;
	u32	sndbuf;
	u32	rcvbuf;
	u32	rcvbuf_max;
	u32	overhead;
	u32	ratio;
	u32	challenges;
	u8	cc;
	bool	paced;
	u8	tx_stream;
	u8	rx_stream;
	bool	nodelay;
	bool	keepalive;
	bool	dctcp;
	bool	untimed;
	bool	mute;
	bool	hollow;
};

/**
 * struct endpoint_said - what a connection has said, and may not take back
 * @iss: which connection
 * @irs: which connection
 * @ack: acknowledgment number
 * @edge: right edge of the window
 * @tsval: timestamp
 * @at: when that was
 */
struct endpoint_said {
	u32	iss;
	u32	irs;
	u32	ack;
	u32	edge;
	u32	tsval;
	xtcp_usec_t at;
};

/**
 * struct endpoint - one end of a connection
 * @conf: what it is like
 * @now: the clock
 * @t: the connection, in CLOSE when there is none
 * @check: what @t was like
 * @clocks: what it spent its time with
 * @cc_mem: memory of its congestion control
 * @pace: its clock, when it is paced
 * @pace_waits: something waits for it
 * @has_listener: there is a listener
 * @listener: its TCB
 * @has_req: the listener has an entry in SYN_RECV
 * @req: the entry
 * @req_state: its state
 * @req_due: when its SYN,ACK is sent again
 * @has_tw: there is an entry in TIME_WAIT
 * @tw: the entry
 * @tw_state: its state
 * @tw_due: when it ends
 * @last: orders of the last event
 * @last_verdict: what became of the last segment
 * @sendq: data that was not sent yet
 * @sendq_tail: where it ends
 * @recvq: data that was not read yet
 * @recvq_tail: where it ends
 * @rmem: cost of all received buffers
 * @written: bytes that the user gave to this connection
 * @read: bytes that the user took
 * @eof: the user has read everything up to the peer's FIN
 * @connected: the handshake was completed once
 * @dead: the connection was closed, and not by TIME_WAIT
 * @orphan: the user is gone
 * @error: errno that the user got
 * @rcvbuf: receive buffer now
 * @challenges: challenge ACKs that are left
 * @fail_splits: a test: so many splits find no memory
 * @local_drops: a test: so many segments, or buffers with several, find no room in a
 *		 queue of this host
 * @notes: what was noted how often, by enum xtcp_note
 * @sack_discards: SACK blocks that were refused
 * @edges: how often each edge was taken
 * @verdicts: what became of segments: their sum is @came
 * @came: segments that arrived, as they were merged
 * @rx_segs: segments that arrived
 * @tx_segs: segments that were sent
 * @said: what the last segment of the connection said
 * @xmit: where packets go; they are the callee's then
 * @wrong: what to do when something is wrong; default: print and abort
 * @arg: for them
 */
struct endpoint {
	struct endpoint_conf	conf;
	const xtcp_usec_t	*now;
	struct xtcp_tcb		t;
	struct xtcp_check	check;
	struct xtcp_clocks	clocks;
	void			*cc_mem;
	struct xtcp_pace	pace;
	bool			pace_waits;
	bool			has_listener, has_req, has_tw;
	struct xtcp_tcb		listener;
	struct xtcp_synrcv	req;
	u8			req_state;
	xtcp_usec_t		req_due;
	struct xtcp_timewait	tw;
	u8			tw_state;
	xtcp_usec_t		tw_due;
	struct xtcp_actions	last;
	u8			last_verdict;
	struct buf		*sendq, *sendq_tail;
	struct buf		*recvq, *recvq_tail;
	u32			rmem;
	u64			written, read;
	bool			eof, connected, dead, orphan;
	int			error;
	u32			rcvbuf;
	u32			challenges;
	u32			fail_splits;
	u32			local_drops;
	u32			iss;
	u32			notes[XTCP_NOTE_NR];
	u32			sack_discards;
	u32			edges[XTCP_EDGE_NR];
	u32			whys[XTCP_WHY_NR];	/* edges by reason */
	u32			sent[XTCP_WHY_NR];	/* ACKs, and what was sent again */
	u32			rsts[XTCP_WHY_NR];	/* RSTs by reason */
	u64			verdicts[XTCP_VERDICT_NR];
	u64			came;
	u64			rx_segs, tx_segs;
	struct endpoint_said	said;
	void			(*xmit)(struct endpoint *ep, struct packet *p);
	void			(*wrong)(struct endpoint *ep, const char *what);
	void			*arg;
};

void endpoint_conf_init(struct endpoint_conf *conf);
void endpoint_init(struct endpoint *ep, const struct endpoint_conf *conf,
		   const xtcp_usec_t *now,
		   void (*xmit)(struct endpoint *ep, struct packet *p), void *arg);
void endpoint_free(struct endpoint *ep);

/* the user */
void endpoint_listen(struct endpoint *ep);
void endpoint_unlisten(struct endpoint *ep);
void endpoint_connect(struct endpoint *ep);
void endpoint_send_from_listen(struct endpoint *ep);
u32 endpoint_write(struct endpoint *ep, u32 len);
u32 endpoint_read(struct endpoint *ep, u32 len);
void endpoint_call(struct endpoint *ep, enum xtcp_call call);
void endpoint_close(struct endpoint *ep);
void endpoint_set(struct endpoint *ep, u32 set, u32 clear);
void endpoint_path(struct endpoint *ep, u16 path_mss);
void endpoint_abort_timewait(struct endpoint *ep);

/* network and clock */
void endpoint_receive(struct endpoint *ep, const struct packet *p);
xtcp_usec_t endpoint_due(const struct endpoint *ep);
void endpoint_timer(struct endpoint *ep);

u32 endpoint_readable(const struct endpoint *ep);
u32 endpoint_unacked(const struct endpoint *ep);
u8 endpoint_state(const struct endpoint *ep);

static inline struct buf *seg_buf(const struct xtcp_seg *seg)
{
	return (struct buf *)((char *)seg - offsetof(struct buf, seg));
}

#endif /* XTCP_HOST_ENDPOINT_H */
