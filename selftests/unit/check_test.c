// SPDX-License-Identifier: GPL-2.0
/* The checker by itself: what it must see. */
#include "check.h"
#include "script.h"

/* What is done to the TCB, and what xtcp_check() must say to it. */
#define SEES(damage)							\
	do {								\
		struct xtcp_tcb was_ = ep.t;				\
		struct xtcp_check c_ = ep.check;			\
									\
		CHECK(!xtcp_check(&c_, &ep.t, NULL));			\
		damage;							\
		c_ = ep.check;						\
		if (!xtcp_check(&c_, &ep.t, NULL))			\
			fail(__FILE__, __LINE__, "not seen: %s", #damage); \
		ep.t = was_;						\
	} while (0)

/* Data in flight, data behind a gap. */
static void busy(void)
{
	conf.gso_max = 2 * MSS;
	given(ESTABLISHED);
	usr_write(6000);
	CHECK_EQ(ignore_output(), 6);
	rcv(". 101:201(100) ack 1");
	rcv(". 301:401(100) ack 1001");
	ignore_output();
}

TEST(check__numbers)
{
	busy();
	SEES(ep.t.snd_una = ep.t.snd_nxt + 1);
	SEES(ep.t.snd_una -= 1);
	SEES(ep.t.snd_nxt += 1);
	SEES(ep.t.write_seq -= 1);
	SEES(ep.t.rcv_nxt -= 1);
	SEES(ep.t.rcv_wup += 1);
	SEES(ep.t.rcv_wnd -= 1);
	SEES(ep.t.rcv_wnd = 65536);
	SEES(ep.t.copied_seq += 1);
	SEES(ep.t.max_window = 1);
}

TEST(check__counts)
{
	busy();
	SEES(ep.t.packets_out++);
	SEES(ep.t.packets_out = 0);
	SEES(ep.t.lost_out++);
	SEES(ep.t.retrans_out++);
	SEES(ep.t.sacked_out = 10);
	SEES(ep.t.cwnd = 0);
	SEES(ep.t.ssthresh = 1);
	SEES(ep.t.ca_state = XTCP_CA_LOSS + 1);
	SEES(ep.t.flags |= XTCP_F_TLP_SEND);
	SEES(ep.t.rec |= XTCP_R_FRTO);
	SEES(ep.t.rec |= XTCP_R_TLP_RETRANS);
	SEES(ep.t.rec |= XTCP_R_PRR);
	SEES(ep.t.reordering = 0);
	SEES(xtcp_rb_seg(rb_first(&ep.t.rtx))->segs++; ep.t.packets_out++);
	xtcp_rb_seg(rb_first(&ep.t.rtx))->segs--;
	SEES(xtcp_rb_seg(rb_first(&ep.t.rtx))->lost = 1; ep.t.lost_out = 1);
	xtcp_rb_seg(rb_first(&ep.t.rtx))->lost = 0;
	SEES(xtcp_rb_seg(rb_first(&ep.t.rtx))->sacked = 1ULL << 63);
	xtcp_rb_seg(rb_first(&ep.t.rtx))->sacked = 0;
	SEES(xtcp_rb_seg(rb_first(&ep.t.rtx))->mark |= XTCP_SEG_RETRANS);
	xtcp_rb_seg(rb_first(&ep.t.rtx))->mark = 0;
	SEES(xtcp_rb_seg(rb_first(&ep.t.rtx))->sack_run = ep.t.snd_nxt + 1);
}

TEST(check__queues)
{
	busy();
	SEES(xtcp_rb_seg(rb_last(&ep.t.rtx))->seq++);
	xtcp_rb_seg(rb_last(&ep.t.rtx))->seq--;
	SEES(xtcp_rb_seg(rb_first(&ep.t.ooo))->seq = ep.t.rcv_nxt);
	xtcp_rb_seg(rb_first(&ep.t.ooo))->seq = peers(101);
	SEES(xtcp_rb_seg(rb_first(&ep.t.ooo))->seq = peers(350));
	xtcp_rb_seg(rb_first(&ep.t.ooo))->seq = peers(101);
	SEES(ep.t.retrans = xtcp_rb_seg(rb_first(&ep.t.ooo)));
}

TEST(check__timers)
{
	busy();
	SEES(ep.t.deadline[XTCP_TIMER_REXMIT] = 0);
	SEES(ep.t.deadline[XTCP_TIMER_DELACK] = 1);
	SEES(ep.t.deadline[XTCP_TIMER_KEEP] = 1);
	SEES(ep.t.flags |= XTCP_F_ACK_PENDING);
	SEES(ep.t.flags |= XTCP_F_KEEPALIVE);
	SEES(ep.t.flags |= XTCP_F_PROBE);
	SEES(ep.t.flags |= XTCP_F_FORCE);
	given(ESTABLISHED);
	SEES(ep.t.deadline[XTCP_TIMER_REXMIT] = 1);
	/* queued, and nothing that would ever send it */
	SEES(ep.t.write_seq++);
	given(SYN_SENT);
	SEES(ep.t.deadline[XTCP_TIMER_REXMIT] = 0);
	given(CLOSE);
	SEES(ep.t.deadline[XTCP_TIMER_KEEP] = 1);
}

TEST(check__states)
{
	busy();
	SEES(ep.t.state = XTCP_FIN_WAIT1);
	SEES(ep.t.state = XTCP_TIME_WAIT);
	SEES(ep.t.flags |= XTCP_F_FIN_QUEUED);
	SEES(ep.t.flags |= XTCP_F_FIN_RCVD);
	given(FIN_WAIT1);
	SEES(ep.t.flags &= ~XTCP_F_FIN_QUEUED);
}

TEST(check__edges)
{
	struct xtcp_actions a;
	struct xtcp_check c;

	given(ESTABLISHED);
	c = ep.check;
	xtcp_actions_init(&a);
	a.bad_event = 1;
	CHECK(xtcp_check(&c, &ep.t, &a));
	c = ep.check;
	xtcp_actions_init(&a);
	a.nr_edges = 1;
	a.edges[0] = XTCP_EDGE_FIN_WAIT1__RCV_FIN;
	CHECK(xtcp_check(&c, &ep.t, &a));
	c = ep.check;
	a.edges[0] = XTCP_EDGE_ESTABLISHED__RCV_FIN;
	CHECK(xtcp_check(&c, &ep.t, &a));
}

TESTS_MAIN
