/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The TCP state machine of RFC 793 figure 6 and RFC 9293 3.3.2 as one table.
 *
 * Everything that knows about states, events and edges is generated from the
 * three lists in this file: the transition function and the per-edge counters
 * of the module, the edge numbers on netlink, the names that the tools print
 * and the figure that they draw, and the test that every edge is reached.
 *
 * Edge and event numbers are ABI: append, never reorder.
 */
#ifndef _UAPI_LINUX_XTCP_FSM_H
#define _UAPI_LINUX_XTCP_FSM_H

/*
 * States: S(name, number).  Names and numbers are those of /proc/net/tcp and
 * of enum tcp_state in <linux/tcp_states.h>, so that existing tools read them.
 */
#define XTCP_STATES(S)		\
	S(ESTABLISHED,	1)	\
	S(SYN_SENT,	2)	\
	S(SYN_RECV,	3)	\
	S(FIN_WAIT1,	4)	\
	S(FIN_WAIT2,	5)	\
	S(TIME_WAIT,	6)	\
	S(CLOSE,	7)	\
	S(CLOSE_WAIT,	8)	\
	S(LAST_ACK,	9)	\
	S(LISTEN,	10)	\
	S(CLOSING,	11)

/*
 * Events: V(name, text as in the figure).
 *
 * RCV_RST_PASSIVE is an acceptable RST for a SYN_RECV that a listener made:
 * RFC 9293 3.10.7.4 sends that one back to LISTEN and an active one to CLOSED.
 * RCV_FIN_ACK_OF_FIN is one segment that carries both, in FIN_WAIT1.
 */
#define XTCP_EVENTS(V)					\
	V(PASSIVE_OPEN,		"passive OPEN")		\
	V(ACTIVE_OPEN,		"active OPEN")		\
	V(SEND,			"SEND")			\
	V(CLOSE,		"CLOSE")		\
	V(ABORT,		"ABORT")		\
	V(RCV_SYN,		"rcv SYN")		\
	V(RCV_SYN_ACK,		"rcv SYN,ACK")		\
	V(RCV_ACK_OF_SYN,	"rcv ACK of SYN")	\
	V(RCV_FIN,		"rcv FIN")		\
	V(RCV_ACK_OF_FIN,	"rcv ACK of FIN")	\
	V(RCV_FIN_ACK_OF_FIN,	"rcv FIN,ACK of FIN")	\
	V(RCV_RST,		"rcv RST")		\
	V(RCV_RST_PASSIVE,	"rcv RST (passive)")	\
	V(TIMEOUT,		"timeout")		\
	V(TIMEOUT_2MSL,		"timeout=2MSL")

/*
 * Edges: E(from, to, event, what is sent or done, clause of RFC 9293 unless
 * another RFC is named).  An edge's name is FROM__EVENT, unique because a
 * state reacts to an event in one way.
 */
