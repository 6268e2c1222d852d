// SPDX-License-Identifier: GPL-2.0
/*
 * BBR, and the delivery rates that it lives on, over a path that is known: so
 * many segments in a millisecond, a propagation time, a buffer without end.
 */
#include <stdlib.h>
#include <linux/inet_diag.h>

#include "cc_table.h"
#include "internal.h"
#include "pacing.h"
#include "rate.h"
#include "script.h"

#define WINDOW_MAX	4096	/* segments in flight, a power of two */
#define INIT_GAIN	(256 * 2885 / 1000 + 1)

/* The path, and what is on it. */
static struct {
	u32		gap_us;		/* between two segments at the bottleneck */
	u32		prop_us;	/* there and back */
	bool		idle;		/* the user has nothing to send */
	u32		app_limit;	/* the user sends so many at a time, 0: any */
	xtcp_usec_t	free;		/* when the bottleneck is */
	u32		head, tail;
	struct xtcp_seg	seg[WINDOW_MAX];
	xtcp_usec_t	ack_at[WINDOW_MAX];
	struct xtcp_pace pace;
	u32		most_in_flight;
} path;

static struct tcp_bbr_info info(void)
{
	union tcp_cc_info u;
	int attr = 0;

	CHECK_EQ(xtcp_cc_bbr.get_info(&ep.t, &attr, &u), sizeof(u.bbr));
	CHECK_EQ(attr, INET_DIAG_BBRINFO);
	return u.bbr;
}

static u64 bandwidth(void)
{
	struct tcp_bbr_info i = info();

	return (u64)i.bbr_bw_hi << 32 | i.bbr_bw_lo;
}

static void begin(u32 gap_us, u32 prop_us)
{
	conf.cc = XTCP_CC_BBR;
	given(ESTABLISHED);
	memset(&path, 0, sizeof(path));
	path.gap_us = gap_us;
	path.prop_us = prop_us;
	ep.t.delivered = 100;
	ep.t.srtt_us = (prop_us + gap_us) << 3;
	xtcp_cong_init(&ep.t);
}

static bool may_send(void)
{
	return !path.idle && ep.t.packets_out < ep.t.cwnd &&
	       (!path.app_limit || ep.t.packets_out < path.app_limit) &&
	       ep.t.packets_out < WINDOW_MAX;
}

static void send_one(void)
{
	struct xtcp_seg *seg = &path.seg[path.tail % WINDOW_MAX];

	if (!ep.t.packets_out)
		xtcp_cong_event(&ep.t, XTCP_CONG_TX_START, now);
	seg->xmit_us = xtcp_stamp(now);
	seg->mark = 0;
	xtcp_rate_sent(&ep.t, seg, now);
	path.free = max(path.free, now) + path.gap_us;
	path.ack_at[path.tail++ % WINDOW_MAX] = path.free + path.prop_us;
	ep.t.packets_out++;
	path.most_in_flight = max(path.most_in_flight, ep.t.packets_out);
	xtcp_pace_sent(&path.pace, &ep.t, MSS, xtcp_pacing_rate(&ep.t), now * 1000);
	if (path.app_limit)
		xtcp_rate_app_limited(&ep.t);
}

static void ack_one(void)
{
	struct xtcp_seg *seg = &path.seg[path.head++ % WINDOW_MAX];
	struct xtcp_ack_sample s = {
		.acked = 1, .delivered = 1, .prior_in_flight = ep.t.packets_out,
		.rtt_us = xtcp_stamp(now) - seg->xmit_us,
	};

	xtcp_rate_seg_delivered(&ep.t, seg, &s);
	ep.t.packets_out--;
	ep.t.delivered++;
	xtcp_rate_done(&ep.t, &s, now);
	xtcp_cong_control(&ep.t, &s, now);
}

