/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What loss recovery did, and what became of text that is not kept, for the host to count.
 */
#ifndef XTCP_CORE_NOTE_H
#define XTCP_CORE_NOTE_H

/*
 * N(enum name, text): the names are those of nstat's TcpExt without "TCP".  One
 * event notes each once at most.
 */
#define XTCP_NOTES(N)							\
	N(RENO_RECOVERY,	"RenoRecovery")				\
	N(SACK_RECOVERY,	"SackRecovery")				\
	N(RENO_REORDER,		"RenoReorder")				\
	N(SACK_REORDER,		"SACKReorder")				\
	N(TS_REORDER,		"TSReorder")				\
	N(SACK_RENEGING,	"SACKReneging")				\
	N(DSACK_RECV,		"DSACKRecv")				\
	N(DSACK_OFO_RECV,	"DSACKOfoRecv")				\
	N(DSACK_IGNORED_OLD,	"DSACKIgnoredOld")			\
	N(DSACK_IGNORED_NO_UNDO, "DSACKIgnoredNoUndo")			\
	N(DSACK_IGNORED_DUBIOUS, "DSACKIgnoredDubious")			\
	N(FULL_UNDO,		"FullUndo")				\
	N(PARTIAL_UNDO,		"PartialUndo")				\
	N(DSACK_UNDO,		"DSACKUndo")				\
	N(LOSS_UNDO,		"LossUndo")				\
	N(SPURIOUS_RTOS,	"SpuriousRTOs")				\
	N(LOSS_PROBES,		"LossProbes")				\
	N(LOSS_PROBE_RECOVERY,	"LossProbeRecovery")			\
	N(RENO_FAILURES,	"RenoFailures")				\
	N(SACK_FAILURES,	"SackFailures")				\
	N(LOSS_FAILURES,	"LossFailures")				\
	N(RENO_RECOVERY_FAIL,	"RenoRecoveryFail")			\
	N(SACK_RECOVERY_FAIL,	"SackRecoveryFail")			\
	N(MTUP_FAIL,		"MTUPFail")				\
	N(MTUP_SUCCESS,		"MTUPSuccess")				\
	N(BEYOND_WINDOW,	"BeyondWindow")				\
	N(ZERO_WINDOW_DROP,	"ZeroWindowDrop")			\
	N(RCVQ_DROP,		"RcvQDrop")				\
	N(OFO_DROP,		"OFODrop")

#define XTCP_NOTE_ENUM_(name, text)	XTCP_NOTE_##name,
enum xtcp_note {
	XTCP_NOTES(XTCP_NOTE_ENUM_)
	XTCP_NOTE_NR
};
#undef XTCP_NOTE_ENUM_

#endif /* XTCP_CORE_NOTE_H */
