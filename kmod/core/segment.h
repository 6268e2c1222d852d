/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A segment as the core sees it: the parsed header of one that arrived, and
 * the record of one that is queued.
 */
#ifndef XTCP_CORE_SEGMENT_H
#define XTCP_CORE_SEGMENT_H

#include "platform.h"
#include "verdict.h"

/* Control bits, RFC 9293 3.1, in the order of the header's byte 13. */
#define XTCP_FIN	0x01
#define XTCP_SYN	0x02
#define XTCP_RST	0x04
#define XTCP_PSH	0x08
#define XTCP_ACK	0x10
#define XTCP_URG	0x20
#define XTCP_ECE	0x40
#define XTCP_CWR	0x80

/* Lengths in bytes. */
#define XTCP_HDR_MIN		20
#define XTCP_HDR_MAX		60
#define XTCP_OPT_MAX		(XTCP_HDR_MAX - XTCP_HDR_MIN)
#define XTCP_OPT_TS_ALIGNED	12	/* NOP NOP timestamps */

#define XTCP_WSCALE_MAX		14	/* RFC 7323 2.3 */
#define XTCP_MSS_DEFAULT	536	/* RFC 9293 3.7.1: IPv4 without the option */
#define XTCP_MSS_MIN		88	/* least that a user may set, as Linux */
/* The least that a peer can make us send, options included: 8 bytes of text. */
#define XTCP_SND_MSS_MIN	(XTCP_OPT_MAX + 8)

/* SACK blocks that are remembered, and reported at most (RFC 2018 3). */
#define XTCP_SACKS_MAX		4

/* struct xtcp_options.has */
#define XTCP_OPT_MSS		0x01
#define XTCP_OPT_WSCALE		0x02
#define XTCP_OPT_SACK_PERM	0x04
#define XTCP_OPT_TS		0x08
#define XTCP_OPT_SACK		0x10
#define XTCP_OPT_TFO		0x20	/* Fast Open, a cookie or a request */
#define XTCP_OPT_TFO_EXP	0x40	/* by the experimental kind, if the value was valid */
#define XTCP_OPT_BAD		0x80	/* one of a known kind had a wrong length */

/**
 * struct xtcp_options - the options of one segment, decoded
 * @has: XTCP_OPT_* of those present and well formed
 * @wscale: shift count, already limited to XTCP_WSCALE_MAX
 * @nr_sacks: SACK blocks present
 * @mss: maximum segment size, bytes
 * @sack_off: where the SACK blocks begin, bytes from the options' start
 * @tfo_len: length of the Fast Open cookie, bytes; 0: one is requested
 * @tfo_off: where it begins, bytes from the options' start
 * @tsval: the sender's timestamp
 * @tsecr: the timestamp that it echoes
 */
struct xtcp_options {
	u8	has;
	u8	wscale;
	u8	nr_sacks;
	u8	sack_off;
	u16	mss;
	u8	tfo_len;
	u8	tfo_off;
	u32	tsval;
	u32	tsecr;
};

/**
 * struct xtcp_segment - a segment that arrived
 * @seq: SEG.SEQ
 * @end_seq: first sequence number after it, SYN and FIN counted
 * @ack: SEG.ACK
 * @len: payload, bytes
 * @wnd: window field, not scaled
 * @flags: control bits
 * @urg: urgent pointer; only set with XTCP_URG
 * @urg_inline: SO_OOBINLINE; only set with XTCP_URG
 * @write_waits: a write waits for the end of the handshake; only set in SYN_SENT
 * @verdict: out: what became of it
 * @ecn: the ECN field of its IP header, XTCP_IP_*
 * @no_room: the host has no receive buffer left for the payload
 * @pressure: the system is short of memory for buffers
 * @free_space: window that the receive buffer has room for, bytes
 * @full_space: window that it would have if it were empty, bytes
 * @cost: window that its buffer's memory would have room for, bytes; this,
 *	  @max_space and @pressure are only set when xtcp_window_may_grow()
 * @max_space: window of the largest receive buffer there can be, bytes
 * @lowat: SO_RCVLOWAT, bytes
 * @segs: segments on the wire that were merged into this one
 * @mss: of a merged one: payload of each of those, of the last at most, bytes; 0: it came
 *	 alone
 * @mss_default: of a SYN: what a peer takes that does not say, bytes; 0: XTCP_MSS_DEFAULT
 * @node: record that holds the payload; owned by the core after
 *	  XTCP_ACT_QUEUED_OOO, by the host otherwise
 * @sacks: its SACK blocks as they came, opt.nr_sacks pairs of numbers in network
 *	   order; only valid when opt.has says XTCP_OPT_SACK
 * @opt: its options
 */
