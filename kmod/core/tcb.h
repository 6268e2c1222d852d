/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmission control block (RFC 9293 3.3.1) and the core's entry points.
 *
 * The core decides, its host does.  Every entry point takes the TCB, what
 * happened and what time it is, changes the TCB and fills in the orders that
 * the host then carries out.  The core never blocks, allocates, sends or calls
 * the host back; the host serialises calls for one TCB.
 */
#ifndef XTCP_CORE_TCB_H
#define XTCP_CORE_TCB_H

#include "actions.h"
#include "conf.h"
#include "fsm.h"
#include "segment.h"
#include "seq.h"

/**
 * enum xtcp_timer - the timers of a connection
 * @XTCP_TIMER_REXMIT: retransmission (RFC 6298), or persist while the peer's
 *		       window is closed (RFC 9293 3.8.6.1): never both
 * @XTCP_TIMER_DELACK: delayed ACK (RFC 9293 3.8.6.3)
 * @XTCP_TIMER_KEEP: keepalive (RFC 9293 3.8.4), or the limit on FIN_WAIT2
 * @XTCP_TIMER_NR: how many
 */
enum xtcp_timer {
	XTCP_TIMER_REXMIT,
	XTCP_TIMER_DELACK,
	XTCP_TIMER_KEEP,
	XTCP_TIMER_NR
};

/**
 * struct xtcp_path - what the administrator says about the path, with its route
 * @rto_min_ms: least RTO; 0: xtcp_conf's
 * @reordering: first guess of how many segments one can be late; 0: xtcp_conf's
 * @rtt: what the RTT is likely to be, eighths of a millisecond; 0: nothing is known
 * @ssthresh: first slow-start threshold, segments; 0: none
 * @cwnd_max: greatest congestion window, segments; 0: none
 * @init_cwnd: segments that may be in flight at first; 0: XTCP_INIT_CWND
 * @quickack: ACKs are not delayed
 *
 * The host sets it when it has found a route, and again when that is another one.
 */
struct xtcp_path {
	u32	rto_min_ms : 17,
		reordering : 15;
	u16	rtt;
	u16	ssthresh;
	u16	cwnd_max;
	u16	init_cwnd : 15,
		quickack : 1;
};

/* struct xtcp_path.rto_min_ms has seventeen bits: more than any RTO. */
#define XTCP_PATH_RTO_MIN_MAX_MS	131071U
/* struct xtcp_path.reordering and init_cwnd have fifteen bits. */
#define XTCP_PATH_REORDERING_MAX	32767U
#define XTCP_PATH_INIT_CWND_MAX		32767U

/* struct xtcp_tcb.flags */
#define XTCP_F_PASSIVE		BIT(0)	/* came out of a listener */
#define XTCP_F_TS_OK		BIT(1)	/* timestamps agreed on */
#define XTCP_F_WSCALE_OK	BIT(2)	/* window scaling agreed on */
#define XTCP_F_SACK_OK		BIT(3)	/* SACK agreed on */
#define XTCP_F_ECN_OK		BIT(4)	/* ECN agreed on */
#define XTCP_F_CORK		BIT(5)	/* TCP_CORK, or MSG_MORE while it lasts */
#define XTCP_F_FIN_QUEUED	BIT(6)	/* our FIN has its sequence number */
#define XTCP_F_FIN_RCVD		BIT(7)	/* the peer's FIN is behind rcv_nxt */
#define XTCP_F_RCV_SHUT		BIT(8)	/* the user will not read any more */
#define XTCP_F_ORPHAN		BIT(9)	/* no socket in user space */
#define XTCP_F_KEEPALIVE	BIT(10)	/* SO_KEEPALIVE */
#define XTCP_F_ACK_PENDING	BIT(11)	/* something came that is not ACKed yet */
#define XTCP_F_PROBE		BIT(12)	/* REXMIT runs as the persist timer */
#define XTCP_F_RATE_FULL	BIT(13)	/* @rate is no lower bound */
#define XTCP_F_CWND_LIMITED	BIT(14)	/* cwnd was what limited the last flight */
#define XTCP_F_CC_STARTED	BIT(15)	/* the algorithm's init was called */
#define XTCP_F_TLP_SEND		BIT(16)	/* a tail loss probe is to leave (RFC 8985 7.3) */
#define XTCP_F_FORCE		BIT(17)	/* persist timer: send what fits (RFC 9293 3.8.6.1) */
#define XTCP_F_SYN_OUT		BIT(18)	/* our SYN is not ACKed; no record stands for it */
#define XTCP_F_SACKS		BIT(19)	/* segments carry SACK blocks: those of @ooo_last */
#define XTCP_F_DSACK		BIT(20)	/* the next one reports a duplicate first (RFC 2883) */
#define XTCP_F_NODELAY		BIT(21)	/* TCP_NODELAY */
#define XTCP_F_ECN_SEEN		BIT(22)	/* the peer's segments are ECN-capable */
#define XTCP_F_ECN_ECHO		BIT(23)	/* one was marked: segments carry ECE */
#define XTCP_F_THIN_LTO		BIT(24)	/* TCP_THIN_LINEAR_TIMEOUTS */
#define XTCP_F_ECN_CWR		BIT(25)	/* cwnd was reduced: the next new data carries CWR */
#define XTCP_F_ECN_ALL		BIT(26)	/* congestion control needs ECN, on every segment */
#define XTCP_F_ECN_EXACT	BIT(27)	/* and ECE to follow the marks (RFC 8257) */
#define XTCP_F_ACK_PUSHED	BIT(28)	/* what waits for an ACK ends a write */
#define XTCP_F_ACK_PUSHED2	BIT(29)	/* and so did something before it */
#define XTCP_F_URG		BIT(30)	/* a byte that was not read is marked urgent */
#define XTCP_F_URG_OUT		BIT(31)	/* urgent data may not be ACKed yet */

