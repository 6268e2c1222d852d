// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: retransmission (RFC 6298 5), giving up (RFC 9293 3.8.3), persist
 * (3.8.6.1), keepalive (3.8.4), the limit on FIN_WAIT2.
 */
#include "output.h"
#include "script.h"

/* ---- SYN ---------------------------------------------------------------- */

TEST(syn__is_repeated_and_given_up)
{
	unsigned int i, wait = 1000;

	conf.core.syn_linear_timeouts = 0;
	given(SYN_SENT);
	for (i = 0; i < 6; i++) {
		advance(wait - 1);
		expect_nothing();
		advance(1);
		expect("S 0 mss 1000");
		wait *= 2;
	}
	/* Linux: 127 seconds */
	CHECK_EQ(wait, 64000);
	advance(wait);
	expect_state(CLOSE);
	expect_edge(SYN_SENT__TIMEOUT);
	expect_why(SYN_UNANSWERED);
	expect_error(ETIMEDOUT);
	CHECK_EQ(endpoint_due(&ep), 0);
}

/* As Linux since 6.5: four more, one second apart, before the six. */
TEST(syn__first_ones_at_an_even_pace)
{
	unsigned int i, wait = 1000;

	given(SYN_SENT);
	for (i = 0; i < 5; i++) {
		advance(999);
		expect_nothing();
		advance(1);
		expect("S 0 mss 1000");
	}
	for (i = 0; i < 5; i++) {
		wait *= 2;
		advance(wait);
		expect("S 0 mss 1000");
	}
	advance(64000);
	expect_state(CLOSE);
	expect_nothing();
	expect_error(ETIMEDOUT);
}

/* A number of retries is a time as well: that of the doubling ones. */
TEST(syn__even_pace_and_tcp_syncnt)
{
	given(SYN_SENT);
	ep.t.user.syn_retries = 1;
	advance(2000);
	CHECK_EQ(ignore_output(), 2);
	advance(1000);
	expect_nothing();
	expect_state(CLOSE);
}

TEST(syn__tcp_syncnt)
{
	conf.core.syn_linear_timeouts = 0;
	given(SYN_SENT);
	ep.t.user.syn_retries = 1;
	advance(1000);
	expect("S 0");
	advance(2000);
	expect_state(CLOSE);
}

/* The first timeout is not cut short: one second is the least there is. */
TEST(syn__short_user_timeout)
{
	given(SYN_SENT);
	ep.t.user.timeout_ms = 300;
	advance(1000);
	expect("S 0");
	advance(10);
	expect_error(ETIMEDOUT);
}

TEST(syn__user_timeout)
{
	conf.core.syn_linear_timeouts = 0;
	given(SYN_SENT);
	ep.t.user.timeout_ms = 2500;
	advance(1000);
	expect("S 0");
	advance(1490);
	expect_state(SYN_SENT);
	advance(20);
	expect_error(ETIMEDOUT);
}

/* RFC 6298 2.1, 5.7; RFC 5681 3.1: IW is one segment */
TEST(syn__was_lost_twice)
{
	conf.core.syn_linear_timeouts = 0;
	given(SYN_SENT);
	advance(3000);
	CHECK_EQ(ignore_output(), 2);
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect(". 1 ack 1");
	CHECK_EQ(ep.t.cwnd, 1);
	/* Karn: no sample */
	CHECK_EQ(ep.t.srtt_us, 0);
	/* RFC 6298 5.7: a path that may be slow, so data gets more time */
	usr_write(1000);
	expect("P. 1:1001(1000) ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 3000);
}

TEST(syn__late_syn_ack_with_timestamp_is_measured)
{
	conf.core.timestamps = true;
	given(SYN_SENT);
	advance(1000);
	expect("S 0 TS val 1001000 ecr 0");
	advance(200);
	rcv("S. 0 ack 1 win 65535 mss 1000 TS val 7 ecr 1001000");
	expect(". 1 ack 1");
	CHECK_EQ(ep.t.srtt_us >> 3, 200000);
}

TEST(syn_ack__of_a_simultaneous_open_is_given_up)
{
	given_active(SYN_RECV);
	/* a socket of its own waits: tcp_syn_retries, and none of the linear ones */
	advance(1000 + 2000 + 4000 + 8000 + 16000 + 32000);
	CHECK_EQ(ignore_output(), 6);
	advance(64000);
	expect_state(CLOSE);
	expect_edge(SYN_RECV__TIMEOUT);
	expect_why(SYN_ACK_UNANSWERED);
	expect_error(ETIMEDOUT);
}

/* ---- retransmission ----------------------------------------------------- */

TEST(rexmit__backs_off)
{
	unsigned int i, wait = 1000;

	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	for (i = 0; i < 10; i++) {
		CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), wait);
		advance(wait);
		expect("P. 1:101(100) ack 1");
		/* rto_max */
		wait = min(2 * wait, 120000U);
	}
	CHECK_EQ(ep.t.retransmits, 10);
	rcv(". 1 ack 101");
	CHECK_EQ(ep.t.retransmits, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

TEST(rexmit__gives_up)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	/* R2 of 15 (RFC 9293 3.8.3): about a quarter of an hour */
	advance(924000);
	CHECK(ignore_output() > 10);
	/* not after 15, but after the time of 15 that begin with 200 ms: 924.6 s */
	advance(967000 - 924000 - 1);
	expect_state(ESTABLISHED);
	advance(1);
	CHECK_EQ(ep.t.info.total_retrans, 13);
	ignore_output();
	expect_state(CLOSE);
	expect_edge(ESTABLISHED__TIMEOUT);
	expect_why(DATA_UNANSWERED);
	expect_error(ETIMEDOUT);
	CHECK_EQ(endpoint_due(&ep), 0);
}

