// SPDX-License-Identifier: GPL-2.0
#include "script.h"

/* What a namespace begins with: values that RFCs recommend, or Linux's own. */
TEST(conf__defaults_of_linux)
{
	struct xtcp_conf c;

	xtcp_conf_init(&c);
	CHECK_EQ(c.retries1, 3);	/* RFC 9293 SHLD-10: R1, three or more */
	CHECK_EQ(c.retries2, 15);	/* SHLD-11: R2, 100 seconds or more */
	CHECK_EQ(c.syn_retries, 6);
	CHECK_EQ(c.synack_retries, 5);
	CHECK_EQ(c.keepalive_time_us, 7200ULL * XTCP_USEC_PER_SEC);	/* MUST-28 */
	CHECK_EQ(c.keepalive_intvl_us, 75ULL * XTCP_USEC_PER_SEC);
	CHECK_EQ(c.keepalive_probes, 9);
	CHECK_EQ(c.fin_timeout_us, 60 * XTCP_USEC_PER_SEC);
	CHECK_EQ(c.timewait_us, 60 * XTCP_USEC_PER_SEC);
	CHECK_EQ(c.timewait_reuse, XTCP_TW_REUSE_LOCAL);
	CHECK_EQ(c.timewait_reuse_delay_us, XTCP_USEC_PER_SEC);
	CHECK_EQ(c.rto_min_us, 200 * XTCP_USEC_PER_MSEC);
	CHECK_EQ(c.rto_max_us, 120 * XTCP_USEC_PER_SEC);	/* RFC 6298 2.5 */
	CHECK(c.timestamps);
	CHECK(c.window_scaling);
	CHECK(c.slow_start_after_idle);
	CHECK(!c.rfc1337);
}

TESTS_MAIN
