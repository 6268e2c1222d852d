// SPDX-License-Identifier: GPL-2.0
/*
 * BBR, version 1 (draft-cardwell-iccrg-bbr-congestion-control-00): a model of
 * the path, its bandwidth and its round-trip propagation time, decides how fast
 * to send (pacing) and how much may be in flight (cwnd); loss does not.
 *
 * Section numbers are of that draft.  What draft 01 added about aggregated ACKs
 * is here too: without it paths that ACK in bursts (Wi-Fi) are not filled.
 */
#include <linux/inet_diag.h>

#include "cc.h"
#include "rate.h"

/* Bandwidth is in segments per microsecond, and this many binary digits. */
#define BW_SHIFT	24
#define BW_UNIT		BIT_ULL(BW_SHIFT)
/* Gains are fractions of this. */
#define GAIN_ONE	256U
/* 2 / ln 2: the least that doubles the rate in each round (4.3.2.1) */
#define GAIN_HIGH	(GAIN_ONE * 2885 / 1000 + 1)
#define GAIN_DRAIN	(GAIN_ONE * 1000 / 2885)
#define GAIN_CWND	(GAIN_ONE * 2)
/* Pace a little below the estimate, so that queues do not build from noise. */
#define MARGIN_PERCENT	1

#define BW_ROUNDS	10	/* length of the bandwidth filter (4.1.2.1) */
#define MIN_RTT_WIN_US	(10ULL * XTCP_USEC_PER_SEC)	/* 4.1.2.2 */
#define PROBE_RTT_US	(200 * XTCP_USEC_PER_MSEC)	/* 4.3.5 */
#define CWND_MIN	4	/* segments: enough for delayed ACKs */
#define CYCLE_LEN	8
/* The pipe is full when this many rounds grew the bandwidth by less (4.3.2.2). */
#define FULL_ROUNDS	3
#define FULL_GROWTH	(GAIN_ONE * 5 / 4)
#define EXTRA_ROUNDS	5	/* half of the filter of aggregation */
#define EXTRA_MAX_US	(100 * XTCP_USEC_PER_MSEC)
#define EXTRA_EPOCH_MAX	BIT(20)
/* What a burst can be, as in Linux: bytes in one buffer, and segments. */
#define BURST_MAX	(65536 - 1 - 320)
#define BURST_MAX_SEGS	127U
/* Below this, bytes per second, bursts are single segments. */
#define LOW_RATE	(1200000 / 8)

static const u16 cycle_gain[CYCLE_LEN] = {
	GAIN_ONE * 5 / 4, GAIN_ONE * 3 / 4, GAIN_ONE, GAIN_ONE,
	GAIN_ONE, GAIN_ONE, GAIN_ONE, GAIN_ONE,
};

enum mode {
	STARTUP,	/* find the bandwidth */
	DRAIN,		/* drain the queue that this made */
	PROBE_BW,	/* cycle around the estimate */
	PROBE_RTT,	/* let the queue drain to see the propagation time */
};

/**
 * struct bbr - state of a connection
 * @min_rtt_stamp: when @min_rtt_us was measured
 * @probe_rtt_end: when PROBE_RTT may end; 0: in flight is not low enough yet
 * @cycle_stamp: when the phase of PROBE_BW began
 * @extra_stamp: when the epoch of aggregated ACKs began
 * @rate: pacing rate, bytes per second
 * @bw: the bandwidth filter: the best sample of each of the last rounds
 * @max_bw: the best of those
 * @full_bw: @max_bw when it last grew enough
 * @min_rtt_us: round-trip propagation time, microseconds; U32_MAX: not known
 * @round: rounds since the connection began
 * @bw_round: the last of them that has a sample in @bw
 * @round_end: xtcp_tcb.delivered when the round ends
 * @saved_cwnd: cwnd before recovery or PROBE_RTT, segments
 * @extra_acked: the most segments above the estimate that were ACKed at once,
 *		 in this half of the filter and in the one before
 * @extra_count: segments ACKed in the epoch
 * @extra_round: when this half of that filter began
 * @pacing_gain: of GAIN_ONE
 * @cwnd_gain: of GAIN_ONE
 * @mode: enum mode
 * @phase: of PROBE_BW
 * @full_count: rounds in which the bandwidth did not grow
 * @full: the pipe was filled once
 * @ca_state: as it was at the last ACK
 * @round_start: this ACK began a round
 * @probe_round_done: a whole round passed in PROBE_RTT
 * @conserve: packet conservation in the first round of recovery (4.2.3.4)
 * @idle_restart: after idling, until something is delivered
 * @rtt_seen: the initial pacing rate is based on a measured RTT
 */