/* On a short path the same number lasts as long, with more retransmissions. */
TEST(rexmit__gives_up_after_the_same_time_on_a_short_path)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(1);
	rcv(". 1 ack 101");
	ep.t.rto_us = 200000;
	usr_write(100);
	expect("P. 101:201(100) ack 1");
	/* counted from the first retransmission, and found out by a timeout */
	advance(924600);
	expect_state(ESTABLISHED);
	advance(120000);
	ignore_output();
	expect_state(CLOSE);
	CHECK_EQ(ep.t.info.total_retrans, 16);
}

/* RFC 9293 3.8.3, R1: three retransmissions of 200 ms to 1.6 s */
TEST(rexmit__doubts_the_route)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(3000);
	expect("P. 1:101(100) ack 1");
	expect("P. 1:101(100) ack 1");
	CHECK(!(ep.last.orders & XTCP_ACT_ROUTE));
	advance(4000);
	expect("P. 1:101(100) ack 1");
	CHECK(ep.last.orders & XTCP_ACT_ROUTE);
}

TEST(rexmit__gives_up_in_every_state)
{
	conf.core.retries2 = 1;
	given(FIN_WAIT1);
	advance(10000);
	expect("F. 1 ack 1");
	expect_edge(FIN_WAIT1__TIMEOUT);
	expect_why(DATA_UNANSWERED);
	given(CLOSING);
	advance(10000);
	expect("F. 1 ack 2");
	expect_edge(CLOSING__TIMEOUT);
	given(CLOSE_WAIT);
	usr_write(10);
	advance(10000);
	CHECK_EQ(ignore_output(), 2);
	expect_edge(CLOSE_WAIT__TIMEOUT);
	conf.core.orphan_retries = 1;
	given(LAST_ACK);
	advance(10000);
	expect("F. 1 ack 2");
	expect_edge(LAST_ACK__TIMEOUT);
}

TEST(rexmit__orphan_gives_up_sooner)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	advance(10 * 3600 * 1000);
	/* the time of eight, of which the first is 200 ms: 102.2 s */
	CHECK_EQ(ignore_output(), 6);
	expect_edge(FIN_WAIT1__TIMEOUT);
	expect_why(ORPHAN_UNANSWERED);
}

/* A thin stream: six timeouts are as long as the first. */
TEST(rexmit__thin_stream)
{
	unsigned int i;

	given(ESTABLISHED);
	ep.t.flags |= XTCP_F_THIN_LTO;
	ep.t.ssthresh = 10;
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	for (i = 0; i < 7; i++) {
		advance(1000);
		expect("P. 1:101(100) ack 1");
	}
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
}

/* RFC 6069: a router says that it has no route */
TEST(rexmit__missing_route_takes_back_a_doubling)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(3000);
	CHECK_EQ(ignore_output(), 2);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 4000);
	/* about another segment: it may have been any */
	xtcp_rto_revert(&ep.t, our(2), now);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 4000);
	advance(500);
	xtcp_rto_revert(&ep.t, our(1), now);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1500);
	advance(100);
	xtcp_rto_revert(&ep.t, our(1), now);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 400);
	xtcp_rto_revert(&ep.t, our(1), now);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 400);
}

