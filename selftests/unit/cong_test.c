// SPDX-License-Identifier: GPL-2.0
/* RFC 5681, 6582, 6928, 2861: the congestion window. */
#include "internal.h"
#include "script.h"

static void window(u32 cwnd, u32 ssthresh)
{
	given(ESTABLISHED);
	ep.t.cwnd = cwnd;
	ep.t.ssthresh = ssthresh;
	ep.t.cwnd_cnt = 0;
}

/* An ACK of so many segments came. */
static void acked(u32 segs, u32 prior_in_flight)
{
	struct xtcp_ack_sample sample = {
		.acked = segs, .delivered = segs,
		.prior_in_flight = prior_in_flight,
	};

	/* what the sender noted when it filled the window, or did not */
	ep.t.max_packets_out = prior_in_flight;
	if (prior_in_flight >= ep.t.cwnd)
		ep.t.flags |= XTCP_F_CWND_LIMITED;
	else
		ep.t.flags &= ~XTCP_F_CWND_LIMITED;
	xtcp_cong_control(&ep.t, &sample, now);
}

TEST(cong_init__ten_segments)
{
	given(ESTABLISHED);
	CHECK_EQ(ep.t.cwnd, 10);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
}

TEST(cong_init__one_after_the_syn_was_lost)
{
	given(CLOSE);
	ep.t.retransmits = 1;
	xtcp_cong_init(&ep.t);
	CHECK_EQ(ep.t.cwnd, 10);	/* Linux: once is spurious as likely as not */
	ep.t.retransmits = 2;
	xtcp_cong_init(&ep.t);
	CHECK_EQ(ep.t.cwnd, 1);
}

/* What an administrator said with the route. */
TEST(cong_init__of_the_path)
{
	given(CLOSE);
	ep.t.path.init_cwnd = 20;
	ep.t.path.ssthresh = 50;
	ep.t.path.reordering = 30;
	xtcp_cong_init(&ep.t);
	CHECK_EQ(ep.t.cwnd, 20);
	CHECK_EQ(ep.t.ssthresh, 50);
	CHECK_EQ(ep.t.reordering, 30);
	ep.t.path.cwnd_max = 15;
	xtcp_cong_init(&ep.t);
	CHECK_EQ(ep.t.cwnd, 15);
	CHECK_EQ(ep.t.ssthresh, 15);
	ep.t.retransmits = 2;
	xtcp_cong_init(&ep.t);
	CHECK_EQ(ep.t.cwnd, 1);
}

TEST(cong_acked__not_beyond_the_path)
{
	window(10, U32_MAX);
	ep.t.path.cwnd_max = 12;
	acked(5, 10);
	CHECK_EQ(ep.t.cwnd, 12);
}

TEST(cong_acked__slow_start)
{
	window(10, U32_MAX);
	acked(1, 10);
	CHECK_EQ(ep.t.cwnd, 11);
	acked(5, 11);
	CHECK_EQ(ep.t.cwnd, 16);
}

/* A report alone lets it grow where segments are known to overtake each other. */
TEST(cong_acked__by_reports)
{
	struct xtcp_ack_sample sample = { .delivered = 7 };

	window(10, U32_MAX);
	ep.t.flags |= XTCP_F_CWND_LIMITED;
	xtcp_cong_control(&ep.t, &sample, now);
	CHECK_EQ(ep.t.cwnd, 10);
	ep.t.reordering = 4;
	xtcp_cong_control(&ep.t, &sample, now);
	CHECK_EQ(ep.t.cwnd, 17);
}

/* A window that is full is in use, whether more waits or not. */
TEST(cong_used__full_window)
{
	conf.nodelay = true;
	given(ESTABLISHED);
	usr_write(9 * MSS);
	ignore_output();
	CHECK(!(ep.t.flags & XTCP_F_CWND_LIMITED));
	usr_write(MSS);
	ignore_output();
	CHECK(ep.t.flags & XTCP_F_CWND_LIMITED);
}

TEST(cong_acked__slow_start_stops_at_ssthresh)
{
	window(10, 12);
	acked(10, 12);
	CHECK_EQ(ep.t.cwnd, 12);
	/* two for slow start, the others for what follows */
	CHECK_EQ(ep.t.cwnd_cnt, 8);
}

/* What SACK had reported made the window grow then, if at all. */
TEST(cong_acked__counts_what_is_news)
{
	struct xtcp_ack_sample sample = { .acked = 10, .delivered = 1 };

	window(10, U32_MAX);
	ep.t.flags |= XTCP_F_CWND_LIMITED;
	xtcp_cong_control(&ep.t, &sample, now);
	CHECK_EQ(ep.t.cwnd, 11);
}

TEST(cong_acked__congestion_avoidance)
{
	unsigned int i;

	window(10, 10);
	for (i = 0; i < 9; i++)
		acked(1, 10);
	CHECK_EQ(ep.t.cwnd, 10);
	acked(1, 10);
	CHECK_EQ(ep.t.cwnd, 11);
	acked(11, 11);
	CHECK_EQ(ep.t.cwnd, 12);
}

TEST(cong_acked__a_window_that_is_not_used_does_not_grow)
{
	window(10, U32_MAX);
	acked(2, 5);
	CHECK_EQ(ep.t.cwnd, 10);
	acked(2, 6);
	CHECK_EQ(ep.t.cwnd, 12);
	window(10, 10);
	acked(9, 9);
	acked(9, 9);
	CHECK_EQ(ep.t.cwnd, 10);
}

