/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Why a connection took an edge of the state machine, and why a RST, an ACK or something
 * again was sent: one list.
 *
 * The module's counters, the reasons in netlink's messages and tracepoints, and what the
 * tools print of them are generated from it.  Reason numbers are ABI: append, never
 * reorder.
 */
#ifndef _UAPI_LINUX_XTCP_REASON_H
#define _UAPI_LINUX_XTCP_REASON_H

/*
 * Reasons: R(name, what happened, clause of RFC 9293 unless another RFC is named; empty:
 * no RFC asks for it).  "the user" is who has the socket.
 */
#define XTCP_EDGE_REASONS(R)								\
	/* a connection is opened */							\
	R(LISTEN,		"the user called listen()",		"3.10.1")	\
	R(CONNECT,		"the user called connect()",		"3.10.1")	\
	R(SYN_CAME,		"a peer asks for a connection: its SYN came", "3.10.7.2") \
	R(SYN_COOKIE,		"an ACK brought a SYN cookie back",	"RFC 4987 3.6")	\
	R(SYN_DATA,		"a peer's SYN came with a Fast Open cookie", "RFC 7413 4.2.2") \
	R(SYN_CROSSED,		"both sides connected at once: the SYNs crossed", "3.5") \
	R(SYN_REPLACES,		"a new SYN took the place of TIME_WAIT", "RFC 6191 2")	\
	R(PEER_ACCEPTED,	"the peer accepted: its SYN,ACK came",	"3.10.7.3")	\
	R(SYN_ACKED,		"the peer acknowledged our SYN",	"3.10.7.4")	\
	/* it is closed in order */							\
	R(USER_CLOSE,		"the user closed the socket",		"3.10.4")	\
	R(USER_SHUTDOWN,	"the user shut down the sending direction", "3.10.4")	\
	R(CONNECT_FAILED,	"connect() of a listener failed",	"3.10.4")	\
	R(PEER_CLOSED,		"the peer closed: its FIN came",	"3.10.7.4")	\
	R(PEER_CLOSED_AGAIN,	"the peer sent its FIN again: our ACK was lost", "3.10.7.4") \
	R(FIN_ACKED,		"the peer acknowledged our FIN",	"3.10.7.4")	\
	R(FIN_ANSWERED,		"one segment acknowledged our FIN and brought the peer's", \
									"3.10.7.4")	\
	R(TIME_WAIT_OVER,	"TIME_WAIT lasted as long as it has to", "3.10.8")	\
	R(TIME_WAIT_REUSED,	"a new connection of this host took the place of TIME_WAIT", "") \
	/* the peer ended it */								\
	R(PEER_REFUSED,		"the peer refused: its RST answered our SYN", "3.10.7.3") \
	R(PEER_RESET,		"the peer sent a RST",			"3.10.7.4")	\
	/* nothing came for too long */							\
	R(SYN_UNANSWERED,	"our SYN was not answered",		"3.8.3")	\
	R(SYN_ACK_UNANSWERED,	"our SYN,ACK was not acknowledged",	"3.8.3")	\
	R(DATA_UNANSWERED,	"what was sent again and again was not acknowledged", "3.8.3") \
	R(ORPHAN_UNANSWERED,	"the user had closed, and what was left was not acknowledged", \
									"3.8.3")	\
	R(PROBES_UNANSWERED,	"probes of a window that the peer had closed were not answered", \
									"3.8.6.1")	\
	R(KEEPALIVE_UNANSWERED,	"keepalive probes were not answered",	"3.8.4")	\
	R(USER_TIMEOUT,		"nothing was acknowledged for as long as TCP_USER_TIMEOUT says", \
									"3.10.8")	\
	R(PEER_STAYS_OPEN,	"the user had closed, and the peer did not close in time", "") \
	/* this host ended it */							\
	R(UNREAD_DATA,		"the user closed and had not read all that came", "3.6.1")	\
	R(LINGER_ZERO,		"the user closed with SO_LINGER and no time", "3.10.5")	\
	R(LINGER2_NONE,		"the user closed, and TCP_LINGER2 is below zero", "3.10.5") \
	R(DISCONNECT,		"the user gave up: connect() with AF_UNSPEC, an early shutdown()", \
									"3.10.5")	\
	R(DATA_AFTER_CLOSE,	"the peer sent text that the user will not read", "3.6.1")	\
	R(ICMP_ERROR,		"a host or router said that the peer cannot be reached", \
							"RFC 1122 4.2.3.9")		\
	R(LISTENER_CLOSED,	"the listener stopped listening, and nobody had accepted it", \
									"3.10.4")	\
	R(ACCEPT_QUEUE_FULL,	"the accept queue is full, and tcp_abort_on_overflow is set", "") \
	R(TOO_MANY_ORPHANS,	"too many connections without a user, or too little memory", "") \
	R(TIME_WAIT_FULL,	"more than tcp_max_tw_buckets in TIME_WAIT, or too little memory", \
							"")			\
	R(KILLED,		"the administrator ended it (SOCK_DESTROY)", "3.10.5")	\
	R(NAMESPACE_GONE,	"its network namespace went",		"")		\
	/* only a RST is sent, or the peer has begun anew */				\
	R(ACK_UNSENT,		"the peer acknowledged what was not sent", "3.5.2")	\
	R(NO_CONNECTION,	"a segment came that belongs to no connection", "3.10.7.2") \
	R(OLD_ECHO,		"a SYN,ACK echoed a timestamp that was not sent", "RFC 7323 3.2") \
	R(SYN_IN_WINDOW,	"another SYN came in the handshake",	"3.10.7.4")	\
	R(NOT_ACCEPTED,		"the peer acknowledged our SYN, and was not accepted in time", \
							"")

