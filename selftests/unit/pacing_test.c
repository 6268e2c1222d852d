// SPDX-License-Identifier: GPL-2.0
/* Pacing rates, departure times and the size of bursts. */
#include "cc_table.h"
#include "pacing.h"
#include "script.h"

#define NS_PER_MS	1000000ULL

static void path(u32 cwnd, u32 ssthresh, u32 rtt_us)
{
	given(ESTABLISHED);
	ep.t.cwnd = cwnd;
	ep.t.ssthresh = ssthresh;
	ep.t.srtt_us = rtt_us << 3;
}

TEST(pacing_rate__none_before_an_rtt)
{
	path(10, U32_MAX, 0);
	CHECK(xtcp_pacing_rate(&ep.t) == XTCP_RATE_MAX);
}

/* Linux: 200 % of cwnd / SRTT in slow start, 120 % afterwards */
TEST(pacing_rate__more_than_the_window)
{
	path(100, U32_MAX, 100000);
	CHECK_EQ(xtcp_pacing_rate(&ep.t), 2 * 100 * MSS * 10);
	path(100, 100, 100000);
	CHECK_EQ(xtcp_pacing_rate(&ep.t), 100 * MSS * 12);
	/* close to the threshold it is not slow start any more */
	path(100, 199, 100000);
	CHECK_EQ(xtcp_pacing_rate(&ep.t), 100 * MSS * 12);
}

TEST(pacing_rate__ratios_can_be_set)
{
	conf.core.pacing_ss_ratio = 300;
	conf.core.pacing_ca_ratio = 100;
	path(100, U32_MAX, 100000);
	CHECK_EQ(xtcp_pacing_rate(&ep.t), 3 * 100 * MSS * 10);
	path(100, 100, 100000);
	CHECK_EQ(xtcp_pacing_rate(&ep.t), 100 * MSS * 10);
}

TEST(tso_segs__a_millisecond)
{
	path(10, 10, 1000000);
	/* 20 MB/s: 19 segments in 1/1024 s */
	CHECK_EQ(xtcp_tso_segs(&ep.t, 20000000, 10, 64000), 19);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 20000000, 9, 64000), 39);
	/* not more than a buffer takes, not less than two */
	CHECK_EQ(xtcp_tso_segs(&ep.t, 1000000000, 10, 64000), 64);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 1000, 10, 64000), 2);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 1000, 10, 500), 1);
}

/* net.xtcp.tso_rtt_log: where the RTT is far below 512 us bursts are whole */
TEST(tso_segs__larger_on_short_paths)
{
	path(10, 10, 100);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 1000000, 10, 64000), 64);
	/* 1 ms is one doubling, 2 ms three: half, an eighth */
	path(10, 10, 1000);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 0, 10, 64000), 32);
	path(10, 10, 2000);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 0, 10, 64000), 8);
	conf.core.tso_rtt_log = 0;
	path(10, 10, 100);
	CHECK_EQ(xtcp_tso_segs(&ep.t, 1000000, 10, 64000), 2);
}

TEST(pace_sent__one_after_the_other)
{
	struct xtcp_pace p = { 0 };
	u64 t0 = 5 * NS_PER_MS;

	path(10, 10, 1000);
	ep.t.delivered = 100;
	/* 1 MB/s: a millisecond for 1000 bytes */
	CHECK(xtcp_pace_allows(&p, &ep.t, t0));
	CHECK_EQ(xtcp_pace_sent(&p, &ep.t, 1000, 1000000, t0), t0);
	CHECK(!xtcp_pace_allows(&p, &ep.t, t0 + NS_PER_MS - 1));
	CHECK(xtcp_pace_allows(&p, &ep.t, t0 + NS_PER_MS));
	/* fq waits for us: the departure is in the future */
	CHECK_EQ(xtcp_pace_sent(&p, &ep.t, 1000, 1000000, t0), t0 + NS_PER_MS);
	CHECK_EQ(p.next_ns, t0 + 2 * NS_PER_MS);
}

/* A timer that fires late does not slow the stream down for ever. */
TEST(pace_sent__gives_back_what_was_late)
{
	struct xtcp_pace p = { .next_ns = 10 * NS_PER_MS };

	path(10, 10, 1000);
	ep.t.delivered = 100;
	xtcp_pace_sent(&p, &ep.t, 1000, 1000000, 10 * NS_PER_MS + 300000);
	CHECK_EQ(p.next_ns, 11 * NS_PER_MS);
	/* but half of it at most: a pause is no licence for a burst */
	xtcp_pace_sent(&p, &ep.t, 1000, 1000000, 50 * NS_PER_MS);
	CHECK_EQ(p.next_ns, 50 * NS_PER_MS + NS_PER_MS / 2);
}

TEST(pace_sent__not_the_initial_window)
{
	struct xtcp_pace p = { 0 };

	path(10, U32_MAX, 1000);
	ep.t.delivered = 9;
	xtcp_pace_sent(&p, &ep.t, 1000, 1000000, NS_PER_MS);
	CHECK(xtcp_pace_allows(&p, &ep.t, NS_PER_MS));
}

TEST(pace_sent__without_a_limit_there_is_none)
{
	struct xtcp_pace p = { 0 };

	path(10, 10, 1000);
	ep.t.delivered = 100;
	xtcp_pace_sent(&p, &ep.t, 1000, XTCP_RATE_MAX, NS_PER_MS);
	CHECK(xtcp_pace_allows(&p, &ep.t, NS_PER_MS));
}

TESTS_MAIN
