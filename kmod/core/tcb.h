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

#include "fsm.h"
#include "note.h"
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
 * struct xtcp_conf - settings that all connections of a namespace share
 * @syn_retries: SYN retransmissions before connect() gives up
 * @syn_linear_timeouts: so many more, before the time between them doubles
 * @synack_retries: SYN,ACK retransmissions before a SYN_RECV is dropped
 * @retries1: retransmissions before the route is doubted (RFC 9293 R1)
 * @retries2: retransmissions before the connection is dropped (R2)
 * @orphan_retries: the same for a connection without a socket
 * @min_tso_segs: least segments in a burst
 * @tso_rtt_log: bursts are larger where the RTT is below about 2^this us; 0: no
 * @tso_win_divisor: a burst waits for more until it is this part of the window; 0:
 *		     until it is three segments
 * @min_rtt_wlen_s: for how long the least RTT counts, seconds
 * @pacing_ss_ratio: pacing rate in slow start, percent of cwnd / SRTT
 * @pacing_ca_ratio: the same afterwards
 * @fin_timeout_us: how long an orphan waits in FIN_WAIT2
 * @timewait_us: 2MSL
 * @keepalive_time_us: idle time before the first keepalive probe
 * @keepalive_intvl_us: time between probes
 * @keepalive_probes: unanswered probes before the connection is dropped
 * @window_scaling: offer RFC 7323 window scaling
 * @timestamps: offer RFC 7323 timestamps
 * @sack: offer RFC 2018 selective acknowledgment
 * @dsack: report duplicates as RFC 2883 has it
 * @stdurg: the urgent pointer points to the last urgent byte, not behind it
 * @ecn: XTCP_ECN_*
 * @ecn_fallback: a SYN that is sent again does not ask for ECN
 * @rfc1337: ignore RST in TIME_WAIT
 * @timewait_reuse: XTCP_TW_REUSE_* (Linux tcp_tw_reuse)
 * @timewait_reuse_delay_us: but not before it has been there as long
 * @slow_start_after_idle: RFC 2861: shrink cwnd after an idle RTO
 * @early_retrans: 3 and 4: tail loss probes (Linux tcp_early_retrans)
 * @recovery: XTCP_RACK_* (Linux tcp_recovery)
 * @frto: 0: no F-RTO
 * @reordering: first guess of how many segments one can be late
 * @max_reordering: largest such guess
 * @invalid_ratelimit_us: least time between two ACKs that answer segments
 *			  which are out of window or otherwise invalid
 * @rto_min_us: least RTO
 * @rto_max_us: greatest RTO
 * @shrink_window: a window that was offered may be taken back (needs scaling)
 * @moderate_rcvbuf: receive buffers grow with what their users read
 * @rcvbuf_low_rtt_us: where the RTT is shorter, receive buffers grow less
 * @signed_windows: without scaling, offer windows that fit a signed field
 * @app_win: 2^-app_win of the buffer is kept for what the window does not know; 0:
 *	     nothing is
 * @pingpong_thresh: answers after which ACKs wait to ride on the next
 * @notsent_lowat: bytes not sent yet up to which a socket is writable
 * @mtu_probing: search for the path's MTU (RFC 4821): 1: when a black hole is
 *		 suspected, 2: always
 * @base_mss: payload of a segment that the search begins with, bytes
 * @min_snd_mss: least size of a segment, options included, bytes
 * @mtu_probe_floor: black holes do not lower it below this, bytes
 * @probe_threshold: a search this close to its end is over, bytes
 * @probe_interval_s: a search that is over begins anew after this, seconds
 * @thin_linear_timeouts: a stream that is too thin for fast retransmission does
 *			  not double its first timeouts
 * @comp_sack_delay_ns: longest time that ACKs are held back behind a gap
 * @comp_sack_rtt_percent: of the RTT, the same
 * @comp_sack_nr: so many of them at most; 0: none
 * @delack_min_us: least delay of an ACK
 * @delack_max_us: greatest delay of an ACK
 */
