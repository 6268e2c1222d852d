// SPDX-License-Identifier: GPL-2.0
/* SEGMENT ARRIVES, RFC 9293 3.10.7.4, seventh and eighth: text and FIN. */
#include "script.h"

/* ---- 3.10.7.4 seventh: text --------------------------------------------- */

TEST(text__in_order)
{
	given(ESTABLISHED);
	rcv("P. 1:1001(1000) ack 1");
	expect(". 1:1(0) ack 1001");
	CHECK(ep.last.orders & XTCP_ACT_WAKE_READER);
	expect_read(1000);
}

TEST(text__a_gap_is_reported_at_once)
{
	given(ESTABLISHED);
	rcv(". 1001:2001(1000) ack 1");
	expect(". 1 ack 1");
	rcv(". 2001:3001(1000) ack 1");
	expect(". 1 ack 1");
	CHECK_EQ(endpoint_readable(&ep), 0);
	rcv(". 1:1001(1000) ack 1");
	expect(". 1 ack 3001");
	expect_read(3000);
	expect_why(ACK_GAP);
	expect_why(ACK_FILLED);
}

TEST(text__covered_by_what_came_before)
{
	given(ESTABLISHED);
	rcv("P. 1:501(500) ack 1");
	expect(". 1 ack 501");
	rcv("P. 501:601(100) ack 1");
	expect(". 1 ack 601");
	/* in the window of the last ACK, and nothing new */
	ep.t.rcv_wup = peers(501);
	ep.t.rcv_wnd += 100;
	rcv("P. 401:601(200) ack 1");
	expect(". 1 ack 601");
	expect_verdict(DUP_DATA);
	expect_read(600);
	expect_why(ACK_DUPLICATE);
}

TEST(text__in_fin_wait_1_and_2)
{
	given(FIN_WAIT1);
	rcv("P. 1:11(10) ack 1");
	expect(". 2 ack 11");
	rcv("P. 11:21(10) ack 2");
	expect_state(FIN_WAIT2);
	expect(". 2 ack 21");
	rcv("P. 21:31(10) ack 2");
	expect(". 2 ack 31");
	expect_read(30);
}

/* "this should not occur since a FIN has been received": it is not taken */
TEST(text__after_the_peers_fin_is_ignored)
{
	given(CLOSE_WAIT);
	rcv("P. 2:12(10) ack 1");
	expect_nothing();
	expect_verdict(SEQ);
	given(CLOSING);
	rcv("P. 2:12(10) ack 1");
	expect_nothing();
	given(LAST_ACK);
	rcv("P. 2:12(10) ack 1");
	expect_nothing();
	expect_state(LAST_ACK);
}

/* Of what lies behind a gap the peer hears nothing, which it takes for lost (as Linux). */
TEST(text__no_room_behind_a_gap)
{
	conf.rcvbuf = 8192;
	given(ESTABLISHED);
	ep.rmem = 100000;
	rcv("P. 11:21(10) ack 1");
	expect_nothing();
	expect_verdict(RCVBUF);
	CHECK_EQ(ep.notes[XTCP_NOTE_OFO_DROP], 1);
	CHECK_EQ(ep.notes[XTCP_NOTE_RCVQ_DROP], 0);
	ep.rmem = 0;
	rcv("P. 11:21(10) ack 1");
	expect(". 1 ack 1");
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 21");
	expect_read(20);
}

TEST(text__no_room_is_a_drop_that_is_acked)
{
	conf.rcvbuf = 8192;
	given(ESTABLISHED);
	ep.rmem = 100000;
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 1");
	expect_verdict(RCVBUF);
	CHECK_EQ(ep.notes[XTCP_NOTE_OFO_DROP], 0);
	CHECK_EQ(ep.notes[XTCP_NOTE_RCVQ_DROP], 1);
	ep.rmem = 0;
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
	expect_why(ACK_NO_ROOM);
}

