// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES, RFC 9293 3.10.7.4, first to fifth: what is checked before text is
 * taken. Before ESTABLISHED: opening_test.c; text and FIN: text_test.c.
 */
#include "script.h"

/* ---- 3.10.7.4 first: sequence number ------------------------------------ */

TEST(acceptable__old_segment_is_acked)
{
	given(ESTABLISHED);
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv("P. 101:102(1) ack 1");
	expect(". 1 ack 102");
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 102");
	expect_verdict(SEQ);
	CHECK_EQ(ep.notes[XTCP_NOTE_BEYOND_WINDOW], 0);
	/* up to RCV.NXT it is acceptable, and old all the same */
	rcv("P. 101:102(1) ack 1");
	expect(". 1 ack 102");
	expect_verdict(DUP_DATA);
	expect_read(101);
}

TEST(acceptable__beyond_the_window_is_acked)
{
	given(ESTABLISHED);
	rcv(". 65002:65102(100) ack 1");
	expect(". 1 ack 1");
	expect_verdict(SEQ);
	/* the first byte behind it: Linux lets it pass, and nothing of it is taken */
	rcv(". 65001 ack 1");
	expect_nothing();
	expect_why(ACK_UNACCEPTABLE);
}

TEST(acceptable__partly_in_the_window_is_taken)
{
	given(ESTABLISHED);
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv("P. 51:151(100) ack 1");
	expect(". 1 ack 151");
	expect_read(150);
	CHECK_EQ(xtcp_received(&ep.t), 1 + 150);
}

TEST(acceptable__zero_window_takes_ack_and_rst_only)
{
	given(ESTABLISHED);
	ep.t.rcv_wnd = 0;
	ep.t.rcv_ssthresh = 0;
	ep.check.synchronised = false;
	usr_write(10);
	expect("P. 1:11(10) ack 1 win 0");
	rcv("P. 1:101(100) ack 1");
	expect(". 11 ack 1 win 0");
	expect_verdict(ZERO_WINDOW);
	CHECK_EQ(ep.notes[XTCP_NOTE_ZERO_WINDOW_DROP], 1);
	/* ACKs are processed all the same: MUST-66 */
	rcv(". 1 ack 11");
	CHECK_EQ(ep.t.snd_una, our(11));
	rcv("R 1");
	expect_state(CLOSE);
}

TEST(acceptable__answers_to_empty_ones_are_limited)
{
	given(ESTABLISHED);
	rcv(". 70000 ack 1");
	expect(". 1 ack 1");
	rcv(". 70000 ack 1");
	rcv(". 70000 ack 1");
	expect_nothing();
	advance(500);
	rcv(". 70000 ack 1");
	expect(". 1 ack 1");
}

TEST(acceptable__answers_to_text_are_not)
{
	given(ESTABLISHED);
	rcv("P. 70000:70001(1) ack 1");
	expect(". 1 ack 1");
	rcv("P. 70000:70001(1) ack 1");
	expect(". 1 ack 1");
}

/* Linux, tcp_oow_rate_limited(): a SYN is limited, a FIN that comes again is not. */
TEST(acceptable__fin_is_always_answered)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 TS val 100 ecr 0");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 TS val 100 ecr 1000000");
	rcv("F. 1 ack 1 TS val 50 ecr 1000000");
	expect(". 1 ack 1");
	expect_verdict(PAWS);
	rcv("F. 1 ack 1 TS val 50 ecr 1000000");
	expect(". 1 ack 1");
}

/* ---- RFC 7323 5.3: PAWS ------------------------------------------------- */

static void established_with_ts(void)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 TS val 100000 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100000");
	rcv(". 1 ack 1 TS val 100000 ecr 1000000");
	endpoint_unlisten(&ep);
	expect_state(ESTABLISHED);
}

TEST(paws__old_text_is_acked_and_dropped)
{
	established_with_ts();
	rcv("P. 1:11(10) ack 1 TS val 99998 ecr 1000000");
	expect(". 1 ack 1");
	expect_verdict(PAWS);
	/* one tick is let through, as in Linux */
	rcv("P. 1:11(10) ack 1 TS val 99999 ecr 1000000");
	expect(". 1 ack 11");
	expect_verdict(TEXT);
}

TEST(paws__wraps)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1000 TS val 4294967290 ecr 0");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 TS val 4294967290 ecr 1000000");
	rcv("P. 1:11(10) ack 1 TS val 5 ecr 1000000");
	expect(". 1 ack 11 TS val 1000000 ecr 5");
	rcv("P. 11:21(10) ack 1 TS val 4294967295 ecr 1000000");
	expect(". 1 ack 11");
	expect_verdict(PAWS);
}