struct bbr {
	u64	min_rtt_stamp;
	u64	probe_rtt_end;
	u64	cycle_stamp;
	u64	extra_stamp;
	u64	rate;
	u64	bw[BW_ROUNDS];
	u64	max_bw;
	u64	full_bw;
	u32	min_rtt_us;
	u32	round;
	u32	bw_round;
	u32	round_end;
	u32	saved_cwnd;
	u32	extra_acked[2];
	u32	extra_count;
	u32	extra_round;
	u16	pacing_gain;
	u16	cwnd_gain;
	u8	mode;
	u8	phase;
	u8	full_count;
	u8	ca_state;
	bool	full;
	bool	round_start;
	bool	probe_round_done;
	bool	conserve;
	bool	idle_restart;
	bool	rtt_seen;
};

static struct bbr *bbr(const struct xtcp_tcb *t)
{
	return xtcp_cc_mem(t);
}

/* ---- what the model says -------------------------------------------------- */

/* A bandwidth in bytes per second, times a gain. */
static u64 to_rate(const struct xtcp_tcb *t, u64 bw, u32 gain)
{
	u64 rate = bw * t->mss * gain / GAIN_ONE;

	rate = (rate * (XTCP_USEC_PER_SEC / 100) >> BW_SHIFT) *
	       (100 - MARGIN_PERCENT);
	return max_t(u64, rate, 1);
}

/* 4.2.3.2: the bandwidth-delay product times a gain, segments. */
static u32 bdp(const struct bbr *b, u64 bw, u32 gain)
{
	u64 segs;

	if (b->min_rtt_us == U32_MAX)
		return XTCP_INIT_CWND;
	segs = bw * b->min_rtt_us;
	return min_t(u64, ((segs >> 8) * gain / GAIN_ONE + (BW_UNIT >> 8) - 1) >>
			  (BW_SHIFT - 8), U32_MAX / 4);
}

static u32 min_tso_segs(const struct xtcp_tcb *t)
{
	return bbr(t)->rate < LOW_RATE ? 1 : 2;
}

/* Bursts and delayed ACKs need room beyond the product (4.2.3.2, quanta). */
static u32 with_quanta(const struct xtcp_tcb *t, u32 cwnd)
{
	const struct bbr *b = bbr(t);
	u32 burst = min_t(u64, b->rate / 1000, BURST_MAX) / t->mss;

	burst = min(max(burst, min_tso_segs(t)), BURST_MAX_SEGS);
	cwnd += 3 * burst;
	cwnd = (cwnd + 1) & ~1U;
	/* so that 5/4 of a small product is more than the product */
	if (b->mode == PROBE_BW && !b->phase)
		cwnd += 2;
	return cwnd;
}

static u32 inflight(const struct xtcp_tcb *t, u32 gain)
{
	const struct bbr *b = bbr(t);

	return with_quanta(t, bdp(b, b->max_bw, gain));
}

/* ---- the model ------------------------------------------------------------ */

/* Rounds without a sample make nothing old until there is one again. */
static void filter_bw(struct bbr *b, u64 bw)
{
	u64 *slot = &b->bw[b->round % BW_ROUNDS];
	unsigned int i;

	if (b->bw_round == b->round) {
		*slot = max(*slot, bw);
		b->max_bw = max(b->max_bw, bw);
		return;
	}
	for (i = min_t(u32, b->round - b->bw_round, BW_ROUNDS); i; i--)
		b->bw[(b->round + 1 - i) % BW_ROUNDS] = 0;
	b->bw_round = b->round;
	*slot = bw;
	b->max_bw = 0;
	for (i = 0; i < BW_ROUNDS; i++)
		b->max_bw = max(b->max_bw, b->bw[i]);
}

/* 4.1.1.3, 4.1.2.1 */
static void update_bw(struct xtcp_tcb *t, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr(t);
	u64 bw;

	b->round_start = false;
	if (s->rate.delivered < 0 || !s->rate.interval_us)
		return;
	if (!xtcp_before(s->rate.prior_delivered, b->round_end)) {
		b->round_end = t->delivered;
		b->round++;
		b->round_start = true;
		b->conserve = false;
	}
	bw = s->rate.delivered * BW_UNIT / s->rate.interval_us;
	/* too little to send says only that the path can do as much */
	if (!s->rate.app_limited || bw >= b->max_bw)
		filter_bw(b, bw);
}

