// SPDX-License-Identifier: GPL-2.0
/* The window we offer: RFC 9293 3.8.6, 3.8.6.2.2, RFC 7323 2. */
#include "script.h"
#include "window.h"

/* ---- what a SYN offers -------------------------------------------------- */

TEST(window_init__without_scaling)
{
	u32 wnd;
	u8 shift;

	xtcp_window_init(65536, 1 << 20, 1460, false, &wnd, &shift);
	CHECK_EQ(shift, 0);
	CHECK_EQ(wnd, 64240);	/* 44 segments */
	xtcp_window_init(1 << 20, 1 << 20, 1460, false, &wnd, &shift);
	CHECK_EQ(wnd, 65535);
	xtcp_window_init(1000, 1000, 1460, false, &wnd, &shift);
	CHECK_EQ(wnd, 1000);
	xtcp_window_init(0, 0, 1460, false, &wnd, &shift);
	CHECK_EQ(wnd, 0);
}

TEST(window_init__shift_covers_the_largest_buffer)
{
	u32 wnd;
	u8 shift;

	xtcp_window_init(65536, 6291456, 1460, true, &wnd, &shift);
	CHECK_EQ(shift, 7);
	CHECK_EQ(wnd, 64240);
	xtcp_window_init(65536, 65535, 1460, true, &wnd, &shift);
	CHECK_EQ(shift, 0);
	xtcp_window_init(65536, 65536, 1460, true, &wnd, &shift);
	CHECK_EQ(shift, 1);
	xtcp_window_init(65536, U32_MAX, 1460, true, &wnd, &shift);
	CHECK_EQ(shift, 14);
	/* a buffer that is large from the beginning is offered whole */
	xtcp_window_init(200000, 200000, 1460, true, &wnd, &shift);
	CHECK_EQ(shift, 2);
	CHECK_EQ(wnd, 198560);
}

/* ---- never shrinks ------------------------------------------------------ */

TEST(window_select__does_not_move_the_right_edge_back)
{
	given(ESTABLISHED);
	/* the buffer is full all at once, as if shared memory ran out */
	CHECK_EQ(xtcp_window_select(&ep.t, 0, 65536), 65000);
	rcv(". 1:1001(1000) ack 1");
	expect(". 1 ack 1001");
	CHECK_EQ(xtcp_receive_window(&ep.t), 64000);
}

TEST(window_select__closes_as_the_peer_fills_it)
{
	u32 seq;

	given(ESTABLISHED);
	for (seq = 1; seq < 65001; seq += 1000) {
		rcvf("P. %u:%u(1000) ack 1", seq, seq + 1000);
		advance(100);
		ignore_output();
		CHECK_EQ(ep.t.rcv_wup + ep.t.rcv_wnd, peers(65001));
	}
	CHECK_EQ(xtcp_receive_window(&ep.t), 0);
	expect_read(65000);
	expect(". 1 ack 65001 win 65000");
}

TEST(window_select__right_edge_with_scaling)
{
	u32 edge, i, seq = 1;

	conf.core.window_scaling = true;
	conf.rcvbuf = 1 << 20;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 wscale 7");
	expect("S. 0 ack 1 wscale 7");
	rcv(". 1 ack 1");
	edge = ep.t.rcv_wup + ep.t.rcv_wnd;
	/* odd sizes: what the peer takes and what it computes from the field agree */
	for (i = 0; i < 300; i++) {
		rcvf("P. %u:%u(%u) ack 1", seq, seq + 77 + i, 77 + i);
		seq += 77 + i;
		advance(100);
		ignore_output();
		CHECK(!xtcp_before(ep.t.rcv_wup + ep.t.rcv_wnd, edge));
		edge = ep.t.rcv_wup + ep.t.rcv_wnd;
		CHECK_EQ(ep.t.rcv_wnd % 128, 0);
	}
}