/* A series of timeouts is one recovery (TCP_INFO). */
TEST(rexmit__timeouts_are_counted)
{
	u32 spent;

	peer_options = " sackOK";
	conf.core.early_retrans = 0;
	given(ESTABLISHED);
	usr_write(100);
	advance(1000 + 2000);
	CHECK_EQ(ignore_output(), 3);
	CHECK_EQ(ep.t.info.total_rto, 2);
	CHECK_EQ(ep.t.info.rto_recoveries, 1);
	CHECK(ep.t.rec & XTCP_R_TIMED_OUT);
	advance(100);
	rcv(". 1 ack 101");
	CHECK(!(ep.t.rec & XTCP_R_TIMED_OUT));
	spent = ep.t.info.rto_time;
	CHECK(spent >= (2100 * 1000 >> XTCP_COARSE_SHIFT));
	CHECK(spent <= (2100 * 1000 >> XTCP_COARSE_SHIFT) + 1);
	usr_write(100);
	advance(due_ms(XTCP_TIMER_REXMIT));
	rcv(". 1 ack 201");
	ignore_output();
	CHECK_EQ(ep.t.info.total_rto, 3);
	CHECK_EQ(ep.t.info.rto_recoveries, 2);
	CHECK_EQ(ep.t.info.rto_time, spent);
}

/* Five seconds after the first retransmission, whatever the RTO has become. */
TEST(rexmit__user_timeout)
{
	given(ESTABLISHED);
	ep.t.user.timeout_ms = 5000;
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(3000);
	CHECK_EQ(ignore_output(), 2);
	advance(2995);
	expect_state(ESTABLISHED);
	advance(10);
	expect_state(CLOSE);
	expect_error(ETIMEDOUT);
}

/* RFC 5482: data that is not acknowledged, not time since the trouble began. */
TEST(rexmit__user_timeout_begins_anew_with_progress)
{
	conf.gso_max = MSS;
	conf.nodelay = true;
	given(ESTABLISHED);
	ep.t.user.timeout_ms = 3000;
	usr_write(5000);
	ignore_output();
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	advance(1000);
	rcv(". 1 ack 1001");
	CHECK_EQ(ignore_output(), 2);
	advance(1900);
	rcv(". 1 ack 2001");
	ignore_output();
	/* the next timeout is for data that was sent again 2 seconds ago */
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
	advance(2000);
	CHECK_EQ(ignore_output(), 1);
	expect_state(ESTABLISHED);
}

/* It may be longer than a clock of 32 bits counts in microseconds. */
TEST(rexmit__user_timeout_of_hours)
{
	given(ESTABLISHED);
	ep.t.user.timeout_ms = 3 * 3600 * 1000;
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(3 * 3600 * 1000);
	ignore_output();
	expect_state(ESTABLISHED);
	advance(240000);
	ignore_output();
	expect_state(CLOSE);
}

TEST(rexmit__nothing_fires_early)
{
	struct xtcp_actions a;

	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	xtcp_actions_init(&a);
	xtcp_on_timer(&ep.t, now + 999999, &a);
	CHECK_EQ(a.orders, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
}

/*
 * MUST-37: a peer that closed its window over data in flight, and answers, is
 * alive.  It shrank the window, so these are retransmissions and not probes.
 */
TEST(rexmit__of_a_peer_that_shrank_its_window_and_answers)
{
	unsigned int i;

	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	rcv(". 1 ack 1 win 0");
	for (i = 0; i < 40; i++) {
		advance(due_ms(XTCP_TIMER_REXMIT));
		expect("P. 1:101(100) ack 1");
		rcv(". 1 ack 1 win 0");
	}
	expect_state(ESTABLISHED);
	rcv(". 1 ack 101 win 1000");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

TEST(rexmit__of_a_peer_that_shrank_its_window_and_is_silent)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	rcv(". 1 ack 1 win 0");
	advance(3600000);
	ignore_output();
	expect_state(CLOSE);
}

/* ---- persist ------------------------------------------------------------ */

static void window_closed(void)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	usr_write(100);
	expect_nothing();
}

TEST(persist__backs_off)
{
	unsigned int i, wait = 1000;

	window_closed();
	for (i = 0; i < 10; i++) {
		CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), wait);
		advance(wait);
		expect(". 0 ack 1");
		rcv(". 1 ack 1 win 0");
		wait = min(2 * wait, 120000U);
	}
}

