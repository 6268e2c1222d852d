// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery with SACK: the scoreboard (RFC 2018, 2883), RACK-TLP (8985), PRR
 * (6937), F-RTO (5682) and undo (3708, 4015).  What there is without SACK is in
 * ack_test.c.
 */
#include "cc_table.h"
#include "output.h"
#include "scoreboard.h"
#include "script.h"

#define RTT_MS	100

/* An established connection whose peer takes SACK, with an RTT. */
static void given_rtt(void)
{
	peer_options = " sackOK";
	given(ESTABLISHED);
	ep.t.srtt_us = RTT_MS * 1000 << 3;
	ep.t.mdev_us = 1000;
	ep.t.min_rtt_us = RTT_MS * 1000;
	ep.t.rto_us = 300000;
}

/* So many packets are in flight, in buffers of so many, and half an RTT passed. */
static void flight(unsigned int n, unsigned int per_buffer)
{
	conf.gso_max = per_buffer * MSS;
	conf.nodelay = true;
	given_rtt();
	ep.t.cwnd = 2 * n;	/* a buffer takes half of it at most */
	usr_write(n * MSS);
	CHECK_EQ(ignore_output(), n);
	ep.t.cwnd = n;
	advance(RTT_MS);
}

static unsigned int records(void)
{
	struct rb_node *rb;
	unsigned int n = 0;

	for (rb = rb_first(&ep.t.rtx); rb; rb = rb_next(rb))
		n++;
	return n;
}

#define NOTED(name)	(ep.notes[XTCP_NOTE_##name])

/* ---- the scoreboard: RFC 2018 5 ----------------------------------------- */

/* A block inside of a buffer cuts nothing and takes no memory. */
TEST(scoreboard__block_inside_of_a_buffer)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 2001:4001");
	CHECK_EQ(ep.t.sacked_out, 2);
	CHECK_EQ(ep.t.packets_out, 10);
	CHECK_EQ(records(), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_DISORDER);
	CHECK_EQ(xtcp_in_flight(&ep.t), 8);
}

TEST(scoreboard__every_other_packet_makes_no_record)
{
	unsigned int i;

	flight(60, 60);
	for (i = 1; i < 60; i += 2)
		rcvf(". 1 ack 1 sack %u:%u", 1 + i * 1000, 1 + (i + 1) * 1000);
	CHECK_EQ(ep.t.sacked_out, 30);
	ignore_output();
	/* what was sent again, at the pace of cwnd, was cut out; nothing else */
	CHECK(records() <= 2 * ep.t.info.total_retrans + 1);
}

TEST(scoreboard__block_over_several_buffers)
{
	flight(12, 4);
	rcv(". 1 ack 1 sack 2001:11001");
	CHECK_EQ(ep.t.sacked_out, 9);
	CHECK_EQ(ep.t.sack_high, our(11001));
	ignore_output();
}

/* Only whole packets count. */
TEST(scoreboard__parts_of_packets)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 1501:3501");
	CHECK_EQ(ep.t.sacked_out, 1);
	rcv(". 1 ack 1 sack 4101:4901");
	CHECK_EQ(ep.t.sacked_out, 1);
}

TEST(scoreboard__the_same_block_again)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 5001:7001");
	rcv(". 1 ack 1 sack 5001:7001");
	CHECK_EQ(ep.t.sacked_out, 2);
	CHECK_EQ(ep.t.delivered, 3);	/* with the SYN */
}

/* One that grew is gone on with where it ended. */
TEST(scoreboard__run_is_remembered)
{
	struct xtcp_seg *first;

	flight(20, 2);
	rcv(". 1 ack 1 sack 4001:12001");
	first = xtcp_rtx_find(&ep.t, our(4001));
	CHECK_EQ(first->sack_run, our(12001));
	rcv(". 1 ack 1 sack 4001:16001");
	CHECK_EQ(first->sack_run, our(16001));
	CHECK_EQ(ep.t.sacked_out, 12);
	CHECK(xtcp_rtx_skip(&ep.t, first) == xtcp_rtx_find(&ep.t, our(16001)));
	ignore_output();
}

TEST(scoreboard__acknowledged_after_all)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 2001:4001");
	rcv(". 1 ack 3001");
	CHECK_EQ(ep.t.sacked_out, 1);
	rcv(". 1 ack 4001");
	CHECK_EQ(ep.t.sacked_out, 0);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.packets_out, 0);
}