/* struct xtcp_tcb.rec */
#define XTCP_R_TLP_TIMER	BIT(0)	/* REXMIT runs as the probe timer (RFC 8985 7) */
#define XTCP_R_REO_TIMER	BIT(1)	/* REXMIT runs as RACK's timer (RFC 8985 6.3) */
#define XTCP_R_TLP		BIT(2)	/* a probe is out, until @recovery.tlp_high_seq is ACKed */
#define XTCP_R_TLP_RETRANS	BIT(3)	/* it was a retransmission */
#define XTCP_R_RACK_ADVANCED	BIT(4)	/* RACK has not looked since @rack.us changed */
#define XTCP_R_RACK_DSACK	BIT(5)	/* the reordering window was too short */
#define XTCP_R_PRR		BIT(6)	/* cwnd goes down by PRR (RFC 6937) */
#define XTCP_R_UNDO		BIT(7)	/* the last reduction may have been for nothing */
#define XTCP_R_RETRANS		BIT(8)	/* something was sent again since */
#define XTCP_R_ECE		BIT(9)	/* but ECN had asked for it */
#define XTCP_R_FRTO		BIT(10)	/* was the timeout spurious? (RFC 5682) */
#define XTCP_R_FRTO_NEW		BIT(11)	/* to find out, new data goes first */
#define XTCP_R_DROPPED		BIT(12)	/* since a timer ran our own queue dropped a segment */
#define XTCP_R_TIMED_OUT	BIT(13)	/* a timeout is not repaired: @info.rto_time runs */
#define XTCP_R_MTUP		BIT(14)	/* the path's MTU is searched for (RFC 4821) */
#define XTCP_R_MTU_PROBE	BIT(15)	/* a probe of it is out, up to @mtup.end_seq */

/* struct xtcp_conf.recovery, as Linux's tcp_recovery; RACK is always on */
#define XTCP_RACK_STATIC_REO_WND	0x02
#define XTCP_RACK_NO_DUPTHRESH		0x04

/**
 * enum xtcp_ca_state - what the sender thinks of the network
 * @XTCP_CA_OPEN: nothing is wrong
 * @XTCP_CA_DISORDER: duplicate ACKs or SACKs, not enough to call it a loss
 * @XTCP_CA_CWR: cwnd is being reduced for ECN or local congestion: no loss
 * @XTCP_CA_RECOVERY: fast recovery, until xtcp_tcb.recovery.end_seq is ACKed
 * @XTCP_CA_LOSS: after an RTO, until xtcp_tcb.recovery.end_seq is ACKed
 *
 * The numbers are those of TCP_INFO's tcpi_ca_state.
 */