struct xtcp_conf {
	u8	syn_retries;
	u8	syn_linear_timeouts;
	u8	synack_retries;
	u8	retries1;
	u8	retries2;
	u8	orphan_retries;
	u8	keepalive_probes;
	bool	window_scaling;
	bool	timestamps;
	bool	sack;
	bool	dsack;
	bool	stdurg;
	u8	ecn;
	bool	ecn_fallback;
	bool	rfc1337;
	u8	timewait_reuse;
	bool	thin_linear_timeouts;
	bool	shrink_window;
	bool	moderate_rcvbuf;
	bool	signed_windows;
	u8	app_win;
	u8	pingpong_thresh;
	u8	mtu_probing;
	u8	comp_sack_nr;
	int	comp_sack_rtt_percent;
	u64	comp_sack_delay_ns;
	int	base_mss;
	int	min_snd_mss;
	int	mtu_probe_floor;
	int	probe_threshold;
	u32	probe_interval_s;
	u32	notsent_lowat;
	bool	slow_start_after_idle;
	u8	tso_rtt_log;
	u8	tso_win_divisor;
	int	min_tso_segs;
	int	min_rtt_wlen_s;
	int	pacing_ss_ratio;
	int	pacing_ca_ratio;
	u8	early_retrans;
	u8	recovery;
	u8	frto;
	int	reordering;
	int	max_reordering;
	int	rcvbuf_low_rtt_us;
	u32	fin_timeout_us;
	u32	timewait_us;
	u32	timewait_reuse_delay_us;
	u32	invalid_ratelimit_us;
	u32	rto_min_us;
	u32	rto_max_us;
	u32	delack_min_us;
	u32	delack_max_us;
	u64	keepalive_time_us;
	u64	keepalive_intvl_us;
};

void xtcp_conf_init(struct xtcp_conf *conf);

/**
 * struct xtcp_path - what the administrator says about the path, with its route
 * @rto_min_us: least RTO; 0: xtcp_conf's
 * @rtt: what the RTT is likely to be, eighths of a millisecond; 0: nothing is known
 * @ssthresh: first slow-start threshold, segments; 0: none
 * @init_cwnd: segments that may be in flight at first; 0: XTCP_INIT_CWND
 * @cwnd_max: greatest congestion window, segments; 0: none
 * @reordering: first guess of how many segments one can be late; 0: xtcp_conf's
 * @quickack: ACKs are not delayed
 *
 * The host sets it when it has found a route, and again when that is another one.
 */
struct xtcp_path {
	u32	rto_min_us;
	u16	rtt;
	u16	ssthresh;
	u16	cwnd_max;
	u16	init_cwnd;
	u16	reordering : 15,
		quickack : 1;
};

/* struct xtcp_path.reordering has fifteen bits. */
#define XTCP_PATH_REORDERING_MAX	32767U

/* struct xtcp_conf.timewait_reuse */
#define XTCP_TW_REUSE_NEVER	0
#define XTCP_TW_REUSE_ALWAYS	1
#define XTCP_TW_REUSE_LOCAL	2	/* connections of this host with itself */