/* An ACK that was overtaken still reports. */
TEST(scoreboard__old_ack)
{
	flight(10, 1);
	rcv(". 1 ack 3001");
	rcv(". 1 ack 2001 sack 6001:7001");
	CHECK_EQ(ep.t.sacked_out, 1);
}

/* Blocks that cannot be change nothing and are counted. */
TEST(scoreboard__impossible_blocks)
{
	static const char *const bad[] = {
		". 1 ack 3001 sack 9001:11001",		/* never sent */
		". 1 ack 3001 sack 20001:21001",
		". 1 ack 3001 sack 7001:6001",		/* from back to front */
		". 1 ack 3001 sack 7001:7001",		/* empty */
		". 1 ack 3001 sack 3001:4001",		/* begins where the ACK ends */
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		flight(10, 10);
		rcv(". 1 ack 3001");
		rcv(bad[i]);
		CHECK_EQ(ep.t.sacked_out, 0);
		CHECK_EQ(ep.sack_discards, 1);
		CHECK_EQ(records(), 1);
		ignore_output();
	}
}

TEST(scoreboard__good_block_beside_an_impossible_one)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 20001:21001,4001:5001");
	CHECK_EQ(ep.t.sacked_out, 1);
	CHECK_EQ(ep.sack_discards, 1);
}

TEST(scoreboard__each_impossible_block_counts)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 20001:21001,9001:8001,4001:5001");
	CHECK_EQ(ep.sack_discards, 2);
	rcv(". 1 ack 1 sack 20001:21001");
	CHECK_EQ(ep.sack_discards, 3);
}

TEST(scoreboard__not_without_agreement)
{
	conf.gso_max = MSS;
	given(ESTABLISHED);
	usr_write(5000);
	ignore_output();
	rcv(". 1 ack 1 sack 2001:3001");
	/* a duplicate ACK and nothing more */
	CHECK_EQ(ep.t.sacked_out, 1);
	CHECK(!xtcp_rtx_find(&ep.t, our(2001))->sacked);
}

/* ---- loss detection: RFC 8985 6 ----------------------------------------- */

TEST(rack__third_sacked_packet_resends_the_first)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:2001");
	rcv(". 1 ack 1 sack 1001:3001");
	expect_nothing();
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(NOTED(SACK_RECOVERY), 1);
	CHECK_EQ(ep.t.lost_out, 1);
	CHECK_EQ(ep.t.retrans_out, 1);
	expect_why(RESEND_OVERTAKEN);
}

/* What left in one piece: only what lies before the highest report is lost. */
TEST(rack__rest_of_a_buffer_is_not_lost)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.lost_out, 1);
	CHECK_EQ(records(), 2);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
}

TEST(rack__holes_in_a_buffer)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 8001:9001,5001:7001,2001:3001");
	CHECK_EQ(ep.t.lost_out, 5);
	/* PRR lets the first go, then one for each that arrives */
	expect(". 1:1001(1000) ack 1");
	expect("P. 1001:2001(1000) ack 1");
	rcv(". 1 ack 1 sack 8001:10001,5001:7001,2001:3001");
	ignore_output();
	CHECK(ep.t.retrans_out >= 2);
	CHECK(!xtcp_check(&ep.check, &ep.t, NULL));
}

/* Two are reordering, perhaps: wait for a quarter of the least RTT. */
TEST(rack__two_wait_for_the_timer)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:3001");
	expect_nothing();
	CHECK(ep.t.rec & XTCP_R_REO_TIMER);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), RTT_MS / 4 + 2);
	advance(RTT_MS / 4 + 2);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK(!(ep.t.rec & XTCP_R_REO_TIMER));
}

TEST(rack__what_was_late_is_not_lost)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:3001");
	rcv(". 1 ack 3001");
	advance(RTT_MS / 4 + 2);
	expect_nothing();
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(NOTED(SACK_REORDER), 1);
	CHECK_EQ(ep.t.recovery.reord_seen, 1);
}

/* What the buffer's front was reported for came before; its rest comes in time. */
TEST(rack__rest_of_a_buffer_is_not_late)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	CHECK_EQ(NOTED(SACK_REORDER), 0);
	CHECK_EQ(ep.t.recovery.reord_seen, 0);
	CHECK_EQ(ep.t.reordering, 3);
}