enum xtcp_ca_state {
	XTCP_CA_OPEN,
	XTCP_CA_DISORDER,
	XTCP_CA_CWR,
	XTCP_CA_RECOVERY,
	XTCP_CA_LOSS,
};

/* Bytes that an algorithm has in the TCB for its own state. */
#define XTCP_CC_PRIV_SIZE	32

/**
 * struct xtcp_rate - how fast the network delivers (core/rate.c)
 * @first_tx_us: when the segment was sent that was delivered last, low 32 bits
 * @delivered_us: when xtcp_tcb.delivered last grew, low 32 bits
 * @app_limited: xtcp_tcb.delivered when the last segment will have arrived that
 *		 was sent for lack of more to send; 0: none
 * @delivered: segments of the sample that TCP_INFO shows
 * @interval_us: the time they took; 0: nothing was measured
 */
struct xtcp_rate {
	u32	first_tx_us;
	u32	delivered_us;
	u32	app_limited;
	u32	delivered;
	u32	interval_us;
};

/**
 * enum xtcp_urg_state - the byte that the peer marked
 * @XTCP_URG_AWAITED: it has not come yet
 * @XTCP_URG_HERE: the host has it, for recv() with MSG_OOB
 * @XTCP_URG_TAKEN: it was read that way
 */
enum xtcp_urg_state {
	XTCP_URG_AWAITED,
	XTCP_URG_HERE,
	XTCP_URG_TAKEN,
};

/* struct xtcp_tcb.syn_data has fifteen bits. */
#define XTCP_SYN_DATA_MAX	32767U

/* Delayed ACKs begin after this many (Linux, TCP_MAX_QUICKACKS). */
#define XTCP_QUICKACK_MAX	16
/* The delay of an ACK does not grow beyond this (Linux). */
#define XTCP_DELACK_MAX_US	(200 * XTCP_USEC_PER_MSEC)
/* Segments a sender may have in flight at first (RFC 6928). */
#define XTCP_INIT_CWND		10
/* Duplicate ACKs that mean a loss (RFC 5681 3.2). */
#define XTCP_DUPACK_THRESH	3
/* The first RTO, RFC 6298 2.1. */
#define XTCP_RTO_INIT_US	XTCP_USEC_PER_SEC
/* The same for data, when the SYN timed out and nothing was measured (5.7). */
#define XTCP_RTO_FALLBACK_US	(3 * XTCP_USEC_PER_SEC)
/* Timestamps older than this no longer condemn a segment (RFC 7323 5.5). */
#define XTCP_PAWS_DAYS_SEC	(24U * 24 * 3600)
/* struct xtcp_tcb.user.linger2_s: an orphan does not stay in FIN_WAIT2. */
#define XTCP_LINGER2_NONE	U8_MAX
/* Largest window without and with scaling, bytes. */
#define XTCP_WND_MAX_UNSCALED	65535U
#define XTCP_WND_MAX_SIGNED	32767U
#define XTCP_WND_MAX		(XTCP_WND_MAX_UNSCALED << XTCP_WSCALE_MAX)

/**
 * struct xtcp_rack - the newest packet that was delivered, and how late others may be (RFC 8985)
 */
struct xtcp_rack {
	/**
	 * @us: when the newest packet that was delivered had been sent, low 32 bits of the
	 * clock (RFC 8985 RACK.xmit_ts)
	 */
	u32		us;
	/** @end_seq: where it ends */
	u32		end_seq;
	/** @rtt_us: the RTT that it had, microseconds */
	u32		rtt_us;
	/** @reo_stamp: when it was last changed, on the coarse clock */
	u16		reo_stamp;
	/** @reo_steps: RACK's reordering window, in quarters of @min_rtt_us */
	u8		reo_steps;
	/** @reo_persist: recoveries left before that becomes 1 again */
	u8		reo_persist;
};

/**
 * struct xtcp_recovery - a reduction of the congestion window, and how it is taken back
 */
