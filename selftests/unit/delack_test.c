// SPDX-License-Identifier: GPL-2.0
/* When an ACK leaves: RFC 9293 3.8.6.3, RFC 5681 4.2, with Linux's timing. */
#include <stdlib.h>

#include "reasm.h"
#include "script.h"

/* A dialogue: ACKs are delayed by 40 ms. */
static void dialogue(void)
{
	given(ESTABLISHED);
	ep.t.pingpong = 1;
	ep.t.ato_us = 40000;
	ep.t.quick = 0;
}

/* Bulk data whose first ACKs were immediate. */
static void bulk(u32 rcvbuf)
{
	conf.rcvbuf = rcvbuf;
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	expect_read(1);
	ep.t.quick = 0;
	ep.t.rcv_mss = 1000;
}

TEST(quick__first_segments_are_acked_at_once)
{
	unsigned int i;

	given(ESTABLISHED);
	for (i = 0; i < 16; i++) {
		rcvf("P. %u:%u(10) ack 1", 1 + i * 10, 11 + i * 10);
		expectf(". 1 ack %u", 11 + i * 10);
	}
	rcv("P. 161:171(10) ack 1");
	expect_nothing();
	advance(40);
	expect(". 1 ack 171");
	expect_why(ACK_QUICK);
	expect_why(ACK_DELAYED);
}

/* Not more of them than segments in half a window. */
TEST(quick__few_with_a_small_window)
{
	unsigned int i;

	conf.rcvbuf = 6000;
	given(ESTABLISHED);
	CHECK_EQ(ep.t.rcv_wnd, 6000);
	/* 6000 / 2 / 536 */
	for (i = 0; i < 5; i++) {
		rcvf("P. %u:%u(10) ack 1", 1 + i * 10, 11 + i * 10);
		expectf(". 1 ack %u", 11 + i * 10);
	}
	rcv("P. 51:61(10) ack 1");
	expect_nothing();
}

/* The client too, though it spoke first (Linux begins with the first data). */
TEST(quick__client_that_asked_first)
{
	given_active(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	advance(1);
	rcv("P. 1:11(10) ack 11");
	expect(". 11 ack 11");
	rcv("P. 11:21(10) ack 11");
	expect(". 11 ack 21");
}

TEST(delay__every_second_full_segment)
{
	bulk(1 << 20);
	rcv(". 2:1002(1000) ack 1");
	expect_nothing();
	rcv(". 1002:2002(1000) ack 1");
	expect(". 1 ack 2002");
	rcv(". 2002:3002(1000) ack 1");
	expect_nothing();
	rcv(". 3002:4002(1000) ack 1");
	expect(". 1 ack 4002");
	expect_why(ACK_SECOND);
}

/* ... unless the user does not read: then the ACK could not move the window. */
TEST(delay__reader_that_is_behind)
{
	u32 seq;

	bulk(65536);
	for (seq = 2; seq < 40002; seq += 1000) {
		rcvf(". %u:%u(1000) ack 1", seq, seq + 1000);
		ignore_output();
	}
	rcv(". 40002:41002(1000) ack 1");
	rcv(". 41002:42002(1000) ack 1");
	rcv(". 42002:43002(1000) ack 1");
	ignore_output();
	advance(40);
	ignore_output();
	CHECK(!(ep.t.flags & XTCP_F_ACK_PENDING));
}

/* What waits behind a gap tells as well how large the peer's segments are. */
TEST(size__behind_a_gap)
{
	given(ESTABLISHED);
	CHECK_EQ(ep.t.rcv_mss, XTCP_MSS_DEFAULT);
	rcv(". 1001:1701(700) ack 1");
	expect(". 1 ack 1");
	CHECK_EQ(ep.t.rcv_mss, 700);
	/* smaller, and twice */
	rcv(". 1701:2301(600) ack 1");
	expect(". 1 ack 1");
	CHECK_EQ(ep.t.rcv_mss, 700);
	rcv(". 2301:2901(600) ack 1");
	expect(". 1 ack 1");
	CHECK_EQ(ep.t.rcv_mss, 600);
	/* a FIN has no size */
	rcv("F. 3000:3000(0) ack 1");
	ignore_output();
	CHECK_EQ(ep.t.rcv_mss, 600);
	CHECK(!(ep.t.flags & XTCP_F_ACK_PUSHED));
}

/* But not what is dropped. */
TEST(size__of_what_is_kept)
{
	given(ESTABLISHED);
	ep.rcvbuf = 0;
	ep.rmem = 1;
	rcv(". 1001:1701(700) ack 1");
	expect_verdict(RCVBUF);
	CHECK_EQ(ep.t.rcv_mss, XTCP_MSS_DEFAULT);
}

/* The last of those that were merged may be short. */
TEST(size__merged)
{
	given(ESTABLISHED);
	rcv(". 1:1501(1500) ack 1 merged 700");
	expect(". 1 ack 1501");
	CHECK_EQ(ep.t.rcv_mss, 700);
	CHECK_EQ(ep.t.info.data_segs_in, 3);
	rcv(". 3001:4001(1000) ack 1 merged 800");
	expect(". 1 ack 1501");
	CHECK_EQ(ep.t.rcv_mss, 800);
	CHECK_EQ(ep.t.info.rcv_ooopack, 2);
}

TEST(delay__merged_segments_count)
{
	bulk(1 << 20);
	rcv(". 2:3002(3000) ack 1");
	expect(". 1 ack 3002");
}

TEST(delay__timer)
{
	bulk(1 << 20);
	rcv(". 2:1002(1000) ack 1");
	expect_nothing();
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), 40);
	advance(39);
	expect_nothing();
	advance(1);
	expect(". 1 ack 1002");
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
	expect_why(ACK_DELAYED);
}

