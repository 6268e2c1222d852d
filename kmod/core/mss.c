// SPDX-License-Identifier: GPL-2.0
/*
 * How large a segment is: what the peer accepts, the path takes, and options leave.
 */
#include "internal.h"
#include "mss.h"

/*
 * What ICMP or the route says goes for the search of the path's MTU as well.
 * Return: largest size of a segment that is no probe, bytes.
 */
static u32 mtup_limit(struct xtcp_tcb *t)
{
	t->mtup.high = min(t->mtup.high, t->path_mss);
	return t->mtup.low;
}

/**
 * xtcp_mss_reserve - does the host add an option to each segment from now on?
 * @t: the connection
 * @host_option: whether it does
 *
 * xtcp_mss_update() makes it effective.
 */
void xtcp_mss_reserve(struct xtcp_tcb *t, bool host_option)
{
	t->host_option = host_option;
}

/**
 * xtcp_mss_update - compute the payload of a full segment
 * @t: the connection
 * @path_mss: what the path's MTU leaves behind IP and TCP headers, no options
 *
 * RFC 9293 3.7.1: min of what the peer accepts and the path takes, less the
 * options that every segment carries; and no more than half the largest
 * window the peer ever offered (3.8.6.2.1), or it could never be filled.
 */
void xtcp_mss_update(struct xtcp_tcb *t, u32 path_mss)
{
	u32 options = xtcp_option_len(t);
	u32 mss = min_t(u32, t->mss_clamp, path_mss);
	u32 half = xtcp_half_window(t);

	t->path_mss = min_t(u32, path_mss, U16_MAX);
	if (unlikely(t->rec & XTCP_R_MTUP))
		mss = min(mss, mtup_limit(t));
	mss = max_t(u32, mss, t->conf->min_snd_mss) - options;
	if (half && mss > half)
		mss = max(half, XTCP_SND_MSS_MIN - options);
	t->mss = mss;
}