struct xtcp_recovery {
	/** @end_seq: SND.NXT when recovery began (RFC 6582) */
	u32		end_seq;
	/** @prior_cwnd: @cwnd before the last reduction, segments; 0: nothing to undo */
	u32		prior_cwnd;
	/** @prior_ssthresh: @ssthresh before the last reduction, segments */
	u32		prior_ssthresh;
	/** @tlp_high_seq: SND.NXT when the tail loss probe was sent */
	u32		tlp_high_seq;
	/** @prr_delivered: segments delivered since the reduction began (RFC 6937) */
	u32		prr_delivered;
	/** @prr_out: segments sent since */
	u32		prr_out;
	/** @undo_marker: SND.UNA then */
	u32		undo_marker;
	/** @undo_stamp: TSval of the first retransmission since then */
	u32		undo_stamp;
	/**
	 * @undo_retrans: retransmissions since then that no D-SACK has called needless;
	 * U16_MAX: none, or too many
	 */
	u16		undo_retrans;
	/** @reord_seen: how often reordering was seen */
	u16		reord_seen;
	/**
	 * @unclaimed: segments sent again, less those that D-SACKs said came twice; below
	 * zero the network makes copies
	 */
	s32		unclaimed;
};

/**
 * struct xtcp_mtu_search - the search for the path's MTU (RFC 4821)
 */
struct xtcp_mtu_search {
	/** @low: with XTCP_R_MTUP: what the path takes for sure, as @path_mss */
	u16		low;
	/** @high: and what it may take at most */
	u16		high;
	union {
		/** @end_seq: with XTCP_R_MTU_PROBE: where the probe ends */
		u32		end_seq;
		/** @stamp: without: since when the search stands, on the coarse clock */
		u32		stamp;
	};
};

/**
 * struct xtcp_tune - how fast the reader is, for the size of the receive buffer
 */
struct xtcp_tune {
	/** @rtt_us: RTT seen by the receiver, eighths of a microsecond */
	u32		rtt_us;
	/** @rtt_seq: end of the window that is being timed without timestamps */
	u32		rtt_seq;
	/** @rtt_time: when it began, low 32 bits of the clock */
	u32		rtt_time;
	/** @space_seq: @copied_seq when the reader was last measured */
	u32		space_seq;
	/** @space_time: when that was, low 32 bits of the clock */
	u32		space_time;
	/** @space_bytes: bytes that the user read in one RTT */
	u32		space_bytes;
};

/**
 * struct xtcp_user - what socket options have set; 0: as the namespace has it
 */
struct xtcp_user {
	/** @timeout_ms: TCP_USER_TIMEOUT, milliseconds, 0: @retries2 decides */
	u32		timeout_ms;
	/** @notsent_lowat: TCP_NOTSENT_LOWAT, bytes, 0: the namespace's */
	u32		notsent_lowat;
	/** @keep_idle_s: TCP_KEEPIDLE, seconds, or 0 for the namespace's */
	u16		keep_idle_s;
	/** @keep_intvl_s: TCP_KEEPINTVL, seconds, or 0 for the namespace's */
	u16		keep_intvl_s;
	/** @syn_retries: TCP_SYNCNT, or 0 for the namespace's */
	u8		syn_retries;
	/** @keep_probes: TCP_KEEPCNT, or 0 for the namespace's */
	u8		keep_probes;
	/** @linger2_s: TCP_LINGER2, seconds, 0: the namespace's fin_timeout */
	u8		linger2_s;
};

/**
 * struct xtcp_waited - how long the sender has waited for what
 */
struct xtcp_waited {
	/** @since: since when, on the coarse clock */
	u32		since;
	/** @spent: how long it has waited for each before, units of the coarse clock */
	u32		spent[3];
};

/**
 * struct xtcp_info - what is counted for TCP_INFO
 *
 * For showing only: the core decides nothing by it (selftests/unit/source).
 */
struct xtcp_info {
	/** @total_retrans: segments sent again */
	u32		total_retrans;
	/** @bytes_retrans: payload bytes sent again, modulo 2^32 */
	u32		bytes_retrans;
	/** @segs_out: segments sent */
	u32		segs_out;
	/** @segs_in: segments received */
	u32		segs_in;
	/** @data_segs_out: of those sent, how many with text */
	u32		data_segs_out;
	/** @data_segs_in: of those received, how many with text */
	u32		data_segs_in;
	/** @rcv_ooopack: segments that came ahead of a gap */
	u32		rcv_ooopack;
	/**
	 * @rto_time: how long timeouts took to repair, units of the coarse clock; less what it
	 * shows now, while XTCP_R_TIMED_OUT is set
	 */
	u32		rto_time;
	/** @total_rto: timeouts, modulo 2^16 */
	u16		total_rto;
	/** @rto_recoveries: of those, the first ones of a series */
	u16		rto_recoveries;
	/** @rehash: how often the host chose another path for that */
	u16		rehash;
	/** @dsack_dups: packets that D-SACKs said came twice */
	u16		dsack_dups;
};