TEST(delay__never_longer_than_half_a_second)
{
	unsigned int i;
	u32 seq = 2;

	/* MUST-58 */
	bulk(1 << 20);
	for (i = 0; i < 50; i++) {
		rcvf("P. %u:%u(1) ack 1", seq, seq + 1);
		seq++;
		CHECK(due_ms(XTCP_TIMER_DELACK) <= 500);
		advance(150 + 17 * i);
		ignore_output();
		ep.t.quick = 0;
	}
}

TEST(delay__not_moved_back_by_more_data)
{
	dialogue();
	rcv("P. 1:2(1) ack 1");
	advance(30);
	rcv("P. 2:3(1) ack 1");
	CHECK(due_ms(XTCP_TIMER_DELACK) <= 10);
	advance(10);
	expect(". 1 ack 3");
}

TEST(delay__answer_carries_it)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	expect_nothing();
	usr_write(10);
	expect("P. 1:11(10) ack 11");
	advance(150);
	expect_nothing();
}

TEST(delay__a_dialogue_that_falls_silent)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	advance(40);
	expect(". 1 ack 11");
	CHECK_EQ(ep.t.pingpong, 0);
}

TEST(delay__answering_makes_a_dialogue)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	advance(1);
	usr_write(10);
	expect("P. 1:11(10) ack 11");
	CHECK_EQ(ep.t.pingpong, 1);
	rcv("P. 11:21(10) ack 11");
	expect_nothing();
	advance(40);
	expect(". 11 ack 21");
}

/* Linux: a pause brings quick ACKs back, but a dialogue stays one. */
TEST(quick__after_a_pause)
{
	bulk(1 << 20);
	advance(5000);
	rcv(". 2:1002(1000) ack 1");
	expect(". 1 ack 1002");
}

TEST(delay__a_dialogue_with_pauses_stays_one)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	usr_write(10);
	expect("P. 1:11(10) ack 11");
	rcv(". 11 ack 11");
	advance(5000);
	rcv("P. 11:21(10) ack 11");
	expect_nothing();
	usr_write(10);
	expect("P. 11:21(10) ack 21");
	rcv(". 21 ack 21");
}

TEST(quick__after_a_gap)
{
	dialogue();
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 201");
}

TEST(quick__after_a_duplicate)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	advance(40);
	expect(". 1 ack 11");
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	rcv("P. 11:21(10) ack 1");
	expect(". 1 ack 21");
}

/* ---- reading ------------------------------------------------------------ */

/* The route may want it, whatever the dialogue. */
TEST(quick__on_the_path)
{
	dialogue();
	ep.t.path.quickack = 1;
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
}

TEST(on_read__sends_an_ack_that_waited_for_it)
{
	u32 seq;

	bulk(1 << 20);
	ep.t.rcv_wnd = 4000;
	ep.check.synchronised = false;
	for (seq = 2; seq < 4002; seq += 1000)
		rcvf(". %u:%u(1000) ack 1", seq, seq + 1000);
	ignore_output();
	ep.t.rcv_wup = peers(2);
	ep.t.flags |= XTCP_F_ACK_PENDING;
	ep.t.deadline[XTCP_TIMER_DELACK] = now + 1000;
	expect_read(4000);
	expect(". 1 ack 4002");
	expect_why(ACK_READ);
}

TEST(on_read__nothing_to_say)
{
	bulk(1 << 20);
	rcv(". 2:1002(1000) ack 1");
	expect_read(1000);
	expect_nothing();
	advance(40);
	expect(". 1 ack 1002");
}

