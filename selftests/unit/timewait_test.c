// SPDX-License-Identifier: GPL-2.0
/* TIME_WAIT: RFC 9293 3.10.7.4, RFC 1337, RFC 6191. */
#include "script.h"

static void time_wait_with_ts(void)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_connect();
	expect("S 0");
	rcv("S. 0 ack 1 win 65535 mss 1000 TS val 100 ecr 1000000");
	expect(". 1 ack 1");
	usr_shutdown();
	expect("F. 1 ack 1");
	rcv("F. 1 ack 2 TS val 200 ecr 1000000");
	expect(". 2 ack 2 TS val 1000000 ecr 200");
	expect_state(TIME_WAIT);
}

TEST(timewait__ends_after_2msl)
{
	given(TIME_WAIT);
	advance(59999);
	expect_state(TIME_WAIT);
	advance(1);
	expect_state(CLOSE);
	expect_edge(TIME_WAIT__TIMEOUT_2MSL);
	expect_why(TIME_WAIT_OVER);
	expect_nothing();
}

TEST(timewait__retransmitted_fin_is_acked_and_restarts_2msl)
{
	given(TIME_WAIT);
	advance(30000);
	rcv("F. 1 ack 2");
	expect(". 2 ack 2");
	expect_edge(TIME_WAIT__RCV_FIN);
	expect_why(PEER_CLOSED_AGAIN);
	advance(59999);
	expect_state(TIME_WAIT);
	advance(1);
	expect_state(CLOSE);
}

TEST(timewait__fin_with_text_before_it)
{
	given(FIN_WAIT2);
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 12");
	rcv("FP. 1:11(10) ack 2");
	expect(". 2 ack 12");
	expect_edge(TIME_WAIT__RCV_FIN);
	expect_read(10);
}

/* ---- first: sequence number --------------------------------------------- */

TEST(timewait__old_segment_is_acked)
{
	given(TIME_WAIT);
	rcv("P. 0:1(1) ack 2");
	expect(". 2 ack 2");
	rcv("P. 100000:100001(1) ack 2");
	expect(". 2 ack 2");
	expect_verdict(SEQ);
	expect_state(TIME_WAIT);
}

TEST(timewait__answers_to_empty_ones_are_limited)
{
	given(TIME_WAIT);
	rcv(". 100000 ack 2");
	expect(". 2 ack 2");
	rcv(". 100000 ack 2");
	expect_nothing();
	advance(500);
	rcv(". 100000 ack 2");
	expect(". 2 ack 2");
}

/* As Linux: it is not answered, but restarts 2MSL. */
TEST(timewait__plain_ack_restarts_2msl)
{
	given(TIME_WAIT);
	advance(40000);
	rcv(". 2 ack 2");
	expect_nothing();
	advance(40000);
	expect_state(TIME_WAIT);
	advance(20000);
	expect_state(CLOSE);
}

TEST(timewait__no_ack_bit)
{
	given(TIME_WAIT);
	rcv("P 2:12(10)");
	expect_verdict(NO_ACK);
	expect_nothing();
	/* the sequence number comes first */
	rcv("P 100000:100010(10)");
	expect(". 2 ack 2");
	expect_verdict(SEQ);
}

/* ---- second: RST, and RFC 1337 ------------------------------------------ */

TEST(timewait__exact_rst_ends_it)
{
	given(TIME_WAIT);
	rcv("R 2");
	expect_state(CLOSE);
	expect_edge(TIME_WAIT__RCV_RST);
	expect_why(PEER_RESET);
}

TEST(timewait__rst_elsewhere_is_ignored)
{
	given(TIME_WAIT);
	rcv("R 1");
	rcv("R 3");
	rcv("R 100000");
	expect_nothing();
	expect_state(TIME_WAIT);
	expect_verdict(RST_REFUSED);
}

TEST(timewait__rfc_1337_ignores_every_rst)
{
	conf.core.rfc1337 = true;
	given(TIME_WAIT);
	rcv("R 2");
	expect_state(TIME_WAIT);
}

TEST(timewait__rst_with_an_old_timestamp_is_ignored)
{
	time_wait_with_ts();
	rcv("R 2 TS val 100 ecr 0");
	expect_state(TIME_WAIT);
	rcv("R 2 TS val 201 ecr 0");
	expect_state(CLOSE);
}