/* MUST-37: as long as it answers */
TEST(persist__never_gives_up_on_a_peer_that_answers)
{
	unsigned int i;

	window_closed();
	for (i = 0; i < 100; i++) {
		advance(120000);
		CHECK(ignore_output() >= 1);
		rcv(". 1 ack 1 win 0");
	}
	expect_state(ESTABLISHED);
}

TEST(persist__gives_up_on_one_that_does_not)
{
	window_closed();
	advance(24 * 3600 * 1000);
	CHECK_EQ(ignore_output(), 15);
	expect_state(CLOSE);
	expect_edge(ESTABLISHED__TIMEOUT);
	expect_why(PROBES_UNANSWERED);
	expect_error(ETIMEDOUT);
}

/* Linux: nobody waits for an orphan whose peer never opens its window */
TEST(persist__orphan_is_given_up_even_if_the_peer_answers)
{
	unsigned int i;

	window_closed();
	usr_close();
	for (i = 0; i < 30 && ep.t.state != XTCP_CLOSE; i++) {
		advance(120000);
		ignore_output();
		rcv(". 1 ack 1 win 0");
	}
	ignore_output();
	expect_state(CLOSE);
	expect_edge(FIN_WAIT1__TIMEOUT);
	expect_why(ORPHAN_UNANSWERED);
	CHECK(i >= 2);
}

TEST(persist__user_timeout)
{
	given(ESTABLISHED);
	ep.t.user.timeout_ms = 20000;
	rcv(". 1 ack 1 win 0");
	/* long silence before does not count */
	advance(1000000);
	usr_write(100);
	advance(1000);
	expect(". 0 ack 1");
	advance(2000);
	expect(". 0 ack 1");
	rcv(". 1 ack 1 win 0");
	advance(4000);
	expect(". 0 ack 1");
	advance(8000);
	expect(". 0 ack 1");
	/* 20 seconds after the first of them, answered or not */
	advance(5990);
	expect_state(ESTABLISHED);
	advance(20);
	expect_state(CLOSE);
	expect_error(ETIMEDOUT);
}

/* ---- keepalive ---------------------------------------------------------- */

#define HOUR_MS	3600000U

static void keepalive(void)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
}

TEST(keepalive__off_by_default)
{
	given(ESTABLISHED);
	advance(10 * HOUR_MS);
	expect_nothing();
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(keepalive__after_two_hours)
{
	keepalive();
	advance(2 * HOUR_MS - 1);
	expect_nothing();
	advance(1);
	/* SEG.SEQ = SND.NXT - 1, no byte of garbage (3.8.4) */
	expect(". 0 ack 1");
	rcv(". 1 ack 1");
	/* as well as the coarse clock knows it */
	advance(2 * HOUR_MS - 2);
	expect_nothing();
	advance(4);
	expect(". 0 ack 1");
	CHECK_EQ(ep.t.probes_out, 1);
	expect_why(PROBE_KEEPALIVE);
}

TEST(keepalive__gives_up)
{
	unsigned int i;

	keepalive();
	advance(2 * HOUR_MS);
	expect(". 0 ack 1");
	for (i = 0; i < 8; i++) {
		advance(75000);
		expect(". 0 ack 1");
	}
	advance(75000);
	expect("R. 1 ack 1");
	expect_state(CLOSE);
	expect_error(ETIMEDOUT);
}

TEST(keepalive__what_arrives_puts_it_off)
{
	keepalive();
	advance(HOUR_MS);
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	advance(2 * HOUR_MS - 2);
	expect_nothing();
	advance(4);
	expect(". 0 ack 2");
}

TEST(keepalive__an_ack_puts_it_off)
{
	keepalive();
	advance(HOUR_MS);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	advance(10);
	rcv(". 1 ack 11");
	advance(2 * HOUR_MS - 2);
	expect_nothing();
	advance(4);
	expect(". 10 ack 1");
}

TEST(keepalive__settings_of_the_socket)
{
	given(ESTABLISHED);
	ep.t.user.keep_idle_s = 10;
	ep.t.user.keep_intvl_s = 2;
	ep.t.user.keep_probes = 3;
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
	advance(10000);
	expect(". 0 ack 1");
	advance(4000);
	CHECK_EQ(ignore_output(), 2);
	advance(2000);
	expect("R. 1 ack 1");
	expect_error(ETIMEDOUT);
}

TEST(keepalive__longest_idle_time)
{
	given(ESTABLISHED);
	ep.t.user.keep_idle_s = 32767;
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
	advance(32766999);
	expect_nothing();
	advance(1);
	expect(". 0 ack 1");
}

TEST(keepalive__switched_off)
{
	keepalive();
	endpoint_set(&ep, 0, XTCP_F_KEEPALIVE);
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), -1);
}