/* The most that was ACKed above the estimate, over the last rounds. */
static void update_aggregation(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			       xtcp_usec_t now)
{
	struct bbr *b = bbr(t);
	u32 expected, extra;

	if (!s->delivered || s->rate.delivered < 0 || !s->rate.interval_us)
		return;
	if (b->round_start && b->round - b->extra_round >= EXTRA_ROUNDS) {
		b->extra_round = b->round;
		b->extra_acked[1] = b->extra_acked[0];
		b->extra_acked[0] = 0;
	}
	expected = min_t(u64, b->max_bw * min_t(u64, now - b->extra_stamp, U32_MAX) >>
			      BW_SHIFT, U32_MAX);
	if (b->extra_count <= expected || b->extra_count + s->delivered >= EXTRA_EPOCH_MAX) {
		b->extra_stamp = now;
		b->extra_count = 0;
		expected = 0;
	}
	b->extra_count += s->delivered;
	extra = min(b->extra_count - min(b->extra_count, expected), t->cwnd);
	b->extra_acked[0] = max(b->extra_acked[0], extra);
}

/* 4.3.2.2 */
static void check_full(struct bbr *b, const struct xtcp_ack_sample *s)
{
	if (b->full || !b->round_start || s->rate.app_limited)
		return;
	if (b->max_bw >= b->full_bw * FULL_GROWTH / GAIN_ONE) {
		b->full_bw = b->max_bw;
		b->full_count = 0;
		return;
	}
	b->full = ++b->full_count >= FULL_ROUNDS;
}

/* ---- the state machine ----------------------------------------------------- */

static void set_phase(struct bbr *b, unsigned int phase, xtcp_usec_t now)
{
	b->phase = phase;
	b->cycle_stamp = now;
}

/*
 * 4.3.4.3: not with the phase that drains; otherwise any, so that flows do not
 * probe together.  ISS and rounds are as good as random here.
 */
static void enter_probe_bw(struct xtcp_tcb *t, xtcp_usec_t now)
{
	struct bbr *b = bbr(t);
	u32 mix = (t->iss ^ b->round) * 0x9e3779b1U >> 16;
	unsigned int phase = mix % (CYCLE_LEN - 1);

	b->mode = PROBE_BW;
	set_phase(b, phase ? phase + 1 : 0, now);
}

static bool phase_over(const struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
		       xtcp_usec_t now)
{
	const struct bbr *b = bbr(t);
	bool long_enough = now - b->cycle_stamp > b->min_rtt_us;
	u32 gain = cycle_gain[b->phase];

	if (gain > GAIN_ONE)
		return long_enough && (s->lost ||
				       s->prior_in_flight >= inflight(t, gain));
	if (gain < GAIN_ONE)
		return long_enough || s->prior_in_flight <= inflight(t, GAIN_ONE);
	return long_enough;
}

static void leave_probe_rtt(struct xtcp_tcb *t, xtcp_usec_t now)
{
	struct bbr *b = bbr(t);

	b->min_rtt_stamp = now;
	t->cwnd = max(t->cwnd, b->saved_cwnd);
	if (b->full)
		enter_probe_bw(t, now);
	else
		b->mode = STARTUP;
}

/* Remember cwnd where recovery or PROBE_RTT has not lowered it already. */
static void save_cwnd(struct xtcp_tcb *t)
{
	struct bbr *b = bbr(t);

	if (b->ca_state < XTCP_CA_RECOVERY && b->mode != PROBE_RTT)
		b->saved_cwnd = t->cwnd;
	else
		b->saved_cwnd = max(b->saved_cwnd, t->cwnd);
}

/* 4.3.5: 200 ms and a round with almost nothing in flight. */
static void probe_rtt(struct xtcp_tcb *t, xtcp_usec_t now)
{
	struct bbr *b = bbr(t);

	/* what is sent little of now is no measure of the bandwidth */
	xtcp_rate_limit(t);
	if (!b->probe_rtt_end) {
		if (xtcp_in_flight(t) <= CWND_MIN) {
			b->probe_rtt_end = now + PROBE_RTT_US;
			b->probe_round_done = false;
			b->round_end = t->delivered;
		}
		return;
	}
	if (b->round_start)
		b->probe_round_done = true;
	if (b->probe_round_done && now > b->probe_rtt_end)
		leave_probe_rtt(t, now);
}

