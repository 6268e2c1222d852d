// SPDX-License-Identifier: GPL-2.0
/* What a receiver reports: RFC 2018 and 2883. */
#include <stdlib.h>

#include "mss.h"
#include "output.h"
#include "reasm.h"
#include "rng.h"
#include "script.h"

/* An established connection whose peer takes SACK.  No ACK is held back. */
static void given_sack(void)
{
	conf.core.comp_sack_nr = 0;
	peer_options = " sackOK";
	given(ESTABLISHED);
}

/* ---- negotiation -------------------------------------------------------- */

TEST(offer__syn_and_answer)
{
	peer_options = " sackOK";
	script_init();
	usr_connect();
	expect("S 0 sackOK");
	rcv("S. 0 ack 1 mss 1000 sackOK");
	expect(". 1 ack 1");
	CHECK(ep.t.flags & XTCP_F_SACK_OK);

	script_init();
	usr_listen();
	rcv("S 0 mss 1000 sackOK");
	expect("S. 0 ack 1 sackOK");
	rcv(". 1 ack 1");
	CHECK(ep.t.flags & XTCP_F_SACK_OK);
}

TEST(offer__peer_does_not)
{
	given_active(ESTABLISHED);
	CHECK(!(ep.t.flags & XTCP_F_SACK_OK));
	given(ESTABLISHED);
	CHECK(!(ep.t.flags & XTCP_F_SACK_OK));
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 noopt");
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 noopt");
}

TEST(offer__switched_off)
{
	conf.core.sack = false;
	peer_options = " sackOK";
	script_init();
	usr_connect();
	expect("S 0");
	rcv("S. 0 ack 1 mss 1000 sackOK");
	expect(". 1 ack 1");
	CHECK(!(ep.t.flags & XTCP_F_SACK_OK));
	given(ESTABLISHED);
	CHECK(!(ep.t.flags & XTCP_F_SACK_OK));
}

/* ---- blocks (RFC 2018 4) ------------------------------------------------ */

TEST(blocks__newest_first)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 sack 101:201");
	rcv(". 301:401(100) ack 1");
	expect(". 1 ack 1 sack 301:401,101:201");
	rcv(". 501:601(100) ack 1");
	expect(". 1 ack 1 sack 501:601,301:401,101:201");
	rcv(". 701:801(100) ack 1");
	expect(". 1 ack 1 sack 701:801,501:601,301:401,101:201");
	/* a fifth does not fit: the one that is reported longest goes */
	rcv(". 901:1001(100) ack 1");
	expect(". 1 ack 1 sack 901:1001,701:801,501:601,301:401");
}

TEST(blocks__three_beside_timestamps)
{
	conf.core.timestamps = true;
	conf.core.comp_sack_nr = 0;
	peer_options = " sackOK TS val 1 ecr 0";
	given(ESTABLISHED);
	rcv(". 101:201(100) ack 1 TS val 2 ecr 0");
	rcv(". 301:401(100) ack 1 TS val 2 ecr 0");
	rcv(". 501:601(100) ack 1 TS val 2 ecr 0");
	CHECK_EQ(ignore_output(), 3);
	rcv(". 701:801(100) ack 1 TS val 2 ecr 0");
	expect(". 1 ack 1 sack 701:801,501:601,301:401");
}

/* With an option of the host's beside them; with timestamps there is no room for one. */
TEST(blocks__two_beside_the_hosts_option)
{
	given_sack();
	xtcp_mss_reserve(&ep.t, true);
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 sack 101:201");
	rcv(". 301:401(100) ack 1");
	expect(". 1 ack 1 sack 301:401,101:201");
	rcv(". 501:601(100) ack 1");
	expect(". 1 ack 1 sack 501:601,301:401");
	CHECK_EQ(xtcp_mss_now(&ep.t), ep.t.mss - 20);
	ep.t.flags |= XTCP_F_TS_OK;
	CHECK_EQ(xtcp_mss_now(&ep.t), ep.t.mss);
	ep.t.flags &= ~XTCP_F_TS_OK;
}

TEST(blocks__grow_at_either_end)
{
	given_sack();
	rcv(". 301:401(100) ack 1");
	expect(". 1 ack 1 sack 301:401");
	rcv(". 401:501(100) ack 1");
	expect(". 1 ack 1 sack 301:501");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 1 sack 201:501");
}

TEST(blocks__the_one_that_grew_comes_first)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1");
	rcv(". 501:601(100) ack 1");
	CHECK_EQ(ignore_output(), 3);
	rcv(". 401:451(50) ack 1");
	expect(". 1 ack 1 sack 301:451,501:601,101:201");
	rcv(". 201:251(50) ack 1");
	expect(". 1 ack 1 sack 101:251,301:451,501:601");
}