/* ---- fourth: SYN, RFC 6191 ---------------------------------------------- */

TEST(timewait__syn_with_a_higher_sequence_number_opens_again)
{
	given(TIME_WAIT);
	usr_listen();
	rcv("S 100 win 65535 mss 1000");
	expect_state(SYN_RECV);
	expect_edge(TIME_WAIT__RCV_SYN);
	expect_why(SYN_REPLACES);
	/* Linux: our ISN continues where the old incarnation ended */
	expectf("S. %u ack 101", 2 + 65535 + 2);
	rcvf(". 101 ack %u", 2 + 65535 + 3);
	expect_state(ESTABLISHED);
}

TEST(timewait__syn_that_may_be_old_is_acked)
{
	given(TIME_WAIT);
	usr_listen();
	rcv("S 2 win 65535 mss 1000");
	expect(". 2 ack 2");
	expect_verdict(SYN_REFUSED);
	rcv("S 0 win 65535 mss 1000");
	expect_state(TIME_WAIT);
	ignore_output();
}

TEST(timewait__syn_with_a_higher_timestamp_opens_again)
{
	time_wait_with_ts();
	usr_listen();
	rcv("S 1 win 65535 mss 1000 TS val 201 ecr 0");
	expect_edge(TIME_WAIT__RCV_SYN);
	expect_state(SYN_RECV);
	ignore_output();
}

TEST(timewait__syn_with_the_same_timestamp_may_be_old)
{
	time_wait_with_ts();
	usr_listen();
	rcv("S 1 win 65535 mss 1000 TS val 200 ecr 0");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
}

TEST(timewait__syn_with_an_old_timestamp_is_acked)
{
	time_wait_with_ts();
	usr_listen();
	rcv("S 1000 win 65535 mss 1000 TS val 100 ecr 0");
	expect(". 2 ack 2");
	expect_verdict(PAWS);
	expect_state(TIME_WAIT);
}

TEST(timewait__same_timestamp_and_higher_sequence_number)
{
	time_wait_with_ts();
	usr_listen();
	rcv("S 1000 win 65535 mss 1000 TS val 200 ecr 0");
	expect_edge(TIME_WAIT__RCV_SYN);
	ignore_output();
}

TEST(timewait__syn_ack_is_acked)
{
	given(TIME_WAIT);
	usr_listen();
	rcv("S. 1000 ack 2 mss 1000");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
}

TEST(timewait__syn_without_a_listener)
{
	given(TIME_WAIT);
	rcv("S 1000 win 65535 mss 1000");
	expect(". 2 ack 2");
	expect_state(TIME_WAIT);
}

/* ---- PAWS --------------------------------------------------------------- */

TEST(timewait__fin_with_an_old_timestamp_does_not_restart)
{
	time_wait_with_ts();
	advance(30000);
	rcv("F. 1 ack 2 TS val 100 ecr 0");
	expect(". 2 ack 2");
	expect_verdict(PAWS);
	advance(30000);
	expect_state(CLOSE);
}

TEST(timewait__timestamp_of_the_fin_is_echoed)
{
	time_wait_with_ts();
	advance(1000);
	rcv("F. 1 ack 2 TS val 1200 ecr 1000000");
	expect(". 2 ack 2 TS val 1001000 ecr 1200");
}

/* ---- from each side ----------------------------------------------------- */

TEST(timewait__from_closing)
{
	given(CLOSING);
	rcv(". 2 ack 2");
	expect_state(TIME_WAIT);
	CHECK_EQ(ep.t.state, XTCP_CLOSE);
	rcv("F. 1 ack 2");
	expect(". 2 ack 2");
}

TEST(timewait__window_that_is_offered)
{
	given(FIN_WAIT2);
	rcv("P. 1:60001(60000) ack 2");
	expect(". 2 ack 60001 win 5000");
	rcv("F. 60001 ack 2");
	expect(". 2 ack 60002 win 5000");
	rcv("F. 60001 ack 2");
	expect(". 2 ack 60002 win 5000");
	expect_read(60000);
}

