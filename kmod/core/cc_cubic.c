// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC (RFC 9438), which leaves its first slow start by HyStart++ (RFC 9406).
 *
 * Windows are segments.  Time in the cubic function runs in ticks of 1/1024
 * seconds, so that cubes and divisions are shifts.
 */
#include "cc.h"

/* RFC 9438 4.6 and 4.7: beta_cubic = 0.7, in 1/1024; the fast convergence factor. */
#define BETA		717U
#define BETA_ONE	1024U
/* C = 0.4 segments per second cubed, in 1/1024 */
#define C_SCALED	410U
#define C_SHIFT		10
#define TICK_SHIFT	10	/* ticks per second, a power of two */
/* Ticks that the cube fits 64 bits with: more than two minutes from the plateau. */
#define TICKS_MAX	BIT(17)
/* Segments ACKed per segment of growth, on the plateau: 1 % of cwnd per RTT. */
#define PLATEAU		100U

/* RFC 9406 4.3 */
#define MIN_RTT_THRESH_US	(4 * XTCP_USEC_PER_MSEC)
#define MAX_RTT_THRESH_US	(16 * XTCP_USEC_PER_MSEC)
#define MIN_RTT_DIVISOR		8
#define N_RTT_SAMPLE		8
#define CSS_GROWTH_DIVISOR	4
#define CSS_ROUNDS		5

/**
 * struct epoch - congestion avoidance since the last congestion event
 * @start: when it began, on the coarse clock; 0: it has not
 * @k: time from then to the plateau, ticks
 * @origin: the plateau, segments
 * @w_est: the window that NewReno would have, segments
 * @w_est_cnt: segments ACKed towards the next one of @w_est
 */
struct epoch {
	u32	start;
	u32	k;
	u32	origin;
	u32	w_est;
	u32	w_est_cnt;
};

/**
 * struct hystart - the first slow start (RFC 9406 4.2)
 * @window_end: the round ends when this is ACKed
 * @last_min_us: least RTT of the round before; U32_MAX: not known
 * @curr_min_us: least RTT of this round; U32_MAX: not known
 * @baseline_us: least RTT when conservative slow start (CSS) began; 0: not in it
 * @samples: RTT samples of this round, as far as they matter
 * @css_rounds: rounds in CSS, this one included
 * @css_cnt: segments ACKed in CSS that have not made cwnd grow
 */
struct hystart {
	u32	window_end;
	u32	last_min_us;
	u32	curr_min_us;
	u32	baseline_us;
	u8	samples;
	u8	css_rounds;
	u8	css_cnt;
};

/**
 * struct cubic - state of a connection
 * @w_max: window before the last reduction, less with fast convergence; 0: none
 * @cwnd_prior: window before the last reduction, whatever
 * @slow: in the first slow start: @hs counts, @epoch does not
 * @epoch: congestion avoidance
 * @hs: slow start
 */
struct cubic {
	u32	w_max;
	u32	cwnd_prior;
	bool	slow;
	union {
		struct epoch	epoch;
		struct hystart	hs;
	};
};

static_assert(sizeof(struct cubic) <= XTCP_CC_PRIV_SIZE);

static struct cubic *cubic(const struct xtcp_tcb *t)
{
	return xtcp_cc_priv(t);
}

/* The integer part of the cube root. */
static u32 cube_root(u64 a)
{
	u64 root = 0;
	int shift;

	/* one bit of the root after the other, from above */
	for (shift = 63; shift >= 0; shift -= 3) {
		u64 b;

		root <<= 1;
		b = 3 * root * (root + 1) + 1;
		if (a >> shift >= b) {
			a -= b << shift;
			root++;
		}
	}
	return root;
}

/* ---- slow start: HyStart++ ---------------------------------------------- */

static void new_round(struct xtcp_tcb *t, struct hystart *hs)
{
	hs->window_end = t->snd_nxt;
	hs->last_min_us = hs->curr_min_us;
	hs->curr_min_us = U32_MAX;
	hs->samples = 0;
}

static void hystart_begin(struct xtcp_tcb *t, struct cubic *c)
{
	memset(&c->hs, 0, sizeof(c->hs));
	c->slow = true;
	c->hs.curr_min_us = U32_MAX;
	new_round(t, &c->hs);
}

