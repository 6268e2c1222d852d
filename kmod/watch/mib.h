/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters, per namespace and per CPU: what happened, by name.
 *
 * Read by /proc/net/xtcp_netstat (nstat), /proc/net/xtcp_edges and netlink.
 */
#ifndef XTCP_MIB_H
#define XTCP_MIB_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "core/fsm.h"
#include "core/note.h"
#include "core/segment.h"

/* M(enum name, text): names are those of nstat's Tcp and TcpExt where one fits. */
#define XTCP_MIBS(M)						\
	M(ACTIVE_OPENS,		"ActiveOpens")			\
	M(PASSIVE_OPENS,	"PassiveOpens")			\
	M(ATTEMPT_FAILS,	"AttemptFails")			\
	M(ESTAB_RESETS,		"EstabResets")			\
	M(IN_SEGS,		"InSegs")			\
	M(OUT_SEGS,		"OutSegs")			\
	M(RETRANS_SEGS,		"RetransSegs")			\
	M(OUT_RSTS,		"OutRsts")			\
	M(TIMEOUTS,		"Timeouts")			\
	M(TIMEOUT_REHASH,	"TimeoutRehash")		\
	M(FAST_RETRANS,		"FastRetrans")			\
	M(SLOW_START_RETRANS,	"SlowStartRetrans")		\
	M(LOST_RETRANSMIT,	"LostRetransmit")		\
	M(SACK_DISCARD,		"SACKDiscard")			\
	M(DSACK_RECV_SEGS,	"DSACKRecvSegs")		\
	M(RETRANS_FAIL,		"RetransFail")			\
	M(SPURIOUS_RTX_HOST_QUEUES, "SpuriousRtxHostQueues")	\
	M(WQUEUE_TOO_BIG,	"WqueueTooBig")			\
	XTCP_NOTES(M)						\
	M(DELAYED_ACKS,		"DelayedACKs")			\
	M(ACK_COMPRESSED,	"AckCompressed")		\
	M(AUTOCORKING,		"AutoCorking")			\
	M(OFO_QUEUE,		"OFOQueue")			\
	M(OFO_MERGE,		"OFOMerge")			\
	M(DSACK_OLD_SENT,	"DSACKOldSent")			\
	M(DSACK_OFO_SENT,	"DSACKOfoSent")			\
	M(OPTION_IGNORED,	"OptionIgnored")		\
	M(PRUNE_CALLED,		"PruneCalled")			\
	M(OFO_PRUNED,		"OfoPruned")			\
	M(RCV_PRUNED,		"RcvPruned")			\
	M(RCV_COLLAPSED,	"RcvCollapsed")			\
	M(RCV_COALESCE,		"RcvCoalesce")			\
	M(BACKLOG_COALESCE,	"BacklogCoalesce")		\
	M(CHALLENGE_ACK,	"ChallengeACK")			\
	M(CHALLENGE_LIMITED,	"ChallengeLimited")		\
	M(DUP_ACK_SENT,		"DupAckSent")			\
	M(ACK_SKIPPED,		"ACKSkipped")			\
	M(REQ_QUEUE_FULL_COOKIES, "ReqQFullDoCookies")		\
	M(REQ_QUEUE_FULL_DROP,	"ReqQFullDrop")			\
	M(SYNCOOKIES_SENT,	"SyncookiesSent")		\
	M(SYNCOOKIES_RECV,	"SyncookiesRecv")		\
	M(SYNCOOKIES_FAILED,	"SyncookiesFailed")		\
	M(TFO_ACTIVE,		"FastOpenActive")		\
	M(TFO_ACTIVE_FAIL,	"FastOpenActiveFail")		\
	M(TFO_PASSIVE,		"FastOpenPassive")		\
	M(TFO_PASSIVE_FAIL,	"FastOpenPassiveFail")		\
	M(TFO_PASSIVE_ALT_KEY,	"FastOpenPassiveAltKey")	\
	M(TFO_LISTEN_OVERFLOW,	"FastOpenListenOverflow")	\
	M(TFO_COOKIE_REQUESTED,	"FastOpenCookieReqd")		\
	M(TFO_BLACKHOLE,	"FastOpenBlackhole")		\
	M(LISTEN_DROPS,		"ListenDrops")			\
	M(TW,			"TW")				\
	M(TW_RECYCLED,		"TWRecycled")			\
	M(TW_OVERFLOW,		"TWOverflow")			\
	M(ABORT_ON_DATA,	"AbortOnData")			\
	M(ABORT_ON_CLOSE,	"AbortOnClose")			\
	M(ABORT_ON_TIMEOUT,	"AbortOnTimeout")		\
	M(ABORT_ON_LINGER,	"AbortOnLinger")		\
	M(ABORT_ON_MEMORY,	"AbortOnMemory")		\
	M(MEMORY_PRESSURES,	"MemoryPressures")		\
	M(KEEPALIVE,		"KeepAlive")			\
	M(WIN_PROBE,		"WinProbe")			\
	M(OUT_NO_MEMORY,	"OutNoMemory")			\
	M(OUT_ERROR,		"OutError")			\
	M(ICMP_IN,		"IcmpIn")			\
	M(ICMP_OUT_OF_WINDOW,	"OutOfWindowIcmps")		\
	M(PMTU_SHRUNK,		"PmtuShrunk")			\
	M(NO_EDGE,		"NoEdge")	/* event without an edge in the table */ \
	M(EVENT_LOST,		"EventLost")	/* netlink report not sent */

