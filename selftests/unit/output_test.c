// SPDX-License-Identifier: GPL-2.0
/*
 * What leaves, and when: the windows, Nagle (RFC 9293 3.7.4), silly-window
 * avoidance (3.8.6.2.1), segment sizes, and the cutting of large buffers.
 */
#include <stdlib.h>

#include "output.h"
#include "scoreboard.h"
#include "script.h"

/* ---- the peer's window -------------------------------------------------- */

TEST(window__is_filled_and_not_exceeded)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 3000");
	usr_write(5000);
	expect(". 1:1001(1000) ack 2");
	expect(". 1001:2001(1000) ack 2");
	expect("P. 2001:3001(1000) ack 2");
	expect_nothing();
	rcv(". 2 ack 1001 win 3000");
	expect(". 3001:4001(1000) ack 2");
	rcv(". 2 ack 5001 win 3000");
	expect_verdict(ACK_UNSENT);
	expect(". 4001 ack 2");
}

TEST(window__fin_counts)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 1000");
	usr_write(1000);
	usr_shutdown();
	expect("P. 1:1001(1000) ack 2");
	expect_nothing();
	rcv(". 2 ack 1001 win 1000");
	expect("F. 1001 ack 2");
}

/* 3.8.6.2.1: not a bit of a window while something is in flight */
TEST(window__no_silly_segment)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 1500");
	usr_write(3000);
	expect(". 1:1001(1000) ack 2");
	expect_nothing();
	rcv(". 2 ack 1001 win 1500");
	expect(". 1001:2001(1000) ack 2");
}

TEST(window__last_crumb_that_fits_goes)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 1500");
	usr_write(1300);
	expect(". 1:1001(1000) ack 2");
	expect("P. 1001:1301(300) ack 2");
}

/* ---- persist: 3.8.6.1 --------------------------------------------------- */

TEST(persist__zero_window_is_probed)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	usr_write(1000);
	expect_nothing();
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
	advance(1000);
	/* RFC 9293 wants the ACK that comes back, not the byte: as Linux */
	expect(". 0 ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
	advance(2000);
	expect(". 0 ack 1");
	rcv(". 1 ack 1 win 0");
	advance(4000);
	expect(". 0 ack 1");
	rcv(". 1 ack 1 win 2000");
	expect("P. 1:1001(1000) ack 1");
	/* an ordinary retransmission timer again, without the backoff of the probes */
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
	expect_why(PROBE_WINDOW);
}

TEST(persist__window_closes_with_data_in_flight)
{
	given(ESTABLISHED);
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	usr_write(1000);
	expect("P. 1001:2001(1000) ack 1");
	rcv(". 1 ack 1001 win 1000");
	usr_write(1000);
	expect_nothing();
	rcv(". 1 ack 2001 win 0");
	advance(400);
	expect(". 2000 ack 1");
	rcv(". 1 ack 2001 win 1000");
	expect("P. 2001:3001(1000) ack 1");
}

TEST(persist__window_too_small_for_what_there_is)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 100");
	usr_write(1000);
	expect_nothing();
	/* MUST-38: the override timeout */
	advance(1000);
	expect("P. 1:101(100) ack 2");
	rcv(". 2 ack 101 win 100");
	expect_nothing();
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 201);
	advance(201);
	expect("P. 101:201(100) ack 2");
	rcv(". 2 ack 201 win 5000");
	expect("P. 201:1001(800) ack 2");
}

TEST(persist__fin_alone_against_a_zero_window)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	usr_shutdown();
	expect_nothing();
	advance(1000);
	expect(". 0 ack 1");
	rcv(". 1 ack 1 win 10");
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

TEST(persist__stops_when_the_window_opens)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	usr_write(1000);
	rcv(". 1 ack 1 win 1000");
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
	advance(100000);
}

/* ---- congestion window -------------------------------------------------- */