/* The first slow start is over: by loss, by ECN or by what follows here. */
static void hystart_end(struct cubic *c)
{
	memset(&c->epoch, 0, sizeof(c->epoch));
	c->slow = false;
}

/* Did the RTT rise by more than noise since the last round? */
static bool rtt_rose(const struct hystart *hs)
{
	u32 thresh;

	if (hs->samples < N_RTT_SAMPLE || hs->last_min_us == U32_MAX ||
	    hs->curr_min_us == U32_MAX)
		return false;
	thresh = clamp_t(u32, hs->last_min_us / MIN_RTT_DIVISOR,
			 MIN_RTT_THRESH_US, MAX_RTT_THRESH_US);
	return hs->curr_min_us >= hs->last_min_us + thresh;
}

/* RFC 9406 4.2, in its order; the growth itself is in slow_start(). */
static void hystart_acked(struct xtcp_tcb *t, struct cubic *c, u32 rtt_us)
{
	struct hystart *hs = &c->hs;
	bool round_over = !xtcp_before(t->snd_una, hs->window_end);

	if (rtt_us) {
		hs->curr_min_us = min(hs->curr_min_us, rtt_us);
		if (hs->samples < N_RTT_SAMPLE)
			hs->samples++;
	}
	if (!hs->baseline_us && rtt_rose(hs)) {
		hs->baseline_us = hs->curr_min_us;
		hs->css_rounds = 0;
	} else if (hs->baseline_us && hs->samples >= N_RTT_SAMPLE &&
		   hs->curr_min_us < hs->baseline_us) {
		/* the rise was noise: slow start as before */
		hs->baseline_us = 0;
	}
	if (!round_over)
		return;
	if (hs->baseline_us && ++hs->css_rounds >= CSS_ROUNDS) {
		t->ssthresh = t->cwnd;
		hystart_end(c);
		return;
	}
	new_round(t, hs);
}

/* In CSS a quarter of the growth. */
static u32 slow_start(struct xtcp_tcb *t, struct cubic *c, u32 acked)
{
	u32 grow;

	if (!c->slow || !c->hs.baseline_us)
		return xtcp_cc_slow_start(t, acked);
	acked += c->hs.css_cnt;
	grow = acked / CSS_GROWTH_DIVISOR;
	c->hs.css_cnt = acked % CSS_GROWTH_DIVISOR;
	return xtcp_cc_slow_start(t, grow);
}

/* ---- congestion avoidance ------------------------------------------------ */

/* Coarse time to ticks. */
static u64 to_ticks(u32 coarse)
{
	return ((u64)coarse << (XTCP_COARSE_SHIFT + TICK_SHIFT)) / XTCP_USEC_PER_SEC;
}

/* RFC 9438 4.2: the first ACK after the reduction. */
static void epoch_begin(struct xtcp_tcb *t, struct cubic *c, xtcp_usec_t now)
{
	struct epoch *e = &c->epoch;

	e->start = xtcp_coarse_stamp(now);
	e->w_est = t->cwnd;
	e->w_est_cnt = 0;
	if (c->w_max <= t->cwnd) {
		e->k = 0;
		e->origin = t->cwnd;
	} else {
		/* (2): K = cubic_root((W_max - cwnd_epoch) / C), in ticks */
		u64 diff = c->w_max - t->cwnd;

		diff = min_t(u64, diff, 1U << 23);
		e->k = cube_root((diff << (3 * TICK_SHIFT + C_SHIFT)) / C_SCALED);
		e->origin = c->w_max;
	}
}

/* (1): W_cubic at so many ticks after the epoch began, segments. */
static u32 w_cubic(const struct epoch *e, u64 ticks)
{
	u64 off = ticks > e->k ? ticks - e->k : e->k - ticks;
	u64 delta;

	off = min_t(u64, off, TICKS_MAX);
	delta = C_SCALED * off * off * off >> (3 * TICK_SHIFT + C_SHIFT);
	if (ticks > e->k)
		return min_t(u64, e->origin + delta, U32_MAX);
	return e->origin > delta ? e->origin - delta : 0;
}

/*
 * 4.3: what NewReno with beta_cubic would have: alpha segments per RTT, where
 * alpha = 3 (1 - beta) / (1 + beta) = 9 / 17, and 1 once it is back at the
 * window before the reduction.
 */
