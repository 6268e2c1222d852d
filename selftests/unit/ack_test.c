// SPDX-License-Identifier: GPL-2.0
/*
 * Acknowledgements as the sender sees them: SND.UNA and SND.WND (RFC 9293
 * 3.10.7.4 fifth), the retransmission queue, RTT (RFC 6298), duplicate ACKs and
 * recovery (RFC 5681, 6582).
 */
#include "output.h"
#include "script.h"

/* So many full segments are in flight, each in a record of its own. */
static void in_flight(unsigned int n)
{
	unsigned int i;

	conf.gso_max = MSS;
	conf.nodelay = true;
	given(ESTABLISHED);
	ep.t.cwnd = max(n, 10U);
	usr_write(n * MSS);
	for (i = 0; i < n; i++)
		expectf("%s %u:%u(1000) ack 1", i + 1 < n ? "." : "P.", 1 + i * MSS,
			1 + (i + 1) * MSS);
}

static void dupacks(unsigned int n, u32 una)
{
	while (n--)
		rcvf(". 1 ack %u", una);
}

/* ---- SND.UNA and the queue ---------------------------------------------- */

TEST(ack__new_data)
{
	in_flight(3);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.snd_una, our(1001));
	CHECK_EQ(ep.t.packets_out, 2);
	CHECK_EQ(xtcp_acked(&ep.t), 1 + 1000);
	CHECK(ep.last.orders & XTCP_ACT_WAKE_WRITER);
	rcv(". 1 ack 3001");
	CHECK_EQ(ep.t.packets_out, 0);
	CHECK(RB_EMPTY_ROOT(&ep.t.rtx));
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), -1);
}

TEST(ack__part_of_a_segment)
{
	in_flight(2);
	rcv(". 1 ack 501");
	CHECK_EQ(ep.t.snd_una, our(501));
	CHECK_EQ(ep.t.packets_out, 2);
	advance(1000);
	expect(". 501:1001(500) ack 1");
}

TEST(ack__of_fin_counts_as_a_byte)
{
	in_flight(1);
	usr_shutdown();
	expect("F. 1001 ack 1");
	rcv(". 1 ack 1002");
	CHECK_EQ(xtcp_acked(&ep.t), 1 + 1000 + 1);
	expect_state(FIN_WAIT2);
}

/* ---- GSO: one record, many packets -------------------------------------- */

TEST(ack__part_of_a_large_buffer)
{
	given(ESTABLISHED);
	usr_write(5000);
	CHECK_EQ(ignore_output(), 5);
	CHECK_EQ(ep.t.packets_out, 5);
	rcv(". 1 ack 2001");
	CHECK_EQ(ep.t.packets_out, 3);
	/* half a packet more is not a packet */
	rcv(". 1 ack 2501");
	CHECK_EQ(ep.t.packets_out, 3);
	rcv(". 1 ack 3001");
	CHECK_EQ(ep.t.packets_out, 2);
	rcv(". 1 ack 5001");
	CHECK_EQ(ep.t.packets_out, 0);
}

TEST(ack__part_of_a_large_buffer_with_fin)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_CORK, 0);
	usr_write(2500);
	CHECK_EQ(ignore_output(), 2);
	endpoint_set(&ep, 0, XTCP_F_CORK);
	expect("P. 2001:2501(500) ack 1");
	rcv(". 1 ack 2501");
	/* window for nothing: the FIN joins what is queued */
	ep.t.cwnd = 1;
	usr_write(1000);
	expect("P. 2501:3501(1000) ack 1");
	usr_write(2000);
	usr_shutdown();
	ep.t.cwnd = 10;
	rcv(". 1 ack 3501");
	expect(". 3501:4501(1000) ack 1");
	expect("FP. 4501:5501(1000) ack 1");
	CHECK_EQ(ep.t.packets_out, 2);
	rcv(". 1 ack 4501");
	CHECK_EQ(ep.t.packets_out, 1);
	/* everything but the FIN */
	rcv(". 1 ack 5501");
	CHECK_EQ(ep.t.packets_out, 1);
	expect_state(FIN_WAIT1);
	rcv(". 1 ack 5502");
	CHECK_EQ(ep.t.packets_out, 0);
}

