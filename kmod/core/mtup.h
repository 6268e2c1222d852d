/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search for the path's MTU (RFC 4821), explained at the head of mtup.c.
 */
#ifndef XTCP_CORE_MTUP_H
#define XTCP_CORE_MTUP_H

#include "scoreboard.h"

/* struct xtcp_conf.mtu_probing, as Linux's tcp_mtu_probing */
#define XTCP_MTUP_NEVER		0
#define XTCP_MTUP_BLACK_HOLE	1	/* once a path seems to swallow large packets */
#define XTCP_MTUP_ALWAYS	2

/**
 * enum xtcp_mtup - what xtcp_mtup_next() wants
 * @XTCP_MTUP_NOTHING: go on as usual
 * @XTCP_MTUP_WAIT: send nothing: what comes next is a probe, and must wait
 * @XTCP_MTUP_PROBE: send a probe, and report with xtcp_mtup_sent()
 */
enum xtcp_mtup {
	XTCP_MTUP_NOTHING,
	XTCP_MTUP_WAIT,
	XTCP_MTUP_PROBE,
};

void xtcp_mtup_start(struct xtcp_tcb *t, xtcp_usec_t now);
enum xtcp_mtup xtcp_mtup_next(struct xtcp_tcb *t, xtcp_usec_t now, u32 *len);
void xtcp_mtup_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news);
bool xtcp_mtup_lost(struct xtcp_tcb *t, struct xtcp_ack_news *news);
void xtcp_mtup_black_hole(struct xtcp_tcb *t, xtcp_usec_t now);

/**
 * xtcp_mtup_inconclusive - something is sent again
 * @t: the connection
 * @now: the time
 *
 * RFC 4821 7.6.4: with other losses around it a probe that is lost says nothing.
 */
static inline void xtcp_mtup_inconclusive(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (likely(!(t->rec & XTCP_R_MTU_PROBE)))
		return;
	t->rec &= ~XTCP_R_MTU_PROBE;
	t->mtup.stamp = xtcp_coarse(now);
}

#endif /* XTCP_CORE_MTUP_H */
