/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings that all connections of a namespace share.
 */
#ifndef XTCP_CORE_CONF_H
#define XTCP_CORE_CONF_H

#include "platform.h"

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

/* struct xtcp_conf.timewait_reuse */
#define XTCP_TW_REUSE_NEVER	0
#define XTCP_TW_REUSE_ALWAYS	1
#define XTCP_TW_REUSE_LOCAL	2	/* connections of this host with itself */

#endif /* XTCP_CORE_CONF_H */