/* struct xtcp_tcb.flags */
#define XTCP_F_PASSIVE		0x0001	/* came out of a listener */
#define XTCP_F_TS_OK		0x0002	/* timestamps agreed on */
#define XTCP_F_WSCALE_OK	0x0004	/* window scaling agreed on */
#define XTCP_F_SACK_OK		0x0008	/* SACK agreed on */
#define XTCP_F_ECN_OK		0x0010	/* ECN agreed on */
#define XTCP_F_CORK		0x0020	/* TCP_CORK, or MSG_MORE while it lasts */
#define XTCP_F_FIN_QUEUED	0x0040	/* our FIN has its sequence number */
#define XTCP_F_FIN_RCVD		0x0080	/* the peer's FIN is behind rcv_nxt */
#define XTCP_F_RCV_SHUT		0x0100	/* the user will not read any more */
#define XTCP_F_ORPHAN		0x0200	/* no socket in user space */
#define XTCP_F_KEEPALIVE	0x0400	/* SO_KEEPALIVE */
#define XTCP_F_ACK_PENDING	0x0800	/* something came that is not ACKed yet */
#define XTCP_F_PROBE		0x1000	/* REXMIT runs as the persist timer */
#define XTCP_F_RATE_FULL	0x2000	/* @rate is no lower bound */
#define XTCP_F_CWND_LIMITED	0x4000	/* cwnd was what limited the last flight */
#define XTCP_F_CC_STARTED	0x8000	/* the algorithm's init was called */
#define XTCP_F_TLP_SEND		0x10000	/* a tail loss probe is to leave (RFC 8985 7.3) */
#define XTCP_F_FORCE		0x20000	/* persist timer: send what fits (RFC 9293 3.8.6.1) */
#define XTCP_F_SYN_OUT		0x40000	/* our SYN is not ACKed; no record stands for it */
#define XTCP_F_SACKS		0x80000	/* segments carry SACK blocks: those of @ooo_last */
#define XTCP_F_DSACK		0x100000 /* the next one reports a duplicate first (RFC 2883) */
#define XTCP_F_NODELAY		0x200000 /* TCP_NODELAY */
#define XTCP_F_ECN_SEEN		0x400000 /* the peer's segments are ECN-capable */
#define XTCP_F_ECN_ECHO		0x800000 /* one was marked: segments carry ECE */
#define XTCP_F_ECN_CWR		0x2000000 /* cwnd was reduced: the next new data carries CWR */
#define XTCP_F_ECN_ALL		0x4000000 /* congestion control needs ECN, on every segment */
#define XTCP_F_ECN_EXACT	0x8000000 /* and ECE to follow the marks (RFC 8257) */
#define XTCP_F_URG		0x40000000 /* a byte that was not read is marked urgent */
#define XTCP_F_URG_OUT		0x80000000 /* urgent data may not be ACKed yet */
#define XTCP_F_ACK_PUSHED	0x10000000 /* what waits for an ACK ends a write */
#define XTCP_F_ACK_PUSHED2	0x20000000 /* and so did something before it */
#define XTCP_F_THIN_LTO		0x1000000 /* TCP_THIN_LINEAR_TIMEOUTS */

/* struct xtcp_tcb.rec */
#define XTCP_R_TLP_TIMER	0x0001	/* REXMIT runs as the probe timer (RFC 8985 7) */
#define XTCP_R_REO_TIMER	0x0002	/* REXMIT runs as RACK's timer (RFC 8985 6.3) */
#define XTCP_R_TLP		0x0004	/* a probe is out, until tlp_high_seq is ACKed */
#define XTCP_R_TLP_RETRANS	0x0008	/* it was a retransmission */
#define XTCP_R_RACK_ADVANCED	0x0010	/* RACK has not looked since rack_us changed */
#define XTCP_R_RACK_DSACK	0x0020	/* the reordering window was too short */
#define XTCP_R_PRR		0x0040	/* cwnd goes down by PRR (RFC 6937) */
#define XTCP_R_UNDO		0x0080	/* the last reduction may have been for nothing */
#define XTCP_R_RETRANS		0x0100	/* something was sent again since, at undo_stamp */
#define XTCP_R_ECE		0x0200	/* but ECN had asked for it */
#define XTCP_R_FRTO		0x0400	/* was the timeout spurious? (RFC 5682) */
#define XTCP_R_FRTO_NEW		0x0800	/* to find out, new data goes first */
#define XTCP_R_DROPPED		0x1000	/* since a timer ran our own queue dropped a segment */
#define XTCP_R_TIMED_OUT	0x2000	/* a timeout is not repaired: @rto_time runs */
#define XTCP_R_MTUP		0x4000	/* the path's MTU is searched for (RFC 4821) */
#define XTCP_R_MTU_PROBE	0x8000	/* a probe of it is out, up to @mtup_end */