/* So many microseconds go by. */
static void run(xtcp_usec_t us)
{
	xtcp_usec_t end = now + us, t;

	while (now < end) {
		t = end;
		if (path.head != path.tail)
			t = min(t, path.ack_at[path.head % WINDOW_MAX]);
		if (may_send())
			t = min(t, max(now, DIV_ROUND_UP(path.pace.next_ns, 1000)));
		now = max(now, t);
		if (path.head != path.tail && path.ack_at[path.head % WINDOW_MAX] <= now)
			ack_one();
		else if (may_send() && xtcp_pace_allows(&path.pace, &ep.t, now * 1000))
			send_one();
	}
}

/* It is tested as it is: nothing of this is on the queues. */
static void over(void)
{
	ep.t.packets_out = 0;
	ep.t.delivered = 0;
}

TEST(rate__is_that_of_the_bottleneck)
{
	begin(100, 20000);
	run(2000000);
	/* 10 segments of 1000 bytes in a millisecond, or what a phase makes of it */
	CHECK(xtcp_rate_delivery(&ep.t) >= 7400000);
	CHECK(xtcp_rate_delivery(&ep.t) <= 10500000);
	CHECK(ep.t.flags & XTCP_F_RATE_FULL);
	over();
}

TEST(rate__says_when_the_user_was_the_limit)
{
	begin(100, 20000);
	path.app_limit = 5;
	run(2000000);
	CHECK(xtcp_rate_delivery(&ep.t) < 300000);
	CHECK(!(ep.t.flags & XTCP_F_RATE_FULL));
	over();
}

/* As in Linux an ACK that ends inside of a buffer is a sample like any other. */
TEST(rate__part_of_a_buffer)
{
	const struct xtcp_rate *r;

	conf.cc = XTCP_CC_BBR;
	peer_options = " sackOK";
	given(ESTABLISHED);
	r = &ep.t.rate;
	usr_write(4 * MSS);
	ignore_output();
	advance_us(20000);
	rcv(". 1 ack 1001");
	CHECK_EQ(r->delivered, 1);
	CHECK_EQ(r->interval_us, 20000);
	advance_us(1000);
	rcv(". 1 ack 1001 sack 2001:3001");
	CHECK_EQ(r->delivered, 2);
	CHECK_EQ(r->interval_us, 21000);
	advance_us(1000);
	rcv(". 1 ack 4001");
	CHECK_EQ(r->delivered, 4);
	CHECK_EQ(r->interval_us, 22000);
}

TEST(rate__without_a_sample)
{
	given(ESTABLISHED);
	CHECK(!(ep.t.flags & XTCP_F_RATE_FULL));
	CHECK_EQ(xtcp_rate_delivery(&ep.t), 0);
}

TEST(bbr__begins_with_cwnd_over_rtt_times_2_885)
{
	begin(100, 20000);
	/* 10 segments of 1000 bytes in 20 ms, times 2.885, less 1 % */
	CHECK(xtcp_pacing_rate(&ep.t) > 1410000 && xtcp_pacing_rate(&ep.t) < 1440000);
	CHECK_EQ(info().bbr_pacing_gain, INIT_GAIN);
	over();
}

/* 4.3.2: STARTUP doubles each round, and finds the bandwidth in a few of them */
TEST(bbr_startup__fills_the_pipe_and_drains_the_queue)
{
	u32 bdp = 200;

	begin(100, 20000);
	run(90000);
	CHECK_EQ(info().bbr_pacing_gain, INIT_GAIN);
	CHECK(ep.t.cwnd > 40);
	run(410000);
	/* it is over, and so is DRAIN: the pipe is full, the queue is not */
	CHECK(info().bbr_pacing_gain != INIT_GAIN);
	CHECK_EQ(info().bbr_cwnd_gain, 512);
	CHECK(bandwidth() > 9500000 && bandwidth() < 10500000);
	CHECK_EQ(info().bbr_min_rtt, 20100);
	CHECK(path.most_in_flight < 4 * bdp);
	if (ep.t.packets_out > bdp * 3 / 2)
		fail(__FILE__, __LINE__, "%u in flight", ep.t.packets_out);
	over();
}