TEST(cwnd__initial_burst)
{
	given(ESTABLISHED);
	usr_write(20000);
	/* RFC 6928 */
	CHECK_EQ(ignore_output(), 10);
	CHECK_EQ(ep.t.packets_out, 10);
	rcv(". 1 ack 1001");
	/* one ACKed in slow start: two more */
	CHECK_EQ(ep.t.cwnd, 11);
}

TEST(cwnd__slow_start_doubles)
{
	given(ESTABLISHED);
	usr_write(60000);
	CHECK_EQ(ignore_output(), 10);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.cwnd, 20);
	CHECK_EQ(ignore_output(), 20);
}

TEST(cwnd__fin_waits_too)
{
	given(ESTABLISHED);
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	usr_shutdown();
	expect_nothing();
	rcv(". 1 ack 1001");
	expect("F. 10001 ack 1");
}

/* ---- Nagle: 3.7.4, with Minshall's change ------------------------------- */

TEST(nagle__first_small_segment_goes_at_once)
{
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	usr_write(10);
	expect_nothing();
	usr_write(10);
	rcv(". 1 ack 11");
	expect("P. 11:31(20) ack 1");
}

TEST(nagle__full_segments_go)
{
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	usr_write(1500);
	expect(". 11:1011(1000) ack 1");
	expect_nothing();
	rcv(". 1 ack 1011");
	expect("P. 1011:1511(500) ack 1");
}

/* Minshall: a small one behind full ones that are not ACKed goes */
TEST(nagle__small_tail_of_a_large_write_goes)
{
	given(ESTABLISHED);
	usr_write(1500);
	expect(". 1:1001(1000) ack 1");
	expect("P. 1001:1501(500) ack 1");
	usr_write(1500);
	expect(". 1501:2501(1000) ack 1");
	expect_nothing();
}

TEST(nagle__nodelay)
{
	conf.nodelay = true;
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	usr_write(10);
	expect("P. 11:21(10) ack 1");
}

TEST(nagle__fin_is_not_held)
{
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	usr_write(10);
	expect_nothing();
	usr_shutdown();
	expect("FP. 11:21(10) ack 1");
}

TEST(cork__holds_what_is_not_full)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_CORK, 0);
	usr_write(10);
	expect_nothing();
	usr_write(995);
	expect(". 1:1001(1000) ack 1");
	endpoint_set(&ep, 0, XTCP_F_CORK);
	expect("P. 1001:1006(5) ack 1");
}

/* As in Linux, not longer than a probe would take. */
TEST(cork__not_for_ever)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_CORK, 0);
	usr_write(10);
	expect_nothing();
	advance(1000);
	expect("P. 1:11(10) ack 1");
}

TEST(cork__fin_is_not_held)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_CORK, 0);
	usr_write(10);
	usr_shutdown();
	expect("FP. 1:11(10) ack 1");
}

/* ---- large buffers ------------------------------------------------------ */

TEST(gso__a_buffer_counts_as_its_packets)
{
	given(ESTABLISHED);
	usr_write(3500);
	CHECK_EQ(ignore_output(), 4);
	CHECK_EQ(ep.t.packets_out, 4);
	CHECK_EQ(ep.t.info.segs_out, 4);
}

TEST(gso__is_cut_where_the_window_ends)
{
	given(ESTABLISHED);
	ep.t.cwnd = 4;
	usr_write(10000);
	CHECK_EQ(ignore_output(), 4);
	CHECK_EQ(xtcp_seg_len(&ep.sendq->seg), 6000);
	rcv(". 1 ack 2001");
	CHECK_EQ(ep.t.cwnd, 6);
	/* half of it; the fourth that would fit waits for the next ACK */
	CHECK_EQ(ignore_output(), 3);
}

/* One buffer, one ACK: a window in a single buffer has a clock that ticks once. */
TEST(gso__half_of_the_window_at_most)
{
	given(ESTABLISHED);
	ep.t.cwnd = 10;
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	CHECK_EQ(xtcp_rtx_first(&ep.t)->segs, 5);
}

