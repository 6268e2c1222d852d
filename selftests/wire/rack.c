// SPDX-License-Identifier: GPL-2.0
/*
 * RACK and tail loss probes on the wire (RFC 8985): what is lost by the time that
 * passed, how reordering and D-SACKs change that time, and probes, with what they
 * find out.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(rack)

/* Long enough for a quarter of it to be longer than a slow machine takes. */
#define RTT_MS	100
#define RTT	"quiet 100"

/* No retransmission timer comes in between. */
static int open_slow(struct peer *p)
{
	wire_long_rto();
	return open_sender_rtt(p, SENDER_SACK, RTT_MS);
}

/* ---- the reordering window ------------------------------------------------ */

/* What comes late, but comes, is reordering: RACK waits, and remembers. */
TEST_F(rack, window__what_was_late_is_not_lost)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);

	send_segs(p, fd, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 2001");
	EXPECT_INFO(fd, "open unacked 8 sacked 0 lost 0 reord_seen 1");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* Fewer than three: a quarter of the RTT later it is lost. */
TEST_F(rack, window__passes)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);

	send_segs(p, fd, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:3001>",
		   "+0.025 > . 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 2 lost 1 retrans 1");
}

/* Once reordering was seen, three are not enough. */
TEST_F(rack, window__three_are_not_enough_after_reordering)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);

	send_segs(p, fd, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 2001",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 3001:9001>");
	EXPECT_INFO(fd, "disorder sacked 6 lost 0 reord_seen 1");
	packets(p, "+0.025 > . 2001:3001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 6 lost 1 retrans 1");
}

/*
 * A hole that was not one: it is taken for lost when the reordering window has
 * passed, and then both copies arrive, as a D-SACK says.
 * Return: how long the window was, microseconds; @most: as far as can be seen.
 */
static unsigned int spurious(struct peer *p, int fd, unsigned int first, unsigned int *most)
{
	unsigned int una = 1 + first * SEG;
	uint64_t began, least;

	send_segs(p, fd, first, 3);
	packets(p, RTT,
		   fmt("< . 1:1(0) ack %u <nop,nop,sack %u:%u>", una, una + SEG, una + 2 * SEG));
	least = p->w->last;
	began = p->w->last_since;
	packets(p, fmt("> . %u:%u(1000) ack 1", una, una + SEG));
	*most = (p->w->last - began) / 1000;
	least = p->w->last_since > least ? p->w->last_since - least : 0;
	packets(p, fmt("< . 1:1(0) ack %u <nop,nop,sack %u:%u>", una + 3 * SEG, una, una + SEG));
	return least / 1000;
}

/*
 * So many of them, and then more until the window was shorter than @us: a pause of the
 * machine makes one longer, a window that is too long all.
 * Return: how many, 0 when none was short enough.
 */
static unsigned int until_shorter(struct peer *p, int fd, unsigned int first,
				  unsigned int rounds, unsigned int us)
{
	unsigned int n, most;

	for (n = 1; n <= rounds + 20; n++, first += 3)
		if (spurious(p, fd, first, &most) < us && n >= rounds)
			return n;
	return 0;
}

/* Reordering was seen, of which a window is left. */
static int open_reordered(struct peer *p)
{
	int fd = open_slow(p);

	send_segs(p, fd, 0, 4);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 4001");
	return fd;
}

/* 6.2 step 4: each D-SACK adds a quarter of the least RTT, but no more than SRTT. */
TEST_F(rack, window__grows_with_dsacks_up_to_srtt)
{
	struct peer *p = &self->p;
	int fd = open_reordered(p);
	unsigned int round, us = 0, more;

	for (round = 0; round < 8; round++) {
		spurious(p, fd, 4 + 3 * round, &us);
		if (round < 3)
			EXPECT_LE((round + 1) * RTT_MS * 1000 / 4, us);
	}
	EXPECT_LE(RTT_MS * 1000, us);
	/* not two RTTs, which eight quarters would be */
	more = until_shorter(p, fd, 4 + 3 * round, 1, RTT_MS * 1600);
	EXPECT_NE(0, more);
	EXPECT_INFO(fd, fmt("dsack_dups %u total_retrans %u reord_seen 1", 8 + more, 8 + more));
}

/* Without any reordering a D-SACK does not make RACK more patient. */
TEST_F(rack, window__not_by_dsacks_without_reordering)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);
	unsigned int rounds = until_shorter(p, fd, 0, 3, RTT_MS * 700);

	EXPECT_NE(0, rounds);
	EXPECT_INFO(fd, fmt("dsack_dups %u total_retrans %u", rounds, rounds));
}

/* net.xtcp.recovery, bit 1: the window stays. */
TEST_F(rack, window__static)
{
	struct peer *p = &self->p;
	int fd = open_reordered(p);
	unsigned int rounds;

	ASSERT_TRUE(conf_set("recovery", "3"));
	rounds = until_shorter(p, fd, 4, 5, RTT_MS * 1000);
	EXPECT_NE(0, rounds);
	EXPECT_INFO(fd, fmt("dsack_dups %u total_retrans %u", rounds, rounds));
}

/* ---- retransmissions that are lost ----------------------------------------- */

/* What was sent after a retransmission arrives, and it has not. */
TEST_F(rack, retransmission__is_lost)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:5001>",
		   "> . 10001:11001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 4 lost 1 retrans 1 total_retrans 1");
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:11001>",
		   "> . 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 10 lost 1 retrans 1 total_retrans 2");
	EXPECT_EQ(1, stat_counter("LostRetransmit"));
}