/* 4.1.2.2 */
static void update_min_rtt(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			   xtcp_usec_t now)
{
	struct bbr *b = bbr(t);
	bool expired = now > b->min_rtt_stamp + MIN_RTT_WIN_US;

	if (s->rtt_us && (s->rtt_us < b->min_rtt_us ||
			  (expired && !s->ack_delayed))) {
		b->min_rtt_us = s->rtt_us;
		b->min_rtt_stamp = now;
	}
	if (expired && !b->idle_restart && b->mode != PROBE_RTT) {
		save_cwnd(t);
		b->mode = PROBE_RTT;
		b->probe_rtt_end = 0;
	}
	if (b->mode == PROBE_RTT)
		probe_rtt(t, now);
	if (s->rate.delivered > 0)
		b->idle_restart = false;
}

static void update_mode(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			xtcp_usec_t now)
{
	struct bbr *b = bbr(t);

	if (b->mode == PROBE_BW && phase_over(t, s, now))
		set_phase(b, (b->phase + 1) % CYCLE_LEN, now);
	check_full(b, s);
	if (b->mode == STARTUP && b->full) {
		b->mode = DRAIN;
		t->ssthresh = max_t(u32, inflight(t, GAIN_ONE), 2);
	}
	if (b->mode == DRAIN && xtcp_in_flight(t) <= inflight(t, GAIN_ONE))
		enter_probe_bw(t, now);
	update_min_rtt(t, s, now);

	b->cwnd_gain = GAIN_HIGH;
	switch (b->mode) {
	case STARTUP:
		b->pacing_gain = GAIN_HIGH;
		break;
	case DRAIN:
		b->pacing_gain = GAIN_DRAIN;
		break;
	case PROBE_BW:
		b->pacing_gain = cycle_gain[b->phase];
		b->cwnd_gain = GAIN_CWND;
		break;
	case PROBE_RTT:
		b->pacing_gain = GAIN_ONE;
		b->cwnd_gain = GAIN_ONE;
		break;
	}
}

/* ---- what follows from it -------------------------------------------------- */

/* 4.2.1: before there is a bandwidth, cwnd per RTT, or per millisecond. */
static void init_rate(struct xtcp_tcb *t)
{
	struct bbr *b = bbr(t);
	u32 rtt_us = XTCP_USEC_PER_MSEC;

	if (t->srtt_us) {
		rtt_us = max_t(u32, t->srtt_us >> 3, 1);
		b->rtt_seen = true;
	}
	b->rate = to_rate(t, t->cwnd * BW_UNIT / rtt_us, GAIN_HIGH);
}

static void set_rate(struct xtcp_tcb *t, u32 gain)
{
	struct bbr *b = bbr(t);
	u64 rate = to_rate(t, b->max_bw, gain);

	if (!b->rtt_seen && t->srtt_us)
		init_rate(t);
	/* in STARTUP a slower sample is noise */
	if (b->full || rate > b->rate)
		b->rate = rate;
}

/* 4.2.3.4: what a loss does; true: cwnd is not the model's for now. */
static bool recovery_cwnd(struct xtcp_tcb *t, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr(t);
	u32 in_flight = xtcp_in_flight(t);
	u8 before = b->ca_state;

	if (s->lost)
		t->cwnd = t->cwnd > s->lost ? t->cwnd - s->lost : 1;
	b->ca_state = t->ca_state;
	if (t->ca_state == XTCP_CA_RECOVERY && before != XTCP_CA_RECOVERY) {
		b->conserve = true;
		b->round_end = t->delivered;
		t->cwnd = in_flight + s->delivered;
	} else if (before >= XTCP_CA_RECOVERY && t->ca_state < XTCP_CA_RECOVERY) {
		t->cwnd = max(t->cwnd, b->saved_cwnd);
		b->conserve = false;
	}
	if (b->conserve)
		t->cwnd = max(t->cwnd, in_flight + s->delivered);
	return b->conserve;
}