TEST(blocks__a_filled_gap_joins_two)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 501:601(100) ack 1");
	rcv(". 301:401(100) ack 1");
	CHECK_EQ(ignore_output(), 3);
	rcv(". 401:501(100) ack 1");
	expect(". 1 ack 1 sack 301:601,101:201");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 1 sack 101:601");
}

TEST(blocks__go_when_they_are_in_order)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 201 sack 301:401");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 401 sack none");
	rcv(". 401:501(100) ack 1");
	advance(200);
	expect(". 1 ack 501 noopt");
}

/* The block is the range that is there, not the segments that it came in. */
TEST(blocks__overlapping_segments)
{
	conf.core.dsack = false;
	given_sack();
	rcv(". 101:301(200) ack 1");
	expect(". 1 ack 1 sack 101:301");
	rcv(". 201:401(200) ack 1");
	expect(". 1 ack 1 sack 101:401");
	rcv(". 51:451(400) ack 1");
	expect(". 1 ack 1 sack 51:451");
}

TEST(blocks__fin_counts)
{
	given_sack();
	rcv("F. 101:201(100) ack 1");
	expect(". 1 ack 1 sack 101:202");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 202 sack none");
	expect_state(CLOSE_WAIT);
}

/* What is thrown away for lack of memory is not reported any more. */
TEST(blocks__pruned)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1");
	rcv(". 401:501(100) ack 1");
	CHECK_EQ(ignore_output(), 3);
	for (u32 left = 2; left; left--) {
		struct xtcp_seg *seg = xtcp_ooo_drop_last(&ep.t);

		CHECK_EQ(seg->seq, peers(left == 2 ? 401 : 301));
		ep.rmem -= seg_buf(seg)->truesize;
		free(seg_buf(seg));
		CHECK_EQ(ep.t.ooo_last->nr_sacks, left);
	}
	rcv(". 51:101(50) ack 1");
	expect(". 1 ack 1 sack 51:201");
}

/* Two buffers became one: the stream and the blocks are what they were. */
TEST(blocks__merged_by_the_host)
{
	struct xtcp_seg *first, *second;

	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 201:301(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	first = xtcp_rb_seg(rb_first(&ep.t.ooo));
	second = ep.t.ooo_last;
	xtcp_ooo_merge(&ep.t, first, second);
	CHECK(ep.t.ooo_last == first);
	CHECK_EQ(first->end_seq, peers(301));
	CHECK_EQ(first->nr_sacks, 1);
	ep.rmem -= seg_buf(second)->truesize;
	free(seg_buf(second));
	rcv(". 401:501(100) ack 1");
	expect(". 1 ack 1 sack 401:501,101:301");
	endpoint_call(&ep, XTCP_CALL_ABORT);
	ignore_output();
}

/* ---- data beside blocks ------------------------------------------------- */

TEST(data__leaves_room_for_blocks)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 sack 101:201");
	usr_write(2 * MSS);
	expect(". 1:989(988) ack 1 sack 101:201");
	expect(". 989:1977(988) ack 1 sack 101:201");
	expect("P. 1977:2001(24) ack 1 sack 101:201");
	CHECK_EQ(ep.t.packets_out, 3);
	rcv(". 1:101(100) ack 2001");
	expect(". 2001 ack 201 sack none");
	usr_write(MSS);
	expect("P. 2001:3001(1000) ack 201 noopt");
}

/* A segment that was full without blocks is cut in two with them. */
TEST(data__sent_again_beside_blocks)
{
	given_sack();
	usr_write(MSS);
	expect("P. 1:1001(1000) ack 1");
	rcv(". 101:201(100) ack 1");
	expect(". 1001 ack 1 sack 101:201");
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect(". 1:989(988) ack 1 sack 101:201");
	rcv(". 1 ack 989");
	expect("P. 989:1001(12) ack 1 sack 101:201");
}

/* ---- duplicates (RFC 2883 4) -------------------------------------------- */

TEST(dsack__old_text)
{
	given_sack();
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101 sack none");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101 sack 1:101");
	/* once */
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 201 sack none");
}

TEST(dsack__out_of_window)
{
	given_sack();
	rcv(". 1:1001(1000) ack 1");
	rcv(". 1001:2001(1000) ack 1");
	ignore_output();
	rcv(". 1:501(500) ack 1");
	expect(". 1 ack 2001 sack 1:501");
	expect_verdict(SEQ);
}

