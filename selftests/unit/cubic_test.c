// SPDX-License-Identifier: GPL-2.0
/* RFC 9438 and RFC 9406: CUBIC and HyStart++. */
#include <math.h>

#include "cc_table.h"
#include "internal.h"
#include "script.h"

#define RTT_MS	100

/* A connection that uses all of its window, whatever was sent. */
static void cubic_window(u32 cwnd, u32 ssthresh)
{
	conf.cc = XTCP_CC_CUBIC;
	given(ESTABLISHED);
	ep.t.cwnd = cwnd;
	ep.t.ssthresh = ssthresh;
	ep.t.cwnd_cnt = 0;
	ep.t.srtt_us = RTT_MS * 1000 << 3;
	ep.t.flags |= XTCP_F_CWND_LIMITED;
}

static void ack(u32 segs, u32 rtt_us)
{
	struct xtcp_ack_sample s = {
		.acked = segs, .delivered = segs, .rtt_us = rtt_us,
		.prior_in_flight = ep.t.cwnd,
	};

	xtcp_cong_control(&ep.t, &s, now);
}

/* One RTT: each segment of the window is ACKed, evenly. */
static void round_trip(u32 rtt_us)
{
	u32 n = ep.t.cwnd, i;

	for (i = 0; i < n; i++) {
		now += rtt_us / n;
		ack(1, rtt_us);
	}
}

static void loss(void)
{
	xtcp_cong_save(&ep.t);
	ep.t.ssthresh = xtcp_cong_ssthresh(&ep.t);
	xtcp_cong_set_state(&ep.t, XTCP_CA_RECOVERY);
	ep.t.cwnd = ep.t.ssthresh;
	ep.t.cwnd_cnt = 0;
	xtcp_cong_set_state(&ep.t, XTCP_CA_OPEN);
}

TEST(cubic__is_what_was_chosen)
{
	cubic_window(10, U32_MAX);
	CHECK(xtcp_cc_ops(&ep.t) == &xtcp_cc_cubic);
}

TEST(cubic_ssthresh__seven_tenths)
{
	cubic_window(1000, 500);
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), 700);
	ep.t.cwnd = 2;
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), 2);
}

/* 4.2: (1) and (2), over the whole curve, concave and convex. */
TEST(cubic_cong_avoid__follows_the_curve)
{
	double k = cbrt(1000 * 0.3 / 0.4), t = 0;
	xtcp_usec_t begin;

	cubic_window(1000, 500);
	loss();
	CHECK_EQ(ep.t.cwnd, 700);
	begin = now;
	while (t < 2 * k) {
		double want;

		round_trip(RTT_MS * 1000);
		t = (now - begin) / 1e6;
		want = 0.4 * pow(t - k, 3) + 1000;
		/* the target is one RTT ahead, and growth is by whole segments */
		if (fabs(ep.t.cwnd - want) > 0.02 * want)
			fail(__FILE__, __LINE__, "at %.2f s %u, not %.1f", t,
			     ep.t.cwnd, want);
	}
	/* twice K: as far above the plateau as it began below */
	CHECK(ep.t.cwnd > 1200 && ep.t.cwnd < 1400);
}

/* 4.3: on a short path the cube is slower than NewReno would be. */
TEST(cubic_cong_avoid__is_friendly_to_newreno)
{
	u32 i, before;
	double want = 14;

	cubic_window(20, 10);
	ep.t.srtt_us = 1000 << 3;
	loss();
	CHECK_EQ(ep.t.cwnd, 14);
	/* alpha is 9/17 up to the window before the loss */
	for (i = 0; i < 10; i++) {
		round_trip(1000);
		want += 9.0 / 17;
	}
	if (fabs(ep.t.cwnd - want) > 1.5)
		fail(__FILE__, __LINE__, "%u, not %.1f", ep.t.cwnd, want);
	/* and 1 above it */
	for (i = 0; i < 30; i++)
		round_trip(1000);
	before = ep.t.cwnd;
	CHECK(before > 20);
	for (i = 0; i < 20; i++)
		round_trip(1000);
	CHECK(ep.t.cwnd >= before + 18 && ep.t.cwnd <= before + 22);
}

/* 4.7: less than last time: somebody new is there, leave room */
TEST(cubic_ssthresh__fast_convergence)
{
	xtcp_usec_t begin;

	cubic_window(1000, 500);
	loss();
	ep.t.cwnd = 800;
	loss();
	CHECK_EQ(ep.t.cwnd, 560);
	/* the plateau is 800 * (1 + 0.7) / 2 = 680, K = cbrt(120 / 0.4) = 6.7 s */
	begin = now;
	while (now - begin < 6700000)
		round_trip(RTT_MS * 1000);
	CHECK(ep.t.cwnd >= 670 && ep.t.cwnd <= 690);
}

/* 4.4: not more than half a window in an RTT, whatever the curve says */
TEST(cubic_cong_avoid__half_a_window_at_most)
{
	cubic_window(10, 5);
	loss();
	now += 100 * XTCP_USEC_PER_SEC;
	ack(1, RTT_MS * 1000);
	now += 100 * XTCP_USEC_PER_SEC;
	CHECK_EQ(ep.t.cwnd, 7);
	round_trip(RTT_MS * 1000);
	CHECK(ep.t.cwnd > 7 && ep.t.cwnd <= 11);
}