TEST(text__beyond_the_window_that_is_shut)
{
	given(ESTABLISHED);
	rcv(". 1:64001(64000) ack 1");
	expect(". 1 ack 64001");
	CHECK_EQ(xtcp_receive_window(&ep.t), 1000);
	/* one that reaches over the edge is not taken while the queue holds data */
	rcv(". 64001:66001(2000) ack 1");
	expect(". 1 ack 64001");
	expect_verdict(SEQ);
	CHECK_EQ(ep.notes[XTCP_NOTE_BEYOND_WINDOW], 1);
	rcv("FP. 64001:65001(1000) ack 1");
	advance(200);
	expect(". 1 ack 65002 win 0");
	expect_state(CLOSE_WAIT);
}

TEST(text__reaches_over_the_window)
{
	given(ESTABLISHED);
	/* with an empty queue it is taken whole, as in Linux */
	rcv(". 1:66001(66000) ack 1");
	expect(". 1 ack 66001 win 0");
	rcv("P. 66001:66011(10) ack 1");
	expect(". 1 ack 66001 win 0");
	expect_verdict(ZERO_WINDOW);
	/* as Linux: it ends behind the window, and something waits to be read */
	CHECK_EQ(ep.notes[XTCP_NOTE_BEYOND_WINDOW], 1);
	CHECK_EQ(ep.notes[XTCP_NOTE_ZERO_WINDOW_DROP], 0);
	expect_read(66000);
	expect(". 1 ack 66001");
	expect_why(ACK_NO_WINDOW);
}

/* RFC 2525 2.17: nobody will read it */
TEST(text__after_close_is_reset)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	rcv("P. 1:11(10) ack 1");
	/* as Linux: from SEG.ACK, like the answer to a segment without a connection */
	expect("R 1");
	expect_state(CLOSE);
	expect_edge(FIN_WAIT1__ABORT);
	expect_why(DATA_AFTER_CLOSE);
	expect_verdict(CLOSED_RCV);
	expect_error(0);
}

TEST(text__after_close_in_fin_wait_2)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	rcv("P. 1:11(10) ack 2");
	expect("R 2");
	expect_edge(FIN_WAIT2__ABORT);
}

TEST(text__after_shutdown_of_both_is_reset)
{
	given(FIN_WAIT2);
	endpoint_call(&ep, XTCP_CALL_SHUT_RD);
	rcv("P. 1:11(10) ack 2");
	expect("R 2");
	expect_state(CLOSE);
}

TEST(text__old_one_after_close_is_not)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
	usr_close();
	expect("F. 1 ack 11");
	rcv("P. 1:11(10) ack 1");
	expect(". 2 ack 11");
	expect_state(FIN_WAIT1);
}

TEST(text__after_shutdown_of_reading_is_taken)
{
	given(ESTABLISHED);
	endpoint_call(&ep, XTCP_CALL_SHUT_RD);
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_state(ESTABLISHED);
}

/* ---- 3.10.7.4 eighth: FIN ----------------------------------------------- */

TEST(fin__in_established)
{
	given(ESTABLISHED);
	rcv("F. 1 ack 1");
	expect_state(CLOSE_WAIT);
	expect_edge(ESTABLISHED__RCV_FIN);
	expect_why(PEER_CLOSED);
	CHECK(ep.last.orders & XTCP_ACT_WAKE_READER);
	advance(200);
	expect(". 1 ack 2");
	expect_read(0);
	CHECK(ep.eof);
}

TEST(fin__behind_text)
{
	given(ESTABLISHED);
	rcv("FP. 1:11(10) ack 1");
	expect_state(CLOSE_WAIT);
	advance(200);
	expect(". 1 ack 12");
	expect_read(10);
	expect_read(0);
	CHECK(ep.eof);
}

TEST(fin__ahead_of_text_waits)
{
	given(ESTABLISHED);
	rcv("FP. 11:21(10) ack 1");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect_state(CLOSE_WAIT);
	expect(". 1 ack 22");
	expect_read(20);
	CHECK(ep.eof);
}

TEST(fin__alone_ahead_of_text_waits)
{
	given(ESTABLISHED);
	rcv("F. 11 ack 1");
	expect(". 1 ack 1");
	rcv("P. 1:11(10) ack 1");
	expect_state(CLOSE_WAIT);
	expect(". 1 ack 12");
	expect_read(10);
	expect_read(0);
	CHECK(ep.eof);
}

