// SPDX-License-Identifier: GPL-2.0
/* SEGMENT ARRIVES: RFC 9293 3.10.7, branch by branch, in its order. */
#include "script.h"

/* ---- 3.10.7.1: CLOSED --------------------------------------------------- */

TEST(closed__any_segment_is_reset)
{
	given(CLOSE);
	rcv(". 100:200(100) ack 77");
	expect("R 77");
	rcv("S 100");
	expect("R. ack 101");
	rcv("F 100:150(50)");
	expect("R. ack 151");
	rcv("S. 100 ack 5");
	expect("R 5");
}

TEST(closed__rst_is_not_answered)
{
	given(CLOSE);
	rcv("R 100");
	rcv("R. 100 ack 1");
	expect_nothing();
}

/* The core's own answer, for a TCB whose connection has just ended. */
TEST(closed__tcb)
{
	struct xtcp_segment seg = { .seq = 10, .end_seq = 15, .len = 5, .flags = XTCP_PSH };
	struct xtcp_actions a;

	given(CLOSE);
	xtcp_actions_init(&a);
	xtcp_on_segment(&ep.t, &seg, now, &a);
	CHECK_EQ(a.orders, XTCP_ACT_SEND_RST);
	CHECK_EQ(a.rst_flags, XTCP_ACK);
	CHECK_EQ(a.rst_seq, 0);
	CHECK_EQ(a.rst_ack, 15);
	seg.flags = XTCP_ACK;
	seg.ack = 99;
	xtcp_actions_init(&a);
	xtcp_on_segment(&ep.t, &seg, now, &a);
	CHECK_EQ(a.rst_flags, 0);
	CHECK_EQ(a.rst_seq, 99);
	seg.flags = XTCP_RST | XTCP_ACK;
	xtcp_actions_init(&a);
	xtcp_on_segment(&ep.t, &seg, now, &a);
	CHECK_EQ(a.orders, 0);
}

/* ---- 3.10.7.3: SYN-SENT ------------------------------------------------- */

/* first: the ACK bit */
TEST(syn_sent__unacceptable_ack_is_reset)
{
	given(SYN_SENT);
	rcv("S. 0 ack 0 mss 1000");
	expect("R 0");
	rcv("S. 0 ack 2 mss 1000");
	expect("R 2");
	rcv(". 0 ack 2");
	expect("R 2");
	expect_drop(ACK_UNSENT);
	expect_state(SYN_SENT);
}

TEST(syn_sent__unacceptable_ack_with_rst_is_dropped)
{
	given(SYN_SENT);
	rcv("R. 0 ack 0");
	rcv("R. 0 ack 2");
	expect_nothing();
	expect_state(SYN_SENT);
}

/* RFC 7323 3.2: an echo of what was not sent belongs to another incarnation */
TEST(syn_sent__wrong_timestamp_echo_is_reset)
{
	conf.core.timestamps = true;
	given(SYN_SENT);
	advance(10);
	rcv("S. 0 ack 1 mss 1000 TS val 5 ecr 999000");
	expect("R 1");
	expect_drop(PAWS);
	rcv("S. 0 ack 1 mss 1000 TS val 5 ecr 1000020");
	expect("R 1");
	expect_state(SYN_SENT);
	rcv("S. 0 ack 1 mss 1000 TS val 5 ecr 1000010");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
}