/* A larger burst comes with the next ACK: wait, but only while one is certain. */
TEST(gso__small_bursts_are_deferred)
{
	given(ESTABLISHED);
	ep.t.cwnd = 30;
	ep.t.ssthresh = 30;
	usr_write(60000);
	CHECK_EQ(ignore_output(), 30);
	rcv(". 1 ack 1001");
	expect_nothing();
	rcv(". 1 ack 10001");
	CHECK_EQ(ignore_output(), 10);
}

/* ... and only while it comes soon: ACKs that trickle in must not idle the path. */
TEST(gso__nothing_is_deferred_after_a_pause)
{
	given(ESTABLISHED);
	ep.t.cwnd = 30;
	ep.t.ssthresh = 30;
	usr_write(60000);
	CHECK_EQ(ignore_output(), 30);
	advance(2);
	rcv(". 1 ack 1001");
	CHECK_EQ(ignore_output(), 1);
}

TEST(gso__nothing_is_deferred_when_the_next_ack_is_far)
{
	given(ESTABLISHED);
	ep.t.cwnd = 30;
	ep.t.ssthresh = 30;
	usr_write(60000);
	CHECK_EQ(ignore_output(), 30);
	/* half an RTT away */
	ep.t.srtt_us = 1200 << 3;
	advance_us(500);
	rcv(". 1 ack 1001");
	CHECK_EQ(ignore_output(), 1);
	/* more than a millisecond: of a small window that is a part (as Linux 7) */
	ep.t.srtt_us = 40000 << 3;
	advance(38);
	ep.t.lsndtime = xtcp_stamp(now);
	rcv(". 1 ack 2001");
	CHECK_EQ(ignore_output(), 1);
}

TEST(gso__small_bursts_are_deferred_until_the_next_ack)
{
	given(ESTABLISHED);
	ep.t.cwnd = 30;
	ep.t.ssthresh = 30;
	usr_write(60000);
	CHECK_EQ(ignore_output(), 30);
	advance(39);
	/* others have left since */
	ep.t.lsndtime = xtcp_stamp(now);
	ep.t.srtt_us = 40000 << 3;
	rcv(". 1 ack 1001");
	expect_nothing();
}

TEST(gso__nothing_is_deferred_with_little_in_flight)
{
	given(ESTABLISHED);
	ep.t.cwnd = 3;
	usr_write(6000);
	CHECK_EQ(ignore_output(), 3);
	ep.t.ssthresh = 2;
	rcv(". 1 ack 1001");
	expect(". 3001:4001(1000) ack 1");
}

/* ---- cutting what is in flight: order, counts, marks -------------------- */

TEST(seg_split__unsent)
{
	struct buf a = { .seg = { .seq = our(1), .end_seq = our(3002),
				  .flags = XTCP_FIN | XTCP_PSH } }, b = { 0 };

	given(ESTABLISHED);
	xtcp_seg_split(&ep.t, &a.seg, &b.seg, 1000, false);
	CHECK_EQ(a.seg.end_seq, our(1001));
	CHECK_EQ(a.seg.flags, 0);
	CHECK_EQ(b.seg.seq, our(1001));
	CHECK_EQ(b.seg.end_seq, our(3002));
	CHECK_EQ(b.seg.flags, XTCP_FIN | XTCP_PSH);
	CHECK_EQ(xtcp_seg_len(&b.seg), 2000);
}

/* The rest follows its first part whatever the shape of the tree. */
TEST(seg_split__sent_at_every_place)
{
	unsigned int i, j;

	for (i = 0; i < 7; i++) {
		struct rb_node *rb;
		struct buf *rest;

		conf.gso_max = 4 * MSS;
		given(ESTABLISHED);
		ep.t.cwnd = 40;
		usr_write(28000);
		CHECK_EQ(ignore_output(), 28);
		rb = rb_first(&ep.t.rtx);
		for (j = 0; j < i; j++)
			rb = rb_next(rb);
		rest = calloc(1, sizeof(*rest));
		xtcp_seg_split(&ep.t, xtcp_rb_seg(rb), &rest->seg, 1500, true);
		CHECK(rb_next(rb) == &rest->rb);
		CHECK_EQ(xtcp_rb_seg(rb)->segs, 2);
		CHECK_EQ(rest->seg.segs, 3);
		CHECK_EQ(ep.t.packets_out, 29);
		CHECK(!xtcp_check(&ep.check, &ep.t, NULL));
	}
}

