// SPDX-License-Identifier: GPL-2.0
/*
 * The search for the path's MTU (RFC 4821): when a probe leaves, what becomes of
 * it, and black holes.
 */
#include "mtup.h"
#include "output.h"
#include "script.h"

#define RTT_MS	20
#define NOTED(name)	(ep.notes[XTCP_NOTE_##name])

/*
 * A connection that searches between 500 and 1000 bytes and may have twelve
 * segments in flight.
 */
static void given_search(void)
{
	peer_options = " sackOK";
	conf.core.mtu_probing = XTCP_MTUP_ALWAYS;
	conf.core.base_mss = 500;
	conf.core.early_retrans = 0;
	conf.nodelay = true;
	given(ESTABLISHED);
	ep.t.cwnd = 12;
	ep.t.srtt_us = RTT_MS * 1000 << 3;
	ep.t.rto_us = 300000;
}

/* So much is written: the probe leaves, and five segments behind it. */
static void probe_and_more(void)
{
	usr_write(3250);
	expect(". 1:751(750) ack 1");
	CHECK_EQ(ignore_output(), 5);
	CHECK(ep.t.rec & XTCP_R_MTU_PROBE);
	CHECK_EQ(ep.t.packets_out, 6);
	CHECK_EQ(ep.t.cwnd, 11);
	advance(RTT_MS);
}

/* ---- whether ---------------------------------------------------------------- */

TEST(search__begins_at_the_base)
{
	given_search();
	CHECK_EQ(ep.t.mss, 500);
	CHECK_EQ(ep.t.mtup.low, 500);
	CHECK_EQ(ep.t.mtup.high, 1000);
}

/* As all sizes of the search, the base is without options. */
TEST(search__timestamps_ride_on_top)
{
	conf.core.timestamps = true;
	peer_options = " TS val 1 ecr 0";
	conf.core.mtu_probing = XTCP_MTUP_ALWAYS;
	conf.core.base_mss = 500;
	given(ESTABLISHED);
	CHECK_EQ(ep.t.mss, 500);
	CHECK_EQ(ep.t.mtup.low, 512);
}

TEST(search__not_by_default)
{
	given(ESTABLISHED);
	CHECK_EQ(ep.t.mss, 1000);
	CHECK(!(ep.t.rec & XTCP_R_MTUP));
}

/* A base that the path does not take does not count. */
TEST(search__base_above_the_path)
{
	conf.core.mtu_probing = XTCP_MTUP_ALWAYS;
	given(ESTABLISHED);
	CHECK_EQ(ep.t.mss, 1000);
	ep.t.cwnd = 20;
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
}

/* ---- when: RFC 4821 7.5 ------------------------------------------------------- */

/* Four segments must follow, so that the loss of the probe shows. */
TEST(probe__not_without_enough_data)
{
	given_search();
	usr_write(2749);
	expect(". 1:501(500) ack 1");
	CHECK_EQ(ignore_output(), 5);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
}

TEST(probe__with_just_enough)
{
	given_search();
	usr_write(2750);
	expect(". 1:751(750) ack 1");
	CHECK_EQ(ignore_output(), 4);
}

TEST(probe__not_with_a_small_cwnd)
{
	given_search();
	ep.t.cwnd = 10;
	usr_write(3250);
	expect(". 1:501(500) ack 1");
	CHECK_EQ(ignore_output(), 6);
	CHECK_EQ(ep.t.cwnd, 10);
}

TEST(probe__not_with_a_small_window)
{
	given_search();
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 2749");
	usr_write(3250);
	expect(". 1:501(500) ack 2");
	CHECK(ignore_output());
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
}

/* It counts twice: with no room for that, nothing else takes the place. */
TEST(probe__waits_for_cwnd)
{
	given_search();
	usr_write(5500);
	expect(". 1:751(750) ack 1");
	CHECK_EQ(ignore_output(), 10);
	advance(RTT_MS);
	/* the probe arrived; the next one is due, and eleven segments are out */
	ep.t.cwnd = 20;
	rcv(". 1 ack 751");
	CHECK_EQ(ep.t.mss, 750);
	ep.t.cwnd = 11;
	ep.t.flags &= ~XTCP_F_CWND_LIMITED;
	usr_write(20000);
	CHECK_EQ(xtcp_in_flight(&ep.t), 10);
	expect_nothing();
	rcv(". 1 ack 1251");
	expect(". 5501:6376(875) ack 1");
	ignore_output();
}