/* struct xtcp_conf.recovery, as Linux's tcp_recovery; RACK is always on */
#define XTCP_RACK_STATIC_REO_WND	0x02
#define XTCP_RACK_NO_DUPTHRESH		0x04

/**
 * enum xtcp_ca_state - what the sender thinks of the network
 * @XTCP_CA_OPEN: nothing is wrong
 * @XTCP_CA_DISORDER: duplicate ACKs or SACKs, not enough to call it a loss
 * @XTCP_CA_CWR: cwnd is being reduced for ECN or local congestion: no loss
 * @XTCP_CA_RECOVERY: fast recovery, until xtcp_tcb.recover is ACKed
 * @XTCP_CA_LOSS: after an RTO, until xtcp_tcb.recover is ACKed
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
/* struct xtcp_tcb.linger2_s: an orphan does not stay in FIN_WAIT2. */
#define XTCP_LINGER2_NONE	U8_MAX
/* Largest window without and with scaling, bytes. */
#define XTCP_WND_MAX_UNSCALED	65535U
#define XTCP_WND_MAX_SIGNED	32767U
#define XTCP_WND_MAX		(XTCP_WND_MAX_UNSCALED << XTCP_WSCALE_MAX)

/**
 * struct xtcp_tcb - a connection
 * @rcv_nxt: RCV.NXT
 * @copied_seq: first sequence number that the user has not read
 * @rcv_wup: RCV.NXT when the window was last advertised
 * @rcv_wnd: RCV.WND as it was last advertised, bytes from @rcv_wup
 * @snd_una: SND.UNA
 * @snd_nxt: SND.NXT
 * @write_seq: end of what the user has queued, FIN included
 * @snd_wnd: SND.WND, bytes
 * @snd_wl1: SND.WL1
 * @max_window: largest window the peer ever offered, bytes
 * @ts_recent: TS.Recent (RFC 7323)
 * @ts_offset: added to our clock to make TSval
 * @ts_recent_sec: when @ts_recent was taken, seconds
 * @rcv_tsecr: last TSecr that was accepted
 * @cwnd: congestion window, segments
 * @ssthresh: slow-start threshold, segments
 * @cwnd_cnt: segments ACKed since cwnd last grew in congestion avoidance
 * @max_packets_out: largest @packets_out of the last flight, segments
 * @cwnd_usage_seq: end of that flight
 * @prior_cwnd: @cwnd before the last reduction, segments; 0: nothing to undo
 * @prior_ssthresh: @ssthresh before the last reduction, segments
 * @delivered: segments that the peer is known to have received, modulo 2^32
 * @delivered_ce: of those, how many by ACKs with the ECN echo
 * @packets_out: segments sent and not cumulatively ACKed
 * @sacked_out: of those, known (SACK) or assumed (duplicate ACKs) to have left
 * @lost_out: of those, marked lost
 * @retrans_out: retransmissions outstanding
 * @recover: SND.NXT when recovery began (RFC 6582)
 * @srtt_us: smoothed RTT, eighths of a microsecond; 0 before the first sample
 * @mdev_us: RTTVAR, quarters of a microsecond
 * @rto_us: current RTO, without backoff, microseconds
 * @retrans_stamp: when the oldest unanswered retransmission, or probe, was sent
 *		   first, on the coarse clock; 0: none
 * @snd_sml: end of the last segment sent that was not full (Minshall's Nagle)
 * @lsndtime: when data was last sent, low 32 bits of the clock
 * @lrcvtime: when data last came, low 32 bits of the clock
 * @heard: when the peer was last heard of, on the coarse clock
 * @last_oow_ack: when an invalid segment was last answered, low 32 bits
 * @deadline: when each timer is due; 0: it is off
 * @conf: the namespace's settings
 * @path: the route's
 * @rtx: sent segments that are not ACKed, by sequence number
 * @retrans: ring of those that were sent again and may be in flight, at the
 *	     oldest; NULL: none
 * @todo: no segment of @rtx before this is waiting to be sent again; not kept in
 *	  XTCP_CA_OPEN
 * @judged: nor for RACK to look at it, unless it was sent again; likewise
 * @sack_high: end of the highest packet that was SACKed, if any is outstanding
 * @rack_us: when the newest packet that was delivered had been sent, low 32 bits
 *	     of the clock (RFC 8985 RACK.xmit_ts)
 * @rack_end_seq: where it ends
 * @rack_rtt_us: the RTT that it had, microseconds
 * @min_rtt_us: least RTT of late, microseconds; 0 before the first sample
 * @rate: of delivery
 * @min_rtt_stamp: when that was, in steps of 2^21 us
 * @reordering: how many segments one can be late, as far as is known
 * @reo_steps: RACK's reordering window, in quarters of @min_rtt_us
 * @reo_persist: recoveries left before that becomes 1 again
 * @reo_stamp: when it was last changed, on the coarse clock
 * @rec: XTCP_R_*
 * @tlp_high_seq: SND.NXT when the tail loss probe was sent
 * @prr_delivered: segments delivered since the reduction began (RFC 6937)
 * @prr_out: segments sent since
 * @undo_marker: SND.UNA then
 * @undo_stamp: TSval of the first retransmission since then
 * @undo_retrans: retransmissions since then that no D-SACK has called needless;
 *		  U16_MAX: none, or too many
 * @dsack_dups: packets that D-SACKs said came twice, for TCP_INFO
 * @reord_seen: how often reordering was seen
 * @ooo: segments that came ahead of a gap, by sequence number
 * @ooo_last: the last of @ooo, whose record also has the SACK blocks; NULL: none
 * @dsack: the duplicate to report, with XTCP_F_DSACK
 * @urg_seq: the byte that is marked urgent, with XTCP_F_URG
 * @urg_state: enum xtcp_urg_state
 * @snd_up: end of the urgent data that was sent (SND.UP), with XTCP_F_URG_OUT
 * @flags: XTCP_F_*
 * @mss: largest payload of a segment that we send, the options of every
 *	 segment already taken off; see xtcp_mss_now()
 * @mss_clamp: what the peer's MSS option and TCP_MAXSEG allow, without options
 * @path_mss: what the path takes, without options
 * @mtup_low: with XTCP_R_MTUP: what the path takes for sure, as @path_mss
 * @mtup_high: and what it may take at most
 * @mtup_end: with XTCP_R_MTU_PROBE: where the probe ends
 * @mtup_stamp: without: since when the search stands, on the coarse clock
 * @advmss: what our MSS option says
 * @rcv_mss: what the peer's segments look like, for delayed ACKs
 * @syn_data: text that went with our SYN, bytes (RFC 7413)
 * @syn_data_acked: it was taken; in a passive open, the text of the peer's SYN was
 * @state: enum xtcp_state; changed by xtcp_fsm_step() only
 * @cc: congestion control algorithm, index into xtcp_cc_table
 * @cc_priv: the algorithm's
 * @cc_mem: instead, of one that needs more: what the host allocated
 * @ca_state: enum xtcp_ca_state; changed by xtcp_cong_set_state() only
 * @snd_wscale: Snd.Wind.Shift
 * @rcv_wscale: Rcv.Wind.Shift
 * @backoff: doublings of @rto_us
 * @retransmits: consecutive timeouts without an ACK of new data
 * @probes_out: persist or keepalive probes without an answer
 * @syn_retries: TCP_SYNCNT, or 0 for the namespace's
 * @keep_probes: TCP_KEEPCNT, or 0 for the namespace's
 * @quick: immediate ACKs left before delayed ones begin
 * @pingpong: answers of the user to what it read, on which ACKs can ride
 * @gap_acks: ACKs sent at once since RCV.NXT moved or the gap appeared
 * @held_acks: ACKs that were not, and for which XTCP_TIMER_DELACK runs
 * @last_seg: size of the last segment that was smaller than @rcv_mss, bytes
 * @ato_us: current delay of an ACK
 * @rcv_ssthresh: limit on the window offered, grows as the peer fills it
 * @window_clamp: limit that does not grow, bytes
 * @keep_idle_s: TCP_KEEPIDLE, seconds, or 0 for the namespace's
 * @keep_intvl_s: TCP_KEEPINTVL, seconds, or 0 for the namespace's
 * @user_timeout_ms: TCP_USER_TIMEOUT, milliseconds, 0: @retries2 decides
 * @notsent_lowat: TCP_NOTSENT_LOWAT, bytes, 0: the namespace's
 * @linger2_s: TCP_LINGER2, seconds, 0: the namespace's fin_timeout
 * @rcv_rtt_us: RTT seen by the receiver, eighths of a microsecond
 * @rcv_rtt_seq: end of the window that is being timed without timestamps
 * @rcv_rtt_time: when it began, low 32 bits of the clock
 * @space_seq: @copied_seq when the reader was last measured
 * @space_time: when that was, low 32 bits of the clock
 * @space_bytes: bytes that the user read in one RTT
 * @iss: ISS
 * @irs: IRS
 * @total_retrans: segments sent again, for TCP_INFO
 * @acked_wraps: how often SND.UNA has gone round since @iss
 * @received_wraps: how often RCV.NXT has gone round since @irs
 * @bytes_retrans: payload bytes sent again, modulo 2^32, for TCP_INFO
 * @segs_out: segments sent, for TCP_INFO
 * @segs_in: segments received, for TCP_INFO
 * @data_segs_out: of those sent, how many with text
 * @data_segs_in: of those received, how many with text
 * @chrono: enum xtcp_chrono: what the sender waits for
 * @chrono_since: since when, on the coarse clock
 * @chrono_spent: how long it has waited for each before, units of the coarse clock
 * @rcv_ooopack: segments that came ahead of a gap, for TCP_INFO
 * @rto_time: how long timeouts took to repair, units of the coarse clock; less what
 *	      it shows now, while XTCP_R_TIMED_OUT is set
 * @total_rto: timeouts, modulo 2^16
 * @rto_recoveries: of those, the first ones of a series
 * @rehash: how often the host chose another path for that
 */