TEST(dsack__keepalive_is_no_duplicate)
{
	given_sack();
	rcv(". 1:101(100) ack 1");
	ignore_output();
	rcv(". 100 ack 1");
	expect(". 1 ack 101 sack none");
}

TEST(dsack__part_is_old)
{
	given_sack();
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 51:151(100) ack 1");
	expect(". 1 ack 151 sack 51:101");
	expect_read(150);
}

TEST(dsack__comes_before_the_blocks)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 101:151(50) ack 1");
	expect(". 1 ack 1 sack 101:151,101:201,301:401");
	rcv(". 351:401(50) ack 1");
	expect(". 1 ack 1 sack 351:401,301:401,101:201");
}

TEST(dsack__part_waits_already)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1 sack 101:201");
	rcv(". 151:251(100) ack 1");
	expect(". 1 ack 1 sack 151:201,101:251");
	rcv(". 51:151(100) ack 1");
	expect(". 1 ack 1 sack 101:151,51:251");
}

TEST(dsack__covers_what_waits)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	rcv(". 201:301(100) ack 1");
	rcv(". 401:501(100) ack 1");
	CHECK_EQ(ignore_output(), 3);
	/* two that follow each other are one report, the third does not fit */
	rcv(". 51:601(550) ack 1");
	expect(". 1 ack 1 sack 101:301,51:601");
	rcv(". 1:51(50) ack 1");
	expect(". 1 ack 601 sack none");
	expect_read(600);
	CHECK_EQ(ep.rmem, 0);
}

TEST(dsack__same_beginning)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 101:301(200) ack 1");
	expect(". 1 ack 1 sack 101:201,101:301");
}

TEST(dsack__gap_filled_with_more)
{
	given_sack();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 1:151(150) ack 1");
	expect(". 1 ack 201 sack 101:151");
}

TEST(dsack__after_the_peers_fin)
{
	given_sack();
	rcv("F. 1:101(100) ack 1");
	advance(200);
	CHECK(ignore_output());
	rcv("F. 1:101(100) ack 1");
	expect(". 1 ack 102 sack 1:102");
}

/* As Linux: what the FIN came with is not reported. */
TEST(dsack__not_with_a_fin_that_is_new)
{
	given_sack();
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv("F. 1:101(100) ack 1");
	advance(200);
	expect(". 1 ack 102 sack none");
}

TEST(dsack__switched_off)
{
	conf.core.dsack = false;
	given_sack();
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101 sack none");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 101 sack 201:301");
	rcv(". 201:301(100) ack 1");
	expect(". 1 ack 101 sack 201:301");
}

TEST(dsack__rides_on_data)
{
	given_sack();
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 51:101(50) ack 1");
	expect(". 1 ack 101 sack 51:101");
	/* the next segment is a full one again */
	usr_write(MSS);
	expect("P. 1:1001(1000) ack 101 noopt");
}

/* Any order: the first block has the newest segment, all are what is there. */
TEST(blocks__random)
{
	struct rng r = { .state = peers(0) };
	unsigned int round, i, k;

	for (round = 0; round < 100; round++) {
		given_sack();
		for (i = 0; i < 60; i++) {
			u32 from = 2 + rng_below(&r, 2000), len = 1 + rng_below(&r, 60);
			const struct xtcp_seg *last;

			rcvf(". %u:%u(%u) ack 1", from, from + len, len);
			ignore_output();
			last = ep.t.ooo_last;
			CHECK(last && last->nr_sacks);
			CHECK(!xtcp_after(last->sacks[0].seq, peers(from)));
			CHECK(!xtcp_before(last->sacks[0].end_seq, peers(from + len)));
			for (k = 0; k < last->nr_sacks; k++) {
				u32 at = last->sacks[k].seq;
				struct rb_node *rb;

				for (rb = rb_first(&ep.t.ooo); rb; rb = rb_next(rb)) {
					const struct xtcp_seg *s = xtcp_rb_seg(rb);

					if (!xtcp_after(s->seq, at) &&
					    xtcp_after(s->end_seq, at))
						at = s->end_seq;
				}
				CHECK(!xtcp_before(at, last->sacks[k].end_seq));
			}
		}
		rcv(". 1:1001(1000) ack 1");
		rcv(". 1001:2101(1100) ack 1");
		ignore_output();
		CHECK_EQ(ep.t.rcv_nxt, peers(2101));
		CHECK(!ep.t.ooo_last && !(ep.t.flags & XTCP_F_SACKS));
		expect_read(2100);
		CHECK_EQ(ep.rmem, 0);
		ignore_output();
	}
}

TESTS_MAIN
