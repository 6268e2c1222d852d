// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP (RFC 8257): cwnd shrinks in proportion to how much was marked.
 */
#include <linux/inet_diag.h>

#include "cc.h"

/* alpha and F are fractions of this. */
#define ONE		1024U
/* RFC 8257 4.2: g = 1/16 */
#define G_SHIFT		4

/**
 * struct dctcp - state of a connection
 * @window_end: alpha is computed when this is ACKed
 * @acked: segments ACKed in this window
 * @acked_ce: of those, how many by ACKs with the ECN echo
 * @alpha: estimated fraction of marked segments, of ONE
 */
struct dctcp {
	u32	window_end;
	u32	acked;
	u32	acked_ce;
	u32	alpha;
};

static_assert(sizeof(struct dctcp) <= XTCP_CC_PRIV_SIZE);

static struct dctcp *dctcp(const struct xtcp_tcb *t)
{
	return xtcp_cc_priv(t);
}

/* 3.3 step 1: as if everything had been marked, to be careful at first. */
static void dctcp_init(struct xtcp_tcb *t)
{
	struct dctcp *d = dctcp(t);

	d->alpha = ONE;
	d->window_end = t->snd_nxt;
}

/* 3.3, steps 2 to 6 */
static void dctcp_acked(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			xtcp_usec_t now)
{
	struct dctcp *d = dctcp(t);
	u32 less;

	d->acked += s->acked;
	if (s->ece)
		d->acked_ce += s->acked;
	if (xtcp_before(t->snd_una, d->window_end))
		return;
	/* alpha = (1 - g) alpha + g F; what rounding leaves goes as well */
	less = d->alpha >> G_SHIFT;
	d->alpha -= less ? less : d->alpha;
	d->alpha += (u64)d->acked_ce * (ONE >> G_SHIFT) / max_t(u32, d->acked, 1);
	d->alpha = min_t(u32, d->alpha, ONE);
	d->acked = 0;
	d->acked_ce = 0;
	d->window_end = t->snd_nxt;
}

/* 3.3 step 9: cwnd (1 - alpha / 2), once per window. */
static u32 dctcp_ssthresh(struct xtcp_tcb *t)
{
	u64 less = (u64)t->cwnd * dctcp(t)->alpha / (2 * ONE);

	return max_t(u32, t->cwnd - less, 2);
}

static void dctcp_cong_avoid(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			     xtcp_usec_t now)
{
	xtcp_cc_reno.cong_avoid(t, s, now);
}

/* 3.5: a loss is treated as a loss. */
static void dctcp_set_state(struct xtcp_tcb *t, enum xtcp_ca_state state)
{
	if (state == XTCP_CA_RECOVERY && t->ca_state != XTCP_CA_RECOVERY)
		t->ssthresh = max_t(u32, t->recovery.prior_cwnd / 2, 2);
}

static u32 dctcp_get_info(const struct xtcp_tcb *t, int *attr,
			  union tcp_cc_info *info)
{
	const struct dctcp *d = dctcp(t);

	*attr = INET_DIAG_DCTCPINFO;
	memset(&info->dctcp, 0, sizeof(info->dctcp));
	info->dctcp.dctcp_enabled = 1;
	info->dctcp.dctcp_alpha = d->alpha;
	info->dctcp.dctcp_ab_ecn = d->acked_ce * t->mss;
	info->dctcp.dctcp_ab_tot = d->acked * t->mss;
	return sizeof(info->dctcp);
}

const struct xtcp_cc_ops xtcp_cc_dctcp = {
	.name		= "dctcp",
	.flags		= XTCP_CC_NEEDS_ECN | XTCP_CC_CE_EXACT,
	.init		= dctcp_init,
	.ssthresh	= dctcp_ssthresh,
	.cong_avoid	= dctcp_cong_avoid,
	.acked		= dctcp_acked,
	.set_state	= dctcp_set_state,
	.get_info	= dctcp_get_info,
};