TEST(paws__rst_is_exempt)
{
	established_with_ts();
	rcv("R 1 TS val 1 ecr 1000000");
	expect_state(CLOSE);
}

TEST(paws__segment_without_timestamp_passes)
{
	established_with_ts();
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
}

TEST(paws__overtaken_pure_ack_is_let_through)
{
	established_with_ts();
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 1 TS val 99900 ecr 1000000");
	expect_nothing();
	expect_verdict(ACK);
	/* too old even for that: more than an RTO */
	rcv(". 1 ack 1 TS val 90000 ecr 1000000");
	expect(". 11 ack 1");
	expect_verdict(PAWS);
}

/* 5.5: after 24 days the old timestamp means nothing, and a new one is taken */
TEST(paws__idle_for_24_days)
{
	established_with_ts();
	now += 25ULL * 86400 * XTCP_USEC_PER_SEC;
	rcv("P. 1:11(10) ack 1 TS val 5 ecr 1000000");
	expect_verdict(TEXT);
	expect(". 1 ack 11");
	CHECK_EQ(ep.t.ts_recent, 5);
}

/* RFC 7323 4.3: the segment that the last ACK lies in sets TS.Recent */
TEST(take_ts__only_up_to_the_last_ack_sent)
{
	established_with_ts();
	rcv("P. 101:201(100) ack 1 TS val 100005 ecr 1000000");
	expect(". 1 ack 1 TS val 1000000 ecr 100000");
	rcv("P. 1:101(100) ack 1 TS val 100003 ecr 1000000");
	expect(". 1 ack 201 TS val 1000000 ecr 100003");
}

/* ---- 3.10.7.4 second: RST, RFC 5961 3.2 --------------------------------- */

TEST(rst__exact_resets)
{
	given(ESTABLISHED);
	rcv("R 1");
	expect_state(CLOSE);
	expect_error(ECONNRESET);
	expect_edge(ESTABLISHED__RCV_RST);
	expect_why(PEER_RESET);
}

TEST(rst__in_window_is_challenged)
{
	given(ESTABLISHED);
	rcv("R 2");
	expect(". 1 ack 1");
	advance(500);
	rcv("R 65001");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
	expect_verdict(RST_REFUSED);
	expect_why(ACK_CHALLENGE);
}

/* RFC 5961 7, per connection: all that may be guesses share one limit */
TEST(challenge__one_in_half_a_second)
{
	given(ESTABLISHED);
	rcv("R 2");
	expect(". 1 ack 1");
	rcv("R 3");
	rcv("S 1 mss 1000");
	rcv("P. 1:11(10) ack 2");
	rcv(". 1 ack 2");
	expect_nothing();
	CHECK(ep.last.orders & XTCP_ACT_ACK_SKIPPED);
	advance(499);
	rcv("S 500 mss 1000");
	expect_nothing();
	advance(1);
	rcv("S 500 mss 1000");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
}

TEST(rst__out_of_window_is_silently_dropped)
{
	given(ESTABLISHED);
	rcv("R 0");
	rcv("R 65002");
	expect_nothing();
	expect_state(ESTABLISHED);
}

TEST(rst__ack_bit_and_text_do_not_matter)
{
	given(ESTABLISHED);
	rcv("R. 1:11(10) ack 12345");
	expect_state(CLOSE);
	expect_nothing();
}