TEST(ack__rest_of_a_large_buffer_is_sent_again)
{
	given(ESTABLISHED);
	usr_write(5000);
	CHECK_EQ(ignore_output(), 5);
	rcv(". 1 ack 1501");
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect(". 1501:2501(1000) ack 1");
	CHECK_EQ(ep.t.packets_out, 4);
	rcv(". 1 ack 2501");
	expect(". 2501:3501(1000) ack 1");
	expect("P. 3501:4501(1000) ack 1");
	rcv(". 1 ack 5001");
	CHECK_EQ(ep.t.packets_out, 0);
}

/* ---- SND.WND: SND.WL1, SND.WL2 ------------------------------------------ */

TEST(window__taken_from_an_ack_of_new_data)
{
	in_flight(1);
	rcv(". 1 ack 1001 win 3000");
	CHECK_EQ(ep.t.snd_wnd, 3000);
	CHECK_EQ(ep.t.max_window, 65535);
}

TEST(window__not_taken_from_an_older_segment)
{
	given(ESTABLISHED);
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 101 ack 1 win 5000");
	CHECK_EQ(ep.t.snd_wnd, 5000);
	rcv("P. 51:101(50) ack 1 win 9000");
	expect(". 1 ack 101");
	CHECK_EQ(ep.t.snd_wnd, 5000);
}

TEST(window__update_without_anything_else)
{
	given(ESTABLISHED);
	rcv("P. 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(". 101 ack 1 win 500");
	usr_write(1000);
	rcv(". 101 ack 1 win 5000");
	CHECK_EQ(ep.t.snd_wnd, 5000);
	expect("P. 1:1001(1000) ack 101");
}

/* Linux: with the same numbers it only grows, or closes */
TEST(window__reordered_update_does_not_shrink_it)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 3000");
	CHECK_EQ(ep.t.snd_wnd, 65535);
	rcv(". 1 ack 1 win 0");
	CHECK_EQ(ep.t.snd_wnd, 0);
}

TEST(window__is_unsigned)
{
	given(ESTABLISHED);
	/* the highest bit of the field is a bit as any other */
	rcv(". 1:1(0) ack 1 win 65535");
	CHECK_EQ(ep.t.snd_wnd, 65535);
	rcv(". 1:1(0) ack 1 win 32768");
	usr_write(32768);
	while (ignore_output())
		rcvf(". 1:1(0) ack %u win 32768", ep.t.snd_nxt - our(0));
	CHECK_EQ(ep.t.snd_nxt, our(32769));
}

TEST(window__is_scaled)
{
	conf.core.window_scaling = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 1000 mss 1000 wscale 14");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 win 65535");
	CHECK_EQ(ep.t.snd_wnd, 65535U << 14);
	CHECK_EQ(ep.t.max_window, XTCP_WND_MAX);
}

/* RFC 6298 5.3 restarts the timer for new data and for nothing else. */
TEST(window__update_does_not_postpone_the_retransmission)
{
	in_flight(1);
	rcv("P. 1:2(1) ack 1");
	expect(". 1001 ack 2");
	rcv(". 2 ack 1 win 60000");
	advance(900);
	rcv(". 2 ack 1 win 61000");
	CHECK_EQ(ep.t.snd_wnd, 61000);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 100);
}

/* ---- RTT: RFC 6298 3, Karn ---------------------------------------------- */

TEST(rtt__of_a_segment_sent_once)
{
	in_flight(1);
	advance(80);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.srtt_us >> 3, 80000);
	CHECK_EQ(ep.t.rto_us, 280000);
}

TEST(rtt__of_the_oldest_that_is_acknowledged)
{
	conf.gso_max = MSS;
	conf.nodelay = true;
	given(ESTABLISHED);
	usr_write(1000);
	advance(30);
	usr_write(1000);
	advance(30);
	ignore_output();
	rcv(". 1 ack 2001");
	CHECK_EQ(ep.t.srtt_us >> 3, 60000);
}

TEST(rtt__not_of_a_segment_sent_twice)
{
	in_flight(1);
	advance(1000);
	expect("P. 1:1001(1000) ack 1");
	advance(10);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.srtt_us, 0);
}

/* Karn's second half: the backed-off RTO stays until there is a valid sample */
TEST(rtt__backoff_stays_without_a_sample)
{
	in_flight(1);
	advance(1000);
	expect("P. 1:1001(1000) ack 1");
	advance(500);
	rcv(". 1 ack 1001");
	usr_write(1000);
	expect("P. 1001:2001(1000) ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 2000);
	advance(1500);
	rcv(". 1 ack 2001");
	/* measured: 1500 + 4 * 750 */
	CHECK_EQ(ep.t.rto_us, 4500000);
	usr_write(1000);
	expect("P. 2001:3001(1000) ack 1");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 4500);
}

