// SPDX-License-Identifier: GPL-2.0
/* RFC 8257: DCTCP. */
#include <math.h>
#include <linux/inet_diag.h>

#include "cc_table.h"
#include "internal.h"
#include "script.h"

static u32 alpha(void)
{
	union tcp_cc_info info;
	int attr = 0;

	CHECK_EQ(xtcp_cc_dctcp.get_info(&ep.t, &attr, &info), sizeof(info.dctcp));
	CHECK_EQ(attr, INET_DIAG_DCTCPINFO);
	return info.dctcp.dctcp_alpha;
}

static void dctcp_window(u32 cwnd)
{
	conf.cc = XTCP_CC_DCTCP;
	given(ESTABLISHED);
	ep.t.cwnd = cwnd;
	ep.t.ssthresh = cwnd;
}

/* A window of ACKs, so many per mill of which say that there was congestion. */
static void one_window(u32 marked)
{
	u32 i;

	for (i = 0; i < 1000; i++) {
		struct xtcp_ack_sample s = {
			.acked = 1, .delivered = 1, .ece = i < marked,
		};

		/* the window ends with its last ACK */
		if (i == 999)
			ep.t.snd_una = ep.t.snd_nxt;
		else
			ep.t.snd_una = ep.t.snd_nxt - 1;
		xtcp_cc_dctcp.acked(&ep.t, &s, now);
	}
}

TEST(dctcp_init__pessimistic)
{
	dctcp_window(100);
	CHECK_EQ(alpha(), 1024);
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), 50);
}

/* 3.3: alpha = (1 - g) alpha + g F */
TEST(dctcp_acked__alpha_is_a_moving_average)
{
	double want = 1;
	u32 i;

	dctcp_window(100);
	for (i = 0; i < 60; i++) {
		one_window(250);
		want = want * 15 / 16 + 0.25 / 16;
		if (fabs(alpha() / 1024.0 - want) > 0.02)
			fail(__FILE__, __LINE__, "window %u: %u/1024, not %f", i,
			     alpha(), want);
	}
	CHECK(alpha() > 230 && alpha() < 290);
}

TEST(dctcp_acked__goes_to_zero_without_marks)
{
	u32 i;

	dctcp_window(100);
	for (i = 0; i < 120; i++)
		one_window(0);
	CHECK_EQ(alpha(), 0);
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), 100);
}

/* 3.3 step 9: cwnd (1 - alpha / 2) */
TEST(dctcp_ssthresh__in_proportion)
{
	u32 i, want;

	dctcp_window(1000);
	for (i = 0; i < 100; i++)
		one_window(500);
	want = 1000 - 1000 * alpha() / 2048;
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), want);
	CHECK(want > 730 && want < 770);
}

/* 3.5: a loss halves, however little was marked */
TEST(dctcp_set_state__loss_is_a_loss)
{
	u32 i;

	dctcp_window(1000);
	for (i = 0; i < 120; i++)
		one_window(0);
	xtcp_cong_save(&ep.t);
	ep.t.ssthresh = xtcp_cong_ssthresh(&ep.t);
	CHECK_EQ(ep.t.ssthresh, 1000);
	xtcp_cong_set_state(&ep.t, XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.ssthresh, 500);
}

TESTS_MAIN