/**
 * struct xtcp_tcb - a connection
 *
 * What every segment needs comes first: tcb.c asserts what lies together.
 */
struct xtcp_tcb {
	/* receiving */
	/** @rcv_nxt: RCV.NXT */
	u32		rcv_nxt;
	/** @copied_seq: first sequence number that the user has not read */
	u32		copied_seq;
	/** @rcv_wup: RCV.NXT when the window was last advertised */
	u32		rcv_wup;
	/** @rcv_wnd: RCV.WND as it was last advertised, bytes from @rcv_wup */
	u32		rcv_wnd;
	/** @snd_wl1: SND.WL1 */
	u32		snd_wl1;
	/** @ts_recent: TS.Recent (RFC 7323) */
	u32		ts_recent;
	/** @rcv_tsecr: last TSecr that was accepted */
	u32		rcv_tsecr;
	/** @lrcvtime: when data last came, low 32 bits of the clock */
	u32		lrcvtime;
	/** @flags: XTCP_F_* */
	u32		flags;
	/** @rcv_mss: what the peer's segments look like, for delayed ACKs */
	u16		rcv_mss;
	/** @state: enum xtcp_state; changed by xtcp_fsm_step() only */
	u8		state;
	/** @snd_wscale: Snd.Wind.Shift */
	u8		snd_wscale : 4;
	/** @rcv_wscale: Rcv.Wind.Shift */
	u8		rcv_wscale : 4;
	/** @quick: immediate ACKs left before delayed ones begin */
	u8		quick;
	/** @pingpong: answers of the user to what it read, on which ACKs can ride */
	u8		pingpong;
	/** @advmss: what our MSS option says */
	u16		advmss;
	/** @ato_us: current delay of an ACK */
	u32		ato_us;
	/** @ts_recent_sec: when @ts_recent was taken, seconds */
	u32		ts_recent_sec;
	/** @heard: when the peer was last heard of, on the coarse clock */
	u32		heard;
	/** @ooo: segments that came ahead of a gap, by sequence number */
	struct rb_root	ooo;
	/** @ooo_last: the last of @ooo, whose record also has the SACK blocks; NULL: none */
	struct xtcp_seg *ooo_last;

	/* sending */
	/** @snd_una: SND.UNA */
	u32		snd_una;
	/** @snd_nxt: SND.NXT */
	u32		snd_nxt;
	/** @write_seq: end of what the user has queued, FIN included */
	u32		write_seq;
	/** @snd_wnd: SND.WND, bytes */
	u32		snd_wnd;
	/** @cwnd: congestion window, segments */
	u32		cwnd;
	/** @packets_out: segments sent and not cumulatively ACKed */
	u32		packets_out;
	/** @sacked_out: of those, known (SACK) or assumed (duplicate ACKs) to have left */
	u32		sacked_out;
	/** @lost_out: of those, marked lost */
	u32		lost_out;
	/** @retrans_out: retransmissions outstanding */
	u32		retrans_out;
	/** @lsndtime: when data was last sent, low 32 bits of the clock */
	u32		lsndtime;
	/** @snd_sml: end of the last segment sent that was not full (Minshall's Nagle) */
	u32		snd_sml;
	/** @ts_offset: added to our clock to make TSval */
	u32		ts_offset;
	/**
	 * @mss: largest payload of a segment that we send, the options of every segment already
	 * taken off; see xtcp_mss_now()
	 */
	u16		mss;
	/** @mss_clamp: what the peer's MSS option and TCP_MAXSEG allow, without options */
	u16		mss_clamp;
	/** @path_mss: what the path takes, without options */
	u16		path_mss;
	/** @rec: XTCP_R_* */
	u16		rec;
	/** @rtx: sent segments that are not ACKed, by sequence number */
	struct rb_root	rtx;
	/**
	 * @retrans: ring of those that were sent again and may be in flight, at the oldest;
	 * NULL: none
	 */
	struct xtcp_seg *retrans;
	/**
	 * @todo: no segment of @rtx before this is waiting to be sent again; not kept in
	 * XTCP_CA_OPEN
	 */
	u32		todo;
	/** @judged: nor for RACK to look at it, unless it was sent again; likewise */
	u32		judged;
	/** @sack_high: end of the highest packet that was SACKed, if any is outstanding */
	u32		sack_high;
	/** @rack: the newest packet that was delivered */
	struct xtcp_rack rack;
	/** @rate: of delivery */
	struct xtcp_rate rate;
	/** @conf: the namespace's settings */
	const struct xtcp_conf *conf;
	/** @path: the route's */
	struct xtcp_path path;
	/** @min_rtt_us: least RTT of late, microseconds; 0 before the first sample */
	u32		min_rtt_us;
	/** @deadline: when each timer is due; 0: it is off */
	u64		deadline[XTCP_TIMER_NR];
	/** @srtt_us: smoothed RTT, eighths of a microsecond; 0 before the first sample */
	u32		srtt_us;
	/** @mdev_us: RTTVAR, quarters of a microsecond */
	u32		mdev_us;
	/** @rto_us: current RTO, without backoff, microseconds */
	u32		rto_us;
	/** @ssthresh: slow-start threshold, segments */
	u32		ssthresh;
	/** @cwnd_cnt: segments ACKed since cwnd last grew in congestion avoidance */
	u32		cwnd_cnt;
	/** @max_packets_out: largest @packets_out of the last flight, segments */
	u32		max_packets_out;
	/** @cwnd_usage_seq: end of that flight */
	u32		cwnd_usage_seq;
	/** @delivered: segments that the peer is known to have received, modulo 2^32 */
	u32		delivered;
	/** @delivered_ce: of those, how many by ACKs with the ECN echo */
	u32		delivered_ce;
	/** @max_window: largest window the peer ever offered, bytes */
	u32		max_window;