/* The peer may have nothing more to send until it hears from us. */
TEST(on_read__answers_the_end_of_a_write)
{
	bulk(1 << 20);
	rcv("P. 2:102(100) ack 1");
	expect_nothing();
	expect_read(100);
	expect(". 1 ack 102");
	/* a full segment that is pushed */
	rcv("P. 102:1102(1000) ack 1");
	expect_nothing();
	expect_read(1000);
	expect(". 1 ack 1102");
}

TEST(on_read__not_before_all_is_read)
{
	bulk(1 << 20);
	rcv("P. 2:102(100) ack 1");
	expect_read(50);
	expect_nothing();
	expect_read(50);
	expect(". 1 ack 102");
}

/* In a dialogue the ACK rides on the answer, which two writes may be owed. */
TEST(on_read__dialogue)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	expect_read(10);
	expect_nothing();
	rcv("P. 11:21(10) ack 1");
	expect_nothing();
	expect_read(10);
	expect(". 1 ack 21");
	/* and it counts from the ACK on */
	rcv("P. 21:31(10) ack 1");
	expect_read(10);
	expect_nothing();
}

/* ---- FIN ---------------------------------------------------------------- */

TEST(delay__fin_rides_on_our_fin)
{
	dialogue();
	rcv("P. 1:11(10) ack 1");
	advance(40);
	expect(". 1 ack 11");
	expect_read(10);
	rcv("F. 11 ack 1");
	expect_nothing();
	usr_close();
	expect("F. 1 ack 12");
	expect_nothing();
}

/* ---- while there is a gap (Linux, tcp_comp_sack_*) ------------------------- */

/* A receiver whose first, immediate ACKs are over, with an RTT of 20 ms. */
static void given_gap(void)
{
	peer_options = " sackOK";
	given(ESTABLISHED);
	ep.t.quick = 0;
	/* it does not grow any more, or ACKs would say so at once */
	ep.t.rcv_ssthresh = ep.t.window_clamp;
	ep.t.srtt_us = 20000 << 3;
	ep.t.tune.rtt_us = 20000 << 3;
	rcv(". 1001:2001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:2001");
	rcv(". 2001:3001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:3001");
	rcv(". 3001:4001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:4001");
}

/* Three tell that something is missing; the rest is said at once, a bit later. */
TEST(gap__the_fourth_ack_is_held)
{
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	expect_nothing();
	CHECK_EQ(ep.t.held_acks, 1);
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), 1);
	rcv(". 5001:6001(1000) ack 1");
	rcv(". 6001:7001(1000) ack 1");
	expect_nothing();
	CHECK_EQ(ep.t.held_acks, 3);
	advance_us(999);
	expect_nothing();
	advance_us(1);
	expect(". 1 ack 1 sack 1001:7001");
	CHECK_EQ(ep.t.held_acks, 0);
	/* and again */
	rcv(". 7001:8001(1000) ack 1");
	expect_nothing();
	advance(1);
	expect(". 1 ack 1 sack 1001:8001");
}

TEST(gap__a_third_of_the_rtt)
{
	conf.core.comp_sack_delay_ns = 100000000;
	given_gap();
	ep.t.srtt_us = 10000 << 3;
	rcv(". 4001:5001(1000) ack 1");
	advance_us(3299);
	expect_nothing();
	advance_us(1);
	expect(". 1 ack 1 sack 1001:5001");
	expect_why(ACK_HELD);
}

TEST(gap__not_more_than_so_many)
{
	conf.core.comp_sack_nr = 2;
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	rcv(". 5001:6001(1000) ack 1");
	expect_nothing();
	rcv(". 6001:7001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:7001");
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
}

TEST(gap__none_is_held)
{
	conf.core.comp_sack_nr = 0;
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:5001");
}

/* Until the host's timer fires, which has a slack: what came meanwhile is told, too. */
TEST(gap__without_an_rtt)
{
	given_gap();
	ep.t.tune.rtt_us = 0;
	rcv(". 4001:5001(1000) ack 1");
	rcv(". 5001:6001(1000) ack 1");
	expect_nothing();
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), 0);
	advance_us(0);
	expect(". 1 ack 1 sack 1001:6001");
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
}

TEST(gap__not_without_sack)
{
	unsigned int i;

	given(ESTABLISHED);
	ep.t.quick = 0;
	ep.t.tune.rtt_us = 20000 << 3;
	for (i = 1; i < 8; i++) {
		rcvf(". %u:%u(1000) ack 1", 1 + i * 1000, 1001 + i * 1000);
		expect(". 1 ack 1");
	}
}

