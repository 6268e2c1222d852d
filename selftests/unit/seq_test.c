// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.4: arithmetic modulo 2^32. */
#include "script.h"
#include "seq.h"

TEST(seq__before_and_after)
{
	u32 a = peers(0);

	CHECK(xtcp_before(a, a + 1));
	CHECK(!xtcp_before(a, a));
	CHECK(!xtcp_before(a + 1, a));
	CHECK(xtcp_after(a + 1, a));
	CHECK(!xtcp_after(a, a));
	CHECK(xtcp_before(a, a + 0x7fffffff));
	CHECK(xtcp_after(a, a - 0x7fffffff));
	/* the largest window there is, RFC 7323 2.3 */
	CHECK(xtcp_before(a, a + (1U << 30)));
	CHECK(xtcp_before(a - (1U << 30), a));
}

TEST(seq__wraps)
{
	CHECK(xtcp_before(0xffffffff, 0));
	CHECK(xtcp_after(0, 0xffffffff));
	CHECK(xtcp_before(0xfffffff0, 0x10));
	CHECK(!xtcp_before(0x10, 0xfffffff0));
	CHECK(xtcp_before(0x7fffffff, 0x80000000));
}

TEST(seq__between)
{
	u32 a = our(0);

	CHECK(xtcp_between(a, a, a));
	CHECK(xtcp_between(a + 5, a, a + 5));
	CHECK(xtcp_between(a, a, a + 5));
	CHECK(!xtcp_between(a + 6, a, a + 5));
	CHECK(!xtcp_between(a - 1, a, a + 5));
	CHECK(xtcp_between(2, 0xfffffffe, 4));
	CHECK(!xtcp_between(5, 0xfffffffe, 4));
}

TESTS_MAIN