/* second: the RST bit */
TEST(syn_sent__acceptable_rst)
{
	given(SYN_SENT);
	rcv("R. 0 ack 1");
	expect_state(CLOSE);
	expect_error(ECONNREFUSED);
	expect_edge(SYN_SENT__RCV_RST);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(syn_sent__rst_without_ack_is_dropped)
{
	given(SYN_SENT);
	rcv("R 0");
	expect_state(SYN_SENT);
	expect_drop(RST);
}

/* RFC 5961 is not for SYN-SENT: the sequence number does not matter */
TEST(syn_sent__rst_with_any_sequence_number)
{
	given(SYN_SENT);
	rcv("R. 123456 ack 1");
	expect_state(CLOSE);
}

/* fourth: the SYN bit */
TEST(syn_sent__syn_ack)
{
	given(SYN_SENT);
	advance(50);
	rcv("S. 0 ack 1 win 5000 mss 1000");
	expect(". 1:1(0) ack 1");
	expect_state(ESTABLISHED);
	expect_edge(SYN_SENT__RCV_SYN_ACK);
	CHECK(ep.connected);
	CHECK_EQ(ep.t.snd_una, our(1));
	CHECK_EQ(ep.t.snd_wnd, 5000);
	CHECK_EQ(ep.t.rcv_nxt, peers(1));
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
	/* the handshake is the first sample: RTO = 50 + max(4 * 25, 200) */
	CHECK_EQ(ep.t.srtt_us >> 3, 50000);
	CHECK_EQ(ep.t.rto_us, 250000);
}

TEST(syn_sent__syn_is_a_simultaneous_open)
{
	given(SYN_SENT);
	rcv("S 0 win 5000 mss 1000");
	expect("S. 0 ack 1 win 65000 mss 1000");
	expect_state(SYN_RECV);
	expect_edge(SYN_SENT__RCV_SYN);
	rcv(". 1 ack 1 win 6000");
	expect_state(ESTABLISHED);
	expect_edge(SYN_RECV__RCV_ACK_OF_SYN);
	CHECK_EQ(ep.t.snd_wnd, 6000);
}

/* fifth: neither SYN nor RST */
TEST(syn_sent__ack_alone_is_dropped)
{
	given(SYN_SENT);
	rcv(". 0 ack 1");
	rcv("- 0");
	rcv("P 0:10(10)");
	rcv("F. 0 ack 1");
	expect_nothing();
	expect_drop(FLAGS);
	expect_state(SYN_SENT);
}

/* sixth, seventh: text and FIN in the SYN,ACK (3.4) */
TEST(syn_sent__syn_ack_with_text)
{
	given(SYN_SENT);
	rcv("S. 0:10(10) ack 1 mss 1000");
	expect(". 1 ack 11");
	expect_state(ESTABLISHED);
	expect_read(10);
}

TEST(syn_sent__syn_ack_with_text_and_fin)
{
	given(SYN_SENT);
	rcv("SF. 0:10(10) ack 1 mss 1000");
	expect(". 1 ack 12");
	expect_state(CLOSE_WAIT);
	expect_edge(ESTABLISHED__RCV_FIN);
	expect_read(10);
	CHECK_EQ(ep.t.bytes_received, 10);
}

TEST(syn_sent__text_with_the_syn_of_a_simultaneous_open_comes_again)
{
	given(SYN_SENT);
	rcv("S 0:10(10) mss 1000");
	expect("S. 0 ack 1");
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
}

/* ---- 3.10.7.4 in SYN-RECEIVED after a simultaneous open ----------------- */

TEST(syn_recv__syn_ack_of_a_simultaneous_open)
{
	given_active(SYN_RECV);
	rcv("S. 0 ack 1 win 7000 mss 1000");
	expect_state(ESTABLISHED);
	/* a window in a SYN is not scaled */
	CHECK_EQ(ep.t.snd_wnd, 7000);
}

TEST(syn_recv__first_out_of_window_is_acked)
{
	given_active(SYN_RECV);
	rcv(". 70000:70010(10) ack 1");
	expect(". 1 ack 1");
	expect_drop(SEQ);
	expect_state(SYN_RECV);
}

TEST(syn_recv__second_rst_after_an_active_open)
{
	given_active(SYN_RECV);
	rcv("R 1");
	expect_state(CLOSE);
	expect_edge(SYN_RECV__RCV_RST);
	expect_error(ECONNRESET);
}

TEST(syn_recv__second_rst_elsewhere_in_the_window_is_challenged)
{
	given_active(SYN_RECV);
	rcv("R 2");
	expect(". 1 ack 1");
	expect_state(SYN_RECV);
}

TEST(syn_recv__fourth_syn_is_challenged)
{
	given_active(SYN_RECV);
	rcv("S 0 mss 1000");
	expect(". 1 ack 1");
	expect_drop(SYN);
	advance(500);
	rcv("S 5 mss 1000");
	expect(". 1 ack 1");
	expect_state(SYN_RECV);
}

TEST(syn_recv__fifth_no_ack_bit)
{
	given_active(SYN_RECV);
	rcv("P 1:11(10)");
	expect_drop(NO_ACK);
	expect_state(SYN_RECV);
}

TEST(syn_recv__fifth_unacceptable_ack_is_reset)
{
	given_active(SYN_RECV);
	rcv(". 1 ack 0");
	expect("R 0");
	rcv(". 1 ack 2");
	expect("R 2");
	expect_drop(ACK_UNSENT);
	expect_state(SYN_RECV);
}

TEST(syn_recv__fifth_ack_with_text)
{
	given_active(SYN_RECV);
	rcv("P. 1:11(10) ack 1");
	expect_state(ESTABLISHED);
	expect(". 1 ack 11");
	expect_read(10);
}

TEST(syn_recv__ack_with_fin_takes_two_edges)
{
	given_active(SYN_RECV);
	rcv("F. 1 ack 1");
	CHECK_EQ(ep.last.nr_edges, 2);
	expect_edge(SYN_RECV__RCV_ACK_OF_SYN);
	expect_edge(ESTABLISHED__RCV_FIN);
	expect_state(CLOSE_WAIT);
	advance(200);
	expect(". 1 ack 2");
}

TEST(syn_recv__fin_ahead_of_text_waits)
{
	given_active(SYN_RECV);
	rcv("F. 11 ack 1");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect_state(CLOSE_WAIT);
	expect(". 1 ack 12");
	expect_read(10);
	expect_read(0);
	CHECK(ep.eof);
}

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
	expect_drop(SEQ);
	/* up to RCV.NXT it is acceptable, and old all the same */
	rcv("P. 101:102(1) ack 1");
	expect(". 1 ack 102");
	expect_drop(DUP_DATA);
	expect_read(101);
}

