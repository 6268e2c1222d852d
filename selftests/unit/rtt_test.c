// SPDX-License-Identifier: GPL-2.0
/* RFC 6298: SRTT, RTTVAR and RTO. */
#include "internal.h"
#include "script.h"

TEST(rtt__before_the_first_sample)
{
	given(ESTABLISHED);
	CHECK_EQ(ep.t.srtt_us, 0);
	CHECK_EQ(ep.t.rto_us, XTCP_RTO_INIT_US);
}

TEST(rtt__first_sample)
{
	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, 100000);
	CHECK_EQ(ep.t.srtt_us >> 3, 100000);
	CHECK_EQ(ep.t.mdev_us >> 2, 50000);
	/* SRTT + 4 * RTTVAR */
	CHECK_EQ(ep.t.rto_us, 300000);
}

TEST(rtt__second_sample)
{
	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, 100000);
	xtcp_rtt_sample(&ep.t, 180000);
	/* 7/8 and 1/8; 3/4 and 1/4 of 80 */
	CHECK_EQ(ep.t.srtt_us >> 3, 110000);
	CHECK_EQ(ep.t.mdev_us >> 2, 57500);
	CHECK_EQ(ep.t.rto_us, 340000);
	xtcp_rtt_sample(&ep.t, 30000);
	CHECK_EQ(ep.t.srtt_us >> 3, 100000);
	CHECK_EQ(ep.t.mdev_us >> 2, 63125);
}

/* Linux: the variance part is 200 ms at least */
TEST(rtt__least_rto)
{
	unsigned int i;

	given(ESTABLISHED);
	for (i = 0; i < 200; i++)
		xtcp_rtt_sample(&ep.t, 100);
	CHECK_EQ(ep.t.srtt_us >> 3, 100);
	CHECK_EQ(ep.t.rto_us, 200100);
}

/* A route may have a least RTO of its own, and know how long the RTT is. */
TEST(rtt__least_rto_of_the_path)
{
	unsigned int i;

	given(ESTABLISHED);
	ep.t.path.rto_min_ms = 50;
	for (i = 0; i < 200; i++)
		xtcp_rtt_sample(&ep.t, 100);
	CHECK_EQ(ep.t.rto_us, 50100);
}

TEST(rtt__of_the_path)
{
	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, 20000);
	ep.t.path.rtt = 19 << 3;
	xtcp_rtt_path(&ep.t);
	CHECK_EQ(ep.t.rto_us, 220000);
	ep.t.path.rtt = 800 << 3;
	xtcp_rtt_path(&ep.t);
	CHECK_EQ(ep.t.rto_us, 2400000);
	CHECK_EQ(ep.t.srtt_us >> 3, 20000);
}

/* The least RTT is forgotten after min_rtt_wlen. */
TEST(rtt__least_rtt_grows_old)
{
	conf.core.min_rtt_wlen_s = 10;
	given(ESTABLISHED);
	xtcp_rtt_min(&ep.t, 20000, false, now);
	xtcp_rtt_min(&ep.t, 30000, false, now + 5 * XTCP_USEC_PER_SEC);
	CHECK_EQ(ep.t.min_rtt_us, 20000);
	xtcp_rtt_min(&ep.t, 30000, true, now + 15 * XTCP_USEC_PER_SEC);
	CHECK_EQ(ep.t.min_rtt_us, 20000);
	xtcp_rtt_min(&ep.t, 30000, false, now + 15 * XTCP_USEC_PER_SEC);
	CHECK_EQ(ep.t.min_rtt_us, 30000);
}

TEST(rtt__greatest_rto)
{
	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, 400 * XTCP_USEC_PER_SEC);
	CHECK_EQ(ep.t.rto_us, 120 * XTCP_USEC_PER_SEC);
	CHECK_EQ(ep.t.srtt_us >> 3, 400 * XTCP_USEC_PER_SEC);
}

TEST(rtt__extremes)
{
	unsigned int i;

	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, U32_MAX);
	CHECK_EQ(ep.t.rto_us, 120 * XTCP_USEC_PER_SEC);
	for (i = 0; i < 1000; i++)
		xtcp_rtt_sample(&ep.t, 0);
	CHECK(ep.t.srtt_us > 0 && ep.t.srtt_us < 100);
	CHECK(ep.t.rto_us >= 200000 && ep.t.rto_us < 201000);
	for (i = 0; i < 100; i++)
		xtcp_rtt_sample(&ep.t, i % 2 ? U32_MAX : 1);
	CHECK(ep.t.rto_us >= 200000 && ep.t.rto_us <= 120 * XTCP_USEC_PER_SEC);
}

TEST(rto__doubles_up_to_the_greatest)
{
	unsigned int i;
	u32 want = 300000;

	given(ESTABLISHED);
	xtcp_rtt_sample(&ep.t, 100000);
	for (i = 0; i < 256; i++) {
		ep.t.backoff = i;
		CHECK_EQ(xtcp_rto_backed_off(&ep.t), want);
		want = min(2 * want, 120 * XTCP_USEC_PER_SEC);
	}
}

TESTS_MAIN