	/* recovery, and what is rare */
	/**
	 * @retrans_stamp: when the oldest unanswered retransmission, or probe, was sent first,
	 * on the coarse clock; 0: none
	 */
	u32		retrans_stamp;
	/** @recovery: a reduction of @cwnd */
	struct xtcp_recovery recovery;
	/** @mtup: the path's MTU is searched for */
	struct xtcp_mtu_search mtup;
	/** @reordering: how many segments one can be late, as far as is known */
	u16		reordering;
	/** @min_rtt_stamp: when that was, in steps of 2^21 us */
	u16		min_rtt_stamp;
	/** @last_seg: size of the last segment that was smaller than @rcv_mss, bytes */
	u16		last_seg;
	/** @syn_data: text that went with our SYN, bytes (RFC 7413) */
	u16		syn_data : 15;
	/** @syn_data_acked: it was taken; in a passive open, the text of the peer's SYN was */
	u16		syn_data_acked : 1;
	/** @last_oow_ack: when an invalid segment was last answered, low 32 bits */
	u32		last_oow_ack;
	/** @dsack: the duplicate to report, with XTCP_F_DSACK */
	struct xtcp_range dsack;
	/** @urg_seq: the byte that is marked urgent, with XTCP_F_URG */
	u32		urg_seq;
	/** @snd_up: end of the urgent data that was sent (SND.UP), with XTCP_F_URG_OUT */
	u32		snd_up;
	/** @backoff: doublings of @rto_us */
	u8		backoff;
	/** @retransmits: consecutive timeouts without an ACK of new data */
	u8		retransmits;
	/** @probes_out: persist or keepalive probes without an answer */
	u8		probes_out;
	/** @held_acks: ACKs that were not, and for which XTCP_TIMER_DELACK runs */
	u8		held_acks;
	/** @gap_acks: ACKs sent at once since RCV.NXT moved or the gap appeared */
	u8		gap_acks : 2;
	/** @urg_state: enum xtcp_urg_state */
	u8		urg_state : 2;
	/** @syn_again: our SYN, or text that went with it, was sent more than once */
	u8		syn_again : 1;
	/** @ack_gone: an ACK has left since segments were last ordered */
	u8		ack_gone : 1;
	/** @host_option: each segment has an option that the host adds */
	u8		host_option : 1;
	/** @ip6: its packets are IPv6's */
	u8		ip6 : 1;
	/** @ca_state: enum xtcp_ca_state; changed by xtcp_cong_set_state() only */
	u8		ca_state;
	/** @cc: congestion control algorithm, index into xtcp_cc_table */
	u8		cc;
	/** @chrono: enum xtcp_chrono: what the sender waits for */
	u8		chrono;
	/** @rcv_ssthresh: limit on the window offered, grows as the peer fills it */
	u32		rcv_ssthresh;
	/** @window_clamp: limit that does not grow, bytes */
	u32		window_clamp;
	/** @tune: how fast the reader is */
	struct xtcp_tune tune;
	/** @user: socket options */
	struct xtcp_user user;
	/** @iss: ISS */
	u32		iss;
	/** @irs: IRS */
	u32		irs;
	/** @acked_wraps: how often SND.UNA has gone round since @iss */
	u32		acked_wraps;
	/** @received_wraps: how often RCV.NXT has gone round since @irs */
	u32		received_wraps;
	/** @waited: how long for what */
	struct xtcp_waited waited;
	/** @info: for TCP_INFO */
	struct xtcp_info info;
	union {
		/** @cc_priv: the algorithm's */
		u64		cc_priv[XTCP_CC_PRIV_SIZE / sizeof(u64)];
		/** @cc_mem: instead, of one that needs more: what the host allocated */
		void *cc_mem;
	};
};