TEST(probe__waits_for_the_window)
{
	given_search();
	rcv("P. 1:2(1) ack 1");
	expect(". 1 ack 2");
	rcv(". 2 ack 1 win 4000");
	usr_write(500);
	expect("P. 1:501(500) ack 2");
	usr_write(500);
	expect("P. 501:1001(500) ack 2");
	usr_write(500);
	expect("P. 1001:1501(500) ack 2");
	usr_write(10000);
	expect_nothing();
	rcv(". 2 ack 501 win 4000");
	expect(". 1501:2251(750) ack 2");
	ignore_output();
}

TEST(probe__one_at_a_time)
{
	given_search();
	probe_and_more();
	ep.t.cwnd = 30;
	usr_write(3000);
	expect(". 3251:3751(500) ack 1");
	CHECK_EQ(ignore_output(), 5);
}

TEST(probe__not_while_something_is_missing)
{
	given_search();
	usr_write(2000);
	CHECK_EQ(ignore_output(), 4);
	advance(RTT_MS);
	ep.t.cwnd = 30;
	rcv(". 1 ack 1 sack 501:1001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_DISORDER);
	usr_write(5000);
	expect(". 2001:2501(500) ack 1");
	ignore_output();
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
}

/* What is queued in pieces is put together. */
TEST(probe__from_several_buffers)
{
	given_search();
	endpoint_set(&ep, XTCP_F_CORK, XTCP_F_NODELAY);
	ep.t.snd_wnd = 0;
	conf.gso_max = 300;
	usr_write(3000);
	ep.t.snd_wnd = 65535;
	usr_write(300);
	expect(". 1:751(750) ack 1");
	ignore_output();
}

/* ---- what becomes of it: RFC 4821 7.6 ------------------------------------------- */

/* 7.6.1; cwnd stays as many bytes as it was */
TEST(probe__that_arrives)
{
	given_search();
	probe_and_more();
	rcv(". 1 ack 751");
	CHECK_EQ(ep.t.mss, 750);
	CHECK_EQ(ep.t.mtup.low, 750);
	CHECK_EQ(ep.t.mtup.high, 1000);
	CHECK_EQ(NOTED(MTUP_SUCCESS), 1);
	CHECK_EQ(NOTED(MTUP_FAIL), 0);
	/* 11 * 540 / 790, and one for the ACK */
	CHECK_EQ(ep.t.cwnd, 8);
	rcv(". 1 ack 3251");
	usr_write(750);
	expect("P. 3251:4001(750) ack 1");
}

/* The same with the longer header of IPv6: a packet grows by less. */
TEST(probe__that_arrives_over_ip6)
{
	given_search();
	ep.t.ip6 = 1;
	probe_and_more();
	ep.t.cwnd = 100;
	rcv(". 1 ack 751");
	/* 100 * 560 / 810; it is not used up, so the ACK adds nothing */
	CHECK_EQ(ep.t.cwnd, 69);
}

/* 7.6.2: no congestion; the same bytes travel again in segments of the old size */
TEST(probe__that_is_lost_alone)
{
	given_search();
	probe_and_more();
	rcv(". 1 ack 1 sack 751:2251");
	expect(". 1:501(500) ack 1");
	expect("P. 501:751(250) ack 1");
	CHECK_EQ(ep.t.mss, 500);
	CHECK_EQ(ep.t.mtup.low, 500);
	CHECK_EQ(ep.t.mtup.high, 749);
	CHECK_EQ(NOTED(MTUP_FAIL), 1);
	CHECK_EQ(NOTED(SACK_RECOVERY), 0);
	CHECK_EQ(ep.t.cwnd, 12);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	rcv(". 1 ack 3251");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK(ep.t.cwnd >= 12);
	usr_write(3250);
	expect(". 3251:3875(624) ack 1");
	ignore_output();
	expect_why(RESEND_MTU_PROBE);
}

TEST(probe__that_is_lost_alone_without_sack)
{
	conf.core.sack = false;
	given_search();
	probe_and_more();
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	rcv(". 1 ack 1");
	expect(". 1:501(500) ack 1");
	expect("P. 501:751(250) ack 1");
	CHECK_EQ(NOTED(MTUP_FAIL), 1);
	CHECK_EQ(NOTED(RENO_RECOVERY), 0);
	rcv(". 1 ack 3251");
	CHECK(ep.t.cwnd >= 12);
}

/* RACK waits for what may be late, and finds the loss by its timer */
TEST(probe__that_is_lost_and_found_by_the_timer)
{
	given_search();
	probe_and_more();
	ep.t.min_rtt_us = RTT_MS * 1000;
	rcv(". 1 ack 1 sack 751:1251");
	CHECK(ep.t.rec & XTCP_R_REO_TIMER);
	expect_nothing();
	advance(RTT_MS);
	expect(". 1:501(500) ack 1");
	expect("P. 501:751(250) ack 1");
	CHECK_EQ(NOTED(MTUP_FAIL), 1);
	CHECK_EQ(NOTED(SACK_RECOVERY), 0);
	CHECK_EQ(ep.t.cwnd, 12);
	rcv(". 1 ack 3251");
}

/* 7.6.4: with something else it says nothing about the path */
TEST(probe__that_is_lost_with_another)
{
	given_search();
	probe_and_more();
	rcv(". 1 ack 1 sack 1251:3251");
	CHECK_EQ(NOTED(MTUP_FAIL), 0);
	CHECK_EQ(NOTED(SACK_RECOVERY), 1);
	CHECK_EQ(ep.t.mtup.high, 1000);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
	CHECK(ep.t.ssthresh < 12);
	ignore_output();
	rcv(". 1 ack 3251");
}

TEST(probe__after_a_loss_that_came_before)
{
	given_search();
	usr_write(500);
	expect("P. 1:501(500) ack 1");
	usr_write(2750);
	expect(". 501:1251(750) ack 1");
	CHECK_EQ(ignore_output(), 4);
	advance(RTT_MS);
	rcv(". 1 ack 1 sack 501:3251");
	expect("P. 1:501(500) ack 1");
	CHECK_EQ(NOTED(SACK_RECOVERY), 1);
	/* it was reported, but it is not clear that it was it */
	rcv(". 1 ack 3251");
	CHECK_EQ(NOTED(MTUP_SUCCESS), 0);
	CHECK_EQ(ep.t.mss, 500);
}

TEST(probe__timeout)
{
	given_search();
	probe_and_more();
	advance(300);
	expect(". 1:501(500) ack 1");
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
	/* RFC 5682 would wait for what a large packet cannot tell */
	CHECK(!(ep.t.rec & XTCP_R_FRTO));
	rcv(". 1 ack 3251");
	CHECK_EQ(NOTED(MTUP_SUCCESS), 0);
	CHECK_EQ(ep.t.mtup.high, 1000);
}

/* ---- the end of a search, and another --------------------------------------------- */

TEST(search__ends_at_the_threshold)
{
	given_search();
	ep.t.mtup.low = 993;
	usr_write(3250);
	CHECK_EQ(ignore_output(), 7);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
	rcv(". 1 ack 3251");
	ep.t.mtup.low = 992;
	usr_write(8000);
	expect(". 3251:4247(996) ack 1");
	ignore_output();
}

/* 7.7: a path may take more some day */
TEST(search__begins_anew)
{
	given_search();
	ep.t.mtup.high = 504;
	usr_write(3250);
	CHECK_EQ(ignore_output(), 7);
	rcv(". 1 ack 3251");
	ep.t.mtup.stamp = xtcp_coarse(now) - (599 * 1000000ULL >> XTCP_COARSE_SHIFT);
	usr_write(3250);
	CHECK_EQ(ignore_output(), 7);
	CHECK_EQ(ep.t.mtup.high, 504);
	rcv(". 1 ack 6501");
	ep.t.mtup.stamp -= 2 * 1000;
	usr_write(500);
	expect("P. 6501:7001(500) ack 1");
	CHECK_EQ(ep.t.mtup.low, 500);
	CHECK_EQ(ep.t.mtup.high, 1000);
}

/* ---- ICMP ---------------------------------------------------------------------- */

/* What a router says is believed at once: what was too large travels again. */
TEST(icmp__while_a_probe_is_out)
{
	given_search();
	probe_and_more();
	endpoint_path(&ep, 600);
	expect(". 1:501(500) ack 1");
	expect("P. 501:751(250) ack 1");
	CHECK_EQ(ep.t.mss, 500);
	CHECK_EQ(ep.t.mtup.high, 600);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
	CHECK_EQ(NOTED(SACK_RECOVERY), 0);
	rcv(". 1 ack 3251");
	CHECK_EQ(NOTED(MTUP_SUCCESS), 0);
}

TEST(icmp__below_the_search)
{
	given_search();
	endpoint_path(&ep, 400);
	CHECK_EQ(ep.t.mss, 400);
	ep.t.cwnd = 30;
	usr_write(4000);
	CHECK_EQ(ignore_output(), 10);
	CHECK(!(ep.t.rec & XTCP_R_MTU_PROBE));
}

/* ---- black holes: RFC 4821 7.7 -------------------------------------------------------- */

static void given_retries(u8 mtu_probing)
{
	conf.core.mtu_probing = mtu_probing;
	conf.core.base_mss = 500;
	conf.core.retries1 = 0;
	conf.core.mtu_probe_floor = 100;
	conf.core.early_retrans = 0;
	peer_options = " sackOK";
	given(ESTABLISHED);
	ep.t.rto_us = 300000;
	usr_write(1000);
	ignore_output();
}

TEST(black_hole__is_suspected)
{
	given_retries(XTCP_MTUP_BLACK_HOLE);
	CHECK_EQ(ep.t.mss, 1000);
	advance(300);
	expect("P. 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.mss, 1000);
	advance(600);
	expect(". 1:501(500) ack 1");
	CHECK_EQ(ep.t.mss, 500);
	advance(1200);
	expect(". 1:251(250) ack 1");
	advance(2400);
	expect(". 1:126(125) ack 1");
	advance(4800);
	/* the floor */
	expect(". 1:101(100) ack 1");
	advance(9600);
	expect(". 1:101(100) ack 1");
	rcv(". 1 ack 101");
	ignore_output();
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.mss, 100);
}

/* And afterwards the search goes on from there. */
TEST(black_hole__and_larger_again)
{
	given_retries(XTCP_MTUP_BLACK_HOLE);
	advance(300);
	expect("P. 1:1001(1000) ack 1");
	advance(600);
	expect(". 1:501(500) ack 1");
	rcv(". 1 ack 501");
	ignore_output();
	rcv(". 1 ack 1001");
	ep.t.cwnd = 20;
	usr_write(5000);
	expect(". 1001:1751(750) ack 1");
	ignore_output();
}

TEST(black_hole__not_by_default)
{
	given_retries(XTCP_MTUP_NEVER);
	advance(300);
	expect("P. 1:1001(1000) ack 1");
	advance(600);
	expect("P. 1:1001(1000) ack 1");
	advance(1200);
	expect("P. 1:1001(1000) ack 1");
}

TEST(black_hole__not_too_soon)
{
	given_retries(XTCP_MTUP_BLACK_HOLE);
	ep.t.conf = &conf.core;
	conf.core.retries1 = 3;
	advance(300);
	expect("P. 1:1001(1000) ack 1");
	advance(600);
	expect("P. 1:1001(1000) ack 1");
	advance(1200);
	expect("P. 1:1001(1000) ack 1");
	/* 3 s after the first retransmission, as Linux counts */
	advance(2400);
	expect(". 1:501(500) ack 1");
}

TESTS_MAIN