/* An ACK may end inside of a packet: the rest of that is not late. */
TEST(rack__a_packet_acknowledged_in_parts_is_in_order)
{
	flight(10, 10);
	rcv(". 1 ack 3501");
	rcv(". 1 ack 6001");
	rcv(". 1 ack 10001");
	CHECK_EQ(NOTED(SACK_REORDER), 0);
	CHECK_EQ(ep.t.recovery.reord_seen, 0);
}

/* Where there is reordering, three are not enough. */
TEST(rack__reordering_makes_it_patient)
{
	flight(10, 1);
	ep.t.recovery.reord_seen = 1;
	rcv(". 1 ack 1 sack 1001:6001");
	expect_nothing();
	advance(RTT_MS / 4 + 2);
	expect(". 1:1001(1000) ack 1");
}

TEST(rack__static_no_dupthresh)
{
	conf.core.recovery = 1 | XTCP_RACK_NO_DUPTHRESH;
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:6001");
	expect_nothing();
	CHECK(ep.t.rec & XTCP_R_REO_TIMER);
}

TEST(rack__extent_of_reordering_is_learnt)
{
	flight(20, 1);
	ep.t.recovery.reord_seen = 1;
	rcv(". 1 ack 1 sack 5001:12001");
	CHECK_EQ(ep.t.reordering, 3);
	/* five packets late */
	rcv(". 1 ack 1 sack 2001:3001,5001:12001");
	CHECK_EQ(ep.t.reordering, 10);
	CHECK_EQ(ep.t.recovery.reord_seen, 2);
	ignore_output();
}

TEST(rack__extent_of_reordering_is_limited)
{
	conf.core.max_reordering = 5;
	flight(20, 1);
	rcv(". 1 ack 1 sack 15001:16001");
	rcv(". 1 ack 1 sack 1001:2001,15001:16001");
	CHECK_EQ(ep.t.reordering, 5);
	ignore_output();
}

/* The first packets of a buffer were reported: those behind them are not late. */
TEST(rack__no_reordering_in_a_buffer)
{
	flight(10, 10);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.recovery.reord_seen, 0);
	CHECK_EQ(ep.t.reordering, 3);
}

/* Without any RTT nobody can tell whose ACK it is: that of the original. */
TEST(rack__retransmission_before_there_is_an_rtt)
{
	conf.core.early_retrans = 0;
	conf.core.frto = 0;
	flight(10, 1);
	ep.t.min_rtt_us = 0;
	advance(300);
	expect(". 1:1001(1000) ack 1");
	advance(RTT_MS);
	rcv(". 1 ack 1001");
	CHECK_EQ(ep.t.rack.end_seq - ep.t.iss, 1);
	ignore_output();
}

/* 6.2 step 4: a quarter of the least RTT for each D-SACK, but no more than SRTT. */
TEST(rack__window_is_limited_by_srtt)
{
	flight(10, 1);
	ep.t.recovery.reord_seen = 1;
	ep.t.rack.reo_steps = 3;
	rcv(". 1 ack 1 sack 1001:2001");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 3 * RTT_MS / 4 + 2);
	flight(10, 1);
	ep.t.recovery.reord_seen = 1;
	ep.t.rack.reo_steps = 20;
	rcv(". 1 ack 1 sack 1001:2001");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), RTT_MS + 2);
}

/* The retransmission was lost, too: something sent after it arrived. */
TEST(rack__lost_retransmission)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	advance(1);
	usr_write(3000);
	rcv(". 1 ack 1 sack 1001:10001");
	expect(". 10001:11001(1000) ack 1");
	ignore_output();
	CHECK_EQ(ep.t.retrans_out, 1);
	advance(RTT_MS);
	rcv(". 1 ack 1 sack 10001:11001,1001:10001");
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.last.lost_retrans, 1);
	ignore_output();
}

TEST(rack__retransmission_in_flight_is_not_lost)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 1 sack 1001:10001");
	expect_nothing();
	CHECK_EQ(ep.t.retrans_out, 1);
}