struct xtcp_tcb {
	/* receiving */
	u32		rcv_nxt;
	u32		copied_seq;
	u32		rcv_wup;
	u32		rcv_wnd;
	u32		snd_wl1;
	u32		ts_recent;
	u32		rcv_tsecr;
	u32		lrcvtime;
	u32		flags;
	u16		rcv_mss;
	u8		state;
	u8		snd_wscale : 4,
			rcv_wscale : 4;
	u8		quick;
	u8		pingpong;
	u16		advmss;
	u32		ato_us;
	u32		ts_recent_sec;
	u32		heard;
	struct rb_root	ooo;
	struct xtcp_seg	*ooo_last;

	/* sending */
	u32		snd_una;
	u32		snd_nxt;
	u32		write_seq;
	u32		snd_wnd;
	u32		cwnd;
	u32		packets_out;
	u32		sacked_out;
	u32		lost_out;
	u32		retrans_out;
	u32		lsndtime;
	u32		snd_sml;
	u32		ts_offset;
	u16		mss;
	u16		mss_clamp;
	u16		path_mss;
	u16		rec;
	struct rb_root	rtx;
	struct xtcp_seg	*retrans;
	u32		todo;
	u32		judged;
	u32		sack_high;
	u32		rack_us;
	u32		rack_end_seq;
	u32		rack_rtt_us;
	u32		min_rtt_us;
	struct xtcp_rate rate;
	const struct xtcp_conf *conf;
	struct xtcp_path path;
	u64		deadline[XTCP_TIMER_NR];
	u32		srtt_us;
	u32		mdev_us;
	u32		rto_us;
	u32		ssthresh;
	u32		cwnd_cnt;
	u32		max_packets_out;
	u32		cwnd_usage_seq;
	u32		delivered;
	u32		delivered_ce;
	u32		max_window;