struct xtcp_segment {
	u32			seq;
	u32			end_seq;
	u32			ack;
	u32			len;
	u16			wnd;
	u8			flags;
	u8			verdict;
	u8			ecn;
	u16			urg;
	bool			urg_inline;
	bool			write_waits;
	bool			no_room;
	bool			pressure;
	u16			segs;
	u16			mss;
	u16			mss_default;
	u32			free_space;
	u32			full_space;
	u32			cost;
	u32			max_space;
	u32			lowat;
	struct xtcp_seg		*node;
	const u8		*sacks;
	struct xtcp_options	opt;
};

/**
 * xtcp_segment_size - payload of what was on the wire
 * @seg: a segment that came, maybe merged of several
 *
 * Return: that of the largest of them, bytes.
 */
static inline u32 xtcp_segment_size(const struct xtcp_segment *seg)
{
	return seg->mss ? seg->mss : seg->len;
}

/**
 * xtcp_peer_mss - what the peer takes, by its SYN
 * @seg: the SYN or SYN,ACK
 *
 * Return: bytes; without the option the default of its version of IP (RFC 9293 MUST-15).
 */
static inline u16 xtcp_peer_mss(const struct xtcp_segment *seg)
{
	if (seg->opt.has & XTCP_OPT_MSS)
		return seg->opt.mss;
	return seg->mss_default ? seg->mss_default : XTCP_MSS_DEFAULT;
}

/* struct xtcp_seg.mark */
#define XTCP_SEG_RETRANS	0x04	/* a retransmission of it may be in flight */
#define XTCP_SEG_EVER_RETRANS	0x08	/* more than one copy existed (Karn) */
#define XTCP_SEG_EOR		0x10	/* the host's: nothing is appended (MSG_EOR) */
#define XTCP_SEG_TSTAMP		0x20	/* the host's: tell the user when it was ACKed */
#define XTCP_SEG_HOST		(XTCP_SEG_EOR | XTCP_SEG_TSTAMP)

/* Packets of one record at most: one bit each. */
#define XTCP_SEG_PACKETS_MAX	64

/**
 * struct xtcp_range - consecutive sequence numbers
 * @seq: the first
 * @end_seq: the first after them
 */
struct xtcp_range {
	u32	seq;
	u32	end_seq;
};

/* 64 bits that lie anywhere: a record fits into the control buffer to the byte. */
typedef u64 __aligned(4) xtcp_bits_t;

/**
 * struct xtcp_seg - record of a queued segment
 * @seq: first sequence number
 * @end_seq: first sequence number after it, FIN counted
 * @flags: control bits to send it with; of a received one, those that came
 * @mark: XTCP_SEG_*, of one to send
 * @nr_sacks: of xtcp_tcb.ooo_last: how many @sacks there are
 * @mss: segment size that it was cut for, bytes; 0 when it has no payload
 * @segs: packets on the wire that still count as outstanding for it
 * @gone: packets in front of those, which SND.UNA has passed
 * @lost: packets before this one are lost, unless @sacked says otherwise
 * @again: packets from this one on were sent again, and the retransmissions
 *	   are in flight, unless @sacked says otherwise; the number of packets
 *	   when there are none
 * @xmit_us: when it was last sent, low 32 bits of the clock
 * @sacked: packets that the peer reported to hold, bit 0 is the first one
 * @sack_run: the peer reported everything from @end_seq to here; not after
 *	      @end_seq: nothing is known
 * @sacks: of xtcp_tcb.ooo_last: the SACK blocks to report, the one that grew
 *	   most recently first
 * @app_limited: it was sent when there was not more to send
 * @delivered: xtcp_tcb.delivered when it was sent
 * @delivered_us: when that count was reached, low 32 bits of the clock; 0: not
 *		  known
 * @first_tx_us: when the segment was sent that was delivered last then
 *
 * The last four are for delivery rates (core/rate.c) and not kept otherwise.
 *
 * One describes a run of bytes on the send side (up to a GSO buffer of many
 * packets) or on the receive side.  The host embeds it in the buffer that has
 * the bytes, so the core allocates nothing.
 *
 * A block that covers a part of a buffer splits nothing: that is what the bits
 * are for.  Packets of one record left at the same time, so what is taken for
 * lost is always a prefix.  Buffers are cut when a part is sent again.
 */
struct xtcp_seg {
	u32	seq;
	u32	end_seq;
	u8	flags;
	u8	mark;
	union {
		u8	nr_sacks;
		bool	app_limited;
	};
	union {
		struct {	/* sent */
			u16	mss;
			u8	segs;
			u8	gone;
			u8	lost;
			u8	again;
			u32	xmit_us;
			u32	delivered;
			u32	delivered_us;
			u32	first_tx_us;
			u32	sack_run;
			xtcp_bits_t sacked;
		};
		/* received, out of order */
		struct xtcp_range sacks[XTCP_SACKS_MAX];
	};
};

#endif /* XTCP_CORE_SEGMENT_H */
