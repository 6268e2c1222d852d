// SPDX-License-Identifier: GPL-2.0
/* Explicit congestion notification: RFC 3168, and RFC 8257's echo. */
#include "ecn.h"
#include "script.h"

/* A connection that agreed to ECN. */
static void given_ecn(void)
{
	script_init();
	usr_listen();
	rcv("SEW 0 mss 1000");
	expect("S.E 0 ack 1");
	rcv(". 1 ack 1");
	CHECK(ep.t.flags & XTCP_F_ECN_OK);
	endpoint_unlisten(&ep);
}

/* ---- negotiation: 6.1.1 ------------------------------------------------- */

TEST(offer__active)
{
	conf.core.ecn = XTCP_ECN_ON;
	script_init();
	usr_connect();
	expect("SEW 0");
	rcv("S.E 0 ack 1 mss 1000");
	expect(". 1 ack 1");
	CHECK(ep.t.flags & XTCP_F_ECN_OK);
}

TEST(offer__only_when_told_to)
{
	given_active(ESTABLISHED);
	CHECK(!(ep.t.flags & XTCP_F_ECN_OK));
	script_init();
	usr_connect();
	expect("S 0");
	/* an answer to a question that was not asked */
	rcv("S.E 0 ack 1 mss 1000");
	expect(". 1 ack 1");
	CHECK(!(ep.t.flags & XTCP_F_ECN_OK));
}

/* Both bits came back: a mirror. */
TEST(offer__answer_that_is_none)
{
	static const char *const answers[] = { "S.", "S.EW", "S.W" };
	unsigned int i;

	conf.core.ecn = XTCP_ECN_ON;
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		script_init();
		usr_connect();
		expect("SEW 0");
		rcvf("%s 0 ack 1 mss 1000", answers[i]);
		expect(". 1 ack 1");
		CHECK(!(ep.t.flags & XTCP_F_ECN_OK));
		usr_write(100);
		expect("P. 1:101(100) ack 1");
	}
}

TEST(offer__falls_back_when_the_syn_is_lost)
{
	conf.core.ecn = XTCP_ECN_ON;
	script_init();
	usr_connect();
	expect("SEW 0");
	advance(1000);
	expect("S 0");
	/* the answer is to the first one after all */
	rcv("S.E 0 ack 1 mss 1000");
	expect(". 1 ack 1");
	CHECK(ep.t.flags & XTCP_F_ECN_OK);
}

TEST(offer__does_not_fall_back_when_told_so)
{
	conf.core.ecn = XTCP_ECN_ON;
	conf.core.ecn_fallback = false;
	script_init();
	usr_connect();
	expect("SEW 0");
	advance(1000);
	expect("SEW 0");
}

TEST(offer__simultaneous)
{
	conf.core.ecn = XTCP_ECN_ON;
	script_init();
	usr_connect();
	expect("SEW 0");
	rcv("SEW 0 mss 1000");
	expect("S.E 0 ack 1");
	rcv("S.E 0 ack 1");
	CHECK(ep.t.flags & XTCP_F_ECN_OK);
	expect(". 1 ack 1");
	script_init();
	usr_connect();
	expect("SEW 0");
	rcv("S 0 mss 1000");
	expect("S. 0 ack 1");
	CHECK(!(ep.t.flags & XTCP_F_ECN_OK));
}

TEST(offer__passive)
{
	given_ecn();
	/* one of the two bits asks for nothing */
	script_init();
	usr_listen();
	rcv("SE 0 mss 1000");
	expect("S. 0 ack 1");
	script_init();
	usr_listen();
	rcv("SW 0 mss 1000");
	expect("S. 0 ack 1");
	/* nor does a SYN that is ECN-capable itself, unless we are DCTCP, too */
	script_init();
	usr_listen();
	rcv("SEW 0 mss 1000 ect0");
	expect("S. 0 ack 1");
	conf.dctcp = true;
	script_init();
	usr_listen();
	rcv("SEW 0 mss 1000 ect0");
	expect("S.E 0 ack 1");
}

TEST(offer__passive_switched_off)
{
	conf.core.ecn = XTCP_ECN_OFF;
	script_init();
	usr_listen();
	rcv("SEW 0 mss 1000");
	expect("S. 0 ack 1");
}

/* ---- the sender: 6.1.2 -------------------------------------------------- */

TEST(sender__new_data_only)
{
	given_ecn();
	usr_write(100);
	expect("P. 1:101(100) ack 1 ect0");
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 1:101(100) ack 1");
	rcv(". 1:101(100) ack 101");
	expect(". 101 ack 101");
	usr_shutdown();
	expect("F. 101 ack 101");
}