/* RFC 8985 6.2 step 4: a D-SACK widens the window, 16 good recoveries narrow it. */
TEST(rack__dsack_widens_the_window)
{
	flight(10, 1);
	ep.t.recovery.reord_seen = 1;
	ep.t.recovery.unclaimed = 1;
	rcv(". 1 ack 2001");
	ep.t.rec |= XTCP_R_UNDO;
	ep.t.recovery.undo_marker = our(1);
	ep.t.recovery.undo_retrans = 5;
	rcv(". 1 ack 2001 sack 1:1001");
	CHECK_EQ(ep.t.rack.reo_steps, 2);
	CHECK_EQ(ep.t.rack.reo_persist, XTCP_REO_PERSIST);
	CHECK_EQ(NOTED(DSACK_RECV), 1);
	CHECK_EQ(ep.t.info.dsack_dups, 1);
	/* once in a round trip */
	ep.t.recovery.unclaimed = 1;
	rcv(". 1 ack 2001 sack 1001:2001");
	CHECK_EQ(ep.t.rack.reo_steps, 2);
}

TEST(rack__dsack_without_reordering_does_not)
{
	flight(10, 1);
	ep.t.recovery.unclaimed = 1;
	rcv(". 1 ack 2001");
	rcv(". 1 ack 2001 sack 1:1001");
	CHECK_EQ(ep.t.rack.reo_steps, 1);
	CHECK_EQ(NOTED(DSACK_IGNORED_NO_UNDO), 1);
}

/* What was never sent twice by us was copied by the network. */
TEST(dsack__of_what_was_sent_once)
{
	flight(10, 1);
	rcv(". 1 ack 2001");
	rcv(". 1 ack 2001 sack 1:1001");
	CHECK_EQ(NOTED(DSACK_IGNORED_DUBIOUS), 1);
	CHECK_EQ(ep.t.info.dsack_dups, 1);
}

TEST(dsack__of_data_out_of_order)
{
	flight(10, 1);
	ep.t.recovery.unclaimed = 1;
	rcv(". 1 ack 1 sack 3001:4001");
	rcv(". 1 ack 1 sack 3001:4001,3001:5001");
	CHECK_EQ(NOTED(DSACK_OFO_RECV), 1);
	CHECK_EQ(ep.t.sacked_out, 2);
}

/* ---- RFC 3042 and 6937 --------------------------------------------------- */

TEST(sack__limited_transmit)
{
	flight(10, 1);
	usr_write(3000);
	expect_nothing();
	rcv(". 1 ack 1 sack 1001:2001");
	expect(". 10001:11001(1000) ack 1");
	rcv(". 1 ack 1 sack 1001:3001");
	expect(". 11001:12001(1000) ack 1");
}

/* 20 in flight, ssthresh 10: one leaves for every two that arrive. */
TEST(prr__halves_the_rate)
{
	unsigned int i, sent = 0;

	flight(20, 1);
	usr_write(20000);
	rcv(". 1 ack 1 sack 1001:4001");
	CHECK_EQ(ep.t.ssthresh, 10);
	sent = ignore_output();
	for (i = 4; i < 20; i++) {
		rcvf(". 1 ack 1 sack 1001:%u", 1 + (i + 1) * 1000);
		sent += ignore_output();
	}
	CHECK(sent >= 9 && sent <= 11);
	rcv(". 1 ack 20001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	/* and what this ACK adds to it, as any other does */
	CHECK(ep.t.cwnd >= 10 && ep.t.cwnd <= 12);
	ignore_output();
}

/* An algorithm that is a model sets cwnd in recovery, and behind it. */
static u32 model_saw;

static void model(struct xtcp_tcb *t, const struct xtcp_ack_sample *s, xtcp_usec_t at)
{
	model_saw = t->cwnd;
	t->cwnd = 17;
}

static u32 model_ssthresh(struct xtcp_tcb *t)
{
	return 5;
}

TEST(prr__leaves_cwnd_to_a_model)
{
	static const struct xtcp_cc_ops ops = {
		.ssthresh = model_ssthresh, .cong_control = model,
	};

	flight(20, 20);
	xtcp_cc_table[XTCP_CC_BUILTIN_NR] = &ops;
	ep.t.cc = XTCP_CC_BUILTIN_NR;
	rcv(". 1 ack 1 sack 1001:4001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.cwnd, 17);
	rcv(". 1 ack 20001");
	ignore_output();
	/* not the ssthresh that recovery had asked for */
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(model_saw, 17);

	/* without an ACK there is nobody to set it: RACK's timer does not */
	flight(20, 20);
	ep.t.cc = XTCP_CC_BUILTIN_NR;
	rcv(". 1 ack 1 sack 1001:3001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_DISORDER);
	ep.t.cwnd = 30;
	advance(due_ms(XTCP_TIMER_REXMIT));
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.cwnd, 30);
	ignore_output();
	ep.t.cc = XTCP_CC_RENO;
	xtcp_cc_table[XTCP_CC_BUILTIN_NR] = NULL;
}

/* ---- tail loss probes: RFC 8985 7 --------------------------------------- */

TEST(tlp__last_packet)
{
	flight(5, 5);
	CHECK(ep.t.rec & XTCP_R_TLP_TIMER);
	/* 2 SRTT and a bit, of which one passed */
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), RTT_MS + 2);
	advance(RTT_MS + 2);
	expect("P. 4001:5001(1000) ack 1");
	CHECK_EQ(NOTED(LOSS_PROBES), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.cwnd, 5);
	/* one probe, then the retransmission timer */
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 300);
	advance(300);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	expect_why(RESEND_TAIL);
	expect_why(RESEND_TIMEOUT);
}