	/* recovery and rare events */
	u32		recover;
	u32		prior_cwnd;
	u32		prior_ssthresh;
	u32		retrans_stamp;
	u32		tlp_high_seq;
	u32		prr_delivered;
	u32		prr_out;
	u32		undo_marker;
	u32		undo_stamp;
	u16		undo_retrans;
	u16		reordering;
	u16		reo_stamp;
	u16		dsack_dups;
	u16		reord_seen;
	u16		min_rtt_stamp;
	u16		mtup_low;
	u16		mtup_high;
	union {
		u32	mtup_end;
		u32	mtup_stamp;
	};
	u8		reo_steps;
	u8		reo_persist : 5,
			gap_acks : 2;
	u16		syn_data : 15,
			syn_data_acked : 1;
	u32		last_oow_ack;
	struct xtcp_range dsack;
	u32		urg_seq;
	u32		snd_up;
	u8		backoff;
	u8		retransmits;
	u8		probes_out;
	u8		held_acks;
	u16		syn_retries : 7,
			keep_probes : 7,
			urg_state : 2;
	u16		last_seg;
	u8		ca_state;
	u8		cc;
	u8		chrono;
	u8		linger2_s;
	u32		rcv_ssthresh;
	u32		window_clamp;
	u32		rcv_rtt_us;
	u32		rcv_rtt_seq;
	u32		rcv_rtt_time;
	u32		space_seq;
	u32		space_time;
	u32		space_bytes;
	u16		keep_idle_s;
	u16		keep_intvl_s;
	u32		user_timeout_ms;
	u32		notsent_lowat;
	u32		iss;
	u32		irs;
	u32		total_retrans;
	u32		bytes_retrans;
	u32		acked_wraps;
	u32		received_wraps;
	u32		segs_out;
	u32		segs_in;
	u32		data_segs_out;
	u32		data_segs_in;
	u32		chrono_since;
	u32		chrono_spent[3];
	union {
		u64		cc_priv[XTCP_CC_PRIV_SIZE / sizeof(u64)];
		void	*cc_mem;
	};
	u32		rcv_ooopack;
	u32		rto_time;
	u16		total_rto;
	u16		rto_recoveries;
	u16		rehash;
};