static void established_with_ts(void)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1012 TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	advance(20);
	rcv(". 1 ack 1 TS val 120 ecr 1000000");
	endpoint_unlisten(&ep);
}

/* RFC 7323 4.1 */
TEST(rtt__by_timestamp_of_a_segment_sent_twice)
{
	established_with_ts();
	CHECK_EQ(ep.t.srtt_us >> 3, 20000);
	usr_write(500);
	expect("P. 1:501(500) ack 1 TS val 1000020 ecr 120");
	advance(220);
	expect("P. 1:501(500) ack 1 TS val 1000240 ecr 120");
	advance(60);
	rcv(". 1 ack 501 TS val 400 ecr 1000240");
	/* 20 + (60 - 20) / 8 */
	CHECK_EQ(ep.t.srtt_us >> 3, 25000);
	CHECK_EQ(ep.t.backoff, 0);
}

TEST(rtt__timestamps_that_were_not_agreed_on_are_ignored)
{
	in_flight(1);
	advance(1000);
	expect("P. 1:1001(1000) ack 1");
	rcv(". 1 ack 1001 TS val 400 ecr 1000900");
	CHECK_EQ(ep.t.srtt_us, 0);
}

TEST(rtt__nonsense_in_the_echo_is_ignored)
{
	established_with_ts();
	usr_write(500);
	expect("P. 1:501(500) ack 1");
	advance(220);
	expect("P. 1:501(500) ack 1");
	rcv(". 1 ack 501 TS val 400 ecr 5000000");
	CHECK_EQ(ep.t.srtt_us >> 3, 20000);
}

TEST(rtt__nonsense_in_the_echo_of_the_handshake_is_ignored)
{
	conf.core.timestamps = true;
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1012 TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	rcv(". 1 ack 1 TS val 120 ecr 77");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.rto_us, XTCP_RTO_INIT_US);
}

/* ---- duplicate ACKs: RFC 5681 2 and 3.2 --------------------------------- */

TEST(dupack__first_two_send_new_data)
{
	/* RFC 3042, limited transmit */
	in_flight(10);
	usr_write(3000);
	expect_nothing();
	dupacks(1, 1);
	expect(". 10001:11001(1000) ack 1");
	dupacks(1, 1);
	expect(". 11001:12001(1000) ack 1");
	CHECK_EQ(ep.t.cwnd, 10);
}

TEST(dupack__third_sends_the_first_segment_again)
{
	in_flight(10);
	ep.t.cwnd_cnt = 5;
	dupacks(2, 1);
	expect_nothing();
	dupacks(1, 1);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.cwnd_cnt, 0);
	/* RFC 5681 (4): half of what was in flight */
	CHECK_EQ(ep.t.ssthresh, 5);
	/* RFC 6937: cwnd gets there while ACKs come: 6 in flight, and the first again */
	CHECK_EQ(ep.t.cwnd, 7);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.recovery.end_seq, our(10001));
	expect_why(RESEND_DUPLICATE_ACKS);
}

TEST(dupack__ssthresh_does_not_count_limited_transmit)
{
	in_flight(10);
	usr_write(5000);
	dupacks(3, 1);
	CHECK_EQ(ignore_output(), 3);
	CHECK_EQ(ep.t.ssthresh, 5);
}

TEST(dupack__ssthresh_is_at_least_two)
{
	in_flight(4);
	ep.t.cwnd = 3;
	dupacks(3, 1);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ssthresh, 2);
}

TEST(dupack__each_further_one_inflates)
{
	in_flight(10);
	dupacks(3, 1);
	expect(". 1:1001(1000) ack 1");
	usr_write(3000);
	expect_nothing();
	/* 10 out, 1 again: five duplicates leave five in the network */
	dupacks(2, 1);
	expect_nothing();
	dupacks(1, 1);
	expect(". 10001:11001(1000) ack 1");
	dupacks(1, 1);
	expect(". 11001:12001(1000) ack 1");
}

/* What is none in the strict sense. */
TEST(dupack__with_payload_is_none)
{
	in_flight(10);
	rcv("P. 1:2(1) ack 1");
	rcv("P. 2:3(1) ack 1");
	rcv("P. 3:4(1) ack 1");
	rcv("P. 4:5(1) ack 1");
	CHECK_EQ(ep.t.sacked_out, 0);
	ignore_output();
}