TEST(acceptable__beyond_the_window_is_acked)
{
	given(ESTABLISHED);
	rcv(". 65002:65102(100) ack 1");
	expect(". 1 ack 1");
	expect_drop(SEQ);
	/* the first byte behind it: Linux lets it pass, and nothing of it is taken */
	rcv(". 65001 ack 1");
	expect_nothing();
}

TEST(acceptable__partly_in_the_window_is_taken)
{
	given(ESTABLISHED);
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv("P. 51:151(100) ack 1");
	expect(". 1 ack 151");
	expect_read(150);
	CHECK_EQ(ep.t.bytes_received, 150);
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
	expect_drop(ZERO_WINDOW);
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
	expect_drop(PAWS);
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
	expect_drop(PAWS);
	/* one tick is let through, as in Linux */
	rcv("P. 1:11(10) ack 1 TS val 99999 ecr 1000000");
	expect(". 1 ack 11");
	expect_drop(NONE);
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
	expect_drop(PAWS);
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
	expect_drop(NONE);
	/* too old even for that: more than an RTO */
	rcv(". 1 ack 1 TS val 90000 ecr 1000000");
	expect(". 11 ack 1");
	expect_drop(PAWS);
}

/* 5.5: after 24 days the old timestamp means nothing, and a new one is taken */
TEST(paws__idle_for_24_days)
{
	established_with_ts();
	now += 25ULL * 86400 * XTCP_USEC_PER_SEC;
	rcv("P. 1:11(10) ack 1 TS val 5 ecr 1000000");
	expect_drop(NONE);
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
	expect_drop(RST);
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
	expect_drop(SYN);
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
	expect_drop(NO_ACK);
	expect_state(ESTABLISHED);
}

