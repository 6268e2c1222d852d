/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a connection is as it is: a pure function of what the module tells of it.
 *
 * Needs nothing but the uapi headers: the simulator, which knows the truth, asks the same
 * rules (selftests/sim/why.c).
 */
#ifndef XTCPSTAT_CAUSE_H
#define XTCPSTAT_CAUSE_H

#include <stddef.h>

#include <linux/xtcp_wait.h>

/*
 * Causes: C(name, who has to act, what he can do, clause of RFC 9293 unless another RFC is
 * named; empty: no RFC speaks of it).
 */
#define CAUSES(C)									\
	C(UNKNOWN,	"", "", "")						\
	C(IDLE,		"", "it is idle", "")					\
	C(OPENING,	"", "the handshake takes one round trip", "3.5")		\
	C(SYN_LOST,	"the network or the peer",					\
	  "is the address right, the host up, and does a firewall drop SYNs?", "3.8.3")	\
	C(ACCEPTOR,	"the peer", "it has to acknowledge our SYN,ACK", "3.5")		\
	C(DEAD_PEER,	"the network or the peer", "nothing new comes from there", "3.8.3") \
	C(ONE_WAY,	"the network",							\
	  "the peer is heard, but does not hear us: look for a filter or a route in our direction", \
	  "3.8.3")									\
	C(BLACK_HOLE,	"the network",							\
	  "packets of full size vanish: let ICMP \"too big\" pass, or set net.xtcp.mtu_probing=1", \
	  "RFC 4821")									\
	C(PEER_WINDOW,	"the program at the peer", "it has to read", "3.8.6.1")		\
	C(SMALL_PEER_WINDOW, "the program at the peer",					\
	  "it has to read faster, or needs a larger receive buffer", "3.8.6")		\
	C(OUR_WINDOW,	"our program", "it has to read: our window is closed", "3.8.6")	\
	C(SLOW_READER,	"our program", "it has to read", "")				\
	C(NOT_CLOSED,	"our program", "it has to close its descriptor", "3.6")		\
	C(PEER_OPEN,	"the program at the peer", "it has to close its side", "3.6")	\
	C(FIN_UNACKED,	"the peer", "it has to acknowledge our FIN", "3.6")		\
	C(NAGLE,	"our program",							\
	  "write what belongs together with one call, or set TCP_NODELAY", "3.7.4")	\
	C(CORK,		"our program", "it set TCP_CORK and has to take it away", "")	\
	C(SNDBUF,	"our program", "SO_SNDBUF is too small for this path", "")	\
	C(MEMORY,	"this host",							\
	  "memory for buffers is short: net.xtcp.mem says how much there may be", "") \
	C(CWND,		"", "the path's capacity is being used or looked for", "RFC 5681") \
	C(PACING,	"whoever set the rate", "SO_MAX_PACING_RATE, or BBR's rate", "")	\
	C(QUEUE,	"this host", "the queue of its device is full", "")		\
	C(ROUND_TRIPS,	"our program",							\
	  "each answer costs a round trip: ask for more at once", "")			\
	C(LOSS,		"the network", "it loses packets", "RFC 6675")			\
	C(REORDERING,	"the network", "it changes the order of packets", "RFC 8985")	\
	C(SPURIOUS,	"the network", "what was sent again had arrived: delays vary", "RFC 3708") \
	C(GAP,		"the peer", "it has to send again what is missing", "3.10.7.4")	\
	C(PEER_SLOW,	"the program at the peer", "it has nothing to say", "")		\
	C(WRITER_SLOW,	"our program", "it has nothing to send", "")			\
	C(KEEPALIVE,	"the network or the peer", "probes are not answered", "3.8.4")	\
	C(SERVES,	"", "it accepts what comes", "")				\
	C(ACCEPT_QUEUE_FULL, "our program", "it has to call accept()", "")		\
	C(ACCEPT_QUEUE_WAS_FULL, "our program",						\
	  "it has to call accept() more often, or listen() with more", "")		\
	C(SYN_FLOOD,	"whoever sends the SYNs",					\
	  "a flood, or net.xtcp.max_syn_backlog and listen()'s backlog are too small", \
	  "RFC 4987 3.6")								\
	C(TIME_WAIT,	"", "segments of this connection may still come", "3.6.1")	\
	C(SYN_ACK_LOST,	"the network or the peer", "it has to acknowledge our SYN,ACK", "3.5")

#define CAUSE_ENUM_(name, who, what, clause)	CAUSE_##name,

enum cause {
	CAUSES(CAUSE_ENUM_)
	CAUSE_NR
};

#undef CAUSE_ENUM_

/**
 * struct cause_desc - a row of the list
 * @name: as in enum cause
 * @who: has to act; empty: nobody
 * @what: he can do
 * @clause: where the RFCs say so; empty: nowhere
 */
struct cause_desc {
	const char	*name;
	const char	*who;
	const char	*what;
	const char	*clause;
};

extern const struct cause_desc causes[CAUSE_NR];

/**
 * struct facts - what is known of a connection
 * @wait: what it waits for
 * @clocks: what it spent its time with; NULL: it is not watched
 */
struct facts {
	struct xtcp_wait_info		wait;
	const struct xtcp_clock_info	*clocks;
};

enum cause cause_of(const struct facts *f);
enum cause cause_of_listener(const struct xtcp_listener_info *l);
enum cause cause_of_entry(unsigned int state);
void cause_of_listener_text(char *buf, size_t size, enum cause cause,
			    const struct xtcp_listener_info *l);
void cause_of_entry_text(char *buf, size_t size, enum cause cause, unsigned int left_ms,
			 unsigned int attempts);
void cause_text(char *buf, size_t size, enum cause cause, const struct facts *f);

#endif /* XTCPSTAT_CAUSE_H */