/*
 * Orders to the host.  It carries them out in this order, which is that of their bits;
 * what struct xtcp_actions lists is freed and delivered behind XTCP_ACT_QUEUED_OOO.
 */
#define XTCP_ACT_TIMEOUT	0x0001	/* counts as a retransmission timeout */
#define XTCP_ACT_URGENT		0x0002	/* the peer has urgent data: SIGURG */
#define XTCP_ACT_URG_BYTE	0x0004	/* and here it is, at @urg_off of the payload */
#define XTCP_ACT_DELIVER	0x0008	/* append the payload to what the user reads */
#define XTCP_ACT_QUEUED_OOO	0x0010	/* the core keeps the payload's record */
#define XTCP_ACT_SYN_DATA	0x0020	/* drop what SND.UNA has passed of the send queue */
#define XTCP_ACT_PURGE_OOO	0x0040	/* free what waits behind a gap: none can fill it */
#define XTCP_ACT_CONNECTED	0x0080	/* the handshake is complete */
#define XTCP_ACT_ERROR		0x0100	/* tell the user @error */
#define XTCP_ACT_QUEUE_FIN	0x0200	/* append a FIN to the send queue */
#define XTCP_ACT_ACK_SOON	0x0400	/* XTCP_TIMER_DELACK is due in less than a tick */
#define XTCP_ACT_ACK_SKIPPED	0x0800	/* counts as an answer that was not sent */
#define XTCP_ACT_ROUTE		0x1000	/* the route may be what fails */
#define XTCP_ACT_ACK_BEFORE	0x2000	/* an ACK of @ack_before, ECE as it was */
#define XTCP_ACT_SEND_SYN	0x4000	/* send a SYN; SYN,ACK in SYN_RECV */
#define XTCP_ACT_OUTPUT_FIRST	0x8000	/* look at the send queue */
#define XTCP_ACT_RETRANSMIT	0x10000	/* ask xtcp_retransmit_next() */
#define XTCP_ACT_OUTPUT		0x20000	/* look at the send queue */
#define XTCP_ACT_SEND_PROBE	0x40000	/* send an ACK with SEG.SEQ = SND.UNA - 1 */
#define XTCP_ACT_DUPACK		0x80000	/* the ACK counts as a duplicate, and leaves anyway */
#define XTCP_ACT_SEND_ACK	0x100000 /* send an ACK, if nothing that left carried it */
#define XTCP_ACT_ACK_MERGE	0x200000 /* which may be that of segments to come */
#define XTCP_ACT_CHALLENGE	0x400000 /* send an ACK if the global limit allows */
#define XTCP_ACT_SEND_RST	0x800000 /* send a RST with @rst_seq, @rst_ack */
#define XTCP_ACT_WAKE_READER	0x1000000 /* data or end of file */
#define XTCP_ACT_WAKE_WRITER	0x2000000 /* room in the send queue */
#define XTCP_ACT_TIME_WAIT	0x4000000 /* replace the TCB with a TIME_WAIT entry */
#define XTCP_ACT_DEAD		0x8000000 /* the connection is gone: free the queues */