#define XTCP_MIB_ENUM_(name, text)	XTCP_MIB_##name,
enum xtcp_mib_item {
	XTCP_MIBS(XTCP_MIB_ENUM_)
	XTCP_MIB_NR
};
#undef XTCP_MIB_ENUM_

/**
 * struct xtcp_mib - one CPU's counters of one namespace
 * @item: by enum xtcp_mib_item
 * @verdict: segments by what became of them, enum xtcp_verdict; WAITS is how many are in
 *	     a backlog now, and goes down on the processor that takes them out
 * @edge: edges taken by enum xtcp_edge
 * @why: the same by enum xtcp_reason
 * @rst: RSTs sent by enum xtcp_reason
 * @sent: ACKs without text, and what is sent again, likewise
 */
struct xtcp_mib {
	unsigned long item[XTCP_MIB_NR];
	unsigned long verdict[XTCP_VERDICT_NR];
	unsigned long edge[XTCP_EDGE_NR];
	unsigned long why[XTCP_WHY_NR];
	unsigned long rst[XTCP_WHY_NR];
	unsigned long sent[XTCP_WHY_NR];
};

#define xtcp_count(xn, name)	this_cpu_inc((xn)->mib->item[XTCP_MIB_##name])
#define xtcp_count_add(xn, name, n)	\
	this_cpu_add((xn)->mib->item[XTCP_MIB_##name], n)
/* An edge is taken n times, and why. */
#define xtcp_count_edge(xn, nr, reason, n)	do {		\
	this_cpu_add((xn)->mib->edge[nr], n);			\
	this_cpu_add((xn)->mib->why[reason], n);		\
} while (0)
/* An ACK without text leaves, or something again, and why. */
#define xtcp_count_sent(xn, reason, n)	this_cpu_add((xn)->mib->sent[reason], n)
/* A RST leaves, and why. */
#define xtcp_count_rst(xn, reason)	do {		\
	xtcp_count(xn, OUT_RSTS);			\
	this_cpu_inc((xn)->mib->rst[reason]);		\
} while (0)

struct xtcp_net;

extern const char *const xtcp_mib_names[XTCP_MIB_NR];

void xtcp_mib_sum(const struct xtcp_net *xn, struct xtcp_mib *sum);
long xtcp_mib_in_state(const struct xtcp_mib *sum, unsigned int state);
unsigned long xtcp_mib_segments(const struct xtcp_mib *sum);
bool xtcp_mib_balances(const struct xtcp_net *xn);

#endif /* XTCP_MIB_H */