/* 4.3.4: eight phases, one probes, one drains, six cruise */
TEST(bbr_probe_bw__cycles)
{
	u32 up = 0, down = 0, cruise = 0, i;
	u64 delivered;

	begin(100, 20000);
	run(1000000);
	delivered = ep.t.delivered;
	for (i = 0; i < 8000; i++) {
		run(1000);
		switch (info().bbr_pacing_gain) {
		case 320:
			up++;
			break;
		case 192:
			down++;
			break;
		case 256:
			cruise++;
			break;
		}
		CHECK(ep.t.packets_out <= 2 * 200 + 20);
	}
	CHECK_EQ(up + down + cruise, 8000);
	CHECK(up > 500 && up < 2000);
	CHECK(down > 100 && down < 1500);
	CHECK(cruise > 5000);
	/* and the path is full: 10 in each millisecond */
	CHECK(ep.t.delivered - delivered > 8000 * 10 * 97 / 100);
	over();
}

/* 4.3.5: every 10 s four segments in flight for 200 ms */
TEST(bbr_probe_rtt__every_ten_seconds)
{
	u32 i, low = 0;

	begin(100, 20000);
	/* a queue of others: the propagation time is not seen again for itself */
	run(1000000);
	path.prop_us = 21000;
	for (i = 0; i < 12000; i++) {
		run(1000);
		if (ep.t.cwnd <= 4)
			low++;
	}
	CHECK(low >= 200 && low < 300);
	CHECK_EQ(info().bbr_min_rtt, 21100);
	CHECK(ep.t.cwnd > 200);
	over();
}

/* The path got slower: the filter forgets within ten rounds and a bit. */
TEST(bbr__follows_a_path_that_gets_slower)
{
	begin(100, 20000);
	run(2000000);
	path.gap_us = 400;
	run(4000000);
	CHECK(bandwidth() > 2400000 && bandwidth() < 2700000);
	over();
}

TEST(bbr__follows_a_path_that_gets_faster)
{
	begin(400, 20000);
	run(2000000);
	path.gap_us = 100;
	run(4000000);
	CHECK(bandwidth() > 9000000);
	over();
}

/* Too little to send is no reason to think that the path is slow. */
TEST(bbr__keeps_the_estimate_when_the_user_is_the_limit)
{
	begin(100, 20000);
	run(2000000);
	path.app_limit = 5;
	run(8000000);
	CHECK(bandwidth() > 9000000);
	over();
}

/* 4.2.3.4: in a loss episode cwnd is what is in flight, and comes back */
TEST(bbr__loss_does_not_change_the_model)
{
	u32 cwnd;

	begin(100, 20000);
	run(2000000);
	cwnd = ep.t.cwnd;
	xtcp_cong_save(&ep.t);
	CHECK_EQ(xtcp_cong_ssthresh(&ep.t), ep.t.ssthresh);
	xtcp_cong_set_state(&ep.t, XTCP_CA_RECOVERY);
	run(1000);
	CHECK(ep.t.cwnd <= ep.t.packets_out + 12);
	run(30000);
	xtcp_cong_set_state(&ep.t, XTCP_CA_OPEN);
	run(1000);
	CHECK(ep.t.cwnd >= cwnd - 20);
	CHECK(bandwidth() > 9500000);
	over();
}

/* 4.3.4.4: after a pause it sends at the estimated rate, not faster */
TEST(bbr_event__restart_from_idle)
{
	begin(100, 20000);
	run(2000000);
	path.idle = true;
	run(3000000);
	CHECK_EQ(ep.t.packets_out, 0);
	xtcp_rate_app_limited(&ep.t);
	path.idle = false;
	run(1000);
	CHECK(xtcp_pacing_rate(&ep.t) <= 10000000);
	CHECK(ep.t.packets_out <= 30);
	over();
}

TESTS_MAIN