TEST(tlp__new_data_if_there_is_any)
{
	flight(5, 5);
	usr_write(1500);
	expect_nothing();	/* cwnd is full */
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect(". 5001:6001(1000) ack 1");
	CHECK_EQ(ep.t.recovery.tlp_high_seq, our(6001));
	rcv(". 1 ack 6001");
	CHECK(!(ep.t.rec & XTCP_R_TLP));
	CHECK_EQ(NOTED(LOSS_PROBE_RECOVERY), 0);
	ignore_output();
}

TEST(tlp__alone_waits_for_a_delayed_ack)
{
	flight(1, 1);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 200);
}

TEST(tlp__not_without_sack)
{
	given(ESTABLISHED);
	usr_write(2000);
	ignore_output();
	CHECK(!(ep.t.rec & XTCP_R_TLP_TIMER));
}

TEST(tlp__switched_off)
{
	conf.core.early_retrans = 0;
	flight(5, 5);
	CHECK(!(ep.t.rec & XTCP_R_TLP_TIMER));
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 200);
}

/* It asks for an ACK because none came: nobody is served by waiting for the pacer. */
TEST(tlp__does_not_wait_for_the_pacer)
{
	conf.paced = true;
	flight(5, 5);
	ep.pace.next_ns = (now + 2000000) * 1000;
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 4001:5001(1000) ack 1");

	conf.paced = true;
	flight(5, 5);
	usr_write(1500);
	ep.pace.next_ns = (now + 2000000) * 1000;
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect(". 5001:6001(1000) ack 1");
}

/* RFC 8985 7.4: the probe repaired a loss that nobody would have seen. */
/* What the pacer holds back it lets go later. */
TEST(rack__what_is_lost_waits_for_the_pacer)
{
	conf.paced = true;
	flight(6, 1);
	ep.pace.next_ns = (now + 50000) * 1000;
	rcv(". 1 ack 1 sack 3001:6001");
	expect_nothing();
	advance(50);
	expect(". 1:1001(1000) ack 1");
	ignore_output();
	expect_why(RESEND_PACED);
}

TEST(tlp__repaired_a_loss)
{
	u32 cwnd;

	flight(5, 5);
	rcv(". 1 ack 4001");
	usr_write(0);
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 4001:5001(1000) ack 1");
	advance(RTT_MS);
	rcv(". 1 ack 5001");
	CHECK(ep.t.rec & XTCP_R_TLP);
	usr_write(1000);
	expect("P. 5001:6001(1000) ack 1");
	cwnd = ep.t.cwnd;
	rcv(". 1 ack 6001");
	CHECK_EQ(NOTED(LOSS_PROBE_RECOVERY), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.cwnd, cwnd / 2);
}

TEST(tlp__both_arrived)
{
	u32 cwnd;

	flight(5, 5);
	rcv(". 1 ack 4001");
	cwnd = ep.t.cwnd;
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 4001:5001(1000) ack 1");
	rcv(". 1 ack 5001");
	rcv(". 1 ack 5001 sack 4001:5001");
	CHECK(!(ep.t.rec & XTCP_R_TLP));
	CHECK_EQ(NOTED(LOSS_PROBE_RECOVERY), 0);
	CHECK(ep.t.cwnd >= cwnd);
}