/* 5.8: the curve does not go on while the user is silent */
TEST(cubic_event__a_pause_does_not_count)
{
	u32 before;

	conf.core.slow_start_after_idle = false;
	cubic_window(1000, 500);
	loss();
	round_trip(RTT_MS * 1000);
	before = ep.t.cwnd;
	ep.t.lsndtime = xtcp_stamp(now);
	now += 60 * XTCP_USEC_PER_SEC;
	xtcp_cong_idle(&ep.t, now);
	ep.t.flags |= XTCP_F_CWND_LIMITED;
	round_trip(RTT_MS * 1000);
	CHECK(ep.t.cwnd < before + 40);
}

TEST(cubic_cong_avoid__not_when_the_window_is_not_used)
{
	cubic_window(100, 50);
	loss();
	ep.t.flags &= ~XTCP_F_CWND_LIMITED;
	now += 50 * XTCP_USEC_PER_SEC;
	ack(70, RTT_MS * 1000);
	ack(70, RTT_MS * 1000);
	CHECK_EQ(ep.t.cwnd, 70);
}

/* 4.8: after a timeout the plateau is forgotten */
TEST(cubic_set_state__timeout)
{
	u32 i;

	cubic_window(1000, 500);
	xtcp_cong_save(&ep.t);
	ep.t.ssthresh = xtcp_cong_ssthresh(&ep.t);
	ep.t.cwnd = 1;
	xtcp_cong_set_state(&ep.t, XTCP_CA_LOSS);
	xtcp_cong_set_state(&ep.t, XTCP_CA_OPEN);
	while (ep.t.cwnd < ep.t.ssthresh)
		round_trip(RTT_MS * 1000);
	CHECK_EQ(ep.t.ssthresh, 700);
	/* K = 0: flat at first, no rush back to 1000 */
	for (i = 0; i < 10; i++)
		round_trip(RTT_MS * 1000);
	CHECK(ep.t.cwnd < 715);
}

TEST(cubic_undo__goes_back)
{
	cubic_window(1000, 500);
	xtcp_cong_save(&ep.t);
	ep.t.ssthresh = xtcp_cong_ssthresh(&ep.t);
	xtcp_cong_set_state(&ep.t, XTCP_CA_RECOVERY);
	ep.t.cwnd = 300;
	xtcp_cong_undo(&ep.t);
	CHECK_EQ(ep.t.cwnd, 1000);
	CHECK_EQ(ep.t.ssthresh, 700);
}

/* ---- RFC 9406: HyStart++ ------------------------------------------------- */

/* A round of slow start in which every ACK has this RTT. */
static void slow_start_round(u32 rtt_us)
{
	u32 n = ep.t.cwnd, i, end = ep.t.snd_nxt + n;

	for (i = 0; i < n; i++) {
		now += rtt_us / n;
		/* what the ACK lets go extends the next round */
		ep.t.snd_una++;
		if (i == 0)
			ep.t.snd_nxt = end;
		ack(1, rtt_us);
	}
}

/* snd_una and snd_nxt are moved by hand: nothing is on the queues. */
static void hystart(void)
{
	cubic_window(10, U32_MAX);
	ep.t.snd_nxt = ep.t.snd_una + 10;
	xtcp_cc_cubic.init(&ep.t);
}

static void hystart_over(void)
{
	ep.t.snd_una = ep.t.write_seq;
	ep.t.snd_nxt = ep.t.write_seq;
}

TEST(hystart__a_steady_rtt_does_not_end_it)
{
	u32 i;

	hystart();
	for (i = 0; i < 6; i++)
		slow_start_round(100000);
	CHECK_EQ(ep.t.cwnd, 640);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	hystart_over();
}

/* 4.2: an RTT that rose by an eighth: CSS, a quarter of the growth, five rounds */
TEST(hystart__a_queue_ends_it)
{
	u32 i, before;

	hystart();
	slow_start_round(100000);
	slow_start_round(100000);
	CHECK_EQ(ep.t.cwnd, 40);
	slow_start_round(113000);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	before = ep.t.cwnd;
	slow_start_round(113000);
	CHECK(ep.t.cwnd - before <= before / 4 + 1);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(ep.t.ssthresh, U32_MAX);
		slow_start_round(115000);
	}
	CHECK(ep.t.ssthresh < 200);
	CHECK(ep.t.cwnd < ep.t.ssthresh + 3);
	hystart_over();
}

/* ... and not when it was noise */
TEST(hystart__goes_back_when_the_rtt_does)
{
	u32 i, before;

	hystart();
	slow_start_round(100000);
	slow_start_round(100000);
	slow_start_round(120000);
	slow_start_round(101000);
	before = ep.t.cwnd;
	for (i = 0; i < 3; i++)
		slow_start_round(101000);
	CHECK(ep.t.cwnd >= before * 7);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	hystart_over();
}

/* Less than 4 ms is noise whatever the RTT. */
TEST(hystart__least_threshold)
{
	u32 i;

	hystart();
	for (i = 0; i < 5; i++)
		slow_start_round(1000 + 900 * i);
	CHECK_EQ(ep.t.cwnd, 320);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	hystart_over();
}

/* Later slow starts have a threshold to stop at. */
TEST(hystart__only_the_first_time)
{
	u32 i;

	hystart();
	ep.t.ssthresh = 500;
	for (i = 0; i < 5; i++)
		slow_start_round(50000 * (i + 1));
	CHECK_EQ(ep.t.cwnd, 320);
	CHECK_EQ(ep.t.ssthresh, 500);
	hystart_over();
}

TESTS_MAIN
