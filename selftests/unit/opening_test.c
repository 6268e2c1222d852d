// SPDX-License-Identifier: GPL-2.0
/*
 * SEGMENT ARRIVES up to ESTABLISHED: RFC 9293 3.10.7.1, 3.10.7.3 and 3.10.7.4 in
 * SYN-RECEIVED, branch by branch; CLOSE there.
 */
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
	expect_verdict(ACK_UNSENT);
	expect_why(ACK_UNSENT);
	expect_state(SYN_SENT);
}

/* as Linux: the peer's old connection has ended with that, and ours can begin */
TEST(syn_sent__syn_again_soon_after_an_unacceptable_ack)
{
	given(SYN_SENT);
	rcv(". 500 ack 2");
	expect("R 2");
	advance(9);
	expect_nothing();
	advance(1);
	expect("S 0");
	/* once: who answers so again has not understood */
	rcv(". 500 ack 2");
	expect("R 2");
	advance(999);
	expect_nothing();
	advance(1);
	expect("S 0");
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
	expect_verdict(TSECR);
	expect_why(OLD_ECHO);
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
	expect_why(PEER_REFUSED);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(syn_sent__rst_without_ack_is_dropped)
{
	given(SYN_SENT);
	rcv("R 0");
	expect_state(SYN_SENT);
	expect_verdict(RST_REFUSED);
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
	expect_why(PEER_ACCEPTED);
	CHECK(ep.connected);
	CHECK_EQ(ep.t.snd_una, our(1));
	CHECK_EQ(ep.t.snd_wnd, 5000);
	CHECK_EQ(ep.t.rcv_nxt, peers(1));
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
	/* the handshake is the first sample: RTO = 50 + max(4 * 25, 200) */
	CHECK_EQ(ep.t.srtt_us >> 3, 50000);
	CHECK_EQ(ep.t.min_rtt_us, 50000);
	CHECK_EQ(ep.t.rto_us, 250000);
}

TEST(syn_sent__syn_is_a_simultaneous_open)
{
	given(SYN_SENT);
	rcv("S 0 win 5000 mss 1000");
	expect("S. 0 ack 1 win 65000 mss 1000");
	expect_state(SYN_RECV);
	expect_edge(SYN_SENT__RCV_SYN);
	expect_why(SYN_CROSSED);
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
	expect_verdict(FLAGS);
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
	CHECK_EQ(xtcp_received(&ep.t), 1 + 10 + 1);
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
	expect(". 1 ack 1");
	/* a window in a SYN is not scaled */
	CHECK_EQ(ep.t.snd_wnd, 7000);
}

TEST(syn_recv__first_out_of_window_is_acked)
{
	given_active(SYN_RECV);
	rcv(". 70000:70010(10) ack 1");
	expect(". 1 ack 1");
	expect_verdict(SEQ);
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
	expect_verdict(SYN_REFUSED);
	advance(500);
	rcv("S 5 mss 1000");
	expect(". 1 ack 1");
	expect_state(SYN_RECV);
}

TEST(syn_recv__fifth_no_ack_bit)
{
	given_active(SYN_RECV);
	rcv("P 1:11(10)");
	expect_verdict(NO_ACK);
	expect_state(SYN_RECV);
}

TEST(syn_recv__fifth_unacceptable_ack_is_reset)
{
	given_active(SYN_RECV);
	rcv(". 1 ack 0");
	expect("R 0");
	rcv(". 1 ack 2");
	expect("R 2");
	expect_verdict(ACK_UNSENT);
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

/* ---- simultaneous OPEN --------------------------------------------------- */

/*
 * RFC 9293 figure 8, with the SYN,ACKs; and an ACK of the last, which the figure does
 * without, and a peer that goes by 3.10.7.4 does not.
 */
TEST(simultaneous_open__figure_8)
{
	given(CLOSE);
	usr_connect();
	expect("S 0");
	rcv("S 0 win 65535 mss 1000");
	expect("S. 0 ack 1");
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect_state(ESTABLISHED);
	expect(". 1 ack 1");
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
	expect(". 1 ack 1");
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
	expect(". 2 ack 1");
	expect_state(FIN_WAIT1);
	/* the FIN has the timer now, and more time than the SYN (RFC 6298 5.7) */
	advance(2999);
	expect_nothing();
	advance(1);
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	expect_state(FIN_WAIT2);
	CHECK_EQ(xtcp_acked(&ep.t), 1 + 1);
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