#define XTCP_EDGES(E)								\
	E(CLOSE,	LISTEN,		PASSIVE_OPEN,	"create TCB",	"3.10.1")	\
	E(CLOSE,	SYN_SENT,	ACTIVE_OPEN,	"snd SYN",	"3.10.1")	\
	E(LISTEN,	SYN_RECV,	RCV_SYN,	"snd SYN,ACK",	"3.10.7.2")	\
	E(LISTEN,	SYN_SENT,	SEND,		"snd SYN",	"3.10.2")	\
	E(LISTEN,	CLOSE,		CLOSE,		"delete TCB",	"3.10.4")	\
	E(SYN_SENT,	SYN_RECV,	RCV_SYN,	"snd SYN,ACK",	"3.10.7.3")	\
	E(SYN_SENT,	ESTABLISHED,	RCV_SYN_ACK,	"snd ACK",	"3.10.7.3")	\
	E(SYN_SENT,	CLOSE,		CLOSE,		"delete TCB",	"3.10.4")	\
	E(SYN_SENT,	CLOSE,		ABORT,		"delete TCB",	"3.10.5")	\
	E(SYN_SENT,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.3")	\
	E(SYN_SENT,	CLOSE,		TIMEOUT,	"delete TCB",	"3.8.3")	\
	E(SYN_RECV,	ESTABLISHED,	RCV_ACK_OF_SYN,	"",		"3.10.7.4")	\
	E(SYN_RECV,	FIN_WAIT1,	CLOSE,		"snd FIN",	"3.10.4")	\
	E(SYN_RECV,	LISTEN,		RCV_RST_PASSIVE, "delete TCB",	"3.10.7.4")	\
	E(SYN_RECV,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(SYN_RECV,	CLOSE,		ABORT,		"snd RST",	"3.10.5")	\
	E(SYN_RECV,	CLOSE,		TIMEOUT,	"delete TCB",	"3.8.3")	\
	E(ESTABLISHED,	FIN_WAIT1,	CLOSE,		"snd FIN",	"3.10.4")	\
	E(ESTABLISHED,	CLOSE_WAIT,	RCV_FIN,	"snd ACK",	"3.10.7.4")	\
	E(ESTABLISHED,	CLOSE,		ABORT,		"snd RST",	"3.10.5")	\
	E(ESTABLISHED,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(ESTABLISHED,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(FIN_WAIT1,	FIN_WAIT2,	RCV_ACK_OF_FIN,	"",		"3.10.7.4")	\
	E(FIN_WAIT1,	CLOSING,	RCV_FIN,	"snd ACK",	"3.10.7.4")	\
	E(FIN_WAIT1,	TIME_WAIT,	RCV_FIN_ACK_OF_FIN, "snd ACK",	"3.10.7.4")	\
	E(FIN_WAIT1,	CLOSE,		ABORT,		"snd RST",	"3.10.5")	\
	E(FIN_WAIT1,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(FIN_WAIT1,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(FIN_WAIT2,	TIME_WAIT,	RCV_FIN,	"snd ACK",	"3.10.7.4")	\
	E(FIN_WAIT2,	CLOSE,		ABORT,		"snd RST",	"3.10.5")	\
	E(FIN_WAIT2,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(FIN_WAIT2,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(CLOSE_WAIT,	LAST_ACK,	CLOSE,		"snd FIN",	"3.10.4")	\
	E(CLOSE_WAIT,	CLOSE,		ABORT,		"snd RST",	"3.10.5")	\
	E(CLOSE_WAIT,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(CLOSE_WAIT,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(CLOSING,	TIME_WAIT,	RCV_ACK_OF_FIN,	"",		"3.10.7.4")	\
	E(CLOSING,	CLOSE,		ABORT,		"delete TCB",	"3.10.5")	\
	E(CLOSING,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(CLOSING,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(LAST_ACK,	CLOSE,		RCV_ACK_OF_FIN,	"delete TCB",	"3.10.7.4")	\
	E(LAST_ACK,	CLOSE,		ABORT,		"delete TCB",	"3.10.5")	\
	E(LAST_ACK,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(LAST_ACK,	CLOSE,		TIMEOUT,	"delete TCB",	"3.10.8")	\
	E(TIME_WAIT,	CLOSE,		TIMEOUT_2MSL,	"delete TCB",	"3.10.8")	\
	E(TIME_WAIT,	SYN_RECV,	RCV_SYN,	"snd SYN,ACK",	"RFC 6191 2")	\
	E(TIME_WAIT,	TIME_WAIT,	RCV_FIN,	"snd ACK",	"3.10.7.4")	\
	E(TIME_WAIT,	CLOSE,		RCV_RST,	"delete TCB",	"3.10.7.4")	\
	E(TIME_WAIT,	CLOSE,		ABORT,		"delete TCB",	"3.10.5")

#define XTCP_STATE_ENUM_(name, nr)	XTCP_##name = nr,
#define XTCP_EVENT_ENUM_(name, text)	XTCP_EV_##name,
#define XTCP_EDGE_ENUM_(from, to, event, action, clause) XTCP_EDGE_##from##__##event,

enum xtcp_state {
	XTCP_STATES(XTCP_STATE_ENUM_)
	XTCP_STATE_NR		/* states are 1 .. XTCP_STATE_NR - 1 */
};

enum xtcp_event {
	XTCP_EVENTS(XTCP_EVENT_ENUM_)
	XTCP_EVENT_NR
};

enum xtcp_edge {
	XTCP_EDGES(XTCP_EDGE_ENUM_)
	XTCP_EDGE_NR
};

#undef XTCP_STATE_ENUM_
#undef XTCP_EVENT_ENUM_
#undef XTCP_EDGE_ENUM_

#endif /* _UAPI_LINUX_XTCP_FSM_H */