TEST(timewait__several_incarnations)
{
	unsigned int i;

	conf.core.timestamps = true;
	given(LISTEN);
	for (i = 0; i < 5; i++) {
		u32 base = i * 1000;
		u32 iss;

		rcvf("S %u win 65535 mss 1000 TS val %u ecr 0", base, 1000 + i * 100);
		iss = ep.req.iss - our(0);
		expectf("S. %u ack %u", iss, base + 1);
		rcvf(". %u ack %u TS val %u ecr 1000000", base + 1, iss + 1, 1001 + i * 100);
		expect_state(ESTABLISHED);
		usr_close();
		expectf("F. %u ack %u", iss + 1, base + 1);
		rcvf("F. %u ack %u TS val %u ecr 1000000", base + 1, iss + 2, 1002 + i * 100);
		expectf(". %u ack %u", iss + 2, base + 2);
		expect_state(TIME_WAIT);
	}
	CHECK_EQ(ep.edges[XTCP_EDGE_TIME_WAIT__RCV_SYN], 4);
}

/* ---- connect() over it --------------------------------------------------- */

static bool yields(const struct xtcp_timewait *w, enum xtcp_tw_claim claim,
		   u8 reuse, xtcp_usec_t age)
{
	struct xtcp_conf c;

	xtcp_conf_init(&c);
	c.timewait_reuse = reuse;
	return xtcp_timewait_yields(w, claim, age, &c);
}

TEST(timewait__yields_as_tw_reuse_says)
{
	const struct xtcp_timewait w = { .ts_ok = true };
	const xtcp_usec_t young = XTCP_USEC_PER_SEC, old = young + 1;

	CHECK(!yields(&w, XTCP_TW_CLAIM_ANY, XTCP_TW_REUSE_NEVER, old));
	CHECK(!yields(&w, XTCP_TW_CLAIM_LOCAL, XTCP_TW_REUSE_NEVER, old));
	CHECK(!yields(&w, XTCP_TW_CLAIM_ANY, XTCP_TW_REUSE_LOCAL, old));
	CHECK(yields(&w, XTCP_TW_CLAIM_LOCAL, XTCP_TW_REUSE_LOCAL, old));
	CHECK(!yields(&w, XTCP_TW_CLAIM_LOCAL, XTCP_TW_REUSE_LOCAL, young));
	CHECK(yields(&w, XTCP_TW_CLAIM_ANY, XTCP_TW_REUSE_ALWAYS, old));
	CHECK(!yields(&w, XTCP_TW_CLAIM_ANY, XTCP_TW_REUSE_ALWAYS, young));
	CHECK(yields(&w, XTCP_TW_CLAIM_BOUND, XTCP_TW_REUSE_NEVER, 0));
}

TEST(timewait__yields_with_timestamps_only)
{
	const struct xtcp_timewait w = { .ts_ok = false };

	CHECK(!yields(&w, XTCP_TW_CLAIM_BOUND, XTCP_TW_REUSE_ALWAYS, XTCP_USEC_PER_SEC * 9));
	CHECK(!yields(&w, XTCP_TW_CLAIM_LOCAL, XTCP_TW_REUSE_ALWAYS, XTCP_USEC_PER_SEC * 9));
}

/* No ISS is 0, which stands for one that is not chosen yet. */
TEST(timewait__what_follows_begins_behind_it)
{
	struct xtcp_timewait w = { .snd_nxt = 1000, .ts_offset = 7, .ts_recent = 8 };
	const xtcp_usec_t now = 9 * XTCP_USEC_PER_SEC;
	struct xtcp_tcb t;

	xtcp_tcb_init(&t, &conf.core);
	xtcp_timewait_follow(&w, &t, now);
	CHECK_EQ(t.iss, 1000 + 65535 + 2);
	CHECK_EQ(t.ts_offset, 7);
	CHECK_EQ(t.ts_recent, 8);
	CHECK_EQ(t.ts_recent_sec, 9);
	w.snd_nxt = -XTCP_ISS_AFTER_TIMEWAIT;
	w.ts_stale = true;
	xtcp_timewait_follow(&w, &t, now);
	CHECK_EQ(t.ts_recent_sec, 9 - XTCP_PAWS_DAYS_SEC);
	CHECK_EQ(t.iss, 1);
}

TESTS_MAIN