/* The field that leaves is the window that we hold ourselves to. */
TEST(window_select__field_is_what_is_remembered)
{
	u16 field;

	conf.core.window_scaling = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 wscale 7");
	expect("S. 0 ack 1 wscale 7");
	rcv(". 1 ack 1");
	ep.t.rcv_ssthresh = 12345;
	ep.t.rcv_wnd = 100;
	field = xtcp_window_select(&ep.t, 65536, 65536);
	CHECK_EQ(ep.t.rcv_wnd, 12416);
	CHECK_EQ((u32)field << 7, ep.t.rcv_wnd);
	/* rounded up: one must not be offered as none */
	ep.t.rcv_ssthresh = 65536;
	CHECK(xtcp_window_select(&ep.t, 65536, 65536) > 0);
	CHECK_EQ(ep.t.rcv_wup, ep.t.rcv_nxt);
}

TEST(window_select__not_more_than_the_field_can_say)
{
	given(ESTABLISHED);
	ep.t.rcv_ssthresh = 1 << 20;
	ep.t.window_clamp = 1 << 20;
	CHECK_EQ(xtcp_window_select(&ep.t, 1 << 20, 1 << 20), 65535);
	CHECK_EQ(ep.t.rcv_wnd, 65535);
}

/* ---- silly windows: 3.8.6.2.2 ------------------------------------------- */

TEST(window_wanted__less_than_a_segment_is_none)
{
	given(ESTABLISHED);
	ep.t.rcv_mss = 1000;
	CHECK_EQ(xtcp_window_select(&ep.t, 0, 65536), 65000);
	rcv(". 1:65001(65000) ack 1");
	expect(". 1 ack 65001 win 0");
	CHECK_EQ(xtcp_window_select(&ep.t, 900, 65536), 0);
	/* nor a sixteenth of the buffer */
	CHECK_EQ(xtcp_window_select(&ep.t, 4000, 65536), 0);
	CHECK(xtcp_window_select(&ep.t, 20000, 65536) >= 19000);
}

TEST(window_wanted__small_steps_are_not_offered)
{
	given(ESTABLISHED);
	ep.t.rcv_mss = 1000;
	ep.t.rcv_wnd = 40000;
	ep.t.rcv_nxt = ep.t.rcv_wup;
	CHECK_EQ(xtcp_window_select(&ep.t, 40999, 65536), 40000);
	CHECK_EQ(xtcp_window_select(&ep.t, 41000, 65536), 41000);
}

/* A buffer smaller than a segment must not be shut for ever. */
TEST(window_wanted__buffer_smaller_than_a_segment)
{
	conf.rcvbuf = 600;
	given(ESTABLISHED);
	CHECK_EQ(ep.t.rcv_wnd, 600);
	rcv("P. 1:601(600) ack 1");
	advance(500);
	expect(". 1 ack 601 win 0");
	expect_read(300);
	expect_nothing();
	expect_read(300);
	expect(". 1 ack 601 win 600");
}

TEST(window_wanted__is_clamped)
{
	given(ESTABLISHED);
	ep.t.rcv_mss = 1000;
	ep.t.rcv_wnd = 0;
	ep.t.rcv_ssthresh = 20000;
	xtcp_window_clamp(&ep.t, 20000);
	CHECK_EQ(ep.t.window_clamp, 20000);
	CHECK_EQ(xtcp_window_select(&ep.t, 65536, 65536), 20000);
	/* 9000 is less than half of the space that counts: no crumbs of it */
	ep.t.rcv_wnd = 0;
	CHECK_EQ(xtcp_window_select(&ep.t, 900, 65536), 0);
	CHECK(xtcp_window_select(&ep.t, 9000, 65536) >= 8000);
	ep.check.synchronised = false;
}

/* ---- updates when the user reads ---------------------------------------- */

TEST(on_read__window_that_doubles_is_announced)
{
	u32 seq;

	given(ESTABLISHED);
	for (seq = 1; seq < 60001; seq += 1000) {
		rcvf("P. %u:%u(1000) ack 1", seq, seq + 1000);
		advance(100);
		ignore_output();
	}
	CHECK_EQ(xtcp_receive_window(&ep.t), 5000);
	expect_read(1000);
	expect_read(1000);
	expect_nothing();
	expect_read(20000);
	expect(". 1 ack 60001 win 27000");
	expect_read(1000);
	expect_nothing();
	expect_why(ACK_WINDOW);
}