/**
 * enum xtcp_call - what the user does to a connection
 * @XTCP_CALL_LISTEN: listen()
 * @XTCP_CALL_CONNECT: connect(), or sendto() with an address on a listener
 * @XTCP_CALL_OPEN: the same, but the SYN waits for XTCP_CALL_SYN, so that text
 *		    can go with it (RFC 7413)
 * @XTCP_CALL_SYN: what goes with the SYN is queued, or nothing will
 * @XTCP_CALL_SHUT_WR: shutdown(SHUT_WR)
 * @XTCP_CALL_SHUT_RD: shutdown(SHUT_RD)
 * @XTCP_CALL_CLOSE: close(): no reader and no writer any more
 * @XTCP_CALL_ABORT: close() with unread data or SO_LINGER 0, SOCK_DESTROY,
 *		     the namespace goes, out of orphans
 * @XTCP_CALL_KEEPALIVE: SO_KEEPALIVE or one of its settings changed
 */
enum xtcp_call {
	XTCP_CALL_LISTEN,
	XTCP_CALL_CONNECT,
	XTCP_CALL_OPEN,
	XTCP_CALL_SYN,
	XTCP_CALL_SHUT_WR,
	XTCP_CALL_SHUT_RD,
	XTCP_CALL_CLOSE,
	XTCP_CALL_ABORT,
	XTCP_CALL_KEEPALIVE,
};

void xtcp_conf_init(struct xtcp_conf *conf);
void xtcp_tcb_init(struct xtcp_tcb *t, const struct xtcp_conf *conf);
enum xtcp_verdict __must_check
xtcp_on_segment(struct xtcp_tcb *t, struct xtcp_segment *seg, xtcp_usec_t now,
		struct xtcp_actions *a);
