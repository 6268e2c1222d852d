/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a connection waits for, and for how long it has.
 *
 * A connection waits in each direction, always for one thing.  What it is follows from
 * its control block; how long it was that is known of connections that are watched
 * (XTCP_WATCH of SOL_XTCP, net.xtcp.watch_ratio), and sums to the time that they were.
 *
 * Numbers are ABI: append, never reorder.
 */
#ifndef _UAPI_LINUX_XTCP_WAIT_H
#define _UAPI_LINUX_XTCP_WAIT_H

#include <linux/types.h>
#include <linux/xtcp_fsm.h>

/* What sending waits for: W(name, what that is). */
#define XTCP_SEND_WAITS(W)								\
	W(NONE,		"there is no connection")					\
	W(HANDSHAKE,	"the peer has not acknowledged our SYN")			\
	W(NOTHING,	"the user has nothing to send")					\
	W(NETWORK,	"all that was written is on its way")				\
	W(SNDBUF,	"the send buffer: all of it is on its way, and the user has more") \
	W(CWND,		"the congestion window")					\
	W(WINDOW,	"the peer's window")						\
	W(NAGLE,	"a full segment or an ACK: Nagle, or TCP_CORK")			\
	W(PACING,	"its departure time: the connection is paced")			\
	W(QUEUE,	"room in the queues of this host")				\
	W(RECOVERY,	"what was lost is sent again")					\
	W(TIMEOUT,	"what was sent was not acknowledged in time")			\
	W(CLOSED,	"nothing: the direction is closed, and the peer knows")

/* What receiving waits for: W(name, what that is). */
#define XTCP_RECV_WAITS(W)								\
	W(NONE,		"there is no connection")					\
	W(PEER,		"the peer: all that came was read")				\
	W(READER,	"the user: what came was not read")				\
	W(GAP,		"a segment that is missing: others came behind it")		\
	W(WINDOW,	"the user: so much was not read that our window is closed")	\
	W(CLOSED,	"nothing: the direction is closed")

#define XTCP_SEND_WAIT_ENUM_(name, text)	XTCP_SEND_##name,
#define XTCP_RECV_WAIT_ENUM_(name, text)	XTCP_RECV_##name,

enum xtcp_send_wait {
	XTCP_SEND_WAITS(XTCP_SEND_WAIT_ENUM_)
	XTCP_SEND_WAIT_NR
};

enum xtcp_recv_wait {
	XTCP_RECV_WAITS(XTCP_RECV_WAIT_ENUM_)
	XTCP_RECV_WAIT_NR
};

#undef XTCP_SEND_WAIT_ENUM_
#undef XTCP_RECV_WAIT_ENUM_

/* struct xtcp_wait_info.flags */
#define XTCP_WAIT_ORPHAN	0x01	/* no user has the socket */
#define XTCP_WAIT_CORKED	0x02	/* TCP_CORK */
#define XTCP_WAIT_PEER_CLOSED	0x04	/* the peer's FIN came */
#define XTCP_WAIT_ACTIVE	0x08	/* we connected to the peer */
#define XTCP_WAIT_PERSIST	0x10	/* the timer is the persist timer (RFC 9293 3.8.6.1) */
#define XTCP_WAIT_KEEPALIVE	0x20	/* it is the keepalive timer (RFC 9293 3.8.4) */
#define XTCP_WAIT_SYN_AGAIN	0x40	/* our SYN was sent more than once */
#define XTCP_WAIT_USER_LIMIT	0x80	/* TCP_USER_TIMEOUT says when it gives up */
#define XTCP_WAIT_TEXT_TWICE	0x100	/* the newest text came again: our ACKs were lost */
#define XTCP_WAIT_MEMORY	0x200	/* memory for buffers is short: net.xtcp.mem */