/* RACK repairs the rest once the probe is reported. */
TEST(tlp__finds_what_else_is_lost)
{
	flight(5, 1);
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P. 4001:5001(1000) ack 1");
	advance(RTT_MS);
	rcv(". 1 ack 1 sack 4001:5001");
	/* far longer ago than an RTT and a quarter */
	CHECK_EQ(ep.t.ca_state, XTCP_CA_RECOVERY);
	CHECK_EQ(ep.t.lost_out, 4);
	CHECK(ignore_output() >= 1);
}

/* ---- timeouts: RFC 6298, 6675 5.1 --------------------------------------- */

TEST(rto__what_was_reported_is_not_sent_again)
{
	unsigned int i;

	conf.core.frto = 0;
	flight(6, 6);
	rcv(". 1 ack 1 sack 2001:4001");
	advance(due_ms(XTCP_TIMER_REXMIT));	/* RACK */
	ignore_output();
	for (i = 0; i < 4 && ep.t.ca_state != XTCP_CA_LOSS; i++)
		advance(due_ms(XTCP_TIMER_REXMIT));
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	CHECK_EQ(ep.t.sacked_out, 2);
	ignore_output();
	rcv(". 1 ack 1001 sack 2001:4001");
	expect(". 1001:2001(1000) ack 1");
	expect(". 4001:5001(1000) ack 1");
	rcv(". 1 ack 4001");
	expect("P. 5001:6001(1000) ack 1");
}

/* The first packet is reported, but not acknowledged: the peer forgot. */
TEST(rto__reneging)
{
	flight(6, 1);
	rcv(". 1 ack 1 sack 1001:3001");
	rcv(". 1 ack 1001");
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), RTT_MS / 2);
	advance(RTT_MS / 2);
	CHECK_EQ(NOTED(SACK_RENEGING), 1);
	CHECK_EQ(ep.t.sacked_out, 0);
	expect(". 1001:2001(1000) ack 1");
	expect_why(RESEND_RENEGED);
}

TEST(rto__reneging_is_not_an_ack_of_what_was_reported)
{
	flight(6, 1);
	rcv(". 1 ack 1 sack 1001:3001");
	rcv(". 1 ack 3001");
	CHECK_EQ(NOTED(SACK_RENEGING), 0);
	CHECK(due_ms(XTCP_TIMER_REXMIT) > 100);
}

/* ---- F-RTO: RFC 5682 ----------------------------------------------------- */

static void timed_out(unsigned int n)
{
	conf.core.early_retrans = 0;
	flight(n, 1);
	advance(200);
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	CHECK_EQ(ep.t.cwnd, 1);
}

TEST(frto__originals_arrive_after_all)
{
	timed_out(6);
	rcv(". 1 ack 3001");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.lost_out, 0);
	CHECK(ep.t.cwnd >= 6);
	expect_nothing();
}

/* The same when all of it left as one buffer. */
TEST(frto__originals_of_a_buffer_arrive)
{
	conf.core.early_retrans = 0;
	flight(10, 10);
	advance(200);
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 5001");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.lost_out, 0);
	CHECK(ep.t.cwnd >= 10);
	expect_nothing();
}

TEST(frto__originals_are_reported_after_all)
{
	timed_out(6);
	rcv(". 1 ack 1 sack 2001:3001");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 1);
	CHECK(ep.t.cwnd >= 6);
	ignore_output();
}

/* Step 2.b: two new packets instead of old ones. */
TEST(frto__new_data_first)
{
	timed_out(6);
	usr_write(3000);
	expect_nothing();
	rcv(". 1 ack 1001");
	expect(". 6001:7001(1000) ack 1");
	expect(". 7001:8001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	/* step 3.b: an original is acknowledged */
	rcv(". 1 ack 2001");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	ignore_output();
}

/* Step 3.a: only the new ones arrive. */
TEST(frto__the_loss_was_real)
{
	timed_out(6);
	usr_write(3000);
	rcv(". 1 ack 1001");
	CHECK_EQ(ignore_output(), 2);
	rcv(". 1 ack 1001 sack 6001:7001");
	expect(". 1001:2001(1000) ack 1");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 0);
	CHECK(!(ep.t.rec & XTCP_R_FRTO));
	ignore_output();
	expect_why(RESEND_MORE);
}

