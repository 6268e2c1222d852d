// SPDX-License-Identifier: GPL-2.0
/*
 * The window we offer: RFC 9293 3.8.6, silly-window avoidance of 3.8.6.2.2,
 * RFC 7323 scaling.
 */
#include "internal.h"
#include "window.h"

/**
 * xtcp_window_init - choose window and shift for a SYN or SYN,ACK
 * @space: window that an empty receive buffer has room for, bytes
 * @max_space: largest buffer that autotuning can reach, bytes
 * @mss: our MSS option, bytes
 * @scaling: window scaling may be offered
 * @wnd: out, window to offer as soon as it can be said, bytes; a SYN has no scale
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
	max_space = max(max_space, space);
	while (scaling && (max_space >> *wscale) > XTCP_WND_MAX_UNSCALED &&
	       *wscale < XTCP_WSCALE_MAX)
		(*wscale)++;
	*wnd = min_t(u32, space, XTCP_WND_MAX_UNSCALED << *wscale);
}

/* The buffer is more than half full: is what is left worth offering? */
static bool too_little(struct xtcp_tcb *t, u32 free_space, u32 full_space, u32 mss)
{
	/* the peer sends faster than the user reads: no need to hurry it */
	t->quick = 0;
	return free_space < full_space >> 4 || free_space < mss ||
	       (t->conf->shrink_window && free_space < 1U << t->rcv_wscale);
}

static u32 scale_up(const struct xtcp_tcb *t, u32 wnd)
{
	u32 unit = 1U << t->rcv_wscale;

	return (wnd + unit - 1) & ~(unit - 1);
}

static u32 scale_down(const struct xtcp_tcb *t, u32 wnd)
{
	return wnd & ~((1U << t->rcv_wscale) - 1);
}