/* Edges that one call can take: ACK of SYN, then ACK of FIN or FIN. */
#define XTCP_ACT_EDGES		3

/**
 * struct xtcp_actions - what the host has to do after an entry point
 * @orders: XTCP_ACT_*
 * @error: errno for the user, positive
 * @nr_edges: edges taken
 * @edges: which, in order
 * @bad_event: enum xtcp_event + 1 that the table had no edge for; 0: none
 * @lost_retrans: retransmissions that were lost themselves
 * @sack_discards: SACK blocks that cannot be
 * @dsack_segs: segments that D-SACKs report
 * @notes: what recovery did, for counters: bits by enum xtcp_note
 * @rst_flags: XTCP_ACK when the RST carries an acknowledgment
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
	u8			bad_event;
	u8			sack_discards;
	u8			rst_flags;
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

void xtcp_tcb_init(struct xtcp_tcb *t, const struct xtcp_conf *conf);
void xtcp_on_segment(struct xtcp_tcb *t, struct xtcp_segment *seg,
		     xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_on_user(struct xtcp_tcb *t, enum xtcp_call call, xtcp_usec_t now,
		  struct xtcp_actions *a);
void xtcp_on_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_timer_dropped(struct xtcp_tcb *t, u32 orders, xtcp_usec_t now);
u32 xtcp_rto_backed_off(const struct xtcp_tcb *t);
void xtcp_rto_revert(struct xtcp_tcb *t, u32 seq, xtcp_usec_t now);
void xtcp_on_read(struct xtcp_tcb *t, u32 copied, u32 free_space, u32 full_space,
		  xtcp_usec_t now, struct xtcp_actions *a);

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
	a->rst_flags = 0;
	a->acked = NULL;
	a->ready = NULL;
	a->ready_tail = NULL;
	a->dropped = NULL;
}

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
	t->rehash++;
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

/* The least RTO. */
static inline u32 xtcp_rto_min(const struct xtcp_tcb *t)
{
	return t->path.rto_min_us ? t->path.rto_min_us : t->conf->rto_min_us;
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

#endif /* XTCP_CORE_TCB_H */