TEST(cong_acked__grows_by_one_at_most_without_bursts_of_credit)
{
	window(4, 4);
	acked(100, 4);
	CHECK(ep.t.cwnd <= 5);
	acked(1, 5);
	CHECK(ep.t.cwnd <= 6);
}

/* The same as the sender sees it, with data. */
TEST(cong_used__what_fills_the_window_makes_it_grow)
{
	window(4, 2);
	usr_write(20000);
	CHECK_EQ(ignore_output(), 4);
	CHECK(ep.t.flags & XTCP_F_CWND_LIMITED);
	rcv(". 1 ack 4001");
	CHECK_EQ(ep.t.cwnd, 5);
	ignore_output();
}

TEST(cong_used__what_does_not_fill_it_does_not)
{
	u32 i;

	window(20, 2);
	for (i = 0; i < 30; i++) {
		usr_write(2000);
		CHECK_EQ(ignore_output(), 2);
		CHECK(!(ep.t.flags & XTCP_F_CWND_LIMITED));
		rcvf(". 1 ack %u", 2001 + 2000 * i);
	}
	CHECK_EQ(ep.t.cwnd, 20);
	/* in slow start more than half of it is use enough */
	window(20, U32_MAX);
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	rcv(". 1 ack 10001");
	CHECK_EQ(ep.t.cwnd, 20);
	usr_write(11000);
	CHECK_EQ(ignore_output(), 11);
	rcv(". 1 ack 21001");
	CHECK_EQ(ep.t.cwnd, 31);
}

TEST(cong_rto__halves_once)
{
	window(20, U32_MAX);
	usr_write(20000);
	CHECK_EQ(ignore_output(), 20);
	advance(1000);
	ignore_output();
	CHECK_EQ(ep.t.ssthresh, 10);
	CHECK_EQ(ep.t.cwnd, 1);
	/* RFC 5681 3.1: the same segment again */
	advance(2000);
	ignore_output();
	CHECK_EQ(ep.t.ssthresh, 10);
}

/* Not half of the flight, which may be next to nothing. */
TEST(cong_rto__ssthresh_is_half_of_cwnd)
{
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	advance(1000);
	expect("P. 1:11(10) ack 1");
	CHECK_EQ(ep.t.ssthresh, 5);
}

TEST(cong_rto__ssthresh_is_two_at_least)
{
	given(ESTABLISHED);
	ep.t.cwnd = 3;
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	advance(1000);
	expect("P. 1:11(10) ack 1");
	CHECK_EQ(ep.t.ssthresh, 2);
}

/* FlightSize is what it was when the peer saw the congestion: before its ACK. */
TEST(cong_ssthresh__before_the_ack_that_tells)
{
	window(10, 10);
	usr_write(10000);
	CHECK_EQ(ignore_output(), 10);
	ep.t.flags |= XTCP_F_ECN_OK;
	rcv("E. 1 ack 2001");
	CHECK_EQ(ep.t.ca_state, XTCP_CA_CWR);
	CHECK_EQ(ep.t.ssthresh, 5);
	ignore_output();
}

TEST(cong_undo__both_windows_go_back)
{
	window(20, U32_MAX);
	xtcp_cong_save(&ep.t);
	ep.t.cwnd = 10;
	ep.t.ssthresh = 10;
	xtcp_cong_set_state(&ep.t, XTCP_CA_RECOVERY);
	/* a timeout within: what was before both counts */
	xtcp_cong_save(&ep.t);
	ep.t.cwnd = 1;
	xtcp_cong_undo(&ep.t);
	CHECK_EQ(ep.t.cwnd, 20);
	CHECK_EQ(ep.t.ssthresh, U32_MAX);
	/* once */
	ep.t.cwnd = 3;
	xtcp_cong_undo(&ep.t);
	CHECK_EQ(ep.t.cwnd, 3);
}

TEST(cong_idle__not_when_switched_off)
{
	conf.core.slow_start_after_idle = false;
	window(100, U32_MAX);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 11");
	advance(100000);
	usr_write(10);
	expect("P. 11:21(10) ack 1");
	CHECK_EQ(ep.t.cwnd, 100);
}

TEST(cong_idle__a_pause_shorter_than_the_rto)
{
	window(100, 50);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 11");
	advance(199);
	usr_write(10);
	expect("P. 11:21(10) ack 1");
	CHECK_EQ(ep.t.cwnd, 100);
	CHECK_EQ(ep.t.ssthresh, 50);
}

TEST(cong_idle__to_what_the_path_begins_with)
{
	window(100, 50);
	ep.t.path.init_cwnd = 70;
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 11");
	advance(2000);
	usr_write(10);
	expect("P. 11:21(10) ack 1");
	CHECK_EQ(ep.t.cwnd, 70);
}

TEST(cong_idle__remembers_in_ssthresh)
{
	window(100, 50);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	rcv(". 1 ack 11");
	advance(250);
	usr_write(10);
	expect("P. 11:21(10) ack 1");
	CHECK_EQ(ep.t.cwnd, 50);
	CHECK_EQ(ep.t.ssthresh, 75);
}

TESTS_MAIN