/* A window may be taken back: what is offered follows what there is. */
static bool may_shrink(const struct xtcp_tcb *t)
{
	return t->conf->shrink_window && t->rcv_wscale;
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
u32 xtcp_window_wanted(struct xtcp_tcb *t, u32 free_space, u32 full_space)
{
	u32 space = min_t(u32, full_space, t->window_clamp);
	u32 mss = min_t(u32, t->rcv_mss, space);
	u32 wnd = t->rcv_wnd;

	if (!mss)
		return 0;
	if (may_shrink(t))
		free_space = scale_down(t, free_space);
	if (free_space < space / 2) {
		free_space = scale_down(t, free_space);
		if (too_little(t, free_space, full_space, mss))
			return 0;
	}
	if (may_shrink(t))
		return free_space <= t->rcv_ssthresh ? free_space
						     : scale_up(t, t->rcv_ssthresh);
	/* the window of a full field need not be whole segments */
	if (!t->rcv_wscale && t->rcv_ssthresh >= XTCP_WND_MAX_UNSCALED &&
	    free_space >= XTCP_WND_MAX_UNSCALED + mss)
		return XTCP_WND_MAX_UNSCALED;
	free_space = min_t(u32, free_space, t->rcv_ssthresh);
	/* rounded up: truncation by the shift must not close it */
	if (t->rcv_wscale)
		return scale_up(t, free_space);
	/* stay where we are while the difference is less than a segment */
	if (wnd + mss <= free_space || wnd > free_space)
		return free_space - free_space % mss;
	if (mss == space && free_space > wnd + space / 2)
		return free_space;
	return wnd;
}

/**
 * xtcp_window_select - the window field of a segment that leaves now
 * @t: the connection
 * @free_space: window that the receive buffer has room for, bytes
 * @full_space: window that it would have if it were empty, bytes
 *
 * A window that was offered is not taken back (RFC 9293 3.8.6: SHLD-14), unless
 * the system is set up for it.
 *
 * Return: the field, in host order.
 */
u16 xtcp_window_select(struct xtcp_tcb *t, u32 free_space, u32 full_space)
{
	u32 cur = xtcp_receive_window(t);
	u32 wnd = xtcp_window_wanted(t, free_space, full_space);
	u32 max = XTCP_WND_MAX_UNSCALED << t->rcv_wscale;

	if (wnd < cur && !may_shrink(t))
		wnd = scale_up(t, cur);
	if (t->conf->signed_windows && !t->rcv_wscale)
		max = max(cur, XTCP_WND_MAX_SIGNED);
	wnd = min(wnd, max);
	t->rcv_wnd = wnd;
	t->rcv_wup = t->rcv_nxt;
	return wnd >> t->rcv_wscale;
}

/*
 * The RTT as a receiver sees it.  How long a window takes to be filled depends on
 * the sender's program as well, so of those only the least counts; and an echo
 * that waited for the reader is late.
 */
static void rcv_rtt_sample(struct xtcp_tcb *t, u32 sample_us, bool of_a_window)
{
	u32 m = clamp_t(u32, sample_us, 1, U32_MAX >> 3) << 3;

	if (!t->tune.rtt_us || m < t->tune.rtt_us)
		t->tune.rtt_us = m;
	else if (!of_a_window && t->rcv_nxt == t->copied_seq)
		t->tune.rtt_us += (m - t->tune.rtt_us) >> 3;
}

static void measure_rcv_rtt(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			    xtcp_usec_t now)
{
	u32 stamp = xtcp_stamp(now), ms;

	/* the time that the peer needs to fill a window is one RTT */
	if (!t->tune.rtt_time || !xtcp_before(t->rcv_nxt, t->tune.rtt_seq)) {
		if (t->tune.rtt_time)
			rcv_rtt_sample(t, stamp - t->tune.rtt_time, true);
		t->tune.rtt_seq = t->rcv_nxt + t->rcv_wnd;
		t->tune.rtt_time = stamp ? stamp : 1;
	}
	if (!(seg->opt.has & XTCP_OPT_TS) || seg->opt.tsecr == t->rcv_tsecr)
		return;
	t->rcv_tsecr = seg->opt.tsecr;
	ms = xtcp_tsval(t, now) - seg->opt.tsecr;
	/* less than a tick is not measured */
	if (seg->len >= t->rcv_mss && ms && ms < 60000)
		rcv_rtt_sample(t, ms * XTCP_USEC_PER_MSEC, false);
}

/*
 * By how much the offered window may grow: by two segments where buffers hold
 * at least half of what they cost, otherwise only while the window is small in
 * relation to the largest there can be.
 */
static u32 window_step(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	u32 cost = seg->cost / 2, window = seg->max_space / 2;

	if (seg->cost <= seg->len)
		return 2 * t->advmss;
	for (; t->rcv_ssthresh <= window; cost /= 2, window /= 2) {
		if (cost <= seg->len)
			return 2 * t->rcv_mss;
	}
	return 0;
}

/**
 * xtcp_window_grow - data came: let the offered window grow
 * @t: the connection
 * @seg: the segment
 *
 * The window opens as fast as a sender in slow start can use it.
 */
void xtcp_window_grow(struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	u32 limit = min_t(u32, t->window_clamp, seg->free_space), step;

	if (!xtcp_window_may_grow(t, seg->len) || t->rcv_ssthresh >= limit)
		return;
	if (seg->pressure) {
		t->rcv_ssthresh = min_t(u32, t->rcv_ssthresh, 4 * t->advmss);
		return;
	}
	step = window_step(t, seg);
	if (!step)
		return;
	step = max_t(u32, step, 2 * seg->len);
	t->rcv_ssthresh += min(step, limit - t->rcv_ssthresh);
	t->quick |= 1;
}

/**
 * xtcp_window_data - data came in order: measure, and let the offered window grow
 * @t: the connection, RCV.NXT moved already
 * @seg: the segment
 * @now: the time
 */
void xtcp_window_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      xtcp_usec_t now)
{
	measure_rcv_rtt(t, seg, now);
	xtcp_window_grow(t, seg);
}

/*
 * What a reader needs that read so much in an RTT, and so much in the one before.
 * As Linux: a measurement is an RTT late, and a sender in slow start doubles once
 * more until the next one.  What waits behind a gap is not read, but more has to
 * come.
 */
static u32 reader_needs(const struct xtcp_tcb *t, u32 read, u32 before)
{
	u32 rtt_us = t->tune.rtt_us >> 3, low_rtt_us = t->conf->rcvbuf_low_rtt_us;
	u64 wnd = 2 * (u64)read;

	/* on a short path buffers grow less: they are to stay in the cache */
	if (rtt_us < low_rtt_us)
		wnd += wnd * rtt_us / max_t(u32, low_rtt_us, 1);
	else
		wnd += 2 * wnd * (read - before) / max_t(u32, before, 1);
	if (t->ooo_last)
		wnd += t->ooo_last->end_seq - t->rcv_nxt;
	return min_t(u64, wnd, XTCP_WND_MAX);
}

