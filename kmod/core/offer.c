// SPDX-License-Identifier: GPL-2.0
/* What an active open offers to its peer: offer.h. */
#include "ecn.h"
#include "offer.h"
#include "window.h"

/**
 * xtcp_offer_begin - another connection is opened
 * @t: the connection, in CLOSE or LISTEN
 *
 * A TIME_WAIT entry that makes way for it may call xtcp_timewait_follow() now.
 */
void xtcp_offer_begin(struct xtcp_tcb *t)
{
	t->iss = 0;
	t->ts_recent = 0;
}

/**
 * xtcp_offer - decide what the SYN offers
 * @t: the connection, in CLOSE or LISTEN
 * @o: what the host knows
 * @conf: the namespace's settings
 */
void xtcp_offer(struct xtcp_tcb *t, const struct xtcp_offer *o,
		const struct xtcp_conf *conf)
{
	u32 clamp = o->clamp ? o->clamp : XTCP_WND_MAX;
	u8 wscale;

	if (!xtcp_offer_numbered(t)) {
		t->iss = o->iss;
		t->ts_offset = o->ts_offset;
	}
	t->advmss = o->advmss;
	t->rcv_mss = min_t(u16, XTCP_MSS_DEFAULT, o->advmss);
	t->mss_clamp = o->user_mss ? o->user_mss : U16_MAX;
	t->flags &= ~(XTCP_F_TS_OK | XTCP_F_WSCALE_OK | XTCP_F_SACK_OK | XTCP_F_ECN_OK);
	if (READ_ONCE(conf->ecn) == XTCP_ECN_ON || t->flags & XTCP_F_ECN_ALL || o->ecn)
		t->flags |= XTCP_F_ECN_OK;
	if (READ_ONCE(conf->sack))
		t->flags |= XTCP_F_SACK_OK;
	/* as Linux: there would be no room for SACK blocks */
	if (READ_ONCE(conf->timestamps) && !t->host_option)
		t->flags |= XTCP_F_TS_OK;
	if (READ_ONCE(conf->window_scaling))
		t->flags |= XTCP_F_WSCALE_OK;
	xtcp_window_init(min(clamp, o->space), min(clamp, o->max_space), o->advmss,
			 t->flags & XTCP_F_WSCALE_OK, &t->rcv_wnd, &wscale);
	if (READ_ONCE(conf->signed_windows))
		t->rcv_wnd = min(t->rcv_wnd, XTCP_WND_MAX_SIGNED);
	if (o->first_window)
		t->rcv_wnd = min_t(u64, t->rcv_wnd, (u64)o->first_window * o->advmss);
	t->rcv_wscale = wscale;
	t->window_clamp = min(clamp, XTCP_WND_MAX_UNSCALED << wscale);
	t->rcv_ssthresh = t->rcv_wnd;
	if (o->speaks)
		t->pingpong = t->conf->pingpong_thresh;
}