/* 4.2.3 */
static void set_cwnd(struct xtcp_tcb *t, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr(t);
	u32 target, extra;

	if (s->delivered && !recovery_cwnd(t, s)) {
		target = bdp(b, b->max_bw, b->cwnd_gain);
		if (b->full) {
			extra = max(b->extra_acked[0], b->extra_acked[1]);
			target += min_t(u64, extra,
					b->max_bw * EXTRA_MAX_US >> BW_SHIFT);
		}
		target = with_quanta(t, target);
		if (b->full)
			t->cwnd = min(t->cwnd + s->delivered, target);
		else if (t->cwnd < target || t->delivered < XTCP_INIT_CWND)
			t->cwnd += s->delivered;
		t->cwnd = max_t(u32, t->cwnd, CWND_MIN);
	}
	if (b->mode == PROBE_RTT)
		t->cwnd = min_t(u32, t->cwnd, CWND_MIN);
}

static void bbr_cong_control(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			     xtcp_usec_t now)
{
	struct bbr *b = bbr(t);

	if (!b->min_rtt_stamp) {
		b->min_rtt_stamp = now;
		b->extra_stamp = now;
	}
	update_bw(t, s);
	update_aggregation(t, s, now);
	update_mode(t, s, now);
	set_rate(t, b->pacing_gain);
	set_cwnd(t, s);
}

static void bbr_init(struct xtcp_tcb *t)
{
	struct bbr *b = bbr(t);

	memset(b, 0, sizeof(*b));
	b->min_rtt_us = t->srtt_us ? t->srtt_us >> 3 : U32_MAX;
	b->round_end = t->delivered;
	b->mode = STARTUP;
	b->pacing_gain = GAIN_HIGH;
	b->cwnd_gain = GAIN_HIGH;
	init_rate(t);
}

/* Loss does not lower the threshold, but cwnd has to be found again. */
static u32 bbr_ssthresh(struct xtcp_tcb *t)
{
	save_cwnd(t);
	return t->ssthresh;
}

static void bbr_set_state(struct xtcp_tcb *t, enum xtcp_ca_state state)
{
	struct bbr *b = bbr(t);

	if (state != XTCP_CA_LOSS)
		return;
	/* what made the bandwidth look full may have been the loss */
	b->ca_state = XTCP_CA_LOSS;
	b->full_bw = 0;
	b->round_start = true;
}

static u32 bbr_undo_cwnd(struct xtcp_tcb *t)
{
	struct bbr *b = bbr(t);

	b->full_bw = 0;
	b->full_count = 0;
	return max(t->cwnd, b->saved_cwnd);
}

static void bbr_event(struct xtcp_tcb *t, enum xtcp_cong_event event,
		      xtcp_usec_t now)
{
	struct bbr *b = bbr(t);

	if (event != XTCP_CONG_TX_START || !t->rate.app_limited)
		return;
	/* 4.3.4.4: no burst after a pause */
	b->idle_restart = true;
	b->extra_stamp = now;
	b->extra_count = 0;
	if (b->mode == PROBE_BW)
		set_rate(t, GAIN_ONE);
	else if (b->mode == PROBE_RTT && b->probe_rtt_end && now > b->probe_rtt_end)
		leave_probe_rtt(t, now);
}

static u64 bbr_pacing_rate(const struct xtcp_tcb *t)
{
	return bbr(t)->rate;
}

static u32 bbr_get_info(const struct xtcp_tcb *t, int *attr,
			union tcp_cc_info *info)
{
	const struct bbr *b = bbr(t);
	u64 rate = b->max_bw * t->mss * XTCP_USEC_PER_SEC >> BW_SHIFT;

	*attr = INET_DIAG_BBRINFO;
	memset(&info->bbr, 0, sizeof(info->bbr));
	info->bbr.bbr_bw_lo = (u32)rate;
	info->bbr.bbr_bw_hi = (u32)(rate >> 32);
	info->bbr.bbr_min_rtt = b->min_rtt_us;
	info->bbr.bbr_pacing_gain = b->pacing_gain;
	info->bbr.bbr_cwnd_gain = b->cwnd_gain;
	return sizeof(info->bbr);
}

const struct xtcp_cc_ops xtcp_cc_bbr = {
	.name		= "bbr",
	.flags		= XTCP_CC_UNRESTRICTED | XTCP_CC_PACING,
	.mem_size	= sizeof(struct bbr),
	.init		= bbr_init,
	.ssthresh	= bbr_ssthresh,
	.cong_control	= bbr_cong_control,
	.set_state	= bbr_set_state,
	.event		= bbr_event,
	.undo_cwnd	= bbr_undo_cwnd,
	.pacing_rate	= bbr_pacing_rate,
	.min_tso_segs	= min_tso_segs,
	.get_info	= bbr_get_info,
};
