// SPDX-License-Identifier: GPL-2.0
/* LISTEN and the SYN_RECV of a passive open: RFC 9293 3.10.7.2 and 3.10.7.4. */
#include "script.h"

/* ---- 3.10.7.2: LISTEN --------------------------------------------------- */

TEST(listen__first_rst_is_ignored)
{
	given(LISTEN);
	rcv("R 1");
	rcv("R. 1 ack 1");
	rcv("SR 1");
	expect_nothing();
	expect_verdict(RST_REFUSED);
	expect_state(LISTEN);
}

TEST(listen__second_ack_is_reset)
{
	given(LISTEN);
	rcv(". 1 ack 77");
	expect("R 77");
	rcv("S. 1 ack 78");
	expect("R 78");
	rcv("F. 1 ack 79");
	expect("R 79");
	expect_state(LISTEN);
}

TEST(listen__third_syn)
{
	given(LISTEN);
	rcv("S 0 win 1000 mss 900");
	expect("S. 0:0(0) ack 1 win 65000 mss 1000");
	expect_state(SYN_RECV);
	expect_edge(LISTEN__RCV_SYN);
	expect_why(SYN_CAME);
}

TEST(listen__fourth_anything_else_is_dropped)
{
	given(LISTEN);
	rcv("- 1");
	rcv("F 1");
	rcv("P 1:11(10)");
	/* Linux too */
	rcv("SF 1");
	expect_nothing();
	expect_verdict(FLAGS);
	expect_state(LISTEN);
}

TEST(listen__syn_with_text)
{
	given(LISTEN);
	rcv("S 0:10(10) win 1000 mss 900");
	expect("S. 0 ack 1");
	/* the text was not taken: it comes again */
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	expect_read(10);
}

/* ---- 3.10.7.4 in SYN-RECEIVED ------------------------------------------- */