/**
 * xtcp_window_autotune - the user read: does the receive buffer hold it back?
 * @t: the connection
 * @now: the time
 *
 * Dynamic right-sizing: once an RTT, compare what the user read with what it read
 * in the RTT before.
 *
 * Return: window that an empty buffer should have room for, bytes; 0: no change.
 */
u32 xtcp_window_autotune(struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 stamp = xtcp_stamp(now), before = t->tune.space_bytes;
	s32 read;

	if (!t->tune.rtt_us || stamp - t->tune.space_time < t->tune.rtt_us >> 3)
		return 0;
	/* what waits to be read was not read in time */
	read = t->copied_seq - t->tune.space_seq - (t->rcv_nxt - t->copied_seq);
	t->tune.space_time = stamp;
	t->tune.space_seq = t->copied_seq;
	if (read <= (s32)before)
		return 0;
	t->tune.space_bytes = read;
	return reader_needs(t, read, before);
}

/**
 * xtcp_window_behind_gap - data waits behind a gap: does the buffer hold it back?
 * @t: the connection
 *
 * Return: window that an empty buffer should have room for, bytes.
 */
u32 xtcp_window_behind_gap(const struct xtcp_tcb *t)
{
	return reader_needs(t, t->tune.space_bytes, t->tune.space_bytes);
}

/**
 * xtcp_window_ready - the handshake is over: what may be offered from now on
 * @t: the connection
 * @full_space: window that the receive buffer has room for when empty, bytes
 *
 * A part of the buffer, at least a segment, is kept for what the window does not
 * know: segments that come while the user has the socket.
 */
void xtcp_window_ready(struct xtcp_tcb *t, u32 full_space)
{
	u8 app_win = t->conf->app_win;
	u32 clamp = t->window_clamp;

	if (clamp >= full_space) {
		clamp = full_space;
		if (app_win && full_space > 4U * t->advmss)
			clamp = max_t(u32, full_space - (full_space >> app_win),
				      4U * t->advmss);
	}
	if (app_win && clamp > 2U * t->advmss && clamp + t->advmss > full_space)
		clamp = max_t(u32, 2U * t->advmss,
			      full_space - min_t(u32, full_space, t->advmss));
	t->window_clamp = clamp;
	t->rcv_ssthresh = min(t->rcv_ssthresh, clamp);
	t->tune.space_seq = t->copied_seq;
	t->tune.space_bytes = min3(t->rcv_ssthresh, t->rcv_wnd,
			      (u32)XTCP_INIT_CWND * t->advmss);
}

/**
 * xtcp_window_limit - TCP_WINDOW_CLAMP
 * @t: the connection
 * @clamp: the largest window to offer, bytes
 */
void xtcp_window_limit(struct xtcp_tcb *t, u32 clamp)
{
	u32 before = t->window_clamp;

	t->window_clamp = clamp;
	if (clamp < before)
		t->rcv_ssthresh = min(t->rcv_ssthresh, clamp);
	else if (clamp > before)
		t->rcv_ssthresh = max(t->rcv_ssthresh, min(t->rcv_wnd, clamp));
}

/**
 * xtcp_window_full - more memory is used than the receive buffer has
 * @t: the connection
 * @over: even the largest buffer there can be is too small
 */
void xtcp_window_full(struct xtcp_tcb *t, bool over)
{
	t->quick = 0;
	if (over)
		t->rcv_ssthresh = min_t(u32, t->window_clamp, 2 * t->advmss);
}

/**
 * xtcp_window_clamp - the receive buffer has a new size
 * @t: the connection
 * @full_space: window that it has room for when empty, bytes
 *
 * When it is less, because the peer's segments cost more memory than the last ones
 * did, what is free limits the window anyway, and the next may cost less.
 */
void xtcp_window_clamp(struct xtcp_tcb *t, u32 full_space)
{
	/* not more than the field can say, once the shift is agreed on */
	if (XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		full_space = min_t(u32, full_space,
				   XTCP_WND_MAX_UNSCALED << t->rcv_wscale);
	t->window_clamp = full_space;
	t->tune.space_bytes = min(t->tune.space_bytes, full_space);
}
