// SPDX-License-Identifier: GPL-2.0
/* Segments ahead of a gap: every way in which they can overlap. */
#include <stdlib.h>

#include "internal.h"
#include "output.h"
#include "reasm.h"
#include "rng.h"
#include "script.h"

static void expect_order(const char *file, int line, unsigned int n, const u32 *seqs)
{
	struct rb_node *rb;
	unsigned int i = 0;

	for (rb = rb_first(&ep.t.ooo); rb; rb = rb_next(rb), i++) {
		const struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (i >= n || seg->seq != peers(seqs[i]))
			fail(file, line, "%u: %u is queued", i, seg->seq - peers(0));
	}
	if (i != n)
		fail(file, line, "%u are queued, not %u", i, n);
}

#define ORDER(...)							\
	do {								\
		const u32 seqs_[] = { __VA_ARGS__ };			\
									\
		expect_order(__FILE__, __LINE__,			\
			     ARRAY_SIZE(seqs_), seqs_);	\
	} while (0)

TEST(ooo__any_order_in_is_order_in_the_tree)
{
	given(ESTABLISHED);
	rcv(". 301:401(100) ack 1");
	rcv(". 101:201(100) ack 1");
	rcv(". 501:601(100) ack 1");
	rcv(". 201:301(100) ack 1");
	ORDER(101, 201, 301, 501);
	CHECK_EQ(ignore_output(), 4);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 401");
	ORDER(501);
	rcv(". 401:501(100) ack 1");
	expect(". 1 ack 601");
	expect_read(600);
}

TEST(ooo__the_same_twice)
{
	given(ESTABLISHED);
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	expect_verdict(DUP_DATA);
	ORDER(101);
}

TEST(ooo__covered_by_one_that_waits)
{
	given(ESTABLISHED);
	rcv(". 101:401(300) ack 1");
	expect(". 1 ack 1");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 1");
	expect_verdict(DUP_DATA);
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 301:401(100) ack 1");
	expect(". 1 ack 1");
	ORDER(101);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 401");
	expect_read(400);
}

TEST(ooo__covers_one_that_waits)
{
	given(ESTABLISHED);
	rcv(". 201:301(100) ack 1");
	rcv(". 101:401(300) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 401");
	expect_read(400);
	CHECK_EQ(ep.rmem, 0);
	CHECK_EQ(xtcp_received(&ep.t), 1 + 400);
}

TEST(ooo__same_beginning_longer)
{
	given(ESTABLISHED);
	rcv(". 101:201(100) ack 1");
	rcv(". 101:301(200) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 301");
	expect_read(300);
}

TEST(ooo__overlaps_at_the_left)
{
	given(ESTABLISHED);
	rcv(". 201:401(200) ack 1");
	rcv(". 101:301(200) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 401");
	expect_read(400);
	CHECK_EQ(xtcp_received(&ep.t), 1 + 400);
}

TEST(ooo__text_in_order_reaches_into_what_waits)
{
	given(ESTABLISHED);
	rcv(". 101:301(200) ack 1");
	expect(". 1 ack 1");
	rcv(". 1:201(200) ack 1");
	expect(". 1 ack 301");
	expect_read(300);
	CHECK_EQ(xtcp_received(&ep.t), 1 + 300);
}

TEST(ooo__text_in_order_covers_what_waits)
{
	given(ESTABLISHED);
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:501(500) ack 1");
	expect(". 1 ack 501");
	CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
	expect_read(500);
	CHECK_EQ(ep.rmem, 0);
}

TEST(ooo__text_in_order_ends_where_the_other_begins)
{
	given(ESTABLISHED);
	rcv(". 101:201(100) ack 1");
	rcv(". 202:203(1) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 201");
	ORDER(202);
	expect_read(200);
}

TEST(ooo__fin_inside_what_waits)
{
	given(ESTABLISHED);
	rcv("F. 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 1:51(50) ack 1");
	expect(". 1 ack 51");
	expect_state(ESTABLISHED);
	rcv(". 51:151(100) ack 1");
	expect(". 1 ack 202");
	expect_state(CLOSE_WAIT);
	expect_read(200);
	CHECK(ep.eof);
}

/* A byte behind the FIN is nonsense: it goes, the FIN counts. */
TEST(ooo__text_behind_a_fin)
{
	given(ESTABLISHED);
	rcv("F. 101 ack 1");
	rcv(". 102:202(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 102");
	expect_state(CLOSE_WAIT);
	CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
	expect_read(100);
}

/* While a gap is left, every segment is acknowledged at once (RFC 5681 4.2). */
TEST(ooo__part_of_a_gap_is_acked_at_once)
{
	given(ESTABLISHED);
	ep.t.pingpong = 1;
	ep.t.ato_us = 40000;
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 301");
}

/* Any segments in any order: the stream is what it was, and nothing leaks. */
TEST(ooo__random)
{
	struct rng r = { .state = peers(0) };
	unsigned int round, i;

	for (round = 0; round < 200; round++) {
		given(ESTABLISHED);
		for (i = 0; i < 60; i++) {
			u32 from = 1 + rng_below(&r, 1000);
			u32 len = 1 + rng_below(&r, 300);

			len = min(len, 1001 - from);
			if (len)
				rcvf(". %u:%u(%u) ack 1", from, from + len, len);
		}
		rcv(". 1:501(500) ack 1");
		rcv(". 501:1001(500) ack 1");
		ignore_output();
		CHECK_EQ(ep.t.rcv_nxt, peers(1001));
		CHECK_EQ(xtcp_received(&ep.t), 1 + 1000);
		CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
		expect_read(1000);
		CHECK_EQ(ep.rmem, 0);
		ignore_output();
	}
}

/* The host may keep what waits in another buffer: nobody notices. */
TEST(ooo__replaced_by_a_copy)
{
	struct buf *old, *copy;
	size_t size;

	peer_options = " sackOK";
	given(ESTABLISHED);
	rcv(". 301:401(100) ack 1");
	rcv(". 101:201(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	old = container_of(ep.t.ooo_last, struct buf, seg);
	size = sizeof(*old) + xtcp_seg_len(&old->seg);
	copy = malloc(size);
	memcpy(copy, old, size);
	memset(&copy->seg, 0xff, sizeof(copy->seg));
	xtcp_ooo_replace(&ep.t, &old->seg, &copy->seg);
	free(old);
	CHECK(ep.t.ooo_last == &copy->seg);
	CHECK(!xtcp_check(&ep.check, &ep.t, NULL));
	rcv(". 501:601(100) ack 1");
	expect(". 1 ack 1 sack 501:601,101:201,301:401");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 201 sack 501:601,301:401");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 401 sack 501:601");
	expect_read(400);
}

TESTS_MAIN