TEST(synrcv__ack_establishes)
{
	given(SYN_RECV);
	advance(30);
	rcv(". 1 ack 1 win 5000");
	expect_state(ESTABLISHED);
	expect_edge(SYN_RECV__RCV_ACK_OF_SYN);
	expect_why(SYN_ACKED);
	CHECK(ep.connected);
	CHECK_EQ(ep.t.snd_una, our(1));
	CHECK_EQ(ep.t.snd_nxt, our(1));
	CHECK_EQ(ep.t.rcv_nxt, peers(1));
	CHECK_EQ(ep.t.snd_wnd, 5000);
	CHECK_EQ(ep.t.cwnd, 10);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(synrcv__ack_with_text)
{
	given(SYN_RECV);
	rcv("P. 1:11(10) ack 1");
	expect_state(ESTABLISHED);
	expect(". 1 ack 11");
	expect_read(10);
}

TEST(synrcv__ack_with_text_and_fin)
{
	given(SYN_RECV);
	rcv("FP. 1:11(10) ack 1");
	expect_state(CLOSE_WAIT);
	advance(200);
	expect(". 1 ack 12");
	expect_read(10);
	CHECK(ep.eof);
}

/* Our ACK of data overtook the ACK of the SYN,ACK. */
TEST(synrcv__text_beyond_the_first)
{
	given(SYN_RECV);
	rcv("P. 101:201(100) ack 1");
	expect_state(ESTABLISHED);
	expect(". 1 ack 1");
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 201");
	expect_read(200);
}

TEST(synrcv__same_syn_again)
{
	given(SYN_RECV);
	rcv("S 0 win 65535 mss 1000");
	expect("S. 0 ack 1");
	expect_state(SYN_RECV);
}

/* first: sequence number */
TEST(synrcv__out_of_window_is_acked)
{
	given(SYN_RECV);
	rcv(". 70000 ack 1");
	expect(". 1 ack 1");
	expect_verdict(SEQ);
	advance(500);
	rcv("S 70000 mss 1000");
	expect(". 1 ack 1");
	expect_state(SYN_RECV);
}

/* As Linux: of what may be a loop one in invalid_ratelimit is answered. */
TEST(synrcv__answers_are_limited)
{
	given(SYN_RECV);
	rcv("S 0 win 65535 mss 1000");
	expect("S. 0 ack 1");
	rcv("S 0 win 65535 mss 1000");
	expect_nothing();
	rcv(". 70000 ack 1");
	expect_nothing();
	expect_verdict(SEQ);
	/* text is no loop */
	rcv("P. 70000:70010(10) ack 1");
	expect(". 1 ack 1");
	advance(500);
	rcv("S 0 win 65535 mss 1000");
	expect("S. 0 ack 1");
	expect_state(SYN_RECV);
}

/* As Linux 7: an ACK that echoes what no SYN,ACK said is a stranger's. */
TEST(synrcv__wrong_echo_is_acked)
{
	conf.core.timestamps = true;
	conf.untimed = false;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000 TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	rcv("P. 1:2(1) ack 1 TS val 101 ecr 999999");
	expect(". 1 ack 1");
	expect_verdict(TSECR);
	rcv("P. 1:2(1) ack 1 TS val 101 ecr 1000001");
	expect(". 1 ack 1");
	expect_verdict(TSECR);
	rcv("R 1 TS val 101 ecr 1000001");
	expect_nothing();
	expect_state(SYN_RECV);
	/* both SYN,ACKs count */
	advance(1000);
	expect("S. 0 ack 1 TS val 1001000 ecr 100");
	rcv("P. 1:2(1) ack 1 TS val 101 ecr 1000000");
	expect_state(ESTABLISHED);
	ignore_output();
}

TEST(synrcv__no_echo_counts)
{
	conf.core.timestamps = true;
	conf.untimed = false;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000 TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	rcv(". 1 ack 1 TS val 101 ecr 0");
	expect_state(ESTABLISHED);
}

TEST(synrcv__old_timestamp_is_acked)
{
	conf.core.timestamps = true;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000 TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	rcv(". 1 ack 1 TS val 90 ecr 1000000");
	expect(". 1 ack 1");
	expect_verdict(PAWS);
	expect_state(SYN_RECV);
}

/* second: RST, RFC 5961 3.2 */
TEST(synrcv__rst_returns_to_listen)
{
	given(SYN_RECV);
	rcv("R 1");
	expect_state(LISTEN);
	expect_edge(SYN_RECV__RCV_RST_PASSIVE);
	expect_why(PEER_RESET);
	expect_nothing();
}

TEST(synrcv__rst_elsewhere_in_the_window_is_challenged)
{
	given(SYN_RECV);
	rcv("R 2");
	expect(". 1 ack 1");
	rcv("R 70000");
	expect_nothing();
	expect_state(SYN_RECV);
}

/* fourth: SYN */
TEST(synrcv__another_syn_returns_to_listen)
{
	given(SYN_RECV);
	rcv("S 5 mss 1000");
	expect("R. ack 6");
	expect_verdict(SYN_REFUSED);
	expect_state(LISTEN);
	expect_edge(SYN_RECV__ABORT);
	expect_why(SYN_IN_WINDOW);
}

TEST(synrcv__syn_ack_in_the_window_returns_to_listen)
{
	given(SYN_RECV);
	rcv("S. 5 ack 1 mss 1000");
	expect("R 1");
	expect_state(LISTEN);
}

/* what ends where the window begins is not in it */
TEST(synrcv__our_own_syn_ack_is_acked)
{
	given(SYN_RECV);
	rcv("S. 0 ack 1 mss 1000");
	expect(". 1 ack 1");
	expect_verdict(SEQ);
	expect_state(SYN_RECV);
}

/* fifth: ACK */
TEST(synrcv__no_ack_bit)
{
	given(SYN_RECV);
	rcv("P 1:11(10)");
	rcv("F 1");
	expect_nothing();
	expect_verdict(NO_ACK);
}

TEST(synrcv__wrong_ack_is_reset)
{
	given(SYN_RECV);
	rcv(". 1 ack 2");
	expect("R 2");
	rcv(". 1 ack 0");
	expect("R 0");
	/* 3.5.2: wherever it is */
	rcv("P. 70000:70001(1) ack 2");
	expect("R 2");
	expect_verdict(ACK_UNSENT);
	expect_state(SYN_RECV);
}

/* ---- time --------------------------------------------------------------- */

TEST(synrcv__syn_ack_is_repeated_and_given_up)
{
	unsigned int i, wait = 1000;

	given(SYN_RECV);
	for (i = 0; i < 5; i++) {
		advance(wait - 1);
		expect_nothing();
		advance(1);
		expect("S. 0 ack 1");
		wait *= 2;
	}
	advance(wait);
	expect_state(LISTEN);
	expect_edge(SYN_RECV__TIMEOUT);
	expect_why(SYN_ACK_UNANSWERED);
	/* Linux: 63 seconds */
	CHECK_EQ(wait, 32000);
}

TEST(synrcv__repeated_syn_ack_makes_no_rtt_and_a_small_window)
{
	given(SYN_RECV);
	advance(3000);
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1 ack 1");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.srtt_us, 0);
	CHECK_EQ(ep.t.cwnd, 1);
}

TEST(synrcv__timeout_never_overflows)
{
	struct xtcp_synrcv r = { 0 };

	conf.core.synack_retries = 127;
	for (r.retries = 0; r.retries < 127; r.retries++) {
		xtcp_usec_t t = xtcp_synrcv_timeout(&r, &conf.core);

		CHECK(t >= XTCP_USEC_PER_SEC && t <= conf.core.rto_max_us);
	}
}

/* ---- the queue that it is in --------------------------------------------- */

static struct xtcp_synrcv_queue queue(u32 len, u32 young, u32 backlog)
{
	return (struct xtcp_synrcv_queue){
		.len = len, .young = young, .backlog = backlog, .retries = 5,
	};
}

/* How often the SYN,ACK is sent again while the queue is like that. */
static unsigned int resent(const struct xtcp_synrcv_queue *q)
{
	struct xtcp_synrcv r = { 0 };
	unsigned int n = 0;

	while (xtcp_synrcv_timer(&r, q) == XTCP_SYNRCV_RESEND)
		n++;
	return n;
}

TEST(queue__room)
{
	struct xtcp_synrcv_queue q = queue(50, 0, 100);

	CHECK_EQ(resent(&q), 5);
}

/* listen(fd, 0) has room for a few. */
TEST(queue__small_is_never_crowded)
{
	struct xtcp_synrcv_queue q = queue(4, 0, 1);

	CHECK_EQ(resent(&q), 5);
}

TEST(queue__crowded_but_young)
{
	struct xtcp_synrcv_queue q = queue(80, 41, 100);

	CHECK_EQ(resent(&q), 5);
}

/* The more old ones there are, the earlier they go. */
TEST(queue__crowded_and_old)
{
	struct xtcp_synrcv_queue q = queue(80, 30, 100);

	CHECK_EQ(resent(&q), 4);
	q.young = 15;
	CHECK_EQ(resent(&q), 3);
	q.young = 0;
	CHECK_EQ(resent(&q), 2);
}

TEST(queue__huge_numbers)
{
	struct xtcp_synrcv_queue q = queue(U32_MAX, U32_MAX, 0);

	CHECK_EQ(resent(&q), 5);
}

/* ---- TCP_DEFER_ACCEPT ---------------------------------------------------- */

/* Nobody answered: as without it. */
TEST(defer__silent_peer)
{
	struct xtcp_synrcv_queue q = queue(1, 1, 100);

	q.defer = 8;
	CHECK_EQ(resent(&q), 5);
}

/* It ACKed, and says nothing: it is asked again just before the time is over. */
TEST(defer__asked_at_the_end)
{
	struct xtcp_synrcv r = { .acked = 1 };
	struct xtcp_synrcv_queue q = queue(1, 1, 100);
	unsigned int i;

	q.defer = 7;
	for (i = 0; i < 6; i++)
		CHECK(xtcp_synrcv_timer(&r, &q) == XTCP_SYNRCV_WAIT);
	CHECK(xtcp_synrcv_timer(&r, &q) == XTCP_SYNRCV_RESEND);
	CHECK(xtcp_synrcv_timer(&r, &q) == XTCP_SYNRCV_EXPIRE);
}

/* The counter has seven bits, and the settings have eight. */
TEST(defer__ends_whatever_is_set)
{
	struct xtcp_synrcv r = { .acked = 1 };
	struct xtcp_synrcv_queue q = queue(1, 1, 100);
	unsigned int n = 0;

	q.defer = U8_MAX;
	q.retries = U8_MAX;
	while (xtcp_synrcv_timer(&r, &q) != XTCP_SYNRCV_EXPIRE)
		CHECK(++n <= XTCP_SYNRCV_RETRIES_MAX);
}

/* ---- what the child inherits -------------------------------------------- */

TEST(synrcv_child__has_what_was_agreed_on)
{
	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	conf.ts_offset = 5;
	given(LISTEN);
	rcv("S 0 win 1000 mss 700 wscale 4 TS val 100 ecr 0");
	expect("S. 0 ack 1 wscale 7 TS val 1000005 ecr 100");
	rcv(". 1 ack 1 win 1000 TS val 101 ecr 1000005");
	CHECK_EQ(ep.t.snd_wnd, 16000);
	CHECK_EQ(ep.t.rcv_wscale, 7);
	CHECK_EQ(ep.t.mss, 688);
	CHECK_EQ(ep.t.ts_recent, 101);
	CHECK_EQ(ep.t.ts_offset, 5);
	CHECK(ep.t.flags & XTCP_F_PASSIVE);
	CHECK_EQ(ep.t.rcv_wnd, 65208);
	CHECK_EQ(ep.t.advmss, 988);
	CHECK_EQ(ep.t.rcv_mss, XTCP_MSS_DEFAULT);
	usr_write(10);
	expect("P. 1:11(10) ack 1 TS val 1000005 ecr 101");
}

/* The timestamp of the SYN is young, however long the machine has been up. */
TEST(synrcv_child__timestamp_of_the_syn_counts)
{
	now = 100ULL * 86400 * XTCP_USEC_PER_SEC;
	conf.core.timestamps = true;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000 TS val 100 ecr 0");
	ignore_output();
	rcvf(". 1 ack 1 TS val 100 ecr %u", (u32)(now / 1000));
	rcvf("P. 1:11(10) ack 1 TS val 90 ecr %u", (u32)(now / 1000));
	expect(". 1 ack 1");
	expect_verdict(PAWS);
}

/* Without timestamps the SYN,ACK and its answer measure the path as well. */
TEST(synrcv_child__measures_the_handshake)
{
	conf.core.timestamps = false;
	conf.untimed = false;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000");
	ignore_output();
	advance(30);
	rcv(". 1 ack 1");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.srtt_us >> 3, 30000);
	CHECK_EQ(ep.t.min_rtt_us, 30000);
	CHECK_EQ(ep.t.ts_recent, 0);
}

/* Karn's algorithm: which of two SYN,ACKs is it that the ACK answers? */
TEST(synrcv_child__no_measurement_of_a_resent_synack)
{
	conf.core.timestamps = false;
	conf.untimed = false;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000");
	ignore_output();
	advance(30);
	rcv("S 0 win 65535 mss 1000");
	ignore_output();
	rcv(". 1 ack 1");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.srtt_us, 0);
}

TEST(synrcv_child__no_measurement_after_the_timer)
{
	conf.core.timestamps = false;
	conf.untimed = false;
	given(LISTEN);
	rcv("S 0 win 65535 mss 1000");
	ignore_output();
	advance(1100);
	ignore_output();
	rcv(". 1 ack 1");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.srtt_us, 0);
}

/* A connection at the very start of which everything goes wrong at once. */
TEST(synrcv_child__fin_only)
{
	given(SYN_RECV);
	rcv("F. 1 ack 1");
	CHECK_EQ(ep.last.nr_edges, 2);
	expect_state(CLOSE_WAIT);
	usr_close();
	expect("F. 1 ack 2");
	rcv(". 2 ack 2");
	expect_edge(LAST_ACK__RCV_ACK_OF_FIN);
}

TESTS_MAIN