TEST(keepalive__set_before_the_connection)
{
	conf.keepalive = true;
	given_active(ESTABLISHED);
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), 2 * HOUR_MS);
	given(ESTABLISHED);
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), 2 * HOUR_MS);
}

TEST(keepalive__not_while_data_is_in_flight)
{
	given(ESTABLISHED);
	ep.t.user.keep_idle_s = 2;
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
	advance(1900);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	advance(200);
	expect_nothing();
}

TEST(keepalive__user_timeout)
{
	given(ESTABLISHED);
	ep.t.user.keep_idle_s = 10;
	ep.t.user.keep_intvl_s = 2;
	ep.t.user.timeout_ms = 15000;
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
	advance(10000);
	expect(". 0 ack 1");
	advance(2000);
	expect(". 0 ack 1");
	advance(2000);
	expect(". 0 ack 1");
	expect_state(ESTABLISHED);
	advance(2000);
	expect("R. 1 ack 1");
	expect_state(CLOSE);
}

/* ---- FIN_WAIT2 ---------------------------------------------------------- */

TEST(fin_wait_2__orphan_waits_a_minute)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	advance(59999);
	expect_state(FIN_WAIT2);
	advance(1);
	expect_state(CLOSE);
	expect_edge(FIN_WAIT2__TIMEOUT);
	expect_why(PEER_STAYS_OPEN);
	expect_error(0);
}

TEST(fin_wait_2__close_after_shutdown_starts_the_minute)
{
	given(FIN_WAIT2);
	CHECK_EQ(endpoint_due(&ep), 0);
	advance(10 * HOUR_MS);
	usr_close();
	advance(60000);
	expect_state(CLOSE);
}

TEST(fin_wait_2__tcp_linger2)
{
	given(FIN_WAIT2);
	ep.t.user.linger2_s = 5;
	usr_close();
	advance(5000);
	expect_state(CLOSE);
}

TEST(fin_wait_2__negative_tcp_linger2)
{
	given(FIN_WAIT2);
	ep.t.user.linger2_s = XTCP_LINGER2_NONE;
	usr_close();
	expect("R. 2 ack 1");
	expect_state(CLOSE);
	expect_edge(FIN_WAIT2__ABORT);
	expect_why(LINGER2_NONE);
	/* where the ACK of the FIN comes later, it is answered (as Linux) */
	given(FIN_WAIT1);
	ep.t.user.linger2_s = XTCP_LINGER2_NONE;
	usr_close();
	rcv(". 1 ack 2");
	expect("R 2");
	expect_edge(FIN_WAIT1__RCV_ACK_OF_FIN);
	expect_edge(FIN_WAIT2__ABORT);
	expect_why(LINGER2_NONE);
	/* ... even if it has the peer's FIN with it, or text */
	given(FIN_WAIT1);
	ep.t.user.linger2_s = XTCP_LINGER2_NONE;
	usr_close();
	rcv("F. 1 ack 2");
	expect("R 2");
	expect_state(CLOSE);
	given(FIN_WAIT1);
	ep.t.user.linger2_s = XTCP_LINGER2_NONE;
	usr_close();
	rcv(". 1:101(100) ack 2");
	expect("R 2");
	expect_why(LINGER2_NONE);
	expect_nothing();
}

TEST(fin_wait_2__keepalive_of_a_socket)
{
	given(FIN_WAIT2);
	endpoint_set(&ep, XTCP_F_KEEPALIVE, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), 2 * HOUR_MS);
	usr_close();
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), 60000);
}

/* ---- this host's own queue drops it -------------------------------------- */

/* It was not sent, and every half second it is tried again (Linux). */
TEST(dropped__data)
{
	unsigned int i;

	given(ESTABLISHED);
	ep.local_drops = 4;
	usr_write(100);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
	advance(1000);
	for (i = 1; i < 4; i++) {
		expect_nothing();
		CHECK_EQ(ep.t.packets_out, 0);
		CHECK_EQ(ep.t.probes_out, i);
		CHECK_EQ(ep.t.backoff, 0);
		CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
		advance(500);
	}
	expect("P. 1:101(100) ack 1");
	CHECK_EQ(ep.t.probes_out, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
	rcv(". 1 ack 101");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.cwnd, ep.t.ssthresh);
}