static void reno_friendly(const struct xtcp_tcb *t, struct cubic *c, u32 acked)
{
	struct epoch *e = &c->epoch;
	u32 per = t->cwnd, n;

	if (e->w_est < c->cwnd_prior)
		per = max_t(u32, (u64)t->cwnd * 17 / 9, 1);
	e->w_est_cnt += acked;
	n = e->w_est_cnt / per;
	e->w_est += n;
	e->w_est_cnt -= n * per;
}

/* How many segments have to be ACKed for one of growth (4.4, 4.5). */
static u32 pace_of_growth(struct xtcp_tcb *t, struct cubic *c, xtcp_usec_t now)
{
	struct epoch *e = &c->epoch;
	u32 elapsed = xtcp_coarse(now) - e->start;
	/* one RTT ahead: what is decided now is seen then */
	u64 ticks = to_ticks(elapsed) +
		    ((u64)(t->srtt_us >> 3) << TICK_SHIFT) / XTCP_USEC_PER_SEC;
	u32 target = w_cubic(e, ticks), per;

	/* 4.2: at most half a window in an RTT */
	target = min_t(u64, target, (u64)t->cwnd * 3 / 2);
	per = target > t->cwnd ? t->cwnd / (target - t->cwnd)
			       : min_t(u64, (u64)t->cwnd * PLATEAU, U32_MAX);
	if (e->w_est > t->cwnd)
		per = min_t(u32, per, t->cwnd / (e->w_est - t->cwnd));
	return max_t(u32, per, 2);
}

static void cubic_cong_avoid(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			     xtcp_usec_t now)
{
	struct cubic *c = cubic(t);
	u32 acked = s->delivered;

	if (xtcp_in_slow_start(t)) {
		acked = slow_start(t, c, acked);
		if (!acked)
			return;
	}
	if (c->slow)
		return;
	if (!c->epoch.start)
		epoch_begin(t, c, now);
	reno_friendly(t, c, acked);
	xtcp_cc_grow(t, pace_of_growth(t, c, now), acked);
}

static void cubic_acked(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			xtcp_usec_t now)
{
	struct cubic *c = cubic(t);

	if (t->ssthresh == U32_MAX && t->ca_state <= XTCP_CA_DISORDER) {
		/* the reduction that ended it may have been undone */
		if (!c->slow)
			hystart_begin(t, c);
		hystart_acked(t, c, s->rtt_us);
	} else if (c->slow) {
		hystart_end(c);
	}
}

/* 4.6 and 4.7: multiplicative decrease, and fast convergence. */
static u32 cubic_ssthresh(struct xtcp_tcb *t)
{
	struct cubic *c = cubic(t);

	hystart_end(c);
	c->cwnd_prior = t->cwnd;
	if (t->cwnd < c->w_max)
		c->w_max = (u64)t->cwnd * (BETA_ONE + BETA) / (2 * BETA_ONE);
	else
		c->w_max = t->cwnd;
	return max_t(u32, (u64)t->cwnd * BETA / BETA_ONE, 2);
}

static void cubic_set_state(struct xtcp_tcb *t, enum xtcp_ca_state state)
{
	/* 4.8: after a timeout the plateau is where slow start ends */
	if (state == XTCP_CA_LOSS)
		cubic(t)->w_max = 0;
}

static void cubic_event(struct xtcp_tcb *t, enum xtcp_cong_event event,
			xtcp_usec_t now)
{
	struct epoch *e = &cubic(t)->epoch;

	/* 5.8: time in which nothing was sent does not count */
	if (event == XTCP_CONG_TX_START && !cubic(t)->slow && e->start) {
		e->start += (xtcp_stamp(now) - t->lsndtime) >> XTCP_COARSE_SHIFT;
		if (!e->start)
			e->start = 1;
	}
}

static void cubic_init(struct xtcp_tcb *t)
{
	memset(cubic(t), 0, sizeof(struct cubic));
	if (t->ssthresh == U32_MAX)
		hystart_begin(t, cubic(t));
}

const struct xtcp_cc_ops xtcp_cc_cubic = {
	.name		= "cubic",
	.flags		= XTCP_CC_UNRESTRICTED,
	.init		= cubic_init,
	.ssthresh	= cubic_ssthresh,
	.cong_avoid	= cubic_cong_avoid,
	.acked		= cubic_acked,
	.set_state	= cubic_set_state,
	.event		= cubic_event,
};