TEST(dupack__with_another_window_is_none)
{
	in_flight(10);
	peer_window(60000);
	rcv("P. 1:2(1) ack 1");
	rcv(". 2 ack 1 win 61000");
	rcv(". 2 ack 1 win 62000");
	rcv(". 2 ack 1 win 63000");
	CHECK_EQ(ep.t.sacked_out, 0);
	ignore_output();
}

TEST(dupack__with_nothing_outstanding_is_none)
{
	given(ESTABLISHED);
	dupacks(5, 1);
	CHECK_EQ(ep.t.sacked_out, 0);
	CHECK_EQ(ep.t.cwnd, 10);
}

TEST(dupack__never_counts_more_than_is_out)
{
	in_flight(4);
	dupacks(20, 1);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(xtcp_in_flight(&ep.t), 1);
	rcv(". 1 ack 4001");
	CHECK_EQ(xtcp_in_flight(&ep.t), 0);
}

TEST(dupack__two_and_then_new_data)
{
	in_flight(10);
	dupacks(2, 1);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.sacked_out, 0);
	dupacks(2, 1001);
	expect_nothing();
	CHECK(ep.t.ca_state != XTCP_CA_RECOVERY);
}

/* ---- fast recovery: RFC 6582 3.2 ---------------------------------------- */

TEST(recovery__ack_of_more_than_was_sent_before_ends_it)
{
	in_flight(10);
	dupacks(9, 1);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	/* RFC 6582 4.1: duplicates may still come for what was sent before */
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(xtcp_in_flight(&ep.t), 0);
	usr_write(1000);
	expect("P. 10001:11001(1000) ack 1");
	rcv(". 1 ack 11001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.cwnd, 5);
	CHECK_EQ(ep.t.ssthresh, 5);
	CHECK_EQ(ep.t.sacked_out, 0);
}

TEST(recovery__partial_ack_sends_the_next_hole)
{
	in_flight(10);
	dupacks(8, 1);
	expect(". 1:1001(1000) ack 1");
	/* 1 and 5 were lost */
	CHECK_EQ(ep.t.sacked_out, 8);
	rcv(". 1 ack 4001");
	expect(". 4001:5001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	/* one that it acknowledges was the hole, three were counted by duplicates */
	CHECK_EQ(ep.t.sacked_out, 5);
	CHECK_EQ(xtcp_in_flight(&ep.t), 1);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.lost_out, 0);
	CHECK_EQ(ep.t.packets_out, 0);
	expect_why(RESEND_PARTIAL_ACK);
}

TEST(recovery__duplicates_of_the_hole_send_nothing_again)
{
	in_flight(10);
	dupacks(9, 1);
	expect(". 1:1001(1000) ack 1");
	expect_nothing();
	dupacks(5, 1);
	expect_nothing();
}

TEST(recovery__in_the_middle_of_a_large_buffer)
{
	given(ESTABLISHED);
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	rcv(". 1 ack 3001");
	ignore_output();
	dupacks(3, 3001);
	expect(". 3001:4001(1000) ack 1");
	CHECK_EQ(ep.t.packets_out, 7);
	CHECK_EQ(ep.t.lost_out, 1);
	CHECK_EQ(ep.t.retrans_out, 1);
	rcv(". 1 ack 6001");
	expect(". 6001:7001(1000) ack 1");
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.packets_out, 0);
	CHECK_EQ(ep.t.info.total_retrans, 2);
}

/* Holes one after the other in several buffers: the queue stays in order. */
TEST(recovery__in_several_large_buffers)
{
	unsigned int i;

	conf.gso_max = 4 * MSS;
	given(ESTABLISHED);
	ep.t.cwnd = 16;
	usr_write(16000);
	CHECK_EQ(ignore_output(), 16);
	dupacks(15, 1);
	expect(". 1:1001(1000) ack 1");
	for (i = 1; i < 15; i++) {
		rcvf(". 1 ack %u", 1 + i * 1000);
		expectf("%s %u:%u(1000) ack 1", (i + 1) % 16 ? "." : "P.", 1 + i * 1000,
			1 + (i + 1) * 1000);
	}
	rcv(". 1 ack 16001");
	CHECK_EQ(ep.t.packets_out, 0);
}