TEST(frto__switched_off)
{
	conf.core.frto = 0;
	timed_out(6);
	usr_write(3000);
	rcv(". 1 ack 1001");
	expect(". 1001:2001(1000) ack 1");
	expect(". 2001:3001(1000) ack 1");
	CHECK_EQ(NOTED(SPURIOUS_RTOS), 0);
}

/* ---- undo ----------------------------------------------------------------- */

/* RFC 3708: the one retransmission was one too many. */
TEST(undo__by_dsack)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK_EQ(ep.t.cwnd, 5);
	rcv(". 1 ack 10001 sack 1:1001");
	CHECK_EQ(NOTED(DSACK_UNDO), 1);
	CHECK_EQ(ep.t.cwnd, 10);
	CHECK(ep.t.ssthresh > 5);
}

/* The D-SACK comes with the ACK of the original. */
TEST(undo__by_dsack_in_the_same_ack)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 10001 sack 1:1001");
	CHECK_EQ(NOTED(FULL_UNDO), 1);
	CHECK(ep.t.cwnd >= 10);
}

/* What this ACK covers was sent once: the network copied it. */
TEST(undo__not_by_dsack_of_an_original_in_the_same_ack)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 1001:4001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 4001");
	rcv(". 1 ack 6001 sack 4001:5001");
	CHECK_EQ(NOTED(DSACK_RECV), 1);
	CHECK_EQ(ep.t.recovery.undo_retrans, 1);
	ignore_output();
}

TEST(undo__not_by_half_of_the_dsacks)
{
	flight(10, 1);
	rcv(". 1 ack 1 sack 2001:5001");
	expect(". 1:1001(1000) ack 1");
	rcv(". 1 ack 1 sack 2001:10001");
	expect(". 1001:2001(1000) ack 1");
	rcv(". 1 ack 10001");
	rcv(". 1 ack 10001 sack 1:1001");
	CHECK_EQ(NOTED(DSACK_UNDO), 0);
	CHECK_EQ(ep.t.cwnd, 5);
	rcv(". 1 ack 10001 sack 1001:2001");
	CHECK_EQ(NOTED(DSACK_UNDO), 1);
}

static void flight_ts(unsigned int n)
{
	conf.core.timestamps = true;
	conf.path_mss = MSS + XTCP_OPT_TS_ALIGNED;
	conf.gso_max = MSS;
	conf.nodelay = true;
	peer_options = " sackOK";
	given(CLOSE);
	usr_listen();
	rcv("S 0 win 65535 mss 1012 sackOK TS val 100 ecr 0");
	expect("S. 0 ack 1 TS val 1000000 ecr 100");
	advance(RTT_MS);
	rcv(". 1 ack 1 TS val 120 ecr 1000000");
	endpoint_unlisten(&ep);
	ep.t.cwnd = n;
	usr_write(n * MSS);
	CHECK_EQ(ignore_output(), n);
	advance(RTT_MS);
}

/* RFC 4015: the ACK echoes a timestamp from before the retransmission. */
TEST(undo__by_timestamp)
{
	flight_ts(10);
	rcv(". 1 ack 1 sack 1001:4001 TS val 220 ecr 1000000");
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ssthresh, 5);
	advance(5);
	rcv(". 1 ack 10001 TS val 225 ecr 1000100");
	CHECK_EQ(NOTED(FULL_UNDO), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK(ep.t.cwnd >= 10);
}

TEST(undo__not_by_the_timestamp_of_the_retransmission)
{
	flight_ts(10);
	rcv(". 1 ack 1 sack 1001:4001 TS val 220 ecr 1000000");
	expect(". 1:1001(1000) ack 1");
	advance(RTT_MS);
	rcv(". 1 ack 10001 TS val 320 ecr 1000200");
	CHECK_EQ(NOTED(FULL_UNDO), 0);
	CHECK_EQ(ep.t.cwnd, 6);
}

TEST(undo__of_a_timeout_by_timestamp)
{
	conf.core.early_retrans = 0;
	conf.core.frto = 0;
	flight_ts(6);
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect(". 1:1001(1000) ack 1");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_LOSS);
	rcv(". 1 ack 2001 TS val 400 ecr 1000100");
	CHECK_EQ(NOTED(LOSS_UNDO), 1);
	CHECK_EQ(ep.t.ca_state, XTCP_CA_OPEN);
	CHECK(ep.t.cwnd >= 6);
	expect_nothing();
}

TESTS_MAIN
