// SPDX-License-Identifier: GPL-2.0
/*
 * The window we offer: RFC 9293 3.8.6, silly-window avoidance of 3.8.6.2.2,
 * RFC 7323 scaling.
 */
#include "internal.h"
#include "window.h"

/* Least receive buffer that one measurement asks for, in segments. */
#define SPACE_MIN_SEGS	4

/**
 * xtcp_window_init - choose window and shift for a SYN or SYN,ACK
 * @space: window that an empty receive buffer has room for, bytes
 * @max_space: largest buffer that autotuning can reach, bytes
 * @mss: our MSS option, bytes
 * @scaling: window scaling may be offered
 * @wnd: out, window to offer, bytes; it fits an unscaled field
 * @wscale: out, our shift
 *
 * As Linux: the shift must be able to express @max_space, and the first window
 * is a multiple of the MSS.
 */
void xtcp_window_init(u32 space, u32 max_space, u16 mss, bool scaling,
		      u32 *wnd, u8 *wscale)
{
	*wscale = 0;
	if (space > mss)
		space -= space % mss;
	*wnd = min_t(u32, space, XTCP_WND_MAX_UNSCALED);
	if (!scaling)
		return;
	max_space = max(max_space, space);
	while ((max_space >> *wscale) > XTCP_WND_MAX_UNSCALED &&
	       *wscale < XTCP_WSCALE_MAX)
		(*wscale)++;
}

/**
 * xtcp_window_wanted - the window we would offer now
 * @t: the connection
 * @free_space: window that the receive buffer has room for, bytes
 * @full_space: window that it would have if it were empty, bytes
 *
 * 3.8.6.2.2: do not offer less than a segment, nor crumbs of a buffer that is
 * nearly full.  Shrinking is prevented by xtcp_window_select().
 *
 * Return: bytes; 0 closes the window.
 */
u32 xtcp_window_wanted(const struct xtcp_tcb *t, u32 free_space, u32 full_space)
{
	u32 space = min_t(u32, full_space, t->window_clamp);
	u32 mss = min_t(u32, t->rcv_mss, space);
	u32 wnd;

	if (free_space < space / 2) {
		free_space = free_space >> t->rcv_wscale << t->rcv_wscale;
		if (free_space < space >> 4 || free_space < mss)
			return 0;
	}
	free_space = min_t(u32, free_space, t->rcv_ssthresh);
	if (t->rcv_wscale) {
		/* round up: truncation by the shift must not close it */
		wnd = (free_space + (1U << t->rcv_wscale) - 1)
			>> t->rcv_wscale << t->rcv_wscale;
	} else {
		/* stay where we are while the difference is less than a segment */
		wnd = t->rcv_wnd;
		if (mss && (wnd + mss <= free_space || wnd > free_space))
			wnd = free_space - free_space % mss;
	}
	return wnd;
}

/**
 * xtcp_window_select - the window field of a segment that leaves now
 * @t: the connection
 * @free_space: window that the receive buffer has room for, bytes
 * @full_space: window that it would have if it were empty, bytes
 *
 * A window that was offered is never taken back (RFC 9293 3.8.6: SHLD-14).
 *
 * Return: the field, in host order.
 */
u16 xtcp_window_select(struct xtcp_tcb *t, u32 free_space, u32 full_space)
{
	u32 cur = xtcp_receive_window(t);
	u32 wnd = xtcp_window_wanted(t, free_space, full_space);
	u32 max = XTCP_WND_MAX_UNSCALED << t->rcv_wscale;

	if (wnd < cur)
		wnd = (cur + (1U << t->rcv_wscale) - 1)
			>> t->rcv_wscale << t->rcv_wscale;
	wnd = min(wnd, max);
	t->rcv_wnd = wnd;
	t->rcv_wup = t->rcv_nxt;
	return wnd >> t->rcv_wscale;
}

/* RTT as a receiver sees it, smoothed by 1/8; the smallest wins at once. */
static void rcv_rtt_sample(struct xtcp_tcb *t, u32 sample_us)
{
	u32 m = clamp_t(u32, sample_us, 1, U32_MAX >> 3) << 3;

	if (!t->rcv_rtt_us || m < t->rcv_rtt_us)
		t->rcv_rtt_us = m;
	else
		t->rcv_rtt_us += (m - t->rcv_rtt_us) >> 3;
}

/**
 * xtcp_window_data - data came: measure, and let the offered window grow
 * @t: the connection, RCV.NXT moved already
 * @seg: the segment
 * @now: the time
 */
void xtcp_window_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      xtcp_usec_t now)
{
	u32 stamp = xtcp_stamp(now);

	/* the time that the peer needs to fill a window is one RTT */
	if (!t->rcv_rtt_time || !xtcp_before(t->rcv_nxt, t->rcv_rtt_seq)) {
		if (t->rcv_rtt_time)
			rcv_rtt_sample(t, stamp - t->rcv_rtt_time);
		t->rcv_rtt_seq = t->rcv_nxt + t->rcv_wnd;
		t->rcv_rtt_time = stamp ? stamp : 1;
	} else if (seg->opt.has & XTCP_OPT_TS && seg->opt.tsecr &&
		   seg->opt.tsecr != t->rcv_tsecr && seg->len >= t->rcv_mss) {
		u32 ms = xtcp_tsval(t, now) - seg->opt.tsecr;

		if (ms < 60000)
			rcv_rtt_sample(t, max_t(u32, ms, 1) * XTCP_USEC_PER_MSEC);
	}
	t->rcv_tsecr = seg->opt.tsecr;

	/* open as fast as a sender in slow start can use it */
	if (t->rcv_ssthresh < t->window_clamp && seg->len >= 128)
		t->rcv_ssthresh = min_t(u32, t->window_clamp, t->rcv_ssthresh +
					max_t(u32, 2 * t->advmss, 2 * seg->len));
}

/**
 * xtcp_window_autotune - the user read: does the receive buffer hold it back?
 * @t: the connection
 * @now: the time
 *
 * Once an RTT, compare what the user read with what it read in the RTT before.
 * A sender in slow start doubles that, so the window has to be twice as large.
 *
 * Return: window that an empty buffer should have room for, bytes; 0: no change.
 */
u32 xtcp_window_autotune(struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 stamp = xtcp_stamp(now), read, wnd;

	if (!t->rcv_rtt_us || stamp - t->space_time < t->rcv_rtt_us >> 3)
		return 0;
	read = t->copied_seq - t->space_seq;
	t->space_time = stamp;
	t->space_seq = t->copied_seq;
	if (read <= t->space_bytes)
		return 0;
	wnd = min_t(u64, 2 * (u64)read + 16 * t->advmss +
		    2 * (u64)(read - t->space_bytes), XTCP_WND_MAX);
	t->space_bytes = read;
	return max_t(u32, wnd, SPACE_MIN_SEGS * t->advmss);
}

/**
 * xtcp_window_clamp - the receive buffer has a new size
 * @t: the connection
 * @full_space: window that it has room for when empty, bytes
 */
void xtcp_window_clamp(struct xtcp_tcb *t, u32 full_space)
{
	/* not more than the field can say, once the shift is agreed on */
	if (XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		full_space = min_t(u32, full_space,
				   XTCP_WND_MAX_UNSCALED << t->rcv_wscale);
	t->window_clamp = full_space;
	t->rcv_ssthresh = min(t->rcv_ssthresh, full_space);
}