TEST(ack__of_what_was_not_sent_is_answered)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 2");
	expect(". 1 ack 1");
	expect_drop(ACK_UNSENT);
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
	expect_drop(ACK_OLD);
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
	expect_drop(ACK_OLD);
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
	expect_drop(DUP_DATA);
	expect_read(600);
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
	expect(". 1 ack 2");
	expect_drop(DUP_DATA);
	given(CLOSING);
	rcv("P. 2:12(10) ack 1");
	expect(". 2 ack 2");
	given(LAST_ACK);
	rcv("P. 2:12(10) ack 1");
	expect(". 2 ack 2");
	expect_state(LAST_ACK);
}

TEST(text__no_room_is_a_drop_that_is_acked)
{
	conf.rcvbuf = 8192;
	given(ESTABLISHED);
	ep.rmem = 100000;
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 1");
	expect_drop(RCVBUF);
	ep.rmem = 0;
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
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
	expect_drop(SEQ);
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
	expect_drop(ZERO_WINDOW);
	expect_read(66000);
	expect(". 1 ack 66001");
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
	expect_drop(CLOSED_RCV);
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
	expect_drop(RCVBUF);
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
	advance(600);
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

/* ---- both at once ------------------------------------------------------- */

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

/* RFC 9293 figure 8, with the SYN,ACKs. */
TEST(simultaneous_open__figure_8)
{
	given(CLOSE);
	usr_connect();
	expect("S 0");
	rcv("S 0 win 65535 mss 1000");
	expect("S. 0 ack 1");
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect_state(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 11");
}

/* Our SYN,ACK was lost: the peer stays in SYN_RECV and says so again. */
TEST(simultaneous_open__peer_repeats_its_syn_ack)
{
	given_active(SYN_RECV);
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect_state(ESTABLISHED);
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect(". 1 ack 1");
}

TEST(simultaneous_open__syn_ack_is_repeated)
{
	given_active(SYN_RECV);
	advance(1000);
	expect("S. 0 ack 1 mss 1000");
	advance(2000);
	expect("S. 0 ack 1 mss 1000");
	rcv(". 1 ack 1");
	expect_state(ESTABLISHED);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

/* ---- CLOSE in SYN-RECEIVED ---------------------------------------------- */

TEST(syn_recv_close__fin_is_sent_and_acked_with_the_syn)
{
	given_active(SYN_RECV);
	usr_shutdown();
	expect_edge(SYN_RECV__CLOSE);
	expect_state(FIN_WAIT1);
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
	rcv("F. 1 ack 2");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
}

/* The SYN,ACK is what the peer lacks: a FIN alone means nothing to it. */
TEST(syn_recv_close__syn_ack_is_repeated)
{
	given_active(SYN_RECV);
	usr_shutdown();
	expect("F. 1 ack 1");
	advance(1000);
	expect("S. 0 ack 1");
	/* the peer's own, which crossed ours: it acknowledges the SYN */
	rcv("S. 0 ack 1 win 5000 mss 1000");
	CHECK_EQ(ep.t.snd_wnd, 5000);
	expect_state(FIN_WAIT1);
	/* the FIN has the timer now, and more time than the SYN (RFC 6298 5.7) */
	advance(2999);
	expect_nothing();
	advance(1);
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
	CHECK_EQ(ep.t.bytes_acked, 0);
}

TEST(syn_recv_close__nobody_answers)
{
	conf.core.syn_retries = 2;
	given_active(SYN_RECV);
	usr_close();
	expect("F. 1 ack 1");
	advance(1000);
	expect("S. 0 ack 1");
	advance(2000);
	expect("S. 0 ack 1");
	advance(4000);
	expect_state(CLOSE);
	expect_edge(FIN_WAIT1__TIMEOUT);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(syn_recv_close__syn_is_acked_before_the_fin)
{
	given_active(SYN_RECV);
	usr_shutdown();
	expect("F. 1 ack 1");
	rcv(". 1 ack 1 win 5000");
	expect_state(FIN_WAIT1);
	CHECK_EQ(ep.t.snd_wnd, 5000);
	advance(3000);
	expect("F. 1 ack 1");
	ignore_output();
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
}

TESTS_MAIN