/**
 * struct xtcp_wait_info - what a connection waits for, and the evidence
 * @sending: enum xtcp_send_wait
 * @receiving: enum xtcp_recv_wait
 * @state: enum xtcp_state
 * @ca_state: as tcpi_ca_state
 * @flags: XTCP_WAIT_*
 * @attempts: retransmissions, or probes, in a row that nobody answered
 * @limit: it gives up after so many; 0: it does not go by their number
 * @state_ms: how long it has been in @state
 * @heard_ms: since the peer acknowledged or sent anything that was new; all ones: never
 * @silent_ms: since the first of @attempts; 0: none
 * @left_ms: until it gives up if nobody answers; 0: that is not known, or it does not
 * @timer_ms: until the next attempt; 0: none is due
 * @unacked: bytes sent and not acknowledged, SYN and FIN included
 * @unsent: bytes queued and not sent, FIN included
 * @peer_window: bytes that the peer would still take
 * @cwnd: congestion window, segments
 * @in_flight: segments that are thought to be on their way
 * @mss: most payload of a segment, bytes
 * @unread: bytes that came in order and were not read
 * @window: bytes that we would still take
 * @gap: bytes that are missing before the first that came out of order; 0: no gap
 * @rtt_us: smoothed round-trip time, 0: not measured
 * @min_rtt_us: the least of late, 0: not measured
 * @rto_us: retransmission timeout
 * @segs_out: segments sent
 * @segs_again: of those, sent again
 * @segs_twice: packets that the peer said came twice, modulo 2^16
 * @reordered: how often the network changed the order of segments
 * @segs_in: segments received
 * @segs_early: of those, ahead of a gap
 * @timeouts: retransmission timeouts, modulo 2^16
 * @sent_ms: since data was last sent
 * @got_ms: since data last came
 * @reserved: 0
 * @acked: bytes that the peer acknowledged, SYN and FIN included
 * @read_ms: since the user last called to read, whatever came of it; all ones: he never did
 * @write_ms: the same of writing
 *
 * It may grow at its end: read as much as there is.
 */
struct xtcp_wait_info {
	__u8	sending;
	__u8	receiving;
	__u8	state;
	__u8	ca_state;
	__u32	flags;
	__u16	attempts;
	__u16	limit;
	__u32	state_ms;
	__u32	heard_ms;
	__u32	silent_ms;
	__u32	left_ms;
	__u32	timer_ms;
	__u32	unacked;
	__u32	unsent;
	__u32	peer_window;
	__u32	cwnd;
	__u32	in_flight;
	__u32	mss;
	__u32	unread;
	__u32	window;
	__u32	gap;
	__u32	rtt_us;
	__u32	min_rtt_us;
	__u32	rto_us;
	__u32	segs_out;
	__u32	segs_again;
	__u32	segs_twice;
	__u32	reordered;
	__u32	segs_in;
	__u32	segs_early;
	__u32	timeouts;
	__u32	sent_ms;
	__u32	got_ms;
	__u32	reserved;
	__u64	acked;
	__u32	read_ms;
	__u32	write_ms;
};

/**
 * struct xtcp_clock_info - what a connection that is watched spent its time with
 * @total_us: how long it was watched, or is
 * @state_us: of that, in each state (enum xtcp_state)
 * @send_us: what sending waited for
 * @recv_us: what receiving waited for
 *
 * Each array sums to @total_us.  The numbers of their rows come first, so that a reader
 * of another version finds its way.
 */
struct xtcp_clock_info {
	__u16	states;
	__u16	sends;
	__u16	recvs;
	__u16	reserved;
	__u64	total_us;
	__u64	state_us[XTCP_STATE_NR];
	__u64	send_us[XTCP_SEND_WAIT_NR];
	__u64	recv_us[XTCP_RECV_WAIT_NR];
};

/**
 * struct xtcp_listener_info - what came to a listener, and what became of it
 * @accept_now: connections that wait for accept()
 * @accept_limit: so many may
 * @accept_max: the most that ever did
 * @syn_now: peers whose SYN was answered, and that have not acknowledged that
 * @syn_limit: with more, cookies are sent instead, or SYNs dropped
 * @syn_max: the most there ever were
 * @accepted: connections that accept() took
 * @waited_ms: how long they had waited for it, together
 * @waited_max_ms: and the one that waited longest
 * @waits_ms: how long the oldest that waits now has waited, 0: none waits
 * @overflows: SYNs and ACKs that were dropped as the accept queue was full
 * @floods: SYNs that were dropped as the SYN queue was full, and cookies are off
 * @no_memory: connections that could not be made
 * @cookies_sent: SYN cookies (RFC 4987 3.6)
 * @cookies_good: that came back
 * @cookies_bad: ACKs that brought none, while cookies were out
 * @overflow_ms: since the last of @overflows; 0: there was none
 * @flood_ms: since the last of @floods or @cookies_sent; 0: there was none
 *
 * It may grow at its end.
 */
struct xtcp_listener_info {
	__u32	accept_now;
	__u32	accept_limit;
	__u32	accept_max;
	__u32	syn_now;
	__u32	syn_limit;
	__u32	syn_max;
	__u64	accepted;
	__u64	waited_ms;
	__u32	waited_max_ms;
	__u32	waits_ms;
	__u64	overflows;
	__u64	floods;
	__u64	no_memory;
	__u64	cookies_sent;
	__u64	cookies_good;
	__u64	cookies_bad;
	__u32	overflow_ms;
	__u32	flood_ms;
};

#endif /* _UAPI_LINUX_XTCP_WAIT_H */