TEST(on_read__not_after_the_peers_fin)
{
	given(ESTABLISHED);
	rcv("F. 1:65001(65000) ack 1");
	advance(600);
	ignore_output();
	expect_read(65000);
	expect_nothing();
}

/* Without scaling a clamp above what the field can say would announce at each read. */
TEST(on_read__large_buffer_without_scaling)
{
	unsigned int i;

	conf.rcvbuf = 1 << 20;
	given(ESTABLISHED);
	xtcp_window_clamp(&ep.t, 1 << 20);
	ep.t.rcv_ssthresh = 1 << 20;
	CHECK(ep.t.window_clamp <= 65535);
	for (i = 0; i < 10; i++) {
		rcvf("P. %u:%u(100) ack 1", 1 + i * 100, 101 + i * 100);
		advance(100);
		ignore_output();
		expect_read(100);
		expect_nothing();
	}
}

/* ---- growth ------------------------------------------------------------- */

TEST(window_data__opens_as_fast_as_slow_start)
{
	conf.core.window_scaling = true;
	conf.rcvbuf = 1 << 20;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 wscale 7");
	expect("S. 0 ack 1 win 65535");
	rcv(". 1 ack 1");
	CHECK_EQ(ep.t.rcv_ssthresh, 1048000);	/* all of the buffer, in segments */
	ep.t.rcv_ssthresh = 65535;
	rcv("P. 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.rcv_ssthresh, 67535);
	rcv("P. 1001:1002(1) ack 1");
	CHECK_EQ(ep.t.rcv_ssthresh, 67535);
	ignore_output();
}

TEST(window_autotune__a_reader_that_keeps_up)
{
	u32 rtt = 10000, i, j, seq = 1, wnd = 0;

	given(ESTABLISHED);
	ep.t.tune.rtt_us = rtt << 3;
	ep.t.tune.space_bytes = 5000;
	for (i = 0; i < 4; i++) {
		u32 n = 10 << i;

		for (j = 0; j < n; j++, seq += 1000) {
			ep.t.copied_seq += 1000;
			ep.t.rcv_nxt += 1000;
		}
		now += rtt;
		wnd = xtcp_window_autotune(&ep.t, now);
		CHECK(wnd >= 2 * n * 1000);
	}
	CHECK(wnd >= 160000);
	/* half an RTT says nothing, and less than before asks for nothing */
	now += rtt / 2;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now), 0);
	ep.t.copied_seq += 1000;
	ep.t.rcv_nxt += 1000;
	now += rtt;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now), 0);
	ep.check.synchronised = false;
}

/* As Linux: room for a sender in slow start, which the measurement is an RTT behind. */
TEST(window_autotune__leaves_slow_start_alone)
{
	u32 rtt = 10000;

	given(ESTABLISHED);
	ep.t.tune.rtt_us = rtt << 3;
	ep.t.tune.space_bytes = 20000;
	ep.t.copied_seq += 40000;
	ep.t.rcv_nxt += 40000;
	now += rtt;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now), 2 * 40000 + 4 * 40000);
	/* on a short path buffers stay small */
	ep.t.tune.rtt_us = 500 << 3;
	ep.t.copied_seq += 80000;
	ep.t.rcv_nxt += 80000;
	now += rtt;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now), 2 * 80000 + 80000);
	/* and none is short */
	ep.conf.core.rcvbuf_low_rtt_us = 0;
	ep.t.copied_seq += 160000;
	ep.t.rcv_nxt += 160000;
	now += rtt;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now), 2 * 160000 + 4 * 160000);
	ep.check.synchronised = false;
}

/* What waits behind a gap is not read, but the sender goes on. */
TEST(window_autotune__behind_a_gap)
{
	peer_options = " sackOK";
	given(ESTABLISHED);
	ep.t.tune.rtt_us = 10000 << 3;
	ep.t.tune.space_bytes = 20000;
	rcv(". 1001:31001(30000) ack 1");
	CHECK_EQ(xtcp_window_behind_gap(&ep.t), 2 * 20000 + 31000);
	ignore_output();
}