TEST(rst__in_every_synchronised_state)
{
	given(FIN_WAIT1);
	rcv("R 1");
	expect_edge(FIN_WAIT1__RCV_RST);
	expect_error(ECONNRESET);
	given(FIN_WAIT2);
	rcv("R 1");
	expect_edge(FIN_WAIT2__RCV_RST);
	given(CLOSE_WAIT);
	rcv("R 2");
	expect_edge(CLOSE_WAIT__RCV_RST);
	expect_error(EPIPE);
	given(CLOSING);
	rcv("R 2");
	expect_edge(CLOSING__RCV_RST);
	given(LAST_ACK);
	rcv("R 2");
	expect_edge(LAST_ACK__RCV_RST);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(rst__queues_go)
{
	given(ESTABLISHED);
	usr_write(5000);
	ignore_output();
	rcv("P. 11:21(10) ack 1");
	expect(". 5001 ack 1");
	rcv("R 1");
	expect_state(CLOSE);
	CHECK(RB_EMPTY_ROOT(&ep.t.rtx));
	CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
}

/* A challenge is an ACK for the global limit to allow. */
TEST(rst__challenges_are_limited)
{
	conf.challenges = 1;
	given(ESTABLISHED);
	rcv("R 2");
	expect(". 1 ack 1");
	rcv("R 2");
	rcv("S 1");
	expect_nothing();
}

/* ---- 3.10.7.4 fourth: SYN, RFC 5961 4.2 --------------------------------- */

TEST(syn__is_challenged_whatever_its_number)
{
	given(ESTABLISHED);
	rcv("S 1 mss 1000");
	expect(". 1 ack 1");
	advance(500);
	rcv("S 500 mss 1000");
	expect(". 1 ack 1");
	advance(500);
	rcv("S 90000 mss 1000");
	expect(". 1 ack 1");
	advance(500);
	rcv("S. 0 ack 1 mss 1000");
	expect(". 1 ack 1");
	expect_verdict(SYN_REFUSED);
	expect_state(ESTABLISHED);
}

/* The peer did not get the ACK that ended the handshake. */
TEST(syn__syn_ack_again_is_acked)
{
	given_active(ESTABLISHED);
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
}

/* ---- 3.10.7.4 fifth: ACK ------------------------------------------------ */

TEST(ack__bit_off_is_dropped)
{
	given(ESTABLISHED);
	rcv("P 1:11(10)");
	rcv("F 1");
	expect_nothing();
	expect_verdict(NO_ACK);
	expect_state(ESTABLISHED);
}

TEST(ack__of_what_was_not_sent_is_answered)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 2");
	expect(". 1 ack 1");
	expect_verdict(ACK_UNSENT);
	/* and dropped: the text comes again */
	CHECK_EQ(ep.t.rcv_nxt, peers(1));
}

/* RFC 5961 5.2 */
TEST(ack__older_than_the_largest_window_is_challenged)
{
	unsigned int i;

	given(ESTABLISHED);
	usr_write(70000);
	ignore_output();
	for (i = 1; i <= 70; i++) {
		rcvf(". 1 ack %u", 1000 * i + 1);
		ignore_output();
	}
	rcvf("P. 1:11(10) ack %u", 70001U - 65535 - 1);
	expect(". 70001 ack 1");
	expect_verdict(ACK_OLD);
	CHECK_EQ(ep.t.rcv_nxt, peers(1));
	/* just inside */
	rcvf("P. 1:11(10) ack %u", 70001U - 65535);
	expect(". 70001 ack 11");
}

/* What was never sent was never acknowledged, however large the window. */
TEST(ack__older_than_the_first_byte_is_challenged)
{
	given(ESTABLISHED);
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001");
	rcvf("P. 1:11(10) ack %u", 0U - 1);
	expect(". 1001 ack 1");
	expect_verdict(ACK_OLD);
	rcv("P. 1:11(10) ack 1");
	expect(". 1001 ack 11");
}

TEST(ack__old_one_with_new_text)
{
	given(ESTABLISHED);
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001");
	rcv("P. 1:11(10) ack 500");
	expect(". 1001 ack 11");
	CHECK_EQ(ep.t.snd_una, our(1001));
}

/* FIN-WAIT-1 */
TEST(ack__of_our_fin_in_fin_wait_1)
{
	given(FIN_WAIT1);
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
	expect_edge(FIN_WAIT1__RCV_ACK_OF_FIN);
	expect_why(USER_SHUTDOWN);
	expect_why(FIN_ACKED);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

TEST(ack__of_text_before_our_fin_in_fin_wait_1)
{
	given(ESTABLISHED);
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	usr_shutdown();
	expect("F. 1001 ack 1");
	rcv(". 1 ack 1001");
	expect_state(FIN_WAIT1);
	rcv(". 1 ack 1002");
	expect_state(FIN_WAIT2);
}

/* CLOSING */
TEST(ack__of_our_fin_in_closing)
{
	given(CLOSING);
	rcv(". 2 ack 1");
	expect_state(CLOSING);
	rcv(". 2 ack 2");
	expect_state(TIME_WAIT);
	expect_edge(CLOSING__RCV_ACK_OF_FIN);
}

/* LAST-ACK */
TEST(ack__of_our_fin_in_last_ack)
{
	given(LAST_ACK);
	rcv(". 2 ack 1");
	expect_state(LAST_ACK);
	rcv(". 2 ack 2");
	expect_state(CLOSE);
	expect_edge(LAST_ACK__RCV_ACK_OF_FIN);
	expect_error(0);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TESTS_MAIN