/* Whatever was thought of the whole is thought of both parts. */
TEST(seg_split__sent_with_every_mark)
{
	struct rb_node *rb;
	struct buf *rest;

	given(ESTABLISHED);
	usr_write(4000);
	CHECK_EQ(ignore_output(), 4);
	rb = rb_first(&ep.t.rtx);
	xtcp_rb_seg(rb)->mark = XTCP_SEG_EVER_RETRANS;
	xtcp_rb_seg(rb)->lost = 4;
	ep.t.lost_out = 4;
	ep.t.ca_state = XTCP_CA_LOSS;
	ep.t.recovery.end_seq = ep.t.snd_nxt;
	ep.t.todo = ep.t.snd_una;
	ep.t.judged = ep.t.snd_una;
	rest = calloc(1, sizeof(*rest));
	xtcp_seg_split(&ep.t, xtcp_rb_seg(rb), &rest->seg, 1500, true);
	CHECK_EQ(ep.t.packets_out, 5);
	CHECK_EQ(ep.t.lost_out, 5);
	CHECK_EQ(rest->seg.mark, xtcp_rb_seg(rb)->mark);
	CHECK(!xtcp_check(&ep.check, &ep.t, NULL));
}

TEST(rtx_forget__the_acknowledged_part)
{
	struct rb_node *rb;
	struct buf *rest;

	given(ESTABLISHED);
	usr_write(3000);
	CHECK_EQ(ignore_output(), 3);
	rcv(". 1 ack 1001");
	rb = rb_first(&ep.t.rtx);
	rest = calloc(1, sizeof(*rest));
	xtcp_seg_split(&ep.t, xtcp_rb_seg(rb), &rest->seg, 1000, true);
	CHECK_EQ(xtcp_rb_seg(rb)->segs, 0);
	xtcp_rtx_forget(&ep.t, xtcp_rb_seg(rb));
	free(seg_buf(xtcp_rb_seg(rb)));
	CHECK_EQ(ep.t.packets_out, 2);
	CHECK(!xtcp_check(&ep.check, &ep.t, NULL));
}

/* ---- segment sizes: 3.7.1 ----------------------------------------------- */

TEST(mss__the_least_of_path_and_peer)
{
	conf.path_mss = 1460;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1200");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1");
	CHECK_EQ(ep.t.mss, 1200);
	endpoint_path(&ep, 700);
	CHECK_EQ(ep.t.mss, 700);
	endpoint_path(&ep, 9000);
	CHECK_EQ(ep.t.mss, 1200);
}

TEST(mss__options_are_taken_off)
{
	conf.core.timestamps = true;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000 TS val 1 ecr 0");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 TS val 1 ecr 1000000");
	CHECK_EQ(ep.t.mss, 988);
}

TEST(mss__at_most_half_the_largest_window)
{
	given(LISTEN);
	rcv("S 0 win 1000 mss 1000");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 win 1500");
	CHECK_EQ(ep.t.mss, 750);
}

/* A SYN's window is often small: what comes later is what the peer has. */
TEST(mss__grows_with_the_largest_window)
{
	given(LISTEN);
	rcv("S 0 win 1000 mss 1000");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 win 1500");
	usr_write(750);
	expect("P. 1:751(750) ack 1");
	rcv(". 1 ack 751 win 20000");
	usr_write(1000);
	expect("P. 751:1751(1000) ack 1");
}

TEST(mss__has_a_floor)
{
	given(ESTABLISHED);
	endpoint_path(&ep, 0);
	CHECK_EQ(ep.t.mss, XTCP_SND_MSS_MIN);
}