/* RFC 6582 3.2 step 1: not again for what was sent before it */
TEST(recovery__duplicates_for_recover_itself_do_not_start_another)
{
	in_flight(10);
	dupacks(9, 1);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	usr_write(1000);
	expect("P. 10001:11001(1000) ack 1");
	dupacks(4, 10001);
	expect_nothing();
	CHECK_EQ(ep.t.lost_out, 0);
	rcv(". 1 ack 11001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
}

TEST(recovery__another_one_for_what_was_sent_after)
{
	in_flight(10);
	dupacks(9, 1);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	ep.t.cwnd = 10;
	usr_write(6000);
	CHECK_EQ(ignore_output(), 6);
	rcv(". 1 ack 11001");
	dupacks(3, 11001);
	expect(". 11001:12001(1000) ack 1");
}

/* The user gave up writing: nothing new to send, the rest must get through. */
TEST(recovery__with_fin_at_the_end)
{
	in_flight(5);
	usr_shutdown();
	expect("F. 5001 ack 1");
	dupacks(3, 1);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 5001");
	expect("F. 5001 ack 1");
	rcv(". 1 ack 5002");
	expect_state(FIN_WAIT2);
}

/* ---- after a timeout: RFC 5681 3.1, slow start over everything ---------- */

TEST(loss__all_is_sent_again_in_slow_start)
{
	in_flight(6);
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.cwnd, 1);
	CHECK_EQ(ep.t.ssthresh, 5);
	CHECK_EQ(ep.t.lost_out, 6);
	rcv(". 1 ack 1001");
	expect(". 1001:2001(1000) ack 1");
	expect(". 2001:3001(1000) ack 1");
	rcv(". 1 ack 3001");
	expect(". 3001:4001(1000) ack 1");
	expect(". 4001:5001(1000) ack 1");
	expect("P. 5001:6001(1000) ack 1");
	rcv(". 1 ack 6001");
	CHECK_EQ(ep.t.packets_out, 0);
	usr_write(1000);
	expect("P. 6001:7001(1000) ack 1");
	rcv(". 1 ack 7001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
}

TEST(loss__what_arrived_is_not_sent_again)
{
	in_flight(6);
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	/* only the first was lost */
	rcv(". 1 ack 6001");
	expect_nothing();
	CHECK_EQ(ep.t.lost_out, 0);
	CHECK_EQ(ep.t.retrans_out, 0);
}

TEST(loss__duplicates_do_not_start_fast_recovery)
{
	in_flight(6);
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	dupacks(5, 1);
	expect_nothing();
	CHECK(ep.t.ca_state != XTCP_CA_RECOVERY);
	CHECK_EQ(xtcp_in_flight(&ep.t), 1);
}

TEST(loss__in_the_middle_of_recovery)
{
	in_flight(10);
	dupacks(5, 1);
	expect(". 1:1001(1000) ack 1");
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	CHECK(ep.t.ca_state != XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.sacked_out, 0);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.lost_out, 0);
}

TEST(loss__new_data_behind_it)
{
	in_flight(4);
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 3001");
	expect("P. 3001:4001(1000) ack 1");
	usr_write(1000);
	expect("P. 4001:5001(1000) ack 1");
	rcv(". 1 ack 4001");
	CHECK_EQ(ep.t.lost_out, 0);
	rcv(". 1 ack 5001");
	CHECK_EQ(ep.t.packets_out, 0);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
}

/* ---- memory ------------------------------------------------------------- */

/* A buffer that cannot be split is tried again, by the next ACK or the timer. */
TEST(ack__split_without_memory)
{
	given(ESTABLISHED);
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	ep.fail_splits = 1;
	dupacks(3, 1);
	expect_nothing();
	CHECK_EQ(ep.t.lost_out, 1);
	CHECK_EQ(ep.t.retrans_out, 0);
	advance(1000);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.packets_out, 0);
}

/* ---- RFC 9293 3.8.6: a peer that shrinks its window --------------------- */

TEST(ack__window_shrinks_below_what_is_in_flight)
{
	in_flight(5);
	rcv(". 1 ack 1001 win 0");
	CHECK_EQ(ep.t.snd_wnd, 0);
	/* what is out is sent again, the first segment as a probe */
	advance(1000);
	CHECK(ignore_output() >= 1);
	rcv(". 1 ack 1001 win 3000");
	ignore_output();
	expect_why(RESEND_WINDOW);
	rcv(". 1 ack 5001 win 5000");
	CHECK_EQ(ep.t.packets_out, 0);
}

TESTS_MAIN