/* The same of ACKs without text, and of what is sent again. */
#define XTCP_ORDER_REASONS(R)								\
	/* an ACK without text is sent */						\
	R(ACK_DELAYED,		"the delayed ACK was due",		"3.8.6.3")	\
	R(ACK_SECOND,		"more than a full segment waited for an ACK", "3.8.6.3") \
	R(ACK_QUICK,		"ACKs are not delayed now: at first, after a loss, by a setting", \
									"3.8.6.3")	\
	R(ACK_READ,		"the user read what waited for an ACK",	"3.8.6.3")	\
	R(ACK_WINDOW,		"the user read, and the window is twice as large", "3.8.6.2.2") \
	R(ACK_GAP,		"a segment came behind a gap",		"RFC 5681 4.2")	\
	R(ACK_HELD,		"ACKs were held back behind a gap, and one was due", "") \
	R(ACK_FILLED,		"a segment filled a gap, or a part of it", "RFC 5681 4.2") \
	R(ACK_DUPLICATE,	"text came that had come before",	"RFC 2883 4")	\
	R(ACK_UNACCEPTABLE,	"a segment came that is not acceptable", "3.10.7.4")	\
	R(ACK_CHALLENGE,	"a segment came that may be a stranger's guess", "RFC 5961") \
	R(ACK_NO_WINDOW,	"text came that the window has no room for", "3.10.7.4") \
	R(ACK_NO_ROOM,		"text came that the receive buffer has no room for", "") \
	R(ACK_SYN_ACK,		"the peer's SYN,ACK came",		"3.10.7.3")	\
	R(ACK_FIN,		"the peer's FIN came, and cannot wait for an answer", "3.10.7.4") \
	R(ACK_ECN,		"marks of routers began or ended, or the peer reduced its window", \
									"RFC 8257 3.2")	\
	R(ACK_BACKLOG,		"segments came while the user had the socket: one ACK for all", \
									"3.8.6.3")	\
	R(ACK_ASKED,		"the user set TCP_QUICKACK",		"")		\
	R(PROBE_WINDOW,		"the peer's window is closed: does it open?", "3.8.6.1") \
	R(PROBE_KEEPALIVE,	"nothing came for long: is the peer there?", "3.8.4")	\
	/* something is sent again */							\
	R(RESEND_TIMEOUT,	"it was not acknowledged in time",	"RFC 6298 5.4")	\
	R(RESEND_RENEGED,	"the peer does not have what it had reported", "RFC 2018 8") \
	R(RESEND_TAIL,		"nothing acknowledged the last of a flight: a probe of its tail", \
									"RFC 8985 7.3")	\
	R(RESEND_OVERTAKEN,	"what left later has arrived",		"RFC 8985 6.2")	\
	R(RESEND_DUPLICATE_ACKS, "duplicate ACKs came, without SACK",	"RFC 6582 3.2")	\
	R(RESEND_PARTIAL_ACK,	"an ACK in recovery ended before another hole", "RFC 6582 3.2") \
	R(RESEND_MORE,		"an ACK lets more leave of what is lost", "RFC 6675 5")	\
	R(RESEND_WINDOW,	"the peer's window has room again for what is lost", "3.8.6") \
	R(RESEND_SMALLER,	"the path takes smaller packets only",	"RFC 1191 6.5")	\
	R(RESEND_MTU_PROBE,	"a probe of the path's MTU is lost",	"RFC 4821 7.6.2") \
	R(RESEND_PACED,		"the pacer, or this host's queue, lets more leave", "")	\
	R(SYN_CAME_AGAIN,	"the peer sent its SYN again: our SYN,ACK was lost", "3.10.7.4")

