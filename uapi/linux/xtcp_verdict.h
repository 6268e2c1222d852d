/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What became of a segment that came for xtcp: one verdict for each, from one list.
 *
 * The module counts them, and the counters' names, /proc/net/xtcp_segments and what the
 * tools print are generated from it.  Names are ABI, numbers are not: the order is by kind.
 */
#ifndef _UAPI_LINUX_XTCP_VERDICT_H
#define _UAPI_LINUX_XTCP_VERDICT_H

/*
 * Kinds: K(name, text).  A segment with text, SYN or FIN is judged by those, and one
 * without by its acknowledgment.
 */
#define XTCP_VERDICT_KINDS(K)		\
	K(WAITS,	"waits")	\
	K(TAKEN,	"taken")	\
	K(DUPLICATE,	"duplicate")	\
	K(DROPPED,	"dropped")

/*
 * Verdicts: V(name, kind, counter, what became of it, clause of RFC 9293 unless another
 * RFC is named; empty: no RFC asks for it).
 */
#define XTCP_VERDICTS(V)								\
	/* the buffer is kept */							\
	V(WAITS, WAITS, "InBacklog",							\
	  "waits for its socket, which a process has just now", "")			\
	V(TEXT, TAKEN, "InText",							\
	  "text that comes next: it can be read", "3.10.7.4")				\
	V(GAP, TAKEN, "InGap",								\
	  "text or a FIN behind a gap: it waits for what is missing", "3.10.7.4")	\
	/* it is not, but what it says counts */					\
	V(ACK, TAKEN, "InAck",								\
	  "an acknowledgment without text", "3.10.7.4")					\
	V(FIN, TAKEN, "InFin",								\
	  "a FIN without text: the peer closed", "3.10.7.4")				\
	V(SYN, TAKEN, "InSyn",								\
	  "a SYN, or a SYN,ACK, without text", "3.10.7.2")				\
	V(RST, TAKEN, "InRst",								\
	  "a RST that ended its connection", "3.10.7.4")				\
	/* all that is in it had come before */						\
	V(DUP_DATA, DUPLICATE, "InDupData",						\
	  "nothing but text, SYN or FIN that had come before", "3.10.7.4")		\
	V(DUP_SYN, DUPLICATE, "InDupSyn",						\
	  "the same SYN again: our SYN,ACK was lost", "3.10.7.4")			\
	V(DUP_FIN, DUPLICATE, "InDupFin",						\
	  "the same FIN again in TIME_WAIT: our ACK was lost", "3.10.7.4")		\
	/* the segment is no good */							\
	V(HDR_SHORT, DROPPED, "InHdrShort",						\
	  "shorter than a TCP header", "3.1")						\
	V(HDR_OFFSET, DROPPED, "InHdrOffset",						\
	  "bad data offset", "3.1")							\
	V(CSUM, DROPPED, "InCsumErrors",						\
	  "bad checksum", "3.1")							\
	V(OPTION, DROPPED, "InBadOption",						\
	  "malformed option", "3.1")							\
	V(ADDRESS, DROPPED, "InAddrErrors",						\
	  "over IPv6 from a mapped or to an anycast address", "3.9.2.3")		\
	/* it does not fit its connection */						\
	V(SEQ, DROPPED, "InOutOfWindow",						\
	  "outside the receive window", "3.10.7.4")					\
	V(PAWS, DROPPED, "PAWSEstab",							\
	  "old timestamp", "RFC 7323 5.3")						\
	V(TSECR, DROPPED, "TSEcrRejected",						\
	  "echo of a timestamp that was never sent", "")				\
	V(RST_REFUSED, DROPPED, "InBadRst",						\
	  "a RST that is not acceptable", "RFC 5961 3.2")				\
	V(SYN_REFUSED, DROPPED, "SynChallenge",						\
	  "a SYN in a synchronised state", "RFC 5961 4.2")				\
	V(NO_ACK, DROPPED, "InNoAck",							\
	  "no ACK bit", "3.10.7.4")							\
	V(ACK_OLD, DROPPED, "InOldAck",							\
	  "acknowledgment too old", "RFC 5961 5.2")					\
	V(ACK_UNSENT, DROPPED, "InUnsentAck",						\
	  "acknowledges what was never sent", "3.10.7.4")				\
	V(FLAGS, DROPPED, "InBadFlags",							\
	  "bits that fit no state", "3.10.7.2")						\
	V(ZERO_WINDOW, DROPPED, "InZeroWindow",						\
	  "text against a closed window", "3.10.7.4")					\
	V(CLOSED_RCV, DROPPED, "InAfterClose",						\
	  "text that nobody will read", "3.6.1")					\
	/* there is no room for it */							\
	V(RCVBUF, DROPPED, "InRcvBuf",							\
	  "receive buffer full", "")							\
	V(MEMORY, DROPPED, "InNoMemory",						\
	  "out of memory", "")								\
	V(BACKLOG, DROPPED, "InBacklogDrop",						\
	  "socket backlog full", "")							\
	V(LISTEN_OVERFLOW, DROPPED, "ListenOverflows",					\
	  "accept queue full", "")							\
	V(SYN_QUEUE, DROPPED, "InSynQueueFull",						\
	  "SYN queue full, and no cookies", "")						\
	V(DEFER_ACCEPT, DROPPED, "DeferAcceptDrop",					\
	  "an ACK, where TCP_DEFER_ACCEPT waits for text", "")				\
	/* somebody does not want it */							\
	V(POLICY, DROPPED, "InPolicyDrop",						\
	  "IPsec policy", "RFC 4301 5.2")						\
	V(FILTER, DROPPED, "InFilterDrop",						\
	  "a filter of the socket or its control group, or the security module", "")	\
	V(LSM, DROPPED, "InLsmDrop",							\
	  "the security module refused the connection", "")				\
	V(CONNTRACK, DROPPED, "InConntrackDrop",					\
	  "connection tracking", "")							\
	V(MIN_TTL, DROPPED, "MinTTLDrop",						\
	  "fewer hops left than IP_MINTTL asks for", "RFC 5082 3")			\
	V(MD5_NOT_FOUND, DROPPED, "MD5NotFound",					\
	  "no signature, of a peer that has a key (TCP_MD5SIG)", "RFC 2385 2")		\
	V(MD5_UNEXPECTED, DROPPED, "MD5Unexpected",					\
	  "a signature, of a peer that has no key", "RFC 2385 2")			\
	V(MD5_FAILURE, DROPPED, "MD5Failure",						\
	  "the signature is another one", "RFC 2385 2")					\
	/* there is nobody */								\
	V(NO_ROUTE, DROPPED, "InNoRoute",						\
	  "no way back to who asks for a connection", "")				\
	V(NOT_OWNER, DROPPED, "InOwnerGone",						\
	  "its connection ended meanwhile, or is another now", "")

#define XTCP_VERDICT_KIND_ENUM_(name, text)	XTCP_VERDICT_IS_##name,

enum xtcp_verdict_kind {
	XTCP_VERDICT_KINDS(XTCP_VERDICT_KIND_ENUM_)
	XTCP_VERDICT_KIND_NR
};

#undef XTCP_VERDICT_KIND_ENUM_

#define XTCP_VERDICT_ENUM_(name, kind, counter, text, clause)	XTCP_VERDICT_##name,

enum xtcp_verdict {
	XTCP_VERDICT_NONE,	/* not yet */
	XTCP_VERDICTS(XTCP_VERDICT_ENUM_)
	XTCP_VERDICT_NR
};

#undef XTCP_VERDICT_ENUM_

#endif /* _UAPI_LINUX_XTCP_VERDICT_H */