/* Once for a window, and nothing is sent again. */
TEST(sender__halves_and_says_so)
{
	u32 cwnd;

	given_ecn();
	usr_write(10 * MSS);
	CHECK_EQ(ignore_output(), 10);
	cwnd = ep.t.cwnd;
	rcv(".E 1 ack 1001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	CHECK(ep.t.ssthresh < cwnd);
	CHECK(ep.t.ssthresh >= cwnd / 2 - 1);
	cwnd = ep.t.ssthresh;
	rcv(".E 1 ack 2001");
	rcv(".E 1 ack 10001");
	CHECK_EQ(ep.t.ssthresh, cwnd);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	CHECK_EQ(ep.t.info.total_retrans, 0);
	/* the first new data has CWR, the rest has not */
	usr_write(2 * MSS);
	expect(".W 10001:11001(1000) ack 1 ect0");
	expect("P. 11001:12001(1000) ack 1 ect0");
	CHECK_EQ(ep.t.delivered_ce, 10);
	rcv(". 1 ack 11001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	/* the next window is another one */
	rcv(".E 1 ack 12001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
}

TEST(sender__not_agreed)
{
	given(ESTABLISHED);
	usr_write(MSS);
	expect("P. 1:1001(1000) ack 1");
	rcv(".E 1 ack 1001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.delivered_ce, 0);
	rcv(".W 1:101(100) ack 1001 ce");
	expect(". 1001 ack 101");
}

/* A loss is congestion as well: the peer is told (6.1.2). */
TEST(sender__says_so_after_a_timeout)
{
	given_ecn();
	usr_write(MSS);
	expect("P. 1:1001(1000) ack 1 ect0");
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001");
	usr_write(MSS);
	expect("P.W 1001:2001(1000) ack 1 ect0");
}

/* ---- the receiver: 6.1.3 ------------------------------------------------ */

TEST(receiver__echoes_until_cwr)
{
	given_ecn();
	rcv(". 1:101(100) ack 1 ect0");
	expect(". 1 ack 101");
	rcv(". 101:201(100) ack 1 ce");
	expect(".E 1 ack 201");
	rcv(". 201:301(100) ack 1 ect0");
	expect(".E 1 ack 301");
	/* on data, too */
	usr_write(100);
	expect("P.E 1:101(100) ack 301 ect0");
	rcv(".W 301:401(100) ack 101 ect0");
	expect(". 101 ack 401");
	rcv(". 401:501(100) ack 101 ect0");
	CHECK(ignore_output() <= 1);
	advance(200);
	ignore_output();
}

/* CWR and another mark: that one is news. */
TEST(receiver__cwr_that_is_marked)
{
	given_ecn();
	rcv(". 1:101(100) ack 1 ce");
	expect(".E 1 ack 101");
	rcv(".W 101:201(100) ack 1 ce");
	expect(".E 1 ack 201");
}

TEST(receiver__mark_behind_a_gap)
{
	given_ecn();
	rcv(". 101:201(100) ack 1 ce");
	expect(".E 1 ack 1");
}

/* A pure ACK is not ECN-capable, so a mark on it means nothing. */
TEST(receiver__mark_without_text)
{
	given_ecn();
	rcv(". 1 ack 1 ce");
	rcv(". 1:101(100) ack 1 ect0");
	expect(". 1 ack 101");
}

/* After marks, ACKs are not delayed for a while. */
TEST(receiver__acks_at_once)
{
	given_ecn();
	ep.t.quick = 0;
	ep.t.pingpong = 1;
	ep.t.ato_us = 40000;
	rcv(". 1:101(100) ack 1 ce");
	expect(".E 1 ack 101");
	rcv(". 101:201(100) ack 1 ect0");
	expect(".E 1 ack 201");
}

/* ---- RFC 8257 ----------------------------------------------------------- */

static void given_dctcp(void)
{
	conf.dctcp = true;
	script_init();
	usr_connect();
	expect("SEW 0 ect0");
	rcvf("S.E 0 ack 1 mss 1000%s", peer_options);
	expect(". 1 ack 1 ect0");
}

TEST(dctcp__every_segment_is_capable)
{
	given_dctcp();
	usr_write(100);
	expect("P. 1:101(100) ack 1 ect0");
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 1:101(100) ack 1 ect0");
	rcv(". 1:101(100) ack 101 ect0");
	expect(". 101 ack 101 ect0");
}

/* RFC 2883 4: what came twice is told once, by the ACK of the segment that had it. */
TEST(dctcp__an_ack_of_before_reports_nothing)
{
	peer_options = " sackOK";
	given_dctcp();
	ep.t.quick = 0;
	ep.t.ato_us = 40000;
	rcv(". 1:101(100) ack 1 ect0");
	expect_nothing();
	rcv(". 51:201(150) ack 1 ce");
	expect(". 1 ack 101 sack none ect0");
	expect(".E 1 ack 201 sack 51:101 ect0");
}

/* 3.2: the echo changes when the marks change, and each change is told at once. */
TEST(dctcp__echo_follows_the_marks)
{
	given_dctcp();
	ep.t.quick = 0;
	ep.t.ato_us = 40000;
	rcv(". 1:101(100) ack 1 ect0");
	expect_nothing();
	rcv(". 101:201(100) ack 1 ce");
	expect(". 1 ack 101 ect0");
	expect(".E 1 ack 201 ect0");
	rcv(". 201:301(100) ack 1 ce");
	ep.t.quick = 0;
	ignore_output();
	rcv(". 301:401(100) ack 1 ect0");
	CHECK(ignore_output());
	CHECK(!(ep.t.flags & XTCP_F_ECN_ECHO));
	/* CWR has no say in it */
	rcv(". 401:501(100) ack 1 ce");
	ignore_output();
	rcv(".W 501:601(100) ack 1 ce");
	expect(".E 1 ack 601 ect0");
	expect_why(ACK_ECN);
}

TESTS_MAIN