/* What was sent before it says nothing about it. */
TEST_F(rack, retransmission__is_in_flight)
{
	struct peer *p = &self->p;
	int fd = open_slow(p);

	send_segs(p, fd, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:8001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:10001>",
		   "quiet 20");
	EXPECT_INFO(fd, "recovery sacked 9 lost 1 retrans 1 total_retrans 1");
	EXPECT_EQ(0, stat_counter("LostRetransmit"));
}

/* ---- tail loss probes ------------------------------------------------------- */

/*
 * No answer comes sooner than the handshake's, or it would be the original's.  The probe
 * leaves after twice as long: in between a slow machine has time.
 */
#define PROBED_RTT_MS	RTT_MS
#define PROBED_RTT	"quiet 110"
/* an ACK of what was sent twice that came sooner than any before is not believed */
#define LATE_RTT	"quiet 160"
/* without probes it is the retransmission timer that is awaited, after 200 ms */
#define UNPROBED_RTT	"quiet 30"

static int open_probing(struct peer *p)
{
	int fd = open_sender_rtt(p, SENDER_SACK, PROBED_RTT_MS);

	if (!conf_set("early_retrans", "3"))
		wire_fail(p->w, "no early_retrans");
	return fd;
}

TEST_F(rack, probe__last_segment)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	send_segs(p, fd, 0, CWND);
	packets(p, PROBED_RTT,
		   "< . 1:1(0) ack 8001",
		   "> P. 9001:10001(1000) ack 1",
		   /* and with it RACK knows about the one before it */
		   LATE_RTT,
		   "< . 1:1(0) ack 8001 <nop,nop,sack 9001:10001>",
		   "> . 8001:9001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 2");
}

TEST_F(rack, probe__new_data)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, "> . 10001:11001(1000) ack 1");
	EXPECT_INFO(fd, "open unacked 11 total_retrans 0 cwnd 10");
	EXPECT_EQ(1, stat_counter("LossProbes"));
	packets(p, "< . 1:1(0) ack 11001");
	segs_leave(p, 11, 4);
	EXPECT_INFO(fd, "open unacked 4 total_retrans 0");
	EXPECT_EQ(0, stat_counter("LossProbeRecovery"));
}

/* Where the peer has no room for new data the last segment has to do. */
TEST_F(rack, probe__window_is_closed)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, PROBED_RTT,
		   "< . 1:1(0) ack 8001 win 2000",
		   "> . 9001:10001(1000) ack 1",
		   LATE_RTT,
		   "< . 1:1(0) ack 8001 win 2000 <nop,nop,sack 9001:10001>",
		   "> . 8001:9001(1000) ack 1",
		   "< . 1:1(0) ack 10001 win 10000");
	segs_leave(p, 10, 5);
	EXPECT_INFO(fd, "open unacked 5 total_retrans 2");
}

/* Nor is what the window takes of a segment a probe: silly windows are not filled. */
TEST_F(rack, probe__window_takes_a_crumb)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, PROBED_RTT,
		   "< . 1:1(0) ack 8001 win 2100",
		   "> . 9001:10001(1000) ack 1");
	EXPECT_INFO(fd, "open unacked 2 total_retrans 1");
}

/* 7.4: nobody says that it came twice, so a loss was repaired. */
TEST_F(rack, probe__repaired_a_loss)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("congestion_control", "reno"));
	fd = open_probing(p);
	send_segs(p, fd, 0, CWND);
	packets(p, PROBED_RTT,
		   "< . 1:1(0) ack 9001",
		   "> P. 9001:10001(1000) ack 1");
	EXPECT_INFO(fd, "open unacked 1 cwnd 19");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 cwnd 20");
	EXPECT_EQ(0, stat_counter("LossProbeRecovery"));
	send_segs(p, fd, 10, 2);
	packets(p, "< . 1:1(0) ack 12001");
	EXPECT_INFO(fd, "open cwnd 10 ssthresh 10");
	EXPECT_EQ(1, stat_counter("LossProbeRecovery"));
}

/* Both copies arrived: nothing was lost. */
TEST_F(rack, probe__for_nothing)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	send_segs(p, fd, 0, CWND);
	packets(p, PROBED_RTT,
		   "< . 1:1(0) ack 9001",
		   "> P. 9001:10001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 9001:10001>");
	send_segs(p, fd, 10, 2);
	packets(p, "< . 1:1(0) ack 12001");
	EXPECT_EQ(0, stat_counter("LossProbeRecovery"));
	EXPECT_LE(CWND, (int)info_of(fd).tcpi_snd_cwnd);
	EXPECT_INFO(fd, "open unacked 0 dsack_dups 1");
}

/* One, and then the retransmission timer. */
TEST_F(rack, probe__only_one)
{
	struct peer *p = &self->p;
	int fd = open_probing(p);

	send_segs(p, fd, 0, CWND);
	packets(p, "> P. 9001:10001(1000) ack 1",
		   "+0.2 > . 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 10 cwnd 1 total_retrans 2 retransmits 1 backoff 1");
	EXPECT_EQ(1, stat_counter("LossProbes"));
}

TEST_F(rack, probe__not_without_sack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	ASSERT_TRUE(conf_set("early_retrans", "3"));
	send_segs(p, fd, 0, CWND);
	packets(p, UNPROBED_RTT,
		   "< . 1:1(0) ack 8001",
		   /* the retransmission timer, from the front */
		   "+0.2 > . 8001:9001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "unacked 0 total_retrans 1");
	EXPECT_EQ(0, stat_counter("LossProbes"));
}

TEST_F(rack, probe__switched_off)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, UNPROBED_RTT,
		   "< . 1:1(0) ack 8001",
		   "+0.2 > . 8001:9001(1000) ack 1");
	EXPECT_EQ(0, stat_counter("LossProbes"));
}

TEST_HARNESS_MAIN