void xtcp_on_user(struct xtcp_tcb *t, enum xtcp_call call, enum xtcp_reason why,
		  xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_on_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_timer_dropped(struct xtcp_tcb *t, u32 orders, xtcp_usec_t now);
u32 xtcp_rto_backed_off(const struct xtcp_tcb *t);
void xtcp_rto_revert(struct xtcp_tcb *t, u32 seq, xtcp_usec_t now);
void xtcp_on_read(struct xtcp_tcb *t, u32 copied, u32 free_space, u32 full_space,
		  xtcp_usec_t now, struct xtcp_actions *a);

/**
 * xtcp_timer_next - when the host has to call xtcp_on_timer()
 * @t: the connection
 *
 * Return: the earliest deadline, 0 when no timer is armed.
 */
static inline xtcp_usec_t xtcp_timer_next(const struct xtcp_tcb *t)
{
	xtcp_usec_t next = ~0ULL;
	unsigned int i;

	/* one less, so that what is off comes last and needs no test of its own */
	for (i = 0; i < XTCP_TIMER_NR; i++)
		next = min_t(xtcp_usec_t, next, t->deadline[i] - 1);
	return next + 1;
}

/**
 * xtcp_path_known - what the route says of the path
 * @t: the connection
 * @path: the route's metrics
 */
static inline void xtcp_path_known(struct xtcp_tcb *t, const struct xtcp_path *path)
{
	t->path = *path;
}

/* The host chose another path, as a timeout may be this one's fault; for TCP_INFO. */
static inline void xtcp_path_changed(struct xtcp_tcb *t)
{
	t->info.rehash++;
}

/* Inside the core. */
static inline void xtcp_timer_arm(struct xtcp_tcb *t, enum xtcp_timer timer,
				  xtcp_usec_t when)
{
	t->deadline[timer] = when;
}

static inline void xtcp_timer_stop(struct xtcp_tcb *t, enum xtcp_timer timer)
{
	t->deadline[timer] = 0;
}

/* Something is sent again. */
static inline void xtcp_count_retrans(struct xtcp_tcb *t, u32 segs)
{
	t->info.total_retrans += segs;
	t->recovery.unclaimed += segs;
}

/* The least RTO. */
static inline u32 xtcp_rto_min(const struct xtcp_tcb *t)
{
	if (unlikely(t->path.rto_min_ms))
		return t->path.rto_min_ms * XTCP_USEC_PER_MSEC;
	return t->conf->rto_min_us;
}

/* Low 32 bits of the clock: differences up to 35 minutes are right. */
static inline u32 xtcp_stamp(xtcp_usec_t now)
{
	return (u32)now;
}

/*
 * The coarse clock: about milliseconds, and differences up to 50 days are right.
 */
#define XTCP_COARSE_SHIFT	10

static inline u32 xtcp_coarse(xtcp_usec_t now)
{
	return (u32)(now >> XTCP_COARSE_SHIFT);
}

/* The same where zero means never. */
static inline u32 xtcp_coarse_stamp(xtcp_usec_t now)
{
	u32 stamp = xtcp_coarse(now);

	return stamp ? stamp : 1;
}

/* TSval: a millisecond clock with an offset of the connection's own. */
static inline u32 xtcp_tsval(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	return (u32)(now / XTCP_USEC_PER_MSEC) + t->ts_offset;
}

/* SND.UNA moves ahead. */
static inline void xtcp_una_advance(struct xtcp_tcb *t, u32 seq)
{
	t->acked_wraps += seq - t->iss < t->snd_una - t->iss;
	t->snd_una = seq;
}

/* Sequence numbers of ours that were acknowledged, SYN and FIN included. */
static inline u64 xtcp_acked(const struct xtcp_tcb *t)
{
	return (u64)t->acked_wraps << 32 | (u32)(t->snd_una - t->iss);
}

/* RCV.NXT moves ahead. */
static inline void xtcp_rcv_advance(struct xtcp_tcb *t, u32 seq)
{
	t->received_wraps += seq - t->irs < t->rcv_nxt - t->irs;
	t->rcv_nxt = seq;
}

/* Sequence numbers of the peer that were received, SYN and FIN included. */
static inline u64 xtcp_received(const struct xtcp_tcb *t)
{
	return (u64)t->received_wraps << 32 | (u32)(t->rcv_nxt - t->irs);
}

/* How much of the advertised window the peer may still use, bytes. */
static inline u32 xtcp_receive_window(const struct xtcp_tcb *t)
{
	s32 win = t->rcv_wup + t->rcv_wnd - t->rcv_nxt;

	return win < 0 ? 0 : win;
}

/* RFC 6675 "pipe": segments that are thought to be in the network. */
static inline u32 xtcp_in_flight(const struct xtcp_tcb *t)
{
	return t->packets_out - t->sacked_out - t->lost_out + t->retrans_out;
}

static inline bool xtcp_in_recovery(const struct xtcp_tcb *t)
{
	return t->ca_state >= XTCP_CA_RECOVERY;
}

/* Room for the option that the host adds (RFC 2385 is one), bytes. */
#define XTCP_HOST_OPTION_LEN	20

/* What it takes of each segment. */
static inline u32 xtcp_host_option_len(const struct xtcp_tcb *t)
{
	return t->host_option ? XTCP_HOST_OPTION_LEN : 0;
}

/* Options that each segment has, whatever is to SACK: bytes. */
static inline u32 xtcp_option_len(const struct xtcp_tcb *t)
{
	return xtcp_host_option_len(t) + (t->flags & XTCP_F_TS_OK ? XTCP_OPT_TS_ALIGNED : 0);
}

#endif /* XTCP_CORE_TCB_H */