TEST(dropped__data_for_ever)
{
	given(ESTABLISHED);
	ep.local_drops = U32_MAX;
	usr_write(100);
	/* retries2 attempts, and one timeout more */
	advance(1000 + 15 * 500 - 1);
	expect_state(ESTABLISHED);
	advance(1);
	expect_state(CLOSE);
	expect_error(ETIMEDOUT);
}

TEST(dropped__user_timeout)
{
	given(ESTABLISHED);
	ep.t.user.timeout_ms = 3000;
	ep.local_drops = U32_MAX;
	usr_write(100);
	advance(1000 + 3000 - 2);
	expect_state(ESTABLISHED);
	advance(2);
	expect_state(CLOSE);
	CHECK_EQ(ep.t.probes_out, 6);
	expect_nothing();
}

/* Something is in flight: its ACK sets it free. */
TEST(dropped__data_behind_other)
{
	conf.gso_max = MSS;
	given(ESTABLISHED);
	usr_write(MSS);
	expect("P. 1:1001(1000) ack 1");
	ep.local_drops = 1;
	usr_write(MSS);
	expect_nothing();
	CHECK_EQ(ep.t.packets_out, 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	rcv(". 1 ack 1001");
	expect("P. 1001:2001(1000) ack 1");
}

/* Another one was dropped in its place: it has left. */
TEST(dropped__another_one)
{
	given(ESTABLISHED);
	xtcp_output_congested(&ep.t, false);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	advance(1000);
	expect("P. 1:101(100) ack 1");
	CHECK_EQ(ep.t.backoff, 1);
}

TEST(dropped__retransmission)
{
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	ep.local_drops = 2;
	advance(1000);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
	advance(500);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
	CHECK_EQ(ep.t.backoff, 0);
	CHECK_EQ(ep.t.retransmits, 2);
	CHECK_EQ(ep.t.retrans_out, 0);
	expect_nothing();
	advance(500);
	expect("P. 1:101(100) ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
}

TEST(dropped__tail_loss_probe)
{
	peer_options = " sackOK";
	given(ESTABLISHED);
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	ep.local_drops = 1;
	advance(999);
	expect_nothing();
	/* the retransmission timer goes on as if there had been no probe */
	advance(1001);
	expect("P. 1:101(100) ack 1");
	CHECK_EQ(ep.t.backoff, 1);
}

TEST(dropped__syn)
{
	conf.core.syn_linear_timeouts = 0;
	given(SYN_SENT);
	ep.local_drops = 2;
	advance(1000);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
	advance(500);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
	expect_nothing();
	advance(500);
	expect("S 0 mss 1000");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
}

TEST(dropped__zero_window_probe)
{
	window_closed();
	ep.local_drops = 2;
	advance(1000 + 500);
	expect_nothing();
	CHECK_EQ(ep.t.backoff, 0);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 500);
	advance(500);
	expect(". 0 ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
}

TEST(dropped__keepalive_probe)
{
	keepalive();
	ep.local_drops = 2;
	advance(2 * HOUR_MS + 500);
	expect_nothing();
	CHECK_EQ(ep.t.probes_out, 0);
	advance(500);
	expect(". 0 ack 1");
	CHECK_EQ(ep.t.probes_out, 1);
	CHECK_EQ(due_ms(XTCP_TIMER_KEEP), 75000);
}

/* What is not a timer's leaves the timers alone. */
TEST(dropped__ack)
{
	window_closed();
	ep.local_drops = 1;
	rcv("P. 1:101(100) ack 1 win 0");
	rcv("P. 101:201(100) ack 1 win 0");
	ignore_output();
	CHECK_EQ(ep.local_drops, 0);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
}

/* ---- several at once ---------------------------------------------------- */

TEST(timers__delayed_ack_and_retransmission_together)
{
	given(ESTABLISHED);
	ep.t.pingpong = 1;
	usr_write(100);
	expect("P. 1:101(100) ack 1");
	advance(980);
	rcv("P. 1:2(1) ack 1");
	if (due_ms(XTCP_TIMER_DELACK) < 0)
		ignore_output();
	advance(100);
	CHECK(ignore_output() >= 1);
	CHECK_EQ(ep.t.info.total_retrans, 1);
	CHECK_EQ(due_ms(XTCP_TIMER_DELACK), -1);
}

TESTS_MAIN