/* The offer grows behind a gap only where SACK tells the sender of the gap. */
TEST(window_grow__behind_a_gap_with_sack)
{
	unsigned int sack;

	conf.core.window_scaling = true;
	conf.core.sack = true;
	conf.rcvbuf = 1 << 20;
	for (sack = 0; sack < 2; sack++) {
		given(CLOSE);
		usr_listen();
		rcvf("S 0 win 65535 mss 1000 wscale 7%s", sack ? " sackOK" : "");
		rcv(". 1 ack 1");
		ep.t.rcv_ssthresh = 65535;
		rcv(". 1001:2001(1000) ack 1");
		CHECK_EQ(ep.t.rcv_ssthresh, sack ? 67535 : 65535);
		ignore_output();
	}
}

TEST(window_autotune__not_before_the_rtt_is_known)
{
	given(ESTABLISHED);
	ep.t.copied_seq += 100000;
	CHECK_EQ(xtcp_window_autotune(&ep.t, now + 1000000), 0);
}

/* With timestamps each full segment that answers a new one of ours is a sample. */
TEST(rcv_rtt__by_timestamps)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 TS val 5 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 5");
	rcv(". 1 ack 1 TS val 5 ecr 1000000");
	ep.t.rcv_mss = 500;
	/* the first begins the measurement of a window */
	rcv("P. 1:501(500) ack 1 TS val 6 ecr 1000000");
	ignore_output();
	advance(30);
	rcv("P. 501:1001(500) ack 1 TS val 7 ecr 1000010");
	ignore_output();
	CHECK_EQ(ep.t.tune.rtt_us >> 3, 20000);
	/* the same echo again, and a segment that is not full, say nothing */
	advance(30);
	rcv("P. 1001:1501(500) ack 1 TS val 8 ecr 1000010");
	ignore_output();
	rcv("P. 1501:1502(1) ack 1 TS val 8 ecr 1000020");
	ignore_output();
	CHECK_EQ(ep.t.tune.rtt_us >> 3, 20000);
	/* 20 + (52 - 20) / 8; one that waited for the reader would be late */
	ep.t.copied_seq = peers(2002);
	xtcp_clocks_begin(&ep.clocks, &ep.t, 0, now);
	advance(20);
	rcv("P. 1502:2002(500) ack 1 TS val 9 ecr 1000028");
	ignore_output();
	CHECK_EQ(ep.t.tune.rtt_us >> 3, 24000);
	/* the smallest wins at once */
	rcv("P. 2002:2502(500) ack 1 TS val 9 ecr 1000075");
	ignore_output();
	CHECK_EQ(ep.t.tune.rtt_us >> 3, 5000);
	/* nonsense does not */
	rcv("P. 2502:3002(500) ack 1 TS val 9 ecr 77");
	ignore_output();
	CHECK_EQ(ep.t.tune.rtt_us >> 3, 5000);
}

TEST(rcv_rtt__without_timestamps_is_the_time_for_a_window)
{
	u32 seq;

	given(ESTABLISHED);
	for (seq = 1; seq < 140001; seq += 1000) {
		rcvf("P. %u:%u(1000) ack 1", seq, seq + 1000);
		advance(1);
		ignore_output();
		expect_read(1000);
		ignore_output();
	}
	CHECK(ep.t.tune.rtt_us >> 3 >= 60000 && ep.t.tune.rtt_us >> 3 <= 70000);
}

/* An RTT as a receiver sees it: a window's worth of data, however long that takes. */
TEST(rcv_rtt__a_pause_of_hours_is_not_a_small_rtt)
{
	u32 seq;

	given(ESTABLISHED);
	rcv("P. 1:1001(1000) ack 1");
	ignore_output();
	expect_read(1000);
	/* just above 2^29 microseconds: times eight is nearly nothing */
	advance(536900);
	for (seq = 1001; seq < 70001; seq += 1000) {
		rcvf("P. %u:%u(1000) ack 1", seq, seq + 1000);
		ignore_output();
		expect_read(1000);
		ignore_output();
	}
	CHECK(ep.t.tune.rtt_us >> 3 > 500000000);
}

TESTS_MAIN