#define XTCP_REASONS(R)	XTCP_EDGE_REASONS(R) XTCP_ORDER_REASONS(R)

/*
 * Timers that end a connection: T(name, what it does each time).  Numbers are ABI as well.
 */
#define XTCP_TIMERS(T)								\
	T(SYN,			"SYN")						\
	T(SYN_ACK,		"SYN,ACK")					\
	T(RETRANSMISSION,	"retransmission")				\
	T(PERSIST,		"probe of the window")				\
	T(KEEPALIVE,		"keepalive probe")				\
	T(FIN_WAIT2,		"end of FIN_WAIT2")				\
	T(TIME_WAIT,		"end of TIME_WAIT")

/*
 * What became of a RST that came: V(name, why, clause as above).  Numbers are ABI as well.
 */
#define XTCP_RST_VERDICTS(V)								\
	V(ACCEPTED,	"it is what was awaited, exactly",		"RFC 5961 3.2")	\
	V(CHALLENGED,	"it is in the window, but not exact: the peer is asked", \
									"RFC 5961 3.2")	\
	V(NOT_ASKED,	"it is not exact, and the peer was asked a moment ago",	\
									"RFC 5961 7")	\
	V(OUT_OF_WINDOW, "its sequence number is not in the window",	"3.10.7.4")	\
	V(NOT_OF_SYN,	"it does not acknowledge our SYN",		"3.10.7.3")	\
	V(OF_TIME_WAIT,	"it may be as old as the rest that TIME_WAIT is for", "RFC 1337 2") \
	V(OF_LISTENER,	"no connection of the listener has these ends",	"3.10.7.2")

#define XTCP_REASON_ENUM_(name, text, clause)	XTCP_WHY_##name,
#define XTCP_RST_ENUM_(name, text, clause)	XTCP_RST_##name,
#define XTCP_TIMER_ENUM_(name, text)		XTCP_BY_##name,

enum xtcp_reason {
	XTCP_WHY_NONE,		/* of no edge and of no RST */
	XTCP_REASONS(XTCP_REASON_ENUM_)
	XTCP_WHY_NR
};

enum xtcp_by_timer {
	XTCP_BY_NONE,		/* no timer */
	XTCP_TIMERS(XTCP_TIMER_ENUM_)
	XTCP_BY_NR
};

enum xtcp_rst_verdict {
	XTCP_RST_NONE,		/* of no RST that came */
	XTCP_RST_VERDICTS(XTCP_RST_ENUM_)
	XTCP_RST_NR
};

#undef XTCP_REASON_ENUM_
#undef XTCP_TIMER_ENUM_
#undef XTCP_RST_ENUM_

#endif /* _UAPI_LINUX_XTCP_REASON_H */