TEST(gap__not_in_quick_mode)
{
	given_gap();
	ep.t.quick = 2;
	rcv(". 4001:5001(1000) ack 1");
	expect(". 1 ack 1 sack 1001:5001");
}

/* What fills a gap is acknowledged at once, and the count begins anew. */
TEST(gap__progress_is_told)
{
	given_gap();
	rcv(". 5001:6001(1000) ack 1");
	expect_nothing();
	rcv(". 1:1001(1000) ack 1");
	expect(". 1 ack 4001 sack 5001:6001");
	CHECK_EQ(ep.t.held_acks, 0);
	ep.t.quick = 0;
	rcv(". 6001:7001(1000) ack 1");
	expect(". 1 ack 4001 sack 5001:7001");
}

/* A duplicate is reported once (RFC 2883 4): so that it is, at once. */
TEST(gap__duplicates_are_told)
{
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	expect_nothing();
	rcv(". 2001:3001(1000) ack 1");
	expect(". 1 ack 1 sack 2001:3001,1001:5001");
}

/* So is what covers segments that are there: they came twice. */
TEST(gap__covered_segments_are_told)
{
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	expect_nothing();
	rcv(". 5001:5101(100) ack 1");
	rcv(". 5001:6001(1000) ack 1");
	expect(". 1 ack 1 sack 5001:5101,1001:6001");
}

/* What overlaps in part has news as well: reports that touch are one. */
TEST(gap__overlaps_are_held)
{
	given_gap();
	rcv(". 3501:4501(1000) ack 1");
	rcv(". 4001:5001(1000) ack 1");
	rcv(". 5001:5501(500) ack 1");
	expect_nothing();
	CHECK_EQ(ep.t.held_acks, 3);
	advance(1);
	expect(". 1 ack 1 sack 3501:4501,1001:5501");
	/* once */
	rcv(". 5501:6001(500) ack 1");
	advance(1);
	expect(". 1 ack 1 sack 1001:6001");
}

/* The peer looks for it in the block that comes first: where it is not, it is not sent. */
TEST(gap__report_of_another_block)
{
	given_gap();
	rcv(". 3501:4501(1000) ack 1");
	expect_nothing();
	rcv(". 6001:7001(1000) ack 1");
	advance(1);
	expect(". 1 ack 1 sack 6001:7001,1001:4501");
}

/* What was given up for want of memory is not there twice. */
TEST(gap__report_of_what_is_dropped)
{
	struct xtcp_seg *seg;

	given_gap();
	rcv(". 3501:4501(1000) ack 1");
	expect_nothing();
	seg = xtcp_ooo_drop_last(&ep.t);
	CHECK(seg);
	ep.rmem -= seg_buf(seg)->truesize;
	free(seg_buf(seg));
	advance(1);
	expect(". 1 ack 1 sack 1001:4001");
}

/* News of a block that is not one of the last two do not wait (as Linux). */
TEST(gap__new_blocks_are_told)
{
	given_gap();
	rcv(". 5001:6001(1000) ack 1");
	expect_nothing();
	rcv(". 7001:8001(1000) ack 1");
	expect(". 1 ack 1 sack 7001:8001,5001:6001,1001:4001");
	rcv(". 8001:9001(1000) ack 1");
	expect_nothing();
	/* the second of the last report */
	rcv(". 6001:6501(500) ack 1");
	expect_nothing();
	/* but that one was the third */
	rcv(". 4001:4501(500) ack 1");
	expect(". 1 ack 1 sack 1001:4501,5001:6501,7001:9001");
	rcv(". 4501:4601(100) ack 1");
	expect_nothing();
	advance(1);
	expect(". 1 ack 1 sack 1001:4601,5001:6501,7001:9001");
}

/* An ACK of the peer's does not bring ours about, nor does it count. */
TEST(gap__ack_of_the_peer)
{
	given_gap();
	usr_write(1000);
	ignore_output();
	rcv(". 4001:5001(1000) ack 1");
	expect_nothing();
	rcv(". 5001 ack 1001");
	expect_nothing();
	advance(1);
	expect(". 1001 ack 1 sack 1001:5001");
}

/* Data of ours tells it as well. */
TEST(gap__data_carries_it)
{
	given_gap();
	rcv(". 4001:5001(1000) ack 1");
	expect_nothing();
	usr_write(100);
	expect("P. 1:101(100) ack 1 sack 1001:5001");
	CHECK_EQ(ep.t.held_acks, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
	rcv(". 5001 ack 101");
}

TESTS_MAIN