TEST(fin__what_waits_behind_it_is_forgotten)
{
	given(ESTABLISHED);
	rcv("P. 101:201(100) ack 1");
	expect(". 1 ack 1");
	rcv("F. 1 ack 1");
	expect_state(CLOSE_WAIT);
	CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
	CHECK_EQ(ep.rmem, 0);
	advance(200);
	expect(". 1 ack 2");
}

TEST(fin__again_is_acked_again)
{
	given(CLOSE_WAIT);
	rcv("F. 1 ack 1");
	expect(". 1 ack 2");
	expect_state(CLOSE_WAIT);
}

TEST(fin__in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv("F. 1 ack 1");
	expect(". 2 ack 2");
	expect_state(CLOSING);
	expect_edge(FIN_WAIT1__RCV_FIN);
}

TEST(fin__with_ack_of_ours_in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv("F. 1 ack 2");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
	expect_edge(FIN_WAIT1__RCV_FIN_ACK_OF_FIN);
	expect_why(FIN_ANSWERED);
	CHECK_EQ(ep.edges[XTCP_EDGE_FIN_WAIT1__RCV_ACK_OF_FIN], 0);
}

TEST(fin__with_text_and_ack_of_ours_in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_state(TIME_WAIT);
	expect_edge(FIN_WAIT1__RCV_FIN_ACK_OF_FIN);
	expect_read(10);
}

/* The FIN fills no gap: its ACK of ours counts by itself. */
TEST(fin__ahead_of_text_with_ack_of_ours_in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv("F. 11 ack 2");
	expect(". 2 ack 1");
	expect_state(FIN_WAIT2);
	rcv("P. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_state(TIME_WAIT);
	expect_edge(FIN_WAIT2__RCV_FIN);
	expect_read(10);
}

/* The text that was missing carries the ACK of ours, and sets the FIN free. */
TEST(fin__set_free_by_text_with_ack_of_ours_in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv("F. 11 ack 1");
	expect(". 2 ack 1");
	rcv("P. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_state(TIME_WAIT);
	expect_edge(FIN_WAIT1__RCV_ACK_OF_FIN);
	expect_edge(FIN_WAIT2__RCV_FIN);
}

TEST(fin__in_fin_wait_2)
{
	given(FIN_WAIT2);
	rcv("F. 1 ack 2");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
	expect_edge(FIN_WAIT2__RCV_FIN);
	expect_why(ACK_FIN);
}

TEST(fin__in_closing_and_last_ack)
{
	given(CLOSING);
	rcv("F. 1 ack 1");
	expect(". 2 ack 2");
	expect_state(CLOSING);
	/* the same with the ACK of ours: no ACK is needed, TIME_WAIT answers */
	rcv("F. 1 ack 2");
	expect_state(TIME_WAIT);
	given(LAST_ACK);
	rcv("F. 1 ack 1");
	expect(". 2 ack 2");
	rcv("F. 1 ack 2");
	expect_state(CLOSE);
}

/* The text does not fit, so neither does the FIN. */
TEST(fin__behind_text_without_room_is_not_taken)
{
	given(FIN_WAIT1);
	ep.rmem = 10000000;
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 1");
	expect_state(FIN_WAIT2);
	expect_verdict(RCVBUF);
	ep.rmem = 0;
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_state(TIME_WAIT);
}

TEST(fin__without_text_needs_no_window)
{
	given(ESTABLISHED);
	rcv(". 1:65001(65000) ack 1");
	expect(". 1 ack 65001 win 0");
	rcv("F. 65001 ack 1");
	expect_state(CLOSE_WAIT);
	expect(". 1 ack 65002 win 0");
}

TEST(fin__old_text_and_fin_after_close)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
	usr_close();
	expect("F. 1 ack 11");
	/* nothing new but the FIN: no reset */
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_state(TIME_WAIT);
}

/* ---- both FINs at once --------------------------------------------------- */

TEST(simultaneous_close)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	rcv("F. 1 ack 1");
	expect(". 2 ack 2");
	expect_state(CLOSING);
	rcv(". 2 ack 2");
	expect_state(TIME_WAIT);
	advance(60000);
	expect_state(CLOSE);
	expect_edge(TIME_WAIT__TIMEOUT_2MSL);
}

TESTS_MAIN