/* The path shrinks: what was in flight for it was dropped, and is cut again. */
TEST(mss__shrinks_with_data_in_flight)
{
	given(ESTABLISHED);
	usr_write(4000);
	CHECK_EQ(ignore_output(), 4);
	endpoint_path(&ep, 500);
	/* at once, and with the old cwnd (RFC 1191 6.5) */
	CHECK_EQ(ignore_output(), 8);
	CHECK_EQ(ep.t.cwnd, 10);
	CHECK_EQ(ep.t.packets_out, 8);
	rcv(". 1 ack 4001");
	CHECK_EQ(ep.t.packets_out, 0);
	CHECK_EQ(ep.t.lost_out, 0);
	usr_write(500);
	expect("P. 4001:4501(500) ack 1");
	rcv(". 1 ack 4501");
	CHECK(!xtcp_in_recovery(&ep.t));
	expect_why(RESEND_SMALLER);
}

/* What is small enough got through. */
TEST(mss__shrinks_and_small_segments_stay)
{
	conf.nodelay = true;
	given(ESTABLISHED);
	usr_write(400);
	expect("P. 1:401(400) ack 1");
	usr_write(900);
	expect("P. 401:1301(900) ack 1");
	endpoint_path(&ep, 500);
	expect(". 401:901(500) ack 1");
	expect("P. 901:1301(400) ack 1");
	CHECK_EQ(ep.t.info.total_retrans, 2);
	rcv(". 1 ack 1301");
	CHECK_EQ(ep.t.lost_out, 0);
	usr_write(400);
	expect("P. 1301:1701(400) ack 1");
	rcv(". 1 ack 1701");
	CHECK(!xtcp_in_recovery(&ep.t));
}

TEST(mss__shrinks_in_recovery)
{
	conf.gso_max = MSS;
	conf.nodelay = true;
	given(ESTABLISHED);
	usr_write(6000);
	ignore_output();
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	usr_write(2000);
	rcv(". 1 ack 1");
	usr_write(1000);
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	ignore_output();
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	endpoint_path(&ep, 500);
	ignore_output();
	rcv(". 1 ack 6001");
	ignore_output();
	rcv(". 1 ack 8001");
	ignore_output();
	rcv(". 1 ack 9001");
	CHECK_EQ(ep.t.packets_out, 0);
	CHECK_EQ(ep.t.lost_out, 0);
	CHECK(!xtcp_in_recovery(&ep.t));
}

/* ---- ACKs ride on data -------------------------------------------------- */

TEST(output__data_carries_the_ack)
{
	given(ESTABLISHED);
	ep.t.pingpong = 1;
	ep.t.ato_us = 40000;
	rcv("P. 1:11(10) ack 1");
	expect_nothing();
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), 40);
	usr_write(10);
	expect("P. 1:11(10) ack 11");
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
	rcv(". 11 ack 11");
	advance(1000);
}

/* ---- sending after a pause: RFC 2861 ------------------------------------ */

TEST(output__cwnd_is_halved_for_each_rto_of_silence)
{
	given(ESTABLISHED);
	ep.t.cwnd = 100;
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	advance(100);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.rto_us, 300000);
	advance(650);
	usr_write(1000);
	expect("P. 1001:2001(1000) ack 1");
	CHECK_EQ(ep.t.cwnd, 25);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
}

/* What is sent again is no silence. */
TEST(output__cwnd_after_a_retransmission)
{
	given(ESTABLISHED);
	ep.t.cwnd = 100;
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	advance(1000);
	expect("P. 1:1001(1000) ack 1");
	ep.t.cwnd = 100;
	rcv(". 1 ack 1001");
	usr_write(1000);
	expect("P. 1001:2001(1000) ack 1");
	CHECK(ep.t.cwnd >= 100);
}

TEST(output__cwnd_never_below_the_initial_one)
{
	given(ESTABLISHED);
	ep.t.cwnd = 100;
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001");
	advance(100000);
	usr_write(1000);
	expect("P. 1001:2001(1000) ack 1");
	CHECK_EQ(ep.t.cwnd, 10);
}

TESTS_MAIN
